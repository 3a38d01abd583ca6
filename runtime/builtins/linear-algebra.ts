/** Inverse, linear systems, determinant, rank and norms of matrices. Nulls count as 0. */
import { inputError, usageError } from '../errors.ts'
import { type Dense, norm2 } from '../kernels/linalg/dense.ts'
import { decomposeLu, determinant, inverseLu, type LuDecomposition, solveLu } from '../kernels/linalg/lu.ts'
import { decomposeSvd, pseudoInverse, rankTolerance, type Svd } from '../kernels/linalg/svd.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isLiteral, isNumeric, NULL_I32 } from '../values/types.ts'
import { FixedVector, newVector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, intListArg, isGiven, numberArg, sizeError } from './args.ts'
import { denseArg, matrixValue, noConvergence, squareArg, vectorValue } from './dense-arg.ts'

const { entries, define } = topicTable('Linear algebra')
export const linearAlgebraBuiltins: readonly Builtin[] = entries

function regular(d: LuDecomposition): LuDecomposition {
  if (d.singular) throw inputError('The matrix is singular.', { code: 'singularMatrix' })
  return d
}

function svdOf(name: string, m: Dense): Svd {
  const d = decomposeSvd(m)
  if (d === undefined) throw noConvergence(name)
  return d
}

define('inverse(X)', {
  doc: 'Inverse of a square matrix; a singular one is an error.',
  aliases: ['inv'],
  call: ([x]) => matrixValue(inverseLu(regular(decomposeLu(squareArg(x, 'inverse(X)', 'X'))))),
})
define('solve(X, Y)', {
  doc: 'The b for which X ** b = Y.',
  call: ([x, y]) => {
    const m = squareArg(x, 'solve(X, Y)', 'X')
    const b = denseArg(y, 'solve(X, Y)', 'Y')
    if (b.rows !== m.rows) throw sizeError()
    const out = solveLu(regular(decomposeLu(m)), b)
    return y?.kind === 'vector' ? vectorValue(out.data) : matrixValue(out)
  },
})
define('det(X)', {
  doc: 'Determinant of a square matrix, DOUBLE; nulls count as 0.',
  call: ([x]) => Scalar.double(determinant(decomposeLu(squareArg(x, 'det(X)', 'X')))),
})

define('pinverse(X)', {
  aliases: ['pinv'],
  doc: 'Moore-Penrose inverse of a matrix of any shape, by singular values; those below max(rows, cols) * 2^-52 times the largest count as 0.',
  call: ([x]) => {
    const m = denseArg(x, 'pinverse(X)', 'X')
    if (m.data.length === 0) throw usageError('pinverse(X)', 'X must not be empty.')
    return matrixValue(pseudoInverse(svdOf('pinverse', m)))
  },
})

const usageRank = 'matrixRank(A, [tol], [hermitian=false])'
define(usageRank, {
  doc: 'Rank of a matrix, INT: how many singular values are greater than tol, by default max(rows, cols) * 2^-52 times the largest. A vector has rank 1 unless all its elements are 0. hermitian says that A is symmetric; the result is the same.',
  call: ([a, tol]) => {
    const m = denseArg(a, usageRank, 'A')
    if (a?.kind === 'vector') return Scalar.int(m.data.some((x) => x !== 0) ? 1 : 0)
    if (m.data.length === 0) throw usageError(usageRank, 'A must not be empty.')
    const d = svdOf('matrixRank', m)
    const limit = isGiven(tol) ? numberArg(tol, usageRank, 'tol') : rankTolerance(d)
    return Scalar.int(d.s.reduce((n, s) => (s > limit ? n + 1 : n), 0))
  },
})

// Norms.

const usageNorm = 'vectorNorm(x, [ord], [axis], [keepDims=false])'

type Order = number | 'nuc' | 'fro' | undefined

function orderArg(v: Arg): Order {
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return undefined
  if (v.kind === 'scalar' && isLiteral(v.type)) {
    if (v.value === 'inf') return Number.POSITIVE_INFINITY
    if (v.value === '-inf') return Number.NEGATIVE_INFINITY
    if (v.value === 'nuc' || v.value === 'fro') return v.value
    throw usageError(usageNorm, "ord must be a number, 'inf', '-inf', 'nuc' or 'fro'.")
  }
  return numberArg(v, usageNorm, 'ord')
}

function normOfVector(x: Float64Array, order: Order): number {
  if (order === undefined || order === 2) return norm2(x)
  if (typeof order === 'string') throw usageError(usageNorm, `ord '${order}' needs a matrix.`)
  if (order === 0) return x.reduce((n, e) => (e !== 0 ? n + 1 : n), 0)
  if (order === Number.POSITIVE_INFINITY) return x.reduce((m, e) => Math.max(m, Math.abs(e)), 0)
  if (order === Number.NEGATIVE_INFINITY) return x.reduce((m, e) => Math.min(m, Math.abs(e)), Number.POSITIVE_INFINITY)
  if (order === 1) return x.reduce((s, e) => s + Math.abs(e), 0)
  return x.reduce((s, e) => s + Math.abs(e) ** order, 0) ** (1 / order)
}

