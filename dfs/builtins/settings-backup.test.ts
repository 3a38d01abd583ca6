import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { backupHostService } from './backup-host.ts'

const registry = createRegistry(dfsBuiltins)
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

/** Where files of backupSettings are; it outlives stores. */
let disk: MemoryFileStore
let session: Interpreter

function newStore(users: readonly string[]): void {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
    for (const name of users) w.put(keys.user(name), { name, isAdmin: false, salt: 's', hash: name })
  })
  const files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  const dfs = connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command, user) => engine.request(command, user) },
    catalog,
    files,
  })
  session.provide(backupHostService, { ...dfs.backupHost(), openSet: () => disk })
  run('db = database("dfs://db", VALUE, 1..3); db.createPartitionedTable(table(1 as k), `pt, `k)')
}

const run = (script: string): string => {
  session.user = 'admin'
  return session.display(session.run(script))
}
const column = (name: string, user: string): string => run(`getUserAccess("${user}")["${name}"]`)

beforeEach(() => {
  disk = new MemoryFileStore()
  newStore(['ann', 'bob'])
  run(
    `createGroup("g", ` +
      '`ann`bob' +
      `); grant("ann", TABLE_READ, "dfs://db/pt"); grant("g", SCRIPT_EXEC)
       grant("bob", DB_OWNER, "dfs://b*"); grant("ann", DB_READ, "dfs://db"); lockUser("bob")
       s = backupSettings("users.json")`,
  )
})

describe('backupSettings', () => {
  it('names what is in the file', () => {
    expect(run('s.users')).toBe('["admin","ann","bob"]')
    expect(run('s.groups')).toBe('["g"]')
    expect(run('size(s.functionViews)')).toBe('0')
  })
})

describe('function views', () => {
  beforeEach(() => {
    run(
      'def f(x): x + 1; addFunctionView(f); grant("ann", VIEW_EXEC, "f"); s = backupSettings("users.json"); undef("f", DEF)',
    )
  })
  it('are in the file, unless they are left out', () => {
    expect(run('s.functionViews')).toBe('["f"]')
    expect(run('backupSettings("users.json", true, false).functionViews.size()')).toBe('0')
    expect(run('backupSettings("users.json", false).users.size()')).toBe('0')
    expect(() => run('backupSettings("users.json", false, false)')).toThrow('there is nothing to write')
  })
  it('come back with who may execute them', () => {
    newStore([])
    run('restoreSettings("users.json")')
    session.user = 'admin'
    expect(run('getFunctionViews().name')).toBe('["f"]')
    expect(run('f(41)')).toBe('42')
    expect(column('VIEW_EXEC_allowed', 'ann')).toBe('["f"]')
  })
  it('of the file alone are there after overwrite; users stay when the file has none', () => {
    run('backupSettings("views.json", false); def g(x): x; addFunctionView(g); createUser("cid", "pw")')
    expect(run('restoreSettings("views.json", true)')).toBe('["f"]')
    session.user = 'admin'
    expect(run('getFunctionViews().name')).toBe('["f"]')
    expect(run('getUserList()')).toBe('["ann","bob","cid"]')
  })
})

describe('restoreSettings', () => {
  it('brings all of it to another store, and ends the login', () => {
    newStore([])
    expect(run('restoreSettings("users.json")')).toBe('["ann","bob","g"]')
    expect(session.user).toBe('guest')
    expect(run('getUsersByGroupId("g")')).toBe('["ann","bob"]')
    expect(column('DB_READ_allowed', 'ann')).toBe('["dfs://db"]')
    expect(column('DB_OWNER_allowed', 'bob')).toBe('["dfs://b*"]')
    expect(run('getGroupAccess("g")["SCRIPT_EXEC"]')).toBe('["allow"]')
    expect(() => session.run('logout()')).not.toThrow()
  })

  it('adds only what is missing', () => {
    newStore(['ann', 'cid'])
    run('deny("ann", DB_READ, "*"); createGroup("g", "cid")')
    expect(run('restoreSettings("users.json")')).toBe('["bob"]')
    expect(column('ACCESS_READ', 'ann')).toBe('["deny"]')
    expect(run('getUsersByGroupId("g")')).toBe('["cid","bob"]')
    expect(run('getGroupAccess("g")["SCRIPT_EXEC"]')).toBe('["none"]')
  })

  it('with overwrite makes the store have what the file has', () => {
    run('createUser("cid", "pw"); createGroup("h", "cid"); deny("ann", TABLE_READ, "*"); deleteGroupMember("bob", "g")')
    expect(run('restoreSettings("users.json", true)')).toBe('["admin","ann","bob","g"]')
    expect(run('getUserList()')).toBe('["ann","bob"]')
    expect(run('getGroupList()')).toBe('["g"]')
    expect(run('getUsersByGroupId("g")')).toBe('["ann","bob"]')
    expect(column('ACCESS_READ', 'ann')).toBe('["none"]')
    expect(column('DB_READ_allowed', 'ann')).toBe('["dfs://db"]')
  })

  it('leaves out privileges on what does not exist', () => {
    run('dropTable(db, `pt); restoreSettings("users.json", true)')
    expect(column('TABLE_READ_allowed', 'ann')).toBe('[]')
    expect(column('DB_READ_allowed', 'ann')).toBe('["dfs://db"]')
  })

  it.each([
    ['a flipped character', (t: string) => t.replace('"isAdmin": false', '"isAdmin": true'), 'is damaged'],
    ['half of it', (t: string) => t.slice(0, t.length / 2), 'is no file of backupSettings'],
    ['another file', () => '{}', 'is no file of backupSettings'],
    ['a newer version', (t: string) => t.replace('"version": 1', '"version": 2'), 'has version 2'],
  ])('refuses %s, and changes nothing', (_, damage, message) => {
    const text = Buffer.from(disk.readFile('users.json')).toString()
    disk.writeFileAtomic('users.json', damage(text))
    expect(() => run('restoreSettings("users.json", true)')).toThrow(message)
    expect(run('getUserList()')).toBe('["ann","bob"]')
  })

  it('and backupSettings are for administrators', () => {
    session.user = 'ann'
    for (const script of ['backupSettings("x")', 'restoreSettings("users.json")'])
      expect(() => session.run(script)).toThrow('<NoPrivilege>')
    expect(() => run('backupSettings("x", false, false)')).toThrow('there is nothing to write')
    expect(() => run('restoreSettings("nowhere")')).toThrow(/nowhere/)
  })
})
