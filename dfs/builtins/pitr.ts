/** recoverTable: one table of a node backup as of a moment, from the log behind the backup (ours, beside the functions of the dialect). */
import { randomUUID } from 'node:crypto'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { type Arg, boolArg, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Dict, isLiteral, Scalar, T } from '../../runtime/values/index.ts'
import type { RecoverySources } from '../pitr/plan.ts'
import { planOfTableRecovery, recoverTable, type TableRecoveryRequest } from '../pitr/recover-table.ts'
import { RestoreCommand } from '../pitr/restore-command.ts'
import { ownScratch } from '../pitr/scratch.ts'
import { parseTarget, TARGET_FORMS } from '../pitr/target.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import { formatLsn } from '../wal/lsn.ts'
import {
  type BackupHost,
  backupFolder,
  isMissing,
  loggedInHost,
  optionalText,
  optionalUrl,
  timestampOf,
  urlArg,
} from './backup-host.ts'
import { EXPECTED_DOC, PLAN_COLUMNS_DOC, restorePlanTable } from './backup-plan.ts'
import { checkDatabaseName } from './databases.ts'
import { dfsOf, requireAdministrator } from './store-args.ts'
import { checkTableName } from './tables.ts'

const { entries, define } = topicTable('Backup and restore')
export const pitrBuiltins = entries

const RECOVER =
  'recoverTable(backupDir, dbPath, tableName, target, [newDBPath], [newTableName], [partition], [walArchiveDir], [keyPath], [plan=false])'

define(RECOVER, {
  doc: `Recovers one table as it was at target, from a set of node backups and the log that was archived since, into the running store as a new table, while everything else goes on. Only what belongs to the table is replayed, only its data segments are fetched, and the table appears whole, in one transaction. Returns a dictionary: dbName, tableName, recoveredTo (the last transaction that counts), lsn, partitions, rows, transactions.
target is a text: an ISO time with its zone ("2026-01-15T14:30:00Z", "2026-01-15T14:30:00+01:00"), "latest", or "lsn:H/L"; the last transaction that committed at or before it is included. dbPath and tableName are the names at that time. newDBPath and newTableName are the new names; by default they are the same, which does when the table was dropped: a table that exists is never touched, and its name is an error. The database of newDBPath is created when it is missing. partition restricts the recovery to partitions: a path such as "/20240101", or a pattern as restore takes it.
The log comes from the set, then from walArchiveDir, by default the archive of the configuration (wal_archive_dir, or wal_restore_command). What happened in the last minutes may not be archived yet (wal_archive_timeout). keyPath is the key file of an encrypted set.
Errors say which range can be reached: a target before the backups or after the log, a gap in the archive, a damaged piece or segment. Nothing is left of a call that fails.
With plan=true nothing is changed: lines say where the recovery would arrive, and the result is a table ${PLAN_COLUMNS_DOC} with a row for each partition that the new table would have. bytes are those of data segments to be copied, which are looked for and not read. ${EXPECTED_DOC} For administrators. "holdfast restore-pitr" recovers a whole store.`,
  call: (
    [backupDir, dbPath, tableName, target, newDBPath, newTableName, partition, walArchiveDir, keyPath, plan],
    session,
  ) => {
    requireAdministrator(session, 'recoverTable')
    const host = loggedInHost(session, 'recoverTable')
    const source = { url: urlArg(dbPath, RECOVER, 'dbPath'), table: textArg(tableName, RECOVER, 'tableName') }
    const into = {
      url: optionalUrl(isEmpty(newDBPath) ? undefined : newDBPath, RECOVER, 'newDBPath') ?? source.url,
      table: checkTableName(optionalText(newTableName, RECOVER, 'newTableName') || source.table),
    }
    checkDatabaseName(into.url)
    const sources = sourcesOf(session, host, backupDir, walArchiveDir, keyPath)
    if (target?.kind !== 'scalar' || !isLiteral(target.type))
      throw usageError(RECOVER, `target must be a text: ${TARGET_FORMS}.`)
    const recoveryTarget = parseTarget(textArg(target, RECOVER, 'target'))
    const context = host.context()
    const request: TableRecoveryRequest = {
      sources,
      target: recoveryTarget,
      source,
      into,
      partition: optionalText(partition, RECOVER, 'partition') || undefined,
      scratch: ownScratch(context.data, randomUUID(), context.now()),
      say: (line) => context.progress.note(`[INFO] ${line}`),
    }
    if (boolArg(plan, RECOVER, 'plan', false))
      return restorePlanTable(planOfTableRecovery(context, request), host.runs())
    const { recoveredTo, partitions, rows, transactions } = recoverTable(context, request)
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Scalar>([
        ['dbName', Scalar.string(into.url)],
        ['tableName', Scalar.string(into.table)],
        ['recoveredTo', new Scalar(T.TIMESTAMP, timestampOf(recoveredTo.timeMs))],
        ['lsn', Scalar.string(formatLsn(recoveredTo.lsn))],
        ['partitions', Scalar.int(partitions)],
        ['rows', Scalar.long(rows)],
        ['transactions', Scalar.long(transactions)],
      ]),
      true,
    )
  },
})

function sourcesOf(
  session: Session,
  host: BackupHost,
  backupDir: Arg,
  walArchiveDir: Arg,
  keyPath: Arg,
): RecoverySources {
  const { archive } = dfsOf(session).config.settings
  const given = optionalText(walArchiveDir, RECOVER, 'walArchiveDir') || undefined
  const configured = archive?.restoreCommand === undefined ? archive?.dir : undefined
  const dir = given === undefined ? configured : pathOf(host, given, 'walArchiveDir')
  const store = dir === undefined ? undefined : host.openSet(dir)
  if (store !== undefined && store.stat('')?.kind !== 'directory')
    throw inputError(`There is no archive directory ${dir}.`, { code: 'archiveMissing', where: { file: dir } })
  const command = dir === undefined ? archive?.restoreCommand : undefined
  return {
    set: host.openSet(backupFolder(host, backupDir, RECOVER)),
    key: keyArg(host, keyPath),
    id: undefined,
    archive: store,
    command: command === undefined ? undefined : new RestoreCommand(command),
  }
}

function keyArg(host: BackupHost, value: Arg): BackupKey | undefined {
  if (isMissing(value)) return undefined
  const text = textArg(value, RECOVER, 'keyPath')
  if (text === '') return undefined
  const path = pathOf(host, text, 'keyPath')
  return parseKey(host.openSet(dirname(path)).readFile(basename(path)), path)
}

/** People write "" to skip an argument. */
const isEmpty = (value: Arg): boolean => value?.kind === 'scalar' && value.value === ''

function pathOf(host: BackupHost, text: string, name: string): string {
  if (text.includes('\0')) throw usageError(RECOVER, `${name} must be a path.`)
  return isAbsolute(text) ? resolve(text) : join(host.home, text)
}
