/** Linear regressions: ols, wls, over data sources, their residuals; polynomials and straight lines through points. */
import { inputError, usageError } from '../errors.ts'
import { copyOf, type Dense, zeros } from '../kernels/linalg/dense.ts'
import { decomposeQr, rOf } from '../kernels/linalg/householder.ts'
import { leastSquares } from '../kernels/statistics/least-squares.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, textArg, textListArg, vectorArg } from './args.ts'
import { coefficientTable, type Factors, type FitReport, factorsArg, fitDictionary, zeroed } from './regression-arg.ts'
import { asVector, vectorOver } from './shapes.ts'
import { columnNamed, tablesOf } from './table-pieces.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const regressionBuiltins: readonly Builtin[] = entries

const ones = (n: number): Float64Array => new Float64Array(n).fill(1)
const withIntercept = (factors: Factors, n: number, intercept: boolean): Factors =>
  intercept ? { names: ['intercept', ...factors.names], columns: [ones(n), ...factors.columns] } : factors

interface Request {
  readonly usage: string
  readonly y: Float64Array
  readonly factors: Factors
  readonly weights: Float64Array | undefined
  readonly intercept: boolean
  readonly mode: number
  readonly method: 'qr' | 'svd'
  readonly pseudo: boolean
}

function modeArg(v: Arg, usage: string): number {
  const mode = intArg(v, usage, 'mode', 0)
  if (mode < 0 || mode > 2) throw usageError(usage, 'mode must be 0, 1 or 2.')
  return mode
}

function regress(r: Request): Value {
  const n = r.y.length
  const { names, columns } = withIntercept(r.factors, n, r.intercept)
  if (n === 0) throw usageError(r.usage, 'Y must not be empty.')
  const fit = leastSquares(r.y, columns, r.weights, { pseudo: r.pseudo, method: r.method })
  if (fit === undefined) throw inputError('The matrix is singular.', { code: 'singularMatrix' })
  if (r.mode === 0) return fromDoubles(fit.coefficients)
  const weight = (k: number): number => (r.weights === undefined ? 1 : r.weights[k])
  const residuals = r.y.map((y, k) => y - fit.fitted[k])
  let sum = 0
  let total = 0
  for (let k = 0; k < n; k++) {
    sum += weight(k) * r.y[k]
    total += weight(k)
  }
  const mean = r.intercept ? sum / total : 0
  let ssError = 0
  let ssTotal = 0
  for (let k = 0; k < n; k++) {
    ssError += weight(k) * residuals[k] ** 2
    ssTotal += weight(k) * (r.y[k] - mean) ** 2
  }
  const report: FitReport = { ...fit, names, ssError, ssTotal, observations: n, intercept: r.intercept }
  return r.mode === 1 ? coefficientTable(report) : fitDictionary(report, residuals)
}

const MODES =
  'mode 0 gives the coefficients, intercept first; 1 a table factor, beta, stdError, tstat, pvalue; 2 a dictionary with the tables ANOVA, RegressionStat, Coefficient and the vector Residual. X is a vector, matrix (by rows if its height is not that of Y), table or tuple. Nulls become 0.'

const usageOls = "ols(Y, X, [intercept=true], [mode=0], [method='default'], [usePinv=true])"
define(usageOls, {
  doc: `Ordinary least squares of Y on X. ${MODES} method 'default' works by QR decomposition, 'svd' by singular values; factors that depend on each other get the shortest solution, or with usePinv=false are an error.`,
  call: ([y, x, intercept, mode, method, usePinv]) => {
    const target = zeroed('ols', vectorArg(y, usageOls, 'Y'))
    const how = textArg(method, usageOls, 'method', 'default')
    if (how !== 'default' && how !== 'svd') throw usageError(usageOls, "method must be 'default' or 'svd'.")
    return regress({
      usage: usageOls,
      y: target,
      factors: factorsArg('ols', usageOls, x, target.length),
      weights: undefined,
      intercept: boolArg(intercept, usageOls, 'intercept', true),
      mode: modeArg(mode, usageOls),
      method: how === 'svd' ? 'svd' : 'qr',
      pseudo: boolArg(usePinv, usageOls, 'usePinv', true),
    })
  },
})

