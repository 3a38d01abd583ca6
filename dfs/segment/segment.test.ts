import { tableFromIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import {
  ARRAY_BASE,
  ArrayVector,
  type ColumnSchema,
  nullRaw,
  type Raw,
  StringVector,
  SymbolBase,
  T,
  Table,
  TYPES,
  typeInfo,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import fc from '../../test/properties.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { isStorable } from './column-type.ts'
import { SegmentReader } from './reader.ts'
import { verifySegment } from './verify.ts'
import { SegmentWriter } from './writer.ts'

const FILE = 'chunks/db/20200101/t/1.arrow'
const STORABLE = TYPES.filter((t) => isStorable(t.id))

function write(store: MemoryFileStore, vectors: Vector[], names = vectors.map((_, k) => `c${k}`), rows?: Int32Array) {
  const columns = vectors.map(
    (v, k): ColumnSchema => ({ name: names[k], type: v.type, scale: 'scale' in v ? v.scale : 0 }),
  )
  const count = rows?.length ?? vectors[0].length
  return new SegmentWriter(store, columns).write(FILE, vectors, { rows, from: 0, to: count })
}

function readAll(store: MemoryFileStore, columns: string[], baseOf?: (c: string) => SymbolBase): Table[] {
  const reader = new SegmentReader(store, FILE, { verify: true, baseOf })
  const batches = [...reader.batches(columns)]
  reader.close()
  return batches
}

const raws = (v: Vector): unknown[] =>
  v.storage === 'array'
    ? Array.from({ length: v.length }, (_, k) => raws(v.get(k)))
    : Array.from({ length: v.length }, (_, k) => v.raw(k))

function elementOf(type: number): fc.Arbitrary<Raw> {
  const value = (): fc.Arbitrary<Raw> => {
    if (type === T.DECIMAL128) return fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
    switch (typeInfo(type).storage) {
      case 'i8':
        return fc.integer({ min: -127, max: 127 })
      case 'i16':
        return fc.integer({ min: -32767, max: 32767 })
      case 'i32':
        return fc.integer({ min: -2147483647, max: 2147483647 })
      case 'i64':
        return fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n })
      case 'f32':
        return fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(3e38), min: Math.fround(-3e38) })
      case 'f64':
        return fc.double({ noNaN: true, max: 1e308, min: -1e308 })
      case 'x2i64':
        return fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })
      case 'x2f64':
        return fc.tuple(fc.double({ noNaN: true, min: -1e300 }), fc.double({ noNaN: true }))
      default:
        return fc.oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 8 }))
    }
  }
  return fc.oneof({ weight: 1, arbitrary: fc.constant(nullRaw(type)) }, { weight: 4, arbitrary: value() })
}

