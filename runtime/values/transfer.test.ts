import { deserialize, serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import fc from '../../test/properties.ts'
import { displayValue } from '../print/index.ts'
import { CodeValue, Dict, Matrix, Pair, Resource, SetValue } from './forms.ts'
import { Scalar, type Value } from './scalar.ts'
import { Table } from './table.ts'
import { decodeValue, encodeValue, registerResourceCodec, SHARE_BYTES, type Transfer } from './transfer.ts'
import { NULL_I64, type Raw, T, type TypeId } from './types.ts'
import {
  AnyVector,
  ArrayVector,
  type FixedVector,
  StringVector,
  SymbolBase,
  SymbolVector,
  type Vector,
  vectorOf,
} from './vector.ts'

/** As if posted to another thread. */
const crossed = (v: Value): Value => decodeValue(structuredClone(encodeValue(v)))
/** As if written to a file and read again. */
const filed = (v: Value): Value => decodeValue(deserialize(serialize(encodeValue(v, { share: false }))) as Transfer)

/** Everything that tells two values apart, as plain data. */
function anatomy(v: Value): unknown {
  switch (v.kind) {
    case 'scalar':
      return [v === Scalar.NOTHING ? 'nothing' : 'scalar', v.type, v.value, v.scale]
    case 'vector': {
      const elements = []
      for (let k = 0; k < v.length; k++) elements.push(anatomy(v.get(k)))
      return ['vector', v.storage, v.type, v.label, 'scale' in v ? v.scale : 0, elements]
    }
    case 'matrix':
      return [v.rows, v.cols, v.indexed, anatomy(v.data), v.rowLabels && anatomy(v.rowLabels)]
    case 'set':
      return ['set', v.type, [...v.members]]
    case 'dict':
      return ['dict', v.keyType, v.valueType, v.ordered, Array.from(v.entries, ([key, x]) => [key, anatomy(x)])]
    case 'table':
      return ['table', v.names, v.columns.map(anatomy), v.keyColumns, v.sharedName]
    default:
      return { ...v }
  }
}

const raws: readonly (readonly [TypeId, fc.Arbitrary<Raw>])[] = [
  [T.BOOL, fc.constantFrom(0, 1, -128)],
  [T.CHAR, fc.integer({ min: -128, max: 127 })],
  [T.SHORT, fc.integer({ min: -32768, max: 32767 })],
  [T.INT, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
  [T.LONG, fc.bigInt({ min: NULL_I64, max: 2n ** 63n - 1n })],
  [T.TIMESTAMP, fc.bigInt({ min: NULL_I64, max: 2n ** 63n - 1n })],
  [T.FLOAT, fc.float({ noNaN: true })],
  [T.DOUBLE, fc.double({ noNaN: true })],
  [T.SYMBOL, fc.constantFrom('', 'IBM', 'MSFT', 'äöü')],
  [T.STRING, fc.string({ unit: 'grapheme', maxLength: 40 })],
  [T.UUID, fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })],
  [T.DECIMAL128, fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n })],
  [T.COMPLEX, fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true }))],
]

const vector: fc.Arbitrary<Vector> = fc.constantFrom(...raws).chain(([type, raw]) =>
  // Long and short: both sides of every threshold.
  fc
    .tuple(fc.array(raw, { maxLength: 30 }), fc.constantFrom(1, 1, 300), fc.boolean())
    .map(([some, times, labelled]) => {
      const all = Array.from({ length: times }, () => some).flat()
      const v = vectorOf(type, all, type === T.DECIMAL128 ? 3 : 0)
      if (labelled) v.label = 'name'
      return v
    }),
)
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(Scalar.VOID, Scalar.NOTHING, Scalar.TRUE, Scalar.nullOf(T.LONG)),
  fc
    .constantFrom(...raws.filter(([type]) => type !== T.SYMBOL))
    .chain(([type, raw]) => raw.map((r) => new Scalar(type, r))),
)
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    vector,
    fc.integer().map((n) => new Pair(T.INT, n, 2)),
    fc.uniqueArray(fc.string(), { maxLength: 5 }).map((keys) => new SetValue(T.STRING, new Set(keys))),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => new AnyVector(values)),
    fc
      .array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 })
      .map((entries) => new Dict(T.STRING, T.ANY, new Map(entries), true)),
  ),
})).value