const usageWls = 'wls(Y, X, W, [intercept=true], [mode=0])'
define(usageWls, {
  doc: `Weighted least squares of Y on X: the squares of the residuals count W times. ${MODES} The sums of squares are weighted, the residuals are not.`,
  call: ([y, x, w, intercept, mode]) => {
    const target = zeroed('wls', vectorArg(y, usageWls, 'Y'))
    const weights = zeroed('wls', vectorArg(w, usageWls, 'W'))
    if (weights.length !== target.length || weights.some((v) => v < 0))
      throw usageError(usageWls, 'W must hold one non-negative number for each element of Y.')
    return regress({
      usage: usageWls,
      y: target,
      factors: factorsArg('wls', usageWls, x, target.length),
      weights,
      intercept: boolArg(intercept, usageWls, 'intercept', true),
      mode: modeArg(mode, usageWls),
      method: 'qr',
      pseudo: true,
    })
  },
})

const usageWslr = 'wslr(Y, X, W, [mse=false])'
define(usageWslr, {
  kind: 'aggregate',
  doc: 'Weighted least squares of Y on one X as a tuple: intercept, slope, and with mse=true the weighted squares of the residuals over n - 2. Positions where one of the three is null are left out; n counts the others.',
  call: ([y, x, w, mse]) => {
    const [ys, xs, ws] = [y, x, w].map((v, k) => toDoubles('wslr', vectorArg(v, usageWslr, ['Y', 'X', 'W'][k])))
    if (xs.length !== ys.length || ws.length !== ys.length)
      throw usageError(usageWslr, 'Y, X and W must have the same length.')
    if (ws.some((v) => v < 0)) throw usageError(usageWslr, 'W must not be negative.')
    const kept = Array.from(ys.keys()).filter((k) => !Number.isNaN(ys[k] + xs[k] + ws[k]))
    const total = (of: (k: number) => number): number => kept.reduce((sum, k) => sum + ws[k] * of(k), 0)
    const weight = total(() => 1)
    const meanX = total((k) => xs[k]) / weight
    const meanY = total((k) => ys[k]) / weight
    const slope = total((k) => (xs[k] - meanX) * (ys[k] - meanY)) / total((k) => (xs[k] - meanX) ** 2)
    const intercept = meanY - slope * meanX
    const real = (value: number): Scalar => (Number.isFinite(value) ? Scalar.double(value) : Scalar.nullOf(T.DOUBLE))
    const out = [real(intercept), real(slope)]
    if (boolArg(mse, usageWslr, 'mse', false))
      out.push(real(total((k) => (ys[k] - intercept - slope * xs[k]) ** 2) / (kept.length - 2)))
    return new AnyVector(out)
  },
})

const usageOlsEx = 'olsEx(ds, Y, X, [intercept=true], [mode=0])'
define(usageOlsEx, {
  doc: 'Ordinary least squares over data sources, a table or a tuple of tables, by the names of their columns: Y the dependent one, X one or several. As ols, but mode 2 has no Residual (function residual gives them). Piece by piece: what is kept is a triangular matrix. Nulls become 0.',
  call: ([ds, y, x, intercept, mode], session) => {
    const target = textArg(y, usageOlsEx, 'Y')
    const names = textListArg(x, usageOlsEx, 'X')
    const hasIntercept = boolArg(intercept, usageOlsEx, 'intercept', true)
    const how = modeArg(mode, usageOlsEx)
    const allNames = hasIntercept ? ['intercept', ...names] : names
    const p = allNames.length
    // R of the rows so far, with Y as its last column: what a QR decomposition of all rows would give.
    let r: Dense = zeros(0, p + 1)
    let observations = 0
    let mean = 0
    let aboutMean = 0
    for (const table of tablesOf(required(ds, usageOlsEx, 'ds'), session, usageOlsEx)) {
      const yColumn = zeroed('olsEx', columnNamed(table, target))
      const columns = names.map((name) => zeroed('olsEx', columnNamed(table, name)))
      for (const value of yColumn) {
        observations++
        const distance = value - mean
        mean += distance / observations
        aboutMean += distance * (value - mean)
      }
      const block = hasIntercept ? [ones(yColumn.length), ...columns, yColumn] : [...columns, yColumn]
      r = triangularized(stacked(r, block))
    }
    if (observations === 0) throw usageError(usageOlsEx, 'ds must hold at least one row.')
    const rows = r.rows
    const columns = Array.from({ length: p }, (_, c) => r.data.slice(c * rows, (c + 1) * rows))
    const right = r.data.slice(p * rows, (p + 1) * rows)
    const fit = leastSquares(right, columns, undefined, { pseudo: true, method: 'qr' })!
    if (how === 0) return fromDoubles(fit.coefficients)
    let ssError = 0
    for (let k = 0; k < rows; k++) ssError += (right[k] - fit.fitted[k]) ** 2
    const ssTotal = hasIntercept ? aboutMean : aboutMean + observations * mean * mean
    const report: FitReport = { ...fit, names: allNames, ssError, ssTotal, observations, intercept: hasIntercept }
    return how === 1 ? coefficientTable(report) : fitDictionary(report)
  },
})

