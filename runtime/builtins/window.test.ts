/** Every window function against its definition: the aggregate of the same name over each window, rule by rule. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { NULL_F64, T } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { coreBuiltins } from './core-index.ts'
import { library } from './library-testing.ts'

const { call } = library(coreBuiltins)

type Element = number | null
const column = (x: readonly Element[]): FixedVector =>
  new FixedVector(
    T.DOUBLE,
    Float64Array.from(x, (n) => n ?? NULL_F64),
  )
const elements = (v: Value): Element[] => {
  const vector = v as Vector
  return Array.from({ length: vector.length }, (_, k) => (vector.isNullAt(k) ? null : Number(vector.raw(k))))
}
const scalarOf = (v: Value): Element => ((v as Scalar).isNull() ? null : Number((v as Scalar).value))
const int = (n: number): Scalar => Scalar.int(n)

const close = (found: readonly Element[], expected: readonly Element[]): void => {
  expect(found.length).toBe(expected.length)
  found.forEach((x, k) => {
    const y = expected[k]
    if (x === null || y === null) expect([k, x]).toEqual([k, y])
    else expect(Math.abs(x - y), `element ${k}: ${x} for ${y}`).toBeLessThanOrEqual(1e-7 * Math.max(1, Math.abs(y)))
  })
}

// Quarters: equal values and constant windows come up, and spreads are never near the smallest variance that counts.
const value = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -40, max: 40 }).map((n) => n / 4) }, fc.constant(null))
const series = (length: number) => fc.array(value, { minLength: length, maxLength: length })
const lengths = fc.nat(24)
const least = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined })
const RUNS = { numRuns: 150 }

/** The aggregate that defines a statistic, over the columns of one window (nulls included). */
type Definition = (name: string, columns: readonly Element[][]) => Element
const aggregate: Definition = (name, columns) => scalarOf(call(name, ...columns.map(column)))
const valid = (columns: readonly Element[][]): number =>
  columns[0].filter((_, k) => columns.every((c) => c[k] !== null)).length
const edge: Definition = (name, [x]) => (name === 'first' ? x[0] : x[x.length - 1])
/** In windows there is none of fewer than three elements. */
const kurtosis: Definition = (name, columns) => (valid(columns) < 3 ? null : aggregate(name, columns))
const imax: Definition = (name, [x]) => {
  const known = x.filter((n) => n !== null)
  return x.indexOf(name === 'imax' ? Math.max(...known) : Math.min(...known))
}

interface Family {
  readonly statistic: string
  readonly columns: 1 | 2
  readonly definition: Definition
  /** There are tm-versions too. */
  readonly timed: boolean
}
const family = (columns: 1 | 2, names: string, definition = aggregate, timed = true): Family[] =>
  names.split(' ').map((statistic) => ({ statistic, columns, definition, timed }))

const FAMILIES: readonly Family[] = [
  ...family(1, 'sum avg sum2 min max std var stdp varp prod med skew'),
  ...family(1, 'kurtosis', kurtosis),
  ...family(1, 'mad', aggregate, false),
  ...family(1, 'first last', edge),
  ...family(1, 'imin imax', imax, false),
  ...family(2, 'corr covar covarp beta wavg wsum'),
]

const windowStarts = (length: number, size: number): number[] =>
  Array.from({ length }, (_, k) => Math.max(0, k - size + 1))

