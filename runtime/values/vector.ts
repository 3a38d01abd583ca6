/**
 * Vectors: the column of everything. A closed set of storage classes:
 *
 *   FixedVector   typed array, one slot an element          BOOL..DOUBLE, temporals, DECIMAL32/64, DURATION
 *   WideVector    typed array, two slots an element         UUID, IPADDR, INT128, DECIMAL128, COMPLEX, POINT
 *   SymbolVector  Int32Array of codes into a SymbolBase     SYMBOL
 *   StringVector  JavaScript strings, or UTF-8 with offsets STRING, BLOB
 *   AnyVector     boxed values (a tuple)                    ANY
 *   ArrayVector   offsets into a flat vector                T[]
 *
 * Ownership: a vector that more than one owner can see is `frozen` and never changes again; whoever wants to write copies it first
 * (`thawed(v)`). `data` may be longer than `length` (capacity of an appended vector): loops run to `length`.
 * Reading out of range yields null, as the language does; gather index -1 (or any outside) is null.
 */
import { HoldfastError } from '../errors.ts'
import { allocate, allocateUnset } from './allocator.ts'
import { Scalar, type Value } from './scalar.ts'
import {
  ARRAY_BASE,
  isNullRaw,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I16,
  NULL_I32,
  NULL_I64,
  nullRaw,
  type Raw,
  type Storage,
  T,
  type TypeId,
  typeInfo,
} from './types.ts'

export type FixedArray = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array

export type Vector = FixedVector | WideVector | SymbolVector | StringVector | AnyVector | ArrayVector

/** A fresh typed array of `length` elements for a storage, zero filled, from the session's allocator. */
export function newFixedArray(storage: Storage, length: number): FixedArray {
  switch (storage) {
    case 'i8':
      return new Int8Array(allocate(length))
    case 'i16':
      return new Int16Array(allocate(length * 2))
    case 'i32':
    case 'symbol':
      return new Int32Array(allocate(length * 4))
    case 'i64':
      return new BigInt64Array(allocate(length * 8))
    case 'f32':
      return new Float32Array(allocate(length * 4))
    case 'f64':
      return new Float64Array(allocate(length * 8))
    case 'x2i64':
      return new BigInt64Array(allocate(length * 16))
    case 'x2f64':
      return new Float64Array(allocate(length * 16))
    default:
      throw new RangeError(`storage ${storage} has no typed array`)
  }
}

/** The same for who writes every element: those that it begins with mean nothing. */
export function unsetFixedArray(storage: Storage, length: number): FixedArray {
  switch (storage) {
    case 'i8':
      return new Int8Array(allocateUnset(length))
    case 'i32':
      return new Int32Array(allocateUnset(length * 4))
    case 'i64':
      return new BigInt64Array(allocateUnset(length * 8))
    case 'f64':
      return new Float64Array(allocateUnset(length * 8))
    default:
      return newFixedArray(storage, length)
  }
}

/** Null check on the elements of a typed array, for loops that are not hot. Hot loops compare with the sentinel themselves. */
export function isNullElement(data: FixedArray, index: number): boolean {
  if (data instanceof Float64Array) return data[index] === NULL_F64 || Number.isNaN(data[index])
  if (data instanceof Int32Array) return data[index] === NULL_I32
  if (data instanceof BigInt64Array) return data[index] === NULL_I64
  if (data instanceof Int8Array) return data[index] === NULL_I8
  if (data instanceof Int16Array) return data[index] === NULL_I16
  return data[index] === NULL_F32 || Number.isNaN(data[index])
}

function fillNull(data: FixedArray, from: number, to: number): void {
  if (data instanceof BigInt64Array) data.fill(NULL_I64, from, to)
  else if (data instanceof Float64Array) data.fill(NULL_F64, from, to)
  else if (data instanceof Float32Array) data.fill(NULL_F32, from, to)
  else if (data instanceof Int32Array) data.fill(NULL_I32, from, to)
  else if (data instanceof Int16Array) data.fill(NULL_I16, from, to)
  else data.fill(NULL_I8, from, to)
}

