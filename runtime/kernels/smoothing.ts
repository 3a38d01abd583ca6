/** Smoothing of a series of doubles (NaN is null). Leading nulls are kept; counting starts at the first valid element. */
import { checkInterrupt } from '../interrupt.ts'
import { CHUNK_ROWS } from './codegen.ts'

/** Rows between two looks at the interrupt flag, where each row goes over its whole window. */
const rowsPerCheck = (window: number): number => Math.ceil(CHUNK_ROWS / window)

const firstValid = (x: Float64Array): number => {
  let k = 0
  while (k < x.length && Number.isNaN(x[k])) k++
  return k
}

/** Exponential mean with factor `alpha`, seeded with the mean of the first n valid elements, or (warmup) with the first one. A later null repeats the value. */
export function exponential(x: Float64Array, n: number, alpha: number, warmup = false): Float64Array {
  const out = new Float64Array(x.length).fill(Number.NaN)
  const start = firstValid(x)
  const lead = warmup ? 1 : n
  if (start + lead > x.length) return out
  let value = 0
  let count = 0
  for (let k = start; k < start + lead; k++)
    if (!Number.isNaN(x[k])) {
      value += x[k]
      count++
    }
  value /= count
  out[start + lead - 1] = value
  for (let k = start + lead; k < x.length; k++) {
    // Warming up, the factor falls from 1 as the number of elements behind grows to n.
    const factor = warmup && k - start < n ? 2 / (k - start + 1) : alpha
    if (!Number.isNaN(x[k])) value += factor * (x[k] - value)
    out[k] = value
  }
  return out
}

export const ema = (x: Float64Array, n: number, warmup = false): Float64Array => exponential(x, n, 2 / (n + 1), warmup)

/** Weighted mean over n elements; `weights` run from the oldest. Nulls lose their weight. */
export function weightedMean(x: Float64Array, weights: readonly number[]): Float64Array {
  const n = weights.length
  const out = new Float64Array(x.length).fill(Number.NaN)
  const perCheck = rowsPerCheck(n)
  for (let k = firstValid(x) + n - 1; k < x.length; k++) {
    if (k % perCheck === 0) checkInterrupt()
    let sum = 0
    let total = 0
    for (let j = 0; j < n; j++) {
      const value = x[k - n + 1 + j]
      if (Number.isNaN(value)) continue
      sum += weights[j] * value
      total += weights[j]
    }
    out[k] = sum / total
  }
  return out
}

/** Plain mean over n elements, by a moving compensated sum. */
export function sma(x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(x.length).fill(Number.NaN)
  const start = firstValid(x)
  let sum = 0
  let lost = 0
  let count = 0
  const change = (y: number): void => {
    const next = sum + y
    lost += Math.abs(sum) >= Math.abs(y) ? sum - next + y : y - next + sum
    sum = next
  }
  for (let k = start; k < x.length; k++) {
    if (!Number.isNaN(x[k])) {
      change(x[k])
      count++
    }
    const left = k - n
    if (left >= start && !Number.isNaN(x[left])) {
      change(-x[left])
      count--
    }
    if (k - start >= n - 1) out[k] = (sum + lost) / count
  }
  return out
}

const map2 = (a: Float64Array, b: Float64Array, f: (x: number, y: number) => number): Float64Array =>
  a.map((x, k) => f(x, b[k]))

export function dema(x: Float64Array, n: number): Float64Array {
  const e1 = ema(x, n)
  return map2(e1, ema(e1, n), (a, b) => 2 * a - b)
}

export function tema(x: Float64Array, n: number): Float64Array {
  const e1 = ema(x, n)
  const e2 = ema(e1, n)
  const e3 = ema(e2, n)
  return e1.map((a, k) => 3 * a - 3 * e2[k] + e3[k])
}

export const trima = (x: Float64Array, n: number): Float64Array =>
  sma(sma(x, Math.ceil((n + 1) / 2)), Math.floor((n + 1) / 2))

/** A window longer than the series has no results, and needs no weights. */
export const wma = (x: Float64Array, n: number): Float64Array =>
  n > x.length
    ? new Float64Array(x.length).fill(Number.NaN)
    : weightedMean(
        x,
        Array.from({ length: n }, (_, k) => k + 1),
      )