describe('m-functions', () => {
  it.each(FAMILIES)('m$statistic is the statistic of each window, by both rules of minPeriods', (f) => {
    const data = lengths.chain((n) => fc.tuple(series(n), series(n)))
    fc.assert(
      fc.property(data, fc.integer({ min: 2, max: 7 }), least, ([x, y], size, minPeriods) => {
        const columns = f.columns === 1 ? [x] : [x, y]
        const expected = windowStarts(x.length, size).map((from, k) => {
          const part = columns.map((c) => c.slice(from, k + 1))
          const count = valid(part)
          if (minPeriods === undefined ? k < size - 1 || count === 0 : count < minPeriods) return null
          return f.definition(f.statistic, part)
        })
        const before = f.statistic === 'mad' || f.statistic === 'skew' || f.statistic === 'kurtosis' ? [undefined] : []
        const found = call(
          `m${f.statistic}`,
          ...columns.map(column),
          int(size),
          ...before,
          minPeriods === undefined ? undefined : int(minPeriods),
        )
        close(elements(found), expected)
      }),
      RUNS,
    )
  })

  it.each(FAMILIES.filter((f) => f.timed))('tm$statistic is the statistic of (T - window, T]', (f) => {
    const data = lengths.chain((n) =>
      fc.tuple(series(n), series(n), fc.array(fc.nat(3), { minLength: n, maxLength: n })),
    )
    fc.assert(
      fc.property(data, fc.integer({ min: 1, max: 6 }), ([x, y, steps], size) => {
        let now = 0
        const times = steps.map((s) => (now += s))
        const columns = f.columns === 1 ? [x] : [x, y]
        const expected = times.map((t, k) => {
          const from = times.findIndex((u) => u > t - size)
          const part = columns.map((c) => c.slice(from, k + 1))
          return valid(part) === 0 ? null : f.definition(f.statistic, part)
        })
        const t = new FixedVector(T.INT, Int32Array.from(times))
        close(elements(call(`tm${f.statistic}`, t, ...columns.map(column), int(size))), expected)
      }),
      RUNS,
    )
  })

  it('mmad around the median is the median distance to the median', () => {
    fc.assert(
      fc.property(lengths.chain(series), fc.integer({ min: 2, max: 9 }), (x, size) => {
        const yes = new Scalar(T.BOOL, 1)
        const expected = windowStarts(x.length, size).map((from, k) =>
          k < size - 1 ? null : scalarOf(call('mad', column(x.slice(from, k + 1)), yes)),
        )
        close(elements(call('mmad', column(x), int(size), yes)), expected)
      }),
      RUNS,
    )
  })

  it('mpercentile is the percentile of each window, for every interpolation', () => {
    const methods = fc.constantFrom('linear', 'lower', 'higher', 'nearest', 'midpoint')
    fc.assert(
      fc.property(
        lengths.chain(series),
        fc.nat(100),
        fc.integer({ min: 2, max: 9 }),
        methods,
        (x, percent, size, how) => {
          const method = Scalar.string(how)
          const expected = windowStarts(x.length, size).map((from, k) =>
            k < size - 1 ? null : scalarOf(call('percentile', column(x.slice(from, k + 1)), int(percent), method)),
          )
          close(elements(call('mpercentile', column(x), int(percent), int(size), method)), expected)
        },
      ),
      RUNS,
    )
  })

  it('mrank is the rank of the last element of each window', () => {
    const ties = fc.constantFrom('min', 'max', 'average')
    fc.assert(
      fc.property(lengths.chain(series), fc.integer({ min: 2, max: 9 }), fc.boolean(), ties, (x, size, up, tie) => {
        const ascending = new Scalar(T.BOOL, up ? 1 : 0)
        const method = Scalar.string(tie)
        const expected = windowStarts(x.length, size).map((from, k) => {
          const ranks = elements(call('rank', column(x.slice(from, k + 1)), ascending, undefined, undefined, method))
          return k < size - 1 ? null : ranks[k - from]
        })
        close(elements(call('mrank', column(x), ascending, int(size), undefined, method)), expected)
      }),
      RUNS,
    )
  })

  it('a window that an outlier has left knows nothing of it', () => {
    const x = [1, 2, 3, 1e12, 1, 2, 3, 4]
    for (const name of ['var', 'skew', 'kurtosis', 'mad'])
      expect(elements(call(`m${name}`, column(x), int(3)))[7]).toBeCloseTo(aggregate(name, [[2, 3, 4]]) as number, 12)
    expect(elements(call('mcovar', column(x), column(x), int(3)))[7]).toBe(1)
  })

  it('products of integers are exact and wrap like longs', () => {
    const v = new FixedVector(T.LONG, BigInt64Array.of(3n, 2n ** 62n, 3n, 5n))
    const found = call('mprod', v, int(2)) as FixedVector
    expect(found.type).toBe(T.LONG)
    expect([1, 2, 3].map((k) => found.raw(k))).toEqual([
      BigInt.asIntN(64, 3n * 2n ** 62n),
      BigInt.asIntN(64, 3n * 2n ** 62n),
      15n,
    ])
  })
})

