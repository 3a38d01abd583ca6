/** Who may do what, as tables: getUserAccess, getGroupAccess, getDBAccess, getTableAccess (specification of the store, section 9). */
import { boolArg, textArg } from '../../runtime/builtins/args.ts'
import { inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { NULL_I32, T, Table, type Vector, vectorOf } from '../../runtime/values/index.ts'
import {
  type AccessRule,
  type AccessState,
  accessRecordsOf,
  DEFAULT_USER,
  groupOf,
  groupsOfUser,
  type JobCaps,
  jobCapsService,
  mayDo,
  noPrivilege,
  Permissions,
  type Right,
  ROW_RIGHTS,
  rulesOf,
  type Scope,
  scopeText,
} from '../access/index.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { userOf } from '../catalog/records.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import { databaseArg, dfsOf, requireAdministrator, stringVector, tableOfDatabase } from './store-args.ts'
import { optionalNames } from './users.ts'

const { entries, define } = topicTable('Users')
export const accessTableFunctions = entries

/** One user or group with the rules to show. */
interface Holder {
  readonly name: string
  readonly rules: readonly AccessRule[]
  /** Everything that is not denied, without a rule that says so. */
  readonly isAdmin: boolean
}

function catalogNow(session: Session): CatalogReader {
  const { catalog } = dfsOf(session)
  catalog.refresh()
  return catalog
}

/** Rules of one holder, or of a user with all groups, as something that can be asked. */
const asked = ({ name, rules, isAdmin }: Holder): Permissions =>
  new Permissions({ user: name, isActive: true, isAdmin, rules })

// ---------------------------------------------------------------------------------------------------------------------
// By user and by group

const GLOBAL_COLUMNS: readonly (readonly [name: string, right: Right])[] = [
  ...ROW_RIGHTS.map((right) => [`ACCESS_${right}`, right] as const),
  ...(
    [
      'VIEW_EXEC',
      'SCRIPT_EXEC',
      'TEST_EXEC',
      'DBOBJ_CREATE',
      'DBOBJ_DELETE',
      'DB_MANAGE',
      'DB_OWNER',
      'VIEW_OWNER',
      'CREATE_SHARED_VARS',
    ] as const
  ).map((right) => [right, right] as const),
]

interface ObjectColumn {
  readonly name: string
  readonly right: Right
  readonly kind: Scope['kind']
  readonly allow: boolean
}

const bothWays = (name: string, right: Right, kind: Scope['kind']): ObjectColumn[] => [
  { name: `${name}_allowed`, right, kind, allow: true },
  { name: `${name}_denied`, right, kind, allow: false },
]

const OBJECT_COLUMNS: readonly ObjectColumn[] = [
  ...ROW_RIGHTS.flatMap((right) => bothWays(`TABLE_${right}`, right, 'table')),
  ...ROW_RIGHTS.flatMap((right) => bothWays(`DB_${right}`, right, 'database')),
  ...bothWays('DBOBJ_CREATE', 'DBOBJ_CREATE', 'database'),
  ...bothWays('DBOBJ_DELETE', 'DBOBJ_DELETE', 'database'),
  ...bothWays('VIEW_EXEC', 'VIEW_EXEC', 'view'),
  { name: 'DB_OWNER_allowed', right: 'DB_OWNER', kind: 'prefix', allow: true },
  ...bothWays('DB_MANAGE', 'DB_MANAGE', 'database'),
]

/** The columns that getUserAccess and getGroupAccess have in common. */
function accessColumns(holders: readonly Holder[]): readonly (readonly [string, Vector])[] {
  const permissions = holders.map(asked)
  return [
    ...GLOBAL_COLUMNS.map(
      ([name, right]) => [name, stringVector(permissions.map((p) => p.state(right)))] as [string, Vector],
    ),
    ...OBJECT_COLUMNS.map(
      (column) =>
        [column.name, stringVector(holders.map((h, k) => objectList(h, permissions[k], column)))] as [string, Vector],
    ),
  ]
}

/** What several groups say of one object is one entry: where one denies, it is denied. */
function objectList({ rules }: Holder, permissions: Permissions, { right, kind, allow }: ObjectColumn): string {
  const names = rules
    .filter((r) => r.right === right && r.scope.kind === kind && r.allow === allow)
    .filter((r) => !allow || stateOn(permissions, right, r.scope) === 'allow')
    .map((r) => scopeText(r.scope))
  return [...new Set(names)].join(',')
}

function stateOn(permissions: Permissions, right: Right, scope: Scope): AccessState {
  switch (scope.kind) {
    case 'table':
      return permissions.state(right, scope.db, scope.table)
    case 'database':
      return permissions.state(right, scope.db)
    case 'prefix':
      return permissions.state(right, scope.prefix)
    case 'view':
      return permissions.viewState(scope.name)
    case 'all':
      return permissions.state(right)
  }
}

const tableOfColumns = (columns: readonly (readonly [string, Vector])[]): Table =>
  new Table(
    columns.map(([name]) => name),
    columns.map(([, vector]) => vector),
  )

const USER = 'getUserAccess([userIds], [finalAccess=false])'
define(USER, {
  doc: 'A table of the privileges of users, a row each: groups, isAdmin, limits (-1 where none is set), the state of each privilege everywhere (allow, deny or none), and by privilege the objects on which it is allowed or denied. Without userIds it is about the current user; those of others are for administrators. With finalAccess=true the privileges of the groups count as well.',
  call: ([userIds, finalAccess], session) => {
    const catalog = catalogNow(session)
    const names = optionalNames(userIds, USER, 'userIds') ?? [session.user]
    if (names.some((name) => name !== session.user)) requireAdministrator(session, 'getUserAccess')
    const merged = boolArg(finalAccess, USER, 'finalAccess', false)
    const holders = names.map((name) => userHolder(catalog, name, merged))
    const unset = vectorOf(
      T.INT,
      names.map(() => -1),
    )
    return tableOfColumns([
      ['userId', stringVector(names)],
      ['groups', stringVector(names.map((name) => groupsOfUser(catalog, name).join(',')))],
      [
        'isAdmin',
        vectorOf(
          T.BOOL,
          names.map((name) => (userOf(catalog, name)?.isAdmin === true ? 1 : 0)),
        ),
      ],
      ...jobCapColumns(session, names),
      ['QUERY_RESULT_MEM_LIMIT', unset],
      ['TASK_GROUP_MEM_LIMIT', unset.slice(0, unset.length)],
      ['MAX_PARTITION_NUM_PER_QUERY', unset.slice(0, unset.length)],
      ...accessColumns(holders),
    ])
  },
})

/** Unknown where no jobs run: in a store without its command. */
function jobCapColumns(session: Session, names: readonly string[]): (readonly [string, Vector])[] {
  const caps = session.hasService(jobCapsService) ? session.service(jobCapsService)(names) : undefined
  const column = (of: (c: JobCaps) => number): Vector =>
    vectorOf(
      T.INT,
      names.map((_, k) => (caps === undefined ? NULL_I32 : of(caps[k]))),
    )
  return [
    ['MAX_JOB_PRIORITY', column((c) => c.priority)],
    ['MAX_PARALLELISM', column((c) => c.parallelism)],
  ]
}

function userHolder(catalog: CatalogReader, name: string, withGroups: boolean): Holder {
  const user = userOf(catalog, name)
  if (user === undefined) throw inputError(`The user [${name}] does not exist.`, { code: 'userMissing' })
  const names = withGroups ? [name, ...groupsOfUser(catalog, name)] : [name]
  return { name, rules: names.flatMap((n) => rulesOf(catalog, n)), isAdmin: user.isAdmin }
}

const GROUP = 'getGroupAccess(groupIds)'
define(GROUP, {
  doc: 'A table of the privileges of groups, a row each: groupName, users, and then the columns of getUserAccess from ACCESS_READ on. For administrators.',
  call: ([groupIds], session) => {
    requireAdministrator(session, 'getGroupAccess')
    const catalog = catalogNow(session)
    const groups = (optionalNames(groupIds, GROUP, 'groupIds') ?? []).map((name) => {
      const group = groupOf(catalog, name)
      if (group === undefined) throw inputError(`The group [${name}] does not exist.`, { code: 'groupMissing' })
      return group
    })
    return tableOfColumns([
      ['groupName', stringVector(groups.map((g) => g.name))],
      ['users', stringVector(groups.map((g) => g.members.join(',')))],
      ...accessColumns(groups.map((g) => ({ name: g.name, rules: rulesOf(catalog, g.name), isAdmin: false }))),
    ])
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// By object

/** A row for each user and group that a rule gives or denies one of the rights on the object, and the administrator last. */
function objectTable(
  catalog: CatalogReader,
  columns: readonly (readonly [name: string, right: Right])[],
  state: (permissions: Permissions, right: Right) => AccessState,
): Table {
  const holders: { name: string; type: string; states: string[] }[] = []
  for (const { name, rules } of accessRecordsOf(catalog)) {
    const permissions = asked({ name, rules, isAdmin: false })
    const states = columns.map(([, right]) => state(permissions, right).toUpperCase())
    if (states.every((s) => s === 'NONE')) continue
    holders.push({ name, type: groupOf(catalog, name) === undefined ? 'user' : 'group', states })
  }
  holders.push({ name: DEFAULT_USER, type: 'user', states: columns.map(() => 'ALLOW') })
  return tableOfColumns([
    ['name', stringVector(holders.map((h) => h.name))],
    ['type', stringVector(holders.map((h) => h.type))],
    ...columns.map(([name], k) => [name, stringVector(holders.map((h) => h.states[k]))] as [string, Vector]),
  ])
}

function requireManager(session: Session, db: DatabaseRecord): void {
  const { permissions } = dfsOf(session)
  // Managing is what dropping the database takes.
  if (!mayDo(permissions, 'dropDatabase', db)) throw noPrivilege(session.user, `see the privileges on ${db.url}`)
}

const DB_COLUMNS: readonly (readonly [string, Right])[] = [
  ...ROW_RIGHTS.map((right) => [`DB_${right}`, right] as const),
  ['DBOBJ_CREATE', 'DBOBJ_CREATE'],
  ['DBOBJ_DELETE', 'DBOBJ_DELETE'],
  ['DB_MANAGE', 'DB_MANAGE'],
]

const DB = 'getDBAccess(dbUrl)'
define(DB, {
  doc: 'A table of the users and groups that have, or are denied, privileges on a database: name, type (user or group), and ALLOW, DENY or NONE for DB_READ, DB_INSERT, DB_UPDATE, DB_DELETE, DBOBJ_CREATE, DBOBJ_DELETE and DB_MANAGE. For administrators and who manages the database.',
  call: ([dbUrl], session) => {
    const db = databaseArg(session, dbUrl, DB, 'dbUrl')
    requireManager(session, db)
    return objectTable(catalogNow(session), DB_COLUMNS, (p, right) => p.state(right, db.url))
  },
})

const TABLE = 'getTableAccess(dbUrl, table)'
define(TABLE, {
  doc: 'A table of the users and groups that have, or are denied, privileges on a table: name, type (user or group), and ALLOW, DENY or NONE for TABLE_READ, TABLE_INSERT, TABLE_UPDATE and TABLE_DELETE. For administrators and who manages the database.',
  call: ([dbUrl, name], session) => {
    const db = databaseArg(session, dbUrl, TABLE, 'dbUrl')
    requireManager(session, db)
    const table = tableOfDatabase(dfsOf(session).view(), db, textArg(name, TABLE, 'table'))
    return objectTable(
      catalogNow(session),
      ROW_RIGHTS.map((right) => [`TABLE_${right}`, right] as const),
      (p, right) => p.state(right, db.url, table.name),
    )
  },
})
