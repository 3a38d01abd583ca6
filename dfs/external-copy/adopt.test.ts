import { describe, expect, it } from 'vitest'
import type { Session } from '../../runtime/session.ts'
import { T, Table, type Vector, vectorOf } from '../../runtime/values/index.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys, type StoreMark } from '../catalog/records.ts'
import { Engine } from '../engine/engine.ts'
import { createPlainTable, PLAIN_URL } from '../engine/testing.ts'
import { checkDirectory, type Finding, noTotals } from '../inspect/index.ts'
import { DfsSession } from '../session.ts'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { ChunkTableSource } from '../table-source.ts'
import { adoptCopy, wantsRestore } from './adopt.ts'
import { RESTORE_TRIGGER, readCatalogCopy, readCopyManifest } from './format.ts'

interface Store {
  readonly catalog: MemoryCatalogStore
  readonly files: FileStore
  readonly engine: Engine
}

function start(catalog: MemoryCatalogStore, files: FileStore, wasUnclean: boolean): Store {
  let nowMs = 1_700_000_000_000
  const engine = new Engine({ catalog, files, now: () => ++nowMs })
  engine.recover(wasUnclean)
  return { catalog, files, engine }
}

let owners = 0
function sourceOf({ catalog, files, engine }: Store): ChunkTableSource {
  const owner = `s${owners++}`
  const dfs = new DfsSession({
    session: { user: 'admin', now: () => 0 } as unknown as Session,
    home: '/nowhere',
    link: { open: () => engine.openSession(owner), request: (command, user) => engine.request(command, user, owner) },
    catalog,
    files,
  })
  return dfs.source(PLAIN_URL, 'pt')
}

function rows(first: number, count: number): Table {
  const x = Array.from({ length: count }, (_, k) => first + k)
  return new Table(
    ['id', 'x'],
    [x.map((n) => n % 3), x].map((column): Vector => vectorOf(T.INT, column)),
  )
}

function contents(source: ChunkTableSource): number[] {
  const snapshot = source.snapshot()
  const all: number[] = []
  for (const partition of snapshot.partitions())
    for (const { rows: n, columns } of snapshot.scan(partition, ['x']))
      for (let k = 0; k < n; k++) all.push(columns[0].raw(k) as number)
  snapshot.release()
  return all.sort((a, b) => a - b)
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k)

/** A store in checkpoint mode after 3,012 rows: some in segments, and some in memory only, because their chunk is being rewritten. Then it changes. */
async function original(): Promise<Store> {
  const store = start(new MemoryCatalogStore(), new MemoryFileStore(), false)
  const { engine } = store
  createPlainTable(engine)
  const source = sourceOf(store)
  source.append(rows(0, 3000))
  for (let k = 3000; k < 3012; k++) source.append(rows(k, 1))
  engine.request({ kind: 'begin', db: PLAIN_URL, table: 'pt', tableId: 't', paths: ['/0', '/1'] }, 'admin', 'rewriter')
  await engine.beginCopy()
  engine.closeSession('rewriter')
  source.append(rows(3012, 3000))
  source.append(rows(6012, 1))
  engine.request({ kind: 'dropChunks', db: PLAIN_URL, table: 'pt', paths: ['/2'] })
  return store
}

function copyOf({ files }: Store): MemoryFileStore {
  const copy = new MemoryFileStore()
  for (const path of (files as MemoryFileStore).files().keys()) {
    const writer = copy.openWrite(path)
    writer.write(files.readFile(path))
    writer.sync()
    writer.close()
  }
  copy.writeFileAtomic(RESTORE_TRIGGER, '')
  return copy
}

/** Exchanges the catalog as the directory does: whole or not at all. */
class CatalogPlace {
  current: MemoryCatalogStore

  constructor(current: MemoryCatalogStore) {
    this.current = current
  }

  readonly replace =
    (files: FileStore) =>
    (fill: (catalog: CatalogStore) => void): void => {
      const fresh = new MemoryCatalogStore()
      fill(fresh)
      // A call of the file store, so that the process can die before and in it.
      files.syncDirectory('')
      this.current = fresh
    }
}

function adopt(files: FileStore, place: CatalogPlace): void {
  adoptCopy({ files, say: () => {}, now: () => 5, replaceCatalog: place.replace(files) })
}