describe('mslr and mmse', () => {
  it('are the regression of each window', () => {
    const data = lengths.chain((n) => fc.tuple(series(n), series(n)))
    fc.assert(
      fc.property(data, fc.integer({ min: 2, max: 7 }), ([y, x], size) => {
        const slr = (call('mslr', column(y), column(x), int(size)) as unknown as { values: Value[] }).values
        const mse = (call('mmse', column(y), column(x), int(size)) as unknown as { values: Value[] }).values
        const expected = windowStarts(x.length, size).map((from, k) => {
          const rows = Array.from({ length: k + 1 - from }, (_, i) => from + i).filter(
            (i) => x[i] !== null && y[i] !== null,
          )
          const slope = k < size - 1 ? null : aggregate('beta', [rows.map((i) => y[i]), rows.map((i) => x[i])])
          if (slope === null) return [null, null, null]
          const mean = (c: readonly Element[]): number => rows.reduce((s, i) => s + (c[i] as number), 0) / rows.length
          const intercept = mean(y) - slope * mean(x)
          const error = rows.reduce((s, i) => s + ((y[i] as number) - intercept - slope * (x[i] as number)) ** 2, 0)
          return [intercept, slope, error / rows.length]
        })
        close(
          elements(slr[0]),
          expected.map((e) => e[0]),
        )
        close(
          elements(slr[1]),
          expected.map((e) => e[1]),
        )
        close(
          elements(mse[0]),
          expected.map((e) => e[1]),
        )
        close(
          elements(mse[1]),
          expected.map((e) => e[2]),
        )
      }),
      RUNS,
    )
  })
})

const TOP: readonly Family[] = [
  ...family(1, 'sum avg std stdp var varp skew'),
  ...family(1, 'kurtosis', kurtosis),
  ...family(2, 'corr covar covarp beta wsum'),
]

/** Positions of the rows that the TopN rule takes of from..to. */
function topRows(s: readonly Element[], from: number, to: number, top: number, up: boolean, ties: string): number[] {
  const rows = Array.from({ length: to - from + 1 }, (_, k) => from + k).filter((k) => s[k] !== null)
  const key = (k: number): number => (up ? (s[k] as number) : -(s[k] as number))
  rows.sort((a, b) => key(a) - key(b) || (ties === 'latest' ? b - a : a - b))
  const wanted = top < 1 ? Math.max(1, Math.floor((to - from + 1) * top + 1e-9)) : top
  if (ties !== 'all' || rows.length <= wanted) return rows.slice(0, wanted)
  return rows.filter((k) => key(k) <= key(rows[wanted - 1]))
}

