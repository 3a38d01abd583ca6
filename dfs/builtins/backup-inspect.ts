/** getBackupList, getBackupMeta, loadBackup, getBackupStatus (specification of the store, section 12). */

import { textArg } from '../../runtime/builtins/args.ts'
import { inputError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import {
  type ColumnSchema,
  Dict,
  NULL_I32,
  Scalar,
  StringVector,
  T,
  type Table,
  tableOf,
  typeName,
  type Value,
  vectorOf,
} from '../../runtime/values/index.ts'
import type { BackupRun } from '../engine/commands.ts'
import { reading } from '../restore/restore.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { chunkPathOf, pathIndexOf } from '../set/names.ts'
import { BackupSet } from '../set/open.ts'
import { chunkRows } from '../set/rows.ts'
import { estimatedEndMs, percentComplete } from '../set/runs.ts'
import { STATE_DOC, setOptions } from './backup-choice.ts'
import { backupStore, loggedInHost, optionalText, timestampOf, urlArg } from './backup-host.ts'
import { KEY_DOC } from './backup-key.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupInspectBuiltins = entries

const texts = (values: readonly string[]): StringVector => new StringVector([...values])
const longs = (values: readonly number[]) => vectorOf(T.LONG, values.map(BigInt))

const LIST = 'getBackupList(backupDir, dbPath, tableName, [keyPath], [state])'

define(LIST, {
  doc: `The partitions of a table in a backup: a table chunkID, chunkPath, cid, rows, updateTime with a row per partition. ${STATE_DOC} ${KEY_DOC}`,
  call: ([backupDir, dbPath, tableName, keyPath, state], session) => {
    const host = loggedInHost(session, 'getBackupList')
    const set = new BackupSet(backupStore(host, backupDir, LIST, keyPath), setOptions(state, LIST))
    const index = set.index(urlArg(dbPath, LIST, 'dbPath'), textArg(tableName, LIST, 'tableName'))
    const { chunks } = index
    return tableOf({
      chunkID: texts(chunks.map((c) => c.chunkId)),
      chunkPath: texts(chunks.map((c) => chunkPathOf(index.database.url, c.path, pathIndexOf(index)))),
      cid: longs(chunks.map((c) => c.cid)),
      rows: longs(chunks.map((c) => c.rows)),
      updateTime: vectorOf(
        T.TIMESTAMP,
        chunks.map((c) => timestampOf(c.updateTimeMs)),
      ),
    })
  },
})

const META = 'getBackupMeta(backupDir, dbPath, partition, tableName, [keyPath], [state])'

define(META, {
  doc: `What a backup knows of one partition: a dictionary with schema (a table name, typeString, typeInt, extra, comment), dfsPath, rows, chunkID and cid. partition is its path below the database, such as "/20190101/GOOG". ${STATE_DOC} ${KEY_DOC}`,
  call: ([backupDir, dbPath, partition, tableName, keyPath, state], session) => {
    const host = loggedInHost(session, 'getBackupMeta')
    const set = new BackupSet(backupStore(host, backupDir, META, keyPath), setOptions(state, META))
    const index = set.index(urlArg(dbPath, META, 'dbPath'), textArg(tableName, META, 'tableName'))
    host.context().access.readBackup(index)
    const chunk = requireChunk(index, textArg(partition, META, 'partition'))
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['schema', columnTable((index.query ?? index.table).columns)],
        ['dfsPath', Scalar.string(chunkPathOf(index.database.url, chunk.path, pathIndexOf(index)))],
        ['rows', Scalar.long(chunk.rows)],
        ['chunkID', Scalar.string(chunk.chunkId)],
        ['cid', Scalar.long(chunk.cid)],
      ]),
      true,
    )
  },
})

/** The chunk of a partition named by its path, with or without the physical index at the end. */
function requireChunk(index: TableIndex, partition: string): SetChunk {
  const path = partition.replace(/\/+$/, '')
  const found = index.chunks.find((c) => c.path === path || `${c.path}/${index.table.physicalIndex}` === path)
  if (found !== undefined) return found
  throw inputError(
    `The backup of ${index.database.url}/${index.table.name} does not contain the partition [${partition}].`,
    { code: 'backupMissing', hint: 'getBackupList lists the partitions of a table in a backup' },
  )
}

