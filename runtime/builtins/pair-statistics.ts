/** Statistics of two vectors beside correlation and regression, distances on the globe, and the root of a function. */
import { inputError, operatorError, usageError } from '../errors.ts'
import { AGGREGATES } from '../kernels/aggregate.ts'
import { elementwise } from '../ops/binary.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isNullRaw, T } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, numberArg, required, sizeError, vectorArg } from './args.ts'
import { asVector } from './shapes.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const pairStatisticBuiltins = entries

const CROSS = 'crossStat(X, Y)'
define(CROSS, {
  doc: 'The tuple (count(X), sum(X), sum(Y), sum2(X), sum2(Y), sum(X*Y)) over the positions where neither X nor Y is null.',
  call: ([x, y]) => {
    const [a, b] = bothVectors(CROSS, x, y)
    const keep = Int32Array.from({ length: a.length }, (_, k) => k).filter((k) => !a.isNullAt(k) && !b.isNullAt(k))
    const p = a.gather(keep)
    const q = b.gather(keep)
    const of = (name: 'count' | 'sum' | 'sum2', v: Vector): Value => AGGREGATES[name].compute(v, 0, v.length)
    return new AnyVector([
      of('count', p),
      of('sum', p),
      of('sum', q),
      of('sum2', p),
      of('sum2', q),
      of('sum', elementwise('mul', p, q) as Vector),
    ])
  },
})

function bothVectors(usage: string, x: Arg, y: Arg): [Vector, Vector] {
  const a = vectorArg(x, usage, 'X')
  const b = vectorArg(y, usage, 'Y')
  if (a.length !== b.length) throw sizeError()
  return [a, b]
}

const WCOVAR = 'wcovar(X, Y, W)'
define(WCOVAR, {
  kind: 'aggregate',
  doc: 'Covariance of X and Y with weights W (without nulls): the weighted mean of the products of the distances to the weighted means, times n / (n - 1). Positions where X or Y is null are left out; fewer than two give null. DOUBLE.',
  call: ([x, y, w]) => {
    const [a, b] = bothVectors(WCOVAR, x, y)
    const weights = vectorArg(w, WCOVAR, 'W')
    if (weights.length !== a.length) throw sizeError()
    return realOf(weightedCovariance(toDoubles('wcovar', a), toDoubles('wcovar', b), toDoubles('wcovar', weights)))
  },
})

function weightedCovariance(x: Float64Array, y: Float64Array, w: Float64Array): number {
  let n = 0
  let total = 0
  let sumX = 0
  let sumY = 0
  for (let k = 0; k < x.length; k++) {
    if (Number.isNaN(w[k])) throw usageError(WCOVAR, 'W must not contain nulls.')
    if (Number.isNaN(x[k]) || Number.isNaN(y[k])) continue
    n++
    total += w[k]
    sumX += w[k] * x[k]
    sumY += w[k] * y[k]
  }
  let products = 0
  for (let k = 0; k < x.length; k++)
    if (!Number.isNaN(x[k]) && !Number.isNaN(y[k])) products += w[k] * (x[k] - sumX / total) * (y[k] - sumY / total)
  return n < 2 ? Number.NaN : ((products / total) * n) / (n - 1)
}

const realOf = (x: number): Scalar => (Number.isFinite(x) ? Scalar.double(x) : Scalar.nullOf(T.DOUBLE))

define('cosine(X, Y)', {
  kind: 'aggregate',
  doc: 'Cosine of the angle between two numeric vectors, their inner product divided by both lengths, DOUBLE; positions where either is null are left out, and a vector of length 0 gives null.',
  call: ([x, y]) => {
    const [a, b] = bothVectors('cosine(X, Y)', x, y)
    const p = toDoubles('cosine', a)
    const q = toDoubles('cosine', b)
    let dot = 0
    let xx = 0
    let yy = 0
    for (let k = 0; k < p.length; k++) {
      if (Number.isNaN(p[k]) || Number.isNaN(q[k])) continue
      dot += p[k] * q[k]
      xx += p[k] * p[k]
      yy += q[k] * q[k]
    }
    return realOf(dot / Math.sqrt(xx * yy))
  },
})

// Distances on the globe.

/** Mean radius of the earth in metres. */
const EARTH = 6_371_004

const DISTANCE = 'distance(X, Y)'
define(DISTANCE, {
  doc: 'Distance in metres between points (longitude, latitude in degrees) on a globe with a radius of 6371.004 km, by the spherical law of cosines, DOUBLE; X and Y are POINT scalars or vectors.',
  call: ([x, y]) => {
    const a = points(x, 'X')
    const b = points(y, 'Y')
    if (a.length !== b.length && a.length !== 1 && b.length !== 1) throw sizeError()
    const n = a.length === 1 ? b.length : a.length
    const out = new Float64Array(n)
    for (let k = 0; k < n; k++) out[k] = onGlobe(a.raw(a.length === 1 ? 0 : k), b.raw(b.length === 1 ? 0 : k))
    const scalar = x?.kind === 'scalar' && y?.kind === 'scalar'
    return scalar ? fromDoubles(out).get(0) : fromDoubles(out)
  },
})

