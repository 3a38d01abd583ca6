/**
 * Taking a backup. The phases, in order: select (catalog, under a pin), lock, plan, copy, complete, publish, sweep. Killed in any of them, the set still
 * restores its previous state, and the next call goes on from what was copied.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { FinishedLog, finishedKey, readFinished } from '../set/finished-log.ts'
import {
  newStateId,
  parseFinishedLog,
  parseStateFolder,
  partialFolder,
  planFile,
  STATES_FOLDER,
  stateFolder,
} from '../set/layout.ts'
import { type LockWorld, lockSetInTurn, removeLockRemains, type SetLock, thisWorld } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, filesOf } from '../set/open.ts'
import { RunRecord } from '../set/runs.ts'
import { schemeConflict, tableConflict } from '../set/structure.ts'
import type { FileStore } from '../store/file-store.ts'
import { ChunkCopier } from './copy.ts'
import { type BackupPlan, planTable, type TablePlan, totalsOf } from './plan.ts'
import { type BackupRequest, type SelectedTable, selectDatabase, selectTables } from './select.ts'
import { publish, requireFiles, StateDraft, syncFolders } from './state.ts'
import { hasRemains, removeAllUnnamed, removeFiles, removeOtherStates } from './sweep.ts'
import { WaitingRows } from './waiting-rows.ts'

export interface BackupResult {
  readonly id: string
  /** Chunks copied in this call. */
  readonly chunksCopied: number
  readonly bytesCopied: number
  readonly chunksKept: number
  /** Chunks that an interrupted run had copied. */
  readonly chunksResumed: number
}

/** Backs a database, tables or partitions up into the set. The tables and databases that the call is not about stay in the set as they are. */
export function takeBackup(context: BackupContext, store: FileStore, request: BackupRequest): BackupResult {
  const { view, pin, release } = context.pinnedView(`backup of ${request.url}`)
  try {
    const database = selectDatabase(view, request)
    const selected = selectTables(view, request)
    for (const { table } of selected) context.access.backup(database, table)
    const lock = lockSetInTurn(
      store,
      `backup of ${request.url}`,
      (text) => context.progress.note(text),
      lockWorldOf(context, pin),
    )
    try {
      return context.writing(() => {
        const waiting = new WaitingRows(context.data)
        try {
          return new BackupTask(context, store, request, lock, waiting).run(database, selected, view.cid)
        } finally {
          waiting.remove()
        }
      })
    } finally {
      lock.release()
    }
  } finally {
    release()
  }
}

/** The pin ends with the thread of the run, so another run of this process can tell by it that the lock's holder is gone. */
function lockWorldOf(context: BackupContext, pin: number): LockWorld {
  const { data, client, user, lockWorld = thisWorld() } = context
  const pins = () => client.request({ kind: 'status' }, user).status?.pins ?? []
  return {
    ...lockWorld,
    pin: { store: data.root, pin },
    isPinned: (other) => pins().some((p) => p.pin === other),
  }
}

class BackupTask {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #request: BackupRequest
  readonly #lock: SetLock
  readonly #waiting: WaitingRows
  readonly #startedMs: number
  readonly #previous: BackupSet
  /** Indexes of the newest state that were read, by table. */
  readonly #previousIndexes = new Map<string, TableIndex>()
  /** An index was damaged and is replaced: nobody knows which files it named. */
  #lostIndex = false

  constructor(context: BackupContext, store: FileStore, request: BackupRequest, lock: SetLock, waiting: WaitingRows) {
    this.#waiting = waiting
    this.#context = context
    this.#store = store
    this.#request = request
    this.#lock = lock
    this.#startedMs = context.now()
    this.#previous = new BackupSet(store)
  }

