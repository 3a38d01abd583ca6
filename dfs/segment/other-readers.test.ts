/**
 * Segments in two other readers of Arrow files: Polars, which reads them with its own code in Rust, and apache-arrow. Polars for Node can't hand binary values to
 * JavaScript (BLOB, UUID, IPADDR, INT128, COMPLEX, POINT): it shows their nulls here, and apache-arrow the values.
 */
import { tableFromIPC } from 'apache-arrow'
import pl from 'nodejs-polars'
import { describe, expect, it } from 'vitest'
import {
  ArrayVector,
  type ColumnSchema,
  isNullRaw,
  nullRaw,
  type Raw,
  SymbolBase,
  SymbolVector,
  T,
  type Table,
  TYPES,
  type TypeId,
  typeInfo,
  type Vector,
  vectorOf,
} from '../../runtime/values/index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { arrowType, isStorable } from './column-type.ts'
import { SegmentReader } from './reader.ts'
import { SegmentWriter } from './writer.ts'

const FILE = 'chunks/db/p/t/1.arrow'
const SCALE = 3
const TYPES_STORED = TYPES.filter((t) => isStorable(t.id)).map((t) => t.id)
const base = new SymbolBase()

/** Values of a type: ordinary, extreme, null, twice over. */
function valuesOf(type: TypeId): Raw[] {
  const nothing = nullRaw(type)
  switch (type) {
    case T.TIME:
      return [0, nothing, 86_399_999]
    case T.SECOND:
      return [0, nothing, 86_399]
    case T.NANOTIME:
      return [0n, nothing, 86_399_999_999_999n]
    case T.DATE:
      return [-25_567, nothing, 47_481]
    case T.DECIMAL128:
      return [-(10n ** 30n), nothing, 12_345n]
  }
  switch (typeInfo(type).storage) {
    case 'i8':
      return [-127, nothing, 127]
    case 'i16':
      return [-32_767, nothing, 32_767]
    case 'i32':
      return [-2_147_483_647, nothing, 2_147_483_647]
    case 'i64':
      return [-(2n ** 63n) + 1n, nothing, 2n ** 63n - 1n]
    case 'f32':
      return [-0.5, nothing, Math.fround(1e30)]
    case 'f64':
      return [-0.1, nothing, 1e300]
    case 'x2i64':
      return [1n, nothing, 2n ** 128n - 1n]
    case 'x2f64':
      return [[1.5, -2], nothing, [1e300, 0]]
    default:
      return ['IBM', nothing, 'Grüße, 漢字 😀']
  }
}

function vectorLike(type: TypeId, raws: readonly Raw[]): Vector {
  if (type !== T.SYMBOL) return vectorOf(type, raws, SCALE)
  return new SymbolVector(
    Int32Array.from(raws, (s) => base.encode(s as string)),
    base,
  )
}

const nameOf = (type: TypeId, isArray = false): string => `${typeInfo(type).name}${isArray ? '[]' : ''}`

/** A column of every type, and an array of each, three rows a batch, two batches. */
function everything(): { store: MemoryFileStore; columns: ColumnSchema[]; vectors: Vector[] } {
  const columns: ColumnSchema[] = []
  const vectors: Vector[] = []
  const add = (name: string, v: Vector): void => {
    columns.push({ name, type: v.type, scale: SCALE })
    vectors.push(v)
  }
  for (const type of TYPES_STORED) {
    const values = valuesOf(type)
    add(nameOf(type), vectorLike(type, [...values, ...values.toReversed()]))
    if (type === T.SYMBOL) continue
    const rows = [values, [], [values[2]], [], [nullRaw(type)], values]
    const offsets = new Int32Array(rows.length + 1)
    rows.forEach((r, k) => {
      offsets[k + 1] = offsets[k] + r.length
    })
    add(nameOf(type, true), new ArrayVector(offsets, vectorOf(type, rows.flat(), SCALE)))
  }
  const store = new MemoryFileStore()
  const stream = new SegmentWriter(store, columns).stream(FILE, vectors)
  stream.add(vectors, { rows: undefined, from: 0, to: 3 })
  stream.add(vectors, { rows: undefined, from: 3, to: 6 })
  stream.finish()
  stream.close()
  return { store, columns, vectors }
}

const { store, columns, vectors } = everything()
const column = (name: string): Vector => vectors[columns.findIndex((c) => c.name === name)]
const isBinary = (type: TypeId): boolean => ['binary', 'fixedBinary'].includes(arrowType(type, SCALE).kind)
const nullsOf = (v: Vector): boolean[] =>
  Array.from({ length: v.length }, (_, k) => v.storage !== 'array' && v.isNullAt(k))

