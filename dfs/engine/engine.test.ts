import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { T } from '../../runtime/values/index.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { viewOf } from '../catalog/records.ts'
import type { DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { EngineCommand } from './commands.ts'
import { Engine } from './engine.ts'
import { lockDirectory } from './lock.ts'
import { SnapshotAnnouncer } from './snapshot-slots.ts'

const folders: string[] = []
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-engine-'))
  folders.push(path)
  return path
}
afterEach(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true })
})

const database: DatabaseRecord = {
  url: 'dfs://db',
  id: 'd1',
  schemes: [{ kind: 'VALUE', type: T.INT, values: [1, 2] }],
  compo: false,
  engine: 'OLAP',
  atomic: 'TRANS',
  chunkGranularity: 'TABLE',
  owner: 'admin',
  createdMs: 0,
}
const table: TableRecord = {
  db: 'dfs://db',
  name: 't',
  id: 't1',
  physicalIndex: '',
  columns: [{ name: 'id', type: T.INT }],
  partitionColumns: ['id'],
  sortColumns: [],
  keepDuplicates: 'ALL',
  compressMethods: {},
  comment: '',
  owner: 'admin',
  createdMs: 0,
  schemaVersion: 1,
}
const segment = (name: string): SegmentRef => ({
  file: `chunks/db/1/t/${name}.arrow`,
  rows: 3,
  bytes: 10,
  checksum: '0'.repeat(16),
  minMax: { id: [1, 5], big: [1n, 2n ** 62n] },
})
const append = (name: string, path = '/1'): EngineCommand => ({
  kind: 'append',
  db: 'dfs://db',
  table: 't',
  tableId: 't1',
  expectedSchemaVersion: 1,
  chunks: [{ path, segments: [segment(name)] }],
  newValues: [],
})

const kinds: [string, () => CatalogStore][] = [
  ['memory', () => new MemoryCatalogStore()],
  ['LMDB', () => new LmdbCatalogStore(join(folder(), 'catalog.mdb'))],
]

