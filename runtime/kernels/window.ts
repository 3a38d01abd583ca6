/**
 * Moving windows. A window of element k is elements starts[k]..k, and `starts` never goes back: windows of n elements and windows over time differ
 * only in how the starts are found. Statistics update as the window moves (O(n) for sums, moments and extremes, O(n log n) for order statistics).
 */

import { castVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { isFloating, isI64, isLiteral, NULL_I64, T } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { kurtosisOf, skewness } from './aggregate.ts'
import { dueWindows, movingLongSums, movingSums, validPrefix } from './moving-sums.ts'
import type { Interpolate } from './quantile.ts'
import { OrderCounter, orderKeys } from './rank.ts'
import { type Accumulator, VARIANCES } from './running.ts'
import { slide } from './sliding.ts'
import { sortIndices } from './sort.ts'
import {
  LongProductSummary,
  MomentSummary,
  PairSummary,
  ProductSummary,
  SumSummary,
  VarianceSummary,
  WeightSummary,
} from './summaries.ts'
import { SummaryTree } from './top-tree.ts'

/** Where the windows start and when a result is due: not before element `lead`, and with at least `minValid` valid elements. */
export interface Windows {
  readonly starts: Int32Array
  /** Elements of each window, if all but the first ones have as many. */
  readonly size?: number
  readonly lead: number
  readonly minValid: number
}

/** Windows of `size` elements. Without minPeriods the first size - 1 results are null. */
export function countWindows(length: number, size: number, minPeriods?: number): Windows {
  return new CountWindows(length, size, minPeriods)
}

/** Their starts are written when somebody asks. */
class CountWindows implements Windows {
  readonly size: number
  readonly lead: number
  readonly minValid: number
  readonly #length: number
  #starts: Int32Array | undefined

  constructor(length: number, size: number, minPeriods: number | undefined) {
    this.#length = length
    this.size = size
    this.lead = minPeriods === undefined ? size - 1 : 0
    this.minValid = minPeriods ?? 1
  }

  get starts(): Int32Array {
    if (this.#starts === undefined) {
      this.#starts = new Int32Array(this.#length)
      for (let k = this.size; k < this.#length; k++) this.#starts[k] = k - this.size + 1
    }
    return this.#starts
  }
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

/** An accumulator's statistic over each window. */
export function movingStatistic(x: Float64Array, w: Windows, acc: Accumulator): Float64Array {
  const { starts } = w
  const out = new Float64Array(x.length)
  let from = 0
  let valid = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) {
      acc.add(x[k])
      valid++
    }
    for (; from < starts[k]; from++)
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

/** Something that compares like the elements do, as numbers. */
function comparable(v: Vector): Float64Array | Int32Array {
  return isI64(v.type) || isLiteral(v.type) ? orderKeys(v, true).keys : toDoubles('mmax', v)
}

/** Positions of the window extremes (a deque of candidates); -1 where there is no result. Of equal ones the first. */
export function movingExtreme(v: Vector, w: Windows, which: 'max' | 'min'): Int32Array {
  const x = comparable(v)
  const ok = dueWindows(v, w)
  const { starts } = w
  const out = new Int32Array(v.length)
  const queue = new Int32Array(v.length)
  let head = 0
  let tail = 0
  for (let k = 0; k < out.length; k++) {
    if (!v.isNullAt(k)) {
      while (tail > head && (which === 'max' ? x[queue[tail - 1]] < x[k] : x[queue[tail - 1]] > x[k])) tail--
      queue[tail++] = k
    }
    while (head < tail && queue[head] < starts[k]) head++
    out[k] = ok[k] === 1 && head < tail ? queue[head] : -1
  }
  return out
}

/** Quantile of each window through an order counter over sorted keys. */
export function movingQuantile(v: Vector, w: Windows, q: number, pick: Interpolate): FixedVector {
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
        : pick(lower, values[counter.at(low + 1)], position - low, low)
  }
  return fromDoubles(out)
}

function edge(v: Vector, w: Windows, which: 'first' | 'last'): Vector {
  const ok = dueWindows(v, w)
  const positions = new Int32Array(v.length)
  for (let k = 0; k < positions.length; k++) positions[k] = ok[k] === 1 ? (which === 'first' ? w.starts[k] : k) : -1
  return v.gather(positions)
}

/** First or last valid position of each window. */
export function movingValidPosition(v: Vector, w: Windows, which: 'first' | 'last'): Int32Array {
  const out = new Int32Array(v.length)
  const ok = dueWindows(v, w)
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
    run: (v, w) => (countsInLongs(v) ? movingLongSums(v as FixedVector, w) : movingSums('msum', v, w, false)),
  },
  avg: {
    doc: 'Mean of the window, DOUBLE.',
    run: (v, w) => movingSums('mavg', v, w, true),
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
  prod: { doc: 'Product of the window: LONG (wrapping) for integers, DOUBLE otherwise.', run: products },
  med: { doc: 'Median of the window, DOUBLE.', run: (v, w) => movingQuantile(v, w, 0.5, (a, b) => (a + b) / 2) },
}

function moment(name: keyof typeof VARIANCES, doc: string): MovingSpec {
  const finish = VARIANCES[name]
  return {
    doc: `${doc} DOUBLE.`,
    run: (v, w) =>
      fromDoubles(
        slide(
          name,
          w,
          new VarianceSummary(toDoubles(`m${name}`, v)),
          (s, node) => finish(s.count[node], s.m2[node]),
          new Float64Array(v.length),
          Number.NaN,
        ),
      ),
  }
}

/** An integral vector as longs, and which of them are valid. */
export function longsOf(v: Vector): { readonly longs: BigInt64Array; readonly valid: Uint8Array } {
  const longs = (castVector(v, T.LONG) as FixedVector).data as BigInt64Array
  const valid = new Uint8Array(v.length)
  for (let k = 0; k < valid.length; k++) valid[k] = v.isNullAt(k) ? 0 : 1
  return { longs, valid }
}

/** Whether sums and products of the vector are LONG. */
export const countsInLongs = (v: Vector): boolean => v.storage === 'fixed' && !isFloating(v.type) && v.type <= T.LONG

function products(v: Vector, w: Windows): Vector {
  if (!countsInLongs(v)) {
    const summary = new ProductSummary(toDoubles('mprod', v))
    return fromDoubles(slide('prod', w, summary, (s, k) => s.product[k], new Float64Array(v.length), Number.NaN))
  }
  const { longs, valid } = longsOf(v)
  const summary = new LongProductSummary(longs, valid)
  const out = slide('prod:long', w, summary, (s, k) => s.product[k], new BigInt64Array(v.length), NULL_I64)
  return new FixedVector(T.LONG, out)
}

type ShapeOf = typeof skewness

/** A standardised moment of each window; without variance there is none. */
function shape(name: 'skew' | 'kurtosis', f: ShapeOf): (v: Vector, w: Windows, biased: boolean) => FixedVector {
  return (v, w, biased) =>
    fromDoubles(
      slide(
        `${name}:${biased}`,
        w,
        new MomentSummary(toDoubles(`m${name}`, v)),
        (s, k) => f({ count: s.count[k], mean: s.mean[k], m2: s.m2[k], m3: s.m3[k], m4: s.m4[k] }, biased),
        new Float64Array(v.length),
        Number.NaN,
      ),
    )
}
export const movingSkew = shape('skew', skewness)
export const movingKurtosis = shape('kurtosis', kurtosisOf)

/** Mean absolute distance to the mean, or median absolute distance to the median, of each window. */
export function movingMad(v: Vector, w: Windows, useMedian: boolean): FixedVector {
  const x = toDoubles('mmad', v)
  const { keys, count } = orderKeys(v, true)
  const values = new Float64Array(count)
  for (let k = 0; k < x.length; k++) values[keys[k]] = x[k]
  return fromDoubles(useMedian ? medianDistances(x, keys, values, w) : meanDistances(x, v, w))
}

/** Of the sorted window the elements below the mean lie before one place: their number and sum give all distances. */
function meanDistances(x: Float64Array, v: Vector, w: Windows): Float64Array {
  const { order, place } = sortedPlaces(v)
  const tree = new SummaryTree(order.length, new SumSummary(x))
  const { count, sum } = tree.summary
  const out = new Float64Array(x.length).fill(Number.NaN)
  let from = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) tree.add(place[k], k)
    for (; from < w.starts[k]; from++) if (!Number.isNaN(x[from])) tree.remove(place[from])
    const n = count[1]
    if (n === 0 || k < w.lead || n < w.minValid) continue
    const mean = sum[1] / n
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >> 1
      // Nulls sort first and are never filled.
      if (Number.isNaN(x[order[middle]]) || x[order[middle]] < mean) low = middle + 1
      else high = middle
    }
    const below = tree.before(low)
    const lower = mean * count[below] - sum[below]
    const upper = sum[1] - sum[below] - mean * (n - count[below])
    out[k] = Math.max(0, lower + upper) / n
  }
  return out
}

