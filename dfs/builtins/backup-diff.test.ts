/** diffBackup: a backup against the live database, and a state against another. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const URL = 'dfs://compoDB'

let world: TestWorld
let s: TestSession

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s.run(`n=1000
    t=table(take(0..99,n) as ID, take(2017.08.07..2017.08.11,n) as date, (0..(n-1))*0.5 as x, take(["one","","three"],n) as txt)
    db=database("${URL}",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)])
    pt=db.createPartitionedTable(t,\`pt,\`date\`ID)
    pt.append!(t)
    backup("/b","${URL}",keep=5)`)
})

const rowsOf = (query: string): unknown[][] => {
  const t = s.session.run(query) as Table
  return Array.from({ length: t.rows }, (_, k) =>
    t.columns.map((c) => {
      const raw = c.isNullAt(k) ? null : c.raw(k)
      return typeof raw === 'bigint' ? Number(raw) : raw
    }),
  )
}
const diff = (args = ''): unknown[][] =>
  rowsOf(
    `select partitionPath, difference, rows, otherRows, rowsOnlyInBackup, rowsOnlyInOther from diffBackup("/b","${URL}"${args})`,
  )
const files = (): MemoryFileStore => world.backups.get('/b') as MemoryFileStore

describe('diffBackup against the live database', () => {
  it('is empty for what did not change', () => {
    expect(diff()).toEqual([])
  })
  it('counts rows that were added, changed and deleted, by partition', () => {
    s.run(`pt.append!(select * from t where date=2017.08.07, ID<10)
      update pt set x = x + 0.25 where date=2017.08.08, ID=1
      delete from pt where date=2017.08.09, ID=77
      dropPartition(db, 2017.08.10, \`pt)`)
    const added = Number(s.show('exec count(*) from t where date=2017.08.07, ID<10'))
    const changed = Number(s.show('exec count(*) from t where date=2017.08.08, ID=1'))
    const deleted = Number(s.show('exec count(*) from t where date=2017.08.09, ID=77'))
    const expected: unknown[][] = []
    if (added > 0) expected.push(['/20170807/0_50', 'changed', 100, 100 + added, 0, added])
    if (changed > 0) expected.push(['/20170808/0_50', 'changed', 100, 100, changed, changed])
    if (deleted > 0) expected.push(['/20170809/50_100', 'changed', 100, 100 - deleted, deleted, 0])
    expected.push(['/20170810/0_50', 'onlyInBackup', 100, null, 100, 0])
    expected.push(['/20170810/50_100', 'onlyInBackup', 100, null, 100, 0])
    expect(expected.length).toBeGreaterThan(3)
    expect(diff()).toEqual(expected)
  })
  it('sees small appends that are in no file yet', () => {
    world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 1000 }, 'admin')
    s.run('pt.append!(table([5,6] as ID, [2017.08.07,2017.08.07] as date, [1.5,2.5] as x, ["a","b"] as txt))')
    expect(diff()).toEqual([['/20170807/0_50', 'changed', 100, 102, 0, 2]])
  })
  it('tells a new version with the same rows from a change', () => {
    s.run('update pt set x = x + 1 where date=2017.08.07; update pt set x = x - 1 where date=2017.08.07')
    expect(diff().map((r) => r.slice(0, 2))).toEqual([
      ['/20170807/0_50', 'sameRows'],
      ['/20170807/50_100', 'sameRows'],
    ])
    expect(diff()[0].slice(4)).toEqual([0, 0])
  })
  it('reads nothing with countRows=false, and only files that differ without', () => {
    s.run('pt.append!(select * from t where date=2017.08.07)')
    for (const file of [...files().files().keys()]) if (file.startsWith('data/')) files().remove(file)
    expect(diff(',countRows=false')).toEqual([
      ['/20170807/0_50', 'changed', 100, 200, null, null],
      ['/20170807/50_100', 'changed', 100, 200, null, null],
    ])
    // The file that the backup has is in the live table, too.
    expect(diff().map((r) => r.slice(4))).toEqual([
      [0, 100],
      [0, 100],
    ])
  })
  it('compares what both have when columns were added or renamed', () => {
    s.run(
      `addColumn(pt, \`more, INT); rename!(loadTable("${URL}","pt"), \`txt, \`text); update loadTable("${URL}","pt") set x=0.0 where date=2017.08.07, ID=5`,
    )
    const found = diff()
    expect(found[0]).toEqual([null, 'columns', null, null, null, null])
    expect(found[1].slice(0, 2)).toEqual(['/20170807/0_50', 'changed'])
    const changed = Number(s.show('exec count(*) from t where date=2017.08.07, ID=5, x != 0'))
    expect(found[1].slice(4)).toEqual([changed, changed])
  })
  it('lists a table, or the whole database, that one side lacks', () => {
    s.run(`dim=db.createTable(t,\`dim); dim.append!(select top 7 * from t)`)
    expect(
      rowsOf(`select tableName, partitionPath, difference, rowsOnlyInOther from diffBackup("/b","${URL}")`),
    ).toEqual([['dim', '/dim', 'onlyInOther', 7]])
    expect(diff(',`pt')).toEqual([])
    s.run(`dropDatabase("${URL}")`)
    expect(diff().map((r) => r[1])).toEqual(Array.from({ length: 10 }, () => 'onlyInBackup'))
  })
  it('compares a backup of a query by version', () => {
    s.run(`backup("/q",<select * from pt where ID<70>); update pt set x=x+1 where date=2017.08.08`)
    expect(rowsOf(`select partitionPath, difference, rowsOnlyInBackup from diffBackup("/q","${URL}")`)).toEqual([
      ['/20170808/0_50', 'changed', null],
      ['/20170808/50_100', 'changed', null],
    ])
  })
  it('counts the rows that queries show, where some hide others', () => {
    s.run(`ts=database("dfs://ts",VALUE,2017.08.07..2017.08.11,,"TSDB")
      tt=ts.createPartitionedTable(t,\`tt,\`date,,\`ID\`date,LAST)
      tt.append!(t); backup("/ts","dfs://ts")
      tt.append!(select top 1 ID, date, x+1 as x, txt from tt where date=2017.08.07)`)
    expect(
      rowsOf('select partitionPath, difference, rowsOnlyInBackup, rowsOnlyInOther from diffBackup("/ts","dfs://ts")'),
    ).toEqual([['/20170807', 'changed', 1, 1]])
  })
  it('sees no difference in small appends that hide rows, backed up before they are in files', () => {
    world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 1000 }, 'admin')
    s.run(`ts=database("dfs://ts",VALUE,2017.08.07..2017.08.11,,"TSDB")
      tt=ts.createPartitionedTable(t,\`tt,\`date,,\`ID\`date,LAST)
      for(k in 1..3){ tt.append!(select top 5 ID, date, x+k as x, txt from t where date=2017.08.07) }
      backup("/ts","dfs://ts")`)
    expect(s.show('size(diffBackup("/ts","dfs://ts"))')).toBe('0')
    s.run('tt.append!(select top 2 ID, date, x+9 as x, txt from t where date=2017.08.07)')
    expect(rowsOf('select difference, rowsOnlyInBackup, rowsOnlyInOther from diffBackup("/ts","dfs://ts")')).toEqual([
      ['changed', 2, 2],
    ])
  })
  it('is stopped by damage, and needs the right to read', () => {
    s.run('update pt set x=x+1 where date=2017.08.08')
    files().flipBit([...files().files().keys()].find((f) => f.startsWith('data/') && f.includes('20170808'))!, 99)
    expect(s.fails(`diffBackup("/b","${URL}",otherState="yesterday")`)).toMatch(
      /\. otherState must be the id of a state/,
    )
    expect(s.fails(`diffBackup("/b","${URL}")`)).toMatch(/is damaged in the backup/)
    s.run('createUser("u1","12345678")')
    s.session.user = 'u1'
    expect(s.fails(`diffBackup("/b","${URL}")`)).toMatch('<NoPrivilege>')
  })
})

describe('diffBackup between states', () => {
  it('compares two states of one directory', () => {
    const [first] = s.show(`exec state from listBackupStates("/b")`).match(/[0-9T]+Z-[0-9a-f]+/)!
    s.run(
      `delete from pt where date=2017.08.09, ID<50; pt.append!(select * from t where date=2017.08.11); backup("/b","${URL}")`,
    )
    expect(diff()).toEqual([])
    expect(diff(`,state="${first}",otherState="latest"`)).toEqual([
      ['/20170809/0_50', 'changed', 100, 0, 100, 0],
      ['/20170811/0_50', 'changed', 100, 200, 0, 100],
      ['/20170811/50_100', 'changed', 100, 200, 0, 100],
    ])
    expect(diff(`,otherState="${first}"`).map((r) => r[1])).toEqual(['changed', 'changed', 'changed'])
    expect(diff(`,state="${first}"`)).toHaveLength(3)
  })
})
