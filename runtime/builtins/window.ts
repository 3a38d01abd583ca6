/**
 * Moving-window functions: m-functions over a number of elements (or, on indexed matrices and series, over label units), tm-functions over a
 * time column. Both families come from the tables of kernels/window.ts.
 */
import { inputError, operatorError } from '../errors.ts'
import { movingDecimalSums } from '../kernels/decimal-sums.ts'
import { movingRanks } from '../kernels/rank.ts'
import {
  MOVING,
  MOVING_PAIRS,
  movingCount,
  movingKurtosis,
  movingLine,
  movingMad,
  movingQuantile,
  movingSkew,
  movingValidPosition,
  type Windows,
} from '../kernels/window.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, NULL_I32, T } from '../values/types.ts'
import { AnyVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required } from './args.ts'
import { quantileArgs, rankOptions, rankVector } from './cumulative.ts'
import { asVector, isNumericColumn, vectorOver } from './shapes.ts'
import { onPairWindows, onWindows, timeBounds, timeColumn, timeMaker, windowMaker } from './windows-of.ts'

const { entries, define } = topicTable('Moving windows')

const LEADING =
  'The first window-1 results are null unless minPeriods is given; then a result needs that many valid elements. Nulls in the window are skipped.'

/** Sums of decimals are exact decimals; the other statistics are real. */
const sumOf =
  (run: (v: Vector, w: Windows) => Vector) =>
  (v: Vector, w: Windows): Vector =>
    isDecimal(v.type) ? movingDecimalSums(v, w) : run(v, w)

for (const [name, moving] of Object.entries(MOVING)) {
  const spec =
    name === 'sum'
      ? { doc: `${moving.doc} Exact for decimals, in the next wider type.`, run: sumOf(moving.run) }
      : moving
  if (name !== 'avg') {
    const usage = `m${name}(X, window, [minPeriods])`
    define(usage, {
      kind: 'vector',
      doc: `${spec.doc} ${LEADING}`,
      call: ([x, window, least]) =>
        onWindows(`m${name}`, required(x, usage, 'X'), windowMaker(usage, window, least), spec.run, moving.anyType),
    })
  }
  if (name === 'imin' || name === 'imax') continue
  const usage = `tm${name}(T, X, window)`
  define(usage, {
    kind: 'vector',
    doc: `${spec.doc} The window is (T - window, T], an integer in units of T or a DURATION; rows that follow with an equal T are not in it.`,
    call: ([t, x, window]) =>
      onWindows(`tm${name}`, required(x, usage, 'X'), timeMaker(usage, t, window), spec.run, moving.anyType),
  })
}

const usageAvg = 'mavg(X, window, [minPeriods])'
define(usageAvg, {
  kind: 'vector',
  doc: `Mean of the window, DOUBLE. A vector as window holds weights: weighted mean over as many elements, the first size-1 null. ${LEADING}`,
  call: ([x, window, least]) => {
    const source = required(x, usageAvg, 'X')
    if (window?.kind === 'vector') {
      const weights = toDoubles('mavg', window)
      return vectorOver('mavg', source, (v) => weightedMean(toDoubles('mavg', v), weights), isNumericColumn)
    }
    return onWindows('mavg', source, windowMaker(usageAvg, window, least), MOVING['avg'].run)
  },
})

function weightedMean(x: Float64Array, weights: Float64Array): FixedVector {
  const n = weights.length
  const out = new Float64Array(x.length).fill(Number.NaN)
  for (let k = n - 1; k < x.length; k++) {
    let sum = 0
    let total = 0
    for (let j = 0; j < n; j++) {
      const value = x[k - n + 1 + j]
      if (Number.isNaN(value)) continue
      sum += value * weights[j]
      total += weights[j]
    }
    out[k] = sum / total
  }
  return fromDoubles(out)
}

const countsOf =
  (least: number | undefined, lead: boolean) =>
  (v: Vector, w: Windows): Vector => {
    const counts = movingCount(v, w)
    if (lead && least !== undefined) for (let k = 0; k < counts.length; k++) if (counts[k] < least) counts[k] = NULL_I32
    return new FixedVector(T.INT, counts as Int32Array<ArrayBuffer>)
  }
const usageCount = 'mcount(X, window, [minPeriods])'
define(usageCount, {
  kind: 'vector',
  doc: 'Number of elements of the window that are not null, INT, without leading nulls; with minPeriods null below that many.',
  call: ([x, window, least]) => {
    const minimum = isGiven(least) ? intArg(least, usageCount, 'minPeriods') : undefined
    return onWindows(
      'mcount',
      required(x, usageCount, 'X'),
      windowMaker(usageCount, window, Scalar.int(1)),
      countsOf(minimum, true),
      true,
    )
  },
})
const usageTmCount = 'tmcount(T, X, window)'
define(usageTmCount, {
  kind: 'vector',
  doc: 'Number of elements in (T - window, T] that are not null, INT.',
  call: ([t, x, window]) =>
    onWindows(
      'tmcount',
      required(x, usageTmCount, 'X'),
      timeMaker(usageTmCount, t, window),
      countsOf(undefined, false),
      true,
    ),
})

