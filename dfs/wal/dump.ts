/** A record as a line for people: `holdfast wal dump`. */
import { formatLsn } from './lsn.ts'
import type { LogRecord } from './record.ts'

/** What the payload says, in the words of whoever packed it. */
export interface RecordDescription {
  /** Database, table, user, setting; '' for none. */
  readonly object: string
  /** Rows or columns, such as `3 rows`; '' for none. */
  readonly extent: string
}

/** `0/00000040  2026-11-21T08:00:00.123Z  17  INSERT  dfs://db/tb  3 rows  152 bytes`: LSN, time, transaction, kind, object, rows or columns, bytes in the log. */
export function formatRecord(record: LogRecord, describe: (record: LogRecord) => RecordDescription): string {
  const { object, extent } = describe(record)
  const cells = [
    formatLsn(record.lsn),
    new Date(record.timeMs).toISOString(),
    String(record.transaction),
    record.kind,
    object === '' ? '-' : object,
    extent === '' ? '-' : extent,
    `${record.endLsn - record.lsn} bytes`,
  ]
  return cells.map(oneLine).join('  ')
}

/** Names come from users: whatever would move the cursor is shown as its code. */
function oneLine(text: string): string {
  return text.replace(/\p{C}/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}
