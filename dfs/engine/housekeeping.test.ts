import { describe, expect, it } from 'vitest'
import type { Session } from '../../runtime/session.ts'
import { T, Table, type Vector, vectorOf } from '../../runtime/values/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys, type StoreMark } from '../catalog/records.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { encodeRows, layoutOf } from '../delta/codec.ts'
import { adoptCopy } from '../external-copy/adopt.ts'
import { type Maintainer, runTask } from '../maintenance/task.ts'
import { DfsSession } from '../session.ts'
import type { SettingValues } from '../settings/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { ChunkTableSource } from '../table-source.ts'
import { Engine } from './engine.ts'
import { createPlainTable, PLAIN_COLUMNS, PLAIN_URL } from './testing.ts'

interface Store {
  readonly catalog: MemoryCatalogStore
  readonly files: MemoryFileStore
  readonly engine: Engine
  readonly said: string[]
}

function start(
  catalog = new MemoryCatalogStore(),
  files = new MemoryFileStore(),
  wasUnclean = false,
  file: SettingValues = {},
  maintain?: Maintainer,
): Store {
  const said: string[] = []
  let nowMs = 1_700_000_000_000
  const settings = { file, environment: {} }
  const engine = new Engine({ catalog, files, now: () => ++nowMs, say: (line) => said.push(line), settings, maintain })
  engine.recover(wasUnclean)
  return { catalog, files, engine, said }
}

/** The process dies: what was in memory is gone. */
const killed = ({ catalog, files }: Store): Store => start(catalog, files, true)

function withTable(file: SettingValues = {}): Store {
  const store = start(undefined, undefined, false, file)
  createPlainTable(store.engine)
  return store
}

let owners = 0
function connect(store: Store): { readonly source: ChunkTableSource; readonly chunks: () => readonly ChunkRecord[] } {
  const owner = `s${owners++}`
  const dfs = new DfsSession({
    session: { user: 'admin', now: () => 0 } as unknown as Session,
    home: '/nowhere',
    link: {
      open: () => store.engine.openSession(owner),
      request: (command) => store.engine.request(command, 'admin', owner),
    },
    catalog: store.catalog,
    files: store.files,
  })
  return { source: dfs.source(PLAIN_URL, 'pt'), chunks: () => dfs.looking((view) => [...view.chunks(PLAIN_URL, 'pt')]) }
}

const LAYOUT = layoutOf(PLAIN_COLUMNS)

const rows = (first: number, count: number): Table => {
  const x = Array.from({ length: count }, (_, k) => first + k)
  const columns: Vector[] = [
    vectorOf(
      T.INT,
      x.map((n) => n % 3),
    ),
    vectorOf(T.INT, x),
  ]
  return new Table(['id', 'x'], columns)
}

/** The x of all rows, partition by partition in storage order. */
function contents(source: ChunkTableSource): number[][] {
  const snapshot = source.snapshot()
  const found = snapshot.partitions().map((p) => {
    const here: number[] = []
    for (const batch of snapshot.scan(p, ['x']))
      for (let k = 0; k < batch.rows; k++) here.push(batch.columns[0].raw(k) as number)
    expect(here).toHaveLength(p.rows)
    return here
  })
  snapshot.release()
  return found
}

const expected = (to: number): number[][] =>
  [0, 1, 2].map((id) => Array.from({ length: to }, (_, k) => k).filter((k) => k % 3 === id))

const segments = (store: Store): string[] => [...store.files.files().keys()].filter((f) => f.startsWith('chunks/'))

