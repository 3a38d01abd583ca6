/**
 * Householder reflections H = I - tau * v * v', with v[0] = 1, and the QR decomposition made of them. Signs follow the usual convention: the
 * reflected element gets the sign opposite to the one it had, so the diagonal of R is negative where the matrix was positive.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { copyOf, type Dense, identity, norm2, topRows, triangle } from './dense.ts'

const SMALL = 2 ** -900
const UP = 2 ** 600

/**
 * The reflection that turns x[from..to) into (beta, 0, ..., 0). Leaves beta in x[from] and v[1..] behind it; answers tau, 0 if nothing was
 * to be done.
 */
export function reflect(x: Float64Array, from: number, to: number): number {
  const tail = norm2(x, from + 1, to)
  if (tail === 0) return 0
  const alpha = x[from]
  const size = Math.hypot(alpha, tail)
  if (size < SMALL) {
    // Near the end of the range of numbers their digits run out: worked out with larger ones.
    for (let k = from; k < to; k++) x[k] *= UP
    const tau = reflect(x, from, to)
    x[from] /= UP
    return tau
  }
  const beta = alpha >= 0 ? -size : size
  const scale = alpha - beta
  for (let k = from + 1; k < to; k++) x[k] /= scale
  x[from] = beta
  return (beta - alpha) / beta
}

/** Applies H to rows from..from+length of the columns `first`.. of m; v[1..] stands in `v` from `at` + 1. */
export function applyLeft(
  m: Dense,
  v: Float64Array,
  at: number,
  length: number,
  tau: number,
  row: number,
  first: number,
): void {
  if (tau === 0) return
  for (let c = first; c < m.cols; c++) {
    const base = c * m.rows + row
    let sum = m.data[base]
    for (let k = 1; k < length; k++) sum += v[at + k] * m.data[base + k]
    sum *= tau
    m.data[base] -= sum
    for (let k = 1; k < length; k++) m.data[base + k] -= v[at + k] * sum
  }
}

export interface QrDecomposition {
  /** R on and above the diagonal, the vectors v below it. */
  readonly packed: Dense
  readonly tau: Float64Array
  /** Column `order[k]` of the matrix is column k of Q ** R. */
  readonly order: Int32Array
}

/** With `pivoting` the column with the largest rest comes first in each step, so that the diagonal of R falls. */
export function decomposeQr(matrix: Dense, pivoting = false): QrDecomposition {
  const m = copyOf(matrix)
  const steps = Math.min(m.rows, m.cols)
  const tau = new Float64Array(steps)
  const order = Int32Array.from({ length: m.cols }, (_, k) => k)
  for (let k = 0; k < steps; k++) {
    checkInterrupt()
    if (pivoting) pivotColumn(m, k, order)
    tau[k] = reflect(m.data, k * m.rows + k, (k + 1) * m.rows)
    applyLeft(m, m.data, k * m.rows + k, m.rows - k, tau[k], k, k + 1)
  }
  return { packed: m, tau, order }
}

function pivotColumn(m: Dense, k: number, order: Int32Array): void {
  let best = k
  let largest = -1
  for (let c = k; c < m.cols; c++) {
    const length = norm2(m.data, c * m.rows + k, (c + 1) * m.rows)
    if (length > largest * (1 + 1e-14)) {
      best = c
      largest = length
    }
  }
  if (best === k) return
  const column = m.data.slice(best * m.rows, (best + 1) * m.rows)
  m.data.copyWithin(best * m.rows, k * m.rows, (k + 1) * m.rows)
  m.data.set(column, k * m.rows)
  const x = order[k]
  order[k] = order[best]
  order[best] = x
}

/** The first `cols` columns of Q. */
export function qOf(d: QrDecomposition, cols: number): Dense {
  const { packed, tau } = d
  const full = identity(packed.rows)
  const q: Dense = { data: full.data.subarray(0, packed.rows * cols), rows: packed.rows, cols }
  for (let k = tau.length - 1; k >= 0; k--) {
    checkInterrupt()
    applyLeft(q, packed.data, k * packed.rows + k, packed.rows - k, tau[k], k, Math.min(k, cols))
  }
  return copyOf(q)
}

/** R with `rows` rows. */
export const rOf = (d: QrDecomposition, rows: number): Dense => triangle(topRows(d.packed, rows), 'upper')
