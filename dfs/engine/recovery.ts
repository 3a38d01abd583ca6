/**
 * Restart after an unclean end, as ARIES has it. Analysis reads the log from the last checkpoint and finds which transactions committed and which were cut
 * off. Redo repeats the committed ones in order: those that the catalog lacks are applied to it again, small appends go back into memory. Undo writes off
 * the ones that were cut off; their files are named by nobody and are swept.
 *
 * Redo needs no state of its own: ['meta', 'lsn'] moves with each batch that is applied, so an interrupted recovery is simply repeated.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { countText } from '../../runtime/print/counts.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { CatalogOverlay } from '../catalog/overlay.ts'
import { keys, viewOf } from '../catalog/records.ts'
import type { SegmentRef } from '../catalog/types.ts'
import type { DeltaStore } from '../delta/store.ts'
import { checksumOfFile } from '../store/checksum-file.ts'
import type { FileStore } from '../store/file-store.ts'
import type { CommitLog } from '../wal/commit-log.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'
import { applyCommand, type CatalogCommand } from './apply.ts'
import { applyToDeltas } from './committer.ts'
import { checkpointOf, entryOf, isData, type LogEntry, rollbackRecord } from './log-entry.ts'

/** Applied to the catalog at once. */
const REDO_BATCH = 1000

/** Analysis keeps what it read for redo up to so many bytes of log; of a longer one redo reads again. */
const KEPT_BYTES_MAX = 32 << 20

export interface RecoveryParts {
  readonly catalog: CatalogStore
  readonly log: CommitLog
  readonly deltas: DeltaStore
  readonly files: FileStore
  /** LSN of the last checkpoint. */
  readonly from: number
  readonly now: () => number
  /** Progress for people, a line at a time. */
  readonly say: (line: string) => void
  /** What an apply needs beside the command. */
  readonly beforeApply: (writer: CatalogOverlay, command: CatalogCommand) => void
}

export interface Recovered {
  readonly lastCid: number
  readonly lastTransaction: number
  readonly records: number
  readonly committed: number
  readonly rolledBack: number
}

/** A record of data without its payload, which lies in a buffer that is used again, but with what it said. */
interface DataRecord extends Pick<LogRecord, 'lsn' | 'endLsn' | 'kind' | 'transaction'> {
  readonly entry: LogEntry
}

const dataOf = ({ lsn, endLsn, kind, transaction }: LogRecord, entry: LogEntry): DataRecord => ({
  lsn,
  endLsn,
  kind,
  transaction,
  entry,
})

interface Analysis {
  /** All records of data, in order; undefined if they were too many to keep. */
  readonly kept: readonly DataRecord[] | undefined
  readonly records: number
  readonly committed: ReadonlySet<number>
  readonly losers: readonly number[]
  readonly dirtyChunks: number
  readonly lastTransaction: number
  readonly lastCid: number
}

/** `isQuiet`: after a clean end nothing is said unless there is something to do. */
export function recover(parts: RecoveryParts, isQuiet: boolean): Recovered {
  const { log, from, say } = parts
  const startedMs = performance.now()
  const tell = isQuiet ? () => {} : say
  tell('Crash recovery initiated')
  tell(`Last checkpoint LSN: ${formatLsn(from)}`)
  const analysis = analyse(parts)
  tell(
    `Phase 1 (Analysis): Scanning WAL... ${countText(analysis.dirtyChunks)} dirty chunks, ${countText(analysis.losers.length)} active transactions`,
  )
  const redone = redo(parts, analysis)
  tell(`Phase 2 (Redo): Replaying from LSN ${formatLsn(from)}... ${countText(redone.records)} records replayed`)
  if (analysis.losers.length > 0) {
    log.append(analysis.losers.map((transaction) => rollbackRecord(transaction, parts.now())))
    log.sync()
  }
  tell(`Phase 3 (Undo): Rolling back ${countText(analysis.losers.length)} active transactions... done`)
  tell(`Recovery complete in ${((performance.now() - startedMs) / 1000).toFixed(2)}s`)
  return {
    lastCid: Math.max(analysis.lastCid, redone.lastCid),
    lastTransaction: analysis.lastTransaction,
    records: redone.records,
    committed: analysis.committed.size,
    rolledBack: analysis.losers.length,
  }
}

function analyse({ log, from, catalog }: RecoveryParts): Analysis {
  const open = new Set<number>()
  const committed = new Set<number>()
  const dirty = new Set<string>()
  const appliedLsn = (catalog.get(keys.lsn) as number | undefined) ?? 0
  let lastTransaction = 0
  let lastCid = (catalog.get(keys.cid) as number | undefined) ?? 0
  let kept: DataRecord[] | undefined = []
  let keptBytes = 0
  let records = 0
  log.scan(from, (record) => {
    records++
    const { transaction } = record
    lastTransaction = Math.max(lastTransaction, transaction)
    switch (record.kind) {
      case 'TSBEGIN':
        open.add(transaction)
        break
      case 'TSCOMMIT':
        open.delete(transaction)
        committed.add(transaction)
        break
      case 'TSROLLBACK':
        open.delete(transaction)
        committed.delete(transaction)
        break
      default: {
        const checkpoint = explained(record, () => checkpointOf(record))
        if (checkpoint !== undefined) {
          lastTransaction = Math.max(lastTransaction, checkpoint.lastTransaction)
          lastCid = Math.max(lastCid, checkpoint.cid)
          break
        }
        const entry = explained(record, () => entryOf(record))
        lastCid = Math.max(lastCid, entry.cid)
        keptBytes += record.payload.length
        if (keptBytes > KEPT_BYTES_MAX) kept = undefined
        else kept?.push(dataOf(record, entry))
        if (entry.command.kind === 'insertRows' || record.lsn >= appliedLsn)
          for (const path of explained(record, () => pathsOf(entry.command))) dirty.add(path)
      }
    }
  })
  return { kept, records, committed, losers: [...open], dirtyChunks: dirty.size, lastTransaction, lastCid }
}

