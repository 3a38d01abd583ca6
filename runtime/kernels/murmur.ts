/**
 * The hash that decides which partition a row belongs to (HASH scheme and `hashBucket`). It must never change: stored data depends on it.
 *
 * Strings: MurmurHash2, 32 bits, over UTF-8 bytes; multiplier 0x5bd1e995, shift 24, initial value = byte length.
 * Integers and temporals: the value modulo the number of buckets, negative ones as unsigned numbers of 32 bits (64-bit types: 64 bits).
 * Nulls have no bucket (-1).
 */
import { HoldfastError } from '../errors.ts'
import { allocateUnset } from '../values/allocator.ts'
import { isNullRaw, NULL_I8, NULL_I16, NULL_I32, type Raw, type TypeId, typeInfo } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'

const M = 0x5bd1e995
const encoder = new TextEncoder()
let scratch = new Uint8Array(1024)

/** Unsigned 32-bit MurmurHash2 of a text's UTF-8 bytes. */
export function murmurHash2(text: string): number {
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 6)
  const length = fillAscii(text)
  return murmurBytes(scratch, 0, length < 0 ? encoder.encodeInto(text, scratch).written : length)
}

/** Copies the text into scratch if it is all ASCII; else -1. */
function fillAscii(text: string): number {
  for (let k = 0; k < text.length; k++) {
    const c = text.charCodeAt(k)
    if (c >= 128) return -1
    scratch[k] = c
  }
  return text.length
}

/** Unsigned 32-bit MurmurHash2 of bytes [from, to). */
export function murmurBytes(bytes: Uint8Array, from: number, to: number): number {
  let h = to - from
  let k = from
  for (; to - k >= 4; k += 4) {
    let w = Math.imul(bytes[k] | (bytes[k + 1] << 8) | (bytes[k + 2] << 16) | (bytes[k + 3] << 24), M)
    w = Math.imul(w ^ (w >>> 24), M)
    h = Math.imul(h, M) ^ w
  }
  const rest = to - k
  if (rest === 3) h ^= bytes[k + 2] << 16
  if (rest >= 2) h ^= bytes[k + 1] << 8
  if (rest >= 1) h = Math.imul(h ^ bytes[k], M)
  h = Math.imul(h ^ (h >>> 13), M)
  return (h ^ (h >>> 15)) >>> 0
}

/** Bucket of one raw value, -1 for null. Floating, decimal and mixed types have no buckets. */
export function hashBucketOf(type: TypeId, raw: Raw, buckets: number): number {
  if (raw === null || isNullRaw(type, raw)) return -1
  switch (typeInfo(type).storage) {
    case 'string':
    case 'symbol':
      return murmurHash2(raw as string) % buckets
    case 'i8':
    case 'i16':
    case 'i32':
      if (typeInfo(type).category === 'decimal') break
      return (raw as number) >= 0 ? (raw as number) % buckets : ((raw as number) + 4294967296) % buckets
    case 'i64':
      if (typeInfo(type).category === 'decimal') break
      return Number(BigInt.asUintN(64, raw as bigint) % BigInt(buckets))
    case 'x2i64':
      if (typeInfo(type).category === 'decimal') break
      return Number(BigInt.asUintN(128, raw as bigint) % BigInt(buckets))
  }
  throw unhashable(type)
}

/** Loops run in pieces of so many elements: a function that is called again is compiled well sooner than a loop that never ends. */
const PIECE = 1 << 15

/** Bucket of every element, -1 for nulls. SYMBOL columns are hashed once per distinct symbol. */
export function hashBuckets(v: Vector, buckets: number): Int32Array {
  const out = new Int32Array(allocateUnset(v.length * 4))
  const hash = bucketLoop(v, buckets)
  for (let from = 0; from < out.length; from += PIECE) hash(out, from, Math.min(out.length, from + PIECE))
  return out
}

/** Sets out[from..to). */
type BucketLoop = (out: Int32Array, from: number, to: number) => void

function bucketLoop(v: Vector, buckets: number): BucketLoop {
  if (v.storage === 'symbol') {
    const { data, base } = v
    const ofCode = Int32Array.from(base.symbols, (symbol, code) => (code === 0 ? -1 : murmurHash2(symbol) % buckets))
    return (out, from, to) => takeByCode(data, ofCode, out, from, to)
  }
  if (v.storage === 'string') {
    const { strings } = v
    return (out, from, to) => hashTexts(strings, buckets, out, from, to)
  }
  if (v.storage === 'fixed' && typeInfo(v.type).category !== 'decimal') {
    const { data } = v
    if (data instanceof BigInt64Array) {
      const words = new Int32Array(data.buffer, data.byteOffset, v.length * 2)
      return (out, from, to) => hashWords(words, buckets, out, from, to)
    }
    if (data instanceof Float32Array || data instanceof Float64Array) throw unhashable(v.type)
    const nullValue = data instanceof Int32Array ? NULL_I32 : data instanceof Int16Array ? NULL_I16 : NULL_I8
    return (out, from, to) => hashSmall(data, nullValue, buckets, out, from, to)
  }
  return (out, from, to) => {
    for (let k = from; k < to; k++) out[k] = hashBucketOf(v.type, v.raw(k), buckets)
  }
}

function takeByCode(codes: Int32Array, ofCode: Int32Array, out: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) out[k] = ofCode[codes[k]]
}

function hashTexts(strings: readonly string[], buckets: number, out: Int32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) out[k] = strings[k] === '' ? -1 : murmurHash2(strings[k]) % buckets
}

function hashSmall(
  data: Int8Array | Int16Array | Int32Array,
  nullValue: number,
  buckets: number,
  out: Int32Array,
  from: number,
  to: number,
): void {
  for (let k = from; k < to; k++) {
    const x = data[k]
    out[k] = x === nullValue ? -1 : (x >>> 0) % buckets
  }
}

/** 64-bit elements as pairs of words: (high * 2^32 + low) mod n without bigints, exact while n < 2^20; larger n go through bigint. */
function hashWords(words: Int32Array, buckets: number, out: Int32Array, from: number, to: number): void {
  const step = 4294967296 % buckets
  for (let k = from; k < to; k++) {
    const low = words[2 * k] >>> 0
    const high = words[2 * k + 1]
    if (high === NULL_I32 && low === 0) out[k] = -1
    else if (buckets < 1 << 20) out[k] = (((((high >>> 0) % buckets) * step) % buckets) + (low % buckets)) % buckets
    else out[k] = Number((BigInt(high >>> 0) * 4294967296n + BigInt(low)) % BigInt(buckets))
  }
}

const unhashable = (type: TypeId): HoldfastError =>
  new HoldfastError('input', `The data type ${typeInfo(type).name} can't be hashed into buckets.`, { code: 'hashType' })
