import { expect, it } from 'vitest'
import type { Session } from '../../runtime/session.ts'
import { T, Table, vectorOf } from '../../runtime/values/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import { runTask } from '../maintenance/task.ts'
import { tableOf } from '../read/testing-chunk.ts'
import { DfsSession } from '../session.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

const URL = 'dfs://db'
const APPENDS = 9

/** The records of a new store: hashing the first password for each run would take most of the time. */
const fresh = new MemoryCatalogStore()
new Engine({ catalog: fresh, files: new MemoryFileStore() }).recover(false)

function start(catalog: MemoryCatalogStore, files: MemoryFileStore, wasUnclean: boolean, faults: StoreFaults = {}) {
  const merging = new FaultyFileStore(files, faults)
  const engine = new Engine({
    catalog,
    files,
    now: () => 1_600_000_000_000,
    maintain: (task) => runTask(merging, task),
  })
  engine.recover(wasUnclean)
  return { engine, merging }
}

function sourceOf(engine: Engine, catalog: MemoryCatalogStore, files: MemoryFileStore) {
  const dfs = new DfsSession({
    session: { user: 'admin', now: () => 0 } as unknown as Session,
    home: '/nowhere',
    link: { open: () => engine.openSession('s'), request: (command) => engine.request(command, 'admin', 's') },
    catalog,
    files,
  })
  return dfs.source(URL, 't')
}

/** A table with a primary key, one chunk of many segments, each of which replaces some rows of the ones before. */
function filled(faults: StoreFaults = {}) {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (const prefix of ['meta', 'user']) for (const [key, value] of fresh.entries([prefix])) w.put(key, value)
  })
  const files = new MemoryFileStore()
  const { engine, merging } = start(catalog, files, false, faults)
  engine.request({
    kind: 'createDatabase',
    database: {
      url: URL,
      id: 'd',
      schemes: [{ kind: 'VALUE', type: T.INT, values: [0] }],
      compo: false,
      engine: 'PKEY',
      atomic: 'TRANS',
      chunkGranularity: 'TABLE',
      owner: 'admin',
      createdMs: 0,
    },
  })
  const columns = [
    { name: 'key', type: T.INT },
    { name: 'n', type: T.INT },
  ]
  engine.request({ kind: 'createTable', table: { ...tableOf(columns, { primaryKey: ['key'] }), db: URL } })
  const source = sourceOf(engine, catalog, files)
  for (let k = 0; k < APPENDS; k++) {
    const keys = Array.from({ length: 3000 }, (_, r) => (r * (k + 1)) % 5000)
    source.append(
      new Table(
        ['key', 'n'],
        [
          vectorOf(T.INT, keys),
          vectorOf(
            T.INT,
            keys.map((_, r) => k * 10_000 + r),
          ),
        ],
      ),
    )
  }
  return { catalog, files, engine, merging, source }
}

type Source = ReturnType<typeof sourceOf>

function contents(source: Source): string {
  const snapshot = source.snapshot()
  try {
    const rows = snapshot
      .partitions()
      .flatMap((p) =>
        [...snapshot.scan(p, ['key', 'n'])].flatMap((b) =>
          Array.from({ length: b.rows }, (_, k) => `${b.columns[0].raw(k)}:${b.columns[1].raw(k)}`),
        ),
      )
    expect(snapshot.rowCount()).toBe(rows.length)
    return rows.join()
  } finally {
    snapshot.release()
  }
}

const segments = (files: MemoryFileStore): string[] => [...files.files().keys()].filter((f) => f.startsWith('chunks/'))

it('a process that dies in any call of a merge leaves the rows as they were, and no stray after its next start', async () => {
  const whole = filled()
  const rows = contents(whole.source)
  expect(segments(whole.files)).toHaveLength(APPENDS)
  whole.merging.calls = 0
  expect(await whole.engine.compact()).toBe(1)
  const calls = whole.merging.calls
  expect(calls).toBeGreaterThan(5)
  expect(contents(whole.source)).toBe(rows)
  expect(segments(whole.files)).toHaveLength(1)
  for (let call = 1; call <= calls; call++) {
    const { catalog, files, engine, source } = filled({ dieAtCall: call })
    await expect(engine.compact()).rejects.toThrow()
    expect(contents(source)).toBe(rows)
    const next = start(catalog, files, true)
    expect(segments(files), `call ${call}`).toHaveLength(APPENDS)
    expect(contents(sourceOf(next.engine, catalog, files))).toBe(rows)
    expect(await next.engine.compact()).toBe(1)
    expect(contents(sourceOf(next.engine, catalog, files))).toBe(rows)
  }
})

it('a merge that fails leaves the rows as they were, no file, and works when it is tried again', async () => {
  const probe = filled()
  probe.merging.calls = 0
  await probe.engine.compact()
  for (let call = 1; call <= probe.merging.calls; call++) {
    const { files, engine, source, merging } = filled({ failCall: call, code: 'ENOSPC' })
    const rows = contents(source)
    await expect(engine.compact()).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(segments(files), `call ${call}`).toHaveLength(APPENDS)
    merging.faults = {}
    expect(await engine.compact()).toBe(1)
    expect(contents(source)).toBe(rows)
  }
})