describe('segment round trip', () => {
  it.each(STORABLE.map((t) => [t.name, t.id] as const))('keeps every value and null of %s', (_, type) => {
    fc.assert(
      fc.property(fc.array(elementOf(type), { maxLength: 40 }), (values) => {
        const store = new MemoryFileStore()
        const source = vectorOf(type, values, 3)
        write(store, [source])
        const [batch] = values.length > 0 ? readAll(store, ['c0']) : [new Table(['c0'], [source])]
        expect(raws(batch.columns[0])).toEqual(raws(source))
        expect(batch.columns[0].type).toBe(type)
      }),
      { numRuns: 40 },
    )
  })

  it.each(STORABLE.filter((t) => t.id !== T.SYMBOL && t.id !== T.STRING).map((t) => [t.name, t.id] as const))(
    'keeps arrays of %s',
    (_, type) => {
      fc.assert(
        fc.property(fc.array(fc.array(elementOf(type), { maxLength: 5 }), { minLength: 1, maxLength: 20 }), (rows) => {
          const store = new MemoryFileStore()
          const offsets = new Int32Array(rows.length + 1)
          rows.forEach((r, k) => {
            offsets[k + 1] = offsets[k] + r.length
          })
          const source = new ArrayVector(offsets, vectorOf(type, rows.flat()))
          write(store, [source])
          const [batch] = readAll(store, ['c0'])
          expect(batch.columns[0].type).toBe(ARRAY_BASE + type)
          expect(raws(batch.columns[0])).toEqual(raws(source))
        }),
        { numRuns: 15 },
      )
    },
  )

  it('takes the chosen rows only, in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }), (chosen) => {
        const store = new MemoryFileStore()
        const words = ['', 'IBM', 'MS', 'é', '', 'AAPL', 'GOOG', 'x', 'IBM', '漢字']
        const source = [
          vectorOf(T.INT, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
          vectorOf(T.LONG, [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, -9n]),
          vectorOf(T.SYMBOL, words),
          vectorOf(T.STRING, words),
          vectorOf(T.UUID, [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 2n ** 127n]),
        ]
        const rows = Int32Array.from(chosen)
        write(store, source, undefined, rows)
        const [batch] = readAll(store, ['c0', 'c1', 'c2', 'c3', 'c4'])
        batch.columns.forEach((c, k) => {
          expect(raws(c)).toEqual(raws(source[k].gather(rows)))
        })
        // What was read as UTF-8 is written again without being decoded.
        write(store, batch.columns)
        const [again] = readAll(store, ['c3'])
        expect(raws(again.columns[0])).toEqual(raws(batch.columns[3]))
      }),
      { numRuns: 50 },
    )
  })

  it('cuts long segments into batches and joins their symbols in one base', () => {
    const store = new MemoryFileStore()
    const rows = 150_000
    const ints = Int32Array.from({ length: rows }, (_, k) => k)
    const symbols = vectorOf(
      T.SYMBOL,
      Array.from({ length: rows }, (_, k) => `s${k % 7}`),
    )
    const ref = write(store, [vectorOf(T.INT, ints), symbols])
    expect(ref).toMatchObject({ rows, minMax: { c0: [0, rows - 1], c1: ['s0', 's6'] } })
    const base = new SymbolBase(['other'])
    const batches = readAll(store, ['c1', 'c0'], () => base)
    expect(batches.map((b) => b.rows)).toEqual([65_536, 65_536, 18_928])
    expect(batches[2].columns[0].raw(18_927)).toBe(`s${(rows - 1) % 7}`)
    expect(batches[2].columns[1].raw(18_927)).toBe(rows - 1)
    expect((batches[1].columns[0] as { base: SymbolBase }).base).toBe(base)
  })

  it('reports the range of each ordered column without its nulls', () => {
    const store = new MemoryFileStore()
    const { minMax } = write(
      store,
      [
        vectorOf(T.INT, [5, nullRaw(T.INT), -7]),
        vectorOf(T.LONG, [-5n, nullRaw(T.LONG), -(2n ** 40n)]),
        vectorOf(T.DOUBLE, [Number.NaN, 1.5, nullRaw(T.DOUBLE)]),
        vectorOf(T.STRING, ['', 'b', 'a']),
        vectorOf(T.SHORT, [nullRaw(T.SHORT), nullRaw(T.SHORT), nullRaw(T.SHORT)]),
        vectorOf(T.TIMESTAMP, [1_600_000_000_000n, 1_500_000_000_000n, nullRaw(T.TIMESTAMP)]),
      ],
      ['i', 'l', 'd', 's', 'n', 't'],
    )
    expect(minMax).toEqual({
      i: [-7, 5],
      l: [-(2n ** 40n), -5n],
      d: [1.5, 1.5],
      s: ['a', 'b'],
      t: [1_500_000_000_000n, 1_600_000_000_000n],
    })
  })
})

describe('other Arrow readers', () => {
  it('see the same values and nulls', () => {
    const store = new MemoryFileStore()
    write(
      store,
      [
        vectorOf(T.INT, [1, nullRaw(T.INT), 3]),
        vectorOf(T.SYMBOL, ['IBM', '', 'MS']),
        vectorOf(T.STRING, ['a', 'bé', '']),
        vectorOf(T.DATE, [18_000, nullRaw(T.DATE), 0]),
        vectorOf(T.TIMESTAMP, [1_577_836_800_123n, 0n, nullRaw(T.TIMESTAMP)]),
        vectorOf(T.DOUBLE, [1.5, nullRaw(T.DOUBLE), -2]),
        new ArrayVector(Int32Array.of(0, 2, 2, 3), vectorOf(T.SHORT, [1, 2, nullRaw(T.SHORT)])),
        vectorOf(T.DECIMAL128, [12345n, nullRaw(T.DECIMAL128), -1n], 2),
      ],
      ['i', 's', 'str', 'd', 'ts', 'x', 'arr', 'dec'],
    )
    const table = tableFromIPC(store.readFile(FILE))
    expect(table.numRows).toBe(3)
    const column = (name: string) => [...table.getChild(name)!].map((v) => (v === null ? null : v))
    expect(column('i')).toEqual([1, null, 3])
    expect(column('s')).toEqual(['IBM', null, 'MS'])
    expect(column('str')).toEqual(['a', 'bé', null])
    expect(column('d').map((v) => v !== null && new Date(v).toISOString().slice(0, 10))).toEqual([
      '2019-04-14',
      false,
      '1970-01-01',
    ])
    expect(column('ts').map((v) => (v === null ? null : Number(v)))).toEqual([1_577_836_800_123, 0, null])
    expect(column('x')).toEqual([1.5, null, -2])
    expect(column('arr').map((v) => [...v])).toEqual([[1, 2], [], [null]])
    expect(column('dec').map((v) => v === null)).toEqual([false, true, false])
    expect(table.schema.fields.map((f) => f.metadata.get('holdfast.type'))).toEqual([
      'INT',
      'SYMBOL',
      'STRING',
      'DATE',
      'TIMESTAMP',
      'DOUBLE',
      'SHORT[]',
      'DECIMAL128',
    ])
  })
  it('may read the same bytes as a stream', () => {
    const store = new MemoryFileStore()
    write(store, [vectorOf(T.LONG, [1n, 2n]), vectorOf(T.SYMBOL, ['a', 'b'])])
    const stream = store.readFile(FILE).subarray(8)
    expect(tableFromIPC(stream).numRows).toBe(2)
  })
})

