/**
 * Singular values of an upper bidiagonal matrix by implicit QR iteration with the zero-shift variant (Demmel and Kahan, "Accurate singular values of
 * bidiagonal matrices", 1990): every singular value to full relative precision. The rotations are applied to the columns of `u` and the rows of `vt`.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { type Dense, EPSILON } from './dense.ts'
import { rotation, smallerSingularValue, svdTwoByTwo } from './rotation.ts'

const SMALLEST = 2 ** -1022
const SWEEPS_PER_VALUE = 6

interface Problem {
  readonly d: Float64Array
  readonly e: Float64Array
  readonly u: Dense
  readonly vt: Dense
}

/** Leaves the singular values in `d`, falling. False when the iteration does not converge. */
export function singularValues(d: Float64Array, e: Float64Array, u: Dense, vt: Dense): boolean {
  const n = d.length
  if (n === 1) {
    // The sign of a single value goes to the left.
    if (d[0] < 0) for (let r = 0; r < u.rows; r++) u.data[r] = -u.data[r]
    d[0] = Math.abs(d[0])
    return true
  }
  const problem: Problem = { d, e, u, vt }
  const tolerance = Math.max(10, Math.min(100, EPSILON ** -0.125)) * (EPSILON / 2)
  const threshold = Math.max(tolerance * smallestEstimate(d, e), SWEEPS_PER_VALUE * n * n * SMALLEST)
  let last = n - 1
  let oldFirst = -1
  let oldLast = -1
  let down = true
  let left = SWEEPS_PER_VALUE * n * n
  while (last > 0) {
    checkInterrupt()
    if (left-- < 0) return false
    // The block that ends at `last` and has no zero beside its diagonal.
    let first = last
    let largest = Math.abs(d[last])
    let split = false
    for (let k = last - 1; k >= 0; k--) {
      if (Math.abs(e[k]) <= threshold) {
        e[k] = 0
        split = true
        break
      }
      first = k
      largest = Math.max(largest, Math.abs(d[k]), Math.abs(e[k]))
    }
    if (split && first === last) {
      last--
      continue
    }
    if (first === last - 1) {
      twoByTwo(problem, first)
      last -= 2
      continue
    }
    if (first > oldLast || last < oldFirst) down = Math.abs(d[first]) >= Math.abs(d[last])
    const smallest = down ? convergedDown(d, e, first, last, tolerance) : convergedUp(d, e, first, last, tolerance)
    if (smallest === undefined) continue
    oldFirst = first
    oldLast = last
    const shift = shiftOf(d, e, first, last, down, smallest, largest, n, tolerance)
    if (down) {
      if (shift === 0) zeroShiftDown(problem, first, last)
      else sweepDown(problem, first, last, shift)
      if (Math.abs(e[last - 1]) <= threshold) e[last - 1] = 0
    } else {
      if (shift === 0) zeroShiftUp(problem, first, last)
      else sweepUp(problem, first, last, shift)
      if (Math.abs(e[first]) <= threshold) e[first] = 0
    }
  }
  for (let k = 0; k < n; k++)
    if (d[k] < 0 || Object.is(d[k], -0)) {
      d[k] = -d[k]
      for (let c = 0; c < vt.cols; c++) vt.data[c * vt.rows + k] = -vt.data[c * vt.rows + k]
    }
  sortFalling(problem)
  return true
}

function smallestEstimate(d: Float64Array, e: Float64Array): number {
  let smallest = Math.abs(d[0])
  let mu = smallest
  for (let k = 1; k < d.length && smallest !== 0; k++) {
    mu = Math.abs(d[k]) * (mu / (mu + Math.abs(e[k - 1])))
    smallest = Math.min(smallest, mu)
  }
  return smallest / Math.sqrt(d.length)
}

