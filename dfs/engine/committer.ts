/**
 * Commits, in batches. One batch is: every command applied to an overlay of the catalog (one that fails leaves no trace and harms no other), the records of
 * those that succeeded appended to the log in one write, the log synced as its level asks, then one catalog transaction, then everything visible at once.
 *
 * The log is durable before the catalog changes, so the catalog is a prefix of the log: ['meta', 'lsn'] says up to where. Small appends do not touch the
 * catalog; their rows are in the log and in the delta store.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import { requireCommandAccess } from '../access/index.ts'
import type { CatalogReader, CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { CatalogOverlay } from '../catalog/overlay.ts'
import { keys } from '../catalog/records.ts'
import type { ChunkRecord, TableRecord } from '../catalog/types.ts'
import { type DeltaStore, NO_LSN } from '../delta/store.ts'
import type { CommitLog } from '../wal/commit-log.ts'
import type { NewRecord } from '../wal/record.ts'
import { type Applied, applyCommand, type CatalogCommand, changesCatalog, type DeltaDrop } from './apply.ts'
import type { EngineReply } from './commands.ts'
import { commitUnknown } from './commit-unknown.ts'
import { changesRows, type LogEntry, recordsOf, rollbackRecord } from './log-entry.ts'

export interface Pending {
  readonly command: CatalogCommand
  readonly user: string
  /** The transaction that the command ends, if it began earlier; its TSBEGIN is in the log. */
  readonly transaction?: number
}

/** `error` is what was thrown. */
export type Outcome = { readonly reply: EngineReply } | { readonly error: unknown }

export interface CommitterParts {
  readonly catalog: CatalogStore
  readonly log: CommitLog
  readonly deltas: DeltaStore
  readonly now: () => number
  /** 0 rows are not logged, 1 every commit is synced, 2 small appends are left to the operating system. */
  readonly level: () => number
  /**
   * Whether changes of rows go into the log. At level 0 they still do as long as recovery would find small appends there: repeating those without what came
   * after them would bring back rows that are gone.
   */
  readonly logsRows: () => boolean
  /** Tells readers of the newest commit. */
  readonly publish: (cid: number) => void
  /** More than the command itself: runs in the same transaction. */
  readonly beforeApply?: (writer: CatalogWriter, command: CatalogCommand) => void
  /** The same for small appends, which have no transaction of the catalog. */
  readonly beforeInsert?: (command: CatalogCommand & { readonly kind: 'insertRows' }) => void
  readonly lastCid: number
  readonly lastTransaction: number
}

interface Prepared {
  readonly entry: LogEntry
  readonly applied: Applied
  readonly transaction: number
  readonly records: readonly NewRecord[]
}

export class Committer {
  readonly #parts: CommitterParts
  /** What guards small appends, as of the last change of the catalog. */
  readonly #tables = new Map<string, TableRecord | undefined>()
  /** Identities that this batch gave to chunks which exist in memory only, by table and path. */
  readonly #newChunks = new Map<string, string>()
  /** Chunks, and whole tables, that this batch drops. */
  readonly #dropped = new Set<string>()
  lastCid: number
  lastTransaction: number

  constructor(parts: CommitterParts) {
    this.#parts = parts
    this.lastCid = parts.lastCid
    this.lastTransaction = parts.lastTransaction
  }

  nextTransaction(): number {
    return ++this.lastTransaction
  }

  /** One outcome a command, in order. */
  commit(batch: readonly Pending[]): Outcome[] {
    const { catalog } = this.#parts
    catalog.refresh()
    const overlay = new CatalogOverlay(catalog)
    const cidBefore = this.lastCid
    const prepared: (Prepared | undefined)[] = []
    const outcomes: Outcome[] = []
    this.#newChunks.clear()
    this.#dropped.clear()
    for (const pending of batch) {
      try {
        const one = this.#prepare(pending, overlay)
        prepared.push(one)
        const { cid, physicalIndex } = one.applied
        outcomes.push({ reply: physicalIndex === undefined ? { cid } : { cid, physicalIndex } })
      } catch (error) {
        prepared.push(undefined)
        outcomes.push({ error })
      }
    }
    const done = prepared.filter((p) => p !== undefined)
    if (done.length === 0) return outcomes
    const isWhole = this.#isLogWhole()
    try {
      this.#write(done, overlay)
    } catch (error) {
      this.lastCid = cidBefore
      this.#tables.clear()
      const failure = isWhole && !this.#isLogWhole() ? commitUnknown(error) : error
      return outcomes.map((o) => ('error' in o ? o : { error: failure }))
    }
    this.#show(done)
    return outcomes
  }

