/** The plan of a whole call: which tables of the set it goes on from, and what it does to the chunks of each. Nothing is written here but by `materialise`. */
import { inputError } from '../../runtime/errors.ts'
import type { ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import { finishedKey } from '../set/finished-log.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { schemeConflict, tableConflict } from '../set/structure.ts'
import { type BackupPlan, type NamedFile, planTable } from './plan.ts'
import type { PreviousState } from './previous-state.ts'
import type { BackupRequest, SelectedTable } from './select.ts'

export interface RunInput {
  readonly request: BackupRequest
  readonly before: PreviousState
  readonly database: DatabaseRecord
  readonly selected: readonly SelectedTable[]
  readonly cid: number
  /** What interrupted runs finished. */
  readonly finished: ReadonlyMap<string, SetChunk>
  /** The chunk with the small appends that are in no segment yet as segments of their own. */
  materialise(table: TableRecord, chunk: ChunkRecord): ChunkRecord
}

export function planRun(input: RunInput): BackupPlan {
  const { before, database, selected, cid, finished } = input
  const { url, force, snapshot, partitions, tables } = input.request
  const names = new Set(selected.map((s) => s.table.name))
  const listed = before.set.database(url)?.tables ?? []
  const wholeDatabase = tables === undefined && partitions === undefined
  const dropTables = wholeDatabase && snapshot ? listed.map((t) => t.name).filter((name) => !names.has(name)) : []
  for (const name of dropTables)
    before.tellLeaving(`${url}/${name} is no more in the database, so it leaves the backup in ${before.store.root}.`)
  return {
    url,
    database,
    cid,
    tables: selected.map(({ table, chunks }) => {
      const { previous, replaced } = previousTable(input, table)
      return planTable({
        database,
        table,
        chunks,
        partial: partitions !== undefined,
        previous,
        replaced,
        otherFiles: otherFilesOf(before, url, table.name, previous),
        hasUnknownFiles: () => before.hasUnknownFiles,
        finished: (path) => finished.get(finishedKey(url, table.name, table.id, path)),
        force,
        snapshot,
        materialise: (chunk) => input.materialise(table, chunk),
        sizeInSet: (file) => before.store.stat(file)?.bytes,
      })
    }),
    dropTables,
  }
}

/** Read when the first partition is copied: of a table that did not change nobody has to know. */
function otherFilesOf(
  before: PreviousState,
  url: string,
  name: string,
  previous: TableIndex | undefined,
): (path: string) => readonly NamedFile[] {
  let byPath: ReadonlyMap<string, readonly NamedFile[]> | undefined
  return (path) => {
    byPath ??= before.otherFiles(url, name, previous)
    return byPath.get(path) ?? []
  }
}

/** The table in the newest state, if what it holds can go on to be used, or what leaves the backup in its stead. */
interface PreviousTable {
  readonly previous?: TableIndex
  readonly replaced?: TableIndex
}

function previousTable({ request, before, database }: RunInput, table: TableRecord): PreviousTable {
  const { url, force, snapshot, partitions } = request
  const { root } = before.store
  const listed = before.set.table(url, table.name)
  if (listed === undefined) return {}
  if (listed.mode === 'sql')
    throw inputError(
      'Cannot back up the partitions to the specified backupDir as back up files created with SQL statement already exist in the directory.',
      { refId: 'S01022', code: 'backupMode', where: { db: url, table: table.name, file: root } },
    )
  const startsAnew = partitions === undefined && snapshot
  const index = before.index(url, table.name, force && startsAnew)
  if (index === undefined || index.table.id === table.id) return { previous: index }
  const made = (ms: number): string => new Date(ms).toISOString()
  before.tellLeaving(
    `${url}/${table.name} is another table than the one in the backup in ${root}: this one was made at ${made(table.createdMs)}, that one at ${made(index.table.createdMs)}${index.database.id === database.id ? '' : ', in another database of that name'}. It takes its place.`,
  )
  // Dropped and made again. Chunks of the old table may stay only if both have one structure.
  const conflict = schemeConflict(index.database, database) ?? tableConflict(index.table, table)
  if (conflict === undefined) return { previous: index }
  if (startsAnew) return { replaced: index }
  throw inputError(`The backup in ${root} holds another table [${table.name}] of [${url}]: ${conflict}.`, {
    code: 'backupStructure',
    where: { db: url, table: table.name },
    hint: 'back up the whole table with snapshot=true, which replaces the old one, or use another directory',
  })
}
