/**
 * The least value of a linear function under linear constraints, by the simplex method in two phases (Dantzig) with the least index rule of Bland, which can not
 * cycle. A tableau row is a constraint; the last one is the function.
 */
import { checkInterrupt } from '../interrupt.ts'
import type { Dense } from '../kernels/linalg/dense.ts'

export interface LinearProgram {
  readonly f: Float64Array
  /** a ** x <= b. */
  readonly a: Dense
  readonly b: Float64Array
  /** equal ** x = target. */
  readonly equal: Dense
  readonly target: Float64Array
  /** NaN: no bound. */
  readonly lower: Float64Array
  readonly upper: Float64Array
}

export type LinearSolution =
  | { readonly kind: 'optimal'; readonly value: number; readonly x: Float64Array }
  | { readonly kind: 'infeasible' | 'unbounded' }

const TOLERANCE = 1e-9

/** A variable is base + the sum of factor * column over columns that are not negative. */
interface Substitution {
  readonly base: number
  readonly parts: readonly (readonly [column: number, factor: number])[]
}

export function solveLinearProgram(p: LinearProgram): LinearSolution {
  const n = p.f.length
  const substitutions: Substitution[] = []
  let columns = 0
  const widths: [column: number, width: number][] = []
  for (let j = 0; j < n; j++) {
    const [low, high] = [p.lower[j], p.upper[j]]
    if (low > high) return { kind: 'infeasible' }
    if (!Number.isNaN(low)) {
      if (!Number.isNaN(high)) widths.push([columns, high - low])
      substitutions.push({ base: low, parts: [[columns++, 1]] })
    } else if (!Number.isNaN(high)) substitutions.push({ base: high, parts: [[columns++, -1]] })
    else
      substitutions.push({
        base: 0,
        parts: [
          [columns++, 1],
          [columns++, -1],
        ],
      })
  }
  const inequalities = p.a.rows + widths.length
  const rows = inequalities + p.equal.rows
  const structural = columns + inequalities
  const total = structural + rows
  // Columns: variables, slacks, artificial ones, the right side.
  const tableau = Array.from({ length: rows + 1 }, () => new Float64Array(total + 1))
  const fill = (row: number, m: Dense, r: number, right: number): void => {
    let shift = 0
    for (let j = 0; j < n; j++) {
      const factor = m.data[j * m.rows + r]
      shift += factor * substitutions[j].base
      for (const [c, sign] of substitutions[j].parts) tableau[row][c] += factor * sign
    }
    tableau[row][total] = right - shift
  }
  for (let r = 0; r < p.a.rows; r++) fill(r, p.a, r, p.b[r])
  widths.forEach(([c, width], k) => {
    tableau[p.a.rows + k][c] = 1
    tableau[p.a.rows + k][total] = width
  })
  for (let r = 0; r < p.equal.rows; r++) fill(inequalities + r, p.equal, r, p.target[r])
  const basis = new Int32Array(rows)
  for (let r = 0; r < rows; r++) {
    const row = tableau[r]
    if (r < inequalities) row[columns + r] = 1
    if (row[total] < 0) for (let c = 0; c <= total; c++) row[c] = -row[c]
    row[structural + r] = 1
    basis[r] = structural + r
  }
  const last = tableau[rows]
  for (let r = 0; r < rows; r++)
    for (let c = 0; c <= total; c++) if (c < structural || c === total) last[c] -= tableau[r][c]
  pivotToOptimum(tableau, basis, structural)
  if (last[total] < -TOLERANCE * Math.max(1, ...tableau.map((row) => Math.abs(row[total]))))
    return { kind: 'infeasible' }
  leaveArtificial(tableau, basis, structural)
  last.fill(0)
  for (let j = 0; j < n; j++) {
    for (const [c, sign] of substitutions[j].parts) last[c] += p.f[j] * sign
  }
  for (let r = 0; r < rows; r++) {
    const factor = last[basis[r]]
    if (factor !== 0) for (let c = 0; c <= total; c++) last[c] -= factor * tableau[r][c]
  }
  if (!pivotToOptimum(tableau, basis, structural)) return { kind: 'unbounded' }
  const column = new Float64Array(total)
  for (let r = 0; r < rows; r++) column[basis[r]] = tableau[r][total]
  const x = Float64Array.from(substitutions, (s) => s.parts.reduce((sum, [c, sign]) => sum + sign * column[c], s.base))
  let value = 0
  for (let j = 0; j < n; j++) value += p.f[j] * x[j]
  return { kind: 'optimal', value, x }
}

/** False when the function falls without end. Only the first `usable` columns may enter. */
function pivotToOptimum(tableau: readonly Float64Array[], basis: Int32Array, usable: number): boolean {
  const rows = basis.length
  const last = tableau[rows]
  const right = last.length - 1
  for (;;) {
    checkInterrupt()
    let entering = -1
    for (let c = 0; c < usable && entering < 0; c++) if (last[c] < -TOLERANCE) entering = c
    if (entering < 0) return true
    let leaving = -1
    let least = Number.POSITIVE_INFINITY
    for (let r = 0; r < rows; r++) {
      const factor = tableau[r][entering]
      if (factor <= TOLERANCE) continue
      const ratio = tableau[r][right] / factor
      if (ratio < least - 1e-12 || (ratio <= least + 1e-12 && leaving >= 0 && basis[r] < basis[leaving])) {
        least = Math.min(ratio, least)
        leaving = r
      }
    }
    if (leaving < 0) return false
    pivot(tableau, leaving, entering)
    basis[leaving] = entering
  }
}

function pivot(tableau: readonly Float64Array[], row: number, column: number): void {
  const own = tableau[row]
  const factor = own[column]
  for (let c = 0; c < own.length; c++) own[c] /= factor
  for (const other of tableau) {
    if (other === own || other[column] === 0) continue
    const times = other[column]
    for (let c = 0; c < other.length; c++) other[c] -= times * own[c]
    other[column] = 0
  }
}

/** Artificial columns that stayed in the basis at 0 leave it, or their row says nothing. */
function leaveArtificial(tableau: readonly Float64Array[], basis: Int32Array, structural: number): void {
  for (let r = 0; r < basis.length; r++) {
    if (basis[r] < structural) continue
    const column = tableau[r].findIndex((v, c) => c < structural && Math.abs(v) > TOLERANCE)
    if (column < 0) continue
    pivot(tableau, r, column)
    basis[r] = column
  }
}
