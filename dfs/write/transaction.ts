/**
 * A transaction that writes chunks anew. It locks them against other rewriters, looks at the table only then, writes new segments beside the old, and commits;
 * readers go on seeing what they saw, and appends go on beside it. If anything fails, no file of it stays and the locks are given back.
 *
 * Who finds a chunk locked fails at once where the database's atomic level is TRANS, and waits its turn where it is CHUNK. What changed under the transaction
 * without a lock (files merged or flushed by maintenance, columns altered) makes it start again, a few times.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { Operation } from '../access/index.ts'
import type { CatalogRecords, CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { EngineCommand } from '../engine/commands.ts'
import { isCommitUnknown } from '../engine/commit-unknown.ts'
import type { DfsSession } from '../session.ts'
import { NewSegments } from './new-segments.ts'
import { retryWhenStale, whenUnlocked } from './retry.ts'

/** The table as the transaction sees it. */
export interface LockedTable {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly tid: number
  /** Chunks that are locked, as of after the lock. */
  readonly chunks: readonly ChunkRecord[]
  /** New files; synced before the commit, removed if there is none. */
  readonly segments: NewSegments
}

export interface Rewriter<R> {
  readonly db: string
  readonly tableName: string
  readonly operation: Operation
  /** Partition paths to lock; undefined: the whole table. None: there is nothing to do. */
  lock(database: DatabaseRecord, table: TableRecord, view: CatalogView): readonly string[] | undefined
  /** Nobody may append to the table meanwhile. */
  readonly isExclusive?: boolean
  /** What the table will be: new segments are written for it. Default: what it is. */
  readonly written?: (table: TableRecord) => TableRecord
  /** Whether chunks that came since the lock was chosen would have to be locked as well. */
  readonly followsNewChunks: boolean
  /** What to do when there is nothing to lock. */
  readonly nothing: R
  /** Writes what is to be written and says what to commit; undefined: nothing. */
  write(locked: LockedTable): Rewritten<R>
}

export interface Rewritten<R> {
  readonly commit: EngineCommand | undefined
  readonly result: R
}

/** From this attempt on the whole table is locked: new partitions keep coming. */
const ATTEMPT_LOCKING_ALL = 3

export const runRewrite = <R>(dfs: DfsSession, rewriter: Rewriter<R>): R =>
  retryWhenStale((attempt) => dfs.writing(() => runOnce(dfs, rewriter, attempt >= ATTEMPT_LOCKING_ALL)))

function runOnce<R>(dfs: DfsSession, rewriter: Rewriter<R>, locksAll: boolean): R {
  const { db, tableName } = rewriter
  const { found, chosen } = dfs.looking((view) => {
    const found = requireTable(view, db, tableName)
    dfs.requireAccess(rewriter.operation, found.database, found.table)
    return { found, chosen: rewriter.lock(found.database, found.table, view) }
  })
  if (chosen?.length === 0) return rewriter.nothing
  const paths = locksAll ? undefined : chosen
  const { id: tableId } = found.table
  const isExclusive = rewriter.isExclusive === true
  const tid = whenUnlocked(
    dfs,
    found.database,
    () => dfs.request({ kind: 'begin', db, table: tableName, tableId, paths, isExclusive }).tid!,
  )
  try {
    return writeLocked(dfs, rewriter, tid, paths)
  } catch (error) {
    if (!isCommitUnknown(error)) rollbackAfter(dfs, tid)
    throw error
  }
}

/** What failed first is what the statement reports: the lock ends with the session at the latest. */
function rollbackAfter(dfs: DfsSession, tid: number): void {
  try {
    rollback(dfs, tid)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
  }
}

function writeLocked<R>(dfs: DfsSession, rewriter: Rewriter<R>, tid: number, paths: readonly string[] | undefined): R {
  const { view, release } = dfs.heldView()
  let segments: NewSegments | undefined
  try {
    const { database, table } = requireTable(view, rewriter.db, rewriter.tableName)
    segments = new NewSegments(dfs.files, rewriter.written?.(table) ?? table)
    const chunks = lockedChunks(rewriter, view, database, table, paths)
    const { commit, result } = rewriter.write({ database, table, tid, chunks, segments })
    // Nothing is read any more: what the commit replaces may go at once.
    release()
    if (commit === undefined) rollback(dfs, tid)
    else {
      segments.syncFolders()
      dfs.request(commit)
    }
    return result
  } catch (error) {
    segments?.removeAfter(error)
    throw error
  } finally {
    release()
  }
}

function lockedChunks<R>(
  rewriter: Rewriter<R>,
  view: CatalogView,
  database: DatabaseRecord,
  table: TableRecord,
  paths: readonly string[] | undefined,
): readonly ChunkRecord[] {
  const wanted = rewriter.followsNewChunks ? rewriter.lock(database, table, view) : paths
  const locked = paths === undefined ? undefined : new Set(paths)
  if (locked !== undefined && (wanted === undefined || wanted.some((path) => !locked.has(path))))
    throw new HoldfastError('conflict', `Partitions were added to [${table.name}] while it was being locked.`, {
      code: 'chunkChanged',
      where: { db: table.db, table: table.name },
    })
  const chosen = wanted === undefined ? undefined : new Set(wanted)
  return [...view.chunks(table.db, table.name)].filter((c) => chosen?.has(c.path) !== false)
}

function rollback(dfs: DfsSession, tid: number): void {
  dfs.request({ kind: 'rollback', tid })
}

export function requireTable(
  view: CatalogRecords,
  db: string,
  name: string,
): { readonly database: DatabaseRecord; readonly table: TableRecord } {
  const database = view.database(db)
  const table = view.table(db, name)
  if (database === undefined || table === undefined)
    throw new HoldfastError('input', `The table [${name}] of database [${db}] does not exist any more.`, {
      code: 'tableMissing',
      where: { db, table: name },
    })
  return { database, table }
}
