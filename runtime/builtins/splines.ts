/** Curves through points: cubic splines and Hermite cubics, one polynomial through all (Krogh), and B-splines fitted to data. */
import { inputError, usageError } from '../errors.ts'
import { leastSquares } from '../kernels/statistics/least-squares.ts'
import { toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { AnyVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, vectorArg } from './args.ts'
import { basisFunctions, bSplineAt, fittedKnots, interpolatingKnots } from './b-spline.ts'
import { fromDoubles } from './columns.ts'
import {
  cubicSpline,
  evaluate,
  hermite,
  monotonicSlopes,
  type PiecewiseCubic,
  type SplineEnd,
} from './piecewise-cubic.ts'
import { asVector } from './shapes.ts'
import { knownArg, mapped, modelDoubles, modelField, modelOf, pointsOf } from './spline-arg.ts'

const { entries, define } = topicTable('Interpolation')
export const splineBuiltins: readonly Builtin[] = entries

const usageCubic = 'cubicSpline(x, y, [bc_type="not-a-knot"])'
define(usageCubic, {
  doc: 'The cubic spline through the points (x, y): a dictionary with c, the coefficients of its segments (four for each, highest power first, of the distance to the left point), x, predict and modelName. bc_type says what holds at the ends, for both or as a pair or vector for the left and the right one: "not-a-knot" (the first two and the last two segments are one cubic), "clamped" (slope 0), "natural" (second derivative 0). At least three points, x strictly increasing, no nulls.',
  call: ([x, y, ends], session) => {
    const points = pointsOf(x, y, usageCubic, 3, ['x', 'y'])
    const [left, right] = endsArg(ends)
    const spline = cubicSpline(points.x, points.y, left, right)
    return modelOf([
      ['c', fromDoubles(spline.coefficients)],
      ['x', vectorArg(x, usageCubic, 'x')],
      ['predict', session.registry.get('cubicSplinePredict')!],
      ['modelName', Scalar.string('cubicSpline')],
    ])
  },
})

const ENDS: readonly SplineEnd[] = ['not-a-knot', 'clamped', 'natural']

function endsArg(v: Arg): readonly [SplineEnd, SplineEnd] {
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return ['not-a-knot', 'not-a-knot']
  const texts =
    v.kind === 'pair'
      ? [v.first, v.second]
      : Array.from({ length: asVector(v)?.length ?? 0 }, (_, k) => asVector(v)!.raw(k))
  const found = texts.map((t) => ENDS.find((e) => e === t))
  const [left, right = left] = found
  if (left === undefined || right === undefined || found.length > 2)
    throw usageError(usageCubic, 'bc_type must be "not-a-knot", "clamped" or "natural", or two of them.')
  return [left, right]
}

const usageCubicPredict = 'cubicSplinePredict(model, x)'
define(usageCubicPredict, {
  doc: 'A model of cubicSpline (a dictionary with c and x) at x, DOUBLE; beyond the points the outermost cubics go on. Null stays null.',
  call: ([model, at]) => {
    const x = modelDoubles(model, 'x', usageCubicPredict, 'cubicSpline')
    const coefficients = modelDoubles(model, 'c', usageCubicPredict, 'cubicSpline')
    if (x.length < 2 || coefficients.length !== 4 * (x.length - 1))
      throw usageError(usageCubicPredict, 'c must have four elements for each segment between the elements of x.')
    return mapped(at, usageCubicPredict, 'x', (v) => evaluate({ x, coefficients }, v))
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Hermite cubics

const HERMITE =
  'A dictionary: modelName, X, coeffs (a matrix with a row for each segment, highest power first, of the distance to the left point), extrapolate, predict. With extrapolate=false what lies outside the points is null. At least two points, X strictly increasing, no nulls.'

const hermiteModel = (
  name: string,
  { x, coefficients }: PiecewiseCubic,
  extrapolate: boolean,
  predict: Value,
): Value => {
  const rows = x.length - 1
  const data = new Float64Array(4 * rows)
  for (let r = 0; r < rows; r++) for (let c = 0; c < 4; c++) data[c * rows + r] = coefficients[4 * r + c]
  return modelOf([
    ['modelName', Scalar.string(name)],
    ['X', fromDoubles(x)],
    ['coeffs', new Matrix(fromDoubles(data), rows, 4)],
    ['extrapolate', new Scalar(T.BOOL, extrapolate ? 1 : 0)],
    ['predict', predict],
  ])
}

const usageHermite = 'cubicHermiteSplineFit(X, Y, derivative, [extrapolate=true])'
define(usageHermite, {
  doc: `Cubics through the points (X, Y) with the given slopes there. ${HERMITE}`,
  call: ([x, y, derivative, extrapolate], session) => {
    const points = pointsOf(x, y, usageHermite, 2)
    const slopes = knownArg(derivative, usageHermite, 'derivative')
    if (slopes.length !== points.x.length)
      throw usageError(usageHermite, 'X and derivative must be of the same length.')
    return hermiteModel(
      'CubicHermiteSpline',
      hermite(points.x, points.y, slopes),
      boolArg(extrapolate, usageHermite, 'extrapolate', true),
      session.registry.get('cubicHermiteSplinePredict')!,
    )
  },
})

const usagePchip = 'pchipInterpolateFit(X, Y, [extrapolate=true])'
define(usagePchip, {
  doc: `Cubics through the points (X, Y) that rise and fall only where the points do (PCHIP: slopes by Fritsch and Butland). ${HERMITE}`,
  call: ([x, y, extrapolate], session) => {
    const points = pointsOf(x, y, usagePchip, 2)
    return hermiteModel(
      'PchipInterpolate',
      hermite(points.x, points.y, monotonicSlopes(points.x, points.y)),
      boolArg(extrapolate, usagePchip, 'extrapolate', true),
      session.registry.get('cubicHermiteSplinePredict')!,
    )
  },
})

const usageHermitePredict = 'cubicHermiteSplinePredict(model, X)'
define(usageHermitePredict, {
  doc: 'A model of cubicHermiteSplineFit or pchipInterpolateFit at X, DOUBLE; null stays null.',
  call: ([model, at]) => {
    const maker = 'cubicHermiteSplineFit or pchipInterpolateFit'
    const x = modelDoubles(model, 'X', usageHermitePredict, maker)
    const matrix = modelDoubles(model, 'coeffs', usageHermitePredict, maker)
    const rows = x.length - 1
    if (rows < 1 || matrix.length !== 4 * rows)
      throw usageError(usageHermitePredict, `model must be a model of ${maker}.`)
    const coefficients = Float64Array.from(matrix, (_, k) => matrix[(k % 4) * rows + (k >> 2)])
    const extrapolate = boolArg(
      modelField(model, 'extrapolate', usageHermitePredict, maker),
      usageHermitePredict,
      'extrapolate',
      true,
    )
    return mapped(at, usageHermitePredict, 'X', (v) =>
      extrapolate || (v >= x[0] && v <= x[rows]) ? evaluate({ x, coefficients }, v) : Number.NaN,
    )
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// One polynomial through all points

const usageKrogh = 'kroghInterpolateFit(X, Y, [der=0])'
define(usageKrogh, {
  doc: 'The polynomial through all points (X, Y), by divided differences (Krogh, 1970). X ascends; where an X is repeated, the further Y are the first, second, ... derivative there. A dictionary: modelName, X, der, coeffs (of Newton, followed by a 0), predict. With der the prediction is the derivative of that order. No nulls.',
  call: ([x, y, der], session) => {
    const xs = knownArg(x, usageKrogh, 'X')
    const ys = knownArg(y, usageKrogh, 'Y')
    if (xs.length !== ys.length || xs.length === 0) throw usageError(usageKrogh, 'X and Y must be of the same length.')
    if (xs.some((v, k) => k > 0 && v < xs[k - 1])) throw usageError(usageKrogh, 'X must be increasing.')
    const order = intArg(der, usageKrogh, 'der', 0)
    if (order < 0) throw usageError(usageKrogh, 'der must not be negative.')
    return modelOf([
      ['modelName', Scalar.string('kroghInterpolate')],
      ['X', vectorArg(x, usageKrogh, 'X')],
      ['der', Scalar.int(order)],
      ['coeffs', fromDoubles(dividedDifferences(xs, ys))],
      ['predict', session.registry.get('kroghInterpolateFitPredict')!],
    ])
  },
})

function dividedDifferences(x: Float64Array, y: Float64Array): Float64Array {
  const n = x.length
  const c = new Float64Array(n + 1)
  c[0] = y[0]
  const v = new Float64Array(n)
  for (let k = 1; k < n; k++) {
    let repeats = 0
    while (repeats < k && x[k - repeats - 1] === x[k]) repeats++
    let factorial = 1
    for (let f = 2; f <= repeats; f++) factorial *= f
    v[0] = y[k] / factorial
    for (let i = 0; i < k - repeats; i++)
      v[i + 1] = repeats === 0 ? (c[i] - v[i]) / (x[i] - x[k]) : (v[i + 1] - v[i]) / (x[i] - x[k])
    c[k] = v[k - repeats]
  }
  return c
}

const usageKroghPredict = 'kroghInterpolateFitPredict(model, X)'
define(usageKroghPredict, {
  doc: 'A model of kroghInterpolateFit at X (the derivative of its order der), DOUBLE; null stays null.',
  call: ([model, at]) => {
    const maker = 'kroghInterpolateFit'
    const x = modelDoubles(model, 'X', usageKroghPredict, maker)
    const c = modelDoubles(model, 'coeffs', usageKroghPredict, maker)
    const der = intArg(modelField(model, 'der', usageKroghPredict, maker), usageKroghPredict, 'der', 0)
    if (c.length < x.length) throw usageError(usageKroghPredict, `model must be a model of ${maker}.`)
    let factorial = 1
    for (let f = 2; f <= der; f++) factorial *= f
    return mapped(at, usageKroghPredict, 'X', (v) => {
      // Taylor coefficients at v, by Horner's rule on the Newton form.
      const taylor = new Float64Array(der + 1)
      for (let k = x.length - 1; k >= 0; k--) {
        for (let j = der; j > 0; j--) taylor[j] = taylor[j] * (v - x[k]) + taylor[j - 1]
        taylor[0] = taylor[0] * (v - x[k]) + c[k]
      }
      return taylor[der] * factorial
    })
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// B-splines

const DEGREE = 3

const usageSplrep = 'splrep(x, y, [t])'
define(usageSplrep, {
  doc: 'The cubic B-spline that fits the points (x, y) best (least squares) with the inner knots t, or without t the one through all points. A tuple: the knots with four at each end, the coefficients followed by four 0, and the degree 3. x must be strictly increasing with at least four points; nulls count as 0. Between the knots there must be points (the conditions of Schoenberg and Whitney).',
  call: ([x, y, t]) => {
    const xs = zeroed(x, usageSplrep, 'x')
    const ys = zeroed(y, usageSplrep, 'y')
    if (xs.length !== ys.length) throw usageError(usageSplrep, 'x and y must be of the same length.')
    if (xs.length <= DEGREE) throw usageError(usageSplrep, 'x must hold at least 4 points.')
    if (xs.some((v, k) => k > 0 && !(v > xs[k - 1]))) throw usageError(usageSplrep, 'x must be strictly increasing.')
    const knots = isGiven(t) ? fittedKnots(xs, zeroed(t, usageSplrep, 't'), DEGREE) : interpolatingKnots(xs, DEGREE)
    if (knots === undefined)
      throw inputError('The knots t do not satisfy the Schoenberg-Whitney conditions for the points x.', {
        code: 'knots',
      })
    const count = knots.length - DEGREE - 1
    const columns = Array.from({ length: count }, () => new Float64Array(xs.length))
    xs.forEach((v, k) => {
      const { first, values } = basisFunctions(knots, DEGREE, v)
      values.forEach((b, j) => {
        columns[first + j][k] = b
      })
    })
    const fit = leastSquares(ys, columns, undefined, { pseudo: true, method: 'qr' })!
    const padded = new Float64Array(knots.length)
    padded.set(fit.coefficients)
    return new AnyVector([fromDoubles(knots), fromDoubles(padded), Scalar.int(DEGREE)])
  },
})

const usageSplev = 'splev(x, tck)'
define(usageSplev, {
  doc: 'The B-spline tck (knots, coefficients, degree from 1 to 5, as splrep gives them) at x, DOUBLE; beyond the ends its outermost polynomials go on. Nulls count as 0.',
  call: ([x, tck]) => {
    const parts = tck?.kind === 'vector' && tck.storage === 'any' ? tck.values : []
    const [t, c, k] = parts
    if (parts.length !== 3 || t.kind !== 'vector' || c.kind !== 'vector')
      throw usageError(usageSplev, 'tck must be a tuple of knots, coefficients and the degree.')
    const degree = intArg(k, usageSplev, 'the degree')
    const knots = zeroed(t, usageSplev, 'the knots')
    const coefficients = zeroed(c, usageSplev, 'the coefficients')
    if (degree < 1 || degree > 5) throw usageError(usageSplev, 'the degree must be from 1 to 5.')
    if (knots.length < 2 * degree + 2 || coefficients.length < knots.length - degree - 1)
      throw usageError(usageSplev, 'tck must be a tuple that splrep gave.')
    const at = zeroed(x, usageSplev, 'x')
    return fromDoubles(at.map((v) => bSplineAt(knots, coefficients, degree, v)))
  },
})

/** Nulls are 0. */
function zeroed(v: Arg, usage: string, name: string): Float64Array {
  const flat = v === undefined ? undefined : asVector(v)
  if (flat === undefined) throw usageError(usage, `${name} must be a numeric vector.`)
  return toDoubles(name, flat).map((d) => (Number.isNaN(d) ? 0 : d))
}
