import { describe, expect, it } from 'vitest'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLog, openCommitLog } from './commit-log.ts'
import { newRecord, OPTIONS, opened } from './fixture.ts'

const statesOf = (log: CommitLog): string[] => log.files().map((f) => `${f.sequence} ${f.name} ${f.state}`)

describe('the two files of a log', () => {
  it('follow each other through a checkpoint', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, OPTIONS)
    expect(statesOf(log)).toEqual(['1 current_file current'])
    log.append([newRecord(1)])
    const redo = log.beginCheckpoint()
    log.append([newRecord(2)])
    expect(statesOf(log)).toEqual(['1 checkpoint_file checkpoint', '2 current_file current'])
    expect([...files.files().keys()]).toEqual(['wal/checkpoint_file', 'wal/current_file'])
    expect(log.files().map((f) => [f.path, f.timeline, f.firstLsn, f.endLsn, f.bytes])).toEqual([
      ['wal/checkpoint_file', 1, 64, redo, redo],
      ['wal/current_file', 1, redo, log.end, 64 + log.end - redo],
    ])
    expect(log.bytes).toBe(64 + log.end)
    log.endCheckpoint(redo)
    expect(statesOf(log)).toEqual(['2 current_file current'])
    expect([...files.files().keys()]).toEqual(['wal/current_file'])
    expect(log.oldest).toBe(redo)
    expect(() => log.scan(redo - 8, () => {})).toThrow(expect.objectContaining({ code: 'walMissing' }))
  })

  it('stay as they are for a checkpoint without new records', () => {
    const { log } = openCommitLog(new MemoryFileStore(), OPTIONS)
    log.endCheckpoint(log.beginCheckpoint())
    expect(statesOf(log)).toEqual(['1 current_file current'])
  })

  it('are never three: a second checkpoint goes on in the current file', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, OPTIONS)
    log.append([newRecord(1)])
    log.beginCheckpoint()
    log.append([newRecord(2)])
    const second = log.beginCheckpoint()
    log.append([newRecord(3)])
    expect(statesOf(log)).toEqual(['1 checkpoint_file checkpoint', '2 current_file current'])
    log.endCheckpoint(second)
    expect(statesOf(log)).toEqual(['2 current_file current'])
    log.endCheckpoint(log.beginCheckpoint())
    expect(statesOf(log)).toEqual(['3 current_file current'])
    log.close()
    expect(opened(files, { ...OPTIONS, from: log.end }).ids).toEqual([])
  })

  it('are kept as long as somebody retains them', () => {
    const asked: string[] = []
    let retained = true
    const retain = (info: { name: string; sequence: number; endLsn: number }): boolean => {
      asked.push(`${info.sequence} ${info.name} to ${info.endLsn}`)
      return retained
    }
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, { ...OPTIONS, retain })
    log.append([newRecord(1)])
    const redo = log.beginCheckpoint()
    log.endCheckpoint(redo)
    expect(asked).toEqual([`1 checkpoint_file to ${redo}`])
    expect(statesOf(log)).toEqual(['1 checkpoint_file sealed', '2 current_file current'])
    log.append([newRecord(2)])
    const second = log.beginCheckpoint()
    log.close()
    const again = openCommitLog(files, { ...OPTIONS, from: second, retain }).log
    expect(statesOf(again)).toEqual(['1 checkpoint_file sealed', '2 current_file current'])
    retained = false
    again.endCheckpoint(second)
    expect(statesOf(again)).toEqual(['2 current_file current'])
  })

  it('that a crash left covered are removed at the next start', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, OPTIONS)
    log.append([newRecord(1)])
    const redo = log.beginCheckpoint()
    log.append([newRecord(2)])
    log.close()
    expect(opened(files, { ...OPTIONS, from: redo }).ids).toEqual([2])
    expect([...files.files().keys()]).toEqual(['wal/current_file'])
  })

  it('are found when the process died between the two renames', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, OPTIONS)
    log.append([newRecord(1)])
    log.close()
    files.rename('wal/current_file', 'wal/checkpoint_file')
    const writer = files.openWrite('wal/current_file.new')
    writer.write(new Uint8Array(10))
    const { ids, log: again } = opened(files)
    expect(ids).toEqual([1])
    expect(statesOf(again)).toEqual(['1 checkpoint_file checkpoint', '2 current_file current'])
    expect([...files.files().keys()]).toEqual(['wal/checkpoint_file', 'wal/current_file'])
  })

  it('refuse to cover what is not durable', () => {
    const { log } = openCommitLog(new MemoryFileStore(), OPTIONS)
    log.append([newRecord(1)])
    expect(() => log.endCheckpoint(log.end)).toThrow(expect.objectContaining({ kind: 'bug' }))
  })
})
