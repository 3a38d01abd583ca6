/** Finding or describing the table that a restore puts chunks into, and refusing one whose structure does not fit. */
import { randomUUID } from 'node:crypto'
import { inputError } from '../../runtime/errors.ts'
import type { CatalogRecords, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import type { TableIndex } from '../set/meta.ts'
import { missingPartitions, rowsConflict, schemeConflict, tableConflict } from '../set/structure.ts'
import type { RestoreTarget } from './plan.ts'

/** An existing table. Throws if it, or its database, is missing or does not fit. */
export function existingTarget(view: CatalogRecords, index: TableIndex, url: string, name: string): RestoreTarget {
  const database = view.database(url)
  if (database === undefined)
    throw inputError(`Database [${url}] does not exist; restore needs an existing table.`, {
      code: 'databaseMissing',
      where: { db: url },
      hint: 'restoreDB, restoreTable and migrate create what is missing',
    })
  const table = view.table(url, name)
  if (table === undefined)
    throw inputError(`Table [${name}] does not exist in the database [${url}]; restore needs an existing table.`, {
      code: 'tableMissing',
      where: { db: url, table: name },
      hint: 'restoreDB, restoreTable and migrate create what is missing',
    })
  return fitting(index, database, table)
}

/** An existing table, or one to be made from the backup, with its database if that is missing too. */
export function targetOrNew(
  context: Pick<BackupContext, 'user' | 'now'>,
  view: CatalogRecords,
  index: TableIndex,
  url: string,
  name: string,
): RestoreTarget {
  const database = view.database(url)
  const table = view.table(url, name)
  if (database !== undefined && table !== undefined) return fitting(index, database, table)
  const newTable: TableRecord = {
    ...index.table,
    db: url,
    name,
    id: randomUUID(),
    owner: context.user,
    createdMs: context.now(),
  }
  if (database === undefined) {
    const made = newDatabase(context, index.database, url)
    return { ...fitting(index, made, newTable), createDatabase: true, createTable: true }
  }
  return { ...fitting(index, database, newTable), createTable: true }
}

/** The database of a backup as a new one. */
export function newDatabase(
  context: Pick<BackupContext, 'user' | 'now'>,
  database: DatabaseRecord,
  url: string,
): DatabaseRecord {
  return { ...database, url, id: randomUUID(), owner: context.user, createdMs: context.now() }
}

function fitting(index: TableIndex, database: DatabaseRecord, table: TableRecord): RestoreTarget {
  const conflict =
    index.query === undefined
      ? (schemeConflict(index.database, database) ?? tableConflict(index.table, table))
      : rowsConflict(index, index.query, database, table)
  if (conflict !== undefined)
    throw inputError(
      `The backup of ${index.database.url}/${index.table.name} does not fit the table ${database.url}/${table.name}: ${conflict}.`,
      {
        code: 'restoreStructure',
        where: { db: database.url, table: table.name },
        hint: 'restoreTable with newTableName or newDBPath, and restoreDB with newDBPath, restore it beside what is there',
      },
    )
  return {
    database,
    table,
    createDatabase: false,
    createTable: false,
    extendSchemes: missingPartitions(index.database, database),
  }
}
