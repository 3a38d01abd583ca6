/**
 * Tables. `Table` holds its columns in memory; `SourceTable` is a handle over something that is scanned partition by partition (a
 * dfs:// table). The runtime knows only the `TableSource` interface; the dfs room implements it.
 */

import type { Raw, TypeId } from './types.ts'
import type { Vector } from './vector.ts'
import type { WideMap } from './wide-map.ts'

export interface ColumnSchema {
  readonly name: string
  readonly type: TypeId
  /** Digits of a decimal column. */
  readonly scale?: number
  readonly comment?: string
}

/** Columns in memory, all of `rows` elements. Column lookup ignores case in SQL only: use `columnIndex(name, true)` there. */
export class Table {
  readonly kind = 'table'
  names: string[]
  columns: Vector[]
  frozen = false
  owned = false
  /** Shared under a name: other sessions see it, assignments alias it. */
  sharedName: string | undefined
  /** Positions of the key columns of a keyed or indexed table. */
  keyColumns: number[] | undefined
  /** Made by indexedTable. */
  indexed = false
  /** Name of the time column of a latest keyed table: a row with a known key replaces the old one unless its time is before the old one's. */
  latestBy: string | undefined
  /** Key to row, kept by whoever changes a keyed table. */
  keyIndex: WideMap<number> | undefined

  constructor(names: string[], columns: Vector[]) {
    this.names = names
    this.columns = columns
  }

  get rows(): number {
    return this.columns.length === 0 ? 0 : this.columns[0].length
  }

  /** Position of a column, -1 if there is none. */
  columnIndex(name: string, ignoreCase = false): number {
    const exact = this.names.indexOf(name)
    if (exact >= 0 || !ignoreCase) return exact
    const lower = name.toLowerCase()
    return this.names.findIndex((n) => n.toLowerCase() === lower)
  }

  schema(): ColumnSchema[] {
    return this.columns.map((c, k) => {
      const elements = c.storage === 'array' ? c.flat : c
      return { name: this.names[k], type: c.type, scale: 'scale' in elements ? elements.scale : undefined }
    })
  }
}

/** A piece of a source: a partition (chunk) of a table. */
export interface SourcePartition {
  /** Stable name for messages and EXPLAIN: `/20170807/0_50`. */
  readonly path: string
  /** Rows in it as of the snapshot. */
  readonly rows: number
}

/**
 * A condition on one column that scan and prune may use. Both are allowed to keep too much, never to drop a row that satisfies it:
 * the evaluator applies the full where clause afterwards. Values are raw, in the type `type` (which may differ from the column's type: a DATE
 * bound on a TIMESTAMP column). `between` is closed on both ends. `noMatch` is a condition that is never true.
 */
export type ColumnPredicate =
  | {
      readonly kind: 'compare'
      readonly column: string
      readonly op: 'lt' | 'le' | 'gt' | 'ge' | 'eq'
      readonly type: TypeId
      readonly value: Raw
    }
  | { readonly kind: 'between'; readonly column: string; readonly type: TypeId; readonly low: Raw; readonly high: Raw }
  | { readonly kind: 'in'; readonly column: string; readonly type: TypeId; readonly values: readonly Raw[] }
  | { readonly kind: 'partition'; readonly column: string; readonly keys: Vector }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly ColumnPredicate[] }
  | { readonly kind: 'noMatch' }

/**
 * A table that is read in pieces. One snapshot: `snapshot()` is taken at the start of a statement and everything read through it is of
 * that instant; `release` ends it (files may then go).
 */