abstract class VectorBase {
  readonly kind = 'vector'
  readonly type: TypeId
  /** Number of elements in use. */
  length: number
  /** Seen by more than one owner: must not change any more. */
  frozen = false
  /** Bound to a variable: binding it to a second one freezes it (runtime/compile/ownership.ts). */
  owned = false
  /** Name shown for the vector (`rename!`), used as a default column name. */
  label: string | undefined

  constructor(type: TypeId, length: number) {
    this.type = type
    this.length = length
  }

  /** Boxed element; null of the type when out of range. */
  abstract get(index: number): Value
  abstract raw(index: number): Raw
  abstract isNullAt(index: number): boolean
  /** Elements [from, to), copied. 0 <= from <= to <= length. */
  abstract slice(from: number, to: number): Vector
  /** The elements at the positions; outside 0..length-1 gives null. */
  abstract gather(indices: Int32Array): Vector
  /** An unfrozen copy with room for `capacity` elements. */
  abstract copy(capacity?: number): Vector
}

/** One typed-array slot per element. */
export class FixedVector extends VectorBase {
  readonly storage = 'fixed'
  data: FixedArray
  /** Digits after the point for DECIMAL32 and DECIMAL64. */
  readonly scale: number

  constructor(type: TypeId, data: FixedArray, length: number = data.length, scale = 0) {
    super(type, length)
    this.data = data
    this.scale = scale
  }

  /** The elements in use, without a copy. */
  view(): FixedArray {
    return this.data.length === this.length ? this.data : (this.data.subarray(0, this.length) as FixedArray)
  }

  get(index: number): Scalar {
    return new Scalar(this.type, this.raw(index), this.scale)
  }

  raw(index: number): number | bigint {
    return index >= 0 && index < this.length ? this.data[index] : (nullRaw(this.type) as number | bigint)
  }

  isNullAt(index: number): boolean {
    return index < 0 || index >= this.length || isNullElement(this.data, index)
  }

  slice(from: number, to: number): FixedVector {
    const out = unsetFixedArray(typeInfo(this.type).storage, to - from)
    out.set(this.data.subarray(from, to) as never)
    return new FixedVector(this.type, out, to - from, this.scale)
  }

  gather(indices: Int32Array): FixedVector {
    const out = unsetFixedArray(typeInfo(this.type).storage, indices.length)
    gatherInto(out, this.data, this.length, indices)
    return new FixedVector(this.type, out, indices.length, this.scale)
  }

  copy(capacity: number = this.length): FixedVector {
    const out = newFixedArray(typeInfo(this.type).storage, Math.max(capacity, this.length))
    out.set(this.view() as never)
    const v = new FixedVector(this.type, out, this.length, this.scale)
    v.label = this.label
    return v
  }
}

type NumberArray = Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** out[k] = data[indices[k]] where all positions are inside: without tests in between, loads of many rows wait for memory at the same time. */
function gatherInside<A extends NumberArray>(out: A, data: A, indices: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) out[k] = data[indices[k]]
}

function gatherTested<A extends NumberArray>(
  out: A,
  data: A,
  length: number,
  indices: Int32Array,
  nullValue: number,
  from: number,
  to: number,
): void {
  for (let k = from; k < to; k++) {
    const j = indices[k]
    out[k] = j >= 0 && j < length ? data[j] : nullValue
  }
}

function areInside(indices: Int32Array, length: number, from: number, to: number): boolean {
  // As an unsigned number a negative position is large.
  for (let k = from; k < to; k++) if (indices[k] >>> 0 >= length) return false
  return true
}

/** Positions looked through at a time: they are still in the cache when their elements are fetched. */
const GATHER_BLOCK = 8192

type Gather = <A extends NumberArray>(out: A, data: A, length: number, indices: Int32Array, nullValue: number) => void

