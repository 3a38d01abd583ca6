/**
 * Columns as the texts of their fields: a block of rows at a time, each type in a loop of its own, quotes included. The bytes of row k are
 * bytes[ends[k - 1] .. ends[k]), with ends[-1] = 0.
 */
import {
  type FixedArray,
  type FixedVector,
  isNullRaw,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I16,
  NULL_I32,
  type StringVector,
  type SymbolVector,
  T,
  type Vector,
} from '../../../runtime/values/index.ts'
import { arrayText } from './arrays.ts'
import { CR, type CsvFormat, LF } from './format.ts'
import { dividedByDay, doubleText, floatText, isoDate, valueText } from './values.ts'

export interface TextBlock {
  bytes: Uint8Array
  readonly ends: Int32Array
}

export class FieldTexts {
  readonly #format: CsvFormat
  readonly #nullText: Buffer
  /** The delimiter may stand in a number or a date. */
  readonly #mayHoldDelimiter: boolean

  /** A table of one column writes a null of no text as two quotes: a blank line would be no row. */
  constructor(format: CsvFormat, columns: number) {
    this.#format = format
    this.#mayHoldDelimiter = /[\w+\-.: ]/.test(String.fromCharCode(format.delimiter))
    const quotes = String.fromCharCode(format.quote, format.quote)
    this.#nullText = Buffer.from(format.nullText === '' && columns === 1 ? quotes : format.nullText)
  }

