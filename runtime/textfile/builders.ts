/** Column builders: bytes of a field into a growing typed column. An empty or unreadable field is null. */

import { decimalFromText } from '../ops/decimal-number.ts'
import { parseRaw, parseTemporal } from '../ops/parse-text.ts'
import { castTemporalRaw } from '../ops/temporal-parts.ts'
import { daysFromCivil, daysInMonth } from '../temporal/calendar.ts'
import { temporalParser } from '../temporal/format.ts'
import {
  isArrayType,
  isDecimal,
  isTemporal,
  NULL_F64,
  NULL_I32,
  NULL_I64,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeInfo,
} from '../values/types.ts'
import {
  ArrayVector,
  FixedVector,
  newFixedArray,
  StringVector,
  SymbolBase,
  SymbolVector,
  type Vector,
  vectorOf,
} from '../values/vector.ts'

export interface ColumnBuilder {
  /** Adds the field bytes[from, to). */
  push(bytes: Buffer, from: number, to: number): void
  /** The column so far; the builder starts over. */
  finish(): Vector
}

export interface BuilderOptions {
  readonly type: TypeId
  readonly scale: number
  /** Temporal format of the field. */
  readonly format: string
  readonly arrayDelimiter: string
}

export function columnBuilder(o: BuilderOptions): ColumnBuilder {
  if (isArrayType(o.type)) return new ArrayBuilder(o)
  if (o.format !== '' && isTemporal(o.type)) return new FormattedBuilder(o.type, o.format)
  switch (o.type) {
    case T.INT:
      return new IntBuilder()
    case T.LONG:
      return new LongBuilder()
    case T.DOUBLE:
      return new DoubleBuilder()
    case T.DATE:
      return new DateBuilder()
    case T.SYMBOL:
      return new SymbolBuilder()
    case T.STRING:
    case T.BLOB:
      return new TextBuilder(o.type)
    default:
      return new GenericBuilder(o.type, o.scale)
  }
}

/** Text of bytes; short ASCII, the usual field, without a call into the runtime. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  if (to - from > 24) return bytes.toString('utf8', from, to)
  let text = ''
  for (let k = from; k < to; k++) {
    if (bytes[k] >= 128) return bytes.toString('utf8', from, to)
    text += String.fromCharCode(bytes[k])
  }
  return text
}

const grownTo = (have: number): number => Math.max(have * 2, 1024)

class IntBuilder implements ColumnBuilder {
  #data = new Int32Array(0)
  #length = 0

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#length === this.#data.length) this.#grow()
    let at = from
    const negative = bytes[at] === 45
    if (negative || bytes[at] === 43) at++
    let value = 0
    const start = at
    for (; at < to; at++) {
      const digit = bytes[at] - 48
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    if (at === start || value > 2147483647 || (at < to && bytes[at] !== 46)) value = NULL_I32
    else if (negative) value = -value
    this.#data[this.#length++] = value
  }

  finish(): Vector {
    const out = new FixedVector(T.INT, this.#data, this.#length)
    this.#data = new Int32Array(0)
    this.#length = 0
    return out
  }

  #grow(): void {
    const larger = newFixedArray('i32', grownTo(this.#length)) as Int32Array
    larger.set(this.#data)
    this.#data = larger as Int32Array<ArrayBuffer>
  }
}

class LongBuilder implements ColumnBuilder {
  #data = new BigInt64Array(0)
  #length = 0

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#length === this.#data.length) {
      const larger = newFixedArray('i64', grownTo(this.#length)) as BigInt64Array<ArrayBuffer>
      larger.set(this.#data)
      this.#data = larger
    }
    let at = from
    const negative = bytes[at] === 45
    if (negative || bytes[at] === 43) at++
    let value = 0
    const start = at
    for (; at < to; at++) {
      const digit = bytes[at] - 48
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    const ok = at > start && (at === to || bytes[at] === 46)
    if (!ok) this.#data[this.#length++] = NULL_I64
    else if (at - start <= 15) this.#data[this.#length++] = BigInt(negative ? -value : value)
    else this.#data[this.#length++] = parseRaw(textOf(bytes, from, at), T.LONG) as bigint
  }

  finish(): Vector {
    const out = new FixedVector(T.LONG, this.#data, this.#length)
    this.#data = new BigInt64Array(0)
    this.#length = 0
    return out
  }
}

const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k)

class DoubleBuilder implements ColumnBuilder {
  #data = new Float64Array(0)
  #length = 0

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#length === this.#data.length) {
      const larger = newFixedArray('f64', grownTo(this.#length)) as Float64Array<ArrayBuffer>
      larger.set(this.#data)
      this.#data = larger
    }
    this.#data[this.#length++] = parseDouble(bytes, from, to)
  }

  finish(): Vector {
    const out = new FixedVector(T.DOUBLE, this.#data, this.#length)
    this.#data = new Float64Array(0)
    this.#length = 0
    return out
  }
}

/** Up to 15 digits over a power of ten below 1e22 is exact division of exact numbers, hence correctly rounded; the rest goes the long way. */
function parseDouble(bytes: Buffer, from: number, to: number): number {
  let at = from
  const negative = bytes[at] === 45
  if (negative) at++
  let value = 0
  let digits = 0
  let fraction = 0
  let point = false
  for (; at < to; at++) {
    const c = bytes[at]
    if (c === 46 && !point) point = true
    else if (c >= 48 && c <= 57) {
      value = value * 10 + c - 48
      digits++
      if (point) fraction++
    } else break
  }
  if (at === to && digits > 0 && digits <= 15) {
    const x = value / POWERS[fraction]
    return negative ? -x : x
  }
  if (from === to) return NULL_F64
  const text = textOf(bytes, from, to).trim()
  const x = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : specialDouble(text)
  return Number.isNaN(x) ? NULL_F64 : x
}

