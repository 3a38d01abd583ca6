/**
 * Gamma and beta functions. The logarithm of gamma is Lanczos' approximation (g = 607/128, 15 terms, P. Godfrey's coefficients); the incomplete
 * functions are series and continued fractions (modified Lentz), each on its own side of the mean, so that both tails keep their relative precision.
 */
const LANCZOS: readonly number[] = [
  57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202, 3.399464998481189e-5,
  4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125, -0.00021026444172410488, 0.00021743961811521265,
  -0.0001643181065367639, 8.441822398385275e-5, -2.6190838401581408e-5, 3.6899182659531625e-6,
]
const TINY = 1e-300
const PRECISION = 1e-16
const STEPS = 1_000_000

/** ln(gamma(x)) for x > 0. */
export function logGamma(x: number): number {
  const t = x + 5.2421875
  let sum = 0.9999999999999971
  for (let k = 0; k < LANCZOS.length; k++) sum += LANCZOS[k] / (x + 1 + k)
  return (x + 0.5) * Math.log(t) - t + Math.log((2.5066282746310007 * sum) / x)
}

/** Both parts of the regularised incomplete gamma function: lower P(a, x) and upper Q(a, x) = 1 - P. */
export function incompleteGamma(a: number, x: number): { readonly lower: number; readonly upper: number } {
  if (Number.isNaN(x)) return { lower: x, upper: x }
  if (!(x > 0)) return { lower: 0, upper: 1 }
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 }
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let k = 1; k < STEPS; k++) {
      term *= x / (a + k)
      sum += term
      if (term < sum * PRECISION) break
    }
    const lower = Math.min(1, sum * factor)
    return { lower, upper: 1 - lower }
  }
  let b = x + 1 - a
  let c = 1 / TINY
  let d = 1 / b
  let h = d
  for (let k = 1; k < STEPS; k++) {
    const an = -k * (k - a)
    b += 2
    d = an * d + b
    if (Math.abs(d) < TINY) d = TINY
    c = b + an / c
    if (Math.abs(c) < TINY) c = TINY
    d = 1 / d
    const change = d * c
    h *= change
    if (Math.abs(change - 1) < PRECISION * 2) break
  }
  const upper = Math.min(1, factor * h)
  return { lower: 1 - upper, upper }
}

/** Both parts of the regularised incomplete beta function: I(x; a, b) and 1 - I. `rest` is 1 - x, given where it is known more exactly. */
export function incompleteBeta(
  a: number,
  b: number,
  x: number,
  rest: number = 1 - x,
): { readonly lower: number; readonly upper: number } {
  if (Number.isNaN(x)) return { lower: x, upper: x }
  if (!(x > 0)) return { lower: 0, upper: 1 }
  if (!(rest > 0)) return { lower: 1, upper: 0 }
  const factor = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(rest))
  if (x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, (factor * betaFraction(a, b, x)) / a)
    return { lower, upper: 1 - lower }
  }
  const upper = Math.min(1, (factor * betaFraction(b, a, rest)) / b)
  return { lower: 1 - upper, upper }
}

function betaFraction(a: number, b: number, x: number): number {
  const guard = (y: number): number => (Math.abs(y) < TINY ? TINY : y)
  let c = 1
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m < STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guard(1 + even * d)
    c = guard(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guard(1 + odd * d)
    c = guard(1 + odd / c)
    const change = d * c
    h *= change
    if (Math.abs(change - 1) < PRECISION * 2) break
  }
  return h
}