// One pair of loops a storage, so that each stays monomorphic; made when it is first needed.
function makeGather(): Gather {
  const copyOf = <F>(f: F): F => new Function(`return ${String(f)}`)() as F
  let inside: typeof gatherInside | undefined
  let tested: typeof gatherTested | undefined
  return (out, data, length, indices, nullValue) => {
    inside ??= copyOf(gatherInside)
    tested ??= copyOf(gatherTested)
    for (let from = 0; from < indices.length; from += GATHER_BLOCK) {
      const to = Math.min(indices.length, from + GATHER_BLOCK)
      if (areInside(indices, length, from, to)) inside(out, data, indices, from, to)
      else tested(out, data, length, indices, nullValue, from, to)
    }
  }
}
const gatherI8 = makeGather()
const gatherI16 = makeGather()
const gatherI32 = makeGather()
const gatherF32 = makeGather()
const gatherF64 = makeGather()

/** out[k] = data[indices[k]], null where the index is outside 0..length-1. */
export function gatherInto(out: FixedArray, data: FixedArray, length: number, indices: Int32Array): void {
  if (data instanceof Float64Array) gatherF64(out as Float64Array, data, length, indices, NULL_F64)
  else if (data instanceof Int32Array) gatherI32(out as Int32Array, data, length, indices, NULL_I32)
  else if (data instanceof BigInt64Array) gatherI64(out as BigInt64Array, data, length, indices)
  else if (data instanceof Int8Array) gatherI8(out as Int8Array, data, length, indices, NULL_I8)
  else if (data instanceof Int16Array) gatherI16(out as Int16Array, data, length, indices, NULL_I16)
  else gatherF32(out as Float32Array, data as Float32Array, length, indices, NULL_F32)
}

/** Two 32-bit words an element: no bigint is made. */
function gatherI64(out: BigInt64Array, data: BigInt64Array, length: number, indices: Int32Array): void {
  const target = new Int32Array(out.buffer, out.byteOffset, out.length * 2)
  const source = new Int32Array(data.buffer, data.byteOffset, data.length * 2)
  for (let from = 0; from < indices.length; from += GATHER_BLOCK) {
    const to = Math.min(indices.length, from + GATHER_BLOCK)
    if (areInside(indices, length, from, to)) gatherWordPairs(target, source, indices, from, to)
    else
      for (let k = from; k < to; k++) {
        const j = indices[k]
        const inside = j >= 0 && j < length
        target[2 * k] = inside ? source[2 * j] : 0
        target[2 * k + 1] = inside ? source[2 * j + 1] : NULL_I32
      }
  }
}

function gatherWordPairs(target: Int32Array, source: Int32Array, indices: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const j = indices[k]
    target[2 * k] = source[2 * j]
    target[2 * k + 1] = source[2 * j + 1]
  }
}

/** Two slots per element: 128-bit integers (low half first) or two doubles. */
export class WideVector extends VectorBase {
  readonly storage = 'wide'
  data: BigInt64Array | Float64Array
  readonly scale: number

  constructor(type: TypeId, data: BigInt64Array | Float64Array, length: number = data.length / 2, scale = 0) {
    super(type, length)
    this.data = data
    this.scale = scale
  }

  get(index: number): Scalar {
    return new Scalar(this.type, this.raw(index), this.scale)
  }

  raw(index: number): Raw {
    if (index < 0 || index >= this.length) return nullRaw(this.type)
    if (this.data instanceof Float64Array) return [this.data[2 * index], this.data[2 * index + 1]]
    const low = BigInt.asUintN(64, this.data[2 * index])
    const high = this.data[2 * index + 1]
    return this.type === T.DECIMAL128 ? (high << 64n) + low : (BigInt.asUintN(64, high) << 64n) + low
  }

  isNullAt(index: number): boolean {
    return isNullRaw(this.type, this.raw(index))
  }

  /** Writes a raw element (128-bit integer or pair of numbers). */
  set(index: number, raw: Raw): void {
    if (this.data instanceof Float64Array) {
      const p = raw as readonly [number, number]
      this.data[2 * index] = p[0]
      this.data[2 * index + 1] = p[1]
    } else {
      this.data[2 * index] = BigInt.asIntN(64, raw as bigint)
      this.data[2 * index + 1] = BigInt.asIntN(64, (raw as bigint) >> 64n)
    }
  }

  slice(from: number, to: number): WideVector {
    const out = newFixedArray(typeInfo(this.type).storage, to - from) as BigInt64Array | Float64Array
    out.set(this.data.subarray(2 * from, 2 * to) as never)
    return new WideVector(this.type, out, to - from, this.scale)
  }