function points(v: Arg, name: string): Vector {
  const source = required(v, DISTANCE, name)
  const vector = asVector(source)
  if (vector === undefined || vector.type !== T.POINT)
    throw usageError(DISTANCE, `${name} must be a POINT or a vector of them.`)
  return vector
}

function onGlobe(p: unknown, q: unknown): number {
  if (isNullRaw(T.POINT, p as never) || isNullRaw(T.POINT, q as never)) return Number.NaN
  const [lon1, lat1] = (p as readonly [number, number]).map((d) => (d * Math.PI) / 180)
  const [lon2, lat2] = (q as readonly [number, number]).map((d) => (d * Math.PI) / 180)
  const cosine = Math.sin(lat1) * Math.sin(lat2) + Math.cos(lat1) * Math.cos(lat2) * Math.cos(lon1 - lon2)
  return EARTH * Math.acos(Math.min(1, Math.max(-1, cosine)))
}

// Roots.

const BRENT = 'brentq(f, a, b, [xtol=2e-12], [rtol=8.881784197001252e-16], [maxIter=100], [funcDataParam])'
define(BRENT, {
  doc: "A root of f between a and b by Brent's method (Algorithms for Minimization without Derivatives, 1973): the tuple (status, root), CONVERGED when it is within xtol + rtol * |root|, SIGNERR when f(a) and f(b) have one sign, CONVERR after maxIter steps. funcDataParam: further arguments of f.",
  call: ([f, a, b, xtol, rtol, maxIter, params], session) => {
    if (f?.kind !== 'function') throw usageError(BRENT, 'f must be a function.')
    const extra = isGiven(params) ? elementsOf(params) : []
    const at = (x: number): number => numberOf(session, session.call(f, [Scalar.double(x), ...extra]))
    const result = brent(
      at,
      numberArg(a, BRENT, 'a'),
      numberArg(b, BRENT, 'b'),
      numberArg(xtol, BRENT, 'xtol', 2e-12),
      numberArg(rtol, BRENT, 'rtol', 4 * Number.EPSILON),
      intArg(maxIter, BRENT, 'maxIter', 100),
    )
    return new AnyVector([Scalar.string(result.status), Scalar.double(result.root)])
  },
})

function elementsOf(v: Value): Value[] {
  return v.kind === 'vector' ? Array.from({ length: v.length }, (_, k) => v.get(k)) : [v]
}

function numberOf(session: Session, v: Value): number {
  if (v.kind !== 'scalar' || v.isNull())
    throw operatorError(`Usage: ${BRENT}. f must return a number, not ${session.display(v)}.`)
  return toDoubles('brentq', asVector(v) as Vector)[0]
}

interface Root {
  readonly status: 'CONVERGED' | 'SIGNERR' | 'CONVERR'
  readonly root: number
}

/** Inverse quadratic interpolation or the secant where they stay inside the bracket and shrink it fast enough, else bisection. */
function brent(f: (x: number) => number, from: number, to: number, xtol: number, rtol: number, maxIter: number): Root {
  if (!(xtol > 0) || maxIter < 1) throw inputError(`Usage: ${BRENT}. xtol and maxIter must be positive.`)
  let before = from
  let current = to
  let fBefore = f(before)
  let fCurrent = f(current)
  if (fBefore === 0) return { status: 'CONVERGED', root: before }
  if (fCurrent === 0) return { status: 'CONVERGED', root: current }
  if (fBefore > 0 === fCurrent > 0) return { status: 'SIGNERR', root: 0 }
  let other = before
  let fOther = fBefore
  let step = current - before
  let lastStep = step
  for (let k = 0; k < maxIter; k++) {
    if (fBefore > 0 !== fCurrent > 0) {
      other = before
      fOther = fBefore
      step = lastStep = current - before
    }
    if (Math.abs(fOther) < Math.abs(fCurrent)) {
      before = current
      current = other
      other = before
      fBefore = fCurrent
      fCurrent = fOther
      fOther = fBefore
    }
    const delta = (xtol + rtol * Math.abs(current)) / 2
    const half = (other - current) / 2
    if (fCurrent === 0 || Math.abs(half) < delta) return { status: 'CONVERGED', root: current }
    if (Math.abs(lastStep) > delta && Math.abs(fCurrent) < Math.abs(fBefore)) {
      let tried: number
      if (before === other) tried = (-fCurrent * (current - before)) / (fCurrent - fBefore)
      else {
        const slopeBefore = (fBefore - fCurrent) / (before - current)
        const slopeOther = (fOther - fCurrent) / (other - current)
        tried =
          (-fCurrent * (fOther * slopeOther - fBefore * slopeBefore)) / (slopeOther * slopeBefore * (fOther - fBefore))
      }
      if (2 * Math.abs(tried) < Math.min(Math.abs(lastStep), 3 * Math.abs(half) - delta)) {
        lastStep = step
        step = tried
      } else step = lastStep = half
    } else step = lastStep = half
    before = current
    fBefore = fCurrent
    current += Math.abs(step) > delta ? step : half > 0 ? delta : -delta
    fCurrent = f(current)
  }
  return { status: 'CONVERR', root: current }
}
