/** For tests of the log: options, records, and reading everything back. */
import type { FileStore } from '../store/file-store.ts'
import { type CommitLogOptions, type OpenedLog, openCommitLog } from './commit-log.ts'
import { packPayload, unpackPayload } from './payload.ts'
import type { LogRecord, NewRecord, RecordKind } from './record.ts'

export const OPTIONS: CommitLogOptions = {
  rotation: 'dual',
  groupFiles: 3,
  groupFileBytes: 4096,
  timeline: 1,
  bootId: 'boot-a',
  storeId: 'store-1',
  from: 0,
}

export const GROUP: CommitLogOptions = { ...OPTIONS, rotation: 'group' }

export function newRecord(id: number, kind: RecordKind = 'INSERT', bytes = 0): NewRecord {
  return {
    kind,
    transaction: id,
    timeMs: 1_700_000_000_000 + id,
    payload: packPayload({ id, fill: 'x'.repeat(bytes) }),
  }
}

export const idOf = (record: LogRecord): number => (unpackPayload(record.payload) as { id: number }).id

/** Opens the log and answers the ids of the records from `from` on. */
export function opened(files: FileStore, options: CommitLogOptions = OPTIONS): OpenedLog & { readonly ids: number[] } {
  const { log, scan } = openCommitLog(files, options)
  const ids: number[] = []
  log.scan(options.from, (record) => ids.push(idOf(record)))
  return { log, scan, ids }
}

/** Numbers in [0, 1), the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
