/**
 * One table, or some of its partitions, as of a target, into the running store as a new table, in one transaction. Only what belongs to the table is replayed, and only
 * its segments are fetched. Files that are written belong to nobody until the commit; if it fails they are removed, and if the process dies the next start
 * removes them.
 */
import { randomUUID } from 'node:crypto'
import { inputError } from '../../runtime/errors.ts'
import { countText } from '../../runtime/print/counts.ts'
import { keys, viewOf } from '../catalog/records.ts'
import type { ChunkRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { withFlushed } from '../engine/chunk-edits.ts'
import type { ChunkDelta } from '../engine/commands.ts'
import { isCommitUnknown } from '../engine/commit-unknown.ts'
import { flushDeltas } from '../maintenance/flush.ts'
import { ProgressMeter } from '../progress.ts'
import { pathInTarget, type RestoreTarget } from '../restore/plan.ts'
import { requireRoom } from '../restore/room.ts'
import { targetOrNew } from '../restore/target.ts'
import type { BackupContext } from '../set/context.ts'
import type { TableIndex } from '../set/meta.ts'
import { dbNameOf } from '../set/names.ts'
import type { OnBytes } from '../set/pipeline.ts'
import type { PlannedChunk } from '../set/planned-chunk.ts'
import { RunRecord } from '../set/runs.ts'
import { matchesPartition } from '../set/wildcard.ts'
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'
import { chunkFolderOf } from '../write/new-segments.ts'
import type { Moment } from './errors.ts'
import { planRecovery, type RecoveryPlan, type RecoverySources, type TableName } from './plan.ts'
import { completionLines, planLines, RecoveryReport } from './report.ts'
import { removeScratch, type Scratch } from './scratch.ts'
import { type LocatedSegment, locateSegments, SegmentCopier, type SegmentCopy } from './segments.ts'
import { formatTarget, type RecoveryTarget } from './target.ts'

export interface TableRecoveryRequest {
  readonly sources: RecoverySources
  readonly target: RecoveryTarget
  /** Its name at the target. */
  readonly source: TableName
  /** Its name now, which nothing has. */
  readonly into: TableName
  /** A pattern as `restore` takes it, or a path such as `/20240101`; undefined: all partitions. */
  readonly partition: string | undefined
  /** For files that are there only while the recovery works. */
  readonly scratch: Scratch
  readonly say: (line: string) => void
}

export interface RecoveredTable {
  readonly recoveredTo: Moment
  readonly partitions: number
  readonly rows: number
  readonly transactions: number
}

/** A partition of the table, its segments under the names that the source gave them. */
interface RecoveredChunk {
  /** undefined: all of its rows were small appends. */
  readonly stored: ChunkRecord | undefined
  readonly delta: ChunkDelta | undefined
  /** In the new table. */
  readonly path: string
}

/** Throws what keeps it from the target; the store is as it was then. */
export const recoverTable = (context: BackupContext, request: TableRecoveryRequest): RecoveredTable =>
  prepared(context, request, '', (recovery, report) => {
    const { plan, chunks } = recovery
    const rows = putInPlace(context, request, recovery, report)
    for (const line of completionLines(plan.analysis, plan.replayed)) report.say(line)
    return {
      recoveredTo: plan.analysis.recoveredTo,
      partitions: chunks.length,
      rows,
      transactions: plan.replayed.transactions,
    }
  })

/** What recoverTable would bring now, partition by partition. Throws what would keep it from that, segments that are damaged excepted. Leaves the store as it is. */
export const planOfTableRecovery = (context: BackupContext, request: TableRecoveryRequest): readonly PlannedChunk[] =>
  prepared(context, request, ': a plan, nothing is recovered', ({ plan, place, chunks, segments }, report) => {
    for (const line of planLines(plan, segments)) report.say(line)
    const rows = chunks.reduce((sum, c) => sum + rowsOf(c), 0)
    report.say(`Partitions that would be recovered: ${countText(chunks.length)}, with ${countText(rows)} rows`)
    requireRoom(context.data, bytesOf(segments))
    const { database, table } = place
    return chunks
      .map((chunk): PlannedChunk => {
        const { chunkId } = (chunk.stored ?? chunk.delta)!
        const bytes = bytesOf(segmentsOf(chunk))
        return { database, table, path: chunk.path, chunkId, action: 'copy', rows: rowsOf(chunk), bytes }
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  })

/** What is decided before anything is written into the store. */
interface PreparedRecovery {
  readonly plan: RecoveryPlan
  readonly place: RestoreTarget
  readonly chunks: readonly RecoveredChunk[]
  readonly segments: readonly LocatedSegment[]
}

function prepared<R>(
  context: BackupContext,
  request: TableRecoveryRequest,
  what: string,
  work: (recovery: PreparedRecovery, report: RecoveryReport) => R,
): R {
  const { source, into, target, sources, scratch, say } = request
  refuseExisting(context, into)
  const report = new RecoveryReport(say)
  report.begin(target, ` of the table ${source.url}/${source.table} as ${into.url}/${into.table}${what}`)
  try {
    const listener = {
      base: report.base.bind(report),
      note: (text: string) => context.progress.note(text),
    }
    const plan = planRecovery(sources, target, scratch, listener, source)
    const index = indexOf(plan, source)
    const place = targetOrNew(context, context.view(), index, into.url, into.table)
    context.access.restore(index, place)
    const chunks = chunksOf(plan, index, place, request)
    const wanted = new Set(chunks.flatMap(segmentsOf).map((s) => s.file))
    return work({ plan, place, chunks, segments: locateSegments(plan, sources, wanted) }, report)
  } finally {
    removeScratch(scratch)
  }
}

function refuseExisting(context: BackupContext, { url, table }: TableName): void {
  if (context.view().table(url, table) === undefined) return
  throw inputError(`The table [${table}] of the database [${url}] exists already.`, {
    code: 'tableExists',
    where: { db: url, table },
    hint: 'give the recovered table another name: newDBPath, newTableName; on the command line --as dfs://db/name',
  })
}

/** The table as it was, in the form in which a restore knows the tables of a backup. */
function indexOf({ replayed: { catalog, cid } }: RecoveryPlan, { url, table }: TableName): TableIndex {
  const view = viewOf(catalog)
  return { database: view.database(url)!, table: view.table(url, table)!, cid, takenMs: 0, chunks: [] }
}

function chunksOf(
  { replayed: { catalog, deltas } }: RecoveryPlan,
  { database, table }: TableIndex,
  place: RestoreTarget,
  { partition, source, target }: TableRecoveryRequest,
): RecoveredChunk[] {
  const found = new Map<string, { stored?: ChunkRecord; delta?: ChunkDelta }>()
  for (const [, value] of catalog.entries(keys.chunks(source.url, source.table))) {
    const stored = value as ChunkRecord
    found.set(stored.path, { stored })
  }
  for (const delta of deltas.live(Number.POSITIVE_INFINITY).get(table.id) ?? [])
    found.set(delta.path, { ...found.get(delta.path), delta })
  const isWanted = (path: string): boolean =>
    partition === undefined ||
    partition === path ||
    matchesPartition(partition, dbNameOf(database.url), path, table.physicalIndex)
  const chunks: RecoveredChunk[] = []
  for (const [path, { stored, delta }] of found)
    if (isWanted(path)) chunks.push({ stored, delta, path: pathInTarget(table, place.table, path) })
  if (partition !== undefined && chunks.length === 0)
    throw inputError(`The table had no partition ${partition} at ${formatTarget(target)}.`, {
      code: 'partitionMissing',
      where: { db: source.url, table: source.table, partition },
      hint:
        found.size === 0
          ? 'it had no rows'
          : `it had ${found.size}, such as ${[...found.keys()].slice(0, 3).join(', ')}`,
    })
  return chunks
}

/** Copies, makes segments of small appends, and commits; answers how many rows the table has. */
function putInPlace(
  context: BackupContext,
  { sources }: TableRecoveryRequest,
  { plan, place, chunks, segments }: PreparedRecovery,
  report: RecoveryReport,
): number {
  const { database, table } = place
  const run = new RunRecord(context.client, () => context.now(), {
    user: context.user,
    type: 'RESTORE_BY_COPY_FILE',
    db: database.url,
    table: table.name,
    totalPartitions: chunks.length,
    done: 0,
    bytesTotal: bytesOf(chunks.flatMap(segmentsOf)),
  })
  try {
    requireRoom(context.data, bytesOf(segments))
    const rows = context.writing(() => {
      const written = new WrittenFiles(context.data)
      try {
        const names = copySegments(context, sources, plan, table, chunks, segments, written, report, (bytes) =>
          run.addBytes(bytes),
        )
        const put = chunks.map((chunk) => writeChunk(context.data, table, chunk, names, written))
        context.client.request(
          {
            kind: 'replaceChunks',
            db: database.url,
            table: table.name,
            put,
            remove: [],
            createDatabase: place.createDatabase ? database : undefined,
            createTable: table,
            extendSchemes: place.extendSchemes,
            isNewTable: true,
          },
          context.user,
        )
        return put.reduce((sum, c) => sum + c.rows, 0)
      } catch (error) {
        if (!isCommitUnknown(error)) written.remove()
        throw error
      }
    })
    for (const chunk of chunks) run.addPartition(bytesOf(segmentsOf(chunk)))
    run.complete()
    return rows
  } catch (error) {
    run.fail(error)
    throw error
  }
}

const segmentsOf = ({ stored }: RecoveredChunk): readonly SegmentRef[] => stored?.segments ?? []
const bytesOf = (segments: readonly { readonly bytes: number }[]): number =>
  segments.reduce((sum, s) => sum + s.bytes, 0)
const rowsOf = ({ stored, delta }: RecoveredChunk): number =>
  (stored?.rows ?? 0) + (delta?.blocks.reduce((sum, b) => sum + b.rows, 0) ?? 0)

/** Answers the new names of segments by their old ones. */
function copySegments(
  context: BackupContext,
  sources: RecoverySources,
  plan: RecoveryPlan,
  table: TableRecord,
  chunks: readonly RecoveredChunk[],
  segments: readonly LocatedSegment[],
  written: WrittenFiles,
  report: RecoveryReport,
  onBytes: OnBytes,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { stored, path } of chunks)
    for (const { file } of stored?.segments ?? [])
      names.set(file, `${chunkFolderOf(table, path)}/${randomUUID()}.arrow`)
  const bytesTotal = bytesOf(segments)
  const meter = new ProgressMeter(
    context.progress,
    { verb: 'restore', subject: `${table.db}/${table.name}`, bytesTotal, chunksTotal: 0 },
    () => context.now(),
  )
  const copier = new SegmentCopier(plan, sources, context.data, (bytes) => {
    meter.addBytes(bytes)
    onBytes(bytes)
  })
  const bring = (piece: number | undefined): void => {
    const copies: SegmentCopy[] = []
    for (const segment of segments)
      if (segment.piece === piece) copies.push({ segment, to: written.add(names.get(segment.file)!) })
    copier.run(copies)
  }
  const { pieces } = plan.analysis
  try {
    bring(undefined)
    report.baseRestored(chunks.filter(({ stored }) => stored?.segments.some((s) => plan.baseFiles.has(s.file))).length)
    report.replaying(plan.analysis)
    for (const [k, { name }] of pieces.entries()) {
      bring(k)
      report.replayed(name, k === pieces.length - 1)
    }
    return names
  } finally {
    meter.done()
  }
}

function writeChunk(
  data: FileStore,
  table: TableRecord,
  { stored, delta, path }: RecoveredChunk,
  names: ReadonlyMap<string, string>,
  written: WrittenFiles,
): ChunkRecord {
  const segments = (stored?.segments ?? []).map((s): SegmentRef => ({ ...s, file: names.get(s.file)! }))
  const before = stored === undefined ? undefined : { ...stored, path, segments }
  if (delta === undefined) return before!
  const segmentCids = segments.map((s) => s.cid ?? 0)
  const [flushed] = flushDeltas(data, { kind: 'flush', table, chunks: [{ ...delta, path, segmentCids }] })
  for (const { file } of flushed!.add) written.add(file)
  return withFlushed(before, flushed!)
}

/** Files that no commit names yet. */
class WrittenFiles {
  readonly #data: FileStore
  readonly #files: string[] = []

  constructor(data: FileStore) {
    this.#data = data
  }

  add(file: string): string {
    this.#files.push(file)
    return file
  }

  remove(): void {
    for (const file of this.#files) {
      this.#data.remove(file)
      for (let folder = parentOf(file); folder !== '' && folder !== 'chunks'; folder = parentOf(folder))
        this.#data.removeEmptyDirectory(folder)
    }
  }
}
