/** The table of section 9.9 of the specification: refused without, allowed with each privilege that is enough. */
import { describe, expect, it } from 'vitest'
import { mayCreateDatabase, mayDo, type Operation, requireOperation } from './operations.ts'
import { Permissions } from './permissions.ts'
import { ACCESS_TYPES, type Scope } from './rights.ts'
import { type AccessRule, changeRules } from './rules.ts'

const DB = { url: 'dfs://db', owner: 'dora' }
const PT = { name: 'pt', owner: 'tom' }

const SCOPES: Readonly<Record<string, Scope>> = {
  '*': { kind: 'all' },
  db: { kind: 'database', db: DB.url },
  pt: { kind: 'table', db: DB.url, table: PT.name },
  other: { kind: 'database', db: 'dfs://other' },
  otherTable: { kind: 'table', db: DB.url, table: 'pt2' },
}

/** `DB_MANAGE db, -TABLE_READ pt`; a minus denies. */
function withPrivileges(text: string, user = 'eve'): Permissions {
  let rules: readonly AccessRule[] = []
  for (const part of text.split(', ').filter((p) => p !== '')) {
    const [name, scope] = part.replace(/^-/, '').split(' ')
    for (const right of ACCESS_TYPES.get(name)!.rights)
      rules = changeRules(rules, part.startsWith('-') ? 'deny' : 'grant', right, SCOPES[scope ?? '*'])
  }
  return new Permissions({ user, isActive: true, isAdmin: user === 'admin', rules })
}

interface Row {
  readonly operation: Operation
  readonly enough: readonly string[]
  readonly notEnough: readonly string[]
  readonly owners: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    operation: 'dropDatabase',
    enough: ['DB_MANAGE db', 'DB_MANAGE *'],
    notEnough: ['DBOBJ_DELETE db', 'DB_WRITE db', 'DB_OWNER', 'DB_MANAGE other', 'DB_MANAGE *, -DB_MANAGE db'],
    owners: ['dora'],
  },
  {
    operation: 'createTable',
    enough: ['DB_MANAGE db', 'DBOBJ_CREATE db', 'DBOBJ_CREATE *'],
    notEnough: ['DBOBJ_DELETE db', 'DB_WRITE db', 'DB_OWNER', 'DBOBJ_CREATE other'],
    owners: ['dora'],
  },
  {
    operation: 'dropTable',
    enough: ['DB_MANAGE db', 'DBOBJ_DELETE db', 'DBOBJ_DELETE *'],
    notEnough: ['DBOBJ_CREATE db', 'DB_DELETE db', 'TABLE_WRITE pt', 'DB_OWNER'],
    owners: ['dora'],
  },
  {
    operation: 'alterTable',
    enough: [
      'DB_MANAGE db, TABLE_READ pt',
      'DB_MANAGE db, DB_READ db',
      'DBOBJ_CREATE db, TABLE_READ pt',
      'DBOBJ_CREATE *, TABLE_READ *',
    ],
    notEnough: ['DB_MANAGE db', 'DBOBJ_CREATE db', 'TABLE_READ pt', 'DBOBJ_DELETE db, TABLE_READ pt'],
    owners: [],
  },
  {
    operation: 'dropColumns',
    enough: ['DB_MANAGE db, TABLE_READ pt', 'DBOBJ_DELETE db, TABLE_READ pt'],
    notEnough: ['DB_MANAGE db', 'DBOBJ_DELETE db', 'DBOBJ_CREATE db, TABLE_READ pt'],
    owners: [],
  },
  {
    operation: 'addPartitions',
    enough: ['DB_MANAGE db', 'DB_MANAGE *'],
    notEnough: ['DBOBJ_CREATE db', 'DB_INSERT db', 'DB_OWNER'],
    owners: ['dora'],
  },
  {
    operation: 'changeDatabase',
    enough: ['DB_MANAGE db', 'DB_MANAGE *'],
    notEnough: ['DBOBJ_CREATE db', 'DB_WRITE db', 'DB_OWNER'],
    owners: ['dora'],
  },
  {
    operation: 'dropPartition',
    enough: ['DB_MANAGE db', 'DB_DELETE db', 'DB_WRITE db', 'TABLE_DELETE *'],
    notEnough: ['TABLE_DELETE pt', 'TABLE_WRITE pt', 'DBOBJ_DELETE db', 'DB_DELETE db, -TABLE_DELETE pt'],
    owners: ['dora'],
  },
  {
    operation: 'dropPartitionValues',
    enough: ['DB_MANAGE db'],
    notEnough: ['DB_DELETE db', 'TABLE_DELETE *'],
    owners: ['dora'],
  },
  {
    operation: 'read',
    enough: ['TABLE_READ pt', 'TABLE_READ *', 'DB_READ db', 'DB_READ *'],
    notEnough: ['TABLE_WRITE pt', 'DB_MANAGE db', 'TABLE_READ otherTable', 'DB_READ db, -TABLE_READ pt'],
    owners: ['tom'],
  },
  {
    operation: 'write',
    enough: ['TABLE_INSERT pt', 'TABLE_WRITE pt', 'TABLE_WRITE *', 'DB_INSERT db', 'DB_WRITE db'],
    notEnough: [
      'TABLE_READ pt',
      'TABLE_UPDATE pt',
      'TABLE_DELETE pt',
      'DB_MANAGE db',
      'DB_INSERT db, -TABLE_INSERT pt',
    ],
    owners: ['tom'],
  },
  {
    operation: 'update',
    enough: ['TABLE_UPDATE pt', 'TABLE_WRITE pt', 'DB_UPDATE db', 'DB_WRITE *'],
    notEnough: ['TABLE_INSERT pt', 'TABLE_DELETE pt', 'DB_MANAGE db'],
    owners: ['tom'],
  },
  {
    operation: 'delete',
    enough: ['TABLE_DELETE pt', 'TABLE_WRITE pt', 'DB_DELETE db', 'DB_WRITE db'],
    notEnough: ['TABLE_INSERT pt', 'TABLE_UPDATE pt', 'DB_MANAGE db'],
    owners: ['tom'],
  },
  {
    operation: 'restore',
    enough: ['DB_MANAGE db', 'TABLE_WRITE pt', 'TABLE_INSERT pt, TABLE_DELETE pt', 'DB_WRITE db'],
    notEnough: ['TABLE_INSERT pt', 'TABLE_DELETE pt', 'TABLE_READ pt', 'TABLE_WRITE pt, -TABLE_DELETE pt'],
    owners: ['dora', 'tom'],
  },
]

