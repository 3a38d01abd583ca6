/** Vectors of texts: symbols by code, and strings, which stay UTF-8 until somebody looks at them. */
import { checkInterrupt } from '../interrupt.ts'
import { newFixedArray, unsetFixedArray } from './fixed-array.ts'
import { gatherI32 } from './gather.ts'
import { copiedList, textList } from './heap.ts'
import { Scalar } from './scalar.ts'
import { T, type TypeId } from './types.ts'
import { VectorBase } from './vector-base.ts'
import { WideMap } from './wide-map.ts'

/** Between two looks at the interrupt. */
const CHECK_ROWS = 1 << 16

/**
 * The distinct strings behind SYMBOL codes; code 0 is the empty string (null). It only grows, so vectors share it safely.
 * Two vectors with the same base compare by code.
 */
export class SymbolBase {
  readonly symbols: string[] = ['']
  readonly #codes = new WideMap<number>()

  constructor(symbols: readonly string[] = []) {
    this.#codes.add('', 0)
    for (const s of symbols) this.encode(s)
  }

  encode(symbol: string): number {
    let code = this.#codes.get(symbol)
    if (code === undefined) {
      code = this.symbols.length
      this.symbols.push(symbol)
      this.#codes.add(symbol, code)
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
    const codes = newFixedArray('symbol', strings.length) as Int32Array
    for (let k = 0; k < strings.length; k++) {
      if (k % CHECK_ROWS === 0) checkInterrupt()
      codes[k] = base.encode(strings[k])
    }
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
    const out = unsetFixedArray('symbol', to - from) as Int32Array
    out.set(this.data.subarray(from, to))
    return new SymbolVector(out, this.base)
  }

  gather(indices: Int32Array): SymbolVector {
    const out = unsetFixedArray('symbol', indices.length) as Int32Array
    gatherI32(out, this.data, this.length, indices, 0)
    return new SymbolVector(out, this.base)
  }

  copy(capacity: number = this.length): SymbolVector {
    const out = newFixedArray('symbol', Math.max(capacity, this.length)) as Int32Array
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
      const out = textList(this.length)
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
    return new StringVector(copiedList(this.strings, from, to), this.type)
  }

  gather(indices: Int32Array): StringVector {
    const source = this.strings
    const out = textList(indices.length)
    for (let k = 0; k < indices.length; k++) {
      const j = indices[k]
      out[k] = j >= 0 && j < this.length ? source[j] : ''
    }
    return new StringVector(out, this.type)
  }

  copy(): StringVector {
    const v = new StringVector(copiedList(this.strings), this.type)
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