/** Kaufman's adaptive mean: the factor follows how straight the last n steps were. */
export function kama(x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(x.length).fill(Number.NaN)
  const start = firstValid(x)
  const first = start + n - 1
  if (first >= x.length) return out
  // The first mean is the seed only: it has no change over n elements behind it.
  let value = x[first]
  const perCheck = rowsPerCheck(n)
  for (let k = first + 1; k < x.length; k++) {
    if (k % perCheck === 0) checkInterrupt()
    let path = 0
    for (let j = k - n + 1; j <= k; j++) path += Math.abs(x[j] - x[j - 1])
    const straight = path === 0 ? 1 : Math.abs(x[k] - x[k - n]) / path
    const factor = (straight * (2 / 3 - 2 / 31) + 2 / 31) ** 2
    if (!Number.isNaN(factor * x[k])) value += factor * (x[k] - value)
    out[k] = value
  }
  return out
}

/** Tillson's T3 as TA-Lib computes it: a polynomial in the volume factor over six exponential means of one another. */
export function t3(x: Float64Array, n: number, factor: number): Float64Array {
  const means: Float64Array[] = [x]
  for (let k = 0; k < 6; k++) means.push(ema(means[k], n))
  const [, , , e3, e4, e5, e6] = means
  const v2 = factor * factor
  const v3 = v2 * factor
  const [c1, c2, c3, c4] = [-v3, 3 * v2 + 3 * v3, -6 * v2 - 3 * factor - 3 * v3, 1 + 3 * factor + v3 + 3 * v2]
  return e6.map((last, k) => c1 * last + c2 * e5[k] + c3 * e4[k] + c4 * e3[k])
}

/** Decaying weights: what ewmMean and its relatives share. */
export interface Decay {
  readonly alpha: number
  readonly adjust: boolean
  readonly ignoreNull: boolean
  readonly minPeriods: number
  /** Times in half-lives, one per element: the decay between two elements is then that of their distance in time. */
  readonly times?: Float64Array
}

/** Exponentially weighted covariance of two series (variance when they are the same), with the running means. */
export function ewm(
  x: Float64Array,
  y: Float64Array,
  decay: Decay,
  bias: boolean,
): { mean: Float64Array; cov: Float64Array } {
  const mean = new Float64Array(x.length).fill(Number.NaN)
  const cov = new Float64Array(x.length).fill(Number.NaN)
  const keep = 1 - decay.alpha
  let mx = Number.NaN
  let my = Number.NaN
  let c = 0
  let weight = 1
  let sumWeight = 1
  let sumSquares = 1
  let count = 0
  for (let k = 0; k < x.length; k++) {
    const valid = !Number.isNaN(x[k]) && !Number.isNaN(y[k])
    if (valid) count++
    if (Number.isNaN(mx)) {
      if (valid) {
        mx = x[k]
        my = y[k]
      }
    } else if (valid || !decay.ignoreNull) {
      const step = decay.times === undefined ? keep : 2 ** (decay.times[k - 1] - decay.times[k])
      sumWeight *= step
      sumSquares *= step * step
      weight *= step
      if (valid) {
        const fresh = decay.adjust ? 1 : decay.alpha
        const oldX = mx
        const oldY = my
        const total = weight + fresh
        mx = (weight * mx + fresh * x[k]) / total
        my = (weight * my + fresh * y[k]) / total
        c = (weight * (c + (oldX - mx) * (oldY - my)) + fresh * (x[k] - mx) * (y[k] - my)) / total
        sumWeight += fresh
        sumSquares += fresh * fresh
        weight += fresh
        if (!decay.adjust) {
          sumWeight /= weight
          sumSquares /= weight * weight
          weight = 1
        }
      }
    }
    if (count < Math.max(1, decay.minPeriods)) continue
    mean[k] = mx
    if (bias) cov[k] = c
    else {
      const numerator = sumWeight * sumWeight
      const denominator = numerator - sumSquares
      cov[k] = denominator > 1e-300 && count > 1 ? (numerator / denominator) * c : Number.NaN
    }
  }
  return { mean, cov }
}
