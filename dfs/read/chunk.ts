/** How the rows of a chunk come out: in commit order, or sorted and without the rows that others hide (order.ts). Memory needed is that of a block a run. */
import { inputError } from '../../runtime/errors.ts'
import { type ColumnPredicate, Table, type Vector } from '../../runtime/values/index.ts'
import type { ChunkRecord, StoredColumn, TableRecord } from '../catalog/types.ts'
import { predicateOn } from './key-predicate.ts'
import { mergeRuns, type SortedRun } from './merge.ts'
import { hidesRows, type RowOrder, rowOrder } from './order.ts'
import { type CommitRun, commitRuns } from './runs.ts'
import { deltaRows, mayMatch, type ReadAccess, segmentBlocks } from './segment-blocks.ts'
import { areDisjoint, isSortedRun, isUniqueRun, keyRanges, sortedRun } from './sorted-runs.ts'

/** The rows in batches of the named columns. Rows that can't satisfy the predicate may be left out. */
export function* chunkBatches(
  access: ReadAccess,
  table: TableRecord,
  chunk: Pick<ChunkRecord, 'segments' | 'delta'>,
  columns: readonly string[],
  predicate?: ColumnPredicate,
): Generator<Table> {
  const wanted = columns.map((name) => columnOf(table, name))
  const order = rowOrder(table)
  const blocks =
    order === undefined
      ? inCommitOrder(access, table, commitRuns(chunk), wanted, predicate)
      : sorted(access, table, order, commitRuns(chunk), wanted, predicate)
  for (const block of blocks) yield new Table([...columns], block)
}

export function columnOf(table: TableRecord, name: string): StoredColumn {
  const column = table.columns.find((c) => c.name === name)
  if (column === undefined) throw inputError(`Unrecognized column name ${name}.`, { refId: 'S02005' })
  return column
}

function* inCommitOrder(
  access: ReadAccess,
  table: TableRecord,
  runs: readonly CommitRun[],
  columns: readonly StoredColumn[],
  predicate: ColumnPredicate | undefined,
): Generator<Vector[]> {
  for (const run of runs) {
    if (run.kind === 'delta') yield deltaRows(access, run.blocks, columns)
    else if (mayMatch(table, run.segment, predicate))
      yield* segmentBlocks(access, table, run.segment, columns, predicate)
  }
}

function* sorted(
  access: ReadAccess,
  table: TableRecord,
  order: RowOrder,
  runs: readonly CommitRun[],
  wanted: readonly StoredColumn[],
  predicate: ColumnPredicate | undefined,
): Generator<Vector[]> {
  const predicates = predicatesOf(access, order, runs, predicate)
  const kept = runs
    .map((run, k) => ({ run, predicate: predicates(k) }))
    .filter((r) => r.run.kind === 'delta' || mayMatch(table, r.run.segment, r.predicate))
  if (kept.length === 0) return
  const [only] = kept
  if (kept.length === 1 && only.run.kind === 'segment' && isSortedRun(order, only.run.segment)) {
    yield* segmentBlocks(access, table, only.run.segment, wanted, only.predicate)
    return
  }
  const columns = [...order.keys, ...wanted.filter((c) => !order.keys.includes(c))]
  const positions = wanted.map((c) => columns.indexOf(c))
  const open = kept.map((r): SortedRun => sortedRun(access, table, order, r.run, columns, r.predicate))
  for (const block of mergeRuns(open, order.keys.length, order.keep)) yield positions.map((p) => block[p])
}

/**
 * What each run may be searched with. A row that hides another one need not satisfy what the hidden one does: only a run that shares no key with any other is
 * searched by all columns, the others by their keys.
 */
function predicatesOf(
  access: ReadAccess,
  order: RowOrder,
  runs: readonly CommitRun[],
  predicate: ColumnPredicate | undefined,
): (run: number) => ColumnPredicate | undefined {
  if (predicate === undefined || !hidesRows(order)) return () => predicate
  const keys = predicateOn(
    order.keys.map((c) => c.name),
    predicate,
  )
  const ranges = runs.map((run) => keyRanges(access, order, run))
  return (k) =>
    isUniqueRun(order, runs[k]) && ranges.every((other, n) => n === k || areDisjoint(other, ranges[k]))
      ? predicate
      : keys
}
