/** Aggregates of one and two columns, from the tables of the kernels, and order statistics. */
import { labelsOf } from '../compile/labels.ts'
import { inputError, operatorError, usageError } from '../errors.ts'
import { AGGREGATES, kurtosisOf, medianMad, skewness } from '../kernels/aggregate.ts'
import { groupIds } from '../kernels/hash.ts'
import { moments, validDoubles } from '../kernels/moments.ts'
import { PAIR_STATISTICS } from '../kernels/paired.ts'
import { INTERPOLATIONS, type Interpolation, quantileOf } from '../kernels/quantile.ts'
import { elementwise } from '../ops/binary.ts'
import { castVector } from '../ops/cast.ts'
import { fromDoubles, readDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { Dict, type Key, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isDecimal, isNumeric, T, typeName } from '../values/types.ts'
import type { FixedVector, Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg } from './args.ts'
import { joinLabels } from './indexed.ts'
import {
  aggregateOver,
  asVector,
  collect,
  isNumericColumn,
  matrixColumns,
  matrixFrom,
  pairwise,
  tupleRows,
  vectorOver,
} from './shapes.ts'

const { entries, define } = topicTable('Aggregates and statistics')

const NULL_FOR_SCALAR = new Set(['std', 'var', 'stdp', 'varp', 'sem'])

const DOCS: Readonly<Record<string, string>> = {
  sum: 'Sum: LONG for integers and BOOL, DOUBLE for floating numbers, exact for decimals.',
  std: 'Sample standard deviation; null for a single value.',
  var: 'Sample variance; null for a single value.',
  stdp: 'Population standard deviation.',
  varp: 'Population variance.',
  sem: 'Standard error of the mean: std / sqrt(count).',
  med: 'Median; of an even number of values the mean of the middle two.',
  mode: 'The most frequent value; of several, the one that occurs first.',
  prod: 'Product: LONG for integers, DOUBLE for floating numbers.',
  sum2: 'Sum of squares, DOUBLE.',
  sum3: 'Sum of third powers, DOUBLE.',
  sum4: 'Sum of fourth powers, DOUBLE.',
  rms: 'Root of the mean square.',
  imax: 'Position of the first largest value; -1 if there is none.',
  imin: 'Position of the first smallest value; -1 if there is none.',
  imaxLast: 'Position of the last largest value; -1 if there is none.',
  iminLast: 'Position of the last smallest value; -1 if there is none.',
}

for (const [name, doc] of Object.entries(DOCS))
  define(`${name}(X)`, {
    kind: 'aggregate',
    aliases: name === 'med' ? ['median'] : [],
    doc: `${doc} Nulls are skipped, nothing valid gives null. A matrix gives one value per column, a table a row of its numeric columns.`,
    call: ([x]) => {
      const source = required(x, `${name}(X)`, 'X')
      const scalar = (s: Scalar): Value => {
        if (NULL_FOR_SCALAR.has(name)) return Scalar.nullOf(T.DOUBLE)
        if (s.type === T.VOID) return s
        const v = asVector(s)
        return v === undefined ? s : AGGREGATES[name].compute(v, 0, 1)
      }
      const allColumns = name === 'mode' || name.startsWith('im')
      return aggregateOver(name, source, (v) => AGGREGATES[name].compute(v, 0, v.length), { scalar, allColumns })
    },
  })

define('avg(X)', {
  kind: 'aggregate',
  aliases: ['mean'],
  doc: 'Mean, DOUBLE. Nulls are skipped; nothing valid gives null. Not for temporal values.',
  call: ([x]) =>
    aggregateOver('avg', required(x, 'avg(X)', 'X'), (v) => AGGREGATES['avg'].compute(v, 0, v.length), {
      scalar: (s) => {
        const v = asVector(s)
        return v === undefined ? s : AGGREGATES['avg'].compute(v, 0, 1)
      },
    }),
})

for (const name of ['max', 'min'] as const)
  define(`${name}(X, [Y])`, {
    kind: 'aggregate',
    elementWith: 2,
    doc: `With one argument the ${name === 'max' ? 'largest' : 'smallest'} element, nulls skipped; with two the ${name} of X and Y element by element, where null is the smallest value.`,
    call: ([x, y]) => {
      const source = required(x, `${name}(X, [Y])`, 'X')
      if (isGiven(y)) return elementwise(name, source, y)
      return aggregateOver(name, source, (v) => AGGREGATES[name].compute(v, 0, v.length))
    },
  })

define('count(X)', {
  kind: 'aggregate',
  doc: 'Number of elements that are not null, INT; of a table the number of rows. A matrix gives one count per column.',
  call: ([x]) => {
    const source = required(x, 'count(X)', 'X')
    if (source.kind === 'table' || source.kind === 'source' || source.kind === 'dict') return Scalar.int(sizeOf(source))
    if (source.kind === 'scalar') return Scalar.int(source.isNull() ? 0 : 1)
    if (source.kind === 'vector' && source.storage === 'any') {
      const rows = tupleRows(source.values)
      if (rows === undefined) return Scalar.int(source.values.filter((_, k) => !source.isNullAt(k)).length)
    }
    return aggregateOver('count', source, (v) => AGGREGATES['count'].compute(v, 0, v.length))
  },
})

function sizeOf(x: Value): number {
  switch (x.kind) {
    case 'vector':
      return x.length
    case 'matrix':
      return x.rows * x.cols
    case 'table':
      return x.rows
    case 'dict':
      return x.entries.size
    case 'set':
      return x.members.size
    case 'pair':
      return 2
    case 'source': {
      const snapshot = x.source.snapshot()
      try {
        return snapshot.rowCount()
      } finally {
        snapshot.release()
      }
    }
    default:
      return 1
  }
}
define('size(X)', {
  kind: 'aggregate',
  doc: 'Number of elements, nulls included: rows of a table, rows * columns of a matrix.',
  call: ([x]) => Scalar.int(sizeOf(required(x, 'size(X)', 'X'))),
})

function edge(name: 'first' | 'last', x: Value): Value {
  switch (x.kind) {
    case 'table': {
      const row = name === 'first' ? 0 : x.rows - 1
      const cells = new Map<Key, Value>(x.names.map((n, k) => [n, x.columns[k].get(row)]))
      return new Dict(T.STRING, T.ANY, cells, true)
    }
    case 'vector':
      return x.get(name === 'first' ? 0 : x.length - 1)
    case 'matrix':
      return collect(matrixColumns(x).map((c) => c.get(name === 'first' ? 0 : c.length - 1)))
    default:
      return aggregateOver(name, x, (v) => AGGREGATES[name].compute(v, 0, v.length))
  }
}
for (const name of ['first', 'last'] as const)
  define(`${name}(X)`, {
    kind: 'aggregate',
    doc: `The ${name} element, null or not; of a matrix one per column, of a table the ${name} row as a dictionary.`,
    call: ([x]) => edge(name, required(x, `${name}(X)`, 'X')),
  })

for (const name of ['firstNot', 'lastNot'] as const)
  define(`${name}(X, [k])`, {
    kind: 'aggregate',
    doc: `The ${name.slice(0, -3)} element that is neither null nor k.`,
    call: ([x, k]) => {
      if (isGiven(k) && k.kind !== 'scalar') throw usageError(`${name}(X, [k])`, 'k must be a scalar.')
      return aggregateOver(
        name,
        required(x, `${name}(X, [k])`, 'X'),
        (v) => {
          if (!isGiven(k)) return AGGREGATES[name].compute(v, 0, v.length)
          const same = elementwise('eq', v, k) as Vector
          const step = name === 'firstNot' ? 1 : -1
          for (let at = step > 0 ? 0 : v.length - 1; at >= 0 && at < v.length; at += step)
            if (!v.isNullAt(at) && same.raw(at) !== 1) return v.get(at)
          return v.get(-1)
        },
        { allColumns: true },
      )
    },
  })

for (const name of ['ifirstNot', 'ilastNot'] as const)
  define(`${name}(X)`, {
    kind: 'aggregate',
    doc: `Position of the ${name === 'ifirstNot' ? 'first' : 'last'} element that is not null, -1 if there is none; in a tuple of vectors the position must be valid in all.`,
    call: ([x]) => {
      const source = required(x, `${name}(X)`, 'X')
      if (source.kind === 'vector' && source.storage === 'any' && source.values.every((v) => v.kind === 'vector')) {
        const vectors = source.values as Vector[]
        const length = Math.min(...vectors.map((v) => v.length))
        const step = name === 'ifirstNot' ? 1 : -1
        for (let k = step > 0 ? 0 : length - 1; k >= 0 && k < length; k += step)
          if (vectors.every((v) => !v.isNullAt(k))) return Scalar.int(k)
        return Scalar.int(-1)
      }
      return aggregateOver(name, source, (v) => AGGREGATES[name].compute(v, 0, v.length), { allColumns: true })
    },
  })

define('nunique(X, [ignoreNull=false])', {
  kind: 'aggregate',
  doc: 'Number of distinct values, null counted once unless ignoreNull; of a tuple of vectors the distinct combinations.',
  call: ([x, ignore]) => {
    const source = required(x, 'nunique(X, [ignoreNull=false])', 'X')
    const skip = boolArg(ignore, 'nunique(X, [ignoreNull=false])', 'ignoreNull', false)
    if (source.kind === 'vector' && source.storage === 'any' && source.values.every((v) => v.kind === 'vector')) {
      const { count, firstRows } = groupIds(source.values as Vector[])
      if (!skip) return Scalar.int(count)
      return Scalar.int(firstRows.filter((r) => (source.values as Vector[]).every((v) => !v.isNullAt(r))).length)
    }
    return aggregateOver(
      'nunique',
      source,
      (v) => {
        const { count, firstRows } = groupIds([v])
        return Scalar.int(skip && firstRows.some((r) => v.isNullAt(r)) ? count - 1 : count)
      },
      { allColumns: true, scalar: () => Scalar.int(1) },
    )
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Quantiles, moments, spread

function interpolationArg(v: Arg, usage: string): Interpolation {
  const name = textArg(v, usage, 'interpolation', 'linear') as Interpolation
  if (!INTERPOLATIONS.includes(name))
    throw inputError(`Usage: ${usage}. interpolation must be one of ${INTERPOLATIONS.join(', ')}.`)
  return name
}

function valid(name: string, v: Vector): Float64Array {
  if (!isNumeric(v.type) && !isDecimal(v.type))
    throw operatorError(`The function ${name} does not support ${typeName(v.type)} data.`)
  return validDoubles((castVector(v, T.DOUBLE) as FixedVector).data, 0, v.length).slice()
}

const realOrNull = (n: number | undefined): Scalar =>
  n === undefined || !Number.isFinite(n) ? Scalar.nullOf(T.DOUBLE) : Scalar.double(n)

for (const [name, full] of [
  ['percentile', 100],
  ['quantile', 1],
] as const) {
  const param = name === 'percentile' ? 'percent' : 'q'
  const usage = `${name}(X, ${param}, [interpolation='linear'])`
  define(usage, {
    kind: 'aggregate',
    doc: `The value below which ${param === 'q' ? 'the fraction q (0 to 1)' : 'percent (0 to 100)'} of the elements lie; between elements by interpolation: linear, lower, higher, nearest or midpoint.`,
    call: ([x, q, interpolation]) => {
      const p = numberArg(q, usage, param) / full
      if (p < 0 || p > 1) throw inputError(`Usage: ${usage}. ${param} must be between 0 and ${full}.`)
      const how = interpolationArg(interpolation, usage)
      return aggregateOver(name, required(x, usage, 'X'), (v) => realOrNull(quantileOf(valid(name, v), p, how)), {
        scalar: (s) => realOrNull(quantileOf(valid(name, asVector(s)!), p, how)),
      })
    },
  })
}

const usageSeries = "quantileSeries(X, q, [interpolation='linear'])"
define(usageSeries, {
  doc: 'The quantiles of a vector at each element of q.',
  call: ([x, q, interpolation]) => {
    const v = asVector(required(x, usageSeries, 'X'))
    const points = asVector(required(q, usageSeries, 'q'))
    if (v === undefined || points === undefined) throw inputError(`Usage: ${usageSeries}. X and q must be vectors.`)
    const how = interpolationArg(interpolation, usageSeries)
    const data = valid('quantileSeries', v)
    return fromDoubles(
      Float64Array.from(toDoubles('quantileSeries', points), (p) => quantileOf(data, p, how) ?? Number.NaN),
    )
  },
})

for (const [name, f] of [
  ['skew', skewness],
  ['kurtosis', kurtosisOf],
] as const)
  define(`${name}(X, [biased=true])`, {
    kind: 'aggregate',
    doc:
      name === 'skew'
        ? 'Third standardised moment; with biased=false corrected for the sample size. A constant column gives null.'
        : 'Fourth standardised moment (3 for a normal distribution); with biased=false corrected for the sample size.',
    call: ([x, biased]) => {
      const plain = boolArg(biased, `${name}(X, [biased=true])`, 'biased', true)
      return aggregateOver(
        name,
        required(x, `${name}(X, [biased=true])`, 'X'),
        (v) => {
          const data = valid(name, v)
          const m = moments(data, 0, data.length, 4)
          return realOrNull(m.count === 0 ? undefined : f(m, plain))
        },
        { scalar: () => Scalar.nullOf(T.DOUBLE) },
      )
    },
  })

define('mad(X, [useMedian=false])', {
  kind: 'aggregate',
  doc: 'Mean absolute distance to the mean, or median absolute distance to the median.',
  call: ([x, useMedian]) => {
    const median = boolArg(useMedian, 'mad(X, [useMedian=false])', 'useMedian', false)
    return aggregateOver('mad', required(x, 'mad(X, [useMedian=false])', 'X'), (v) =>
      median ? medianMad(v, 0, v.length) : AGGREGATES['mad'].compute(v, 0, v.length),
    )
  },
})

const spread = (name: string, f: (data: Float64Array, mean: number, std: number) => void, doc: string): void =>
  define(`${name}(X)`, {
    kind: 'vector',
    doc,
    call: ([x]) =>
      vectorOver(
        name,
        required(x, `${name}(X)`, 'X'),
        (v) => {
          const out = toDoubles(name, v)
          const m = moments(
            castVector(v, T.DOUBLE).storage === 'fixed' ? (castVector(v, T.DOUBLE) as FixedVector).data : out,
            0,
            v.length,
            2,
          )
          f(out, m.mean, Math.sqrt(m.m2 / (m.count - 1)))
          return fromDoubles(out)
        },
        isNumericColumn,
      ),
  })
spread(
  'demean',
  (d, mean) => {
    for (let k = 0; k < d.length; k++) d[k] -= mean
  },
  'X minus its mean, column by column.',
)
spread(
  'zscore',
  (d, mean, std) => {
    for (let k = 0; k < d.length; k++) d[k] = (d[k] - mean) / std
  },
  'X minus its mean, divided by its sample standard deviation.',
)

// ---------------------------------------------------------------------------------------------------------------------
// Two columns

const PAIR_DOCS: Readonly<Record<string, readonly [string, string]>> = {
  corr: ['X, Y', 'Correlation; a variance below 1e-12 gives null.'],
  covar: ['X, Y', 'Sample covariance.'],
  covarp: ['X, Y', 'Population covariance.'],
  beta: ['Y, X', 'Slope of the regression of Y on X.'],
  wavg: ['X, Y', 'Mean of X weighted by Y.'],
  wsum: ['X, Y', 'Sum of X * Y, DOUBLE.'],
  wsum2: ['X, Y', 'Sum of X * X * Y, DOUBLE.'],
  euclidean: ['X, Y', 'Euclidean distance; of indexed series and matrices over the rows whose labels both have.'],
  tanimoto: ['X, Y', 'Tanimoto distance; of indexed series and matrices over the rows whose labels both have.'],
}

for (const [name, [params, doc]] of Object.entries(PAIR_DOCS))
  define(`${name}(${params})`, {
    kind: 'aggregate',
    aliases: name === 'covar' ? ['cov'] : [],
    doc: `${doc} Positions where either side is null are left out. Matrices and tables work column by column.`,
    call: ([x, y]) => {
      const usage = `${name}(${params})`
      const given = [required(x, usage, params[0]), required(y, usage, params[3])] as const
      const [left, right] = name === 'euclidean' || name === 'tanimoto' ? onCommonRows(...given) : given
      // Weighted sums know the null of doubles, and need no copy without it.
      const read = (v: Vector): Float64Array =>
        (name === 'wavg' || name === 'wsum') && v.type === T.DOUBLE && v.storage === 'fixed'
          ? (v.view() as Float64Array)
          : readDoubles(name, v)
      const found = pairwise(name, left, right, (a, b) => realOrNull(PAIR_STATISTICS[name](read(a), read(b))))
      const series = given.every((v) => v.kind === 'matrix' && v.indexed === 'series')
      return series && found.kind === 'vector' ? found.get(0) : found
    },
  })

/** Of two indexed series or matrices the rows whose labels both have. */
function onCommonRows(x: Value, y: Value): readonly [Value, Value] {
  if (x.kind !== 'matrix' || y.kind !== 'matrix' || x.indexed === 'no' || y.indexed === 'no') return [x, y]
  if (x.rowLabels === undefined || y.rowLabels === undefined) return [x, y]
  const { left, right } = joinLabels(x.rowLabels, y.rowLabels, 'inner')
  const rows = (m: Matrix, at: Int32Array): Value => matrixFrom(matrixColumns(m).map((c) => c.gather(at)))
  return [rows(x, left), rows(y, right)]
}

for (const name of ['atImax', 'atImin'] as const)
  define(`${name}(location, value)`, {
    kind: 'aggregate',
    doc: `The element of value where location is ${name === 'atImax' ? 'largest' : 'smallest'}.`,
    call: ([location, value]) => {
      const usage = `${name}(location, value)`
      const which = name === 'atImax' ? 'imax' : 'imin'
      return pairwise(name, required(location, usage, 'location'), required(value, usage, 'value'), (a, b) =>
        b.get((AGGREGATES[which].compute(a, 0, a.length) as Scalar).value as number),
      )
    },
  })

for (const [name, statistic] of [
  ['corrMatrix', 'corr'],
  ['covarMatrix', 'covar'],
] as const)
  define(`${name}(X)`, {
    doc: `The ${statistic} of each pair of columns of a matrix; nulls count as 0.`,
    call: ([x]) => {
      if (x?.kind !== 'matrix') throw inputError(`Usage: ${name}(X). X must be a matrix.`)
      const columns = matrixColumns(x).map((c) => toDoubles(name, c).map((n) => (Number.isNaN(n) ? 0 : n)))
      const out = new Float64Array(x.cols * x.cols)
      for (let a = 0; a < x.cols; a++)
        for (let b = 0; b <= a; b++)
          out[a * x.cols + b] = out[b * x.cols + a] = PAIR_STATISTICS[statistic](columns[a], columns[b])
      return new Matrix(fromDoubles(out), x.cols, x.cols, x.colLabels, x.colLabels)
    },
  })

define('autocorr(X, lag)', {
  kind: 'aggregate',
  doc: 'Autocorrelation at a lag, with the mean of the whole vector for both parts.',
  call: ([x, lag]) => {
    const n = intArg(lag, 'autocorr(X, lag)', 'lag')
    return aggregateOver('autocorr', required(x, 'autocorr(X, lag)', 'X'), (v) =>
      realOrNull(autocorrelation(toDoubles('autocorr', v), n)),
    )
  },
})
define('acf(X, maxLag)', {
  doc: 'Autocorrelations at the lags 0 to maxLag.',
  call: ([x, maxLag]) => {
    const v = asVector(required(x, 'acf(X, maxLag)', 'X'))
    if (v === undefined) throw inputError('Usage: acf(X, maxLag). X must be a vector.')
    const data = toDoubles('acf', v)
    const n = intArg(maxLag, 'acf(X, maxLag)', 'maxLag')
    return fromDoubles(Float64Array.from({ length: n + 1 }, (_, k) => autocorrelation(data, k)))
  },
})

function autocorrelation(data: Float64Array, lag: number): number {
  let sum = 0
  let count = 0
  for (const n of data)
    if (!Number.isNaN(n)) {
      sum += n
      count++
    }
  const mean = sum / count
  let top = 0
  let bottom = 0
  for (let k = 0; k < data.length; k++) {
    if (Number.isNaN(data[k])) continue
    bottom += (data[k] - mean) ** 2
    if (k >= lag && !Number.isNaN(data[k - lag])) top += (data[k] - mean) * (data[k - lag] - mean)
  }
  return top / bottom
}

define('stat(X)', {
  doc: 'Statistics of a vector as a dictionary: Median, Avg, Min, Stdev, Count, Size, Name (of the variable), Max.',
  call: (args) => {
    const source = required(args[0], 'stat(X)', 'X')
    const v = source.kind === 'matrix' ? source.data : asVector(source)
    if (v === undefined) throw inputError('Usage: stat(X). X must be a vector or a matrix.')
    const value = (name: string): Value => AGGREGATES[name].compute(v, 0, v.length)
    const fields: [Key, Value][] = [
      ['Median', value('med')],
      ['Avg', value('avg')],
      ['Min', value('min')],
      ['Stdev', value('std')],
      ['Count', value('count')],
      ['Size', Scalar.int(v.length)],
      ['Name', Scalar.string(labelsOf(args)[0] ?? v.label ?? 'X')],
      ['Max', value('max')],
    ]
    return new Dict(T.STRING, T.ANY, new Map(fields), true)
  },
})

export const aggregateBuiltins = entries
