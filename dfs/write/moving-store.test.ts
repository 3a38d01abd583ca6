/**
 * A session looks at the catalog and then at the small appends in the engine's memory. Between the two the engine may make segments of them, and forget
 * them if nobody has announced to read: a statement that looked without announcing would find these rows in neither place.
 */
import { describe, expect, it } from 'vitest'
import type { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader, CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import type { TableRecord } from '../catalog/types.ts'
import { blocksOf } from '../delta/packed.ts'
import { flushDeltas } from '../maintenance/flush.ts'
import { connect, newWorld, type TestWorld } from './testing.ts'

/** Reads as LMDB does: what was there at the last refresh. */
function snapshotsOf(store: CatalogStore): CatalogStore {
  let seen: CatalogReader = store
  return {
    refresh: () => {
      const copy = new MemoryCatalogStore()
      copy.transaction((w) => {
        for (const [key, value] of store.entries([])) w.put(key, value)
      })
      seen = copy
    },
    get: (key) => seen.get(key),
    entries: (prefix) => seen.entries(prefix),
    transaction: (body) => store.transaction(body),
    close: () => undefined,
  }
}

/** What a checkpoint does to the small appends of a table, at once. */
function flushNow({ engine, disk }: TestWorld, table: TableRecord): void {
  const { delta } = engine.request({ kind: 'fetchDelta', tableId: table.id, after: 0 })
  for (const chunk of delta!.chunks) {
    const live = blocksOf(chunk.blocks).filter((b) => b.endedAt === undefined)
    if (live.length === 0) continue
    const chunks = flushDeltas(disk, { kind: 'flush', table, chunks: [{ ...chunk, blocks: live, segmentCids: [] }] })
    try {
      engine.request({ kind: 'flush', db: table.db, table: table.name, tableId: table.id, chunks })
    } catch (error) {
      // The statement has locked the partition before it looks.
      if ((error as HoldfastError).code !== 'chunkLocked') throw error
    }
  }
  engine.collectGarbage()
}

describe.each([
  ['update pt set x = 0 where id = 2'],
  ['delete from pt where id = 2'],
  ['update pt set x = 0'],
  ['upsert!(pt, table(2 as id, 2 as n, 9 as x), , `n)'],
  ['dropPartition(db, 2, "pt")'],
])('%s', (statement) => {
  it('finds rows that move from memory to segments while it looks for them', () => {
    const outcome = (moves: boolean): string => {
      const world = newWorld()
      let isDue = false
      const s = connect(world, {
        catalog: snapshotsOf(world.catalog),
        before: (command) => {
          if (!isDue || command.kind !== 'fetchDelta') return
          isDue = false
          const table = [...world.catalog.entries(['table'])].map(([, record]) => record as TableRecord)[0]
          flushNow(world, table)
        },
      })
      s.run(`
        db = database("dfs://m", VALUE, 1 2 3)
        pt = db.createPartitionedTable(table(1 as id, 1 as n, 1 as x), \`pt, \`id)
        pt.append!(table(1 2 3 as id, 1 2 3 as n, 1 2 3 as x))
      `)
      isDue = moves
      s.run(statement)
      expect(isDue).toBe(false)
      return s.show('select * from pt order by id, n')
    }
    expect(outcome(true)).toBe(outcome(false))
  })
})
