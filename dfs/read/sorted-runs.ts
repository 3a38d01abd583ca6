/** The runs of a chunk as sorted runs, and which of them can hold a key in common. */
import type { ColumnPredicate, Raw, Vector } from '../../runtime/values/index.ts'
import { type SegmentRef, type StoredColumn, storedName, type TableRecord } from '../catalog/types.ts'
import { gatherOf, joinPieces } from './gather.ts'
import { compareRaws, rawAt } from './key-order.ts'
import type { Block, SortedRun } from './merge.ts'
import { orderedRows, type RowOrder } from './order.ts'
import type { CommitRun } from './runs.ts'
import { deltaRows, type ReadAccess, segmentBlocks } from './segment-blocks.ts'

/** Whether the blocks of a segment are those of a sorted run as they are. Segments of the first release have no marks, and are all sorted. */
export const isSortedRun = (order: RowOrder, segment: SegmentRef): boolean =>
  order.keep === 'ALL' ? segment.sorted === true || segment.cid === undefined : segment.uniqueKeys === true

/** Whether a run holds no key twice, and nothing has to be sorted. */
export const isUniqueRun = (order: RowOrder, run: CommitRun): boolean =>
  run.kind === 'segment' && isSortedRun(order, run.segment)

/** A run that delivers `columns`, of which the first are the order's keys. A segment that is not in order is read whole, then sorted. */
export function sortedRun(
  access: ReadAccess,
  table: TableRecord,
  order: RowOrder,
  run: CommitRun,
  columns: readonly StoredColumn[],
  predicate: ColumnPredicate | undefined,
): SortedRun {
  if (run.kind === 'delta')
    return { from: undefined, blocks: () => inOrder(order, deltaRows(access, run.blocks, columns)) }
  const { segment } = run
  const blocks = (): Iterator<Block> => segmentBlocks(access, table, segment, columns, predicate)
  if (isSortedRun(order, segment)) return { from: smallest(order.keys[0], segment), blocks }
  const sortedBlocks = function* (): Generator<Block> {
    const all = [...segmentBlocks(access, table, segment, columns, predicate)]
    if (all.length === 0) return
    const pieces = all.map((block) => ({ columns: block, from: 0, to: block[0].length }))
    yield* inOrder(
      order,
      columns.map((_, c) => joinPieces(pieces, c)),
    )
  }
  return { from: undefined, blocks: sortedBlocks }
}

function* inOrder(order: RowOrder, columns: readonly Vector[]): Generator<Block> {
  if (columns[0].length === 0) return
  const rows = orderedRows(order, columns.slice(0, order.keys.length), undefined)
  yield columns.map((v) => {
    const sorted = gatherOf(v, rows)
    sorted.frozen = true
    return sorted
  })
}

/** The smallest value of a column in a segment; undefined if it is not known, or is a null. */
function smallest(column: StoredColumn, { minMax, nulls }: SegmentRef): Raw | undefined {
  const stored = storedName(column)
  const range = minMax[stored]
  return range === undefined || nulls === undefined || (nulls[stored] ?? 0) > 0 || !isPlain(range[0])
    ? undefined
    : range[0]
}

/** Ranges of texts are by UTF-16 units, which is their order as long as no surrogate or later unit takes part. */
const isPlain = (raw: Raw): boolean => typeof raw !== 'string' || !/[\ud800-\uffff]/.test(raw)

/** What is known of the keys of a run: a range for each key column, or undefined. */
export type KeyRanges = readonly (KeyRange | undefined)[]

interface KeyRange {
  readonly low: Raw
  readonly high: Raw
  readonly hasNulls: boolean
}

export function keyRanges(access: ReadAccess, order: RowOrder, run: CommitRun): KeyRanges {
  if (run.kind === 'segment') return order.keys.map((key) => segmentRange(key, run.segment))
  return deltaRows(access, run.blocks, order.keys).map(rangeOf)
}

function segmentRange(key: StoredColumn, { minMax, nulls }: SegmentRef): KeyRange | undefined {
  const stored = storedName(key)
  const range = minMax[stored]
  if (range === undefined || !range.every(isPlain)) return undefined
  return { low: range[0], high: range[1], hasNulls: nulls === undefined || (nulls[stored] ?? 0) > 0 }
}

/** Of a few rows: null is a value like any other here. */
function rangeOf(v: Vector): KeyRange {
  let low = rawAt(v, 0)
  let high = low
  for (let k = 1; k < v.length; k++) {
    const raw = v.raw(k)
    if (compareRaws(raw, low) < 0) low = raw
    else if (compareRaws(raw, high) > 0) high = raw
  }
  return {
    low,
    high,
    hasNulls: v.isNullAt(0) || Array.from({ length: v.length }, (_, k) => v.isNullAt(k)).some((x) => x),
  }
}

/** Whether two runs surely have no key in common: one key column tells them apart. */
export function areDisjoint(a: KeyRanges, b: KeyRanges): boolean {
  return a.some((x, k) => {
    const y = b[k]
    if (x === undefined || y === undefined || (x.hasNulls && y.hasNulls)) return false
    return compareRaws(x.high, y.low) < 0 || compareRaws(y.high, x.low) < 0
  })
}

/** The runs in groups such that runs of different groups have no key in common. Numbers of a group ascend. */
export function keyGroups(ranges: readonly KeyRanges[]): number[][] {
  const groups: number[][] = []
  ranges.forEach((range, k) => {
    const joined = [k]
    for (let g = groups.length - 1; g >= 0; g--)
      if (groups[g].some((other) => !areDisjoint(ranges[other], range))) joined.push(...groups.splice(g, 1)[0])
    groups.push(joined.sort((a, b) => a - b))
  })
  return groups
}
