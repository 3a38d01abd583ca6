/** Distances between two vectors that take more than the vectors: weights, variances, an inverse covariance. */
import { usageError } from '../errors.ts'
import { toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { type Arg, isGiven, vectorArg } from './args.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const distanceBuiltins: readonly Builtin[] = entries

const real = (x: number): Value => (Number.isNaN(x) ? Scalar.nullOf(T.DOUBLE) : Scalar.double(x))

/** X, Y and the like as doubles of one length. */
function sides(name: string, usage: string, args: readonly (readonly [string, Arg])[]): Float64Array[] {
  const out = args.map(([label, v]) => toDoubles(name, vectorArg(v, usage, label)))
  if (out.some((v) => v.length !== out[0].length))
    throw usageError(usage, `${args.map(([label]) => label).join(', ')} must have the same length.`)
  return out
}

const usageMinkowski = 'minkowski(X, Y, p, [weights])'
define(usageMinkowski, {
  kind: 'aggregate',
  doc: 'The p-th root of the sum of weights * abs(X - Y)^p, DOUBLE: p=1 the sum of the distances, p=2 the Euclidean distance, a null p the greatest distance. Positions where one side is null are left out.',
  call: ([x, y, p, weights]) => {
    if (p?.kind !== 'scalar') throw usageError(usageMinkowski, 'p must be a positive number or null.')
    const given = isGiven(weights) ? ([['weights', weights]] as const) : []
    const [xs, ys, ws] = sides('minkowski', usageMinkowski, [['X', x], ['Y', y], ...given])
    if (ws?.some((w) => w < 0)) throw usageError(usageMinkowski, 'weights must not be negative.')
    const power = p.isNull() ? Number.POSITIVE_INFINITY : Number(p.value)
    if (!(power > 0)) throw usageError(usageMinkowski, 'p must be a positive number or null.')
    let out = Number.NaN
    for (let k = 0; k < xs.length; k++) {
      const distance = Math.abs(xs[k] - ys[k])
      const weight = ws?.[k] ?? 1
      if (Number.isNaN(distance) || Number.isNaN(weight) || weight === 0) continue
      const before = Number.isNaN(out) ? 0 : out
      out = power === Number.POSITIVE_INFINITY ? Math.max(before, distance) : before + weight * distance ** power
    }
    return real(power === Number.POSITIVE_INFINITY ? out : out ** (1 / power))
  },
})

const usageStandard = 'seuclidean(X, Y, Z)'
define(usageStandard, {
  kind: 'aggregate',
  doc: 'The Euclidean distance of X and Y after each position is divided by the square root of its variance, Z. DOUBLE; positions with a null are left out.',
  call: ([x, y, z]) => {
    const [xs, ys, variances] = sides('seuclidean', usageStandard, [
      ['X', x],
      ['Y', y],
      ['Z', z],
    ])
    let sum = Number.NaN
    for (let k = 0; k < xs.length; k++) {
      const term = (xs[k] - ys[k]) ** 2 / variances[k]
      if (!Number.isNaN(term)) sum = (Number.isNaN(sum) ? 0 : sum) + term
    }
    return real(Math.sqrt(sum))
  },
})

const usageMahalanobis = 'mahalanobis(X, Y, Z)'
define(usageMahalanobis, {
  kind: 'aggregate',
  doc: 'The Mahalanobis distance of X and Y, DOUBLE: the square root of d * Z * d for d = X - Y, where Z is the inverse of the covariance matrix.',
  call: ([x, y, z]) => {
    const [xs, ys] = sides('mahalanobis', usageMahalanobis, [
      ['X', x],
      ['Y', y],
    ])
    const n = xs.length
    if (z?.kind !== 'matrix' || z.rows !== n || z.cols !== n)
      throw usageError(usageMahalanobis, 'Z must be a square matrix with a row for each element of X.')
    const inverse = toDoubles('mahalanobis', z.data)
    let sum = 0
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) sum += (xs[i] - ys[i]) * inverse[j * n + i] * (xs[j] - ys[j])
    return real(Math.sqrt(sum))
  },
})
