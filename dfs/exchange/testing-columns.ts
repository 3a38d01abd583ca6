/** For tests: columns of every type that a table can have, with nulls, as generated values. */

import {
  ArrayVector,
  type ColumnSchema,
  NULL_I64,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'

// ---------------------------------------------------------------------------------------------------------------------
// Values of every type

const int = (bits: number): fc.Arbitrary<number> =>
  fc.integer({ min: -(2 ** (bits - 1)) + 1, max: 2 ** (bits - 1) - 1 })
const long = fc.bigInt({ min: NULL_I64 + 1n, max: -NULL_I64 - 1n })
const float = fc.double({ noNaN: true }).filter((x) => x !== -Number.MAX_VALUE)
const single = fc.float({ noNaN: true }).filter((x) => Math.abs(x) < 3.4e38)
const wide = fc.bigInt({ min: 1n, max: 2n ** 128n - 1n })
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...'a,;|\t\n\r"\'\\ NULnu-{}[]:äß漢😀\uFEFF'),
    fc.string({ unit: 'grapheme', maxLength: 1 }),
  ),
  maxLength: 10,
})
const pair = fc.tuple(float, float)
const decimal = (digits: number): fc.Arbitrary<bigint> =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n })

const VALUES: readonly (readonly [TypeId, fc.Arbitrary<Raw>, number?])[] = [
  [T.BOOL, fc.constantFrom(0, 1)],
  [T.CHAR, int(8)],
  [T.SHORT, int(16)],
  [T.INT, int(32)],
  [T.LONG, long],
  [T.DATE, int(32)],
  [T.MONTH, int(32)],
  [T.TIME, fc.integer({ min: 0, max: 86_399_999 })],
  [T.MINUTE, fc.integer({ min: 0, max: 1439 })],
  [T.SECOND, fc.integer({ min: 0, max: 86_399 })],
  [T.DATETIME, int(32)],
  [T.TIMESTAMP, long],
  [T.TIMESTAMP, fc.bigInt({ min: -(10n ** 12n), max: 4n * 10n ** 12n })],
  [T.NANOTIME, fc.bigInt({ min: 0n, max: 86_399_999_999_999n })],
  [T.NANOTIMESTAMP, long],
  [T.DATEHOUR, int(32)],
  [T.FLOAT, single],
  [T.DOUBLE, float],
  [T.DOUBLE, fc.integer().map((n) => n / 100)],
  [T.SYMBOL, text],
  [T.STRING, text],
  [T.BLOB, text],
  [T.UUID, wide],
  [T.IPADDR, fc.oneof(wide, fc.bigInt({ min: 1n, max: 2n ** 32n - 1n }))],
  [T.INT128, wide],
  [T.COMPLEX, pair],
  [T.POINT, pair],
  [T.DECIMAL32, int(32), 3],
  [T.DECIMAL64, long, 4],
  [T.DECIMAL128, decimal(38), 10],
]

export interface TestColumn {
  readonly schema: ColumnSchema
  readonly vector: (rows: number) => Vector
}

/** A column of up to 12 values or nulls, of a plain type or an array. */
export const column: fc.Arbitrary<TestColumn> = fc.oneof(
  ...VALUES.flatMap(([type, value, scale = 0]) => {
    const raw = fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: fc.constant(nullRaw(type)) })
    const raws = fc.array(raw, { minLength: 12, maxLength: 12 })
    const plain = raws.map(
      (list): TestColumn => ({
        schema: { name: 'c', type, scale },
        vector: (rows) => vectorOf(type, list.slice(0, rows), scale),
      }),
    )
    if (type === T.SYMBOL) return [plain]
    const array = fc.array(fc.array(raw, { maxLength: 4 }), { minLength: 12, maxLength: 12 }).map(
      (lists): TestColumn => ({
        schema: { name: 'c', type: 64 + type, scale },
        vector: (rows) => {
          const kept = lists.slice(0, rows)
          const ends = [0]
          for (const list of kept) ends.push(ends[ends.length - 1] + list.length)
          return new ArrayVector(Int32Array.from(ends), vectorOf(type, kept.flat(), scale))
        },
      }),
    )
    return [plain, array]
  }),
)

/** The elements of a vector, for comparing. */
export const contents = (v: Vector): unknown[] =>
  Array.from({ length: v.length }, (_, k) =>
    v.storage === 'array'
      ? contents(v.get(k))
      : v.isNullAt(k)
        ? null
        : String(v.raw(k)) + (Object.is(v.raw(k), -0) ? '-' : ''),
  )
