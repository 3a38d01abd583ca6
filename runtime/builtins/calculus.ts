/** Numeric integrals and derivatives of functions of the script. */
import { inputError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { zeros } from '../kernels/linalg/dense.ts'
import { decomposeLu, solveLu } from '../kernels/linalg/lu.ts'
import { integrate } from '../kernels/statistics/quadrature.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { type Arg, intArg, isGiven, numberArg, required } from './args.ts'
import { functionArg } from './higher-order.ts'
import { asVector, vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Arithmetic, comparison, logic')
export const calculusBuiltins: readonly Builtin[] = entries

/** A function of the script at doubles; NaN for null. */
function evaluator(session: Session, f: Arg, usage: string): (...x: number[]) => number {
  const fn = functionArg(f, usage)
  return (...x) => {
    checkInterrupt()
    const value = session.call(
      fn,
      x.map((v) => Scalar.double(v)),
    )
    const flat =
      value.kind === 'scalar' || (value.kind === 'vector' && value.length === 1) ? asVector(value) : undefined
    if (flat === undefined) {
      if (value.kind === 'scalar') return Number.NaN
      throw inputError(`Usage: ${usage}. func must return a number.`)
    }
    return toDoubles('func', flat)[0]
  }
}

const usageIntegral = 'integral(func, start, end, [start2], [end2])'

type Bound = (k: number) => number

/** A bound for the k-th integral: null is infinite. */
function boundArg(v: Arg, name: string, infinite: number): { readonly at: Bound; readonly length: number | undefined } {
  const source = required(v, usageIntegral, name)
  if (source.kind === 'scalar') {
    const x = source.isNull() ? infinite : numberArg(source, usageIntegral, name)
    return { at: () => x, length: undefined }
  }
  const flat = asVector(source)
  if (flat === undefined) throw usageError(usageIntegral, `${name} must be a number or a vector.`)
  const data = toDoubles('integral', flat)
  return { at: (k) => (Number.isNaN(data[k]) ? infinite : data[k]), length: data.length }
}

define(usageIntegral, {
  doc: 'Integral of func from start to end, or with start2 and end2 of a function of two arguments over the second one from start2 to end2 (numbers, or functions of the first) and the first from start to end. A null bound is infinite. Vectors of bounds give one integral each. Adaptive Gauss-Kronrod quadrature (15 points); what does not converge, or is null on the way, gives null. DOUBLE.',
  call: ([f, start, end, start2, end2], session) => {
    const g = evaluator(session, f, usageIntegral)
    const a = boundArg(start, 'start', Number.NEGATIVE_INFINITY)
    const b = boundArg(end, 'end', Number.POSITIVE_INFINITY)
    const isDouble = isGiven(start2) || isGiven(end2)
    const inner = (
      v: Arg,
      name: string,
      infinite: number,
    ): { at: (k: number, x: number) => number; length?: number } => {
      if (v?.kind === 'function') {
        const bound = evaluator(session, v, usageIntegral)
        return { at: (_, x) => bound(x) }
      }
      return boundArg(v, name, infinite)
    }
    const c = isDouble ? inner(start2, 'start2', Number.NEGATIVE_INFINITY) : undefined
    const d = isDouble ? inner(end2, 'end2', Number.POSITIVE_INFINITY) : undefined
    const lengths = [a.length, b.length, c?.length, d?.length].filter((n) => n !== undefined)
    const length = lengths[0] ?? 1
    if (lengths.some((n) => n !== length))
      throw usageError(usageIntegral, 'Vectors of bounds must be of the same length.')
    const one = (k: number): number => {
      if (c === undefined || d === undefined) return integrate(g, a.at(k), b.at(k))
      return integrate((x) => integrate((y) => g(x, y), c.at(k, x), d.at(k, x), 1e-10), a.at(k), b.at(k), 1e-9)
    }
    const out = fromDoubles(Float64Array.from({ length }, (_, k) => one(k)))
    return lengths.length === 0 ? out.get(0) : out
  },
})

const usageDerivative = 'derivative(func, X, [dx=1.0], [n=1], [order=3])'

/** Weights of a central difference for the n-th derivative on `order` points: those that are exact for polynomials of degree order - 1. */
function differenceWeights(n: number, order: number): Float64Array {
  const half = (order - 1) / 2
  const system = zeros(order, order)
  const right = zeros(order, 1)
  let factorial = 1
  for (let k = 2; k <= n; k++) factorial *= k
  // Points scaled to [-1, 1] keep the system solvable for many of them.
  for (let c = 0; c < order; c++) for (let r = 0; r < order; r++) system.data[c * order + r] = ((c - half) / half) ** r
  right.data[n] = factorial / half ** n
  return solveLu(decomposeLu(system), right).data
}

define(usageDerivative, {
  doc: 'The n-th derivative of func at X (a number or a vector) by a central difference of `order` points (odd, more than n, up to 31) at distances dx, DOUBLE.',
  call: ([f, x, dx, n, order], session) => {
    const g = evaluator(session, f, usageDerivative)
    const step = numberArg(dx, usageDerivative, 'dx', 1)
    if (!(step > 0)) throw usageError(usageDerivative, 'dx must be positive.')
    const degree = intArg(n, usageDerivative, 'n', 1)
    const points = intArg(order, usageDerivative, 'order', 3)
    if (degree < 1) throw usageError(usageDerivative, 'n must be positive.')
    if (points % 2 === 0 || points <= degree || points > 31)
      throw usageError(usageDerivative, 'order must be an odd number greater than n, up to 31.')
    const weights = differenceWeights(degree, points)
    const half = (points - 1) / 2
    const at = (v: number): number => {
      if (Number.isNaN(v)) return v
      let sum = 0
      for (let k = 0; k < points; k++) if (weights[k] !== 0) sum += weights[k] * g(v + (k - half) * step)
      return sum / step ** degree
    }
    const source: Value = required(x, usageDerivative, 'X')
    if (source.kind === 'scalar' && source.isNull()) return Scalar.nullOf(T.DOUBLE)
    return vectorOver('derivative', source, (v) => fromDoubles(toDoubles('derivative', v).map(at) as Float64Array))
  },
})
