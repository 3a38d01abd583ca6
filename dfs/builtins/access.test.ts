/** Who may do what, as scripts meet it: refused without the privilege, done with it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins, jobCapsService } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

const registry = createRegistry(dfsBuiltins)
let session: Interpreter
let engine: Engine

/** Users without a password that anybody knows: hashing takes most of the time of a test. */
beforeEach(() => {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
    for (const name of ['u1', 'u2', 'dora', 'tom']) w.put(keys.user(name), { name, isAdmin: false, salt: '', hash: '' })
    w.put(keys.user('root'), { name: 'root', isAdmin: true, salt: '', hash: '' })
  })
  const files = new MemoryFileStore()
  engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command, user) => engine.request(command, user) },
    catalog,
    files,
  })
  as('admin', 'grant("dora", DB_OWNER, "dfs://d*"); grant("tom", DBOBJ_CREATE, "*")')
  as(
    'dora',
    `db = database("dfs://db", COMPO, [database("", VALUE, 1..3), database("", RANGE, 0 50 100)])
     t = table(1 1 2 2 as k, 10 60 10 60 as v)
     db.createPartitionedTable(t, \`mine, \`k\`v).append!(t)`,
  )
  as('tom', 'database("dfs://db").createPartitionedTable(t, `pt, `k`v).append!(t)')
})

