import { describe, expect, it } from 'vitest'
import {
  ArrayVector,
  type ColumnSchema,
  FixedVector,
  NULL_I64,
  StringVector,
  SymbolBase,
  SymbolVector,
  T,
  type Vector,
  WideVector,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import { digestConflict, RowsDigester } from './rows-digest.ts'

const digestOf = (columns: Readonly<Record<string, Vector>>, pieces = 1) => {
  const vectors = Object.values(columns)
  const schema = Object.entries(columns).map(([name, v]): ColumnSchema => ({ name, type: v.type }))
  const digester = new RowsDigester(schema)
  const rows = vectors[0].length
  for (let p = 0; p < pieces; p++) {
    const from = Math.floor((rows * p) / pieces)
    const to = Math.floor((rows * (p + 1)) / pieces)
    digester.add(
      vectors.map((v) => v.slice(from, to) as Vector),
      to - from,
    )
  }
  return digester.result()
}
const longs = (...values: bigint[]) => new FixedVector(T.LONG, BigInt64Array.from(values))
const ints = (...values: number[]) => new FixedVector(T.INT, Int32Array.from(values))
const doubles = (...values: number[]) => new FixedVector(T.DOUBLE, Float64Array.from(values))
const texts = (...values: string[]) => new StringVector(values)
const utf8 = (...values: string[]) => {
  const parts = values.map((v) => Buffer.from(v))
  const offsets = Int32Array.from([0, ...parts.map((_, k) => Buffer.concat(parts.slice(0, k + 1)).length)])
  return new StringVector({ offsets, bytes: Buffer.concat(parts) })
}

describe('a digest of rows', () => {
  it('does not depend on the order of rows, nor on how they are cut into batches', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.double(), fc.string()), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.nat(),
        (rows, shift) => {
          const columns = (r: typeof rows) => ({
            l: longs(...r.map((x) => x[0])),
            d: doubles(...r.map((x) => x[1])),
            t: texts(...r.map((x) => x[2])),
          })
          const turned = [...rows.slice(shift % rows.length), ...rows.slice(0, shift % rows.length)]
          expect(digestOf(columns(turned), 3)).toEqual(digestOf(columns(rows)))
        },
      ),
    )
  })
  it('is the same for a text in any form, and for a symbol in any base', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (values) => {
        const { columns } = digestOf({ t: texts(...values) })
        expect(digestOf({ t: utf8(...values) }).columns).toEqual(columns)
      }),
    )
    const base = new SymbolBase(['x', 'a', 'b'])
    const other = new SymbolBase(['b'])
    const a = digestOf({ s: new SymbolVector(Int32Array.of(2, 3, 0), base) })
    expect(other.encode('a')).toBe(2)
    expect(digestOf({ s: new SymbolVector(Int32Array.of(2, 1, 0), other) })).toEqual(a)
    // A base that has grown since.
    expect(digestOf({ s: new SymbolVector(Int32Array.of(other.encode('zz'), 1, 0), other) })).not.toEqual(a)
  })
  it.each<[string, Record<string, Vector>, Record<string, Vector>, string]>([
    ['a value', { a: ints(1, 2), b: ints(3, 4) }, { a: ints(1, 5), b: ints(3, 4) }, 'the values of a are others'],
    [
      'two values swapped between rows',
      { a: ints(1, 2), b: ints(3, 4) },
      { a: ints(1, 2), b: ints(4, 3) },
      'values have changed places between rows',
    ],
    [
      'two columns swapped',
      { a: ints(1, 2), b: ints(3, 4) },
      { a: ints(3, 4), b: ints(1, 2) },
      'the values of a, b are others',
    ],
    ['a row more', { a: ints(1, 2) }, { a: ints(1, 2, 0) }, 'it has 3 rows instead of 2'],
    ['a row twice and another not at all', { a: ints(1, 2, 2) }, { a: ints(1, 1, 2) }, 'the values of a are others'],
    ['null for zero', { a: longs(0n) }, { a: longs(NULL_I64) }, 'the values of a are others'],
    ['an empty text for none', { a: texts('', 'a') }, { a: texts('a', 'a') }, 'the values of a are others'],
    ['a text cut in another place', { a: texts('ab', 'c') }, { a: texts('a', 'bc') }, 'the values of a are others'],
    ['a type', { a: ints(1) }, { a: longs(1n) }, 'its columns are a LONG instead of a INT'],
    ['the sign of zero', { a: doubles(0) }, { a: doubles(-0) }, 'the values of a are others'],
    [
      'half of a wide value',
      { a: new WideVector(T.UUID, BigInt64Array.of(1n, 2n)) },
      { a: new WideVector(T.UUID, BigInt64Array.of(1n, 3n)) },
      'the values of a are others',
    ],
    [
      'the border between two lists',
      { a: new ArrayVector(Int32Array.of(0, 1, 3), ints(1, 2, 3)) },
      { a: new ArrayVector(Int32Array.of(0, 2, 3), ints(1, 2, 3)) },
      'the values of a are others',
    ],
  ])('tells %s', (_, before, after, why) => {
    expect(digestConflict(digestOf(before), digestOf(after))).toBe(why)
    expect(digestConflict(digestOf(before), digestOf(before))).toBeUndefined()
  })
  it('tells any single flipped bit of a column', () => {
    const values = Float64Array.from({ length: 50 }, (_, k) => k * 1.25)
    const before = digestOf({ a: new FixedVector(T.DOUBLE, values) })
    const bytes = new Uint8Array(values.buffer)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      expect(digestOf({ a: new FixedVector(T.DOUBLE, values) }).whole).not.toBe(before.whole)
      bytes[bit >> 3] ^= 1 << (bit & 7)
    }
  })
  it('gives different values of 64 bits different hashes, however near they are', () => {
    const rows = 100_000
    const digester = new RowsDigester([{ name: 'a', type: T.LONG }])
    const hashes = digester.add(
      [
        new FixedVector(
          T.LONG,
          BigInt64Array.from({ length: rows }, (_, k) => BigInt(k)),
        ),
      ],
      rows,
    )
    expect(new Set(Array.from({ length: rows }, (_, k) => `${hashes[2 * k]},${hashes[2 * k + 1]}`)).size).toBe(rows)
    expect(new Set(Array.from({ length: rows }, (_, k) => hashes[2 * k])).size).toBeGreaterThan(rows - 10)
  })
})
