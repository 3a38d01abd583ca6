import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { NULL_F64 } from '../values/types.ts'
import { runArithmetic } from './arithmetic.ts'
import { countAndSum } from './moments.ts'
import {
  WATCHED_STEP,
  watchedDifferences,
  watchedLoop,
  watchedMax,
  watchedMin,
  watchedProducts,
  watchedSquares,
  watchedSum,
} from './watched.ts'

const MAX = Number.MAX_VALUE
const special = fc.constantFrom(
  NULL_F64,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  MAX,
  MAX * 0.6,
)
const ordinary = fc.oneof(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.integer().map(Number), fc.constant(-0))
const mostlyOrdinary = fc.array(fc.oneof({ weight: 40, arbitrary: ordinary }, { weight: 1, arbitrary: special }), {
  minLength: 1,
  maxLength: 60,
})
const isOrdinary = (x: number): boolean => Number.isFinite(2 * x)
const wholeOf = (length: number): number => length - (length % WATCHED_STEP)

const OPERATORS: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  ratio: (x, y) => x / y,
}

describe('a loop that watches', () => {
  it.each(Object.keys(OPERATORS))('computes %s of ordinary numbers, and tells of others', (op) => {
    const shape = fc.constantFrom([false, false], [false, true], [true, false])
    fc.assert(
      fc.property(mostlyOrdinary, mostlyOrdinary, shape, (p, q, [singleA, singleB]) => {
        const length = wholeOf(Math.min(p.length, q.length))
        const [a, b] = [Float64Array.from(p), Float64Array.from(q)]
        const o = new Float64Array(length)
        const pairs = Array.from({ length }, (_, k) => [a[singleA ? 0 : k], b[singleB ? 0 : k]] as const)
        const expected = pairs.map(([x, y]) => OPERATORS[op](x, y))
        const isSound = watchedLoop(op, singleA, singleB)(a, b, o, 0, length)
        const watched = [...pairs.flat(), ...(op === 'mul' || op === 'ratio' ? expected : [])]
        // Large numbers that are ordinary each may be too large together.
        if (length > 0 && !isSound)
          expect(watched.reduce((sum, x) => sum + Math.abs(2 * x), 0)).not.toBeLessThan(Infinity)
        if (!isSound) return
        expect(watched.every(isOrdinary)).toBe(true)
        expect([...o]).toEqual(expected)
      }),
      { numRuns: 600 },
    )
  })

  it('adds up ordinary numbers, and tells of others', () => {
    fc.assert(
      fc.property(mostlyOrdinary, (values) => {
        const length = wholeOf(values.length)
        const data = Float64Array.from(values)
        const sum = watchedSum(data, 0, length)
        const within = values.slice(0, length)
        expect(Number.isNaN(sum)).toBe(!within.every(isOrdinary))
        const scale = within.reduce((total, x) => total + Math.abs(x), 1)
        if (!Number.isNaN(sum))
          expect(Math.abs(sum - within.reduce((total, x) => total + x, 0)) / scale).toBeLessThan(1e-12)
      }),
      { numRuns: 600 },
    )
  })

  it('finds extremes that are no nulls, and tells where there is none to be sure of', () => {
    fc.assert(
      fc.property(mostlyOrdinary, (values) => {
        const data = Float64Array.from(values)
        const length = wholeOf(values.length)
        const valid = values.slice(0, length).filter((x) => x !== NULL_F64 && !Number.isNaN(x))
        const max = watchedMax(data, 0, length)
        const min = watchedMin(data, 0, length)
        // Of 0 and -0, which are equal, either may be the extreme.
        if (!Number.isNaN(max)) expect(max + 0).toBe(valid.reduce((best, x) => (x > best ? x : best)) + 0)
        if (!Number.isNaN(min)) expect(min + 0).toBe(valid.reduce((best, x) => (x < best ? x : best)) + 0)
        if (length > 0 && values.slice(0, length).every(isOrdinary)) {
          expect(max).not.toBeNaN()
          expect(min).not.toBeNaN()
        }
      }),
      { numRuns: 600 },
    )
  })

  it('adds up squared distances of ordinary numbers, and tells of others', () => {
    fc.assert(
      fc.property(mostlyOrdinary, fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (values, center) => {
        const length = wholeOf(values.length)
        const within = values.slice(0, length)
        const sum = watchedSquares(Float64Array.from(values), 0, length, center)
        expect(Number.isNaN(sum)).toBe(!within.every(isOrdinary))
        const expected = within.reduce((total, x) => total + (x - center) ** 2, 0)
        if (!Number.isNaN(sum)) expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-12 * expected)
      }),
      { numRuns: 300 },
    )
  })

  it('adds up products and weights of ordinary numbers, and tells of others', () => {
    fc.assert(
      fc.property(mostlyOrdinary, mostlyOrdinary, (p, q) => {
        const length = wholeOf(Math.min(p.length, q.length))
        const [x, y] = [Float64Array.from(p), Float64Array.from(q)]
        const sums = new Float64Array(2)
        const isSound = watchedProducts(x, y, 0, length, sums)
        const pairs = Array.from({ length }, (_, k) => [x[k], y[k]])
        expect(isSound).toBe(pairs.flat().every(isOrdinary))
        if (!isSound) return
        const close = (found: number, terms: number[]): void => {
          const scale = terms.reduce((total, t) => total + Math.abs(t), 1)
          expect(Math.abs(found - terms.reduce((total, t) => total + t, 0)) / scale).toBeLessThan(1e-12)
        }
        close(
          sums[0],
          pairs.map(([a, b]) => a * b),
        )
        close(
          sums[1],
          pairs.map(([, b]) => b),
        )
      }),
      { numRuns: 300 },
    )
  })

  it('keeps the smallest numbers that there are', () => {
    const tiny = Number.MIN_VALUE
    expect(watchedSum(Float64Array.of(tiny, tiny, tiny, 0), 0, 4)).toBe(3 * tiny)
    const o = new Float64Array(4)
    expect(watchedDifferences(Float64Array.of(0, tiny, 3 * tiny, 2 * tiny, tiny), 1, o.subarray(0), 1, 1)).toBe(true)
    expect(watchedLoop('sub', false, true)(Float64Array.of(tiny, 0, 0, 0), [tiny], o, 0, 4)).toBe(true)
    expect([...o]).toEqual([0, -tiny, -tiny, -tiny])
  })

  it.each([1, 2, -1, -3])('takes differences over %i places, and tells of others', (n) => {
    fc.assert(
      fc.property(mostlyOrdinary, (values) => {
        const data = Float64Array.from(values)
        const from = Math.max(n, 0)
        const to = from + wholeOf(Math.max(0, Math.min(values.length, values.length + n) - from))
        const o = new Float64Array(data.length)
        const isSound = watchedDifferences(data, n, o, from, to)
        const seen = Array.from({ length: to - from }, (_, k) => [data[from + k], data[from + k - n]]).flat()
        expect(isSound).toBe(seen.every(isOrdinary))
        if (isSound) for (let k = from; k < to; k++) expect(o[k]).toBe(data[k] - data[k - n])
      }),
      { numRuns: 300 },
    )
  })
})

