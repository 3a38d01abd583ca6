import { describe, expect, it } from 'vitest'
import { type ColumnPredicate, isNullRaw, nullRaw, type Raw, T } from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import type { StoredColumn, TableRecord } from '../catalog/types.ts'
import { compareRaws } from './key-order.ts'
import { ChunkStory, type Row, tableOf } from './testing-chunk.ts'

const COLUMNS: StoredColumn[] = [
  { name: 'sym', type: T.SYMBOL },
  { name: 'day', type: T.DATE, stored: 'day#2' },
  { name: 'text', type: T.STRING },
  { name: 'ts', type: T.TIMESTAMP },
  { name: 'n', type: T.INT },
  { name: 'id', type: T.UUID },
]

const sometimesNull = (type: number, values: fc.Arbitrary<Raw>): fc.Arbitrary<Raw> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(nullRaw(type)) }, { weight: 6, arbitrary: values })

const anyRow: fc.Arbitrary<Row> = fc.tuple(
  sometimesNull(T.SYMBOL, fc.constantFrom('IBM', 'MS', 'é', '漢', '😀', '\ufb00')),
  sometimesNull(T.DATE, fc.integer({ min: 0, max: 4 })),
  sometimesNull(T.STRING, fc.constantFrom('a', 'ab', 'b', 'zz', '😀', '\ufb00')),
  sometimesNull(
    T.TIMESTAMP,
    fc.bigInt({ min: -3n, max: 3n }).map((n) => n * 4294967296n + 5n),
  ),
  sometimesNull(T.INT, fc.integer({ min: -5, max: 5 })),
  sometimesNull(
    T.UUID,
    fc.bigInt({ min: 1n, max: 4n }).map((n) => n << 62n),
  ),
)

type Step =
  | { readonly kind: 'bulk'; readonly rows: readonly Row[]; readonly batchRows: number }
  | { readonly kind: 'small'; readonly rows: readonly Row[] }
  | { readonly kind: 'flush' | 'compact'; readonly at: number; readonly count: number }

const rows = fc.oneof(
  fc.array(anyRow, { minLength: 1, maxLength: 12 }),
  fc.array(anyRow, { minLength: 1, maxLength: 2 }),
  fc.array(anyRow, { minLength: 16, maxLength: 40 }),
)
// Large batches among small ones meet the way for a few rows in a large piece.
const batchRows = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 8, max: 40 }))
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('bulk'), rows, batchRows }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('small'), rows }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush', 'compact'),
      at: fc.nat(3),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
)

const anyPredicate: fc.Arbitrary<ColumnPredicate> = fc
  .tuple(fc.nat(COLUMNS.length - 2), anyRow, fc.constantFrom('lt', 'le', 'gt', 'ge', 'eq' as const))
  .map(([k, row, op]): ColumnPredicate => {
    const { name, type } = COLUMNS[k]
    return { kind: 'compare', column: name, op: op as 'lt', type, value: row[k] }
  })
  .chain((leaf) =>
    fc.constantFrom<ColumnPredicate>(leaf, { kind: 'and', parts: [leaf] }, { kind: 'or', parts: [leaf, leaf] }),
  )

/** Null is the smallest value, except that nothing is compared with a null constant here. */
function satisfies(row: Row, predicate: ColumnPredicate): boolean {
  if (predicate.kind === 'and') return predicate.parts.every((p) => satisfies(row, p))
  if (predicate.kind === 'or') return predicate.parts.some((p) => satisfies(row, p))
  if (predicate.kind !== 'compare') throw new Error('not generated')
  const order = compareRaws(row[COLUMNS.findIndex((c) => c.name === predicate.column)], predicate.value)
  return { lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0, eq: order === 0 }[predicate.op]
}

const hasNullConstant = (p: ColumnPredicate): boolean =>
  p.kind === 'and' || p.kind === 'or'
    ? p.parts.some(hasNullConstant)
    : p.kind === 'compare' && isNullRaw(p.type, p.value)

function play(table: TableRecord, steps: readonly Step[]): ChunkStory {
  const story = new ChunkStory(table)
  for (const step of steps)
    switch (step.kind) {
      case 'bulk':
        story.bulk(step.rows, step.batchRows)
        break
      case 'small':
        story.small(step.rows)
        break
      case 'flush':
        story.flush(step.count, step.at + 1)
        break
      case 'compact':
        story.compact(step.at, step.count)
    }
  return story
}

const KEYS = [['ts'], ['sym', 'ts'], ['text', 'day'], ['day', 'sym', 'text', 'n']]

const ENGINES: readonly (readonly [string, readonly Partial<TableRecord>[]])[] = [
  ['OLAP', [{}]],
  ...(['ALL', 'LAST', 'FIRST'] as const).map(
    (keepDuplicates) =>
      [`TSDB, ${keepDuplicates}`, KEYS.map((sortColumns) => ({ sortColumns, keepDuplicates }))] as const,
  ),
  ['PKEY', [...KEYS, ['id', 'n']].map((primaryKey) => ({ primaryKey }))],
]

describe('a chunk that grows by large and small appends, flushes and compactions', () => {
  it.each(ENGINES)('shows the rows that it should: %s', (_, engines) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...engines),
        fc.array(anyStep, { minLength: 1, maxLength: 12 }),
        anyPredicate,
        fc.subarray(
          COLUMNS.map((c) => c.name),
          { minLength: 1 },
        ),
        (engine, steps, predicate, columns) => {
          const story = play(tableOf(COLUMNS, engine), steps)
          const expected = story.expected()
          expect(story.read()).toEqual(expected)
          expect(story.count()).toBe(expected.length)
          const positions = columns.map((name) => COLUMNS.findIndex((c) => c.name === name))
          expect(story.read(undefined, columns)).toEqual(expected.map((row) => positions.map((k) => row[k])))
          if (hasNullConstant(predicate)) return
          const matching = (rows: readonly Row[]): Row[] => rows.filter((row) => satisfies(row, predicate))
          expect(matching(story.read(predicate))).toEqual(matching(expected))
        },
      ),
      { numRuns: 60 },
    )
  })
})
