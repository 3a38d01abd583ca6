/** What can keep a recovery from its target, as errors for the operator. Each says which range can be reached, as far as that is known. */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import { formatLsn } from '../wal/lsn.ts'
import { formatTarget, formatTime, type RecoveryTarget } from './target.ts'

/** A place in the log, and the time of the clock there. */
export interface Moment {
  readonly timeMs: number
  readonly lsn: number
}

export const formatMoment = ({ timeMs, lsn }: Moment): string => `${formatTime(timeMs)} (LSN ${formatLsn(lsn)})`

/** The target is before every backup of the set. */
export function beforeBackups(
  root: string,
  target: RecoveryTarget,
  oldest: Moment & { readonly id: string },
): HoldfastError {
  return inputError(
    `The recovery target ${formatTarget(target)} is before the oldest backup in ${root}: ${oldest.id} of ${formatMoment(oldest)}.`,
    { code: 'recoveryBase', where: { file: root }, hint: 'choose a later target, or a set with an older backup' },
  )
}

/** The log of the backup's timeline ends before the target. */
export function pastTheEnd(target: RecoveryTarget, timeline: number, from: Moment, end: Moment): HoldfastError {
  return inputError(
    `The recovery target ${formatTarget(target)} is after the end of the log of timeline ${timeline} at ${formatMoment(end)}.`,
    {
      code: 'recoveryPastEnd',
      where: { lsn: formatLsn(end.lsn) },
      hint: `what can be reached begins at ${formatMoment(from)}, and the target "latest" gets to the end; the last minutes may not be archived yet (wal_archive_timeout; checkpoint() seals the log), and what a recovered store did is on a timeline of its own, reached from backups of it`,
    },
  )
}

/** A piece of log that is needed is missing, and later ones are there. */
export function logGap(missing: string, message: string, from: Moment, end: Moment | undefined): HoldfastError {
  return new HoldfastError('data', message, {
    code: 'recoveryGap',
    where: { file: missing },
    hint: `${reachable(from, end)}; put ${missing} into the archive to get further`,
  })
}

/** A piece of log is not what was written. */
export function logDamaged(
  place: { readonly file: string; readonly offset: number; readonly lsn: number },
  problem: string,
  from: Moment,
  end: Moment | undefined,
): HoldfastError {
  return new HoldfastError(
    'data',
    `The piece of log ${place.file} is damaged at offset ${place.offset}, LSN ${formatLsn(place.lsn)}: ${problem}.`,
    {
      code: 'recoveryDamaged',
      where: { ...place, lsn: formatLsn(place.lsn) },
      hint: `${reachable(from, end)}; an intact copy of the piece gets further`,
    },
  )
}

/** A piece of log, or all of it, is of another store. */
export const logForeign = (file: string, what: string): HoldfastError =>
  new HoldfastError('data', `The piece of log ${file} ${what}.`, {
    code: 'recoveryForeign',
    where: { file },
    hint: 'give the archive of the store that the backup is of',
  })

/** A data segment that the state at the target has is not to be had. */
export function segmentUnusable(file: string, problem: string, from: Moment, end: Moment | undefined): HoldfastError {
  return new HoldfastError('data', `The data segment ${file}, which the target needs, ${problem}.`, {
    code: 'recoverySegment',
    where: { file },
    hint: `${reachable(from, end)}; an intact copy of the segment, below data/ in the archive, gets further`,
  })
}

function reachable(from: Moment, end: Moment | undefined): string {
  if (end === undefined || end.lsn <= from.lsn) return `what can be reached is the backup itself, ${formatMoment(from)}`
  return `what can be reached: ${formatMoment(from)} to ${formatMoment(end)}, which is the target lsn:${formatLsn(end.lsn)}`
}
