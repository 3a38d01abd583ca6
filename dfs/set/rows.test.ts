/** A set whose index tells something else of its files than they hold, with all checksums right. */
import { describe, expect, it } from 'vitest'
import { T } from '../../runtime/values/index.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld } from '../write/testing.ts'
import type { TableIndex } from './meta.ts'
import { BackupSet } from './open.ts'
import { chunkRows } from './rows.ts'

const world = newWorld()
const s = connect(world)
s.run(`t = table(1 1 2 as k, 1..3 as v)
  database("dfs://q", VALUE, 1 2).createPartitionedTable(t, \`pt, \`k).append!(t)
  backup("/d", <select * from loadTable("dfs://q", "pt")>)`)

const set = new BackupSet(world.backups.get('/d') as MemoryFileStore)
const index = set.index('dfs://q', 'pt')
const rowsAs = (columns: NonNullable<TableIndex['query']>['columns']) =>
  chunkRows(set, { ...index, query: { text: '', columns } }, index.chunks[0])
const [k, v] = index.query!.columns

describe('rows of a set', () => {
  it('are those of the query', () => {
    const rows = rowsAs([k, v])
    expect(rows.names).toEqual(['k', 'v'])
    expect(rows.rows).toBe(2)
  })
  it.each([
    ['another type', [k, { name: 'v', type: T.DOUBLE }], /has the column v as INT instead of DOUBLE/],
    ['a column that is not there', [k, { name: 'w', type: T.INT }], /it has no column w/],
  ])('are refused with %s', (_, columns, message) => {
    expect(() => rowsAs(columns)).toThrow(message)
  })
  it('are refused when the index names more of them', () => {
    const [chunk] = index.chunks
    const more = { ...chunk, files: chunk.files.map((f) => ({ ...f, rows: f.rows + 1 })) }
    expect(() => chunkRows(set, index, more)).toThrow(/it has 2 rows instead of 3/)
  })
})
