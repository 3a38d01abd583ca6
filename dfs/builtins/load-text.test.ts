import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import type { Table } from '../../runtime/values/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, type DfsSession, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { appendBatches } from '../write/append-batches.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

const registry = createRegistry(dfsBuiltins)
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

let session: Interpreter
let dfs: DfsSession
let files: MemoryFileStore

beforeEach(() => {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  dfs = connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command, user) => engine.request(command, user) },
    catalog,
    files,
    config: { newValuePartitionPolicy: 'add' },
  })
  session.user = 'admin'
  session.run(`f = "${file('t.csv', 'id,date,x\\n1,2017.08.07,1.5\\n60,2017.08.08,2.5\\n70,2017.08.07,\\n')}"
    db = database("dfs://db", COMPO, [database(, VALUE, 2017.08.07..2017.08.08), database(, RANGE, 0 51 101)])`)
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text.replaceAll('\\n', '\n'))
  return path
}
const show = (script: string): string => session.display(session.run(script))
const segments = (): number => {
  const count = (path: string): number =>
    files.list(path).reduce((n, e) => n + (e.kind === 'directory' ? count(`${path}/${e.name}`) : 1), 0)
  return count('chunks')
}

describe('loadTextEx', () => {
  it('creates the table with the columns of the file, and appends to it later', () => {
    expect(show('pt = loadTextEx(db, `pt, `date`id, f); exec count(*) from pt')).toBe('3')
    expect(show('schema(pt).colDefs.typeString')).toBe('["INT","DATE","DOUBLE"]')
    expect(show('schema(pt).partitionColumnName')).toBe('["date","id"]')
    expect(
      show(
        'loadTextEx(dbHandle=db, tableName=`pt, partitionColumns=`date`id, filename=f, atomic=true); exec sum(id) from pt where date=2017.08.07',
      ),
    ).toBe('142')
  })

  it('takes the arguments of loadText', () => {
    session.run(
      `g = "${file('g.txt', 'some words\\n1;2017.08.07;1.5\\n2;2017.08.08;2.5\\n')}"
      s = table(` +
        '`a`b`c as name, ["LONG", "DATE", "FLOAT"]' +
        ` as type)`,
    )
    expect(show('pt = loadTextEx(db, `pt, `b`a, g, ";", s, 1, containHeader=false); exec a from pt order by a')).toBe(
      '[1,2]',
    )
    expect(show('schema(pt).colDefs.typeString')).toBe('["LONG","DATE","FLOAT"]')
  })

  it('sorts the rows of a TSDB table', () => {
    session.run(
      'ts = database("dfs://ts", VALUE, 2017.08.07..2017.08.08, engine="TSDB"); loadTextEx(ts, `q, `date, f, sortColumns=`id`date)',
    )
    expect(show('exec id from loadTable("dfs://ts", "q") where date=2017.08.07')).toBe('[1,70]')
  })

  it('changes every batch by a function, if the table exists', () => {
    const load = 'loadTextEx(db, `pt, `date`id, f, transform=nullFill!{, 0})'
    expect(() => session.run(load)).toThrow('With transform the table must exist')
    session.run('db.createPartitionedTable(table(1:0, `id`date`x, [INT, DATE, DOUBLE]), `pt, `date`id)')
    expect(show(`${load}; exec x from loadTable("dfs://db", "pt") where id=70`)).toBe('[0]')
    expect(() => session.run('loadTextEx(db, `pt, `date`id, f, transform=size)')).toThrow(
      'transform must return a table',
    )
  })

  it('reads a file in batches', () => {
    const rows = Array.from({ length: 1_000_003 }, (_, k) => k % 100).join('\n')
    session.run(`h = "${file('h.csv', `v\n${rows}\n`)}"; one = database("dfs://one", RANGE, 0 1000)`)
    expect(show('exec count(*) from loadTextEx(one, `pt, `v, h)')).toBe('1000003')
    expect(show('exec sum(v) from loadTable("dfs://one", "pt")')).toBe('49500003')
  }, 30_000)

  it.each([
    ['loadTextEx(db, "", `date`id, f)', 'tableName is required'],
    ['loadTextEx(database("", VALUE, 1..3), "", `nope, f)', 'The partition column [nope] is no column of the table'],
    ['loadTextEx(db, `pt, `date, f)', 'partitionColumns must name one column for each'],
    ['loadTextEx(db, `pt, `date`id, "/nowhere.csv")', 'nowhere.csv'],
    ['loadTextEx(db, `pt, `date`id, f, arrayMarker="[]")', 'arrayMarker'],
    ['loadTextEx(database("dfs://nope"), `pt, `date`id, f)', 'does not exist'],
  ])('%s: %s', (script, message) => {
    expect(() => session.run(script)).toThrow(message)
  })

  it('is an append, and a creation, for the privileges', () => {
    session.user = 'guest'
    expect(() => session.run('loadTextEx(db, `pt, `date`id, f)')).toThrow('Not granted to create tables in dfs://db')
    session.user = 'admin'
    session.run('loadTextEx(db, `pt, `date`id, f)')
    session.user = 'guest'
    for (const atomic of ['false', 'true'])
      expect(() => session.run(`loadTextEx(db, \`pt, \`date\`id, f, atomic=${atomic})`)).toThrow(
        'Not granted to write table dfs://db/pt',
      )
  })
})

describe('an append in batches', () => {
  const batch = (script: string): Table =>
    session.run(`table(${script} as id, take(2017.08.07, 2) as date, 1.0 2.0 as x)`) as Table

  it('is one transaction, in the order of the batches, and adds values once', () => {
    session.run('pt = db.createPartitionedTable(table(1:0, `id`date`x, [INT, DATE, DOUBLE]), `pt, `date`id)')
    const later = session.run('table(7 8 as id, take(2017.08.09, 2) as date, 1.0 2.0 as x)') as Table
    const before = dfs.view().cid
    expect(appendBatches(dfs, 'dfs://db', 'pt', () => [batch('3 60'), batch('1 2'), later, later])).toBe(8)
    expect(dfs.view().cid).toBe(before + 1)
    expect(show('exec id from pt where date=2017.08.07, id<51')).toBe('[3,1,2]')
    expect(show('size(schema(db).partitionSchema[0])')).toBe('3')
    expect(show('exec count(*) from pt where date=2017.08.09')).toBe('4')
  })

  it('that fails leaves nothing', () => {
    session.run('pt = db.createPartitionedTable(table(1:0, `id`date`x, [INT, DATE, DOUBLE]), `pt, `date`id)')
    const wrong = session.run('table(1 2 as id)') as Table
    const asked = segments()
    expect(() => appendBatches(dfs, 'dfs://db', 'pt', () => [batch('3 60'), wrong])).toThrow('number of columns')
    expect(show('exec count(*) from pt')).toBe('0')
    expect(segments()).toBe(asked)
  })
})
