/** Where and group by against an evaluator that is too simple to be wrong: one row at a time, in plain JavaScript. */

import { describe, expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { FixedVector, NULL_I32, SymbolVector, T, Table, vectorOf } from '../values/index.ts'
import { compact, sqlSession } from './testing.ts'

interface Row {
  readonly id: number
  readonly k: string
  readonly x: number | null
  readonly big: number
}

const anyRows = fc.array(
  fc.record({
    k: fc.constantFrom('', 'a', 'b', 'c'),
    x: fc.option(fc.integer({ min: -4, max: 4 })),
    big: fc.integer({ min: -3, max: 3 }),
  }),
  { maxLength: 40 },
)

// 64-bit values around the borders of 32 bits.
const BIG = 4294967296

function tableOf(rows: readonly Row[]): Table {
  return new Table(
    ['id', 'k', 'x', 'big'],
    [
      new FixedVector(
        T.INT,
        Int32Array.from(rows, (r) => r.id),
      ),
      SymbolVector.encode(rows.map((r) => r.k)),
      new FixedVector(
        T.INT,
        Int32Array.from(rows, (r) => r.x ?? NULL_I32),
      ),
      vectorOf(
        T.LONG,
        rows.map((r) => BigInt(r.big * BIG)),
      ),
    ],
  )
}

type Test = readonly [string, (r: Row) => boolean]

/** NULL is smaller than any value. */
const x = (r: Row): number => r.x ?? Number.NEGATIVE_INFINITY

const leaves: readonly Test[] = [
  ['x<1', (r) => x(r) < 1],
  ['x<=-1', (r) => x(r) <= -1],
  ['x>0', (r) => x(r) > 0],
  ['x>=2', (r) => x(r) >= 2],
  ['x=1', (r) => x(r) === 1],
  ['x<>1', (r) => x(r) !== 1],
  ['1<x', (r) => 1 < x(r)],
  ['x is null', (r) => r.x === null],
  ['x is not null', (r) => r.x !== null],
  ['x between 0 and 2', (r) => x(r) >= 0 && x(r) <= 2],
  ['k=`a', (r) => r.k === 'a'],
  ['k<>`a', (r) => r.k !== 'a'],
  ['k in `a`c', (r) => r.k === 'a' || r.k === 'c'],
  ['k not in `a`c', (r) => r.k !== 'a' && r.k !== 'c'],
  ['big>0', (r) => r.big > 0],
  ['big<=-4294967296', (r) => r.big <= -1],
  ['big=4294967296', (r) => r.big === 1],
  ['big<>8589934592', (r) => r.big !== 2],
  ['big<4294967297', (r) => r.big <= 1],
  ['x+id>5', (r) => r.x !== null && r.x + r.id > 5],
  ['id%3=0', (r) => r.id % 3 === 0],
]

const leaf = fc.constantFrom(...leaves)
const condition: fc.Arbitrary<Test> = fc.letrec<{ any: Test; pair: Test }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('pair')),
  pair: fc
    .tuple(tie('any'), fc.constantFrom('and', 'or'), tie('any'))
    .map(
      ([a, op, b]): Test => [
        `(${a[0]}) ${op} (${b[0]})`,
        op === 'and' ? (r) => a[1](r) && b[1](r) : (r) => a[1](r) || b[1](r),
      ],
    ),
})).any

const numbered = (rows: readonly Omit<Row, 'id'>[]): Row[] => rows.map((r, id) => ({ ...r, id }))

describe('where and group by against a naive evaluator', () => {
  test('where keeps the rows for which all conditions hold', () => {
    fc.assert(
      fc.property(anyRows, fc.array(condition, { minLength: 1, maxLength: 3 }), (plain, conditions) => {
        const rows = numbered(plain)
        const session = sqlSession({ t: tableOf(rows) })
        const result = compact(session.run(`exec id from t where ${conditions.map((c) => c[0]).join(', ')}`))
        const expected = rows.filter((r) => conditions.every((c) => c[1](r))).map((r) => r.id)
        expect(result).toBe(`[${expected.join(',')}]`)
      }),
      { numRuns: 150 },
    )
  })

  test('group by aggregates the rows of each key, keys ascending', () => {
    fc.assert(
      fc.property(anyRows, (plain) => {
        const rows = numbered(plain)
        const session = sqlSession({ t: tableOf(rows) })
        const result = compact(
          session.run(
            'select count(*), count(x) as n, sum(x), max(x), first(id), sum(x)+count(*) as s from t group by k',
          ),
        )
        const lines = [...new Set(rows.map((r) => r.k))].sort().map((k) => {
          const own = rows.filter((r) => r.k === k)
          const valid = own.flatMap((r) => (r.x === null ? [] : [r.x]))
          const sum = valid.reduce((a, b) => a + b, 0)
          const some = valid.length > 0
          return [
            k,
            own.length,
            valid.length,
            some ? sum : '',
            some ? Math.max(...valid) : '',
            own[0].id,
            some ? sum + own.length : '',
          ].join(',')
        })
        expect(result).toBe(['k,count,n,sum_x,max_x,first_id,s', ...lines].join('|'))
      }),
      { numRuns: 100 },
    )
  })
})
