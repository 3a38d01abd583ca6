/** What the backup of a query will do: per partition keep what the set has, or write what the query gives. Nothing is written here. */
import { inputError } from '../../runtime/errors.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { PaceLimits } from '../pace/backup-pace.ts'
import type { BackupContext } from '../set/context.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'
import type { Retention } from '../set/retention.ts'
import { columnsConflict, schemeConflict, tableConflict } from '../set/structure.ts'
import type { PreviousState } from './previous-state.ts'
import type { QueriedChunk, QueriedChunks, TableQuery } from './query.ts'

export interface QueryBackupRequest {
  readonly query: TableQuery
  readonly force: boolean
  /** Which states of the set stay, from now on; undefined: as the set has it. */
  readonly retention?: Retention | undefined
  /** How much the backup may get in the way; what is left out is as the settings say. */
  readonly limits?: PaceLimits | undefined
}

/** The table as the run sees it. */
export interface Queried {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly queried: QueriedChunks
  readonly cid: number
}

export interface WriteStep {
  readonly source: QueriedChunk
  /** The set has rows of this partition. */
  readonly replaces: boolean
}

export interface QueryPlan {
  readonly database: DatabaseRecord
  /** Partitions that the query is about. */
  readonly selected: number
  readonly write: readonly WriteStep[]
  readonly keep: readonly SetChunk[]
}

export function planQuery(
  context: BackupContext,
  request: QueryBackupRequest,
  before: PreviousState,
  { database, table, queried }: Queried,
): QueryPlan {
  const previous = previousIndex(context, request, before, { database, table, queried })
  const unseen = new Map((previous?.chunks ?? []).map((c) => [c.path, c]))
  const keep: SetChunk[] = []
  const write: WriteStep[] = []
  const isThere = (chunk: SetChunk): boolean =>
    chunk.files.every((f) => before.store.stat(setFilePath(database.url, table.name, chunk, f))?.bytes === f.bytes)
  for (const source of queried.chunks) {
    const old = unseen.get(source.chunk.path)
    unseen.delete(source.chunk.path)
    if (!request.force && old !== undefined && sameVersion(old, source.chunk) && isThere(old)) keep.push(old)
    else write.push({ source, replaces: old !== undefined })
  }
  return { database, selected: queried.chunks.length, write, keep: [...keep, ...unseen.values()] }
}

/** The table in the newest state, if what it holds can go on to be used. */
function previousIndex(
  context: BackupContext,
  { force, query }: QueryBackupRequest,
  before: PreviousState,
  { database, table, queried }: Omit<Queried, 'cid'>,
): TableIndex | undefined {
  const listed = before.set.table(database.url, table.name)
  const where = { db: database.url, table: table.name, file: before.store.root }
  if (listed === undefined) return undefined
  if (listed.mode === 'copy')
    throw inputError(
      'Cannot back up the partitions to the specified backupDir as back up files created by copying files already exist in the directory.',
      { refId: 'S01022', code: 'backupMode', where },
    )
  const startsAnew = force && queried.isWholeTable
  const index = before.index(database.url, table.name, startsAnew)
  if (index === undefined) return undefined
  const structure =
    schemeConflict(index.database, database) ?? columnsConflict(index.query!.columns, query.description.columns)
  const conflict = structure ?? (index.table.id === table.id ? undefined : tableConflict(index.table, table))
  if (conflict !== undefined) {
    // Every partition of the set is written anew, or is no more in the table.
    if (startsAnew) return undefined
    throw inputError(
      `The backup in ${before.store.root} holds rows of another query or table as [${table.name}] of [${database.url}]: ${conflict}.`,
      {
        code: 'backupStructure',
        where,
        hint: 'back up all partitions with force=true, which replaces the old rows, or use another directory',
      },
    )
  }
  if (index.query!.text !== query.description.text)
    context.progress.note(
      `The query is not the one of the backup in ${before.store.root}; partitions that did not change keep the rows of that one. With force=true all are written anew.`,
    )
  return index
}

/** Bytes that reading a chunk takes, about. */
export const bytesOf = (chunk: ChunkRecord): number => chunk.segments.reduce((sum, s) => sum + s.bytes, 0)

/** The rows of a query may be fewer than those of the partition: its version alone tells whether it changed. */
const sameVersion = (set: SetChunk, live: ChunkRecord): boolean =>
  set.chunkId === live.chunkId && set.cid === live.cid && set.updateTimeMs === live.updateTimeMs
