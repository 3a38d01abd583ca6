/**
 * A dfs:// table as the runtime sees it: a snapshot at one commit, partitions pruned by scheme, rows as dfs/read/ puts them together from
 * segments and small appends.
 */
import { type HoldfastError, inputError } from '../runtime/errors.ts'
import type {
  ColumnChange,
  ColumnPredicate,
  ColumnSchema,
  RowRewrite,
  SourcePartition,
  Table,
  TableSnapshot,
  TableSource,
  UpsertCounts,
  UpsertOptions,
} from '../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from './catalog/types.ts'
import { pruner, schemeOrder } from './partition/prune.ts'
import { readAccess } from './read/access.ts'
import { chunkBatches } from './read/chunk.ts'
import { rowOrder } from './read/order.ts'
import type { ReadAccess } from './read/segment-blocks.ts'
import { visibleRows } from './read/visible-rows.ts'
import { BatchMemory } from './segment/batch-memory.ts'
import type { DfsSession } from './session.ts'
import { alterColumns } from './write/alter.ts'
import { appendRows } from './write/append.ts'
import { asHandleShows } from './write/handle-columns.ts'
import { rewriteRows } from './write/rewrite.ts'
import { upsertRows } from './write/upsert.ts'

export class ChunkTableSource implements TableSource {
  readonly name: string
  readonly tableName: string
  readonly db: string
  readonly #dfs: DfsSession
  #record: TableRecord

  constructor(dfs: DfsSession, record: TableRecord) {
    this.#dfs = dfs
    this.#record = record
    this.db = record.db
    this.tableName = record.name
    this.name = `${record.db}/${record.name}`
  }

  /** The table's record as of when the handle was made. */
  get record(): TableRecord {
    return this.#record
  }

  schema(): readonly ColumnSchema[] {
    return this.#record.columns
  }

  partitionColumns(): readonly string[] {
    return this.#record.partitionColumns
  }

  snapshot(): TableSnapshot {
    const { view, release } = this.#dfs.heldView()
    try {
      const database = view.database(this.db)
      const record = view.table(this.db, this.tableName)
      if (database === undefined || record === undefined) throw this.#gone()
      this.#dfs.requireAccess('read', database, record)
      const chunks = this.#dfs.tables.chunks(this.#dfs.catalog, view, database, record)
      return new ChunkSnapshot(this.#dfs, database, asHandleShows(this.#record, record), chunks, release)
    } catch (error) {
      release()
      throw error
    }
  }

  /** The table as a view shows it whose files are kept by somebody else. */
  snapshotAt(view: CatalogView): ChunkSnapshot {
    const database = view.database(this.db)
    const record = view.table(this.db, this.tableName)
    if (database === undefined || record === undefined) throw this.#gone()
    this.#dfs.requireAccess('read', database, record)
    const order = schemeOrder(database)
    const chunks = [...view.chunks(this.db, this.tableName)].sort((a, b) => order(a.path, b.path))
    return new ChunkSnapshot(this.#dfs, database, asHandleShows(this.#record, record), chunks, () => {})
  }

  append(rows: Table): number {
    return appendRows(this.#dfs, this.db, this.tableName, rows)
  }

  allowsInsert(): boolean {
    return this.#dfs.config.enableInsertStatementForDFSTable
  }

  rewrite(change: RowRewrite): number {
    return rewriteRows(this.#dfs, this.#record, this.tableName, change)
  }

  upsert(rows: Table, options: UpsertOptions): UpsertCounts {
    return upsertRows(this.#dfs, this.#record, this.tableName, rows, options)
  }

  alter(change: ColumnChange): void {
    alterColumns(this.#dfs, this.db, this.tableName, change)
  }

  #gone(): HoldfastError {
    return inputError(`The table [${this.tableName}] of database [${this.db}] does not exist any more.`, {
      code: 'tableMissing',
      where: { db: this.db, table: this.tableName },
    })
  }
}

/** A chunk of a snapshot. Its rows are counted when they are asked for: where rows hide others that takes reading. */
export class ChunkPartition implements SourcePartition {
  readonly path: string
  readonly chunk: ChunkRecord
  readonly #access: ReadAccess
  readonly #table: TableRecord

  constructor(access: ReadAccess, table: TableRecord, chunk: ChunkRecord) {
    this.path = chunk.path
    this.chunk = chunk
    this.#access = access
    this.#table = table
  }

  get rows(): number {
    return visibleRows(this.#access, this.#table, this.chunk)
  }
}

export class ChunkSnapshot implements TableSnapshot {
  readonly #database: DatabaseRecord
  readonly #table: TableRecord
  readonly #chunks: readonly ChunkPartition[]
  readonly #release: () => void
  readonly #access: ReadAccess
  #transient: ReadAccess | undefined

  constructor(
    dfs: DfsSession,
    database: DatabaseRecord,
    table: TableRecord,
    chunks: readonly ChunkRecord[],
    release: () => void,
  ) {
    this.#database = database
    this.#table = table
    this.#access = readAccess(dfs, table)
    this.#chunks = chunks.map((chunk) => new ChunkPartition(this.#access, table, chunk))
    this.#release = release
  }

  partitions(predicate?: ColumnPredicate): readonly ChunkPartition[] {
    const keep = pruner(this.#database, this.#table, predicate)
    return keep === undefined ? this.#chunks : this.#chunks.filter((p) => keep(p.path))
  }

  scan(
    partition: SourcePartition,
    columns: readonly string[],
    predicate?: ColumnPredicate,
    isTransient = false,
  ): Iterable<Table> {
    const { chunk } = partition as ChunkPartition
    // Merging holds blocks of several segments at once.
    const access = isTransient && rowOrder(this.#table) === undefined ? this.#transientAccess : this.#access
    return chunkBatches(access, this.#table, chunk, columns, predicate)
  }

  get #transientAccess(): ReadAccess {
    this.#transient ??= { ...this.#access, memory: new BatchMemory() }
    return this.#transient
  }

  rowCount(): number {
    return this.#chunks.reduce((n, p) => n + p.rows, 0)
  }

  release(): void {
    this.#release()
  }
}
