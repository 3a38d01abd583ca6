/** Decompositions of matrices into factors: LU, QR, singular values, eigenvalues, Schur, Cholesky. The algorithms are in kernels/linalg. */
import { inputError, usageError } from '../errors.ts'
import { choleskyFactor } from '../kernels/linalg/cholesky.ts'
import { type Dense, multiply, transpose } from '../kernels/linalg/dense.ts'
import { decomposeQr, qOf, rOf } from '../kernels/linalg/householder.ts'
import { decomposeLu, luFactors } from '../kernels/linalg/lu.ts'
import { decomposeSchur } from '../kernels/linalg/real-schur.ts'
import { type EigenvalueTest, orderSchur } from '../kernels/linalg/schur-order.ts'
import { decomposeSvd, thin } from '../kernels/linalg/svd.ts'
import { symmetricEigen } from '../kernels/linalg/symmetric-eigen.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import { AnyVector, FixedVector } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, textArg } from './args.ts'
import { cleaned, matrixArg, matrixValue, noConvergence, squareArg, vectorValue } from './dense-arg.ts'

const { entries, define } = topicTable('Linear algebra')
export const decompositionBuiltins: readonly Builtin[] = entries

function filled(m: Dense, usage: string): Dense {
  if (m.data.length === 0) throw usageError(usage, 'obj must not be empty.')
  return m
}

const usageLu = 'lu(obj, [permute=false])'
define(usageLu, {
  doc: "LU decomposition with partial pivoting, in the order in which the documentation's samples unpack it: `P, L, U = lu(A)` with P ** A = L ** U, P a permutation, L lower triangular with 1 on its diagonal, U upper triangular; with permute `L, U = lu(A, true)` with A = L ** U, the rows of L permuted. obj may have any shape and must not contain nulls.",
  call: ([obj, permute]) => {
    const m = filled(matrixArg(obj, usageLu, 'obj', 'refused'), usageLu)
    const { l, u, p } = luFactors(decomposeLu(m))
    if (boolArg(permute, usageLu, 'permute', false))
      return new AnyVector([matrixValue(multiply(transpose(p), l)), matrixValue(u)])
    return new AnyVector([matrixValue(p), matrixValue(l), matrixValue(u)])
  },
})

const usageQr = "qr(obj, [mode='full'], [pivoting=false])"
define(usageQr, {
  doc: 'QR decomposition obj = Q ** R by Householder reflections. mode full: (Q, R) with Q rows x rows; economic: Q rows x k, R k x cols with k = min(rows, cols); r: R alone; raw: (the packed reflections, their factors, R). pivoting adds the order of the columns, so that obj[order] = Q ** R and the diagonal of R falls in size. Nulls count as 0.',
  call: ([obj, modeArg, pivoting]) => {
    const m = filled(matrixArg(obj, usageQr, 'obj'), usageQr)
    const mode = textArg(modeArg, usageQr, 'mode', 'full')
    if (!['full', 'economic', 'r', 'raw'].includes(mode))
      throw usageError(usageQr, "mode must be 'full', 'economic', 'r' or 'raw'.")
    const pivots = boolArg(pivoting, usageQr, 'pivoting', false)
    const d = decomposeQr(m, pivots)
    const height = mode === 'full' || mode === 'r' ? m.rows : Math.min(m.rows, m.cols)
    const out: Value[] = []
    if (mode === 'raw') out.push(matrixValue(d.packed), vectorValue(d.tau))
    else if (mode !== 'r') out.push(matrixValue(cleaned(qOf(d, height))))
    out.push(matrixValue(rOf(d, height)))
    if (pivots) out.push(new FixedVector(T.INT, d.order as Int32Array<ArrayBuffer>))
    return out.length === 1 ? out[0] : new AnyVector(out)
  },
})

