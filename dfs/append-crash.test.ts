import { describe, expect, it } from 'vitest'
import type { Session } from '../runtime/session.ts'
import { type ColumnSchema, T, Table, vectorOf } from '../runtime/values/index.ts'
import type { CatalogStore } from './catalog/key-value.ts'
import { MemoryCatalogStore } from './catalog/memory-store.ts'
import { viewOf } from './catalog/records.ts'
import { Engine } from './engine/engine.ts'
import { SLOTS } from './engine/snapshot-slots.ts'
import { verifySegment } from './segment/index.ts'
import { DfsSession } from './session.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from './store/faulty-store.ts'
import { MemoryFileStore } from './store/memory-store.ts'
import type { ChunkTableSource } from './table-source.ts'

const URL = 'dfs://db'
const COLUMNS: ColumnSchema[] = [
  { name: 'id', type: T.INT },
  { name: 'sym', type: T.SYMBOL },
  { name: 'x', type: T.DOUBLE },
]

interface World {
  readonly catalog: CatalogStore
  readonly disk: MemoryFileStore
  readonly engine: Engine
}

/** The records of a new store: hashing the first password for each run would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

function newCatalog(): CatalogStore {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  return catalog
}

function boot(catalog: CatalogStore = newCatalog(), disk = new MemoryFileStore(), wasUnclean = false): World {
  const engine = new Engine({ catalog, files: disk, now: () => 1_600_000_000_000 })
  engine.recover(wasUnclean)
  return { catalog, disk, engine }
}

const owners: string[] = []
function connect(
  { catalog, disk, engine }: World,
  faults: StoreFaults = {},
): { source: () => ChunkTableSource; files: FaultyFileStore; owner: string } {
  const owner = `session ${owners.length}`
  owners.push(owner)
  const files = new FaultyFileStore(disk, faults)
  const dfs = new DfsSession({
    session: { user: 'admin', now: () => 0 } as unknown as Session,
    home: '/nowhere',
    link: { open: () => engine.openSession(owner), request: (command) => engine.request(command) },
    // Every append writes segments.
    config: { newValuePartitionPolicy: 'add', settings: { file: { 'ts.append.small_rows': 0 }, environment: {} } },
    catalog,
    files,
  })
  return { source: () => dfs.source(URL, 'pt'), files, owner }
}

function withTable(): World {
  const world = boot()
  const values = { kind: 'VALUE', type: T.INT, values: [0, 1, 2] } as const
  world.engine.request({
    kind: 'createDatabase',
    database: {
      url: URL,
      id: 'd',
      schemes: [values, { kind: 'HASH', type: T.SYMBOL, buckets: 2 }],
      compo: true,
      engine: 'OLAP',
      atomic: 'TRANS',
      chunkGranularity: 'TABLE',
      owner: 'admin',
      createdMs: 0,
    },
  })
  world.engine.request({
    kind: 'createTable',
    table: {
      db: URL,
      name: 'pt',
      id: 't',
      physicalIndex: '',
      columns: COLUMNS,
      partitionColumns: ['id', 'sym'],
      sortColumns: [],
      keepDuplicates: 'ALL',
      compressMethods: {},
      comment: '',
      owner: 'admin',
      createdMs: 0,
      schemaVersion: 1,
    },
  })
  return world
}

/** Rows whose x are first, first+1, ... */
const rowsFrom = (first: number, count: number): Table => {
  const x = Array.from({ length: count }, (_, k) => first + k)
  return new Table(
    COLUMNS.map((c) => c.name),
    [
      vectorOf(
        T.INT,
        x.map((n) => n % 4),
      ),
      vectorOf(
        T.SYMBOL,
        x.map((n) => `s${n % 3}`),
      ),
      vectorOf(T.DOUBLE, x),
    ],
  )
}

/** The x of all rows, sorted, and that each partition keeps the order in which its rows came. */
function contents(source: ChunkTableSource): number[] {
  const snapshot = source.snapshot()
  const all: number[] = []
  for (const partition of snapshot.partitions()) {
    const here: number[] = []
    for (const batch of snapshot.scan(partition, ['x', 'sym']))
      for (let k = 0; k < batch.rows; k++) here.push(batch.columns[0].raw(k) as number)
    expect(here).toHaveLength(partition.rows)
    all.push(...here)
  }
  expect(snapshot.rowCount()).toBe(all.length)
  snapshot.release()
  return all.sort((a, b) => a - b)
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k)

const segmentFiles = (disk: MemoryFileStore): string[] =>
  [...disk.files().keys()].filter((f) => f.startsWith('chunks/'))

/** Every file is named by the catalog and whole, and every name has its file. */
function expectTidy({ catalog, disk }: World): void {
  const refs = [...viewOf(catalog).chunks(URL, 'pt')].flatMap((c) => c.segments)
  expect(segmentFiles(disk)).toEqual(refs.map((r) => r.file).sort())
  for (const ref of refs) expect(verifySegment(disk, ref.file, ref).kind).toBe('ok')
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 4_294_967_296
  }
}

