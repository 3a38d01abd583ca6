/**
 * The TopN family: of each window the rows are sorted by a column S and the first `top` of them are aggregated. mXTopN has windows of elements,
 * tmXTopN windows over time, cumXTopN everything so far; the three and all statistics come from the tables here and the kernel in kernels/top-tree.ts.
 */
import { inputError, operatorError, usageError } from '../errors.ts'
import { kurtosisOf, skewness } from '../kernels/aggregate.ts'
import { type Interpolation, quantileOf } from '../kernels/quantile.ts'
import { orderKeys } from '../kernels/rank.ts'
import { VARIANCES } from '../kernels/running.ts'
import { sortIndices } from '../kernels/sort.ts'
import { LongSumSummary, MomentSummary, PairSummary, SumSummary, WeightSummary } from '../kernels/summaries.ts'
import { type TopChoice, type TopTies, topOfWindows } from '../kernels/top-tree.ts'
import { countsInLongs, longsOf, PAIR_FINISH } from '../kernels/window.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { formName } from '../values/form-name.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isFloating, isIntegral, NULL_I64, T } from '../values/types.ts'
import { AnyVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, textArg } from './args.ts'
import { quantileArgs } from './cumulative.ts'
import { asVector, fromColumns, matrixColumns } from './shapes.ts'
import { timeMaker, windowSize } from './windows-of.ts'

const { entries, define } = topicTable('Moving windows')
export const topWindowBuiltins = entries

/** What is known of a window: where it starts, the order of its rows, and how many of them count. */
interface TopWindows {
  readonly keys: Int32Array
  readonly starts: Int32Array
  readonly choice: TopChoice
}

interface TopStatistic {
  readonly what: string
  /** Columns besides S. */
  readonly columns: 1 | 2
  /** Parameter names of two columns. */
  readonly params?: string
  /** tiesMethod of the m-function; the others take 'latest'. */
  readonly ties: TopTies
  /** Takes [biased=true] before `ascending`. */
  readonly shape?: boolean
  readonly run: (name: string, columns: readonly Vector[], w: TopWindows, biased?: boolean) => Vector
}

const shortcut = <S extends SumSummary | MomentSummary | PairSummary | WeightSummary>(
  key: string,
  make: (name: string, columns: readonly Vector[]) => S,
  finish: (s: S, node: number) => number,
): TopStatistic['run'] => {
  return (name, columns, w) =>
    fromDoubles(
      topOfWindows(
        key,
        w.keys,
        w.starts,
        w.choice,
        make(name, columns),
        finish,
        new Float64Array(w.starts.length),
        Number.NaN,
      ),
    )
}

const sums = (name: string, [x]: readonly Vector[]): SumSummary => new SumSummary(toDoubles(name, x))
const moments = (name: string, [x]: readonly Vector[]): MomentSummary => new MomentSummary(toDoubles(name, x))
const pairs = (name: string, [x, y]: readonly Vector[]): PairSummary =>
  new PairSummary(toDoubles(name, x), toDoubles(name, y))
const weights = (name: string, [x, y]: readonly Vector[]): WeightSummary =>
  new WeightSummary(toDoubles(name, x), toDoubles(name, y))

const doubleSums = shortcut('sum', sums, (s, k) => s.sum[k])

const topSums: TopStatistic['run'] = (name, columns, w) => {
  if (!countsInLongs(columns[0])) return doubleSums(name, columns, w)
  const { longs, valid } = longsOf(columns[0])
  const out = new BigInt64Array(longs.length)
  const summary = new LongSumSummary(longs, valid)
  topOfWindows('sum:long', w.keys, w.starts, w.choice, summary, (s, k) => s.sum[k], out, NULL_I64)
  return new FixedVector(T.LONG, out)
}

const spread = (name: keyof typeof VARIANCES, what: string): TopStatistic => {
  const finish = VARIANCES[name]
  const run = shortcut(name, moments, (s, k) => finish(s.count[k], s.m2[k]))
  return { what, columns: 1, ties: 'oldest', run }
}
const shape = (name: 'skew' | 'kurtosis', what: string): TopStatistic => {
  const f = name === 'skew' ? skewness : kurtosisOf
  // Of two elements a kurtosis says nothing: it would be 1, whatever they are. A skewness below the rounding errors of the moments is none.
  const least = name === 'skew' ? 0 : 3
  const settled = (r: number): number => (r < 1e-14 && r > -1e-14 ? 0 : r)
  const of = (biased: boolean): TopStatistic['run'] =>
    shortcut(`${name}:${biased}:${least}`, moments, (s, k) =>
      s.count[k] < least
        ? Number.NaN
        : settled(f({ count: s.count[k], mean: s.mean[k], m2: s.m2[k], m3: s.m3[k], m4: s.m4[k] }, biased)),
    )
  const runs = { biased: of(true), unbiased: of(false) }
  return {
    what,
    columns: 1,
    ties: 'latest',
    shape: true,
    run: (n, columns, w, biased) => runs[biased ? 'biased' : 'unbiased'](n, columns, w, biased),
  }
}
const paired = (name: keyof typeof PAIR_FINISH, what: string, ties: TopTies): TopStatistic => ({
  what,
  columns: 2,
  ties,
  run: shortcut(name, pairs, PAIR_FINISH[name]),
})