function specialDouble(text: string): number {
  if (/^[-+]?inf(inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number.NaN
}

class DateBuilder implements ColumnBuilder {
  #data = new Int32Array(0)
  #length = 0

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#length === this.#data.length) {
      const larger = newFixedArray('i32', grownTo(this.#length)) as Int32Array<ArrayBuffer>
      larger.set(this.#data)
      this.#data = larger
    }
    this.#data[this.#length++] = parseDate(bytes, from, to)
  }

  finish(): Vector {
    const out = new FixedVector(T.DATE, this.#data, this.#length)
    this.#data = new Int32Array(0)
    this.#length = 0
    return out
  }
}

const number2 = (bytes: Buffer, at: number): number => {
  const high = bytes[at] - 48
  const low = bytes[at + 1] - 48
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : -1
}

/** yyyy-MM-dd (any of - / .), yyyyMMdd, yyMMdd; anything else by the general parser. */
function parseDate(bytes: Buffer, from: number, to: number): number {
  const size = to - from
  const separated = size === 10
  if (separated || size === 8) {
    const year = number2(bytes, from) * 100 + number2(bytes, from + 2)
    const month = number2(bytes, from + (separated ? 5 : 4))
    const day = number2(bytes, from + (separated ? 8 : 6))
    if (year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))
      return daysFromCivil(year, month, day)
  }
  if (size === 6) {
    const yy = number2(bytes, from)
    const month = number2(bytes, from + 2)
    const day = number2(bytes, from + 4)
    const year = yy < 40 ? 2000 + yy : 1900 + yy
    return yy >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
      ? daysFromCivil(year, month, day)
      : NULL_I32
  }
  return size === 0 ? NULL_I32 : (parseTemporal(textOf(bytes, from, to), T.DATE) as number)
}

class TextBuilder implements ColumnBuilder {
  #strings: string[] = []
  readonly #type: TypeId

  constructor(type: TypeId) {
    this.#type = type
  }

  push(bytes: Buffer, from: number, to: number): void {
    this.#strings.push(textOf(bytes, from, to))
  }

  finish(): Vector {
    const out = new StringVector(this.#strings, this.#type)
    this.#strings = []
    return out
  }
}

/** Looks symbols up by their bytes, so that a repeated one costs no string. */
class SymbolBuilder implements ColumnBuilder {
  #base = new SymbolBase()
  /** Open addressing: code + 1, 0 for free. */
  #slots = new Int32Array(1024)
  #bytes: Buffer[] = [Buffer.alloc(0)]
  #hashes: number[] = [0]
  #data = new Int32Array(0)
  #length = 0

  push(bytes: Buffer, from: number, to: number): void {
    if (this.#length === this.#data.length) {
      const larger = newFixedArray('symbol', grownTo(this.#length)) as Int32Array<ArrayBuffer>
      larger.set(this.#data)
      this.#data = larger
    }
    this.#data[this.#length++] = from === to ? 0 : this.#codeOf(bytes, from, to)
  }

  #codeOf(bytes: Buffer, from: number, to: number): number {
    let hash = 0x811c9dc5
    for (let k = from; k < to; k++) hash = Math.imul(hash ^ bytes[k], 0x01000193)
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const code = this.#slots[slot] - 1
      if (code < 0) break
      if (this.#hashes[code] === hash && same(this.#bytes[code], bytes, from, to)) return code
      slot = (slot + 1) & mask
    }
    const code = this.#base.encode(textOf(bytes, from, to))
    if (code < this.#bytes.length) return code
    this.#bytes.push(Buffer.from(bytes.subarray(from, to)))
    this.#hashes.push(hash)
    this.#slots[slot] = code + 1
    if (this.#bytes.length * 2 > this.#slots.length) this.#rehash()
    return code
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let code = 1; code < this.#hashes.length; code++) {
      const hash = this.#hashes[code]
      let slot = (hash ^ (hash >>> 15)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = code + 1
    }
    this.#slots = slots
  }

  finish(): Vector {
    const out = new SymbolVector(this.#data, this.#base, this.#length)
    this.#data = new Int32Array(0)
    this.#length = 0
    return out
  }
}

function same(known: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false
  for (let k = 0; k < known.length; k++) if (known[k] !== bytes[from + k]) return false
  return true
}

/** Any other type, through its text. */
class GenericBuilder implements ColumnBuilder {
  #raws: Raw[] = []
  readonly #type: TypeId
  readonly #scale: number

  constructor(type: TypeId, scale: number) {
    this.#type = type
    this.#scale = scale
  }

  push(bytes: Buffer, from: number, to: number): void {
    this.#raws.push(from === to ? nullRaw(this.#type) : rawOfText(textOf(bytes, from, to), this.#type, this.#scale))
  }

  finish(): Vector {
    const out = vectorOf(this.#type, this.#raws, this.#scale)
    this.#raws = []
    return out
  }
}

/** A field's text in a type; unreadable text is null. */
function rawOfText(text: string, type: TypeId, scale: number): Raw {
  if (isDecimal(type)) return decimalFromText(text.trim(), type, scale)
  if (typeInfo(type).category === 'logical')
    return /^(true|1)$/i.test(text) ? 1 : /^(false|0)$/i.test(text) ? 0 : nullRaw(type)
  if (type === T.CHAR && text.length === 1 && !/\d/.test(text)) return text.charCodeAt(0)
  if (type === T.CHAR && /^'.'$/.test(text)) return text.charCodeAt(1)
  return parseRaw(text, type, scale)
}

/** A temporal column with a stated format, converted to the column's type if the format makes another. */
class FormattedBuilder implements ColumnBuilder {
  #raws: Raw[] = []
  readonly #type: TypeId
  readonly #parser: ReturnType<typeof temporalParser>

  constructor(type: TypeId, format: string) {
    this.#type = type
    this.#parser = temporalParser(format)
  }

  push(bytes: Buffer, from: number, to: number): void {
    const raw = this.#parser.parse(textOf(bytes, from, to))
    if (raw === undefined) this.#raws.push(nullRaw(this.#type))
    else this.#raws.push(this.#parser.type === this.#type ? raw : castTemporalRaw(raw, this.#parser.type, this.#type))
  }

  finish(): Vector {
    const out = vectorOf(this.#type, this.#raws)
    this.#raws = []
    return out
  }
}

/** Rows of an array column: elements between array delimiters. */
class ArrayBuilder implements ColumnBuilder {
  readonly #element: ColumnBuilder
  readonly #delimiter: number
  #ends: number[] = [0]

  constructor(o: BuilderOptions) {
    this.#element = columnBuilder({ ...o, type: o.type - 64 })
    this.#delimiter = o.arrayDelimiter.charCodeAt(0)
  }

  push(bytes: Buffer, from: number, to: number): void {
    let count = 0
    let start = from
    // Brackets as printed by saveText of other systems are accepted around the elements.
    const end = to > from && bytes[from] === 91 && bytes[to - 1] === 93 ? to - 1 : to
    if (end < to) start++
    for (let at = start; at <= end; at++) {
      if (at < end && bytes[at] !== this.#delimiter) continue
      if (at === end && at === start && count === 0) break
      this.#element.push(bytes, start, at)
      count++
      start = at + 1
    }
    this.#ends.push(this.#ends[this.#ends.length - 1] + count)
  }

  finish(): Vector {
    const out = new ArrayVector(Int32Array.from(this.#ends), this.#element.finish())
    this.#ends = [0]
    return out
  }
}
