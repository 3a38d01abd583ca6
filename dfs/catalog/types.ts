/**
 * The records of the catalog: what exists, and which immutable files make it up. Plain data, stored with MessagePack.
 *
 * cid - commit id - is one counter for the store: every committed transaction has one, and a chunk carries the cid of the last transaction that changed
 * it. (chunkId, cid) names the content of a chunk for ever, which is what incremental backup and restore compare.
 */
import type { ColumnSchema, Raw, TypeId } from '../../runtime/values/index.ts'
import type { DeltaBlock } from '../delta/block.ts'
import type { TableDeltas } from '../delta/merge.ts'

export type Uuid = string

/**
 * One level of partitioning. `values` are raw elements of `type` (VALUE: distinct; RANGE: n+1 ascending bounds; LIST: groups).
 */
export type Scheme =
  | { readonly kind: 'VALUE'; readonly type: TypeId; readonly values: readonly Raw[] }
  | { readonly kind: 'RANGE'; readonly type: TypeId; readonly bounds: readonly Raw[] }
  | { readonly kind: 'LIST'; readonly type: TypeId; readonly groups: readonly (readonly Raw[])[] }
  | { readonly kind: 'HASH'; readonly type: TypeId; readonly buckets: number }
  | { readonly kind: 'SEQ'; readonly type: TypeId; readonly blocks: number }

export type EngineType = 'OLAP' | 'TSDB' | 'PKEY'

export interface DatabaseRecord {
  /** `dfs://name`, without a trailing slash. */
  readonly url: string
  readonly id: Uuid
  /** One for a plain database, two or three for COMPO, outermost first. */
  readonly schemes: readonly Scheme[]
  readonly compo: boolean
  readonly engine: EngineType
  readonly atomic: 'TRANS' | 'CHUNK'
  readonly chunkGranularity: 'TABLE' | 'DATABASE'
  readonly owner: string
  readonly createdMs: number
}

/** A column of a stored table. Segment files know it by its stored name, which stays when it is renamed and is never given to another column. */
export interface StoredColumn extends ColumnSchema {
  /** Absent: the name it was created with, which is still its name. */
  readonly stored?: string
}

/** The name that a column has in segment files, in their min/max and in log records. */
export const storedName = (column: StoredColumn): string => column.stored ?? column.name

/** The columns as segment files have them: under their stored names. */
export const segmentColumns = (columns: readonly StoredColumn[]): ColumnSchema[] =>
  columns.map((c) => ({ name: storedName(c), type: c.type, scale: c.scale }))

export interface TableRecord {
  readonly db: string
  readonly name: string
  readonly id: Uuid
  /** Base-62 text, last element of chunk paths. */
  readonly physicalIndex: string
  readonly columns: readonly StoredColumn[]
  /** Stored names that columns had and that no new one may get; absent while no column was dropped, renamed or retyped. */
  readonly retired?: readonly string[]
  /** So many columns at the end were added, and no row that has them was appended yet: rows without them are still taken. Absent: 0. */
  readonly unfilledColumns?: number
  /** One column a level; empty for a dimension table. */
  readonly partitionColumns: readonly string[]
  readonly sortColumns: readonly string[]
  /** PKEY engine: the row written last for a key is the one that counts. */
  readonly primaryKey?: readonly string[]
  /** TSDB engine: the text of one function a sort-key column. */
  readonly sortKeyMapping?: readonly string[]
  readonly softDelete?: boolean
  /** Kinds of index by column, for `schema`: they change no result. */
  readonly indexes?: Readonly<Record<string, string>>
  /** Hints of the dialect for `schema`: they change no result. */
  readonly latestKeyCache?: boolean
  readonly compressHashSortKey?: boolean
  readonly keepDuplicates: 'ALL' | 'LAST' | 'FIRST'
  readonly compressMethods: Readonly<Record<string, string>>
  readonly comment: string
  readonly owner: string
  readonly createdMs: number
  /** Rises with every change of the schema. */
  readonly schemaVersion: number
}

/** All rows of one table in one partition. */
export interface ChunkRecord {
  readonly chunkId: Uuid
  readonly cid: number
  readonly rows: number
  readonly updateTimeMs: number
  /** Partition path below the database: `/20170807/0_50`; `/<table>` for a dimension table. */
  readonly path: string
  /** In commit order. */
  readonly segments: readonly SegmentRef[]
  /** Small appends with commit ids up to this are in the segments; later ones are in the log and in the engine's memory. Absent: 0. */
  readonly deltaCid?: number
  /** Rows that are not in segments yet, in commit order. Never stored: views add them, and count them in `rows`, `cid` and `updateTimeMs`. */
  readonly delta?: readonly DeltaBlock[]
}

/** One immutable Arrow file. `file` is relative to the data directory: `chunks/<db>/<partition path>/<table>/<segment>.arrow`. */
export interface SegmentRef {
  readonly file: string
  /** The last commit that put rows into it; orders the segments of a chunk. Absent in segments of format 1: older than any other. */
  readonly cid?: number
  readonly rows: number
  readonly bytes: number
  /** XXH64 of the whole file, 16 hex digits. */
  readonly checksum: string
  /** Column name to [min, max] in raw form, nulls left out; absent for columns without an order or that are all null. */
  readonly minMax: Readonly<Record<string, readonly [Raw, Raw]>>
  /** Nulls of the columns that have some and stand in `minMax`. Absent: unknown. */
  readonly nulls?: Readonly<Record<string, number>>
  /** Its rows stand in the order of the table's sort columns or primary key. */
  readonly sorted?: boolean
  /** No two of its rows are equal on all of those columns. */
  readonly uniqueKeys?: boolean
}

/** What the catalog shows of the store at one instant. Returned by `Catalog.read()`; cheap. */
export interface CatalogRecords {
  /** cid of the last committed transaction. */
  readonly cid: number
  databases(): readonly DatabaseRecord[]
  database(url: string): DatabaseRecord | undefined
  tables(url: string): readonly TableRecord[]
  table(url: string, name: string): TableRecord | undefined
}

/**
 * The same with the chunks. A chunk is in two places, the catalog and the engine's memory, and rows move from one to the other: whoever reads both must have announced
 * it, so that nothing is forgotten meanwhile. So there is such a view only while it is held.
 */
export interface CatalogView extends CatalogRecords {
  /** Chunks of a table, with the small appends that are in no segment yet; streamed, those with segments in path order first. */
  chunks(url: string, table: string): Iterable<ChunkRecord>
  /** Chunks as far as they are in segments, in path order. */
  storedChunks(url: string, table: string): Iterable<ChunkRecord>
  /** Small appends of a table that are in no segment yet. The same object as long as nothing changes. */
  deltas(tableId: string): TableDeltas
  chunk(url: string, table: string, path: string): ChunkRecord | undefined
}
