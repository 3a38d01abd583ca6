import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { deltaDecode, deltaEncode } from './delta-of-delta.ts'
import { lz4Compress, lz4Decompress } from './lz4.ts'

describe('LZ4 blocks', () => {
  it('give back any bytes', () => {
    const repetitive = fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(300), fc.uint8Array({ maxLength: 300 }))
      .map(([part, times, rest]) =>
        Uint8Array.from([...Array.from({ length: times }, () => [...part]).flat(), ...rest]),
      )
    fc.assert(
      fc.property(repetitive, (bytes) => {
        expect(lz4Decompress(lz4Compress(bytes), bytes.length)).toEqual(bytes)
      }),
    )
  })
  it('of another implementation are read', () => {
    // The block that lz4 1.9 makes of 32 times "a".
    const block = Uint8Array.from([0x1f, 0x61, 0x01, 0x00, 0x07, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61])
    expect(Buffer.from(lz4Decompress(block, 32)).toString()).toBe('a'.repeat(32))
  })
  it('shrink what repeats', () => {
    expect(lz4Compress(new Uint8Array(100_000)).length).toBeLessThan(500)
  })
  it('that are damaged are errors, whatever the damage', () => {
    const plain = Uint8Array.from({ length: 500 }, (_, k) => (k % 17) * (k % 5))
    const block = lz4Compress(plain)
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = block.slice()
        damaged[at] ^= flip
        try {
          expect(lz4Decompress(damaged, plain.length)).toHaveLength(plain.length)
        } catch (e) {
          expect((e as Error).message).toContain('damaged')
        }
      }),
    )
    expect(() => lz4Decompress(block.subarray(0, block.length - 3), plain.length)).toThrow('damaged')
  })
})

describe('delta-of-delta codes', () => {
  it('give back any 32-bit numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (values) => {
        const data = Int32Array.from(values)
        const back = new Int32Array(data.length)
        deltaDecode(deltaEncode(data), back)
        expect(back).toEqual(data)
      }),
    )
  })
  it('give back any 64-bit numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
        const data = BigInt64Array.from(values)
        const back = new BigInt64Array(data.length)
        deltaDecode(deltaEncode(data), back)
        expect(back).toEqual(data)
      }),
    )
  })
  it('give back short numbers, whose differences leave their range', () => {
    const data = Int16Array.of(-32768, 32767, -32768, 0, 0, 0)
    const back = new Int16Array(data.length)
    deltaDecode(deltaEncode(data), back)
    expect(back).toEqual(data)
  })
  it('of a regular series are a few bytes', () => {
    expect(deltaEncode(Int32Array.from({ length: 100_000 }, (_, k) => 3 * k)).length).toBeLessThan(10)
  })
  it('that end early are an error', () => {
    const bytes = deltaEncode(Int32Array.of(5, 9, 1, 7))
    expect(() => deltaDecode(bytes.subarray(0, 2), new Int32Array(4))).toThrow('damaged')
    expect(() => deltaDecode(bytes, new Int32Array(3))).toThrow('damaged')
  })
})