describe.each(kinds)('the engine on a catalog in %s', (_, catalogOf) => {
  function start(): { engine: Engine; catalog: CatalogStore; files: MemoryFileStore } {
    const catalog = catalogOf()
    const files = new MemoryFileStore()
    const engine = new Engine({ catalog, files, now: () => 1000 })
    engine.recover(false)
    engine.request({ kind: 'createDatabase', database })
    engine.request({ kind: 'createTable', table })
    return { engine, catalog, files }
  }
  const put = (files: MemoryFileStore, name: string): void => files.writeFileAtomic(`chunks/db/1/t/${name}.arrow`, 'x')

  it('adds the segments of an append to their chunk', () => {
    const { engine, catalog } = start()
    engine.request(append('a'))
    const { cid } = engine.request(append('b'))
    const chunk = viewOf(catalog).chunk('dfs://db', 't', '/1')
    expect(chunk).toMatchObject({ rows: 6, cid, updateTimeMs: 1000, segments: [segment('a'), segment('b')] })
  })

  it('assigns base-62 physical indexes', () => {
    const { engine } = start()
    expect(engine.request({ kind: 'createTable', table: { ...table, name: 'u', id: 'u1' } }).physicalIndex).toBe('2')
  })

  it('does nothing of a command that fails', () => {
    const { engine, catalog } = start()
    const before = viewOf(catalog).cid
    const stale = { ...append('a'), expectedSchemaVersion: 9 } as EngineCommand
    expect(() => engine.request(stale)).toThrow(/was changed while rows were being written/)
    expect(() => engine.request({ kind: 'createDatabase', database })).toThrow(/already exists/)
    expect(viewOf(catalog).cid).toBe(before)
    expect([...viewOf(catalog).chunks('dfs://db', 't')]).toEqual([])
  })

  it('removes dropped files at once when nobody reads', () => {
    const { engine, files } = start()
    put(files, 'a')
    engine.request(append('a'))
    engine.request({ kind: 'dropTable', db: 'dfs://db', table: 't' })
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeUndefined()
  })

  it('keeps dropped files while a snapshot or a pin may need them', () => {
    const { engine, catalog, files } = start()
    put(files, 'a')
    const { cid } = engine.request(append('a'))
    const ticket = engine.openSession('reader')
    const snapshot = new SnapshotAnnouncer(ticket.slots, ticket.slot).hold(() => viewOf(catalog).cid)
    expect(snapshot.cid).toBe(cid)
    const { pin } = engine.request({ kind: 'pin', why: 'a test' })
    engine.request({ kind: 'dropChunks', db: 'dfs://db', table: 't', paths: undefined })
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeDefined()
    snapshot.release()
    engine.collectGarbage()
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeDefined()
    engine.request({ kind: 'unpin', pin: pin! })
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeUndefined()
  })

  it('frees what an ended session held', () => {
    const { engine, files } = start()
    put(files, 'a')
    engine.request(append('a'))
    const ticket = engine.openSession('reader')
    new SnapshotAnnouncer(ticket.slots, ticket.slot).hold(() => 1)
    engine.request({ kind: 'dropChunks', db: 'dfs://db', table: 't', paths: ['/1'] })
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeDefined()
    engine.closeSession('reader')
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeUndefined()
  })

  it('sweeps files that nobody names after an unclean stop, but not copies of a restore', () => {
    const { engine, files } = start()
    put(files, 'a')
    put(files, 'orphan')
    put(files, 'restored-0123')
    engine.request(append('a'))
    engine.recover(true)
    expect(files.stat('chunks/db/1/t/a.arrow')).toBeDefined()
    expect(files.stat('chunks/db/1/t/orphan.arrow')).toBeUndefined()
  })

  it('marks runs that were cut off', () => {
    const { engine, catalog } = start()
    const run = {
      id: 'r',
      user: 'admin',
      type: 'BACKUP_BY_COPY_FILE',
      db: 'dfs://db',
      table: 't',
      startMs: 1,
      endMs: undefined,
      totalPartitions: 2,
      completedPartitions: 1,
      state: 'running',
      error: '',
    } as const
    engine.request({ kind: 'putRun', run })
    engine.recover(true)
    expect(catalog.get(['run', 'r'])).toMatchObject({ state: 'interrupted', endMs: 1000 })
  })

  it('keeps commit ids above those of restored chunks', () => {
    const { engine, files } = start()
    files.writeFileAtomic('chunks/db/1/t/r.arrow', '0123456789')
    const chunk = { chunkId: 'c', cid: 5000, rows: 3, updateTimeMs: 1, path: '/1', segments: [segment('r')] }
    engine.request({ kind: 'replaceChunks', db: 'dfs://db', table: 't', put: [chunk], remove: [] })
    expect(engine.request(append('b')).cid).toBe(5001)
  })

  it('moves the chunks of a renamed table', () => {
    const { engine, catalog } = start()
    engine.request(append('a'))
    engine.request({ kind: 'renameTable', db: 'dfs://db', table: 't', to: 'u' })
    expect(viewOf(catalog).table('dfs://db', 't')).toBeUndefined()
    expect(viewOf(catalog).chunk('dfs://db', 'u', '/1')?.rows).toBe(3)
  })
})

describe('a data directory', () => {
  it('belongs to one process, which the refusal names', () => {
    const path = folder()
    const engine = Engine.open(path)
    expect(() => Engine.open(path)).toThrow(new RegExp(`in use by process ${process.pid}`))
    return engine.close()
  })

  it('is taken over from a process that is gone, as unclean', () => {
    const path = folder()
    const first = lockDirectory(path)
    expect(first.wasUnclean).toBe(false)
    first.release()
    const again = lockDirectory(path)
    expect(again.wasUnclean).toBe(false)
    again.release()
  })

  it('keeps what was committed over a restart', async () => {
    const path = folder()
    const first = Engine.open(path)
    first.request({ kind: 'createDatabase', database })
    await first.close()
    const second = Engine.open(path)
    expect(() => second.request({ kind: 'createDatabase', database })).toThrow(/already exists/)
    await second.close()
  })
})