function columnTable(columns: readonly ColumnSchema[]): Table {
  return tableOf({
    name: texts(columns.map((c) => c.name)),
    typeString: texts(columns.map((c) => typeName(c.type, c.scale))),
    typeInt: vectorOf(
      T.INT,
      columns.map((c) => c.type),
    ),
    extra: vectorOf(
      T.INT,
      columns.map((c) => c.scale ?? NULL_I32),
    ),
    comment: texts(columns.map((c) => c.comment ?? '')),
  })
}

const LOAD = 'loadBackup(backupDir, dbPath, partition, tableName, [keyPath], [state])'

define(LOAD, {
  doc: `The rows of one partition of a backup as a table in memory: those of the query, or for a backup made by copying files those of the table. partition is its path below the database, with or without the physical index at its end. Every byte is checked. ${STATE_DOC} ${KEY_DOC} Needs a login.`,
  call: ([backupDir, dbPath, partition, tableName, keyPath, state], session) => {
    const host = loggedInHost(session, 'loadBackup')
    return reading(backupStore(host, backupDir, LOAD, keyPath), setOptions(state, LOAD), (set) => {
      const index = set.index(urlArg(dbPath, LOAD, 'dbPath'), textArg(tableName, LOAD, 'tableName'))
      host.context().access.readBackup(index)
      return chunkRows(set, index, requireChunk(index, textArg(partition, LOAD, 'partition')))
    })
  },
})

const STATUS = 'getBackupStatus([userName])'

define(STATUS, {
  doc: 'Backup and restore calls, the newest first, with a row per table: userName, type, startTime, dbName, tableName, totalPartitions, completedPartitions, percentComplete (by bytes, also within a partition), endTime (while it runs an estimate from the bytes that are done, null before anything was read and while it is paused), completed, id, state (running, paused, completed, failed, cancelled, interrupted). Administrators see everybody, or the calls of userName; others see their own.',
  call: ([userName], session) => {
    const host = loggedInHost(session, 'getBackupStatus')
    const wanted = optionalText(userName, STATUS, 'userName')
    if (!host.isAdministrator() && wanted !== undefined && wanted !== session.user)
      throw inputError(`<NoPrivilege>Not granted to see the backups of ${wanted}.`, { code: 'notAdmin' })
    const user = host.isAdministrator() ? wanted : session.user
    const runs = [...host.runs()].filter((r) => user === undefined || r.user === user)
    // Of one call, all start within a moment: the later record is the newer.
    return statusTable(
      runs
        .map((r, k) => ({ r, k }))
        .sort((a, b) => b.r.startMs - a.r.startMs || b.k - a.k)
        .map((e) => e.r),
      session.now(),
    )
  },
})

function statusTable(runs: readonly BackupRun[], nowMs: number): Table {
  const ints = (of: (run: BackupRun) => number) => vectorOf(T.INT, runs.map(of))
  return tableOf({
    userName: texts(runs.map((r) => r.user)),
    type: texts(runs.map((r) => r.type)),
    startTime: vectorOf(
      T.TIMESTAMP,
      runs.map((r) => timestampOf(r.startMs)),
    ),
    dbName: texts(runs.map((r) => r.db)),
    tableName: texts(runs.map((r) => r.table)),
    totalPartitions: ints((r) => r.totalPartitions),
    completedPartitions: ints((r) => r.completedPartitions),
    percentComplete: ints(percentComplete),
    endTime: vectorOf(
      T.TIMESTAMP,
      runs.map((r) => timestampOf(r.endMs ?? estimatedEndMs(r, runs, nowMs))),
    ),
    completed: ints((r) => (r.state === 'completed' ? 1 : 0)),
    id: texts(runs.map((r) => r.id)),
    state: texts(runs.map((r) => (r.pausedSinceMs === undefined ? r.state : 'paused'))),
  })
}
