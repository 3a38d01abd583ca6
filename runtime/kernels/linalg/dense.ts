/** Dense matrices of doubles, column-major: element (r, c) is data[c * rows + r]. The algorithms of this folder work on them. */
import { checkInterrupt } from '../../interrupt.ts'

export interface Dense {
  readonly data: Float64Array
  readonly rows: number
  readonly cols: number
}

export const EPSILON = 2 ** -52

export const zeros = (rows: number, cols: number): Dense => ({ data: new Float64Array(rows * cols), rows, cols })

export const copyOf = (m: Dense): Dense => ({ data: m.data.slice(), rows: m.rows, cols: m.cols })

export function identity(n: number): Dense {
  const out = zeros(n, n)
  for (let k = 0; k < n; k++) out.data[k * n + k] = 1
  return out
}

export function transpose(m: Dense): Dense {
  const out = zeros(m.cols, m.rows)
  for (let c = 0; c < m.cols; c++) for (let r = 0; r < m.rows; r++) out.data[r * m.cols + c] = m.data[c * m.rows + r]
  return out
}

/** a ** b. */
export function multiply(a: Dense, b: Dense): Dense {
  const out = zeros(a.rows, b.cols)
  for (let c = 0; c < b.cols; c++) {
    checkInterrupt()
    for (let k = 0; k < a.cols; k++) {
      const factor = b.data[c * b.rows + k]
      if (factor === 0) continue
      for (let r = 0; r < a.rows; r++) out.data[c * a.rows + r] += a.data[k * a.rows + r] * factor
    }
  }
  return out
}

/** The first `cols` columns. */
export const leftColumns = (m: Dense, cols: number): Dense => ({
  data: m.data.slice(0, cols * m.rows),
  rows: m.rows,
  cols,
})

/** The first `rows` rows. */
export function topRows(m: Dense, rows: number): Dense {
  const out = zeros(rows, m.cols)
  for (let c = 0; c < m.cols; c++) for (let r = 0; r < rows; r++) out.data[c * rows + r] = m.data[c * m.rows + r]
  return out
}

/** The part on and above (below) diagonal `k`, the rest 0. Diagonal 0 is the main one, positive ones lie above it. */
export function triangle(m: Dense, part: 'upper' | 'lower', k = 0): Dense {
  const out = zeros(m.rows, m.cols)
  for (let c = 0; c < m.cols; c++)
    for (let r = 0; r < m.rows; r++)
      if (part === 'upper' ? c - r >= k : c - r <= k) out.data[c * m.rows + r] = m.data[c * m.rows + r]
  return out
}

/** Length of a vector without overflow: scaled sum of squares. */
export function norm2(x: Float64Array, from = 0, to: number = x.length): number {
  let scale = 0
  let sum = 1
  for (let k = from; k < to; k++) {
    const a = Math.abs(x[k])
    if (a === 0) continue
    if (scale < a) {
      sum = 1 + sum * (scale / a) ** 2
      scale = a
    } else sum += (a / scale) ** 2
  }
  return scale * Math.sqrt(sum)
}