const columnOf = (m: Dense, c: number): Float64Array => m.data.subarray(c * m.rows, (c + 1) * m.rows)
const rowOf = (m: Dense, r: number): Float64Array =>
  Float64Array.from({ length: m.cols }, (_, c) => m.data[c * m.rows + r])

function normOfMatrix(m: Dense, order: Order): number {
  const sums = (byColumn: boolean): number[] =>
    Array.from({ length: byColumn ? m.cols : m.rows }, (_, k) =>
      normOfVector(byColumn ? columnOf(m, k) : rowOf(m, k), 1),
    )
  switch (order) {
    case undefined:
    case 'fro':
      return norm2(m.data)
    case 1:
      return Math.max(...sums(true))
    case -1:
      return Math.min(...sums(true))
    case Number.POSITIVE_INFINITY:
      return Math.max(...sums(false))
    case Number.NEGATIVE_INFINITY:
      return Math.min(...sums(false))
    case 2:
      return svdOf('vectorNorm', m).s[0]
    case -2:
      return svdOf('vectorNorm', m).s.at(-1)!
    case 'nuc':
      return svdOf('vectorNorm', m).s.reduce((a, b) => a + b, 0)
    default:
      throw usageError(usageNorm, "ord of a matrix must be 1, -1, 2, -2, 'inf', '-inf', 'fro' or 'nuc'.")
  }
}

/** A vector norm of each column (axis 0) or row (axis 1). */
function normsAlong(m: Dense, axis: number, order: Order, keep: boolean): Value {
  if (axis !== 0 && axis !== 1) throw usageError(usageNorm, 'axis must be 0 or 1, or both.')
  const count = axis === 0 ? m.cols : m.rows
  const norms = Float64Array.from({ length: count }, (_, k) =>
    normOfVector(axis === 0 ? columnOf(m, k) : rowOf(m, k), order),
  )
  if (!keep) return vectorValue(norms)
  return axis === 0
    ? matrixValue({ data: norms, rows: 1, cols: count })
    : matrixValue({ data: norms, rows: count, cols: 1 })
}

define(usageNorm, {
  doc: "Norm of a vector or matrix, DOUBLE. Of a vector: 2 (default) is its length, 0 counts elements other than 0, 'inf' and '-inf' are the largest and smallest absolute value, any other p is sum(abs(x)^p)^(1/p). Of a matrix: Frobenius (default, 'fro'), 1 and -1 the largest and smallest column sum of absolute values, 'inf' and '-inf' of row sums, 2 and -2 the largest and smallest singular value, 'nuc' their sum. axis 0 or 1 gives the vector norm of each column or row, keepDims then keeps a matrix. Nulls count as 0.",
  call: ([x, ord, axis, keepDims]) => {
    const m = denseArg(x, usageNorm, 'x')
    if (m.data.length === 0) throw usageError(usageNorm, 'x must not be empty.')
    const order = orderArg(ord)
    const keep = boolArg(keepDims, usageNorm, 'keepDims', false)
    if (isGiven(axis)) {
      const axes = intListArg(axis, usageNorm, 'axis')
      if (axes.length === 1) {
        if (x?.kind === 'matrix') return normsAlong(m, axes[0], order, keep)
        if (axes[0] !== 0) throw usageError(usageNorm, 'axis of a vector must be 0.')
      } else if (axes.length !== 2 || x?.kind !== 'matrix' || axes.slice().sort().join() !== '0,1')
        throw usageError(usageNorm, 'axis must be 0 or 1, or both for a matrix.')
    }
    const norm = x?.kind === 'matrix' ? normOfMatrix(m, order) : normOfVector(m.data, order)
    if (!keep) return Scalar.double(norm)
    const one = Float64Array.of(norm)
    return x?.kind === 'matrix' ? matrixValue({ data: one, rows: 1, cols: 1 }) : vectorValue(one)
  },
})

// Triangular parts keep the type.

for (const name of ['tril', 'triu'] as const) {
  const usage = `${name}(X, [k=0])`
  define(usage, {
    doc: `The elements of a matrix on and ${name === 'tril' ? 'below' : 'above'} diagonal k, the rest 0, in the type of X. Diagonal 0 is the main one, positive ones lie above it, negative ones below.`,
    call: ([x, k]) => {
      if (x?.kind !== 'matrix' || !isNumeric(x.type)) throw usageError(usage, 'X must be a numeric matrix.')
      const diagonal = intArg(k, usage, 'k', 0)
      const { rows, cols } = x
      const kept = (at: number): boolean => {
        const distance = Math.floor(at / rows) - (at % rows)
        return name === 'tril' ? distance <= diagonal : distance >= diagonal
      }
      const out = x.data.gather(Int32Array.from({ length: rows * cols }, (_, at) => (kept(at) ? at : NULL_I32)))
      if (out instanceof FixedVector) {
        const zero = (newVector(x.type, 1) as FixedVector).data[0]
        for (let at = 0; at < out.length; at++) if (!kept(at)) out.data[at] = zero as never
      }
      return new Matrix(out, rows, cols, x.rowLabels, x.colLabels)
    },
  })
}
