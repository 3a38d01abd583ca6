/**
 * Random histories of one database and one backup set, for tests: appends, drops, whole and partial backups that die, lose power, fail or succeed, restores into empty
 * stores. The model is simple: the set must always restore to what the database was at the last backup that published.
 */
import { silentProgress } from '../progress.ts'
import { restoreDatabase } from '../restore/restore.ts'
import { contentOf, contextOf, PATHS, shop, TestEngine, tableRecord, URL } from '../set/fixture.ts'
import type { LockWorld } from '../set/lock.ts'
import { BackupSet } from '../set/open.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import { takeBackup } from './take.ts'

export function seededRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const TABLES = ['pt', 'pt2'] as const
const whole = { url: URL, tables: undefined, partitions: undefined, snapshot: true }

/** Plays `steps` steps; throws an error that names the step as soon as the set restores to something it must not. Answers how many backups ended in each way. */
export function playHistory(
  seed: number,
  steps: number,
  disk: (inner: FileStore, faults: StoreFaults) => FileStore = (inner, faults) => new FaultyFileStore(inner, faults),
): { published: number; interrupted: number; resumed: number } {
  const random = seededRandom(seed)
  const pick = <E>(list: readonly E[]): E => list[Math.floor(random() * list.length)]
  const engine = shop(new MemoryFileStore(), TABLES, PATHS.slice(0, 3))
  const set = new MemoryFileStore()
  const counts = { published: 0, interrupted: 0, resumed: 0 }
  let acceptable: (string | undefined)[] = [undefined]
  let pid = 1
  let made = 0
  const backup = (step: number): void => {
    const force = random() < 0.2
    const now = everything(engine)
    const world: LockWorld = {
      host: 'here',
      pid: ++pid,
      processStartMs: pid * 100_000,
      now: () => 0,
      processExists: (p) => p === pid,
    }
    const faults = pickFaults(random)
    let ended: unknown
    try {
      const context = { ...contextOf(engine, 1_700_000_000_000 + step * 1000), lockWorld: world }
      const result = takeBackup(context, disk(set, { ...faults, random }), { ...whole, force })
      if (result.chunksResumed > 0) counts.resumed++
      ended = undefined
    } catch (error) {
      ended = error
    }
    if (faults.dieAtCall !== undefined && ended !== undefined && random() < 0.5) set.losePower(random)
    const found = restored(set)
    if (found !== now && (ended === undefined || !acceptable.includes(found)))
      throw new Error(`seed ${seed}, step ${step}: the set restores to something else after ${String(ended)}`)
    if (found === now) counts.published++
    else counts.interrupted++
    // A run that died after it had put its state in place has told nobody: until one succeeds, a loss of power may still take that state back.
    acceptable = ended === undefined ? [now] : [...acceptable, found]
  }
  for (let step = 0; step < steps; step++) {
    const table = pick(TABLES)
    const exists = engine.view().table(URL, table) !== undefined
    const dice = random()
    if (dice < 0.45) {
      if (exists) engine.append(table, pick(PATHS), 100 + Math.floor(random() * 4000))
    } else if (dice < 0.55) {
      const paths = [pick(PATHS), pick(PATHS)].filter((p) => engine.view().chunk(URL, table, p) !== undefined)
      if (exists && paths.length > 0) engine.request({ kind: 'dropChunks', db: URL, table, paths })
    } else if (dice < 0.6) {
      if (exists) engine.request({ kind: 'dropTable', db: URL, table })
      else engine.request({ kind: 'createTable', table: { ...tableRecord(table), id: `made-${++made}` } })
    } else backup(step)
  }
  return counts
}

function pickFaults(random: () => number): StoreFaults {
  const call = 1 + Math.floor(random() * 90)
  const dice = random()
  if (dice < 0.5) return { dieAtCall: call }
  if (dice < 0.65) return { failCall: call }
  if (dice < 0.75) return { bytesMax: Math.floor(random() * 20_000) }
  return {}
}

const everything = (engine: TestEngine): string =>
  engine
    .view()
    .tables(URL)
    .map((t) => `${t.name}\n${contentOf(engine, t.name)}`)
    .sort()
    .join('\n')

/** Checks the set and restores it into an empty store; undefined if it holds nothing yet. */
function restored(set: MemoryFileStore): string | undefined {
  if (new BackupSet(set).manifest === undefined) return undefined
  const damaged = checkBackupSet(
    set,
    { url: URL, tables: undefined, pattern: '%' },
    { progress: silentProgress, now: () => 0 },
  )
  if (damaged.length > 0) throw new Error(`damaged: ${JSON.stringify(damaged.map((d) => [d.table, d.files]))}`)
  const target = new TestEngine(new MemoryFileStore())
  restoreDatabase(contextOf(target), set, URL, URL)
  return everything(target)
}
