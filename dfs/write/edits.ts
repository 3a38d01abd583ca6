/** New values and deletions, by position, applied to rows in memory. */
import { concatVectors } from '../../runtime/ops/cast.ts'
import type { ColumnEdit, RowEdit, Vector } from '../../runtime/values/index.ts'

/** An edit of the rows of several pieces, one after another, as one edit a piece, with positions in the piece; undefined where it touches no row. */
export function editsByPiece(edit: RowEdit, sizes: readonly number[]): (RowEdit | undefined)[] {
  const starts = new Int32Array(sizes.length + 1)
  sizes.forEach((size, k) => {
    starts[k + 1] = starts[k] + size
  })
  const pieceOf = new Int32Array(starts[sizes.length])
  for (let k = 0; k < sizes.length; k++) pieceOf.fill(k, starts[k], starts[k + 1])
  const deleted = edit.deleted === undefined ? undefined : grouped(edit.deleted, pieceOf, starts)
  const changes = (edit.changes ?? []).map((change) => ({ change, parts: grouped(change.rows, pieceOf, starts) }))
  return sizes.map((_, k) => {
    const gone = deleted?.[k]?.rows
    const own = changes.flatMap(({ change, parts }): ColumnEdit[] => {
      const part = parts[k]
      if (part === undefined) return []
      return [{ column: change.column, rows: part.rows, values: change.values.gather(part.at) }]
    })
    return gone === undefined && own.length === 0 ? undefined : { deleted: gone, changes: own, touched: 0 }
  })
}

interface Group {
  /** Where the group's rows stand in the list. */
  readonly at: Int32Array
  readonly rows: Int32Array
}

/** The rows of each piece, in the order in which they come. */
function grouped(rows: Int32Array, pieceOf: Int32Array, starts: Int32Array): (Group | undefined)[] {
  const pieces = starts.length - 1
  const ends = new Int32Array(pieces + 1)
  for (let k = 0; k < rows.length; k++) ends[pieceOf[rows[k]] + 1]++
  for (let p = 0; p < pieces; p++) ends[p + 1] += ends[p]
  const next = ends.slice(0, pieces)
  const at = new Int32Array(rows.length)
  const local = new Int32Array(rows.length)
  for (let k = 0; k < rows.length; k++) {
    const piece = pieceOf[rows[k]]
    const place = next[piece]++
    at[place] = k
    local[place] = rows[k] - starts[piece]
  }
  return Array.from({ length: pieces }, (_, p) =>
    ends[p] === ends[p + 1]
      ? undefined
      : { at: at.subarray(ends[p], ends[p + 1]), rows: local.slice(ends[p], ends[p + 1]) },
  )
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
