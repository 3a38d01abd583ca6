import { beforeEach, describe, expect, it, test } from 'vitest'
import { connect, filesBelow, newWorld, type TestSession, type TestWorld } from './testing.ts'

let world: TestWorld
let s: TestSession

/** Twelve rows in three segments, of VALUE partitions 1, 2 and 3. `m` holds the same rows in memory, in the order of the partitions. */
const SETUP = `
  t = table(take(1 2 3, 12) as id, 1..12 as n, 0.5 * 1..12 as x, take(\`a\`b\`\`c, 12) as sym, string(1..12) as s, 2024.01.01 + 0..11 as d)
  db = database("dfs://u", VALUE, 1 2 3)
  pt = db.createPartitionedTable(t, \`pt, \`id)
  pt.append!(select * from t where n <= 4)
  pt.append!(select * from t where n > 4 and n <= 9)
  pt.append!(select * from t where n > 9)
  m = select * from pt
`

function setUp(smallRows: number): void {
  world = newWorld()
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: smallRows }, 'admin')
  s = connect(world, { config: { newValuePartitionPolicy: 'add' } })
  s.run(SETUP)
}

const EQUAL = 'each(eqObj, (select * from pt).values(), (select * from m order by id).values()).all()'

describe.each([
  ['all rows in segments', 0],
  ['some rows in segments, some in small appends', 4],
  ['all rows in small appends', 1000],
])('with %s, a statement does what it does in memory:', (_, smallRows) => {
  beforeEach(() => setUp(smallRows))
  for (const statement of [
    'update T set x = 1.5',
    'update T set x = x * 2 where n > 3',
    'update T set x = n, n = 0 where id = 2',
    'update T set x = NULL where n in 2 5 7',
    'update T set sym = `new where sym = `a',
    'update T set sym = NULL, s = "long text" where n between 3:10',
    'update T set s = s + "!" where x < 3',
    'update T set d = d + 365 where d >= 2024.01.05, id <> 3',
    'update T set n = iif(n > 6, 100, n)',
    'update T set n = 5h where n = 1',
    'update T set x = n \\ 3 where n > 100',
    'update T set n = sum(n) context by id',
    'update T set n = cumsum(n), x = prev(x) where n > 2 context by id',
    'update T set n = rank(x) context by id, sym csort x desc',
    'update T set x = max(x) context by id having count(*) > 3',
    'update T set x = x + 1 context by sym',
    'update T set x = u.y from ej(T, u, `n)',
    'update T set x = y from lj(T, u, `n) where y > 5',
    'delete from T where n < 4',
    'delete from T where n < 0',
    'delete from T',
    'delete from T where id = 2',
    'delete from T where sym = `a or s like "1%"',
    'delete from T where n in (select n from u)',
    'delete T from ej(T, u, `n)',
  ])
    test(statement, () => {
      s.run('u = table(2 5 5 11 as n, 4.5 5.5 6.5 7.5 as y)')
      s.run(statement.replaceAll('T', 'm'))
      s.run(statement.replaceAll('T', 'pt'))
      expect(s.show('select * from pt')).toBe(s.show('select * from m order by id'))
      expect(s.show(EQUAL)).toBe('true')
      expect(s.show('exec count(*) from pt')).toBe(s.show('exec count(*) from m'))
    })
})