describe('columns with a few numbers that are not ordinary', () => {
  const ROWS = 200_003
  const column = (seed: number): Float64Array =>
    Float64Array.from({ length: ROWS }, (_, k) => ((k * seed) % 10007) - 5000.25)

  it('have the results of the loops with tests, at every place of a block', () => {
    const a = column(7919)
    const b = column(104729)
    for (const [at, value] of [
      [0, NULL_F64],
      [32767, Number.NaN],
      [32768, Number.POSITIVE_INFINITY],
      [100_001, MAX],
      [150_000, NULL_F64],
      [ROWS - 1, NULL_F64],
    ])
      a[at] = value
    b[100_001] = MAX
    b[5] = 0
    const isNull = (x: number): boolean => x === NULL_F64 || Number.isNaN(x)
    for (const [op, compute] of Object.entries(OPERATORS)) {
      const o = new Float64Array(ROWS)
      runArithmetic(op, { data: a, single: false }, { data: b, single: false }, o, ROWS)
      const wrong = a.findIndex((x, k) => {
        const y = b[k]
        const result = compute(x, y)
        const isInfinite = !Number.isFinite(x) || !Number.isFinite(y)
        const expected =
          isNull(x) || isNull(y) || (op === 'ratio' && y === 0) || !(Number.isFinite(result) || isInfinite)
            ? NULL_F64
            : result
        return !Object.is(o[k], expected) && !(isNull(o[k]) && isNull(expected))
      })
      expect({ op, wrong }).toEqual({ op, wrong: -1 })
    }
    const whole = a.filter((x) => !isNull(x) && x !== Number.POSITIVE_INFINITY && x !== MAX)
    a[32768] = 0
    a[100_001] = 0
    expect(countAndSum(a, 0, ROWS).count).toBe(ROWS - 4)
    expect(countAndSum(a, 0, ROWS).sum).toBeCloseTo(
      whole.reduce((total, x) => total + x, 0),
      3,
    )
  })
})
