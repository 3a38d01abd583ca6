/** gram (products of columns), gramSchmidt (orthogonal columns) and histogram2d. */
import { inputError, usageError } from '../errors.ts'
import { zeros } from '../kernels/linalg/dense.ts'
import { toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Value } from '../values/scalar.ts'
import { type Arg, boolArg, isGiven, numberArg, required, textListArg } from './args.ts'
import { fromDoubles } from './columns.ts'
import { matrixArg, matrixValue } from './dense-arg.ts'
import { asVector, matrixColumns } from './shapes.ts'
import { knownArg, modelOf } from './spline-arg.ts'
import { gatherColumns } from './table-pieces.ts'

const { entries, define } = topicTable('Linear algebra')
export const gramBuiltins: readonly Builtin[] = entries

const usageGram = 'gram(ds, [colNames], [subMean=true], [normalize=false])'
define(usageGram, {
  doc: "The matrix A' ** A of the columns A of a table or of data sources: of colNames, else of all columns. subMean subtracts the mean of each column first, normalize divides by its standard deviation. DOUBLE; nulls are an error.",
  call: ([ds, colNames, subMean, normalize], session) => {
    const names = isGiven(colNames) ? textListArg(colNames, usageGram, 'colNames') : undefined
    const { columns } = gatherColumns(required(ds, usageGram, 'ds'), session, usageGram, names)
    const data = columns.map((c) => toDoubles('gram', c))
    if (data.some((c) => c.some(Number.isNaN))) throw usageError(usageGram, 'The columns must not contain NULL values.')
    const centred = boolArg(subMean, usageGram, 'subMean', true)
    const scaled = boolArg(normalize, usageGram, 'normalize', false)
    const prepared = data.map((c) => {
      const mean = c.reduce((s, v) => s + v, 0) / c.length
      const deviation = Math.sqrt(c.reduce((s, v) => s + (v - mean) ** 2, 0) / (c.length - 1))
      const by = scaled && deviation > 0 ? deviation : 1
      return c.map((v) => (centred ? v - mean : v) / by)
    })
    const n = prepared.length
    const out = zeros(n, n)
    for (let a = 0; a < n; a++)
      for (let b = 0; b < n; b++) out.data[a * n + b] = prepared[a].reduce((s, v, k) => s + v * prepared[b][k], 0)
    return matrixValue(out)
  },
})

