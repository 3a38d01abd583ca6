/** backupNode, getNodeBackupStatus: backups of everything that a data directory holds. */
import { dirname, join } from 'node:path'
import { type Arg, boolArg, isGiven, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Dict, Scalar, T, type Value } from '../../runtime/values/index.ts'
import { runsOf } from '../catalog/records.ts'
import type { BackupRun } from '../engine/commands.ts'
import { planNodeBackup } from '../node-backup/dry-run.ts'
import { takeNodeBackup } from '../node-backup/take.ts'
import { backupStoreToWrite, isMissing, loggedInHost, timestampOf } from './backup-host.ts'
import { keyArg } from './backup-key.ts'
import { LIMITS_DOC, limitsArg } from './backup-pace.ts'
import { EXPECTED_DOC, expectedSeconds } from './backup-plan.ts'
import { listing } from './listing.ts'
import { dfsOf, requireAdministrator } from './store-args.ts'

const { entries, define } = topicTable('Backup and restore')
export const nodeBackupBuiltins = entries

const BACKUP =
  'backupNode(dir, [includeWal=true], [compress=false], [keyPath], [keep], [maxBytesPerSecond], [maxCommitMillis], [plan=false])'

define(BACKUP, {
  doc: `Backs up everything that the data directory holds (databases, users, privileges, function views, settings, scheduled jobs, the configuration file) into the folder dir, as of one commit, while it is read and written. Returns a dictionary: status, backupId, destination, estimatedSizeBytes (of the data, before compression; rows of small appends as they are in the log).
Files that an earlier backup in dir has are not copied again. With includeWal the log since the moment of the backup is added, from which a recovery to a later time begins. compress=true stores the files that are copied as zstd. keep is how many backups stay in dir, this one included; the default is all. An interrupted call is continued by the next one. ${LIMITS_DOC} pauseBackup holds a backup.
"holdfast restore" makes a data directory of a backup, "holdfast verify-backup" reads every byte of it. keyPath is a key file, absolute or in the data directory: everything is encrypted with it (AES-256-GCM), and the same key is needed to verify and to restore.
With plan=true nothing is changed: the result is a table content, action, number, bytes, expectedSeconds of what the call would do: data segments that it would keep, copy, or resume (an interrupted call copied them, they are read), rows of small appends that are in no segment yet, files of the log, and with keep backups that it would delete. bytes are those before compression. ${EXPECTED_DOC} For administrators.`,
  call: ([dir, includeWal, compress, keyPath, keep, maxBytesPerSecond, maxCommitMillis, plan], session) => {
    requireAdministrator(session, 'backupNode')
    const host = loggedInHost(session, 'backupNode')
    const set = backupStoreToWrite(host, dir, BACKUP)
    const request = {
      includeWal: boolArg(includeWal, BACKUP, 'includeWal', true),
      compress: boolArg(compress, BACKUP, 'compress', false),
      keep: keepArg(keep),
      config: configOf(session),
      key: keyArg(host, keyPath, BACKUP),
      limits: limitsArg([maxBytesPerSecond, maxCommitMillis], BACKUP),
    }
    const parts = { context: host.context(), catalog: dfsOf(session).catalog, set }
    if (boolArg(plan, BACKUP, 'plan', false)) {
      const secondsOf = expectedSeconds(nodeRuns(session), 'BACKUP_NODE', request.limits.bytesPerSecondMax)
      return listing(planNodeBackup(parts, request), {
        content: [T.STRING, (p) => p.content],
        action: [T.STRING, (p) => p.action],
        number: [T.LONG, (p) => BigInt(p.count)],
        bytes: [T.LONG, (p) => BigInt(p.bytes)],
        expectedSeconds: [T.DOUBLE, (p) => (p.action === 'keep' ? 0 : secondsOf(p.bytes))],
      })
    }
    const { manifest, bytesEstimated } = takeNodeBackup(parts, request)
    return dictOf({
      status: Scalar.string('completed'),
      backupId: Scalar.string(manifest.id),
      destination: Scalar.string(set.root),
      estimatedSizeBytes: Scalar.long(bytesEstimated),
    })
  },
})

