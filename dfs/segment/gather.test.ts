import { describe, expect, it } from 'vitest'
import { RangeLanes } from '../../runtime/kernels/simd/range.ts'
import { NULL_F64, NULL_I32, NULL_I64 } from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import { newSharedMemory } from '../store/shared-memory.ts'
import { gather, scanRange } from './gather.ts'

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
    const value = fc.oneof(fc.double(), fc.constantFrom(NULL_F64, Number.NaN, 0, -1, 1, -Infinity, Infinity))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 12 }), (values) => {
        const range = new Float64Array(4)
        const nulls = scanRange(Float64Array.from(values), values.length, 'f64', range, false)
        // Either zero may stand for both.
        const present = values.filter((v) => v !== NULL_F64 && !Number.isNaN(v)).map((v) => v + 0)
        expect(nulls).toBe(values.length - present.length)
        const found = Array.from(range.subarray(0, 2), (v) => v + 0)
        if (present.length > 0) expect(found).toEqual([Math.min(...present), Math.max(...present)])
      }),
      { examples: [[[0, -0]]] },
    )
  })

  it('takes the rows', () => {
    fc.assert(
      fc.property(fc.array(long, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (values, positions) => {
        const rows = Int32Array.from({ length: 9 }, () => positions.next().value % values.length)
        for (const [data, storage] of [
          [BigInt64Array.from(values), 'i64'],
          [Float64Array.from(values, Number), 'f64'],
          [Int32Array.from(values, (v) => Number(BigInt.asIntN(32, v))), 'i32'],
        ] as const) {
          const out = new (data.constructor as Float64ArrayConstructor)(7)
          gather(out, data, rows, 2, 7, storage)
          const taken = data.constructor as unknown as { from(list: Iterable<unknown>): typeof data }
          expect([...out]).toEqual([...taken.from([...rows.subarray(2)].map((j) => data[j]))])
        }
      }),
      { numRuns: 300 },
    )
  })

  describe('in vector registers', () => {
    const shared = newSharedMemory(1 << 20, 1 << 20)!
    const lanes = new RangeLanes(shared, 0, true)
    const at = 4096
    /** Ordinary numbers with a few others between them, in columns longer than a block. */
    const cases = [0, 1, 2, 3, 4, 5].flatMap((specials) =>
      [3, 8, 16, 8191, 8192, 8193, 8200, 20000].map((length) => ({ specials, length })),
    )
    const spread = (length: number, k: number): number => Math.floor((length * (2 * k + 1)) / 13)

    it.each(cases)('finds the range of $length doubles, $specials of them special', ({ specials, length }) => {
      const data = new Float64Array(shared.buffer, at, length)
      for (let k = 0; k < length; k++) data[k] = ((k * 7919) % 10007) - 5000.5
      const others = [NULL_F64, Number.NaN, Number.POSITIVE_INFINITY, NULL_F64, -1e300]
      for (let k = 0; k < specials; k++) data[spread(length, k)] = others[k]
      const values = [...data].filter((v) => v !== NULL_F64 && !Number.isNaN(v))
      for (const [array, inPlace] of [
        [data, lanes],
        [data.slice(), undefined],
      ] as const) {
        const range = new Float64Array(4)
        expect(scanRange(array, length, 'f64', range, false, inPlace)).toBe(length - values.length)
        if (values.length > 0) expect([range[0], range[1]]).toEqual([Math.min(...values), Math.max(...values)])
      }
    })

    it.each(cases)('finds the range of $length integers, $specials of them special', ({ specials, length }) => {
      const data = new BigInt64Array(shared.buffer, at, length)
      for (let k = 0; k < length; k++) data[k] = BigInt((k * 7919) % 10007) - 5000n + (BigInt(k % 3) << 40n)
      const others = [NULL_I64, -(2n ** 63n) + 1n, NULL_I64, 2n ** 63n - 1n, -1n]
      for (let k = 0; k < specials; k++) data[spread(length, k)] = others[k]
      const values = [...data].filter((v) => v !== NULL_I64).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      for (const [array, inPlace] of [
        [data, lanes],
        [data.slice(), undefined],
      ] as const) {
        const range = new Float64Array(4)
        expect(scanRange(array, length, 'i64', range, false, inPlace)).toBe(length - values.length)
        if (values.length > 0) expect(longRange(range)).toEqual([values[0], values.at(-1)])
      }
    })
  })

  it('finds them of 32-bit numbers', () => {
    const range = new Float64Array(4)
    expect(scanRange(Int32Array.of(NULL_I32, 5, -7, NULL_I32, 6), 5, 'i32', range, false)).toBe(2)
    expect([...range.subarray(0, 2)]).toEqual([-7, 6])
  })
})
