/** What a recovery reads of records whose checksums are right. A log may come from anywhere: a record that no store wrote is an error that names its place. */
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import { entryOf, type LogEntry } from '../engine/log-entry.ts'
import { formatLsn } from '../wal/lsn.ts'
import { unpackPayload } from '../wal/payload.ts'
import type { LogRecord } from '../wal/record.ts'

/** The id of the commit that a TSCOMMIT ends. */
export function commitIdOf(record: LogRecord): number {
  const payload = unpackPayload(record.payload) as { readonly cid?: unknown } | null
  if (typeof payload?.cid === 'number' && payload.cid >= 0) return payload.cid
  throw unusable(record, new HoldfastError('data', 'the record does not hold the end of a transaction'))
}

/** What a record of data says. */
export function dataOf(record: LogRecord): LogEntry {
  try {
    return entryOf(record)
  } catch (error) {
    throw unusable(record, error)
  }
}

/** The replay can't go on with a record. */
export const unusable = (
  { lsn, kind, transaction }: Pick<LogRecord, 'lsn' | 'kind' | 'transaction'>,
  error: unknown,
): HoldfastError =>
  new HoldfastError(
    'data',
    `The recovery cannot repeat the transaction ${transaction} (${kind}) at LSN ${formatLsn(lsn)}: ${toHoldfastError(error).message}`,
    {
      code: 'replayFailed',
      where: { lsn: formatLsn(lsn) },
      hint: 'the log does not fit the backup; recover to an LSN before it, or begin with another backup',
      cause: error,
    },
  )
