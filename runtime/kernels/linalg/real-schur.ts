/**
 * Real Schur form A = Z ** T ** Z': T is upper triangular but for 2 x 2 blocks of pairs of complex eigenvalues, whose diagonal elements are equal. Implicit
 * double-shift QR (Francis, 1961) with the deflation test of Ahues and Tisseur.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { type Dense, EPSILON } from './dense.ts'
import { reduceToHessenberg } from './hessenberg.ts'
import { reflect } from './householder.ts'

const SMALLEST = 2 ** -1022

export interface Schur {
  readonly t: Dense
  readonly z: Dense
}

/** Undefined when the iteration does not converge. */
export function decomposeSchur(a: Dense): Schur | undefined {
  const { scaled, factor } = inRange(a)
  const { h: t, q: z } = reduceToHessenberg(scaled)
  const n = t.rows
  let end = n - 1
  const limit = 30 * Math.max(10, n)
  const tiny = SMALLEST * (n / EPSILON)
  while (end >= 0) {
    let start = 0
    let found = false
    for (let round = 0; round <= limit; round++) {
      checkInterrupt()
      start = deflation(t, end, tiny)
      if (start > 0) t.data[(start - 1) * n + start] = 0
      if (start >= end - 1) {
        found = true
        break
      }
      sweep(t, z, start, end, shifts(t, start, end, round + 1))
    }
    if (!found) return undefined
    if (start === end - 1) standardize(t, z, start)
    end = start - 1
  }
  if (factor !== 1) for (let k = 0; k < t.data.length; k++) t.data[k] *= factor
  return { t, z }
}

/** Scaled to a largest element about 1, by a power of two; what is far below its rounding error is 0. Else products would leave the range of numbers. */
function inRange(a: Dense): { readonly scaled: Dense; readonly factor: number } {
  let largest = 0
  for (const x of a.data) largest = Math.max(largest, Math.abs(x))
  const isWide = largest > 0 && (largest < 2 ** -300 || largest > 2 ** 300)
  const factor = isWide ? 2 ** Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest)))) : 1
  const least = largest * 2 ** -120
  return { scaled: { ...a, data: a.data.map((x) => (Math.abs(x) < least ? 0 : x / factor)) }, factor }
}

/** The row from which on the block that ends at `end` hangs together. */
function deflation({ data: h, rows: n }: Dense, end: number, tiny: number): number {
  for (let k = end; k > 0; k--) {
    const below = Math.abs(h[(k - 1) * n + k])
    if (below <= tiny) return k
    const x = h[(k - 1) * n + k - 1]
    const y = h[k * n + k]
    let size = Math.abs(x) + Math.abs(y)
    if (size === 0) {
      if (k >= 2) size += Math.abs(h[(k - 2) * n + k - 1])
      if (k + 1 < n) size += Math.abs(h[k * n + k + 1])
    }
    if (below > EPSILON * size) continue
    const above = Math.abs(h[k * n + k - 1])
    const ab = Math.max(below, above)
    const ba = Math.min(below, above)
    const aa = Math.max(Math.abs(y), Math.abs(x - y))
    const bb = Math.min(Math.abs(y), Math.abs(x - y))
    const s = aa + ab
    if (ba * (ab / s) <= Math.max(tiny, EPSILON * (bb * (aa / s)))) return k
  }
  return 0
}

interface Shifts {
  readonly real1: number
  readonly real2: number
  readonly imaginary: number
}

