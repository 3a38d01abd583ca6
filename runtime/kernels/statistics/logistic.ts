/** Logistic regression with a quadratic penalty on the coefficients (not the intercept), by Newton's method with step halving. */
import { checkInterrupt } from '../../interrupt.ts'
import { zeros } from '../linalg/dense.ts'
import { decomposeLu, solveLu } from '../linalg/lu.ts'

export interface LogisticFit {
  readonly theta: Float64Array
  readonly logLikelihood: number
  readonly iterations: number
}

const logOne = (z: number): number => (z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)))

/** `columns` with the intercept's ones last, if there are any; `penalized` of them carry the penalty. Classes are 0 and 1. */
export function logisticFit(
  y: Float64Array,
  columns: readonly Float64Array[],
  start: Float64Array,
  options: {
    readonly penalized: number
    readonly penalty: number
    readonly tolerance: number
    readonly maxIter: number
  },
): LogisticFit {
  const n = y.length
  const p = columns.length
  let theta = start.slice()
  const scores = (t: Float64Array): Float64Array => {
    const z = new Float64Array(n)
    for (let c = 0; c < p; c++) for (let k = 0; k < n; k++) z[k] += t[c] * columns[c][k]
    return z
  }
  const likelihood = (z: Float64Array): number => {
    let sum = 0
    for (let k = 0; k < n; k++) sum += y[k] * z[k] - logOne(z[k])
    return sum
  }
  const objective = (t: Float64Array, z: Float64Array): number => {
    let squares = 0
    for (let c = 0; c < options.penalized; c++) squares += t[c] * t[c]
    return likelihood(z) - (options.penalty / 2) * squares
  }
  let z = scores(theta)
  let value = objective(theta, z)
  let iterations = 0
  while (iterations < options.maxIter) {
    checkInterrupt()
    iterations++
    const gradient = zeros(p, 1)
    const hessian = zeros(p, p)
    for (let k = 0; k < n; k++) {
      const probability = 1 / (1 + Math.exp(-z[k]))
      const weight = probability * (1 - probability)
      for (let a = 0; a < p; a++) {
        gradient.data[a] += columns[a][k] * (y[k] - probability)
        for (let b = 0; b <= a; b++) hessian.data[b * p + a] += columns[a][k] * columns[b][k] * weight
      }
    }
    for (let a = 0; a < p; a++) {
      if (a < options.penalized) {
        gradient.data[a] -= options.penalty * theta[a]
        hessian.data[a * p + a] += options.penalty
      }
      // Keeps the step finite where the classes are separable.
      hessian.data[a * p + a] += 1e-12
      for (let b = 0; b < a; b++) hessian.data[a * p + b] = hessian.data[b * p + a]
    }
    const d = decomposeLu(hessian)
    if (d.singular) break
    const step = solveLu(d, gradient).data
    let size = 1
    let next = theta
    let nextZ = z
    let nextValue = value
    for (; size > 1e-6; size /= 2) {
      next = theta.map((t, c) => t + size * step[c])
      nextZ = scores(next)
      nextValue = objective(next, nextZ)
      if (nextValue >= value) break
    }
    if (!(nextValue >= value)) break
    const gain = nextValue - value
    theta = next
    z = nextZ
    value = nextValue
    if (gain < options.tolerance) break
  }
  return { theta, logLikelihood: likelihood(z), iterations }
}
