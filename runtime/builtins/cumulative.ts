/** Cumulative functions: element k of the result covers elements 0..k. Nulls are skipped and the running value repeats. */
import { inputError, operatorError, usageError } from '../errors.ts'
import { decimalStreaks, runningDecimalSums } from '../kernels/decimal-sums.ts'
import { groupIds } from '../kernels/hash.ts'
import { INTERPOLATE, INTERPOLATIONS, type Interpolate } from '../kernels/quantile.ts'
import { movingRanks, type RankOptions, type Ties } from '../kernels/rank.ts'
import {
  PAIR_ACCUMULATORS,
  runningExtremes,
  runningPair,
  runningStatistic,
  runningTotal,
  VARIANCES,
  VarianceAccumulator,
} from '../kernels/running.ts'
import { movingQuantile, type Windows } from '../kernels/window.ts'
import { elementwise } from '../ops/binary.ts'
import { castVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, isNumeric, NULL_I32, T, typeName } from '../values/types.ts'
import { AnyVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, numberArg, required, textArg } from './args.ts'
import { asVector, isNumericColumn, pairwise, vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Cumulative and technical indicators')

/** `op` joins the elements of a tuple of scalars and vectors, as in cumsum((2, [3, 5], 10)). */
const simple = (
  name: string,
  doc: string,
  f: (v: Vector) => Vector,
  column = isNumericColumn,
  op?: 'add' | 'mul' | 'max' | 'min',
): void =>
  define(`${name}(X)`, {
    kind: 'vector',
    doc: `${doc} Nulls are skipped and the running value repeats; null until the first valid element.${op === undefined ? '' : ' A tuple of both scalars and vectors runs over its elements.'}`,
    call: ([x]) => {
      const source = required(x, `${name}(X)`, 'X')
      return op !== undefined && isMixedTuple(source)
        ? runningOverTuple(source, op)
        : vectorOver(name, source, f, column)
    },
  })

function isMixedTuple(x: Value): x is AnyVector {
  if (x.kind !== 'vector' || x.storage !== 'any' || x.columnar) return false
  return x.values.some((v) => v.kind === 'scalar') && x.values.some((v) => v.kind === 'vector')
}

function runningOverTuple(x: AnyVector, op: 'add' | 'mul' | 'max' | 'min'): Value {
  const out: Value[] = [x.values[0]]
  for (const v of x.values.slice(1)) out.push(elementwise(op, out[out.length - 1], v))
  return new AnyVector(out)
}

function numbers(name: string, v: Vector): FixedVector {
  const source = isDecimal(v.type) ? castVector(v, T.DOUBLE) : v
  if (source.storage !== 'fixed' || !isNumeric(source.type))
    throw operatorError(`The function ${name} does not support ${typeName(v.type)} data.`)
  return source
}

simple(
  'cumsum',
  'Running sum: LONG for integers, DOUBLE for floating numbers, exact in the next wider type for decimals.',
  (v) => (isDecimal(v.type) ? runningDecimalSums(v) : runningTotal(numbers('cumsum', v), 'sum')),
  isNumericColumn,
  'add',
)
simple(
  'cumprod',
  'Running product: LONG for integers, DOUBLE for floating numbers.',
  (v) => runningTotal(numbers('cumprod', v), 'product'),
  isNumericColumn,
  'mul',
)
for (const which of ['max', 'min'] as const)
  simple(
    `cum${which}`,
    `Running ${which === 'max' ? 'maximum' : 'minimum'}, in the type of X.`,
    (v) => runningExtremes(v, which),
    () => true,
    which,
  )

simple(
  'cumcount',
  'Running number of elements that are not null.',
  (v) => {
    const out = new Int32Array(v.length)
    let n = 0
    for (let k = 0; k < out.length; k++) {
      if (!v.isNullAt(k)) n++
      out[k] = n
    }
    return new FixedVector(T.INT, out)
  },
  () => true,
)

const powerSums = (
  name: string,
  power: (x: number) => number,
  doc: string,
  finish = (sum: number, _count: number) => sum,
): void =>
  simple(name, doc, (v) => {
    const x = toDoubles(name, v)
    const out = new Float64Array(x.length)
    let sum = 0
    let count = 0
    for (let k = 0; k < x.length; k++) {
      if (!Number.isNaN(x[k])) {
        sum += power(x[k])
        count++
      }
      out[k] = count === 0 ? Number.NaN : finish(sum, count)
    }
    return fromDoubles(out)
  })
powerSums(
  'cumavg',
  (x) => x,
  'Running mean, DOUBLE.',
  (sum, count) => sum / count,
)
powerSums('cumsum2', (x) => x * x, 'Running sum of squares, DOUBLE.')
powerSums('cumsum3', (x) => x ** 3, 'Running sum of third powers, DOUBLE.')
powerSums('cumsum4', (x) => x ** 4, 'Running sum of fourth powers, DOUBLE.')

for (const [name, finish] of Object.entries(VARIANCES))
  simple(
    `cum${name}`,
    `Running ${name.startsWith('std') ? 'standard deviation' : 'variance'} (${name.endsWith('p') ? 'population' : 'sample'}), DOUBLE.`,
    (v) => fromDoubles(runningStatistic(toDoubles(`cum${name}`, v), new VarianceAccumulator(finish))),
  )

for (const [name, make] of Object.entries(PAIR_ACCUMULATORS)) {
  const params = name === 'beta' ? 'Y, X' : 'X, Y'
  define(`cum${name}(${params})`, {
    kind: 'vector',
    doc: `Running ${name} of two vectors; positions where either is null are left out.`,
    call: ([x, y]) =>
      pairwise(
        `cum${name}`,
        required(x, `cum${name}(${params})`, params[0]),
        required(y, `cum${name}(${params})`, params[3]),
        (a, b) => fromDoubles(runningPair(toDoubles(`cum${name}`, a), toDoubles(`cum${name}`, b), make())),
      ),
  })
}

/** The quantile and how it is interpolated, for running and moving percentiles. */
export function quantileArgs(
  usage: string,
  percent: Arg,
  interpolation: Arg,
): { readonly q: number; readonly pick: Interpolate } {
  const q = numberArg(percent, usage, 'percent')
  if (q < 0 || q > 100) throw inputError(`Usage: ${usage}. percent must be a number from 0 to 100.`)
  const how = textArg(interpolation, usage, 'interpolation', 'linear')
  const known = INTERPOLATIONS.find((name) => name === how)
  if (known === undefined)
    throw inputError(`Usage: ${usage}. interpolation must be one of ${INTERPOLATIONS.join(', ')}.`)
  return { q: q / 100, pick: INTERPOLATE[known] }
}

/** One window that starts with the first element. */
const growing = (v: Vector): Windows => ({ starts: new Int32Array(v.length), lead: 0, minValid: 1 })

simple('cummed', 'Running median, DOUBLE.', (v) => movingQuantile(v, growing(v), 0.5, INTERPOLATE.midpoint))
const usagePercentile = "cumpercentile(X, percent, [interpolation='linear'])"
define(usagePercentile, {
  kind: 'vector',
  doc: 'Running percentile, DOUBLE; interpolation is linear, lower, higher, nearest or midpoint, as for percentile.',
  call: ([x, percent, interpolation]) => {
    const { q, pick } = quantileArgs(usagePercentile, percent, interpolation)
    return vectorOver(
      'cumpercentile',
      required(x, usagePercentile, 'X'),
      (v) => movingQuantile(v, growing(v), q, pick),
      isNumericColumn,
    )
  },
})

define('cumnunique(X, [ignoreNull=false])', {
  kind: 'vector',
  doc: 'Running number of distinct values; null counts as one unless ignoreNull.',
  call: ([x, ignore]) => {
    const skip = boolArg(ignore, 'cumnunique(X, [ignoreNull=false])', 'ignoreNull', false)
    return vectorOver('cumnunique', required(x, 'cumnunique(X, [ignoreNull=false])', 'X'), (v) => {
      const { ids, firstRows } = groupIds([v])
      const out = new Int32Array(v.length)
      let n = 0
      for (let k = 0; k < out.length; k++) {
        if (firstRows[ids[k]] === k && !(skip && v.isNullAt(k))) n++
        out[k] = n
      }
      return new FixedVector(T.INT, out)
    })
  },
})

/** Options shared by the rank functions. */
export function rankOptions(
  usage: string,
  ascending: Value | undefined,
  ignoreNA: Value | undefined,
  ties: Value | undefined,
  percent: Value | undefined,
): RankOptions {
  const method = textArg(ties, usage, 'tiesMethod', 'min') as Ties
  if (!['min', 'max', 'average', 'first'].includes(method))
    throw inputError(`Usage: ${usage}. tiesMethod must be min, max, average or first.`)
  return {
    ascending: boolArg(ascending, usage, 'ascending', true),
    ignoreNull: boolArg(ignoreNA, usage, 'ignoreNA', true),
    ties: method,
    percent: boolArg(percent, usage, 'percent', false),
  }
}

/** Ranks as INT, or DOUBLE where they can be fractions. */
export function rankVector(ranks: Float64Array, options: RankOptions): FixedVector {
  if (options.percent || options.ties === 'average') return fromDoubles(ranks)
  return new FixedVector(
    T.INT,
    Int32Array.from(ranks, (r) => (Number.isNaN(r) ? NULL_I32 : r)),
  )
}

const usageRank = "cumrank(X, [ascending=true], [ignoreNA=true], [tiesMethod='min'], [percent=false])"
define(usageRank, {
  kind: 'vector',
  doc: 'Rank of each element among itself and its predecessors, 0-based; a null has none with ignoreNA.',
  call: ([x, ascending, ignoreNA, ties, percent]) => {
    const options = rankOptions(usageRank, ascending, ignoreNA, ties, percent)
    return vectorOver('cumrank', required(x, usageRank, 'X'), (v) =>
      rankVector(movingRanks(v, new Int32Array(v.length), options), options),
    )
  },
})
const usageDense = 'cumdenseRank(X, [ascending=true], [ignoreNA=true], [percent=false])'
define(usageDense, {
  kind: 'vector',
  doc: 'As cumrank without gaps: the number of distinct smaller values so far.',
  call: ([x, ascending, ignoreNA, percent]) => {
    const options = { ...rankOptions(usageDense, ascending, ignoreNA, undefined, percent), dense: true }
    return vectorOver('cumdenseRank', required(x, usageDense, 'X'), (v) =>
      rankVector(movingRanks(v, new Int32Array(v.length), options), options),
    )
  },
})

for (const name of ['cumfirstNot', 'cumlastNot'] as const)
  define(`${name}(X, [k])`, {
    kind: 'vector',
    doc: `The ${name === 'cumfirstNot' ? 'first' : 'last'} element so far that is neither null nor k.`,
    call: ([x, k]) => {
      if (isGiven(k) && k.kind !== 'scalar') throw usageError(`${name}(X, [k])`, 'k must be a scalar.')
      return vectorOver(name, required(x, `${name}(X, [k])`, 'X'), (v) => {
        const excluded = isGiven(k) ? (elementwise('eq', v, k) as Vector) : undefined
        const positions = new Int32Array(v.length)
        let at = -1
        for (let i = 0; i < positions.length; i++) {
          if (!v.isNullAt(i) && excluded?.raw(i) !== 1 && (at < 0 || name === 'cumlastNot')) at = i
          positions[i] = at
        }
        return v.gather(positions)
      })
    },
  })

simple('cumPositiveStreak', 'Sum of the current run of positive values; anything else resets it to 0.', (v) => {
  if (isDecimal(v.type)) return decimalStreaks(v)
  const x = toDoubles('cumPositiveStreak', v)
  const out = new Float64Array(x.length)
  let sum = 0
  for (let k = 0; k < x.length; k++) {
    sum = x[k] > 0 ? sum + x[k] : 0
    out[k] = sum
  }
  return castVector(fromDoubles(out), v.type === T.FLOAT || v.type === T.DOUBLE ? T.DOUBLE : T.LONG)
})

function drawdowns(x: Float64Array, ratio: boolean): Float64Array {
  const out = new Float64Array(x.length)
  let peak = Number.NaN
  let worst = Number.NaN
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) {
      if (!(peak >= x[k])) peak = x[k]
      const fall = ratio ? (peak - x[k]) / peak : peak - x[k]
      if (!(worst >= fall)) worst = fall
    }
    out[k] = worst
  }
  return out
}
define('cummdd(X, [ratio=true])', {
  kind: 'vector',
  doc: 'Running maximum drawdown, as a fraction of the peak or (ratio=false) as a difference.',
  call: ([x, ratio]) => {
    const relative = boolArg(ratio, 'cummdd(X, [ratio=true])', 'ratio', true)
    return vectorOver(
      'cummdd',
      required(x, 'cummdd(X, [ratio=true])', 'X'),
      (v) => fromDoubles(drawdowns(toDoubles('cummdd', v), relative)),
      isNumericColumn,
    )
  },
})
define('maxDrawdown(X, [ratio=true])', {
  kind: 'aggregate',
  aliases: ['mdd'],
  doc: 'Maximum drawdown of a vector, as a fraction of the peak or (ratio=false) as a difference.',
  call: ([x, ratio]) => {
    const v = asVector(required(x, 'maxDrawdown(X, [ratio=true])', 'X'))
    if (v === undefined) throw inputError('Usage: maxDrawdown(X, [ratio=true]). X must be a vector.')
    const all = fromDoubles(
      drawdowns(toDoubles('maxDrawdown', v), boolArg(ratio, 'maxDrawdown(X, [ratio=true])', 'ratio', true)),
    )
    return all.length === 0 ? Scalar.nullOf(T.DOUBLE) : all.get(all.length - 1)
  },
})

export const cumulativeBuiltins = entries
