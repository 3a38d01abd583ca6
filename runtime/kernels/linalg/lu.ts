/** LU decomposition with partial pivoting (Gaussian elimination by columns), and what follows from it: solutions, inverse, determinant. */
import { checkInterrupt } from '../../interrupt.ts'
import { type Dense, identity, zeros } from './dense.ts'

/** Row `order[k]` of the matrix is row k of L ** U. L (unit diagonal) and U share one matrix of rows x cols. */
export interface LuDecomposition {
  readonly lu: Float64Array
  readonly rows: number
  readonly cols: number
  readonly order: Int32Array
  /** 1 or -1 by the number of row exchanges. */
  readonly sign: number
  /** A pivot is 0. */
  readonly singular: boolean
}

export function decomposeLu(m: Dense): LuDecomposition {
  const { rows: n, cols } = m
  const lu = m.data.slice()
  const order = Int32Array.from({ length: n }, (_, k) => k)
  let sign = 1
  let singular = false
  for (let k = 0; k < Math.min(n, cols); k++) {
    checkInterrupt()
    let pivot = k
    for (let r = k + 1; r < n; r++) if (Math.abs(lu[k * n + r]) > Math.abs(lu[k * n + pivot])) pivot = r
    if (lu[k * n + pivot] === 0) {
      singular = true
      continue
    }
    if (pivot !== k) {
      for (let c = 0; c < cols; c++) {
        const x = lu[c * n + k]
        lu[c * n + k] = lu[c * n + pivot]
        lu[c * n + pivot] = x
      }
      const x = order[k]
      order[k] = order[pivot]
      order[pivot] = x
      sign = -sign
    }
    for (let r = k + 1; r < n; r++) lu[k * n + r] /= lu[k * n + k]
    for (let c = k + 1; c < cols; c++) {
      const factor = lu[c * n + k]
      if (factor !== 0) for (let r = k + 1; r < n; r++) lu[c * n + r] -= lu[k * n + r] * factor
    }
  }
  return { lu, rows: n, cols, order, sign, singular }
}

/** The columns x with A ** x = b, for a square matrix that is not singular. */
export function solveLu(d: LuDecomposition, b: Dense): Dense {
  const n = d.rows
  const out = zeros(n, b.cols)
  for (let c = 0; c < b.cols; c++) {
    const x = out.data.subarray(c * n, (c + 1) * n)
    for (let r = 0; r < n; r++) x[r] = b.data[c * n + d.order[r]]
    for (let k = 0; k < n; k++) if (x[k] !== 0) for (let r = k + 1; r < n; r++) x[r] -= d.lu[k * n + r] * x[k]
    for (let k = n - 1; k >= 0; k--) {
      x[k] /= d.lu[k * n + k]
      for (let r = 0; r < k; r++) x[r] -= d.lu[k * n + r] * x[k]
    }
  }
  return out
}

export const inverseLu = (d: LuDecomposition): Dense => solveLu(d, identity(d.rows))

export function determinant(d: LuDecomposition): number {
  if (d.singular) return 0
  let product = d.sign
  for (let k = 0; k < d.rows; k++) product *= d.lu[k * d.rows + k]
  return product
}

/** The factors as matrices: L of rows x min, U of min x cols, P with P ** A = L ** U. */
export function luFactors(d: LuDecomposition): { readonly l: Dense; readonly u: Dense; readonly p: Dense } {
  const k = Math.min(d.rows, d.cols)
  const l = zeros(d.rows, k)
  const u = zeros(k, d.cols)
  const p = zeros(d.rows, d.rows)
  for (let c = 0; c < k; c++) {
    l.data[c * d.rows + c] = 1
    for (let r = c + 1; r < d.rows; r++) l.data[c * d.rows + r] = d.lu[c * d.rows + r]
  }
  for (let c = 0; c < d.cols; c++)
    for (let r = 0; r <= Math.min(c, k - 1); r++) u.data[c * k + r] = d.lu[c * d.rows + r]
  for (let r = 0; r < d.rows; r++) p.data[d.order[r] * d.rows + r] = 1
  return { l, u, p }
}
