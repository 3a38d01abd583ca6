/**
 * A = Q ** B ** P' with B bidiagonal, by Householder reflections from both sides (Golub and Kahan, 1965). B is upper bidiagonal for a matrix
 * that is not wider than high, else lower.
 */
import { checkInterrupt } from '../../interrupt.ts'

import { copyOf, type Dense, identity } from './dense.ts'
import { applyLeft, reflect } from './householder.ts'

/** A reflection of rows `row`.. by the vector `v`, whose first element is taken as 1. */
interface Reflection {
  readonly row: number
  readonly v: Float64Array
  readonly tau: number
}

export interface Bidiagonal {
  readonly diagonal: Float64Array
  /** One element fewer. */
  readonly off: Float64Array
  readonly upper: boolean
  readonly q: Dense
  readonly p: Dense
}

export function bidiagonalize(matrix: Dense): Bidiagonal {
  const a = copyOf(matrix)
  const { rows, cols } = a
  const size = Math.min(rows, cols)
  const upper = rows >= cols
  const diagonal = new Float64Array(size)
  const off = new Float64Array(Math.max(0, size - 1))
  const left: Reflection[] = []
  const right: Reflection[] = []
  for (let k = 0; k < size; k++) {
    checkInterrupt()
    if (upper) {
      diagonal[k] = reflectColumn(a, k, k, k + 1, left)
      if (k + 1 < size) off[k] = reflectRow(a, k, k + 1, k + 1, right)
    } else {
      diagonal[k] = reflectRow(a, k, k, k + 1, right)
      if (k + 1 < size) off[k] = reflectColumn(a, k, k + 1, k + 1, left)
    }
  }
  return { diagonal, off, upper, q: product(left, rows), p: product(right, cols) }
}

/** Turns column c, rows `row`.., into one element, and applies the reflection to the columns `first`... */
function reflectColumn(a: Dense, c: number, row: number, first: number, done: Reflection[]): number {
  const v = a.data.slice(c * a.rows + row, (c + 1) * a.rows)
  const tau = reflect(v, 0, v.length)
  done.push({ row, v, tau })
  applyLeft(a, v, 0, v.length, tau, row, first)
  return v[0]
}

/** Turns row r, columns `col`.., into one element, and applies the reflection to the rows `first`... */
function reflectRow(a: Dense, r: number, col: number, first: number, done: Reflection[]): number {
  const v = Float64Array.from({ length: a.cols - col }, (_, k) => a.data[(col + k) * a.rows + r])
  const tau = reflect(v, 0, v.length)
  done.push({ row: col, v, tau })
  for (let row = first; tau !== 0 && row < a.rows; row++) {
    let sum = a.data[col * a.rows + row]
    for (let k = 1; k < v.length; k++) sum += v[k] * a.data[(col + k) * a.rows + row]
    sum *= tau
    a.data[col * a.rows + row] -= sum
    for (let k = 1; k < v.length; k++) a.data[(col + k) * a.rows + row] -= v[k] * sum
  }
  return v[0]
}

function product(reflections: readonly Reflection[], n: number): Dense {
  const out = identity(n)
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { row, v, tau } = reflections[k]
    applyLeft(out, v, 0, v.length, tau, row, Math.min(row, n))
  }
  return out
}
