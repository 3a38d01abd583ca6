/**
 * Folds over frames of rows: result k stands for rows from[k]..to[k]-1, and neither bound ever goes back. Every row is folded in a constant number of times:
 * a frame is the fold of a front part, whose suffixes are kept, and a back part that only grows; when the frame leaves the front part, the back
 * part becomes the new front. Nothing is ever subtracted, so that results do not drift.
 *
 * A state is `width` doubles, of which the first counts the valid rows; a state of count 0 is empty whatever else stands in it.
 */
import { OrderCounter, orderKeys } from '../kernels/rank.ts'
import type { FixedVector } from '../values/index.ts'

/** Half-open ranges of rows; empty ones may stand anywhere. */
export interface Frames {
  readonly from: Int32Array
  readonly to: Int32Array
}

export interface Fold {
  readonly width: number
  /** Writes the state of row k alone. */
  lift(k: number, state: Float64Array): void
  /** The state of a followed by b, both with a count, written to `state` at `at` (which may be where a or b stand). */
  combine(a: Float64Array, i: number, b: Float64Array, j: number, state: Float64Array, at: number): void
}

/** `finish` gets the state of each frame. */
export function slide(frames: Frames, fold: Fold, finish: (state: Float64Array, k: number) => number): Float64Array {
  const { from, to } = frames
  const { width } = fold
  const out = new Float64Array(from.length)
  const one = new Float64Array(width)
  const back = new Float64Array(width)
  const whole = new Float64Array(width)
  let front = new Float64Array(64 * width)
  let frontStart = 0
  let middle = 0
  let end = 0
  const add = (a: Float64Array, i: number, b: Float64Array, j: number, state: Float64Array, at: number): void => {
    if (a[i] === 0) state.set(b.subarray(j, j + width), at)
    else if (b[j] === 0) state.set(a.subarray(i, i + width), at)
    else fold.combine(a, i, b, j, state, at)
  }
  for (let k = 0; k < out.length; k++) {
    const first = from[k]
    const last = to[k]
    if (first >= last) {
      whole.fill(0)
      out[k] = finish(whole, k)
      continue
    }
    if (first >= end) {
      frontStart = first
      middle = first
      end = first
      back.fill(0)
    } else if (first > middle) {
      const size = end - first
      if (front.length < size * width) front = new Float64Array(2 * size * width)
      for (let p = end - 1; p >= first; p--) {
        fold.lift(p, one)
        const at = (p - first) * width
        if (p === end - 1) front.set(one, at)
        else add(one, 0, front, at + width, front, at)
      }
      frontStart = first
      middle = end
      back.fill(0)
    }
    for (; end < last; end++) {
      fold.lift(end, one)
      add(back, 0, one, 0, back, 0)
    }
    if (first === middle) whole.set(back)
    else add(front, (first - frontStart) * width, back, 0, whole, 0)
    out[k] = finish(whole, k)
  }
  return out
}

/** Sum of f(x) over the valid elements (NaN is null): count, sum. */
export const sumFold = (x: Float64Array, f: (x: number) => number): Fold => ({
  width: 2,
  lift(k, state) {
    const valid = !Number.isNaN(x[k])
    state[0] = valid ? 1 : 0
    state[1] = valid ? f(x[k]) : 0
  },
  combine(a, i, b, j, state, at) {
    state[at] = a[i] + b[j]
    state[at + 1] = a[i + 1] + b[j + 1]
  },
})

/** Product of the valid elements: count, product. */
export const productFold = (x: Float64Array): Fold => ({
  width: 2,
  lift: sumFold(x, (v) => v).lift,
  combine(a, i, b, j, state, at) {
    state[at] = a[i] + b[j]
    state[at + 1] = a[i + 1] * b[j + 1]
  },
})

/**
 * Count, mean and the sums of the second to fourth powers of the distances to it. Combined by the formulas of Chan, Golub and LeVeque (1979) and their extension
 * to higher moments by Pébay (2008).
 */
export const momentFold = (x: Float64Array): Fold => ({
  width: 5,
  lift(k, state) {
    const valid = !Number.isNaN(x[k])
    state[0] = valid ? 1 : 0
    state[1] = valid ? x[k] : 0
    state[2] = 0
    state[3] = 0
    state[4] = 0
  },
  combine(a, i, b, j, state, at) {
    const na = a[i]
    const nb = b[j]
    const n = na + nb
    const delta = b[j + 1] - a[i + 1]
    const part = delta / n
    const mean = a[i + 1] + nb * part
    const [a2, b2, a3, b3] = [a[i + 2], b[j + 2], a[i + 3], b[j + 3]]
    const square = delta * part * na * nb
    const m4 =
      a[i + 4] +
      b[j + 4] +
      square * part * part * (na * na - na * nb + nb * nb) +
      6 * part * part * (na * na * b2 + nb * nb * a2) +
      4 * part * (na * b3 - nb * a3)
    state[at] = n
    state[at + 1] = mean
    state[at + 2] = a2 + b2 + square
    state[at + 3] = a3 + b3 + square * part * (na - nb) + 3 * part * (na * b2 - nb * a2)
    state[at + 4] = m4
  },
})

