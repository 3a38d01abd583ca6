/** Backups of tables that were altered, and tables that were altered after their backup. */
import { beforeEach, describe, expect, it, test } from 'vitest'
import { connect, newWorld, type TestSession, type TestWorld } from './testing.ts'

let world: TestWorld
let s: TestSession

beforeEach(() => {
  world = newWorld()
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 0 }, 'admin')
  s = connect(world)
  s.run(`
    t = table(1 2 1 2 as id, 1..4 as n, 0.5 1.5 2.5 3.5 as x, \`a\`b\`c\`d as sym)
    db = database("dfs://b", VALUE, 1 2)
    pt = db.createPartitionedTable(t, \`pt, \`id).append!(t)
    def again() { return loadTable("dfs://b", "pt") }
  `)
})

const ROWS = (table: string): string => s.show(`select * from loadTable("dfs://b", "${table}")`)

describe('a table that was altered', () => {
  beforeEach(() => {
    s.run(`
      dropColumns!(pt, \`x); addColumn(pt, \`x, INT); rename!(again(), \`sym, \`name)
      pt = again(); replaceColumn!(pt, \`n, array(LONG)); pt = again()
      update pt set x = n * 10 where n > 2
      delete from pt where n = 1
    `)
  })

  it('is backed up and comes back as it was', () => {
    s.run('backup("/bk", "dfs://b", true); restoreTable("/bk", "dfs://b", `pt,, "copy")')
    expect(ROWS('copy')).toBe(ROWS('pt'))
    s.run('delete from pt; restore("/bk", "dfs://b", "pt", "%", true)')
    expect(ROWS('pt')).toBe(ROWS('copy'))
    s.run('c = loadTable("dfs://b", "copy"); addColumn(c, `sym, STRING)')
    expect(s.show('exec sym from loadTable("dfs://b", "copy")')).toBe('[,,]')
  })

  it('with all rows of a partition deleted is backed up too', () => {
    s.run('delete from pt where id = 1')
    s.run('backup("/bk", "dfs://b", true); restoreTable("/bk", "dfs://b", `pt,, "copy")')
    expect(ROWS('copy')).toBe(ROWS('pt'))
    expect(s.show('exec count(*) from checkBackup("/bk", "dfs://b")')).toBe('0')
  })
})

describe('a backup', () => {
  beforeEach(() => s.run('backup("/bk", "dfs://b", true)'))

  test('is restored into its table after columns were renamed and added', () => {
    s.run('rename!(pt, `x, `price); addColumn(again(), `x, INT); delete from again()')
    s.run('restore("/bk", "dfs://b", "pt", "%", true)')
    expect(s.show('select n, price, x from again() where id = 1')).toBe('n price x\n- ----- -\n1 0.5   \n3 2.5   ')
  })

  test('notes changes of columns that touch no row', () => {
    s.run('rename!(pt, `x, `price); addColumn(again(), `x, INT)')
    expect(s.show('backup("/bk", "dfs://b")')).toBe('0')
    s.run('restoreTable("/bk", "dfs://b", `pt,, "copy")')
    expect(s.show('select n, price, x from loadTable("dfs://b", "copy") where id = 1')).toBe(
      'n price x\n- ----- -\n1 0.5   \n3 2.5   ',
    )
  })

  const refused: readonly (readonly [string, string])[] = [
    ['dropColumns!(pt, `x)', 'the column x DOUBLE of the backup was dropped or given another type since'],
    ['replaceColumn!(pt, `x, array(INT))', 'the column x DOUBLE of the backup was dropped or given another type since'],
  ]
  for (const [change, message] of refused)
    test(`is not restored into its table after ${change}, but beside it`, () => {
      s.run(change)
      expect(s.fails('restore("/bk", "dfs://b", "pt", "%", true)')).toContain(message)
      s.run('restoreTable("/bk", "dfs://b", `pt,, "old")')
      expect(s.show('exec x from loadTable("dfs://b", "old")')).toBe('[0.5,2.5,1.5,3.5]')
    })

  it('of dropped values does not fill the columns of another table', () => {
    s.run(`
      dropColumns!(pt, \`sym); backup("/bk2", "dfs://b", true)
      other = db.createPartitionedTable(t, \`other, \`id)
    `)
    expect(s.fails('restore("/bk2", "dfs://b", "pt", "%", true, other)')).toContain(
      'the column sym of the target was another one in the backup',
    )
  })
})

test('after addRangePartitions older and newer backups of both kinds go on and come back', () => {
  s.run(`
    r = database("dfs://r", RANGE, 0 50 100)
    q = r.createPartitionedTable(table(1:0, \`k\`x, [INT, INT]), \`q, \`k)
    q.append!(table(0..99 as k, 0..99 as x))
    backup("/copies", "dfs://r", keep=9); backup("/rows", <select * from loadTable("dfs://r", "q")>)
    addRangePartitions(r, 100 150 200)
    loadTable("dfs://r", "q").append!(table(100..199 as k, 100..199 as x))
  `)
  const rows = (): string => s.show('exec count(*) from loadTable("dfs://r", "q")')
  expect(s.show('backup("/copies", "dfs://r")')).toBe('2')
  expect(s.show('backup("/rows", <select * from loadTable("dfs://r", "q")>)')).toBe('2')
  s.run('s = listBackupStates("/copies")')
  s.run('restoreDB("/copies", "dfs://r", state=s.state[1])')
  expect(rows()).toBe('100')
  s.run('restoreDB("/copies", "dfs://r")')
  expect(rows()).toBe('200')
  // The database of the older state has fewer ranges than the newer one.
  s.run('dropDatabase("dfs://r"); restoreDB("/copies", "dfs://r", state=s.state[1]); restoreDB("/copies", "dfs://r")')
  expect(rows()).toBe('200')
  s.run('delete from loadTable("dfs://r", "q") where k > 30; restore("/rows", "dfs://r", "q", "%", true)')
  expect(rows()).toBe('200')
})
