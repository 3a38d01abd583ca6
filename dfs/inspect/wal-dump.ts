/** `holdfast wal dump`: the records of a log as lines. The directory may be in use. */
import { HoldfastError } from '../../runtime/errors.ts'
import { databaseUrl } from '../set/names.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { formatRecord } from '../wal/dump.ts'
import { LOG_FOLDER } from '../wal/file-set.ts'
import { parseLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'
import { type WalkedLog, walkLog } from '../wal/walk.ts'
import { type DescribedRecord, describeRecord } from './describe-record.ts'

export interface DumpRequest {
  /** LSNs as people type them. */
  readonly from?: string
  readonly to?: string
  /** `dfs://db/table`, or `dfs://db` for all that concerns the database. */
  readonly table?: string
}

/** Hands over a line for each record. Throws for a directory that has no log. */
export function dumpLog(dataDir: string, request: DumpRequest, write: (line: string) => void): WalkedLog {
  const from = request.from === undefined ? 0 : parseLsn(request.from)
  const to = request.to === undefined ? undefined : parseLsn(request.to)
  const store = new LocalFileStore(dataDir)
  if (store.stat(LOG_FOLDER)?.kind !== 'directory')
    throw new HoldfastError('input', `There is no ${LOG_FOLDER}/ in ${dataDir}: it is no data directory.`, {
      code: 'directoryMissing',
      where: { file: dataDir },
    })
  const print = request.table === undefined ? everything(write) : onlyOf(request.table, write)
  return walkLog(store, { from, ...(to === undefined ? {} : { to }) }, print)
}

const everything =
  (write: (line: string) => void) =>
  (record: LogRecord): void =>
    write(formatRecord(record, describeRecord))

/** Records about a table, and the begin and end of their transactions. */
function onlyOf(name: string, write: (line: string) => void): (record: LogRecord) => void {
  const wanted = databaseUrl(name)
  /** The line of a TSBEGIN, until the transaction turns out to be about the table; then ''. */
  const begun = new Map<number, string>()
  return (record) => {
    const description = describeRecord(record)
    const line = formatRecord(record, () => description)
    const { transaction } = record
    switch (record.kind) {
      case 'TSBEGIN':
        begun.set(transaction, line)
        return
      case 'TSCOMMIT':
      case 'TSROLLBACK':
        if (begun.get(transaction) === '') write(line)
        else begun.delete(transaction)
        return
    }
    if (!isAbout(description, wanted)) return
    const begin = begun.get(transaction)
    if (begin !== undefined && begin !== '') write(begin)
    begun.set(transaction, '')
    write(line)
  }
}

function isAbout({ subject }: DescribedRecord, wanted: string): boolean {
  if (subject === undefined) return false
  const { db, table, renamedTo } = subject
  if (db === wanted) return true
  // What changes a whole database changes its tables.
  if (table === undefined) return wanted.startsWith(`${db}/`)
  return `${db}/${table}` === wanted || (renamedTo !== undefined && `${db}/${renamedTo}` === wanted)
}
