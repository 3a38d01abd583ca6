/** Backups of a query, and the documentation's examples of both kinds of backup, as scripts against a store. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const URL = 'dfs://compoDB'
const PT = `loadTable("${URL}","pt")`

let world: TestWorld
let s: TestSession

/** Appends of up to so many rows wait in memory; others become segments at once. */
const smallAppends = (value: number): void =>
  void world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value }, 'admin')

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  smallAppends(0)
  s.run(`n=1000
    t=table(take(0..99,n) as ID, take(2017.08.07..2017.08.11,n) as date, rand(10.0,n) as x, symbol(take(\`a\`b\`c,n)) as s)
    db=database("${URL}",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)])
    pt=db.createPartitionedTable(t,\`pt,\`date\`ID)
    pt.append!(t)`)
})

const n = (script: string): number => Number(s.show(script))
const list = (script: string): string[] => JSON.parse(s.show(script)) as string[]
/** All values of a query's result. */
const values = (query: string): unknown[][] => {
  const { columns, rows } = s.session.run(query) as Table
  return columns.map((c) => Array.from({ length: rows }, (_, k) => c.raw(k)))
}
const sorted = (table: string): unknown[][] => values(`select * from ${table} order by ID, date, x`)

/** Damages a data file of a set. */
function flipBit(set: string, partition: string): void {
  const files = world.backups.get(set) as MemoryFileStore
  files.flipBit([...files.files().keys()].find((f) => f.startsWith('data/') && f.includes(partition))!, 999)
}

describe('the worked examples', () => {
  it('1: ten partitions', () => {
    expect(n(`exec count(*) from ${PT}`)).toBe(1000)
    expect(n('size(getTabletsMeta("/compoDB/%",`pt))')).toBe(10)
  })
  it('2: rows of a query, all and of some partitions', () => {
    expect(n(`backup("/d",<select * from ${PT}>,true)`)).toBe(10)
    expect(n(`backup("/d1",<select * from ${PT} where date>2017.08.10>,true)`)).toBe(2)
    expect(n('size(getBackupList("/d1","dfs://compoDB","pt"))')).toBe(2)
  })
  it('3: a database, incrementally', () => {
    expect(n(`backup("/d2","${URL}",true)`)).toBe(10)
    expect(n(`backup("/d2","${URL}")`)).toBe(0)
    s.run('pt.append!(select top 1 * from t)')
    expect(n(`backup("/d2","${URL}")`)).toBe(1)
  })
  it('4: partitions by conditions', () => {
    expect(n(`backup("/d3","${URL}",true,,,\`pt,[,[0]])`)).toBe(5)
    expect(n(`backup("/d3","${URL}",true,,,\`pt,[2017.08.07,50])`)).toBe(1)
    expect(n(`backup("/d3","${URL}",true,,,\`pt,[2017.08.07,[0,50]])`)).toBe(2)
  })
  it('5: a dropped partition stays without snapshot and goes with it', () => {
    s.run(`backup("/d2","${URL}",true); db.dropPartition("/20170811/0_50",\`pt)`)
    expect(n(`backup("/d2","${URL}",true,false,false,\`pt)`)).toBe(9)
    expect(n(`size(getBackupList("/d2","${URL}","pt"))`)).toBe(10)
    expect(n(`backup("/d2","${URL}",true,false,true,\`pt)`)).toBe(9)
    expect(n(`size(getBackupList("/d2","${URL}","pt"))`)).toBe(9)
  })
  it('6: restore by pattern', () => {
    s.run(`backup("/d2","${URL}",true)`)
    const index = s.show(`exec first(physicalIndex) from listTables("${URL}")`)
    expect(list(`restore("/d2","${URL}","pt","%20170810%",true)`)).toEqual([
      `${URL}/20170810/0_50/${index}`,
      `${URL}/20170810/50_100/${index}`,
    ])
    expect(list(`restore("/d2","${URL}","pt","%",true)`)).toHaveLength(10)
  })
  it('7: a table under another name', () => {
    s.run(`backup("/d2","${URL}",true)`)
    expect(n(`size(restoreTable("/d2","${URL}",\`pt,,"pt_copy"))`)).toBe(1)
    expect(sorted(`loadTable("${URL}","pt_copy")`)).toEqual(sorted(PT))
  })
  it.each(['copy', 'query'])('8: migrate after the database was dropped, from a %s', (kind) => {
    s.run(kind === 'copy' ? `backup("/d2","${URL}",true)` : `backup("/d2",<select * from ${PT}>,true)`)
    const before = sorted(PT)
    s.run(`dropDatabase("${URL}")`)
    expect(values('migrate("/d2")')).toEqual([[URL], ['pt'], [1], ['']])
    expect(sorted(PT)).toEqual(before)
  })
  it('9: a flipped byte is found, and repaired by force alone', () => {
    s.run(`backup("/d2","${URL}",true)`)
    flipBit('/d2', '/20170807/0_50/')
    expect(n(`size(checkBackup("/d2","${URL}",\`pt))`)).toBe(1)
    expect(n(`backup("/d2","${URL}",false,,,\`pt,"/20170807/0_50")`)).toBe(0)
    expect(n(`size(checkBackup("/d2","${URL}",\`pt))`)).toBe(1)
    expect(n(`backup("/d2","${URL}",true,,,\`pt,"/20170807/0_50")`)).toBe(1)
    expect(n(`size(checkBackup("/d2","${URL}",\`pt))`)).toBe(0)
  })
  it('11: more partitions', () => {
    expect(n('addValuePartitions(db,2017.08.12..2017.08.14,0)')).toBe(3)
    s.run('database("dfs://r",RANGE,0 50 100)')
    expect(n('addRangePartitions(database("dfs://r"),100 150 200)')).toBe(2)
  })
  it('12: who may read may not write', () => {
    s.run('createUser("u1","12345678"); grant("u1",TABLE_READ,"dfs://compoDB/pt")')
    s.session.user = 'u1'
    expect(n(`exec count(*) from ${PT}`)).toBe(1000)
    expect(s.fails(`${PT}.append!(t)`)).toBe('<NoPrivilege>Not granted to write table dfs://compoDB/pt')
  })
})

