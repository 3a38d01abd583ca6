/** Moving windows over runs and positions: how far an element reaches back, sums of runs of positive values, positions of the last extreme and of the first n. */
import { usageError } from '../errors.ts'
import { orderKeys } from '../kernels/rank.ts'
import type { Windows } from '../kernels/window.ts'
import { castVector, concatVectors } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { isFloating, NULL_I32, T } from '../values/types.ts'
import { ArrayVector, FixedVector, type Vector } from '../values/vector.ts'
import { boolArg, intArg, required, textArg, vectorArg } from './args.ts'
import { aggregateOver } from './shapes.ts'
import { onWindows, timeMaker, windowMaker } from './windows-of.ts'

const { entries, define } = topicTable('Moving windows')
export const windowRangeBuiltins = entries

/** Consecutive smaller (or larger) elements right before each, within its window; nulls are the smallest. */
function ranges(name: string, v: Vector, w: Windows, smaller: boolean): Vector {
  const x = toDoubles(name, v).map((e) => (Number.isNaN(e) ? Number.NEGATIVE_INFINITY : e))
  const reach = new Int32Array(v.length)
  const valid = validBefore(v)
  const out = new Int32Array(v.length)
  for (let k = 0; k < out.length; k++) {
    let j = k - 1
    // Whole runs are skipped: what an element dominates, its successor dominates too.
    while (j >= 0 && (smaller ? x[j] < x[k] : x[j] > x[k])) j -= reach[j] + 1
    reach[k] = k - 1 - j
    const count = valid[k + 1] - valid[w.starts[k]]
    out[k] = k < w.lead || count === 0 || count < w.minValid ? NULL_I32 : Math.min(reach[k], k - w.starts[k])
  }
  return new FixedVector(T.INT, out)
}

/** Elements that are not null before each position. */
function validBefore(v: Vector): Int32Array {
  const out = new Int32Array(v.length + 1)
  for (let k = 0; k < v.length; k++) out[k + 1] = out[k] + (v.isNullAt(k) ? 0 : 1)
  return out
}

for (const [which, smaller] of [
  ['TopRange', true],
  ['LowRange', false],
] as const) {
  const what = `For each element the number of consecutive ${smaller ? 'smaller' : 'larger'} elements immediately before it in its window, INT. Nulls are the smallest; a window of nulls gives null.`
  const usage = `m${which}(X, window, [minPeriods])`
  define(usage, {
    kind: 'vector',
    doc: `${what} The first window-1 results are null unless minPeriods is given.`,
    call: ([x, window, least]) =>
      onWindows(`m${which}`, required(x, usage, 'X'), windowMaker(usage, window, least), (v, w) =>
        ranges(`m${which}`, v, w, smaller),
      ),
  })
  const timed = `tm${which}(T, X, window)`
  define(timed, {
    kind: 'vector',
    doc: `${what} The window is (T - window, T].`,
    call: ([t, x, window]) =>
      onWindows(`tm${which}`, required(x, timed, 'X'), timeMaker(timed, t, window), (v, w) =>
        ranges(`tm${which}`, v, w, smaller),
      ),
  })
}

/** Position of the last extreme of each window, counted from the oldest element; -1 for a window of nulls. */
function lastExtremes(v: Vector, w: Windows, max: boolean): Vector {
  const { keys } = orderKeys(v, true)
  const valid = validBefore(v)
  const queue = new Int32Array(v.length)
  const out = new Int32Array(v.length)
  let head = 0
  let tail = 0
  for (let k = 0; k < out.length; k++) {
    if (!v.isNullAt(k)) {
      while (tail > head && (max ? keys[queue[tail - 1]] <= keys[k] : keys[queue[tail - 1]] >= keys[k])) tail--
      queue[tail++] = k
    }
    while (head < tail && queue[head] < w.starts[k]) head++
    const count = valid[k + 1] - valid[w.starts[k]]
    if (k < w.lead || (count > 0 && count < w.minValid)) out[k] = NULL_I32
    else out[k] = count === 0 ? -1 : queue[head] - w.starts[k]
  }
  return new FixedVector(T.INT, out)
}

for (const [name, max] of [
  ['mimaxLast', true],
  ['miminLast', false],
] as const) {
  const usage = `${name}(X, window, [minPeriods])`
  define(usage, {
    kind: 'vector',
    doc: `Position of the ${max ? 'largest' : 'smallest'} element, the last of equal ones, counted from the oldest of the window; -1 for a window of nulls. The first window-1 results are null unless minPeriods is given.`,
    call: ([x, window, least]) =>
      onWindows(
        name,
        required(x, usage, 'X'),
        windowMaker(usage, window, least),
        (v, w) => lastExtremes(v, w, max),
        true,
      ),
  })
}

// Runs of positive values.

/** The sum of the run of positive elements that ends at each; 0 where the element is none. */
function streaks(x: Float64Array): Float64Array {
  const out = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) out[k] = x[k] > 0 ? x[k] + (k > 0 ? out[k - 1] : 0) : 0
  return out
}