function stacked(r: Dense, block: readonly Float64Array[]): Dense {
  const more = block[0].length
  const out = zeros(r.rows + more, r.cols)
  for (let c = 0; c < r.cols; c++) {
    out.data.set(r.data.subarray(c * r.rows, (c + 1) * r.rows), c * out.rows)
    out.data.set(block[c], c * out.rows + r.rows)
  }
  return out
}

const triangularized = (m: Dense): Dense => (m.rows <= m.cols ? copyOf(m) : rOf(decomposeQr(m), m.cols))

const usageResidual = 'residual(Y, X, params, [intercept=true])'
define(usageResidual, {
  doc: 'Y minus what a regression with the coefficients params (intercept first) predicts from X; DOUBLE. Forms of X as in ols; nulls become 0.',
  call: ([y, x, params, intercept]) => {
    const target = zeroed('residual', vectorArg(y, usageResidual, 'Y'))
    const factors = factorsArg('residual', usageResidual, x, target.length)
    const all = withIntercept(factors, target.length, boolArg(intercept, usageResidual, 'intercept', true))
    const given = asVector(required(params, usageResidual, 'params'))
    const coefficients = given === undefined ? new Float64Array(0) : zeroed('residual', given)
    if (coefficients.length !== all.columns.length)
      throw usageError(usageResidual, `params must hold ${all.columns.length} coefficients.`)
    const out = target.slice()
    all.columns.forEach((column, c) => {
      for (let k = 0; k < out.length; k++) out[k] -= coefficients[c] * column[k]
    })
    return fromDoubles(out)
  },
})

// Polynomials.

function pointsArg(name: string, usage: string, v: Arg, what: string): Float64Array {
  const data = toDoubles(name, vectorArg(v, usage, what))
  if (data.some(Number.isNaN)) throw usageError(usage, `${what} must not contain NULL values.`)
  return data
}

const usagePolyFit = 'polyFit(X, Y, n, [mode=0])'
define(usagePolyFit, {
  doc: "Coefficients of the polynomial of degree n that is closest to the points (X, Y) by least squares, ascending powers; with mode=1 a dictionary for predict: modelName 'polyFit', z the coefficients, predict. Computed in powers of (X - centre) / width for precision. No nulls.",
  call: ([x, y, n, mode], session) => {
    const xs = pointsArg('polyFit', usagePolyFit, x, 'X')
    const ys = pointsArg('polyFit', usagePolyFit, y, 'Y')
    const degree = intArg(n, usagePolyFit, 'n')
    if (degree < 0) throw usageError(usagePolyFit, 'n must be a non-negative integer.')
    if (xs.length !== ys.length || xs.length === 0)
      throw usageError(usagePolyFit, 'X and Y must be of the same length, and not empty.')
    const z = fromDoubles(polynomialFit(xs, ys, degree))
    if (!boolArg(mode, usagePolyFit, 'mode', false)) return z
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['modelName', Scalar.string('polyFit')],
        ['z', z],
        ['predict', session.registry.get('polyPredict')!],
      ]),
      true,
    )
  },
})

function polynomialFit(x: Float64Array, y: Float64Array, degree: number): Float64Array {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const v of x) {
    low = Math.min(low, v)
    high = Math.max(high, v)
  }
  const centre = (low + high) / 2
  const width = high > low ? (high - low) / 2 : 1
  const columns = Array.from({ length: degree + 1 }, (_, p) => x.map((v) => ((v - centre) / width) ** p))
  const fit = leastSquares(y, columns, undefined, { pseudo: true, method: 'qr' })!
  // sum of c[p] * ((x - centre) / width)^p, by Horner's rule on polynomials.
  let out = new Float64Array(degree + 1)
  for (let p = degree; p >= 0; p--) {
    const next = new Float64Array(degree + 1)
    for (let k = 0; k <= degree; k++) {
      next[k] -= (out[k] * centre) / width
      if (k > 0) next[k] += out[k - 1] / width
    }
    next[0] += fit.coefficients[p]
    out = next
  }
  return out
}