const TOP_STATISTICS: Readonly<Record<string, TopStatistic>> = {
  sum: { what: 'Sum of X, LONG for integers and DOUBLE otherwise', columns: 1, ties: 'oldest', run: topSums },
  avg: {
    what: 'Mean of X, DOUBLE',
    columns: 1,
    ties: 'oldest',
    run: shortcut('avg', sums, (s, k) => s.sum[k] / s.count[k]),
  },
  std: spread('std', 'Sample standard deviation of X, DOUBLE'),
  stdp: spread('stdp', 'Population standard deviation of X, DOUBLE'),
  var: spread('var', 'Sample variance of X, DOUBLE'),
  varp: spread('varp', 'Population variance of X, DOUBLE'),
  skew: shape('skew', 'Skewness of X, biased or not, DOUBLE'),
  kurtosis: shape('kurtosis', 'Kurtosis (normal = 3) of X, biased or not, DOUBLE, null of fewer than three elements'),
  corr: paired('corr', 'Correlation of X and Y, DOUBLE', 'oldest'),
  covar: paired('covar', 'Sample covariance of X and Y, DOUBLE', 'oldest'),
  covarp: paired('covarp', 'Population covariance of X and Y, DOUBLE', 'latest'),
  beta: paired('beta', 'Slope of the regression of the first column on the second, as beta, DOUBLE', 'oldest'),
  wsum: {
    what: 'Inner product of X and Y, DOUBLE',
    columns: 2,
    ties: 'oldest',
    run: shortcut('wsum', weights, (s, k) => s.sum[k]),
  },
}

const RULE =
  'The rows of the window are sorted by S (ascending or descending, rows with a null S left out) and the first `top` are taken; a top between 0 and 1 is that part of the rows of the window, rounded down but at least one. Rows whose S is equal and of which not all fit are taken from the oldest or from the latest on, or all of them (tiesMethod). Nulls of X (or of either column) count for a row but not for the result; without any the result is null. There are no leading nulls. Columns are vectors, matrices or tables: a vector goes with every column of a matrix.'

function topOf(usage: string, top: Arg, limit: number): number {
  if (top?.kind === 'scalar' && isFloating(top.type) && !top.isNull()) {
    const part = Number(top.value)
    if (part > 0 && part < 1) return part
  } else if (top?.kind === 'scalar' && isIntegral(top.type) && !top.isNull()) {
    const count = Number(top.value)
    if (count >= 1 && count <= limit) return count
  }
  const most = limit === Number.POSITIVE_INFINITY ? 'a positive integer' : 'an integer from 1 to window'
  throw usageError(usage, `top must be ${most}, or a part between 0 and 1.`)
}

function tiesOf(usage: string, ties: Arg, fallback: TopTies): TopTies {
  const text = textArg(ties, usage, 'tiesMethod', fallback)
  if (text === 'oldest' || text === 'latest' || text === 'all') return text
  throw usageError(usage, "tiesMethod must be 'oldest', 'latest' or 'all'.")
}

/** Dense keys of S in order; -1 for null. */
function keysOf(s: Vector, ascending: boolean): Int32Array {
  const { keys } = orderKeys(s, ascending)
  for (let k = 0; k < keys.length; k++) if (s.isNullAt(k)) keys[k] = -1
  return keys
}