describe('update', () => {
  beforeEach(() => setUp(0))

  it('moves rows to the partitions of their new values, which may be new', () => {
    s.run('update pt set id = 3 where n = 1')
    s.run('update pt set id = 7, x = 0 where n in 2 5')
    expect(s.show('exec n from pt where id = 3')).toBe('[3,6,9,12,1]')
    expect(s.show('exec n from pt where id = 7')).toBe('[2,5]')
    expect(s.show('exec count(*) from pt')).toBe('12')
    expect(s.show('schema(db).partitionSchema')).toBe('[1,2,3,7]')
  })

  it('leaves segments alone in which nothing changes', () => {
    const before = filesOf()
    s.run('update pt set x = 0.0 where n = 5')
    const after = filesOf()
    expect(after.filter((f) => !before.includes(f)).length).toBe(1)
    expect(before.filter((f) => !after.includes(f)).length).toBe(1)
    s.run('update pt set x = 0.0 where n = 500')
    expect(filesOf()).toEqual(after)
  })

  it('keeps array vectors and decimals', () => {
    s.run(`
      a = table(1 2 as id, array(INT[], 0, 2).append!([[1,2], [3]]) as v, decimal64(1.25 2.5, 2) as p)
      at = db.createPartitionedTable(a, \`at, \`id).append!(a)
      update at set v = 7 8 9 where id = 2
      update at set p = decimal64(9.75, 2) where id = 1
    `)
    expect(s.show('exec v from at')).toBe('[[1,2],[7,8,9]]')
    expect(s.show('exec p from at')).toBe('[9.75,2.50]')
  })

  it('changes dimension tables, with any function', () => {
    s.run(`
      dt = db.createTable(t, \`dt).append!(t)
      update dt set x = avg(x) where n > 2
      delete from dt where n > avg(n)
    `)
    expect(s.show('exec x from dt')).toBe('[0.5,1,3.75,3.75,3.75,3.75]')
  })

  const refused: readonly (readonly [string, string])[] = [
    ['update pt set nope = 1', 'Unrecognized column name nope. RefId: S02005'],
    ['update pt set n = `text', 'The data type of the new values does not match the data type of column n.'],
    [
      'update pt set n = sum(n)',
      'Aggregate or order-sensitive functions are not allowed without context by clause when updating a partitioned table.',
    ],
    [
      'update pt set n = sum(n) context by sym',
      'Aggregate or order-sensitive functions are not allowed without context by clause when updating a partitioned table.',
    ],
    ['def f(x) { return x }; update pt set n = f(n)', 'Aggregate or order-sensitive functions are not allowed'],
    ['update pt set x = 0 where n > avg(n)', 'RefId: S02025'],
    ['delete from pt where isDuplicated(sym)', 'RefId: S02025'],
    ['update pt set id = NULL where n = 1', 'RefId: S01001'],
    ['insert into pt values (1, 1, 1.0, `a, "s", 2024.01.01)', 'not enabled for stored tables'],
  ]
  for (const [script, message] of refused)
    test(`${script} fails, and changes nothing`, () => {
      expect(s.fails(script)).toContain(message)
      expect(s.show('select * from pt')).toBe(s.show('m'))
    })

  it('takes order-sensitive conditions with map, partition by partition', () => {
    s.run('delete from pt where rank(n) < 2 map')
    expect(s.show('exec n from pt')).toBe('[7,10,8,11,9,12]')
  })

  it('reads and changes only the partitions that partition(col, keys) names', () => {
    s.run('update pt set x = -1 where partition(id, 2), n > 5')
    expect(s.show('exec n from pt where x = -1')).toBe('[8,11]')
  })

  it('changes what a function is given, a call returns, or metacode names', () => {
    s.run('def f(mutable t1) { update t1 set x = 0 where n = 1; delete from t1 where n = 2 }; f(pt)')
    s.run('update loadTable("dfs://u", "pt") set x = 0 where pt.n = 3')
    s.run('sqlUpdate(pt, <x * 0 as x>, where=<n = 4>).eval(); sqlDelete(pt, <n = 5>).eval()')
    expect(s.show('exec n from pt where x = 0 order by n')).toBe('[1,3,4]')
    expect(s.show('exec count(*) from pt')).toBe('10')
  })

  it('leaves a partition whose rows are all deleted, ready for more', () => {
    s.run('delete from pt where id = 1')
    expect(s.show('exec dfsPath from getTabletsMeta("/u/%", `pt)')).toBe('["/u/2/1","/u/3/1"]')
    expect(s.show('exec max(n) from pt where id = 1')).toBe(s.show('int()'))
    s.run('pt.append!(t)')
    expect(s.show('exec n from pt where id = 1')).toBe('[1,4,7,10]')
  })

  it('takes the privilege of the statement', () => {
    s.run('createUser("u1", "Secret12"); grant("u1", TABLE_UPDATE, "dfs://u/pt")')
    const u1 = connect(world)
    u1.session.user = 'u1'
    u1.run('pt = loadTable("dfs://u", "pt"); update pt set x = 0 where n = 1')
    expect(s.show('exec n from pt where x = 0')).toBe('[1]')
    for (const [script, what] of [
      ['delete from pt where n = 1', 'delete'],
      ['addColumn(pt, `y, INT)', 'addColumn'],
      ['dropColumns!(pt, `x)', 'dropColumns'],
      ['replaceColumn!(pt, `x, array(INT))', 'replaceColumn'],
      ['pt.append!(table(1 as id))', 'append'],
    ] as const)
      expect([what, u1.fails(script)]).toEqual([what, expect.stringContaining('<NoPrivilege>')])
    expect(s.show('exec count(*) from pt')).toBe('12')
  })

  it('is allowed to insert where the configuration says so', () => {
    const own = connect(world, { config: { enableInsertStatementForDFSTable: true } })
    own.run('pt = loadTable("dfs://u", "pt"); insert into pt values (1, 100, 1.0, `a, "s", 2024.01.01)')
    own.run('insert into pt (n, id) values (101 102, 2 3)')
    own.run('insert into pt select * from pt where n = 100')
    expect(own.show('exec n from pt where n >= 100')).toBe('[100,100,101,102]')
  })
})

const filesOf = (): string[] => filesBelow(world.disk, 'chunks')