  /** Writes rows [from, to) of a column to a block, and answers how many bytes that are. */
  write(v: Vector, from: number, to: number, out: TextBlock): number {
    switch (v.storage) {
      case 'symbol':
        return this.#symbols(v, from, to, out)
      case 'string':
        return v.isUtf8Only && v.utf8 !== undefined
          ? this.#utf8(v, from, to, out)
          : this.#texts(from, to, out, (k) => v.strings[k])
      case 'array':
        return this.#texts(from, to, out, (k) =>
          v.offsets[k] === v.offsets[k + 1] ? '' : arrayText(v.flat, v.offsets[k], v.offsets[k + 1]),
        )
      case 'fixed':
        return this.#mayHoldDelimiter ? this.#others(v, from, to, out) : this.#fixed(v, from, to, out)
      default:
        return this.#others(v, from, to, out)
    }
  }

  #fixed(v: FixedVector, from: number, to: number, out: TextBlock): number {
    switch (v.type) {
      case T.CHAR:
      case T.COMPRESSED:
        return this.#integers(v.data, NULL_I8, from, to, out)
      case T.SHORT:
        return this.#integers(v.data, NULL_I16, from, to, out)
      case T.INT:
        return this.#integers(v.data, NULL_I32, from, to, out)
      case T.LONG:
        return this.#longs(v.data as BigInt64Array, from, to, out)
      case T.DOUBLE:
        return this.#doubles(v.data as Float64Array, from, to, out)
      case T.FLOAT:
        return this.#floats(v.data as Float32Array, from, to, out)
      case T.DATE:
        return this.#dates(v.data as Int32Array, from, to, out)
      case T.TIMESTAMP:
        return this.#instants(v.data as BigInt64Array, 1000, 3, from, to, out)
      case T.NANOTIMESTAMP:
        return this.#instants(v.data as BigInt64Array, 1_000_000_000, 9, from, to, out)
      default:
        return this.#others(v, from, to, out)
    }
  }

  #null(bytes: Uint8Array, at: number): number {
    const text = this.#nullText
    for (let k = 0; k < text.length; k++) bytes[at + k] = text[k]
    return at + text.length
  }

  #integers(data: FixedArray, nothing: number, from: number, to: number, out: TextBlock): number {
    const a = data as Int32Array
    const bytes = room(out, (to - from) * Math.max(11, this.#nullText.length))
    let at = 0
    for (let k = from; k < to; k++) {
      const n = a[k]
      if (n === nothing) at = this.#null(bytes, at)
      else if (n < 0) {
        bytes[at] = 45
        at = digits(bytes, at + 1, -n)
      } else at = digits(bytes, at, n)
      out.ends[k - from] = at
    }
    return at
  }

  #longs(data: BigInt64Array, from: number, to: number, out: TextBlock): number {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2)
    const bytes = room(out, (to - from) * Math.max(20, this.#nullText.length))
    let at = 0
    for (let k = from; k < to; k++) {
      const low = words[2 * k] >>> 0
      const high = words[2 * k + 1]
      if (high === NULL_I32 && low === 0) at = this.#null(bytes, at)
      else if (high < 2097152 && high >= -2097152) {
        const n = high * 4294967296 + low
        if (n < 0) {
          bytes[at] = 45
          at = digits(bytes, at + 1, -n)
        } else at = digits(bytes, at, n)
      } else at = ascii(bytes, at, String(data[k]))
      out.ends[k - from] = at
    }
    return at
  }

  #doubles(data: Float64Array, from: number, to: number, out: TextBlock): number {
    const bytes = room(out, (to - from) * Math.max(26, this.#nullText.length))
    let at = 0
    for (let k = from; k < to; k++) {
      const x = data[k]
      if (x === NULL_F64 || Number.isNaN(x)) at = this.#null(bytes, at)
      else {
        // Numbers of a few decimals, such as prices, need no search for their shortest text.
        const scaled = Math.round(x * 10_000)
        if (scaled / 10_000 === x && Math.abs(scaled) < 1e15 && scaled !== 0) at = decimals(bytes, at, scaled)
        else at = ascii(bytes, at, doubleText(x))
      }
      out.ends[k - from] = at
    }
    return at
  }

  #floats(data: Float32Array, from: number, to: number, out: TextBlock): number {
    const bytes = room(out, (to - from) * Math.max(26, this.#nullText.length))
    let at = 0
    for (let k = from; k < to; k++) {
      const x = data[k]
      if (x === NULL_F32 || Number.isNaN(x)) at = this.#null(bytes, at)
      else at = ascii(bytes, at, floatText(x))
      out.ends[k - from] = at
    }
    return at
  }

  #dates(data: Int32Array, from: number, to: number, out: TextBlock): number {
    const bytes = room(out, (to - from) * Math.max(16, this.#nullText.length))
    let at = 0
    let known = NULL_I32
    let text = ''
    for (let k = from; k < to; k++) {
      const days = data[k]
      if (days === NULL_I32) at = this.#null(bytes, at)
      else {
        if (days !== known) {
          known = days
          text = isoDate(days)
        }
        at = ascii(bytes, at, text)
      }
      out.ends[k - from] = at
    }
    return at
  }

  /** TIMESTAMP and NANOTIMESTAMP: counts of a fraction of a second, written with so many digits. */
  #instants(data: BigInt64Array, perSecond: number, width: number, from: number, to: number, out: TextBlock): number {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2)
    const bytes = room(out, (to - from) * Math.max(40, this.#nullText.length))
    const perDay = perSecond * 86400
    const bigPerDay = BigInt(perDay)
    let at = 0
    let known = Number.NaN
    let text = ''
    for (let k = from; k < to; k++) {
      if (words[2 * k + 1] === NULL_I32 && words[2 * k] === 0) {
        at = this.#null(bytes, at)
        out.ends[k - from] = at
        continue
      }
      const count = words[2 * k + 1] * 4294967296 + (words[2 * k] >>> 0)
      let days = Math.floor(count / perDay)
      let inDay = count - days * perDay
      if (!Number.isSafeInteger(count)) [days, inDay] = dividedByDay(data[k], bigPerDay)
      if (days !== known) {
        known = days
        text = isoDate(days)
      }
      const second = Math.floor(inDay / perSecond)
      let rest = inDay - second * perSecond
      at = ascii(bytes, at, text)
      bytes[at] = 32
      twoDigits(bytes, at + 1, Math.floor(second / 3600))
      bytes[at + 3] = 58
      twoDigits(bytes, at + 4, Math.floor(second / 60) % 60)
      bytes[at + 6] = 58
      twoDigits(bytes, at + 7, second % 60)
      bytes[at + 9] = 46
      at += 10
      for (let p = at + width - 1; p >= at; p--) {
        bytes[p] = 48 + (rest % 10)
        rest = Math.floor(rest / 10)
      }
      at += width
      out.ends[k - from] = at
    }
    return at
  }

  /** Each symbol is written once in a block. */
  #symbols(v: SymbolVector, from: number, to: number, out: TextBlock): number {
    const { data, base } = v
    const known = new Map<number, Uint8Array>()
    let total = 0
    for (let k = from; k < to; k++) {
      let text = known.get(data[k])
      if (text === undefined) {
        text = this.#field(base.symbols[data[k]])
        known.set(data[k], text)
      }
      total += text.length
    }
    const bytes = room(out, total)
    let at = 0
    for (let k = from; k < to; k++) {
      const text = known.get(data[k])!
      for (let p = 0; p < text.length; p++) bytes[at + p] = text[p]
      at += text.length
      out.ends[k - from] = at
    }
    return at
  }

  #utf8(v: StringVector, from: number, to: number, out: TextBlock): number {
    const { offsets, bytes: source } = v.utf8!
    const { delimiter, quote, escape: escapeByte } = this.#format
    const nulls = this.#nullText.length
    const bytes = room(out, 2 * (offsets[to] - offsets[from]) + (to - from) * (2 + nulls))
    let at = 0
    for (let k = from; k < to; k++) {
      const start = offsets[k]
      const end = offsets[k + 1]
      if (start === end) at = this.#null(bytes, at)
      else if (this.#mustQuote(source, start, end, delimiter, quote))
        at = quoted(bytes, at, source, start, end, quote, escapeByte)
      else {
        for (let p = start; p < end; p++) bytes[at + p - start] = source[p]
        at += end - start
      }
      out.ends[k - from] = at
    }
    return at
  }

  /** Texts that hold what has a meaning, that would read as null, or that begin like a byte order mark. */
  #mustQuote(text: Uint8Array, start: number, end: number, delimiter: number, quote: number): boolean {
    for (let p = start; p < end; p++) {
      const b = text[p]
      if (b === delimiter || b === quote || b === LF || b === CR) return true
    }
    if (text[start] === 0xef) return true
    const nullText = this.#nullText
    if (end - start !== nullText.length) return false
    for (let k = 0; k < nullText.length; k++) if (text[start + k] !== nullText[k]) return false
    return true
  }

  #field(text: string): Uint8Array {
    if (text === '') return this.#nullText
    const { delimiter, quote, escape: escapeByte } = this.#format
    const source = Buffer.from(text)
    if (!this.#mustQuote(source, 0, source.length, delimiter, quote)) return source
    const out = new Uint8Array(2 * source.length + 2)
    return out.subarray(0, quoted(out, 0, source, 0, source.length, quote, escapeByte))
  }

  #texts(from: number, to: number, out: TextBlock, textAt: (k: number) => string): number {
    let at = 0
    for (let k = from; k < to; k++) {
      const field = this.#field(textAt(k))
      const bytes = room(out, at + field.length, at)
      bytes.set(field, at)
      at += field.length
      out.ends[k - from] = at
    }
    return at
  }

  #others(v: Vector, from: number, to: number, out: TextBlock): number {
    const { type } = v
    const scale = 'scale' in v ? v.scale : 0
    return this.#texts(from, to, out, (k) => {
      const raw = v.raw(k)
      return isNullRaw(type, raw) ? '' : valueText(type, raw, scale)
    })
  }
}

