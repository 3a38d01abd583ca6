/** How backups keep out of the way: the limits that their functions take, pauseBackup and resumeBackup (ours, beside the functions of the dialect). */
import { type Arg, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { isLiteral, isNumeric, Scalar } from '../../runtime/values/index.ts'
import { runsOf } from '../catalog/records.ts'
import type { PaceLimits } from '../pace/backup-pace.ts'
import { sizeOf } from '../settings/values.ts'
import { isMissing, loggedInHost } from './backup-host.ts'
import { dfsOf } from './store-args.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupPaceBuiltins = entries

/** For the documentation of functions that take them. */
export const LIMITS_DOC =
  'maxBytesPerSecond limits the rate at which data is read (a number, or a text such as "50MiB"; 0: as fast as it goes), and with maxCommitMillis the backup slows down while more than 5 of 100 commits of the last seconds take longer than that (0: it does not look); the defaults are the settings backup.max_bytes_per_second and backup.max_commit_time.'

export function limitsArg([rate, commit]: readonly Arg[], signature: string): PaceLimits {
  return { bytesPerSecondMax: rateArg(rate, signature), commitMsMax: numberArg(commit, signature, 'maxCommitMillis') }
}

function rateArg(value: Arg, signature: string): number | undefined {
  if (isMissing(value) || value.kind !== 'scalar' || !isLiteral(value.type))
    return numberArg(value, signature, 'maxBytesPerSecond')
  const text = textArg(value, signature, 'maxBytesPerSecond')
  const bytes = sizeOf(text)
  if (bytes === undefined)
    throw usageError(signature, `maxBytesPerSecond must be a size such as "50MiB", not "${text}".`)
  return bytes
}

function numberArg(value: Arg, signature: string, name: string): number | undefined {
  if (isMissing(value)) return undefined
  const number = value.kind === 'scalar' && isNumeric(value.type) ? Number(value.value) : Number.NaN
  if (number >= 0) return number
  throw usageError(signature, `${name} must be a number that is not negative.`)
}

const PAUSE = 'pauseBackup(id)'

define(PAUSE, {
  doc: 'Holds a backup that is running: id is the id of getBackupStatus (all tables of its call are held) or the backupId of getNodeBackupStatus. It goes on reading within a moment of resumeBackup, and keeps what it has: its lock on the folder, and the files of the state that it backs up. getBackupStatus shows the state paused. The pause ends with the process; a backup that ends with it is continued by the next call. For who called the backup, and administrators.',
  call: ([id], session) => setPaused(session, 'pauseBackup', textArg(id, PAUSE, 'id'), true),
})

const RESUME = 'resumeBackup(id)'

define(RESUME, {
  doc: 'Lets a backup go on that pauseBackup holds; id as there. Nothing happens if it is not held.',
  call: ([id], session) => setPaused(session, 'resumeBackup', textArg(id, RESUME, 'id'), false),
})

function setPaused(session: Session, name: string, id: string, isPaused: boolean): Scalar {
  const host = loggedInHost(session, name)
  const dfs = dfsOf(session)
  dfs.catalog.refresh()
  const run = runsOf(dfs.catalog).find((r) => r.id === id && r.type.startsWith('BACKUP_'))
  // Nobody learns of the backups of others.
  if (run === undefined || (run.user !== session.user && !host.isAdministrator()))
    throw inputError(`There is no backup ${id}.`, {
      code: 'backupMissing',
      hint: 'getBackupStatus() and getNodeBackupStatus() list those of the present',
    })
  if (run.state !== 'running')
    throw inputError(`The backup ${id} is not running: it is ${run.state}.`, { code: 'backupNotRunning' })
  dfs.request({ kind: 'pauseRun', run: run.call ?? run.id, isPaused })
  return Scalar.VOID
}