  #prepare({ command, user, transaction }: Pending, below: CatalogOverlay): Prepared {
    const { now, beforeApply } = this.#parts
    const ids: string[] = []
    const timeMs = now()
    const cid = command.kind === 'putRun' ? this.lastCid : this.lastCid + 1
    const stamp = {
      cid,
      timeMs,
      newId: () => {
        const id = randomUUID()
        ids.push(id)
        return id
      },
      deltaChunkId: (tableId: string, path: string) => this.#waitingChunkId(tableId, path),
    }
    let applied: Applied
    if (command.kind === 'insertRows') {
      if (this.#parts.level() === 0) throw levelChanged()
      this.#requireTable(command, below)
      this.#parts.beforeInsert?.(command)
      for (const { path } of command.chunks) ids.push(this.#chunkIdOf(command, path, below))
      applied = { cid, deltaDrops: [] }
    } else {
      const overlay = new CatalogOverlay(below)
      // Nobody is the engine itself.
      if (user !== '') requireCommandAccess(overlay, command, user)
      beforeApply?.(overlay, command)
      applied = applyCommand(overlay, command, stamp)
      overlay.writeTo(below)
      this.#tables.clear()
      this.#forgetChunks(applied.deltaDrops)
    }
    this.lastCid = Math.max(this.lastCid, applied.cid)
    const entry: LogEntry = { command, cid, timeMs, user, ids, drops: applied.deltaDrops }
    const id = transaction ?? this.nextTransaction()
    const isLogged = command.kind !== 'putRun' && (!changesRows(command) || this.#parts.logsRows())
    return { entry, applied, transaction: id, records: isLogged ? recordsOf(id, entry, transaction !== undefined) : [] }
  }

  /** The guard of `append`, without reading the table's record anew for each row of a feed. */
  #requireTable(command: CatalogCommand & { readonly kind: 'insertRows' }, reader: CatalogReader): void {
    const key = `${command.db}/${command.table}`
    if (!this.#tables.has(key))
      this.#tables.set(key, reader.get(keys.table(command.db, command.table)) as TableRecord | undefined)
    const table = this.#tables.get(key)
    if (table?.id === command.tableId && table.schemaVersion === command.expectedSchemaVersion) return
    // Throws what any other command would.
    applyCommand(new CatalogOverlay(reader), command, {
      cid: 0,
      timeMs: 0,
      newId: () => '',
      deltaChunkId: () => undefined,
    })
  }

  #chunkIdOf(command: CatalogCommand & { readonly kind: 'insertRows' }, path: string, reader: CatalogReader): string {
    const known = this.#waitingChunkId(command.tableId, path)
    if (known !== undefined) return known
    const stored = reader.get(keys.chunk(command.db, command.table, path)) as ChunkRecord | undefined
    const id = stored?.chunkId ?? randomUUID()
    this.#newChunks.set(`${command.tableId}${path}`, id)
    return id
  }

  /**
   * A chunk that is dropped loses its identity: rows that come after it in the same batch make a new one, so that whoever is at work on the old one finds it
   * gone. A chunk that is rewritten has its identity in the catalog.
   */
  #forgetChunks(drops: readonly DeltaDrop[]): void {
    for (const { tableId, path, throughCid } of drops) {
      if (throughCid === undefined) this.#dropped.add(`${tableId}${path ?? ''}`)
      if (path !== undefined) this.#newChunks.delete(`${tableId}${path}`)
      else for (const key of this.#newChunks.keys()) if (key.startsWith(tableId)) this.#newChunks.delete(key)
    }
  }

  /** The identity of a chunk that has rows in memory but no segments. */
  #waitingChunkId(tableId: string, path: string): string | undefined {
    const fresh = this.#newChunks.get(`${tableId}${path}`)
    if (fresh !== undefined || this.#dropped.has(tableId) || this.#dropped.has(`${tableId}${path}`)) return fresh
    return this.#parts.deltas.chunkId(tableId, path)
  }

  /** A log that broke while it was written may end with the batch or without it. */
  #isLogWhole(): boolean {
    try {
      this.#parts.log.append([])
      return true
    } catch {
      return false
    }
  }

  #write(done: readonly Prepared[], overlay: CatalogOverlay): void {
    const { catalog, log, level } = this.#parts
    const records = done.flatMap((p) => p.records)
    // Also when there is nothing to log: what is not logged must not get ahead of a log whose end nobody knows.
    log.append(records)
    if (records.length > 0) {
      if (level() === 1 || !overlay.isEmpty || done.some((p) => !changesRows(p.entry.command))) log.sync()
    }
    if (overlay.isEmpty) return
    if (records.length > 0) overlay.put(keys.lsn, log.end)
    if (done.some((p) => changesCatalog(p.entry.command))) overlay.put(keys.cid, this.lastCid)
    try {
      catalog.transaction((writer) => overlay.writeTo(writer))
    } catch (error) {
      this.#takeBack(done, error)
    }
  }

  /** The catalog could not be written after the log said that the transactions are committed: the log must say that they are not. */
  #takeBack(done: readonly Prepared[], error: unknown): never {
    const { log, now } = this.#parts
    const logged = done.filter((p) => p.records.length > 0)
    if (logged.length > 0) {
      log.append(logged.map((p) => rollbackRecord(p.transaction, now())))
      log.sync()
    }
    throw error
  }

  #show(done: readonly Prepared[]): void {
    const { deltas, publish } = this.#parts
    for (const { entry, applied, records } of done) {
      applyToDeltas(deltas, entry, applied.cid, records[0]?.lsn ?? NO_LSN)
    }
    publish(this.lastCid)
  }
}

/** The session decided by the settings of a moment ago. */
const levelChanged = (): HoldfastError =>
  new HoldfastError(
    'conflict',
    'The level of the log was changed while rows were being written; nothing was written.',
    {
      code: 'schemaChanged',
      hint: 'repeat the statement',
    },
  )

/** What a committed transaction does to the small appends in memory. `lsn`: of its first record. */
export function applyToDeltas(deltas: DeltaStore, entry: LogEntry, cid: number, lsn: number): void {
  for (const { tableId, path, throughCid, movedTo } of entry.drops) {
    if (movedTo !== undefined && path !== undefined) deltas.move(tableId, path, movedTo, cid)
    else deltas.end(tableId, path, throughCid ?? Number.POSITIVE_INFINITY, cid)
  }
  const { command, timeMs, ids } = entry
  if (command.kind !== 'insertRows') return
  command.chunks.forEach(({ path, rows, data }, k) => {
    const { tableId, layout } = command
    deltas.add({ tableId, path, chunkId: ids[k], cid, timeMs, lsn, rows, layout, data })
  })
}
