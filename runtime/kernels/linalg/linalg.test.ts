import { describe, expect, it } from 'vitest'
import fc from '../../../test/properties.ts'
import { choleskyFactor } from './cholesky.ts'
import { type Dense, identity, multiply, transpose } from './dense.ts'
import { decomposeQr, qOf, rOf } from './householder.ts'
import { decomposeLu, determinant, inverseLu, luFactors } from './lu.ts'
import { decomposeSchur } from './real-schur.ts'
import { orderSchur } from './schur-order.ts'
import { decomposeSvd, pseudoInverse } from './svd.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

/** Matrices up to 9 x 9; half of them with few different whole numbers, so that they are singular now and then. */
const matrix = (square: boolean): fc.Arbitrary<Dense> =>
  fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.boolean())
    .chain(([rows, other, whole]) => {
      const cols = square ? rows : other
      const element = whole ? fc.integer({ min: -2, max: 2 }) : fc.double({ min: -1e3, max: 1e3, noNaN: true })
      return fc
        .array(element, { minLength: rows * cols, maxLength: rows * cols })
        .map((x) => ({ data: Float64Array.from(x), rows, cols }))
    })

function expectClose(a: Dense, b: Dense, tolerance = 1e-9): void {
  const scale = Math.max(1, ...a.data.map(Math.abs), ...b.data.map(Math.abs))
  expect([a.rows, a.cols]).toEqual([b.rows, b.cols])
  let worst = 0
  for (let k = 0; k < a.data.length; k++) worst = Math.max(worst, Math.abs(a.data[k] - b.data[k]))
  expect(worst).toBeLessThan(tolerance * scale)
}

const diagonal = (s: Float64Array, rows: number, cols: number): Dense => ({
  data: Float64Array.from({ length: rows * cols }, (_, k) => {
    const r = k % rows
    return r === Math.floor(k / rows) ? s[r] : 0
  }),
  rows,
  cols,
})

const symmetric = (m: Dense): Dense => multiply(transpose(m), m)

describe('decompositions give their matrix back', () => {
  it('LU: P ** A = L ** U, L with 1 on the diagonal and nothing larger below', () =>
    fc.assert(
      fc.property(matrix(false), (a) => {
        const { l, u, p } = luFactors(decomposeLu(a))
        expectClose(multiply(p, a), multiply(l, u))
        expect(Math.max(...l.data.map(Math.abs))).toBe(1)
      }),
    ))

  it('QR: A = Q ** R with orthogonal Q; pivoting makes the diagonal of R fall', () =>
    fc.assert(
      fc.property(matrix(false), fc.boolean(), (a, pivoting) => {
        const d = decomposeQr(a, pivoting)
        const q = qOf(d, a.rows)
        const r = rOf(d, a.rows)
        expectClose(multiply(transpose(q), q), identity(a.rows))
        const columns: number[] = []
        for (const c of d.order) columns.push(...a.data.subarray(c * a.rows, (c + 1) * a.rows))
        expectClose(multiply(q, r), { data: Float64Array.from(columns), rows: a.rows, cols: a.cols })
        if (!pivoting) return
        for (let k = 1; k < Math.min(a.rows, a.cols); k++)
          expect(Math.abs(r.data[k * a.rows + k])).toBeLessThanOrEqual(
            Math.abs(r.data[(k - 1) * a.rows + k - 1]) * (1 + 1e-10) + 1e-9,
          )
      }),
    ))

  it('SVD: A = U ** S ** VT with orthogonal U and VT and falling values', () =>
    fc.assert(
      fc.property(matrix(false), (a) => {
        const { u, s, vt } = decomposeSvd(a)!
        expectClose(multiply(transpose(u), u), identity(a.rows))
        expectClose(multiply(vt, transpose(vt)), identity(a.cols))
        expectClose(multiply(multiply(u, diagonal(s, a.rows, a.cols)), vt), a)
        expect([...s]).toEqual([...s].sort((x, y) => y - x))
        expect(s.every((x) => x >= 0)).toBe(true)
      }),
    ))

  it('Schur: A = Z ** T ** Z, also after the eigenvalues are sorted', () =>
    fc.assert(
      fc.property(matrix(true), (a) => {
        const d = decomposeSchur(a)!
        const check = (): void => {
          expectClose(multiply(multiply(d.z, d.t), transpose(d.z)), a, 1e-8)
          expectClose(multiply(d.z, transpose(d.z)), identity(a.rows))
          for (let c = 0; c < a.cols; c++) for (let r = c + 2; r < a.rows; r++) expect(d.t.data[c * a.rows + r]).toBe(0)
        }
        check()
        orderSchur(d, (real) => real < 0)
        check()
      }),
    ))

  it('eigenvalues: A ** V = V ** diag(values) with orthogonal V', () =>
    fc.assert(
      fc.property(matrix(true), (m) => {
        const a = symmetric(m)
        const { values, vectors } = symmetricEigen(a)!
        expectClose(multiply(a, vectors), multiply(vectors, diagonal(values, a.rows, a.rows)))
        expectClose(multiply(transpose(vectors), vectors), identity(a.rows))
      }),
    ))

  it('Cholesky: A = L ** L for a positive definite matrix, nothing for one that is not', () =>
    fc.assert(
      fc.property(matrix(true), (m) => {
        const a = symmetric(m)
        for (let k = 0; k < a.rows; k++) a.data[k * a.rows + k] += 1
        const l = choleskyFactor(a)!
        expectClose(multiply(l, transpose(l)), a)
        a.data[0] = -1
        expect(choleskyFactor(a)).toBeUndefined()
      }),
    ))

  it('pseudo inverse: A ** P ** A = A', () =>
    fc.assert(
      fc.property(matrix(false), (a) => {
        // What is much smaller than the largest singular value would only bring its rounding errors back, enlarged.
        const svd = decomposeSvd(a)!
        // The inverse of the smallest numbers that there are is no number.
        fc.pre(svd.s[0] === 0 || svd.s[0] > 1e-300)
        expectClose(multiply(multiply(a, pseudoInverse(svd, svd.s[0] * 5e-8)), a), a, 1e-5)
      }),
    ))
})

describe('known values', () => {
  it('inverse and determinant of the Hilbert matrix of order 4', () => {
    const hilbert: Dense = {
      data: Float64Array.from({ length: 16 }, (_, k) => 1 / ((k % 4) + Math.floor(k / 4) + 1)),
      rows: 4,
      cols: 4,
    }
    const d = decomposeLu(hilbert)
    expect(determinant(d) * 6048000).toBeCloseTo(1, 8)
    expect([...inverseLu(d).data].map(Math.round)).toEqual([
      16, -120, 240, -140, -120, 1200, -2700, 1680, 240, -2700, 6480, -4200, -140, 1680, -4200, 2800,
    ])
  })

  it('singular values of a badly scaled bidiagonal matrix keep their relative precision', () => {
    const a: Dense = { data: Float64Array.of(1, 0, 0, 1e-10, 1e-12, 0, 0, 1e-3, 1e-20), rows: 3, cols: 3 }
    const { s } = decomposeSvd(a)!
    // The product is the determinant.
    expect((s[0] * s[1] * s[2]) / 1e-32).toBeCloseTo(1, 9)
  })
})
