import { describe, expect, it } from 'vitest'
import { castScalar } from '../../runtime/ops/cast.ts'
import { temporalUnit } from '../../runtime/temporal/units.ts'
import {
  type ColumnPredicate,
  isTemporal,
  nullRaw,
  type Raw,
  Scalar,
  T,
  type TypeId,
  vectorOf,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import type { DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { SegmentWriter } from '../segment/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { pruner, schemeOrder, segmentMayMatch } from './prune.ts'
import { routeRows } from './route.ts'

const DAY = 86_400_000

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
const tableOf = (columns: TableRecord['columns'], partitionColumns: string[]): TableRecord => ({
  db: 'dfs://db',
  name: 'pt',
  id: 'id',
  physicalIndex: '1',
  columns,
  partitionColumns,
  sortColumns: [],
  keepDuplicates: 'ALL',
  compressMethods: {},
  comment: '',
  owner: 'admin',
  createdMs: 0,
  schemaVersion: 1,
})

// ---- What a condition means for one row ----

const keyOf = (type: TypeId, raw: Raw): number | string =>
  isTemporal(type)
    ? (Number(raw) * 86_400_000_000) / temporalUnit(type)!.perDay
    : typeof raw === 'bigint'
      ? Number(raw)
      : (raw as number | string)

type Row = Record<string, { readonly type: TypeId; readonly raw: Raw; readonly isNull: boolean }>

function holds(row: Row, p: ColumnPredicate): boolean {
  switch (p.kind) {
    case 'noMatch':
      return false
    case 'and':
      return p.parts.every((part) => holds(row, part))
    case 'or':
      return p.parts.some((part) => holds(row, part))
    case 'partition':
      return true
  }
  const cell = row[p.column]
  const x = cell.isNull ? Number.NEGATIVE_INFINITY : keyOf(cell.type, cell.raw)
  if (p.kind === 'between') return x >= keyOf(p.type, p.low) && x <= keyOf(p.type, p.high)
  if (p.kind === 'in') return p.values.some((v) => keyOf(p.type, v) === x)
  const y = keyOf(p.type, p.value)
  // Null is the smallest value of any type, of texts too.
  if (cell.isNull) return p.op === 'lt' || p.op === 'le'
  return { lt: x < y, le: x <= y, gt: x > y, ge: x >= y, eq: x === y }[p.op]
}

// ---- Columns, schemes that fit them, and conditions ----

const COLUMNS = [
  { name: 'i', type: T.INT },
  { name: 'l', type: T.LONG },
  { name: 's', type: T.SYMBOL },
  { name: 'd', type: T.DATE },
  { name: 't', type: T.TIMESTAMP },
] as const
type Name = (typeof COLUMNS)[number]['name']

const SCHEMES: Record<Name, Scheme[]> = {
  i: [
    { kind: 'VALUE', type: T.INT, values: [3, 1, 2, -1, 0, 4] },
    { kind: 'RANGE', type: T.INT, bounds: [-3, 0, 1, 5] },
    { kind: 'LIST', type: T.INT, groups: [[1, -1], [0, 3, 4], [2]] },
    { kind: 'HASH', type: T.INT, buckets: 3 },
  ],
  l: [
    { kind: 'RANGE', type: T.INT, bounds: [-3, 0, 1, 5] },
    { kind: 'HASH', type: T.INT, buckets: 7 },
    { kind: 'HASH', type: T.LONG, buckets: 7 },
  ],
  s: [
    { kind: 'VALUE', type: T.STRING, values: ['MS', 'a.b', 'ab', 'IBM'] },
    { kind: 'RANGE', type: T.SYMBOL, bounds: ['A', 'IBM', 'a.b', 'zz'] },
    { kind: 'LIST', type: T.SYMBOL, groups: [['IBM', 'ab'], ['MS']] },
    { kind: 'HASH', type: T.SYMBOL, buckets: 4 },
  ],
  d: [
    { kind: 'VALUE', type: T.DATE, values: [-1, 0, 1, 2] },
    { kind: 'VALUE', type: T.MONTH, values: [1970 * 12 - 1, 1970 * 12] },
    { kind: 'RANGE', type: T.MONTH, bounds: [1969 * 12, 1970 * 12, 1971 * 12] },
    { kind: 'HASH', type: T.DATE, buckets: 3 },
  ],
  t: [
    { kind: 'VALUE', type: T.DATE, values: [2, 1, 0, -1] },
    { kind: 'RANGE', type: T.DATE, bounds: [-2, 0, 1, 3] },
    { kind: 'VALUE', type: T.DATEHOUR, values: [-1, 0, 1, 24, 25] },
    { kind: 'HASH', type: T.DATE, buckets: 3 },
    { kind: 'RANGE', type: T.MONTH, bounds: [1969 * 12, 1970 * 12, 1971 * 12] },
  ],
}
const TEXTS = ['IBM', 'MS', 'a.b', 'ab', 'B', 'zz']

const rowArbitrary = fc.record({
  i: fc.integer({ min: -4, max: 6 }),
  l: fc.integer({ min: -4, max: 6 }),
  s: fc.constantFrom(...TEXTS),
  d: fc.integer({ min: -2, max: 3 }),
  t: fc.oneof(
    fc.integer({ min: -2 * DAY, max: 3 * DAY }),
    fc.integer({ min: -2, max: 2 }).map((d) => d * DAY),
  ),
  v: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
})

const constantFor = (name: Name | 'v'): fc.Arbitrary<{ type: TypeId; raw: Raw }> => {
  if (name === 's') return fc.constantFrom(...TEXTS, 'C', 'zzz').map((raw) => ({ type: T.STRING, raw }))
  if (name === 'd' || name === 't')
    return fc.oneof(
      fc.integer({ min: -3, max: 3 }).map((raw) => ({ type: T.DATE as TypeId, raw: raw as Raw })),
      fc
        .oneof(fc.integer({ min: -3 * DAY, max: 3 * DAY }), fc.constantFrom(0, DAY, -DAY))
        .map((n) => ({ type: T.TIMESTAMP, raw: BigInt(n) })),
      fc.integer({ min: -40, max: 40 }).map((raw) => ({ type: T.DATEHOUR, raw })),
    )
  return fc.oneof(
    fc.integer({ min: -5, max: 7 }).map((raw) => ({ type: T.INT as TypeId, raw: raw as Raw })),
    fc.integer({ min: -5, max: 7 }).map((n) => ({ type: T.LONG, raw: BigInt(n) })),
    fc.integer({ min: -5, max: 7 }).map((n) => ({ type: T.DOUBLE, raw: n + 0.5 })),
  )
}

function leaf(name: Name | 'v'): fc.Arbitrary<ColumnPredicate> {
  const constant = constantFor(name)
  return fc.oneof(
    fc
      .tuple(fc.constantFrom('lt', 'le', 'gt', 'ge', 'eq'), constant)
      .map(
        ([op, { type, raw }]): ColumnPredicate => ({ kind: 'compare', column: name, op: op as 'lt', type, value: raw }),
      ),
    fc.tuple(constant, constant).map(([a, b]): ColumnPredicate => {
      const c = castScalar(new Scalar(b.type, b.raw), a.type).value
      const [low, high] = keyOf(a.type, a.raw) <= keyOf(a.type, c) ? [a.raw, c] : [c, a.raw]
      return { kind: 'between', column: name, type: a.type, low, high }
    }),
    fc.tuple(constant, constant).map(
      ([a, b]): ColumnPredicate => ({
        kind: 'in',
        column: name,
        type: a.type,
        values: [a.raw, castScalar(new Scalar(b.type, b.raw), a.type).value],
      }),
    ),
  )
}
const leafOf = fc.constantFrom('i', 'l', 's', 'd', 't', 'v').chain((name) => leaf(name as Name | 'v'))
const predicateOf: fc.Arbitrary<ColumnPredicate> = fc.oneof(
  leafOf,
  fc
    .tuple(fc.constantFrom('and', 'or'), fc.array(leafOf, { minLength: 1, maxLength: 3 }))
    .map(([kind, parts]): ColumnPredicate => ({ kind: kind as 'and', parts })),
)

describe('pruning', () => {
  it('never leaves out a partition or a segment with a row that satisfies the condition', () => {
    const names = COLUMNS.map((c) => c.name)
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { minLength: 1, maxLength: 30 }),
        fc.subarray(names, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
        predicateOf,
        (rows, levels, picks, predicate) => {
          const schemes = levels.map((name, k) => SCHEMES[name][picks[k] % SCHEMES[name].length])
          const columns = [
            ...COLUMNS.map(({ name, type }) => ({ name: name as string, type: type as TypeId })),
            { name: 'v', type: T.INT },
          ]
          const vectors = [
            vectorOf(
              T.INT,
              rows.map((r) => r.i),
            ),
            vectorOf(
              T.LONG,
              rows.map((r) => BigInt(r.l)),
            ),
            vectorOf(
              T.SYMBOL,
              rows.map((r) => r.s),
            ),
            vectorOf(
              T.DATE,
              rows.map((r) => r.d),
            ),
            vectorOf(
              T.TIMESTAMP,
              rows.map((r) => BigInt(r.t)),
            ),
            vectorOf(
              T.INT,
              rows.map((r) => r.v ?? nullRaw(T.INT)),
            ),
          ]
          const cells = (k: number): Row =>
            Object.fromEntries(
              columns.map(({ name, type }, c) => [
                name,
                { type, raw: vectors[c].raw(k), isNull: vectors[c].isNullAt(k) },
              ]),
            )
          const database = databaseOf(...schemes)
          const table = tableOf(columns, levels)
          const { parts } = routeRows(
            database,
            levels.map((name) => vectors[names.indexOf(name)]),
            { newValuePartitionPolicy: 'skip', allowMissingPartitions: true },
          )
          const keep = pruner(database, table, predicate)
          const writer = new SegmentWriter(new MemoryFileStore(), columns)
          for (const { path, rows: positions } of parts) {
            const chosen = positions === undefined ? rows.map((_, k) => k) : [...positions]
            if (!chosen.some((k) => holds(cells(k), predicate))) continue
            expect(keep?.(path) ?? true, `${path} pruned`).toBe(true)
            const { minMax } = writer.write('x.arrow', vectors, {
              rows: Int32Array.from(chosen),
              from: 0,
              to: chosen.length,
            })
            expect(segmentMayMatch(minMax, columns, predicate, new Set(levels)), `segment of ${path} pruned`).toBe(true)
          }
        },
      ),
      { numRuns: 1500 },
    )
  })

  const day = (n: number) => ({ type: T.DATE, value: n })
  const DATES = databaseOf({ kind: 'VALUE', type: T.DATE, values: [0, 1, 2, 3] })
  const STAMPS = tableOf([{ name: 't', type: T.TIMESTAMP }], ['t'])
  const kept = (p: ColumnPredicate, database = DATES, table = STAMPS) =>
    ['/19700101', '/19700102', '/19700103', '/19700104'].filter((path) => pruner(database, table, p)?.(path) ?? true)

  it.each([
    ['t < 1970.01.03', { kind: 'compare', column: 't', op: 'lt', ...day(2) }, ['/19700101', '/19700102']],
    ['t >= 1970.01.03', { kind: 'compare', column: 't', op: 'ge', ...day(2) }, ['/19700103', '/19700104']],
    [
      't <= 1970.01.02T12',
      { kind: 'compare', column: 't', op: 'le', type: T.TIMESTAMP, value: 129_600_000n },
      ['/19700101', '/19700102'],
    ],
    ['t in two days', { kind: 'in', column: 't', type: T.DATE, values: [0, 3] }, ['/19700101', '/19700104']],
    ['t between', { kind: 'between', column: 't', type: T.DATE, low: 1, high: 2 }, ['/19700102', '/19700103']],
    [
      'another column',
      { kind: 'compare', column: 'x', op: 'eq', ...day(2) },
      ['/19700101', '/19700102', '/19700103', '/19700104'],
    ],
    ['no row at all', { kind: 'noMatch' }, []],
    ['keys', { kind: 'partition', column: 't', keys: vectorOf(T.DATE, [1]) }, ['/19700102']],
  ] as const)('cuts down to the partitions that count: %s', (_, predicate, expected) => {
    expect(kept(predicate as ColumnPredicate)).toEqual(expected)
  })
  it('reports a key that names no partition', () => {
    expect(() => kept({ kind: 'partition', column: 't', keys: vectorOf(T.DATE, [9]) })).toThrow(/is no partition/)
  })
})

describe('the order of partitions', () => {
  it('is the order of the scheme, first level outermost', () => {
    const database = databaseOf(
      { kind: 'VALUE', type: T.INT, values: [3, 1, 20] },
      { kind: 'HASH', type: T.INT, buckets: 12 },
    )
    const paths = ['/20/Key0', '/1/Key10', '/1/Key9', '/3/Key1', '/unknown/Key0']
    expect([...paths].sort(schemeOrder(database))).toEqual([
      '/3/Key1',
      '/1/Key9',
      '/1/Key10',
      '/20/Key0',
      '/unknown/Key0',
    ])
  })
})
