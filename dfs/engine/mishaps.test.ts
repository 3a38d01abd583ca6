/** Mishaps that the simulation of the store (test/simulation) has found, each as small as it gets. */
import { describe, expect, it } from 'vitest'
import { T, Table, vectorOf } from '../../runtime/values/index.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import { encodeRows, layoutOf } from '../delta/codec.ts'
import { connectDfs, type DfsSession } from '../index.ts'
import { type MaintenanceTask, runTask } from '../maintenance/task.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { storeErrorOf } from '../store/store-error.ts'
import { connect, newWorld } from '../write/testing.ts'
import type { EngineCommand } from './commands.ts'
import { Engine } from './engine.ts'

const URL = 'dfs://m'

/** A catalog of which a commit can fail. */
class FailingCatalog {
  readonly store: CatalogStore
  failIn = Number.POSITIVE_INFINITY

  constructor(inner: CatalogStore) {
    this.store = Object.assign(Object.create(inner) as CatalogStore, {
      get: inner.get.bind(inner),
      entries: inner.entries.bind(inner),
      refresh: inner.refresh.bind(inner),
      close: inner.close.bind(inner),
      transaction: <R>(body: Parameters<CatalogStore['transaction']>[0]): R => {
        if (--this.failIn === 0) throw storeErrorOf('EIO', 'commit', 'catalog.mdb')
        return inner.transaction(body) as R
      },
    })
  }
}

interface Bench {
  readonly engine: Engine
  readonly files: FaultyFileStore
  readonly catalog: FailingCatalog
  readonly disk: MemoryFileStore
  session(owner: string): DfsSession
  run(script: string): void
  show(script: string): string
}

/** `pt`, partitioned by id, and `dt`, a dimension table, both with columns id and n. `hold`: what a flush waits for before it is committed. */
function bench(
  parts: {
    readonly disk?: MemoryFileStore
    readonly catalog?: MemoryCatalogStore
    readonly hold?: () => Promise<void>
  } = {},
): Bench {
  const isNew = parts.catalog === undefined
  const inner = parts.catalog ?? (newWorld().catalog as MemoryCatalogStore)
  const disk = parts.disk ?? new MemoryFileStore()
  const catalog = new FailingCatalog(inner)
  const files = new FaultyFileStore(disk)
  const engine = new Engine({
    catalog: catalog.store,
    files,
    now: () => 1_600_000_000_000,
    bootId: 'boot',
    maintain: async (task: MaintenanceTask) => {
      const result = await runTask(files, task)
      await parts.hold?.()
      return result
    },
  })
  engine.recover(!isNew)
  const s = connect({ catalog: catalog.store, disk, engine, backups: new Map() }, { files })
  if (isNew)
    s.run(`db = database("${URL}", VALUE, 1..3)
      shape = table(1:0, \`id\`n, [INT, INT])
      createPartitionedTable(db, shape, "pt", "id")
      createTable(db, shape, "dt")`)
  return {
    engine,
    files,
    catalog,
    disk,
    run: (script) => s.run(script),
    show: (script) => s.show(script),
    session: (owner) =>
      connectDfs({
        session: connect({ catalog: catalog.store, disk, engine, backups: new Map() }).session,
        home: '/data',
        link: {
          open: () => engine.openSession(owner),
          request: (command, user) => engine.request(command, user, owner),
        },
        catalog: catalog.store,
        files: disk,
      }),
  }
}

const rows = (id: number, numbers: readonly number[]): Table =>
  new Table(
    ['id', 'n'],
    [
      vectorOf(
        T.INT,
        numbers.map(() => id),
      ),
      vectorOf(T.INT, numbers),
    ],
  )

function insert({ engine, catalog }: Bench, table: string, id: number, numbers: readonly number[]): EngineCommand {
  void engine
  const record = catalog.store.get(keys.table(URL, table)) as { id: string; schemaVersion: number; columns: never }
  const { columns } = rows(id, numbers)
  return {
    kind: 'insertRows',
    db: URL,
    table,
    tableId: record.id,
    expectedSchemaVersion: record.schemaVersion,
    layout: layoutOf(record.columns),
    chunks: [{ path: `/${id}`, rows: numbers.length, data: encodeRows(columns) }],
  }
}

const drop = (table: string, paths: readonly string[] | undefined): EngineCommand => ({
  kind: 'dropChunks',
  db: URL,
  table,
  paths,
})

const together = (b: Bench, commands: readonly EngineCommand[]): Promise<unknown> =>
  Promise.all(commands.map((c) => b.engine.submit(c, 'admin', '')))

const PT = `exec n from loadTable("${URL}", "pt") order by n`