/** The memory of a block, of at least so many bytes; the first `keep` of them stay. */
function room(block: TextBlock, bytes: number, keep = 0): Uint8Array {
  if (block.bytes.length < bytes) {
    const larger = new Uint8Array(Math.max(bytes, 2 * block.bytes.length))
    if (keep > 0) larger.set(block.bytes.subarray(0, keep))
    block.bytes = larger
  }
  return block.bytes
}

/** Writes a whole number from 0 to 2^53; answers the position behind it. */
function digits(bytes: Uint8Array, at: number, n: number): number {
  let width = 1
  for (let limit = 10; n >= limit; limit *= 10) width++
  let rest = n
  for (let p = at + width - 1; p >= at; p--) {
    const next = rest <= 2147483647 ? (rest / 10) | 0 : Math.floor(rest / 10)
    bytes[p] = 48 + rest - next * 10
    rest = next
  }
  return at + width
}

/** Writes a count of ten thousandths, without zeros at the end. */
function decimals(bytes: Uint8Array, start: number, count: number): number {
  let at = start
  let rest = count
  if (rest < 0) {
    bytes[at++] = 45
    rest = -rest
  }
  const whole = Math.floor(rest / 10_000)
  at = digits(bytes, at, whole)
  let fraction = rest - whole * 10_000
  if (fraction === 0) return at
  bytes[at++] = 46
  for (let unit = 1000; fraction > 0; unit /= 10) {
    const digit = Math.floor(fraction / unit)
    bytes[at++] = 48 + digit
    fraction -= digit * unit
  }
  return at
}

function twoDigits(bytes: Uint8Array, at: number, n: number): void {
  bytes[at] = 48 + ((n / 10) | 0)
  bytes[at + 1] = 48 + (n % 10)
}

function ascii(bytes: Uint8Array, at: number, text: string): number {
  for (let k = 0; k < text.length; k++) bytes[at + k] = text.charCodeAt(k)
  return at + text.length
}

function quoted(
  out: Uint8Array,
  to: number,
  source: Uint8Array,
  start: number,
  end: number,
  quote: number,
  escapeByte: number,
): number {
  let at = to
  out[at++] = quote
  for (let p = start; p < end; p++) {
    if (source[p] === quote || source[p] === escapeByte) out[at++] = escapeByte
    out[at++] = source[p]
  }
  out[at++] = quote
  return at
}