/** Count, both means, and the sums xx, yy and xy of products of distances to them, over positions where both are valid. */
export const pairFold = (x: Float64Array, y: Float64Array): Fold => ({
  width: 6,
  lift(k, state) {
    const valid = !Number.isNaN(x[k]) && !Number.isNaN(y[k])
    state[0] = valid ? 1 : 0
    state[1] = valid ? x[k] : 0
    state[2] = valid ? y[k] : 0
    state[3] = 0
    state[4] = 0
    state[5] = 0
  },
  combine(a, i, b, j, state, at) {
    const n = a[i] + b[j]
    const dx = b[j + 1] - a[i + 1]
    const dy = b[j + 2] - a[i + 2]
    const weight = (a[i] * b[j]) / n
    const meanX = a[i + 1] + (b[j] * dx) / n
    const meanY = a[i + 2] + (b[j] * dy) / n
    const xx = a[i + 3] + b[j + 3] + dx * dx * weight
    const yy = a[i + 4] + b[j + 4] + dy * dy * weight
    state[at + 5] = a[i + 5] + b[j + 5] + dx * dy * weight
    state[at] = n
    state[at + 1] = meanX
    state[at + 2] = meanY
    state[at + 3] = xx
    state[at + 4] = yy
  },
})

/** Count, sum of x*y, sum of the weights y, over positions where both are valid. */
export const weightFold = (x: Float64Array, y: Float64Array): Fold => ({
  width: 3,
  lift(k, state) {
    const valid = !Number.isNaN(x[k]) && !Number.isNaN(y[k])
    state[0] = valid ? 1 : 0
    state[1] = valid ? x[k] * y[k] : 0
    state[2] = valid ? y[k] : 0
  },
  combine(a, i, b, j, state, at) {
    state[at] = a[i] + b[j]
    state[at + 1] = a[i + 1] + b[j + 1]
    state[at + 2] = a[i + 2] + b[j + 2]
  },
})

/** Row of the greatest (least) valid element of each frame, the first or the last of equal ones; -1 without any. */
export function extremeRows(
  keys: Int32Array,
  isNull: Uint8Array,
  frames: Frames,
  which: 'max' | 'min',
  last: boolean,
): Int32Array {
  const sign = which === 'max' ? 1 : -1
  const fold: Fold = {
    width: 2,
    lift(k, state) {
      state[0] = isNull[k] === 1 ? 0 : 1
      state[1] = k
    },
    combine(a, i, b, j, state, at) {
      const order = sign * (keys[b[j + 1]] - keys[a[i + 1]])
      state[at + 1] = order > 0 || (last && order === 0) ? b[j + 1] : a[i + 1]
      state[at] = 1
    },
  }
  return Int32Array.from(slide(frames, fold, (s) => (s[0] === 0 ? -1 : s[1])))
}

/** Quantile of the valid elements of each frame, NaN without any; `pick` interpolates between neighbours. O(log n) a row. */
export function frameQuantiles(
  v: FixedVector,
  x: Float64Array,
  frames: Frames,
  q: number,
  pick: (lower: number, upper: number, part: number, low: number) => number,
): Float64Array {
  const { keys, count } = orderKeys(v, true)
  const values = new Float64Array(count)
  for (let k = 0; k < x.length; k++) values[keys[k]] = x[k]
  const counter = new OrderCounter(count)
  const out = new Float64Array(frames.from.length)
  let start = 0
  let end = 0
  const change = (p: number, by: 1 | -1): void => {
    if (!Number.isNaN(x[p])) counter.change(keys[p], by)
  }
  for (let k = 0; k < out.length; k++) {
    const first = frames.from[k]
    const last = frames.to[k]
    if (first < last) {
      if (first >= end) {
        for (; start < end; start++) change(start, -1)
        start = first
        end = first
      }
      for (; end < last; end++) change(end, 1)
      for (; start < first; start++) change(start, -1)
    }
    if (first >= last || counter.total === 0) {
      out[k] = Number.NaN
      continue
    }
    const position = q * (counter.total - 1)
    const nearest = Math.round(position)
    const exact = Math.abs(position - nearest) < 1e-9
    const low = exact ? nearest : Math.floor(position)
    const lower = values[counter.at(low)]
    out[k] = exact ? lower : pick(lower, values[counter.at(low + 1)], position - low, low)
  }
  return out
}
