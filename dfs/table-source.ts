/**
 * A dfs:// table as the runtime sees it: a snapshot at one commit, partitions pruned by scheme, rows as dfs/read/ puts them together from
 * segments and small appends.
 */
import { type HoldfastError, inputError } from '../runtime/errors.ts'
import type {
  ColumnChange,
  ColumnSchema,
  RowRewrite,
  Table,
  TableSnapshot,
  TableSource,
  UpsertCounts,
  UpsertOptions,
} from '../runtime/values/index.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from './catalog/types.ts'
import { schemeOrder } from './partition/prune.ts'
import { readAccess } from './read/access.ts'
import { ChunkSnapshot } from './read/snapshot.ts'
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
      return this.#snapshotOf(database, record, chunks, release)
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
    return this.#snapshotOf(database, record, chunks, () => {})
  }

  #snapshotOf(
    database: DatabaseRecord,
    record: TableRecord,
    chunks: readonly ChunkRecord[],
    release: () => void,
  ): ChunkSnapshot {
    const table = asHandleShows(this.#record, record)
    return new ChunkSnapshot(readAccess(this.#dfs, table), database, table, chunks, release)
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