function expectAdopted(files: MemoryFileStore, place: CatalogPlace): void {
  const { current: catalog } = place
  expect(wantsRestore(files)).toBe(false)
  const store = start(catalog, files, true)
  expect(contents(sourceOf(store))).toEqual(numbers(3012))
  expect((catalog.get(keys.store) as StoreMark).timeline).toBe(2)
  expect(catalog.get(keys.copy)).toBeUndefined()
  expect(files.stat('checkpoint')).toBeUndefined()
  sourceOf(store).append(rows(3012, 4))
  // The process dies; what was begun here is there again.
  const next = start(catalog, files, true)
  expect(contents(sourceOf(next))).toEqual(numbers(3016))
  expect(errorsOf(catalog, files)).toEqual([])
}

function errorsOf(catalog: MemoryCatalogStore, files: FileStore): Finding[] {
  const directory = { files, catalog, wasUnclean: false, isHeld: true, close: async () => {} }
  return [...checkDirectory(directory, true, noTotals())].filter((f) => f?.severity === 'error') as Finding[]
}

describe('the start of a copy', () => {
  it('completes after the process has died in any of its calls', async () => {
    const store = await original()
    const entries = readCatalogCopy(store.files, readCopyManifest(store.files))
    expect(entries.filter(([key]) => key[0] === 'delta')).toHaveLength(2)
    const counting = new FaultyFileStore(copyOf(store))
    adopt(counting, new CatalogPlace(store.catalog))
    expect(counting.calls).toBeGreaterThan(15)
    for (let call = 1; call <= counting.calls; call++) {
      const files = copyOf(store)
      const place = new CatalogPlace(store.catalog)
      expect(() => adopt(new FaultyFileStore(files, { dieAtCall: call }), place), counting.log[call - 1]).toThrow(
        StoreDied,
      )
      // Without the trigger it was done but for the folder, which the engine removes.
      if (wantsRestore(files)) adopt(files, place)
      expectAdopted(files, place)
    }
  })

  it('completes after the power was lost in any of its calls', async () => {
    const store = await original()
    const counting = new FaultyFileStore(copyOf(store))
    adopt(counting, new CatalogPlace(store.catalog))
    for (let call = 1; call <= counting.calls; call++) {
      const files = copyOf(store)
      for (const folder of ['', 'checkpoint', 'wal', ...foldersOf(files)]) files.syncDirectory(folder)
      const place = new CatalogPlace(store.catalog)
      expect(() => adopt(new FaultyFileStore(files, { dieAtCall: call }), place)).toThrow(StoreDied)
      let seed = call
      files.losePower(() => {
        seed = (seed * 16807) % 2147483647
        return seed / 2147483647
      })
      if (wantsRestore(files)) adopt(files, place)
      expectAdopted(files, place)
    }
  })

  it('goes on after any of its calls has failed, at the next attempt', async () => {
    const store = await original()
    const counting = new FaultyFileStore(copyOf(store))
    adopt(counting, new CatalogPlace(store.catalog))
    for (let call = 1; call <= counting.calls; call++) {
      const files = copyOf(store)
      const place = new CatalogPlace(store.catalog)
      try {
        adopt(new FaultyFileStore(files, { failCall: call, code: 'ENOSPC' }), place)
      } catch (error) {
        expect((error as Error).message).toContain('ENOSPC')
      }
      if (wantsRestore(files)) adopt(files, place)
      expectAdopted(files, place)
    }
  })

  it('is refused for every bit that may be flipped in its catalog, and changes nothing then', async () => {
    const store = await original()
    const bytes = copyOf(store).stat('checkpoint/catalog')?.bytes ?? 0
    for (let at = 0; at < bytes; at += 7) {
      const files = copyOf(store)
      files.flipBit('checkpoint/catalog', at, at % 8)
      const before = [...files.files().keys()]
      expect(() => adopt(files, new CatalogPlace(store.catalog))).toThrow(/checkpoint\/catalog is damaged/)
      expect([...files.files().keys()]).toEqual(before)
    }
  })

  it('is refused when the trigger is a folder, so that a copied catalog is not taken for that of the checkpoint', () => {
    const files = new MemoryFileStore()
    expect(wantsRestore(files)).toBe(false)
    files.makeDirectory(RESTORE_TRIGGER)
    expect(() => wantsRestore(files)).toThrow(/^_restore in .* is a folder; an empty file of that name/)
    const directory = { catalog: undefined, files, wasUnclean: false, isHeld: true, close: async () => {} }
    expect([...checkDirectory(directory, false, noTotals())]).toContainEqual(
      expect.objectContaining({ severity: 'error', code: 'restoreTrigger' }),
    )
  })
})

function foldersOf(files: MemoryFileStore): string[] {
  const folders = new Set<string>()
  for (const path of files.files().keys())
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1))
      folders.add(path.slice(0, slash))
  return [...folders]
}
