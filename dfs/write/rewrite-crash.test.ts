import { describe, expect, it, test } from 'vitest'
import { viewOf } from '../catalog/records.ts'
import { verifySegment } from '../segment/index.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { boot, connect, filesBelow, newWorld, type TestSession, type TestWorld } from './testing.ts'

const SETUP = `
  t = table(take(1 2 3, 12) as id, 1..12 as n, 0.5 * 1..12 as x, symbol(take(\`a\`b\`c, 12)) as sym)
  db = database("dfs://c", VALUE, 1 2 3)
  pt = db.createPartitionedTable(t, \`pt, \`id)
  pt.append!(select * from t where n <= 4)
  pt.append!(select * from t where n > 4 and n <= 9)
`
const MORE = 'pt.append!(select * from t where n > 9)'

const STATEMENTS = {
  update: 'update pt set x = x + 100, sym = `new where n in 2 5 8 10',
  delete: 'delete from pt where n in 1 4 7 10 or n = 5',
  'delete of all rows': 'delete from pt',
  'update of the partition column': 'update pt set id = 3 where n < 6',
  upsert: 'upsert!(pt, table(1 2 3 as id, 1 20 30 as n, 0.0 0.0 0.0 as x, symbol(`u`v`w) as sym), , `n)',
  'change of type': 'replaceColumn!(pt, `x, array(INT))',
} as const

/** Two appends in segments and one that is in memory and in the log only. */
function prepared(world = newWorld()): { readonly world: TestWorld; readonly s: TestSession } {
  const s = connect(world)
  setSmallRows(world, 0)
  s.run(SETUP)
  setSmallRows(world, 1000)
  s.run(MORE)
  setSmallRows(world, 0)
  return { world, s }
}

const setSmallRows = (world: TestWorld, value: number): void =>
  void world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value }, 'admin')

const rowsOf = (s: TestSession): string => s.show('select * from loadTable("dfs://c", "pt") order by id, n')

/** Every file is named by the catalog and whole, and every name has its file. */
function expectTidy({ catalog, disk }: TestWorld): void {
  const refs = [...viewOf(catalog).chunks('dfs://c', 'pt')].flatMap((c) => c.segments)
  expect(filesBelow(disk, 'chunks').sort()).toEqual(refs.map((r) => r.file).sort())
  for (const ref of refs) expect(verifySegment(disk, ref.file, ref).kind).toBe('ok')
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 4_294_967_296
  }
}

/** What a session with a store of its own does, which may be made to fail. */
function withFaults(world: TestWorld): { readonly s: TestSession; readonly files: FaultyFileStore } {
  const files = new FaultyFileStore(world.disk)
  const s = connect(world, { files })
  s.run('t = 0; pt = loadTable("dfs://c", "pt")')
  return { s, files }
}

describe.each(Object.entries(STATEMENTS))('%s', (_, statement) => {
  const outcome = (() => {
    const { world, s } = prepared()
    const before = rowsOf(s)
    const own = withFaults(world)
    own.s.run(statement)
    return { before, after: rowsOf(s), calls: own.files.calls }
  })()

  it('leaves all rows as they were or all as they shall be, when power is lost in any call of the store', () => {
    let old = 0
    const total = callsOfBoth(statement)
    for (let call = 1; call <= total; call++) {
      const random = randomOf(call)
      const { world, files } = sharedStore()
      const s = connect(world, { files })
      s.run('pt = loadTable("dfs://c", "pt")')
      files.faults = { dieAtCall: files.calls + call, random }
      // The commit may stand already when the process dies: then the statement has not answered.
      let answered = true
      try {
        s.session.run(statement)
      } catch {
        answered = false
      }
      world.disk.losePower(random)
      const again = boot(world.catalog, world.disk, true)
      const found = rowsOf(connect(again))
      expect([outcome.before, outcome.after]).toContain(found)
      if (answered) expect(found).toBe(outcome.after)
      if (found === outcome.before) old++
      expectTidy(again)
    }
    expect(old).toBeGreaterThan(0)
    expect(old).toBeLessThan(total)
  })

  for (const code of statement.startsWith('delete') ? ['EIO', 'ENOSPC'] : ['EIO'])
    test(`leaves the rows as they were, no file and no lock when a call fails with ${code}`, () => {
      for (let call = 1; call <= outcome.calls; call++) {
        const { world, s } = prepared()
        const own = withFaults(world)
        own.files.faults = { failCall: own.files.calls + call, code }
        expect(() => own.s.session.run(statement)).toThrow(expect.objectContaining({ kind: 'io', code }))
        expect(rowsOf(s)).toBe(outcome.before)
        expectTidy(world)
        own.s.run(statement)
        expect(rowsOf(s)).toBe(outcome.after)
        expectTidy(world)
      }
    })

  it('survives loss of power once it was acknowledged', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const { world, s } = prepared()
      s.run(statement)
      world.disk.losePower(randomOf(seed))
      const again = boot(world.catalog, world.disk, true)
      expect(rowsOf(connect(again))).toBe(outcome.after)
      expectTidy(again)
    }
  })
})

/** The engine and the session write through one store, so that the calls of a commit are counted too. */
function sharedStore(): { readonly world: TestWorld; readonly files: FaultyFileStore } {
  let files!: FaultyFileStore
  const { world } = prepared(
    newWorld((disk) => {
      files = new FaultyFileStore(disk)
      return files
    }),
  )
  return { world, files }
}

function callsOfBoth(statement: string): number {
  const { world, files } = sharedStore()
  const s = connect(world, { files })
  s.run('pt = loadTable("dfs://c", "pt")')
  const before = files.calls
  s.run(statement)
  return files.calls - before
}
