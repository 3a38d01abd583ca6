/** The radix sort against the sort of JavaScript. */

import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { NULL_F64, NULL_I32, NULL_I64, type Raw, T, type TypeId } from '../values/types.ts'
import { FixedVector, vectorOf } from '../values/vector.ts'
import { radixOrder, sortPairs, sortWords } from './radix.ts'
import { sortIndices, sortRows, sortVector } from './sort.ts'

/** A reproducible row of words; `spread` says how many bits differ. */
function wordsOf(length: number, spread: number, seed: number): Uint32Array {
  let x = seed
  return Uint32Array.from({ length }, () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return spread >= 32 ? x : (x >>> 7) % (1 << spread)
  })
}

function expectedOrder(words: readonly Uint32Array[], length: number): number[] {
  return Array.from({ length }, (_, k) => k).sort((a, b) => {
    for (const w of words) if (w[a] !== w[b]) return w[a] - w[b]
    return a - b
  })
}

const LENGTHS = [0, 1, 2, 23, 24, 25, 300, 4095, 4096, 9000, 70_000]

describe('the radix sort', () => {
  it.each(LENGTHS)('puts %i rows in the order of one, two and three words, stable', (length) => {
    for (const spreads of [[32], [1], [3, 32], [32, 32], [0, 9, 2], [5, 5, 5], [12, 0, 20]]) {
      const words = spreads.map((spread, k) => wordsOf(length, spread, 17 + k))
      expect([
        ...radixOrder(
          words.map((w) => w.slice()),
          length,
        ),
      ]).toEqual(expectedOrder(words, length))
    }
  })

  it('leaves what is in order, and turns around what is in reverse', () => {
    for (const length of LENGTHS) {
      const up = Uint32Array.from({ length }, (_, k) => k >>> 2)
      const down = up.slice().reverse()
      for (const words of [[up], [down], [down, up], [up, down]])
        expect([
          ...radixOrder(
            words.map((w) => w.slice()),
            length,
          ),
        ]).toEqual(expectedOrder(words, length))
    }
  })

  it.each(LENGTHS)('sorts %i words, and pairs of words, in place', (length) => {
    for (const [a, b] of [
      [32, 32],
      [2, 32],
      [0, 32],
      [32, 0],
    ]) {
      const high = wordsOf(length, a, 5)
      const low = wordsOf(length, b, 6)
      const order = expectedOrder([high, low], length)
      const [sortedHigh, sortedLow] = [high.slice(), low.slice()]
      sortPairs(sortedHigh, sortedLow)
      expect([...sortedHigh]).toEqual(order.map((k) => high[k]))
      expect([...sortedLow]).toEqual(order.map((k) => low[k]))
      const alone = high.slice()
      sortWords(alone)
      expect([...alone]).toEqual([...high].sort((x, y) => x - y))
    }
  })
})

describe('a sorted vector', () => {
  const int = fc.oneof(fc.integer({ min: -2147483647, max: 2147483647 }), fc.constantFrom(NULL_I32, 0, 1, -1))
  const long = fc.oneof(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), fc.constantFrom(NULL_I64, 0n, -1n))
  const real = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(NULL_F64, 0, -0, 5e-324, -5e-324, 1.7e308, -1.7e308),
  )
  const cases: readonly (readonly [string, TypeId, fc.Arbitrary<Raw>])[] = [
    ['INT', T.INT, int],
    ['LONG', T.LONG, long],
    ['DOUBLE', T.DOUBLE, real],
    ['CHAR', T.CHAR, fc.integer({ min: -128, max: 127 })],
  ]
  it.each(cases)(
    'of %s holds the same values in order, null smallest; equal zeros keep their order',
    (_n, type, one) => {
      fc.assert(
        fc.property(fc.array(one, { maxLength: 80 }), fc.boolean(), fc.boolean(), (values, up, long) => {
          // Long enough for digits of 11 bits.
          const all = long
            ? Array.from({ length: values.length * 300 }, (_, k) => values[(k * 7) % values.length])
            : values
          const sign = up ? 1 : -1
          const expected = all.map((x) => x as number).sort((x, y) => (x < y ? -sign : x > y ? sign : 0))
          const sorted = sortVector(vectorOf(type, all), up)
          expect(Array.from({ length: sorted.length }, (_, k) => sorted.raw(k))).toEqual(expected)
        }),
        { numRuns: 25 },
      )
    },
  )
})

describe('rows with the first column as it comes out of the sort', () => {
  const int = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer(), fc.constant(NULL_I32))
  it('is the column gathered by the rows', () => {
    fc.assert(
      fc.property(
        fc.array(int, { minLength: 25, maxLength: 400 }),
        fc.boolean(),
        fc.constantFrom(undefined, true, false),
        (list, up, nullsFirst) => {
          const column = new FixedVector(T.INT, Int32Array.from(list))
          const second = new FixedVector(
            T.DOUBLE,
            Float64Array.from(list, (x, k) => (x * 7919 + k) % 13),
          )
          const { rows, first } = sortRows([column, second], [up, true], [nullsFirst])
          expect([...rows]).toEqual([...sortIndices([column, second], [up, true], [nullsFirst])])
          // With nulls at the other end there is a key before the column's.
          expect(first === undefined).toBe(nullsFirst !== undefined && nullsFirst !== up)
          if (first !== undefined)
            expect([...(first as FixedVector).data]).toEqual([...(column.gather(rows) as FixedVector).data])
        },
      ),
    )
  })
})