/** The records of data, from memory or from the log. */
function eachDataRecord({ log, from }: RecoveryParts, { kept }: Analysis, take: (data: DataRecord) => void): void {
  if (kept !== undefined) kept.forEach(take)
  else
    log.scan(from, (record) => {
      if (isData(record))
        take(
          dataOf(
            record,
            explained(record, () => entryOf(record)),
          ),
        )
    })
}

function pathsOf(command: CatalogCommand): string[] {
  if (!('chunks' in command) || !('table' in command) || typeof command.table !== 'string') return []
  return (command.chunks ?? []).map((c) => `${command.db}/${command.table as string}${c.path}`)
}

function redo(parts: RecoveryParts, analysis: Analysis): { readonly records: number; readonly lastCid: number } {
  const { catalog, deltas } = parts
  const appliedLsn = (catalog.get(keys.lsn) as number | undefined) ?? 0
  let overlay = new CatalogOverlay(catalog)
  let waiting = 0
  let lastLsn = 0
  let lastCid = 0
  const store = (): void => {
    if (waiting === 0) return
    overlay.put(keys.lsn, lastLsn)
    catalog.transaction((writer) => overlay.writeTo(writer))
    catalog.refresh()
    overlay = new CatalogOverlay(catalog)
    waiting = 0
  }
  eachDataRecord(parts, analysis, (record) => {
    const { entry } = record
    if (!analysis.committed.has(record.transaction)) return
    let cid = entry.cid
    // Rows of small appends are not in the catalog; everything else is, up to its LSN.
    if (entry.command.kind !== 'insertRows' && record.lsn >= appliedLsn) {
      cid = redoEntry(parts, overlay, record)
      lastLsn = record.endLsn
      if (++waiting >= REDO_BATCH) store()
    }
    lastCid = Math.max(lastCid, cid)
    explained(record, () => applyToDeltas(deltas, entry, cid, record.lsn))
  })
  store()
  dropStored(catalog, deltas, lastCid)
  return { records: analysis.records, lastCid }
}

function redoEntry(parts: RecoveryParts, overlay: CatalogOverlay, record: DataRecord): number {
  const { command, ids, timeMs, cid } = record.entry
  let nextId = 0
  return explained(record, () => {
    verifyNewSegments(parts.files, command)
    parts.beforeApply(overlay, command)
    return applyCommand(overlay, command, {
      cid,
      timeMs,
      newId: () => ids[nextId++],
      deltaChunkId: (tableId, path) => parts.deltas.chunkId(tableId, path),
    }).cid
  })
}

/** Whatever fails with a record whose checksum is right fails because of what the record says, or of what it needs. */
function explained<R>(record: Pick<LogRecord, 'lsn' | 'kind' | 'transaction'>, body: () => R): R {
  try {
    return body()
  } catch (error) {
    throw new HoldfastError(
      'data',
      `Recovery cannot repeat the transaction ${record.transaction} (${record.kind}) at LSN ${formatLsn(record.lsn)}: ${(error as Error).message}`,
      {
        code: 'redoFailed',
        where: { lsn: formatLsn(record.lsn) },
        hint: 'the data directory is as it was; restore a backup, or move the named file back',
        cause: error,
      },
    )
  }
}

/** Segments are durable before the log names them: one that is missing or different was damaged since. */
function verifyNewSegments(files: FileStore, command: CatalogCommand): void {
  for (const { file, bytes, checksum } of newSegmentsOf(command)) {
    const found = files.stat(file)
    if (found === undefined || found.bytes !== bytes || checksumOfFile(files, file) !== checksum)
      throw new HoldfastError(
        'data',
        `the segment ${file} ${found === undefined ? 'is missing' : 'is not what was written'}`,
        {
          code: 'segmentDamaged',
          where: { file },
        },
      )
  }
}

function* newSegmentsOf(command: CatalogCommand): Iterable<SegmentRef> {
  switch (command.kind) {
    case 'append':
      for (const c of command.chunks) yield* c.segments
      return
    case 'rewrite':
      for (const c of command.chunks) yield* c.add
      for (const c of command.append) yield* c.segments
      return
    case 'alterTable':
      for (const c of command.chunks ?? []) yield* c.add
      return
    case 'flush':
      for (const c of command.chunks) yield* c.add
      return
    case 'compact':
      yield* command.add
      return
    case 'replaceChunks':
      for (const c of command.put) yield* c.segments
      return
  }
}

/** Rows that were in segments already, or whose table is gone: changes of level 0 are not in the log. */
function dropStored(catalog: CatalogStore, deltas: DeltaStore, cid: number): void {
  const view = viewOf(catalog)
  const live = deltas.live(Number.POSITIVE_INFINITY)
  for (const database of view.databases())
    for (const table of view.tables(database.url)) {
      for (const { path } of live.get(table.id) ?? []) {
        const stored = view.chunk(database.url, table.name, path)?.deltaCid ?? 0
        if (stored > 0) deltas.end(table.id, path, stored, cid)
      }
      live.delete(table.id)
    }
  for (const tableId of live.keys()) deltas.end(tableId, undefined, Number.POSITIVE_INFINITY, cid)
}