describe('commits that share a batch', () => {
  it('find a new partition again after one of them has dropped another', async () => {
    const b = bench()
    await together(b, [insert(b, 'pt', 1, [1]), insert(b, 'pt', 2, [2]), drop('pt', ['/2']), insert(b, 'pt', 1, [3])])
    expect(b.show(PT)).toBe('[1,3]')
    await b.engine.checkpoint()
    expect(b.show(PT)).toBe('[1,3]')
  })

  it('do not bring back rows that are being flushed while one of them drops them and the next appends', async () => {
    let release = (): void => undefined
    const b = bench({ hold: () => new Promise((resolve) => (release = resolve)) })
    await together(b, [insert(b, 'pt', 1, [1, 2])])
    const checkpoint = b.engine.checkpoint()
    await new Promise((resolve) => setImmediate(resolve))
    await together(b, [drop('pt', undefined), insert(b, 'pt', 1, [3])])
    release()
    await checkpoint
    expect(b.show(PT)).toBe('[3]')
  })
})

describe('a disk that fails', () => {
  it('in removing what nobody needs fails no commit, and loses no row', () => {
    const b = bench()
    b.run(`pt = loadTable("${URL}", "pt"); pt.append!(table(take(1, 2000) as id, 1..2000 as n))`)
    // The first commit of the catalog is the statement's, the second that of the garbage.
    b.catalog.failIn = 2
    b.run('update pt set n = n + 1 where n = 2000')
    expect(b.show('exec max(n) from pt')).toBe('2001')
    expect(b.show('exec count(*) from pt')).toBe('2000')
  })

  it('in the sync of a commit leaves what the log may name, and the next start opens', () => {
    const b = bench()
    b.run('setClusterSetting("ts.wal.wal_level", 1)')
    b.run(`pt = loadTable("${URL}", "pt"); pt.append!(table(1 as id, 1 as n))`)
    const before = b.files.log.length
    b.run('pt.append!(table(take(2, 2000) as id, 1..2000 as n))')
    const sync = b.files.log.findIndex((call, k) => k >= before && call.startsWith('sync wal/'))
    b.files.faults = { failCall: b.files.calls + sync - before + 1 }
    expect(() => b.run('pt.append!(table(take(3, 2000) as id, 1..2000 as n))')).toThrow(
      expect.objectContaining({ kind: 'io', code: 'commitUnknown' }),
    )
    expect(b.show('exec count(*) from pt')).toBe('2001')
    expect(() => b.run('pt.append!(table(1 as id, 9 as n))')).toThrow(expect.objectContaining({ code: 'walBroken' }))
    const inner = new MemoryCatalogStore()
    inner.transaction((w) => {
      for (const prefix of ['meta', 'db', 'table', 'chunk', 'changed', 'user', 'setting', 'garbage'])
        for (const [key, value] of b.catalog.store.entries([prefix])) w.put(key, value)
    })
    const again = bench({ disk: b.disk, catalog: inner })
    // The process wrote the records; only their sync failed.
    expect(again.show(`exec count(*) from loadTable("${URL}", "pt")`)).toBe('4001')
  })
})

describe('a renamed dimension table', () => {
  it('shows its small appends once, also after they became segments, to every session', async () => {
    const b = bench()
    const other = b.session('other')
    b.run(`dt = loadTable("${URL}", "dt"); dt.append!(table(1 2 as id, 1 2 as n))`)
    expect(other.source(URL, 'dt').snapshot().rowCount()).toBe(2)
    b.run(`renameTable(database("${URL}"), "dt", "du")`)
    expect(other.source(URL, 'du').snapshot().rowCount()).toBe(2)
    await b.engine.checkpoint()
    expect(other.source(URL, 'du').snapshot().rowCount()).toBe(2)
    expect(b.show(`exec count(*) from loadTable("${URL}", "du")`)).toBe('2')
  })
})

describe('commit ids', () => {
  it('that a crash may have taken are not given again', () => {
    const b = bench()
    const inner = new MemoryCatalogStore()
    inner.transaction((w) => {
      for (const prefix of ['meta', 'db', 'table', 'user'])
        for (const [key, value] of b.catalog.store.entries([prefix])) w.put(key, value)
    })
    b.run(`pt = loadTable("${URL}", "pt"); for(k in 0..9) pt.append!(table(1 as id, k as n))`)
    const seen = b.engine.request({ kind: 'pin', why: 'test' }).cid
    // The power goes: the log has none of them.
    for (const file of b.disk.files().keys()) if (file.startsWith('wal/')) b.disk.losePower(() => 0)
    const again = bench({ disk: b.disk, catalog: inner })
    again.run(`pt = loadTable("${URL}", "pt"); pt.append!(table(1 as id, 100 as n))`)
    expect(again.engine.request({ kind: 'pin', why: 'test' }).cid).toBeGreaterThan(seen)
    expect(again.show(PT)).toBe('[100]')
  })
})

describe('log level 0', () => {
  it('has no rows in memory that only the process knows', () => {
    const b = bench()
    b.run('setClusterSetting("ts.wal.wal_level", 0)')
    b.run(`pt = loadTable("${URL}", "pt"); pt.append!(table(1 2 as id, 1 2 as n))`)
    expect([...b.disk.files().keys()].filter((f) => f.startsWith('chunks/'))).toHaveLength(2)
    expect(() => b.engine.request(insert(b, 'pt', 1, [3]))).toThrow(expect.objectContaining({ kind: 'conflict' }))
  })
})
