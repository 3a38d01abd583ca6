/** Inverse, linear systems and determinant, by LU decomposition with partial pivoting. Nulls count as 0. */
import { inputError, usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { type Arg, sizeError } from './args.ts'
import { toDoubles } from './columns.ts'

const { entries, define } = topicTable('Linear algebra')
export const linearAlgebraBuiltins: readonly Builtin[] = entries

/** A column-major matrix of doubles. */
interface Dense {
  readonly data: Float64Array
  readonly rows: number
  readonly cols: number
}

function dense(x: Arg, signature: string): Dense {
  if (x?.kind === 'matrix') return { data: zeroed(toDoubles(x.data, signature)), rows: x.rows, cols: x.cols }
  if (x?.kind === 'vector') return { data: zeroed(toDoubles(x, signature)), rows: x.length, cols: 1 }
  throw usageError(signature, 'X must be a numeric matrix.')
}

function zeroed(x: Float64Array): Float64Array {
  for (let k = 0; k < x.length; k++) if (Number.isNaN(x[k])) x[k] = 0
  return x
}

function square(x: Arg, signature: string): Dense {
  const m = dense(x, signature)
  if (m.rows !== m.cols) throw usageError(signature, 'X must be a square matrix.')
  return m
}

const doubleMatrix = (data: Float64Array, rows: number, cols: number): Matrix =>
  new Matrix(new FixedVector(T.DOUBLE, data), rows, cols)

interface Decomposition {
  readonly lu: Float64Array
  readonly order: Int32Array
  /** 1 or -1 by the number of row exchanges; 0 if the matrix is singular. */
  readonly sign: number
}

function decompose(m: Dense): Decomposition {
  const n = m.rows
  const lu = m.data.slice()
  const order = Int32Array.from({ length: n }, (_, k) => k)
  let sign = 1
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let r = k + 1; r < n; r++) if (Math.abs(lu[k * n + r]) > Math.abs(lu[k * n + pivot])) pivot = r
    if (lu[k * n + pivot] === 0) return { lu, order, sign: 0 }
    if (pivot !== k) {
      for (let c = 0; c < n; c++) [lu[c * n + k], lu[c * n + pivot]] = [lu[c * n + pivot], lu[c * n + k]]
      ;[order[k], order[pivot]] = [order[pivot], order[k]]
      sign = -sign
    }
    for (let r = k + 1; r < n; r++) {
      const factor = lu[k * n + r] / lu[k * n + k]
      lu[k * n + r] = factor
      if (factor !== 0) for (let c = k + 1; c < n; c++) lu[c * n + r] -= factor * lu[c * n + k]
    }
  }
  return { lu, order, sign }
}

function solveColumns(d: Decomposition, n: number, b: Dense): Float64Array {
  if (d.sign === 0) throw inputError('The matrix is singular.', { code: 'singularMatrix' })
  const out = new Float64Array(n * b.cols)
  for (let c = 0; c < b.cols; c++) {
    const x = out.subarray(c * n, (c + 1) * n)
    for (let r = 0; r < n; r++) {
      let sum = b.data[c * n + d.order[r]]
      for (let k = 0; k < r; k++) sum -= d.lu[k * n + r] * x[k]
      x[r] = sum
    }
    for (let r = n - 1; r >= 0; r--) {
      let sum = x[r]
      for (let k = r + 1; k < n; k++) sum -= d.lu[k * n + r] * x[k]
      x[r] = sum / d.lu[r * n + r]
    }
  }
  return out
}

define('inverse(X)', {
  doc: 'Inverse of a square matrix; a singular one is an error.',
  aliases: ['inv'],
  call: ([x]) => {
    const m = square(x, 'inverse(X)')
    const identity = new Float64Array(m.rows * m.rows)
    for (let k = 0; k < m.rows; k++) identity[k * m.rows + k] = 1
    return doubleMatrix(
      solveColumns(decompose(m), m.rows, { data: identity, rows: m.rows, cols: m.rows }),
      m.rows,
      m.rows,
    )
  },
})
define('solve(X, Y)', {
  doc: 'The b for which X ** b = Y.',
  call: ([x, y]) => {
    const m = square(x, 'solve(X, Y)')
    const b = dense(y, 'solve(X, Y)')
    if (b.rows !== m.rows) throw sizeError()
    const out = solveColumns(decompose(m), m.rows, b)
    return y?.kind === 'vector' ? new FixedVector(T.DOUBLE, out) : doubleMatrix(out, m.rows, b.cols)
  },
})
define('det(X)', {
  doc: 'Determinant of a square matrix.',
  call: ([x]) => {
    const m = square(x, 'det(X)')
    const d = decompose(m)
    let product = d.sign
    for (let k = 0; k < m.rows; k++) product *= d.sign === 0 ? 0 : d.lu[k * m.rows + k]
    return Scalar.double(product)
  },
})