/** A function of equally long columns over vectors, matrices and tables; a vector goes with every column of the others, tuples element by element. */
function overColumns(name: string, args: readonly Value[], f: (columns: readonly Vector[]) => Vector): Value {
  const tuple = args.find((a) => a.kind === 'vector' && a.storage === 'any' && asVector(a) === undefined)
  if (tuple?.kind === 'vector') {
    const member = (a: Value, k: number): Value =>
      a.kind === 'vector' && a.storage === 'any' && asVector(a) === undefined ? a.values[k] : a
    if (args.some((a) => a.kind === 'vector' && member(a, 0) !== a && a.length !== tuple.length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return new AnyVector(
      Array.from({ length: tuple.length }, (_, k) =>
        overColumns(
          name,
          args.map((a) => member(a, k)),
          f,
        ),
      ),
    )
  }
  const wide = args.map((a) => (a.kind === 'matrix' ? matrixColumns(a) : a.kind === 'table' ? a.columns : undefined))
  const flat = args.map((a, k) => (wide[k] === undefined ? asVector(a) : undefined))
  const odd = args.findIndex((_, k) => wide[k] === undefined && flat[k] === undefined)
  if (odd >= 0) throw operatorError(`The function ${name} does not support this ${formName(args[odd])}.`)
  const count = Math.max(...wide.map((c) => c?.length ?? 0))
  const column = (c: number): Vector => {
    const columns = args.map((_, k) => wide[k]?.[c] ?? flat[k]!)
    if (columns.some((v) => v.length !== columns[0].length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return f(columns)
  }
  const shape = args.find((_, k) => wide[k] !== undefined)
  if (shape === undefined) return column(0)
  if (wide.some((c) => c !== undefined && c.length !== count))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  const columns = Array.from({ length: count }, (_, c) => column(c))
  if (shape.kind === 'table') return new Table(shape.names.slice(), columns)
  return shape.kind === 'matrix' ? fromColumns(shape, columns) : columns[0]
}

for (const [statistic, spec] of Object.entries(TOP_STATISTICS)) {
  const columns = spec.columns === 1 ? 'X' : 'X, Y'
  const names = columns.split(', ')
  const given = (args: readonly Arg[], usage: string): Value[] =>
    [...names, 'S'].map((n, k) => required(args[k], usage, n))
  const rest = spec.columns + 1
  const extra = spec.shape === true ? ', [biased=true]' : ''
  /** What follows `top`: biased only where the function has it. */
  const options = (args: readonly Arg[], usage: string): { up: boolean; biased: boolean; ties: Arg } => {
    const [biased, ascending, ties] = spec.shape === true ? args : [undefined, ...args]
    return {
      biased: boolArg(biased, usage, 'biased', true),
      up: boolArg(ascending, usage, 'ascending', true),
      ties,
    }
  }

  const moving = `m${statistic}TopN(${columns}, S, window, top${extra}, [ascending=true], [tiesMethod='${spec.ties}'])`
  define(moving, {
    kind: 'vector',
    doc: `${spec.what}, over the top rows of each window of elements. ${RULE}`,
    call: (args) => {
      const [window, top, ...others] = args.slice(rest)
      const { up, biased, ties } = options(others, moving)
      const size = windowSize(moving, window)
      const choice = { top: topOf(moving, top, size), ties: tiesOf(moving, ties, spec.ties) }
      return overColumns(`m${statistic}TopN`, given(args, moving), (v) => {
        const s = v[v.length - 1]
        const starts = Int32Array.from({ length: s.length }, (_, k) => Math.max(0, k - size + 1))
        return spec.run(`m${statistic}TopN`, v, { keys: keysOf(s, up), starts, choice }, biased)
      })
    },
  })

  const timed = `tm${statistic}TopN(T, ${columns}, S, window, top${extra}, [ascending=true], [tiesMethod='latest'])`
  define(timed, {
    kind: 'vector',
    doc: `${spec.what}, over the top rows in (T - window, T]. ${RULE}`,
    call: ([t, ...args]) => {
      const [window, top, ...others] = args.slice(rest)
      const { up, biased, ties } = options(others, timed)
      const maker = timeMaker(timed, t, required(window, timed, 'window'))
      const choice = { top: topOf(timed, top, Number.POSITIVE_INFINITY), ties: tiesOf(timed, ties, 'latest') }
      return overColumns(`tm${statistic}TopN`, given(args, timed), (v) => {
        const s = v[v.length - 1]
        return spec.run(
          `tm${statistic}TopN`,
          v,
          { keys: keysOf(s, up), starts: maker(s.length).starts, choice },
          biased,
        )
      })
    },
  })

  const running = `cum${statistic}TopN(${columns}, S, top${extra}, [ascending=true], [tiesMethod='latest'])`
  define(running, {
    kind: 'vector',
    doc: `${spec.what}, over the top rows so far. ${RULE}`,
    call: (args) => {
      const [top, ...others] = args.slice(rest)
      const { up, biased, ties } = options(others, running)
      const choice = { top: topOf(running, top, Number.POSITIVE_INFINITY), ties: tiesOf(running, ties, 'latest') }
      return overColumns(`cum${statistic}TopN`, given(args, running), (v) => {
        const s = v[v.length - 1]
        return spec.run(
          `cum${statistic}TopN`,
          v,
          { keys: keysOf(s, up), starts: new Int32Array(s.length), choice },
          biased,
        )
      })
    },
  })
}

const usagePercentile =
  "mpercentileTopN(X, S, percent, window, top, [interpolation='linear'], [ascending=true], [tiesMethod='oldest'])"
define(usagePercentile, {
  kind: 'vector',
  doc: `Percentile (0 to 100) of X, DOUBLE, over the top rows of each window of elements; interpolation as for percentile. ${RULE}`,
  call: ([x, s, percent, window, top, interpolation, ascending, tied]) => {
    const { q } = quantileArgs(usagePercentile, percent, interpolation)
    const how = textArg(interpolation, usagePercentile, 'interpolation', 'linear') as Interpolation
    const size = windowSize(usagePercentile, window)
    const choice = { top: topOf(usagePercentile, top, size), ties: tiesOf(usagePercentile, tied, 'oldest') }
    const up = boolArg(ascending, usagePercentile, 'ascending', true)
    const given = [required(x, usagePercentile, 'X'), required(s, usagePercentile, 'S')]
    return overColumns('mpercentileTopN', given, ([values, sorting]) =>
      fromDoubles(topPercentiles(toDoubles('mpercentileTopN', values), keysOf(sorting, up), size, choice, q, how)),
    )
  },
})

/** The rows of the window stand in `rows`, by key and, where keys are equal, in the order in which they are taken. */
function topPercentiles(
  x: Float64Array,
  keys: Int32Array,
  size: number,
  choice: TopChoice,
  q: number,
  how: Interpolation,
): Float64Array {
  const out = new Float64Array(x.length).fill(Number.NaN)
  const later = choice.ties === 'latest'
  const rows: number[] = []
  const after = (a: number, b: number): boolean => keys[a] > keys[b] || (keys[a] === keys[b] && (later ? a < b : a > b))
  /** How many rows of the window come before row k. */
  const place = (k: number): number => {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (after(k, rows[middle])) low = middle + 1
      else high = middle
    }
    return low
  }
  for (let k = 0; k < x.length; k++) {
    if (k >= size && keys[k - size] >= 0) rows.splice(place(k - size), 1)
    if (keys[k] >= 0) rows.splice(place(k), 0, k)
    const length = Math.min(size, k + 1)
    let count = choice.top < 1 ? Math.max(1, Math.floor(length * choice.top + 1e-9)) : choice.top
    if (choice.ties === 'all') while (count < rows.length && keys[rows[count]] === keys[rows[count - 1]]) count++
    const taken = Float64Array.from(rows.slice(0, count).map((r) => x[r])).filter((v) => !Number.isNaN(v))
    out[k] = quantileOf(taken, q, how) ?? Number.NaN
  }
  return out
}

const usageAggr = 'aggrTopN(func, funcArgs, sortingCol, top, [ascending=true])'
define(usageAggr, {
  doc: 'An aggregate over the first rows of its arguments in the order of sortingCol; several arguments as a tuple. top is a number of rows or (below 1) a part of all rows, rounded down but at least one row. The sort is stable, nulls in sortingCol are the smallest. Exactly that many rows are taken; of equal ones the first.',
  call: ([func, args, sorting, top, ascending], session) => {
    if (func?.kind !== 'function') throw inputError(`Usage: ${usageAggr}. func must be a function.`)
    const value = required(args, usageAggr, 'funcArgs')
    const list =
      value.kind === 'vector' && value.storage === 'any' && asVector(value) === undefined ? value.values : [value]
    const columns = list.map((v) => (v.kind === 'vector' ? v : asVector(v)))
    const s = asVector(required(sorting, usageAggr, 'sortingCol'))
    if (s === undefined || columns.some((c) => c === undefined))
      throw inputError(`Usage: ${usageAggr}. funcArgs and sortingCol must be vectors.`)
    if (columns.some((c) => c!.length !== s.length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const part = isGiven(top) && top.kind === 'scalar' && isFloating(top.type)
    const wanted = topOf(usageAggr, part ? top : Scalar.int(intArg(top, usageAggr, 'top')), Number.POSITIVE_INFINITY)
    const count = wanted < 1 ? Math.max(1, Math.floor(s.length * wanted + 1e-9)) : wanted
    const order = sortIndices([s], [boolArg(ascending, usageAggr, 'ascending', true)]).slice(0, count)
    return session.call(
      func,
      columns.map((c) => c!.gather(order)),
    )
  },
})