function sortedPlaces(v: Vector): { readonly order: Int32Array; readonly place: Int32Array } {
  const order = sortIndices([v], [true])
  const place = new Int32Array(order.length)
  for (let k = 0; k < order.length; k++) place[order[k]] = k
  return { order, place }
}

/** Distances to the median ascend to both sides of it: the middle one of two ascending sequences is found by halving. */
function medianDistances(x: Float64Array, keys: Int32Array, values: Float64Array, w: Windows): Float64Array {
  const counter = new OrderCounter(values.length)
  const sorted = (i: number): number => values[counter.at(i)]
  const out = new Float64Array(x.length).fill(Number.NaN)
  let from = 0
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) counter.change(keys[k], 1)
    for (; from < w.starts[k]; from++) if (!Number.isNaN(x[from])) counter.change(keys[from], -1)
    const n = counter.total
    if (n === 0 || k < w.lead || n < w.minValid) continue
    const median = (sorted((n - 1) >> 1) + sorted(n >> 1)) / 2
    // Elements before `split` are at most the median: element split-1-i is the i-th nearest below, split+i the i-th nearest above.
    const split = (n >> 1) + (n & 1)
    const below = (i: number): number => median - sorted(split - 1 - i)
    const above = (i: number): number => sorted(split + i) - median
    const distance = (i: number): number => nthOfTwo(i, split, n - split, below, above)
    out[k] = (distance((n - 1) >> 1) + distance(n >> 1)) / 2
  }
  return out
}