/** The smallest value of the block by estimate; undefined when an element beside the diagonal became 0 on the way. */
function convergedDown(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  tolerance: number,
): number | undefined {
  if (Math.abs(e[last - 1]) <= tolerance * Math.abs(d[last])) {
    e[last - 1] = 0
    return undefined
  }
  let mu = Math.abs(d[first])
  let smallest = mu
  for (let k = first; k < last; k++) {
    if (Math.abs(e[k]) <= tolerance * mu) {
      e[k] = 0
      return undefined
    }
    mu = Math.abs(d[k + 1]) * (mu / (mu + Math.abs(e[k])))
    smallest = Math.min(smallest, mu)
  }
  return smallest
}

function convergedUp(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  tolerance: number,
): number | undefined {
  if (Math.abs(e[first]) <= tolerance * Math.abs(d[first])) {
    e[first] = 0
    return undefined
  }
  let mu = Math.abs(d[last])
  let smallest = mu
  for (let k = last - 1; k >= first; k--) {
    if (Math.abs(e[k]) <= tolerance * mu) {
      e[k] = 0
      return undefined
    }
    mu = Math.abs(d[k]) * (mu / (mu + Math.abs(e[k])))
    smallest = Math.min(smallest, mu)
  }
  return smallest
}

function shiftOf(
  d: Float64Array,
  e: Float64Array,
  first: number,
  last: number,
  down: boolean,
  smallest: number,
  largest: number,
  n: number,
  tolerance: number,
): number {
  const half = EPSILON / 2
  if (n * tolerance * (smallest / largest) <= Math.max(half, 0.01 * tolerance)) return 0
  const start = Math.abs(down ? d[first] : d[last])
  const shift = down
    ? smallerSingularValue(d[last - 1], e[last - 1], d[last])
    : smallerSingularValue(d[first], e[first], d[first + 1])
  return start > 0 && (shift / start) ** 2 < half ? 0 : shift
}

function twoByTwo({ d, e, u, vt }: Problem, k: number): void {
  const { larger, smaller, left, right } = svdTwoByTwo(d[k], e[k], d[k + 1])
  d[k] = larger
  e[k] = 0
  d[k + 1] = smaller
  for (let c = 0; c < vt.cols; c++) {
    const at = c * vt.rows + k
    const x = vt.data[at]
    vt.data[at] = right.c * x + right.s * vt.data[at + 1]
    vt.data[at + 1] = right.c * vt.data[at + 1] - right.s * x
  }
  for (let r = 0; r < u.rows; r++) {
    const a = k * u.rows + r
    const b = a + u.rows
    const x = u.data[a]
    u.data[a] = left.c * x + left.s * u.data[b]
    u.data[b] = left.c * u.data[b] - left.s * x
  }
}

/** Rows k and k + 1. */
function rotateRows(m: Dense, k: number, c: number, s: number): void {
  for (let col = 0; col < m.cols; col++) {
    const at = col * m.rows + k
    const x = m.data[at + 1]
    m.data[at + 1] = c * x - s * m.data[at]
    m.data[at] = s * x + c * m.data[at]
  }
}

/** Columns k and k + 1. */
export function rotateColumns(m: Dense, k: number, c: number, s: number): void {
  for (let r = 0; r < m.rows; r++) {
    const a = k * m.rows + r
    const b = a + m.rows
    const x = m.data[b]
    m.data[b] = c * x - s * m.data[a]
    m.data[a] = s * x + c * m.data[a]
  }
}

function zeroShiftDown({ d, e, u, vt }: Problem, first: number, last: number): void {
  let cs = 1
  let oldCs = 1
  let oldSn = 0
  for (let k = first; k < last; k++) {
    const p = rotation(d[k] * cs, e[k])
    if (k > first) e[k - 1] = oldSn * p.r
    const q = rotation(oldCs * p.r, d[k + 1] * p.s)
    d[k] = q.r
    cs = p.c
    oldCs = q.c
    oldSn = q.s
    rotateRows(vt, k, p.c, p.s)
    rotateColumns(u, k, q.c, q.s)
  }
  const h = d[last] * cs
  d[last] = h * oldCs
  e[last - 1] = h * oldSn
}

