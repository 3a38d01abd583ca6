/** Backups and restores by users who may, and who may not. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { backupHostService } from './backup-host.ts'

const registry = createRegistry(dfsBuiltins)
let session: Interpreter

beforeEach(() => {
  const catalog = new MemoryCatalogStore()
  const files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  catalog.transaction((w) => {
    for (const name of ['u1', 'dora', 'tom']) w.put(keys.user(name), { name, isAdmin: false, salt: '', hash: '' })
  })
  session = createInterpreter({ registry, print: () => {} })
  const dfs = connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command, user) => engine.request(command, user) },
    catalog,
    files,
  })
  const sets = new Map<string, MemoryFileStore>()
  session.provide(backupHostService, {
    ...dfs.backupHost(),
    openSet: (folder) => sets.get(folder) ?? sets.set(folder, new MemoryFileStore()).get(folder)!,
  })
  as('admin', 'grant("dora", DB_OWNER, "dfs://d*"); grant("tom", DBOBJ_CREATE, "*")')
  as(
    'dora',
    `db = database("dfs://db", VALUE, 1..3); t = table(1 2 2 3 as k, 1..4 as v)
     db.createPartitionedTable(t, \`mine, \`k).append!(t)`,
  )
  as('tom', 'database("dfs://db").createPartitionedTable(t, `pt, `k).append!(t)')
  as('admin', 'backupDB("/b", "dfs://db")')
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

const NO_READ = '<NoPrivilege>Not granted to read table dfs://db/pt'
const NO_BACKUP = '<NoPrivilege>Not granted to read the backup of table dfs://db/pt'

describe('a backup', () => {
  it('takes the right to read every table that it copies', () => {
    expect(fails('dora', 'backupDB("/c", "dfs://db")')).toBe(NO_READ)
    expect(fails('dora', 'backup("/c", "dfs://db", false, , , `pt)')).toBe(NO_READ)
    expect(show('dora', 'backupTable("/c", "dfs://db", "mine")')).toBe('3')
    expect(show('tom', 'backupTable("/c", "dfs://db", "pt")')).toBe('3')
    as('dora', 'grant("dora", DB_READ, "dfs://db")')
    expect(show('dora', 'backupDB("/d", "dfs://db")')).toBe('6')
  })

  it('shows what it holds to who may read the table', () => {
    const meta = 'getBackupMeta("/b", "dfs://db", "/1", "pt")'
    expect(fails('u1', meta)).toBe(NO_BACKUP)
    expect(fails('u1', 'loadBackup("/b", "dfs://db", "/1", "pt")')).toBe(NO_BACKUP)
    expect(show('tom', `${meta}.rows`)).toBe('1')
  })
})

describe('a backup of a query', () => {
  const QUERY = '<select * from loadTable("dfs://db", "pt")>'
  it('takes the right to read the table', () => {
    // What loadTable gives an administrator, others may not use either.
    as('admin', 'pt = loadTable("dfs://db", "pt")')
    expect(fails('dora', 'backup("/q", <select * from pt>)')).toBe(NO_READ)
    expect(show('tom', `backup("/q", ${QUERY})`)).toBe('3')
    expect(fails('guest', `backup("/q", ${QUERY})`)).toMatch(/please log in first|NoPrivilege/)
  })
  it('shows its rows to who may read the table, and is restored by who may write it', () => {
    as('tom', `backup("/q", ${QUERY}, true)`)
    expect(fails('u1', 'loadBackup("/q", "dfs://db", "/1", "pt")')).toBe(NO_BACKUP)
    expect(fails('u1', 'restore("/q", "dfs://db", "pt", "%", true)')).toContain('Not granted to restore table')
    expect(show('tom', 'exec v from loadBackup("/q", "dfs://db", "/1", "pt")')).toBe('[1]')
    expect(show('tom', 'size(restore("/q", "dfs://db", "pt", "%", true))')).toBe('3')
    as('admin', 'grant("u1", TABLE_WRITE, "dfs://db/mine")')
    expect(fails('u1', 'restore("/q", "dfs://db", "pt", "%", true, loadTable("dfs://db", "mine"))')).toContain(
      'NoPrivilege',
    )
  })
})

describe('a restore', () => {
  const IN_PLACE = 'restore("/b", "dfs://db", "pt", "%", true)'

  it.each([
    ['tom', 'no error'],
    ['dora', 'no error'],
    ['u1', '<NoPrivilege>Not granted to restore table dfs://db/pt'],
  ])('into the table by %s: %s', (user, message) => {
    expect(fails(user, IN_PLACE)).toBe(message)
    expect(fails(user, 'restoreTable("/b", "dfs://db", "pt")')).toBe(message)
  })

  it.each(['TABLE_WRITE, "dfs://db/pt"', 'DB_MANAGE, "dfs://db"'])('into the table with %s', (privilege) => {
    as('admin', `grant("u1", ${privilege})`)
    expect(fails('u1', IN_PLACE)).toBe('no error')
  })

  it("of somebody else's table under another name takes the right to read it", () => {
    as('admin', 'grant("u1", DBOBJ_CREATE, "dfs://db")')
    const copy = 'restoreTable("/b", "dfs://db", "pt", , "copy")'
    expect(fails('u1', copy)).toBe(NO_BACKUP)
    as('dora', 'grant("u1", TABLE_READ, "dfs://db/pt")')
    expect(fails('u1', copy)).toBe('no error')
    expect(show('u1', 'exec count(*) from loadTable("dfs://db", "copy")')).toBe('4')
    expect(show('u1', 'schema(loadTable("dfs://db", "copy")).tableOwner')).toBe('u1')
  })

  it('of a table that is gone is for who could have had it dropped, not for who may only create tables', () => {
    as('admin', 'grant("u1", DBOBJ_CREATE, "dfs://db"); dropTable(database("dfs://db"), `pt)')
    expect(fails('u1', 'restoreTable("/b", "dfs://db", "pt")')).toBe(NO_BACKUP)
    expect(fails('dora', 'restoreTable("/b", "dfs://db", "pt")')).toBe('no error')
  })

  it('that creates the database takes DB_OWNER for its name', () => {
    as('admin', 'grant("u1", DB_OWNER, "dfs://mine*"); grant("u1", DB_READ, "dfs://db")')
    const refused = '<NoPrivilege>Not granted to create or delete databases'
    expect(fails('u1', 'restoreDB("/b", "dfs://db", "dfs://else")')).toBe(refused)
    expect(fails('u1', 'restoreDB("/b", "dfs://db", "dfs://mine1")')).toBe('no error')
    expect(show('u1', 'schema(database("dfs://mine1")).databaseOwner')).toBe('u1')
    as('admin', 'dropDatabase("dfs://db")')
    expect(show('u1', 'exec errorMsg from migrate("/b")')).toBe(`["${refused}","${refused}"]`)
    expect(show('dora', 'exec success from migrate("/b")')).toBe('[true,true]')
    expect(show('dora', 'schema(database("dfs://db")).databaseOwner')).toBe('dora')
  })

  it('of a whole database is refused before anything of it is restored', () => {
    as('admin', 'grant("u1", TABLE_WRITE, "dfs://db/mine")')
    as('dora', 'truncate("dfs://db", "mine")')
    expect(fails('u1', 'restoreDB("/b", "dfs://db")')).toContain('Not granted to restore table dfs://db/pt')
    expect(show('dora', 'exec count(*) from loadTable("dfs://db", "mine")')).toBe('0')
  })
})
