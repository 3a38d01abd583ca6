/**
 * Who may read and write a table: administrators, and the owners of the database and of the table. Guests may not, whoever made it. There are no grants
 * to others in this release.
 */
import { type HoldfastError, inputError } from '../runtime/errors.ts'
import type { DatabaseRecord, TableRecord } from './catalog/types.ts'

export type TableAction = 'read' | 'write'

/** Throws `<NoPrivilege>Not granted to read table dfs://db/t` where the user may not. */
export function requireTableAccess(
  user: string,
  isAdmin: (user: string) => boolean,
  action: TableAction,
  database: DatabaseRecord,
  table: TableRecord,
): void {
  if (user !== 'guest' && (user === table.owner || user === database.owner || isAdmin(user))) return
  throw notGranted(user, action, table)
}

function notGranted(user: string, action: TableAction, table: TableRecord): HoldfastError {
  return inputError(`<NoPrivilege>Not granted to ${action} table ${table.db}/${table.name}`, {
    code: 'noPrivilege',
    where: { db: table.db, table: table.name },
    hint: user === 'guest' ? 'log in first, with login(userId, password)' : undefined,
  })
}
