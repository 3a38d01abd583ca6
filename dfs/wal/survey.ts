/**
 * Looks at the files of a log without changing anything: finds which belong to it, reads to the end, and decides with end-of-log.ts whether it may end there.
 */
import type { FileStore } from '../store/file-store.ts'
import type { CommitLogOptions } from './commit-log.ts'
import { judgeEnd } from './end-of-log.ts'
import { walDamaged, walForeign, walMissing } from './errors.ts'
import { type FileHeader, HEADER_BYTES, identityOf, type LogIdentity } from './file-header.ts'
import { CHECKPOINT_FILE, CURRENT_FILE, LOG_FOLDER, logPath, ringIndex } from './file-set.ts'
import { LogFileReader } from './log-reader.ts'
import { FIRST_LSN, formatLsn } from './lsn.ts'
import type { LogRecord } from './record.ts'

/** How a scan ended. */
export interface ScanEnd {
  /** torn: an unfinished write followed; it does not count. */
  readonly kind: 'clean' | 'torn'
  /** LSN after the last valid record. */
  readonly end: number
  /** Path and offset of the end. */
  readonly file: string
  readonly offset: number
  /** Bytes of the unfinished write. */
  readonly droppedBytes: number
  /** Valid records from where the scan began. */
  readonly records: number
  /** When the log is opened: what lies below was on the disk, as the records say. */
  readonly synced?: number
}

export interface FoundFile {
  readonly name: string
  readonly bytes: number
  /** undefined: no valid header. */
  readonly header: FileHeader | undefined
}

/** A file with a valid header. */
export type ChainFile = FoundFile & { readonly header: FileHeader }

export interface LogSurvey {
  readonly identity: LogIdentity
  /** The files of the log, oldest first; none for a new store. */
  readonly chain: readonly ChainFile[]
  /** How the log ends, read from `from` on. */
  readonly scan: ScanEnd
}

/** Throws `walDamaged`, `walMissing` or `walForeign` if the log is not whole. */
export function surveyLog(store: FileStore, options: CommitLogOptions): LogSurvey {
  const identity = identityOf(options.timeline, options.storeId, options.bootId)
  const found = findFiles(store, identity)
  const start = Math.max(options.from, FIRST_LSN)
  const chain = lastRun(found)
  const scan =
    chain.length === 0 ? endOfNothing(store, found, options, start) : readToEnd(store, found, chain, identity, start)
  if (scan.end < (options.reached ?? 0))
    throw walMissing(
      `The log ends at LSN ${formatLsn(scan.end)} in ${scan.file}, but the catalog has seen it up to LSN ${formatLsn(options.reached!)}.`,
    )
  refuseLostHeaders(store, found, chain, scan.end)
  return { identity, chain, scan }
}

/** Every log file, whichever strategy made it. Refuses those of other stores, timelines and formats. */
function findFiles(store: FileStore, identity: LogIdentity): FoundFile[] {
  const found: FoundFile[] = []
  for (const { name, kind } of store.list(LOG_FOLDER)) {
    if (kind !== 'file' || !(name === CURRENT_FILE || name === CHECKPOINT_FILE || ringIndex(name) !== undefined))
      continue
    const path = logPath(name)
    const reader = new LogFileReader(store, path)
    try {
      const header = reader.header()
      if (header !== undefined && 'format' in header)
        throw walForeign(path, `has format ${header.format}, which this release does not know`)
      if (header !== undefined && header.store !== identity.store) throw walForeign(path, 'belongs to another store')
      if (header !== undefined && header.timeline !== identity.timeline)
        throw walForeign(path, `is of timeline ${header.timeline}; the store is on timeline ${identity.timeline}`)
      found.push({ name, bytes: reader.bytes, header })
    } finally {
      reader.close()
    }
  }
  return found
}

/** The files that make the log: those with the highest numbers, without a gap. Older ones are remains of a ring. */
export function lastRun(found: readonly FoundFile[]): ChainFile[] {
  const files = found.filter((file): file is ChainFile => file.header !== undefined)
  files.sort((a, b) => a.header.sequence - b.header.sequence)
  let first = files.length - 1
  for (; first > 0; first--) {
    const before = files[first - 1]!
    const file = files[first]!
    if (before.header.sequence === file.header.sequence)
      throw walForeign(logPath(before.name), `has the same number as ${logPath(file.name)}`)
    if (before.header.sequence !== file.header.sequence - 1) break
  }
  return files.slice(Math.max(0, first))
}

