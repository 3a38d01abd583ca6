/**
 * Moving windows. A window of element k is elements starts[k]..k, and `starts` never goes back: windows of n elements and windows over time differ
 * only in how the starts are found. Statistics update incrementally as the window moves (O(n) for sums, moments and extremes, O(n log n)
 * for order statistics).
 */

import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { isFloating, isI64, isLiteral, NULL_I64, T } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { kurtosisOf, skewness } from './aggregate.ts'
import { moments } from './moments.ts'
import { pairMoments } from './paired.ts'
import { medianOf } from './quantile.ts'
import { OrderCounter, orderKeys } from './rank.ts'
import { type Accumulator, type PairAccumulator, runningTotal, VARIANCES, VarianceAccumulator } from './running.ts'

/** Where the windows start and when a result is due: not before element `lead`, and with at least `minValid` valid elements. */
export interface Windows {
  readonly starts: Int32Array
  readonly lead: number
  readonly minValid: number
}

/** Windows of `size` elements. Without minPeriods the first size - 1 results are null. */
export function countWindows(length: number, size: number, minPeriods?: number): Windows {
  const starts = new Int32Array(length)
  for (let k = size; k < length; k++) starts[k] = k - size + 1
  return minPeriods === undefined ? { starts, lead: size - 1, minValid: 1 } : { starts, lead: 0, minValid: minPeriods }
}

/** Windows (lower[k], t[k]]: rows whose time is greater than the lower bound. Both arrays ascend. */
export function timeWindows(t: Float64Array, lower: Float64Array, minPeriods = 1): Windows {
  const starts = new Int32Array(t.length)
  let from = 0
  for (let k = 0; k < t.length; k++) {
    while (from < k && t[from] <= lower[k]) from++
    starts[k] = from
  }
  return { starts, lead: 0, minValid: minPeriods }
}

/** Running count of valid elements, one longer than the vector. */
function validPrefix(v: Vector): Int32Array {
  const prefix = new Int32Array(v.length + 1)
  for (let k = 0; k < v.length; k++) prefix[k + 1] = prefix[k] + (v.isNullAt(k) ? 0 : 1)
  return prefix
}

/** Whether each window has a result. */
function due(v: Vector, w: Windows): Uint8Array {
  const prefix = validPrefix(v)
  const out = new Uint8Array(v.length)
  for (let k = 0; k < out.length; k++) out[k] = k >= w.lead && prefix[k + 1] - prefix[w.starts[k]] >= w.minValid ? 1 : 0
  return out
}

/** An accumulator's statistic over each window. */
export function movingStatistic(x: Float64Array, w: Windows, acc: Accumulator): Float64Array {
  const out = new Float64Array(x.length)
  let from = 0
  let valid = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) {
      acc.add(x[k])
      valid++
    }
    for (; from < w.starts[k]; from++)
      if (!Number.isNaN(x[from])) {
        valid--
        // An empty window clears what rounding left behind.
        if (valid === 0) acc.reset()
        else acc.remove(x[from])
      }
    out[k] = k >= w.lead && valid >= w.minValid ? acc.result() : Number.NaN
  }
  return out
}

export function movingPair(x: Float64Array, y: Float64Array, w: Windows, acc: PairAccumulator): Float64Array {
  const out = new Float64Array(x.length)
  let from = 0
  let valid = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k]) && !Number.isNaN(y[k])) {
      acc.add(x[k], y[k])
      valid++
    }
    for (; from < w.starts[k]; from++)
      if (!Number.isNaN(x[from]) && !Number.isNaN(y[from])) {
        acc.remove(x[from], y[from])
        valid--
      }
    out[k] = k >= w.lead && valid >= w.minValid ? acc.result() : Number.NaN
  }
  return out
}

/** Sum of the window and number of its valid elements, compensated so that rounding does not pile up. */
class SumAccumulator implements Accumulator {
  #sum = 0
  #lost = 0
  #count = 0
  readonly #finish: (sum: number, count: number) => number
  readonly #map: (x: number) => number
  constructor(finish: (sum: number, count: number) => number, map: (x: number) => number = (x) => x) {
    this.#finish = finish
    this.#map = map
  }
  #change(x: number): void {
    const sum = this.#sum + x
    this.#lost += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - sum + x : x - sum + this.#sum
    this.#sum = sum
  }
  add(x: number): void {
    this.#count++
    this.#change(this.#map(x))
  }
  remove(x: number): void {
    this.#count--
    this.#change(-this.#map(x))
  }
  result(): number {
    return this.#finish(this.#sum + this.#lost, this.#count)
  }
  reset(): void {
    this.#sum = 0
    this.#lost = 0
    this.#count = 0
  }
}