/** The n-th smallest (0-based) of two ascending sequences of the given lengths. */
function nthOfTwo(
  n: number,
  lengthA: number,
  lengthB: number,
  a: (i: number) => number,
  b: (i: number) => number,
): number {
  // How many of a are among the first n + 1: the smallest number for which the next of a is not smaller than the last taken of b.
  let low = Math.max(0, n + 1 - lengthB)
  let high = Math.min(n + 1, lengthA)
  while (low < high) {
    const take = (low + high) >> 1
    if (a(take) < b(n - take)) low = take + 1
    else high = take
  }
  const fromB = n + 1 - low
  if (low === 0) return b(fromB - 1)
  if (fromB === 0) return a(low - 1)
  return Math.max(a(low - 1), b(fromB - 1))
}

/** Number of valid elements of each window. */
export function movingCount(v: Vector, w: Windows): Int32Array {
  const { starts } = w
  const prefix = validPrefix(v)
  const out = new Int32Array(v.length)
  for (let k = 0; k < out.length; k++) out[k] = prefix[k + 1] - prefix[starts[k]]
  return out
}

type PairStatistic = (x: Float64Array, y: Float64Array, w: Windows) => Float64Array

const overPairs =
  (name: string, finish: (s: PairSummary, k: number) => number): PairStatistic =>
  (x, y, w) =>
    slide(name, w, new PairSummary(x, y), finish, new Float64Array(x.length), Number.NaN)
const overWeights =
  (name: string, finish: (s: WeightSummary, k: number) => number): PairStatistic =>
  (x, y, w) =>
    slide(name, w, new WeightSummary(x, y), finish, new Float64Array(x.length), Number.NaN)

/** The smallest variance for which there is a correlation. */
const LEAST_VARIANCE = 1e-12

/** Sum of mixed distances; what is smaller than the rounding of its parts is 0. */
const mixed = (s: PairSummary, k: number): number =>
  Math.abs(s.xy[k]) < NOISE * Math.sqrt(s.xx[k] * s.yy[k]) ? 0 : s.xy[k]
const NOISE = 4 * Number.EPSILON

/** Statistics of pairs from their summary; the first column is x. */
export const PAIR_FINISH: Readonly<
  Record<'corr' | 'covar' | 'covarp' | 'beta', (s: PairSummary, k: number) => number>
> = {
  corr: (s, k) => {
    const free = s.count[k] - 1
    if (free < 1 || s.xx[k] / free < LEAST_VARIANCE || s.yy[k] / free < LEAST_VARIANCE) return Number.NaN
    return Math.max(-1, Math.min(1, mixed(s, k) / Math.sqrt(s.xx[k] * s.yy[k])))
  },
  covar: (s, k) => (s.count[k] < 2 ? Number.NaN : mixed(s, k) / (s.count[k] - 1)),
  covarp: (s, k) => mixed(s, k) / s.count[k],
  // beta(Y, X): the second column is the regressor.
  beta: (s, k) => (s.count[k] < 2 || s.yy[k] === 0 ? Number.NaN : mixed(s, k) / s.yy[k]),
}

/** Two-column window statistics by the name without m or tm. */
export const MOVING_PAIRS: Readonly<Record<string, PairStatistic>> = {
  corr: overPairs('corr', PAIR_FINISH.corr),
  covar: overPairs('covar', PAIR_FINISH.covar),
  covarp: overPairs('covarp', PAIR_FINISH.covarp),
  beta: overPairs('beta', PAIR_FINISH.beta),
  wavg: overWeights('wavg', (s, k) => s.sum[k] / s.weight[k]),
  wsum: overWeights('wsum', (s, k) => s.sum[k]),
}

export interface MovingLine {
  readonly intercept: Float64Array
  readonly slope: Float64Array
  readonly meanSquareError: Float64Array
}

/** The regression of y on x in each window. */
export function movingLine(y: Float64Array, x: Float64Array, w: Windows): MovingLine {
  const one = (name: string, finish: (s: PairSummary, k: number) => number): Float64Array =>
    overPairs(name, (s, k) => (s.count[k] < 2 || s.xx[k] === 0 ? Number.NaN : finish(s, k)))(x, y, w)
  return {
    slope: one('line:slope', (s, k) => mixed(s, k) / s.xx[k]),
    intercept: one('line:intercept', (s, k) => s.meanY[k] - (mixed(s, k) / s.xx[k]) * s.meanX[k]),
    meanSquareError: one(
      'line:error',
      (s, k) => Math.max(0, s.yy[k] - (mixed(s, k) / s.xx[k]) * mixed(s, k)) / s.count[k],
    ),
  }
}
