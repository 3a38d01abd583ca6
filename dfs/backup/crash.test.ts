/**
 * The process dies in every single call that changes the set, and power is lost, and every call fails once with EIO or ENOSPC. After each: the previous state checks clean and
 * restores, and the next run finishes what was begun. The numbers of calls are printed.
 */
import { describe, expect, it } from 'vitest'
import { silentProgress } from '../progress.ts'
import { restoreTable } from '../restore/restore.ts'
import { contentOf, contextOf, PATHS, shop, type TestEngine, URL } from '../set/fixture.ts'
import type { LockWorld } from '../set/lock.ts'
import { BackupSet } from '../set/open.ts'
import { requireOwnFolder } from '../set/own-folder.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import type { BackupRequest } from './select.ts'
import { takeBackup } from './take.ts'

const SEED = 20240131

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

const everything: BackupRequest = { url: URL, tables: undefined, partitions: undefined, force: false, snapshot: true }

/** Every run is a process of its own, so that the locks of dead ones are stale. */
let pids = 1
const newProcess = (): LockWorld => {
  const pid = pids++
  return { host: 'here', pid, processStartMs: pid * 100_000, now: () => 0, processExists: (p) => p === pid }
}

const paths = PATHS.slice(0, 4)

/** A set with one state, and a database that has changed since in every way, or not at all. */
function story(isChanged = true): {
  readonly engine: TestEngine
  readonly set: MemoryFileStore
  readonly before: string
} {
  const data = new MemoryFileStore()
  const engine = shop(data, ['pt', 'pt2'], paths)
  const set = new MemoryFileStore()
  takeBackup({ ...contextOf(engine), lockWorld: newProcess() }, set, everything)
  const before = contentOf(engine, 'pt')
  if (!isChanged) return { engine, set, before }
  engine.append('pt', paths[0])
  engine.append('pt', '/20220105/0_50', 5000)
  engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [paths[2]] })
  engine.request({ kind: 'dropTable', db: URL, table: 'pt2' })
  return { engine, set, before }
}

/** The content of `pt` when the set is restored into an empty store, and that the set has no damage. */
function restored(set: MemoryFileStore): string {
  expect(
    checkBackupSet(set, { url: URL, tables: undefined, pattern: '%' }, { progress: silentProgress, now: () => 0 }),
  ).toEqual([])
  const engine = shop(new MemoryFileStore(), [], [])
  restoreTable(contextOf(engine), set, { url: URL, table: 'pt' }, { url: URL, table: 'pt' })
  return contentOf(engine, 'pt')
}

function run(engine: TestEngine, store: MemoryFileStore | FaultyFileStore, request = everything): unknown {
  try {
    return takeBackup({ ...contextOf(engine), lockWorld: newProcess() }, store, request)
  } catch (error) {
    return error
  }
}

/** Files that should not be there after a run that ended well. */
const strays = (set: MemoryFileStore): string[] => {
  const opened = new BackupSet(set)
  const tables = opened.requireDatabase(URL).tables.map((t) => t.name)
  const named = new Set(
    tables.flatMap((name) =>
      opened.index(URL, name).chunks.flatMap((c) => c.files.map((f) => `data/shop${c.path}/${name}/${f.name}`)),
    ),
  )
  const metadata = new RegExp(
    `^(backup_manifest\\.json|states/${opened.manifest!.id}/(manifest\\.json|shop/(domain|(${tables.join('|')})\\.meta)))$`,
  )
  return [...set.files().keys()].filter((f) => !named.has(f) && !metadata.test(f))
}

function callsOf(force: boolean, isChanged: boolean): number {
  const { engine, set } = story(isChanged)
  const counted = new FaultyFileStore(set)
  run(engine, counted, { ...everything, force })
  return counted.calls
}

function eachCall(force: boolean, faults: (call: number) => StoreFaults, powerLoss: boolean, isChanged = true): number {
  const calls = callsOf(force, isChanged)
  for (let call = 1; call <= calls; call++) {
    const { engine, set, before } = story(isChanged)
    const after = contentOf(engine, 'pt')
    const next = random(SEED + call)
    const outcome = run(engine, new FaultyFileStore(set, { ...faults(call), random: next }), { ...everything, force })
    if (powerLoss) set.losePower(next)
    const what = `call ${call} of ${calls}: ${outcome instanceof Error ? outcome.message : 'completed'}`
    expect(outcome instanceof StoreDied || !powerLoss, what).toBe(true)
    const now = restored(set)
    expect(now === before || now === after, what).toBe(true)
    // A run that said it was done was done.
    if (!(outcome instanceof Error)) expect(now, what).toBe(after)
    const again = run(engine, set)
    expect(again, what).not.toBeInstanceOf(Error)
    expect(restored(set), what).toBe(after)
    expect(strays(set), what).toEqual([])
    expect(run(engine, set), what).toMatchObject({ chunksCopied: 0 })
  }
  return calls
}

