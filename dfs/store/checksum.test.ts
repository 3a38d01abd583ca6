import { describe, expect, it } from 'vitest'
import xxhash from 'xxhash-wasm'
import fc from '../../test/properties.ts'
import { Checksum, checksumOf, digestOf, hashedPiece } from './checksum.ts'

const api = await xxhash()
const expected = (bytes: Uint8Array): string => api.h64Raw(bytes).toString(16).padStart(16, '0')
const bytesOf = (length: number): Uint8Array => new Uint8Array(length).map((_, k) => k * 7 + (k >> 8))

describe('a checksum', () => {
  it.each([0, 1, 31, 32, 33, 1000, 131071, 131072, 131073, 500_000])('of %i bytes is XXH64', (length) => {
    const bytes = bytesOf(length)
    expect(checksumOf(bytes)).toBe(expected(bytes))
    expect(digestOf(bytes)).toBe(api.h64Raw(bytes))
    expect(new Checksum().update(bytes).hex()).toBe(expected(bytes))
  })

  it('does not depend on how the bytes come, nor on what else is hashed meanwhile', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.array(
          fc.record({ at: fc.nat(400), place: fc.constantFrom('own', 'shared', 'hashed'), disturb: fc.boolean() }),
        ),
        (bytes, cuts) => {
          const sum = new Checksum()
          const other = new Checksum()
          const ends = [...cuts].sort((a, b) => a.at - b.at)
          let from = 0
          for (const { at, place, disturb } of [...ends, { at: bytes.length, place: 'own', disturb: false }]) {
            const piece = bytes.subarray(from, Math.max(from, Math.min(at, bytes.length)))
            from += piece.length
            if (disturb) other.update(bytes)
            if (place === 'hashed') {
              hashedPiece.set(piece)
              sum.update(hashedPiece.subarray(0, piece.length))
            } else if (place === 'shared') {
              const shared = new Uint8Array(new SharedArrayBuffer(piece.length))
              shared.set(piece)
              sum.update(shared)
            } else sum.update(piece)
            if (disturb) sum.hex()
          }
          expect(sum.hex()).toBe(expected(bytes))
          expect(sum.bytes).toBe(bytes.length)
        },
      ),
    )
  })
})
