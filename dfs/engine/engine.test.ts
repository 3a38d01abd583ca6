import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { T } from '../../runtime/values/index.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { userOf, viewOf } from '../catalog/records.ts'
import type { ChunkRecord, DatabaseRecord, Scheme, SegmentRef, TableRecord } from '../catalog/types.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { passwordMatches } from '../users.ts'
import type { EngineCommand } from './commands.ts'
import { Engine } from './engine.ts'
import { lockDirectory } from './lock.ts'
import { SnapshotAnnouncer } from './snapshot-slots.ts'

const URL = 'dfs://db'
const NOW = 1_600_000_000_000

const database: DatabaseRecord = {
  url: URL,
  id: 'db-id',
  schemes: [{ kind: 'VALUE', type: T.INT, values: [1, 2] }],
  compo: false,
  engine: 'OLAP',
  atomic: 'TRANS',
  chunkGranularity: 'TABLE',
  owner: 'admin',
  createdMs: NOW,
}
const table: TableRecord = {
  db: URL,
  name: 'pt',
  id: 'table-id',
  physicalIndex: '',
  columns: [{ name: 'id', type: T.INT }],
  partitionColumns: ['id'],
  sortColumns: [],
  keepDuplicates: 'ALL',
  compressMethods: {},
  comment: '',
  owner: 'admin',
  createdMs: NOW,
  schemaVersion: 1,
}

interface Bench {
  readonly engine: Engine
  readonly catalog: CatalogStore
  readonly files: MemoryFileStore
}

function start(
  catalog: CatalogStore = new MemoryCatalogStore(),
  files = new MemoryFileStore(),
  wasUnclean = false,
): Bench {
  const engine = new Engine({ catalog, files, now: () => NOW })
  engine.recover(wasUnclean)
  return { engine, catalog, files }
}

function withTable(): Bench {
  const bench = start()
  bench.engine.request({ kind: 'createDatabase', database })
  bench.engine.request({ kind: 'createTable', table })
  return bench
}

let counter = 0
function segment(files: MemoryFileStore, path: string, rows = 3): SegmentRef {
  const file = `chunks/db${path}/pt/${counter++}.arrow`
  const writer = files.openWrite(file)
  writer.write(new Uint8Array(rows))
  writer.sync()
  return { file, rows, bytes: rows, checksum: '0', minMax: {} }
}

const append = (chunks: (EngineCommand & { kind: 'append' })['chunks'], more: Partial<EngineCommand> = {}) =>
  ({
    kind: 'append',
    db: URL,
    table: 'pt',
    tableId: 'table-id',
    expectedSchemaVersion: 1,
    chunks,
    newValues: [],
    ...more,
  }) as EngineCommand

const chunksOf = ({ catalog }: Bench): ChunkRecord[] => [...viewOf(catalog).chunks(URL, 'pt')]
const fileNames = ({ files }: Bench): string[] => [...files.files().keys()].filter((f) => f.startsWith('chunks/'))

describe('the engine', () => {
  it('makes the administrator in a new store', () => {
    const { engine, catalog } = start()
    expect(passwordMatches('123456', userOf(catalog, 'admin')!)).toBe(true)
    expect(engine.usesDefaultPassword).toBe(true)
  })
  it('numbers commits, and the chunks that each one changed', () => {
    const bench = withTable()
    const first = bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    const second = bench.engine.request(append([{ path: '/2', segments: [segment(bench.files, '/2', 5)] }]))
    expect(second.cid).toBe(first.cid + 1)
    expect(chunksOf(bench)).toMatchObject([
      { path: '/1', rows: 3, cid: first.cid, updateTimeMs: NOW },
      { path: '/2', rows: 5, cid: second.cid },
    ])
  })
  it('keeps the chunk id and adds segments when a chunk grows', () => {
    const bench = withTable()
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    const [before] = chunksOf(bench)
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    const [after] = chunksOf(bench)
    expect(after).toMatchObject({ chunkId: before.chunkId, rows: 6 })
    expect(after.segments).toHaveLength(2)
  })
  it('gives each table a physical index of its own', () => {
    const bench = withTable()
    const reply = bench.engine.request({ kind: 'createTable', table: { ...table, name: 'other', id: 'other-id' } })
    expect(viewOf(bench.catalog).table(URL, 'pt')?.physicalIndex).not.toBe(reply.physicalIndex)
  })
  it.each([
    ['a database twice', { kind: 'createDatabase', database }, 'databaseExists'],
    ['a table twice', { kind: 'createTable', table }, 'tableExists'],
    ['a table in no database', { kind: 'createTable', table: { ...table, db: 'dfs://no' } }, 'databaseMissing'],
    ['drop of no database', { kind: 'dropDatabase', url: 'dfs://no' }, 'databaseMissing'],
    ['drop of no table', { kind: 'dropTable', db: URL, table: 'no' }, 'tableMissing'],
    ['an append to a table made anew', append([], { tableId: 'older' } as never), 'schemaChanged'],
    ['an append to an altered table', append([], { expectedSchemaVersion: 0 } as never), 'schemaChanged'],
  ] as const)('refuses %s and changes nothing', (_, command, code) => {
    const bench = withTable()
    const before = viewOf(bench.catalog).cid
    expect(() => bench.engine.request(command as EngineCommand)).toThrow(expect.objectContaining({ code }))
    expect(viewOf(bench.catalog).cid).toBe(before)
  })
  it('extends a VALUE scheme with the values of an append, each once', () => {
    const bench = withTable()
    const values = { kind: 'VALUE', type: T.INT, values: [2, 3] } as const
    bench.engine.request(append([], { newValues: [{ level: 0, values }] } as never))
    bench.engine.request(append([], { newValues: [{ level: 0, values: { ...values, values: [3, 4] } }] } as never))
    expect(viewOf(bench.catalog).database(URL)?.schemes).toEqual([{ kind: 'VALUE', type: T.INT, values: [1, 2, 3, 4] }])
  })
})

