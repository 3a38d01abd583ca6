/** Several states in one set: what is shared, what restores, what goes. */
import { describe, expect, it } from 'vitest'
import { silentProgress } from '../progress.ts'
import { restoreDatabase } from '../restore/restore.ts'
import { contentOf, contextOf, PATHS, shop, TestEngine, URL } from '../set/fixture.ts'
import { MANIFEST_FILE, newStateId, stateFolder, stateManifestFile } from '../set/layout.ts'
import { decodeManifest, encodeManifest } from '../set/manifest.ts'
import { BackupSet } from '../set/open.ts'
import type { Retention } from '../set/retention.ts'
import { bytesOfStates } from '../set/state-files.ts'
import { chooseState, listStates, type StateChoice } from '../set/states.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import { straysOf } from './history.ts'
import { planPrune, pruneSet } from './prune.ts'
import type { BackupRequest } from './select.ts'
import { takeBackup } from './take.ts'

const keep = (n: number): Retention => ({ keep: n, daily: 0, weekly: 0, monthly: 0 })
const byId = (id: string): StateChoice => ({ kind: 'id', id })
const DAY_MS = 86_400_000

function start(tables = ['pt']) {
  const engine = shop(new MemoryFileStore(), tables, PATHS.slice(0, 4))
  const set = new MemoryFileStore()
  let day = 0
  const contents = new Map<string, string>()
  const all = (): string => tables.map((t) => contentOf(engine, t)).join('\n')
  const notes: string[] = []
  /** A day later: takes a backup and remembers what it is of. */
  const take = (over: Partial<BackupRequest> = {}): string => {
    const context = {
      ...contextOf(engine, 1_700_000_000_000 + day++ * DAY_MS),
      progress: { ...silentProgress, note: (text: string) => notes.push(text) },
    }
    const whole = { url: URL, tables: undefined, partitions: undefined, force: false, snapshot: true }
    const { id } = takeBackup(context, set, { ...whole, ...over })
    contents.set(id, all())
    return id
  }
  const restored = (id: string): string => {
    const target = new TestEngine(new MemoryFileStore())
    restoreDatabase(contextOf(target), set, URL, URL, { state: byId(id) })
    return tables.map((t) => contentOf(target, t)).join('\n')
  }
  const ids = (): string[] => listStates(set).map((s) => s.id)
  /** Every state checks clean and restores to what it is of. */
  const requireAll = (): void => {
    for (const id of ids()) {
      const request = { url: URL, tables: undefined, pattern: '%' }
      expect(checkBackupSet(set, request, { progress: silentProgress, now: () => 0 }, { state: byId(id) })).toEqual([])
      expect(restored(id)).toBe(contents.get(id))
    }
  }
  const prune = (...states: string[]) => pruneSet(contextOf(engine), set, { kind: 'states', ids: states })
  return { engine, set, take, restored, ids, requireAll, contents, notes, prune }
}

const dataFiles = (set: MemoryFileStore): string[] => [...set.files().keys()].filter((f) => f.startsWith('data/'))

