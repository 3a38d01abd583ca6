import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../runtime/errors.ts'
import fc from '../../test/properties.ts'
import { packPayload, unpackPayload } from './payload.ts'

describe('a payload', () => {
  it.each([
    [null],
    [true],
    [''],
    [[]],
    [{}],
    [0],
    [-1],
    [2 ** 53],
    [1.5],
    [Number.NaN],
    [Number.NEGATIVE_INFINITY],
    [0n],
    [-1n],
    [2n ** 63n - 1n],
    [-(2n ** 63n)],
    [2n ** 64n - 1n],
    [2n ** 127n - 1n],
    [-(2n ** 127n)],
    [new Uint8Array([0, 255])],
    [{ kind: 'append', list: [{ a: 1n }, { b: 'é' }], bytes: new Uint8Array(300) }],
  ])('keeps %o', (value) => {
    expect(same(value)).toStrictEqual(value)
  })
  it('keeps any plain data', () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.string(),
      fc.double({ noNaN: false }).filter((x) => !Object.is(x, -0)),
      fc.maxSafeInteger(),
      fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
      fc.uint8Array(),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    }))
    fc.assert(
      fc.property(value, (x) => {
        expect(same(x)).toStrictEqual(x)
      }),
    )
  })
  it.each([[], [0xdf, 0xff, 0xff, 0xff, 0xff], [1, 2]])('is refused as damage if it is none: %j', (...bytes) => {
    expect(() => unpackPayload(Uint8Array.from(bytes))).toThrow(HoldfastError)
  })
  it('does not depend on the buffer that it was read from', () => {
    const packed = packPayload({ bytes: new Uint8Array([1, 2, 3]) }).slice()
    const value = unpackPayload(packed) as { bytes: Uint8Array }
    packed.fill(0)
    expect([...value.bytes]).toEqual([1, 2, 3])
  })
})

/** Packed and unpacked; bytes as plain Uint8Array. */
function same(value: unknown): unknown {
  return plain(unpackPayload(packPayload(value)))
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, x]) => [key, plain(x)]))
  return value
}
