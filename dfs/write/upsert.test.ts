import { beforeEach, describe, expect, it, test } from 'vitest'
import { connect, newWorld, type TestSession, type TestWorld } from './testing.ts'

let world: TestWorld
let s: TestSession

const SETUP = `
  t = table(1 2 1 2 1 1 as id, 1 2 3 4 5 3 as k, 0.5 1.5 2.5 3.5 4.5 5.5 as x, \`a\`b\`c\`d\`e\`f as sym)
  db = database("dfs://a", VALUE, 1 2)
  pt = db.createPartitionedTable(t, \`pt, \`id)
  pt.append!(t[0:3])
  pt.append!(t[3:6])
  m = select * from pt
`

describe.each([
  ['all rows in segments', 0],
  ['all rows in small appends', 1000],
])('upsert into a stored table, with %s', (_, smallRows) => {
  beforeEach(() => {
    world = newWorld()
    world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: smallRows }, 'admin')
    s = connect(world, { config: { newValuePartitionPolicy: 'add' } })
    s.run(SETUP)
  })

  const cases: readonly (readonly [string, string])[] = [
    ['updates rows', 'table(1 2 as id, 1 4 as k, 10.5 40.5 as x, `A`D as sym)'],
    ['updates the first of duplicates', 'table(1 as id, 3 as k, 30.0 as x, `C as sym)'],
    ['inserts rows', 'table(2 1 as id, 7 8 as k, 70.5 80.5 as x, `G`H as sym)'],
    ['does both', 'table(1 1 2 as id, 9 5 2 as k, 90.5 50.5 20.5 as x, `I`E`B as sym)'],
    [
      'lets the last of equal new keys win',
      'table(1 1 1 1 as id, 9 9 5 5 as k, 1.0 2.0 3.0 4.0 as x, `p`q`r`s as sym)',
    ],
    ['writes nulls', 'table(1 1 as id, 1 9 as k, [double(), double()] as x, ["", "z"] as sym)'],
    ['takes no rows', 'select top 0 * from m'],
  ]
  for (const [what, rows] of cases)
    for (const ignoreNull of ['false', 'true'])
      test(`${what}, ignoreNull=${ignoreNull}`, () => {
        s.run(`rows = ${rows}`)
        s.run(`r = upsert!(pt, rows, ${ignoreNull}, \`k); upsert!(m, rows, ${ignoreNull}, \`id\`k)`)
        expect(s.show('select * from pt order by id, k, x')).toBe(s.show('select * from m order by id, k, x'))
        expect(s.show('exec count(*) from r')).toBe(s.show('exec count(*) from m'))
      })

  it('answers how many rows were inserted and updated', () => {
    s.run('rows = table(1 1 2 1 as id, 9 5 2 9 as k, 90.5 50.5 20.5 1.0 as x, `I`E`B`J as sym)')
    expect(s.show('tableUpsert(pt, rows, false, `k)')).toBe(s.show('tableUpsert(m, rows, false, `id`k)'))
    expect(s.show('tableUpsert(pt, rows, keyColNames=`k)')).toBe('0 : 4')
  })

  it('makes new partitions', () => {
    expect(s.show('tableUpsert(pt, table(7 1 7 as id, 1 1 1 as k, 1.0 2.0 3.0 as x, `x`y`z as sym), , `k)')).toBe(
      '1 : 2',
    )
    expect(s.show('exec x from pt where k = 1')).toBe('[2,3]')
    expect(s.show('schema(db).partitionSchema')).toBe('[1,2,7]')
  })

  it('sorts the partitions that change', () => {
    s.run('upsert!(pt, table(1 1 as id, 0 4 as k, 0.0 0.0 as x, `n`m as sym), , `k, `k`x)')
    expect(s.show('exec k from pt')).toBe('[0,1,3,3,4,5,2,4]')
    s.run('upsert!(pt, table(1 as id, 3 as k, 100.0 as x, `m as sym), , `k, `x)')
    expect(s.show('exec x from pt where id = 1')).toBe('[0,0,0.5,4.5,5.5,100]')
  })

  it('leaves segments alone that hold none of the keys', () => {
    s.run('upsert!(pt, table(1 as id, 5 as k, 1.0 as x, `x as sym), , `k)')
    expect(s.show('exec k from pt')).toBe('[1,3,5,3,2,4]')
  })

  const refused: readonly (readonly [string, string])[] = [
    ['upsert!(pt, t)', 'keyColNames must name columns'],
    ['upsert!(pt, t, , `nope)', 'Unrecognized column name nope'],
    ['upsert!(pt, table(1 as id, 1 as k), , `k)', 'RefId: S01015'],
    ['upsert!(pt, table(1 as id, 1 as k, `x as x, `y as sym), , `k)', 'RefId: S05004'],
  ]
  for (const [script, message] of refused)
    test(`${script} is refused`, () => {
      expect(s.fails(script)).toContain(message)
      expect(s.show('select * from pt')).toBe(s.show('m'))
    })
})

describe('upsert by engine', () => {
  it('finds rows that count where duplicates are dropped', () => {
    s = connect(newWorld())
    s.run(`
      t = table(1 1 1 as id, 1 2 1 as n, 0.5 1.5 2.5 as x)
      db = database("dfs://a", VALUE, 1 2, engine="TSDB")
      pt = db.createPartitionedTable(t, \`pt, \`id, sortColumns=\`n, keepDuplicates=LAST).append!(t)
      upsert!(pt, table(1 1 as id, 1 3 as n, 9.5 3.5 as x), , \`n)
      update pt set x = x + 100 where n < 3
      delete from pt where x = 101.5
    `)
    expect(s.show('select * from pt')).toBe('id n x\n-- - -----\n1  1 109.5\n1  3 3.5')
  })

  it('appends to tables with a primary key', () => {
    s = connect(newWorld())
    s.run(`
      t = table(1 1 2 as id, 1 2 1 as n, 0.5 1.5 2.5 as x)
      db = database("dfs://a", VALUE, 1 2, engine="PKEY")
      pt = db.createPartitionedTable(t, \`pt, \`id, primaryKey=\`id\`n).append!(t)
      upsert!(pt, table(1 1 as id, 1 3 as n, 9.5 3.5 as x))
      delete from pt where x = 9.5
    `)
    expect(s.show('exec x from pt')).toBe('[1.5,3.5,2.5]')
    expect(s.fails('upsert!(pt, t, true)')).toContain('A table of the engine PKEY takes none of')
  })
})