describe('small appends', () => {
  it('are seen at once by every session, and need no segment', () => {
    const store = withTable()
    const [a, b] = [connect(store), connect(store)]
    for (let k = 0; k < 30; k++) (k % 2 === 0 ? a : b).source.append(rows(k, 1))
    expect(contents(a.source)).toEqual(expected(30))
    expect(contents(b.source)).toEqual(expected(30))
    expect(segments(store)).toEqual([])
  })

  it('survive the death of the process by the log', () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 30; k++) source.append(rows(k, 1))
    const after = killed(store)
    expect(contents(connect(after).source)).toEqual(expected(30))
    expect(after.said.join('\n')).toMatch(
      /^Crash recovery initiated\nLast checkpoint LSN: 0\/[0-9A-F]{8}\nPhase 1 \(Analysis\): Scanning WAL\.\.\. 3 dirty chunks, 0 active transactions\nPhase 2 \(Redo\): Replaying from LSN 0\/[0-9A-F]{8}\.\.\. \d+ records replayed\nPhase 3 \(Undo\): Rolling back 0 active transactions\.\.\. done\nRecovery complete in \d+\.\d\ds$/,
    )
  })

  it('become segments at a checkpoint, in their order among bulk appends, under the same chunk version', async () => {
    const store = withTable()
    const { source, chunks } = connect(store)
    for (let k = 0; k < 9; k++) source.append(rows(k, 1))
    source.append(rows(9, 3000))
    for (let k = 3009; k < 3018; k++) source.append(rows(k, 1))
    const before = chunks()
    await store.engine.checkpoint()
    const after = chunks()
    expect(after.map((c) => c.delta)).toEqual([undefined, undefined, undefined])
    expect(after.map((c) => [c.chunkId, c.cid, c.rows, c.updateTimeMs])).toEqual(
      before.map((c) => [c.chunkId, c.cid, c.rows, c.updateTimeMs]),
    )
    expect(contents(source)).toEqual(expected(3018))
    expect(contents(connect(killed(store)).source)).toEqual(expected(3018))
  })

  it('stay visible to a snapshot that was taken before they became segments, or were dropped', async () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 9; k++) source.append(rows(k, 1))
    const held = connect(store).source.snapshot()
    const seen = (): number =>
      held.partitions().reduce((n, p) => n + [...held.scan(p, ['x'])].reduce((m, b) => m + b.rows, 0), 0)
    await store.engine.checkpoint()
    source.append(rows(9, 3))
    expect(seen()).toBe(9)
    store.engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: undefined })
    expect(seen()).toBe(9)
    expect(contents(source)).toEqual([])
    held.release()
    store.engine.collectGarbage()
    expect(segments(store)).toEqual([])
  })

  it('of a dropped partition do not come back with the log', () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 9; k++) source.append(rows(k, 1))
    store.engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: ['/1'] })
    source.append(rows(10, 1))
    const after = killed(store)
    expect(contents(connect(after).source)).toEqual([[0, 3, 6], [10], [2, 5, 8]])
  })

  it('are not lost when the process dies between a checkpoint and what follows', async () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 9; k++) source.append(rows(k, 1))
    await store.engine.checkpoint()
    for (let k = 9; k < 12; k++) source.append(rows(k, 1))
    const after = killed(store)
    expect(contents(connect(after).source)).toEqual(expected(12))
    await after.engine.close()
    const again = start(store.catalog, store.files)
    expect(again.said).toEqual([])
    expect(contents(connect(again).source)).toEqual(expected(12))
  })
})

describe('many writers at once', () => {
  const insert = (store: Store, k: number): Promise<unknown> => {
    const columns = [vectorOf(T.INT, [k % 3]), vectorOf(T.INT, [k])]
    return store.engine.submit(
      {
        kind: 'insertRows',
        db: PLAIN_URL,
        table: 'pt',
        tableId: 't',
        expectedSchemaVersion: 1,
        layout: LAYOUT,
        chunks: [{ path: `/${k % 3}`, rows: 1, data: encodeRows(columns) }],
      },
      'admin',
      `w${k}`,
    )
  }
  const sorted = (found: number[][]): number[][] => found.map((x) => x.sort((a, b) => a - b))

  it('share batches, and all are there', async () => {
    const store = withTable()
    await Promise.all(Array.from({ length: 600 }, (_, k) => insert(store, k)))
    expect(sorted(contents(connect(store).source))).toEqual(expected(600))
    expect(sorted(contents(connect(killed(store)).source))).toEqual(expected(600))
  })

  it('wait when the rows in memory are too many, and memory stays bounded', async () => {
    const store = withTable({ 'ts.delta.max_bytes': 64 << 10 })
    let most = 0
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 50 }, (_, k) => insert(store, round * 50 + k)))
      most = Math.max(most, store.engine.status().deltaBytes)
    }
    // What one round adds may come on top.
    expect(most).toBeLessThan((64 << 10) + 50 * 400)
    expect(segments(store).length).toBeGreaterThan(3)
    expect(sorted(contents(connect(store).source))).toEqual(expected(2000))
  })

  it('wait for a checkpoint when the ring of log files is full, and none of them fails', async () => {
    const store = withTable({
      'ts.wal.rotation': 'group',
      'ts.wal.group_files': 2,
      'ts.wal.group_file_size': 1 << 20,
    })
    for (let round = 0; round < 30; round++)
      await Promise.all(Array.from({ length: 300 }, (_, k) => insert(store, round * 300 + k)))
    expect(store.engine.status().log.bytes).toBeLessThan(3 << 20)
    expect(sorted(contents(connect(store).source))).toEqual(expected(9000))
    const files = { 'ts.wal.rotation': 'group', 'ts.wal.group_files': 2, 'ts.wal.group_file_size': 1 << 20 }
    const after = start(store.catalog, store.files, true, files)
    expect(sorted(contents(connect(after).source))).toEqual(expected(9000))
  })
})