/** An element as the other reader shows it when it is asked for a text. */
function textOf(type: TypeId, raw: Raw): string | null {
  if (isNullRaw(type, raw)) return null
  switch (type) {
    // Polars keeps all times of day in nanoseconds.
    case T.TIME:
      return String(BigInt(raw as number) * 1_000_000n)
    case T.SECOND:
      return String(BigInt(raw as number) * 1_000_000_000n)
    case T.DECIMAL128: {
      const digits = String(raw)
        .replace('-', '')
        .padStart(SCALE + 1, '0')
      return `${(raw as bigint) < 0n ? '-' : ''}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`
    }
    default:
      return String(raw)
  }
}

describe('our own reader', () => {
  it('shows what was written', () => {
    const reader = new SegmentReader(store, FILE, { verify: true })
    const names = columns.map((c) => c.name)
    const batches: Table[] = [...reader.batches(names)]
    reader.close()
    expect(batches.map((b) => b.rows)).toEqual([3, 3])
    const raws = (v: Vector): unknown[] =>
      Array.from({ length: v.length }, (_, k) => (v.storage === 'array' ? raws(v.get(k)) : v.raw(k)))
    for (const name of names) {
      const read = batches.flatMap((b) => raws(b.columns[names.indexOf(name)]))
      expect(read, name).toEqual(raws(column(name)))
    }
  })
})

describe('Polars', () => {
  const frame = pl.readIPC(Buffer.from(store.readFile(FILE)))

  it('opens the file with all its columns', () => {
    expect(frame.height).toBe(6)
    expect(frame.columns).toEqual(columns.map((c) => c.name))
  })

  it.each(TYPES_STORED.map((type) => [nameOf(type), type] as const))('sees the nulls of %s', (name) => {
    expect(frame.getColumn(name).isNull().toArray()).toEqual(nullsOf(column(name)))
  })

  /** Elements of a series and what they should be, as numbers or texts. */
  const compare = (series: pl.Series, type: TypeId, raws: readonly Raw[]): void => {
    if (type === T.FLOAT || type === T.DOUBLE) {
      expect(series.toArray()).toEqual(raws.map((raw) => (isNullRaw(type, raw) ? null : raw)))
      return
    }
    const isClock = ['date', 'time', 'timestamp'].includes(arrowType(type, SCALE).kind)
    const counted = isClock ? series.cast(pl.Int64) : series
    expect(counted.cast(pl.Utf8).toArray()).toEqual(raws.map((raw) => textOf(type, raw)))
  }

  it.each(TYPES_STORED.filter((t) => !isBinary(t)).map((type) => [nameOf(type), type] as const))(
    'sees the values of %s',
    (name, type) => {
      const v = column(name)
      compare(
        frame.getColumn(name),
        type,
        Array.from({ length: v.length }, (_, k) => v.raw(k) as Raw),
      )
    },
  )

  it.each(
    TYPES_STORED.filter((t) => t !== T.SYMBOL && !isBinary(t)).map((type) => [nameOf(type, true), type] as const),
  )('sees the elements of %s', (name, type) => {
    const v = column(name) as ArrayVector
    const rows = Array.from({ length: v.length }, (_, k) => v.get(k))
    expect(frame.getColumn(name).lst.lengths().toArray()).toEqual(rows.map((r) => r.length))
    // A row without elements is one null when the lists are laid out.
    const elements = rows.flatMap((r) =>
      r.length === 0 ? [nullRaw(type)] : Array.from({ length: r.length }, (_, k) => r.raw(k) as Raw),
    )
    compare(frame.getColumn(name).explode() as pl.Series, type, elements)
  })
})

describe('apache-arrow', () => {
  const table = tableFromIPC(store.readFile(FILE))
  const bytesOf = (type: TypeId, raw: Raw): number[] => {
    if (type === T.BLOB) return [...Buffer.from(raw as string)]
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    if (Array.isArray(raw)) for (const k of [0, 1]) view.setFloat64(8 * k, raw[k], true)
    else for (const k of [0, 1]) view.setBigUint64(8 * k, BigInt.asUintN(64, (raw as bigint) >> BigInt(64 * k)), true)
    return [...bytes]
  }
  const seen = (x: unknown): number[] | null => (x === null ? null : [...(x as Uint8Array)])

  it.each(TYPES_STORED.filter(isBinary).map((type) => [nameOf(type), type] as const))(
    'sees the bytes of %s and of its arrays',
    (name, type) => {
      const expected = (v: Vector): (number[] | null)[] =>
        Array.from({ length: v.length }, (_, k) => (v.isNullAt(k) ? null : bytesOf(type, v.raw(k) as Raw)))
      expect([...table.getChild(name)!].map(seen)).toEqual(expected(column(name)))
      const lists = [...table.getChild(`${name}[]`)!].map((list) => [...(list as Iterable<unknown>)].map(seen))
      const { flat } = column(`${name}[]`) as ArrayVector
      expect(lists.flat()).toEqual(expected(flat))
    },
  )
})