const usageSchmidt = 'gramSchmidt(X, [normalize=false])'
define(usageSchmidt, {
  doc: 'Columns that are orthogonal to each other and span what those of X span, by the method of Gram and Schmidt; normalize brings them to length 1. DOUBLE. Columns that depend on each other, and nulls, are errors.',
  call: ([x, normalize]) => {
    const { data, rows, cols } = matrixArg(x, usageSchmidt, 'X', 'refused')
    const unit = boolArg(normalize, usageSchmidt, 'normalize', false)
    const out = zeros(rows, cols)
    const columnOf = (m: Float64Array, c: number): Float64Array => m.subarray(c * rows, (c + 1) * rows)
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, k) => s + v * b[k], 0)
    for (let c = 0; c < cols; c++) {
      const own = columnOf(out.data, c)
      own.set(columnOf(data, c))
      const length = dot(own, own)
      for (let p = 0; p < c; p++) {
        const before = columnOf(out.data, p)
        const factor = dot(own, before) / dot(before, before)
        for (let r = 0; r < rows; r++) own[r] -= factor * before[r]
      }
      if (!(dot(own, own) > length * 1e-20) || c >= rows)
        throw inputError('vector set must be linearly independent', { code: 'dependent' })
    }
    if (unit)
      for (let c = 0; c < cols; c++) {
        const own = columnOf(out.data, c)
        const length = Math.sqrt(dot(own, own))
        for (let r = 0; r < rows; r++) own[r] /= length
      }
    return matrixValue(out)
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Two-dimensional histogram

const usage2d = 'histogram2d(X, Y, [bins=10], [range], [density=false], [weights])'
define(usage2d, {
  doc: 'How many points (X, Y) fall into each cell of a grid: a dictionary with H (a matrix, X in rows), xedges and yedges. bins is a number of equal cells or a vector of edges for both, or a tuple with one of these for each; range, a tuple of (low, high) for each, is where equal cells lie (else from the least to the largest value), and points outside are left out. The last cell is closed. weights counts points by weight; density divides by the sum and by the area of the cell. Nulls are an error.',
  call: ([x, y, bins, range, density, weights]) => {
    const xs = knownArg(x, usage2d, 'X')
    const ys = knownArg(y, usage2d, 'Y')
    const weight = isGiven(weights) ? knownArg(weights, usage2d, 'weights') : new Float64Array(xs.length).fill(1)
    if (xs.length !== ys.length || weight.length !== xs.length)
      throw usageError(usage2d, 'X, Y and weights must be of the same length.')
    const [binsX, binsY] = bothArg(bins)
    const [rangeX, rangeY] = rangesArg(range)
    const xedges = edgesOf(binsX, xs, rangeX)
    const yedges = edgesOf(binsY, ys, rangeY)
    const h = zeros(xedges.length - 1, yedges.length - 1)
    let total = 0
    for (let k = 0; k < xs.length; k++) {
      const r = cellOf(xedges, xs[k])
      const c = cellOf(yedges, ys[k])
      if (r < 0 || c < 0) continue
      h.data[c * h.rows + r] += weight[k]
      total += weight[k]
    }
    if (boolArg(density, usage2d, 'density', false))
      for (let c = 0; c < h.cols; c++)
        for (let r = 0; r < h.rows; r++)
          h.data[c * h.rows + r] /= total * (xedges[r + 1] - xedges[r]) * (yedges[c + 1] - yedges[c])
    return modelOf([
      ['H', matrixValue(h)],
      ['xedges', fromDoubles(xedges)],
      ['yedges', fromDoubles(yedges)],
    ])
  },
})

type Bins = number | Float64Array

function binsArg(v: Value): Bins {
  if (v.kind === 'scalar') {
    const n = numberArg(v, usage2d, 'bins')
    if (!Number.isInteger(n) || n < 1) throw usageError(usage2d, 'bins must be positive integers or vectors of edges.')
    return n
  }
  const edges = knownArg(v, usage2d, 'bins')
  if (edges.length < 2 || edges.some((e, k) => k > 0 && !(e > edges[k - 1])))
    throw usageError(usage2d, 'A vector of edges must be strictly increasing, with at least two elements.')
  return edges
}

/** A tuple, or a vector of two whole numbers in brackets, is one for each. */
function bothArg(v: Arg): readonly [Bins, Bins] {
  if (!isGiven(v)) return [10, 10]
  if (v.kind === 'vector' && v.storage === 'any' && v.length === 2) return [binsArg(v.values[0]), binsArg(v.values[1])]
  const one = binsArg(v)
  return [one, one]
}

type Range = readonly [number, number] | undefined

function rangesArg(v: Arg): readonly [Range, Range] {
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return [undefined, undefined]
  const rows = v.kind === 'vector' && v.storage === 'any' ? v.values : v.kind === 'matrix' ? matrixColumns(v) : []
  const ranges = rows.map((row): Range => {
    const flat = asVector(row)
    const ends = flat === undefined ? [] : toDoubles('range', flat)
    if (ends.length !== 2 || !(ends[0] < ends[1])) throw usageError(usage2d, 'range must hold (low, high) for X and Y.')
    return [ends[0], ends[1]]
  })
  if (ranges.length !== 2) throw usageError(usage2d, 'range must hold (low, high) for X and Y.')
  return [ranges[0], ranges[1]]
}

function edgesOf(bins: Bins, data: Float64Array, range: Range): Float64Array {
  if (typeof bins !== 'number') return bins
  let [low, high] = range ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  if (range === undefined)
    for (const v of data) {
      low = Math.min(low, v)
      high = Math.max(high, v)
    }
  if (!(low < high)) {
    const centre = Number.isFinite(low) ? low : 0.5
    low = centre - 0.5
    high = centre + 0.5
  }
  return Float64Array.from({ length: bins + 1 }, (_, k) => (k === bins ? high : low + ((high - low) * k) / bins))
}

/** The cell of a value; -1 outside. */
function cellOf(edges: Float64Array, v: number): number {
  const last = edges.length - 1
  if (!(v >= edges[0] && v <= edges[last])) return -1
  let low = 0
  let high = last - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (v >= edges[middle]) low = middle
    else high = middle - 1
  }
  return low
}
