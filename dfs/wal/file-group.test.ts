import { describe, expect, it } from 'vitest'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLog, openCommitLog } from './commit-log.ts'
import { GROUP, idOf, newRecord, OPTIONS, opened } from './fixture.ts'

const statesOf = (log: CommitLog): string[] => log.files().map((f) => `${f.sequence} ${f.name} ${f.state}`)
const full = expect.objectContaining({ code: 'walFull', kind: 'io' })

/** A record of which one fits into a file, and not two. */
const half = (id: number) => newRecord(id, 'INSERT', 2500)

describe('the ring of files of a log', () => {
  it('is filled in order, and refuses records when it is full', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, GROUP)
    for (let id = 1; id <= 3; id++) log.append([half(id)])
    expect(statesOf(log)).toEqual(['1 kwdb_wal0 sealed', '2 kwdb_wal1 sealed', '3 kwdb_wal2 current'])
    const { end } = log
    expect(() => log.append([half(4)])).toThrow(full)
    expect(log.end).toBe(end)
    log.append([newRecord(5)])
    log.append([newRecord(6, 'TSROLLBACK', 2500)])
    log.close()
    expect(opened(files, GROUP).ids).toEqual([1, 2, 3, 5, 6])
  })

  it('takes records again after a checkpoint, in the oldest file', () => {
    const { log } = openCommitLog(new MemoryFileStore(), GROUP)
    for (let id = 1; id <= 3; id++) log.append([half(id)])
    const redo = log.beginCheckpoint()
    expect(() => log.append([half(4)])).toThrow(full)
    log.endCheckpoint(redo)
    expect(statesOf(log)).toEqual(['1 kwdb_wal0 free', '2 kwdb_wal1 free', '3 kwdb_wal2 current'])
    log.append([half(4)])
    expect(statesOf(log)).toEqual(['2 kwdb_wal1 free', '3 kwdb_wal2 free', '4 kwdb_wal0 current'])
    const ids: number[] = []
    log.scan(log.oldest, (record) => ids.push(idOf(record)))
    expect(ids).toEqual([2, 3, 4])
  })

  it('grows for the records of a checkpoint, which must not wait for one', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, GROUP)
    for (let id = 1; id <= 3; id++) log.append([half(id)])
    const redo = log.beginCheckpoint()
    log.append([newRecord(4, 'TSBEGIN'), newRecord(5, 'CHECKPOINT', 9000), newRecord(6, 'TSCOMMIT')])
    expect(log.files()[2]!.bytes).toBeGreaterThan(GROUP.groupFileBytes)
    log.sync()
    log.endCheckpoint(redo)
    for (let id = 7; id <= 8; id++) log.append([half(id)])
    const second = log.beginCheckpoint()
    log.endCheckpoint(second)
    log.append([half(9)])
    expect(statesOf(log)).toEqual(['4 kwdb_wal0 free', '5 kwdb_wal1 free', '6 kwdb_wal2 current'])
    expect(log.files()[2]!.bytes).toBe(GROUP.groupFileBytes)
    log.close()
    expect(opened(files, { ...GROUP, from: second }).ids).toEqual([9])
  })

  it('keeps a batch in one file, which grows if the batch is larger', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, GROUP)
    log.append([half(1)])
    log.append([half(2), half(3), half(4)])
    log.append([half(5)])
    expect(log.files().map((f) => [f.name, f.bytes > GROUP.groupFileBytes])).toEqual([
      ['kwdb_wal0', false],
      ['kwdb_wal1', true],
      ['kwdb_wal2', false],
    ])
    log.close()
    expect(opened(files, GROUP).ids).toEqual([1, 2, 3, 4, 5])
  })

  it('grows while the archive keeps back the oldest file', () => {
    let retained = true
    const { log } = openCommitLog(new MemoryFileStore(), { ...GROUP, retain: () => retained })
    for (let id = 1; id <= 3; id++) log.append([half(id)])
    log.endCheckpoint(log.beginCheckpoint())
    for (let id = 4; id <= 6; id++) log.append([half(id)])
    expect(log.files()[2]!.bytes).toBeGreaterThan(2 * GROUP.groupFileBytes)
    retained = false
    log.append([half(7)])
    expect(statesOf(log).at(-1)).toBe('4 kwdb_wal0 current')
  })

  it('goes round a hundred times, and is found whole each time', () => {
    const files = new MemoryFileStore()
    let from = 0
    let id = 0
    let lastFile = 0
    for (let round = 0; round < 100; round++) {
      const { log, ids, scan } = opened(files, { ...GROUP, from, bootId: `boot-${round >> 3}` })
      expect(scan.kind).toBe('clean')
      if (round > 0) expect(ids).toEqual([id - 1, id])
      for (let k = 0; k < 8; k++) log.append([newRecord(++id, 'UPDATE', (id * 97) % 900)])
      const redo = log.beginCheckpoint()
      log.endCheckpoint(redo)
      log.append([newRecord(++id), newRecord(++id)])
      from = redo
      lastFile = log.files().at(-1)!.sequence
      log.close()
      expect(files.files().size).toBeLessThanOrEqual(3)
      for (const bytes of files.files().values()) expect(bytes).toBeLessThanOrEqual(GROUP.groupFileBytes)
    }
    expect(lastFile).toBeGreaterThan(80)
  })

  it('may have more or fewer files at the next start', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, { ...GROUP, groupFiles: 4 })
    for (let id = 1; id <= 4; id++) log.append([half(id)])
    log.close()
    const fewer = openCommitLog(files, { ...GROUP, groupFiles: 2 }).log
    expect(() => fewer.append([half(5)])).toThrow(full)
    fewer.endCheckpoint(fewer.beginCheckpoint())
    fewer.append([half(5)])
    expect(statesOf(fewer)).toEqual(['4 kwdb_wal3 sealed', '5 kwdb_wal0 current'])
    fewer.close()
    const { log: more, ids } = opened(files, { ...GROUP, groupFiles: 5, from: fewer.files()[1]!.firstLsn })
    expect(ids).toEqual([5])
    for (let id = 6; id <= 9; id++) more.append([half(id)])
    expect(more.files().map((f) => f.name)).toEqual(['kwdb_wal0', 'kwdb_wal1', 'kwdb_wal2', 'kwdb_wal4', 'kwdb_wal3'])
  })

  it.each([
    [{ groupFiles: 1 }, /at least 2 files/],
    [{ groupFileBytes: 100 }, /4096 bytes/],
  ])('refuses the sizes %o', (sizes, message) => {
    expect(() => openCommitLog(new MemoryFileStore(), { ...GROUP, ...sizes })).toThrow(message)
    expect(() => openCommitLog(new MemoryFileStore(), { ...OPTIONS, ...sizes })).not.toThrow()
  })
})
