/** restore, restoreDB, restoreTable, migrate (specification of the store, section 13). */

import { type Arg, boolArg, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { Scalar, StringVector, T, type Table, tableOf, type Value, vectorOf } from '../../runtime/values/index.ts'
import { migrateSet, planOfMigration } from '../restore/migrate.ts'
import {
  planOfDatabase,
  planOfPartitions,
  planOfTable,
  type RestoredTable,
  restoreDatabase,
  restorePartitions,
  restoreTable,
} from '../restore/restore.ts'
import { chunkPathOf, databaseUrl, pathIndexOf } from '../set/names.ts'
import { STATE_DOC, setOptions } from './backup-choice.ts'
import { backupStore, isMissing, loggedInHost, optionalText, optionalUrl, urlArg } from './backup-host.ts'
import { KEY_DOC } from './backup-key.ts'
import { noteIfNothingMatches } from './backup-pattern.ts'
import { EXPECTED_DOC, PLAN_COLUMNS_DOC, restorePlanTable } from './backup-plan.ts'
import { checkDatabaseName } from './databases.ts'
import { checkTableName } from './tables.ts'

const { entries, define } = topicTable('Backup and restore')
export const restoreBuiltins = entries

const PLAN_DOC = `With plan=true nothing is changed: the result is a table ${PLAN_COLUMNS_DOC} of what the call would do with each partition of the target (keep; copy: it is not there; replace; append: rows of a query go to outputTable; delete). rows are those of the backup, of a partition to be deleted those that it has; bytes are those to be copied. ${EXPECTED_DOC}`

const RESTORE =
  'restore(backupDir, dbPath, tableName, partition, [force=false], [outputTable], [parallel=false], [snapshot=false], [keyPath], [state], [plan=false])'

define(RESTORE, {
  doc: `Restores partitions of a table from a backup and returns their paths. Database and table must exist and have the structure of the backup (a VALUE scheme may have more values, a RANGE scheme more ranges at its end); restoreTable, restoreDB and migrate create what is missing.
partition is one text with wildcards, % for any characters and ? for one, matched against /dbName/partitions: "%" for all, "%20170810%", "/compoDB/20170807/0_50", "%/Key4/tp/%". Only partitions that differ from the backup are restored, unless force=true. With outputTable, the handle of a table of the same structure, that table is written instead. snapshot=true with partition="%" also removes partitions that the backup does not have.
From a backup of a query, rows are appended to outputTable; in the original table a restored partition becomes what the backup has. snapshot can not be given for it, and the columns of the query must be those of the table.
Every byte is checked while it is copied; all partitions are put in place in one transaction, so the table is never half restored. An interrupted call is continued by the next one. ${STATE_DOC} ${KEY_DOC}
${PLAN_DOC} Needs a login.`,
  call: (args, session) => {
    const [backupDir, dbPath, tableName, partition, force, outputTable, parallel, snapshot, keyPath, state, plan] = args
    const host = loggedInHost(session, 'restore')
    boolArg(parallel, RESTORE, 'parallel', false)
    const source = { url: urlArg(dbPath, RESTORE, 'dbPath'), table: textArg(tableName, RESTORE, 'tableName') }
    const request = {
      ...source,
      pattern: textArg(partition, RESTORE, 'partition'),
      force: boolArg(force, RESTORE, 'force', false),
      snapshot: isMissing(snapshot) ? undefined : boolArg(snapshot, RESTORE, 'snapshot', false),
      target: outputArg(outputTable) ?? source,
    }
    const store = backupStore(host, backupDir, RESTORE, keyPath)
    const context = host.context()
    if (boolArg(plan, RESTORE, 'plan', false)) {
      const planned = planOfPartitions(context, store, request, setOptions(state, RESTORE))
      noteIfNothingMatches(context.progress, store, [planned.index], request.pattern)
      return restorePlanTable(planned.chunks, host.runs())
    }
    const restored = restorePartitions(context, store, request, setOptions(state, RESTORE))
    noteIfNothingMatches(context.progress, store, [restored.index], request.pattern)
    const { url } = restored.index.database
    const last = pathIndexOf(restored.index)
    return new StringVector(restored.chunks.map((c) => chunkPathOf(url, c.path, last)))
  },
})

/** The table that a handle stands for. */
function outputArg(value: Arg): RestoredTable | undefined {
  if (isMissing(value)) return undefined
  const name = (value as Value).kind === 'source' ? (value as Value & { kind: 'source' }).source.name : ''
  const slash = name.lastIndexOf('/')
  if (!name.startsWith('dfs://') || slash < 'dfs://'.length)
    throw usageError(RESTORE, 'outputTable must be the handle of a distributed table, as loadTable returns it.')
  return { url: databaseUrl(name.slice(0, slash)), table: name.slice(slash + 1) }
}

const RESTORE_DB = 'restoreDB(backupDir, dbPath, [newDBPath], [keyPath], [state], [plan=false])'

define(RESTORE_DB, {
  doc: `Restores a database from a backup, under its own name or as newDBPath. Database and tables are created when they are missing; partitions of existing tables that differ from the backup are replaced, and those that the backup does not have are removed. Returns a table dbName, tableName with a row per restored table. ${STATE_DOC} ${KEY_DOC} ${PLAN_DOC} Needs a login.`,
  call: ([backupDir, dbPath, newDBPath, keyPath, state, plan], session) => {
    const host = loggedInHost(session, 'restoreDB')
    const url = urlArg(dbPath, RESTORE_DB, 'dbPath')
    const target = newUrlArg(newDBPath, RESTORE_DB) ?? url
    const store = backupStore(host, backupDir, RESTORE_DB, keyPath)
    const options = setOptions(state, RESTORE_DB)
    if (boolArg(plan, RESTORE_DB, 'plan', false))
      return restorePlanTable(planOfDatabase(host.context(), store, url, target, options), host.runs())
    return tableList(restoreDatabase(host.context(), store, url, target, options))
  },
})

const RESTORE_TABLE =
  'restoreTable(backupDir, dbPath, tableName, [newDBPath], [newTableName], [keyPath], [state], [plan=false])'

define(RESTORE_TABLE, {
  doc: `Restores a table from a backup, into the same or another database (newDBPath) and under the same or another name (newTableName). Database and table are created when they are missing; otherwise the table becomes what the backup has. Returns a table dbName, tableName with one row. ${STATE_DOC} ${KEY_DOC} ${PLAN_DOC} Needs a login.`,
  call: ([backupDir, dbPath, tableName, newDBPath, newTableName, keyPath, state, plan], session) => {
    const host = loggedInHost(session, 'restoreTable')
    const source = {
      url: urlArg(dbPath, RESTORE_TABLE, 'dbPath'),
      table: textArg(tableName, RESTORE_TABLE, 'tableName'),
    }
    const target = {
      url: newUrlArg(newDBPath, RESTORE_TABLE) ?? source.url,
      table: newTableArg(newTableName, RESTORE_TABLE) ?? source.table,
    }
    const store = backupStore(host, backupDir, RESTORE_TABLE, keyPath)
    const options = setOptions(state, RESTORE_TABLE)
    if (boolArg(plan, RESTORE_TABLE, 'plan', false))
      return restorePlanTable(planOfTable(host.context(), store, source, target, options), host.runs())
    return tableList([restoreTable(host.context(), store, source, target, options)])
  },
})

const MIGRATE =
  'migrate(backupDir, [backupDBPath], [backupTableName], [newDBPath], [newTableName], [keyPath], [state], [plan=false])'

define(MIGRATE, {
  doc: `Restores what is not there yet: every database of a backup, one database, or one table, which may get another database or name. Returns a table dbName, tableName, success, errorMsg with a row per table under its original name; a database without tables has a row with an empty tableName. A table that exists already, or that fails, does not stop the others. ${STATE_DOC} ${KEY_DOC} ${PLAN_DOC} A table that would not be restored has no row there; a line says why. Needs a login.`,
  call: ([backupDir, backupDBPath, backupTableName, newDBPath, newTableName, keyPath, state, plan], session) => {
    const host = loggedInHost(session, 'migrate')
    const request = {
      url: optionalUrl(backupDBPath, MIGRATE, 'backupDBPath'),
      table: optionalText(backupTableName, MIGRATE, 'backupTableName'),
      newUrl: newUrlArg(newDBPath, MIGRATE),
      newTable: newTableArg(newTableName, MIGRATE),
    }
    if (request.url === undefined && (request.table !== undefined || request.newUrl !== undefined))
      throw usageError(MIGRATE, 'backupTableName and newDBPath need backupDBPath.')
    if (request.table === undefined && request.newTable !== undefined)
      throw inputError('migrate can rename a table only if backupTableName names it.', { code: 'usage' })
    const store = backupStore(host, backupDir, MIGRATE, keyPath)
    const options = setOptions(state, MIGRATE)
    if (boolArg(plan, MIGRATE, 'plan', false))
      return restorePlanTable(planOfMigration(host.context(), store, request, options), host.runs())
    const rows = migrateSet(host.context(), store, request, options)
    return tableOf({
      dbName: new StringVector(rows.map((r) => r.url)),
      tableName: new StringVector(rows.map((r) => r.table)),
      success: vectorOf(
        T.BOOL,
        rows.map((r) => (r.error === undefined ? Scalar.TRUE : Scalar.FALSE).value),
      ),
      errorMsg: new StringVector(rows.map((r) => r.error ?? '')),
    })
  },
})

/** Names that a restore may give are those that `database` and `createPartitionedTable` take: they become names of folders. */
function newUrlArg(value: Arg, signature: string): string | undefined {
  const url = optionalUrl(value, signature, 'newDBPath')
  if (url !== undefined) checkDatabaseName(url)
  return url
}

function newTableArg(value: Arg, signature: string): string | undefined {
  const name = optionalText(value, signature, 'newTableName')
  return name === undefined ? undefined : checkTableName(name)
}

function tableList(tables: readonly RestoredTable[]): Table {
  return tableOf({
    dbName: new StringVector(tables.map((t) => t.url)),
    tableName: new StringVector(tables.map((t) => t.table)),
  })
}
