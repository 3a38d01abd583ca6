/** openBackup: a table of a backup as a read-only table of a database. */
import { textArg } from '../../runtime/builtins/args.ts'
import { HoldfastError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { SourceTable } from '../../runtime/values/index.ts'
import { type BackupTablePlace, BackupTableSource } from '../backup-table/source.ts'
import { BackupSet } from '../set/open.ts'
import { backupFolder, backupHostService, loggedInHost, urlArg } from './backup-host.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupOpenBuiltins = entries

const OPEN = 'openBackup(backupDir, dbPath, tableName)'

define(OPEN, {
  doc: `A table of a backup as a read-only table, without restoring it: queries of all kinds read the files of the backup, partitions and blocks that a condition rules out are not read, and memory does not grow with the table. A backup of a query has the columns and the rows of the query.
Every byte that is used is compared with the checksums of the backup; the first time a session uses a file it reads it whole, unless a verification saw that file. The handle shows the backup as it was when it was opened: after the next backup into the directory, or after the files were removed, a query fails and says so.
append!, update, delete and everything else that writes are refused. Needs a login, and the right to read the table, asked at each query.`,
  call: ([backupDir, dbPath, tableName], session) => {
    const host = loggedInHost(session, 'openBackup')
    const folder = backupFolder(host, backupDir, OPEN)
    const url = urlArg(dbPath, OPEN, 'dbPath')
    return new SourceTable(openBackupTable(session, { folder, url, table: textArg(tableName, OPEN, 'tableName') }))
  },
})

/** Also for a handle that came from another session: then `state` says which state it showed, and another one will not do. */
export function openBackupTable(
  session: Session,
  place: Omit<BackupTablePlace, 'state'> & { readonly state?: string },
): BackupTableSource {
  const host = session.service(backupHostService)
  const { folder, url, table } = place
  const set = new BackupSet(host.openSet(folder))
  if (place.state !== undefined && set.manifest?.id !== place.state)
    throw new HoldfastError(
      'conflict',
      `The state ${place.state} of the backup in ${folder}, which a table handle shows, is no more in the backup.`,
      { code: 'backupReplaced', where: { file: folder }, hint: 'open the backup again' },
    )
  const index = set.index(url, table)
  const requireAccess = (): void => host.context().access.readBackup(index)
  requireAccess()
  return new BackupTableSource({
    place: { folder, url, table, state: set.manifest!.id },
    set,
    index,
    requireAccess,
  })
}