function keepArg(value: Arg): number | undefined {
  if (isMissing(value)) return undefined
  const keep = value.kind === 'scalar' ? Number(value.value) : Number.NaN
  if (!Number.isInteger(keep) || keep < 1) throw usageError(BACKUP, 'keep must be a number of backups, at least 1.')
  return keep
}

/** The configuration file that the process was started with. */
function configOf(session: Session): Uint8Array | undefined {
  const { home, config } = dfsOf(session)
  const path = config.configFile ?? join(home, 'holdfast.toml')
  const folder = loggedInHost(session, 'backupNode').openSet(dirname(path))
  const name = path.slice(path.lastIndexOf('/') + 1)
  return folder.stat(name)?.kind === 'file' ? folder.readFile(name) : undefined
}

const dictOf = (values: Readonly<Record<string, Value>>): Dict =>
  new Dict(T.STRING, T.ANY, new Map(Object.entries(values)), true)

const STATUS = 'getNodeBackupStatus([backupId])'

define(STATUS, {
  doc: 'How far a backup of the node is: a dictionary backupId, status (started, running, paused, completed, failed, cancelled), percent, bytesDone, bytesTotal, startTime, endTime, errorMsg. Without backupId a table with a row for each, the newest first. For administrators.',
  call: ([backupId], session) => {
    requireAdministrator(session, 'getNodeBackupStatus')
    const runs = nodeRuns(session)
    if (!isGiven(backupId))
      return listing(runs, {
        backupId: [T.STRING, (r) => r.id],
        status: [T.STRING, statusOf],
        percent: [T.INT, percentOf],
        bytesDone: [T.LONG, (r) => BigInt(r.bytesDone ?? 0)],
        bytesTotal: [T.LONG, (r) => BigInt(r.bytesTotal ?? 0)],
        startTime: [T.TIMESTAMP, (r) => timestampOf(r.startMs)],
        endTime: [T.TIMESTAMP, (r) => timestampOf(r.endMs)],
        errorMsg: [T.STRING, (r) => r.error],
        destination: [T.STRING, (r) => r.db],
      })
    const id = textArg(backupId, STATUS, 'backupId')
    const run = runs.find((r) => r.id === id)
    if (run === undefined)
      throw inputError(`There is no record of a node backup ${id}.`, {
        code: 'backupMissing',
        hint: 'getNodeBackupStatus() lists them',
      })
    return dictOf({
      backupId: Scalar.string(run.id),
      status: Scalar.string(statusOf(run)),
      percent: Scalar.int(percentOf(run)),
      bytesDone: Scalar.long(run.bytesDone ?? 0),
      bytesTotal: Scalar.long(run.bytesTotal ?? 0),
      startTime: new Scalar(T.TIMESTAMP, timestampOf(run.startMs)),
      endTime: new Scalar(T.TIMESTAMP, timestampOf(run.endMs)),
      errorMsg: Scalar.string(run.error),
    })
  },
})

/** The newest first. */
function nodeRuns(session: Session): BackupRun[] {
  const { catalog } = dfsOf(session)
  catalog.refresh()
  return runsOf(catalog)
    .filter((r) => r.type === 'BACKUP_NODE')
    .sort((a, b) => b.startMs - a.startMs)
}

function statusOf(run: BackupRun): string {
  if (run.state === 'interrupted') return 'failed'
  if (run.pausedSinceMs !== undefined) return 'paused'
  return run.state === 'running' && run.bytesTotal === undefined ? 'started' : run.state
}

/** 100 only for a backup that is complete. */
function percentOf({ state, bytesDone = 0, bytesTotal = 0 }: BackupRun): number {
  if (state === 'completed') return 100
  return bytesTotal === 0 ? 0 : Math.min(99, Math.floor((100 * bytesDone) / bytesTotal))
}
