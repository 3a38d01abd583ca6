/**
 * Random histories of one database and one backup set, for tests: appends, drops, backups and prunes that die, lose power, fail or succeed. The model is simple: each state
 * of the set must always restore to what the database was when it was made, and the states are those that the numbers want.
 */
import { silentProgress } from '../progress.ts'
import { restoreDatabase } from '../restore/restore.ts'
import type { BackupContext } from '../set/context.ts'
import { contentOf, contextOf, PATHS, shop, TestEngine, tableRecord, URL } from '../set/fixture.ts'
import { MANIFEST_FILE, stateFolder } from '../set/layout.ts'
import type { LockWorld } from '../set/lock.ts'
import { BackupSet } from '../set/open.ts'
import { ONE_STATE, type Retention } from '../set/retention.ts'
import { StateFiles, tablesOfStates } from '../set/state-files.ts'
import { listStates } from '../set/states.ts'
import { FaultyFileStore, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import { pruneSet } from './prune.ts'
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

/** Counts of how a history went. */
export interface HistoryCounts {
  readonly published: number
  readonly interrupted: number
  readonly resumed: number
  readonly dropped: number
  readonly statesMax: number
}

/** What a run did to the states of the set, as far as the model knows. */
interface Expected {
  /** The states that have to be there if it ended well, by what was there before and the one that it made. */
  readonly wanted: (ids: readonly string[]) => readonly string[]
  readonly makesState: boolean
}

interface Outcome {
  readonly failure: unknown
  readonly losesPower: boolean
  /** The disk did all that it was told. */
  readonly isSound: boolean
  /** It may have failed to make durable that old states are dropped: the run counts, and says so. */
  readonly isDropSure: boolean
}

/** The disk of one run. */
type Disk = (inner: FileStore, faults: StoreFaults) => FileStore

class History {
  readonly random: () => number
  readonly engine = shop(new MemoryFileStore(), TABLES, PATHS.slice(0, 3))
  readonly set = new MemoryFileStore()
  readonly #disk: Disk
  readonly #view: (set: FileStore) => FileStore
  /** What each state of the set restores to. */
  #states = new Map<string, string>()
  /** States of runs that died after they had put them in place: until one succeeds, a loss of power may take them back. */
  #untold = new Set<string>()
  /**
   * States that runs dropped which died then, and what they restore to: until one succeeds, a loss of power may bring them back, and a run
   * take them out again.
   */
  #unsettled = new Map<string, string>()
  #retention: Retention = ONE_STATE
  #pid = 1
  counts = { published: 0, interrupted: 0, resumed: 0, dropped: 0, statesMax: 0 }

  constructor(seed: number, disk: Disk, view: (set: FileStore) => FileStore) {
    this.random = seededRandom(seed)
    this.#disk = disk
    this.#view = view
  }

  /** The set as it is read. */
  get #readable(): FileStore {
    return this.#view(this.set)
  }

  pick<E>(list: readonly E[]): E {
    return list[Math.floor(this.random() * list.length)]
  }

  backup(step: number): void {
    const force = this.random() < 0.2
    const retention = this.random() < 0.3 ? { ...ONE_STATE, keep: this.pick([1, 2, 3, 4]) } : undefined
    const kept = retention ?? this.#retention
    const ended = this.#attempt(step, { wanted: (ids) => ids.slice(-kept.keep), makesState: true }, (context, disk) => {
      const result = takeBackup(context, disk, { ...whole, force, retention })
      if (result.chunksResumed > 0) this.counts.resumed++
    })
    this.#retention = ended ? kept : this.#retentionOfNewest
  }

  prune(step: number): void {
    const ids = [...this.#states.keys()]
    if (ids.length < 2) return
    const gone = ids.filter(() => this.random() < 0.5)
    if (gone.length === 0 || gone.length === ids.length) return
    const wanted = (there: readonly string[]): string[] => there.filter((id) => !gone.includes(id))
    this.#attempt(step, { wanted, makesState: false }, (context, disk) => {
      pruneSet(context, disk, { kind: 'states', ids: gone })
    })
    this.#retention = this.#retentionOfNewest
  }

  /** After a prune, or a run that died somewhere. */
  get #retentionOfNewest(): Retention {
    return new BackupSet(this.#readable).manifest?.retention ?? ONE_STATE
  }

  /** Runs it with random faults and compares the set with the model. Answers whether it ended well. */
  #attempt(step: number, expected: Expected, run: (context: BackupContext, disk: FileStore) => void): boolean {
    const { set, random } = this
    const now = everything(this.engine)
    const pid = ++this.#pid
    const lockWorld: LockWorld = {
      host: 'here',
      pid,
      processStartMs: pid * 100_000,
      now: () => 0,
      processExists: (p) => p === pid,
    }
    const faults = pickFaults(random)
    let failure: unknown
    try {
      run(
        { ...contextOf(this.engine, 1_700_000_000_000 + step * 1000), lockWorld },
        this.#view(this.#disk(set, { ...faults, random })),
      )
    } catch (error) {
      failure = error
    }
    const losesPower = faults.dieAtCall !== undefined && failure !== undefined && random() < 0.5
    if (losesPower) set.losePower(random)
    // A state that is complete counts, even if the disk did not let go of old ones: these go with the next run.
    const isSound = Object.keys(faults).length === 0
    const isDropSure = faults.failCall === undefined && faults.bytesMax === undefined
    this.#compare(expected, now, { failure, losesPower, isSound, isDropSure })
    const strays = expected.makesState && isSound ? straysOf(this.#readable, set) : []
    if (strays.length > 0) throw new Error(`nobody names ${strays.join(', ')}`)
    return failure === undefined
  }

  #compare({ wanted, makesState }: Expected, now: string, { failure, losesPower, isSound, isDropSure }: Outcome): void {
    const ids = listStates(this.#readable).map((s) => s.id)
    // A backup may have gone on with the newest state that a prune was about to drop.
    const isMade = (id: string): boolean => makesState && id === ids.at(-1) && restored(this.#readable, id) === now
    if (losesPower)
      for (const [id, content] of this.#unsettled)
        if (ids.includes(id) && !this.#states.has(id) && !isMade(id)) this.#states.set(id, content)
    this.#states = new Map([...this.#states].sort(([a], [b]) => (a < b ? -1 : 1)))
    const made = ids.filter((id) => !this.#states.has(id))
    const fail = (what: string): never => {
      throw new Error(
        `${what} after ${String(failure)}: ${ids.join(', ')}; before: ${[...this.#states.keys()].join(', ')}`,
      )
    }
    if (made.length > (makesState ? 1 : 0)) fail('there are states that nobody made')
    if (failure === undefined && makesState && made.length === 0) fail('there is no new state')
    const target = wanted([...this.#states.keys(), ...made])
    if (isSound && target.join() !== ids.join()) fail(`the states are not ${target.join(', ')}`)
    // A run that died may have got to dropping states, or not; it drops no other ones, and none before its own is announced.
    const mayGo = new Set(
      makesState && made.length === 0 ? [] : [...this.#states.keys()].filter((id) => !target.includes(id)),
    )
    for (const id of this.#states.keys())
      if (!ids.includes(id) && !mayGo.has(id) && !this.#unsettled.has(id) && !(losesPower && this.#untold.has(id)))
        fail(`the state ${id} is lost`)
    for (const id of ids)
      if (restored(this.#readable, id) !== (this.#states.get(id) ?? now))
        fail(`the state ${id} restores to something else`)
    for (const [id, content] of this.#states)
      if (!ids.includes(id)) {
        this.counts.dropped++
        this.#unsettled.set(id, content)
      }
    this.#states = new Map(ids.map((id) => [id, this.#states.get(id) ?? now]))
    this.counts.statesMax = Math.max(this.counts.statesMax, ids.length)
    if (makesState) this.counts[made.length > 0 ? 'published' : 'interrupted']++
    if (failure === undefined) {
      this.#untold.clear()
      if (isDropSure) this.#unsettled.clear()
    } else for (const id of made) this.#untold.add(id)
  }
}

/** `view`: the set as backups and readers see it, such as decrypted. Plays `steps` steps; throws an error that names the step as soon as the set is not what the model says. */
export function playHistory(
  seed: number,
  steps: number,
  disk: Disk = (inner, faults) => new FaultyFileStore(inner, faults),
  view: (set: FileStore) => FileStore = (set) => set,
): HistoryCounts {
  const history = new History(seed, disk, view)
  let made = 0
  for (let step = 0; step < steps; step++)
    try {
      playStep(history, step, () => `made-${++made}`)
    } catch (error) {
      throw new Error(`seed ${seed}, step ${step}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  return history.counts
}

function playStep(history: History, step: number, newId: () => string): void {
  const { engine, random } = history
  const table = history.pick(TABLES)
  const exists = engine.view().table(URL, table) !== undefined
  const dice = random()
  if (dice < 0.45) {
    if (exists) engine.append(table, history.pick(PATHS), 100 + Math.floor(random() * 4000))
  } else if (dice < 0.55) {
    const paths = [history.pick(PATHS), history.pick(PATHS)].filter(
      (p) => engine.view().chunk(URL, table, p) !== undefined,
    )
    if (exists && paths.length > 0) engine.request({ kind: 'dropChunks', db: URL, table, paths })
  } else if (dice < 0.6) {
    if (exists) engine.request({ kind: 'dropTable', db: URL, table })
    else engine.request({ kind: 'createTable', table: { ...tableRecord(table), id: newId() } })
  } else if (dice < 0.68) history.prune(step)
  else history.backup(step)
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

/** Files of the set that no state names. */
export function straysOf(set: FileStore, inner: MemoryFileStore = set as MemoryFileStore): string[] {
  const states = listStates(set)
  const files = new StateFiles(set)
  const named = new Set<string>([MANIFEST_FILE])
  for (const table of tablesOfStates(states))
    for (const [digest, owners] of table.states)
      for (const { path } of files.filesOf(files.index(table, digest, owners))) named.add(path)
  const metadata = new Set(states.map((s) => stateFolder(s.id)))
  const isMetadata = (file: string): boolean =>
    metadata.has(file.split('/').slice(0, 2).join('/')) && /\/(manifest\.json|domain|[^/]+\.meta)$/.test(file)
  const all = [...filesBelow(set, '')]
  if (all.length !== inner.files().size) throw new Error('the set has files that are not listed')
  return all.filter((file) => !named.has(file) && !isMetadata(file))
}

function* filesBelow(set: FileStore, folder: string): Generator<string> {
  for (const { name, kind } of set.list(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`
    if (kind === 'directory') yield* filesBelow(set, path)
    else yield path
  }
}

/** Checks a state and restores it into an empty store. */
function restored(set: FileStore, id: string): string {
  const options = { state: { kind: 'id', id } } as const
  const damaged = checkBackupSet(
    set,
    { url: URL, tables: undefined, pattern: '%' },
    { progress: silentProgress, now: () => 0 },
    options,
  )
  if (damaged.length > 0) throw new Error(`damaged: ${JSON.stringify(damaged.map((d) => [d.table, d.files]))}`)
  const target = new TestEngine(new MemoryFileStore())
  restoreDatabase(contextOf(target), set, URL, URL, options)
  return everything(target)
}