  gather(indices: Int32Array): WideVector {
    const out = new WideVector(
      this.type,
      newFixedArray(typeInfo(this.type).storage, indices.length) as BigInt64Array | Float64Array,
      indices.length,
      this.scale,
    )
    for (let k = 0; k < indices.length; k++) out.set(k, this.raw(indices[k]))
    return out
  }

  copy(capacity: number = this.length): WideVector {
    const out = newFixedArray(typeInfo(this.type).storage, Math.max(capacity, this.length)) as
      | BigInt64Array
      | Float64Array
    out.set(this.data.subarray(0, 2 * this.length) as never)
    return new WideVector(this.type, out, this.length, this.scale)
  }
}

/**
 * The distinct strings behind SYMBOL codes; code 0 is the empty string (null). It only grows, so vectors share it safely.
 * Two vectors with the same base compare by code.
 */
export class SymbolBase {
  readonly symbols: string[] = ['']
  readonly #codes = new Map<string, number>([['', 0]])

  constructor(symbols: readonly string[] = []) {
    for (const s of symbols) this.encode(s)
  }

  encode(symbol: string): number {
    let code = this.#codes.get(symbol)
    if (code === undefined) {
      code = this.symbols.length
      this.symbols.push(symbol)
      this.#codes.set(symbol, code)
    }
    return code
  }

  /** Code of a known symbol, -1 if it does not occur. */
  find(symbol: string): number {
    return this.#codes.get(symbol) ?? -1
  }
}

/** Dictionary-encoded strings. */
export class SymbolVector extends VectorBase {
  readonly storage = 'symbol'
  data: Int32Array
  readonly base: SymbolBase

  constructor(data: Int32Array, base: SymbolBase, length: number = data.length) {
    super(T.SYMBOL, length)
    this.data = data
    this.base = base
  }

  static encode(strings: readonly string[]): SymbolVector {
    const base = new SymbolBase()
    const codes = new Int32Array(allocate(strings.length * 4))
    for (let k = 0; k < strings.length; k++) codes[k] = base.encode(strings[k])
    return new SymbolVector(codes, base)
  }

  /** An element leaves a SYMBOL vector as a STRING scalar: there are no SYMBOL scalars. */
  get(index: number): Scalar {
    return new Scalar(T.STRING, this.raw(index))
  }

  raw(index: number): string {
    return index >= 0 && index < this.length ? this.base.symbols[this.data[index]] : ''
  }

  isNullAt(index: number): boolean {
    return index < 0 || index >= this.length || this.data[index] === 0
  }

  slice(from: number, to: number): SymbolVector {
    const out = new Int32Array(allocate((to - from) * 4))
    out.set(this.data.subarray(from, to))
    return new SymbolVector(out, this.base)
  }

  gather(indices: Int32Array): SymbolVector {
    const out = new Int32Array(allocate(indices.length * 4))
    gatherI32(out, this.data, this.length, indices, 0)
    return new SymbolVector(out, this.base)
  }

  copy(capacity: number = this.length): SymbolVector {
    const out = new Int32Array(allocate(Math.max(capacity, this.length) * 4))
    out.set(this.data.subarray(0, this.length))
    const v = new SymbolVector(out, this.base, this.length)
    v.label = this.label
    return v
  }
}

/** UTF-8 text of a whole string vector: element k is bytes[offsets[k] .. offsets[k+1]). */
export interface Utf8Strings {
  readonly offsets: Int32Array
  readonly bytes: Uint8Array
}

// A text may begin with U+FEFF: it is no mark of a byte order here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Strings: decoded on first touch when they came from a file or another thread. */
export class StringVector extends VectorBase {
  readonly storage = 'string'
  #strings: string[] | undefined
  readonly utf8: Utf8Strings | undefined

  constructor(strings: string[] | Utf8Strings, type: TypeId = T.STRING) {
    super(type, Array.isArray(strings) ? strings.length : strings.offsets.length - 1)
    if (Array.isArray(strings)) this.#strings = strings
    else this.utf8 = strings
  }