define('maxPositiveStreak(X)', {
  kind: 'aggregate',
  doc: 'The largest sum of consecutive positive elements, 0 without any; LONG for integers and BOOL, DOUBLE otherwise. Matrices column by column.',
  call: ([x]) =>
    aggregateOver('maxPositiveStreak', required(x, 'maxPositiveStreak(X)', 'X'), (v) => {
      const best = streaks(toDoubles('maxPositiveStreak', v)).reduce((a, b) => Math.max(a, b), 0)
      return castVector(fromDoubles(Float64Array.of(best)), isFloating(v.type) ? T.DOUBLE : T.LONG).get(0)
    }),
})

/** A run that begins before the window counts with what of it lies inside; runs that begin inside are found among their sums. */
function windowStreaks(v: Vector, w: Windows): Vector {
  const x = toDoubles('mmaxPositiveStreak', v)
  const sums = streaks(x)
  const runEnd = new Int32Array(x.length)
  for (let k = x.length - 1; k >= 0; k--) runEnd[k] = k + 1 < x.length && x[k] > 0 && x[k + 1] > 0 ? runEnd[k + 1] : k
  const valid = validBefore(v)
  const queue = new Int32Array(x.length)
  const out = new Float64Array(x.length)
  let head = 0
  let tail = 0
  for (let k = 0; k < x.length; k++) {
    while (tail > head && sums[queue[tail - 1]] <= sums[k]) tail--
    queue[tail++] = k
    const start = w.starts[k]
    const firstEnd = Math.min(runEnd[start], k)
    const clipped = sums[firstEnd] - (start > 0 && x[start] > 0 ? sums[start - 1] : 0)
    while (head < tail && queue[head] <= firstEnd) head++
    const count = valid[k + 1] - valid[start]
    const due = k >= w.lead && count > 0 && count >= w.minValid
    out[k] = due ? Math.max(clipped, head < tail ? sums[queue[head]] : 0) : Number.NaN
    // What lies behind the first run of this window may be in front of it for no later one: windows only move on.
  }
  return castVector(fromDoubles(out), isFloating(v.type) ? T.DOUBLE : T.LONG)
}

const STREAK = 'mmaxPositiveStreak(X, window)'
define(STREAK, {
  kind: 'vector',
  doc: 'The largest sum of consecutive positive elements inside each window, 0 without any; LONG for integers, DOUBLE otherwise. The first window-1 results are null.',
  call: ([x, window]) =>
    onWindows('mmaxPositiveStreak', required(x, STREAK, 'X'), windowMaker(STREAK, window, undefined), windowStreaks),
})

// Positions of the first n.

const TOP = "movingTopNIndex(X, window, top, [ascending=true], [fixed=false], [tiesMethod='oldest'])"
define(TOP, {
  doc: 'For each element the positions of the first `top` elements of its window (the last `window` elements, fewer at the beginning) in ascending or descending order; equal elements by position. Nulls take no part. Where not all of equal elements fit, the oldest or the latest are taken (tiesMethod). An array vector of INT; with fixed=true every row has `top` elements, with nulls in front.',
  call: ([x, window, top, ascending, fixed, ties]) => {
    const v = vectorArg(x, TOP, 'X')
    const size = intArg(window, TOP, 'window')
    if (size < 2) throw usageError(TOP, 'window must be an integer of at least 2.')
    const most = intArg(top, TOP, 'top')
    if (most < 1 || most > size) throw usageError(TOP, 'top must be an integer from 1 to window.')
    const method = textArg(ties, TOP, 'tiesMethod', 'oldest')
    if (method !== 'oldest' && method !== 'latest') throw usageError(TOP, "tiesMethod must be 'oldest' or 'latest'.")
    return topPositions(
      v,
      size,
      most,
      boolArg(ascending, TOP, 'ascending', true),
      boolArg(fixed, TOP, 'fixed', false),
      method,
    )
  },
})

function topPositions(
  v: Vector,
  size: number,
  top: number,
  ascending: boolean,
  fixed: boolean,
  ties: 'oldest' | 'latest',
): ArrayVector {
  const { keys } = orderKeys(v, ascending)
  /** Positions of the window in order: by value, then from the oldest on. */
  const sorted: number[] = []
  const place = (at: number): number => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = sorted[middle]
      if (keys[other] < keys[at] || (keys[other] === keys[at] && other < at)) low = middle + 1
      else high = middle
    }
    return low
  }
  const offsets = new Int32Array(v.length + 1)
  const flat: number[] = []
  for (let k = 0; k < v.length; k++) {
    const leaving = k - size
    if (leaving >= 0 && !v.isNullAt(leaving)) sorted.splice(place(leaving), 1)
    if (!v.isNullAt(k)) sorted.splice(place(k), 0, k)
    const taken = sorted.slice(0, top)
    if (ties === 'latest' && taken.length === top) {
      // Of the elements equal to the last one taken, the latest.
      const key = keys[taken[top - 1]]
      let first = top - 1
      while (first > 0 && keys[taken[first - 1]] === key) first--
      let end = top
      while (end < sorted.length && keys[sorted[end]] === key) end++
      taken.splice(first, top - first, ...sorted.slice(end - (top - first), end))
    }
    const missing = fixed ? top - taken.length : taken.length === 0 ? 1 : 0
    for (let i = 0; i < missing; i++) flat.push(NULL_I32)
    for (const at of taken) flat.push(at)
    offsets[k + 1] = flat.length
  }
  return new ArrayVector(offsets, concatVectors([new FixedVector(T.INT, Int32Array.from(flat))], T.INT))
}
