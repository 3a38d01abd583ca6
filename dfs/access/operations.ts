/**
 * Which privileges an operation takes: one of those in its row is enough. Denying a privilege takes it away as a reason, and for the rows of tables
 * it decides, even for the owner of the table.
 */
import { type HoldfastError, inputError } from '../../runtime/errors.ts'
import { GUEST, type Permissions } from './permissions.ts'
import type { Right } from './rights.ts'

/** Operations on a database as a whole or on its tables, named as the functions that do them where there is one. */
export type Operation =
  | 'dropDatabase'
  | 'createTable'
  | 'dropTable'
  | 'alterTable'
  | 'dropColumns'
  | 'addPartitions'
  | 'changeDatabase'
  | 'dropPartition'
  | 'dropPartitionValues'
  | 'read'
  | 'write'
  | 'update'
  | 'delete'
  | 'restore'

/** Whose it is, as the records of databases and tables say. */
export interface OwnedDatabase {
  readonly url: string
  readonly owner: string
}
export interface OwnedTable {
  readonly name: string
  readonly owner: string
}

interface Question {
  readonly permissions: Permissions
  readonly db: OwnedDatabase
  readonly table: OwnedTable | undefined
}

type Reason = (q: Question) => boolean

const onDatabase =
  (right: Right): Reason =>
  ({ permissions, db }) =>
    permissions.allows(right, db.url)

/** Databases that one made are one's own, unless all ownership is denied. */
const ownDatabase: Reason = ({ permissions, db }) =>
  permissions.isActive && db.owner === permissions.user && permissions.state('DB_OWNER') !== 'deny'

const rowRight =
  (right: Right): Reason =>
  ({ permissions, db, table }) => {
    const state = permissions.state(right, db.url, table?.name)
    return state === 'allow' || (state === 'none' && permissions.isActive && table?.owner === permissions.user)
  }

/** The rows of whole partitions: the right must hold for the database, and the table must not be excepted. */
const rowsOfDatabase =
  (right: Right): Reason =>
  ({ permissions, db, table }) =>
    permissions.allows(right, db.url) && permissions.state(right, db.url, table?.name) !== 'deny'

/** Columns of somebody else's table may be changed only by who may read it. */
const andRead =
  (reason: Reason): Reason =>
  (q) =>
    reason(q) && (q.table === undefined || q.table.owner === q.permissions.user || rowRight('READ')(q))

const manage = onDatabase('DB_MANAGE')
const create = onDatabase('DBOBJ_CREATE')
const remove = onDatabase('DBOBJ_DELETE')

const ENOUGH: Readonly<Record<Operation, readonly Reason[]>> = {
  dropDatabase: [manage, ownDatabase],
  createTable: [manage, ownDatabase, create],
  dropTable: [manage, ownDatabase, remove],
  alterTable: [andRead(manage), andRead(ownDatabase), andRead(create)],
  dropColumns: [andRead(manage), andRead(ownDatabase), andRead(remove)],
  addPartitions: [manage, ownDatabase],
  changeDatabase: [manage, ownDatabase],
  dropPartition: [manage, ownDatabase, rowsOfDatabase('DELETE')],
  dropPartitionValues: [manage, ownDatabase],
  read: [rowRight('READ')],
  write: [rowRight('INSERT')],
  update: [rowRight('UPDATE')],
  delete: [rowRight('DELETE')],
  // Puts rows in and takes rows out, whoever wrote them.
  restore: [manage, ownDatabase, (q) => rowRight('INSERT')(q) && rowRight('DELETE')(q)],
}

export function mayDo(
  permissions: Permissions,
  operation: Operation,
  db: OwnedDatabase,
  table?: OwnedTable | undefined,
): boolean {
  return ENOUGH[operation].some((reason) => reason({ permissions, db, table }))
}

/** A new database belongs to who makes it. */
export const mayCreateDatabase = (permissions: Permissions, url: string): boolean => permissions.allows('DB_OWNER', url)

/** Throws `<NoPrivilege>Not granted to read table dfs://db/t` and the like. */
export function requireOperation(
  permissions: Permissions,
  operation: Operation,
  db: OwnedDatabase,
  table?: OwnedTable | undefined,
): void {
  if (mayDo(permissions, operation, db, table)) return
  // Who may change the table but not read it is told what is missing.
  const canNotRead =
    (operation === 'alterTable' || operation === 'dropColumns') &&
    mayDo(permissions, operation, db) &&
    table !== undefined
  throw notGranted(permissions.user, canNotRead ? 'read' : operation, db.url, table?.name)
}

export function requireCreateDatabase(permissions: Permissions, url: string): void {
  if (!mayCreateDatabase(permissions, url)) throw noPrivilege(permissions.user, 'create or delete databases')
}

const WORDS: Readonly<Record<Operation, readonly [what: string, needs: string]>> = {
  dropDatabase: ['create or delete databases', 'DB_MANAGE'],
  createTable: ['create tables in', 'DBOBJ_CREATE or DB_MANAGE'],
  dropTable: ['delete tables of', 'DBOBJ_DELETE or DB_MANAGE'],
  alterTable: ['change tables of', 'DBOBJ_CREATE or DB_MANAGE'],
  dropColumns: ['delete columns of tables of', 'DBOBJ_DELETE or DB_MANAGE'],
  addPartitions: ['add partitions to', 'DB_MANAGE'],
  changeDatabase: ['change the database', 'DB_MANAGE'],
  dropPartition: ['delete partitions of', 'DB_DELETE or DB_MANAGE'],
  dropPartitionValues: ['delete partition values of', 'DB_MANAGE'],
  read: ['read table', 'TABLE_READ or DB_READ'],
  write: ['write table', 'TABLE_INSERT or DB_INSERT'],
  update: ['write table', 'TABLE_UPDATE or DB_UPDATE'],
  delete: ['write table', 'TABLE_DELETE or DB_DELETE'],
  restore: ['restore table', 'TABLE_INSERT and TABLE_DELETE, or DB_MANAGE'],
}

function notGranted(user: string, operation: Operation, url: string, table: string | undefined): HoldfastError {
  const [what, needs] = WORDS[operation]
  if (operation === 'dropDatabase') return noPrivilege(user, what, { db: url })
  const ofTable = table !== undefined && what.endsWith('table')
  const where = { db: url, table }
  return noPrivilege(user, ofTable ? `${what} ${url}/${table}` : `${what} ${url}`, where, `it takes ${needs}`)
}

export function noPrivilege(
  user: string,
  what: string,
  where?: Readonly<Record<string, string | undefined>>,
  hint?: string,
): HoldfastError {
  return inputError(`<NoPrivilege>Not granted to ${what}`, {
    code: 'noPrivilege',
    where,
    hint: user === GUEST ? 'log in first, with login(userId, password)' : hint,
  })
}
