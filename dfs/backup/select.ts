/** What a backup call is about: tables and partitions of one database, checked against one look at the catalog. */
import { inputError } from '../../runtime/errors.ts'
import type { CatalogRecords, CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from '../catalog/types.ts'
import type { PaceLimits } from '../pace/backup-pace.ts'
import type { Retention } from '../set/retention.ts'

export interface BackupRequest {
  readonly url: string
  /** undefined: all tables. */
  readonly tables: readonly string[] | undefined
  /** Partition paths as the call named them, or a choice among the paths that the catalog has; undefined: all. */
  readonly partitions: PartitionChoice | undefined
  readonly force: boolean
  readonly snapshot: boolean
  /** Which states of the set stay, from now on; undefined: as the set has it. */
  readonly retention?: Retention | undefined
  /** How much the backup may get in the way; what is left out is as the settings say. */
  readonly limits?: PaceLimits | undefined
}

export type PartitionChoice =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'condition'; readonly matches: (path: string, table: TableRecord) => boolean }

export interface SelectedTable {
  readonly table: TableRecord
  /** Streamed from the catalog; may be walked once. */
  readonly chunks: Iterable<ChunkRecord>
}

export function requireDatabase(view: CatalogRecords, url: string): DatabaseRecord {
  const database = view.database(url)
  if (database === undefined)
    throw inputError(`Database [${url}] does not exist.`, { code: 'databaseMissing', where: { db: url } })
  return database
}

export function requireTable(view: CatalogRecords, url: string, name: string): TableRecord {
  const table = view.table(url, name)
  if (table === undefined)
    throw inputError(`Table [${name}] does not exist in the database [${url}].`, {
      code: 'tableMissing',
      where: { db: url, table: name },
    })
  return table
}

/** The database of a backup, which must be one that files can be copied of. */
export function selectDatabase(view: CatalogRecords, request: BackupRequest): DatabaseRecord {
  const database = requireDatabase(view, request.url)
  if (database.chunkGranularity === 'DATABASE')
    throw inputError('When chunkGranularity is set to DATABASE, only SQL backup (specified by sqlObj) is supported.', {
      refId: 'S01021',
      code: 'backupGranularity',
      where: { db: request.url },
    })
  return database
}

/** Tables and chunks of the call. Throws for a missing table, and S01020 for a named partition without data. */
export function selectTables(view: CatalogView, request: BackupRequest): readonly SelectedTable[] {
  const { url, tables, partitions } = request
  const records =
    tables === undefined ? view.tables(url) : [...new Set(tables)].map((name) => requireTable(view, url, name))
  if (partitions === undefined) return records.map((table) => ({ table, chunks: view.chunks(url, table.name) }))
  const selected = records.map((table) => ({ table, chunks: selectChunks(view, url, table, partitions) }))
  requireData(url, selected, partitions)
  return selected
}

function selectChunks(view: CatalogView, url: string, table: TableRecord, choice: PartitionChoice): ChunkRecord[] {
  switch (choice.kind) {
    case 'paths':
      return [...new Set(choice.paths.map(normalPath))].flatMap((path) => view.chunk(url, table.name, path) ?? [])
    case 'condition': {
      const found: ChunkRecord[] = []
      for (const chunk of view.chunks(url, table.name)) if (choice.matches(chunk.path, table)) found.push(chunk)
      return found
    }
  }
}

/** A partition that a call names must have data in one of its tables at least. */
function requireData(
  url: string,
  selected: readonly { readonly table: TableRecord; readonly chunks: readonly ChunkRecord[] }[],
  choice: PartitionChoice,
): void {
  const withData = new Set(selected.flatMap((s) => s.chunks.filter((c) => c.rows > 0).map((c) => c.path)))
  const missing = choice.kind === 'paths' ? choice.paths.map(normalPath).find((path) => !withData.has(path)) : undefined
  if (missing === undefined && (choice.kind === 'paths' || withData.size > 0)) return
  throw inputError('The specified partitions must already exist in the database.', {
    refId: 'S01020',
    code: 'partitionMissing',
    where: { db: url, table: selected.map((s) => s.table.name).join(', '), partition: missing },
    hint: `${missing === undefined ? '' : `${missing} has none; `}getTabletsMeta lists the partitions that have data`,
  })
}

const normalPath = (path: string): string => path.replace(/\/+$/, '')
