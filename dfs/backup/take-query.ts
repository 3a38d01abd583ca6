/**
 * Backing up the rows of a query: it is run on each partition of its table, and what it gives becomes the files of that partition in the set. Partitions of the set
 * that the call is not about, or that are no more in the table, stay as they are.
 */
import { inputError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { chunkFolder } from '../set/layout.ts'
import type { SetLock } from '../set/lock.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'
import { RunRecord } from '../set/runs.ts'
import { columnsConflict, schemeConflict, tableConflict } from '../set/structure.ts'
import type { FileStore } from '../store/file-store.ts'
import { underSetLock } from './locked-set.ts'
import type { QueriedChunk, QueriedChunks, TableQuery } from './query.ts'
import { byPath, recordFailure, SetRenewal } from './renewal.ts'
import { RowFiles } from './row-files.ts'
import { requireDatabase, requireTable } from './select.ts'
import { syncFolders } from './state.ts'

export interface QueryBackupRequest {
  readonly query: TableQuery
  readonly force: boolean
}

/** Answers how many partitions were written. */
export function takeQueryBackup(context: BackupContext, store: FileStore, request: QueryBackupRequest): number {
  const { url, table: name } = request.query
  const { view, pin, release } = context.pinnedView(`backup of ${url}/${name}`)
  try {
    const database = requireDatabase(view, url)
    const table = requireTable(view, url, name)
    context.access.backup(database, table)
    const queried = request.query.at(view)
    return underSetLock(context, store, `${url}/${name}`, pin, (lock) =>
      new QueryBackupTask(context, store, request, lock).run({ database, table, queried, cid: view.cid }),
    )
  } finally {
    release()
  }
}

interface Queried {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly queried: QueriedChunks
  readonly cid: number
}

class QueryBackupTask {
  readonly #context: BackupContext
  readonly #store: FileStore
  readonly #request: QueryBackupRequest
  readonly #lock: SetLock
  readonly #renewal: SetRenewal

  constructor(context: BackupContext, store: FileStore, request: QueryBackupRequest, lock: SetLock) {
    this.#context = context
    this.#store = store
    this.#request = request
    this.#lock = lock
    this.#renewal = new SetRenewal(context, store, lock)
  }

  run(queried: Queried): number {
    this.#renewal.begin()
    const previous = this.#previousIndex(queried)
    const plan = this.#plan(queried, previous)
    const { database, table, cid } = queried
    const { url } = database
    const { text } = this.#request.query.description
    const { force } = this.#request
    this.#renewal.writePlan({
      database: url,
      cid,
      force,
      table: table.name,
      query: text,
      partitions: plan.write.length,
    })
    const run = this.#beginRun(plan, table)
    try {
      const written = this.#write(plan, table, run)
      const chunks = [...plan.keep, ...written].sort(byPath)
      const { description: query } = this.#request.query
      const index: TableIndex = { database, table, query, cid, takenMs: this.#renewal.startedMs, chunks }
      this.#renewal.complete({ database, cid, tables: [index], dropTables: [] }, [run])
      return written.length
    } catch (error) {
      recordFailure([run], error)
      throw error
    }
  }

  /** The table in the newest state, if what it holds can go on to be used. */
  #previousIndex({ database, table, queried }: Queried): TableIndex | undefined {
    const { force, query } = this.#request
    const listed = this.#renewal.previous.table(database.url, table.name)
    const where = { db: database.url, table: table.name, file: this.#store.root }
    if (listed === undefined) return undefined
    if (listed.mode === 'copy')
      throw inputError(
        'Cannot back up the partitions to the specified backupDir as back up files created by copying files already exist in the directory.',
        { refId: 'S01022', code: 'backupMode', where },
      )
    const startsAnew = force && queried.isWholeTable
    const index = this.#renewal.previousIndex(database.url, table.name, startsAnew)
    if (index === undefined) return undefined
    const structure =
      schemeConflict(index.database, database) ?? columnsConflict(index.query!.columns, query.description.columns)
    const conflict = structure ?? (index.table.id === table.id ? undefined : tableConflict(index.table, table))
    if (conflict !== undefined) {
      // Every partition of the set is written anew, or is no more in the table.
      if (startsAnew) return undefined
      throw inputError(
        `The backup in ${this.#store.root} holds rows of another query or table as [${table.name}] of [${database.url}]: ${conflict}.`,
        {
          code: 'backupStructure',
          where,
          hint: 'back up all partitions with force=true, which replaces the old rows, or use another directory',
        },
      )
    }
    if (index.query!.text !== query.description.text)
      this.#context.progress.note(
        `The query is not the one of the backup in ${this.#store.root}; partitions that did not change keep the rows of that one. With force=true all are written anew.`,
      )
    return index
  }

  #plan({ database, table, queried }: Queried, previous: TableIndex | undefined): QueryPlan {
    const before = new Map((previous?.chunks ?? []).map((c) => [c.path, c]))
    const keep: SetChunk[] = []
    const write: WriteStep[] = []
    const isThere = (chunk: SetChunk): boolean =>
      chunk.files.every((f) => this.#store.stat(setFilePath(database.url, table.name, chunk, f))?.bytes === f.bytes)
    for (const source of queried.chunks) {
      const old = before.get(source.chunk.path)
      before.delete(source.chunk.path)
      if (!this.#request.force && old !== undefined && sameVersion(old, source.chunk) && isThere(old)) keep.push(old)
      else write.push({ source, replaces: old !== undefined })
    }
    return { database, selected: queried.chunks.length, write, keep: [...keep, ...before.values()] }
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
    })
  }

  #write({ database, write }: QueryPlan, table: TableRecord, run: RunRecord): SetChunk[] {
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
    const files = new RowFiles(this.#store, this.#request.query.description.columns, () => {
      checkInterrupt()
      this.#lock.sign()
    })
    const folders = new Set<string>()
    const written: SetChunk[] = []
    try {
      for (const { source, replaces } of write) {
        const { chunkId, cid, updateTimeMs, path } = source.chunk
        const folder = chunkFolder(url, path, table.name)
        const made = files.write(folder, source.rows())
        const rows = made.reduce((sum, f) => sum + f.rows, 0)
        if (made.length > 0) folders.add(folder)
        // A partition of which the query gives nothing is not backed up, unless its old rows are in the set.
        if (rows > 0 || replaces) written.push({ chunkId, cid, rows, updateTimeMs, path, files: made })
        meter.addBytes(bytesOf(source.chunk))
        meter.addChunk()
        run.addPartition()
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

interface WriteStep {
  readonly source: QueriedChunk
  /** The set has rows of this partition. */
  readonly replaces: boolean
}

interface QueryPlan {
  readonly database: DatabaseRecord
  readonly selected: number
  readonly write: readonly WriteStep[]
  readonly keep: readonly SetChunk[]
}

/** Bytes that reading a chunk takes, about. */
const bytesOf = (chunk: ChunkRecord): number => chunk.segments.reduce((sum, s) => sum + s.bytes, 0)

/** The rows of a query may be fewer than those of the partition: its version alone tells whether it changed. */
const sameVersion = (set: SetChunk, live: ChunkRecord): boolean =>
  set.chunkId === live.chunkId && set.cid === live.cid && set.updateTimeMs === live.updateTimeMs
