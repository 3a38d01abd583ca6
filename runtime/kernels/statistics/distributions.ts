/**
 * Probability distributions: cumulative probability, density where it is known by name, quantile. Parameters come first. A quantile without a closed form is the
 * root of the cumulative probability; of a discrete distribution it is the least whole number that reaches the probability.
 */
import { findRoot } from './brent.ts'
import { incompleteBeta, incompleteGamma, logGamma } from './gamma.ts'
import { normalCdf, normalPdf, normalQuantile } from './normal.ts'

export interface Distribution {
  readonly params: readonly string[]
  /** Whether the parameters are in range. */
  readonly valid: (p: readonly number[]) => boolean
  readonly cdf: (p: readonly number[], x: number) => number
  readonly pdf?: (p: readonly number[], x: number) => number
  readonly quantile?: (p: readonly number[], q: number) => number
}

const INFINITY = Number.POSITIVE_INFINITY

interface Parts {
  readonly lower: number
  readonly upper: number
}

/** Quantile of a continuous distribution on [0, high]; `scale` is a guess of where its mass is. */
function invert(parts: (x: number) => Parts, q: number, high: number, scale: number): number {
  if (!(q >= 0 && q <= 1)) return Number.NaN
  if (q === 0) return 0
  if (q === 1) return high
  // In the upper half the upper part is the one that is known exactly.
  const excess = q <= 0.5 ? (x: number): number => parts(x).lower - q : (x: number): number => 1 - q - parts(x).upper
  let b = high === INFINITY ? scale : high
  while (high === INFINITY && excess(b) < 0) b *= 2
  // The root may be many magnitudes smaller than the guess.
  while (b > 1e-300 && excess(b / 16) > 0) b /= 16
  if (excess(b / 16) > 0) return 0
  return findRoot(excess, b / 16, b)
}

/** Least k >= 0 with cdf(k) >= q. */
function invertDiscrete(cdf: (k: number) => number, q: number, high: number, guess: number): number {
  if (!(q >= 0 && q <= 1)) return Number.NaN
  if (q === 1) return high
  let a = -1
  let b = Math.max(0, Math.floor(guess))
  while (b < high && cdf(b) < q) {
    a = b
    b = Math.min(high, 2 * b + 1)
  }
  while (b - a > 1) {
    const middle = Math.floor((a + b) / 2)
    if (cdf(middle) >= q) b = middle
    else a = middle
  }
  return b
}

const positive = (p: readonly number[]): boolean => p.every((x) => x > 0)

function studentCdf(df: number, t: number): number {
  if (t === 0) return 0.5
  const tail = studentTwoSided(df, t) / 2
  return t < 0 ? tail : 1 - tail
}

const binomialCdf = (n: number, p: number, x: number): number => {
  const k = Math.floor(x)
  if (k < 0) return 0
  return k >= n ? 1 : incompleteBeta(k + 1, n - k, p).upper
}
const poissonCdf = (mean: number, x: number): number => (x < 0 ? 0 : incompleteGamma(Math.floor(x) + 1, mean).upper)
const chiSquareParts = (df: number, x: number): Parts => incompleteGamma(df / 2, x / 2)
const fParts = (a: number, b: number, x: number): Parts =>
  x <= 0 ? { lower: 0, upper: 1 } : incompleteBeta(a / 2, b / 2, (a * x) / (a * x + b), b / (a * x + b))

/** Probability that a Student variable is further from 0 than t, on both sides. */
export function studentTwoSided(df: number, t: number): number {
  const squared = t * t
  if (squared < 1e280) return incompleteBeta(df / 2, 0.5, df / (df + squared), squared / (df + squared)).lower
  // The square is (nearly) out of range: the first term of the incomplete beta function's series, which is all of it there.
  const logBeta = logGamma(df / 2) + logGamma(0.5) - logGamma((df + 1) / 2)
  return Math.exp((df / 2) * (Math.log(df) - 2 * Math.log(Math.abs(t))) - Math.log(df / 2) - logBeta)
}
export const fUpper = (a: number, b: number, x: number): number => fParts(a, b, x).upper
export const chiSquareUpper = (df: number, x: number): number => chiSquareParts(df, x).upper

/** Distribution of sqrt(n) times the largest distance of the two-sided Kolmogorov-Smirnov test, for large n: the lower and the upper part. */
export function kolmogorov(x: number): Parts {
  if (!(x > 0)) return { lower: 0, upper: 1 }
  if (x < 1.18) {
    const y = Math.exp(-1.2337005501361697 / (x * x))
    let sum = 0
    for (let k = 1; k <= 7; k += 2) sum += y ** (k * k)
    const lower = (2.5066282746310007 / x) * sum
    return { lower, upper: 1 - lower }
  }
  const y = Math.exp(-2 * x * x)
  const upper = 2 * (y - y ** 4 + y ** 9 - y ** 16)
  return { lower: 1 - upper, upper }
}

function zipfCdf(n: number, s: number, x: number): number {
  const k = Math.min(Math.floor(x), n)
  let below = 0
  let total = 0
  for (let j = 1; j <= n; j++) {
    const weight = j ** -s
    total += weight
    if (j <= k) below += weight
  }
  return below / total
}

