import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { type CommitLogOptions, openCommitLog } from './commit-log.ts'
import { BOOT_OFFSET, HEADER_BYTES } from './file-header.ts'
import { GROUP, idOf, newRecord, OPTIONS, opened } from './fixture.ts'

/** A log of three synced records and two that were not. */
interface Sample {
  readonly path: string
  readonly content: Uint8Array
  /** Offset of each record, and of the end. */
  readonly offsets: readonly number[]
}

const SYNCED = 3

function sampleOf(options: CommitLogOptions): Sample {
  const files = new MemoryFileStore()
  const { log } = openCommitLog(files, options)
  for (let id = 1; id <= 5; id++) {
    log.append([newRecord(id, 'INSERT', id * 3)])
    if (id <= SYNCED) log.sync()
  }
  const offsets: number[] = []
  log.scan(0, (record) => offsets.push(record.lsn))
  offsets.push(log.end)
  const { path } = log.files()[0]!
  return { path, content: files.readFile(path), offsets }
}

function storeWith(contents: ReadonlyMap<string, Uint8Array>): MemoryFileStore {
  const files = new MemoryFileStore()
  for (const [path, content] of contents) {
    const writer = files.openWrite(path)
    writer.write(content)
    writer.sync()
  }
  return files
}

const storeOf = (path: string, content: Uint8Array): MemoryFileStore => storeWith(new Map([[path, content]]))

const contentsOf = (files: MemoryFileStore): Map<string, Uint8Array> =>
  new Map([...files.files().keys()].map((path) => [path, files.readFile(path)]))

const idsUpTo = (count: number): number[] => Array.from({ length: count }, (_, k) => k + 1)
const damaged = expect.objectContaining({ kind: 'data', code: 'walDamaged' })

/** A log that was opened must also work: what is written then is all that follows. */
function expectUsable(files: FileStore, options: CommitLogOptions, ids: readonly number[]): void {
  const { log } = openCommitLog(files, options)
  log.append([newRecord(99)])
  log.close()
  expect(opened(files, options).ids).toEqual([...ids, 99])
}

describe.each([
  ['dual file', OPTIONS],
  ['file group', GROUP],
] as const)('the end of a log with %s', (_, options) => {
  const sample = sampleOf(options)
  const { path, content, offsets } = sample
  const rebooted = { ...options, bootId: 'boot-b' }

  it('that is cut anywhere is the last whole record', () => {
    for (const opening of [options, rebooted])
      for (let cut = 0; cut <= content.length; cut++) {
        const files = storeOf(path, content.subarray(0, cut))
        const whole = Math.max(0, offsets.filter((offset) => offset <= cut).length - 1)
        const { scan, ids } = opened(files, opening)
        expect(ids).toEqual(idsUpTo(whole))
        const dropped = cut < HEADER_BYTES ? cut : cut - offsets[whole]!
        expect(scan).toMatchObject({ end: offsets[whole], kind: dropped > 0 ? 'torn' : 'clean', droppedBytes: dropped })
        expectUsable(files, opening, ids)
      }
  })

  it('under the same boot may not be damaged: whatever stands there was written whole', () => {
    for (let at = 0; at < content.length; at++) {
      const files = storeOf(path, content)
      files.flipBit(path, at, at % 8)
      const before = files.readFile(path)
      if (at >= BOOT_OFFSET && at < HEADER_BYTES) expect(opened(files, options).ids).toEqual(idsUpTo(5))
      else {
        expect(() => openCommitLog(files, options)).toThrow(damaged)
        expect(files.readFile(path)).toEqual(before)
      }
    }
  })

  it('under another boot may have lost what was never synced, and nothing else', () => {
    for (let at = HEADER_BYTES; at < content.length; at++) {
      const files = storeOf(path, content)
      files.flipBit(path, at, at % 8)
      if (at < offsets[SYNCED]!) {
        expect(() => openCommitLog(files, rebooted)).toThrow(damaged)
        continue
      }
      const whole = at < offsets[4]! ? SYNCED : 4
      const { scan, ids } = opened(files, rebooted)
      expect([ids, scan.kind, scan.droppedBytes]).toEqual([idsUpTo(whole), 'torn', content.length - offsets[whole]!])
      expectUsable(files, rebooted, ids)
    }
  })

  it('counts as after a loss of power if the boot is not known', () => {
    const files = storeOf(path, content)
    files.flipBit(path, offsets[3]! + 20)
    expect(opened(files, { ...options, bootId: '' }).ids).toEqual(idsUpTo(3))
  })

  it('is judged by the boot under which the file was last written', () => {
    const files = storeOf(path, content)
    const { log } = openCommitLog(files, rebooted)
    log.append([newRecord(6)])
    log.append([newRecord(7)])
    files.flipBit(path, offsets[5]! + 20)
    expect(() => openCommitLog(files, rebooted)).toThrow(damaged)
    expect(opened(files, { ...options, bootId: 'boot-c' }).ids).toEqual(idsUpTo(5))
  })

  it('leaves no remains that could follow new records', () => {
    // The batch of the crashed process lies beyond the bad record, where a new record of the same size would end.
    const files = storeOf(path, content)
    files.flipBit(path, offsets[3]! + 20)
    const { log } = openCommitLog(files, rebooted)
    log.append([newRecord(77, 'INSERT', 12)])
    expect(log.end).toBe(offsets[4])
    log.close()
    expect(opened(files, rebooted).ids).toEqual([1, 2, 3, 77])
  })

  it('says which file, offset and LSN is damaged, what was found and what to do', () => {
    const files = storeOf(path, content)
    files.flipBit(path, offsets[1]! + 44)
    const error = caught(() => openCommitLog(files, options))
    expect(error.message).toBe(
      `The log is damaged: ${path}, offset 128, LSN 0/00000080: its checksum does not match. A later record says that everything below LSN 0/000000C8 was on disk, so this is no unfinished write.`,
    )
    expect(error.where).toEqual({ file: path, offset: 128, lsn: '0/00000080' })
    expect(error.hint).toMatch(/restore the node/)
  })

  it('is damage if a read finds it while the log is open', () => {
    const files = storeOf(path, content)
    const { log } = openCommitLog(files, options)
    files.flipBit(path, offsets[4]! + 20)
    const ids: number[] = []
    expect(() => log.scan(0, (record) => ids.push(idOf(record)))).toThrow(damaged)
    expect(ids).toEqual([1, 2, 3, 4])
  })

  it('may not be before what the catalog has seen', () => {
    const files = storeOf(path, content.subarray(0, offsets[4]! + 9))
    expect(() => openCommitLog(files, { ...options, reached: offsets[5]! })).toThrow(
      expect.objectContaining({ code: 'walMissing' }),
    )
    expect(opened(files, { ...options, reached: offsets[4]! }).ids).toEqual([1, 2, 3, 4])
  })
})

