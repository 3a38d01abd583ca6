/** The least value of a function by its values alone: the downhill simplex of Nelder and Mead (1965), with the usual factors 1, 2, 1/2, 1/2. */
import { checkInterrupt } from '../interrupt.ts'

export interface SimplexLimits {
  /** Largest distance of the corners from the best one, and of their values, at which the search ends. */
  readonly xTolerance: number
  readonly valueTolerance: number
  readonly iterationsMax: number
  readonly callsMax: number
}

export interface SimplexResult {
  readonly x: Float64Array
  readonly value: number
  readonly iterations: number
  readonly calls: number
  /** 1: too many calls, 2: too many iterations, 0: the end was reached. */
  readonly warning: 0 | 1 | 2
}

interface Corner {
  readonly x: Float64Array
  readonly value: number
}

export function downhillSimplex(
  f: (x: Float64Array) => number,
  start: Float64Array,
  limits: SimplexLimits,
): SimplexResult {
  const n = start.length
  let calls = 0
  const corner = (x: Float64Array): Corner => {
    calls++
    return { x, value: f(x) }
  }
  const moved = (k: number): Float64Array => {
    const x = start.slice()
    x[k] = x[k] === 0 ? 0.00025 : x[k] * 1.05
    return x
  }
  const corners = [corner(start.slice()), ...Array.from({ length: n }, (_, k) => corner(moved(k)))]
  const sort = (): void => void corners.sort((a, b) => a.value - b.value)
  sort()
  let iterations = 1
  while (calls < limits.callsMax && iterations < limits.iterationsMax && !isSmall(corners, limits)) {
    checkInterrupt()
    const worst = corners[n]
    const centre = new Float64Array(n)
    for (let k = 0; k < n; k++) {
      for (let c = 0; c < n; c++) centre[k] += corners[c].x[k]
      centre[k] /= n
    }
    const along = (t: number): Corner => corner(centre.map((c, k) => (1 + t) * c - t * worst.x[k]))
    const reflected = along(1)
    let shrinks = false
    if (reflected.value < corners[0].value) {
      const expanded = along(2)
      corners[n] = expanded.value < reflected.value ? expanded : reflected
    } else if (reflected.value < corners[n - 1].value) corners[n] = reflected
    else if (reflected.value < worst.value) {
      const outside = along(0.5)
      if (outside.value <= reflected.value) corners[n] = outside
      else shrinks = true
    } else {
      const inside = corner(centre.map((c, k) => 0.5 * c + 0.5 * worst.x[k]))
      if (inside.value < worst.value) corners[n] = inside
      else shrinks = true
    }
    if (shrinks)
      for (let c = 1; c <= n; c++) {
        const best = corners[0].x
        corners[c] = corner(corners[c].x.map((v, k) => best[k] + 0.5 * (v - best[k])))
      }
    iterations++
    sort()
  }
  const warning = calls >= limits.callsMax ? 1 : iterations >= limits.iterationsMax ? 2 : 0
  return { x: corners[0].x, value: corners[0].value, iterations, calls, warning }
}

function isSmall(corners: readonly Corner[], { xTolerance, valueTolerance }: SimplexLimits): boolean {
  const [best, ...others] = corners
  return others.every(
    (c) =>
      Math.abs(best.value - c.value) <= valueTolerance && c.x.every((v, k) => Math.abs(v - best.x[k]) <= xTolerance),
  )
}
