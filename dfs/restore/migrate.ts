/** Restoring databases and tables that are not there yet, each on its own: the failure of one does not stop the others. */
import { inputError, toHoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import type { BackupSet, SetOptions } from '../set/open.ts'
import { noBackupIn } from '../set/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { createIfMissing, type RestoredTable, reading, restoreWholeTable } from './restore.ts'

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
export function migrateSet(
  context: BackupContext,
  store: FileStore,
  request: MigrateRequest,
  options: SetOptions = {},
): readonly MigratedTable[] {
  return reading(store, options, (set) => {
    const databases = request.url === undefined ? set.databases() : [set.requireDatabase(request.url)]
    if (databases.length === 0)
      throw inputError(noBackupIn(store), { code: 'backupMissing', where: { file: store.root } })
    const sources = databases.flatMap((d) =>
      request.table === undefined
        ? (d.tables.length === 0 ? [''] : d.tables.map((t) => t.name)).map((table) => ({ url: d.url, table }))
        : [{ url: d.url, table: set.requireTable(d.url, request.table).name }],
    )
    return sources.map((source) => {
      const target = { url: request.newUrl ?? source.url, table: request.newTable ?? source.table }
      try {
        if (source.table === '') {
          makeEmptyDatabase(context, set, source.url, target.url)
          return { ...source, error: undefined }
        }
        if (context.view().table(target.url, target.table) !== undefined)
          throw inputError(`Table [${target.table}] of the database [${target.url}] exists already.`, {
            code: 'tableExists',
          })
        restoreWholeTable(context, set, source, target, set.domain(source.url))
        return { ...source, error: undefined }
      } catch (thrown) {
        const error = toHoldfastError(thrown)
        // A cancelled call, and a fault of ours, end the whole; anything else is this table's result.
        if (error.kind === 'cancelled' || error.kind === 'bug') throw thrown
        const name = source.table === '' ? source.url : `${source.url}/${source.table}`
        context.progress.outcome?.(`${name}: not restored: ${error.message}`)
        return { ...source, error: error.message }
      }
    })
  })
}

function makeEmptyDatabase(context: BackupContext, set: BackupSet, url: string, target: string): void {
  if (context.view().database(target) !== undefined)
    throw inputError(`Database [${target}] exists already.`, { code: 'databaseExists' })
  createIfMissing(context, set.domain(url), target)
}
