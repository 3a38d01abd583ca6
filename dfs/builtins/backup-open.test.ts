/** openBackup: queries on backups in place. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { FunctionValue, Scalar, Table } from '../../runtime/values/index.ts'
import { decodeValue, encodeValue } from '../../runtime/values/transfer.ts'
import { registerDfsCodecs } from '../codecs.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const URL = 'dfs://compoDB'

let world: TestWorld
let s: TestSession

const smallAppends = (value: number): void =>
  void world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value }, 'admin')

const DATA = `n=1000
  t=table(take(0..99,n) as ID, take(2017.08.07..2017.08.11,n) as date, (0..(n-1))*0.5 as x, symbol(take(\`a\`b\`c,n)) as s, take(["one","","three"],n) as txt)`

beforeEach(() => {
  world = newWorld()
  s = connect(world)
  smallAppends(0)
  s.run(`${DATA}
    db=database("${URL}",COMPO,[database(,VALUE,2017.08.07..2017.08.11),database(,RANGE,0 50 100)])
    pt=db.createPartitionedTable(t,\`pt,\`date\`ID)
    pt.append!(t)
    backup("/b","${URL}")
    b=openBackup("/b","${URL}","pt")`)
})

const values = (query: string): unknown[][] => {
  const { columns, rows } = s.session.run(query) as Table
  return columns.map((c) => Array.from({ length: rows }, (_, k) => c.raw(k)))
}
const explained = (query: string): { partitions: { total: number; scanned: number } } =>
  (JSON.parse(s.show(query)) as { explain: { where: { partitions: { total: number; scanned: number } } } }).explain
    .where
const files = (): MemoryFileStore => world.backups.get('/b') as MemoryFileStore
const dataFiles = (): string[] => [...files().files().keys()].filter((f) => f.startsWith('data/'))

describe('a table of a backup', () => {
  it.each([
    'select * from T order by ID, date, x',
    'select count(*) from T',
    'select sum(x), first(s) from T group by date order by date',
    'select avg(x) from T where date between 2017.08.08 and 2017.08.09, ID < 20 group by ID, s',
    'select x from T where ID=7 order by x',
    'select top 5 ID, x from T where s=`b order by x desc',
    'select sum(x) from T pivot by date, s',
    'select ID, x, cumsum(x) as c from T where date=2017.08.07, ID<10 context by ID order by ID, x',
    'select max(x) from T where txt="" group by s',
    'select distinct s from T order by s',
  ])('answers as the live table does: %s', (query) => {
    expect(values(query.replaceAll('T ', 'b ').replace(/T$/, 'b'))).toEqual(
      values(query.replaceAll('T ', 'pt ').replace(/T$/, 'pt')),
    )
  })
  it('joins with a live table', () => {
    s.run('delete from pt where ID < 10')
    expect(s.show('exec count(*) from b where ID < 10')).toBe('100')
    expect(s.show('exec count(*) from pt where ID < 10')).toBe('0')
    expect(s.show('d = table(1 2 as ID, 10 20 as w); exec sum(w) from lj(b, d, `ID)')).toBe('300')
  })
  it('reads partitions that the condition leaves, and no others', () => {
    const query = 'select [HINT_EXPLAIN] sum(x) from b where date=2017.08.08, ID<50'
    expect(explained(query).partitions).toMatchObject({ total: 10, scanned: 1 })
    // Damage elsewhere is not met.
    for (const file of dataFiles()) if (!file.includes('/20170808/0_50/')) files().remove(file)
    expect(s.show('exec count(x) from b where date=2017.08.08, ID<50')).toBe('100')
    expect(s.fails('exec sum(x) from b')).toMatch(/missing|ENOENT|no such file/i)
  })
  it('does not open files by their ranges', () => {
    for (const file of dataFiles()) files().remove(file)
    expect(s.show('exec count(x) from b where x < -1')).toBe('0')
  })
  it('goes to a job, as the state that it shows', () => {
    registerDfsCodecs()
    const sent = encodeValue(s.session.run('b'))
    const job = connect(world)
    job.session.user = 'admin'
    const count = job.session.run('def count1(x){ return exec count(*) from x }; count1') as FunctionValue
    const counted = (): unknown =>
      (job.session.call(count, [decodeValue(sent, { session: job.session })]) as Scalar).value
    expect(Number(counted())).toBe(1000)
    s.run('pt.append!(t); backup("/b","dfs://compoDB")')
    expect(counted).toThrow(/has no state/)
  })
  it('has the schema of the table, and shows it', () => {
    expect(s.show('schema(b).colDefs')).toBe(s.show('schema(pt).colDefs'))
    expect(s.show('schema(b).partitionColumnName')).toBe(s.show('schema(pt).partitionColumnName'))
    expect(s.show('schema(b)')).toBe(s.show('schema(pt)'))
  })
  it('shows what was backed up, not what the table has become', () => {
    s.run('pt.append!(t); update pt set x = 0.0; dropPartition(db, 2017.08.11, `pt)')
    expect(s.show('exec count(*) from b')).toBe('1000')
    expect(values('select sum(x) from b')).toEqual([[249750]])
    s.run(`dropDatabase("${URL}")`)
    expect(values('select sum(x) from b')).toEqual([[249750]])
  })
})

describe('a table of a backup is not written', () => {
  it.each([
    ['b.append!(t)', 'is read only'],
    ['tableInsert(b, t)', 'is read only'],
    ['update b set x = 1.0', 'read'],
    ['delete from b where ID=1', 'read'],
    ['upsert!(b, t, keyColNames=`ID`date)', 'is read only'],
    ['addColumn(b, `more, INT)', 'is read only'],
    ['dropColumns!(b, `x)', 'is read only'],
    ['insert into b values(1, 2017.08.07, 1.0, `a, "x")', 'not enabled for stored tables'],
    ['backup("/other", <select * from b>)', 'table'],
  ])('%s is refused', (statement, why) => {
    const before = new Map(files().files())
    expect(s.fails(statement)).toMatch(why)
    expect(new Map(files().files())).toEqual(before)
  })
})

describe('nothing damaged is used', () => {
  it('every flipped bit of a data file is found by the query that reads the file, first or later', () => {
    const [file] = dataFiles()
    const size = files().readFile(file).length
    const all = values('select * from b order by ID, date, x')
    for (let k = 0; k < 64; k++) {
      const at = Math.floor((k * size) / 64)
      files().flipBit(file, at)
      // A fresh handle reads the file whole.
      expect(s.fails(`exec sum(x) from openBackup("/b","${URL}","pt")`)).toMatch(/damaged/)
      files().flipBit(file, at)
    }
    expect(values('select * from b order by ID, date, x')).toEqual(all)
    // A handle that has proven the file compares what it reads again.
    let found = 0
    for (let at = 0; at < size; at += 64) {
      files().flipBit(file, at)
      if (s.fails('select * from b') === 'no error') {
        // Bytes that no query reads: paddings, messages for other readers.
        expect(values('select * from b order by ID, date, x')).toEqual(all)
      } else found++
      files().flipBit(file, at)
    }
    expect(found).toBeGreaterThan(10)
  })
  it('a file in the place of another is refused, though it is whole', () => {
    const pair = dataFiles().filter((f) => /20170807/.test(f))
    values('select sum(x) from b')
    const [a, b] = pair.map((f) => files().readFile(f))
    expect(a.length).toBe(b.length)
    files().writeFileAtomic(pair[0], b)
    files().writeFileAtomic(pair[1], a)
    expect(s.fails('select sum(x) from b')).toMatch(/its footer is not the one/)
    expect(s.fails(`select sum(x) from openBackup("/b","${URL}","pt")`)).toMatch(/its checksum is/)
  })
  it('a backup that was renewed meanwhile is a clear error', () => {
    s.run('pt.append!(t); backup("/b","dfs://compoDB")')
    expect(s.fails('select count(*) from b')).toMatch(/was renewed while it was read|no more in the backup/)
    s.run(`b=openBackup("/b","${URL}","pt")`)
    expect(s.show('exec count(*) from b')).toBe('2000')
  })
})

describe('a state under an open table', () => {
  const states = (): string[] => s.show('exec state from listBackupStates("/s")').match(/\d{8}T\d+Z-[0-9a-f]{6}/g)!

  beforeEach(() => {
    s.run(`backup("/s","${URL}",keep=3); update pt set x = x + 1; backup("/s","${URL}")`)
  })
  it('is shown as long as it is in the backup, whatever else is backed up', () => {
    const [newest, older] = states()
    s.run(`o=openBackup("/s","${URL}","pt","${older}"); n=openBackup("/s","${URL}","pt","${newest}")`)
    expect(values('select sum(x) from n')[0][0]).toBe(Number(values('select sum(x) from o')[0][0]) + 1000)
    s.run(`update pt set x = x + 1; backup("/s","${URL}")`)
    expect(values('select sum(x) from o')).toEqual([[249750]])
    s.run('pruneBackup("/s",keep=1)')
    expect(s.fails('select sum(x) from o')).toMatch(`the state ${older} has left it`)
    expect(s.fails('select sum(x) from n')).toMatch(`the state ${newest} has left it`)
    expect(values(`select sum(x) from openBackup("/s","${URL}","pt")`)).toEqual([[251750]])
  })
  it('that is pruned in the middle of a query is a clear error, and never other rows', () => {
    const older = states().at(-1)!
    const other = connect(world)
    const set = world.backups.get('/s') as MemoryFileStore
    const open = set.openRead
    for (const when of [1, 2, 5, 9]) {
      let count = 0
      s.run(`o=openBackup("/s","${URL}","pt","${older}")`)
      const backupOfOld = new Map([...set.files().keys()].map((f) => [f, Buffer.from(set.readFile(f))]))
      set.openRead = (path) => {
        if (path.startsWith('data/') && ++count === when) other.run('pruneBackup("/s",keep=1)')
        return open.call(set, path)
      }
      expect(s.fails('select sum(x) from o')).toMatch(`the state ${older} has left it`)
      set.openRead = open
      expect(count).toBe(when)
      for (const [file, content] of backupOfOld) set.writeFileAtomic(file, content)
    }
  })
})

describe('sorted and keyed tables, and rows of queries', () => {
  it.each(['LAST', 'FIRST', 'ALL'])('TSDB with keepDuplicates=%s shows the rows that the live table shows', (keep) => {
    s.run(`ts=database("dfs://ts",VALUE,2017.08.07..2017.08.11,,"TSDB")
      tt=ts.createPartitionedTable(t,\`tt,\`date,,\`ID\`date,${keep})
      tt.append!(t); tt.append!(select ID, date, x+1 as x, s, txt from t where ID<30); delete from tt where ID=3
      backup("/ts","dfs://ts")
      c=openBackup("/ts","dfs://ts","tt")`)
    expect(values('select * from c')).toEqual(values('select * from tt'))
    expect(values('select count(*), sum(x) from c where ID<30')).toEqual(
      values('select count(*), sum(x) from tt where ID<30'),
    )
    expect(s.show('exec count(*) from c')).toBe(s.show('exec count(*) from tt'))
  })
  it('PKEY shows the newest row of each key', () => {
    s.run(`pk=database("dfs://pk",VALUE,2017.08.07..2017.08.11,,"PKEY")
      kt=pk.createPartitionedTable(t,\`kt,\`date,primaryKey=\`ID\`date)
      kt.append!(t); kt.append!(select ID, date, x+1 as x, s, txt from t where ID<30)
      backup("/pk","dfs://pk")
      c=openBackup("/pk","dfs://pk","kt")`)
    expect(values('select * from c')).toEqual(values('select * from kt'))
  })
  it('a backup of a query has the columns of the query, whatever they are called', () => {
    s.run(`backup("/q", <select date+1 as date, ID*2 as ID, x from pt where ID<60>)
      q=openBackup("/q","${URL}","pt")`)
    expect(s.show('exec count(*) from q')).toBe('600')
    expect(values('select * from q where date=2017.08.12, ID=4 order by x')).toEqual(
      values('select date+1 as date, ID*2 as ID, x from pt where date=2017.08.11, ID=2 order by x'),
    )
  })
  it('columns that were added and renamed since are shown as the backup knew them', () => {
    s.run(`addColumn(pt, \`more, INT); rename!(pt, \`x, \`y); pt=loadTable("${URL}","pt"); update pt set more=1 where ID=5
      backup("/c","${URL}")
      c=openBackup("/c","${URL}","pt")`)
    expect(values('select sum(y), sum(more) from c')).toEqual(values('select sum(y), sum(more) from pt'))
    expect(s.show('exec count(*) from b')).toBe('1000')
  })
})

describe('who may', () => {
  it('needs a login and the right to read', () => {
    s.run('createUser("u1","12345678"); createUser("u2","12345678"); grant("u1",TABLE_READ,"dfs://compoDB/pt")')
    s.session.user = 'u1'
    expect(s.show('exec count(*) from openBackup("/b","dfs://compoDB","pt")')).toBe('1000')
    s.session.user = 'u2'
    expect(s.fails('openBackup("/b","dfs://compoDB","pt")')).toMatch('<NoPrivilege>')
    expect(s.fails('select count(*) from b')).toMatch('<NoPrivilege>')
    s.session.user = 'guest'
    expect(s.fails('openBackup("/b","dfs://compoDB","pt")')).toMatch('please log in')
  })
  it('a missing set, database or table is named', () => {
    expect(s.fails('openBackup("/none","dfs://compoDB","pt")')).toMatch('There is no backup in')
    expect(s.fails('openBackup("/b","dfs://none","pt")')).toMatch('does not contain the database')
    expect(s.fails('openBackup("/b","dfs://compoDB","none")')).toMatch('does not contain the table')
  })
})
