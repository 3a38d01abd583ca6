import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../runtime/errors.ts'
import type { Submission } from './job-registry.ts'
import type { JobWork, ScheduledJob } from './messages.ts'
import { farEnoughApart, nextDue, type Schedule } from './schedule.ts'
import { ScheduleFiles } from './schedule-files.ts'
import { Scheduler } from './scheduler.ts'

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-schedule-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
let dataDir = ''
beforeEach(() => {
  dataDir = join(scratch, `${folders++}`)
})

const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000
/** Local time. */
const at = (text: string): number => new Date(text).getTime()
const plan = (change: Partial<Schedule> = {}): Schedule => ({
  startDay: dayOf('2026-01-01'),
  endDay: dayOf('2026-12-31'),
  frequency: 'D',
  days: [],
  minutes: [8 * 60, 17 * 60 + 23],
  ...change,
})
const local = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace('T', ' ')

describe('when a scheduled job is due', () => {
  const cases: [string, Schedule, string, string | undefined][] = [
    ['before its first day', plan(), '2025-11-02T12:00', '2026-01-01 08:00'],
    ['between two times of a day', plan(), '2026-03-05T08:00', '2026-03-05 17:23'],
    ['after the last time of a day', plan(), '2026-03-05T17:23', '2026-03-06 08:00'],
    ['on its last day', plan(), '2026-12-31T12:00', '2026-12-31 17:23'],
    ['after its last day', plan(), '2026-12-31T17:23', undefined],
    ['on days of the week', plan({ frequency: 'W', days: [1, 3] }), '2026-11-21T12:00', '2026-11-23 08:00'],
    ['on the same day of the week', plan({ frequency: 'W', days: [6] }), '2026-11-21T12:00', '2026-11-21 17:23'],
    ['on Sundays, which are 0', plan({ frequency: 'W', days: [0] }), '2026-11-21T12:00', '2026-11-22 08:00'],
    ['on days of the month', plan({ frequency: 'M', days: [1, 15] }), '2026-11-21T12:00', '2026-12-01 08:00'],
    [
      'on the 31st, which not every month has',
      plan({ frequency: 'M', days: [31] }),
      '2026-01-31T18:00',
      '2026-03-31 08:00',
    ],
    [
      'on the 29th of February',
      plan({ frequency: 'M', days: [29], startDay: dayOf('2027-02-01'), endDay: dayOf('2028-02-29') }),
      '2028-02-01T00:00',
      '2028-02-29 08:00',
    ],
  ]
  it.each(cases)('%s', (_, schedule, now, expected) => expect(local(nextDue(schedule, at(now)))).toBe(expected))

  it('needs times five minutes apart, over midnight too', () => {
    expect(farEnoughApart([480, 485, 600])).toBe(true)
    expect(farEnoughApart([480, 484])).toBe(false)
    expect(farEnoughApart([2, 1438])).toBe(false)
  })
})

const work: JobWork = {
  definition: { form: 'function', data: { variant: 'builtin', name: 'version' } },
  args: [],
  onComplete: undefined,
  shared: [],
}
const job = (jobId: string, change: Partial<ScheduledJob> = {}): ScheduledJob => ({
  jobId,
  jobDesc: `about ${jobId}`,
  user: 'ann',
  createdMs: at('2026-03-01T00:00'),
  priority: 4,
  parallelism: 2,
  schedule: plan(),
  work,
  ...change,
})

interface Open {
  readonly scheduler: Scheduler
  readonly submitted: Submission[]
  readonly failures: HoldfastError[]
  set(time: string): void
}

function open(time: string, submit?: () => string): Open {
  let now = at(time)
  const submitted: Submission[] = []
  const failures: HoldfastError[] = []
  const scheduler = new Scheduler({
    files: new ScheduleFiles(dataDir),
    submit: (s) => {
      submitted.push(s)
      return submit?.() ?? s.jobId
    },
    onFailure: (error) => failures.push(error),
    now: () => now,
  })
  return { scheduler, submitted, failures, set: (t) => (now = at(t)) }
}

