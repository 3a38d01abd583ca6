/** Indexed matrices and series meet by their labels: outer join, null where one side has none. */
import { operatorError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { sortIndices } from '../kernels/sort.ts'
import { Matrix } from '../values/forms.ts'
import type { Vector } from '../values/vector.ts'
import { castVector, concatVectors } from './cast.ts'

/** Both matrices on the union of their labels, ascending. A side without labels on an axis keeps the other's size there. */
export function alignMatrices(a: Matrix, b: Matrix): [Matrix, Matrix] {
  const rows = alignLabels(a.rowLabels, b.rowLabels, a.rows, b.rows)
  // An indexed series has one column that meets every column of a matrix.
  if (a.indexed === 'series' || b.indexed === 'series') {
    const cols = Math.max(a.cols, b.cols)
    const labels = a.indexed === 'series' ? b.colLabels : a.colLabels
    const left = pick(a, rows.left, repeated(a, cols), rows.labels, labels)
    const right = pick(b, rows.right, repeated(b, cols), rows.labels, labels)
    return [left, right]
  }
  const cols = alignLabels(a.colLabels, b.colLabels, a.cols, b.cols)
  return [
    pick(a, rows.left, cols.left, rows.labels, cols.labels),
    pick(b, rows.right, cols.right, rows.labels, cols.labels),
  ]
}

function repeated(m: Matrix, cols: number): Int32Array {
  if (m.cols !== 1 && m.cols !== cols) throw operatorError('Incompatible matrix shape', { code: 'matrixShape' })
  return Int32Array.from({ length: cols }, (_, k) => (m.cols === 1 ? 0 : k))
}

interface Alignment {
  readonly labels: Vector | undefined
  readonly left: Int32Array
  readonly right: Int32Array
}

function alignLabels(a: Vector | undefined, b: Vector | undefined, na: number, nb: number): Alignment {
  if (a === undefined || b === undefined) {
    if (na !== nb) throw operatorError('Incompatible matrix shape', { code: 'matrixShape' })
    const same = Int32Array.from({ length: na }, (_, k) => k)
    return { labels: a ?? b, left: same, right: same }
  }
  const all = concatVectors([a, castVector(b, a.type)], a.type)
  const { ids, count, firstRows } = groupIds([all])
  const order = sortIndices([all.gather(firstRows)], [true])
  const place = new Int32Array(count)
  for (let k = 0; k < count; k++) place[order[k]] = k
  const left = new Int32Array(count).fill(-1)
  const right = new Int32Array(count).fill(-1)
  for (let k = 0; k < na; k++) left[place[ids[k]]] = k
  for (let k = 0; k < nb; k++) right[place[ids[na + k]]] = k
  return { labels: all.gather(firstRows).gather(order), left, right }
}

function pick(m: Matrix, rows: Int32Array, cols: Int32Array, rowLabels?: Vector, colLabels?: Vector): Matrix {
  const positions = new Int32Array(rows.length * cols.length)
  let at = 0
  for (const c of cols) for (const r of rows) positions[at++] = c < 0 || r < 0 ? -1 : c * m.rows + r
  const out = new Matrix(m.data.gather(positions), rows.length, cols.length, rowLabels, colLabels)
  // What comes of a series and a matrix is a matrix.
  out.indexed = m.indexed === 'series' && cols.length > 1 ? 'matrix' : m.indexed
  return out
}
