import { describe, expect, it } from 'vitest'
import fc from '../../../test/properties.ts'
import { findMinimum, findRoot } from './brent.ts'
import { DISTRIBUTIONS, fUpper, kolmogorov } from './distributions.ts'
import { incompleteBeta, incompleteGamma, logGamma } from './gamma.ts'
import { leastSquares } from './least-squares.ts'
import { normalCdf, normalQuantile } from './normal.ts'
import { integrate } from './quadrature.ts'
import { averageRanks, kendallTau } from './rank-correlation.ts'
import { shapiroWilk } from './shapiro-wilk.ts'

const near = (a: number, b: number, relative = 1e-12): void =>
  expect(Math.abs(a - b)).toBeLessThanOrEqual(relative * Math.max(Math.abs(b), 1e-300))

describe('gamma and beta functions', () => {
  it.each([
    [0.5, 0.5723649429247001],
    [1, 0],
    [10, 12.801827480081469],
    [1e6, 12815504.569147611],
  ])('logGamma(%d)', (x, expected) => {
    expect(Math.abs(logGamma(x) - expected)).toBeLessThanOrEqual(1e-14 * Math.max(1, Math.abs(expected)))
  })

  it('the incomplete gamma function of whole numbers is a Poisson sum, the beta function a binomial sum', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.double({ min: 0.01, max: 40, noNaN: true }), (n, x) => {
        let term = Math.exp(-x)
        let sum = 0
        for (let k = 0; k < n; k++) {
          sum += term
          term *= x / (k + 1)
        }
        near(incompleteGamma(n, x).upper, sum, 1e-10)
        const p = x / 41
        let tail = 0
        for (let k = n; k <= 25; k++)
          tail += Math.exp(
            logGamma(26) - logGamma(k + 1) - logGamma(26 - k) + k * Math.log(p) + (25 - k) * Math.log1p(-p),
          )
        near(incompleteBeta(n, 26 - n, p).lower, tail, 1e-9)
      }),
    ))
})

describe('distributions', () => {
  it.each([
    [-10, 7.61985302416053e-24],
    [-1.959963984540054, 0.025],
    [0, 0.5],
    [6, 0.9999999990134123],
  ])('normal probability of %d, and back', (z, p) => {
    near(normalCdf(z), p)
    if (z < 5) expect(Math.abs(normalQuantile(p) - z)).toBeLessThan(1e-9)
  })

  it.each([
    ['Student', [5], 0.975, 2.5705818356363155],
    ['ChiSquare', [7], 0.3, 4.671330448981069],
    ['F', [3, 20], 0.99, 4.938193382310539],
    ['Gamma', [2.5, 3], 0.5, 6.52719028664329],
    ['Beta', [2, 5], 0.1, 0.09259525891312889],
    ['Poisson', [4.2], 0.999, 12],
    ['Binomial', [50, 0.3], 0.01, 8],
  ] as const)('quantile of %s%j at %d', (name, p, q, expected) => {
    near(DISTRIBUTIONS[name].quantile!(p, q), expected, 1e-10)
  })

  it('a quantile gives its probability back, also far out', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('Student', 'ChiSquare', 'Gamma', 'Weibull', 'Logistic', 'Exp'),
        fc.double({ min: 1e-12, max: 0.5, noNaN: true }),
        fc.double({ min: 0.3, max: 60, noNaN: true }),
        (name, q, a) => {
          const d = DISTRIBUTIONS[name]
          const p = d.params.length === 1 ? [a] : [a, 2]
          near(d.cdf(p, d.quantile!(p, q)), q, 1e-8)
        },
      ),
    ))

  it('Kolmogorov: both forms meet where one takes over, tails as in the tables', () => {
    expect(Math.abs(kolmogorov(1.1799999).lower - kolmogorov(1.1800001).lower)).toBeLessThan(1e-6)
    expect(kolmogorov(1.3580986393225507).upper).toBeCloseTo(0.05, 10)
    expect(fUpper(2, 10, 4.102821015104448)).toBeCloseTo(0.05, 10)
  })
})

describe('roots, minima, integrals', () => {
  it('finds them', () => {
    near(
      findRoot((x) => x ** 3 - 2, 0, 2),
      2 ** (1 / 3),
    )
    expect(findMinimum((x) => (x - 0.7) ** 2 + 1, -5, 5)).toBeCloseTo(0.7, 6)
  })

  it.each([
    ['a peak', (x: number) => 1 / (1e-4 + x * x), -1, 1, 312.1593320216463],
    [
      'a bell over the whole line',
      (x: number) => Math.exp(-x * x),
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      1.7724538509055159,
    ],
    ['a root at its end', (x: number) => Math.sqrt(x), 0, 1, 2 / 3],
  ])('%s', (_, f, a, b, expected) => {
    near(integrate(f, a, b), expected, 1e-8)
  })

  it('what has no integral gives NaN', () => {
    expect(integrate((x) => 1 / x, 1, Number.POSITIVE_INFINITY)).toBeNaN()
    expect(integrate(() => Number.NaN, 0, 1)).toBeNaN()
  })
})

describe('statistics', () => {
  it('least squares leave residuals at right angles to the factors, of full rank or not', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
          minLength: 3,
          maxLength: 20,
        }),
        fc.constantFrom('qr', 'svd'),
        (points, method) => {
          const y = Float64Array.from(points, ([a, b]) => a * b + 1)
          const columns = [
            new Float64Array(points.length).fill(1),
            Float64Array.from(points, ([a]) => a),
            Float64Array.from(points, ([, b]) => b),
          ]
          const fit = leastSquares(y, columns, undefined, { pseudo: true, method })!
          for (const column of columns) {
            let sum = 0
            for (let k = 0; k < y.length; k++) sum += column[k] * (y[k] - fit.fitted[k])
            expect(Math.abs(sum)).toBeLessThan(1e-8)
          }
        },
      ),
    ))

  it("Kendall's tau counts pairs", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), {
          minLength: 2,
          maxLength: 30,
        }),
        (points) => {
          let score = 0
          let x = 0
          let y = 0
          points.forEach(([a, b], i) => {
            for (const [c, d] of points.slice(i + 1)) {
              score += Math.sign(a - c) * Math.sign(b - d)
              x += Math.abs(Math.sign(a - c))
              y += Math.abs(Math.sign(b - d))
            }
          })
          const tau = kendallTau(
            Float64Array.from(points, ([a]) => a),
            Float64Array.from(points, ([, b]) => b),
          )
          if (x === 0 || y === 0) expect(Number.isFinite(tau)).toBe(false)
          else expect(tau).toBeCloseTo(score / Math.sqrt(x * y), 10)
        },
      ),
    ))

  it('equal values share their rank', () => {
    expect([...averageRanks(Float64Array.of(10, 20, 10, 30))]).toEqual([1.5, 3, 1.5, 4])
  })

  it('Shapiro-Wilk: the weights of men of Shapiro and Wilk (1965)', () => {
    const weights = Float64Array.of(148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236)
    const { w, p } = shapiroWilk(weights)!
    expect(w).toBeCloseTo(0.79, 2)
    expect(p).toBeCloseTo(0.0067, 3)
  })
})
