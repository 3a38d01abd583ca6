/**
 * Linear regression with penalties on the coefficients w: minimises sum of weight * (y - X w)^2 / (2 * sum of weights) + alpha * l1 * |w| +
 * alpha * (1 - l1) / 2 * w^2 by cyclic coordinate descent (Friedman, Hastie and Tibshirani, 2010), until the duality gap is small.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { choleskyFactor } from '../linalg/cholesky.ts'
import { zeros } from '../linalg/dense.ts'

export interface PenaltyOptions {
  readonly alpha: number
  readonly l1Ratio: number
  readonly intercept: boolean
  /** Columns are centred and brought to length 1 first; only with an intercept. */
  readonly normalize: boolean
  readonly maxIter: number
  readonly tolerance: number
  /** No negative coefficients. */
  readonly positive: boolean
}

export interface PenalizedFit {
  readonly coefficients: Float64Array
  readonly intercept: number
  readonly iterations: number
  readonly gap: number
}

interface Prepared {
  readonly columns: readonly Float64Array[]
  readonly y: Float64Array
  readonly means: Float64Array
  readonly scales: Float64Array
  readonly meanY: number
}

/** Centred where there is an intercept, rows times the root of their weight, weights brought to a mean of 1. */
function prepare(
  y: Float64Array,
  columns: readonly Float64Array[],
  weights: Float64Array | undefined,
  intercept: boolean,
  normalize: boolean,
): Prepared {
  const n = y.length
  let total = 0
  for (let k = 0; k < n; k++) total += weights === undefined ? 1 : weights[k]
  const weight = (k: number): number => (weights === undefined ? 1 : (weights[k] * n) / total)
  const mean = (x: Float64Array): number => {
    if (!intercept) return 0
    let sum = 0
    for (let k = 0; k < n; k++) sum += weight(k) * x[k]
    return sum / n
  }
  const meanY = mean(y)
  const means = Float64Array.from(columns, mean)
  const scales = Float64Array.from(columns, (x, c) => {
    if (!normalize || !intercept) return 1
    let squares = 0
    for (let k = 0; k < n; k++) squares += (x[k] - means[c]) ** 2
    return squares > 0 ? Math.sqrt(squares) : 1
  })
  return {
    columns: columns.map((x, c) => x.map((v, k) => ((v - means[c]) / scales[c]) * Math.sqrt(weight(k)))),
    y: y.map((v, k) => (v - meanY) * Math.sqrt(weight(k))),
    means,
    scales,
    meanY,
  }
}

function finished(p: Prepared, w: Float64Array, intercept: boolean, iterations: number, gap: number): PenalizedFit {
  const coefficients = w.map((v, c) => v / p.scales[c])
  let at = p.meanY
  for (let c = 0; c < w.length; c++) at -= coefficients[c] * p.means[c]
  return { coefficients, intercept: intercept ? at : 0, iterations, gap }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

export function elasticNet(
  y: Float64Array,
  columns: readonly Float64Array[],
  weights: Float64Array | undefined,
  options: PenaltyOptions,
): PenalizedFit {
  const n = y.length
  const p = prepare(y, columns, weights, options.intercept, options.normalize)
  const l1 = options.alpha * options.l1Ratio * n
  const l2 = options.alpha * (1 - options.l1Ratio) * n
  const norms = p.columns.map((x) => dot(x, x))
  const w = new Float64Array(columns.length)
  const rest = p.y.slice()
  const target = options.tolerance * dot(p.y, p.y)
  let gap = Number.POSITIVE_INFINITY
  let iterations = 0
  while (iterations < options.maxIter) {
    checkInterrupt()
    iterations++
    let largest = 0
    let change = 0
    for (let c = 0; c < w.length; c++) {
      if (norms[c] === 0) continue
      const x = p.columns[c]
      const before = w[c]
      const rho = dot(x, rest) + before * norms[c]
      const shrunk = Math.max(Math.abs(rho) - l1, 0) * Math.sign(rho)
      w[c] = options.positive && shrunk < 0 ? 0 : shrunk / (norms[c] + l2)
      const step = w[c] - before
      if (step !== 0) for (let k = 0; k < n; k++) rest[k] -= step * x[k]
      change = Math.max(change, Math.abs(step))
      largest = Math.max(largest, Math.abs(w[c]))
    }
    if (largest === 0 || change / largest < options.tolerance || iterations === options.maxIter) {
      gap = dualityGap(p, w, rest, l1, l2, options.positive)
      if (gap <= target) break
    }
  }
  return finished(p, w, options.intercept, iterations, gap / n)
}

function dualityGap(
  p: Prepared,
  w: Float64Array,
  rest: Float64Array,
  l1: number,
  l2: number,
  positive: boolean,
): number {
  let steepest = 0
  let size = 0
  let squares = 0
  for (let c = 0; c < w.length; c++) {
    const slope = dot(p.columns[c], rest) - l2 * w[c]
    steepest = Math.max(steepest, positive ? slope : Math.abs(slope))
    size += Math.abs(w[c])
    squares += w[c] * w[c]
  }
  const error = dot(rest, rest)
  const scale = steepest > l1 && steepest > 0 ? l1 / steepest : 1
  const gap = steepest > l1 ? 0.5 * (error + error * scale * scale) : error
  return gap + l1 * size - scale * dot(rest, p.y) + 0.5 * l2 * (1 + scale * scale) * squares
}

/** Minimises sum of weight * (y - X w)^2 + alpha * w^2, by Cholesky decomposition. Undefined when singular (alpha 0, dependent columns). */
export function ridge(
  y: Float64Array,
  columns: readonly Float64Array[],
  weights: Float64Array | undefined,
  options: Pick<PenaltyOptions, 'alpha' | 'intercept' | 'normalize'>,
): PenalizedFit | undefined {
  const p = prepare(y, columns, undefined, options.intercept && weights === undefined, options.normalize)
  const q = weights === undefined ? p : prepareRaw(y, columns, weights, options)
  const m = columns.length
  const a = zeros(m, m)
  for (let c = 0; c < m; c++)
    for (let r = c; r < m; r++) a.data[c * m + r] = dot(q.columns[r], q.columns[c]) + (r === c ? options.alpha : 0)
  const l = choleskyFactor(a)
  if (l === undefined) return undefined
  const w = Float64Array.from(q.columns, (x) => dot(x, q.y))
  for (let r = 0; r < m; r++) {
    for (let k = 0; k < r; k++) w[r] -= l.data[k * m + r] * w[k]
    w[r] /= l.data[r * m + r]
  }
  for (let r = m - 1; r >= 0; r--) {
    for (let k = r + 1; k < m; k++) w[r] -= l.data[r * m + k] * w[k]
    w[r] /= l.data[r * m + r]
  }
  return finished(q, w, options.intercept, 1, 0)
}

/** As prepare, with the weights as they are: the penalty of a ridge is against the plain sum. */
function prepareRaw(
  y: Float64Array,
  columns: readonly Float64Array[],
  weights: Float64Array,
  options: { readonly intercept: boolean; readonly normalize: boolean },
): Prepared {
  let total = 0
  for (const w of weights) total += w
  const back = Math.sqrt(total / y.length)
  const p = prepare(y, columns, weights, options.intercept, options.normalize)
  return { ...p, columns: p.columns.map((x) => x.map((v) => v * back)), y: p.y.map((v) => v * back) }
}