const usagePolyPredict = 'polyPredict(model, X)'
define(usagePolyPredict, {
  aliases: ['poly1d'],
  doc: 'The polynomial with the coefficients model (ascending powers, or what polyFit gave with mode=1) at X, DOUBLE.',
  call: ([model, x]) => {
    const given = model?.kind === 'dict' ? model.entries.get('z') : model
    const flat = given === undefined ? undefined : asVector(given)
    if (flat === undefined || flat.length === 0)
      throw usageError(usagePolyPredict, 'model must be a vector of coefficients or a model of polyFit.')
    const z = toDoubles('polyPredict', flat)
    if (z.some(Number.isNaN)) throw usageError(usagePolyPredict, 'model must not contain NULL values.')
    return vectorOver('polyPredict', required(x, usagePolyPredict, 'X'), (v: Vector) => {
      const data = toDoubles('polyPredict', v)
      for (let k = 0; k < data.length; k++) {
        const at = data[k]
        let sum = 0
        for (let p = z.length - 1; p >= 0; p--) sum = sum * at + z[p]
        data[k] = sum
      }
      return fromDoubles(data)
    })
  },
})

// Straight lines between points.

const usageLinear = "linearInterpolateFit(X, Y, [fillValue='extrapolate'], [sorted=false])"
define(usageLinear, {
  doc: "A model of the straight lines between the points (X, Y) for predict: a dictionary with modelName 'linearInterpolate', sortedX, sortedY, fillValue, predict. fillValue is what lies outside: 'extrapolate' the outermost lines, or a pair or two numbers (below, above). At least two distinct X, no nulls; sorted=true says that X is ascending already.",
  call: ([x, y, fillValue, sorted], session) => {
    const xs = pointsArg('linearInterpolateFit', usageLinear, x, 'X')
    const ys = pointsArg('linearInterpolateFit', usageLinear, y, 'Y')
    if (xs.length !== ys.length || xs.length < 2)
      throw usageError(usageLinear, 'X and Y must be of the same length, with at least two points.')
    const order = Int32Array.from({ length: xs.length }, (_, k) => k)
    const isSorted = xs.every((v, k) => k === 0 || v > xs[k - 1])
    if (boolArg(sorted, usageLinear, 'sorted', false)) {
      if (!isSorted) throw usageError(usageLinear, 'X must be strictly ascending when sorted is true.')
    } else order.sort((a, b) => xs[a] - xs[b])
    for (let k = 1; k < order.length; k++)
      if (xs[order[k]] === xs[order[k - 1]]) throw usageError(usageLinear, 'The values of X must be distinct.')
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['modelName', Scalar.string('linearInterpolate')],
        ['sortedX', fromDoubles(Float64Array.from(order, (k) => xs[k]))],
        ['sortedY', fromDoubles(Float64Array.from(order, (k) => ys[k]))],
        ['fillValue', fillArg(fillValue)],
        ['predict', session.registry.get('linearInterpolatePredict')!],
      ]),
      true,
    )
  },
})

function fillArg(v: Arg): Value {
  if (!isGiven(v)) return Scalar.string('extrapolate')
  if (v.kind === 'scalar') {
    if (textArg(v, usageLinear, 'fillValue') !== 'extrapolate')
      throw usageError(usageLinear, "fillValue must be 'extrapolate' or a pair of numbers.")
    return v
  }
  const two = asVector(v)
  if (two === undefined || two.length !== 2)
    throw usageError(usageLinear, "fillValue must be 'extrapolate' or a pair of numbers.")
  return fromDoubles(toDoubles('linearInterpolateFit', two))
}

const usageLinearPredict = 'linearInterpolatePredict(model, X)'
define(usageLinearPredict, {
  doc: 'A model of linearInterpolateFit at X, DOUBLE; null stays null.',
  call: ([model, x]) => {
    const field = (key: string): Value | undefined => (model?.kind === 'dict' ? model.entries.get(key) : undefined)
    const sortedX = field('sortedX')
    const sortedY = field('sortedY')
    if (sortedX?.kind !== 'vector' || sortedY?.kind !== 'vector' || sortedX.length !== sortedY.length)
      throw usageError(usageLinearPredict, 'model must be a model of linearInterpolateFit.')
    const xs = toDoubles('predict', sortedX)
    const ys = toDoubles('predict', sortedY)
    const fill = field('fillValue')
    const outside = fill?.kind === 'vector' ? toDoubles('predict', fill) : undefined
    const last = xs.length - 1
    const at = (v: number): number => {
      if (Number.isNaN(v)) return v
      if (outside !== undefined && v < xs[0]) return outside[0]
      if (outside !== undefined && v > xs[last]) return outside[1]
      let low = 0
      let high = last
      while (high - low > 1) {
        const middle = (low + high) >> 1
        if (xs[middle] <= v) low = middle
        else high = middle
      }
      return ys[low] + ((ys[high] - ys[low]) * (v - xs[low])) / (xs[high] - xs[low])
    }
    return vectorOver('predict', required(x, usageLinearPredict, 'X'), (v: Vector) =>
      fromDoubles(toDoubles('predict', v).map(at) as Float64Array),
    )
  },
})
