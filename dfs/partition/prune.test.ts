import { describe, expect, it } from 'vitest'
import { castTemporalRaw } from '../../runtime/ops/temporal-parts.ts'
import { type ColumnPredicate, type Raw, T, type TypeId, vectorOf } from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { pruner, schemeOrder, segmentMayMatch } from './prune.ts'
import { routeRows } from './route.ts'

const day = 86_400_000n
const setup = (...levels: [string, TypeId, Scheme][]) => {
  const db = { url: 'dfs://d', schemes: levels.map((l) => l[2]) } as unknown as DatabaseRecord
  const table = {
    columns: levels.map(([name, type]) => ({ name, type })),
    partitionColumns: levels.map((l) => l[0]),
  } as unknown as TableRecord
  const kept = (p: ColumnPredicate, paths: string[]) => {
    const keep = pruner(db, table, p)
    return keep === undefined ? paths : paths.filter(keep)
  }
  return { db, table, kept }
}
const compare = (column: string, op: 'lt' | 'le' | 'gt' | 'ge' | 'eq', type: TypeId, value: Raw): ColumnPredicate => ({
  kind: 'compare',
  column,
  op,
  type,
  value,
})
const days: Scheme = { kind: 'VALUE', type: T.DATE, values: [17385, 17386, 17387] }
const dayPaths = ['/20170807', '/20170808', '/20170809']

