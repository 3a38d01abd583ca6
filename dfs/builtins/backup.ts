/** backup, backupDB, backupTable: copying a database into a backup directory (specification of the store, section 11). */

import { type Arg, boolArg, isGiven, textArg } from '../../runtime/builtins/args.ts'
import { usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { CodeValue, Scalar, type Value } from '../../runtime/values/index.ts'
import { dryRun, dryRunOfQuery } from '../backup/dry-run.ts'
import { TableQuery } from '../backup/query.ts'
import type { QueryBackupRequest } from '../backup/query-plan.ts'
import { type BackupRequest, type PartitionChoice, requireDatabase } from '../backup/select.ts'
import { takeBackup } from '../backup/take.ts'
import { takeQueryBackup } from '../backup/take-query.ts'
import { pathList, pathsByCondition } from '../partition/conditions.ts'
import { backupStoreToWrite, isMissing, loggedInHost, optionalTexts, refuseMetacode, urlArg } from './backup-host.ts'
import { LIMITS_DOC, limitsArg } from './backup-pace.ts'
import { EXPECTED_DOC, PLAN_COLUMNS_DOC, planTable } from './backup-plan.ts'
import { requireMayDrop, retentionArg } from './backup-retention.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupBuiltins = entries

const BACKUP =
  'backup(backupDir, [dbPath], [force=false], [parallel=false], [snapshot=true], [tableName], [partition], [keyPath], [sqlObj], [plan=false], [keep], [daily], [weekly], [monthly], [maxBytesPerSecond], [maxCommitMillis])'

define(BACKUP, {
  doc: `Backs up a database, some of its tables, or some partitions into the folder backupDir, and returns how many partitions were copied in this call.
A partition is copied if it is new or changed since the last backup into this folder; force=true copies all that are selected. With snapshot=true partitions and tables that are no more in the database leave the backup too, unless partition is given.
partition takes paths ("/20170807/0_50", one or several) or conditions: a value or a vector of values of the first level, a tuple with one entry per level of a COMPO database ([2017.08.07, 0], or (1, 50) where both have one type; an empty entry for no condition). tableName takes one name or several; the default is all tables. The backup is of one instant and blocks no writer; parallel does not change the result. An interrupted call is continued by the next one.
In place of dbPath, sqlObj (also as second argument) is the metacode of a select on one table: <select * from loadTable(...) where ...>. It is run on each partition alone, and its rows are backed up; a partition that did not change since it was backed up is left out unless force=true, and nothing leaves the backup. snapshot, tableName and partition can not be given then. A folder holds a table in one of the two forms only.
keep is how many states of the backup stay in the folder, the newest counted; with daily, weekly or monthly the newest of each of the last so many days, weeks and months stays too. Each state restores alone, and files that several have are there once. The numbers hold until a call gives others; a folder for which none were ever given keeps one state. Every call makes a state.
With plan=true nothing is changed: the result is a table ${PLAN_COLUMNS_DOC} of what the call would do with each partition (copy; resume: an interrupted call copied it; keep; delete: it leaves the backup). bytes are those to be copied, without small appends that are in no file yet; for a query they are those to be read, and rows those of the partition. ${EXPECTED_DOC}
${LIMITS_DOC} pauseBackup holds a backup.
With keyPath, a key file that is absolute or in the data directory, everything is encrypted (AES-256-GCM), names as well; the same key is needed for every later call about the folder. A folder is encrypted as a whole or not at all. Needs a login.`,
  call: (args, session) => {
    const [backupDir, dbPath, force, parallel, snapshot, tableName, partition, keyPath, sqlObj, plan, ...numbers] = args
    const retention = retentionArg(numbers.slice(0, 4), BACKUP)
    const limits = limitsArg(numbers.slice(4), BACKUP)
    boolArg(parallel, BACKUP, 'parallel', false)
    const isPlan = boolArg(plan, BACKUP, 'plan', false)
    const query = queryArg(dbPath, sqlObj)
    if (query !== undefined) {
      refuseWithQuery({ snapshot, tableName, partition })
      const request = { force: boolArg(force, BACKUP, 'force', false), retention, limits }
      return takeOfQuery(session, { backupDir, keyPath }, query, request, isPlan)
    }
    if (!isGiven(dbPath)) throw usageError(BACKUP, 'dbPath or sqlObj is required.')
    const url = urlArg(dbPath, BACKUP, 'dbPath')
    const request = {
      url,
      force: boolArg(force, BACKUP, 'force', false),
      snapshot: boolArg(snapshot, BACKUP, 'snapshot', true),
      tables: optionalTexts(tableName, BACKUP, 'tableName'),
      partitions: isMissing(partition) ? undefined : partitionChoice(session, url, partition),
      retention,
      limits,
    }
    if (!isPlan) return take(session, 'backup', { backupDir, keyPath }, request)
    const host = loggedInHost(session, 'backup')
    const store = backupStoreToWrite(host, backupDir, BACKUP, keyPath)
    requireMayDrop(host, store, retention)
    const chunks = dryRun(host.context(), store, request)
    return planTable(chunks, host.runs(), 'BACKUP_BY_COPY_FILE', limits?.bytesPerSecondMax)
  },
})

const BACKUP_DB =
  'backupDB(backupDir, dbPath, [keyPath], [keep], [daily], [weekly], [monthly], [maxBytesPerSecond], [maxCommitMillis])'

define(BACKUP_DB, {
  doc: 'Backs up a database into the folder backupDir: what is new or changed is copied, what was dropped leaves the backup. Returns the number of partitions copied. The same as backup(backupDir, dbPath, false, true, true); keyPath, keep, daily, weekly, monthly, maxBytesPerSecond and maxCommitMillis as there.',
  call: ([backupDir, dbPath, keyPath, ...numbers], session) => {
    refuseMetacode(dbPath)
    return take(
      session,
      'backupDB',
      { backupDir, keyPath },
      {
        url: urlArg(dbPath, BACKUP_DB, 'dbPath'),
        force: false,
        snapshot: true,
        tables: undefined,
        partitions: undefined,
        retention: retentionArg(numbers.slice(0, 4), BACKUP_DB),
        limits: limitsArg(numbers.slice(4), BACKUP_DB),
      },
    )
  },
})

const BACKUP_TABLE =
  'backupTable(backupDir, dbPath, tableName, [keyPath], [keep], [daily], [weekly], [monthly], [maxBytesPerSecond], [maxCommitMillis])'

define(BACKUP_TABLE, {
  doc: 'Backs up one table into the folder backupDir; other tables in the backup stay as they are. Returns the number of partitions copied. The same as backup(backupDir, dbPath, false, true, true, tableName); keyPath, keep, daily, weekly, monthly, maxBytesPerSecond and maxCommitMillis as there.',
  call: ([backupDir, dbPath, tableName, keyPath, ...numbers], session) => {
    refuseMetacode(dbPath)
    return take(
      session,
      'backupTable',
      { backupDir, keyPath },
      {
        url: urlArg(dbPath, BACKUP_TABLE, 'dbPath'),
        force: false,
        snapshot: true,
        tables: [textArg(tableName, BACKUP_TABLE, 'tableName')],
        partitions: undefined,
        retention: retentionArg(numbers.slice(0, 4), BACKUP_TABLE),
        limits: limitsArg(numbers.slice(4), BACKUP_TABLE),
      },
    )
  },
})

/** Where a backup goes. */
interface SetArgs {
  readonly backupDir: Arg
  readonly keyPath: Arg
}

/** The query, which may stand in place of dbPath. */
function queryArg(dbPath: Arg, sqlObj: Arg): CodeValue | undefined {
  if (dbPath instanceof CodeValue && isMissing(sqlObj)) return dbPath
  if (isMissing(sqlObj)) return undefined
  if (!(sqlObj instanceof CodeValue))
    throw usageError(BACKUP, 'sqlObj must be the metacode of a select, such as <select * from loadTable(...)>.')
  if (isGiven(dbPath)) throw usageError(BACKUP, 'dbPath and sqlObj can not be given both.')
  return sqlObj
}

function refuseWithQuery(others: Readonly<Record<string, Arg>>): void {
  for (const [name, value] of Object.entries(others))
    if (!isMissing(value))
      throw usageError(BACKUP, `${name} can be given with dbPath only; sqlObj says itself what is backed up.`)
}

function takeOfQuery(
  session: Session,
  { backupDir, keyPath }: SetArgs,
  code: CodeValue,
  request: Omit<QueryBackupRequest, 'query'>,
  isPlan: boolean,
): Value {
  const host = loggedInHost(session, 'backup')
  const store = backupStoreToWrite(host, backupDir, BACKUP, keyPath)
  requireMayDrop(host, store, request.retention)
  const query = new TableQuery(session, code)
  if (isPlan) {
    const chunks = dryRunOfQuery(host.context(), store, { query, ...request })
    return planTable(chunks, host.runs(), 'BACKUP_BY_SQL', request.limits?.bytesPerSecondMax)
  }
  return Scalar.int(takeQueryBackup(host.context(), store, { query, ...request }))
}

/** Paths as they are; conditions against the scheme of the database. */
function partitionChoice(session: Session, url: string, partition: Value): PartitionChoice {
  const paths = pathList(partition)
  if (paths !== undefined) return { kind: 'paths', paths }
  const database = requireDatabase(loggedInHost(session, 'backup').context().view(), url)
  const isWanted = pathsByCondition(database, partition)
  return { kind: 'condition', matches: (path, table) => table.partitionColumns.length > 0 && isWanted(path) }
}

function take(session: Session, name: string, { backupDir, keyPath }: SetArgs, request: BackupRequest): Scalar {
  const host = loggedInHost(session, name)
  const store = backupStoreToWrite(host, backupDir, `${name}(backupDir, dbPath, ...)`, keyPath)
  requireMayDrop(host, store, request.retention)
  return Scalar.int(takeBackup(host.context(), store, request).chunksCopied)
}
