/**
 * Taking a backup. The phases, in order: select (catalog, under a pin), lock, plan, copy, complete, publish, sweep. Killed in any of them, the set still
 * restores every state that it had, and the next call goes on from what was copied.
 */
import { randomUUID } from 'node:crypto'
import type { DatabaseRecord } from '../catalog/types.ts'
import { type BackupPace, paceOf } from '../pace/backup-pace.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { FinishedLog } from '../set/finished-log.ts'
import { partialFolder } from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { bytesInTurn, RunRecord } from '../set/runs.ts'
import type { FileStore } from '../store/file-store.ts'
import { ChunkCopier } from './copy.ts'
import { underSetLock } from './locked-set.ts'
import { type BackupPlan, type ChunkStep, type TablePlan, totalsOf } from './plan.ts'
import { planRun } from './plan-run.ts'
import { byPath, recordFailure, SetRenewal } from './renewal.ts'
import { type BackupRequest, type SelectedTable, selectDatabase, selectTables } from './select.ts'
import { syncFolders } from './state.ts'
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
  const takenMs = context.now()
  const { view, pin, release } = context.pinnedView(`backup of ${request.url}`)
  try {
    const database = selectDatabase(view, request)
    const selected = selectTables(view, request)
    for (const { table } of selected) context.access.backup(database, table)
    return underSetLock(context, store, `backup of ${request.url}`, pin, (lock) =>
      context.writing(() => {
        const waiting = new WaitingRows(context.data)
        try {
          return new BackupTask(context, store, request, takenMs, lock, waiting).run(database, selected, view.cid)
        } finally {
          waiting.remove()
        }
      }),
    )
  } finally {
    release()
  }
}

class BackupTask {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #request: BackupRequest
  readonly #lock: SetLock
  readonly #waiting: WaitingRows
  readonly #renewal: SetRenewal

  constructor(
    context: BackupContext,
    store: FileStore,
    request: BackupRequest,
    takenMs: number,
    lock: SetLock,
    waiting: WaitingRows,
  ) {
    this.#waiting = waiting
    this.#context = context
    this.#store = store
    this.#request = request
    this.#lock = lock
    this.#renewal = new SetRenewal(context, store, lock, { takenMs, retention: request.retention })
  }

  run(database: DatabaseRecord, selected: readonly SelectedTable[], cid: number): BackupResult {
    const finished = this.#renewal.begin()
    if (finished.size > 0)
      this.#context.progress.note(`Continuing an interrupted backup: ${finished.size} partition(s) were copied before.`)
    const plan = planRun({
      request: this.#request,
      before: this.#renewal.before,
      database,
      selected,
      cid,
      finished,
      materialise: (table, chunk) => this.#waiting.materialise(table, chunk),
    })
    const hasFiles = plan.tables.some((t) => t.steps.some((s) => s.kind === 'copy' || s.kind === 'resume'))
    this.#renewal.writePlan(this.#planText(plan), hasFiles)
    const call = randomUUID()
    const runs = new Map(plan.tables.map((t, order) => [t.table.name, this.#beginRun(t, { call, order }, !hasFiles)]))
    try {
      const copied = this.#copy(plan, runs, call, hasFiles)
      const { dropTables } = plan
      const tables = plan.tables.map((t) => this.#indexOf(plan, t))
      for (const table of plan.tables) this.#tellOutcome(table)
      // Copying takes its time, in which somebody may remove what was there.
      const found = new Set(hasFiles ? [] : plan.tables.flatMap((t) => t.steps.flatMap(chunkFound)))
      this.#renewal.complete({ database: plan.database, cid: plan.cid, tables, dropTables, found }, runs.values())
      return copied
    } catch (error) {
      recordFailure(runs.values(), error)
      throw error
    }
  }

  #beginRun(plan: TablePlan, of: { readonly call: string; readonly order: number }, isBrief: boolean): RunRecord {
    const { client, user } = this.#context
    const { copy, bytes } = totalsOf(plan)
    return new RunRecord(client, () => this.#context.now(), {
      user,
      type: 'BACKUP_BY_COPY_FILE',
      db: this.#request.url,
      table: plan.table.name,
      totalPartitions: plan.selected,
      done: plan.selected - copy,
      bytesTotal: bytes,
      of,
      isBrief,
    })
  }

  #copy(plan: BackupPlan, runs: ReadonlyMap<string, RunRecord>, call: string, hasFiles: boolean): BackupResult {
    const totals = plan.tables.map(totalsOf)
    const sum = (of: (t: (typeof totals)[number]) => number): number => totals.reduce((n, t) => n + of(t), 0)
    const meter = new ProgressMeter(
      this.#context.progress,
      { verb: 'backup', subject: plan.url, bytesTotal: sum((t) => t.bytes), chunksTotal: sum((t) => t.copy) },
      () => this.#context.now(),
    )
    const { id } = this.#renewal
    if (hasFiles)
      this.#copyChunks(plan, runs, paceOf(this.#context, this.#request.limits, call, [...runs.values()]), meter)
    else meter.done()
    return {
      id,
      chunksCopied: sum((t) => t.copy),
      bytesCopied: meter.bytesDone,
      chunksKept: sum((t) => t.keep),
      chunksResumed: sum((t) => t.resume),
    }
  }

  #copyChunks(plan: BackupPlan, runs: ReadonlyMap<string, RunRecord>, pace: BackupPace, meter: ProgressMeter): void {
    const log = new FinishedLog(this.#store, partialFolder(this.#renewal.id))
    const ofTables = bytesInTurn(plan.tables.map((t) => runs.get(t.table.name)!))
    const copier = new ChunkCopier(this.#context, this.#store, log, this.#lock, pace, (bytes) => {
      meter.addBytes(bytes)
      ofTables(bytes)
    })
    try {
      for (const table of plan.tables) {
        const run = runs.get(table.table.name)!
        const listener = {
          chunk: (bytes: number) => {
            meter.addChunk()
            run.addPartition(bytes)
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
  }

  /** For the log of a job. */
  #tellOutcome(plan: TablePlan): void {
    const { copy, bytes, resume, keep, delete: removed } = totalsOf(plan)
    const before = resume === 0 ? '' : `, ${resume} copied by the interrupted run`
    this.#context.progress.outcome?.(
      `${plan.database.url}/${plan.table.name}: ${copy} partitions copied (${bytes} bytes)${before}, ${keep} unchanged, ${removed} removed`,
    )
  }

  #indexOf(plan: BackupPlan, { database, table, steps }: TablePlan): TableIndex {
    const chunks = steps.flatMap((s) => (s.kind === 'delete' ? [] : [s.chunk]))
    return { database, table, cid: plan.cid, takenMs: this.#renewal.takenMs, chunks: chunks.sort(byPath) }
  }

  #planText(plan: BackupPlan): object {
    return {
      database: plan.url,
      cid: plan.cid,
      force: this.#request.force,
      snapshot: this.#request.snapshot,
      tables: plan.tables.map((t) => ({ name: t.table.name, ...totalsOf(t) })),
      dropTables: plan.dropTables,
    }
  }
}

const chunkFound = (step: ChunkStep): readonly SetChunk[] => (step.kind === 'keep' && step.isFound ? [step.chunk] : [])