/** Exact window sums of integers from wrapping prefix sums. */
function integerSums(v: FixedVector, w: Windows): FixedVector {
  const total = runningTotal(v, 'sum').data as BigInt64Array
  const ok = due(v, w)
  const out = new BigInt64Array(v.length)
  for (let k = 0; k < out.length; k++) {
    if (ok[k] === 0) out[k] = NULL_I64
    else {
      const from = w.starts[k]
      const before = from === 0 || total[from - 1] === NULL_I64 ? 0n : total[from - 1]
      out[k] = BigInt.asIntN(64, total[k] - before)
    }
  }
  return new FixedVector(T.LONG, out)
}

/** Something that compares like the elements do, as numbers. */
function comparable(v: Vector): Float64Array | Int32Array {
  return isI64(v.type) || isLiteral(v.type) ? orderKeys(v, true).keys : toDoubles('mmax', v)
}

/** Positions of the window extremes (a deque of candidates); -1 where there is no result. Of equal ones the first. */
export function movingExtreme(v: Vector, w: Windows, which: 'max' | 'min'): Int32Array {
  const x = comparable(v)
  const ok = due(v, w)
  const out = new Int32Array(v.length)
  const queue = new Int32Array(v.length)
  let head = 0
  let tail = 0
  for (let k = 0; k < out.length; k++) {
    if (!v.isNullAt(k)) {
      while (tail > head && (which === 'max' ? x[queue[tail - 1]] < x[k] : x[queue[tail - 1]] > x[k])) tail--
      queue[tail++] = k
    }
    while (head < tail && queue[head] < w.starts[k]) head++
    out[k] = ok[k] === 1 && head < tail ? queue[head] : -1
  }
  return out
}

/** Quantile of each window through an order counter over sorted keys. */
export function movingQuantile(
  v: Vector,
  w: Windows,
  q: number,
  pick: (lower: number, upper: number, part: number) => number,
): FixedVector {
  const x = toDoubles('mpercentile', v)
  const { keys, count } = orderKeys(v, true)
  const values = new Float64Array(count)
  for (let k = 0; k < x.length; k++) values[keys[k]] = x[k]
  const counter = new OrderCounter(count)
  const out = new Float64Array(x.length)
  let from = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) counter.change(keys[k], 1)
    for (; from < w.starts[k]; from++) if (!Number.isNaN(x[from])) counter.change(keys[from], -1)
    if (k < w.lead || counter.total < w.minValid || counter.total === 0) {
      out[k] = Number.NaN
      continue
    }
    const position = q * (counter.total - 1)
    const nearest = Math.round(position)
    const low = Math.abs(position - nearest) < 1e-9 ? nearest : Math.floor(position)
    const lower = values[counter.at(low)]
    out[k] =
      low === nearest && Math.abs(position - nearest) < 1e-9
        ? lower
        : pick(lower, values[counter.at(low + 1)], position - low)
  }
  return fromDoubles(out)
}

/** A statistic of the valid elements of each window, computed afresh per window. */
function perWindow(v: Vector, w: Windows, f: (valid: Float64Array) => number): FixedVector {
  const x = toDoubles('moving', v)
  const out = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) {
    const part = x.slice(w.starts[k], k + 1).filter((n) => !Number.isNaN(n))
    out[k] = k >= w.lead && part.length >= w.minValid && part.length > 0 ? f(part) : Number.NaN
  }
  return fromDoubles(out)
}

function edge(v: Vector, w: Windows, which: 'first' | 'last'): Vector {
  const ok = due(v, w)
  const positions = new Int32Array(v.length)
  for (let k = 0; k < positions.length; k++) positions[k] = ok[k] === 1 ? (which === 'first' ? w.starts[k] : k) : -1
  return v.gather(positions)
}

/** First or last valid position of each window. */
export function movingValidPosition(v: Vector, w: Windows, which: 'first' | 'last'): Int32Array {
  const out = new Int32Array(v.length)
  const ok = due(v, w)
  let last = -1
  let first = 0
  for (let k = 0; k < out.length; k++) {
    if (!v.isNullAt(k)) last = k
    if (first < w.starts[k]) first = w.starts[k]
    while (first <= k && v.isNullAt(first)) first++
    const position = which === 'last' ? last : first
    out[k] = ok[k] === 1 && position >= w.starts[k] && position <= k ? position : -1
    if (first > k) first = k + 1
  }
  return out
}

const relative = (positions: Int32Array, w: Windows): FixedVector =>
  new FixedVector(
    T.INT,
    positions.map((p, k) => (p < 0 ? -2147483648 : p - w.starts[k])),
  )

