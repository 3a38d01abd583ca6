/** Restoring rows of a query when the data directory dies or fails in any call: the table is as before or as in the backup, never between. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../backup/history.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import { connect, newWorld } from '../write/testing.ts'

const world = newWorld()
const s = connect(world)
s.run(`t = table(take(1 2 3, 300) as k, 1..300 as v, symbol(take(\`a\`b, 300)) as sym)
  db = database("dfs://q", VALUE, 1 2 3)
  pt = db.createPartitionedTable(t, \`pt, \`k)
  out = db.createPartitionedTable(t, \`out, \`k)
  pt.append!(t)
  backup("/d", <select * from pt where v <= 200>)`)

const sums = (table: string): string =>
  s.show(`exec string(k) + ":" + string(sum(v)) from loadTable("dfs://q", "${table}") group by k`)

function restoreOver(table: string, faults: StoreFaults): number {
  const files = new FaultyFileStore(world.disk, faults)
  const own = connect(world, { files })
  own.run(`out = loadTable("dfs://q", "out")`)
  try {
    own.session.run(`restore("/d", "dfs://q", "pt", "%", true${table === 'out' ? ', out' : ''})`)
  } catch {
    // What is left is looked at by another session.
  }
  world.engine.closeSession(own.owner)
  return files.calls
}

const RESET = { pt: 'truncate("dfs://q", "pt"); pt.append!(t)', out: 'truncate("dfs://q", "out")' } as const

describe.each(['pt', 'out'] as const)('a restore of rows into %s', (table) => {
  s.run(RESET[table])
  const before = sums(table)
  const total = restoreOver(table, {})
  const after = sums(table)

  it.each(['dieAtCall', 'failCall'] as const)('with %s in any call is done whole or not at all', (fault) => {
    expect(after).not.toBe(before)
    let old = 0
    for (let call = 1; call <= total; call++) {
      s.run(RESET[table])
      restoreOver(table, { [fault]: call, random: seededRandom(call) })
      const found = sums(table)
      expect([before, after], `after call ${call}`).toContain(found)
      if (found === before) old++
    }
    console.log(`${total} calls, after ${old} of them the table was as before`)
    expect(old).toBeGreaterThan(0)
    s.run(RESET[table])
    restoreOver(table, {})
    expect(sums(table)).toBe(after)
  })
})
