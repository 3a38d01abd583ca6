/** A series at the times of a rule: neville, dividedDifference and spline put a curve through its points and read it there. */
import { usageError } from '../errors.ts'
import { toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { binsOf, instantsOf } from '../temporal/bins.ts'
import { frequencyOf } from '../temporal/edges.ts'
import type { Value } from '../values/scalar.ts'
import { isTemporal } from '../values/types.ts'
import { AnyVector, type FixedVector } from '../values/vector.ts'
import { type Arg, boolArg, textArg, vectorArg } from './args.ts'
import { fromDoubles } from './columns.ts'
import { binOptions, RULES, temporalColumn } from './frequency.ts'
import { cubicSpline, evaluate } from './piecewise-cubic.ts'

const { entries, define } = topicTable('Interpolation')
export const resampledInterpolationBuiltins: readonly Builtin[] = entries

/** A curve through points. */
type Curve = (x: Float64Array, y: Float64Array) => (at: number) => number

const TAIL = "(X, Y, resampleRule, [closed='left'], [origin='start_day'], [outputX=false])"

interface Series {
  /** From the first time on, in units of the type. */
  readonly x: Float64Array
  readonly y: Float64Array
  readonly wanted: FixedVector
  readonly places: Float64Array
}

function seriesArg(usage: string, x: Arg, y: Arg, rule: Arg, closed: Arg, origin: Arg): Series {
  const times = vectorArg(x, usage, 'X')
  if (times.storage !== 'fixed' || !isTemporal(times.type))
    throw usageError(usage, 'X must be a strictly increasing temporal vector.')
  const instants = instantsOf(times)
  for (let k = 0; k < instants.length; k++)
    if (times.isNullAt(k) || (k > 0 && instants[k] <= instants[k - 1]))
      throw usageError(usage, 'X must be a strictly increasing temporal vector without nulls.')
  const values = toDoubles('Y', vectorArg(y, usage, 'Y'))
  if (values.length !== instants.length || values.length === 0)
    throw usageError(usage, 'X and Y must be of the same length, which is not 0.')
  if (values.some(Number.isNaN)) throw usageError(usage, 'Y must not contain NULL values.')
  const [first, last] = [instants[0], instants[instants.length - 1]]
  const f = frequencyOf(textArg(rule, usage, 'resampleRule'))
  const bins = binsOf(times.type, first, last, f, binOptions(usage, times.type, closed, undefined, origin))
  const labels = Array.from({ length: bins.count }, (_, k) => bins.label(k))
  return {
    x: Float64Array.from(instants, (t) => Number(t - first)),
    y: values,
    wanted: temporalColumn(times.type, labels),
    places: Float64Array.from(labels, (t) => Number(t - first)),
  }
}

function resampled(usage: string, args: readonly Arg[], curve: Curve): Value {
  const [x, y, rule, closed, origin, outputX] = args
  const series = seriesArg(usage, x, y, rule, closed, origin)
  const at = curve(series.x, series.y)
  const end = series.x[series.x.length - 1]
  // Nothing is known beyond the points.
  const values = fromDoubles(series.places.map((p) => (p < 0 || p > end ? Number.NaN : at(p))))
  return boolArg(outputX, usage, 'outputX', false) ? new AnyVector([series.wanted, values]) : values
}

const SHARED = `Times outside X give null. The result is DOUBLE; with outputX=true a tuple of the times and the values. X is a strictly increasing temporal vector, Y has a value for each of its elements. ${RULES}`

/** Neville's scheme: the polynomial through all points, at one place, without its coefficients. */
const nevilleCurve: Curve = (x, y) => (at) => {
  const p = y.slice()
  for (let order = 1; order < x.length; order++)
    for (let k = 0; k + order < x.length; k++)
      p[k] = ((at - x[k + order]) * p[k] + (x[k] - at) * p[k + 1]) / (x[k] - x[k + order])
  return p[0]
}

/** Newton's form of the same polynomial. */
const newtonCurve: Curve = (x, y) => {
  const c = y.slice()
  for (let order = 1; order < c.length; order++)
    for (let k = c.length - 1; k >= order; k--) c[k] = (c[k] - c[k - 1]) / (x[k] - x[k - order])
  return (at) => {
    let value = c[c.length - 1]
    for (let k = c.length - 2; k >= 0; k--) value = value * (at - x[k]) + c[k]
    return value
  }
}

/** The natural cubic spline; one point is a constant. */
const splineCurve: Curve = (x, y) => {
  if (x.length === 1) return () => y[0]
  const spline = cubicSpline(x, y, 'natural', 'natural')
  return (at) => evaluate(spline, at)
}

const CURVES = [
  ['neville', nevilleCurve, "the polynomial through all points, by Neville's scheme"],
  ['dividedDifference', newtonCurve, 'the polynomial through all points, by divided differences'],
  ['spline', splineCurve, 'the natural cubic spline through the points'],
] as const

for (const [name, curve, what] of CURVES) {
  const usage = `${name}${TAIL}`
  define(usage, {
    doc: `Y at the times of a rule: the values of ${what}. ${SHARED}`,
    call: (args) => resampled(usage, args, curve),
  })
}
