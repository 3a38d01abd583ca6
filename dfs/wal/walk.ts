/**
 * Reads the records of a log as they lie in its files, beside a process that writes to it. Nothing is asked of the catalog, nothing is locked or changed. While
 * the log is read its files may be renamed, deleted and used again: the list of files is taken until two looks agree, files stay readable once they
 * are open, and a file that was used again under the reader is noticed by its number.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { HEADER_BYTES } from './file-header.ts'
import { CHECKPOINT_FILE, CURRENT_FILE, LOG_FOLDER, logPath, ringIndex } from './file-set.ts'
import { LogFileReader } from './log-reader.ts'
import { FIRST_LSN } from './lsn.ts'
import type { LogRecord } from './record.ts'
import { type ChainFile, lastRun } from './survey.ts'

export interface WalkedLog {
  /** LSN after the last record that was read. */
  readonly end: number
  /** LSN of the oldest record that is there. */
  readonly oldest: number
  readonly records: number
  /** Oldest first. */
  readonly files: readonly WalkedFile[]
  /** Why reading stopped before the end of the files; undefined at the end, or at what was asked for. */
  readonly stop: WalkStop | undefined
}

export interface WalkedFile {
  /** Name below `wal/`. */
  readonly name: string
  readonly sequence: number
  readonly timeline: number
  readonly firstLsn: number
  readonly bytes: number
}

export interface WalkStop {
  readonly file: string
  readonly offset: number
  readonly lsn: number
  readonly problem: string
  /** Valid records follow, so this is damage. Otherwise it may be a write that is going on or was cut off. */
  readonly followedBy: number | undefined
}

interface OpenFile extends ChainFile {
  readonly reader: LogFileReader
}

const LOOKS = 50

/** Calls back for each record from LSN `from` (0: the oldest) to LSN `to`. */
export function walkLog(
  store: FileStore,
  { from = 0, to = Number.POSITIVE_INFINITY }: { readonly from?: number; readonly to?: number },
  onRecord: (record: LogRecord) => void,
): WalkedLog {
  let records = 0
  let oldest: number | undefined
  let at = from
  const count = (record: LogRecord): void => {
    at = record.endLsn
    if (record.lsn < from) return
    records++
    onRecord(record)
  }
  for (let look = 0; ; look++) {
    const files = openFiles(store)
    try {
      if (files.length === 0) return { end: FIRST_LSN, oldest: FIRST_LSN, records, files: [], stop: undefined }
      oldest ??= files[0].header.firstLsn
      const stop = walkFiles(store, files, Math.max(at, files[0].header.firstLsn), to, count)
      if (stop !== 'again' || look === LOOKS) {
        const end = Math.max(at, oldest)
        return { end, oldest, records, files: files.map(walkedFile), stop: stop === 'again' ? undefined : stop }
      }
    } finally {
      for (const { reader } of files) reader.close()
    }
  }
}

const walkedFile = ({ name, bytes, header: { sequence, timeline, firstLsn } }: OpenFile): WalkedFile => ({
  name,
  sequence,
  timeline,
  firstLsn,
  bytes,
})

function walkFiles(
  store: FileStore,
  files: readonly OpenFile[],
  start: number,
  to: number,
  onRecord: (record: LogRecord) => void,
): WalkStop | 'again' | undefined {
  for (const [k, { name, header, reader }] of files.entries()) {
    const { firstLsn } = header
    const next = files[k + 1]
    if (firstLsn >= to) return undefined
    if (next !== undefined && next.header.firstLsn <= start) continue
    const place = HEADER_BYTES - firstLsn
    const fileEnd = next === undefined ? reader.bytes : next.header.firstLsn + place
    const offset = recordStart(reader, firstLsn, Math.max(start, firstLsn), fileEnd)
    const limit = Math.min(fileEnd, to + place)
    const stop = readTo(reader, offset, limit, fileEnd, firstLsn, onRecord)
    if (stop.problem === undefined) continue
    if (wasUsedAgain(store, name, header.sequence)) return 'again'
    let followedBy = next?.header.firstLsn
    if (followedBy === undefined)
      reader.search(stop.offset + 8, firstLsn, (record) => {
        followedBy = record.lsn
        return true
      })
    if (next === undefined && followedBy === undefined && (stop.offset >= reader.bytes || header.isReused))
      return undefined
    return {
      file: logPath(name),
      offset: stop.offset,
      lsn: stop.offset - place,
      problem: stop.problem,
      followedBy,
    }
  }
  return undefined
}

