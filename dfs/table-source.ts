/**
 * A dfs:// table as the runtime sees it: a snapshot at one commit, partitions pruned by scheme, segments by min/max, columns read from the segment
 * files.
 */
import { type HoldfastError, inputError } from '../runtime/errors.ts'
import { checkInterrupt } from '../runtime/interrupt.ts'
import { sortIndices } from '../runtime/kernels/sort.ts'
import { concatVectors } from '../runtime/ops/cast.ts'
import {
  type ColumnPredicate,
  type ColumnSchema,
  newVector,
  type SourcePartition,
  type SymbolBase,
  Table,
  type TableSnapshot,
  type TableSource,
} from '../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from './catalog/types.ts'
import { pruner, segmentMayMatch } from './partition/prune.ts'
import { SegmentReader } from './segment/index.ts'
import type { DfsSession } from './session.ts'
import { Append } from './write/append.ts'

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
      return new ChunkSnapshot(this.#dfs, database, record, chunks, release)
    } catch (error) {
      release()
      throw error
    }
  }

  append(rows: Table): number {
    const view = this.#dfs.view()
    const database = view.database(this.db)
    const record = view.table(this.db, this.tableName)
    if (database === undefined || record === undefined) throw this.#gone()
    this.#dfs.requireAccess('write', database, record)
    return this.#dfs.writing(() => new Append(this.#dfs, database, record).run(rows))
  }

  #gone(): HoldfastError {
    return inputError(`The table [${this.tableName}] of database [${this.db}] does not exist any more.`, {
      code: 'tableMissing',
      where: { db: this.db, table: this.tableName },
    })
  }
}

interface ChunkPartition extends SourcePartition {
  readonly chunk: ChunkRecord
}

class ChunkSnapshot implements TableSnapshot {
  readonly #dfs: DfsSession
  readonly #database: DatabaseRecord
  readonly #table: TableRecord
  readonly #chunks: readonly ChunkPartition[]
  readonly #release: () => void
  readonly #baseOf: (column: string) => SymbolBase

  constructor(
    dfs: DfsSession,
    database: DatabaseRecord,
    table: TableRecord,
    chunks: readonly ChunkRecord[],
    release: () => void,
  ) {
    this.#dfs = dfs
    this.#database = database
    this.#table = table
    this.#chunks = chunks.map((chunk) => ({ path: chunk.path, rows: chunk.rows, chunk }))
    this.#release = release
    this.#baseOf = (column) => dfs.tables.base(table.id, column)
  }

  partitions(predicate?: ColumnPredicate): readonly SourcePartition[] {
    const keep = pruner(this.#database, this.#table, predicate)
    return keep === undefined ? this.#chunks : this.#chunks.filter((p) => keep(p.path))
  }

  *scan(partition: SourcePartition, columns: readonly string[], predicate?: ColumnPredicate): Iterable<Table> {
    const { chunk } = partition as ChunkPartition
    const { columns: schema, sortColumns } = this.#table
    const segments =
      predicate === undefined
        ? chunk.segments
        : chunk.segments.filter((s) => segmentMayMatch(s.minMax, schema, predicate))
    // Segments are sorted one by one; a chunk of several is merged on the way out.
    if (sortColumns.length > 0 && segments.length > 1) yield* this.#sorted(segments, columns, sortColumns)
    else for (const segment of segments) yield* this.#read(segment, columns)
  }

  *#read(segment: SegmentRef, columns: readonly string[]): Iterable<Table> {
    const reader = new SegmentReader(this.#dfs.files, segment.file, { baseOf: this.#baseOf }, segment)
    try {
      const present = columns.filter((name) => reader.schema.some((c) => c.name === name))
      for (const batch of reader.batches(present)) {
        checkInterrupt()
        yield present.length === columns.length ? batch : this.#withMissing(batch, columns, batch.rows)
      }
    } finally {
      reader.close()
    }
  }

  /** Columns that were added after the segment was written are null in it. */
  #withMissing(batch: Table, columns: readonly string[], rows: number): Table {
    const vectors = columns.map((name) => {
      const k = batch.names.indexOf(name)
      if (k >= 0) return batch.columns[k]
      const column = this.#table.columns.find((c) => c.name === name)
      if (column === undefined) throw inputError(`Unrecognized column name ${name}.`, { refId: 'S02005' })
      return newVector(column.type, rows, 'null', column.scale)
    })
    return new Table([...columns], vectors)
  }

  *#sorted(
    segments: readonly SegmentRef[],
    columns: readonly string[],
    sortColumns: readonly string[],
  ): Iterable<Table> {
    const needed = [...new Set([...columns, ...sortColumns])]
    const batches = segments.flatMap((s) => [...this.#read(s, needed)])
    if (batches.length === 0) return
    const whole = needed.map((_, k) => {
      const { type, scale } = this.#table.columns.find((c) => c.name === needed[k])!
      return concatVectors(
        batches.map((b) => b.columns[k]),
        type,
        scale,
      )
    })
    const order = sortIndices(
      sortColumns.map((name) => whole[needed.indexOf(name)]),
      sortColumns.map(() => true),
    )
    const sorted = columns.map((name) => whole[needed.indexOf(name)].gather(order))
    for (const v of sorted) v.frozen = true
    yield new Table([...columns], sorted)
  }

  rowCount(): number {
    return this.#chunks.reduce((n, p) => n + p.rows, 0)
  }

  release(): void {
    this.#release()
  }
}
