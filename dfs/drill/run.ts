/**
 * A drill: can this backup be restored, and how long does it take? In order: look for room, write that a drill begins, restore into a scratch folder, start the restored
 * store as after a crash, read and compare everything, write what came of it, remove the scratch folder.
 *
 * The live store is not touched, whatever the backup holds. A drill that fails leaves its evidence like one that passes, and is an error for the caller. One that is killed
 * leaves evidence that it began, and its scratch folder, which the next drill of the set on this machine removes.
 */
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { BackupContext } from '../set/context.ts'
import { newStateId } from '../set/layout.ts'
import { thisWorld } from '../set/lock.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { freeBytesAt, makeScratchFolder } from '../store/scratch-folder.ts'
import type { Comparison } from './databases.ts'
import { type Drill, isAbandoned, listDrills, writeDrill } from './evidence.ts'
import { ScratchStore } from './scratch-store.ts'

/** What is drilled: a backup of databases or of a node. */
export interface DrillSubject {
  readonly kind: Drill['kind']
  readonly state: string
  readonly stateTakenAt: string
  readonly db: string
  readonly partitions: number
  readonly partitionsTotal: number
  /** That will be restored. */
  readonly bytes: number
  restore(store: ScratchStore): void
  compare(store: ScratchStore): Comparison
}

export interface DrillPlace {
  /** Folder in which the scratch folder is made. */
  readonly parent: string
  /** Leave the restored store where it is. */
  readonly isKept: boolean
}

/** Beside the files: catalog, log, folders. */
const EXTRA_BYTES = 64 << 20
const FOLDER_PREFIX = 'holdfast-drill-'

/** Answers the evidence of a drill that passed; throws for one that failed, with the evidence written. */
export function runDrill(
  context: BackupContext,
  set: FileStore,
  ledger: Ledger,
  subject: DrillSubject,
  place: DrillPlace,
): Drill {
  const world = context.lockWorld ?? thisWorld()
  tidyAfterAbandoned(set, world)
  requireRoom(subject, place)
  const id = newStateId(context.now())
  const begun: Drill = {
    id,
    ...{ kind: subject.kind, result: 'running', error: '' },
    ...{ state: subject.state, stateTakenAt: subject.stateTakenAt, db: subject.db },
    ...{ startedAt: new Date(context.now()).toISOString(), endedAt: '', product: context.product, user: context.user },
    ...{ host: world.host, pid: world.pid, processStartMs: world.processStartMs },
    ...{ scratch: join(place.parent, `${FOLDER_PREFIX}${id}`), isKept: place.isKept },
    ...{ partitions: subject.partitions, partitionsTotal: subject.partitionsTotal, rows: 0, bytes: subject.bytes },
    ...{ restoreMs: 0, openMs: 0, compareMs: 0, tables: [] },
  }
  writeEvidence(set, begun)
  let drill = begun
  let failure: unknown
  try {
    drill = inScratchFolder(context, subject, place, begun)
  } catch (error) {
    failure = error
    drill = { ...begun, result: 'failed', error: error instanceof Error ? error.message : String(error) }
  }
  drill = { ...drill, endedAt: new Date(context.now()).toISOString() }
  writeEvidence(set, drill)
  ledger.flush(context.now())
  if (failure !== undefined) throw failure
  if (drill.result === 'failed') throw drillFailed(set, drill)
  const { partitions, rows, restoreMs, openMs, compareMs } = drill
  context.progress.outcome?.(
    `${set.root}: drill ${id} of state ${drill.state} passed: ${partitions} partitions, ${rows} rows; restored in ${(restoreMs + openMs) / 1000} s, compared in ${compareMs / 1000} s`,
  )
  return drill
}

function inScratchFolder(context: BackupContext, subject: DrillSubject, place: DrillPlace, begun: Drill): Drill {
  const folder = makeScratchFolder(place.parent, `${FOLDER_PREFIX}${begun.id}`)
  const store = new ScratchStore(folder, place.isKept, () => context.now())
  try {
    const from = performance.now()
    subject.restore(store)
    store.stop()
    const restored = performance.now()
    store.start(true)
    const opened = performance.now()
    const { tables, conflicts } = subject.compare(store)
    const compared = performance.now()
    return {
      ...begun,
      result: conflicts.length === 0 ? 'passed' : 'failed',
      error: conflicts.join('\n'),
      rows: tables.reduce((sum, t) => sum + t.rows, 0),
      ...{ restoreMs: Math.round(restored - from), openMs: Math.round(opened - restored) },
      ...{ compareMs: Math.round(compared - opened), tables },
    }
  } finally {
    store.stop()
    if (!place.isKept) new LocalFileStore(place.parent).removeTree(`${FOLDER_PREFIX}${begun.id}`)
  }
}

function requireRoom({ bytes }: DrillSubject, { parent }: DrillPlace): void {
  const free = freeBytesAt(parent)
  const needed = bytes + EXTRA_BYTES
  if (free >= needed) return
  throw new HoldfastError('io', `A drill needs ${needed} bytes in ${parent}, where ${free} are free.`, {
    code: 'ENOSPC',
    where: { file: parent },
    hint: 'name a folder with more room as scratchDir, or drill a sample of the partitions',
  })
}

/** Evidence that can not be kept is none: a drill of a set that cannot be written does not begin. */
function writeEvidence(set: FileStore, drill: Drill): void {
  try {
    writeDrill(set, drill)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
    throw new HoldfastError('io', `The evidence of a drill cannot be written into ${set.root}: ${error.message}`, {
      code: error.code,
      where: { file: set.root },
      hint: 'drill a copy of the backup that can be written',
      cause: error,
    })
  }
}

/** Drills whose process died leave a scratch folder and say that they are running. */
function tidyAfterAbandoned(set: FileStore, world: ReturnType<typeof thisWorld>): void {
  for (const { drill } of listDrills(set)) {
    if (drill === undefined || !isAbandoned(drill, world)) continue
    const folder = `${FOLDER_PREFIX}${drill.id}`
    // A name that no drill gives is no folder of ours.
    if (!drill.isKept && drill.scratch.endsWith(`/${folder}`))
      new LocalFileStore(drill.scratch.slice(0, -folder.length)).removeTree(folder)
    writeEvidence(set, { ...drill, result: 'failed', error: 'The process ended before the drill did.' })
  }
}

function drillFailed(set: FileStore, { id, state, error }: Drill): HoldfastError {
  return new HoldfastError(
    'data',
    `The drill ${id} of the backup in ${set.root} (state ${state}) failed: what was restored is not what the backup holds. ${error}`,
    {
      code: 'drillFailed',
      where: { file: set.root, state, drill: id },
      hint: 'getBackupDrills shows the evidence; checkBackup tells whether files are damaged',
    },
  )
}