function shifts({ data: h, rows: n }: Dense, start: number, end: number, round: number): Shifts {
  let h11 = h[(end - 1) * n + end - 1]
  let h21 = h[(end - 1) * n + end]
  let h12 = h[end * n + end - 1]
  let h22 = h[end * n + end]
  if (round % 10 === 0) {
    // An exceptional shift breaks cycles.
    const atEnd = round % 20 === 0
    const s = atEnd
      ? Math.abs(h[(end - 1) * n + end]) + Math.abs(h[(end - 2) * n + end - 1])
      : Math.abs(h[start * n + start + 1]) + Math.abs(h[(start + 1) * n + start + 2])
    h11 = 0.75 * s + (atEnd ? h[end * n + end] : h[start * n + start])
    h12 = -0.4375 * s
    h21 = s
    h22 = h11
  }
  const s = Math.abs(h11) + Math.abs(h12) + Math.abs(h21) + Math.abs(h22)
  if (s === 0) return { real1: 0, real2: 0, imaginary: 0 }
  h11 /= s
  h21 /= s
  h12 /= s
  h22 /= s
  const half = (h11 + h22) / 2
  const det = (h11 - half) * (h22 - half) - h12 * h21
  const root = Math.sqrt(Math.abs(det))
  if (det >= 0) return { real1: half * s, real2: half * s, imaginary: root * s }
  const nearer = Math.abs(half + root - h22) <= Math.abs(half - root - h22) ? half + root : half - root
  return { real1: nearer * s, real2: nearer * s, imaginary: 0 }
}

function sweep(t: Dense, z: Dense, start: number, end: number, { real1, real2, imaginary }: Shifts): void {
  const { data: h, rows: n } = t
  const v = new Float64Array(3)
  let m = end - 2
  for (; ; m--) {
    const hmm = h[m * n + m]
    const s = Math.abs(hmm - real2) + imaginary + Math.abs(h[m * n + m + 1])
    const h21 = h[m * n + m + 1] / s
    v[0] = h21 * h[(m + 1) * n + m] + (hmm - real1) * ((hmm - real2) / s) + imaginary * (imaginary / s)
    v[1] = h21 * (hmm + h[(m + 1) * n + m + 1] - real1 - real2)
    v[2] = h21 * h[(m + 1) * n + m + 2]
    const size = Math.abs(v[0]) + Math.abs(v[1]) + Math.abs(v[2])
    for (let k = 0; k < 3; k++) v[k] /= size
    if (m === start) break
    const around = Math.abs(h[(m - 1) * n + m - 1]) + Math.abs(hmm) + Math.abs(h[(m + 1) * n + m + 1])
    if (Math.abs(h[(m - 1) * n + m]) * (Math.abs(v[1]) + Math.abs(v[2])) <= EPSILON * Math.abs(v[0]) * around) break
  }
  for (let k = m; k < end; k++) {
    const size = Math.min(3, end - k + 1)
    if (k > m) for (let j = 0; j < size; j++) v[j] = h[(k - 1) * n + k + j]
    const tau = reflect(v, 0, size)
    if (k > m) {
      h[(k - 1) * n + k] = v[0]
      h[(k - 1) * n + k + 1] = 0
      if (k < end - 1) h[(k - 1) * n + k + 2] = 0
    } else if (m > start) h[(k - 1) * n + k] *= 1 - tau
    const x = v[1]
    const y = size === 3 ? v[2] : 0
    reflectRows(t, k, k, n, size, tau, x, y)
    reflectColumns(t, k, Math.min(k + 3, end) + 1, size, tau, x, y)
    reflectColumns(z, k, n, size, tau, x, y)
  }
}

/** I - tau * (1, x, y)' * (1, x, y) on rows k.. of the columns from..to. */
export function reflectRows(
  { data, rows: n }: Dense,
  k: number,
  from: number,
  to: number,
  size: number,
  tau: number,
  x: number,
  y: number,
): void {
  for (let c = from; c < to; c++) {
    const at = c * n + k
    const sum = tau * (data[at] + x * data[at + 1] + (size === 3 ? y * data[at + 2] : 0))
    data[at] -= sum
    data[at + 1] -= sum * x
    if (size === 3) data[at + 2] -= sum * y
  }
}

/** The same from the right, on columns k.. of the first `to` rows. */
export function reflectColumns(
  { data, rows: n }: Dense,
  k: number,
  to: number,
  size: number,
  tau: number,
  x: number,
  y: number,
): void {
  for (let r = 0; r < to; r++) {
    const at = k * n + r
    const sum = tau * (data[at] + x * data[at + n] + (size === 3 ? y * data[at + 2 * n] : 0))
    data[at] -= sum
    data[at + n] -= sum * x
    if (size === 3) data[at + 2 * n] -= sum * y
  }
}