  /** All elements as JavaScript strings. Writers may change it in place if the vector is not frozen; `length` must follow. */
  get strings(): string[] {
    if (this.#strings === undefined) {
      const { offsets, bytes } = this.utf8!
      const out: string[] = new Array(this.length)
      for (let k = 0; k < this.length; k++) out[k] = decodeUtf8(bytes, offsets[k], offsets[k + 1])
      this.#strings = out
    }
    return this.#strings
  }

  /** True while the JavaScript strings were never asked for, so that the UTF-8 form is exact and cheaper to copy. */
  get isUtf8Only(): boolean {
    return this.#strings === undefined
  }

  get(index: number): Scalar {
    return new Scalar(this.type, this.raw(index))
  }

  raw(index: number): string {
    return index >= 0 && index < this.length ? this.strings[index] : ''
  }

  isNullAt(index: number): boolean {
    return this.raw(index) === ''
  }

  slice(from: number, to: number): StringVector {
    return new StringVector(this.strings.slice(from, to), this.type)
  }

  gather(indices: Int32Array): StringVector {
    const source = this.strings
    const out: string[] = new Array(indices.length)
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      out[k] = j >= 0 && j < this.length ? source[j] : ''
    }
    return new StringVector(out, this.type)
  }

  copy(): StringVector {
    const v = new StringVector(this.strings.slice(), this.type)
    v.label = this.label
    return v
  }
}

function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  if (to - from < 24) {
    let text = ''
    for (let k = from; k < to; k++) {
      if (bytes[k] >= 128) return decodeSlow(bytes, from, to)
      text += String.fromCharCode(bytes[k])
    }
    return text
  }
  return decodeSlow(bytes, from, to)
}

// TextDecoder refuses shared memory, so bytes of a shared buffer are copied out first.
function decodeSlow(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes.subarray(from, to) : bytes.slice(from, to))
}

/** A tuple. Elements are values of any form; a null element is the VOID null. */
export class AnyVector extends VectorBase {
  readonly storage = 'any'
  readonly values: Value[]
  /** A tuple used as a table column whose rows all have one type. */
  columnar = false
  /** Made by `[]`: empty, prints as a vector, and takes the type of what is appended first. */
  untyped = false

  constructor(values: Value[]) {
    super(T.ANY, values.length)
    this.values = values
  }

  get(index: number): Value {
    return index >= 0 && index < this.values.length ? this.values[index] : Scalar.VOID
  }

  raw(index: number): Raw {
    const v = this.get(index)
    return v.kind === 'scalar' ? v.value : null
  }

  isNullAt(index: number): boolean {
    const v = this.get(index)
    return v.kind === 'scalar' && v.isNull()
  }

  slice(from: number, to: number): AnyVector {
    return this.likewise(this.values.slice(from, to))
  }

  gather(indices: Int32Array): AnyVector {
    return this.likewise(Array.from(indices, (k) => this.get(k)))
  }

  copy(): AnyVector {
    const v = this.likewise(this.values.slice())
    v.untyped = this.untyped
    v.label = this.label
    return v
  }

  /** Other rows of a columnar tuple make a columnar tuple. */
  likewise(values: Value[]): AnyVector {
    const v = new AnyVector(values)
    v.columnar = this.columnar
    return v
  }
}

/** Rows of varying length over one flat vector: row k is flat[offsets[k] .. offsets[k+1]). `type` is 64 + element type. */
export class ArrayVector extends VectorBase {
  readonly storage = 'array'
  offsets: Int32Array
  flat: Vector

  constructor(offsets: Int32Array, flat: Vector, length: number = offsets.length - 1) {
    super(ARRAY_BASE + flat.type, length)
    this.offsets = offsets
    this.flat = flat
  }

  /** Of its decimals; 0 for other elements. */
  get scale(): number {
    return 'scale' in this.flat ? this.flat.scale : 0
  }

  /** A row, as a vector. Out of range it is an empty vector. */
  get(index: number): Vector {
    if (index < 0 || index >= this.length) return this.flat.slice(0, 0)
    return this.flat.slice(this.offsets[index], this.offsets[index + 1])
  }

