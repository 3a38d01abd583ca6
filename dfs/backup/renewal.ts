/**
 * One run's change of a set, whatever the run puts into it: the partial state it works in, the publication of the new state, and the removal of what the new state
 * does not name. Up to the publication the set keeps its previous state.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import { newStateId, parseFinishedLog, partialFolder, planFile, STATES_FOLDER } from '../set/layout.ts'
import { removeLockRemains, type SetLock } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, filesOf } from '../set/open.ts'
import type { RunRecord } from '../set/runs.ts'
import type { FileStore } from '../store/file-store.ts'
import { PreviousState } from './previous-state.ts'
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
  /** The set before this run. */
  readonly before: PreviousState
  #remains = false
  #id = ''

  constructor(context: BackupContext, store: FileStore, lock: SetLock) {
    this.#context = context
    this.#store = store
    this.#lock = lock
    this.startedMs = context.now()
    this.before = new PreviousState(context, store)
  }

  get id(): string {
    return this.#id
  }

  /** The partial state to go on with, or a new one; answers what interrupted runs finished. */
  begin(): ReadonlyMap<string, SetChunk> {
    removeLockRemains(this.#store, this.#context.lockWorld)
    this.#remains = hasRemains(this.#store, this.before.set.manifest?.id)
    const { finished, id } = this.before.interrupted()
    if (id !== undefined) clearMetadata(this.#store, partialFolder(id))
    this.#id = id ?? newStateId(this.#context.now())
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

  /** Publishes the state and removes what it does not name; in between the run counts as done. */
  complete(state: NewState, runs: Iterable<RunRecord>): void {
    const named = this.#publish(state)
    for (const run of runs) run.complete()
    this.#sweep(state, named)
  }

  /** Answers the files that the new state names for the tables of this run. */
  #publish({ database, cid, tables, dropTables }: NewState): ReadonlySet<string> {
    const { now, product, progress } = this.#context
    const draft = new StateDraft(this.#store, this.#id, this.before.set, (text) => progress.note(text))
    for (const other of this.before.set.databases()) if (other.url !== database.url) draft.carryDatabase(other)
    draft.putDomain(database)
    const named = new Set<string>()
    for (const index of tables) {
      requireFiles(this.#store, index)
      draft.putTable(index)
      for (const file of filesOf(index)) named.add(file)
    }
    const written = new Set([...tables.map((t) => t.table.name), ...dropTables])
    for (const table of this.before.set.database(database.url)?.tables ?? [])
      if (!written.has(table.name)) draft.carryTable(database.url, table)
    const manifest = draft.complete({
      product,
      startedAt: new Date(this.startedMs).toISOString(),
      completedAt: new Date(now()).toISOString(),
      cid: Math.max(cid, this.before.set.manifest?.cid ?? 0),
    })
    publish(this.#store, manifest, this.#lock)
    return named
  }

  #sweep({ database, dropTables }: NewState, named: ReadonlySet<string>): void {
    try {
      const dropped = dropTables.map((name) => this.#tryIndex(this.before.set, database.url, name))
      if (this.#remains || this.before.lostIndex || dropped.includes(undefined)) this.#sweepAll()
      else
        for (const index of [...this.before.indexes.values(), ...(dropped as TableIndex[])])
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
