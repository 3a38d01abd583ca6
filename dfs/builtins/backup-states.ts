/** listBackupStates, pruneBackup: the states that a backup set holds, and dropping some of them. */
import { boolArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import { NULL_I64, T } from '../../runtime/values/index.ts'
import { type PruneChoice, planPrune, pruneSet } from '../backup/prune.ts'
import { requireAnnounced } from '../backup/remains.ts'
import { ONE_STATE } from '../set/retention.ts'
import { bytesOfStates } from '../set/state-files.ts'
import { listStates, noBackupIn } from '../set/states.ts'
import { backupStore, backupStoreToWrite, loggedInHost, optionalTexts, timestampOf } from './backup-host.ts'
import { KEY_DOC } from './backup-key.ts'
import { requireMayDrop, retentionArg } from './backup-retention.ts'
import { listing } from './listing.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupStatesBuiltins = entries

const LIST = 'listBackupStates(backupDir, [keyPath])'

define(LIST, {
  doc: `The states of a backup, the newest first: a table state, takenAt, databases, tables, partitions, rows, bytes, bytesOnlyHere, damage. takenAt is when the last of its tables was backed up. bytes are those of all its data files, bytesOnlyHere those of files that no other state has: what dropping this state alone would free. For a state that cannot be read damage says why, and the numbers are null; bytesOnlyHere is null for all then. state is what other functions take as state. ${KEY_DOC}`,
  call: ([backupDir, keyPath], session) => {
    const store = backupStore(loggedInHost(session, 'listBackupStates'), backupDir, LIST, keyPath)
    requireAnnounced(store)
    const states = listStates(store)
    if (states.length === 0) throw inputError(noBackupIn(store), { code: 'backupMissing', where: { file: store.root } })
    const onlyHere = bytesOfStates(store, states)
    const sum = (of: (typeof states)[number], count: 'chunks' | 'rows' | 'bytes'): bigint =>
      of.manifest === undefined
        ? NULL_I64
        : BigInt(of.manifest.databases.flatMap((d) => d.tables).reduce((n, t) => n + t[count], 0))
    return listing([...states].reverse(), {
      state: [T.STRING, (s) => s.id],
      takenAt: [T.TIMESTAMP, (s) => timestampOf(s.takenMs)],
      databases: [T.LONG, (s) => (s.manifest === undefined ? NULL_I64 : BigInt(s.manifest.databases.length))],
      tables: [
        T.LONG,
        (s) => (s.manifest === undefined ? NULL_I64 : BigInt(s.manifest.databases.flatMap((d) => d.tables).length)),
      ],
      partitions: [T.LONG, (s) => sum(s, 'chunks')],
      rows: [T.LONG, (s) => sum(s, 'rows')],
      bytes: [T.LONG, (s) => sum(s, 'bytes')],
      bytesOnlyHere: [T.LONG, (s) => (onlyHere === undefined ? NULL_I64 : BigInt(onlyHere.get(s.id) ?? 0))],
      damage: [T.STRING, (s) => s.damage?.message ?? ''],
    })
  },
})

const PRUNE = 'pruneBackup(backupDir, [keep], [daily], [weekly], [monthly], [states], [dryRun=false], [keyPath])'

define(PRUNE, {
  doc: `Drops states of a backup and the files that only they have. With keep, daily, weekly and monthly those stay that the numbers want: the keep newest, and the newest of each of the last so many days, weeks and months; without any, the numbers that backup was given for this folder. With states, one id or several, these are dropped; the newest may be among them, one state must remain.
Returns a table state, takenAt, action (keep or drop), bytesFreed, the newest first; bytesFreed is null if a damaged state hides what is needed. With dryRun=true it tells and changes nothing. The numbers that later backups go by stay as they are. Killed at any moment, the states that remain restore. An interrupted backup can still be continued. ${KEY_DOC} Needs a login, and the right to read every table in the backup.`,
  call: ([backupDir, keep, daily, weekly, monthly, states, dryRun, keyPath], session) => {
    const host = loggedInHost(session, 'pruneBackup')
    const store = backupStoreToWrite(host, backupDir, PRUNE, keyPath)
    const retention = retentionArg([keep, daily, weekly, monthly], PRUNE)
    const ids = optionalTexts(states, PRUNE, 'states')
    if (ids !== undefined && retention !== undefined)
      throw usageError(
        PRUNE,
        'states names the states that are dropped; keep, daily, weekly and monthly can not be given beside it.',
      )
    const choice: PruneChoice = ids === undefined ? { kind: 'retention', retention } : { kind: 'states', ids }
    const isDryRun = boolArg(dryRun, PRUNE, 'dryRun', false)
    requireMayDrop(host, store, retention ?? ONE_STATE)
    const pruned = isDryRun ? planPrune(store, choice) : pruneSet(host.context(), store, choice)
    return listing([...pruned].reverse(), {
      state: [T.STRING, (s) => s.id],
      takenAt: [T.TIMESTAMP, (s) => timestampOf(s.takenMs)],
      action: [T.STRING, (s) => s.action],
      bytesFreed: [T.LONG, (s) => (s.bytesFreed === undefined ? NULL_I64 : BigInt(s.bytesFreed))],
    })
  },
})