for (const [name, run] of Object.entries(MOVING_PAIRS)) {
  const params = name === 'beta' ? 'Y, X' : 'X, Y'
  const usage = `m${name}(${params}, window, [minPeriods])`
  const pairs = (v: Vector, y: Vector, w: Windows): Vector =>
    fromDoubles(run(toDoubles(`m${name}`, v), toDoubles(`m${name}`, y), w))
  define(usage, {
    kind: 'vector',
    doc: `The ${name} of two vectors over each window; positions where either is null are left out. ${LEADING}`,
    call: ([x, y, window, least]) => {
      const maker = windowMaker(usage, window, least)
      return onPairWindows(`m${name}`, required(x, usage, params[0]), required(y, usage, params[3]), maker, pairs)
    },
  })
  const timed = `tm${name}(T, ${params}, window)`
  define(timed, {
    kind: 'vector',
    doc: `The ${name} of two vectors over (T - window, T].`,
    call: ([t, x, y, window]) => {
      const maker = timeMaker(timed, t, window)
      return onPairWindows(`tm${name}`, required(x, timed, params[0]), required(y, timed, params[3]), maker, pairs)
    },
  })
}

const usageRank =
  "mrank(X, [ascending=true], [window], [ignoreNA=true], [tiesMethod='min'], [percent=false], [minPeriods])"
define(usageRank, {
  kind: 'vector',
  doc: `Rank of the current element in its window, 0-based; a null element has none. ${LEADING}`,
  call: ([x, ascending, window, ignoreNA, ties, percent, least]) => {
    const options = rankOptions(usageRank, ascending, ignoreNA, ties, percent)
    const maker = windowMaker(usageRank, required(window, usageRank, 'window'), least)
    return onWindows('mrank', required(x, usageRank, 'X'), maker, (v, w) => {
      const ranks = movingRanks(v, w.starts, options)
      const counts = movingCount(v, w)
      for (let k = 0; k < ranks.length; k++) if (k < w.lead || counts[k] < w.minValid) ranks[k] = Number.NaN
      return rankVector(ranks, options)
    })
  },
})
const usageTmRank = "tmrank(T, X, ascending, window, [ignoreNA=true], [tiesMethod='min'], [percent=false])"
define(usageTmRank, {
  kind: 'vector',
  doc: 'Rank of the current row among the rows in (T - window, T], 0-based.',
  call: ([t, x, ascending, window, ignoreNA, ties, percent]) => {
    const options = rankOptions(usageTmRank, ascending, ignoreNA, ties, percent)
    return onWindows('tmrank', required(x, usageTmRank, 'X'), timeMaker(usageTmRank, t, window), (v, w) =>
      rankVector(movingRanks(v, w.starts, options), options),
    )
  },
})

function percentileOf(usage: string, percent: Arg, interpolation: Arg): (v: Vector, w: Windows) => Vector {
  const { q, pick } = quantileArgs(usage, percent, interpolation)
  return (v, w) => movingQuantile(v, w, q, pick)
}
const usagePercentile = "mpercentile(X, percent, window, [interpolation='linear'], [minPeriods])"
define(usagePercentile, {
  kind: 'vector',
  doc: `Percentile of the window, DOUBLE. ${LEADING}`,
  call: ([x, percent, window, interpolation, least]) =>
    onWindows(
      'mpercentile',
      required(x, usagePercentile, 'X'),
      windowMaker(usagePercentile, window, least),
      percentileOf(usagePercentile, percent, interpolation),
    ),
})
const usageTmPercentile = "tmpercentile(T, X, percent, window, [interpolation='linear'])"
define(usageTmPercentile, {
  kind: 'vector',
  doc: 'Percentile of the elements in (T - window, T], DOUBLE.',
  call: ([t, x, percent, window, interpolation]) =>
    onWindows(
      'tmpercentile',
      required(x, usageTmPercentile, 'X'),
      timeMaker(usageTmPercentile, t, window),
      percentileOf(usageTmPercentile, percent, interpolation),
    ),
})

/** Of two elements a kurtosis says nothing: it would be 1, whatever they are. */
function kurtosisOfThree(v: Vector, w: Windows, biased: boolean): Vector {
  const out = toDoubles('mkurtosis', movingKurtosis(v, w, biased)).slice()
  const counts = movingCount(v, w)
  for (let k = 0; k < out.length; k++) if (counts[k] < 3) out[k] = Number.NaN
  return fromDoubles(out)
}

