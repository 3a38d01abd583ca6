/** New values and deletions, by position, applied to rows in memory. */
import { concatVectors } from '../../runtime/ops/cast.ts'
import type { ColumnEdit, RowEdit, Vector } from '../../runtime/values/index.ts'

/** An edit of rows [from, to) of what the edit was made for, with positions from `from`; undefined if it touches none of them. */
export function editOfRange(edit: RowEdit, from: number, to: number): RowEdit | undefined {
  const deleted = edit.deleted === undefined ? undefined : positionsBetween(edit.deleted, from, to)
  const changes = edit.changes?.flatMap((change) => {
    const part = changeOfRange(change, from, to)
    return part.rows.length === 0 ? [] : [part]
  })
  const touches = (deleted?.length ?? 0) > 0 || (changes?.length ?? 0) > 0
  return touches ? { deleted, changes, touched: 0 } : undefined
}

/** Of ascending positions. */
function positionsBetween(rows: Int32Array, from: number, to: number): Int32Array {
  let low = 0
  while (low < rows.length && rows[low] < from) low++
  let high = low
  while (high < rows.length && rows[high] < to) high++
  const part = rows.slice(low, high)
  for (let k = 0; k < part.length; k++) part[k] -= from
  return part
}

/** Of positions in any order. */
function changeOfRange({ column, rows, values }: ColumnEdit, from: number, to: number): ColumnEdit {
  const at = new Int32Array(rows.length)
  const local = new Int32Array(rows.length)
  let m = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]
    if (row < from || row >= to) continue
    at[m] = k
    local[m++] = row - from
  }
  return m === rows.length && from === 0
    ? { column, rows, values }
    : { column, rows: local.slice(0, m), values: values.gather(at.slice(0, m)) }
}

/** The column with the new values in their places. */
export function changed(v: Vector, changes: readonly Pick<ColumnEdit, 'rows' | 'values'>[]): Vector {
  let current = v
  for (const { rows, values } of changes) {
    const n = current.length
    const index = new Int32Array(n)
    for (let k = 0; k < n; k++) index[k] = k
    for (let k = 0; k < rows.length; k++) index[rows[k]] = n + k
    current = concatVectors([current, values], current.type, 'scale' in current ? current.scale : 0).gather(index)
  }
  return current
}

/** Positions below `count` that are not among the ascending ones; undefined: all of them. */
export function rowsWithout(count: number, gone: Int32Array | undefined): Int32Array | undefined {
  if (gone === undefined || gone.length === 0) return undefined
  const kept = new Int32Array(count - gone.length)
  for (let k = 0, g = 0, m = 0; k < count; k++) {
    if (g < gone.length && gone[g] === k) g++
    else kept[m++] = k
  }
  return kept
}

/** Both sets of ascending positions as one. */
export function union(a: Int32Array | undefined, b: Int32Array | undefined): Int32Array | undefined {
  if (a === undefined || a.length === 0) return b
  if (b === undefined || b.length === 0) return a
  const out = new Int32Array(a.length + b.length)
  let i = 0
  let j = 0
  let m = 0
  while (i < a.length || j < b.length) {
    const x = i < a.length ? a[i] : Number.POSITIVE_INFINITY
    const y = j < b.length ? b[j] : Number.POSITIVE_INFINITY
    if (x <= y) i++
    if (y <= x) j++
    out[m++] = Math.min(x, y)
  }
  return out.slice(0, m)
}