describe('extending the schemes of a database', () => {
  const extend = (...schemes: Scheme[]): EngineCommand => ({ kind: 'extendSchemes', db: URL, schemes })
  const schemeOf = ({ catalog }: Bench) => viewOf(catalog).database(URL)?.schemes[0]

  it('keeps the values that another session has added in the meantime', () => {
    const bench = withTable()
    bench.engine.request(extend({ kind: 'VALUE', type: T.INT, values: [1, 2, 3] }))
    bench.engine.request(extend({ kind: 'VALUE', type: T.INT, values: [1, 2, 4] }))
    expect(schemeOf(bench)).toEqual({ kind: 'VALUE', type: T.INT, values: [1, 2, 3, 4] })
  })
  it('never makes ranges shorter, and refuses two different extensions', () => {
    const bench = start()
    const ranges = (...bounds: number[]): Scheme => ({ kind: 'RANGE', type: T.INT, bounds })
    bench.engine.request({ kind: 'createDatabase', database: { ...database, schemes: [ranges(0, 10)] } })
    bench.engine.request(extend(ranges(0, 10, 20, 30)))
    bench.engine.request(extend(ranges(0, 10, 20)))
    expect(schemeOf(bench)).toEqual(ranges(0, 10, 20, 30))
    expect(() => bench.engine.request(extend(ranges(0, 10, 15)))).toThrow(
      expect.objectContaining({ kind: 'conflict', code: 'schemaChanged' }),
    )
  })
})

describe('files that nobody needs', () => {
  it('go with the commit that drops them, and their empty folders too', () => {
    const bench = withTable()
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    bench.engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: ['/1'] })
    expect(chunksOf(bench)).toEqual([])
    expect(fileNames(bench)).toEqual([])
    expect(bench.files.list('chunks')).toEqual([])
  })
  it('stay while a session reads an older commit, and go when it has finished', () => {
    const bench = withTable()
    const { slots, slot } = bench.engine.openSession('reader')
    const announcer = new SnapshotAnnouncer(slots, slot)
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    const held = announcer.hold(() => viewOf(bench.catalog).cid)
    bench.engine.request({ kind: 'dropTable', db: URL, table: 'pt' })
    expect(fileNames(bench)).toHaveLength(1)
    const later = announcer.hold(() => viewOf(bench.catalog).cid)
    held.release()
    bench.engine.collectGarbage()
    expect(fileNames(bench)).toEqual([])
    later.release()
  })
  it('stay while a backup has pinned the store', () => {
    const bench = withTable()
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    const { pin } = bench.engine.request({ kind: 'pin', why: 'backup' })
    bench.engine.request({ kind: 'dropDatabase', url: URL })
    expect(fileNames(bench)).toHaveLength(1)
    bench.engine.request({ kind: 'unpin', pin: pin! })
    expect(fileNames(bench)).toEqual([])
  })
  it('go when the session that read them is gone', () => {
    const bench = withTable()
    const { slots, slot } = bench.engine.openSession('reader')
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    new SnapshotAnnouncer(slots, slot).hold(() => viewOf(bench.catalog).cid)
    bench.engine.request({ kind: 'dropDatabase', url: URL })
    expect(fileNames(bench)).toHaveLength(1)
    bench.engine.closeSession('reader')
    expect(fileNames(bench)).toEqual([])
  })
  it('are removed at the next start if the process ended before', () => {
    const bench = withTable()
    bench.engine.request(append([{ path: '/1', segments: [segment(bench.files, '/1')] }]))
    bench.engine.request({ kind: 'pin', why: 'backup' })
    bench.engine.request({ kind: 'dropDatabase', url: URL })
    const again = start(bench.catalog, bench.files)
    expect(fileNames(again)).toEqual([])
  })
  it('keep what a replaced chunk still uses', () => {
    const bench = withTable()
    const [kept, replaced, fresh] = [1, 2, 3].map(() => segment(bench.files, '/1'))
    bench.engine.request(append([{ path: '/1', segments: [kept, replaced] }]))
    const [before] = chunksOf(bench)
    const put = [{ ...before, cid: 999, segments: [kept, fresh] }]
    const { cid } = bench.engine.request({ kind: 'replaceChunks', db: URL, table: 'pt', put, remove: [] })
    expect(fileNames(bench)).toEqual([kept.file, fresh.file].sort())
    // Restored chunks bring their commit ids along; the counter stays above them.
    expect(cid).toBeGreaterThanOrEqual(999)
  })
})

