/**
 * Singular value decomposition A = U ** diag(s) ** VT: bidiagonal form, then implicit QR. A matrix much higher than wide is reduced to its R first.
 */
import { bidiagonalize } from './bidiagonal.ts'
import { rotateColumns, singularValues } from './bidiagonal-qr.ts'
import { type Dense, EPSILON, identity, leftColumns, multiply, topRows, transpose, zeros } from './dense.ts'
import { decomposeQr, qOf, rOf } from './householder.ts'
import { rotation } from './rotation.ts'

export interface Svd {
  /** rows x rows. */
  readonly u: Dense
  /** Falling, min(rows, cols) of them. */
  readonly s: Float64Array
  /** cols x cols. */
  readonly vt: Dense
}

/** Undefined when the iteration does not converge, which finite matrices do not let happen. */
export function decomposeSvd(a: Dense): Svd | undefined {
  const size = Math.min(a.rows, a.cols)
  const high = Math.trunc((size * 11) / 6)
  if (a.rows > a.cols && a.rows >= high) return throughR(a)
  if (a.cols > a.rows && a.cols >= high) {
    const d = throughR(transpose(a), true)
    return d && { u: transpose(d.vt), s: d.s, vt: transpose(d.u) }
  }
  const b = bidiagonalize(a)
  const u = identity(size)
  if (!b.upper) {
    // A lower bidiagonal matrix becomes an upper one by rotations from the left.
    for (let k = 0; k + 1 < size; k++) {
      const { c, s, r } = rotation(b.diagonal[k], b.off[k])
      b.diagonal[k] = r
      b.off[k] = s * b.diagonal[k + 1]
      b.diagonal[k + 1] *= c
      rotateColumns(u, k, c, s)
    }
  }
  const vt = identity(size)
  if (!singularValues(b.diagonal, b.off, u, vt)) return undefined
  return { u: multiply(b.q, padded(u, a.rows)), s: b.diagonal, vt: multiply(padded(vt, a.cols), transpose(b.p)) }
}

/** By A = Q ** R; `transposed` says that the caller works on the transposed matrix, whose R' is decomposed instead. */
function throughR(a: Dense, transposed = false): Svd | undefined {
  const qr = decomposeQr(a)
  const r = rOf(qr, a.cols)
  const d = decomposeSvd(transposed ? transpose(r) : r)
  if (d === undefined) return undefined
  const inner = transposed ? { u: transpose(d.vt), vt: transpose(d.u) } : d
  return { u: multiply(qOf(qr, a.rows), padded(inner.u, a.rows)), s: d.s, vt: inner.vt }
}

/** The matrix in the upper left corner of an identity. */
function padded(m: Dense, n: number): Dense {
  if (m.rows === n) return m
  const out = identity(n)
  for (let c = 0; c < m.cols; c++) for (let r = 0; r < m.rows; r++) out.data[c * n + r] = m.data[c * m.rows + r]
  return out
}

/** U and VT cut to min(rows, cols) columns and rows. */
export function thin(d: Svd): Svd {
  const k = d.s.length
  return { u: leftColumns(d.u, k), s: d.s, vt: topRows(d.vt, k) }
}

/** Singular values up to this count as 0. */
export const rankTolerance = (d: Svd): number =>
  (d.s.length === 0 ? 0 : d.s[0]) * Math.max(d.u.rows, d.vt.rows) * EPSILON

/** Moore-Penrose inverse: V ** diag(1/s) ** U', small singular values left out. */
export function pseudoInverse(full: Svd, tolerance: number = rankTolerance(full)): Dense {
  const { u, s, vt } = thin(full)
  const out = zeros(vt.cols, u.rows)
  for (let k = 0; k < s.length; k++) {
    if (!(s[k] > tolerance)) continue
    for (let c = 0; c < u.rows; c++) {
      const factor = u.data[k * u.rows + c] / s[k]
      if (factor === 0) continue
      for (let r = 0; r < vt.cols; r++) out.data[c * vt.cols + r] += vt.data[r * vt.rows + k] * factor
    }
  }
  return out
}
