/**
 * Keys of keyed tables. The index maps the text of a row's key columns to its position. It is built when first needed and dropped (set to
 * undefined) by whoever removes or reorders rows; appends keep it up to date.
 */
import type { Table } from '../values/table.ts'
import type { Vector } from '../values/vector.ts'
import { WideMap } from '../values/wide-map.ts'

/** The key of row k of these columns, the same for STRING and SYMBOL columns of equal text. */
export function rowKey(columns: readonly Vector[], k: number): string {
  if (columns.length === 1) return String(columns[0].raw(k))
  let key = ''
  for (const c of columns) key += `${String(c.raw(k))}\u0000`
  return key
}

/** Key to row of a table by the given columns; of equal keys the first row. */
export function indexRows(columns: readonly Vector[], rows: number): WideMap<number> {
  const index = new WideMap<number>()
  for (let k = 0; k < rows; k++) {
    const key = rowKey(columns, k)
    if (!index.has(key)) index.add(key, k)
  }
  return index
}

/** Index of a keyed table, current. */
export function keyIndexOf(t: Table): WideMap<number> {
  if (t.keyIndex === undefined || t.keyIndex.size !== t.rows) {
    const keys = (t.keyColumns ?? []).map((c) => t.columns[c])
    t.keyIndex = indexRows(keys, t.rows)
  }
  return t.keyIndex
}
