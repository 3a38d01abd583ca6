import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NULL_F64, NULL_I32, NULL_I64 } from '../../runtime/values/index.ts'
import { gatherAndScan, scanRange } from './gather.ts'

/** 64-bit numbers around everything where the way of comparing them changes. */
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -20n, max: 20n }),
  fc.constantFrom(0n, 2n ** 32n, 2n ** 53n, -(2n ** 53n), 2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n + 1n, NULL_I64),
)

const longRange = (range: Float64Array): [bigint, bigint] => [
  BigInt(range[0]) * 4294967296n + BigInt(range[1]),
  BigInt(range[2]) * 4294967296n + BigInt(range[3]),
]

describe('a scan of a batch', () => {
  it('finds smallest, largest and nulls of 64-bit numbers, in pieces as at once', () => {
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 12 }), fc.nat(12), (values, cut) => {
        const data = BigInt64Array.from(values)
        const present = values.filter((v) => v !== NULL_I64)
        const range = new Float64Array(4)
        const first = data.subarray(0, cut)
        const nulls = scanRange(first, first.length, 'i64', range, false)
        const seen = nulls < first.length
        const rest = data.subarray(cut)
        const more = scanRange(rest, rest.length, 'i64', range, seen)
        expect(nulls + more).toBe(values.length - present.length)
        if (present.length === 0) return
        const sorted = [...present].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        expect(longRange(range)).toEqual([sorted[0], sorted.at(-1)])
      }),
      { numRuns: 2000 },
    )
  })

  it('finds them of doubles, where NaN is a null too', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(NULL_F64, Number.NaN, 0, -1, 1))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (values) => {
        const range = new Float64Array(4)
        const nulls = scanRange(Float64Array.from(values), values.length, 'f64', range, false)
        const present = values.filter((v) => v !== NULL_F64 && !Number.isNaN(v))
        expect(nulls).toBe(values.length - present.length)
        if (present.length > 0) expect([...range.subarray(0, 2)]).toEqual([Math.min(...present), Math.max(...present)])
      }),
    )
  })

  it('finds the same while it takes the rows', () => {
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (values, positions) => {
        const rows = Int32Array.from({ length: 9 }, () => positions.next().value % values.length)
        for (const [data, storage] of [
          [BigInt64Array.from(values), 'i64'],
          [Float64Array.from(values, (v) => (v === NULL_I64 ? NULL_F64 : Number(v))), 'f64'],
          [Int32Array.from(values, (v) => Number(BigInt.asIntN(32, v))), 'i32'],
        ] as const) {
          const out = new (data.constructor as Float64ArrayConstructor)(7)
          const range = new Float64Array(4)
          const nulls = gatherAndScan(out, data, rows, 2, 7, storage, range)
          const taken = data.constructor as unknown as { from(list: Iterable<unknown>): typeof data }
          expect([...out]).toEqual([...taken.from([...rows.subarray(2)].map((j) => data[j]))])
          const again = new Float64Array(4)
          expect(nulls).toBe(scanRange(out, 7, storage, again, false))
          expect(range).toEqual(again)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('finds them of 32-bit numbers', () => {
    const range = new Float64Array(4)
    expect(scanRange(Int32Array.of(NULL_I32, 5, -7, NULL_I32, 6), 5, 'i32', range, false)).toBe(2)
    expect([...range.subarray(0, 2)]).toEqual([-7, 6])
  })
})
