import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../runtime/errors.ts'
import { JobFiles } from './job-files.ts'
import {
  CANCELLED_MESSAGE,
  JobRegistry,
  type JobRunner,
  QUEUE_LIMIT,
  RESTART_MESSAGE,
  type RegistryOptions,
} from './job-registry.ts'
import { encodeError, type JobOutcome, type JobRecord, type JobWork } from './messages.ts'

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-jobs-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
let files: JobFiles
beforeEach(() => {
  files = new JobFiles(join(scratch, `${folders++}`))
})

const work: JobWork = { definition: { form: 'nothing' }, args: [], onComplete: undefined, shared: [] }

/** Jobs end when the test says so. */
class HandRunner implements JobRunner {
  readonly started: string[] = []
  readonly #ends = new Map<string, { resolve: (o: JobOutcome) => void; reject: (thrown: unknown) => void }>()
  readonly interrupted: string[] = []
  readonly terminated: string[] = []

  start(record: JobRecord): ReturnType<JobRunner['start']> {
    const id = record.jobId
    this.started.push(id)
    return {
      outcome: new Promise((resolve, reject) => this.#ends.set(id, { resolve, reject })),
      interrupt: () => void this.interrupted.push(id),
      terminate: () => {
        this.terminated.push(id)
        this.#ends.get(id)?.reject(new Error('terminated'))
      },
    }
  }
  async end(id: string, outcome: JobOutcome = { ok: true }): Promise<void> {
    this.#ends.get(id)?.resolve(outcome)
    await settled()
  }
  async fail(id: string, message: string): Promise<void> {
    await this.end(id, { ok: false, error: encodeError(new HoldfastError('input', message)) })
  }
  async die(id: string, thrown: unknown): Promise<void> {
    this.#ends.get(id)?.reject(thrown)
    await settled()
  }
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function open(options: Partial<RegistryOptions> = {}): { registry: JobRegistry; runner: HandRunner } {
  const runner = new HandRunner()
  return {
    runner,
    registry: new JobRegistry({ files, runner, workers: 1, graceMs: 1, onWriteFailure: () => undefined, ...options }),
  }
}

/** Files on a disk that is full for as long as the test says. */
class FullDisk extends JobFiles {
  isFull = true
  override appendRecord(record: JobRecord): void {
    if (this.isFull) throw new HoldfastError('io', 'Cannot write jobs.jsonl.', { code: 'ENOSPC' })
    super.appendRecord(record)
  }
}

const submission = (jobId: string, priority = 4, user = 'ann'): Parameters<JobRegistry['submit']>[0] => ({
  user,
  jobId,
  jobDesc: `about ${jobId}`,
  priority,
  parallelism: 2,
  work,
})

describe('ids', () => {
  it('that are taken get the date, then a counter of three digits', () => {
    const { registry } = open({ now: () => new Date(2020, 1, 14, 12).getTime() })
    const ids = Array.from({ length: 4 }, () => registry.submit(submission('testJob')))
    expect(ids).toEqual(['testJob', 'testJob20200214', 'testJob20200214000', 'testJob20200214001'])
  })

  it('of earlier processes are taken, records or message files', () => {
    open().registry.submit(submission('a'))
    appendFileSync(files.messageFile('dfs://b*'), 'x')
    const { registry } = open()
    expect(registry.submit(submission('a'))).toMatch(/^a\d{8}$/)
    expect(registry.submit(submission('dfs://b*'))).toMatch(/^dfs:\/\/b\*\d{8}$/)
  })

  it('cannot leave the folder', () => {
    for (const id of ['../../etc/passwd', '..', '/x', 'a/b', 'nul\0byte', '~'])
      expect(files.messageFile(id).slice(files.folder.length + 1)).not.toMatch(/[/\0]|^\./)
    expect(() => files.messageFile('x'.repeat(300))).toThrow('must have 1 to 200 characters')
  })
})

describe('the queue', () => {
  it('serves higher priorities first, and equals in order', async () => {
    const { registry, runner } = open()
    for (const [id, priority] of [
      ['first', 4],
      ['low', 0],
      ['b', 4],
      ['c', 4],
      ['urgent', 9],
    ] as const)
      registry.submit(submission(id, priority))
    for (let k = 0; k < 5; k++) await runner.end(runner.started[k])
    expect(runner.started).toEqual(['first', 'urgent', 'b', 'c', 'low'])
  })

  it('runs as many jobs as there are workers', async () => {
    const { registry, runner } = open({ workers: 2 })
    for (const id of ['a', 'b', 'c']) registry.submit(submission(id))
    expect(registry.stat()).toEqual({ queuedJobs: 1, runningJobs: 2 })
    await runner.end('a')
    expect(runner.started).toEqual(['a', 'b', 'c'])
  })

  it('gives the place of a job that waits for another job to the next one', async () => {
    const { registry, runner } = open()
    registry.submit(submission('waits'))
    registry.submit(submission('awaited'))
    const waited = registry.wait('awaited', true)
    expect(runner.started).toEqual(['waits', 'awaited'])
    registry.submit(submission('third'))
    expect(runner.started).toHaveLength(2)
    await runner.end('awaited')
    expect((await waited).state).toBe('done')
    expect(runner.started).toHaveLength(2)
    await runner.end('waits')
    expect(runner.started).toHaveLength(3)
  })

  it('refuses more than its limit', () => {
    const { registry } = open()
    for (let k = 0; k <= QUEUE_LIMIT; k++) registry.submit(submission(`j${k}`))
    expect(() => registry.submit(submission('one more'))).toThrow('RefId: S00010')
  })

  it('caps priority and parallelism per user', () => {
    const { registry } = open()
    registry.setCap('ann', 'priority', 2)
    registry.setCap('ann', 'parallelism', 1)
    expect([registry.caps('ann'), registry.caps('bob')]).toEqual([
      { priority: 2, parallelism: 1 },
      { priority: 9, parallelism: 64 },
    ])
    registry.submit(submission('a', 8))
    registry.submit(submission('b', 8, 'bob'))
    expect(registry.find('a')).toMatchObject({ priority: 2, parallelism: 1 })
    expect(registry.find('b')).toMatchObject({ priority: 8, parallelism: 2 })
  })
})

describe('the end of a job', () => {
  it('is recorded with its error, and harms no other job', async () => {
    const { registry, runner } = open()
    for (const id of ['good', 'bad', 'dead', 'next']) registry.submit(submission(id))
    await runner.end('good')
    await runner.fail('bad', 'no such table')
    await runner.die('dead', Object.assign(new Error('heap'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }))
    expect(runner.started).toContain('next')
    expect(registry.find('good')).toMatchObject({ state: 'done', errorMsg: '' })
    expect(registry.find('bad')).toMatchObject({ state: 'failed', errorMsg: 'no such table' })
    expect(registry.find('dead')?.errorMsg).toMatch(/^Out of memory/)
    // The thread could not write its last line itself.
    expect(files.readMessage('dead')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} Out of memory/)
    expect(registry.find('next')?.endMs).toBeUndefined()
  })

  it('that cannot be recorded is refused, not known, and nobody waits for it', async () => {
    const full = new FullDisk(files.folder)
    const { registry, runner } = open({ files: full })
    expect(() => registry.submit(submission('a'))).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    expect(registry.recent()).toEqual([])
    expect(registry.active).toBe(0)
    await expect(registry.wait('a', false)).rejects.toThrow("doesn't exist")
    full.isFull = false
    expect(registry.submit(submission('a'))).toBe('a')
    full.isFull = true
    expect(() => registry.submit(submission('b'))).toThrow(/jobs\.jsonl/)
    const closed = registry.close()
    await runner.end('a')
    await closed
    expect(registry.active).toBe(0)
  })

  it('counts even if it cannot be written down', async () => {
    const failures: string[] = []
    const { registry, runner } = open({ onWriteFailure: (error) => failures.push(error.code) })
    registry.submit(submission('a'))
    rmSync(files.folder, { recursive: true })
    await runner.end('a')
    expect(registry.find('a')).toMatchObject({ state: 'done' })
    expect(failures).toContain('ENOENT')
  })

  it('ends waits, before and after', async () => {
    const { registry, runner } = open()
    registry.submit(submission('a'))
    const early = registry.wait('a', false)
    await runner.end('a')
    expect((await early).state).toBe('done')
    expect((await registry.wait('a', false)).state).toBe('done')
    await expect(registry.wait('unknown', false)).rejects.toThrow("The job [unknown] doesn't exist.")
  })
})

describe('cancelling', () => {
  it('keeps a queued job from starting', async () => {
    const { registry, runner } = open()
    registry.submit(submission('a'))
    registry.submit(submission('b'))
    registry.cancel(['b'], 'ann', false)
    expect(registry.find('b')).toMatchObject({ state: 'cancelled', errorMsg: CANCELLED_MESSAGE })
    await runner.end('a')
    expect(runner.started).toEqual(['a'])
    await registry.drained()
  })

  it('interrupts a running job, and ends the thread of one that does not listen', async () => {
    const { registry, runner } = open()
    registry.submit(submission('deaf'))
    registry.cancel(['deaf'], 'ann', false)
    expect(runner.interrupted).toEqual(['deaf'])
    expect((await registry.wait('deaf', false)).state).toBe('cancelled')
    expect(runner.terminated).toEqual(['deaf'])
    expect(files.readMessage('deaf')).toContain(CANCELLED_MESSAGE)
  })

  it('is for the submitter and administrators', () => {
    const { registry } = open()
    registry.submit(submission('a'))
    expect(() => registry.cancel(['a'], 'bob', false)).toThrow('RefId: S00009')
    registry.cancel(['unknown'], 'bob', false)
    registry.cancel(['a'], 'admin', true)
  })

  it('happens to everything at close', async () => {
    const { registry } = open()
    for (const id of ['a', 'b']) registry.submit(submission(id))
    await registry.close()
    expect(registry.recent().map((r) => r.state)).toEqual(['cancelled', 'cancelled'])
    expect(() => registry.submit(submission('c'))).toThrow('shutting down')
  })
})

describe('a restart', () => {
  it('fails what was unfinished and keeps what was done', async () => {
    const first = open()
    for (const id of ['done', 'running', 'queued']) first.registry.submit(submission(id))
    await first.runner.end('done')
    // A process that dies writes no more; its last line may be torn.
    appendFileSync(join(files.folder, 'jobs.jsonl'), '{"jobId":"runn')
    const { registry } = open()
    expect(registry.recent()).toEqual([])
    expect(registry.find('done')).toMatchObject({ state: 'done', errorMsg: '' })
    for (const id of ['running', 'queued'])
      expect(registry.find(id)).toMatchObject({ state: 'failed', errorMsg: RESTART_MESSAGE })
    expect(files.readMessage('running')).toContain(RESTART_MESSAGE)
    expect(registry.find('running')?.endMs).toBeTypeOf('number')
  })

  it('finds the log of all runs', async () => {
    const { registry, runner } = open()
    registry.submit(submission('a'))
    await runner.end('a')
    const log = readFileSync(join(files.folder, 'batchJob.log'), 'utf8')
    expect(log.split('\n').map((line) => line.slice(27))).toEqual([
      'receive the job [a]: about a, user ann',
      'start the job [a]: about a',
      'end the job [a]: done',
      '',
    ])
  })
})
