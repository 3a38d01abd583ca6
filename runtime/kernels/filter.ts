/** The elements of a column where a mask of truth values is true, in order. A null in the mask is not true. */
import { checkInterrupt } from '../interrupt.ts'
import { typeInfo } from '../values/types.ts'
import { type FixedArray, FixedVector, unsetFixedArray } from '../values/vector.ts'
import { CHUNK_ROWS, kernel, storageOf } from './codegen.ts'

/** Words of a mask added up before a byte of the sum could overflow. */
const WORDS = 255
const ONES = 0x01010101

/** Number of true elements: four at a time, of which each byte of a word counts its own. */
export function countTrue(mask: Int8Array, length: number): number {
  const whole = mask.byteOffset % 4 === 0 ? length >> 2 : 0
  const words = new Int32Array(mask.buffer, whole === 0 ? 0 : mask.byteOffset, whole)
  let count = 0
  for (let at = 0; at < whole; at += WORDS) count += countWords(words, at, Math.min(whole, at + WORDS))
  for (let k = whole * 4; k < length; k++) count += mask[k] & 1
  return count
}

function countWords(words: Int32Array, from: number, to: number): number {
  let bytes = 0
  for (let k = from; k < to; k++) bytes += words[k] & ONES
  return (bytes & 255) + ((bytes >>> 8) & 255) + ((bytes >>> 16) & 255) + Math.floor(bytes / 16777216)
}

type FilterKernel = (a: FixedArray, m: Int8Array, o: FixedArray, from: number, to: number, at: number) => number

/** Elements of a piece: random masks can't be predicted, so each element is written and the next one overwrites it if it was not wanted. */
const PIECE = 8192

export function filterFixed(v: FixedVector, mask: Int8Array): FixedVector {
  const count = countTrue(mask, v.length)
  const out = unsetFixedArray(typeInfo(v.type).storage, count)
  const params = 'a,m,o,from,to,at'
  const storage = storageOf(v.data)
  const straight = kernel<FilterKernel>(
    `filter:${storage}`,
    params,
    () => 'for(let i=from;i<to;i++){o[at]=a[i];at+=m[i]&1}return at',
  )
  const tested = kernel<FilterKernel>(
    `filter:${storage}:tested`,
    params,
    () => 'for(let i=from;i<to;i++)if((m[i]&1)===1)o[at++]=a[i];return at',
  )
  let at = 0
  for (let from = 0; from < v.length && at < count; from += PIECE) {
    if (from % CHUNK_ROWS === 0) checkInterrupt()
    const to = Math.min(v.length, from + PIECE)
    // Near the end of the result an element that is not wanted would have no place.
    const run = at + PIECE < count ? straight : tested
    at = run(v.data, mask, out, from, to, at)
  }
  return new FixedVector(v.type, out, count, v.scale)
}