describe('a value that crosses a thread', () => {
  it('arrives as it was', () => {
    fc.assert(
      fc.property(value, (v) => {
        const before = anatomy(v)
        expect(anatomy(crossed(v))).toEqual(before)
        // The sender's own value still reads the same.
        expect(anatomy(v)).toEqual(before)
      }),
      { numRuns: 150 },
    )
  })

  it('arrives as it was through a file', () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(anatomy(filed(v))).toEqual(anatomy(v))
      }),
      { numRuns: 100 },
    )
  })

  it('survives a second crossing from the receiving side', () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(anatomy(crossed(crossed(v)))).toEqual(anatomy(v))
      }),
      { numRuns: 50 },
    )
  })

  it('keeps the shape of matrices, tables, array vectors and metacode', () => {
    const matrix = new Matrix(vectorOf(T.INT, [1, 2, 3, 4, 5, 6]), 2, 3, undefined, vectorOf(T.STRING, ['a', 'b', 'c']))
    matrix.indexed = 'matrix'
    const table = new Table(['k', 'v'], [vectorOf(T.SYMBOL, ['x', 'y']), vectorOf(T.LONG, [1n, NULL_I64])])
    table.keyColumns = [0]
    table.sharedName = 'board'
    const rows = new ArrayVector(Int32Array.of(0, 2, 2, 3), vectorOf(T.INT, [1, 2, 3]))
    for (const v of [matrix, table, rows]) {
      expect(anatomy(crossed(v))).toEqual(anatomy(v))
      expect(displayValue(crossed(v))).toBe(displayValue(v))
    }
    const code = crossed(new CodeValue({ kind: 'name', name: 'x' }, new Map([['y', Scalar.int(3)]]))) as CodeValue
    expect(code.node).toEqual({ kind: 'name', name: 'x' })
    expect(anatomy(code.captured.get('y') as Value)).toEqual(anatomy(Scalar.int(3)))
  })

  it('keeps strings whole where surrogate pairs meet between elements', () => {
    const halves = new Array<string>(200).fill('').map((_, k) => (k % 2 === 0 ? '\ud83d' : '\ude00'))
    const strings = (crossed(new StringVector(halves)) as StringVector).strings
    expect(strings.every((s) => s === '\ufffd')).toBe(true)
    const faces = new StringVector(new Array<string>(5000).fill('a😀'))
    expect((crossed(faces) as StringVector).strings).toEqual(faces.strings)
  })
})

describe('buffers', () => {
  const long = (n: number): FixedVector =>
    vectorOf(
      T.DOUBLE,
      Array.from({ length: n }, (_, k) => k),
    ) as FixedVector
  const dataOf = (t: Transfer): ArrayBufferLike => (t as { data: Float64Array }).data.buffer

  it('are promoted once, in place, and handed out again as they are', () => {
    const v = long(10_000)
    const first = encodeValue(v)
    expect(dataOf(first)).toBeInstanceOf(SharedArrayBuffer)
    expect(v.data.buffer).toBe(dataOf(first))
    expect(v.frozen).toBe(true)
    for (let k = 0; k < 300; k++) expect(dataOf(encodeValue(v))).toBe(dataOf(first))
  })

  it('keep only the elements in use', () => {
    const v = long(10_000).copy(20_000)
    expect(dataOf(encodeValue(v)).byteLength).toBe(80_000)
    const small = long(10).copy(1000)
    expect(dataOf(encodeValue(small)).byteLength).toBe(80)
  })

  it('below the threshold stay plain and unfrozen', () => {
    const v = long(SHARE_BYTES / 8 - 1)
    expect(dataOf(encodeValue(v))).toBeInstanceOf(ArrayBuffer)
    expect(v.frozen).toBe(false)
  })

  it('of strings and symbols are made once', () => {
    const strings = new StringVector(Array.from({ length: 1000 }, (_, k) => `s${k}`))
    const text = (t: Transfer): unknown => (t as { text: { bytes: Uint8Array } }).text.bytes.buffer
    expect(text(encodeValue(strings))).toBe(text(encodeValue(strings)))
    expect(strings.frozen).toBe(true)
    const symbols = SymbolVector.encode(Array.from({ length: 1000 }, (_, k) => `s${k}`))
    const base = (t: Transfer): unknown => (t as { base: unknown }).base
    expect(base(encodeValue(symbols))).toBe(base(encodeValue(symbols)))
  })

  it('are not promoted for a file', () => {
    const v = long(10_000)
    encodeValue(v, { share: false })
    expect(v.data.buffer).toBeInstanceOf(ArrayBuffer)
    expect(v.frozen).toBe(false)
  })

  it('arrive frozen, and a change of the copy does not reach the sender', () => {
    const v = long(10_000)
    const received = crossed(v) as FixedVector
    expect(received.frozen).toBe(true)
    const mine = received.copy() as FixedVector
    ;(mine.data as Float64Array)[0] = 42
    expect(v.raw(0)).toBe(0)
  })

  it('columns of one symbol base share one base on the other side', () => {
    const base = new SymbolBase(['a', 'b'])
    const t = new Table(
      ['x', 'y'],
      [new SymbolVector(Int32Array.of(1, 2), base), new SymbolVector(Int32Array.of(2, 0), base)],
    )
    const [x, y] = (crossed(t) as Table).columns as SymbolVector[]
    expect(x.base).toBe(y.base)
    expect(y.raw(0)).toBe('b')
  })

  it('a base that grew since the last crossing is sent anew', () => {
    const base = new SymbolBase(['a'])
    crossed(new SymbolVector(Int32Array.of(1), base))
    base.encode('later')
    expect((crossed(new SymbolVector(Int32Array.of(2), base)) as SymbolVector).raw(0)).toBe('later')
  })
})

describe('forms of other rooms', () => {
  it('cross through the codec their room registered', () => {
    registerResourceCodec('test-handle', {
      encode: (r) => ({ url: r.payload }),
      decode: (data) => new Resource(T.HANDLE, 'test-handle', 'H', (data as { url: string }).url),
    })
    const back = crossed(new Resource(T.HANDLE, 'test-handle', 'H', 'dfs://db')) as Resource
    expect(back.payload).toBe('dfs://db')
  })

  it('are refused by name without one', () => {
    expect(() => encodeValue(new Resource(T.RESOURCE, 'file', 'F', null))).toThrow(
      "A value of this kind (file) can't be passed to another session.",
    )
  })
})
