/**
 * Random histories of a table and a backup of all its rows by a query: appends small and large, updates, deletes, drops, checkpoints, restores. After each backup the set has the
 * rows of every partition that there is, and keeps those of the ones that are gone; a restore brings all of them back.
 */
import { describe, expect, it } from 'vitest'
import type { Table } from '../../runtime/values/index.ts'
import { viewOf } from '../catalog/records.ts'
import { connect, newWorld } from '../write/testing.ts'
import { seededRandom } from './history.ts'

const PT = 'loadTable("dfs://h", "pt")'
const SEEDS = [1, 2, 3, 4, 5, 6]
const STEPS = 25

async function play(seed: number): Promise<{ readonly written: number; readonly restored: number }> {
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const world = newWorld()
  const s = connect(world)
  world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: 8 }, 'admin')
  s.run(`t = table(1:0, \`k\`v\`s, [INT, LONG, SYMBOL])
    pt = database("dfs://h", VALUE, 0..4).createPartitionedTable(t, \`pt, \`k)`)
  const rows = (query: string): string[] => {
    const { columns, rows: count } = s.session.run(query) as Table
    return Array.from({ length: count }, (_, k) => columns.map((c) => String(c.raw(k))).join()).sort()
  }
  const live = (): Map<string, string[]> => {
    const found = new Map<string, string[]>()
    for (let k = 0; k < 5; k++) {
      const own = rows(`select * from ${PT} where k = ${k}`)
      if (own.length > 0) found.set(`/${k}`, own)
    }
    return found
  }
  /** What the set must hold: rows by partition. */
  const model = new Map<string, string[]>()
  const counts = { written: 0, restored: 0 }
  let next = 0
  for (let step = 0; step < STEPS; step++) {
    const dice = random()
    const k = below(5)
    if (dice < 0.35) {
      const count = 1 + below(16)
      s.run(
        `n = ${count}; pt.append!(table(take(${k} ${below(5)}, n) as k, long(${next}..${next + count - 1}) as v, symbol(take(\`a\`b\`c, n)) as s))`,
      )
      next += count
    } else if (dice < 0.42) s.run(`update pt set v = v + 1000 where k = ${k}, v % 2 = 0`)
    else if (dice < 0.5) s.run(`delete from pt where k = ${k}, v % 3 = 0`)
    else if (dice < 0.58) {
      if (live().has(`/${k}`)) s.run(`database("dfs://h").dropPartition("/${k}", \`pt)`)
    } else if (dice < 0.65) await world.engine.submit({ kind: 'checkpoint' }, 'admin', 'test')
    else if (dice < 0.9) {
      const now = live()
      for (const [path, own] of now) model.set(path, own)
      // A partition that lost all its rows is still there, unless it was dropped.
      for (const { path } of viewOf(world.catalog).chunks('dfs://h', 'pt'))
        if (model.has(path) && !now.has(path)) model.set(path, [])
      s.run(`w = backup("/d", <select * from ${PT}>, ${random() < 0.2})`)
      counts.written += Number(s.show('w'))
    } else if (model.size > 0) {
      counts.restored += Number(s.show('size(restore("/d", "dfs://h", "pt", "%", true))'))
      const now = live()
      for (const [path, own] of model) expect(now.get(path) ?? [], `seed ${seed}, step ${step}, ${path}`).toEqual(own)
    }
    for (const [path, own] of model)
      expect(rows(`loadBackup("/d", "dfs://h", "${path}", "pt")`), `seed ${seed}, step ${step}, ${path}`).toEqual(own)
  }
  if (model.size > 0) expect(s.show('size(checkBackup("/d", "dfs://h"))')).toBe('0')
  return counts
}

describe('backups of a query', () => {
  it.each(SEEDS)('hold and bring back what there was, with seed %i', async (seed) => {
    const { written } = await play(seed)
    expect(written).toBeGreaterThan(0)
  })
})
