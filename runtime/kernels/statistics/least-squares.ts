/**
 * Weighted linear least squares by QR decomposition with column pivoting of the design matrix, or by singular values: neither squares the condition as the
 * normal equations do. A design of less than full rank gets the shortest solution.
 */
import { type Dense, EPSILON, multiply, norm2, zeros } from '../linalg/dense.ts'
import { decomposeQr, qOf, rOf } from '../linalg/householder.ts'
import { decomposeSvd, pseudoInverse, rankTolerance } from '../linalg/svd.ts'

export interface LeastSquares {
  readonly coefficients: Float64Array
  /** Diagonal of the inverse of X' W X: variance of a coefficient for a residual variance of 1. */
  readonly leverage: Float64Array
  readonly fitted: Float64Array
  readonly rank: number
}

/** Columns of the design, in order; `weights` are those of the squares. Undefined when singular and `pseudo` is false. */
export function leastSquares(
  y: Float64Array,
  columns: readonly Float64Array[],
  weights: Float64Array | undefined,
  options: { readonly pseudo: boolean; readonly method: 'qr' | 'svd' },
): LeastSquares | undefined {
  const n = y.length
  const p = columns.length
  const design = zeros(n, p)
  const target = zeros(n, 1)
  for (let r = 0; r < n; r++) {
    const root = weights === undefined ? 1 : Math.sqrt(weights[r])
    for (let c = 0; c < p; c++) design.data[c * n + r] = columns[c][r] * root
    target.data[r] = y[r] * root
  }
  const solved = (options.method === 'qr' && n >= p ? byQr(design, target) : undefined) ?? undefined
  const solution = solved ?? bySingularValues(design, target, options.pseudo || options.method === 'svd')
  if (solution === undefined) return undefined
  const fitted = new Float64Array(n)
  for (let c = 0; c < p; c++) for (let r = 0; r < n; r++) fitted[r] += columns[c][r] * solution.coefficients[c]
  return { ...solution, fitted }
}

type Solution = Omit<LeastSquares, 'fitted'>

/** Undefined when the rank is not full. */
function byQr(design: Dense, target: Dense): Solution | undefined {
  const p = design.cols
  // Columns of length 1, so that the rank does not hang on the units in which they are measured.
  const lengths = Float64Array.from({ length: p }, (_, c) => norm2(design.data, c * design.rows, (c + 1) * design.rows))
  if (lengths.some((length) => length === 0)) return undefined
  const scaled: Dense = {
    data: design.data.map((x, k) => x / lengths[Math.floor(k / design.rows)]),
    rows: design.rows,
    cols: p,
  }
  const d = decomposeQr(scaled, true)
  const q = qOf(d, p)
  const r = rOf(d, p)
  if (Math.abs(r.data[(p - 1) * p + p - 1]) <= Math.abs(r.data[0]) * Math.max(design.rows, p) * EPSILON)
    return undefined
  // R inverted column by column, from which both the coefficients and their variances come.
  const inverse = zeros(p, p)
  for (let c = 0; c < p; c++) {
    inverse.data[c * p + c] = 1 / r.data[c * p + c]
    for (let row = c - 1; row >= 0; row--) {
      let sum = 0
      for (let k = row + 1; k <= c; k++) sum += r.data[k * p + row] * inverse.data[c * p + k]
      inverse.data[c * p + row] = -sum / r.data[row * p + row]
    }
  }
  const coefficients = new Float64Array(p)
  const leverage = new Float64Array(p)
  const right = new Float64Array(p)
  for (let c = 0; c < p; c++)
    for (let row = 0; row < design.rows; row++) right[c] += q.data[c * design.rows + row] * target.data[row]
  for (let row = 0; row < p; row++) {
    const at = d.order[row]
    for (let c = row; c < p; c++) {
      coefficients[at] += inverse.data[c * p + row] * right[c]
      leverage[at] += inverse.data[c * p + row] ** 2
    }
    coefficients[at] /= lengths[at]
    leverage[at] /= lengths[at] ** 2
  }
  return { coefficients, leverage, rank: p }
}

function bySingularValues(design: Dense, target: Dense, pseudo: boolean): Solution | undefined {
  const d = decomposeSvd(design)
  if (d === undefined) return undefined
  const tolerance = rankTolerance(d)
  const rank = d.s.reduce((k, s) => (s > tolerance ? k + 1 : k), 0)
  if (rank < design.cols && !pseudo) return undefined
  const inverse = pseudoInverse(d, tolerance)
  const leverage = new Float64Array(design.cols)
  for (let c = 0; c < inverse.cols; c++)
    for (let r = 0; r < inverse.rows; r++) leverage[r] += inverse.data[c * inverse.rows + r] ** 2
  return { coefficients: multiply(inverse, target).data, leverage, rank }
}