export interface MovingSpec {
  readonly doc: string
  readonly run: (v: Vector, w: Windows) => Vector
  /** Takes part on columns of any type, not only numbers. */
  readonly anyType?: boolean
}

/** One-column window statistics by the name without m or tm. */
export const MOVING: Readonly<Record<string, MovingSpec>> = {
  sum: {
    doc: 'Sum of the window: LONG for integers, DOUBLE otherwise.',
    run: (v, w) =>
      v.storage === 'fixed' && !isFloating(v.type) && v.type <= T.LONG
        ? integerSums(v, w)
        : fromDoubles(movingStatistic(toDoubles('msum', v), w, new SumAccumulator((s) => s))),
  },
  avg: {
    doc: 'Mean of the window, DOUBLE.',
    run: (v, w) => fromDoubles(movingStatistic(toDoubles('mavg', v), w, new SumAccumulator((s, n) => s / n))),
  },
  sum2: {
    doc: 'Sum of squares of the window, DOUBLE.',
    run: (v, w) =>
      fromDoubles(
        movingStatistic(
          toDoubles('msum2', v),
          w,
          new SumAccumulator(
            (s) => s,
            (x) => x * x,
          ),
        ),
      ),
  },
  min: {
    doc: 'Smallest element of the window, in the type of X.',
    run: (v, w) => v.gather(movingExtreme(v, w, 'min')),
    anyType: true,
  },
  max: {
    doc: 'Largest element of the window, in the type of X.',
    run: (v, w) => v.gather(movingExtreme(v, w, 'max')),
    anyType: true,
  },
  imin: {
    doc: 'Position of the smallest element, counted from the oldest of the window.',
    run: (v, w) => relative(movingExtreme(v, w, 'min'), w),
  },
  imax: {
    doc: 'Position of the largest element, counted from the oldest of the window.',
    run: (v, w) => relative(movingExtreme(v, w, 'max'), w),
  },
  first: { doc: 'Oldest element of the window.', run: (v, w) => edge(v, w, 'first'), anyType: true },
  last: { doc: 'Newest element of the window.', run: (v, w) => edge(v, w, 'last'), anyType: true },
  std: moment('std', 'Sample standard deviation of the window.'),
  var: moment('var', 'Sample variance of the window.'),
  stdp: moment('stdp', 'Population standard deviation of the window.'),
  varp: moment('varp', 'Population variance of the window.'),
  prod: { doc: 'Product of the window, DOUBLE.', run: (v, w) => perWindow(v, w, (x) => x.reduce((p, n) => p * n, 1)) },
  med: { doc: 'Median of the window, DOUBLE.', run: (v, w) => movingQuantile(v, w, 0.5, (a, b) => (a + b) / 2) },
}

function moment(name: keyof typeof VARIANCES, doc: string): MovingSpec {
  return {
    doc,
    run: (v, w) => fromDoubles(movingStatistic(toDoubles(`m${name}`, v), w, new VarianceAccumulator(VARIANCES[name]))),
  }
}

export const movingSkew = (v: Vector, w: Windows, biased: boolean): FixedVector =>
  perWindow(v, w, (x) => skewness(moments(x, 0, x.length, 4), biased))
export const movingKurtosis = (v: Vector, w: Windows, biased: boolean): FixedVector =>
  perWindow(v, w, (x) => kurtosisOf(moments(x, 0, x.length, 4), biased))
export const movingMad = (v: Vector, w: Windows, useMedian: boolean): FixedVector =>
  perWindow(v, w, (x) => {
    const middle = useMedian ? medianOf(x.slice())! : x.reduce((a, b) => a + b, 0) / x.length
    const distances = x.map((n) => Math.abs(n - middle))
    return useMedian ? medianOf(distances)! : distances.reduce((a, b) => a + b, 0) / x.length
  })

/** Number of valid elements of each window. */
export function movingCount(v: Vector, w: Windows): Int32Array {
  const prefix = validPrefix(v)
  return Int32Array.from({ length: v.length }, (_, k) => prefix[k + 1] - prefix[w.starts[k]])
}

/** Intercept and slope of the regression of y on x in each window. */
export function movingLine(y: Float64Array, x: Float64Array, w: Windows): [Float64Array, Float64Array] {
  const intercept = new Float64Array(x.length).fill(Number.NaN)
  const slope = new Float64Array(x.length).fill(Number.NaN)
  for (let k = w.lead; k < x.length; k++) {
    const m = pairMoments(x, y, w.starts[k], k + 1)
    if (m.count < Math.max(2, w.minValid) || m.xx === 0) continue
    slope[k] = m.xy / m.xx
    intercept[k] = m.meanY - slope[k] * m.meanX
  }
  return [intercept, slope]
}
