/** Cholesky decomposition of a symmetric positive definite matrix: A = L ** L'. Only the lower triangle is read. */
import { type Dense, zeros } from './dense.ts'

/** L, or undefined if the matrix is not positive definite. */
export function choleskyFactor(a: Dense): Dense | undefined {
  const n = a.rows
  const l = zeros(n, n)
  for (let c = 0; c < n; c++)
    for (let r = c; r < n; r++) {
      let sum = a.data[c * n + r]
      for (let k = 0; k < c; k++) sum -= l.data[k * n + r] * l.data[k * n + c]
      if (r === c) {
        if (!(sum > 0)) return undefined
        l.data[c * n + c] = Math.sqrt(sum)
      } else l.data[c * n + r] = sum / l.data[c * n + c]
    }
  return l
}
