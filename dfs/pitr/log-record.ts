/** What a recovery reads of records whose checksums are right. A log may come from anywhere: a record that no store wrote is an error that names its place. */
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import { requireBlock } from '../delta/codec.ts'
import { commitIdOf as entryCommitId, entryOf, type LogEntry } from '../engine/log-entry.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { LogRecord } from '../wal/record.ts'

/** The id of the commit that a TSCOMMIT ends. */
export const commitIdOf = (record: LogRecord): number => read(record, () => entryCommitId(record))

/** What a record of data says. */
export const dataOf = (record: LogRecord): LogEntry =>
  read(record, () => {
    const entry = entryOf(record)
    const { command } = entry
    // They go into memory as they are, and would be found out by who reads them.
    if (command.kind === 'insertRows') for (const rows of command.chunks) requireBlock(command.layout, rows)
    return entry
  })

function read<R>(record: LogRecord, body: () => R): R {
  try {
    return body()
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
