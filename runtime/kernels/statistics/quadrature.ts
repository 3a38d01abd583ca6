/** Adaptive Gauss-Kronrod quadrature with 7 and 15 points (Piessens and others, QUADPACK, 1983), the worst interval halved first. */

const NODES = [
  0.9914553711208126, 0.9491079123427585, 0.8648644233597691, 0.7415311855993945, 0.5860872354676911,
  0.4058451513773972, 0.20778495500789848, 0,
] as const
const KRONROD = [
  0.022935322010529224, 0.06309209262997856, 0.10479001032225019, 0.14065325971552592, 0.1690047266392679,
  0.19035057806478542, 0.20443294007529889, 0.20948214108472782,
] as const
/** For the nodes at odd places. */
const GAUSS = [0.1294849661688697, 0.27970539148927664, 0.3818300505051189, 0.4179591836734694] as const

interface Piece {
  readonly a: number
  readonly b: number
  readonly value: number
  readonly error: number
}

const LIMIT = 200

function piece(f: (x: number) => number, a: number, b: number): Piece {
  const centre = (a + b) / 2
  const half = (b - a) / 2
  let kronrod = 0
  let gauss = 0
  for (let k = 0; k < NODES.length; k++) {
    const x = NODES[k] * half
    const sum = x === 0 ? f(centre) : f(centre - x) + f(centre + x)
    kronrod += KRONROD[k] * sum
    if (k % 2 === 1) gauss += GAUSS[(k - 1) / 2] * sum
  }
  return { a, b, value: kronrod * half, error: Math.abs((kronrod - gauss) * half) }
}

/** The integral from a to b, which may be infinite; NaN when it does not converge. */
export function integrate(f: (x: number) => number, a: number, b: number, tolerance = 1.5e-10): number {
  if (a === b) return 0
  if (a > b) return -integrate(f, b, a, tolerance)
  if (a === Number.NEGATIVE_INFINITY && b === Number.POSITIVE_INFINITY) {
    const below = integrate(f, a, 0, tolerance)
    return Number.isNaN(below) ? below : below + integrate(f, 0, b, tolerance)
  }
  // An infinite half line becomes (0, 1] by x = a + (1 - t) / t.
  if (b === Number.POSITIVE_INFINITY) return finite((t) => f(a + (1 - t) / t) / (t * t), 0, 1, tolerance)
  if (a === Number.NEGATIVE_INFINITY) return finite((t) => f(b - (1 - t) / t) / (t * t), 0, 1, tolerance)
  return finite(f, a, b, tolerance)
}

function finite(f: (x: number) => number, a: number, b: number, tolerance: number): number {
  const pieces = [piece(f, a, b)]
  for (;;) {
    let value = 0
    let error = 0
    let worst = 0
    for (let k = 0; k < pieces.length; k++) {
      value += pieces[k].value
      error += pieces[k].error
      if (pieces[k].error > pieces[worst].error) worst = k
    }
    if (!Number.isFinite(value)) return Number.NaN
    if (error <= Math.max(tolerance, tolerance * Math.abs(value))) return value
    const { a: low, b: high } = pieces[worst]
    const middle = (low + high) / 2
    const isStuck = middle === low || middle === high
    // What is left may be rounding of large values: accepted when it is small beside the result.
    if (pieces.length >= LIMIT || isStuck) return error <= 1e-6 * Math.abs(value) ? value : Number.NaN
    pieces[worst] = piece(f, low, middle)
    pieces.push(piece(f, middle, high))
  }
}
