import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupRun, EngineClient, EngineCommand } from '../engine/commands.ts'
import { bytesInTurn, estimatedEndMs, percentComplete, RunRecord } from './runs.ts'

const running = (over: Partial<BackupRun>): BackupRun => ({
  id: 'r',
  user: 'admin',
  type: 'BACKUP_BY_COPY_FILE',
  db: 'dfs://db',
  table: 'pt',
  startMs: 0,
  endMs: undefined,
  totalPartitions: 10,
  completedPartitions: 5,
  state: 'running',
  error: '',
  bytesTotal: 1000,
  bytesDone: 250,
  ...over,
})

describe('the estimated end of a run', () => {
  it('goes by the bytes that are done, not by partitions that needed no work', () => {
    const run = running({ totalPartitions: 10_000, completedPartitions: 9_995 })
    expect(estimatedEndMs(run, [run], 10_000)).toBe(40_000)
  })

  it('is when the tables before it and it are done, at the speed of the call', () => {
    const of = { call: 'c' }
    const runs = [
      running({ ...of, order: 0, bytesTotal: 600, bytesDone: 600, state: 'completed', endMs: 6_000 }),
      running({ ...of, order: 1, bytesTotal: 400, bytesDone: 200 }),
      running({ ...of, order: 2, bytesTotal: 1_200, bytesDone: 0, completedPartitions: 0 }),
      running({ call: 'another', bytesTotal: 1e9, bytesDone: 0 }),
    ]
    expect(runs.map((r) => estimatedEndMs(r, runs, 8_000))).toEqual([undefined, 10_000, 22_000, undefined])
  })

  it('is not told before anything is done, nor of a run that has ended or died', () => {
    for (const over of [
      { bytesDone: 0 },
      { state: 'completed' },
      { state: 'interrupted' },
      { state: 'failed' },
    ] as const) {
      const run = running(over)
      expect(estimatedEndMs(run, [run], 10_000)).toBeUndefined()
    }
  })

  it('is now when all is copied and the rest is a moment', () => {
    const run = running({ bytesDone: 1000 })
    expect(estimatedEndMs(run, [run], 5_000)).toBe(5_000)
  })
})

describe('the percentage of a run', () => {
  it.each([
    ['bytes within the one partition that there is', { totalPartitions: 1, completedPartitions: 0, unchanged: 0 }, 25],
    ['partitions that were there before as done', { totalPartitions: 4, completedPartitions: 2, unchanged: 2 }, 62],
    ['partitions where bytes say nothing', { unchanged: 3, bytesTotal: 0, bytesDone: 0 }, 50],
    ['partitions in records of earlier releases', {}, 50],
    ['less than 100 while the state is not complete', { unchanged: 0, bytesDone: 1000 }, 99],
    ['100 for what is complete', { state: 'completed', unchanged: 0 }, 100],
    ['nothing of nothing', { totalPartitions: 0, completedPartitions: 0, unchanged: 0 }, 0],
  ] as const)('counts %s', (_, over, percent) => {
    expect(percentComplete(running(over))).toBe(percent)
  })
})

/** An engine that keeps what it is told of runs. */
function recorded(): { readonly client: EngineClient; readonly written: BackupRun[] } {
  const written: BackupRun[] = []
  const request = (command: EngineCommand): { cid: number } => {
    if (command.kind === 'putRun') written.push(command.run)
    return { cid: 0 }
  }
  return { client: { request } as EngineClient, written }
}

describe('the record of a run', () => {
  it('is written when the work is planned, at most once a second, and when it ends', () => {
    const { client, written } = recorded()
    let now = 0
    const facts = {
      user: 'u',
      type: 'BACKUP_BY_SQL',
      db: 'd',
      table: 't',
      totalPartitions: 20,
      done: 3,
      bytesTotal: 1700,
    } as const
    const run = new RunRecord(client, () => now, { ...facts, of: { call: 'c', order: 1 } })
    for (let k = 0; k < 17; k++) {
      now += 300
      run.addPartition(100)
    }
    run.complete()
    run.fail(new Error('too late'))
    expect(written.map((r) => [r.completedPartitions, r.bytesDone, r.state])).toEqual([
      [3, 0, 'running'],
      [7, 400, 'running'],
      [11, 800, 'running'],
      [15, 1200, 'running'],
      [19, 1600, 'running'],
      [20, 1700, 'completed'],
    ])
    expect(new Set(written.map((r) => r.id)).size).toBe(1)
    expect(written.at(-1)).toMatchObject({ call: 'c', order: 1, bytesTotal: 1700, endMs: 5100 })
  })

  it('counts what is read of a partition that is not complete, and no byte twice', () => {
    const { client, written } = recorded()
    let now = 0
    const facts = { user: 'u', type: 'BACKUP_BY_COPY_FILE', db: 'd', done: 0 } as const
    const runOf = (table: string, bytesTotal: number): RunRecord =>
      new RunRecord(client, () => now, { ...facts, table, totalPartitions: 2, bytesTotal })
    const runs = [runOf('a', 1000), runOf('b', 0), runOf('c', 500)]
    const read = bytesInTurn(runs)
    for (const bytes of [300, 300, 600, 0, 200]) {
      now += 2000
      read(bytes)
    }
    runs[0].addPartition(500)
    runs[0].addPartition(500)
    for (const run of runs) run.complete()
    expect(written.slice(3).map((r) => [r.table, r.bytesDone, r.state])).toEqual([
      ['a', 300, 'running'],
      ['a', 600, 'running'],
      ['a', 1000, 'running'],
      ['c', 200, 'running'],
      ['c', 400, 'running'],
      ['a', 1000, 'running'],
      ['a', 1000, 'completed'],
      ['b', 0, 'completed'],
      ['c', 400, 'completed'],
    ])
  })

  it.each([
    [new HoldfastError('cancelled', 'The job has been cancelled.'), 'cancelled'],
    [new HoldfastError('io', 'the disk is full'), 'failed'],
  ])('ends with what stopped it: %s', (error, state) => {
    const { client, written } = recorded()
    const facts = { user: 'u', type: 'BACKUP_BY_SQL', db: 'd', table: 't', totalPartitions: 2 } as const
    new RunRecord(client, () => 5, { ...facts, done: 0, bytesTotal: 9 }).fail(error)
    expect(written.at(-1)).toMatchObject({ state, error: error.message, endMs: 5 })
  })
})