describe('a transaction that rewrites', () => {
  const begin = (store: Store, paths: string[] | undefined, owner: string): number =>
    store.engine.request({ kind: 'begin', db: PLAIN_URL, table: 'pt', tableId: 't', paths }, 'admin', owner).tid!

  it('keeps others from its chunks, and ends with its session', () => {
    const store = withTable()
    const tid = begin(store, ['/1'], 'a')
    expect(() => begin(store, ['/0', '/1'], 'b')).toThrow(
      `<ChunkInTransaction>The openChunks operation failed because the chunk '/db/1/pt' is currently locked and in use by transaction ${tid}.`,
    )
    begin(store, ['/0'], 'b')
    expect(() => store.engine.request({ kind: 'dropTable', db: PLAIN_URL, table: 'pt' })).toThrow(
      expect.objectContaining({ refId: 'S01003' }),
    )
    store.engine.closeSession('a')
    begin(store, ['/1'], 'b')
  })

  it('that was open when the process died is rolled back', () => {
    const store = withTable()
    begin(store, ['/1'], 'a')
    const after = killed(store)
    expect(after.said).toContain('Phase 3 (Undo): Rolling back 1 active transactions... done')
    expect(killed(after).said).toContain('Phase 3 (Undo): Rolling back 0 active transactions... done')
    begin(after, ['/1'], 'b')
  })
})

describe('merging', () => {
  it('leaves one segment of many, in the order of the commits, and survives the death of the process', async () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 12; k++) source.append(rows(k * 3000, 3000))
    expect(segments(store)).toHaveLength(36)
    expect(await store.engine.compact()).toBe(3)
    expect(segments(store)).toHaveLength(3)
    expect(contents(source)).toEqual(expected(36_000))
    expect(await store.engine.compact()).toBe(0)
    expect(contents(connect(killed(store)).source)).toEqual(expected(36_000))
  })

  it('keeps the files that it reads, though nobody else needs them any more', async () => {
    const files = new MemoryFileStore()
    let store: Store
    let there = 0
    const maintain: Maintainer = async (task) => {
      if (task.kind === 'compact' && task.chunk.path === '/0') {
        store.engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: ['/0'] })
        there = segments(store).length
      }
      return runTask(files, task)
    }
    store = start(undefined, files, false, {}, maintain)
    createPlainTable(store.engine)
    const { source } = connect(store)
    for (let k = 0; k < 12; k++) source.append(rows(k * 3000, 3000))
    expect(await store.engine.compact()).toBe(2)
    expect(there).toBe(36)
    expect(segments(store)).toHaveLength(2)
    expect(contents(source)).toEqual(expected(36_000).slice(1))
  })

  it('waits while other tools copy the directory', async () => {
    const store = withTable()
    const { source } = connect(store)
    for (let k = 0; k < 12; k++) source.append(rows(k * 3000, 3000))
    await store.engine.beginCopy()
    expect(await store.engine.compact()).toBe(0)
    store.engine.request({ kind: 'endCopy' })
    expect(await store.engine.compact()).toBe(3)
  })
})

describe('a copy of the directory', () => {
  it('starts as of the checkpoint, though writes went on', async () => {
    const store = withTable()
    const { source } = connect(store)
    source.append(rows(0, 3000))
    for (let k = 3000; k < 3009; k++) source.append(rows(k, 1))
    await store.engine.beginCopy()
    await expect(store.engine.beginCopy()).rejects.toThrow(/A checkpoint for copies is active since 2023-11-14T/)
    source.append(rows(3009, 3000))
    store.engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: ['/2'] })

    const files = new MemoryFileStore()
    for (const path of store.files.files().keys()) {
      const writer = files.openWrite(path)
      writer.write(store.files.readFile(path))
      writer.sync()
      writer.close()
    }
    files.writeFileAtomic('_restore', '')
    const catalog = new MemoryCatalogStore()
    adoptCopy({ files, say: () => {}, now: () => 0, replaceCatalog: (fill) => fill(catalog) })
    expect(files.stat('_restore')).toBeUndefined()
    const copy = start(catalog, files, true)
    expect(contents(connect(copy).source)).toEqual(expected(3009))
    expect((catalog.get(keys.store) as StoreMark).timeline).toBe(2)
    connect(copy).source.append(rows(3009, 1))
    expect(contents(connect(killed(copy)).source)).toEqual(expected(3010))
  })
})
