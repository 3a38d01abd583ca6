/** Appending rows to a stored table: new segments, committed in one transaction over all touched partitions. */
import { randomUUID } from 'node:crypto'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { sortIndices } from '../../runtime/kernels/sort.ts'
import { convertForAppend } from '../../runtime/ops/cast.ts'
import { type Table, typeName, type Vector } from '../../runtime/values/index.ts'
import type { DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { routeRows } from '../partition/route.ts'
import { SegmentWriter } from '../segment/index.ts'
import type { DfsSession } from '../session.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'

/** One append: route, write, commit. If anything fails, no file of it stays. */
export class Append {
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
