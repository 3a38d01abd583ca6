/**
 * A new data directory as the store was at a target: the base backup, and the log behind it up to there. Decided first (plan.ts), then the segments that the target's state has
 * are copied, those of the backup before those of each piece of log; what the replay superseded is never copied. Small appends become segments, the log
 * begins anew on a timeline of its own, and the catalog is written last.
 */
import type { CatalogStore } from '../catalog/key-value.ts'
import { type CheckpointMark, keys, type StoreMark } from '../catalog/records.ts'
import { beginLog, fillCatalog, flushInto } from '../external-copy/adopt.ts'
import { type Dispensable, readConfig, readScheduledJobs } from '../node-backup/contents.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import { nextCid } from '../node-backup/next-cid.ts'
import { type PackedJob, writeScheduledJobs } from '../node-backup/scheduled-jobs.ts'
import { ProgressMeter, type ProgressSink } from '../progress.ts'
import { requireRoom } from '../restore/room.ts'
import type { FileStore } from '../store/file-store.ts'
import type { Moment } from './errors.ts'
import { NewDirectory } from './new-directory.ts'
import { nextTimeline, planRecovery, type RecoveryPlan, type RecoverySources } from './plan.ts'
import { completionLines, planLines, RecoveryReport } from './report.ts'
import type { Scratch } from './scratch.ts'
import { type LocatedSegment, locateSegments, SegmentCopier } from './segments.ts'
import type { RecoveryTarget } from './target.ts'

export interface StoreRecoveryParts {
  readonly sources: RecoverySources
  readonly target: RecoveryTarget
  /** The new data directory. */
  readonly data: FileStore
  /** Parts of the base backup that are not even read. */
  readonly without?: readonly Dispensable[] | undefined
  /** Makes its catalog; durable when it returns. */
  readonly makeCatalog: (fill: (catalog: CatalogStore) => void) => void
  readonly say: (line: string) => void
  readonly progress: ProgressSink
  readonly now: () => number
}

export interface RecoveredStore {
  readonly base: NodeManifest
  readonly recoveredTo: Moment
  readonly timeline: number
  readonly transactions: number
  readonly rolledBack: number
}

const CONFIG_FILE = 'holdfast.toml'
const LOG_FILE = 'holdfast.log'
const SCRATCH_FOLDER = 'recovery'

/** Throws what keeps it from the target; the directory is as it was then. */
export function recoverStore(parts: StoreRecoveryParts): RecoveredStore {
  const { data, sources, target, say } = parts
  const report = new RecoveryReport(say)
  const directory = new NewDirectory(data)
  try {
    directory.begin()
    report.begin(target, '')
    const plan = planFrom(parts, report)
    const beside = readBeside(parts, plan)
    copySegments(parts, plan, report)
    const store: StoreMark = { id: plan.base.storeId, timeline: nextTimeline(plan, sources, scratchIn(data)) }
    const end = [
      ...completionLines(plan.analysis, plan.replayed),
      `The store goes on as timeline ${store.timeline}; recoveries to moments from now on begin with a backup of it`,
    ]
    writeStore(parts, plan, beside, store, [...report.lines, ...end])
    directory.complete()
    for (const line of end) report.say(line)
    const { base, analysis, replayed } = plan
    return {
      base,
      recoveredTo: analysis.recoveredTo,
      timeline: store.timeline,
      transactions: replayed.transactions,
      rolledBack: analysis.open,
    }
  } catch (error) {
    giveBack(directory)
    throw error
  }
}

/** What a store has beside its data; read before hours of copying, in case it is damaged. */
interface Beside {
  readonly config: Uint8Array | undefined
  readonly jobs: readonly PackedJob[]
}

function readBeside({ without = [] }: Pick<StoreRecoveryParts, 'without'>, { set, base }: RecoveryPlan): Beside {
  return {
    config: without.includes('config') ? undefined : readConfig(set, base),
    jobs: without.includes('jobs') ? [] : readScheduledJobs(set, base),
  }
}

