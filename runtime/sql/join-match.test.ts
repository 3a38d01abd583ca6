/** Asof matches against their definition, row by row. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { random } from '../../test/random.ts'
import { FixedVector, NULL_F64, NULL_I64, type Raw, SymbolVector, T, type TypeId, vectorOf } from '../values/index.ts'
import { asofMatches } from './asof-match.ts'

type Row = readonly [number, Raw]

/** The last right row of the key whose time is greatest among those not after the left one's. */
function expected(left: readonly Row[], right: readonly Row[]): number[] {
  return left.map(([key, time]) => {
    let best = -1
    right.forEach(([k, t], j) => {
      if (k !== key || (t as number) > (time as number)) return
      if (best < 0 || (t as number) >= (right[best][1] as number)) best = j
    })
    return best
  })
}

const matched = (type: TypeId, left: readonly Row[], right: readonly Row[]): number[] => {
  const columns = (rows: readonly Row[]) => [
    vectorOf(
      T.INT,
      rows.map((r) => r[0]),
    ),
    vectorOf(
      type,
      rows.map((r) => r[1]),
    ),
  ]
  return [...asofMatches(columns(left), columns(right))]
}

const near = fc.integer({ min: 0, max: 40 }).map((n) => 1704067200000n + BigInt(n))
const far = fc.constantFrom(NULL_I64, -(2n ** 62n), -1n, 0n, 1n, 2n ** 62n)
const real = fc.constantFrom(NULL_F64, -1.5, -0, 0, 0.5, 2)
const key = fc.constantFrom(1, 2, 3)
const rowsOf = (time: fc.Arbitrary<Raw>) => fc.array(fc.tuple(key, time), { maxLength: 60 })
const byTime = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => Number(a[1]) - Number(b[1]))

describe('an asof join', () => {
  const types: readonly (readonly [string, TypeId, fc.Arbitrary<Raw>])[] = [
    ['times that are close to each other', T.TIMESTAMP, near],
    ['times with nulls', T.LONG, fc.oneof(near, fc.constant(NULL_I64))],
    ['numbers over the whole range of 64 bits', T.LONG, far],
    ['doubles', T.DOUBLE, real],
    ['whole numbers', T.INT, fc.integer({ min: -3, max: 3 })],
  ]
  it.each(types)('of %s takes the last row that is not after it', (_name, type, time) => {
    fc.assert(
      fc.property(rowsOf(time), rowsOf(time), fc.boolean(), fc.boolean(), (l, r, leftSorted, rightSorted) => {
        const left = leftSorted ? byTime(l) : l
        const right = rightSorted ? byTime(r) : r
        expect(matched(type, left, right)).toEqual(expected(left, right))
      }),
      { numRuns: 80 },
    )
  })

  it('finds rows far ahead and far behind the one found before', () => {
    const right: Row[] = Array.from({ length: 500 }, (_, k) => [1, BigInt(10 * k)])
    const left: Row[] = [0n, 4999n, 5n, 3000n, 3001n, 3009n, 3010n, -1n, 9999n].map((t) => [1, t])
    expect(matched(T.LONG, left, right)).toEqual(expected(left, right))
  })

  it('has symbols as keys, with a base for both sides and with two, where a null matches nothing', () => {
    const texts = ['', 'a', 'b', 'c', 'd']
    const anySymbol = fc.integer({ min: 0, max: 4 })
    const rows = fc.array(fc.tuple(anySymbol, fc.integer({ min: 0, max: 20 })), { maxLength: 40 })
    fc.assert(
      fc.property(rows, rows, fc.boolean(), (left, right, isShared) => {
        const symbols = SymbolVector.encode([...left, ...right].map(([k]) => texts[k]))
        const own = (side: readonly Row[]): SymbolVector => SymbolVector.encode(side.map(([k]) => texts[k]))
        const times = (side: readonly Row[]) =>
          new FixedVector(
            T.INT,
            Int32Array.from(side, ([, t]) => t as number),
          )
        const found = asofMatches(
          [isShared ? symbols.slice(0, left.length) : own(left), times(left)],
          [isShared ? symbols.slice(left.length, left.length + right.length) : own(right), times(right)],
        )
        const known = (side: readonly Row[]): Row[] => side.map(([k, t]): Row => [k === 0 ? Number.NaN : k, t])
        expect([...found]).toEqual(expected(known(left), known(right)))
      }),
      { numRuns: 80 },
    )
  })

  it('of more rows than are worked through at a time takes the last row that is not after it', () => {
    const next = random(9)
    const left = 70_000
    const keys = (n: number) =>
      new FixedVector(
        T.INT,
        Int32Array.from({ length: n }, () => Math.floor(next() * 9)),
      )
    const times = (n: number, step: bigint, jump: boolean) =>
      new FixedVector(
        T.TIMESTAMP,
        BigInt64Array.from({ length: n }, (_, k) => (jump && k % 999 === 7 ? 5n : BigInt(k) * step) + 1704067200000n),
      )
    const sides = [
      [keys(left), times(left, 1n, true)],
      [keys(700), times(700, 100n, false)],
    ] as const
    const found = asofMatches(sides[0], sides[1])
    for (let k = 0; k < left; k += 13) {
      let best = -1
      for (let j = 0; j < 700; j++)
        if (sides[1][0].data[j] === sides[0][0].data[k] && sides[1][1].data[j] <= sides[0][1].data[k]) best = j
      if (found[k] !== best) expect(`${k}: ${found[k]}`).toBe(`${k}: ${best}`)
    }
  })
})