describe('the scheduler', () => {
  it('submits a job when it is due, once, with what it was created with', () => {
    const { scheduler, submitted, set } = open('2026-03-05T07:59')
    scheduler.add(job('daily'))
    scheduler.tick()
    expect(submitted).toEqual([])
    set('2026-03-05T08:00')
    scheduler.tick()
    scheduler.tick()
    expect(submitted).toEqual([
      { jobId: 'daily', jobDesc: 'about daily', user: 'ann', priority: 4, parallelism: 2, work },
    ])
    set('2026-03-05T17:24')
    scheduler.tick()
    expect(submitted).toHaveLength(2)
    scheduler.close()
  })
  it('finds its jobs again after a restart and leaves out what was due meanwhile', () => {
    const first = open('2026-03-05T07:00')
    first.scheduler.add(job('daily'))
    first.scheduler.close()
    const second = open('2026-03-05T12:00')
    expect(second.scheduler.list()).toEqual([job('daily')])
    second.scheduler.tick()
    expect(second.submitted).toEqual([])
    second.set('2026-03-05T17:23')
    second.scheduler.tick()
    expect(second.submitted).toHaveLength(1)
    second.scheduler.close()
  })
  it('makes up for a time that passed while the machine slept, once', () => {
    const { scheduler, submitted, set } = open('2026-03-05T07:00')
    scheduler.add(job('daily'))
    set('2026-03-08T12:00')
    scheduler.tick()
    expect(submitted).toHaveLength(1)
    scheduler.close()
  })
  it('gives a second job of a name the date, a third one a counter', () => {
    const { scheduler } = open('2026-03-05T07:00')
    expect(['j', 'j', 'j', 'j'].map((id) => scheduler.add(job(id)))).toEqual([
      'j',
      'j20260305',
      'j20260305000',
      'j20260305001',
    ])
    scheduler.close()
  })
  it('removes a job for good, for its creator and administrators', () => {
    const { scheduler } = open('2026-03-05T07:00')
    scheduler.add(job('daily'))
    expect(() => scheduler.remove('daily', 'bob', false)).toThrow('created by ann')
    expect(() => scheduler.remove('nightly', 'ann', false)).toThrow("The scheduled job [nightly] doesn't exist.")
    scheduler.remove('daily', 'bob', true)
    expect(scheduler.list()).toEqual([])
    expect(open('2026-03-05T07:00').scheduler.list()).toEqual([])
    scheduler.close()
  })
  it('goes on when a run can not be submitted, and tells', () => {
    const { scheduler, failures, set } = open('2026-03-05T07:59', () => {
      throw new HoldfastError('conflict', 'The batch job queue is full.')
    })
    scheduler.add(job('daily'))
    set('2026-03-05T08:00')
    scheduler.tick()
    expect(failures.map((e) => e.message)).toEqual([
      'The scheduled job [daily] could not be started: The batch job queue is full.',
    ])
    expect(scheduler.list()).toHaveLength(1)
    scheduler.close()
  })
  it('tells of a file that is damaged, and runs the other jobs', () => {
    const first = open('2026-03-05T07:00')
    first.scheduler.add(job('good'))
    first.scheduler.add(job('bad'))
    first.scheduler.close()
    const folder = join(dataDir, 'sysmgmt')
    expect(readdirSync(folder).sort()).toEqual(['bad.job', 'good.job'])
    const file = join(folder, 'bad.job')
    writeFileSync(file, readFileSync(file, 'utf8').replace('about bad', 'about BAD'))
    const second = open('2026-03-05T07:00')
    expect(second.scheduler.list().map((j) => j.jobId)).toEqual(['good'])
    expect(second.failures[0].message).toContain('is damaged: its checksum does not match')
    second.scheduler.close()
  })
})
