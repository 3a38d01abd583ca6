/** Appending rows to a stored table: new segments, committed in one transaction over all touched partitions. */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { convertForAppend } from '../../runtime/ops/cast.ts'
import { type Table, typeName, type Vector } from '../../runtime/values/index.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { routeRows } from '../partition/route.ts'
import type { DfsSession } from '../session.ts'
import { NewSegments } from './new-segments.ts'

/** One append: route, write, commit. If anything fails, no file of it stays. */
export class Append {
  readonly #dfs: DfsSession
  readonly #database: DatabaseRecord
  readonly #table: TableRecord

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
    const segments = new NewSegments(this.#dfs.files, this.#table)
    try {
      const chunks = routing.parts.map(({ path, rows: positions }) => {
        checkInterrupt()
        return { path, segments: [segments.write(path, columns, positions)] }
      })
      segments.syncFolders()
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
      segments.remove()
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
}