describe('TopN functions', () => {
  it.each(TOP)('m, tm and cum$statistic' + 'TopN take the first rows of each window', (f) => {
    const keys = (n: number) =>
      fc.array(fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 4 }) }, fc.constant(null)), {
        minLength: n,
        maxLength: n,
      })
    const data = lengths.chain((n) =>
      fc.tuple(series(n), series(n), keys(n), fc.array(fc.nat(2), { minLength: n, maxLength: n })),
    )
    const ties = fc.constantFrom('oldest', 'latest', 'all')
    const top = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0.25, 0.4, 0.75))
    fc.assert(
      fc.property(
        data,
        fc.integer({ min: 5, max: 8 }),
        top,
        fc.boolean(),
        ties,
        ([x, y, s, steps], size, n, up, tie) => {
          let now = 0
          const times = steps.map((d) => (now += d))
          const columns = f.columns === 1 ? [x] : [x, y]
          const over = (starts: readonly number[]): Element[] =>
            starts.map((from, k) => {
              const rows = topRows(s, from, k, n, up, tie)
              const part = columns.map((c) => rows.map((r) => c[r]))
              return rows.length === 0 || valid(part) === 0 ? null : f.definition(f.statistic, part)
            })
          const count = n < 1 ? new Scalar(T.DOUBLE, n) : int(n)
          const biased = f.statistic === 'skew' || f.statistic === 'kurtosis' ? [undefined] : []
          const rest = [count, ...biased, new Scalar(T.BOOL, up ? 1 : 0), Scalar.string(tie)]
          const args = [...columns.map(column), column(s)]
          close(elements(call(`m${f.statistic}TopN`, ...args, int(size), ...rest)), over(windowStarts(x.length, size)))
          close(elements(call(`cum${f.statistic}TopN`, ...args, ...rest)), over(x.map(() => 0)))
          const t = new FixedVector(T.INT, Int32Array.from(times))
          const starts = times.map((u) => times.findIndex((w) => w > u - size))
          close(elements(call(`tm${f.statistic}TopN`, t, ...args, int(size), ...rest)), over(starts))
        },
      ),
      RUNS,
    )
  })

  it('mpercentileTopN is the percentile of the first rows of each window', () => {
    const keys = (n: number) => fc.array(fc.option(fc.nat(4)), { minLength: n, maxLength: n })
    const data = lengths.chain((n) => fc.tuple(series(n), keys(n)))
    const choices = fc.tuple(fc.constantFrom(1, 3, 0.4), fc.boolean(), fc.constantFrom('oldest', 'latest', 'all'))
    const where = fc.tuple(fc.constantFrom(0, 15, 50, 100), fc.constantFrom('linear', 'lower', 'midpoint'))
    fc.assert(
      fc.property(
        data,
        fc.integer({ min: 3, max: 8 }),
        choices,
        where,
        ([x, s], size, [top, up, ties], [percent, how]) => {
          const text = Scalar.string(how)
          const expected = windowStarts(x.length, size).map((from, k) => {
            const taken = topRows(s, from, k, top, up, ties).map((r) => x[r])
            return valid([taken]) === 0 ? null : scalarOf(call('percentile', column(taken), int(percent), text))
          })
          const count = top < 1 ? new Scalar(T.DOUBLE, top) : int(top)
          const rest = [text, new Scalar(T.BOOL, up ? 1 : 0), Scalar.string(ties)]
          close(
            elements(call('mpercentileTopN', column(x), column(s), int(percent), int(size), count, ...rest)),
            expected,
          )
        },
      ),
      RUNS,
    )
  })

  it('over more rows than one stretch of the kernel are what they are over few', () => {
    const n = 3000
    const noise = (k: number): number => ((k * 7919) % 1013) / 8
    const x = Array.from({ length: n }, (_, k) => noise(k))
    const s = Array.from({ length: n }, (_, k) => (k * 104729) % 97)
    const found = elements(call('mavgTopN', column(x), column(s), int(40), int(7)))
    for (let k = 0; k < n; k += 37) {
      const rows = topRows(s, Math.max(0, k - 39), k, 7, true, 'oldest')
      expect(found[k]).toBeCloseTo(rows.reduce((sum, r) => sum + x[r], 0) / rows.length, 9)
    }
  })
})

const CUMULATIVE: readonly Family[] = [
  ...family(1, 'sum avg min max std var stdp varp med prod sum2'),
  ...family(2, 'corr covar beta wavg wsum'),
]

describe('cumulative functions', () => {
  it.each(CUMULATIVE)('cum$statistic is the statistic of all elements so far', (f) => {
    const data = lengths.chain((n) => fc.tuple(series(n), series(n)))
    fc.assert(
      fc.property(data, ([x, y]) => {
        const columns = f.columns === 1 ? [x] : [x, y]
        const expected = x.map((_, k) => {
          const part = columns.map((c) => c.slice(0, k + 1))
          return valid(part) === 0 ? null : f.definition(f.statistic, part)
        })
        close(elements(call(`cum${f.statistic}`, ...columns.map(column))), expected)
      }),
      RUNS,
    )
  })
})