function as(user: string, script: string): void {
  session.user = user
  session.run(script)
}
function show(user: string, script: string): string {
  session.user = user
  return session.display(session.run(script))
}
function fails(user: string, script: string): string {
  session.user = user
  try {
    session.run(script)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

const PT = 'loadTable("dfs://db", "pt")'
const NO_READ = '<NoPrivilege>Not granted to read table dfs://db/pt'

/** What is done, what is enough (each alone), and how it is refused. */
const OPERATIONS: readonly (readonly [what: string, script: string, enough: readonly string[], refusal: string])[] = [
  [
    'creates a database',
    'database("dfs://x", VALUE, 1..3)',
    ['DB_OWNER', 'DB_OWNER, "*"', 'DB_OWNER, "dfs://x*"', 'DB_OWNER, ["dfs://a*", "dfs://x*"]'],
    'create or delete databases',
  ],
  [
    'creates a database by a statement',
    'create database "dfs://x" partitioned by VALUE(1..3)',
    ['DB_OWNER'],
    'create or delete databases',
  ],
  [
    'drops a database',
    'dropDatabase("dfs://db")',
    ['DB_MANAGE, "dfs://db"', 'DB_MANAGE'],
    'create or delete databases',
  ],
  [
    'creates a table',
    'database("dfs://db").createPartitionedTable(t, `new, `k`v)',
    ['DB_MANAGE, "dfs://db"', 'DBOBJ_CREATE, "dfs://db"'],
    'create tables in dfs://db',
  ],
  [
    'creates a dimension table',
    'createTable(database("dfs://db"), t, `new)',
    ['DBOBJ_CREATE, "*"'],
    'create tables in dfs://db',
  ],
  [
    'drops a table',
    'dropTable(database("dfs://db"), `pt)',
    ['DB_MANAGE, "dfs://db"', 'DBOBJ_DELETE, "dfs://db"'],
    'delete tables of dfs://db',
  ],
  ['drops a table by a statement', 'drop table "dfs://db"."pt"', ['DBOBJ_DELETE, "*"'], 'delete tables of dfs://db'],
  [
    'adds values',
    'addValuePartitions(database("dfs://db"), 9 10)',
    ['DB_MANAGE, "dfs://db"'],
    'add partitions to dfs://db',
  ],
  [
    'adds ranges',
    'addRangePartitions(database("dfs://db"), 100 150, 1)',
    ['DB_MANAGE, "*"'],
    'add partitions to dfs://db',
  ],
  [
    'drops a partition',
    'dropPartition(database("dfs://db"), "/1/0_50", `pt)',
    ['DB_MANAGE, "dfs://db"', 'DB_DELETE, "dfs://db"', 'TABLE_DELETE, "*"'],
    'delete partitions of dfs://db',
  ],
  [
    'truncates',
    'truncate("dfs://db", `pt)',
    ['TABLE_DELETE, "dfs://db/pt"', 'TABLE_WRITE, "dfs://db/pt"', 'DB_DELETE, "dfs://db"', 'DB_WRITE, "dfs://db"'],
    'write table dfs://db/pt',
  ],
  [
    'reads',
    `select count(*) from ${PT}`,
    ['TABLE_READ, "dfs://db/pt"', 'TABLE_READ, "*"', 'DB_READ, "dfs://db"'],
    'read table dfs://db/pt',
  ],
  [
    'appends',
    `${PT}.append!(t)`,
    ['TABLE_INSERT, "dfs://db/pt"', 'TABLE_WRITE, "dfs://db/pt"', 'DB_INSERT, "dfs://db"', 'DB_WRITE, "*"'],
    'write table dfs://db/pt',
  ],
  ['inserts', `tableInsert(${PT}, t)`, ['TABLE_INSERT, ["dfs://db/pt", "dfs://db/mine"]'], 'write table dfs://db/pt'],
]

describe('a user', () => {
  const cases = OPERATIONS.flatMap(([what, script, enough, refusal]) =>
    enough.map((privilege) => [what, privilege, script, refusal] as const),
  )
  it.each(cases)('%s with %s, and not without', (_, privilege, script, refusal) => {
    expect(fails('u1', script)).toBe(`<NoPrivilege>Not granted to ${refusal}`)
    expect(fails('guest', script)).toBe(`<NoPrivilege>Not granted to ${refusal}`)
    as('admin', `grant("u1", ${privilege})`)
    expect(fails('u2', script)).toBe(`<NoPrivilege>Not granted to ${refusal}`)
    expect(fails('u1', script)).toBe('no error')
  })

  it('does anything as an administrator, and has what a group has', () => {
    for (const [, script] of OPERATIONS.slice(7, 14)) expect(fails('root', script)).not.toContain('<NoPrivilege>')
    as('admin', 'createGroup("readers", "u1"); grant("readers", DB_READ, "dfs://db")')
    expect(show('u1', `exec count(*) from ${PT}`)).toBe('8')
    as('admin', 'deleteGroupMember("u1", "readers")')
    expect(fails('u1', `select * from ${PT}`)).toBe(NO_READ)
    as('admin', 'addGroupMember("u1", "readers"); deny("u1", TABLE_READ, "dfs://db/pt")')
    expect(fails('u1', `select * from ${PT}`)).toBe(NO_READ)
    expect(show('u1', 'exec count(*) from loadTable("dfs://db", "mine")')).toBe('4')
  })

  it('who owns the database renames a table of somebody else only with the right to read it', () => {
    const rename = 'renameTable(database("dfs://db"), `pt, `pt9)'
    expect(fails('u1', rename)).toBe('<NoPrivilege>Not granted to change tables of dfs://db')
    expect(fails('dora', rename)).toBe(NO_READ)
    as('dora', 'grant("dora", TABLE_READ, "dfs://db/pt"); grant("u1", TABLE_READ, "dfs://db/pt")')
    expect(fails('dora', rename)).toBe('no error')
    expect(show('u1', 'exec count(*) from loadTable("dfs://db", "pt9")')).toBe('4')
  })

  it('reads and writes tables that the user made', () => {
    expect(show('tom', `${PT}.append!(t); exec count(*) from ${PT}`)).toBe('8')
    expect(fails('tom', 'select * from loadTable("dfs://db", "mine")')).toContain('Not granted to read')
    as('admin', 'deny("tom", TABLE_INSERT, "dfs://db/pt")')
    expect(fails('tom', `${PT}.append!(t)`)).toBe('<NoPrivilege>Not granted to write table dfs://db/pt')
  })

  it('sees the databases and tables that the user has something to do with', () => {
    as('admin', 'database("dfs://secret", VALUE, 1..3).createTable(t, `s)')
    expect(show('admin', 'getDFSDatabases()')).toBe('["dfs://db","dfs://secret"]')
    expect(show('u1', 'size(getDFSDatabases())')).toBe('0')
    expect(show('dora', 'getDFSDatabases()')).toBe('["dfs://db"]')
    expect(show('tom', 'getClusterDFSTables()')).toBe('["dfs://db/pt"]')
    as('admin', 'grant("u1", TABLE_READ, "dfs://secret/s")')
    expect(show('u1', 'getClusterDFSDatabases()')).toBe('["dfs://secret"]')
    expect(show('u1', 'getDFSTablesByDatabase("dfs://db")')).toBe('[]')
    expect(show('u1', 'keys(getAllDBs())')).toBe('["dfs://secret"]')
  })

  it('has scripts run with SCRIPT_EXEC', () => {
    expect(fails('guest', 'runScript("1+1")')).toContain('please log in first')
    expect(fails('u1', 'runScript("1+1")')).toBe('<NoPrivilege>Not granted to call runScript')
    expect(fails('u1', 'run("/nowhere.dos")')).toBe('<NoPrivilege>Not granted to call run')
    as('admin', 'grant("u1", SCRIPT_EXEC)')
    expect(show('u1', 'runScript("1+1")')).toBe('2')
  })
})

describe('privileges', () => {
  it('follow the example of the documentation', () => {
    as('admin', 'grant("u1", TABLE_READ, "dfs://db/pt")')
    expect(show('u1', `exec count(*) from ${PT}`)).toBe('4')
    expect(fails('u1', `${PT}.append!(t)`)).toBe('<NoPrivilege>Not granted to write table dfs://db/pt')
  })

  it('go with a table, a database and a user', () => {
    as('admin', 'grant("u1", TABLE_READ, ["dfs://db/pt", "dfs://db/mine"]); grant("u1", DB_MANAGE, "dfs://db")')
    as('admin', 'dropTable(database("dfs://db"), `pt); database("dfs://db").createPartitionedTable(t, `pt, `k`v)')
    expect(fails('u1', `select * from ${PT}`)).toBe(NO_READ)
    expect(show('u1', 'exec count(*) from loadTable("dfs://db", "mine")')).toBe('4')
    as('admin', 'dropDatabase("dfs://db"); db = database("dfs://db", VALUE, 1..3); createTable(db, t, `mine)')
    expect(fails('u1', 'select * from loadTable("dfs://db", "mine")')).toContain('Not granted to read')
    expect(fails('u1', 'dropDatabase("dfs://db")')).toContain('Not granted')
  })

  it('of a deleted user, and what the user owned, do not come to the next one of the name', () => {
    as('admin', 'createGroup("g", "tom"); deleteUser("tom"); createUser("tom", "pw")')
    expect(fails('tom', `select * from ${PT}`)).toBe(NO_READ)
    expect(show('admin', `schema(${PT}).tableOwner`)).toBe('admin')
    expect(show('admin', 'size(getUsersByGroupId("g"))')).toBe('0')
    expect(fails('tom', 'database("dfs://db").createPartitionedTable(t, `pt2, `k`v)')).toContain('Not granted')
  })

  it.each([
    ['u1', 'grant("u2", TABLE_READ, "dfs://db/pt")', 'S04005'],
    [
      'u1',
      'grant("u2", SCRIPT_EXEC)',
      'Non-admin users cannot grant the SCRIPT_EXEC privilege. Contact the administrator. RefId: S04004',
    ],
    ['dora', 'revoke("u2", DB_MANAGE, "dfs://db")', 'Non-admin users cannot revoke the DB_MANAGE privilege.'],
    ['dora', 'grant("u2", TABLE_READ, "*")', 'S04005'],
    ['guest', 'grant("u2", TABLE_READ, "dfs://db/pt")', 'S04005'],
    ['dora', 'grant("u2", TABLE_READ, "dfs://db/pt")', 'no error'],
    ['dora', 'deny("u2", DBOBJ_CREATE, "dfs://db")', 'no error'],
    ['admin', 'grant("u1", DB_READ, "dfs://nope")', 'The database [dfs://nope] does not exist. RefId: S04001'],
    ['admin', 'grant("u1", TABLE_READ, "dfs://db/nope")', 'The table [dfs://db/nope] does not exist. RefId: S04001'],
    ['admin', 'grant("u1", TABLE_READ, "dfs://db")', 'The table [dfs://db] does not exist. RefId: S04001'],
    ['admin', 'grant("u1", TABLE_READ, ["dfs://db/pt", "dfs://db/nope"])', 'S04001'],
    ['admin', 'grant("u1", VIEW_EXEC, "f")', 'The function view [f] does not exist. RefId: S04002'],
    ['admin', 'grant("u1", DB_OWNER, "dfs://db")', "begins with 'dfs://' and ends with '*'"],
    ['admin', 'deny("u1", DB_OWNER, "dfs://d*")', 'DB_OWNER can be denied everywhere only'],
    [
      'admin',
      'deny("u1", TABLE_READ, "*"); grant("u1", TABLE_READ, "dfs://db/pt")',
      'Invalid grant: grant [dfs://db/pt] and [deny *] are in conflict',
    ],
    ['admin', 'grant("nobody", SCRIPT_EXEC)', 'The user or group [nobody] does not exist.'],
    ['admin', 'grant("u1", TABLE_READ)', 'objs is required for TABLE_READ'],
    ['admin', 'grant("u1", SCRIPT_EXEC, "x")', 'SCRIPT_EXEC has no objs'],
    ['admin', 'grant("u1", "READ", "*")', 'accessType must be one of TABLE_READ'],
    ['admin', 'grant("u1", TABLE_READ, "trades")', 'shared table [trades] is not supported'],
    ['admin', 'grant("u1", QUERY_RESULT_MEM_LIMIT, 4)', 'not supported by this release'],
    ['admin', 'deny("admin", TABLE_READ, "*")', "can't be changed"],
    ['admin', 'grant("admin", TABLE_READ, "*")', 'no error'],
  ])('as %s, %s: %s', (user, script, message) => {
    expect(fails(user, script)).toContain(message)
  })

  it('that fail for one object change nothing', () => {
    fails('admin', 'grant("u1", TABLE_READ, ["dfs://db/pt", "dfs://db/nope"])')
    expect(fails('u1', `select * from ${PT}`)).toBe(NO_READ)
  })
})

describe('users and groups', () => {
  it('are made, listed and removed', () => {
    as('admin', 'createGroup("g1"); createGroup("g2", `u1`u2); createUser("neu", "pw", `g1`g2)')
    expect(show('admin', 'getGroupList()')).toBe('["g1","g2"]')
    expect(show('admin', 'getUsersByGroupId("g2")')).toBe('["u1","u2","neu"]')
    expect(show('admin', 'getGroupsByUserId("neu")')).toBe('["g1","g2"]')
    as('admin', 'addGroupMember(`u1`u2, "g1"); deleteGroupMember("neu", `g1`g2); deleteGroup("g2")')
    expect(show('admin', 'getUsersByGroupId("g1")')).toBe('["u1","u2"]')
    expect(show('admin', 'getUserList()')).toBe('["dora","neu","root","tom","u1","u2"]')
  })

  it.each([
    ['createGroup("u1")', 'The user [u1] already exists.'],
    ['createGroup("g"); createGroup("g")', 'The group [g] already exists.'],
    ['createGroup("g"); createUser("g", "pw")', 'The group [g] already exists.'],
    ['createGroup("g", "nobody")', 'The user [nobody] does not exist.'],
    ['createGroup("1g")', 'not a valid group name'],
    ['createUser("u1", "pw")', 'The user [u1] already exists.'],
    ['createUser("new", "pw", "nope")', 'The group [nope] does not exist.'],
    ['createUser("new", "p w")', 'must not contain blanks'],
    ['addGroupMember("u1", "nope")', 'The group [nope] does not exist.'],
    ['addGroupMember(`u1`u2, `a`b)', "can't both be vectors"],
    ['deleteUser("nobody")', 'The user [nobody] does not exist.'],
    ['deleteUser("admin")', "can't be deleted"],
    ['lockUser("admin")', "can't be locked"],
    ['resetPwd("nobody", "pw")', 'The user [nobody] does not exist.'],
  ])('%s: %s', (script, message) => {
    expect(fails('admin', script)).toContain(message)
  })

  it.each([
    'createUser("x", "pw")',
    'deleteUser("u2")',
    'createGroup("x")',
    'deleteGroup("x")',
    'addGroupMember("u1", "x")',
    'deleteGroupMember("u1", "x")',
    'resetPwd("u2", "pw")',
    'lockUser("u2")',
    'unlockUser("u2")',
    'getUserList()',
    'getGroupList()',
    'getUsersByGroupId("x")',
    'getGroupsByUserId("u1")',
    'getGroupAccess("x")',
    'getUserAccess("u2")',
    'getDBAccess("dfs://db")',
    'getTableAccess("dfs://db", "pt")',
  ])('%s is not for everybody', (script) => {
    for (const user of ['u1', 'guest']) expect(fails(user, script)).toContain('<NoPrivilege>')
  })

  it('that are locked can not log in, and have no rights in sessions that are open', () => {
    as('admin', 'resetPwd("dora", "pw"); lockUser("dora")')
    expect(fails('guest', 'login("dora", "pw")')).toBe('The user [dora] is locked.')
    expect(fails('guest', 'login("dora", "wrong")')).toBe('The user name or password is incorrect')
    expect(fails('dora', 'dropDatabase("dfs://db")')).toContain('<NoPrivilege>')
    as('admin', 'unlockUser("dora")')
    expect(fails('guest', 'login("dora", "pw")')).toBe('no error')
  })
})

describe('tables of privileges', () => {
  beforeEach(() => {
    as(
      'admin',
      `createGroup("g", "u1"); grant("u1", TABLE_READ, ["dfs://db/pt", "dfs://db/mine"]); deny("g", TABLE_READ, "dfs://db/mine")
       grant("g", DB_INSERT, "dfs://db"); deny("u2", DB_INSERT, "dfs://db"); grant("u1", SCRIPT_EXEC); grant("g", DBOBJ_CREATE, "*")`,
    )
  })

  it('are of users, with or without their groups', () => {
    const row = (script: string, column: string) => show('admin', `${script}["${column}"]`)
    expect(row('getUserAccess("u1")', 'TABLE_READ_allowed')).toBe('["dfs://db/pt,dfs://db/mine"]')
    expect(row('getUserAccess("u1")', 'DBOBJ_CREATE')).toBe('["none"]')
    expect(row('getUserAccess("u1", true)', 'TABLE_READ_allowed')).toBe('["dfs://db/pt"]')
    expect(row('getUserAccess("u1", true)', 'TABLE_READ_denied')).toBe('["dfs://db/mine"]')
    expect(row('getUserAccess("u1", true)', 'DBOBJ_CREATE')).toBe('["allow"]')
    expect(row('getUserAccess(`u1`dora)', 'DB_OWNER_allowed')).toBe('[,"dfs://d*"]')
    expect(row('getUserAccess(`u1`u2`root)', 'SCRIPT_EXEC')).toBe('["allow","none","allow"]')
    expect(row('getUserAccess(`u1`root)', 'isAdmin')).toBe('[false,true]')
    expect(row('getUserAccess("u1")', 'groups')).toBe('["g"]')
    expect(show('u1', 'exec userId from getUserAccess()')).toBe('["u1"]')
    expect(show('u1', 'isNull(getUserAccess()["MAX_JOB_PRIORITY"])')).toBe('[true]')
    session.provide(jobCapsService, (users) => users.map(() => ({ priority: 3, parallelism: 8 })))
    expect(show('u1', 'getUserAccess()["MAX_JOB_PRIORITY"]')).toBe('[3]')
    expect(show('u1', 'getUserAccess()["QUERY_RESULT_MEM_LIMIT"]')).toBe('[-1]')
  })

  it('are of groups', () => {
    expect(show('admin', 'getGroupAccess("g").users')).toBe('["u1"]')
    expect(show('admin', 'getGroupAccess("g").DB_INSERT_allowed')).toBe('["dfs://db"]')
    expect(show('admin', 'getGroupAccess("g")["DBOBJ_CREATE"]')).toBe('["allow"]')
    expect(fails('admin', 'getGroupAccess("nope")')).toContain('does not exist')
  })

  it('are of a database and of a table, for who manages it', () => {
    expect(show('dora', 'a = getDBAccess("dfs://db"); a.name + ":" + a["DB_INSERT"] + ":" + a["DBOBJ_CREATE"]')).toBe(
      '["g:ALLOW:ALLOW","tom:NONE:ALLOW","u2:DENY:NONE","admin:ALLOW:ALLOW"]',
    )
    expect(show('dora', 'a = getTableAccess("dfs://db", "pt"); a.name + ":" + a.type + ":" + a["TABLE_READ"]')).toBe(
      '["g:group:NONE","u1:user:ALLOW","u2:user:NONE","admin:user:ALLOW"]',
    )
    expect(fails('dora', 'getTableAccess("dfs://db", "nope")')).toContain('does not exist')
  })
})
