/**
 * Tables. `Table` holds its columns in memory; `SourceTable` is a handle over something that is scanned partition by partition (a
 * dfs:// table). The runtime knows only the `TableSource` interface; the dfs room implements it.
 */
import type { Raw, TypeId } from './types.ts'
import type { Vector } from './vector.ts'

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
  /** Key to row, kept by whoever changes a keyed table. */
  keyIndex: Map<string, number> | undefined

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
    return this.columns.map((c, k) => ({
      name: this.names[k],
      type: c.type,
      scale: 'scale' in c ? c.scale : undefined,
    }))
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
}

export interface TableSnapshot {
  /** Partitions that can hold rows satisfying the predicate, in scheme order. */
  partitions(predicate?: ColumnPredicate): readonly SourcePartition[]
  /**
   * Yields the rows of a partition in storage order, in batches, with only the named columns (in that order). Segments whose min/max rule out the
   * predicate may be skipped. Columns of a batch are frozen and may map file memory: valid until `release`.
   */
  scan(partition: SourcePartition, columns: readonly string[], predicate?: ColumnPredicate): Iterable<Table>
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
