import { describe, expect, it } from 'vitest'
import { hashBucketOf } from '../../runtime/kernels/murmur.ts'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import {
  NULL_I32,
  NULL_I64,
  type Raw,
  SymbolVector,
  T,
  type TypeId,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import type { DatabaseRecord, Scheme } from '../catalog/types.ts'
import { partitionNames } from './names.ts'
import { type RouteConfig, routeRows } from './route.ts'

const db = (...schemes: Scheme[]): DatabaseRecord => ({
  url: 'dfs://d',
  id: 'id',
  schemes,
  compo: schemes.length > 1,
  engine: 'OLAP',
  atomic: 'TRANS',
  chunkGranularity: 'TABLE',
  owner: 'admin',
  createdMs: 0,
})
const skip: RouteConfig = { newValuePartitionPolicy: 'skip', allowMissingPartitions: true }
const add: RouteConfig = { ...skip, newValuePartitionPolicy: 'add' }
const days = { kind: 'VALUE', type: T.DATE, values: [17385, 17386, 17387] } as const
const ids = { kind: 'RANGE', type: T.INT, bounds: [0, 50, 100] } as const
const dates = (...x: number[]) => vectorOf(T.DATE, x)
const shown = (d: DatabaseRecord, columns: Vector[], config = skip) =>
  routeRows(d, columns, config).parts.map(({ path, rows }) => [path, rows === undefined ? 'all' : [...rows]])

describe('routing rows to partitions', () => {
  it('keeps the order of rows inside each partition and lists partitions in scheme order', () => {
    expect(shown(db(days, ids), [dates(17387, 17385, 17386, 17385), vectorOf(T.INT, [1, 99, 100, 0])])).toEqual([
      ['/20170807/0_50', [3]],
      ['/20170807/50_100', [1]],
      ['/20170809/0_50', [0]],
    ])
  })

  it('gives no row list when one partition takes all rows in order', () => {
    expect(shown(db(days), [dates(17386, 17386)])).toEqual([['/20170808', 'all']])
  })

  it('converts timestamps to the day of the scheme, before 1970 as well', () => {
    const scheme: Scheme = { kind: 'VALUE', type: T.DATE, values: [-1, 0, 17385] }
    const times = vectorOf(T.TIMESTAMP, [-1n, 0n, 17385n * 86_400_000n + 86_399_999n, 86_400_000n])
    expect(shown(db(scheme), [times])).toEqual([
      ['/19691231', [0]],
      ['/19700101', [1]],
      ['/20170807', [2]],
    ])
  })

  it('puts strings that differ only in dots and colons into one partition', () => {
    const scheme: Scheme = { kind: 'VALUE', type: T.SYMBOL, values: ['A.B', 'AB', 'C'] }
    const column = SymbolVector.encode(['AB', 'C', 'A.B'])
    expect(shown(db(scheme), [column])).toEqual([
      ['/AB', [0, 2]],
      ['/C', [1]],
    ])
  })

  it('adds unknown values under the policy add, each once', () => {
    const { parts, newValues, kept } = routeRows(db(days), [dates(17400, 17385, 17400, 17399)], add)
    expect(parts.map((p) => p.path)).toEqual(['/20170807', '/20170822', '/20170821'])
    expect(newValues).toEqual([{ level: 0, scheme: { ...days, values: [17400, 17399] } }])
    expect(kept).toBe(4)
  })

  it.each<[string, Scheme, Vector, Partial<RouteConfig>, RegExp]>([
    ['a null of a VALUE column', days, dates(NULL_I32), {}, /cannot contain NULL values\. RefId: S01001/],
    [
      'a null LONG of a VALUE column',
      { kind: 'VALUE', type: T.INT, values: [1] },
      vectorOf(T.LONG, [NULL_I64]),
      {},
      /S01001/,
    ],
    [
      'a null text of a VALUE column',
      { kind: 'VALUE', type: T.STRING, values: ['a'] },
      vectorOf(T.STRING, ['']),
      {},
      /S01001/,
    ],
    ['a new value under the policy fail', days, dates(1), { newValuePartitionPolicy: 'fail' }, /1970.01.02.*S01016/],
    [
      'a new value with a blank',
      { kind: 'VALUE', type: T.STRING, values: ['a'] },
      vectorOf(T.STRING, ['b c']),
      add,
      /S01018/,
    ],
    [
      'a LONG too large to become a value',
      { kind: 'VALUE', type: T.INT, values: [1] },
      vectorOf(T.LONG, [1n << 40n]),
      add,
      /does not fit INT/,
    ],
    [
      'rows without a partition where that is not allowed',
      ids,
      vectorOf(T.INT, [100]),
      { allowMissingPartitions: false },
      /1 of 1 rows/,
    ],
  ])('refuses %s', (_, scheme, column, config, message) => {
    expect(() => routeRows(db(scheme), [column], { ...skip, ...config })).toThrow(message)
  })

  it('drops LONG values that fit no INT scheme', () => {
    const column = vectorOf(T.LONG, [1n << 40n, 1n, -(2n ** 31n), NULL_I64])
    expect(routeRows(db(ids), [column], skip)).toMatchObject({ kept: 1, parts: [{ path: '/0_50' }] })
  })

  it('agrees with looking at each row alone', () => {
    const texts = ['a', 'b', 'c.d', 'cd', 'e', '']
    const level = fc.constantFrom<[TypeId, Scheme]>(
      [T.DATE, days],
      [T.TIMESTAMP, days],
      [T.TIMESTAMP, { kind: 'RANGE', type: T.MONTH, bounds: [24211, 24212, 24213] }],
      [T.INT, ids],
      [T.SHORT, { kind: 'VALUE', type: T.INT, values: [3, 1, 40_000_000] }],
      [T.LONG, { kind: 'LIST', type: T.INT, groups: [[1, 5], [7], [2]] }],
      [T.SYMBOL, { kind: 'HASH', type: T.SYMBOL, buckets: 3 }],
      [T.LONG, { kind: 'HASH', type: T.LONG, buckets: 7 }],
      [T.STRING, { kind: 'VALUE', type: T.STRING, values: ['b', 'a', 'c.d', 'cd'] }],
      [T.SYMBOL, { kind: 'RANGE', type: T.STRING, bounds: ['a', 'c', 'd'] }],
    )
    fc.assert(
      fc.property(
        fc.array(level, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(9999), { maxLength: 60 }),
        (levels, seeds) => {
          const isValue = (k: number) => levels[k][1].kind === 'VALUE'
          const raws = levels.map(([type], k) =>
            seeds.map((seed): Raw => {
              const s = Math.floor(seed / 7 ** k)
              if (type === T.SYMBOL || type === T.STRING) return texts[s % (isValue(k) ? 5 : 6)]
              if (type === T.DATE) return 17384 + (s % 5)
              if (type === T.TIMESTAMP) return BigInt(17384 + (s % 90)) * 86_400_000n + BigInt(s)
              return type === T.LONG ? BigInt((s % 12) - 2) : (s % 120) - 2
            }),
          )
          const d = db(...levels.map(([, s]) => s))
          const expected = new Map<string, number[]>()
          seeds.forEach((_, row) => {
            const names = levels.map(([type, scheme], k) => naive(scheme, type, raws[k][row]))
            if (names.some((n) => n === undefined)) return
            const path = `/${names.join('/')}`
            expected.set(path, [...(expected.get(path) ?? []), row])
          })
          const routing = routeRows(
            d,
            levels.map(([type], k) => vectorOf(type, raws[k])),
            skip,
          )
          const all = seeds.map((_, k) => k)
          expect(new Map(routing.parts.map((p) => [p.path, p.rows === undefined ? all : [...p.rows]]))).toEqual(
            expected,
          )
          expect(routing.kept).toBe([...expected.values()].flat().length)
        },
      ),
      { numRuns: 200 },
    )
  })
})

/** The name of the partition of one value, by the definition. */
function naive(scheme: Scheme, type: TypeId, raw: Raw): string | undefined {
  const names = partitionNames(scheme)
  if (scheme.kind === 'HASH') {
    const bucket = hashBucketOf(type, raw, scheme.buckets)
    return bucket < 0 ? undefined : names[bucket]
  }
  if (raw === '') return undefined
  const value =
    type === T.TIMESTAMP ? castTemporalRaw(raw, type, scheme.type) : typeof raw === 'bigint' ? Number(raw) : raw
  if (scheme.kind === 'VALUE') return names[scheme.values.indexOf(value)]
  if (scheme.kind === 'LIST') return names[scheme.groups.findIndex((g) => g.includes(value))]
  if (scheme.kind === 'RANGE')
    return names.find((_, k) => scheme.bounds[k]! <= value! && value! < scheme.bounds[k + 1]!)
  return undefined
}
