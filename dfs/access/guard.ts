/**
 * The engine's own look at who asks. Sessions check before they begin, so that nothing is written in vain; here the commands that change what exists, and who
 * may do what, are checked once more against the newest catalog, at the place where they take effect. Appends and rewrites of rows are not: a session may
 * have checked for them long before the first row is on its way.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { functionViewOf } from '../catalog/named-objects.ts'
import { viewOf } from '../catalog/records.ts'
import type { EngineCommand } from '../engine/commands.ts'
import { requireGrantor } from './grantor.ts'
import { type Operation, requireCreateDatabase, requireOperation } from './operations.ts'
import type { Permissions } from './permissions.ts'
import { permissionsOf } from './records.ts'

/** Throws if the user may not have the command done. Objects that are missing are the command's own error. */
export function requireCommandAccess(reader: CatalogReader, command: EngineCommand, user: string): void {
  check(reader, command, user)
}

/** Answers nothing of use: every case is one call. */
function check(reader: CatalogReader, command: EngineCommand, user: string): unknown {
  switch (command.kind) {
    case 'createDatabase':
      requireOwner(user, command.database.owner)
      return requireCreateDatabase(permissionsOf(reader, user), command.database.url)
    case 'dropDatabase':
      return onTable(reader, user, 'dropDatabase', command.url)
    case 'createTable':
      requireOwner(user, command.table.owner)
      return onTable(reader, user, 'createTable', command.table.db)
    case 'dropTable':
      return onTable(reader, user, 'dropTable', command.db, command.table)
    case 'renameTable':
      return onTable(reader, user, 'alterTable', command.db, command.table)
    case 'alterTable':
      return onTable(reader, user, alterOperation(reader, command), command.db, command.table)
    case 'dropChunks':
      return onTable(reader, user, command.paths === undefined ? 'delete' : 'dropPartition', command.db, command.table)
    case 'dropValues':
      return onTable(reader, user, 'dropPartitionValues', command.db)
    case 'extendSchemes':
      return onTable(reader, user, 'addPartitions', command.db)
    case 'setAtomic':
      return onTable(reader, user, 'changeDatabase', command.db)
    case 'replaceChunks':
      return requireReplace(reader, user, command)
    case 'changeUser':
      return requireChangeUser(permissionsOf(reader, user), command)
    case 'createUser':
    case 'removeUser':
    case 'createGroup':
    case 'removeGroup':
    case 'changeMembers':
    case 'restoreAccess':
    case 'putSetting':
    case 'removeSetting':
      return requireAdmin(permissionsOf(reader, user))
    case 'putObject':
    case 'removeObject':
      return requireObjectChange(reader, permissionsOf(reader, user), command)
    case 'changeAccess':
      return requireGrantor(reader, permissionsOf(reader, user), command)
    default:
      return undefined
  }
}

/** Catalogs are the administrators'; function views belong to who has VIEW_OWNER, each to the one who made it. */
function requireObjectChange(
  reader: CatalogReader,
  permissions: Permissions,
  command: EngineCommand & { readonly kind: 'putObject' | 'removeObject' },
): void {
  const existing = command.family === 'view' ? functionViewOf(reader, command.name) : undefined
  const isOwn = existing === undefined || existing.owner === permissions.user
  if (command.family !== 'view' || !permissions.allows('VIEW_OWNER') || !isOwn) requireAdmin(permissions)
}

function onTable(reader: CatalogReader, user: string, operation: Operation, url: string, name?: string): void {
  const view = viewOf(reader)
  const db = view.database(url)
  const table = name === undefined ? undefined : view.table(url, name)
  if (db === undefined || (name !== undefined && table === undefined)) return
  requireOperation(permissionsOf(reader, user), operation, db, table)
}

function alterOperation(reader: CatalogReader, command: EngineCommand & { kind: 'alterTable' }): Operation {
  const before = viewOf(reader).table(command.db, command.table)?.columns.length ?? 0
  return command.columns.length < before ? 'dropColumns' : 'alterTable'
}

function requireReplace(reader: CatalogReader, user: string, command: EngineCommand & { kind: 'replaceChunks' }): void {
  const { createDatabase, createTable, db, table } = command
  const view = viewOf(reader)
  const permissions = permissionsOf(reader, user)
  const database = view.database(db)
  if (database === undefined) {
    if (createDatabase === undefined) return
    requireOwner(user, createDatabase.owner)
    requireCreateDatabase(permissions, db)
    return
  }
  const existing = view.table(db, table)
  if (createTable !== undefined) requireOwner(user, createTable.owner)
  requireOperation(permissions, existing === undefined ? 'createTable' : 'restore', database, existing)
}

/** Administrators change users; everybody may give himself or herself another password, and nothing else. */
function requireChangeUser(permissions: Permissions, command: EngineCommand & { kind: 'changeUser' }): void {
  const isOwnPassword = permissions.isActive && command.name === permissions.user && command.locked === undefined
  if (!isOwnPassword) requireAdmin(permissions)
}

function requireAdmin(permissions: Permissions): void {
  if (!permissions.isAdmin)
    throw new HoldfastError('input', '<NoPrivilege>Only administrators may change users and settings.', {
      code: 'noPrivilege',
    })
}

/** Nobody makes a database or a table that belongs to somebody else. */
function requireOwner(user: string, owner: string): void {
  if (owner !== user)
    throw new HoldfastError('bug', `a command of ${user} makes something that ${owner} would own`, { code: 'owner' })
}
