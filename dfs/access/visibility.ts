/** What listings of databases and tables show to a user: what belongs to the user, and what the user has a privilege on. */
import { mayDo, type OwnedDatabase, type OwnedTable } from './operations.ts'
import type { Permissions } from './permissions.ts'
import { type Right, ROW_RIGHTS } from './rights.ts'

const OF_DATABASE: readonly Right[] = [...ROW_RIGHTS, 'DBOBJ_CREATE', 'DBOBJ_DELETE', 'DB_MANAGE']

/** `tables` is asked only if nothing else shows the database. */
export function maySeeDatabase(
  permissions: Permissions,
  db: OwnedDatabase,
  tables: () => Iterable<OwnedTable>,
): boolean {
  if (managesOrOwns(permissions, db)) return true
  if (OF_DATABASE.some((right) => permissions.allows(right, db.url))) return true
  for (const table of tables()) if (maySeeTable(permissions, db, table)) return true
  return false
}

export const maySeeTable = (permissions: Permissions, db: OwnedDatabase, table: OwnedTable): boolean =>
  managesOrOwns(permissions, db) ||
  (permissions.isActive && table.owner === permissions.user) ||
  ROW_RIGHTS.some((right) => permissions.allows(right, db.url, table.name))

// Both are what dropping the database takes.
const managesOrOwns = (permissions: Permissions, db: OwnedDatabase): boolean => mayDo(permissions, 'dropDatabase', db)