describe('pruning partitions', () => {
  it.each<[string, TypeId, ColumnPredicate, number[]]>([
    ['d > day', T.DATE, compare('d', 'gt', T.DATE, 17386), [2]],
    ['d < day', T.DATE, compare('d', 'lt', T.DATE, 17386), [0]],
    ['ts > day keeps the day', T.TIMESTAMP, compare('d', 'gt', T.DATE, 17386), [1, 2]],
    ['ts < midnight', T.TIMESTAMP, compare('d', 'lt', T.TIMESTAMP, 17386n * day), [0]],
    ['ts < after midnight', T.TIMESTAMP, compare('d', 'lt', T.TIMESTAMP, 17386n * day + 1n), [0, 1]],
    ['ts == moment', T.TIMESTAMP, compare('d', 'eq', T.TIMESTAMP, 17386n * day + 1n), [1]],
    ['d in days', T.DATE, { kind: 'in', column: 'd', type: T.DATE, values: [17387, 1] }, [2]],
    ['between', T.DATE, { kind: 'between', column: 'd', type: T.DATE, low: 17386, high: 99999 }, [1, 2]],
    ['a number is no date', T.DATE, compare('d', 'gt', T.INT, 17386), [0, 1, 2]],
    ['partition()', T.DATE, { kind: 'partition', column: 'd', keys: vectorOf(T.DATE, [17386]) }, [1]],
    ['never', T.DATE, { kind: 'noMatch' }, []],
    [
      'or with another column',
      T.DATE,
      { kind: 'or', parts: [compare('d', 'eq', T.DATE, 17385), compare('x', 'eq', T.INT, 1)] },
      [0, 1, 2],
    ],
    [
      'and with another column',
      T.DATE,
      { kind: 'and', parts: [compare('d', 'eq', T.DATE, 17385), compare('x', 'eq', T.INT, 1)] },
      [0],
    ],
  ])('%s', (_, type, predicate, expected) => {
    expect(setup(['d', type, days]).kept(predicate, dayPaths)).toEqual(expected.map((k) => dayPaths[k]))
  })

  it('keeps chunks whose name the scheme does not know', () => {
    expect(setup(['d', T.DATE, days]).kept(compare('d', 'eq', T.DATE, 17385), ['/20200101'])).toEqual(['/20200101'])
  })

  it('never drops the partition of a row that matches', () => {
    const levels: [string, TypeId, Scheme][] = [
      ['a', T.TIMESTAMP, days],
      ['b', T.INT, { kind: 'RANGE', type: T.INT, bounds: [0, 5, 9, 20] }],
      ['c', T.LONG, { kind: 'HASH', type: T.LONG, buckets: 3 }],
      ['d', T.SYMBOL, { kind: 'LIST', type: T.STRING, groups: [['x', 'y'], ['z']] }],
      ['e', T.DATE, { kind: 'RANGE', type: T.MONTH, bounds: [24210, 24212, 24213] }],
    ]
    const raw = (type: TypeId, n: number): Raw => {
      if (type === T.TIMESTAMP) return 17384n * day + BigInt(n) * (day / 4n)
      if (type === T.DATE) return 17380 + n
      if (type === T.SYMBOL || type === T.STRING) return ['x', 'y', 'z'][n % 3]
      return type === T.LONG ? BigInt(n - 3) : n - 1
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...levels),
        fc.constantFrom('lt' as const, 'le' as const, 'gt' as const, 'ge' as const, 'eq' as const),
        fc.nat(20),
        fc.nat(20),
        fc.boolean(),
        (level, op, rowSeed, valueSeed, coarse) => {
          const [name, type] = level
          const row = raw(type, rowSeed)
          const valueType = coarse && type === T.TIMESTAMP ? T.DATE : type === T.SYMBOL ? T.STRING : type
          const value = raw(valueType, valueSeed)
          const same =
            valueType === T.DATE && type === T.TIMESTAMP ? castTemporalRaw(value, T.DATE, T.TIMESTAMP) : value
          const matches = {
            lt: row! < same!,
            le: row! <= same!,
            gt: row! > same!,
            ge: row! >= same!,
            eq: row === same,
          }[op]
          const { db, kept } = setup(level)
          const { parts } = routeRows(db, [vectorOf(type, [row])], {
            newValuePartitionPolicy: 'skip',
            allowMissingPartitions: true,
          })
          if (!matches || parts.length === 0) return
          expect(kept(compare(name, op, valueType, value), [parts[0].path])).toEqual([parts[0].path])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('orders chunk paths as the scheme orders partitions', () => {
    const { db } = setup(
      ['d', T.DATE, { ...days, values: [17386, 17385] } as Scheme],
      ['h', T.INT, { kind: 'HASH', type: T.INT, buckets: 11 }],
    )
    const paths = ['/20170807/Key2', '/other/Key1', '/20170808/Key10', '/20170808/Key9']
    expect(paths.sort(schemeOrder(db))).toEqual(['/20170808/Key9', '/20170808/Key10', '/20170807/Key2', '/other/Key1'])
  })
})

describe('pruning segments', () => {
  const columns = [
    { name: 'x', type: T.INT },
    { name: 'ts', type: T.TIMESTAMP },
    { name: 's', type: T.SYMBOL },
  ]
  const minMax = { x: [10, 20], ts: [17385n * day, 17386n * day - 1n], s: ['b', 'd'] } as const
  it.each<[string, ColumnPredicate, boolean]>([
    ['x > max', compare('x', 'gt', T.INT, 20), false],
    ['x >= max', compare('x', 'ge', T.LONG, 20n), true],
    ['x < min may hold for nulls', compare('x', 'lt', T.INT, 10), true],
    ['x == 20.5', compare('x', 'eq', T.DOUBLE, 20.5), false],
    ['ts of a later day', compare('ts', 'ge', T.DATE, 17386), false],
    ['ts of the day', compare('ts', 'ge', T.DATE, 17385), true],
    ['s below', { kind: 'in', column: 's', type: T.STRING, values: ['a', 'e'] }, false],
    ['s inside', { kind: 'in', column: 's', type: T.STRING, values: ['a', 'c'] }, true],
    ['unknown column', compare('y', 'gt', T.INT, 1), true],
  ])('%s', (_, predicate, expected) => expect(segmentMayMatch(minMax, columns, predicate)).toBe(expected))

  it('a smallest value rules out smaller ones only where nulls can not be', () => {
    expect(segmentMayMatch(minMax, columns, compare('x', 'lt', T.INT, 10), new Set(['x']))).toBe(false)
  })

  it.each<[string, Raw, Raw, string, boolean]>([
    ['a range with later units tells nothing', 'a', '\ufb00', '\u{1f600}', true],
    ['a constant with a surrogate is compared with nothing', 'a', 'b', '\u{1f600}', true],
    ['plain texts are', 'a', 'b', 'c', false],
  ])('%s', (_, low, high, value, expected) => {
    expect(segmentMayMatch({ s: [low, high] }, columns, compare('s', 'eq', T.STRING, value))).toBe(expected)
  })

  it('knows ranges by the stored name', () => {
    const renamed = [{ name: 'y', type: T.INT, stored: 'x' }]
    expect(segmentMayMatch(minMax, renamed, compare('y', 'gt', T.INT, 20))).toBe(false)
    expect(segmentMayMatch(minMax, [{ name: 'x', type: T.INT, stored: 'x#2' }], compare('x', 'gt', T.INT, 20))).toBe(
      true,
    )
  })
})
