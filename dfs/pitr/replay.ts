/**
 * The second reading of the log behind a backup: the transactions that count are applied to the backup's catalog in memory, in order. What comes out is the catalog of the
 * target, the rows that were in no segment then, and which segments are named, with the piece of log that named each first. No segment is read.
 */
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import { segmentsOf } from '../archive/segments-of.ts'
import type { CatalogWriter } from '../catalog/key-value.ts'
import { keys } from '../catalog/records.ts'
import type { ChunkRecord, SegmentRef } from '../catalog/types.ts'
import { DeltaStore, NO_LSN } from '../delta/store.ts'
import { applyCommand, type CatalogCommand } from '../engine/apply.ts'
import type { ChunkDelta } from '../engine/commands.ts'
import { applyToDeltas } from '../engine/committer.ts'
import { isData, type LogEntry } from '../engine/log-entry.ts'
import { checkEntries } from '../external-copy/checked-entries.ts'
import type { CatalogEntry } from '../external-copy/format.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'
import type { Analysis } from './analysis.ts'
import { momentOf } from './base.ts'
import { readRecords } from './chain-piece.ts'
import { logDamaged, type Moment } from './errors.ts'
import { dataOf, unusable } from './log-record.ts'
import { type NarrowTo, narrowed } from './narrow.ts'
import { ReplayCatalog } from './replay-catalog.ts'

export interface Replayed {
  readonly catalog: ReplayCatalog
  /** Small appends that are in no segment. */
  readonly deltas: DeltaStore
  /** The last commit. */
  readonly cid: number
  /** By path: what named a segment first. Segments of the backup are not in it. */
  readonly namedBy: ReadonlyMap<string, NamedBy>
  /** Of users: not counted are flushes and merges. */
  readonly transactions: number
}

export interface NamedBy {
  /** The piece of log, by its place among those that were read. */
  readonly piece: number
  /** The end of the transaction before the one that named it. */
  readonly before: Moment
}

interface Waiting {
  readonly entry: LogEntry
  readonly lsn: number
}

/** `entries`: of the backup's catalog. `narrowTo`: only what this table needs. */
export function replay(
  base: NodeManifest,
  entries: Iterable<CatalogEntry>,
  analysis: Analysis,
  narrowTo?: NarrowTo,
): Replayed {
  const task = new Replay(base, entries, analysis, narrowTo)
  for (const [k, piece] of analysis.pieces.entries())
    readRecords(
      piece,
      base.lsn,
      (record) => task.take(record, k),
      (offset, lsn, problem) =>
        logDamaged({ file: piece.name, offset, lsn }, problem, momentOf(base), analysis.recoveredTo),
    )
  requireStore(task)
  return task
}

/** A log may come from anywhere: what it makes of the backup must be a store. */
function requireStore(task: Replay): void {
  try {
    checkEntries(task.entries(), task.cid, 'catalog')
  } catch (error) {
    throw new HoldfastError('data', `The log makes no store of the backup: ${toHoldfastError(error).message}`, {
      code: 'replayFailed',
      hint: 'no store wrote this log; use another copy of it, or begin with another backup',
      cause: error,
    })
  }
}

class Replay implements Replayed {
  readonly catalog: ReplayCatalog
  readonly deltas = new DeltaStore()
  readonly namedBy = new Map<string, NamedBy>()
  cid: number
  transactions = 0
  readonly #base: NodeManifest
  readonly #analysis: Analysis
  readonly #narrowTo: NarrowTo | undefined
  readonly #waiting = new Map<number, Waiting>()
  #reached: Moment

  constructor(base: NodeManifest, entries: Iterable<CatalogEntry>, analysis: Analysis, narrowTo: NarrowTo | undefined) {
    this.#base = base
    this.#analysis = analysis
    this.#narrowTo = narrowTo
    this.cid = base.cid
    this.#reached = momentOf(base)
    const records: CatalogEntry[] = []
    for (const entry of entries)
      if (entry[0][0] === 'delta') this.#addDelta(String(entry[0][1]), entry[1] as ChunkDelta)
      else records.push(entry)
    this.catalog = new ReplayCatalog(records)
    refuseLevelOff(levelOf(this.catalog), base.lsn)
  }