function zeroShiftUp({ d, e, u, vt }: Problem, first: number, last: number): void {
  let cs = 1
  let oldCs = 1
  let oldSn = 0
  for (let k = last; k > first; k--) {
    const p = rotation(d[k] * cs, e[k - 1])
    if (k < last) e[k] = oldSn * p.r
    const q = rotation(oldCs * p.r, d[k - 1] * p.s)
    d[k] = q.r
    cs = p.c
    oldCs = q.c
    oldSn = q.s
    rotateRows(vt, k - 1, q.c, -q.s)
    rotateColumns(u, k - 1, p.c, -p.s)
  }
  const h = d[first] * cs
  d[first] = h * oldCs
  e[first] = h * oldSn
}

const signed = (x: number): number => (x < 0 || Object.is(x, -0) ? -1 : 1)

function sweepDown({ d, e, u, vt }: Problem, first: number, last: number, shift: number): void {
  let f = (Math.abs(d[first]) - shift) * (signed(d[first]) + shift / d[first])
  let g = e[first]
  for (let k = first; k < last; k++) {
    const p = rotation(f, g)
    if (k > first) e[k - 1] = p.r
    f = p.c * d[k] + p.s * e[k]
    e[k] = p.c * e[k] - p.s * d[k]
    g = p.s * d[k + 1]
    d[k + 1] = p.c * d[k + 1]
    const q = rotation(f, g)
    d[k] = q.r
    f = q.c * e[k] + q.s * d[k + 1]
    d[k + 1] = q.c * d[k + 1] - q.s * e[k]
    if (k < last - 1) {
      g = q.s * e[k + 1]
      e[k + 1] = q.c * e[k + 1]
    }
    rotateRows(vt, k, p.c, p.s)
    rotateColumns(u, k, q.c, q.s)
  }
  e[last - 1] = f
}

function sweepUp({ d, e, u, vt }: Problem, first: number, last: number, shift: number): void {
  let f = (Math.abs(d[last]) - shift) * (signed(d[last]) + shift / d[last])
  let g = e[last - 1]
  for (let k = last; k > first; k--) {
    const p = rotation(f, g)
    if (k < last) e[k] = p.r
    f = p.c * d[k] + p.s * e[k - 1]
    e[k - 1] = p.c * e[k - 1] - p.s * d[k]
    g = p.s * d[k - 1]
    d[k - 1] = p.c * d[k - 1]
    const q = rotation(f, g)
    d[k] = q.r
    f = q.c * e[k - 1] + q.s * d[k - 1]
    d[k - 1] = q.c * d[k - 1] - q.s * e[k - 1]
    if (k > first + 1) {
      g = q.s * e[k - 2]
      e[k - 2] = q.c * e[k - 2]
    }
    rotateRows(vt, k - 1, q.c, -q.s)
    rotateColumns(u, k - 1, p.c, -p.s)
  }
  e[first] = f
}

function sortFalling({ d, u, vt }: Problem): void {
  const n = d.length
  for (let k = n - 1; k > 0; k--) {
    let least = 0
    for (let j = 1; j <= k; j++) if (d[j] <= d[least]) least = j
    if (least === k) continue
    const x = d[least]
    d[least] = d[k]
    d[k] = x
    for (let c = 0; c < vt.cols; c++) {
      const a = c * vt.rows + least
      const b = c * vt.rows + k
      const y = vt.data[a]
      vt.data[a] = vt.data[b]
      vt.data[b] = y
    }
    for (let r = 0; r < u.rows; r++) {
      const a = least * u.rows + r
      const b = k * u.rows + r
      const y = u.data[a]
      u.data[a] = u.data[b]
      u.data[b] = y
    }
  }
}