/** Reads from `start` to where the log ends. */
function readToEnd(
  store: FileStore,
  found: readonly FoundFile[],
  chain: readonly ChainFile[],
  identity: LogIdentity,
  start: number,
): ScanEnd {
  const oldest = chain[0]!
  const headless = found.find((file) => file.header === undefined && file.bytes > HEADER_BYTES)
  if (start < oldest.header.firstLsn && headless !== undefined)
    throw walDamaged(
      { file: logPath(headless.name), offset: 0, lsn: start },
      'its header is damaged',
      `The other files begin at LSN ${formatLsn(oldest.header.firstLsn)}.`,
    )
  if (start < oldest.header.firstLsn)
    throw walMissing(
      `The log begins at LSN ${formatLsn(oldest.header.firstLsn)} in ${logPath(oldest.name)}, but it is needed from LSN ${formatLsn(start)} on.`,
    )
  let records = 0
  let synced = start
  const count = (record: LogRecord): void => {
    records++
    synced = Math.max(synced, record.syncedLsn)
  }
  for (const [k, file] of chain.entries()) {
    const { firstLsn } = file.header
    const next = chain[k + 1]
    if (next !== undefined && next.header.firstLsn <= start) continue
    const path = logPath(file.name)
    const reader = new LogFileReader(store, path)
    try {
      const limit = next === undefined ? file.bytes : HEADER_BYTES + next.header.firstLsn - firstLsn
      const from = HEADER_BYTES + Math.max(start, firstLsn) - firstLsn
      const stop = reader.scan(from, limit, firstLsn, count)
      const end = firstLsn + stop.offset - HEADER_BYTES
      if (next === undefined && stop.offset > file.bytes)
        throw walDamaged(
          { file: path, offset: file.bytes, lsn: firstLsn + file.bytes - HEADER_BYTES },
          'the log ends here',
          `The last checkpoint found it whole up to LSN ${formatLsn(start)}.`,
        )
      if (next === undefined) {
        const boot = file.header.boot
        const isOfThisBoot = boot !== undefined && boot === identity.boot
        const { isReused } = file.header
        const droppedBytes = judgeEnd(reader, { path, firstLsn, isOfThisBoot, isReused }, stop)
        const kind = droppedBytes > 0 ? 'torn' : 'clean'
        return { kind, end, file: path, offset: stop.offset, droppedBytes, records, synced }
      }
      if (stop.problem !== undefined)
        throw walDamaged(
          { file: path, offset: stop.offset, lsn: end },
          stop.problem,
          `The log goes on in ${logPath(next.name)} at LSN ${formatLsn(next.header.firstLsn)}, which was begun when all before was on disk.`,
        )
    } finally {
      reader.close()
    }
  }
  throw walMissing(`No log file holds LSN ${formatLsn(start)}.`)
}

/** No file has a valid header: a new log, or one whose only file was never finished. */
function endOfNothing(
  store: FileStore,
  found: readonly FoundFile[],
  options: CommitLogOptions,
  start: number,
): ScanEnd {
  const unfinished = found.find((file) => file.bytes <= HEADER_BYTES)
  const headless = found.find((file) => file.bytes > HEADER_BYTES)
  if (options.from > 0 && unfinished === undefined && headless !== undefined)
    throw walDamaged(
      { file: logPath(headless.name), offset: 0, lsn: start },
      'its header is damaged',
      `The log is needed from LSN ${formatLsn(options.from)} on.`,
    )
  if (options.from > 0 && unfinished === undefined && options.mayBeMissing !== true)
    throw walMissing(`There is no log below ${store.root}, but it is needed from LSN ${formatLsn(options.from)} on.`)
  const droppedBytes = unfinished?.bytes ?? 0
  return {
    kind: droppedBytes > 0 ? 'torn' : 'clean',
    end: start,
    file: logPath(unfinished?.name ?? (options.rotation === 'dual' ? CURRENT_FILE : 'kwdb_wal0')),
    offset: 0,
    droppedBytes,
    records: 0,
  }
}

/**
 * A file without a valid header that holds records from the end of the log on was part of the log: headers are synced before records follow. Otherwise
 * it is a file that was never finished, or a free one.
 */
function refuseLostHeaders(
  store: FileStore,
  found: readonly FoundFile[],
  chain: readonly ChainFile[],
  end: number,
): void {
  for (const { name, bytes, header } of found) {
    if (header !== undefined || bytes <= HEADER_BYTES) continue
    const path = logPath(name)
    const reader = new LogFileReader(store, path)
    let later: number | undefined
    try {
      reader.search(HEADER_BYTES, undefined, (record) => {
        if (record.lsn >= end) later = record.lsn
        return later !== undefined
      })
    } finally {
      reader.close()
    }
    if (later !== undefined || (name === CURRENT_FILE && chain.every((file) => file.name !== CURRENT_FILE)))
      throw walDamaged(
        { file: path, offset: 0, lsn: end },
        'its header is damaged',
        later === undefined
          ? 'It is the file that was written to last.'
          : `It holds records, the first at LSN ${formatLsn(later)}, so it was not just being made.`,
      )
  }
}