  /** Everything, as in the catalog of a backup. */
  entries(): CatalogEntry[] {
    const all = [...this.catalog.records().values()]
    for (const [tableId, chunks] of this.deltas.live(Number.POSITIVE_INFINITY))
      for (const delta of chunks) all.push([['delta', tableId, delta.path], delta])
    return all
  }

  #addDelta(tableId: string, { path, chunkId, blocks }: ChunkDelta): void {
    for (const { cid, timeMs, rows, layout, data } of blocks)
      this.deltas.add({ tableId, path, chunkId, cid, timeMs, lsn: NO_LSN, rows, layout, data })
  }

  /** Answers whether more records count. */
  take(record: LogRecord, piece: number): boolean {
    const { transaction } = record
    if (record.lsn >= this.#analysis.stopLsn) return false
    if (isData(record)) this.#waiting.set(transaction, { entry: dataOf(record), lsn: record.lsn })
    else if (record.kind === 'TSROLLBACK') this.#waiting.delete(transaction)
    else if (record.kind === 'TSCOMMIT') {
      const waiting = this.#waiting.get(transaction)
      this.#waiting.delete(transaction)
      if (waiting !== undefined && waiting.entry.cid > this.#base.cid && !this.#analysis.takenBack.has(transaction))
        this.#apply(waiting, record, piece)
      this.#reached = { timeMs: record.timeMs, lsn: record.endLsn }
    }
    return true
  }

  #apply({ entry, lsn }: Waiting, { transaction, kind }: LogRecord, piece: number): void {
    const { ids, timeMs, drops } = entry
    const command = this.#narrowTo === undefined ? entry.command : narrowed(entry.command, this.#narrowTo, this.catalog)
    this.cid = Math.max(this.cid, entry.cid)
    refuseLevelOff(levelSetBy(entry.command), lsn)
    if (command === undefined) return
    let nextId = 0
    let cid = entry.cid
    try {
      if (command.kind !== 'insertRows')
        cid = applyCommand(this.catalog, command, {
          cid,
          timeMs,
          newId: () => ids[nextId++]!,
          deltaChunkId: (tableId, path) => this.deltas.chunkId(tableId, path),
        }).cid
      applyToDeltas(this.deltas, { ...entry, command, drops }, cid, lsn)
    } catch (error) {
      throw unusable({ transaction, kind, lsn }, error)
    }
    this.cid = Math.max(this.cid, cid)
    const by: NamedBy = { piece, before: this.#reached }
    for (const { file } of segmentsOf(command)) if (!this.namedBy.has(file)) this.namedBy.set(file, by)
    if (drops.length > 0) this.deltas.forget(Number.POSITIVE_INFINITY)
    // A command that was narrowed did nothing to the table.
    if (command === entry.command && command.kind !== 'flush' && command.kind !== 'compact') this.transactions++
  }
}

const LEVEL = 'ts.wal.wal_level'

/** At level 0 rows are not in the log: what came out would be a store that never was. */
function refuseLevelOff(level: unknown, lsn: number): void {
  if (level !== 0) return
  throw new HoldfastError(
    'data',
    `The log was off (${LEVEL} 0) from LSN ${formatLsn(lsn)} on: rows are missing in it.`,
    {
      code: 'recoveryLogOff',
      where: { lsn: formatLsn(lsn) },
      hint: 'recover to an LSN before it, or begin with a backup that was taken after the log was switched on again',
    },
  )
}

const levelOf = (catalog: CatalogWriter): unknown =>
  (catalog.get(keys.setting(LEVEL)) as { readonly value: unknown } | undefined)?.value

const levelSetBy = (command: CatalogCommand): unknown =>
  command.kind === 'putSetting' && command.name === LEVEL ? command.value : undefined

/** The segments that the catalog names. */
export function* segmentsNamed(catalog: CatalogWriter): Iterable<SegmentRef> {
  for (const [, value] of catalog.entries(['chunk'])) yield* (value as ChunkRecord).segments
}
