/** Typed arrays as columns hold them: made by the session's allocator, one kind a storage, each with its null. */
import { allocate, allocateColumn, allocateColumnUnset } from './allocator.ts'
import { beginOf } from './own-memory.ts'
import { NULL_F32, NULL_F64, NULL_I8, NULL_I16, NULL_I32, NULL_I64, type Storage } from './types.ts'

export type FixedArray = Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array

/** A fresh typed array of `length` elements for a storage, zero filled, from the session's allocator. */
export function newFixedArray(storage: Storage, length: number): FixedArray {
  switch (storage) {
    case 'i8':
      return column(Int8Array, allocateColumn(length, length), length)
    case 'i16':
      return new Int16Array(allocate(length * 2))
    case 'i32':
    case 'symbol':
      return column(Int32Array, allocateColumn(length, length * 4), length)
    case 'i64':
      return column(BigInt64Array, allocateColumn(length, length * 8), length)
    case 'f32':
      return new Float32Array(allocate(length * 4))
    case 'f64':
      return column(Float64Array, allocateColumn(length, length * 8), length)
    case 'x2i64':
      return new BigInt64Array(allocate(length * 16))
    case 'x2f64':
      return new Float64Array(allocate(length * 16))
    default:
      throw new RangeError(`storage ${storage} has no typed array`)
  }
}

type ColumnArray = Int8Array | Int32Array | BigInt64Array | Float64Array

const column = <A extends ColumnArray>(
  ArrayClass: new (buffer: ArrayBuffer, begin: number, length: number) => A,
  buffer: ArrayBuffer,
  length: number,
): A => new ArrayClass(buffer, beginOf(buffer), length)

/** The same for who writes every element: those that it begins with mean nothing. */
export function unsetFixedArray(storage: Storage, length: number): FixedArray {
  switch (storage) {
    case 'i8':
      return column(Int8Array, allocateColumnUnset(length, length), length)
    case 'i32':
    case 'symbol':
      return column(Int32Array, allocateColumnUnset(length, length * 4), length)
    case 'i64':
      return column(BigInt64Array, allocateColumnUnset(length, length * 8), length)
    case 'f64':
      return column(Float64Array, allocateColumnUnset(length, length * 8), length)
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

export function fillNull(data: FixedArray, from: number, to: number): void {
  if (data instanceof BigInt64Array) data.fill(NULL_I64, from, to)
  else if (data instanceof Float64Array) data.fill(NULL_F64, from, to)
  else if (data instanceof Float32Array) data.fill(NULL_F32, from, to)
  else if (data instanceof Int32Array) data.fill(NULL_I32, from, to)
  else if (data instanceof Int16Array) data.fill(NULL_I16, from, to)
  else data.fill(NULL_I8, from, to)
}
