/** openBackup: a table of a backup as a read-only table of a database. */
import { textArg } from '../../runtime/builtins/args.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { SourceTable } from '../../runtime/values/index.ts'
import { type BackupTablePlace, BackupTableSource } from '../backup-table/source.ts'
import type { KnownFooter } from '../backup-table/vouched-files.ts'
import { Ledger } from '../ledger/ledger.ts'
import { BackupSet, type SetOptions } from '../set/open.ts'
import { STATE_DOC, setOptions } from './backup-choice.ts'
import { backupFolder, backupHostService, loggedInHost, optionalText, urlArg } from './backup-host.ts'
import { KEY_DOC, keyOfFile, withKey } from './backup-key.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupOpenBuiltins = entries

const OPEN = 'openBackup(backupDir, dbPath, tableName, [state], [keyPath])'

define(OPEN, {
  doc: `A table of a backup as a read-only table, without restoring it: queries of all kinds read the files of the backup, partitions and blocks that a condition rules out are not read, and memory does not grow with the table. A backup of a query has the columns and the rows of the query.
Every byte that is used is compared with the checksums of the backup; the first time a session uses a file it reads it whole, unless a verification saw that file. The handle shows one state of the backup: once that has left the directory, because it was renewed or pruned, a query fails and says so.
append!, update, delete and everything else that writes are refused. Needs a login, and the right to read the table, asked at each query. ${STATE_DOC} ${KEY_DOC}`,
  call: ([backupDir, dbPath, tableName, state, keyPath], session) => {
    const host = loggedInHost(session, 'openBackup')
    const folder = backupFolder(host, backupDir, OPEN)
    const url = urlArg(dbPath, OPEN, 'dbPath')
    const table = textArg(tableName, OPEN, 'tableName')
    const key = optionalText(keyPath, OPEN, 'keyPath')
    const place = { folder, url, table, ...(key === undefined ? {} : { keyPath: key }) }
    return new SourceTable(openTable(session, place, setOptions(state, OPEN)))
  },
})

/** For a handle that came from another session. */
export const openBackupTable = (session: Session, { state, ...place }: BackupTablePlace): BackupTableSource =>
  openTable(session, place, { state: { kind: 'id', id: state } })

function openTable(session: Session, where: Omit<BackupTablePlace, 'state'>, options: SetOptions): BackupTableSource {
  const host = session.service(backupHostService)
  const { folder, url, table, keyPath } = where
  const key = keyOfFile(host, keyPath, OPEN)
  const set = new BackupSet(withKey(host.openSet(folder), key), options)
  const index = set.index(url, table)
  const requireAccess = (): void => host.context().access.readBackup(index)
  requireAccess()
  // Read when the first file is opened: a handle that is only passed on needs none of it.
  let ledger: Ledger | undefined
  const knownFooter: KnownFooter = (path, file) => {
    ledger ??= new Ledger(set.store, (text) => host.context().progress.note(text))
    const proof = ledger.file(path, file)
    return proof?.isSound === true ? proof.footer : undefined
  }
  const place = { ...where, state: set.manifest!.id }
  return new BackupTableSource({ place, set, index, knownFooter, requireAccess })
}
