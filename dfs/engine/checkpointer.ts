/**
 * Checkpoints and the rest of the housekeeping: when small appends become segments, when the log may be cut, when segments are merged. One piece of work at
 * a time; the files are written by the maintenance thread while commits go on, and what it made is committed like anything else.
 *
 * A checkpoint is: the log begins a new file (LSN R); every small append logged below R becomes segments; then everything below R is in the catalog, which
 * notes R as the place where recovery begins, and the log below it may go. A chunk that is being rewritten keeps its small appends until the next time;
 * R is then the oldest of those.
 */
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { type CheckpointMark, keys, viewOf } from '../catalog/records.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { DeltaStore } from '../delta/store.ts'
import type { FlushTask } from '../maintenance/flush.ts'
import type { Maintainer } from '../maintenance/task.ts'
import type { StoreSettings } from '../settings/index.ts'
import type { CommitLog } from '../wal/commit-log.ts'
import type { CatalogCommand } from './apply.ts'
import type { ChunkDelta } from './commands.ts'
import { isCommitUnknown } from './commit-unknown.ts'
import { checkpointRecord } from './log-entry.ts'

/** One task carries at most this much, so that a commit of what it made is never large. */
const TASK_BYTES = 32 << 20
const TASK_CHUNKS = 1000

export interface CheckpointerParts {
  readonly catalog: CatalogStore
  readonly log: CommitLog
  readonly deltas: DeltaStore
  readonly settings: () => StoreSettings
  readonly now: () => number
  readonly maintain: Maintainer
  /** Commits what was made. Throws if somebody was faster; then the files are the engine's to remove. */
  readonly commit: (command: CatalogCommand) => void
  readonly discard: (files: readonly string[]) => void
  readonly isLocked: (tableId: string, path: string) => boolean
  /** No record of a small append lies at or behind the place where recovery begins now. */
  readonly logHoldsNoRows: () => void
  readonly state: () => { readonly cid: number; readonly lastTransaction: number; readonly active: readonly number[] }
}

export class Checkpointer {
  readonly #parts: CheckpointerParts
  /** Work follows work; a failure of one does not stop the next. */
  #queue: Promise<unknown> = Promise.resolve()
  #pending = 0

  constructor(parts: CheckpointerParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return this.#pending === 0
  }

  /** Makes a checkpoint and answers its LSN. */
  checkpoint(): Promise<number> {
    return this.#inTurn(() => this.#checkpoint())
  }

  /** Makes segments of the small appends of chunks, without a checkpoint. */
  flush(isWanted: (tableId: string, path: string) => boolean): Promise<void> {
    return this.#inTurn(() => this.#flush(Number.POSITIVE_INFINITY, isWanted))
  }

  /** When all work that was asked for has ended. */
  async settled(): Promise<void> {
    await this.#queue
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    this.#pending++
    const result = this.#queue.then(work).finally(() => {
      this.#pending--
    })
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #checkpoint(): Promise<number> {
    const { log, deltas, catalog, now, state, settings } = this.#parts
    const begun = log.beginCheckpoint()
    const takesRows = settings().walLevel > 0
    await this.#flush(begun, () => true)
    const redo = Math.min(begun, deltas.oldestLsn())
    const { cid, lastTransaction, active } = state()
    log.append([checkpointRecord({ redo, cid, lastTransaction, active }, now())])
    log.sync()
    const mark: CheckpointMark = { lsn: redo, timeMs: now(), lastTransaction }
    catalog.transaction((writer) => {
      writer.put(keys.checkpoint, mark)
      writer.put(keys.lsn, log.end)
    })
    log.endCheckpoint(redo)
    if (!takesRows && redo === begun) this.#parts.logHoldsNoRows()
    return redo
  }

  async #flush(belowLsn: number, isWanted: (tableId: string, path: string) => boolean): Promise<void> {
    const { deltas, isLocked } = this.#parts
    const live = deltas.live(belowLsn, (tableId, path) => isWanted(tableId, path) && !isLocked(tableId, path))
    if (live.size === 0) return
    for (const { table } of this.#tables()) {
      const chunks = live.get(table.id)
      if (chunks === undefined) continue
      for (const part of inTasks(chunks)) await this.#flushChunks(table, part)
    }
  }

  *#tables(): Iterable<{ readonly database: DatabaseRecord; readonly table: TableRecord }> {
    const { catalog } = this.#parts
    catalog.refresh()
    const view = viewOf(catalog)
    for (const database of [...view.databases()])
      for (const table of [...view.tables(database.url)]) yield { database, table }
  }

  async #flushChunks(table: TableRecord, chunks: readonly ChunkDelta[]): Promise<void> {
    const { catalog, maintain, commit, discard } = this.#parts
    const view = viewOf(catalog)
    const task: FlushTask = {
      kind: 'flush',
      table,
      chunks: chunks.map((c) => ({
        ...c,
        segmentCids: (view.chunk(table.db, table.name, c.path)?.segments ?? []).map((s) => s.cid ?? 0),
      })),
    }
    const result = await maintain(task)
    if (result.kind !== 'flush') throw new HoldfastError('bug', `a flush was answered with ${result.kind}`)
    // One chunk a command: a chunk that somebody was faster to change holds no other back.
    for (const [k, flushed] of result.chunks.entries()) {
      try {
        commit({ kind: 'flush', db: table.db, table: table.name, tableId: table.id, chunks: [flushed] })
      } catch (error) {
        const isOvertaken = toHoldfastError(error).kind === 'conflict' || toHoldfastError(error).code === 'tableMissing'
        const unused = isOvertaken ? [flushed] : result.chunks.slice(isCommitUnknown(error) ? k + 1 : k)
        discard(unused.flatMap((c) => c.add.map((s) => s.file)))
        if (!isOvertaken) throw error
      }
    }
  }
}

function* inTasks(chunks: readonly ChunkDelta[]): Iterable<ChunkDelta[]> {
  let task: ChunkDelta[] = []
  let bytes = 0
  for (const chunk of chunks) {
    const size = chunk.blocks.reduce((n, b) => n + b.data.length, 0)
    if (task.length > 0 && (bytes + size > TASK_BYTES || task.length >= TASK_CHUNKS)) {
      yield task
      task = []
      bytes = 0
    }
    task.push(chunk)
    bytes += size
  }
  if (task.length > 0) yield task
}