export const DISTRIBUTIONS: Readonly<Record<string, Distribution>> = {
  Normal: {
    params: ['mean', 'stdev'],
    valid: ([, s]) => s > 0,
    cdf: ([m, s], x) => normalCdf((x - m) / s),
    pdf: ([m, s], x) => normalPdf((x - m) / s) / s,
    quantile: ([m, s], q) => m + s * normalQuantile(q),
  },
  Uniform: {
    params: ['lower', 'upper'],
    valid: ([a, b]) => a < b,
    cdf: ([a, b], x) => (x <= a ? 0 : x >= b ? 1 : (x - a) / (b - a)),
    quantile: ([a, b], q) => (q >= 0 && q <= 1 ? a + (b - a) * q : Number.NaN),
  },
  Exp: {
    params: ['mean'],
    valid: positive,
    cdf: ([m], x) => (x > 0 ? -Math.expm1(-x / m) : 0),
    quantile: ([m], q) => (q >= 0 && q <= 1 ? -m * Math.log1p(-q) : Number.NaN),
  },
  Student: {
    params: ['df'],
    valid: positive,
    cdf: ([df], x) => studentCdf(df, x),
    quantile: ([df], q) => studentQuantile(df, q),
  },
  ChiSquare: {
    params: ['df'],
    valid: positive,
    cdf: ([df], x) => chiSquareParts(df, x).lower,
    pdf: ([df], x) =>
      x < 0
        ? 0
        : x === 0
          ? edgeDensity(df, 0.5)
          : Math.exp((df / 2 - 1) * Math.log(x) - x / 2 - (df / 2) * Math.LN2 - logGamma(df / 2)),
    quantile: ([df], q) => invert((x) => chiSquareParts(df, x), q, INFINITY, df),
  },
  F: {
    params: ['numeratorDF', 'denominatorDF'],
    valid: positive,
    cdf: ([a, b], x) => fParts(a, b, x).lower,
    pdf: ([a, b], x) => fDensity(a, b, x),
    quantile: ([a, b], q) => invert((x) => fParts(a, b, x), q, INFINITY, 1),
  },
  Gamma: {
    params: ['shape', 'scale'],
    valid: positive,
    cdf: ([k, s], x) => incompleteGamma(k, x / s).lower,
    quantile: ([k, s], q) => s * invert((x) => incompleteGamma(k, x), q, INFINITY, k),
  },
  Beta: {
    params: ['alpha', 'beta'],
    valid: positive,
    cdf: ([a, b], x) => incompleteBeta(a, b, x).lower,
    quantile: ([a, b], q) => invert((x) => incompleteBeta(a, b, x), q, 1, 1),
  },
  Weibull: {
    params: ['alpha', 'beta'],
    valid: positive,
    cdf: ([a, b], x) => (x > 0 ? -Math.expm1(-((x / b) ** a)) : 0),
    quantile: ([a, b], q) => (q >= 0 && q <= 1 ? b * (-Math.log1p(-q)) ** (1 / a) : Number.NaN),
  },
  Logistic: {
    params: ['mean', 's'],
    valid: ([, s]) => s > 0,
    cdf: ([m, s], x) => 1 / (1 + Math.exp(-(x - m) / s)),
    quantile: ([m, s], q) => m + s * (Math.log(q) - Math.log1p(-q)),
  },
  Poisson: {
    params: ['mean'],
    valid: positive,
    cdf: ([m], x) => poissonCdf(m, x),
    quantile: ([m], q) => invertDiscrete((k) => poissonCdf(m, k), q, INFINITY, m),
  },
  Binomial: {
    params: ['trials', 'p'],
    valid: ([n, p]) => n >= 0 && Number.isInteger(n) && p >= 0 && p <= 1,
    cdf: ([n, p], x) => binomialCdf(n, p, x),
    quantile: ([n, p], q) => invertDiscrete((k) => binomialCdf(n, p, k), q, n, n * p),
  },
  Zipf: {
    params: ['num', 'exponent'],
    valid: ([n, s]) => n >= 1 && Number.isInteger(n) && s >= 0,
    cdf: ([n, s], x) => zipfCdf(n, s, x),
  },
  Kolmogorov: { params: [], valid: () => true, cdf: (_, x) => kolmogorov(x).lower },
}

/** Density at 0 of a chi-square (rate 1/2) or F variable by its degrees of freedom. */
const edgeDensity = (df: number, atTwo: number): number => (df < 2 ? INFINITY : df === 2 ? atTwo : 0)

function fDensity(a: number, b: number, x: number): number {
  if (x < 0) return 0
  if (x === 0) return edgeDensity(a, 1)
  const logBeta = logGamma(a / 2) + logGamma(b / 2) - logGamma((a + b) / 2)
  return Math.exp(
    (a / 2) * Math.log(a / b) + (a / 2 - 1) * Math.log(x) - ((a + b) / 2) * Math.log1p((a * x) / b) - logBeta,
  )
}

export function studentQuantile(df: number, q: number): number {
  if (!(q >= 0 && q <= 1)) return Number.NaN
  if (q === 0.5) return 0
  if (q > 0.5) return q === 1 ? INFINITY : -studentLower(df, 1 - q)
  return q === 0 ? -INFINITY : studentLower(df, q)
}

/** For q below one half. */
function studentLower(df: number, q: number): number {
  let a = -1
  while (studentCdf(df, a) > q) a *= 2
  return findRoot((x) => studentCdf(df, x) - q, a, 0)
}
export const fQuantile = (a: number, b: number, q: number): number => DISTRIBUTIONS.F.quantile!([a, b], q)