describe('a damaged segment', () => {
  const make = () => {
    const store = new MemoryFileStore()
    const ref = write(store, [
      vectorOf(
        T.INT,
        Array.from({ length: 300 }, (_, k) => k),
      ),
      vectorOf(
        T.SYMBOL,
        Array.from({ length: 300 }, (_, k) => `s${k % 5}`),
      ),
      vectorOf(
        T.STRING,
        Array.from({ length: 300 }, (_, k) => (k % 3 === 0 ? '' : `text ${k}`)),
      ),
      new ArrayVector(
        Int32Array.from({ length: 301 }, (_, k) => k),
        vectorOf(T.DOUBLE, new Float64Array(300) as never),
      ),
    ])
    return { store, ref }
  }
  const consume = (store: MemoryFileStore) => {
    const reader = new SegmentReader(store, FILE)
    try {
      for (const batch of reader.batches(reader.schema.map((c) => c.name))) for (const c of batch.columns) raws(c)
    } finally {
      reader.close()
    }
  }
  it('is whole before it is damaged', () => {
    const { store, ref } = make()
    expect(verifySegment(store, FILE, ref)).toEqual({ kind: 'ok', rows: 300, bytes: ref.bytes, checksum: ref.checksum })
    expect(verifySegment(store, FILE)).toMatchObject({ kind: 'ok' })
    expect(verifySegment(store, 'no/such.arrow')).toEqual({ kind: 'missing' })
  })
  it('is found by verifySegment whichever bit is flipped, with and without the catalog', () => {
    const { store, ref } = make()
    for (let offset = 0; offset < ref.bytes; offset++) {
      store.flipBit(FILE, offset, offset % 8)
      expect(verifySegment(store, FILE).kind, `offset ${offset}`).toBe('damaged')
      if (offset % 17 === 0) expect(verifySegment(store, FILE, ref).kind).toBe('damaged')
      store.flipBit(FILE, offset, offset % 8)
    }
    expect(verifySegment(store, FILE, ref).kind).toBe('ok')
  })
  it('never makes the reader fail with anything but a data error', () => {
    const { store, ref } = make()
    let refused = 0
    for (let offset = 0; offset < ref.bytes; offset += 3) {
      store.flipBit(FILE, offset, (offset * 5) % 8)
      try {
        consume(store)
      } catch (error) {
        refused++
        expect(error, `offset ${offset}: ${error instanceof Error ? error.stack : ''}`).toMatchObject({
          kind: 'data',
          where: { file: FILE },
        })
      }
      store.flipBit(FILE, offset, (offset * 5) % 8)
    }
    expect(refused).toBeGreaterThan(0)
  })
  it('is refused when it is cut off anywhere', () => {
    const { store } = make()
    const whole = store.readFile(FILE)
    for (let length = 0; length < whole.length; length += 7) {
      const writer = store.openWrite(FILE)
      writer.write(whole.subarray(0, length))
      writer.close()
      expect(() => consume(store)).toThrow(expect.objectContaining({ kind: 'data' }))
      expect(verifySegment(store, FILE).kind).toBe('damaged')
    }
  })
  it('is refused when the catalog expects another size', () => {
    const { store, ref } = make()
    expect(() => new SegmentReader(store, FILE, {}, { ...ref, bytes: ref.bytes + 1 })).toThrow(/instead of/)
    expect(() => new SegmentReader(store, FILE, {}, { ...ref, rows: 299 })).toThrow(/instead of 299/)
  })
})

describe('writing a segment', () => {
  it('fails with the error of the store wherever a call fails', () => {
    const vectors = [vectorOf(T.INT, [1, 2]), new StringVector(['a', 'b'])]
    const probe = new FaultyFileStore(new MemoryFileStore())
    const schema = [
      { name: 'a', type: T.INT },
      { name: 'b', type: T.STRING },
    ]
    new SegmentWriter(probe, schema).write(FILE, vectors, { rows: undefined, from: 0, to: 2 })
    for (let call = 1; call <= probe.calls; call++) {
      const store = new FaultyFileStore(new MemoryFileStore(), { failCall: call, code: 'ENOSPC' })
      expect(() => new SegmentWriter(store, schema).write(FILE, vectors, { rows: undefined, from: 0, to: 2 })).toThrow(
        expect.objectContaining({ kind: 'io', code: 'ENOSPC' }),
      )
    }
  })
  it('refuses a type that lives in memory only', () => {
    expect(() => new SegmentWriter(new MemoryFileStore(), [{ name: 'f', type: T.ANY }])).toThrow(/can't be stored/)
  })
})
