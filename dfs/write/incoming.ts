/** Rows on their way into a table: in the types of its columns, and each with its partition. */
import { nullColumn } from '../../runtime/builtins/table-append.ts'
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { convertForAppend } from '../../runtime/ops/cast.ts'
import { type Table, typeName, type Vector } from '../../runtime/values/index.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { type RouteConfig, type Routing, routeRows } from '../partition/route.ts'
import { requireSymbols, requireTexts } from './text-limits.ts'

export interface Incoming {
  /** The table's columns. */
  readonly columns: readonly Vector[]
  /** The rows had every column, though rows without the newest ones are still taken: from now on they are not. */
  readonly fillsColumns: boolean
}

/** By position: names of the new data do not count. Columns that were added and that no append has filled yet may be missing at the end. */
export function convertRows(table: TableRecord, rows: Table): Incoming {
  const { columns, unfilledColumns = 0 } = table
  const given = rows.columns.length
  if (given > columns.length || given < columns.length - unfilledColumns) throw wrongCount(table, given)
  const converted = columns.map((column, k) => {
    if (k >= given) return nullColumn(column.type, rows.rows, column.scale ?? 0)
    const v = rows.columns[k]
    try {
      return convertForAppend(v, column.type, column.scale)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'input') throw error
      throw inputError(
        `The column [${column.name}] expects type of ${typeName(column.type, column.scale)}, but the actual type is ${typeName(v.type)}.`,
        { refId: 'S05004', where: { db: table.db, table: table.name }, cause: error },
      )
    }
  })
  requireTexts(table, columns, converted)
  return { columns: converted, fillsColumns: unfilledColumns > 0 && given === columns.length }
}

/** What the rows take in files, roughly. */
export const aboutBytes = ({ rows, columns }: Table): number => rows * columns.length * 8

function wrongCount(table: TableRecord, given: number): HoldfastError {
  const isOld = given < table.columns.length && table.schemaVersion > 1
  return inputError(
    isOld
      ? 'The data to append contains fewer columns than the schema.'
      : 'The number of columns of the current table must match that of the target table.',
    { refId: 'S01015', where: { db: table.db, table: table.name } },
  )
}

/** The rows of each partition. */
export function routeToPartitions(
  database: DatabaseRecord,
  table: TableRecord,
  columns: readonly Vector[],
  config: RouteConfig,
): Routing {
  const routing = routed(database, table, columns, config)
  for (const { path, rows } of routing.parts) requireSymbols(table, path, table.columns, columns, rows)
  return routing
}

function routed(
  database: DatabaseRecord,
  table: TableRecord,
  columns: readonly Vector[],
  config: RouteConfig,
): Routing {
  const { partitionColumns, name } = table
  if (partitionColumns.length === 0)
    return { parts: [{ path: `/${name}`, rows: undefined }], kept: columns[0].length, newValues: [] }
  const keys = partitionColumns.map((p) => columns[table.columns.findIndex((c) => c.name === p)])
  return routeRows(database, keys, config)
}
