/** Who may grant, deny and revoke: administrators everything; who manages a database, the privileges on it and on its tables. */
import { inputError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { viewOf } from '../catalog/records.ts'
import type { AccessCommand } from './commands.ts'
import { mayDo } from './operations.ts'
import type { Permissions } from './permissions.ts'
import { DEFAULT_USER } from './permissions.ts'
import { type Right, ROW_RIGHTS } from './rights.ts'

const BY_MANAGERS: readonly Right[] = [...ROW_RIGHTS, 'DBOBJ_CREATE', 'DBOBJ_DELETE']

export function requireGrantor(
  reader: CatalogReader,
  permissions: Permissions,
  command: AccessCommand & { kind: 'changeAccess' },
): void {
  if (command.name === DEFAULT_USER && command.change !== 'grant')
    throw inputError(`The privileges of [${DEFAULT_USER}] can't be changed: it has them all.`, { code: 'userAdmin' })
  if (permissions.isAdmin) return
  const refused = command.rights.find((right) => !BY_MANAGERS.includes(right))
  if (refused !== undefined)
    throw inputError(`Non-admin users cannot ${command.change} the ${refused} privilege. Contact the administrator.`, {
      refId: 'S04004',
    })
  const view = viewOf(reader)
  for (const scope of command.scopes) {
    const db = scope.kind === 'database' || scope.kind === 'table' ? view.database(scope.db) : undefined
    // Managing is what dropping the database takes.
    if (db === undefined || !mayDo(permissions, 'dropDatabase', db))
      throw inputError(
        "To manage permissions for databases you didn't create, you must have the DB_MANAGE privilege or contact an administrator.",
        { refId: 'S04005', where: db === undefined ? undefined : { db: db.url } },
      )
  }
}