describe('a backup that dies', () => {
  for (const force of [false, true]) {
    const kind = force ? 'a forced run' : 'an incremental run'
    it(`in any call of ${kind} leaves the previous state, and the next run completes`, () => {
      console.log(`${kind}: died in each of ${eachCall(force, (call) => ({ dieAtCall: call }), false)} calls`)
    })
    it(`in any call of ${kind} and loses power leaves the previous state, and the next run completes`, () => {
      console.log(`${kind}: lost power in each of ${eachCall(force, (call) => ({ dieAtCall: call }), true)} calls`)
    })
  }
  for (const powerLoss of [false, true])
    it(`in any call of a run that finds nothing changed${powerLoss ? ' and loses power' : ''} leaves the previous state, and the next run completes`, () => {
      const calls = eachCall(false, (call) => ({ dieAtCall: call }), powerLoss, false)
      console.log(`nothing changed: ${powerLoss ? 'lost power' : 'died'} in each of ${calls} calls`)
    })
  it('the first time in any call, with or without power, leaves a folder in which the next run goes on', () => {
    const first = (): { engine: TestEngine; set: MemoryFileStore } => ({
      engine: shop(new MemoryFileStore(), ['pt', 'pt2'], paths),
      set: new MemoryFileStore(),
    })
    const { engine: any, set: empty } = first()
    const counted = new FaultyFileStore(empty)
    run(any, counted)
    for (const powerLoss of [false, true])
      for (let call = 1; call <= counted.calls; call++) {
        const { engine, set } = first()
        const next = random(SEED + call)
        run(engine, new FaultyFileStore(set, { dieAtCall: call, random: next }))
        if (powerLoss) set.losePower(next)
        expect(() => requireOwnFolder(set), `call ${call}`).not.toThrow()
        expect(run(engine, set), `call ${call}`).not.toBeInstanceOf(Error)
        expect(strays(set), `call ${call}`).toEqual([])
      }
  })
  it('by an error of the disk in any call leaves the previous state, and the next run completes', () => {
    console.log(`EIO in each of ${eachCall(false, (call) => ({ failCall: call }), false)} calls`)
  })
  it('by a full disk leaves the previous state', () => {
    const { engine, set } = story()
    const whole = new FaultyFileStore(set)
    run(engine, whole)
    for (let bytesMax = 0; bytesMax < whole.bytesWritten; bytesMax += 500) {
      const { engine, set, before } = story()
      const outcome = run(engine, new FaultyFileStore(set, { bytesMax }))
      expect(outcome).toMatchObject({ code: 'ENOSPC' })
      expect(restored(set)).toBe(before)
      expect(run(engine, set)).not.toBeInstanceOf(Error)
      expect(strays(set)).toEqual([])
    }
  })
  it('before it was ever complete leaves nothing that claims to be a backup', () => {
    const engine = shop(new MemoryFileStore(), ['pt'], paths)
    const whole = new FaultyFileStore(new MemoryFileStore())
    run(engine, whole)
    for (let call = 1; call <= whole.calls; call++) {
      const set = new MemoryFileStore()
      run(engine, new FaultyFileStore(set, { dieAtCall: call }))
      const opened = new BackupSet(set)
      if (opened.manifest !== undefined) expect(restored(set)).toBe(contentOf(engine, 'pt'))
      else expect(() => opened.requireDatabase(URL)).toThrow(/There is no backup in/)
      expect(run(engine, set)).not.toBeInstanceOf(Error)
      expect(restored(set)).toBe(contentOf(engine, 'pt'))
      expect(strays(set)).toEqual([])
    }
  })
})

describe('a backup that is taken up again', () => {
  it('copies only the rest', () => {
    const engine = shop(new MemoryFileStore(), ['pt'])
    const set = new MemoryFileStore()
    const whole = new FaultyFileStore(new MemoryFileStore())
    run(engine, whole)
    const copies = whole.log.flatMap((line, k) => (/^sync data\//.test(line) ? [k + 1] : []))
    expect(copies).toHaveLength(10)
    // Dies while the seventh file is synced: six are recorded.
    run(engine, new FaultyFileStore(set, { dieAtCall: copies[6] }))
    engine.append('pt', PATHS[1])
    const second = new FaultyFileStore(set)
    expect(run(engine, second)).toMatchObject({ chunksCopied: 5, chunksResumed: 5 })
    // The chunk that changed meanwhile has one file in the set already.
    expect(second.log.filter((line) => /^sync data\//.test(line))).toHaveLength(5)
    expect(restored(set)).toBe(contentOf(engine, 'pt'))
    expect(strays(set)).toEqual([])
  })
})
