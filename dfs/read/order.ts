/**
 * In which order a table shows the rows of a chunk, and which of them. OLAP: as they were committed. TSDB: by the sort columns, rows that are equal there as
 * they were committed; with keepDuplicates LAST or FIRST only the last or the first of those. PKEY: by the primary key, the last of each.
 *
 * Segments of sorted tables are sorted when they are written (`sorted`), and hold no two rows of one key where only one counts (`uniqueKeys`), so that a chunk of
 * one segment is read like any other, and one of several by a merge that needs a block of each.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { sortIndices } from '../../runtime/kernels/sort.ts'
import type { Vector } from '../../runtime/values/index.ts'
import type { SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import { keptRows } from './duplicates.ts'

export type Keep = TableRecord['keepDuplicates']

export interface RowOrder {
  /** Columns that rows are sorted by, most significant first; all ascending, nulls first. */
  readonly keys: readonly StoredColumn[]
  readonly keep: Keep
}

/** undefined: rows stand in commit order. */
export function rowOrder(table: TableRecord): RowOrder | undefined {
  const names = table.primaryKey ?? table.sortColumns
  if (names.length === 0) return undefined
  const keys = names.map((name) => {
    const column = table.columns.find((c) => c.name === name)
    if (column === undefined) throw new HoldfastError('bug', `the table ${table.name} has no column ${name} to sort by`)
    return column
  })
  return { keys, keep: table.primaryKey === undefined ? table.keepDuplicates : 'LAST' }
}

/** Whether rows that were written may be hidden by others. */
export const hidesRows = (order: RowOrder | undefined): boolean => order !== undefined && order.keep !== 'ALL'

/** What the catalog says of a segment whose rows `orderedRows` has chosen. */
export const orderMarks = (order: RowOrder | undefined): Pick<SegmentRef, 'sorted' | 'uniqueKeys'> =>
  order === undefined ? {} : order.keep === 'ALL' ? { sorted: true } : { sorted: true, uniqueKeys: true }

/**
 * The rows of a new segment, in its order: all of the columns' rows, or those at the positions. `keyColumns` are the order's keys. Of rows that were written together
 * and of which only one counts, the others are not written at all.
 */
export function orderedRows(
  order: RowOrder,
  keyColumns: readonly Vector[],
  positions: Int32Array | undefined,
): Int32Array {
  const keys = positions === undefined ? keyColumns : keyColumns.map((v) => v.gather(positions))
  const sorted = sortIndices(
    keys,
    keys.map(() => true),
  )
  const kept = order.keep === 'ALL' ? sorted : keptRows(keys, sorted, order.keep)
  if (positions !== undefined) for (let k = 0; k < kept.length; k++) kept[k] = positions[kept[k]]
  return kept
}
