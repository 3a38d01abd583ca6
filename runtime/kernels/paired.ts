/** Statistics of two columns of doubles (NaN is null): positions where either side is null are left out. */
import { NULL_F64 } from '../values/types.ts'
import { byBlocks } from './moments.ts'
import { LANES_FROM } from './simd/elementwise.ts'
import { watchedProducts } from './watched.ts'

/** What a loop leaves. */
const SUMS = new Float64Array(2)

export interface PairMoments {
  readonly count: number
  readonly meanX: number
  readonly meanY: number
  /** Sums of squared and mixed distances to the means. */
  readonly xx: number
  readonly yy: number
  readonly xy: number
}

export function pairMoments(x: Float64Array, y: Float64Array, from = 0, to: number = x.length): PairMoments {
  let count = 0
  let sumX = 0
  let sumY = 0
  for (let k = from; k < to; k++) {
    const a = x[k]
    const b = y[k]
    if (Number.isNaN(a) || Number.isNaN(b)) continue
    count++
    sumX += a
    sumY += b
  }
  const meanX = sumX / count
  const meanY = sumY / count
  let xx = 0
  let yy = 0
  let xy = 0
  for (let k = from; k < to; k++) {
    const a = x[k]
    const b = y[k]
    if (Number.isNaN(a) || Number.isNaN(b)) continue
    const p = a - meanX
    const q = b - meanY
    xx += p * p
    yy += q * q
    xy += p * q
  }
  return { count, meanX, meanY, xx, yy, xy }
}

/** Correlation; NaN when a variance is (nearly) zero. */
export function correlation(m: PairMoments): number {
  if (m.count < 2 || m.xx / (m.count - 1) < 1e-12 || m.yy / (m.count - 1) < 1e-12) return Number.NaN
  return Math.max(-1, Math.min(1, m.xy / Math.sqrt(m.xx * m.yy)))
}

export const covariance = (m: PairMoments): number => (m.count < 2 ? Number.NaN : m.xy / (m.count - 1))
export const covarianceP = (m: PairMoments): number => (m.count < 1 ? Number.NaN : m.xy / m.count)
/** Slope of the regression of y on x. */
export const slope = (m: PairMoments): number => (m.count < 2 || m.xx === 0 ? Number.NaN : m.xy / m.xx)

/** Sum of x*y and of the weights y over the valid positions (the null of doubles counts as NaN does); sum is NaN when there are none. */
export function weighted(
  x: Float64Array,
  y: Float64Array,
  from = 0,
  to: number = x.length,
): { sum: number; weight: number } {
  const total = { sum: 0, weight: 0, count: 0 }
  const careful = (start: number, end: number): void => addWeighted(x, y, start, end, total)
  const watched = (start: number, end: number): boolean => {
    if (!watchedProducts(x, y, start, end, SUMS)) return false
    total.sum += SUMS[0]
    total.weight += SUMS[1]
    total.count += end - start
    return true
  }
  if (to - from < LANES_FROM) careful(from, to)
  else byBlocks(from, to, watched, careful)
  return total.count === 0 ? { sum: Number.NaN, weight: Number.NaN } : total
}

interface Weighted {
  sum: number
  weight: number
  count: number
}

function addWeighted(x: Float64Array, y: Float64Array, from: number, to: number, total: Weighted): void {
  let { sum, weight, count } = total
  for (let k = from; k < to; k++) {
    if (Number.isNaN(x[k]) || Number.isNaN(y[k]) || x[k] === NULL_F64 || y[k] === NULL_F64) continue
    sum += x[k] * y[k]
    weight += y[k]
    count++
  }
  total.sum = sum
  total.weight = weight
  total.count = count
}

/** The statistics of two columns by function name; X first. */
export const PAIR_STATISTICS: Readonly<
  Record<string, (x: Float64Array, y: Float64Array, from?: number, to?: number) => number>
> = {
  corr: (x, y, f, t) => correlation(pairMoments(x, y, f, t)),
  covar: (x, y, f, t) => covariance(pairMoments(x, y, f, t)),
  covarp: (x, y, f, t) => covarianceP(pairMoments(x, y, f, t)),
  /** beta(Y, X): the first argument is regressed on the second. */
  beta: (y, x, f, t) => slope(pairMoments(x, y, f, t)),
  wavg: (x, y, f, t) => {
    const w = weighted(x, y, f, t)
    return w.sum / w.weight
  },
  wsum: (x, y, f, t) => weighted(x, y, f, t).sum,
  wsum2: (x, y, f = 0, t = x.length) => {
    let sum = 0
    let count = 0
    for (let k = f; k < t; k++) {
      if (Number.isNaN(x[k]) || Number.isNaN(y[k])) continue
      sum += x[k] * x[k] * y[k]
      count++
    }
    return count === 0 ? Number.NaN : sum
  },
  euclidean: (x, y, f = 0, t = x.length) => {
    let sum = 0
    let count = 0
    for (let k = f; k < t; k++) {
      if (Number.isNaN(x[k]) || Number.isNaN(y[k])) continue
      sum += (x[k] - y[k]) ** 2
      count++
    }
    return count === 0 ? Number.NaN : Math.sqrt(sum)
  },
  tanimoto: (x, y, f = 0, t = x.length) => {
    let xx = 0
    let yy = 0
    let xy = 0
    for (let k = f; k < t; k++) {
      if (Number.isNaN(x[k]) || Number.isNaN(y[k])) continue
      xx += x[k] * x[k]
      yy += y[k] * y[k]
      xy += x[k] * y[k]
    }
    return 1 - xy / (xx + yy - xy)
  },
}
