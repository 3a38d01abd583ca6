/**
 * A set with three states, and the power goes, or the disk fails once, in every single call of a backup that drops the oldest, and of prunes. After each every
 * state that the set has checks clean and restores to what it is of, none is missing that was to stay, and the next run leaves nothing behind.
 */
import { describe, expect, it } from 'vitest'
import { silentProgress } from '../progress.ts'
import { restoreDatabase } from '../restore/restore.ts'
import type { BackupContext } from '../set/context.ts'
import { contentOf, contextOf, PATHS, shop, TestEngine, URL } from '../set/fixture.ts'
import type { LockWorld } from '../set/lock.ts'
import { listStates } from '../set/states.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import { seededRandom, straysOf } from './history.ts'
import { pruneSet } from './prune.ts'
import { takeBackup } from './take.ts'

const paths = PATHS.slice(0, 3)

let pids = 1
/** Every run is a process of its own, so that the locks of dead ones are stale. */
function contextIn(engine: TestEngine, day: number): BackupContext {
  const pid = pids++
  const lockWorld: LockWorld = {
    host: 'here',
    pid,
    processStartMs: pid * 100_000,
    now: () => 0,
    processExists: (p) => p === pid,
  }
  return { ...contextOf(engine, 1_700_000_000_000 + day * 86_400_000), lockWorld }
}

const backup = (engine: TestEngine, set: FileStore, day: number): void => {
  const retention = { keep: 3, daily: 0, weekly: 0, monthly: 0 }
  const what = { url: URL, tables: undefined, partitions: undefined, force: false, snapshot: true, retention }
  takeBackup(contextIn(engine, day), set, what)
}

interface Story {
  readonly engine: TestEngine
  readonly set: MemoryFileStore
  /** What each state is of, oldest first. */
  readonly contents: readonly string[]
  /** What the database is now. */
  readonly now: string
}

/** The states share files, have some alone, and a partition that leaves and comes back. */
function story(): Story {
  const engine = shop(new MemoryFileStore(), ['pt'], paths)
  const set = new MemoryFileStore()
  const contents: string[] = []
  const take = (day: number): void => {
    backup(engine, set, day)
    contents.push(contentOf(engine, 'pt'))
  }
  take(1)
  engine.append('pt', paths[0])
  engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [paths[1]] })
  take(2)
  engine.append('pt', paths[1])
  engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [paths[2]] })
  take(3)
  engine.append('pt', PATHS[4])
  engine.append('pt', paths[0])
  return { engine, set, contents, now: contentOf(engine, 'pt') }
}

/** What the states of the set restore to, oldest first. */
function restored(set: MemoryFileStore): string[] {
  return listStates(set).map(({ id }) => {
    const options = { state: { kind: 'id', id } } as const
    const quiet = { progress: silentProgress, now: () => 0 }
    expect(checkBackupSet(set, { url: URL, tables: undefined, pattern: '%' }, quiet, options)).toEqual([])
    const target = new TestEngine(new MemoryFileStore())
    restoreDatabase(contextOf(target), set, URL, URL, options)
    return contentOf(target, 'pt')
  })
}

interface Run {
  readonly name: string
  readonly run: (story: Story, set: FileStore, day: number) => void
  /** Of the states before and the one that a backup makes: those that are left. */
  readonly left: (before: readonly string[], made: string) => readonly string[]
}

const pruneOf = (name: string, which: readonly number[]): Run => ({
  name,
  run({ engine, set }, store, day) {
    const ids = listStates(set).map((s) => s.id)
    // What a prune that died has dropped is not there to be dropped again.
    const gone = (chosen.get(set) ?? which.map((k) => ids[k])).filter((id) => ids.includes(id))
    if (!chosen.has(set)) chosen.set(set, gone)
    if (gone.length > 0) pruneSet(contextIn(engine, day), store, { kind: 'states', ids: gone })
  },
  left: (before) => before.filter((_, k) => !which.includes(k)),
})
const chosen = new WeakMap<MemoryFileStore, readonly string[]>()

const runs: readonly Run[] = [
  {
    name: 'a backup that drops the oldest',
    run: ({ engine }, store, day) => backup(engine, store, day),
    left: (before, made) => [...before.slice(1), made],
  },
  pruneOf('a prune of the newest', [2]),
  pruneOf('a prune of all but the one in the middle', [0, 2]),
]

const kinds: readonly [what: string, faults: (call: number) => StoreFaults, losesPower: boolean][] = [
  ['dies and loses power', (dieAtCall) => ({ dieAtCall }), true],
  ['fails', (failCall) => ({ failCall }), false],
]

function callsOf({ run }: Run): number {
  const it = story()
  const counted = new FaultyFileStore(it.set)
  run(it, counted, 4)
  return counted.calls
}

describe.each(runs)('$name', (what) => {
  it.each(kinds)('that %s in any call leaves every state that is to stay', (_, faultsOf, losesPower) => {
    const calls = callsOf(what)
    for (let call = 1; call <= calls; call++) {
      const it = story()
      const { set, contents, now } = it
      const random = seededRandom(call)
      const left = what.left(contents, now)
      try {
        what.run(it, new FaultyFileStore(set, { ...faultsOf(call), random }), 4)
      } catch (error) {
        expect(error, `call ${call}`).toBeInstanceOf(Error)
      }
      if (losesPower) set.losePower(random)
      const found = restored(set)
      const possible = [...contents, now]
      expect(found, `call ${call} of ${calls}`).toEqual(possible.filter((c) => found.includes(c)))
      // The new one may not be there yet; then nothing has gone.
      const mustStay = what.name.startsWith('a backup') && !found.includes(now) ? contents : left
      for (const content of mustStay) expect(found.includes(content), `call ${call} of ${calls}`).toBe(true)
      what.run(it, set, 5)
      const again = restored(set)
      expect(again.slice(-1), `call ${call} of ${calls}`).toEqual(left.slice(-1))
      if (!what.name.startsWith('a backup')) expect(again, `call ${call} of ${calls}`).toEqual(left)
      backup(it.engine, set, 6)
      expect(straysOf(set), `call ${call} of ${calls}`).toEqual([])
    }
    console.log(`${what.name}: ${calls} calls`)
  })
})

it('a prune leaves an interrupted backup what it has copied', () => {
  const story4 = story()
  const { engine, set } = story4
  const counted = new FaultyFileStore(new MemoryFileStore())
  backup(shop(new MemoryFileStore(), ['pt'], paths), counted, 1)
  const whole = new FaultyFileStore(set)
  const syncs: number[] = []
  const probe = story()
  const probed = new FaultyFileStore(probe.set)
  backup(probe.engine, probed, 4)
  for (const [k, line] of probed.log.entries()) if (/^sync data\//.test(line)) syncs.push(k + 1)
  expect(syncs).toHaveLength(2)
  whole.faults = { dieAtCall: syncs[1] }
  expect(() => backup(engine, whole, 4)).toThrow()
  const ids = listStates(set).map((s) => s.id)
  pruneSet(contextIn(engine, 5), set, { kind: 'states', ids: ids.slice(0, 2) })
  const last = new FaultyFileStore(set)
  backup(engine, last, 6)
  expect(last.log.filter((line) => /^sync data\//.test(line))).toHaveLength(1)
  expect(restored(set)).toEqual([story4.contents[2], story4.now])
})
