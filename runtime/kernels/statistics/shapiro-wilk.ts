/** Shapiro-Wilk test of normality: algorithm AS R94 (Royston, 1995), for 3 to 5000 values. */
import { normalCdf, normalQuantile } from './normal.ts'

const SMALL = 1e-19
const polynomial = (coefficients: readonly number[], x: number): number => {
  let sum = 0
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k]
  return sum
}

/** Weights of the upper half, for the pairs from the outermost inwards. */
function weights(n: number): Float64Array {
  const half = Math.floor(n / 2)
  const a = new Float64Array(half)
  if (n === 3) {
    a[0] = Math.SQRT1_2
    return a
  }
  const m = Float64Array.from({ length: half }, (_, k) => normalQuantile((k + 1 - 0.375) / (n + 0.25)))
  let sum = 0
  for (const x of m) sum += x * x
  sum *= 2
  const root = Math.sqrt(sum)
  const r = 1 / Math.sqrt(n)
  const first = polynomial([0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056], r) - m[0] / root
  let from: number
  let scale: number
  if (n > 5) {
    from = 2
    const second = -m[1] / root + polynomial([0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633], r)
    scale = Math.sqrt((sum - 2 * m[0] * m[0] - 2 * m[1] * m[1]) / (1 - 2 * first * first - 2 * second * second))
    a[1] = second
  } else {
    from = 1
    scale = Math.sqrt((sum - 2 * m[0] * m[0]) / (1 - 2 * first * first))
  }
  a[0] = first
  for (let k = from; k < half; k++) a[k] = -m[k] / scale
  return a
}

/** Undefined when all values are equal. */
export function shapiroWilk(data: Float64Array): { readonly w: number; readonly p: number } | undefined {
  const n = data.length
  const x = data.slice().sort()
  const range = x[n - 1] - x[0]
  if (!(range > SMALL)) return undefined
  const a = weights(n)
  let mean = 0
  for (const v of x) mean += v / range
  mean /= n
  // Each weight stands for two places, with opposite signs; the middle one of an odd number is 0.
  const weight = (k: number): number => (k === n - 1 - k ? 0 : k < n - 1 - k ? -a[k] : a[n - 1 - k])
  let meanWeight = 0
  for (let k = 0; k < n; k++) meanWeight += weight(k)
  meanWeight /= n
  let ssa = 0
  let ssx = 0
  let sax = 0
  for (let k = 0; k < n; k++) {
    const wk = weight(k) - meanWeight
    const xk = x[k] / range - mean
    ssa += wk * wk
    ssx += xk * xk
    sax += wk * xk
  }
  const cross = Math.sqrt(ssa * ssx)
  const missing = ((cross - sax) * (cross + sax)) / (ssa * ssx)
  return { w: 1 - missing, p: significance(n, missing) }
}

function significance(n: number, missing: number): number {
  if (n === 3) return Math.max(0, 1.90985931710274 * (Math.asin(Math.sqrt(1 - missing)) - 1.0471975511966))
  const y = Math.log(missing)
  if (n <= 11) {
    const gamma = polynomial([-2.273, 0.459], n)
    if (y >= gamma) return 1e-99
    const mean = polynomial([0.544, -0.39978, 0.025054, -6.714e-4], n)
    const std = Math.exp(polynomial([1.3822, -0.77857, 0.062767, -0.0020322], n))
    return normalCdf((mean + Math.log(gamma - y)) / std)
  }
  const log = Math.log(n)
  const mean = polynomial([-1.5861, -0.31082, -0.083751, 0.0038915], log)
  const std = Math.exp(polynomial([-0.4803, -0.082676, 0.0030302], log))
  return normalCdf((mean - y) / std)
}
