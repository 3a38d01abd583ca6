/**
 * Kernels from templates. A loop over typed arrays is fast only while each of its loads and stores sees one array class, so a shared
 * generic loop would turn megamorphic after a few types. Instead the text of the loop is made per combination of storages and
 * compiled once (`new Function`), from the tables below. Nothing of a script ever reaches these templates.
 *
 * Conventions inside a template: `a`, `b` are inputs, `o` the output; `aw`, `bw`, `ow` are Int32Array views of 64-bit arrays, because
 * testing a 64-bit element for null or turning it into a number through its two words is ten times faster than through BigInt.
 */
import { HoldfastError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import type { FixedArray } from '../values/vector.ts'

export type NumericStorage = 'i8' | 'i16' | 'i32' | 'i64' | 'f32' | 'f64'

/** The storage class of a typed array. */
export function storageOf(data: FixedArray): NumericStorage {
  if (data instanceof Float64Array) return 'f64'
  if (data instanceof Int32Array) return 'i32'
  if (data instanceof BigInt64Array) return 'i64'
  if (data instanceof Int8Array) return 'i8'
  if (data instanceof Int16Array) return 'i16'
  return 'f32'
}

/** Null sentinel as source text. */
export const NULL_TEXT: Readonly<Record<NumericStorage, string>> = {
  i8: '-128',
  i16: '-32768',
  i32: '-2147483648',
  i64: '-9223372036854775808n',
  f32: '-3.4028234663852886e38',
  f64: '-1.7976931348623157e308',
}

/** The two 32-bit words of a 64-bit array. */
export function words(data: BigInt64Array | Float64Array): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.length * 2)
}

/** Expression: element `index` of array `name` as a JavaScript number (64-bit ones rounded to double). */
export function readNumber(storage: NumericStorage, name: string, index: string): string {
  return storage === 'i64' ? `(${name}w[2*(${index})+1]*4294967296+(${name}w[2*(${index})]>>>0))` : `${name}[${index}]`
}

/** Expression: whether element `index` is null; `value` names a variable that already holds it as a number, if any. */
export function nullTest(storage: NumericStorage, name: string, index: string, value = `${name}[${index}]`): string {
  switch (storage) {
    case 'i64':
      return `(${name}w[2*(${index})+1]===-2147483648&&${name}w[2*(${index})]===0)`
    case 'f32':
    case 'f64':
      return `(${value}===${NULL_TEXT[storage]}||${value}!==${value})`
    default:
      return `(${value}===${NULL_TEXT[storage]})`
  }
}

/** Statement: writes the null of a storage at an index of array `name`. */
export function writeNull(storage: NumericStorage, name: string, index: string): string {
  return storage === 'i64'
    ? `${name}w[2*(${index})]=0;${name}w[2*(${index})+1]=-2147483648;`
    : `${name}[${index}]=${NULL_TEXT[storage]};`
}

/** Statement: writes the number expression (an integer below 2^53 for 64-bit storages) at an index of array `name`. */
export function writeNumber(storage: NumericStorage, name: string, index: string, value: string): string {
  return storage === 'i64'
    ? `{const _v=${value};${name}w[2*(${index})]=_v;${name}w[2*(${index})+1]=Math.floor(_v/4294967296);}`
    : `${name}[${index}]=${value};`
}

/** Statement: declares the word view of array `name` if its storage needs one. */
export function declareWords(storage: NumericStorage, name: string): string {
  return storage === 'i64' ? `const ${name}w=new Int32Array(${name}.buffer,${name}.byteOffset,${name}.length*2);` : ''
}

const compiled = new Map<string, unknown>()

/** The kernel with this key, compiled from the text that `source` gives when it is needed for the first time. */
export function kernel<F>(key: string, params: string, source: () => string): F {
  let fn = compiled.get(key)
  if (fn === undefined) {
    const text = source()
    try {
      // The name is for profilers.
      fn = new Function(params, `'use strict';${text}\n//# sourceURL=kernel/${key}`)
    } catch (cause) {
      throw new HoldfastError('bug', `kernel ${key} does not compile: ${text}`, { cause })
    }
    compiled.set(key, fn)
  }
  return fn as F
}

/** Elements between two looks at the interrupt flag. */
export const CHUNK_ROWS = 1 << 20

/** Elements of a piece that stays in the cache while several loops go over it. */
export const BLOCK_ROWS = 32768
const BLOCKS_PER_CHECK = 32

/**
 * Calls a loop for piece after piece of [0, length). A loop that is called again and again is also compiled better than one that is entered once for
 * millions of elements, while parts of it were never seen.
 */
export function inBlocks(length: number, run: (from: number, to: number) => void): void {
  for (let at = 0, block = 0; at < length; at += BLOCK_ROWS, block++) {
    if (block % BLOCKS_PER_CHECK === 0) checkInterrupt()
    run(at, Math.min(length, at + BLOCK_ROWS))
  }
}
