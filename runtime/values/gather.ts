/** Elements of a typed array by position: what selecting, sorting and joining rows comes down to. */
import type { FixedArray } from './fixed-array.ts'
import { NULL_F32, NULL_F64, NULL_I8, NULL_I16, NULL_I32 } from './types.ts'

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
/** With the value that stands for positions outside. */
export const gatherI32 = makeGather()
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
