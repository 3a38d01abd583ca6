/**
 * Backing up the rows of a query: it is run on each partition of its table, and what it gives becomes the files of that partition in the set. Partitions of the set
 * that the call is not about, or that are no more in the table, stay as they are.
 */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { Table } from '../../runtime/values/index.ts'
import type { TableRecord } from '../catalog/types.ts'
import { type BackupPace, paceOf } from '../pace/backup-pace.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { chunkFolder } from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { RunRecord } from '../set/runs.ts'
import type { FileStore } from '../store/file-store.ts'
import { underSetLock } from './locked-set.ts'
import type { QueriedChunk } from './query.ts'
import { bytesOf, planQuery, type Queried, type QueryBackupRequest, type QueryPlan } from './query-plan.ts'
import { byPath, recordFailure, SetRenewal } from './renewal.ts'
import { RowFiles } from './row-files.ts'
import { requireDatabase, requireTable } from './select.ts'
import { syncFolders } from './state.ts'

/** Answers how many partitions were written. */
export function takeQueryBackup(context: BackupContext, store: FileStore, request: QueryBackupRequest): number {
  const { url, table: name } = request.query
  const takenMs = context.now()
  const { view, pin, release } = context.pinnedView(`backup of ${url}/${name}`)
  try {
    const database = requireDatabase(view, url)
    const table = requireTable(view, url, name)
    context.access.backup(database, table)
    const queried = request.query.at(view)
    return underSetLock(context, store, `backup of ${url}/${name}`, pin, (lock) =>
      new QueryBackupTask(context, store, request, takenMs, lock).run({ database, table, queried, cid: view.cid }),
    )
  } finally {
    release()
  }
}

class QueryBackupTask {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #request: QueryBackupRequest
  readonly #lock: SetLock
  readonly #renewal: SetRenewal

  constructor(context: BackupContext, store: FileStore, request: QueryBackupRequest, takenMs: number, lock: SetLock) {
    this.#context = context
    this.#store = store
    this.#request = request
    this.#lock = lock
    this.#renewal = new SetRenewal(context, store, lock, { takenMs, retention: request.retention })
  }

  run(queried: Queried): number {
    this.#renewal.begin()
    const plan = planQuery(this.#context, this.#request, this.#renewal.before, queried)
    const { database, table, cid } = queried
    const { url } = database
    const { text } = this.#request.query.description
    const { force } = this.#request
    this.#renewal.writePlan(
      {
        database: url,
        cid,
        force,
        table: table.name,
        query: text,
        partitions: plan.write.length,
      },
      plan.write.length > 0,
    )
    const run = this.#beginRun(plan, table)
    try {
      const written = this.#write(plan, table, run, paceOf(this.#context, this.#request.limits, run.id, [run]))
      const chunks = [...plan.keep, ...written].sort(byPath)
      this.#context.progress.outcome?.(
        `${url}/${table.name}: ${written.length} partitions written, ${plan.keep.length} unchanged`,
      )
      const { description: query } = this.#request.query
      const index: TableIndex = { database, table, query, cid, takenMs: this.#renewal.takenMs, chunks }
      this.#renewal.complete({ database, cid, tables: [index], dropTables: [] }, [run])
      return written.length
    } catch (error) {
      recordFailure([run], error)
      throw error
    }
  }

  #beginRun(plan: QueryPlan, table: TableRecord): RunRecord {
    const { client, user } = this.#context
    return new RunRecord(client, () => this.#context.now(), {
      user,
      type: 'BACKUP_BY_SQL',
      db: plan.database.url,
      table: table.name,
      totalPartitions: plan.selected,
      done: plan.selected - plan.write.length,
      bytesTotal: plan.write.reduce((sum, { source }) => sum + bytesOf(source.chunk), 0),
    })
  }

  #write({ database, write }: QueryPlan, table: TableRecord, run: RunRecord, pace: BackupPace): SetChunk[] {
    const { url } = database
    const meter = new ProgressMeter(
      this.#context.progress,
      {
        verb: 'backup',
        subject: `${url}/${table.name}`,
        bytesTotal: write.reduce((sum, { source }) => sum + bytesOf(source.chunk), 0),
        chunksTotal: write.length,
      },
      () => this.#context.now(),
    )
    const onWait = (): void => {
      checkInterrupt()
      this.#lock.sign()
    }
    const files = new RowFiles(this.#store, this.#request.query.description.columns, () => {
      checkInterrupt()
      this.#lock.sign()
      pace.look()
      pace.pass(0, onWait)
    })
    const folders = new Set<string>()
    const written: SetChunk[] = []
    try {
      for (const { source, replaces } of write) {
        const { chunkId, cid, updateTimeMs, path } = source.chunk
        const folder = chunkFolder(url, path, table.name)
        const made = files.write(folder, counted(source, run))
        const rows = made.reduce((sum, f) => sum + f.rows, 0)
        if (made.length > 0) folders.add(folder)
        // A partition of which the query gives nothing is not backed up, unless its old rows are in the set.
        if (rows > 0 || replaces) written.push({ chunkId, cid, rows, updateTimeMs, path, files: made })
        meter.addBytes(bytesOf(source.chunk))
        const bytes = made.reduce((sum, f) => sum + f.bytes, 0)
        pace.count(bytes)
        pace.pass(bytes, onWait)
        meter.addChunk()
        run.addPartition(bytesOf(source.chunk))
      }
      files.sync()
    } finally {
      files.end()
      meter.done()
    }
    syncFolders(this.#store, folders)
    return written
  }
}

/** The rows of a partition, of which the run hears. Those that the query leaves out are read as well, so that there may be more done than it knows. */
function* counted(source: QueriedChunk, run: RunRecord): Generator<Table> {
  const { chunk } = source
  const bytesOfRow = bytesOf(chunk) / Math.max(1, chunk.rows)
  for (const batch of source.rows()) {
    run.addBytes(Math.floor(batch.rows * bytesOfRow))
    yield batch
  }
}
