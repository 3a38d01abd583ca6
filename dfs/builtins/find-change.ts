/** findChange: when rows of a table were changed or removed, by whom, and the place in the log just before (ours, beside the functions of the dialect). */
import { randomUUID } from 'node:crypto'
import { isAbsolute, join, resolve } from 'node:path'
import { type Arg, boolArg, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { castScalar } from '../../runtime/ops/cast.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import {
  CodeValue,
  isLiteral,
  NULL_I64,
  StringVector,
  T,
  tableOf,
  type Value,
  vectorOf,
} from '../../runtime/values/index.ts'
import { archiveMarkOf } from '../archive/ledger.ts'
import { keys, type StoreMark } from '../catalog/records.ts'
import { type Bound, type ChangeReport, type FoundChange, findChanges } from '../find-change/search.ts'
import { CommandArchive, DirectoryArchive, type SearchedArchive } from '../find-change/searched-archive.ts'
import { RestoreCommand } from '../pitr/restore-command.ts'
import { ownScratch, removeScratch } from '../pitr/scratch.ts'
import { parseTarget } from '../pitr/target.ts'
import type { BackupContext } from '../set/context.ts'
import { formatLsn } from '../wal/lsn.ts'
import { walkLog } from '../wal/walk.ts'
import { momentOf, TIMES } from './backup-choice.ts'
import { type BackupHost, isMissing, loggedInHost, optionalText, timestampOf, urlArg } from './backup-host.ts'
import { dfsOf } from './store-args.ts'

const { entries, define } = topicTable('Backup and restore')
export const findChangeBuiltins = entries

const FIND = 'findChange(dbPath, tableName, [predicate], [from], [to], [walArchiveDir], [includeInserts=false])'

define(FIND, {
  doc: `Searches the log and its archive for the transactions that changed or removed rows of a table, says who made them, and gives the place just before each, ready for recovery. Returns a table lsn, lsnBefore, time, user, kind, partition, rowsBefore, rowsAfter, rowsGone, certain, note: a row for each transaction and partition, in the order of the log; it is empty if nothing was found. A table that neither the store nor that log knows is an error.
predicate is metacode of a condition on single rows, such as <symbol = \`A and price > 100>; without one every row matches. The columns are those that the table had at the time. from and to restrict the search: a time (DATE, DATETIME, TIMESTAMP, local; a date from its beginning to its end), a text with a zone such as "2026-01-15T14:30:00Z", or "lsn:H/L"; both are included.
kind is UPDATE, DELETE, REPLACE (an append whose rows took the place of others with their keys), DROP PARTITION, TRUNCATE, DROP TABLE, DROP DATABASE, DROP COLUMN, CHANGE COLUMN TYPE, RESTORE, and with includeInserts INSERT. rowsBefore are the matching rows in the files and small appends that the transaction replaced, rowsAfter those in what it put in their place, rowsGone those of rowsBefore that are not there unchanged afterwards. UPDATE and DELETE are listed only where rowsGone is not 0.
lsnBefore is the target for restore-pitr and recoverTable that has everything before the transaction; a recovery to "lsn:" + lsn includes it. note says so where the archive does not have it yet.
The table may have been dropped, made anew and renamed: all tables that had the name are searched. What can't be judged because log or data segments are gone is not guessed: certain is false, the counts are null or lower bounds, and note says what is missing. A row of kind GAP stands for log that was not searched. The archive is that of the configuration (wal_restore_command, or else wal_archive_dir) or walArchiveDir. Rows that were changed at ts.wal.wal_level 0 are in no log.
Needs a login and the right to read the table; who is no administrator sees only the table that has the name now. Reading takes as long as the log and the data of the changes that it finds are large, and memory for a file or two.`,
  call: ([dbPath, tableName, predicate, from, to, walArchiveDir, includeInserts], session) => {
    const host = loggedInHost(session, 'findChange')
    const url = urlArg(dbPath, FIND, 'dbPath')
    const table = textArg(tableName, FIND, 'tableName')
    if (!isMissing(predicate) && !(predicate instanceof CodeValue))
      throw usageError(FIND, 'predicate must be metacode of a condition, such as <price > 100>.')
    const dfs = dfsOf(session)
    const context = host.context()
    const view = context.view()
    const request = {
      url,
      table,
      predicate: isMissing(predicate) ? undefined : (predicate as CodeValue),
      from: boundArg(from, 'from'),
      to: boundArg(to, 'to'),
      includesInserts: boolArg(isMissing(includeInserts) ? undefined : includeInserts, FIND, 'includeInserts', false),
      onlyId: readableId(session, url, table),
      tables: view.database(url) === undefined ? [] : view.tables(url),
    }
    const search = (archive: SearchedArchive | undefined, more = ''): Value => {
      const store = dfs.catalog.get(keys.store) as StoreMark
      const report = findChanges(session, { ...request, sources: { data: context.data, archive, store } })
      context.progress.note(`${searchedText(report)}${more}`)
      return changeTable(report.changes)
    }
    const given = optionalText(walArchiveDir, FIND, 'walArchiveDir') || undefined
    const { archive } = dfs.config.settings
    if (given === undefined && archive?.restoreCommand !== undefined)
      return withFetched(session, context, archive.restoreCommand, search)
    const isOutOfReach = given === undefined && archive?.dir === undefined && archive?.command !== undefined
    return search(
      archiveIn(host, given, archive?.dir),
      isOutOfReach ? '; not the archive, because there is no wal_restore_command to read it with' : '',
    )
  },
})

