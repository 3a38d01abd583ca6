/** A = Q ** H ** Q' with H zero below the first diagonal under the main one, by Householder reflections. */
import { checkInterrupt } from '../../interrupt.ts'

import { copyOf, type Dense, identity } from './dense.ts'
import { applyLeft, reflect } from './householder.ts'

export function reduceToHessenberg(matrix: Dense): { readonly h: Dense; readonly q: Dense } {
  const h = copyOf(matrix)
  const n = h.rows
  const q = identity(n)
  const steps: { readonly row: number; readonly v: Float64Array; readonly tau: number }[] = []
  for (let k = 0; k + 2 < n; k++) {
    checkInterrupt()
    const v = h.data.slice(k * n + k + 1, (k + 1) * n)
    const tau = reflect(v, 0, v.length)
    steps.push({ row: k + 1, v, tau })
    h.data[k * n + k + 1] = v[0]
    h.data.fill(0, k * n + k + 2, (k + 1) * n)
    applyRight(h, v, tau, k + 1, n)
    applyLeft(h, v, 0, v.length, tau, k + 1, k + 1)
  }
  for (let k = steps.length - 1; k >= 0; k--)
    applyLeft(q, steps[k].v, 0, steps[k].v.length, steps[k].tau, steps[k].row, steps[k].row)
  return { h, q }
}

/** Applies the reflection to the columns `col`.. of the first `rows` rows. */
export function applyRight(m: Dense, v: Float64Array, tau: number, col: number, rows: number): void {
  if (tau === 0) return
  const n = m.rows
  for (let r = 0; r < rows; r++) {
    let sum = m.data[col * n + r]
    for (let k = 1; k < v.length; k++) sum += v[k] * m.data[(col + k) * n + r]
    sum *= tau
    m.data[col * n + r] -= sum
    for (let k = 1; k < v.length; k++) m.data[(col + k) * n + r] -= v[k] * sum
  }
}
