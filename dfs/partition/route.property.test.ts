import { describe, expect, it } from 'vitest'
import { hashBucketOf } from '../../runtime/kernels/murmur.ts'
import { castScalar } from '../../runtime/ops/cast.ts'
import {
  isIntegral,
  isNullRaw,
  nullRaw,
  type Raw,
  Scalar,
  T,
  type TypeId,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'
import { partitionNames } from './names.ts'
import { type RouteConfig, routeRows } from './route.ts'

const SKIP: RouteConfig = { newValuePartitionPolicy: 'skip', allowMissingPartitions: true }

const databaseOf = (...schemes: Scheme[]): DatabaseRecord => ({
  url: 'dfs://db',
  id: 'id',
  schemes,
  compo: schemes.length > 1,
  engine: 'OLAP',
  atomic: 'TRANS',
  chunkGranularity: 'TABLE',
  owner: 'admin',
  createdMs: 0,
})

/** Path to row numbers. */
function route(schemes: Scheme[], columns: Vector[], config = SKIP): Record<string, number[]> {
  const { parts } = routeRows(databaseOf(...schemes), columns, config)
  return Object.fromEntries(
    parts.map((p) => [
      p.path,
      p.rows === undefined ? Array.from({ length: columns[0].length }, (_, k) => k) : [...p.rows],
    ]),
  )
}

/** One row at a time, by the words of the specification. */
function naive(schemes: Scheme[], columns: Vector[]): Record<string, number[]> {
  const out: Record<string, number[]> = {}
  for (let row = 0; row < columns[0].length; row++) {
    const names = schemes.map((scheme, level) => naiveName(scheme, columns[level], row))
    if (names.includes(undefined)) continue
    const path = names.map((n) => `/${n}`).join('')
    out[path] = [...(out[path] ?? []), row]
  }
  return out
}

function naiveName(scheme: Scheme, column: Vector, row: number): string | undefined {
  const raw = naiveCast(column, row, scheme.type)
  if (raw === undefined) return undefined
  const names = partitionNames(scheme)
  switch (scheme.kind) {
    case 'VALUE':
      return names[scheme.values.indexOf(raw)]
    case 'RANGE':
      return names.find((_, k) => scheme.bounds[k]! <= raw! && raw! < scheme.bounds[k + 1]!)
    case 'LIST':
      return names[scheme.groups.findIndex((g) => g.some((v) => v === raw))]
    case 'HASH':
      // Whole numbers hash by the width of the column: negative ones differ between 32 and 64 bits.
      return names[
        hashBucketOf(
          isIntegral(column.type) ? column.type : scheme.type,
          column.type === T.LONG ? column.raw(row) : raw,
          scheme.buckets,
        )
      ]
    case 'SEQ':
      return undefined
  }
}

function naiveCast(column: Vector, row: number, type: TypeId): Raw | undefined {
  const raw = column.raw(row)
  if (isNullRaw(column.type, raw)) return undefined
  if (typeof raw === 'string' || column.type === type) return raw
  if (column.type === T.LONG) return Number(raw)
  return castScalar(new Scalar(column.type, raw), type).value
}

const intScheme: fc.Arbitrary<Scheme> = fc.oneof(
  fc
    .uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 8 })
    .map((values): Scheme => ({ kind: 'VALUE', type: T.INT, values })),
  fc
    .uniqueArray(fc.integer({ min: -30, max: 30 }), { minLength: 2, maxLength: 6 })
    .map((b): Scheme => ({ kind: 'RANGE', type: T.INT, bounds: b.sort((x, y) => x - y) })),
  fc
    .uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 8 })
    .map((v): Scheme => ({ kind: 'LIST', type: T.INT, groups: [v.slice(0, 1), v.slice(1)] })),
  fc.integer({ min: 1, max: 9 }).map((buckets): Scheme => ({ kind: 'HASH', type: T.INT, buckets })),
)
const symbolScheme: fc.Arbitrary<Scheme> = fc.oneof(
  fc.constant<Scheme>({ kind: 'HASH', type: T.SYMBOL, buckets: 5 }),
  fc.constant<Scheme>({ kind: 'VALUE', type: T.STRING, values: ['IBM', 'a.b', 'ab', 'MS'] }),
  fc.constant<Scheme>({ kind: 'RANGE', type: T.SYMBOL, bounds: ['A', 'IBM', 'Z'] }),
  fc.constant<Scheme>({ kind: 'LIST', type: T.SYMBOL, groups: [['IBM', 'MS'], ['GE']] }),
)
const dateScheme: fc.Arbitrary<Scheme> = fc.oneof(
  fc.constant<Scheme>({ kind: 'VALUE', type: T.DATE, values: [0, 1, 2, -1] }),
  fc.constant<Scheme>({ kind: 'RANGE', type: T.DATE, bounds: [-2, 0, 3] }),
  fc.constant<Scheme>({ kind: 'HASH', type: T.DATE, buckets: 3 }),
  fc.constant<Scheme>({ kind: 'VALUE', type: T.MONTH, values: [1970 * 12, 1969 * 12 + 11] }),
)
const SYMBOLS = ['IBM', 'MS', 'GE', 'a.b', 'ab', 'zz', 'A']
const DAY = 86_400_000

