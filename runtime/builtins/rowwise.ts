/**
 * Row functions. Arguments are one matrix, or any mix of vectors, tuples of vectors, matrices and tables with equal row counts, or one array vector; there is
 * one result per row. They run the column functions on the transposed data.
 */
import { inputError, operatorError } from '../errors.ts'
import { AGGREGATES, kurtosisOf, skewness } from '../kernels/aggregate.ts'
import { moments, validDoubles } from '../kernels/moments.ts'
import { PAIR_STATISTICS } from '../kernels/paired.ts'
import { ranksOf } from '../kernels/rank.ts'
import { runningExtreme, runningTotal } from '../kernels/running.ts'
import { arrayFromRows, castVector, relabel, scalarToVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import type { Matrix } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { isDecimal, isFloating, isLiteral, isNumeric, NULL_I8, T } from '../values/types.ts'
import { FixedVector, newVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, required } from './args.ts'
import { rankOptions, rankVector } from './cumulative.ts'
import { joinLabels } from './indexed.ts'
import { collect, matrixColumns, matrixFrom, rowsOf, vectorOver } from './shapes.ts'
import { rankOf } from './sorting.ts'

const { entries, define: defineRow } = topicTable('Row-wise')

/** Columnar tuples of numbers count as array vectors in every function here. */
const define: typeof defineRow = (signature, spec) =>
  defineRow(signature, { ...spec, call: (args, session) => spec.call(args.map(asRows), session) })

function asRows(x: Arg): Arg {
  if (x?.kind !== 'vector' || x.storage !== 'any' || !x.columnar) return x
  const like = x.values.find((v) => (v.kind === 'vector' || v.kind === 'scalar') && v.type !== T.VOID)
  if (like === undefined || (like.kind !== 'vector' && like.kind !== 'scalar') || isLiteral(like.type)) return x
  return arrayFromRows(x.values, like.type, 'scale' in like ? like.scale : undefined)
}

/** The columns that the arguments of a row function stand for. */
function columnsOf(args: readonly Arg[], usage: string): Vector[] {
  const columns: Vector[] = []
  const add = (x: Value): void => {
    if (x.kind === 'matrix') columns.push(...matrixColumns(x))
    else if (x.kind === 'table') columns.push(...x.columns)
    else if (x.kind === 'vector' && x.storage === 'any') x.values.forEach(add)
    else if (x.kind === 'vector' && x.storage !== 'array') columns.push(x)
    else if (x.kind === 'scalar') columns.push(scalarToVector(x, 1))
    else throw inputError(`Usage: ${usage}. The arguments must be vectors, tuples of vectors, matrices or tables.`)
  }
  for (const arg of args) add(required(arg, usage, 'X'))
  const rows = Math.max(0, ...columns.map((c) => c.length))
  for (let k = 0; k < columns.length; k++) {
    if (columns[k].length === 1 && rows > 1) columns[k] = columns[k].gather(new Int32Array(rows))
    else if (columns[k].length !== rows) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  }
  if (columns.length === 0) throw inputError(`Usage: ${usage}. At least one argument is needed.`)
  return columns
}

/** Each row as a vector. */
function rowsFrom(args: readonly Arg[], usage: string): Vector[] {
  const first = args[0]
  if (args.length === 1 && first?.kind === 'vector' && first.storage === 'array')
    return Array.from({ length: first.length }, (_, k) => first.get(k))
  return rowsOf(columnsOf(args, usage))
}

/** A row statistic on scalars only gives a scalar. */
const shaped = (args: readonly Arg[], result: Value): Value =>
  args.every((a) => a?.kind === 'scalar') && result.kind === 'vector' && result.length === 1 ? result.get(0) : result

/** Statistics that add up column by column run over whole columns instead of gathering rows. */
function columnSums(columns: readonly Vector[], name: 'rowSum' | 'rowAvg'): Vector | undefined {
  if (!columns.every((c) => isNumeric(c.type))) return undefined
  if (name === 'rowSum' && !columns.some((c) => isFloating(c.type))) return undefined
  const n = columns[0].length
  const sum = new Float64Array(n)
  const count = new Int32Array(n)
  for (const column of columns) {
    const x = toDoubles(name, column)
    for (let k = 0; k < n; k++)
      if (!Number.isNaN(x[k])) {
        sum[k] += x[k]
        count[k]++
      }
  }
  for (let k = 0; k < n; k++) sum[k] = count[k] === 0 ? Number.NaN : name === 'rowAvg' ? sum[k] / count[k] : sum[k]
  return fromDoubles(sum)
}

const ROW_AGGREGATES: readonly (readonly [string, string, string])[] = [
  ['rowSum', 'sum', 'Sum'],
  ['rowAvg', 'avg', 'Mean'],
  ['rowCount', 'count', 'Number of values that are not null'],
  ['rowSize', 'size', 'Number of values'],
  ['rowMax', 'max', 'Largest value'],
  ['rowMin', 'min', 'Smallest value'],
  ['rowStd', 'std', 'Sample standard deviation'],
  ['rowVar', 'var', 'Sample variance'],
  ['rowStdp', 'stdp', 'Population standard deviation'],
  ['rowVarp', 'varp', 'Population variance'],
  ['rowProd', 'prod', 'Product'],
  ['rowSum2', 'sum2', 'Sum of squares'],
  ['rowImax', 'imax', 'Column of the largest value'],
  ['rowImin', 'imin', 'Column of the smallest value'],
  ['rowImaxLast', 'imaxLast', 'Column of the largest value, the last of equal ones'],
  ['rowIminLast', 'iminLast', 'Column of the smallest value, the last of equal ones'],
]
for (const [name, statistic, what] of ROW_AGGREGATES)
  define(`${name}(args...)`, {
    kind: 'element',
    doc: `${what} of each row over all arguments, nulls skipped; a row of nulls gives null.`,
    call: (args) => {
      const usage = `${name}(args...)`
      const array = args.length === 1 && args[0]?.kind === 'vector' && args[0].storage === 'array'
      if (!array && (name === 'rowSum' || name === 'rowAvg')) {
        const fast = columnSums(columnsOf(args, usage), name)
        if (fast !== undefined) return shaped(args, fast)
      }
      const { compute } = AGGREGATES[statistic]
      return shaped(args, collect(rowsFrom(args, usage).map((r) => compute(r, 0, r.length))))
    },
  })

for (const [name, f] of [
  ['rowSkew', skewness],
  ['rowKurtosis', kurtosisOf],
] as const)
  define(`${name}(X, [biased=true])`, {
    kind: 'element',
    doc: `The ${name.slice(3).toLowerCase()} of each row, DOUBLE.`,
    call: ([x, biased]) => {
      const usage = `${name}(X, [biased=true])`
      const plain = boolArg(biased, usage, 'biased', true)
      const values = rowsFrom([x], usage).map((r) => {
        const data = validDoubles((castVector(r, T.DOUBLE) as FixedVector).data, 0, r.length)
        const m = moments(data, 0, data.length, 4)
        return m.count === 0 ? Number.NaN : f(m, plain)
      })
      return fromDoubles(Float64Array.from(values))
    },
  })

const LOGIC: Readonly<Record<string, (row: readonly number[]) => number>> = {
  rowAnd: (row) => (row.includes(0) ? 0 : 1),
  rowOr: (row) => (row.includes(1) ? 1 : 0),
  rowXor: (row) => row.reduce((a, b) => a ^ b, 0),
}
for (const [name, f] of Object.entries(LOGIC))
  define(`${name}(args...)`, {
    kind: 'element',
    doc: `Logical ${name.slice(3).toLowerCase()} of each row, BOOL; nulls are skipped.`,
    call: (args) => {
      const columns = columnsOf(args, `${name}(args...)`).map((c) => castVector(c, T.BOOL))
      const out = new Int8Array(columns[0].length)
      for (let k = 0; k < out.length; k++) {
        const row = columns.map((c) => c.raw(k) as number).filter((b) => b !== NULL_I8)
        out[k] = row.length === 0 ? NULL_I8 : f(row)
      }
      return shaped(args, new FixedVector(T.BOOL, out))
    },
  })

const isArray = (x: Arg): boolean => x?.kind === 'vector' && x.storage === 'array'

/** The rows of one side of a pair; a plain vector next to a matrix or an array vector is one row for all. */
function pairRows(x: Arg, other: Arg, usage: string): Vector[] {
  const plain = x?.kind === 'vector' && x.storage !== 'array' && x.storage !== 'any'
  return plain && (other?.kind === 'matrix' || isArray(other)) ? [x] : rowsFrom([x], usage)
}

/** Two indexed matrices on the labels that either has, ascending: rows that one of them lacks are nulls. */
function onAllLabels(x: Arg, y: Arg): readonly [Arg, Arg] {
  if (x?.kind !== 'matrix' || y?.kind !== 'matrix' || x.indexed !== 'matrix' || y.indexed !== 'matrix') return [x, y]
  if (x.rowLabels === undefined || y.rowLabels === undefined) return [x, y]
  const { left, right } = joinLabels(x.rowLabels, y.rowLabels, 'outer')
  const rows = (m: Matrix, at: Int32Array): Matrix => matrixFrom(matrixColumns(m).map((c) => c.gather(at)))
  return [rows(x, left), rows(y, right)]
}

const PAIRED: Readonly<Record<string, string>> = {
  rowCorr: 'corr',
  rowCovar: 'covar',
  rowCovarp: 'covarp',
  rowBeta: 'beta',
  rowWavg: 'wavg',
  rowWsum: 'wsum',
  rowDot: 'wsum',
  rowEuclidean: 'euclidean',
  rowTanimoto: 'tanimoto',
}
for (const [name, statistic] of Object.entries(PAIRED)) {
  const params = name === 'rowBeta' ? 'Y, X' : 'X, Y'
  const usage = `${name}(${params})`
  define(usage, {
    kind: 'element',
    doc: `The ${statistic} of each row of X with the same row of Y. A vector with a matrix or an array vector goes with every row: it is as long as the matrix has columns; rows of an array vector of another length give null.${['rowDot', 'rowEuclidean', 'rowTanimoto'].includes(name) ? ' Two indexed matrices meet on their row labels; a label that only one has gives null.' : ''}`,
    call: ([left, right]) => {
      const aligned = name === 'rowDot' || name === 'rowEuclidean' || name === 'rowTanimoto'
      const [x, y] = aligned ? onAllLabels(left, right) : [left, right]
      const a = pairRows(x, y, usage)
      const b = pairRows(y, x, usage)
      // A single row meets every row of the other side.
      if (a.length !== b.length && b.length !== 1 && a.length !== 1)
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      const n = a.length === 1 ? b.length : a.length
      const out = Float64Array.from({ length: n }, (_, k) => {
        const p = toDoubles(name, a[a.length === 1 ? 0 : k])
        const q = toDoubles(name, b[b.length === 1 ? 0 : k])
        if (p.length !== q.length) {
          if (isArray(x) !== isArray(y)) return Number.NaN
          throw operatorError('Incompatible vector size', { code: 'vectorSize' })
        }
        return PAIR_STATISTICS[statistic](p, q)
      })
      return fromDoubles(out)
    },
  })
}

/** A function along each row of a matrix (or array vector, or tuple of vectors); the shape stays. */
function alongRows(name: string, usage: string, x: Arg, f: (row: Vector) => Vector): Value {
  const source = required(x, usage, 'X')
  if (source.kind === 'vector' && source.storage === 'array') return vectorOver(name, source, f)
  const rows = rowsFrom([source], usage).map(f)
  // Without rows nothing says of which type the elements would be.
  if (rows.length === 0) return source.kind === 'matrix' ? source : matrixFrom([newVector(T.DOUBLE, 0)])
  const columns = rowsOf(rows)
  const m = matrixFrom(columns)
  return source.kind === 'matrix' ? relabel(source, m.data) : m
}

const usageRank =
  "rowRank(X, [ascending=true], [groupNum], [ignoreNA=true], [tiesMethod='min'], [percent=false], [precision])"
define(usageRank, {
  kind: 'element',
  doc: 'Rank of each element within its row, with the options of rank.',
  call: (args) => alongRows('rowRank', usageRank, args[0], (row) => rankOf(row, args, usageRank)),
})

const usageDense = 'rowDenseRank(X, [ascending=true], [ignoreNA=true], [percent=false])'
define(usageDense, {
  kind: 'element',
  doc: 'Rank of each element within its row without gaps after ties, with the options of denseRank; the shape is kept.',
  call: ([x, ascending, ignoreNA, percent]) => {
    const options = { ...rankOptions(usageDense, ascending, ignoreNA, undefined, percent), dense: true }
    return alongRows('rowDenseRank', usageDense, x, (row) => rankVector(ranksOf(row, options), options))
  },
})

const total = (name: string, op: 'sum' | 'product', row: Vector): Vector => {
  const v = isDecimal(row.type) ? castVector(row, T.DOUBLE) : row
  if (v.storage !== 'fixed' || !isNumeric(v.type)) throw operatorError(`The function ${name} accepts only numbers.`)
  return runningTotal(v, op)
}
const ALONG: Readonly<Record<string, (row: Vector) => Vector>> = {
  rowCumsum: (row) => total('rowCumsum', 'sum', row),
  rowCumprod: (row) => total('rowCumprod', 'product', row),
  rowCummax: (row) => row.gather(runningExtreme(row, 'max')),
  rowCummin: (row) => row.gather(runningExtreme(row, 'min')),
  rowPrev: (row) => shifted(row, 1),
  rowNext: (row) => shifted(row, -1),
}
const shifted = (row: Vector, steps: number): Vector =>
  row.gather(
    Int32Array.from({ length: row.length }, (_, k) => (k - steps >= 0 && k - steps < row.length ? k - steps : -1)),
  )
for (const [name, f] of Object.entries(ALONG))
  define(`${name}(X)`, {
    kind: 'element',
    doc: `${name.slice(3).toLowerCase()} along each row; the shape is kept.`,
    call: ([x]) => alongRows(name, `${name}(X)`, x, f),
  })
define('rowMove(X, steps)', {
  kind: 'element',
  doc: 'Each row moved to the right by steps (negative: to the left), nulls moving in.',
  call: ([x, steps]) => {
    const n = intArg(steps, 'rowMove(X, steps)', 'steps')
    return alongRows('rowMove', 'rowMove(X, steps)', x, (row) => shifted(row, n))
  },
})

export const rowwiseBuiltins = entries