describe('a log of several files', () => {
  it('is damaged if a file before the last is, whichever boot it is', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, OPTIONS)
    log.append([newRecord(1)])
    log.beginCheckpoint()
    log.close()
    const contents = contentsOf(files)
    for (let at = 0; at < contents.get('wal/checkpoint_file')!.length; at++) {
      const copy = storeWith(contents)
      copy.flipBit('wal/checkpoint_file', at)
      const isBoot = at >= BOOT_OFFSET && at < HEADER_BYTES
      if (isBoot) expect(opened(copy).ids).toEqual([1])
      else expect(() => openCommitLog(copy, { ...OPTIONS, bootId: 'boot-b' })).toThrow(damaged)
    }
  })

  it('never shows a wrong record, whichever byte of a ring that has gone round is flipped', () => {
    const files = new MemoryFileStore()
    const { log } = openCommitLog(files, GROUP)
    let from = 0
    for (let id = 1; id <= 60; id++) {
      log.append([newRecord(id, 'INSERT', 350)])
      if (id % 3 === 0) log.sync()
      if (id % 9 === 0) {
        from = log.beginCheckpoint()
        log.endCheckpoint(from)
      }
    }
    const all: number[] = []
    log.scan(from, (record) => all.push(idOf(record)))
    log.close()
    const contents = contentsOf(files)
    let refused = 0
    for (const [path, content] of contents)
      for (let at = 0; at < content.length; at += 7) {
        const copy = storeWith(contents)
        copy.flipBit(path, at)
        try {
          const found = opened(copy, { ...GROUP, from })
          expect(found.ids).toEqual(all.slice(0, found.ids.length))
          expect(found.ids.length).toBeGreaterThanOrEqual(all.length - 1)
        } catch (error) {
          if (!(error instanceof HoldfastError && error.kind === 'data')) throw error
          refused++
        }
      }
    expect(refused).toBeGreaterThan(100)
  })
})

function caught(body: () => unknown): HoldfastError {
  try {
    body()
  } catch (error) {
    expect(error).toBeInstanceOf(HoldfastError)
    return error as HoldfastError
  }
  throw new Error('nothing was thrown')
}