/** Records that begin below `limit`; the last one may reach beyond it. */
function readTo(
  reader: LogFileReader,
  offset: number,
  limit: number,
  fileEnd: number,
  firstLsn: number,
  onRecord: (record: LogRecord) => void,
): { readonly offset: number; readonly problem: string | undefined } {
  let at = offset
  while (at < limit) {
    const record = reader.recordAt(at, fileEnd, firstLsn + at - HEADER_BYTES)
    if (typeof record === 'string') return { offset: at, problem: record }
    onRecord(record)
    at = HEADER_BYTES + record.endLsn - firstLsn
  }
  return { offset: at, problem: undefined }
}

/** The place of the first record at or after an LSN, which people may have typed without knowing where records begin. */
function recordStart(reader: LogFileReader, firstLsn: number, lsn: number, fileEnd: number): number {
  const offset = lsn - firstLsn + HEADER_BYTES
  if (offset % 8 === 0 && typeof reader.recordAt(offset, fileEnd, lsn) !== 'string') return offset
  let at = HEADER_BYTES
  while (at < offset) {
    const record = reader.recordAt(at, fileEnd, firstLsn + at - HEADER_BYTES)
    if (typeof record === 'string') return Math.max(at, offset - (offset % 8))
    at = HEADER_BYTES + record.endLsn - firstLsn
  }
  return at
}

function wasUsedAgain(store: FileStore, name: string, sequence: number): boolean {
  if (ringIndex(name) === undefined) return false
  return headerOf(store, name)?.header.sequence !== sequence
}

/** The files of the log, open, oldest first. */
function openFiles(store: FileStore): OpenFile[] {
  let seen = ''
  for (let look = 0; look < LOOKS; look++) {
    const found = store
      .list(LOG_FOLDER)
      .filter(({ kind, name }) => kind === 'file' && isLogFile(name))
      .map(({ name }) => headerOf(store, name, true))
      .filter((file) => file !== undefined)
    const now = JSON.stringify(found.map(({ name, header }) => [name, header.sequence]))
    if (now === seen) {
      const chain = lastRun(found)
      const used = new Set(chain)
      for (const file of found) if (!used.has(file)) file.reader.close()
      return chain as OpenFile[]
    }
    seen = now
    for (const { reader } of found) reader.close()
  }
  throw new HoldfastError('conflict', `The log files in ${store.root} change faster than they can be listed.`, {
    code: 'walBusy',
  })
}

const isLogFile = (name: string): boolean =>
  name === CURRENT_FILE || name === CHECKPOINT_FILE || ringIndex(name) !== undefined

function headerOf(store: FileStore, name: string, isKept = false): OpenFile | undefined {
  let reader: LogFileReader
  try {
    reader = new LogFileReader(store, logPath(name))
  } catch (error) {
    // Renamed or deleted since it was listed.
    if (error instanceof HoldfastError && error.code === 'ENOENT') return undefined
    throw error
  }
  const header = reader.header()
  if (header !== undefined && !('format' in header)) {
    if (!isKept) reader.close()
    return { name, bytes: reader.bytes, header, reader }
  }
  reader.close()
  if (header !== undefined)
    throw new HoldfastError(
      'data',
      `The log file ${logPath(name)} has format ${header.format}, which this release does not know.`,
      { code: 'walForeign', where: { file: logPath(name) } },
    )
  return undefined
}
