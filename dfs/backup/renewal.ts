/**
 * One run's change of a set, whatever the run puts into it: the partial state it works in, the publication of the new state, and the removal of what no state
 * names any more. Up to the publication the set keeps the states that it had.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import { newStateId, parseFinishedLog, partialFolder, planFile, STATES_FOLDER } from '../set/layout.ts'
import { removeLockRemains, type SetLock } from '../set/lock.ts'
import type { Manifest } from '../set/manifest.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { ONE_STATE, type Retention } from '../set/retention.ts'
import type { RunRecord } from '../set/runs.ts'
import { StateFiles } from '../set/state-files.ts'
import { listStates } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { byRetention, dropStates } from './drop-states.ts'
import { isDiskFailure, PreviousState } from './previous-state.ts'
import { removeDropped, removeRunRemains, requireAnnounced, settleRemains } from './remains.ts'
import { publish, requireFiles, StateDraft } from './state.ts'

/** What the new state holds of the database of the run; its other tables, and other databases, stay as they are. */
export interface NewState {
  readonly database: DatabaseRecord
  readonly cid: number
  readonly tables: readonly TableIndex[]
  /** Tables of the set that leave it. */
  readonly dropTables: readonly string[]
  /** Chunks whose files were just found there. */
  readonly found?: ReadonlySet<SetChunk>
}

export interface RenewalFacts {
  /** The moment that the new state is of: before its view of the catalog was taken. */
  readonly takenMs: number
  /** Which states stay; undefined: as the set has it. */
  readonly retention: Retention | undefined
}

export class SetRenewal {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #lock: SetLock
  readonly #retention: Retention
  readonly takenMs: number
  /** The set before this run. */
  readonly before: PreviousState
  readonly #remains: boolean
  #id = ''

  constructor(context: BackupContext, store: FileStore, lock: SetLock, { takenMs, retention }: RenewalFacts) {
    this.#context = context
    this.#store = store
    this.#lock = lock
    this.takenMs = takenMs
    requireAnnounced(store)
    removeLockRemains(store, context.lockWorld)
    const { partial, dropped, runFiles } = settleRemains(store)
    this.#remains = partial || dropped || runFiles
    this.before = new PreviousState(context, store)
    this.#retention = retention ?? this.before.set.manifest?.retention ?? ONE_STATE
  }

  get id(): string {
    return this.#id
  }

  /** The partial state to go on with, or a new one; answers what interrupted runs finished. */
  begin(): ReadonlyMap<string, SetChunk> {
    const { finished, id } = this.before.interrupted()
    const newest = this.before.states.at(-1)?.id
    const isUsable = id !== undefined && (newest === undefined || id > newest)
    this.#id = isUsable ? id : newStateId(this.#context.now(), newest)
    if (isUsable) clearMetadata(this.#store, partialFolder(id))
    return finished
  }

  /**
   * Begins the partial state. If data files will follow, it is durable before the first of them: it tells the next run to look for files that nobody names. What the plan says
   * is for people, and need not outlive a loss of power.
   */
  writePlan(plan: object, hasFiles: boolean): void {
    const folder = partialFolder(this.#id)
    const facts = { user: this.#context.user, startedAt: new Date(this.takenMs).toISOString() }
    const writer = this.#store.openWrite(planFile(folder))
    try {
      writer.write(Buffer.from(`${JSON.stringify({ ...plan, ...facts }, undefined, 2)}\n`))
    } finally {
      writer.close()
    }
    if (!hasFiles) return
    this.#store.syncDirectory(folder)
    this.#store.syncDirectory(STATES_FOLDER)
    // Where there is a state, its folder is durable.
    if (this.before.states.length === 0) this.#store.syncDirectory('')
  }

  /** Publishes the state, whereupon the run counts as done, and drops those that need not stay. */
  complete(state: NewState, runs: Iterable<RunRecord>): void {
    const manifest = this.#publish(state)
    const written = Array.from(runs, (run) => run.completing())
    this.#sweep(state, manifest)
    for (const wait of written) wait()
  }

  #publish({ database, cid, tables, dropTables, found }: NewState): Manifest {
    const { now, product, progress } = this.#context
    const draft = new StateDraft(this.#store, this.#id, this.before.set, (text) => progress.note(text))
    for (const other of this.before.set.databases()) if (other.url !== database.url) draft.carryDatabase(other)
    draft.putDomain(database)
    for (const index of tables) {
      requireFiles(this.#store, index, found)
      draft.putTable(index)
    }
    const written = new Set([...tables.map((t) => t.table.name), ...dropTables])
    for (const table of this.before.set.database(database.url)?.tables ?? [])
      if (!written.has(table.name)) draft.carryTable(database.url, table)
    const manifest = draft.complete({
      product,
      startedAt: new Date(this.takenMs).toISOString(),
      completedAt: new Date(now()).toISOString(),
      cid: Math.max(cid, this.before.set.manifest?.cid ?? 0),
      retention: this.#retention,
    })
    publish(this.#store, manifest, this.#lock)
    return manifest
  }

  #sweep({ database, tables }: NewState, manifest: Manifest): void {
    const note = (text: string): void => this.#context.progress.note(text)
    try {
      const files = new StateFiles(this.#store, this.#indexesAtHand(database.url, tables, manifest))
      const drop = byRetention(listStates(this.#store), this.#retention)
      this.#context.progress.outcome?.(
        `${this.#store.root}: state ${this.#id} is complete; ${drop.stay.length} states stay, ${drop.gone.length} dropped`,
      )
      dropStates(this.#store, drop, files, this.#remains || this.before.lostIndex, note)
      removeDropped(this.#store)
      removeRunRemains(this.#store)
    } catch (error) {
      if (!isDiskFailure(error)) throw error
      note(`The backup is complete, but old files could not be removed: ${error.message}`)
    }
  }

  /** Indexes that need not be read again: those of the state before, and of the new one. */
  #indexesAtHand(url: string, tables: readonly TableIndex[], manifest: Manifest): ReadonlyMap<string, TableIndex> {
    const known = new Map<string, TableIndex>()
    const add = (index: TableIndex, digest: string | undefined): void => {
      if (digest !== undefined) known.set(StateFiles.keyOf(url, index.table.name, digest), index)
    }
    for (const index of this.before.indexes.values())
      add(index, this.before.set.table(url, index.table.name)?.index.digest)
    const now = manifest.databases.find((d) => d.url === url)?.tables ?? []
    for (const index of tables) add(index, now.find((t) => t.name === index.table.name)?.index.digest)
    return known
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
