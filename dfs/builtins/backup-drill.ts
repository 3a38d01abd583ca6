/** drillRestore and getBackupDrills: proving a backup by restoring it (ours, beside the functions of the dialect). */
import { tmpdir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { type Arg, boolArg, numberArg, textArg } from '../../runtime/builtins/args.ts'
import { inputError, usageError } from '../../runtime/errors.ts'
import { topicTable } from '../../runtime/registry.ts'
import type { Session } from '../../runtime/session.ts'
import { Dict, Scalar, StringVector, T, tableOf, type Value, vectorOf } from '../../runtime/values/index.ts'
import { compareTables, restoreTables, tablesToDrill } from '../drill/databases.ts'
import { type Drill, isAbandoned, type KnownDrill, listDrills } from '../drill/evidence.ts'
import { kindOfSet } from '../drill/kind.ts'
import { compareNode, type NodeBackupChoice, nodeManifestOf, restoreNodeInto } from '../drill/node.ts'
import { type DrillPlace, type DrillSubject, runDrill } from '../drill/run.ts'
import { Ledger } from '../ledger/ledger.ts'
import { openSet } from '../node-backup/open.ts'
import type { BackupContext } from '../set/context.ts'
import { thisWorld } from '../set/lock.ts'
import { bytesOfChunk } from '../set/meta.ts'
import { BackupSet, type SetOptions } from '../set/open.ts'
import { noBackupIn } from '../set/states.ts'
import { requireOutside, touchesStore } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { isNoFolder } from '../store/scratch-folder.ts'
import { STATE_DOC, setOptions } from './backup-choice.ts'
import {
  type BackupHost,
  backupStore,
  isMissing,
  loggedInHost,
  optionalText,
  optionalUrl,
  timestampOf,
} from './backup-host.ts'
import { KEY_DOC, keyArg, withKey } from './backup-key.ts'
import { requireAdministrator } from './store-args.ts'

const { entries, define } = topicTable('Backup and restore')
export const backupDrillBuiltins = entries

const DRILL = 'drillRestore(backupDir, [dbPath], [sample=1], [scratchDir], [keep=false], [state], [keyPath])'

define(DRILL, {
  doc: `Proves a backup by restoring it: its databases, or the one of dbPath, are restored into a scratch folder, the restored store is started as after a crash, and every row of it is read and compared with the backup, by counts and by digests of columns and rows that do not depend on their order. The live store is not touched. Returns a dictionary: drillId, result, state, partitions, rows, bytes, restoreSeconds, openSeconds, compareSeconds; the first two of the times are how long a recovery takes. A drill that finds a difference is an error.
sample is the part of the partitions that is restored, by bytes: 0.1 picks a tenth of each table at random. The scratch folder is made in scratchDir (default: the system's folder for temporary files), needs as much room as the data, and is removed unless keep=true. ${STATE_DOC} ${KEY_DOC} The data in the scratch folder is not encrypted.
A backup of the node is drilled too, as a whole and by administrators: dbPath and sample can not be given. Its rows are compared with what the drill before found in the same version of a partition, and their number with the backup.
The evidence is kept in the backup; getBackupDrills shows it. Needs a login and the right to read the tables.`,
  call: ([backupDir, dbPath, sample, scratchDir, keep, state, keyPath], session) => {
    const host = loggedInHost(session, 'drillRestore')
    const files = backupStore(host, backupDir, DRILL)
    const key = keyArg(host, keyPath, DRILL)
    const context = host.context()
    const place = { parent: scratchParent(host, scratchDir, files), isKept: boolArg(keep, DRILL, 'keep', false) }
    const fraction = numberArg(sample, DRILL, 'sample', 1)
    if (!(fraction > 0 && fraction <= 1)) throw usageError(DRILL, 'sample must be a number above 0 and up to 1.')
    if (kindOfSet(files) === 'node') {
      if (!isMissing(dbPath) || fraction !== 1)
        throw usageError(
          DRILL,
          'dbPath and sample can not be given for a backup of the node, which is restored as a whole.',
        )
      const choice = { set: files, id: optionalText(state, DRILL, 'state'), key }
      return drillNode(session, choice, context, place)
    }
    const db = optionalUrl(dbPath, DRILL, 'dbPath')
    const set = withKey(files, key)
    const ledger = new Ledger(set, (text) => context.progress.note(text))
    return drillDatabases(set, context, ledger, place, { db, fraction, options: setOptions(state, DRILL) })
  },
})

interface DatabasesRequest {
  readonly db: string | undefined
  readonly fraction: number
  readonly options: SetOptions
}

function drillDatabases(
  store: FileStore,
  context: BackupContext,
  ledger: Ledger,
  place: DrillPlace,
  { db, fraction, options }: DatabasesRequest,
): Value {
  const set = new BackupSet(store, options)
  if (set.manifest === undefined) set.requireDatabase(db ?? '')
  const { id, startedAt } = set.manifest!
  try {
    const tables = tablesToDrill(set, db, fraction)
    for (const { index } of tables) context.access.readBackup(index)
    const subject: DrillSubject = {
      kind: 'databases',
      state: id,
      stateTakenAt: startedAt,
      db: db ?? '',
      partitions: tables.reduce((sum, t) => sum + t.chunks.length, 0),
      partitionsTotal: tables.reduce((sum, t) => sum + t.index.chunks.length, 0),
      bytes: tables.reduce((sum, t) => sum + t.chunks.reduce((n, c) => n + bytesOfChunk(c), 0), 0),
      restore: (scratch) => {
        scratch.start(false)
        restoreTables(set, tables, scratch.context(context))
      },
      compare: (scratch) => compareTables(set, tables, scratch, ledger, () => context.now()),
    }
    return drillDict(runDrill(context, store, ledger, subject, place))
  } catch (error) {
    throw set.explainFailure(error)
  }
}

function drillNode(session: Session, choice: NodeBackupChoice, context: BackupContext, place: DrillPlace): Value {
  requireAdministrator(session, 'drillRestore of a backup of the node')
  const manifest = nodeManifestOf(choice)
  const set = openSet(choice.set, choice.key, manifest)
  const ledger = new Ledger(set, (text) => context.progress.note(text))
  const now = (): number => context.now()
  const subject: DrillSubject = {
    kind: 'node',
    state: manifest.id,
    stateTakenAt: manifest.startedAt,
    db: '',
    partitions: manifest.chunks,
    partitionsTotal: manifest.chunks,
    bytes: manifest.bytes,
    restore: (scratch) => restoreNodeInto(scratch, choice, context.progress, now),
    compare: (scratch) => compareNode(scratch, manifest, ledger, now),
  }
  return drillDict(runDrill(context, set, ledger, subject, place))
}

/** Absolute, or in the data directory; never among the data, nor in the backup, which tidies what it does not know. */
function scratchParent(host: BackupHost, value: Arg, set: FileStore): string {
  if (isMissing(value)) return tmpdir()
  const text = textArg(value, DRILL, 'scratchDir')
  if (text === '' || text.includes('\0')) throw usageError(DRILL, 'scratchDir must be the path of a folder.')
  const folder = isAbsolute(text) ? resolve(text) : join(host.home, text)
  if (touchesStore(host.home, folder))
    throw inputError(`The folder ${folder} must not hold, or lie in, the data of the store at ${host.home}.`, {
      code: 'scratchDir',
      where: { file: folder },
    })
  requireOutside(folder, set.root, 'backup')
  if (isNoFolder(folder))
    throw inputError(`scratchDir ${folder} is no folder.`, { code: 'scratchDir', where: { file: folder } })
  return folder
}

const seconds = (ms: number): number => ms / 1000

function drillDict(d: Drill): Dict {
  const entriesOf: [string, Value][] = [
    ['drillId', Scalar.string(d.id)],
    ['result', Scalar.string(d.result)],
    ['state', Scalar.string(d.state)],
    ['partitions', Scalar.long(d.partitions)],
    ['rows', Scalar.long(d.rows)],
    ['bytes', Scalar.long(d.bytes)],
    ['restoreSeconds', Scalar.double(seconds(d.restoreMs))],
    ['openSeconds', Scalar.double(seconds(d.openMs))],
    ['compareSeconds', Scalar.double(seconds(d.compareMs))],
    ['scratchDir', Scalar.string(d.isKept ? d.scratch : '')],
  ]
  return new Dict(T.STRING, T.ANY, new Map(entriesOf), true)
}

const DRILLS = 'getBackupDrills(backupDir, [keyPath])'

define(DRILLS, {
  doc: `The drills of a backup, the newest first: a table drillId, kind (databases, node), result (passed, failed, running, interrupted), state, stateTime, dbName, startTime, endTime, restoreSeconds, openSeconds, compareSeconds, partitions, partitionsTotal, rows, bytes, userName, host, version, errorMsg. The evidence lies in the backup, in the folder drills. ${KEY_DOC} Needs a login.`,
  call: ([backupDir, keyPath], session) => {
    const host = loggedInHost(session, 'getBackupDrills')
    const context = host.context()
    const world = context.lockWorld ?? thisWorld()
    const files = backupStore(host, backupDir, DRILLS)
    const key = keyArg(host, keyPath, DRILLS)
    const set =
      kindOfSet(files) === 'node'
        ? openSet(files, key, nodeManifestOf({ set: files, id: undefined, key }))
        : withKey(files, key)
    const drills = listDrills(set).reverse()
    // No drills of a backup are something else than no backup, or one that cannot be read without its key.
    if (drills.length === 0 && kindOfSet(files) === 'databases' && new BackupSet(set).manifest === undefined)
      throw inputError(noBackupIn(set), { code: 'backupMissing', where: { file: set.root } })
    for (const { damage } of drills) if (damage !== undefined) context.progress.note(damage.message)
    return drillTable(drills, (drill) => (isAbandoned(drill, world) ? 'interrupted' : drill.result))
  },
})

function drillTable(drills: readonly KnownDrill[], resultOf: (drill: Drill) => string): Value {
  const read = drills.flatMap(({ drill }) => drill ?? [])
  const texts = (of: (d: Drill) => string) => new StringVector(read.map(of))
  const longs = (of: (d: Drill) => number) =>
    vectorOf(
      T.LONG,
      read.map((d) => BigInt(of(d))),
    )
  const doubles = (of: (d: Drill) => number) => vectorOf(T.DOUBLE, read.map(of))
  const times = (of: (d: Drill) => string) =>
    vectorOf(
      T.TIMESTAMP,
      read.map((d) => {
        const ms = Date.parse(of(d))
        return timestampOf(Number.isNaN(ms) ? undefined : ms)
      }),
    )
  return tableOf({
    drillId: texts((d) => d.id),
    kind: texts((d) => d.kind),
    result: texts(resultOf),
    state: texts((d) => d.state),
    stateTime: times((d) => d.stateTakenAt),
    dbName: texts((d) => d.db),
    startTime: times((d) => d.startedAt),
    endTime: times((d) => d.endedAt),
    restoreSeconds: doubles((d) => seconds(d.restoreMs)),
    openSeconds: doubles((d) => seconds(d.openMs)),
    compareSeconds: doubles((d) => seconds(d.compareMs)),
    partitions: longs((d) => d.partitions),
    partitionsTotal: longs((d) => d.partitionsTotal),
    rows: longs((d) => d.rows),
    bytes: longs((d) => d.bytes),
    userName: texts((d) => d.user),
    host: texts((d) => d.host),
    version: texts((d) => d.product),
    errorMsg: texts((d) => d.error),
  })
}
