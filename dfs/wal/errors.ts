/** What can be wrong with a log, as errors for the operator. */
import { HoldfastError } from '../../runtime/errors.ts'
import { formatLsn } from './lsn.ts'

const DAMAGE_HINT =
  'nothing was changed; put back an intact copy of the file (archive, replica, disk image), or restore the node from its newest backup'

/** Bytes that were promised to be durable, or cannot have been lost by chance, are not there. */
export function walDamaged(
  place: { readonly file: string; readonly offset: number; readonly lsn: number },
  found: string,
  evidence: string,
): HoldfastError {
  return new HoldfastError(
    'data',
    `The log is damaged: ${place.file}, offset ${place.offset}, LSN ${formatLsn(place.lsn)}: ${found}. ${evidence}`,
    { code: 'walDamaged', where: { ...place, lsn: formatLsn(place.lsn) }, hint: DAMAGE_HINT },
  )
}

/** Records that are needed lie in no file. */
export function walMissing(message: string): HoldfastError {
  return new HoldfastError('data', message, {
    code: 'walMissing',
    where: { file: 'wal' },
    hint: 'put the missing log files back, or restore the node from its newest backup',
  })
}

export function walForeign(file: string, what: string): HoldfastError {
  return new HoldfastError('data', `The log file ${file} ${what}.`, {
    code: 'walForeign',
    where: { file },
    hint: 'move the file away if it was copied here by mistake; nothing was changed',
  })
}

/** All files of the ring hold records that no checkpoint covers yet: a checkpoint makes room. */
export function walFull(files: number, fileBytes: number): HoldfastError {
  return new HoldfastError('io', `All ${files} log files of ${fileBytes} bytes are full; a checkpoint makes room.`, {
    code: 'walFull',
    where: { file: 'wal' },
    hint: 'raise ts.wal.group_files or ts.wal.group_file_size if this happens often',
  })
}

/** After a failure that leaves the state of the log on disk unknown. */
export function walBroken(cause: unknown): HoldfastError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError('io', `The log takes no more records since a call to the disk failed: ${reason}`, {
    code: 'walBroken',
    where: { file: 'wal' },
    hint: 'correct the cause and start again; what was acknowledged is recovered from the log',
    cause,
  })
}