const usageSvd = 'svd(obj, [fullMatrices=true], [computeUV=true])'
define(usageSvd, {
  doc: 'Singular value decomposition (U, s, V) with obj = U ** diag(s) ** V: the left singular vectors are the columns of U, the right ones the rows of V, s falls. fullMatrices=false leaves out the vectors beyond min(rows, cols); computeUV=false gives s alone. Householder bidiagonal form and implicit QR (Golub and Kahan; Demmel and Kahan). Nulls count as 0.',
  call: ([obj, fullMatrices, computeUV]) => {
    const m = filled(matrixArg(obj, usageSvd, 'obj'), usageSvd)
    const full = decomposeSvd(m)
    if (full === undefined) throw noConvergence('svd')
    if (!boolArg(computeUV, usageSvd, 'computeUV', true)) return vectorValue(full.s)
    const d = boolArg(fullMatrices, usageSvd, 'fullMatrices', true) ? full : thin(full)
    return new AnyVector([matrixValue(cleaned(d.u)), vectorValue(d.s), matrixValue(cleaned(d.vt))])
  },
})

define('eig(A)', {
  doc: 'Eigenvalues and eigenvectors of a symmetric matrix, of which only the lower triangle is read: a dictionary with vectors (one of length 1 in each column) and values. Cyclic Jacobi method. Nulls count as 0.',
  call: ([a]) => {
    const usage = 'eig(A)'
    const m = filled(squareArg(a, usage, 'A'), usage)
    const d = symmetricEigen(m)
    if (d === undefined) throw noConvergence('eig')
    return new Dict(
      T.STRING,
      T.ANY,
      new Map<string, Value>([
        ['vectors', matrixValue(cleaned(d.vectors))],
        ['values', vectorValue(d.values)],
      ]),
    )
  },
})

const EIGENVALUE_TESTS: Readonly<Record<string, EigenvalueTest>> = {
  lhp: (real) => real < 0,
  rhp: (real) => real >= 0,
  iuc: (real, imaginary) => Math.hypot(real, imaginary) <= 1,
  ouc: (real, imaginary) => Math.hypot(real, imaginary) > 1,
}

const usageSchur = 'schur(obj, [sort])'
define(usageSchur, {
  doc: "Real Schur decomposition (T, Z) of a square matrix with obj = Z ** T ** transpose(Z): T is upper triangular but for 2 x 2 blocks of complex pairs. sort moves eigenvalues to the upper left and adds their number: 'lhp' those with a negative real part, 'rhp' the others, 'iuc' those of absolute value up to 1, 'ouc' those above. Nulls count as 0.",
  call: ([obj, sort]) => {
    const d = decomposeSchur(filled(squareArg(obj, usageSchur, 'obj'), usageSchur))
    if (d === undefined) throw noConvergence('schur')
    const out: Value[] = [matrixValue(d.t), matrixValue(d.z)]
    if (isGiven(sort)) {
      const test = EIGENVALUE_TESTS[textArg(sort, usageSchur, 'sort')]
      if (test === undefined) throw usageError(usageSchur, "sort must be 'lhp', 'rhp', 'iuc' or 'ouc'.")
      out.push(Scalar.int(orderSchur(d, test)))
    }
    return new AnyVector(out)
  },
})

const usageCholesky = 'cholesky(obj, [lower=true])'
define(usageCholesky, {
  doc: 'Cholesky factor of a symmetric positive definite matrix: L with obj = L ** transpose(L), or with lower=false its transpose. Only one triangle is read; a matrix that is not positive definite is an error.',
  call: ([obj, lower]: readonly Arg[]) => {
    const m = filled(squareArg(obj, usageCholesky, 'obj', 'refused'), usageCholesky)
    const isLower = boolArg(lower, usageCholesky, 'lower', true)
    const l = choleskyFactor(isLower ? m : transpose(m))
    if (l === undefined)
      throw inputError('The function cholesky needs a positive definite matrix.', { code: 'notPositiveDefinite' })
    return matrixValue(isLower ? l : transpose(l))
  },
})