  raw(): Raw {
    return null
  }

  /** A row is null when it is empty or holds one null. */
  isNullAt(index: number): boolean {
    if (index < 0 || index >= this.length) return true
    const from = this.offsets[index]
    const size = this.offsets[index + 1] - from
    return size === 0 || (size === 1 && this.flat.isNullAt(from))
  }

  slice(from: number, to: number): ArrayVector {
    const start = this.offsets[from]
    const offsets = new Int32Array(to - from + 1)
    for (let k = from; k <= to; k++) offsets[k - from] = this.offsets[k] - start
    return new ArrayVector(offsets, this.flat.slice(start, this.offsets[to]))
  }

  gather(indices: Int32Array): ArrayVector {
    const offsets = new Int32Array(indices.length + 1)
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      const size = j >= 0 && j < this.length ? this.offsets[j + 1] - this.offsets[j] : 1
      offsets[k + 1] = offsets[k] + size
    }
    const positions = new Int32Array(offsets[indices.length])
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      const inside = j >= 0 && j < this.length
      for (let p = offsets[k]; p < offsets[k + 1]; p++) positions[p] = inside ? this.offsets[j] + p - offsets[k] : -1
    }
    return new ArrayVector(offsets, this.flat.gather(positions))
  }

  copy(): ArrayVector {
    return new ArrayVector(this.offsets.slice(0, this.length + 1), this.flat.copy())
  }
}

/** A vector of `length` elements for a non-array type: zeros (empty strings, VOID for ANY), or nulls. */
export function newVector(type: TypeId, length: number, fill: 'zero' | 'null' = 'zero', scale = 0): Vector {
  if (type >= ARRAY_BASE)
    return new ArrayVector(new Int32Array(length + 1), newVector(type - ARRAY_BASE, 0, fill, scale))
  const storage = typeInfo(type).storage
  switch (storage) {
    case 'string':
      return new StringVector(new Array<string>(length).fill(''), type)
    case 'symbol':
      return new SymbolVector(new Int32Array(allocate(length * 4)), new SymbolBase())
    case 'any':
      return new AnyVector(new Array<Value>(length).fill(Scalar.VOID))
    case 'x2i64':
    case 'x2f64': {
      const wide = new WideVector(type, newFixedArray(storage, length) as BigInt64Array | Float64Array, length, scale)
      if (fill === 'null') for (let k = 0; k < length; k++) wide.set(k, nullRaw(type))
      return wide
    }
    default: {
      const data = newFixedArray(storage, length)
      if (fill === 'null') fillNull(data, 0, length)
      return new FixedVector(type, data, length, scale)
    }
  }
}

/**
 * A vector of a non-array type from raw elements. For SYMBOL and STRING the elements are strings; for ANY use `new AnyVector`.
 */
export function vectorOf(type: TypeId, raws: ArrayLike<Raw>, scale = 0): Vector {
  const storage = typeInfo(type).storage
  if (storage === 'string') return new StringVector(Array.from(raws) as string[], type)
  if (storage === 'symbol') return SymbolVector.encode(Array.from(raws) as string[])
  // The elements of a pair of two nulls without type.
  if (type === T.VOID) throw new HoldfastError('input', 'Not allowed to create void vector', { refId: 'S05005' })
  if (storage === 'any') throw new HoldfastError('bug', 'vectorOf does not make tuples')
  const v = newVector(type, raws.length, 'zero', scale)
  if (v.storage === 'wide') for (let k = 0; k < raws.length; k++) v.set(k, raws[k])
  else if (v.storage === 'fixed') for (let k = 0; k < raws.length; k++) v.data[k] = raws[k] as never
  return v
}

/** The vector itself if its owner may change it, else a copy that may be changed. */
export function thawed<V extends Vector>(v: V): V {
  return v.frozen ? (v.copy() as V) : v
}

/** Vectors that `bigarray` has made. They are kept as any other; only `typestr` tells them apart. */
export const bigArrays = new WeakSet<Vector>()

/** Vectors that `subarray` and `subtuple` have made: frozen, and what writes to them is refused instead of getting a copy. */
export const subarrays = new WeakSet<Value>()
