/**
 * One run's change of a set, whatever the run puts into it: the partial state it works in, the publication of the new state, and the removal of what the new state
 * does not name. Up to the publication the set keeps its previous state.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import { readFinished } from '../set/finished-log.ts'
import {
  newStateId,
  parseFinishedLog,
  parseStateFolder,
  partialFolder,
  planFile,
  STATES_FOLDER,
  stateFolder,
} from '../set/layout.ts'
import { removeLockRemains, type SetLock } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, filesOf } from '../set/open.ts'
import type { RunRecord } from '../set/runs.ts'
import type { FileStore } from '../store/file-store.ts'
import { publish, requireFiles, StateDraft } from './state.ts'
import { hasRemains, removeAllUnnamed, removeFiles, removeOtherStates } from './sweep.ts'

/** What the new state holds of the database of the run; its other tables, and other databases, stay as they are. */
export interface NewState {
  readonly database: DatabaseRecord
  readonly cid: number
  readonly tables: readonly TableIndex[]
  /** Tables of the set that leave it. */
  readonly dropTables: readonly string[]
}

export class SetRenewal {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #lock: SetLock
  readonly startedMs: number
  /** The newest state before this run. */
  readonly previous: BackupSet
  /** Indexes of it that were read, by table. */
  readonly #read = new Map<string, TableIndex>()
  /** An index was damaged and is replaced: nobody knows which files it named. */
  #lostIndex = false
  #remains = false
  #id = ''

  constructor(context: BackupContext, store: FileStore, lock: SetLock) {
    this.#context = context
    this.#store = store
    this.#lock = lock
    this.startedMs = context.now()
    this.previous = new BackupSet(store)
  }

  get id(): string {
    return this.#id
  }

  /** The partial state to go on with, or a new one; answers what interrupted runs finished. */
  begin(): ReadonlyMap<string, SetChunk> {
    removeLockRemains(this.#store, this.#context.lockWorld)
    this.#remains = hasRemains(this.#store, this.previous.manifest?.id)
    const finished = new Map<string, SetChunk>()
    let newest: string | undefined
    for (const entry of this.#store.list(STATES_FOLDER)) {
      const state = parseStateFolder(entry.name)
      if (state === undefined || state.id === this.previous.manifest?.id) continue
      // Complete but never published: its logs are still in it.
      readFinished(this.#store, `${STATES_FOLDER}/${entry.name}`, finished)
      if (state.partial && this.#store.stat(stateFolder(state.id)) === undefined) newest = state.id
    }
    if (newest !== undefined) clearMetadata(this.#store, partialFolder(newest))
    this.#id = newest ?? newStateId(this.#context.now())
    return finished
  }

  /** Makes the partial state durable before the first file: it tells the next run to look for files that nobody names. */
  writePlan(plan: object): void {
    const folder = partialFolder(this.#id)
    const facts = { user: this.#context.user, startedAt: new Date(this.startedMs).toISOString() }
    this.#store.makeDirectory(folder)
    this.#store.writeFileAtomic(planFile(folder), `${JSON.stringify({ ...plan, ...facts }, undefined, 2)}\n`)
    this.#store.syncDirectory(STATES_FOLDER)
    this.#store.syncDirectory('')
  }

  /** The table in the newest state. `mayStartAnew`: undefined instead of an error if its index is damaged. */
  previousIndex(url: string, name: string, mayStartAnew: boolean): TableIndex | undefined {
    try {
      const index = this.previous.index(url, name)
      this.#read.set(name, index)
      return index
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'data' || !mayStartAnew) throw error
      this.#context.progress.note(`${error.message} The table is backed up from the beginning.`)
      this.#lostIndex = true
      return undefined
    }
  }

  /** Publishes the state and removes what it does not name; in between the run counts as done. */
  complete(state: NewState, runs: Iterable<RunRecord>): void {
    const named = this.#publish(state)
    for (const run of runs) run.complete()
    this.#sweep(state, named)
  }

  /** Answers the files that the new state names for the tables of this run. */
  #publish({ database, cid, tables, dropTables }: NewState): ReadonlySet<string> {
    const { now, product, progress } = this.#context
    const draft = new StateDraft(this.#store, this.#id, this.previous, (text) => progress.note(text))
    for (const other of this.previous.databases()) if (other.url !== database.url) draft.carryDatabase(other)
    draft.putDomain(database)
    const named = new Set<string>()
    for (const index of tables) {
      requireFiles(this.#store, index)
      draft.putTable(index)
      for (const file of filesOf(index)) named.add(file)
    }
    const written = new Set([...tables.map((t) => t.table.name), ...dropTables])
    for (const table of this.previous.database(database.url)?.tables ?? [])
      if (!written.has(table.name)) draft.carryTable(database.url, table)
    const manifest = draft.complete({
      product,
      startedAt: new Date(this.startedMs).toISOString(),
      completedAt: new Date(now()).toISOString(),
      cid: Math.max(cid, this.previous.manifest?.cid ?? 0),
    })
    publish(this.#store, manifest, this.#lock)
    return named
  }

  #sweep({ database, dropTables }: NewState, named: ReadonlySet<string>): void {
    try {
      const dropped = dropTables.map((name) => this.#tryIndex(this.previous, database.url, name))
      if (this.#remains || this.#lostIndex || dropped.includes(undefined)) this.#sweepAll()
      else
        for (const index of [...this.#read.values(), ...(dropped as TableIndex[])])
          removeFiles(this.#store, filesOf(index), named)
      removeOtherStates(this.#store, this.#id)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
      this.#context.progress.note(`The backup is complete, but old files could not be removed: ${error.message}`)
    }
  }

  #sweepAll(): void {
    const set = new BackupSet(this.#store)
    const named = new Set<string>()
    for (const database of set.databases())
      for (const { name } of database.tables) {
        const index = this.#tryIndex(set, database.url, name)
        if (index === undefined) return
        for (const file of filesOf(index)) named.add(file)
      }
    removeAllUnnamed(this.#store, named)
  }

  /** undefined if it is damaged: then nobody knows which files it names, and none may be removed. */
  #tryIndex(set: BackupSet, url: string, name: string): TableIndex | undefined {
    try {
      return set.index(url, name)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'data') throw error
      this.#context.progress.note(`${error.message} Old files stay in the set.`)
      return undefined
    }
  }
}

/** Metadata that an interrupted run had begun to write; its plan and logs stay. */
function clearMetadata(store: FileStore, folder: string): void {
  for (const entry of store.list(folder))
    if (entry.kind === 'directory') store.removeTree(`${folder}/${entry.name}`)
    else if (entry.name !== 'plan.json' && parseFinishedLog(entry.name) === undefined)
      store.remove(`${folder}/${entry.name}`)
}

/** The failure on its way up matters more than the record of it. */
export function recordFailure(runs: Iterable<RunRecord>, error: unknown): void {
  for (const run of runs)
    try {
      run.fail(error)
    } catch (second) {
      if (!(second instanceof HoldfastError)) throw error
    }
}

/** The order of chunks in an index. */
export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0