/** Tells what recoverStore would do now, and throws what would keep it from the target, segments that are damaged excepted. The directory stays as it is. */
export function planStore(parts: Omit<StoreRecoveryParts, 'makeCatalog' | 'now'>): void {
  const { data, sources, target, say } = parts
  const report = new RecoveryReport(say)
  const directory = new NewDirectory(data)
  try {
    directory.begin()
    report.begin(target, ': a plan, nothing is recovered')
    const plan = planFrom(parts, report)
    readBeside(parts, plan)
    const segments = locateSegments(plan, sources)
    for (const line of planLines(plan, segments)) report.say(line)
    requireSpace(data, bytesOf(segments))
  } finally {
    giveBack(directory)
  }
}

const scratchIn = (data: FileStore): Scratch => ({ files: data, folder: SCRATCH_FOLDER })

const planFrom = (
  { sources, target, data, progress }: Pick<StoreRecoveryParts, 'sources' | 'target' | 'data' | 'progress'>,
  report: RecoveryReport,
): RecoveryPlan =>
  planRecovery(sources, target, scratchIn(data), {
    base: (base) => report.base(base),
    note: (text) => progress.note(text),
  })

const bytesOf = (segments: readonly LocatedSegment[]): number => segments.reduce((sum, s) => sum + s.bytes, 0)

const requireSpace = (data: FileStore, bytes: number): void =>
  requireRoom(data, bytes, { hint: 'name a directory on a disk with more room' })

function giveBack(directory: NewDirectory): void {
  try {
    directory.giveBack()
  } catch {
    // What led here is the failure to be reported. The marker stands, so the directory is refused, and the next recovery empties it.
  }
}

function copySegments(
  { sources, data, progress, now }: StoreRecoveryParts,
  plan: RecoveryPlan,
  report: RecoveryReport,
): void {
  const { base, analysis } = plan
  const segments = locateSegments(plan, sources)
  const byPiece = new Map<number | undefined, LocatedSegment[]>()
  for (const segment of segments) {
    const list = byPiece.get(segment.piece)
    if (list === undefined) byPiece.set(segment.piece, [segment])
    else list.push(segment)
  }
  const bytesTotal = bytesOf(segments)
  requireSpace(data, bytesTotal)
  const meter = new ProgressMeter(progress, { verb: 'restore', subject: base.id, bytesTotal, chunksTotal: 0 }, now)
  const copier = new SegmentCopier(plan, sources, data, (bytes) => meter.addBytes(bytes))
  const bring = (piece: number | undefined): void =>
    copier.run((byPiece.get(piece) ?? []).map((segment) => ({ segment, to: segment.file })))
  try {
    bring(undefined)
    report.baseRestored(base.chunks)
    report.replaying(analysis)
    for (const [k, { name }] of analysis.pieces.entries()) {
      bring(k)
      report.replayed(name, k === analysis.pieces.length - 1)
    }
  } finally {
    meter.done()
  }
}

function writeStore(
  { data, makeCatalog, now }: StoreRecoveryParts,
  { analysis, replayed }: RecoveryPlan,
  { config, jobs }: Beside,
  store: StoreMark,
  lines: readonly string[],
): void {
  data.removeTree(SCRATCH_FOLDER)
  const { catalog, deltas } = replayed
  const before = catalog.get(keys.checkpoint) as CheckpointMark | undefined
  const lastTransaction = Math.max(before?.lastTransaction ?? 0, analysis.lastTransaction)
  const { lsn } = analysis.recoveredTo
  catalog.put(keys.checkpoint, { lsn, timeMs: now(), lastTransaction } satisfies CheckpointMark)
  catalog.remove(keys.archive)
  const records = catalog.records()
  const waiting = [...deltas.live(Number.POSITIVE_INFINITY)].flatMap(([tableId, chunks]) =>
    chunks.map((delta) => ({ tableId, delta })),
  )
  flushInto(data, records, waiting)
  if (config !== undefined) data.writeFileAtomic(CONFIG_FILE, config)
  writeScheduledJobs(data, jobs)
  writeLogFile(data, lines, now())
  beginLog(data, store, { lsn })
  const start = { lsn, cid: nextCid(replayed.cid, now()) }
  makeCatalog((filled) => fillCatalog(filled, records.values(), store, start, now()))
}

/** What the operator was told stands in the log file of the new store, too. */
function writeLogFile(data: FileStore, lines: readonly string[], nowMs: number): void {
  const stamp = new Date(nowMs).toISOString()
  data.writeFileAtomic(LOG_FILE, lines.map((line) => `${stamp} [INFO] ${line}\n`).join(''))
}