describe('an append that is cut off', () => {
  const calls = (() => {
    const world = withTable()
    connect(world).source().append(rowsFrom(0, 20))
    const { source, files } = connect(world)
    source().append(rowsFrom(20, 30))
    return files.calls
  })()

  it('by the death of the process and loss of power in any call leaves the old rows or all rows, and no stray file', () => {
    let old = 0
    for (let call = 1; call <= calls; call++)
      for (const seed of [1, 2, 3]) {
        const random = randomOf(call * 10 + seed)
        const world = withTable()
        connect(world).source().append(rowsFrom(0, 20))
        expect(() => connect(world, { dieAtCall: call, random }).source().append(rowsFrom(20, 30))).toThrow(StoreDied)
        world.disk.losePower(random)
        const after = boot(world.catalog, world.disk, true)
        const found = contents(connect(after).source())
        if (found.length === 20) old++
        expect(found).toEqual(numbers(0, found.length === 20 ? 20 : 50))
        expectTidy(after)
      }
    // The commit is the engine's: dying in a call of the store is always before it.
    expect(old).toBe(calls * 3)
    expect(calls).toBeGreaterThan(20)
  })

  it('by a failing call leaves the old rows, no file, and a table that takes the same rows again', () => {
    for (let call = 1; call <= calls; call++) {
      const world = withTable()
      connect(world).source().append(rowsFrom(0, 20))
      expect(() => connect(world, { failCall: call, code: 'ENOSPC' }).source().append(rowsFrom(20, 30))).toThrow(
        expect.objectContaining({ kind: 'io', code: 'ENOSPC' }),
      )
      expect(contents(connect(world).source())).toEqual(numbers(0, 20))
      expectTidy(world)
      connect(world).source().append(rowsFrom(20, 30))
      expect(contents(connect(world).source())).toEqual(numbers(0, 50))
    }
  })

  it('survives loss of power once it was acknowledged', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = withTable()
      const { source } = connect(world)
      source().append(rowsFrom(0, 20))
      source().append(rowsFrom(20, 30))
      world.disk.losePower(randomOf(seed))
      const after = boot(world.catalog, world.disk, true)
      expect(contents(connect(after).source())).toEqual(numbers(0, 50))
      expectTidy(after)
    }
  })

  it('survives it also where a partition was dropped and its folders are made anew', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = withTable()
      const first = connect(world)
      const second = connect(world)
      first.source().append(rowsFrom(0, 12))
      second.source().append(rowsFrom(0, 12))
      world.engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: undefined })
      expect(segmentFiles(world.disk)).toEqual([])
      first.source().append(rowsFrom(0, 12))
      second.source().append(rowsFrom(12, 12))
      world.disk.losePower(randomOf(seed))
      const after = boot(world.catalog, world.disk, true)
      expect(contents(connect(after).source())).toEqual(numbers(0, 24))
      expectTidy(after)
    }
  })
})

describe('a thread that is ended while it appends', () => {
  it('leaves no stray file behind when the engine is closed in good order', async () => {
    const world = withTable()
    connect(world).source().append(rowsFrom(0, 20))
    const dfs = connect(world, { dieAtCall: 25 })
    // The body of `writing` never ends in a thread that is terminated: here it is entered and not left.
    const { slots, slot } = world.engine.openSession(dfs.owner)
    Atomics.store(new BigInt64Array(slots), SLOTS + slot, 1n)
    expect(() => dfs.source().append(rowsFrom(20, 30))).toThrow(StoreDied)
    expect(world.disk.files().size).toBeGreaterThan([...viewOf(world.catalog).chunks(URL, 'pt')].length)
    for (const owner of owners) world.engine.closeSession(owner)
    await world.engine.close()
    expectTidy(world)
  })
})

describe('two sessions', () => {
  it('that append in turns lose nothing', () => {
    const world = withTable()
    const a = connect(world).source()
    const b = connect(world).source()
    for (let k = 0; k < 10; k++) (k % 2 === 0 ? a : b).append(rowsFrom(k * 7, 7))
    expect(contents(a)).toEqual(numbers(0, 70))
    expect(contents(b)).toEqual(numbers(0, 70))
    expectTidy(world)
  })
  it('see a snapshot as it was while the other writes, and drops', () => {
    const world = withTable()
    const reader = connect(world).source()
    const writer = connect(world).source()
    writer.append(rowsFrom(0, 20))
    const snapshot = reader.snapshot()
    writer.append(rowsFrom(20, 20))
    world.engine.request({ kind: 'dropTable', db: URL, table: 'pt' })
    expect(snapshot.rowCount()).toBe(20)
    const seen = snapshot
      .partitions()
      .reduce((n, p) => n + [...snapshot.scan(p, ['x'])].reduce((m, b) => m + b.rows, 0), 0)
    expect(seen).toBe(20)
    snapshot.release()
    world.engine.collectGarbage()
    expect(segmentFiles(world.disk)).toEqual([])
  })
})