describe('a backup of a query', () => {
  it('writes only what is new or changed, and all with force', () => {
    const backup = `backup("/d",<select * from ${PT}>)`
    expect(n(backup)).toBe(10)
    expect(n(backup)).toBe(0)
    s.run('pt.append!(select top 1 * from t)')
    expect(n(backup)).toBe(1)
    expect(n(`backup("/d",<select * from ${PT}>,true,true)`)).toBe(10)
    expect(n('size(checkBackup("/d","dfs://compoDB"))')).toBe(0)
  })
  it('is taken by the names of its arguments, and as a function with arguments fixed', () => {
    expect(n(`backup(backupDir="/d",sqlObj=<select * from ${PT}>,force=true)`)).toBe(10)
    expect(n(`f = backup{"/e",<select * from ${PT} where date=2017.08.07>,false,true}; f()`)).toBe(2)
  })
  it('sees local variables of where it was written', () => {
    expect(n(`def f(d){ return backup("/d",<select * from ${PT} where date=d>,true) }; f(2017.08.07)`)).toBe(2)
  })
  it('goes on over other partitions, and keeps those that were dropped', () => {
    expect(n(`backup("/d",<select * from ${PT} where date<=2017.08.08>)`)).toBe(4)
    expect(n(`backup("/d",<select * from ${PT}>)`)).toBe(6)
    s.run('db.dropPartition("/20170811/0_50",`pt)')
    expect(n(`backup("/d",<select * from ${PT}>)`)).toBe(0)
    expect(n(`size(getBackupList("/d","${URL}","pt"))`)).toBe(10)
  })
  it('leaves out partitions of which the query gives nothing, unless the backup has rows of them', () => {
    expect(n(`backup("/d",<select * from ${PT} where ID=7>)`)).toBe(1)
    s.run(`delete from pt where ID=7`)
    expect(n(`backup("/d",<select * from ${PT} where ID=7>)`)).toBe(1)
    expect(s.show(`exec rows from getBackupList("/d","${URL}","pt")`)).toBe('[0]')
  })
  it('takes small appends that wait in memory', () => {
    smallAppends(100)
    s.run('pt.append!(select top 3 * from t)')
    s.run(`backup("/d",<select * from ${PT}>)`)
    expect(n(`exec sum(rows) from getBackupList("/d","${URL}","pt")`)).toBe(1003)
  })
  it('is the only form for databases with chunks of the whole database', () => {
    s.run(
      `dbg=database("dfs://g",VALUE,1..2,,,,"DATABASE"); createPartitionedTable(dbg,table(1 2 as k, 3 4 as v),\`gt,\`k).append!(table(1 2 as k, 3 4 as v))`,
    )
    expect(s.fails('backup("/g","dfs://g")')).toContain('RefId: S01021')
    expect(n('backup("/g",<select * from loadTable("dfs://g","gt")>)')).toBe(2)
    expect(list('exec chunkPath from getBackupList("/g","dfs://g","gt") order by chunkPath')).toEqual([
      'dfs://g/1',
      'dfs://g/2',
    ])
    s.run('dropDatabase("dfs://g"); migrate("/g")')
    expect(s.show('exec v from loadTable("dfs://g","gt")')).toBe('[3,4]')
  })
  it('and one by copying do not mix for a table, but may share a folder', () => {
    s.run(`backup("/q",<select * from ${PT}>); backupDB("/c","${URL}")`)
    expect(s.fails(`backup("/q","${URL}")`)).toBe(
      'Cannot back up the partitions to the specified backupDir as back up files created with SQL statement already exist in the directory. RefId: S01022',
    )
    expect(s.fails(`backupTable("/q","${URL}","pt")`)).toContain('S01022')
    expect(s.fails(`backup("/c",<select * from ${PT}>,true)`)).toBe(
      'Cannot back up the partitions to the specified backupDir as back up files created by copying files already exist in the directory. RefId: S01022',
    )
    s.run('db.createPartitionedTable(t,`pt2,`date`ID).append!(t)')
    expect(n(`backupTable("/q","${URL}","pt2")`)).toBe(10)
    expect(n('size(checkBackup("/q","dfs://compoDB"))')).toBe(0)
    expect(n(`size(getBackupList("/q","${URL}","pt"))`)).toBe(10)
  })
  it('with other columns replaces the old one only as a whole', () => {
    s.run(`backup("/d",<select ID, date, x from ${PT}>)`)
    const other = s.fails(`backup("/d",<select * from ${PT}>)`)
    expect(other).toMatch(/holds rows of another query.*its columns are \(ID INT, date DATE, x DOUBLE\)/)
    expect(s.fails(`backup("/d",<select * from ${PT} where date=2017.08.07>,true)`)).toBe(other)
    expect(n(`backup("/d",<select * from ${PT}>,true)`)).toBe(10)
    expect(n('size(checkBackup("/d","dfs://compoDB"))')).toBe(0)
  })
  it('is repaired by force, after checkBackup found the damage', () => {
    s.run(`backup("/d",<select * from ${PT}>)`)
    flipBit('/d', '/20170808/0_50/')
    expect(list(`exec partitionPath from checkBackup("/d","${URL}","pt")`)).toEqual(['/20170808/0_50'])
    expect(s.fails(`loadBackup("/d","${URL}","/20170808/0_50","pt")`)).toMatch(
      /is damaged in the backup: its checksum is/,
    )
    const before = sorted(PT)
    expect(s.fails(`restore("/d","${URL}","pt","%",true)`)).toMatch(/is damaged in the backup/)
    expect(sorted(PT)).toEqual(before)
    expect(n(`backup("/d",<select * from ${PT}>)`)).toBe(0)
    expect(n(`backup("/d",<select * from ${PT} where date=2017.08.08>,true)`)).toBe(2)
    expect(n(`size(checkBackup("/d","${URL}"))`)).toBe(0)
  })
  it('keeps values and nulls of every type', () => {
    s.run(`m=[true,false,NULL]
      every=table(1 1 2 as k, m as b, char([7,NULL,9]) as c, short([1,NULL,3]) as sh, [1,NULL,3] as i, [1l,NULL,3l] as l,
        [2012.01.01,NULL,2013.01.01] as d, [2012.01M,NULL,2013.01M] as mo, [09:30:00.001,NULL,10:00:00.000] as ti, [09:30m,NULL,10:00m] as mi,
        [09:30:01,NULL,10:00:00] as se, [2012.01.01T10:00:00,NULL,2013.01.01T10:00:00] as dt, [2012.01.01T10:00:00.001,NULL,2013.01.01T10:00:00.000] as ts,
        [2012.01.01T10:00:00.000000001,NULL,2013.01.01T10:00:00.000000000] as nt, float([1.5,NULL,2.5]) as f, [1.5,NULL,-2.5] as x,
        symbol(["a","","ä"]) as sy, ["x","","\u{1F600}"] as st, decimal32([1.25,NULL,3.5],2) as d3, decimal64([1.25,NULL,3.5],4) as d6,
        decimal128([1.25,NULL,3.5],10) as d12, array(INT[],0,3).append!([[1,2],[3,NULL],[4]]) as av, array(DOUBLE[],0,3).append!([[1.5,2.5],[3.5],[4.5,NULL]]) as ad)
      et=database("dfs://e",VALUE,1 2).createPartitionedTable(every,\`et,\`k); et.append!(every)
      backup("/e",<select * from et>)`)
    const before = values('select * from loadTable("dfs://e","et")')
    expect(before).toHaveLength(23)
    expect(values('loadBackup("/e","dfs://e","/1","et")')).toEqual(before.map((c) => c.slice(0, 2)))
    s.run('dropDatabase("dfs://e"); migrate("/e")')
    expect(values('select * from loadTable("dfs://e","et")')).toEqual(before)
    s.run('delete from loadTable("dfs://e","et"); restore("/e","dfs://e","et","%",false,loadTable("dfs://e","et"))')
    expect(values('select * from loadTable("dfs://e","et")')).toEqual(before)
  })
  it('of a table that was altered has its columns as they are now', () => {
    s.run(
      `rename!(pt,\`x,\`price); addColumn(pt,\`more,INT); pt=loadTable("${URL}","pt"); backup("/d",<select * from pt>)`,
    )
    expect(s.show(`getBackupMeta("/d","${URL}","/20170810/0_50","pt").schema.name`)).toBe(
      '["ID","date","price","s","more"]',
    )
    const all = (): unknown[][] => values(`select * from ${PT} order by ID, date, price`)
    const before = all()
    s.run(`truncate("${URL}","pt"); restore("/d","${URL}","pt","%")`)
    expect(all()).toEqual(before)
    s.run(`dropDatabase("${URL}"); migrate("/d")`)
    expect(all()).toEqual(before)
  })
  it('shows in getBackupStatus', () => {
    s.run(`backup("/d",<select * from ${PT}>); restore("/d","${URL}","pt","%",true)`)
    expect(list('exec type from getBackupStatus()').sort()).toEqual(['BACKUP_BY_SQL', 'RESTORE_BY_SQL'])
    expect(s.show('exec completedPartitions from getBackupStatus()')).toBe('[10,10]')
  })

  const refused: readonly [query: string, message: RegExp][] = [
    [`<select count(*) from ${PT}>`, /can't have aggregates/],
    [`<select deltas(x) from ${PT}>`, /functions over several rows/],
    [`<select sum(x) from ${PT} group by date>`, /can't have GROUP BY/],
    [`<select x from ${PT} context by date>`, /can't have CONTEXT BY/],
    [`<select x from ${PT} pivot by date, ID>`, /can't have PIVOT BY/],
    [`<select * from ${PT} order by x>`, /can't have ORDER BY/],
    [`<select top 5 * from ${PT}>`, /can't have TOP/],
    [`<select * from ${PT} limit 5>`, /can't have LIMIT/],
    [`<select distinct ID from ${PT}>`, /can't have DISTINCT/],
    [`<exec ID from ${PT}>`, /can't have EXEC/],
    [`<select * from ej(${PT}, t, \`ID)>`, /can't have joins/],
    [`<select * from ${PT} as a inner join t on a.ID=t.ID>`, /can't have joins/],
    [`<select * from ${PT} union all select * from ${PT}>`, /can't have UNION/],
    ['<select * from t>', /needs a query on one table of a database/],
    [`<select ID, NULL as nothing from ${PT}>`, /The column \[nothing\] of type ANY can't be backed up/],
    ['<1+1>', /sqlObj must be the metacode of a select/],
    [`<delete from ${PT}>`, /can't have delete/],
  ]
  it.each(refused)('of %s is refused', (query, message) => {
    expect(s.fails(`backup("/r",${query},true)`)).toMatch(message)
    expect([...(world.backups.get('/r')?.list('') ?? [])]).toEqual([])
  })
})

describe('restore from the backup of a query', () => {
  beforeEach(() => s.run(`backup("/d",<select * from ${PT}>,true)`))

  it('brings a dropped partition back, and does nothing when called again', () => {
    const before = sorted(PT)
    s.run('db.dropPartition("/20170810/0_50",`pt)')
    expect(list(`restore("/d","${URL}","pt","%20170810%")`)).toHaveLength(1)
    expect(sorted(PT)).toEqual(before)
    expect(list(`restore("/d","${URL}","pt","%20170810%")`)).toEqual([])
    expect(list(`restore("/d","${URL}","pt","%20170810%",true)`)).toHaveLength(2)
    expect(sorted(PT)).toEqual(before)
  })
  it('makes partitions of the original table what the backup has', () => {
    const before = sorted(PT)
    s.run('update pt set x=0 where date=2017.08.08; pt.append!(t)')
    expect(list(`restore("/d","${URL}","pt","%",false)`)).toHaveLength(10)
    expect(sorted(PT)).toEqual(before)
  })
  it('appends to outputTable, each time', () => {
    s.run('out=db.createPartitionedTable(t,`out,`date`ID)')
    expect(list(`restore("/d","${URL}","pt","%20170810%",false,out)`)).toHaveLength(2)
    expect(n('exec count(*) from out')).toBe(200)
    s.run(`restore("/d","${URL}","pt","%20170810%",false,out)`)
    expect(n('exec count(*) from out')).toBe(400)
    expect(n('exec count(*) from pt')).toBe(1000)
  })
  it('adds the values that the scheme of outputTable lacks', () => {
    s.run(`db2=database("dfs://two",COMPO,[database(,VALUE,2017.08.07..2017.08.08),database(,RANGE,0 50 100)])
      out=db2.createPartitionedTable(t,\`out,\`date\`ID); restore("/d","${URL}","pt","%",false,out)`)
    expect(sorted('out')).toEqual(sorted(PT))
  })
  it('goes into another engine', () => {
    s.run(`db2=database("dfs://tsdb",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)],,"TSDB")
      out=db2.createPartitionedTable(t,\`out,\`date\`ID,,\`ID\`date); restore("/d","${URL}","pt","%",false,out)`)
    expect(sorted('out')).toEqual(sorted(PT))
  })
  it.each([
    ['TSDB that keeps the last of equal rows', '"TSDB"', ',`ID`date,LAST'],
    ['PKEY', '"PKEY"', ',`date`ID'],
  ])('works for tables of the engine %s', (_, engine, options) => {
    s.run(`db2=database("dfs://two",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)],,${engine})
      kt=db2.createPartitionedTable(t,\`kt,\`date\`ID,${options}); kt.append!(t); kt.append!(t)`)
    const before = sorted('kt')
    expect(before[0]).toHaveLength(100)
    expect(n('backup("/k",<select * from kt>)')).toBe(10)
    expect(n('exec sum(rows) from getBackupList("/k","dfs://two","kt")')).toBe(100)
    s.run('update kt set x=1; restore("/k","dfs://two","kt","%")')
    expect(sorted('kt')).toEqual(before)
    s.run('dropDatabase("dfs://two"); migrate("/k")')
    expect(sorted('loadTable("dfs://two","kt")')).toEqual(before)
  })
  it('works for dimension tables', () => {
    s.run(`dt=db.createTable(table(1 2 as a, 3.5 4.5 as b),\`dt); dt.append!(table(1 2 as a, 3.5 4.5 as b))`)
    expect(n('backup("/dim",<select * from dt where a>1>)')).toBe(1)
    expect(n('backup("/dim",<select * from dt where a>1>)')).toBe(0)
    s.run('delete from dt')
    expect(list(`restore("/dim","${URL}","dt","%")`)).toHaveLength(1)
    expect(s.show('exec b from dt')).toBe('[4.5]')
    s.run(`migrate("/dim","${URL}","dt","${URL}","dt2")`)
    expect(s.show(`exec b from loadTable("${URL}","dt2")`)).toBe('[4.5]')
  })
  it('does not take snapshot', () => {
    expect(s.fails(`restore("/d","${URL}","pt","%",true,,false,true)`)).toMatch(/snapshot can not be given/)
    expect(s.fails(`restore("/d","${URL}","pt","%",true,,false,false)`)).toMatch(/snapshot can not be given/)
  })
  it('as a whole table or database is refused', () => {
    expect(s.fails(`restoreTable("/d","${URL}","pt")`)).toMatch(/restore backups made by copying files only/)
    expect(s.fails(`restoreDB("/d","${URL}","dfs://other")`)).toMatch(/restore backups made by copying files only/)
    expect(s.show('existsDatabase("dfs://other")')).toBe('false')
  })
  it('takes columns that were added since as null', () => {
    s.run('addColumn(pt,`more,INT); db.dropPartition("/20170810/0_50",`pt)')
    s.run(`restore("/d","${URL}","pt","%20170810%")`)
    expect(n(`exec count(*) from ${PT} where date=2017.08.10, isNull(more)`)).toBe(200)
  })
  it.each([
    ['fewer columns', 'select ID, date from', /the query of the backup has 2 columns, its table had 4/],
    [
      'other types',
      'select ID, date, string(x), s from',
      /column 2 is .* STRING in the query of the backup and x DOUBLE/,
    ],
    ['another order', 'select ID, date, s, x from', /column 2 is s SYMBOL in the query/],
    ['another partition', 'select ID, date+1 as date, x, s from', /belong to the partition \/20170808\/0_50/],
  ])('with %s is refused and leaves the table', (_, select, message) => {
    s.run(`backup("/o",<${select} ${PT} where date<2017.08.11>,true)`)
    const before = sorted(PT)
    expect(s.fails(`restore("/o","${URL}","pt","%",true)`)).toMatch(message)
    expect(sorted(PT)).toEqual(before)
  })
  it('with a changed partition column goes into outputTable, where the rows find their partitions', () => {
    s.run(`backup("/o",<select ID, date+1 as date, x, s from ${PT} where date<2017.08.11>,true)
      out=db.createPartitionedTable(t,\`out,\`date\`ID); restore("/o","${URL}","pt","%",true,out)`)
    expect(n('exec min(date) from out')).toBe(n('2017.08.08'))
    expect(n('exec count(*) from out')).toBe(800)
  })
  it('that makes a table tells why it can not', () => {
    s.run(`backup("/o",<select ID, date from ${PT}>,true)`)
    expect(s.show('exec success from migrate("/d")')).toBe('[false]')
    expect(s.show(`exec errorMsg from migrate("/o","${URL}","pt","dfs://new")`)).toMatch(/its table had 4/)
    expect(s.show('existsDatabase("dfs://new")')).toBe('false')
    expect(s.show(`exec success from migrate("/d","${URL}","pt","dfs://new","other")`)).toBe('[true]')
    expect(sorted('loadTable("dfs://new","other")')).toEqual(sorted(PT))
  })
})

describe('loadBackup', () => {
  it.each(['copy', 'query'])('shows the rows of a partition of a %s', (kind) => {
    smallAppends(100)
    s.run('pt.append!(select top 3 * from t)')
    s.run(kind === 'copy' ? `backupDB("/d","${URL}")` : `backup("/d",<select * from ${PT}>)`)
    const rows = `select * from ${PT} where date=2017.08.08, ID<50`
    const paths = list(`exec chunkPath from getBackupList("/d","${URL}","pt")`)
    const full = paths.find((p) => p.includes('/20170808/0_50/'))!
    for (const path of ['/20170808/0_50', full.slice(URL.length)])
      expect(values(`loadBackup("/d","${URL}","${path}","pt")`)).toEqual(values(rows))
    expect(s.fails(`loadBackup("/d","${URL}","/20170808","pt")`)).toMatch(/does not contain the partition/)
  })
  it('has the columns of the query, as getBackupMeta tells', () => {
    s.run(`backup("/d",<select ID, x*2 as twice, string(s) as text from ${PT} where ID=3>)`)
    expect(s.show(`getBackupMeta("/d","${URL}","/20170810/0_50","pt").schema.typeString`)).toBe(
      '["INT","DOUBLE","STRING"]',
    )
    expect(s.show(`exec twice from loadBackup("/d","${URL}","/20170810/0_50","pt")`)).toBe(
      s.show(`exec x*2 from ${PT} where ID=3`),
    )
  })
})

describe('backup with plan=true', () => {
  const actions = (call: string): string[] => {
    const all = list(`exec action from ${call}`)
    return [...new Set(all)].sort().map((action) => `${all.filter((a) => a === action).length} ${action}`)
  }
  const everything = (): string =>
    JSON.stringify([...world.backups].map(([name, set]) => [name, [...(set as MemoryFileStore).files().keys()]]))

  it('tells what a call would do and changes nothing', () => {
    const first = `backup("/p","${URL}",plan=true)`
    expect(actions(first)).toEqual(['10 copy'])
    expect(n(`exec sum(rows) from ${first}`)).toBe(1000)
    expect(n(`exec min(bytes) from ${first}`)).toBeGreaterThan(100)
    expect(everything()).toBe('[["/p",[]]]')
    s.run(`backup("/p","${URL}"); pt.append!(select top 1 * from t); db.dropPartition("/20170811/0_50",\`pt)`)
    s.run(
      'pt2=db.createPartitionedTable(t,`pt2,`date`ID); pt2.append!(t); backup("/p","dfs://compoDB",tableName=`pt2); dropTable(db,`pt2)',
    )
    const before = everything()
    const path = `exec chunkPath from backup("/p","${URL}",plan=true) where action`
    expect(actions(`backup("/p","${URL}",plan=true)`)).toEqual(['1 copy', '11 delete', '8 keep'])
    expect(list(`${path}="copy"`)[0]).toMatch(/^dfs:\/\/compoDB\/20170807\/0_50\//)
    // The row that was appended is in no file yet.
    expect(n(`exec sum(rows) from backup("/p","${URL}",plan=true) where tableName="pt", action!="delete"`)).toBe(
      n(`exec count(*) from ${PT}`),
    )
    expect(actions(`backup("/p","${URL}",true,tableName=\`pt,plan=true)`)).toEqual(['9 copy', '1 delete'])
    expect(actions(`backup("/p","${URL}",false,,false,\`pt,plan=true)`)).toEqual(['1 copy', '9 keep'])
    expect(everything()).toBe(before)
    expect(n(`backup("/p","${URL}")`)).toBe(1)
    expect(actions(`backup("/p","${URL}",plan=true)`)).toEqual(['9 keep'])
  })
  it('tells what leaves the backup with a table of another structure', () => {
    s.run(`backup("/p","${URL}"); dropTable(db,\`pt); pt=db.createTable(t,\`pt); pt.append!(t)`)
    const leaving = list(`exec chunkPath from backup("/p","${URL}",plan=true) where action="delete"`)
    expect(leaving.sort()).toEqual(list(`getBackupList("/p","${URL}","pt").chunkPath`).sort())
    expect(actions(`backup("/p","${URL}",plan=true)`)).toEqual(['1 copy', '10 delete'])
    expect(n(`exec sum(rows) from backup("/p","${URL}",plan=true) where action="delete"`)).toBe(1000)
    expect(n(`backup("/p","${URL}")`)).toBe(1)
    expect(actions(`backup("/p","${URL}",plan=true)`)).toEqual(['1 keep'])
  })
  it('tells it of a query', () => {
    const query = `<select * from ${PT} where date>=2017.08.10>`
    expect(actions(`backup("/p",${query},plan=true)`)).toEqual(['4 copy'])
    expect(everything()).toBe('[["/p",[]]]')
    s.run(`backup("/p",${query}); pt.append!(select * from t where date=2017.08.11, ID<50)`)
    const before = everything()
    expect(actions(`backup("/p",<select * from ${PT}>,plan=true)`)).toEqual(['7 copy', '3 keep'])
    expect(actions(`backup("/p",${query},true,plan=true)`)).toEqual(['4 copy'])
    expect(s.fails(`backup("/p","${URL}",plan=true)`)).toContain('S01022')
    expect(everything()).toBe(before)
    expect(n(`size(getBackupStatus())`)).toBe(1)
  })
  it('takes the rights of a backup', () => {
    s.run('createUser("u1","12345678")')
    s.session.user = 'u1'
    expect(s.fails(`backup("/p","${URL}",plan=true)`)).toMatch(/NoPrivilege/)
    s.session.user = 'guest'
    expect(s.fails(`backup("/p","${URL}",plan=true)`)).toMatch(/please log in first/)
  })
})
