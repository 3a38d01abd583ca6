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
import { type FixedArray, fillNull, isNullElement, newFixedArray, unsetFixedArray } from './fixed-array.ts'
import { gatherInto } from './gather.ts'
import { filledList } from './heap.ts'
import { AnyVector, ArrayVector } from './nested-vectors.ts'
import { Scalar, type Value } from './scalar.ts'
import { StringVector, SymbolBase, SymbolVector } from './text-vectors.ts'
import { ARRAY_BASE, isNullRaw, nullRaw, type Raw, T, type TypeId, typeInfo } from './types.ts'
import { VectorBase } from './vector-base.ts'

export { type FixedArray, isNullElement, newFixedArray, unsetFixedArray } from './fixed-array.ts'
export { gatherInto } from './gather.ts'
export { AnyVector, ArrayVector } from './nested-vectors.ts'
export { StringVector, SymbolBase, SymbolVector, type Utf8Strings } from './text-vectors.ts'

export type Vector = FixedVector | WideVector | SymbolVector | StringVector | AnyVector | ArrayVector

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

/** A vector of `length` elements for a non-array type: zeros (empty strings, VOID for ANY), or nulls. */
export function newVector(type: TypeId, length: number, fill: 'zero' | 'null' = 'zero', scale = 0): Vector {
  if (type >= ARRAY_BASE)
    return new ArrayVector(new Int32Array(length + 1), newVector(type - ARRAY_BASE, 0, fill, scale))
  const storage = typeInfo(type).storage
  switch (storage) {
    case 'string':
      return new StringVector(filledList(length, ''), type)
    case 'symbol':
      return new SymbolVector(newFixedArray('symbol', length) as Int32Array, new SymbolBase())
    case 'any':
      return new AnyVector(filledList(length, Scalar.VOID))
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