const signed = (magnitude: number, of: number): number =>
  of < 0 || Object.is(of, -0) ? -Math.abs(magnitude) : Math.abs(magnitude)

/** Brings the 2 x 2 block at row k to triangular form, or to equal diagonal elements when its eigenvalues are complex. */
export function standardize(t: Dense, z: Dense, k: number): void {
  const { data, rows: n } = t
  let a = data[k * n + k]
  let b = data[(k + 1) * n + k]
  let c = data[k * n + k + 1]
  let d = data[(k + 1) * n + k + 1]
  let cs = 1
  let sn = 0
  if (c === 0) {
    // Triangular already.
  } else if (b === 0) {
    cs = 0
    sn = 1
    const x = d
    d = a
    a = x
    b = -c
    c = 0
  } else if (!(a - d === 0 && signed(1, b) !== signed(1, c))) {
    let difference = a - d
    let p = difference / 2
    const larger = Math.max(Math.abs(b), Math.abs(c))
    const smaller = Math.min(Math.abs(b), Math.abs(c)) * signed(1, b) * signed(1, c)
    const scale = Math.max(Math.abs(p), larger)
    let w = (p / scale) * p + (larger / scale) * smaller
    if (w >= 4 * EPSILON) {
      w = p + signed(Math.sqrt(scale) * Math.sqrt(w), p)
      a = d + w
      d -= (larger / w) * smaller
      const tau = Math.hypot(c, w)
      cs = w / tau
      sn = c / tau
      b -= c
      c = 0
    } else {
      const sigma = b + c
      let tau = Math.hypot(sigma, difference)
      cs = Math.sqrt(0.5 * (1 + Math.abs(sigma) / tau))
      sn = -(p / (tau * cs)) * signed(1, sigma)
      const aa = a * cs + b * sn
      const bb = -a * sn + b * cs
      const cc = c * cs + d * sn
      const dd = -c * sn + d * cs
      a = aa * cs + cc * sn
      b = bb * cs + dd * sn
      c = -aa * sn + cc * cs
      d = -bb * sn + dd * cs
      difference = 0.5 * (a + d)
      a = difference
      d = difference
      if (c !== 0 && b !== 0 && signed(1, b) === signed(1, c)) {
        const sab = Math.sqrt(Math.abs(b))
        const sac = Math.sqrt(Math.abs(c))
        p = signed(sab * sac, c)
        tau = 1 / Math.sqrt(Math.abs(b + c))
        a = difference + p
        d = difference - p
        b -= c
        c = 0
        const x = cs * sab * tau - sn * sac * tau
        sn = cs * sac * tau + sn * sab * tau
        cs = x
      } else if (c !== 0 && b === 0) {
        b = -c
        c = 0
        const x = cs
        cs = -sn
        sn = x
      }
    }
  }
  data[k * n + k] = a
  data[(k + 1) * n + k] = b
  data[k * n + k + 1] = c
  data[(k + 1) * n + k + 1] = d
  for (let col = k + 2; col < n; col++) {
    const x = data[col * n + k]
    data[col * n + k] = cs * x + sn * data[col * n + k + 1]
    data[col * n + k + 1] = cs * data[col * n + k + 1] - sn * x
  }
  rotateTwoColumns(t, k, k, cs, sn)
  rotateTwoColumns(z, k, n, cs, sn)
}

/** Columns k and k + 1 of the first `to` rows. */
export function rotateTwoColumns({ data, rows: n }: Dense, k: number, to: number, c: number, s: number): void {
  for (let r = 0; r < to; r++) {
    const x = data[k * n + r]
    data[k * n + r] = c * x + s * data[(k + 1) * n + r]
    data[(k + 1) * n + r] = c * data[(k + 1) * n + r] - s * x
  }
}
