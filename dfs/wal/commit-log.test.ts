import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalFileStore } from '../store/local-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLogOptions, openCommitLog } from './commit-log.ts'
import { GROUP, idOf, newRecord, OPTIONS, opened } from './fixture.ts'
import { FIRST_LSN } from './lsn.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-wal-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const strategies: readonly [string, CommitLogOptions][] = [
  ['dual file', OPTIONS],
  ['file group', GROUP],
]

describe.each(strategies)('a log with %s', (_, options) => {
  it('begins empty, at the first LSN', () => {
    const { log, scan, ids } = opened(new MemoryFileStore(), options)
    expect(scan).toMatchObject({ kind: 'clean', end: FIRST_LSN, records: 0 })
    expect([log.end, log.durable, log.oldest, ids]).toEqual([FIRST_LSN, FIRST_LSN, FIRST_LSN, []])
    expect(log.files()).toMatchObject([{ state: 'current', sequence: 1, firstLsn: FIRST_LSN, bytes: 64 }])
  })

  it('gives records back in order, with their place and everything in them', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, options)
    const batch = [newRecord(1, 'TSBEGIN'), newRecord(2, 'INSERT', 33), newRecord(3, 'TSCOMMIT')]
    expect(log.append(batch)).toBe(FIRST_LSN)
    expect(batch.map((r) => r.lsn)).toEqual([64, 64 + 64, 64 + 64 + 96])
    expect(log.durable).toBe(FIRST_LSN)
    log.sync()
    expect(log.durable).toBe(log.end)
    log.append([newRecord(4, 'DDL_DROP')])
    const seen: unknown[] = []
    log.scan(0, (r) => seen.push([r.lsn, r.kind, r.transaction, r.timeMs, r.syncedLsn, idOf(r)]))
    expect(seen).toEqual([
      [64, 'TSBEGIN', 1, 1_700_000_000_001, 64, 1],
      [128, 'INSERT', 2, 1_700_000_000_002, 64, 2],
      [224, 'TSCOMMIT', 3, 1_700_000_000_003, 64, 3],
      [288, 'DDL_DROP', 4, 1_700_000_000_004, 288, 4],
    ])
    log.close()
    expect(opened(files, options)).toMatchObject({ ids: [1, 2, 3, 4], scan: { kind: 'clean', records: 4 } })
  })

  it('goes on after it was closed, and reads from any record on', () => {
    const files = new MemoryFileStore()
    let lsn = 0
    for (let id = 1; id <= 5; id++) {
      const { log } = openCommitLog(files, options)
      const first = log.append([newRecord(id)])
      if (id === 3) lsn = first
      log.close()
    }
    expect(opened(files, { ...options, from: lsn }).ids).toEqual([3, 4, 5])
  })

  it('lives on a real disk through checkpoints, restarts and an unfinished write', () => {
    const files = new LocalFileStore(join(folder, options.rotation))
    let from = 0
    for (let id = 1; id <= 30; id++) {
      const { log } = openCommitLog(files, { ...options, from, bootId: `boot-${id >> 2}` })
      log.append([newRecord(id, 'INSERT', 500), newRecord(id + 1000, 'INSERT', 5)])
      log.sync()
      if (id % 4 === 0) {
        from = log.beginCheckpoint()
        log.append([newRecord(id + 2000)])
        log.endCheckpoint(from)
      }
      log.close()
    }
    const last = openCommitLog(files, { ...options, from }).log
    const { path } = last.files().at(-1)!
    const tail = files.openLog(path)
    tail.writeAt(new Uint8Array([77, 1, 2]), 64 + last.end - last.files().at(-1)!.firstLsn)
    tail.close()
    last.close()
    const { ids, scan } = opened(files, { ...options, from })
    expect(ids).toEqual([2028, 29, 1029, 30, 1030])
    // In a file that was used before, three bytes could as well be remains.
    expect(scan.kind).toBe(options.rotation === 'dual' ? 'torn' : 'clean')
  })

  it('answers the LSN of the end for an empty batch', () => {
    const { log } = openCommitLog(new MemoryFileStore(), options)
    expect(log.append([])).toBe(log.end)
  })

  it('takes no records after close', () => {
    const { log } = openCommitLog(new MemoryFileStore(), options)
    log.close()
    expect(() => log.append([newRecord(1)])).toThrow(expect.objectContaining({ code: 'walClosed' }))
  })

  it('refuses the files of another store, timeline or format', () => {
    const files = new MemoryFileStore()
    opened(files, options).log.close()
    for (const other of [{ storeId: 'store-2' }, { timeline: 2 }])
      expect(() => openCommitLog(files, { ...options, ...other })).toThrow(
        expect.objectContaining({ code: 'walForeign' }),
      )
    expect(opened(files, options).scan.kind).toBe('clean')
  })

  it('refuses to start where records that are needed are missing', () => {
    const files = new MemoryFileStore()
    const missing = expect.objectContaining({ code: 'walMissing', kind: 'data' })
    expect(() => openCommitLog(files, { ...options, from: 640 })).toThrow(missing)
    expect(opened(files, { ...options, from: 640, mayBeMissing: true }).log.end).toBe(640)
    expect(() => openCommitLog(files, { ...options, from: 0 })).toThrow(missing)
    expect(() => openCommitLog(files, { ...options, from: 640, reached: 648 })).toThrow(missing)
    expect(() => openCommitLog(files, { ...options, from: 1280 })).toThrow(
      expect.objectContaining({ code: 'walDamaged' }),
    )
  })

  it('starts a checkpoint at the end of the log, with everything before synced', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, options)
    log.append([newRecord(1)])
    const redo = log.beginCheckpoint()
    expect([redo, log.durable]).toEqual([log.end, log.end])
    log.append([newRecord(2)])
    const second = log.beginCheckpoint()
    expect(second).toBe(log.end)
    log.append([newRecord(3)])
    log.endCheckpoint(redo)
    log.endCheckpoint(second)
    log.close()
    expect(opened(files, { ...options, from: second }).ids).toEqual([3])
  })

  it('is found by the other strategy, which removes its files when they are covered', () => {
    const files = new MemoryFileStore()
    const other = options.rotation === 'dual' ? GROUP : OPTIONS
    const first = openCommitLog(files, options).log
    first.append([newRecord(1)])
    first.close()
    const { log, ids } = opened(files, other)
    expect(ids).toEqual([1])
    log.append([newRecord(2)])
    const redo = log.beginCheckpoint()
    log.append([newRecord(3)])
    log.endCheckpoint(redo)
    log.close()
    const names = [...files.files().keys()]
    expect(names).toEqual(options.rotation === 'dual' ? ['wal/kwdb_wal0'] : ['wal/current_file'])
    expect(opened(files, { ...options, from: redo }).ids).toEqual([3])
    expect(opened(files, { ...other, from: redo }).ids).toEqual([3])
  })
})
