import { beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { backupHostService } from '../builtins/backup-host.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { viewOf } from '../catalog/records.ts'
import { compactionCandidates, mergeSegments } from '../compaction/index.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

/** The records of a new store: hashing the first password for each test would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

let session: Interpreter
let catalog: CatalogStore
let files: MemoryFileStore
let engine: Engine
const registry = createRegistry(dfsBuiltins)

beforeEach(() => {
  catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  files = new MemoryFileStore()
  engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  const dfs = connectDfs({
    session,
    home: '/data',
    link: { open: () => engine.openSession('test'), request: (command) => engine.request(command) },
    catalog,
    files,
  })
  const set = new MemoryFileStore()
  session.provide(backupHostService, { ...dfs.backupHost(), openSet: () => set })
  session.user = 'admin'
})

const show = (script: string): string => session.display(session.run(script))

/** Merges all that can be merged in all chunks of a table. */
function compact(url: string, name: string): number {
  const view = viewOf(catalog)
  const table = view.table(url, name)!
  let merged = 0
  const candidates = compactionCandidates(view, view.database(url)!, table, { minSegments: 2, maxBytes: 1 << 30 })
  for (const { chunk, segments } of [...candidates]) {
    const { drop, add } = mergeSegments(files, table, chunk.path, segments)
    engine.request({ kind: 'compact', db: url, table: name, tableId: table.id, path: chunk.path, drop, add })
    merged++
  }
  return merged
}

/** Four appends to two partitions; n tells their rows apart. */
const APPENDS = [
  't = table(take(1 2, 6) as p, `a`a`b`b`c`c as s, 10 20 10 20 30 10 as at, 1..6 as n); pt.append!(t)',
  'pt.append!(table([1,2,1] as p, `a`a`b as s, [10,20,11] as at, [11,12,13] as n))',
  'pt.append!(table([1] as p, [`a] as s, [10] as at, [21] as n))',
  'pt.append!(table([2,2] as p, ["",""] as s, [int(NULL),int(NULL)] as at, [31,32] as n))',
]

/** Makes a table and appends: some of the rows are in segments then, some in memory. */
async function fill(create: string): Promise<void> {
  session.run(create)
  for (const [k, append] of APPENDS.entries()) {
    session.run(append)
    if (k < 2) await engine.checkpoint()
  }
}

const TSDB = 'db = database("dfs://e", VALUE, 1 2, engine="TSDB")'
const SCHEMA = 't0 = table(1:0, `p`s`at`n, [INT, SYMBOL, INT, INT])'

const ENGINES: readonly (readonly [string, string, string])[] = [
  [
    'TSDB, ALL',
    `${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at)`,
    '[1,11,21,3,13,5,31,32,2,12,4,6]',
  ],
  [
    'TSDB, LAST',
    `${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, LAST)`,
    '[21,3,13,5,32,12,4,6]',
  ],
  [
    'TSDB, FIRST',
    `${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, FIRST)`,
    '[1,3,13,5,31,2,4,6]',
  ],
  [
    'TSDB, LAST, with a mapping of sort keys',
    `${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, LAST, [hashBucket{,500}])`,
    '[21,3,13,5,32,12,4,6]',
  ],
  [
    'PKEY',
    `db = database("dfs://e", VALUE, 1 2, engine="PKEY"); ${SCHEMA}
      pt = db.createPartitionedTable(t0, \`pt, \`p, primaryKey=\`p\`s)`,
    '[21,13,5,32,12,4,6]',
  ],
  [
    'a dimension table, FIRST',
    `${TSDB}; ${SCHEMA}; pt = db.createTable(t0, \`pt, , \`s\`at, FIRST)`,
    '[31,1,2,3,13,4,6,5]',
  ],
  [
    'a dimension table of PKEY',
    `db = database("dfs://e", VALUE, 1 2, engine="PKEY"); ${SCHEMA}; pt = db.createTable(t0, \`pt, primaryKey=\`s)`,
    '[32,21,13,6]',
  ],
]

describe('a table of the engine', () => {
  it.each(ENGINES)(
    '%s shows and counts the rows that count, before and after compaction',
    async (_, create, expected) => {
      await fill(create)
      const check = (): void => {
        expect(show('exec n from pt')).toBe(expected)
        const rows = JSON.parse(expected) as number[]
        expect(show('exec count(*) from pt')).toBe(String(rows.length))
        expect(show('pt.size()')).toBe(String(rows.length))
        expect(show('exec sum(rowNum) from getTabletsMeta()')).toBe(String(rows.length))
        // Older rows of a key do not come back when a condition leaves the newer ones out.
        for (const n of [1, 2, 6, 11, 12, 21, 31, 32])
          expect(show(`exec n from pt where n = ${n}`)).toBe(rows.includes(n) ? `[${n}]` : '[]')
        const small = rows.filter((n) => n < 12)
        expect(show('exec sum(n) from pt where n < 12')).toBe(String(small.reduce((a, b) => a + b, 0)))
        expect(show('exec count(n) from pt where s = `a')).toBe(
          show('exec count(n) from (select * from pt) where s = `a'),
        )
        expect(show('select max(n) as n from pt group by s')).toBe(
          show('select max(n) as n from (select * from pt) group by s'),
        )
      }
      check()
      await engine.checkpoint()
      check()
      expect(compact('dfs://e', 'pt')).toBeGreaterThan(0)
      check()
      expect(compact('dfs://e', 'pt')).toBe(0)
      session.run('pt.append!(table([1] as p, [`a] as s, [10] as at, [99] as n))')
      const isHidden = /FIRST/.test(create)
      expect(show('exec count(*) from pt where n = 99')).toBe(isHidden ? '0' : '1')
    },
  )

  it('TSDB with one sort column takes that for the key', async () => {
    await fill(`${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`at, LAST)`)
    expect(show('exec n from pt')).toBe('[21,13,5,32,6,12]')
  })

  it('says how many rows were written, whether they are seen or not', () => {
    session.run(`${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, LAST)`)
    expect(show('tableInsert(pt, table([1,1] as p, `a`a as s, [1,1] as at, [1,2] as n))')).toBe('2')
    expect(show('exec n from pt')).toBe('[2]')
  })

  it('keeps its order for rows in columns that came later', async () => {
    await fill(`${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, LAST)`)
    session.run(`
      addColumn(pt, \`x, DOUBLE)
      pt = loadTable("dfs://e", \`pt)
      pt.append!(table([1] as p, [\`a] as s, [10] as at, [41] as n, [0.5] as x))`)
    const check = (): void => {
      expect(show('exec n from pt')).toBe('[41,3,13,5,32,12,4,6]')
      expect(show('exec x from pt')).toBe('[0.5,,,,,,,]')
      expect(show('exec count(*) from pt where x > 0')).toBe('1')
    }
    check()
    await engine.checkpoint()
    compact('dfs://e', 'pt')
    check()
  })

  it.each([
    ['an update of a row that counts', 'update pt set n = 100 where n = 21', '[100,3,13,5,32,12,4,6]'],
    ['an update of a hidden row, which is no row', 'update pt set n = 100 where n = 11', '[21,3,13,5,32,12,4,6]'],
    ['an update of all rows', 'update pt set n = n + 100', '[121,103,113,105,132,112,104,106]'],
    ['a delete, which brings no older row back', 'delete from pt where n in [21, 12]', '[3,13,5,32,4,6]'],
    ['a delete of everything', 'delete from pt', '[]'],
  ])('TSDB, LAST takes %s', async (_, change, expected) => {
    await fill(`${TSDB}; ${SCHEMA}; pt = db.createPartitionedTable(t0, \`pt, \`p, , \`s\`at, LAST)`)
    session.run(change)
    const check = (): void => {
      expect(show('exec n from pt')).toBe(expected)
      expect(show('exec count(*) from pt')).toBe(String(JSON.parse(expected).length))
    }
    check()
    await engine.checkpoint()
    compact('dfs://e', 'pt')
    check()
  })

  it.each(ENGINES)('%s comes back from a backup as it was', async (_, create, expected) => {
    await fill(create)
    await engine.checkpoint()
    session.run('backupDB("/set", "dfs://e")')
    const check = (table: string): void => {
      expect(show(`exec n from ${table}`)).toBe(expected)
      expect(show(`exec count(*) from ${table}`)).toBe(String(JSON.parse(expected).length))
      for (const key of ['keepDuplicates', 'sortColumns', 'primaryKey', 'sortKeyMappingFunction'])
        expect(show(`schema(${table})[\`${key}]`)).toBe(show(`schema(pt)[\`${key}]`))
    }
    session.run('restoreDB("/set", "dfs://e", "dfs://copy")')
    check('loadTable("dfs://copy", `pt)')
    session.run('restoreTable("/set", "dfs://e", `pt, , "again"); a = loadTable("dfs://e", `again)')
    check('a')
    // What comes later still stands behind what was restored.
    session.run('a.append!(table([1] as p, [`a] as s, [10] as at, [99] as n))')
    const isHidden = /FIRST/.test(create)
    expect(show('exec count(*) from a where n = 99')).toBe(isHidden ? '0' : '1')
    expect(show('exec count(*) from a where n = 21')).toBe(expected.startsWith('[1,11,21') ? '1' : '0')
  })
})
