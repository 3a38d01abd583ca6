/** Restoring databases and tables that are not there yet, each on its own: the failure of one does not stop the others. */
import { inputError, toHoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import type { BackupSet, SetOptions } from '../set/open.ts'
import type { PlannedChunk } from '../set/planned-chunk.ts'
import { noBackupIn } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { createIfMissing, planOfWholeTable, type RestoredTable, reading, restoreWholeTable } from './restore.ts'

export interface MigrateRequest {
  /** undefined: every database in the set. */
  readonly url: string | undefined
  /** undefined: every table of the database. */
  readonly table: string | undefined
  readonly newUrl: string | undefined
  readonly newTable: string | undefined
}

export interface MigratedTable extends RestoredTable {
  /** undefined for success. */
  readonly error: string | undefined
}

/** One result per table, under its original names; one with an empty name for a database without tables. */
export const migrateSet = (
  context: BackupContext,
  store: FileStore,
  request: MigrateRequest,
  options: SetOptions = {},
): readonly MigratedTable[] =>
  reading(store, options, (set) =>
    requestedTables(set, store, request).map((each): MigratedTable => {
      const { source, target } = each
      const work = (): void => {
        refuseExisting(context, each)
        if (source.table === '') createIfMissing(context, set.domain(source.url), target.url)
        else restoreWholeTable(context, set, source, target, set.domain(source.url))
      }
      const refuse = (reason: string): void => context.progress.outcome?.(`${nameOf(source)}: not restored: ${reason}`)
      return { ...source, error: failureOf(work, refuse) }
    }),
  )

/** What migrateSet would do now; what it would not restore is noted with the reason. */
export const planOfMigration = (
  context: BackupContext,
  store: FileStore,
  request: MigrateRequest,
  options: SetOptions = {},
): readonly PlannedChunk[] =>
  reading(store, options, (set) =>
    requestedTables(set, store, request).flatMap((each) => {
      const { source, target } = each
      let chunks: readonly PlannedChunk[] = []
      const work = (): void => {
        refuseExisting(context, each)
        if (source.table === '') context.access.createDatabase(target.url)
        else chunks = planOfWholeTable(context, set, source, target, set.domain(source.url))
      }
      failureOf(work, (reason) => context.progress.note(`${nameOf(source)} would not be restored: ${reason}`))
      return chunks
    }),
  )

interface Requested {
  /** `table` is empty for a database without tables. */
  readonly source: RestoredTable
  readonly target: RestoredTable
}

function requestedTables(set: BackupSet, store: FileStore, request: MigrateRequest): readonly Requested[] {
  const databases = request.url === undefined ? set.databases() : [set.requireDatabase(request.url)]
  if (databases.length === 0)
    throw inputError(noBackupIn(store), { code: 'backupMissing', where: { file: store.root } })
  const sources = databases.flatMap(({ url, tables }) =>
    request.table === undefined
      ? (tables.length === 0 ? [''] : tables.map((t) => t.name)).map((table) => ({ url, table }))
      : [{ url, table: set.requireTable(url, request.table).name }],
  )
  return sources.map((source) => ({
    source,
    target: { url: request.newUrl ?? source.url, table: request.newTable ?? source.table },
  }))
}

const nameOf = ({ url, table }: RestoredTable): string => (table === '' ? url : `${url}/${table}`)

function refuseExisting(context: BackupContext, { source, target: { url, table } }: Requested): void {
  const view = context.view()
  if (source.table === '' && view.database(url) !== undefined)
    throw inputError(`Database [${url}] exists already.`, { code: 'databaseExists' })
  if (source.table !== '' && view.table(url, table) !== undefined)
    throw inputError(`Table [${table}] of the database [${url}] exists already.`, { code: 'tableExists' })
}

/** The text of a failure that is the result of one table; undefined for success. */
function failureOf(work: () => void, refuse: (reason: string) => void): string | undefined {
  try {
    work()
    return undefined
  } catch (thrown) {
    const error = toHoldfastError(thrown)
    // A cancelled call, and a fault of ours, end the whole; anything else is this table's result.
    if (error.kind === 'cancelled' || error.kind === 'bug') throw thrown
    refuse(error.message)
    return error.message
  }
}
