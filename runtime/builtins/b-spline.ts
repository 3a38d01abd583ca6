/** B-splines by de Boor's recurrences (A Practical Guide to Splines, 1978): knots ascend, and the first and the last stand degree + 1 times. */

/** Values of the degree + 1 basis functions that are not 0 at `at`, and the number of the first. Beyond the ends those of the outermost segments. */
export function basisFunctions(
  knots: Float64Array,
  degree: number,
  at: number,
): { readonly first: number; readonly values: Float64Array } {
  const count = knots.length - degree - 1
  let low = degree
  let high = count
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (knots[middle] <= at) low = middle
    else high = middle
  }
  const values = new Float64Array(degree + 1)
  values[0] = 1
  for (let d = 1; d <= degree; d++) {
    let saved = 0
    for (let j = 0; j < d; j++) {
      const right = knots[low + j + 1]
      const left = knots[low + 1 - d + j]
      const part = values[j] / (right - left)
      values[j] = saved + (right - at) * part
      saved = (at - left) * part
    }
    values[d] = saved
  }
  return { first: low - degree, values }
}

export function bSplineAt(knots: Float64Array, coefficients: Float64Array, degree: number, at: number): number {
  const { first, values } = basisFunctions(knots, degree, at)
  let sum = 0
  for (let j = 0; j <= degree; j++) sum += values[j] * coefficients[first + j]
  return sum
}

const withEnds = (x: Float64Array, inner: ArrayLike<number>, degree: number): Float64Array => {
  const ends = degree + 1
  const knots = new Float64Array(inner.length + 2 * ends)
  knots.fill(x[0], 0, ends)
  knots.set(Array.from(inner), ends)
  knots.fill(x[x.length - 1], ends + inner.length)
  return knots
}

/** Knots with as many basis functions as points. */
export function interpolatingKnots(x: Float64Array, degree: number): Float64Array {
  const half = (degree + 1) / 2
  return withEnds(x, x.subarray(half, x.length - half), degree)
}

/** Knots with the given inner ones; undefined if they do not ascend inside the points or a basis function has no point of its own. */
export function fittedKnots(x: Float64Array, inner: Float64Array, degree: number): Float64Array | undefined {
  const isInside = inner.every((t, k) => t > x[0] && t < x[x.length - 1] && (k === 0 || t > inner[k - 1]))
  if (!isInside) return undefined
  const knots = withEnds(x, inner, degree)
  const count = knots.length - degree - 1
  let point = 0
  for (let j = 0; j < count; j++) {
    // The ends belong to the first and the last function.
    while (point < x.length && !(x[point] > knots[j] || (j === 0 && x[point] === knots[0]))) point++
    const isBelow = point < x.length && (x[point] < knots[j + degree + 1] || (j === count - 1 && point < x.length))
    if (!isBelow) return undefined
    point++
  }
  return knots
}
