/**
 * The least value of x' H x / 2 + f' x under linear constraints, H symmetric and positive definite: the dual method of Goldfarb and Idnani (1983). It starts at
 * the least value without constraints and takes in a violated one at a time; multipliers of inequalities stay at or above 0.
 */
import { checkInterrupt } from '../interrupt.ts'
import { type Dense, zeros } from '../kernels/linalg/dense.ts'
import { decomposeLu, type LuDecomposition, solveLu } from '../kernels/linalg/lu.ts'

export interface QuadraticProgram {
  readonly h: Dense
  readonly f: Float64Array
  /** a ** x <= b. */
  readonly a: Dense
  readonly b: Float64Array
  readonly equal: Dense
  readonly target: Float64Array
}

/** normal' x >= bound; an equality also the other way. */
interface Constraint {
  readonly normal: Float64Array
  readonly bound: number
  readonly isEquality: boolean
}

const dotOf = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k]
  return sum
}

/** Undefined when no x satisfies the constraints. */
export function solveQuadraticProgram(p: QuadraticProgram): { value: number; x: Float64Array } | undefined {
  const n = p.f.length
  const factors = decomposeLu(p.h)
  const x = solved(factors, p.f).map((v) => -v)
  const constraints = [...rowsOf(p.equal, p.target, 1, true), ...rowsOf(p.a, p.b, -1, false)]
  const active: Constraint[] = []
  const multipliers: number[] = []
  for (;;) {
    const entering = mostViolated(constraints, active, x)
    if (entering === undefined) break
    if (!takeIn(entering, factors, x, active, multipliers)) return undefined
  }
  let value = dotOf(p.f, x)
  for (let c = 0; c < n; c++) for (let r = 0; r < n; r++) value += (x[r] * p.h.data[c * n + r] * x[c]) / 2
  return { value, x }
}

function rowsOf(m: Dense, bound: Float64Array, sign: number, isEquality: boolean): Constraint[] {
  return Array.from({ length: m.rows }, (_, r) => ({
    normal: Float64Array.from({ length: m.cols }, (_, c) => sign * m.data[c * m.rows + r]),
    bound: sign * bound[r],
    isEquality,
  }))
}

const solved = (factors: LuDecomposition, v: Float64Array): Float64Array =>
  solveLu(factors, { data: v.slice(), rows: v.length, cols: 1 }).data

/** Equalities come first; an equality that is too large is taken the other way round. */
function mostViolated(
  constraints: readonly Constraint[],
  active: readonly Constraint[],
  x: Float64Array,
): Constraint | undefined {
  let found: Constraint | undefined
  let most = 0
  for (const c of constraints) {
    if (active.some((a) => a === c || (c.isEquality && a.isEquality && isOpposite(a, c)))) continue
    const scale = 1 + Math.abs(c.bound) + Math.sqrt(dotOf(c.normal, c.normal) * dotOf(x, x))
    const missing = (c.bound - dotOf(c.normal, x)) / scale
    const violation = c.isEquality ? Math.abs(missing) : missing
    if (violation <= 1e-12 || (found?.isEquality === true && !c.isEquality) || violation <= most) continue
    most = violation
    found = c.isEquality && missing < 0 ? { normal: c.normal.map((v) => -v), bound: -c.bound, isEquality: true } : c
  }
  return found
}

const isOpposite = (a: Constraint, c: Constraint): boolean =>
  a.bound === -c.bound && a.normal.every((v, k) => v === -c.normal[k])

/** Steps until the constraint holds; inequalities whose multiplier reaches 0 leave on the way. False when nothing gives way. */
function takeIn(
  entering: Constraint,
  factors: LuDecomposition,
  x: Float64Array,
  active: Constraint[],
  multipliers: number[],
): boolean {
  let own = 0
  for (;;) {
    checkInterrupt()
    const toward = solved(factors, entering.normal)
    const fall = multipliersFor(active, factors, entering.normal)
    const z = toward.slice()
    active.forEach((a, j) => {
      const part = solved(factors, a.normal)
      for (let k = 0; k < z.length; k++) z[k] -= fall[j] * part[k]
    })
    let dual = Number.POSITIVE_INFINITY
    let leaving = -1
    active.forEach((a, j) => {
      if (a.isEquality || fall[j] <= 1e-14) return
      if (multipliers[j] / fall[j] < dual) {
        dual = multipliers[j] / fall[j]
        leaving = j
      }
    })
    const slope = dotOf(z, entering.normal)
    const isBlocked = slope <= 1e-14 * Math.max(1, dotOf(toward, entering.normal))
    const primal = isBlocked ? Number.POSITIVE_INFINITY : (entering.bound - dotOf(entering.normal, x)) / slope
    const step = Math.min(dual, primal)
    if (step === Number.POSITIVE_INFINITY) return false
    for (let j = 0; j < active.length; j++) multipliers[j] -= step * fall[j]
    own += step
    if (!isBlocked) for (let k = 0; k < x.length; k++) x[k] += step * z[k]
    if (step === primal) {
      active.push(entering)
      multipliers.push(own)
      return true
    }
    active.splice(leaving, 1)
    multipliers.splice(leaving, 1)
  }
}

/** How the multipliers of the active constraints fall for a unit of the entering one. */
function multipliersFor(active: readonly Constraint[], factors: LuDecomposition, normal: Float64Array): Float64Array {
  const m = active.length
  if (m === 0) return new Float64Array(0)
  const system = zeros(m, m)
  const right = zeros(m, 1)
  active.forEach((a, c) => {
    const image = solved(factors, a.normal)
    active.forEach((b, r) => {
      system.data[c * m + r] = dotOf(b.normal, image)
    })
    right.data[c] = dotOf(image, normal)
  })
  return solveLu(decomposeLu(system), right).data
}
