import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

/** The records of a new store: hashing the first password for each test would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

let session: Interpreter
const registry = createRegistry(dfsBuiltins)

beforeEach(() => {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  const files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command) => engine.request(command) },
    catalog,
    files,
  })
  session.user = 'admin'
})

const show = (script: string): string => session.display(session.run(script))
const fails = (script: string): string => {
  try {
    session.run(script)
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}

const COMPO = `
  db = database("dfs://compoDB", COMPO, [database("", VALUE, 2017.08.07..2017.08.11), database("", RANGE, 0 50 100)])
  t = table(0..99 as ID, take(2017.08.07..2017.08.11, 100) as date, 0.5 * 0..99 as x)
  pt = db.createPartitionedTable(t, \`pt, \`date\`ID).append!(t)
`

describe('databases', () => {
  it('are created, opened, listed and dropped', () => {
    session.run(COMPO)
    expect(show('db')).toBe('DB[dfs://compoDB]')
    expect(show('exec count(*) from pt')).toBe('100')
    expect(show('exec count(*) from loadTable("dfs://compoDB/", "pt") where date=2017.08.08, ID<50')).toBe('10')
    expect(show('getDFSDatabases()')).toBe('["dfs://compoDB"]')
    expect(show('getTables(database("dfs://compoDB"))')).toBe('["pt"]')
    expect(show('getClusterDFSTables()')).toBe('["dfs://compoDB/pt"]')
    expect(
      show('[existsDatabase("dfs://compoDB"), existsDatabase("dfs://compoDB/20170807"), exists("dfs://nope")]'),
    ).toBe('[true,false,false]')
    expect(show('existsTable("dfs://compoDB/20170807", `pt)')).toBe('true')
    session.run('dropDatabase("dfs://compoDB")')
    expect(show('existsDatabase("dfs://compoDB")')).toBe('false')
    expect(fails('getTables(db)')).toMatch(/Database \[dfs:\/\/compoDB\] does not exist/)
  })

  it('are created by statements as well', () => {
    session.run(`create database "dfs://s" partitioned by VALUE(1..3), HASH([SYMBOL,4]), engine='TSDB'
      create table "dfs://s"."q"(id INT, s SYMBOL, ts TIMESTAMP, v DECIMAL32(2)) partitioned by id, s, sortColumns=[\`s,\`ts]`)
    expect(show('schema(loadTable("dfs://s","q")).sortColumns')).toBe('["s","ts"]')
    expect(show('schema(database("dfs://s")).partitionTypeName')).toBe('["VALUE","HASH"]')
    session.run('drop table "dfs://s"."q"; drop database if exists "dfs://s"')
    expect(show('existsDatabase("dfs://s")')).toBe('false')
  })

  it.each([
    ['of the same scheme opens it', 'database("dfs://d", RANGE, 0 50 100)', 'no error'],
    [
      'of another scheme',
      'database("dfs://d", RANGE, 0 60)',
      'already exists with the engine OLAP and partitions by RANGE (0_50, 50_100)',
    ],
    ['in a folder', 'database("/tmp/x", VALUE, 1..3)', 'local folder'],
    ['by numbers with a point', 'database("dfs://e", VALUE, 1.0 2.0)', "DOUBLE can't be used for a partition column."],
    ['that is not there', 'database("dfs://e")', 'Database [dfs://e] does not exist'],
    [
      'as guest',
      'logout(); database("dfs://e", VALUE, 1..3)',
      '<NoPrivilege>Not granted to create or delete databases',
    ],
    [
      'dropping as guest',
      'logout(); dropDatabase("dfs://d")',
      '<NoPrivilege>Not granted to create or delete databases',
    ],
    ['with a name that leaves the folder', 'database("dfs://..", VALUE, 1..3)', 'not a valid name'],
  ])('creating one %s', (_, script, message) => {
    session.run('database("dfs://d", RANGE, 0 50 100)')
    expect(fails(script)).toContain(message)
  })

  it('describe themselves', () => {
    session.run(COMPO)
    expect(show('schema(db).keys()')).toBe(
      '["databaseDir","partitionSchema","partitionSites","engineType","atomic","chunkGranularity","partitionType","partitionTypeName","partitionColumnType","clusterReplicationEnabled","databaseOwner"]',
    )
    expect(show('schema(db).partitionType')).toBe('[1,2]')
    expect(show('schema(db).partitionSchema[1]')).toBe('[0,50,100]')
    expect(show('schema(pt).partitionColumnName')).toBe('["date","ID"]')
    expect(show('schema(pt).partitionColumnIndex')).toBe('[1,0]')
    expect(show('schema(pt).colDefs.name')).toBe('["ID","date","x"]')
  })
})

describe('tables', () => {
  it.each([
    ['too few partition columns', '`a, `date', 'one column for each of the 2'],
    ['an unknown column', '`a, `date`nope', '[nope] is no column'],
    ['a column of the wrong type', '`a, `x`ID', "DOUBLE can't be used"],
    ['a name with a blank', '"a b", `date`ID', 'not a valid name'],
    ['a name that is taken', '`pt, `date`ID', 'The table [pt] already exists.'],
    ['duplicates other than ALL', '`a, `date`ID, , , LAST', 'for databases of the engine TSDB'],
  ])('refuse %s', (_, rest, message) => {
    session.run(COMPO)
    expect(fails(`db.createPartitionedTable(t, ${rest})`)).toContain(message)
  })

  it.each([
    ['no sort columns', '`a, `id', 'sortColumns is required'],
    ['a TIMESTAMP in the sort key', '`a, `id, , `ts`id', 'cannot be part of the sort key'],
    ['a SYMBOL as the last of several', '`a, `id, , `id`s', 'must be temporal or integral'],
    ['a second NEWEST', '`a, `id, , `s`ts, `NEWEST', 'keepDuplicates must be ALL, LAST or FIRST'],
    ['a primary key', '`a, `id, primaryKey=`id', 'primaryKey is for databases of the engine PKEY'],
    [
      'soft delete without LAST',
      '`a, `id, , `s`ts, FIRST, , true',
      'only when engineType is specified as "TSDB" and keepDuplicates as "LAST".',
    ],
    [
      'too few mapping functions',
      '`a, `id, , `id`s`ts, ALL, [hashBucket{,500}]',
      'one function for each of the 2 column(s)',
    ],
    [
      'an index',
      '`a, `id, , `s`ts, indexes=dict([`s], [`bloomfilter])',
      'bloomfilter is for databases of the engine PKEY',
    ],
    ['encryption', '`a, `id, , `s`ts, encryptMode=`aes_256_ctr', 'Encryption of tables (encryptMode) is not supported'],
  ])('of TSDB refuse %s', (_, rest, message) => {
    session.run(`db = database("dfs://ts", VALUE, 1..3, engine='TSDB')
      t = table(1:0, \`id\`s\`ts, [INT, SYMBOL, TIMESTAMP])`)
    expect(fails(`db.createPartitionedTable(t, ${rest})`)).toContain(message)
  })

  it.each([
    ['no key', '`a, `id', 'primaryKey is required'],
    [
      'a key without the partition column',
      '`a, `id, primaryKey=`s',
      'must contain all partition columns; [id] is missing',
    ],
    ['a DOUBLE in the key', '`a, `id, primaryKey=`id`x', 'of type DOUBLE cannot be part of a primary key'],
    ['a key and sort columns', '`a, `id, , `id, primaryKey=`id', 'has a primaryKey and no sortColumns'],
    ['LAST', '`a, `id, , `id, LAST', 'keepDuplicates is for databases of the engine TSDB'],
    [
      'a text index',
      '`a, `id, primaryKey=`id, indexes=dict([`s], [`textdb])',
      'An index of the kind textdb (indexes) is not',
    ],
  ])('of PKEY refuse %s', (_, rest, message) => {
    session.run(`db = database("dfs://pk", VALUE, 1..3, engine="PKEY")
      t = table(1:0, \`id\`s\`x, [INT, SYMBOL, DOUBLE])`)
    expect(fails(`db.createPartitionedTable(t, ${rest})`)).toContain(message)
  })

  it('show in schema how their rows are kept', () => {
    session.run(`db = database("dfs://ts", VALUE, 1..3, engine='TSDB')
      t = table(1:0, \`id\`s\`ts, [INT, SYMBOL, TIMESTAMP])
      a = db.createPartitionedTable(t, \`a, \`id, , \`s\`ts, LAST, [hashBucket{,500}], true, , true, false)
      b = db.createTable(t, \`b, , \`ts, FIRST)
      pk = database("dfs://pk", VALUE, 1..3, engine="PKEY")
      c = pk.createPartitionedTable(t, \`c, \`id, primaryKey=\`id\`s, indexes=dict([\`s], [\`bloomfilter]))
      create table "dfs://pk"."d"(id INT[indexes="bloomfilter"], s SYMBOL) primaryKey=\`id`)
    const shown = ['keepDuplicates', 'sortColumns', 'sortKeyMappingFunction', 'softDelete', 'latestKeyCache']
    expect(shown.map((key) => show(`schema(a).${key}`))).toEqual([
      'LAST',
      '["s","ts"]',
      '["hashBucket{, 500}"]',
      'true',
      'true',
    ])
    expect(show('schema(a).compressHashSortKey')).toBe('false')
    expect(show('schema(b).keepDuplicates')).toBe('FIRST')
    expect(show('schema(b).sortColumns')).toBe('ts')
    expect(show('schema(c).primaryKey')).toBe('["id","s"]')
    expect(show('exec name from schema(c).indexes')).toBe('["s"]')
    expect(show('exec name from schema(loadTable("dfs://pk", "d")).indexes')).toBe('["id"]')
    expect(show('`sortColumns in schema(c).keys()')).toBe('false')
  })

  it('without partitions have one chunk', () => {
    session.run(`${COMPO}; d = db.createDimensionTable(t, \`dim); d.append!(t)`)
    expect(show('exec sum(x) from d')).toBe('2475')
    expect(show('left((exec dfsPath from getTabletsMeta(,`dim))[0], 13)')).toBe('/compoDB/dim/')
    expect(show('schema(d).partitionColumnIndex')).toBe('-1')
  })

  it('are renamed, emptied and dropped', () => {
    session.run(`${COMPO}; r = renameTable(db, \`pt, \`p2)`)
    expect(show('exec count(*) from r')).toBe('100')
    session.run('truncate("dfs://compoDB", `p2)')
    expect(show('exec count(*) from loadTable(db, `p2)')).toBe('0')
    session.run('dropTable(db, `p2)')
    expect(fails('loadTable(db, `p2)')).toContain('The table [p2] of database [dfs://compoDB] does not exist')
    expect(fails('dropTable(db, `p2)')).toContain('The table [p2] of database [dfs://compoDB] does not exist')
  })
})

describe('partitions', () => {
  beforeEach(() => void session.run(COMPO))
  const left = () => show('exec count(*) from getTabletsMeta("/compoDB/%", `pt)')

  it.each([
    ['a path', '"/20170811/0_50"', 9],
    ['paths', '["/20170811/0_50","/20170807/50_100"]', 8],
    ['a value of the first level', '2017.08.08', 8],
    ['values of the first level', '2017.08.08 2017.08.09', 6],
    ['a tuple', '[2017.08.07,0]', 9],
    ['an empty entry', '[,[0]]', 5],
    ['any value of a range', '[2017.08.07,[1,99]]', 8],
  ])('are dropped by %s', (_, what, count) => {
    expect(left()).toBe('10')
    session.run(`dropPartition(db, ${what}, \`pt)`)
    expect(left()).toBe(String(count))
  })

  it.each([
    ['nothing', '[]', 'Please use truncate instead of dropPartition to delete the entire table.'],
    ['a partition that is not there', '2018.01.01', 'RefId: S01056'],
    ['a path without all levels', '"/20170807"', 'must name each of the 2 level'],
    ['a value of another type', '5', 'RefId: S01058'],
  ])('dropping %s is an error', (_, what, message) => {
    expect(fails(`dropPartition(db, ${what}, \`pt)`)).toContain(message)
  })

  it('leave the scheme with deleteSchema', () => {
    session.run('dropPartition(db, 2017.08.09, `pt, deleteSchema=true)')
    expect(show('schema(db).partitionSchema[0]')).toBe('[2017.08.07,2017.08.08,2017.08.10,2017.08.11]')
    expect(left()).toBe('8')
  })

  it('are added to VALUE and RANGE schemes', () => {
    expect(show('addValuePartitions(db, 2017.08.11..2017.08.14, 0)')).toBe('3')
    expect(show('addRangePartitions(db, 100 150 200, 1)')).toBe('2')
    expect(show('tableInsert(pt, table([150, 200] as ID, [2017.08.14, 2017.08.14] as date, [1.0, 2.0] as x))')).toBe(
      '1',
    )
    expect(show('existsPartition("dfs://compoDB/20170814/150_200", `pt)')).toBe('true')
    expect(show('existsPartition("dfs://compoDB/20170814/0_50", `pt)')).toBe('false')
    expect(fails('addRangePartitions(db, 150 300, 1)')).toContain('RefId: S01002')
    expect(fails('addValuePartitions(db, 1..3, 1)')).toContain('not by VALUE')
  })

  it('are listed', () => {
    session.run('index = (exec physicalIndex from listTables("dfs://compoDB"))[0]')
    expect(
      show('(exec dfsPath from getTabletsMeta("/compoDB/20170807/0_50/*")) == ("/compoDB/20170807/0_50/" + index)'),
    ).toBe('[true]')
    expect(show('exec sum(rowNum) from getTabletsMeta()')).toBe('100')
    expect(show('exec count(*) from getChunksMeta("/compoDB/%") where type=1')).toBe('10')
    expect(show('exec dfsPath from getChunksMeta() where type=0')).toBe('["/compoDB/domain","/compoDB/pt.tbl"]')
    expect(show('exec count(*) from getClusterChunksStatus() where state="COMPLETE"')).toBe('12')
    expect(show('existsPartition("dfs://compoDB/20170807/0_50/" + index)')).toBe('true')
  })
})

describe('users and the node', () => {
  it('log in, are made and removed', () => {
    expect(fails('login("admin", "wrong")')).toContain('The user name or password is incorrect')
    session.run('login("admin", "123456"); createUser("u1", "pw")')
    expect(show('getUserList()')).toBe('["u1"]')
    session.run('login("u1", "pw")')
    expect(show('getCurrentSessionAndUser()[1]')).toBe('u1')
    expect(fails('createUser("u2", "pw")')).toContain('<NoPrivilege>')
    session.run('changePwd("pw", "pw2"); login("u1", "pw2"); logout()')
    expect(show('isLoggedIn()')).toBe('false')
    session.run('login("admin", "123456"); resetPwd("u1", "pw3"); deleteUser("u1")')
    expect(fails('login("u1", "pw3")')).toContain('incorrect')
    expect(fails('deleteUser("admin")')).toContain("can't be deleted")
    expect(fails('createUser("1x", "pw")')).toContain('not a valid user name')
  }, 30_000)

  it('only owners and administrators change a database', () => {
    session.run(`${COMPO}; createUser("u1", "pw"); login("u1", "pw")`)
    expect(fails('database("dfs://own", VALUE, 1..3)')).toContain(
      '<NoPrivilege>Not granted to create or delete databases',
    )
    session.user = 'admin'
    session.run('grant("u1", DB_OWNER)')
    session.user = 'u1'
    expect(fails('dropTable(db, `pt)')).toContain('<NoPrivilege>Not granted to delete tables of dfs://compoDB')
    session.run('own = database("dfs://own", VALUE, 1..3); own.createPartitionedTable(table(1..3 as id), `a, `id)')
    expect(show('schema(own).databaseOwner')).toBe('u1')
  })

  it('functions are called on the only node', () => {
    expect(show('rpc(getNodeAlias(), add, 1, 2)')).toBe('3')
    expect(show('exec Value from pnodeRun(getNodeType)')).toBe('[3]')
    expect(fails('rpc("elsewhere", add, 1, 2)')).toContain('There is no node [elsewhere]')
    expect(show('getConfig("newValuePartitionPolicy")')).toBe('skip')
    expect(show('getHomeDir()')).toBe('/data')
  })
})
