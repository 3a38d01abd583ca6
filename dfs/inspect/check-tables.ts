/** Databases and tables against each other: what the rest of the check, and every reader, relies on. */
import type { CatalogReader } from '../catalog/key-value.ts'
import { tableProblems } from '../catalog/problems.ts'
import { viewOf } from '../catalog/records.ts'
import type { DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { type Checking, type CheckTotals, errorFinding } from './finding.ts'

export interface KnownTable {
  readonly database: DatabaseRecord
  readonly table: TableRecord
}

export const tableKey = (db: string, table: string): string => JSON.stringify([db, table])

/** Answers the tables, by `tableKey`. */
export function* checkTables(catalog: CatalogReader, totals: CheckTotals): Checking<Map<string, KnownTable>> {
  const known = new Map<string, KnownTable>()
  const ids = new Map<string, string>()
  const databases = new Map(
    viewOf(catalog)
      .databases()
      .map((d) => [d.url, d]),
  )
  totals.databases += databases.size
  for (const [key, value] of catalog.entries(['table'])) {
    const table = value as TableRecord
    const place = { db: String(key[1]), table: String(key[2]) }
    const database = databases.get(place.db)
    totals.tables++
    if (database === undefined)
      yield errorFinding('databaseMissing', 'The table stands in a database that is not in the catalog.', place)
    else known.set(tableKey(place.db, place.table), { database, table })
    if (table.db !== place.db || table.name !== place.table)
      yield errorFinding('tableName', `The record of the table is that of ${table.db}/${table.name}.`, place)
    const twin = ids.get(table.id)
    if (twin !== undefined) yield errorFinding('tableId', `The table has the identity of ${twin}.`, place)
    ids.set(table.id, `${place.db}/${place.table}`)
    if (database !== undefined)
      for (const problem of tableProblems(database, table)) yield errorFinding('schema', problem, place)
    yield undefined
  }
  return known
}