  run(database: DatabaseRecord, selected: readonly SelectedTable[], cid: number): BackupResult {
    removeLockRemains(this.#store, this.#context.lockWorld)
    const remains = hasRemains(this.#store, this.#previous.manifest?.id)
    const { id, finished } = this.#partialState()
    const plan = this.#plan(database, selected, cid, finished)
    this.#store.makeDirectory(partialFolder(id))
    this.#store.writeFileAtomic(planFile(partialFolder(id)), `${JSON.stringify(this.#planText(plan), undefined, 2)}\n`)
    // Durable before the first file: a partial state tells the next run to look for files that nobody names.
    this.#store.syncDirectory(STATES_FOLDER)
    this.#store.syncDirectory('')
    const runs = new Map(plan.tables.map((t) => [t.table.name, this.#beginRun(t)]))
    try {
      const copied = this.#copy(plan, id, runs)
      const named = this.#publish(plan, id)
      for (const run of runs.values()) run.complete()
      this.#sweep(plan, id, remains, named)
      return copied
    } catch (error) {
      recordFailure(runs.values(), error)
      throw error
    }
  }

  /** The partial state to go on with, or a new one, and what interrupted runs finished. */
  #partialState(): { readonly id: string; readonly finished: Map<string, SetChunk> } {
    const finished = new Map<string, SetChunk>()
    let newest: string | undefined
    for (const entry of this.#store.list(STATES_FOLDER)) {
      const state = parseStateFolder(entry.name)
      if (state === undefined || state.id === this.#previous.manifest?.id) continue
      // Complete but never published: its logs are still in it.
      readFinished(this.#store, `${STATES_FOLDER}/${entry.name}`, finished)
      if (state.partial && this.#store.stat(stateFolder(state.id)) === undefined) newest = state.id
    }
    if (finished.size > 0)
      this.#context.progress.note(`Continuing an interrupted backup: ${finished.size} partition(s) were copied before.`)
    if (newest !== undefined) clearMetadata(this.#store, partialFolder(newest))
    return { id: newest ?? newStateId(this.#context.now()), finished }
  }

  #plan(
    database: DatabaseRecord,
    selected: readonly SelectedTable[],
    cid: number,
    finished: ReadonlyMap<string, SetChunk>,
  ): BackupPlan {
    const { url, force, snapshot, partitions, tables } = this.#request
    const names = new Set(selected.map((s) => s.table.name))
    const listed = this.#previous.database(url)?.tables ?? []
    const wholeDatabase = tables === undefined && partitions === undefined
    return {
      url,
      database,
      cid,
      tables: selected.map(({ table, chunks }) =>
        planTable({
          database,
          table,
          chunks,
          partial: partitions !== undefined,
          previous: this.#previousIndex(database, { table, chunks }),
          finished: (path) => finished.get(finishedKey(url, table.name, table.id, path)),
          force,
          snapshot,
          materialise: (chunk) => this.#waiting.materialise(table, chunk),
          sizeInSet: (file) => this.#store.stat(file)?.bytes,
        }),
      ),
      dropTables: wholeDatabase && snapshot ? listed.map((t) => t.name).filter((name) => !names.has(name)) : [],
    }
  }

  /** The table in the newest state, if what it holds can go on to be used. */
  #previousIndex(database: DatabaseRecord, { table }: SelectedTable): TableIndex | undefined {
    const { url, force, snapshot, partitions } = this.#request
    const listed = this.#previous.table(url, table.name)
    if (listed === undefined) return undefined
    if (listed.mode === 'sql')
      throw new HoldfastError(
        'input',
        'Cannot back up the partitions to the specified backupDir as back up files created with SQL statement already exist in the directory.',
        { refId: 'S01022', code: 'backupMode', where: { db: url, table: table.name, file: this.#store.root } },
      )
    const startsAnew = partitions === undefined && snapshot
    let index: TableIndex
    try {
      index = this.#previous.index(url, table.name)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'data' || !force || !startsAnew) throw error
      this.#context.progress.note(`${error.message} The table is backed up from the beginning.`)
      this.#lostIndex = true
      return undefined
    }
    this.#previousIndexes.set(table.name, index)
    if (index.table.id === table.id) return index
    // Dropped and made again. Chunks of the old table may stay only if both have one structure.
    const conflict = schemeConflict(index.database, database) ?? tableConflict(index.table, table)
    if (conflict === undefined) return index
    if (startsAnew) return undefined
    throw new HoldfastError(
      'input',
      `The backup in ${this.#store.root} holds another table [${table.name}] of [${url}]: ${conflict}.`,
      {
        code: 'backupStructure',
        where: { db: url, table: table.name },
        hint: 'back up the whole table with snapshot=true, which replaces the old one, or use another directory',
      },
    )
  }

  #beginRun(plan: TablePlan): RunRecord {
    const { client, user } = this.#context
    return new RunRecord(client, () => this.#context.now(), {
      user,
      type: 'BACKUP_BY_COPY_FILE',
      db: this.#request.url,
      table: plan.table.name,
      totalPartitions: plan.selected,
      done: plan.selected - totalsOf(plan).copy,
    })
  }

  #copy(plan: BackupPlan, id: string, runs: ReadonlyMap<string, RunRecord>): BackupResult {
    const totals = plan.tables.map(totalsOf)
    const sum = (of: (t: (typeof totals)[number]) => number): number => totals.reduce((n, t) => n + of(t), 0)
    const meter = new ProgressMeter(
      this.#context.progress,
      { verb: 'backup', subject: plan.url, bytesTotal: sum((t) => t.bytes), chunksTotal: sum((t) => t.copy) },
      () => this.#context.now(),
    )
    const log = new FinishedLog(this.#store, partialFolder(id))
    const copier = new ChunkCopier(this.#context, this.#store, log, this.#lock, (bytes) => meter.addBytes(bytes))
    try {
      for (const table of plan.tables) {
        const run = runs.get(table.table.name)!
        const listener = {
          chunk: () => {
            meter.addChunk()
            run.addPartition()
          },
        }
        for (const step of table.steps)
          if (step.kind === 'copy') copier.copy(table, step, listener)
          else if (step.kind === 'resume') copier.resume(table, step)
      }
      copier.finish()
    } finally {
      copier.end()
      log.close()
      meter.done()
    }
    syncFolders(this.#store, copier.folders)
    return {
      id,
      chunksCopied: sum((t) => t.copy),
      bytesCopied: meter.bytesDone,
      chunksKept: sum((t) => t.keep),
      chunksResumed: sum((t) => t.resume),
    }
  }

  /** Answers the files that the new state names for the tables of this call. */
  #publish(plan: BackupPlan, id: string): ReadonlySet<string> {
    const { now, product, progress } = this.#context
    const draft = new StateDraft(this.#store, id, this.#previous, (text) => progress.note(text))
    for (const database of this.#previous.databases()) if (database.url !== plan.url) draft.carryDatabase(database)
    draft.putDomain(plan.database)
    const named = new Set<string>()
    for (const table of plan.tables) {
      const chunks = table.steps.flatMap((s) => (s.kind === 'delete' ? [] : [s.chunk]))
      const index: TableIndex = {
        database: table.database,
        table: table.table,
        cid: plan.cid,
        takenMs: this.#startedMs,
        chunks: chunks.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
      }
      requireFiles(this.#store, index)
      draft.putTable(index)
      for (const file of filesOf(index)) named.add(file)
    }
    const written = new Set([...plan.tables.map((t) => t.table.name), ...plan.dropTables])
    for (const table of this.#previous.database(plan.url)?.tables ?? [])
      if (!written.has(table.name)) draft.carryTable(plan.url, table)
    const manifest = draft.complete({
      product,
      startedAt: new Date(this.#startedMs).toISOString(),
      completedAt: new Date(now()).toISOString(),
      cid: Math.max(plan.cid, this.#previous.manifest?.cid ?? 0),
    })
    publish(this.#store, manifest, this.#lock)
    return named
  }

  #sweep(plan: BackupPlan, id: string, remains: boolean, named: ReadonlySet<string>): void {
    const { progress } = this.#context
    try {
      const dropped = plan.dropTables.map((name) => this.#tryIndex(this.#previous, name))
      if (remains || this.#lostIndex || dropped.includes(undefined)) this.#sweepAll()
      else
        for (const index of [...this.#previousIndexes.values(), ...(dropped as TableIndex[])])
          removeFiles(this.#store, filesOf(index), named)
      removeOtherStates(this.#store, id)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
      progress.note(`The backup is complete, but old files could not be removed: ${error.message}`)
    }
  }

  #sweepAll(): void {
    const set = new BackupSet(this.#store)
    const named = new Set<string>()
    for (const database of set.databases())
      for (const { name } of database.tables) {
        const index = this.#tryIndexOf(set, database.url, name)
        if (index === undefined) return
        for (const file of filesOf(index)) named.add(file)
      }
    removeAllUnnamed(this.#store, named)
  }

  #tryIndex(set: BackupSet, name: string): TableIndex | undefined {
    return this.#tryIndexOf(set, this.#request.url, name)
  }

  /** undefined if it is damaged: then nobody knows which files it names, and none may be removed. */
  #tryIndexOf(set: BackupSet, url: string, name: string): TableIndex | undefined {
    try {
      return set.index(url, name)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.kind !== 'data') throw error
      this.#context.progress.note(`${error.message} Old files stay in the set.`)
      return undefined
    }
  }

  #planText(plan: BackupPlan): unknown {
    return {
      database: plan.url,
      cid: plan.cid,
      user: this.#context.user,
      startedAt: new Date(this.#startedMs).toISOString(),
      force: this.#request.force,
      snapshot: this.#request.snapshot,
      tables: plan.tables.map((t) => ({ name: t.table.name, ...totalsOf(t) })),
      dropTables: plan.dropTables,
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

// The failure on its way up matters more than the record of it.
function recordFailure(runs: Iterable<RunRecord>, error: unknown): void {
  for (const run of runs)
    try {
      run.fail(error)
    } catch (second) {
      if (!(second instanceof HoldfastError)) throw error
    }
}