describe('a set that keeps states', () => {
  it('holds as many as it was told, each of which restores alone; equal data is there once', () => {
    const { engine, set, take, ids, requireAll } = start()
    for (let day = 0; day < 5; day++) {
      take({ retention: keep(3) })
      engine.append('pt', PATHS[day % 4])
    }
    expect(ids()).toHaveLength(3)
    requireAll()
    expect(straysOf(set)).toEqual([])
    // Four partitions at first, and an append a day since: the newest state has all files that the older ones have.
    expect(dataFiles(set)).toHaveLength(4 + 4)
  })

  it('keeps one state as long as nobody says otherwise, and goes by the last numbers afterwards', () => {
    const { engine, take, ids } = start()
    take()
    take()
    expect(ids()).toHaveLength(1)
    take({ retention: keep(3) })
    for (let k = 0; k < 4; k++) {
      engine.append('pt', PATHS[0])
      take()
    }
    expect(ids()).toHaveLength(3)
    take({ retention: keep(1) })
    expect(ids()).toHaveLength(1)
  })

  it('gives up the files of a state that goes, and only those that no other has', () => {
    const { engine, set, take, requireAll, contents, ids, prune } = start()
    const first = take({ retention: keep(9) })
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[1]] })
    const second = take()
    engine.append('pt', PATHS[1])
    const third = take()
    expect(bytesOfStates(set, listStates(set))).toEqual(
      new Map([
        [first, 3000],
        [third, 3000],
      ]),
    )
    expect(planPrune(set, { kind: 'states', ids: [first] }).map((s) => [s.id, s.action, s.bytesFreed])).toEqual([
      [first, 'drop', 3000],
      [second, 'keep', 0],
      [third, 'keep', 0],
    ])
    expect(ids()).toEqual([first, second, third])
    const before = dataFiles(set).length
    prune(first)
    expect(ids()).toEqual([second, third])
    expect(dataFiles(set)).toHaveLength(before - 1)
    expect(straysOf(set)).toEqual([])
    requireAll()
    // The newest goes; the one before it is the newest then, and the next backup goes on from it.
    prune(third)
    expect(ids()).toEqual([second])
    expect(new BackupSet(set).manifest?.id).toBe(second)
    requireAll()
    contents.clear()
    const fourth = take()
    expect(ids()).toEqual([second, fourth])
    expect(straysOf(set)).toEqual([])
  })

  it('is not left without a state that can be restored', () => {
    const { take, ids, prune, set } = start()
    const first = take({ retention: keep(9) })
    const second = take()
    expect(() => prune(first, second)).toThrow(/left without a state that can be restored/)
    expect(() => prune('20000101T000000000Z-000000')).toThrow(/has no state 20000101T000000000Z-000000/)
    set.flipBit(stateManifestFile(stateFolder(first)), 100)
    expect(() => prune(second)).toThrow(/left without a state that can be restored/)
    expect(ids()).toEqual([first, second])
  })

  it('is chosen from by id and by time', () => {
    const { take, set } = start()
    const [a, b, c] = [take({ retention: keep(9) }), take(), take()]
    const taken = listStates(set).map((s) => s.takenMs)
    const chosen = (choice: StateChoice): string | undefined => chooseState(set, choice)?.id
    expect(chosen({ kind: 'latest' })).toBe(c)
    expect([a, b, c].map((id) => chosen(byId(id)))).toEqual([a, b, c])
    expect(chosen({ kind: 'time', atMs: taken[1] })).toBe(b)
    expect(chosen({ kind: 'time', atMs: taken[2] - 1 })).toBe(b)
    expect(chosen({ kind: 'time', atMs: taken[2] + DAY_MS })).toBe(c)
    expect(() => chosen({ kind: 'time', atMs: taken[0] - 1 })).toThrow(/has no state of .* or before: the oldest/)
    expect(() => chosen(byId('20000101T000000000Z-000000'))).toThrow(/has no state 2000.*; it has /)
  })

  it('sorts states by when they were made even if the clock is set back', () => {
    const id = newStateId(2_000_000_000_000)
    expect(newStateId(1_000_000_000_000, id) > id).toBe(true)
  })

  it('keeps a file whose name another segment has in a later state', () => {
    const { engine, set, take, requireAll, ids } = start()
    take({ retention: keep(9) })
    // The table is made again, and its segments get the names that the old ones had.
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[0]] })
    take()
    const [name] = dataFiles(set).filter((f) => f.startsWith(`data/shop${PATHS[0]}/`))
    const live = `chunks/${name.slice('data/'.length)}`
    engine.append('pt', PATHS[0], 500)
    const chunk = engine.view().chunk(URL, 'pt', PATHS[0])!
    const [segment] = chunk.segments
    engine.data.rename(segment.file, live)
    engine.request({
      kind: 'replaceChunks',
      db: URL,
      table: 'pt',
      put: [{ ...chunk, segments: [{ ...segment, file: live }] }],
      remove: [],
      createDatabase: undefined,
      createTable: undefined,
      extendSchemes: undefined,
    })
    take()
    take({ force: true })
    expect(ids()).toHaveLength(4)
    requireAll()
  })

  it('uses the files of any state again when a partition comes back', () => {
    const { engine, set, take, requireAll } = start()
    take({ retention: keep(9) })
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[0]] })
    take()
    const before = dataFiles(set)
    const target = contextOf(engine)
    restoreDatabase(target, set, URL, URL, { state: byId(listStates(set)[0].id) })
    take()
    expect(dataFiles(set)).toEqual(before)
    requireAll()
  })
})

describe('a damaged state', () => {
  it('keeps its files and harms no other, and goes when it would go anyway', () => {
    const { engine, set, take, ids, restored, contents, notes } = start()
    const damaged = take({ retention: keep(2) })
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[0]] })
    set.flipBit(stateManifestFile(stateFolder(damaged)), 200)
    // The newest is damaged in its own folder only: backup_manifest.json is sound.
    const second = take()
    expect(listStates(set).map((s) => [s.id, s.damage === undefined])).toEqual([
      [damaged, false],
      [second, true],
    ])
    expect(() => restored(damaged)).toThrow(/manifest\.json is damaged/)
    expect(restored(second)).toBe(contents.get(second))
    expect(() => chooseState(set, { kind: 'time', atMs: listStates(set)[0].takenMs })).toThrow(/is damaged/)
    expect(bytesOfStates(set, listStates(set))).toBeUndefined()
    const third = take()
    expect(ids()).toEqual([second, third])
    expect(straysOf(set)).toEqual([])
    expect(notes).toEqual([])
  })

  it('whose index is damaged keeps its files; a new file never takes the name of one of them', () => {
    const { engine, set, take, ids, restored, contents, notes } = start()
    const first = take({ retention: keep(2) })
    engine.append('pt', PATHS[0])
    const second = take()
    set.flipBit(`${stateFolder(first)}/shop/pt.meta`, 60)
    const files = new Set(dataFiles(set))
    engine.append('pt', PATHS[1])
    engine.append('pt', PATHS[2])
    const third = take({ force: true })
    expect(ids()).toEqual([second, third])
    for (const id of [second, third]) expect(restored(id)).toBe(contents.get(id))
    expect(straysOf(set)).toEqual([])
    expect(notes.join()).toBe('')
    expect(dataFiles(set).some((f) => files.has(f))).toBe(true)
  })
})

describe('a set of one state of an earlier format', () => {
  it('has that state, whatever else lies there, and goes on to keep more', () => {
    const { engine, set, take, ids, requireAll, contents } = start()
    const first = take()
    const { retention: _, ...old } = decodeManifest(set.readFile(MANIFEST_FILE), MANIFEST_FILE, set)
    const bytes = Buffer.from(encodeManifest(old))
    for (const file of [MANIFEST_FILE, stateManifestFile(stateFolder(first))]) set.writeFileAtomic(file, bytes)
    // A run of that release died before it had removed the state that it replaced.
    const stale = '20200101T000000000Z-0000aa'
    set.writeFileAtomic(stateManifestFile(stateFolder(stale)), encodeManifest({ ...old, id: stale }))
    expect(ids()).toEqual([first])
    engine.append('pt', PATHS[0])
    const second = take({ retention: keep(5) })
    expect(ids()).toEqual([first, second])
    expect(contents.size).toBe(2)
    requireAll()
    expect(straysOf(set)).toEqual([])
  })
})
