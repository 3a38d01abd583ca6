/**
 * The process dies in every single call with which a mending changes the set, power is lost, every call fails once. After each the set is no worse than before: what
 * was sound is sound, and a second mending completes.
 */
import { describe, expect, it } from 'vitest'
import { takeBackup } from '../backup/take.ts'
import { Ledger } from '../ledger/ledger.ts'
import { silentProgress } from '../progress.ts'
import { contextOf, PATHS, shop, type TestEngine, URL } from '../set/fixture.ts'
import type { LockWorld } from '../set/lock.ts'
import { BackupSet } from '../set/open.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet, type DamagedChunk } from './check.ts'
import { mendChunks } from './mend.ts'

const paths = PATHS.slice(0, 4)
const request = { url: URL, tables: undefined, pattern: '%' }

let pids = 1
const newProcess = (): LockWorld => {
  const pid = pids++
  return { host: 'here', pid, processStartMs: pid * 100_000, now: () => 0, processExists: (p) => p === pid }
}

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** A set of four chunks, of which one has a flipped bit and one misses its file. */
function story(): { readonly engine: TestEngine; readonly set: MemoryFileStore } {
  const engine = shop(new MemoryFileStore(), ['pt'], paths)
  const set = new MemoryFileStore()
  takeBackup({ ...contextOf(engine), lockWorld: newProcess() }, set, {
    url: URL,
    tables: undefined,
    partitions: undefined,
    force: false,
    snapshot: true,
  })
  const data = [...set.files().keys()].filter((f) => f.startsWith('data/'))
  set.flipBit(data[0], 77)
  set.remove(data[2])
  set.syncDirectory(data[2].slice(0, data[2].lastIndexOf('/')))
  return { engine, set }
}

const damagedIn = (set: FileStore): readonly DamagedChunk[] =>
  checkBackupSet(set, request, { progress: silentProgress, now: () => 0 })

function mend(engine: TestEngine, store: FileStore, damaged: readonly DamagedChunk[]): unknown {
  try {
    const context = { ...contextOf(engine), lockWorld: newProcess() }
    return mendChunks(context, new BackupSet(store), damaged, new Ledger(store, () => {}))
  } catch (error) {
    return error
  }
}

function eachCall(faults: (call: number) => StoreFaults, powerLoss: boolean): number {
  const whole = story()
  const counted = new FaultyFileStore(whole.set)
  mend(whole.engine, counted, damagedIn(whole.set))
  expect(damagedIn(whole.set)).toEqual([])
  for (let call = 1; call <= counted.calls; call++) {
    const { engine, set } = story()
    const damaged = damagedIn(set)
    const next = random(call)
    const outcome = mend(engine, new FaultyFileStore(set, { ...faults(call), random: next }), damaged)
    if (powerLoss) set.losePower(next)
    const what = `call ${call} of ${counted.calls}: ${outcome instanceof Error ? outcome.message : 'completed'}`
    expect(outcome instanceof StoreDied || !powerLoss, what).toBe(true)
    const left = damagedIn(set)
    // Nothing is damaged that was not before; what the run said to be mended is.
    expect(
      left.every((l) => damaged.some((d) => d.chunk.path === l.chunk.path)),
      what,
    ).toBe(true)
    if (!(outcome instanceof Error)) expect(left, what).toEqual([])
    expect(mend(engine, set, damaged), what).toMatchObject([{ isMended: true }, { isMended: true }])
    expect(damagedIn(set), what).toEqual([])
    expect(
      [...set.files().keys()].filter((f) => f.startsWith('data/') && !f.endsWith('.arrow')),
      what,
    ).toEqual([])
  }
  return counted.calls
}

describe('a mending that dies', () => {
  it('in any call leaves the set no worse, and the next one completes', () => {
    console.log(`died in each of ${eachCall((call) => ({ dieAtCall: call }), false)} calls`)
  })
  it('in any call and loses power leaves the set no worse, and the next one completes', () => {
    console.log(`lost power in each of ${eachCall((call) => ({ dieAtCall: call }), true)} calls`)
  })
  it('by an error of the disk in any call leaves the set no worse, and the next one completes', () => {
    console.log(`EIO in each of ${eachCall((call) => ({ failCall: call }), false)} calls`)
  })
})

describe('two at once', () => {
  it('a backup that runs keeps a mending out', () => {
    const { engine, set } = story()
    const damaged = damagedIn(set)
    const owner = { token: 'x', host: 'here', pid: 1, processStartMs: 0, what: 'backup of dfs://shop', since: '' }
    set.makeDirectory('backup.lock')
    set.writeFileAtomic('backup.lock/owner.json', JSON.stringify({ ...owner, signedMs: 0 }))
    const world: LockWorld = { ...newProcess(), processExists: () => true }
    expect(() =>
      mendChunks({ ...contextOf(engine), lockWorld: world }, new BackupSet(set), damaged, new Ledger(set, () => {})),
    ).toThrow(/Another backup is writing/)
    expect(damagedIn(set)).toHaveLength(2)
  })
})