export interface TableSource {
  /** `dfs://db/table`, for messages. */
  readonly name: string
  readonly tableName: string
  schema(): readonly ColumnSchema[]
  /** Names of the columns that choose the partition, outermost level first. Empty for a dimension table. */
  partitionColumns(): readonly string[]
  snapshot(): TableSnapshot
  /**
   * Appends rows as one transaction, by position, converting types as the store's rules say. Returns rows really written.
   * Absent on a read-only source.
   */
  append?(rows: Table): number
  /** Whether the statement insert may append to it; otherwise only the functions may. */
  allowsInsert?(): boolean
  /** Changes or deletes rows as one transaction. Returns the number of rows touched. Absent where rows can't be changed. */
  rewrite?(change: RowRewrite): number
  /** Updates the first row with the key of each new row, or inserts the new row, as one transaction. By position, like `append`. */
  upsert?(rows: Table, options: UpsertOptions): UpsertCounts
  /** Changes the columns. Handles that were made before keep showing the columns that they were made with. */
  alter?(change: ColumnChange): void
}

/**
 * What a statement does to the rows of a stored table. The store hands the rows to `edit` piece by piece and stores what it answers; after a conflict with
 * somebody else's commit it may do so again from the start.
 */
export interface RowRewrite {
  readonly op: 'UPDATE' | 'DELETE'
  /** Pieces that hold no row which satisfies it are not even read. */
  readonly predicate: ColumnPredicate | undefined
  /** Whether `edit` has to see all rows of a partition at once, or may be given any part of them. */
  readonly unit: 'piece' | 'partition'
  /** DELETE: every row goes, whatever it holds; nothing is read and `edit` is not called. */
  readonly everything: boolean
  /** Columns that `edit` is given, in this order. */
  readonly reads: readonly string[]
  /** Columns that it may change. */
  readonly writes: readonly string[]
  edit(rows: Table): RowEdit | undefined
}

/** Positions are those of the rows that were given. */
export interface RowEdit {
  /** Rows that go, ascending and distinct. */
  readonly deleted?: Int32Array
  readonly changes?: readonly ColumnEdit[]
  /** How many rows the statement counts as changed. */
  readonly touched: number
}

/** New values, in the column's type, for some rows of a column; of several for one row the last counts. */
export interface ColumnEdit {
  readonly column: string
  readonly rows: Int32Array
  readonly values: Vector
}

export interface UpsertOptions {
  /** Null values leave the old ones. */
  readonly ignoreNull: boolean
  /** With the partition columns, what identifies a row. */
  readonly keyColumns: readonly string[]
  /** Each partition that changes is sorted by these. */
  readonly sortColumns: readonly string[]
}

export interface UpsertCounts {
  readonly inserted: number
  readonly updated: number
}

export type ColumnChange =
  | { readonly kind: 'add'; readonly columns: readonly ColumnSchema[] }
  | { readonly kind: 'drop'; readonly columns: readonly string[] }
  | { readonly kind: 'rename'; readonly column: string; readonly to: string }
  /** Stored values are converted. */
  | { readonly kind: 'retype'; readonly column: string; readonly type: TypeId; readonly scale?: number }

export interface TableSnapshot {
  /** Partitions that can hold rows satisfying the predicate, in scheme order. */
  partitions(predicate?: ColumnPredicate): readonly SourcePartition[]
  /**
   * Yields the rows of a partition in storage order, in batches, with only the named columns (in that order). Segments whose min/max rule out the
   * predicate may be skipped. Columns of a batch are frozen and may map file memory: valid until `release`, or with `isTransient` only until the next batch
   * of the snapshot is asked for, whose memory may be the same.
   */
  scan(
    partition: SourcePartition,
    columns: readonly string[],
    predicate?: ColumnPredicate,
    isTransient?: boolean,
  ): Iterable<Table>
  /** These partitions will be scanned next, in this order, with these columns and predicate, and transient: a hint to who can read ahead. */
  expectScans?(partitions: readonly SourcePartition[], columns: readonly string[], predicate?: ColumnPredicate): void
  /** Total rows of the snapshot, from the catalog. */
  rowCount(): number
  release(): void
}

/** A table handle over a source. */
export class SourceTable {
  readonly kind = 'source'
  readonly source: TableSource

  constructor(source: TableSource) {
    this.source = source
  }
}

/** Schema dictionaries and other listings are tables: build one from columns. */
export function tableOf(columns: Readonly<Record<string, Vector>>): Table {
  return new Table(Object.keys(columns), Object.values(columns))
}

export type TableLike = Table | SourceTable
