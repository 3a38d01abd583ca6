import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { NULL_I32, T } from '../values/types.ts'
import { SymbolVector, vectorOf } from '../values/vector.ts'
import { hashBucketOf, hashBuckets, murmurHash2 } from './murmur.ts'

describe('hash buckets', () => {
  it.each([
    ['AAPL', 9],
    ['TSLA', 4],
    ['GS', 1],
    ['MS', 8],
    ['GE', 3],
    ['BA', 7],
    ['UAL', 5],
    ['WMT', 2],
  ])('of %s is the documented %i of ten', (symbol, bucket) => expect(murmurHash2(symbol) % 10).toBe(bucket))

  it('of integers are the value modulo the count, nulls have none', () => {
    expect([...hashBuckets(vectorOf(T.INT, [34, 45, 67, NULL_I32]), 10)]).toEqual([4, 5, 7, -1])
    expect(hashBucketOf(T.INT, -1, 10)).toBe(5)
  })

  it('of a column equal those of its elements', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        (xs, n) => {
          expect([...hashBuckets(vectorOf(T.LONG, xs), n)]).toEqual(xs.map((x) => hashBucketOf(T.LONG, x, n)))
        },
      ),
    )
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (xs) => {
        const expected = xs.map((x) => hashBucketOf(T.STRING, x, 50))
        expect([...hashBuckets(vectorOf(T.STRING, xs), 50)]).toEqual(expected)
        expect([...hashBuckets(SymbolVector.encode(xs), 50)]).toEqual(expected)
      }),
    )
  })
})
