/**
 * Backups of tables in which rows hide others, while such rows are still in memory: what is backed up of them is a segment without the hidden rows, so that the files
 * have fewer rows than were appended.
 */
import { describe, expect, it } from 'vitest'
import { connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'

const ENGINES: readonly (readonly [name: string, engine: string, keys: string])[] = [
  ['a primary key', 'PKEY', 'primaryKey=["id", "part"]'],
  ['sort columns and keepDuplicates=LAST', 'TSDB', 'sortColumns=["id", "part"], keepDuplicates=LAST'],
  ['sort columns and keepDuplicates=FIRST', 'TSDB', 'sortColumns=["id", "part"], keepDuplicates=FIRST'],
]

const QUERY = (db: string): string => `select part, id, v from loadTable("${db}", "t") order by part, id`

function filled(engine: string, keys: string): { readonly world: TestWorld; readonly session: TestSession } {
  const world = newWorld()
  const session = connect(world)
  session.run(`
    db = database("dfs://h", VALUE, 0..1, engine="${engine}")
    pt = db.createPartitionedTable(table(1:0, ["part", "id", "v"], [INT, INT, INT]), "t", "part", ${keys})
    def put(v) { loadTable("dfs://h", "t").append!(table(til(10) % 2 as part, til(10) as id, take(v, 10) as v)) }
    put(1); put(2); put(3)`)
  return { world, session }
}

describe.each(ENGINES)('a backup of small appends to a table with %s', (_, engine, keys) => {
  it('can be read, restores the same rows, and is current until something changes', async () => {
    const { world, session } = filled(engine, keys)
    const rows = session.show(QUERY('dfs://h'))
    expect(session.show('backup("/b", "dfs://h")')).toBe('2')
    expect(session.show('checkBackup("/b", "dfs://h").size()')).toBe('0')
    expect(session.show('exec sum(rows) from getBackupList("/b", "dfs://h", "t")')).toBe('10')
    // The same appends are still in memory: nothing to do in either direction.
    expect(session.show('backup("/b", "dfs://h")')).toBe('0')
    expect(session.show('size(restore("/b", "dfs://h", "t", "%"))')).toBe('0')
    expect(session.show('diffBackup("/b", "dfs://h").size()')).toBe('0')
    session.run('restoreDB("/b", "dfs://h", "dfs://copy")')
    expect(session.show(QUERY('dfs://copy'))).toBe(rows)
    // Now they are in a segment of the store.
    await world.engine.checkpoint()
    expect(session.show('backup("/b", "dfs://h")')).toBe('0')
    expect(session.show('size(restore("/b", "dfs://h", "t", "%"))')).toBe('0')
    expect(session.show('diffBackup("/b", "dfs://h").size()')).toBe('0')
    session.run('put(4)')
    expect(session.show('backup("/b", "dfs://h")')).toBe('2')
    const later = session.show(QUERY('dfs://h'))
    session.run('dropTable(database("dfs://h"), "t"); restoreTable("/b", "dfs://h", "t")')
    expect(session.show(QUERY('dfs://h'))).toBe(later)
    expect(session.show('exec message from checkStore(true) where severity = "error"')).toBe('[]')
  })
})