describe('after a crash', () => {
  it('files of writes that were never committed are swept, committed ones stay', () => {
    const bench = withTable()
    const committed = segment(bench.files, '/1')
    segment(bench.files, '/2')
    bench.engine.request(append([{ path: '/1', segments: [committed] }]))
    expect(fileNames(start(bench.catalog, bench.files, true))).toEqual([committed.file])
  })
  it('a run that was going on is marked as interrupted', () => {
    const bench = start()
    bench.engine.request({
      kind: 'putRun',
      run: {
        id: 'r',
        user: 'admin',
        type: 'BACKUP_BY_COPY_FILE',
        db: URL,
        table: 'pt',
        startMs: NOW,
        endMs: undefined,
        totalPartitions: 2,
        completedPartitions: 1,
        state: 'running',
        error: '',
      },
    })
    const { catalog } = start(bench.catalog, bench.files, true)
    expect(catalog.get(['run', 'r'])).toMatchObject({ state: 'interrupted', endMs: NOW })
  })
  it('what a restore has left is removed after a week, without a crash', () => {
    let nowMs = NOW - 8 * 86_400_000
    const files = new MemoryFileStore(() => nowMs)
    const bench = start(new MemoryCatalogStore(), files)
    const left = 'chunks/db/1/pt/restored-aefa96782766b043-j26gi.arrow'
    files.writeFileAtomic(left, 'x')
    const run = { id: 'r', user: 'admin', type: 'RESTORE_BY_COPY_FILE', db: URL, table: 'pt', error: 'full' } as const
    const ended = { startMs: nowMs, endMs: nowMs, totalPartitions: 2, completedPartitions: 1, state: 'failed' } as const
    bench.engine.request({ kind: 'putRun', run: { ...run, ...ended } })
    nowMs = NOW
    expect(fileNames(bench)).toEqual([left])
    expect(fileNames(start(bench.catalog, files, false))).toEqual([])
  })
  it('a store of a newer format is refused and left alone', () => {
    const catalog = new MemoryCatalogStore()
    catalog.transaction((w) => w.put(['meta', 'format'], 99))
    expect(() => start(catalog)).toThrow(expect.objectContaining({ kind: 'data', code: 'catalogFormat' }))
  })
})

describe('the lock of a data directory', () => {
  const folders: string[] = []
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'holdfast-lock-'))
    folders.push(made)
    return made
  }
  afterEach(() => {
    for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true })
  })

  it('keeps a second opener out and names the process that has it', () => {
    const place = folder()
    const lock = lockDirectory(place)
    expect(() => lockDirectory(place)).toThrow(expect.objectContaining({ kind: 'conflict', code: 'directoryInUse' }))
    expect(() => lockDirectory(place)).toThrow(`process ${process.pid}`)
    lock.release()
    expect(lockDirectory(place).wasUnclean).toBe(false)
  })
  it.each([
    ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, processStart: '1', host: '', since: '' })],
    ['that was torn', '{"pid":'],
  ])('is taken over from a file %s', (_, content) => {
    const place = folder()
    writeFileSync(join(place, 'holdfast.lock'), content.replace('"host":""', `"host":${JSON.stringify(hostname())}`))
    const lock = lockDirectory(place)
    expect(lock.wasUnclean).toBe(true)
    lock.release()
  })
  it('lets a directory be opened, closed and opened again at once', async () => {
    const place = folder()
    const engine = Engine.open(place)
    engine.request({ kind: 'createDatabase', database })
    expect(() => Engine.open(place)).toThrow(/is in use/)
    await engine.close()
    const again = Engine.open(place)
    expect(() => again.request({ kind: 'createDatabase', database })).toThrow(/already exists/)
    await again.close()
  })
})