// Values that may be null, unless a VALUE scheme refuses that.
const rowsOf = fc.array(
  fc.record({
    int: fc.option(fc.integer({ min: -25, max: 25 }), { nil: undefined }),
    symbol: fc.option(fc.constantFrom(...SYMBOLS), { nil: '' }),
    ms: fc.option(fc.integer({ min: -3 * DAY, max: 4 * DAY }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 60 },
)

describe('routing', () => {
  it('agrees with looking at one row at a time, whatever the schemes and column types', () => {
    fc.assert(
      fc.property(
        rowsOf,
        intScheme,
        symbolScheme,
        dateScheme,
        fc.subarray([0, 1, 2], { minLength: 1 }),
        fc.constantFrom(T.INT, T.LONG, T.SHORT, T.CHAR),
        fc.boolean(),
        (rows, ints, symbols, dates, levels, intType, asStrings) => {
          const schemes = [ints, symbols, dates]
          const strict = (level: number) => schemes[level].kind === 'VALUE'
          const kept = rows.filter(
            (r) =>
              !(strict(0) && r.int === undefined) &&
              !(strict(1) && r.symbol === '') &&
              !(strict(2) && r.ms === undefined),
          )
          if (kept.length === 0) return
          const intRaw = (n: number | undefined): Raw =>
            n === undefined ? nullRaw(intType) : intType === T.LONG ? BigInt(n) : n
          const columns = [
            vectorOf(
              intType,
              kept.map((r) => intRaw(r.int)),
            ),
            vectorOf(
              asStrings ? T.STRING : T.SYMBOL,
              kept.map((r) => r.symbol),
            ),
            vectorOf(
              T.TIMESTAMP,
              kept.map((r) => (r.ms === undefined ? nullRaw(T.TIMESTAMP) : BigInt(r.ms))),
            ),
          ]
          const chosen = levels.map((l) => schemes[l])
          const chosenColumns = levels.map((l) => columns[l])
          // Strings that differ in dots only share a directory: order among them is that of the rows.
          expect(route(chosen, chosenColumns)).toEqual(naive(chosen, chosenColumns))
        },
      ),
      { numRuns: 400 },
    )
  })

  it('agrees for long columns of which all rows, or all but a few, are of one partition', () => {
    const ROWS = 9000
    fc.assert(
      fc.property(
        intScheme,
        dateScheme,
        fc.constantFrom(T.INT, T.LONG, T.SHORT, T.CHAR),
        fc.constantFrom(T.TIMESTAMP, T.DATETIME, T.NANOTIMESTAMP, T.DATE),
        fc.integer({ min: -3, max: 3 }),
        fc.integer({ min: -25, max: 25 }),
        fc.integer({ min: 1, max: 3 * DAY }),
        fc.array(fc.tuple(fc.nat(ROWS - 1), fc.integer({ min: -25, max: 25 }), fc.integer({ min: -3, max: 3 }))),
        fc.boolean(),
        (ints, dates, intType, timeType, day, int, spanMs, others, intFirst) => {
          const perDay = timeType === T.DATE ? 1 : timeType === T.DATETIME ? 86_400 : DAY
          const unit = timeType === T.NANOTIMESTAMP ? 1_000_000n : 1n
          const time = (d: number, ms: number): Raw => {
            const units = d * perDay + Math.floor((Math.min(ms, DAY - 1) * perDay) / DAY)
            return timeType === T.TIMESTAMP || timeType === T.NANOTIMESTAMP ? BigInt(units) * unit : units
          }
          const intRaw = (n: number): Raw => (intType === T.LONG ? BigInt(n) : n)
          const times = Array.from({ length: ROWS }, (_, k) => time(day, (k * 7919) % spanMs))
          const numbers = Array.from({ length: ROWS }, () => intRaw(int))
          for (const [row, n, d] of others.slice(0, 3)) {
            numbers[row] = intRaw(n)
            times[row] = time(d, 0)
          }
          const levels: [Scheme, Vector][] = [
            [ints, vectorOf(intType, numbers)],
            [dates, vectorOf(timeType, times)],
          ]
          if (!intFirst) levels.reverse()
          const schemes = levels.map(([scheme]) => scheme)
          const columns = levels.map(([, column]) => column)
          expect(route(schemes, columns)).toEqual(naive(schemes, columns))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('puts the documented symbols into the documented buckets', () => {
    const symbols = ['AAPL', 'TSLA', 'GS', 'MS', 'GE', 'BA', 'UAL', 'WMT']
    expect(route([{ kind: 'HASH', type: T.SYMBOL, buckets: 10 }], [vectorOf(T.SYMBOL, symbols)])).toEqual({
      '/Key1': [2],
      '/Key2': [7],
      '/Key3': [4],
      '/Key4': [1],
      '/Key5': [6],
      '/Key7': [5],
      '/Key8': [3],
      '/Key9': [0],
    })
  })

  it('lays out the tutorial: HASH of symbol, VALUE of source, VALUE of date on a timestamp', () => {
    const day = (d: number): number => Math.floor(Date.UTC(2012, 0, d) / DAY)
    const schemes: Scheme[] = [
      { kind: 'HASH', type: T.SYMBOL, buckets: 5 },
      { kind: 'VALUE', type: T.STRING, values: ['tp'] },
      { kind: 'VALUE', type: T.DATE, values: [day(1), day(2)] },
    ]
    const stamp = BigInt(day(2)) * BigInt(DAY) + 12_345n
    expect(
      Object.keys(
        route(schemes, [vectorOf(T.SYMBOL, ['GE']), vectorOf(T.SYMBOL, ['tp']), vectorOf(T.TIMESTAMP, [stamp])]),
      ),
    ).toEqual([`/Key${hashBucketOf(T.STRING, 'GE', 5)}/tp/20120102`])
  })

  it('gives all rows without a list when they go to one partition', () => {
    const { parts } = routeRows(
      databaseOf({ kind: 'VALUE', type: T.INT, values: [7] }),
      [vectorOf(T.INT, [7, 7])],
      SKIP,
    )
    expect(parts).toEqual([{ path: '/7', rows: undefined }])
  })

  const VALUES: Scheme = { kind: 'VALUE', type: T.INT, values: [1, 2] }
  const column = vectorOf(T.INT, [1, 5, 2, 5, 6])

  it('drops rows of unknown values under the policy skip', () => {
    const { kept, parts, newValues } = routeRows(databaseOf(VALUES), [column], SKIP)
    expect([kept, parts.map((p) => p.path), newValues]).toEqual([2, ['/1', '/2'], []])
  })
  it('adds unknown values under the policy add, each once', () => {
    const { kept, parts, newValues } = routeRows(databaseOf(VALUES), [column], {
      ...SKIP,
      newValuePartitionPolicy: 'add',
    })
    expect([kept, parts.map((p) => p.path)]).toEqual([5, ['/1', '/2', '/5', '/6']])
    expect(newValues.map((n) => [n.level, n.scheme.values])).toEqual([[0, [5, 6]]])
  })
  it('refuses unknown values under the policy fail, and any missing partition where they are not allowed', () => {
    expect(() => routeRows(databaseOf(VALUES), [column], { ...SKIP, newValuePartitionPolicy: 'fail' })).toThrow(
      /S01016/,
    )
    expect(() => routeRows(databaseOf(VALUES), [column], { ...SKIP, allowMissingPartitions: false })).toThrow(
      /3 of 5 rows/,
    )
  })
  it.each([
    ['INT', VALUES, vectorOf(T.INT, [1, nullRaw(T.INT)])],
    ['SYMBOL', { kind: 'VALUE', type: T.SYMBOL, values: ['a'] } as Scheme, vectorOf(T.SYMBOL, ['a', ''])],
    ['STRING', { kind: 'VALUE', type: T.SYMBOL, values: ['a'] } as Scheme, vectorOf(T.STRING, ['a', ''])],
    ['LONG', VALUES, vectorOf(T.LONG, [1n, nullRaw(T.LONG)])],
    [
      'TIMESTAMP',
      { kind: 'VALUE', type: T.DATE, values: [0] } as Scheme,
      vectorOf(T.TIMESTAMP, [0n, nullRaw(T.TIMESTAMP)]),
    ],
  ])('refuses a NULL %s key of a VALUE partition', (_, scheme, values) => {
    expect(() => routeRows(databaseOf(scheme), [values], SKIP)).toThrow(/cannot contain NULL values\. RefId: S01001/)
  })
  it('refuses to add a partition whose value has invisible characters', () => {
    const scheme: Scheme = { kind: 'VALUE', type: T.STRING, values: ['a'] }
    for (const text of ['a b', 'tab\t', 'line\n', '\u007f'])
      expect(() =>
        routeRows(databaseOf(scheme), [vectorOf(T.STRING, [text])], { ...SKIP, newValuePartitionPolicy: 'add' }),
      ).toThrow(/S01018/)
  })
  it('never mistakes a LONG out of the range of INT for another value', () => {
    const longs = vectorOf(T.LONG, [1n, 2n ** 32n + 1n, -(2n ** 31n) + 1n, 2n ** 31n, 2n])
    expect(route([VALUES], [longs])).toEqual({ '/1': [0], '/2': [4] })
    expect(route([{ kind: 'RANGE', type: T.INT, bounds: [-(2 ** 31) + 1, 0, 10] }], [longs])).toEqual({
      '/-2147483647_0': [2],
      '/0_10': [0, 4],
    })
  })
})
