/**
 * Who may back up and restore. A backup reads tables; a restore changes or creates them, and is one more way to read what the backup holds, so that the
 * tables of a backup are guarded like those of the store: whoever could read or make the live table may have its backup.
 */
import type { CatalogRecords, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { mayCreateDatabase, mayDo, noPrivilege, requireCreateDatabase, requireOperation } from './operations.ts'
import type { Permissions } from './permissions.ts'

/** A table as a backup describes it. */
export interface BackedUpTable {
  readonly database: DatabaseRecord
  readonly table: TableRecord
}

/** Where a restore puts it. */
export interface RestorePlace extends BackedUpTable {
  readonly createDatabase: boolean
  readonly createTable: boolean
}

/** Each throws if the user may not. */
export interface BackupAccess {
  backup(database: DatabaseRecord, table: TableRecord): void
  readBackup(source: BackedUpTable): void
  createDatabase(url: string): void
  restore(source: BackedUpTable, target: RestorePlace): void
}

export function backupAccess(permissions: () => Permissions, view: () => CatalogRecords): BackupAccess {
  const readBackup = (source: BackedUpTable): void => {
    if (!mayReadBackup(permissions(), view(), source))
      throw noPrivilege(permissions().user, `read the backup of table ${source.database.url}/${source.table.name}`)
  }
  return {
    backup: (database, table) => requireOperation(permissions(), 'read', database, table),
    readBackup,
    createDatabase: (url) => requireCreateDatabase(permissions(), url),
    restore(source, target) {
      if (target.createDatabase) requireCreateDatabase(permissions(), target.database.url)
      else if (target.createTable) requireOperation(permissions(), 'createTable', target.database)
      else requireOperation(permissions(), 'restore', target.database, target.table)
      // Rows that go back to where they came from are shown to nobody new.
      const goesBack =
        !target.createTable && target.table.name === source.table.name && target.database.url === source.database.url
      if (!goesBack) readBackup(source)
    },
  }
}

function mayReadBackup(permissions: Permissions, view: CatalogRecords, { database, table }: BackedUpTable): boolean {
  const { url } = database
  const db = view.database(url)
  const live = db === undefined ? undefined : view.table(url, table.name)
  if (db !== undefined && live !== undefined) return mayDo(permissions, 'read', db, live)
  // The table is gone. Its database's owner decides, the one of the backup as well; and who may make a database of this name.
  const owner = db ?? database
  return (
    mayDo(permissions, 'read', owner, table) ||
    mayDo(permissions, 'dropDatabase', owner) ||
    mayCreateDatabase(permissions, url)
  )
}
