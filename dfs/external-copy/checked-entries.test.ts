/** Records of a copied catalog that no store writes, one at a time, in a catalog that is otherwise sound. */
import { describe, expect, it } from 'vitest'
import { keys } from '../catalog/records.ts'
import { connect, newWorld } from '../write/testing.ts'
import { checkEntries } from './checked-entries.ts'
import type { CatalogEntry } from './format.ts'

const CID = 1000

/** All records of a store, with a table in memory and one in segments. */
async function entriesOf(): Promise<CatalogEntry[]> {
  const world = newWorld()
  const session = connect(world)
  session.run(`
    t = table(1:0, \`k\`x\`s, [INT, LONG, SYMBOL])
    database("dfs://a", RANGE, 0 10 20).createPartitionedTable(t, "pt", "k")
    database("dfs://h", HASH, [SYMBOL, 3]).createPartitionedTable(t, "pt", "s")
    database("dfs://v", VALUE, 1..2).createPartitionedTable(t, "pt", "k").append!(table([1, 2] as k, 1 2l as x, \`a\`b as s))
    createUser("ada", "secret12"); createGroup("g", "ada"); grant("g", TABLE_READ, "dfs://a/pt")
    setClusterSetting("ts.wal.checkpoint_interval", "5m")
    rows = table(take(0..19, 100) as k, long(til(100)) as x, take(\`a\`b, 100) as s)
    loadTable("dfs://a", "pt").append!(rows); loadTable("dfs://h", "pt").append!(rows)
    def view(x){ return x + 1 }; addFunctionView(view)
    createCatalog("c"); createSchema("c", "dfs://a", "s")
    backup("/b", "dfs://a")`)
  const run = {
    id: 'r',
    user: 'admin',
    type: 'RESTORE_BY_COPY_FILE',
    db: 'dfs://a',
    table: 'pt',
    error: 'full',
  } as const
  const ended = {
    startMs: 1_600_000_000_000,
    endMs: 1_600_000_000_000,
    totalPartitions: 2,
    completedPartitions: 1,
    unchanged: 0,
    state: 'failed',
  } as const
  world.engine.request({ kind: 'putRun', run: { ...run, ...ended } })
  await world.engine.checkpoint()
  // What the deletion replaces stays as long as somebody reads it.
  world.engine.request({ kind: 'pin', why: 'test' }, 'admin', session.owner)
  session.run('delete from loadTable("dfs://a", "pt") where k = 3')
  return [...world.catalog.entries([])].map(([key, value]) => [key, structuredClone(value)])
}

const sound = await entriesOf()

type Changes = Record<string, unknown>
const replaced = (kind: string, change: (value: Changes) => Changes | unknown): CatalogEntry[] => {
  const at = sound.findIndex(([key]) => key[0] === kind)
  return sound.map((entry, k) => (k === at ? [entry[0], change(entry[1] as Changes)] : entry))
}
const segmentsOf = (value: Changes): Changes[] => value.segments as Changes[]
const firstSegment = (value: Changes, changes: Changes): Changes => ({
  ...value,
  segments: [{ ...segmentsOf(value)[0], ...changes }, ...segmentsOf(value).slice(1)],
})

/** The first part of a key, or of those that a function makes. */
const recordKind = (key: unknown): string =>
  typeof key === 'function' ? recordKind(key('', '', '')) : String((key as readonly unknown[])[0])