for (const [name, run, flag, fallback, also] of [
  ['skew', movingSkew, 'biased', true, ''],
  ['kurtosis', kurtosisOfThree, 'biased', true, ' A window with fewer than three valid elements gives null.'],
  ['mad', movingMad, 'useMedian', false, ''],
] as const) {
  const usage = `m${name}(X, window, [${flag}=${fallback}], [minPeriods])`
  define(usage, {
    kind: 'vector',
    doc: `The ${name} of each window, DOUBLE.${also} ${LEADING}`,
    call: ([x, window, option, least]) => {
      const on = boolArg(option, usage, flag, fallback)
      return onWindows(`m${name}`, required(x, usage, 'X'), windowMaker(usage, window, least), (v, w) => run(v, w, on))
    },
  })
  if (name === 'mad') continue
  const timed = `tm${name}(T, X, window, [${flag}=${fallback}])`
  define(timed, {
    kind: 'vector',
    doc: `The ${name} of the elements in (T - window, T], DOUBLE; as ${name}.${also}`,
    call: ([t, x, window, option]) => {
      const on = boolArg(option, timed, flag, fallback)
      return onWindows(`tm${name}`, required(x, timed, 'X'), timeMaker(timed, t, window), (v, w) => run(v, w, on))
    },
  })
}

for (const which of ['first', 'last'] as const) {
  const usage = `m${which}Not(X, window, [k], [minPeriods])`
  define(usage, {
    kind: 'vector',
    doc: `The ${which} element of the window that is neither null nor k. The first window-1 results are null unless minPeriods is given; then a window needs that many elements that are not null, k among them.`,
    call: ([x, window, k, least]) =>
      onWindows(
        `m${which}Not`,
        required(x, usage, 'X'),
        windowMaker(usage, window, least),
        (v, w) => {
          if (!isGiven(k)) return v.gather(movingValidPosition(v, w, which))
          const positions = movingValidPosition(without(v, k), { starts: w.starts, lead: 0, minValid: 1 }, which)
          const counts = movingCount(v, w)
          return v.gather(positions.map((p, at) => (at < w.lead || counts[at] < w.minValid ? -1 : p)))
        },
        true,
      ),
  })
  const index = `mi${which}Not(X, window, [minPeriods])`
  define(index, {
    kind: 'vector',
    doc: `Position, from the oldest element of the window, of its ${which} element that is not null; -1 if all are null. The first window-1 results are null unless minPeriods is given; then a window with some, but fewer, valid elements gives null.`,
    call: ([x, window, least]) =>
      onWindows(
        `mi${which}Not`,
        required(x, index, 'X'),
        windowMaker(index, window, least),
        (v, w) => {
          const positions = movingValidPosition(v, w, which)
          const counts = movingCount(v, w)
          const out = new Int32Array(positions.length)
          for (let k = 0; k < out.length; k++) {
            if (positions[k] >= 0) out[k] = positions[k] - w.starts[k]
            else out[k] = counts[k] === 0 && k >= w.lead ? -1 : NULL_I32
          }
          return new FixedVector(T.INT, out)
        },
        true,
      ),
  })
}

/** The vector with every element equal to k turned into null. */
function without(v: Vector, k: Value): Vector {
  const excluded = k.kind === 'scalar' ? k.value : undefined
  const positions = Int32Array.from({ length: v.length }, (_, i) => (String(v.raw(i)) === String(excluded) ? -1 : i))
  return v.gather(positions)
}

for (const [name, doc, pick] of [
  ['mslr', 'Regression of Y on X in each window: the tuple (intercept, slope).', ['intercept', 'slope']],
  [
    'mmse',
    'Regression of Y on X with intercept in each window: the tuple (slope, mean square error), where the error is the sum of squared residuals over the number of pairs.',
    ['slope', 'meanSquareError'],
  ],
] as const) {
  const usage = `${name}(Y, X, window, [minPeriods])`
  define(usage, {
    kind: 'vector',
    doc: `${doc} Both are DOUBLE and as long as X; vectors only; a window with fewer than two pairs, or without variance in X, gives null. ${LEADING}`,
    call: ([y, x, window, least]) => {
      const a = asVector(required(y, usage, 'Y'))
      const b = asVector(required(x, usage, 'X'))
      if (a === undefined || b === undefined) throw inputError(`Usage: ${usage}. Y and X must be vectors.`)
      if (a.length !== b.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      const line = movingLine(toDoubles(name, a), toDoubles(name, b), windowMaker(usage, window, least)(a.length))
      return new AnyVector(pick.map((part) => fromDoubles(line[part])))
    },
  })
}

const usageMove = 'tmove(T, X, window)'
define(usageMove, {
  kind: 'vector',
  doc: 'The value of X at T - window, or at the last earlier row.',
  call: ([t, x, window]) => {
    const column = timeColumn(usageMove, t)
    const [times, lower] = timeBounds(usageMove, column, window)
    return vectorOver('tmove', required(x, usageMove, 'X'), (v) => {
      let at = -1
      const positions = new Int32Array(v.length)
      for (let k = 0; k < positions.length; k++) {
        while (at + 1 < times.length && times[at + 1] <= lower[k]) at++
        positions[k] = at
      }
      return v.gather(positions)
    })
  },
})

export const windowBuiltins = entries
