/**
 * Merging neighbouring segments of a chunk into one: the same rows for every query, in one file. Memory needed is that of a block a segment.
 *
 * Rows that others hide are left out where the ones that hide them take part. That is safe among neighbours whatever else the chunk holds: with LAST the row
 * that stays is the newest of its key among them, so any row before them still loses and any row after them still wins; FIRST is the same the other way round. The
 * result has the commit id of the newest of them, which is their place in the chunk.
 *
 * Everything read is checked against its checksums, so that damage is found and not given a new checksum. The files that were read are left alone: the command
 * `compact` takes them out of the catalog, or refuses if one of them is gone from the chunk.
 */
import { newVector, SymbolBase, SymbolVector, T, type Vector } from '../../runtime/values/index.ts'
import {
  type ChunkRecord,
  type DatabaseRecord,
  type SegmentRef,
  type StoredColumn,
  storedName,
  type TableRecord,
} from '../catalog/types.ts'
import { mergeRuns } from '../read/merge.ts'
import { orderMarks, type RowOrder, rowOrder } from '../read/order.ts'
import { positionOf, type ReadAccess, segmentBlocks } from '../read/segment-blocks.ts'
import { sortedRun } from '../read/sorted-runs.ts'
import { SegmentReader } from '../segment/index.ts'
import type { FileStore } from '../store/file-store.ts'
import { NewSegments } from '../write/new-segments.ts'
import { BatchFiller } from './batch-filler.ts'
import { type CompactionPolicy, chooseSegments, DEFAULT_POLICY } from './choose.ts'
import { Pace } from './pace.ts'

export interface CompactionOptions extends Partial<CompactionPolicy> {
  /** Bytes read and written a second; default: as fast as it goes. */
  readonly bytesPerSecond?: number
  /** Looked at every block: throws to end the work. */
  readonly interrupt?: () => void
}

export interface Compacted {
  readonly drop: readonly string[]
  readonly add: readonly SegmentRef[]
}

/**
 * Merges what is worth merging; undefined if nothing is. The chunk must be as readers see it, with its small appends. The new file is durable when this
 * returns; if it throws, nothing is left of it.
 */
export function compactChunk(
  files: FileStore,
  _database: DatabaseRecord,
  table: TableRecord,
  chunk: ChunkRecord,
  options: CompactionOptions = {},
): Compacted | undefined {
  const segments = chooseSegments(chunk, { ...DEFAULT_POLICY, ...definedOnly(options) })
  return segments === undefined ? undefined : mergeSegments(files, table, chunk.path, segments, options)
}

const definedOnly = ({ minSegments, maxBytes }: CompactionOptions): Partial<CompactionPolicy> => ({
  ...(minSegments === undefined ? {} : { minSegments }),
  ...(maxBytes === undefined ? {} : { maxBytes }),
})

/** Merges these neighbours of a chunk, in commit order. */
export function mergeSegments(
  files: FileStore,
  table: TableRecord,
  path: string,
  segments: readonly SegmentRef[],
  options: Pick<CompactionOptions, 'bytesPerSecond' | 'interrupt'> = {},
): Compacted {
  const written = new NewSegments(files, table)
  try {
    const access = knowingAllSymbols(files, table, segments)
    const merged = writeMerged(access, table, path, segments, written, options)
    if (merged.rows === 0) written.remove()
    else written.syncFolders()
    const { cid } = segments[segments.length - 1]
    return {
      drop: segments.map((s) => s.file),
      add: merged.rows === 0 ? [] : [cid === undefined ? merged : { ...merged, cid }],
    }
  } catch (error) {
    written.remove()
    throw error
  }
}

/** Access with bases that know the symbols of all the segments: a file has its dictionaries before its rows. */
function knowingAllSymbols(files: FileStore, table: TableRecord, segments: readonly SegmentRef[]): ReadAccess {
  const bases = new Map<string, SymbolBase>()
  const baseOf = (name: string): SymbolBase => {
    const base = bases.get(name) ?? new SymbolBase()
    bases.set(name, base)
    return base
  }
  const access = { files, baseOf, verify: true }
  const symbols = table.columns.filter((c) => c.type === T.SYMBOL)
  if (symbols.length === 0) return access
  for (const segment of segments) {
    const reader = new SegmentReader(files, segment.file, access, segment)
    try {
      reader.readDictionaries(symbols.map((c) => positionOf(reader, c)).filter((p) => p >= 0))
    } finally {
      reader.close()
    }
  }
  return access
}

function writeMerged(
  access: ReadAccess,
  table: TableRecord,
  path: string,
  segments: readonly SegmentRef[],
  written: NewSegments,
  { bytesPerSecond, interrupt }: Pick<CompactionOptions, 'bytesPerSecond' | 'interrupt'>,
): SegmentRef {
  const order = rowOrder(table)
  const stream = written.begin(
    path,
    table.columns.map((c) => emptyLike(c, access)),
  )
  try {
    const filler = new BatchFiller(stream)
    const pace = new Pace(bytesPerSecond, interrupt)
    for (const block of mergedBlocks(access, table, order, segments)) {
      filler.add(block)
      // Each byte written was read before.
      pace.keep(stream.bytes * 2)
    }
    filler.flush()
    return { ...stream.finish(), ...orderMarks(order) }
  } finally {
    stream.close()
  }
}

const emptyLike = (column: StoredColumn, access: ReadAccess): Vector =>
  column.type === T.SYMBOL
    ? new SymbolVector(new Int32Array(0), access.baseOf(storedName(column)))
    : newVector(column.type, 0, 'zero', column.scale)

/** The rows of the segments, in the table's columns. */
function* mergedBlocks(
  access: ReadAccess,
  table: TableRecord,
  order: RowOrder | undefined,
  segments: readonly SegmentRef[],
): Generator<readonly Vector[]> {
  if (order === undefined) {
    for (const segment of segments) yield* segmentBlocks(access, table, segment, table.columns, undefined)
    return
  }
  const columns = [...order.keys, ...table.columns.filter((c) => !order.keys.includes(c))]
  const positions = table.columns.map((c) => columns.indexOf(c))
  const runs = segments.map((segment) =>
    sortedRun(access, table, order, { kind: 'segment', segment }, columns, undefined),
  )
  for (const block of mergeRuns(runs, order.keys.length, order.keep)) yield positions.map((p) => block[p])
}
