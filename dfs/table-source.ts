/**
 * A dfs:// table as the runtime sees it: a snapshot at one commit, partitions pruned by scheme, segments by min/max, columns read from the segment
 * files; and the append that writes new segments and commits them in one transaction.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError, inputError } from '../runtime/errors.ts'
import { checkInterrupt } from '../runtime/interrupt.ts'
import { sortIndices } from '../runtime/kernels/sort.ts'
import { concatVectors, convertForAppend } from '../runtime/ops/cast.ts'
import {
  type ColumnPredicate,
  type ColumnSchema,
  newVector,
  type SourcePartition,
  type SymbolBase,
  Table,
  type TableSnapshot,
  type TableSource,
  typeName,
  type Vector,
} from '../runtime/values/index.ts'
import type { ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from './catalog/types.ts'
import { pruner, segmentMayMatch } from './partition/prune.ts'
import { routeRows } from './partition/route.ts'
import { SegmentReader, SegmentWriter } from './segment/index.ts'
import type { DfsSession } from './session.ts'
import { foldersUpFrom, parentOf } from './store/paths.ts'

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

/** One append: route, write, commit. If anything fails, no file of it stays. */
class Append {
  readonly #dfs: DfsSession
  readonly #database: DatabaseRecord
  readonly #table: TableRecord
  readonly #written: string[] = []

  constructor(dfs: DfsSession, database: DatabaseRecord, table: TableRecord) {
    this.#dfs = dfs
    this.#database = database
    this.#table = table
  }

  run(rows: Table): number {
    const columns = this.#convert(rows)
    if (rows.rows === 0) return 0
    const routing = this.#route(columns)
    if (routing.parts.length === 0) return 0
    try {
      const writer = new SegmentWriter(this.#dfs.files, this.#table.columns)
      const chunks = routing.parts.map(({ path, rows: positions }) => {
        checkInterrupt()
        return { path, segments: [this.#writeSegment(writer, columns, path, positions)] }
      })
      this.#syncFolders()
      this.#dfs.request({
        kind: 'append',
        db: this.#table.db,
        table: this.#table.name,
        tableId: this.#table.id,
        expectedSchemaVersion: this.#table.schemaVersion,
        chunks,
        newValues: routing.newValues.map(({ level, scheme }) => ({ level, values: scheme })),
      })
    } catch (error) {
      this.#undo()
      throw error
    }
    return routing.kept
  }

  /** By position: names of the new data do not count. */
  #convert(rows: Table): Vector[] {
    const { columns } = this.#table
    if (rows.columns.length !== columns.length)
      throw inputError('The number of columns of the current table must match that of the target table.', {
        refId: 'S01015',
        where: { db: this.#table.db, table: this.#table.name },
      })
    return columns.map((column, k) => {
      const v = rows.columns[k]
      try {
        return convertForAppend(v, column.type, column.scale)
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.kind !== 'input') throw error
        throw inputError(
          `The column [${column.name}] expects type of ${typeName(column.type, column.scale)}, but the actual type is ${typeName(v.type)}.`,
          { refId: 'S05004', where: { db: this.#table.db, table: this.#table.name }, cause: error },
        )
      }
    })
  }

  #route(columns: readonly Vector[]): ReturnType<typeof routeRows> {
    const { partitionColumns, name } = this.#table
    if (partitionColumns.length === 0)
      return { parts: [{ path: `/${name}`, rows: undefined }], kept: columns[0].length, newValues: [] }
    const keys = partitionColumns.map((p) => columns[this.#table.columns.findIndex((c) => c.name === p)])
    return routeRows(this.#database, keys, this.#dfs.config)
  }

  #writeSegment(
    writer: SegmentWriter,
    columns: readonly Vector[],
    path: string,
    positions: Int32Array | undefined,
  ): SegmentRef {
    const rows = this.#table.sortColumns.length > 0 ? this.#sortRows(columns, positions) : positions
    const database = this.#table.db.slice('dfs://'.length)
    const file = `chunks/${database}${path}/${this.#table.name}/${randomUUID()}.arrow`
    this.#written.push(file)
    return writer.write(file, columns, { rows, from: 0, to: rows?.length ?? columns[0].length })
  }

  #sortRows(columns: readonly Vector[], positions: Int32Array | undefined): Int32Array {
    const keys = this.#table.sortColumns.map((name) => {
      const v = columns[this.#table.columns.findIndex((c) => c.name === name)]
      return positions === undefined ? v : v.gather(positions)
    })
    const order = sortIndices(
      keys,
      keys.map(() => true),
    )
    if (positions === undefined) return order
    return order.map((k) => positions[k])
  }

  #syncFolders(): void {
    const folders = new Set(this.#written.flatMap((file) => foldersUpFrom(parentOf(file))))
    // Deepest first: a folder's own entry is in the one above it.
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) this.#dfs.files.syncDirectory(folder)
  }

  #undo(): void {
    for (const file of this.#written) {
      this.#dfs.files.remove(file)
      for (let folder = parentOf(file); folder !== '' && folder !== 'chunks'; folder = parentOf(folder))
        this.#dfs.files.removeEmptyDirectory(folder)
    }
  }
}
