import { beforeEach, describe, expect, it, test } from 'vitest'
import { connect, newWorld, type TestSession, type TestWorld } from './testing.ts'

let world: TestWorld
let s: TestSession

/** Rows of two partitions: some in segments, some small appends. */
const SETUP = `
  t = table(1 2 1 2 as id, 1..4 as n, 0.5 1.5 2.5 3.5 as x, symbol(\`a\`b\`c\`d) as sym)
  db = database("dfs://a", VALUE, 1 2)
  pt = db.createPartitionedTable(t, \`pt, \`id)
  pt.append!(t)
  pt.append!(table(1 as id, 5 as n, 9.5 as x, \`e as sym))
  def again() { return loadTable("dfs://a", "pt") }
`

describe.each([
  ['all rows in segments', 0],
  ['large appends in segments, small ones not', 2],
  ['all rows in small appends', 1000],
])('altering a stored table, with %s', (_, smallRows) => {
  beforeEach(() => {
    world = newWorld()
    world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: smallRows }, 'admin')
    s = connect(world)
    s.run(SETUP)
  })

  it('adds columns of nulls, which show in handles that are loaded then', () => {
    s.run('addColumn(pt, `y`z, [LONG, DECIMAL64(2)])')
    expect(s.show('pt.colNames()')).toBe('["id","n","x","sym"]')
    s.run('pt = again()')
    expect(s.show('pt.colNames()')).toBe('["id","n","x","sym","y","z"]')
    expect(s.show('exec y from pt')).toBe('[,,,,]')
    s.run('update pt set y = n * 10 where n > 2; update pt set z = 1.25 where n = 1')
    expect(s.show('exec y from pt order by n')).toBe('[,,30,40,50]')
    expect(s.show('exec z from pt where n = 1')).toBe('[1.25]')
    expect(s.show('exec count(*) from pt where y = 30')).toBe('1')
  })

  it('takes rows of the old shape until one of the new is appended', () => {
    s.run('addColumn(pt, `y, LONG); new = again()')
    s.run('pt.append!(table(1 as id, 6 as n, 0.0 as x, `f as sym))')
    s.run('new.append!(table(1 as id, 7 as n, 0.0 as x, `g as sym))')
    expect(s.show('exec y from new where n > 5')).toBe('[,]')
    s.run('new.append!(table(2 as id, 8 as n, 0.0 as x, `h as sym, 80l as y))')
    expect(s.fails('pt.append!(table(1 as id, 9 as n, 0.0 as x, `i as sym))')).toBe(
      'The data to append contains fewer columns than the schema. RefId: S01015',
    )
    expect(s.fails('new.append!(table(1 as id, 9 as n))')).toContain('RefId: S01015')
    expect(s.show('exec y from new where n > 5 order by n')).toBe('[,,80]')
    expect(s.show('exec count(*) from pt')).toBe('8')
  })

  it('never brings back the values of a dropped column', () => {
    s.run('dropColumns!(pt, `x); pt = again()')
    expect(s.show('pt.colNames()')).toBe('["id","n","sym"]')
    s.run('addColumn(pt, `x, DOUBLE); pt = again()')
    expect(s.show('exec x from pt')).toBe('[,,,,]')
    expect(s.show('exec count(*) from pt where x > 0')).toBe('0')
    s.run('update pt set x = n where n < 3')
    expect(s.show('exec n from pt where x > 0 order by n')).toBe('[1,2]')
    s.run('pt.append!(table(1 as id, 6 as n, `z as sym, 6.5 as x))')
    expect(s.show('exec x from pt where n = 6')).toBe('[6.5]')
    s.run('rename!(pt, `x, `w); pt = again(); addColumn(pt, `x, INT); pt = again()')
    expect(s.show('exec w, x from pt where n in 1 6 order by n')).toBe('w   x\n--- -\n1   \n6.5 ')
  })

  it('renames columns, and old handles go on with their names', () => {
    s.run('rename!(pt, `x, `price); new = again()')
    expect(s.show('new.colNames()')).toBe('["id","n","price","sym"]')
    expect(s.show('exec price from new where price > 2 order by price')).toBe('[2.5,3.5,9.5]')
    expect(s.show('exec x from pt where x > 2 order by x')).toBe('[2.5,3.5,9.5]')
    s.run('update pt set x = 100.0 where x > 9; delete from new where price < 1')
    expect(s.show('exec price from new order by price')).toBe('[1.5,2.5,3.5,100]')
    s.run('dropColumns!(new, `price)')
    expect(s.fails('select x from pt')).toContain('Unrecognized column name x. RefId: S02005')
    expect(s.fails('update pt set x = 1')).toContain('Unrecognized column name x. RefId: S02005')
    expect(s.show('exec n from pt order by n')).toBe('[2,3,4,5]')
  })

  it('replaces a column by one of another type, with its values', () => {
    s.run('replaceColumn!(pt, `n, array(LONG)); pt = again()')
    expect(s.show('typestr(exec n from pt)')).toBe('FAST LONG VECTOR')
    expect(s.show('exec n from pt order by n')).toBe('[1,2,3,4,5]')
    s.run('replaceColumn!(pt, `x, array(INT)); pt = again()')
    expect(s.show('exec x from pt order by n')).toBe(s.show('int(0.5 1.5 2.5 3.5 9.5)'))
    s.run('pt.append!(table(1 as id, 6l as n, 7 as x, `q as sym))')
    expect(s.show('exec x from pt where n >= 5')).toBe(s.show('int(9.5 7)'))
    expect(s.show('exec count(*) from pt where n > 4')).toBe('2')
  })

  it('alters by SQL', () => {
    s.run('alter table pt add column y DATE; pt = again()')
    s.run('alter table pt rename column y to day; pt = again()')
    s.run('alter table pt drop column sym; pt = again()')
    expect(s.show('select * from pt where n = 1')).toBe('id n x   day\n-- - --- ---\n1  1 0.5 ')
  })

  it('keeps comments of columns and of the table', () => {
    s.run('setColumnComment(pt, {n: "a number", X: "a price"}); setTableComment(pt, "of all")')
    expect(s.show('exec comment from schema(again()).colDefs')).toBe('[,"a number","a price",]')
    expect(s.show('schema(again()).tableComment')).toBe('of all')
    s.run('rename!(pt, `x, `p)')
    expect(s.show('exec comment from schema(again()).colDefs')).toBe('[,"a number","a price",]')
  })

  const refused: readonly (readonly [string, string])[] = [
    ['addColumn(pt, `N, INT)', 'A column with name N already exists in table. RefId: S01014'],
    ['addColumn(pt, `y`Y, [INT, INT])', 'RefId: S01014'],
    ['rename!(pt, `x, `n)', 'A column with name n already exists in table. RefId: S01014'],
    ['rename!(pt, `nope, `m)', 'The column [nope] does not exist.'],
    ['rename!(pt, `id, `key)', "The partition column [id] can't be renamed. RefId: S01065"],
    ['dropColumns!(pt, `id)', "The partition column [id] can't be dropped. RefId: S01065"],
    ['dropColumns!(pt, `n`x)', 'one column is dropped a call'],
    ['replaceColumn!(pt, `id, array(LONG))', 'RefId: S01065'],
    ['replaceColumn!(pt, `sym, array(STRING))', "can't be replaced"],
    ['replaceColumn!(pt, `x, array(STRING))', "can't be replaced"],
    ['alter table pt drop column id', 'RefId: S01065'],
    ['setColumnComment(pt, {nope: "x"})', 'The column [nope] does not exist.'],
    ['reorderColumns!(pt, `x`n)', 'RefId: S02008'],
  ]
  for (const [script, message] of refused)
    test(`${script} is refused`, () => {
      expect(s.fails(script)).toContain(message)
      expect(s.show('again().colNames()')).toBe('["id","n","x","sym"]')
    })
})

describe('tables of the engine TSDB', () => {
  it('take new columns, and refuse the rest', () => {
    s = connect(newWorld())
    s.run(`
      t = table(1 2 1 as id, 3 1 2 as n, 0.5 1.5 2.5 as x)
      db = database("dfs://a", VALUE, 1 2, engine="TSDB")
      pt = db.createPartitionedTable(t, \`pt, \`id, sortColumns=\`n).append!(t)
      addColumn(pt, \`y, INT)
      pt = loadTable("dfs://a", "pt")
      update pt set y = n * 2
    `)
    expect(s.show('select * from pt')).toBe('id n x   y\n-- - --- -\n1  2 2.5 4\n1  3 0.5 6\n2  1 1.5 2')
    for (const script of ['dropColumns!(pt, `x)', 'rename!(pt, `x, `z)', 'replaceColumn!(pt, `x, array(FLOAT))'])
      expect(s.fails(script)).toContain('RefId: S01064')
  })
})