/** The table that the user may know of, if that is one alone: rows of tables that are gone are for administrators. */
function readableId(session: Session, url: string, name: string): string | undefined {
  const dfs = dfsOf(session)
  if (dfs.users.isAdmin(session.user)) return undefined
  const view = dfs.view()
  const database = view.database(url)
  const table = database === undefined ? undefined : view.table(url, name)
  if (database === undefined || table === undefined)
    throw inputError(
      `<NoPrivilege>Only administrators may search for changes of ${url}/${name}, which does not exist now.`,
      {
        code: 'noPrivilege',
        where: { db: url, table: name },
      },
    )
  dfs.requireAccess('read', database, table)
  return table.id
}

/** Searches an archive that is behind a command. What that brings is removed afterwards. */
function withFetched(
  session: Session,
  context: BackupContext,
  command: string,
  search: (archive: SearchedArchive) => Value,
): Value {
  const { catalog } = dfsOf(session)
  const { data } = context
  const scratch = ownScratch(data, randomUUID(), context.now())
  const newest = (): number => {
    const mark = archiveMarkOf(catalog)
    const live = walkLog(data, { to: 0 }, () => {}).files[0]?.sequence ?? 0
    return Math.max(mark?.lastSequence ?? 0, live - 1)
  }
  try {
    return search(new CommandArchive(new RestoreCommand(command), scratch, newest))
  } finally {
    removeScratch(scratch)
  }
}

function archiveIn(
  host: BackupHost,
  given: string | undefined,
  configured: string | undefined,
): SearchedArchive | undefined {
  if (given?.includes('\0')) throw usageError(FIND, 'walArchiveDir must be a path.')
  const text = given ?? configured
  if (text === undefined) return undefined
  const dir = isAbsolute(text) ? resolve(text) : join(host.home, text)
  const files = host.openSet(dir)
  if (files.stat('')?.kind === 'directory') return new DirectoryArchive(files)
  // The archive of the configuration is made with its first piece.
  if (given === undefined) return undefined
  throw inputError(`There is no archive directory ${dir}.`, { code: 'archiveMissing', where: { file: dir } })
}

function boundArg(value: Arg, name: 'from' | 'to'): Bound | undefined {
  if (isMissing(value)) return undefined
  if (value.kind === 'scalar' && TIMES.has(value.type))
    return { kind: 'time', ms: momentOf(name === 'from' ? castScalar(value, T.TIMESTAMP) : value) }
  if (value.kind === 'scalar' && isLiteral(value.type)) {
    const text = textArg(value, FIND, name)
    if (text === '') return undefined
    const target = parseTarget(text)
    if (target.kind !== 'latest') return target
  }
  throw usageError(
    FIND,
    `${name} must be a time such as 2026.11.21T08:00:00, "2026-11-21T08:00:00Z", or a place in the log such as "lsn:0/1A3B4C5D".`,
  )
}

function searchedText({ searched, changes }: ChangeReport): string {
  if (searched === undefined) return 'There is no log to search'
  const gaps = changes.filter((c) => c.kind === 'GAP').length
  const found = changes.length - gaps
  const range = `Searched the log from LSN ${formatLsn(searched.fromLsn)} to ${formatLsn(searched.toLsn)}`
  return `${range}: ${found} change${found === 1 ? '' : 's'}${gaps === 0 ? '' : `, ${gaps} gap${gaps === 1 ? '' : 's'}`}`
}

function changeTable(changes: readonly FoundChange[]): Value {
  const texts = (of: (c: FoundChange) => string) => new StringVector(changes.map(of))
  const counts = (of: (c: FoundChange) => number | undefined) =>
    vectorOf(
      T.LONG,
      changes.map((c) => {
        const count = of(c)
        return count === undefined ? NULL_I64 : BigInt(count)
      }),
    )
  return tableOf({
    lsn: texts((c) => formatLsn(c.lsn)),
    lsnBefore: texts((c) => (c.targetLsn === undefined ? '' : `lsn:${formatLsn(c.targetLsn)}`)),
    time: vectorOf(
      T.TIMESTAMP,
      changes.map((c) => timestampOf(c.timeMs)),
    ),
    user: texts((c) => c.user),
    kind: texts((c) => c.kind),
    partition: texts((c) => c.partition),
    rowsBefore: counts((c) => c.before),
    rowsAfter: counts((c) => c.after),
    rowsGone: counts((c) => c.gone),
    certain: vectorOf(
      T.BOOL,
      changes.map((c) => (c.isCertain ? 1 : 0)),
    ),
    note: texts((c) => c.note),
  })
}