describe.each(ROWS)('$operation', ({ operation, enough, notEnough, owners }) => {
  it.each(enough)('is allowed with %s', (privileges) => {
    expect(mayDo(withPrivileges(privileges), operation, DB, PT)).toBe(true)
  })
  it.each(['', ...notEnough])('is refused with nothing but [%s]', (privileges) => {
    expect(mayDo(withPrivileges(privileges), operation, DB, PT)).toBe(false)
  })
  it('is for administrators and for owners', () => {
    expect(mayDo(withPrivileges('', 'admin'), operation, DB, PT)).toBe(true)
    expect(['dora', 'tom'].filter((user) => mayDo(withPrivileges('', user), operation, DB, PT))).toEqual(owners)
  })
  it('is not for guests, whoever seems to own it', () => {
    const guest = new Permissions({ user: 'guest', isActive: false, isAdmin: false, rules: [] })
    expect(mayDo(guest, operation, { ...DB, owner: 'guest' }, { ...PT, owner: 'guest' })).toBe(false)
  })
})

describe('databases', () => {
  it.each([
    ['', false],
    ['DB_MANAGE', false],
    ['DBOBJ_CREATE', false],
    ['DB_OWNER', true],
    ['-DB_OWNER', false],
  ])('are created with [%s]: %s', (privileges, allowed) => {
    expect(mayCreateDatabase(withPrivileges(privileges), 'dfs://new')).toBe(allowed)
  })
  it("are nobody's own any more when owning is denied", () => {
    expect(mayDo(withPrivileges('-DB_OWNER', 'dora'), 'dropDatabase', DB)).toBe(false)
  })
})

describe('a refusal', () => {
  it.each([
    ['read', '<NoPrivilege>Not granted to read table dfs://db/pt'],
    ['write', '<NoPrivilege>Not granted to write table dfs://db/pt'],
    ['dropDatabase', '<NoPrivilege>Not granted to create or delete databases'],
    ['createTable', '<NoPrivilege>Not granted to create tables in dfs://db'],
    ['dropTable', '<NoPrivilege>Not granted to delete tables of dfs://db'],
  ] as const)('to %s says %s', (operation, message) => {
    expect(() => requireOperation(withPrivileges(''), operation, DB, PT)).toThrow(message)
  })
  it('names the right to read where only that is missing to change a table', () => {
    expect(() => requireOperation(withPrivileges('', 'dora'), 'alterTable', DB, PT)).toThrow(
      '<NoPrivilege>Not granted to read table dfs://db/pt',
    )
    expect(() => requireOperation(withPrivileges(''), 'alterTable', DB, PT)).toThrow(/change tables of dfs:\/\/db/)
  })
  it('does not hold for an owner who is denied the rows', () => {
    expect(mayDo(withPrivileges('-TABLE_READ pt', 'tom'), 'read', DB, PT)).toBe(false)
  })
})
