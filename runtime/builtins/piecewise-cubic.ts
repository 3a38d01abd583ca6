/**
 * Cubic polynomials between ascending points: how their coefficients come from values and slopes, and what they are at a place.
 *
 * Segment k runs from x[k] to x[k + 1]; there y = c0 * d^3 + c1 * d^2 + c2 * d + c3 with d = at - x[k], and its coefficients stand at 4k to 4k + 3. Beyond the
 * points the outermost polynomials go on.
 */

export interface PiecewiseCubic {
  readonly x: Float64Array
  readonly coefficients: Float64Array
}

export type SplineEnd = 'not-a-knot' | 'clamped' | 'natural'

/** The cubics with given values and slopes at the points (Hermite). */
export function hermite(x: Float64Array, y: Float64Array, slopes: Float64Array): PiecewiseCubic {
  const coefficients = new Float64Array(4 * (x.length - 1))
  for (let k = 0; k + 1 < x.length; k++) {
    const dx = x[k + 1] - x[k]
    const secant = (y[k + 1] - y[k]) / dx
    const t = (slopes[k] + slopes[k + 1] - 2 * secant) / dx
    coefficients[4 * k] = t / dx
    coefficients[4 * k + 1] = (secant - slopes[k]) / dx - t
    coefficients[4 * k + 2] = slopes[k]
    coefficients[4 * k + 3] = y[k]
  }
  return { x, coefficients }
}

/** The spline with two continuous derivatives through the points; at least three points, or two with ends that are not 'not-a-knot'. */
export function cubicSpline(x: Float64Array, y: Float64Array, left: SplineEnd, right: SplineEnd): PiecewiseCubic {
  const n = x.length
  const dx = Float64Array.from({ length: n - 1 }, (_, k) => x[k + 1] - x[k])
  const secant = Float64Array.from(dx, (d, k) => (y[k + 1] - y[k]) / d)
  if (n === 3 && left === 'not-a-knot' && right === 'not-a-knot') return parabola(x, y, dx, secant)
  // Row k: below * s[k - 1] + middle * s[k] + above * s[k + 1] = target, for the slopes s.
  const below = new Float64Array(n)
  const middle = new Float64Array(n)
  const above = new Float64Array(n)
  const target = new Float64Array(n)
  for (let k = 1; k + 1 < n; k++) {
    below[k] = dx[k]
    middle[k] = 2 * (dx[k - 1] + dx[k])
    above[k] = dx[k - 1]
    target[k] = 3 * (dx[k] * secant[k - 1] + dx[k - 1] * secant[k])
  }
  firstRow(left, middle, above, target, dx, secant)
  lastRow(right, middle, below, target, dx, secant)
  return hermite(x, y, solveTridiagonal(below, middle, above, target))
}

function firstRow(
  end: SplineEnd,
  middle: Float64Array,
  above: Float64Array,
  target: Float64Array,
  dx: Float64Array,
  secant: Float64Array,
): void {
  if (end === 'clamped') middle[0] = 1
  else if (end === 'natural') {
    middle[0] = 2 * dx[0]
    above[0] = dx[0]
    target[0] = 3 * secant[0] * dx[0]
  } else {
    const d = dx[0] + dx[1]
    middle[0] = dx[1]
    above[0] = d
    target[0] = ((dx[0] + 2 * d) * dx[1] * secant[0] + dx[0] ** 2 * secant[1]) / d
  }
}

function lastRow(
  end: SplineEnd,
  middle: Float64Array,
  below: Float64Array,
  target: Float64Array,
  dx: Float64Array,
  secant: Float64Array,
): void {
  const m = dx.length - 1
  const last = middle.length - 1
  if (end === 'clamped') middle[last] = 1
  else if (end === 'natural') {
    middle[last] = 2 * dx[m]
    below[last] = dx[m]
    target[last] = 3 * secant[m] * dx[m]
  } else {
    const d = dx[m] + dx[m - 1]
    middle[last] = dx[m - 1]
    below[last] = d
    target[last] = (dx[m] ** 2 * secant[m - 1] + (2 * d + dx[m]) * dx[m - 1] * secant[m]) / d
  }
}

/** Three points without a condition at the ends: one parabola. */
function parabola(x: Float64Array, y: Float64Array, dx: Float64Array, secant: Float64Array): PiecewiseCubic {
  const curvature = (secant[1] - secant[0]) / (dx[0] + dx[1])
  const first = secant[0] - curvature * dx[0]
  return hermite(x, y, Float64Array.of(first, first + 2 * curvature * dx[0], first + 2 * curvature * (dx[0] + dx[1])))
}

/** Elimination from above: the systems here need no pivots. */
function solveTridiagonal(
  below: Float64Array,
  middle: Float64Array,
  above: Float64Array,
  target: Float64Array,
): Float64Array {
  const n = middle.length
  for (let k = 1; k < n; k++) {
    const factor = below[k] / middle[k - 1]
    middle[k] -= factor * above[k - 1]
    target[k] -= factor * target[k - 1]
  }
  for (let k = n - 1; k >= 0; k--) target[k] = (target[k] - (k + 1 < n ? above[k] * target[k + 1] : 0)) / middle[k]
  return target
}

/** Slopes that keep the curve monotonic where the points are (Fritsch and Butland, 1984; ends by three points, as in PCHIP). */
export function monotonicSlopes(x: Float64Array, y: Float64Array): Float64Array {
  const n = x.length
  const dx = Float64Array.from({ length: n - 1 }, (_, k) => x[k + 1] - x[k])
  const secant = Float64Array.from(dx, (d, k) => (y[k + 1] - y[k]) / d)
  const slopes = new Float64Array(n)
  if (n === 2) return slopes.fill(secant[0])
  for (let k = 1; k + 1 < n; k++) {
    if (secant[k - 1] * secant[k] <= 0) continue
    const a = 2 * dx[k] + dx[k - 1]
    const b = dx[k] + 2 * dx[k - 1]
    slopes[k] = (a + b) / (a / secant[k - 1] + b / secant[k])
  }
  slopes[0] = endSlope(dx[0], dx[1], secant[0], secant[1])
  slopes[n - 1] = endSlope(dx[n - 2], dx[n - 3], secant[n - 2], secant[n - 3])
  return slopes
}

function endSlope(h0: number, h1: number, m0: number, m1: number): number {
  const slope = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
  if (Math.sign(slope) !== Math.sign(m0)) return 0
  return Math.sign(m0) !== Math.sign(m1) && Math.abs(slope) > 3 * Math.abs(m0) ? 3 * m0 : slope
}

export function evaluate({ x, coefficients: c }: PiecewiseCubic, at: number): number {
  let low = 0
  let high = x.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle] <= at) low = middle
    else high = middle
  }
  const d = at - x[low]
  return ((c[4 * low] * d + c[4 * low + 1]) * d + c[4 * low + 2]) * d + c[4 * low + 3]
}
