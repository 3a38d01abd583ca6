/**
 * Eigenvalues and eigenvectors of a symmetric matrix by the cyclic Jacobi method (Rutishauser, 1966): plane rotations of at most 45 degrees until
 * nothing is left beside the diagonal. Small eigenvalues come out as precise as large ones. Value k is the one that diagonal element k turns into. Only the
 * lower triangle is read.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { copyOf, type Dense, identity } from './dense.ts'

export interface SymmetricEigen {
  readonly values: Float64Array
  /** One vector of length 1 in each column. */
  readonly vectors: Dense
}

const SWEEPS = 60

/** Undefined when the iteration does not converge. */
export function symmetricEigen(matrix: Dense): SymmetricEigen | undefined {
  const n = matrix.rows
  const { data: a } = copyOf(matrix)
  for (let c = 0; c < n; c++) for (let r = c + 1; r < n; r++) a[r * n + c] = a[c * n + r]
  const vectors = identity(n)
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let isDiagonal = true
    for (let p = 0; p < n; p++) {
      checkInterrupt()
      for (let q = p + 1; q < n; q++) {
        const off = a[q * n + p]
        // An element that no longer changes its diagonal counts as 0.
        const size = Math.abs(off) * 1e2
        if (
          Math.abs(a[p * n + p]) + size === Math.abs(a[p * n + p]) &&
          Math.abs(a[q * n + q]) + size === Math.abs(a[q * n + q])
        ) {
          a[q * n + p] = 0
          a[p * n + q] = 0
        } else if (off !== 0) {
          isDiagonal = false
          rotate(a, vectors.data, n, p, q)
        }
      }
    }
    if (isDiagonal) return { values: Float64Array.from({ length: n }, (_, k) => a[k * n + k]), vectors }
  }
  return undefined
}

/** The rotation of rows and columns p and q that makes element (p, q) 0. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const off = a[q * n + p]
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * off)
  const t = Math.abs(theta) > 1e150 ? 1 / (2 * theta) : (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  a[p * n + p] -= t * off
  a[q * n + q] += t * off
  a[q * n + p] = 0
  a[p * n + q] = 0
  for (let k = 0; k < n; k++) {
    if (k !== p && k !== q) {
      const x = a[p * n + k]
      const y = a[q * n + k]
      a[p * n + k] = c * x - s * y
      a[k * n + p] = a[p * n + k]
      a[q * n + k] = s * x + c * y
      a[k * n + q] = a[q * n + k]
    }
    const x = v[p * n + k]
    const y = v[q * n + k]
    v[p * n + k] = c * x - s * y
    v[q * n + k] = s * x + c * y
  }
}