describe('the records of a copied catalog', () => {
  it('pass as a store writes them, each kind of them', () => {
    checkEntries(sound, CID, 'f')
    const kinds = new Set(sound.map(([key]) => key[0]))
    // Every record that a catalog can have: one that is forgotten here makes backups of the node, and copies, that nobody can restore.
    const known = Object.values(keys).map((key) => recordKind(key))
    expect([...kinds].sort()).toEqual([...new Set(known)].sort())
    const objects = sound.filter(([key]) => key[0] === 'object').map(([key]) => key[1])
    expect(objects.sort()).toEqual(['catalog', 'view'])
  })

  const refused: readonly [what: string, entries: () => readonly CatalogEntry[], message: RegExp][] = [
    ['an unknown kind', () => [...sound, [['spell', 'x'], 1]], /knows no such record/],
    ['an unknown mark', () => [...sound, [['meta', 'x'], 1]], /knows no such record/],
    ['a key of another form', () => [...sound, [['db'], 1]], /key has another form/],
    ['a record twice', () => [...sound, sound[0]], /occurs twice/],
    ['a view that is none', () => [...sound, [['object', 'view', 'x'], { name: 'x' }]], /no function view/],
    [
      'a catalog of another name',
      () => [...sound, [['object', 'catalog', 'x'], { name: 'y', schemas: [] }]],
      /no function view/,
    ],
    ['an object of no family', () => [...sound, [['object', 'spell', 'x'], { name: 'x' }]], /no function view/],
    ['a database that is none', () => replaced('db', () => null), /is not an object/],
    ['a database of another name', () => replaced('db', (v) => ({ ...v, url: 'dfs://zz' })), /describes dfs:\/\/zz/],
    [
      'a scheme that falls',
      () => replaced('db', (v) => ({ ...v, schemes: [{ kind: 'RANGE', type: 4, bounds: [3, 1] }] })),
      /do not ascend/,
    ],
    ['a table without its database', () => sound.filter(([key]) => key[0] !== 'db'), /database is missing/],
    ['a chunk without its table', () => sound.filter(([key]) => key[0] !== 'table'), /table is missing/],
    ['columns that are no list', () => replaced('table', (v) => ({ ...v, columns: 'x' })), /not a list/],
    [
      'partition columns that are none',
      () => replaced('table', (v) => ({ ...v, partitionColumns: ['zz'] })),
      /zz .*is missing/,
    ],
    ['a chunk of the future', () => replaced('chunk', (v) => ({ ...v, cid: CID + 1 })), /later than commit/],
    ['a chunk without segments', () => replaced('chunk', (v) => ({ ...v, segments: undefined })), /not a list/],
    [
      'a partition whose name holds NUL',
      () =>
        sound.map(([key, value]) =>
          key[0] === 'chunk' && key[3] === '/1'
            ? [['chunk', key[1], key[2], '/1\0'] as const, { ...(value as Changes), path: '/1\0' }]
            : [key, value],
        ),
      /not allowed/,
    ],
    ['rows that do not add up', () => replaced('chunk', (v) => ({ ...v, rows: 1 })), /do not add up/],
    ['a segment that climbs', () => replaced('chunk', (v) => firstSegment(v, { file: 'chunks/../x' })), /not allowed/],
    [
      'a segment elsewhere',
      () => replaced('chunk', (v) => firstSegment(v, { file: 'wal/current_file' })),
      /not allowed/,
    ],
    ['a range that is none', () => replaced('chunk', (v) => firstSegment(v, { minMax: { k: 1 } })), /not a list/],
    ['nulls of no column', () => replaced('chunk', (v) => firstSegment(v, { nulls: null })), /not an object/],
    ['an order that is neither', () => replaced('chunk', (v) => firstSegment(v, { sorted: null })), /true or false/],
    [
      'a range of another type',
      () => replaced('chunk', (v) => firstSegment(v, { minMax: { k: ['a', 'b'] } })),
      /range of k/,
    ],
    ['a user without a password', () => replaced('user', (v) => ({ ...v, hash: 1 })), /no user/],
    ['a group without members', () => replaced('group', (v) => ({ ...v, members: 'ada' })), /no group/],
    [
      'a privilege that nobody knows',
      () => replaced('grant', (v) => ({ ...v, rules: [{ right: 'FLY', scope: { kind: 'all' }, allow: true }] })),
      /privileges/,
    ],
    ['a setting that is a list', () => replaced('setting', () => ({ value: [] })), /no setting/],
    ['garbage that climbs', () => replaced('garbage', () => ['chunks/../../x']), /not allowed/],
    ['remains elsewhere', () => replaced('remains', () => ({ folder: 'chunks/../../x', sinceMs: 0 })), /no folder of/],
    ['a checkpoint beyond counting', () => replaced('meta', () => 2 ** 60), /not a count|counted to/],
  ]
  it.each(refused)('with %s are refused, with the file named', (_, entries, message) => {
    expect(() => checkEntries(entries(), CID, 'the file')).toThrow(message)
    expect(() => checkEntries(entries(), CID, 'the file')).toThrow(/the file/)
  })
})
