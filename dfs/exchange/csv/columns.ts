/**
 * Columns of the fields of many rows. A column reads a block of rows at a time, each type in a loop of its own; a field that is no value of the type leaves a null and a mark
 * in `bad`: the number of the column, from 1, unless an earlier column has marked the row.
 */
import { daysFromCivil, daysInMonth } from '../../../runtime/temporal/calendar.ts'
import {
  ArrayVector,
  type ColumnSchema,
  elementType,
  type FixedArray,
  FixedVector,
  isArrayType,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I16,
  NULL_I32,
  newFixedArray,
  nullRaw,
  type Raw,
  type Storage,
  StringVector,
  SymbolBase,
  SymbolVector,
  T,
  type TypeId,
  typeInfo,
  type Vector,
  vectorOf,
} from '../../../runtime/values/index.ts'
import { arrayElements } from './arrays.ts'
import type { CsvFormat } from './format.ts'
import { ESCAPED, fieldText, PLAIN, type RowBlock, unescapeInto } from './scanner.ts'
import { floating, parseValue } from './values.ts'

export interface ColumnBuilder {
  /** Adds column c of the rows. */
  add(block: RowBlock, c: number, bad: Int32Array): void
  /** The column so far; the builder starts over. */
  finish(): Vector
}

export function columnBuilder({ type, scale = 0 }: ColumnSchema, format: CsvFormat): ColumnBuilder {
  const nulls = new NullTest(format)
  if (isArrayType(type)) return new ArrayBuilder(elementType(type), scale, format, nulls)
  switch (type) {
    case T.CHAR:
    case T.COMPRESSED:
      return new IntegerBuilder(type, 127, NULL_I8, nulls, format)
    case T.SHORT:
      return new IntegerBuilder(type, 32767, NULL_I16, nulls, format)
    case T.INT:
      return new IntegerBuilder(type, 2147483647, NULL_I32, nulls, format)
    case T.LONG:
      return new LongBuilder(nulls, format)
    case T.DOUBLE:
      return new FloatingBuilder(type, NULL_F64, nulls, format)
    case T.FLOAT:
      return new FloatingBuilder(type, NULL_F32, nulls, format)
    case T.DATE:
      return new DateBuilder(nulls, format)
    case T.DATETIME:
    case T.TIMESTAMP:
    case T.NANOTIMESTAMP:
      return new InstantBuilder(type, nulls, format)
    case T.SYMBOL:
      return new SymbolBuilder(nulls, format)
    case T.STRING:
    case T.BLOB:
      return new TextBuilder(type, nulls, format)
    default:
      return new GenericBuilder(type, scale, nulls, format)
  }
}

/** Which fields are null. */
class NullTest {
  readonly #text: Uint8Array

  constructor({ nullText }: CsvFormat) {
    this.#text = Buffer.from(nullText)
  }

  is(bytes: Uint8Array, start: number, end: number): boolean {
    const text = this.#text
    if (end - start !== text.length) return false
    for (let k = 0; k < text.length; k++) if (bytes[start + k] !== text[k]) return false
    return true
  }
}

/** Typed array with room for more, which grows by doubling. */
abstract class FixedBuilder implements ColumnBuilder {
  protected readonly type: TypeId
  protected readonly nulls: NullTest
  protected readonly format: CsvFormat
  readonly #storage: Storage
  protected data: FixedArray
  protected length = 0

  constructor(type: TypeId, nulls: NullTest, format: CsvFormat) {
    this.type = type
    this.nulls = nulls
    this.format = format
    this.#storage = typeInfo(type).storage
    this.data = newFixedArray(this.#storage, 0)
  }

  abstract add(block: RowBlock, c: number, bad: Int32Array): void

  protected reserve(rows: number): void {
    if (this.length + rows <= this.data.length) return
    const larger = newFixedArray(this.#storage, Math.max(this.data.length * 2, this.length + rows))
    larger.set(this.data as never)
    this.data = larger
  }

  finish(): Vector {
    const out = new FixedVector(this.type, this.data, this.length)
    this.data = newFixedArray(this.#storage, 0)
    this.length = 0
    return out
  }

  /** A field that is not in the plain form: its value, if it has one. */
  protected slowly(block: RowBlock, cell: number): Raw | undefined {
    return parseValue(
      fieldText(block.bytes, block.starts[cell], block.ends[cell], block.kinds[cell], this.format),
      this.type,
      0,
    )
  }
}

class IntegerBuilder extends FixedBuilder {
  readonly #limit: number
  readonly #null: number

  constructor(type: TypeId, limit: number, nullValue: number, nulls: NullTest, format: CsvFormat) {
    super(type, nulls, format)
    this.#limit = limit
    this.#null = nullValue
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends } = block
    this.reserve(rows)
    const out = this.data as Int32Array
    const limit = this.#limit
    for (let r = 0, cell = c, at = this.length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      let p = start
      const negative = bytes[p] === 45 && p < end
      if (negative) p++
      let value = 0
      const first = p
      for (; p < end; p++) {
        const digit = bytes[p] - 48
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
      }
      if (p === end && p > first && value <= limit) out[at] = negative ? -value : value
      else {
        out[at] = this.#null
        if (start === end || this.nulls.is(bytes, start, end)) continue
        const raw = this.slowly(block, cell)
        if (raw !== undefined) out[at] = raw as number
        else if (bad[r] === 0) bad[r] = c + 1
      }
    }
    this.length += rows
  }
}

const TWO_32 = 4294967296

class LongBuilder extends FixedBuilder {
  constructor(nulls: NullTest, format: CsvFormat) {
    super(T.LONG, nulls, format)
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends } = block
    this.reserve(rows)
    const big = this.data as BigInt64Array
    const words = new Int32Array(big.buffer, big.byteOffset, big.length * 2)
    for (let r = 0, cell = c, at = this.length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      let p = start
      const negative = bytes[p] === 45 && p < end
      if (negative) p++
      let value = 0
      const first = p
      for (; p < end; p++) {
        const digit = bytes[p] - 48
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
      }
      if (p === end && p > first && p - first <= 15) {
        const v = negative ? -value : value
        const high = Math.floor(v / TWO_32)
        words[2 * at] = v - high * TWO_32
        words[2 * at + 1] = high
      } else {
        words[2 * at] = 0
        words[2 * at + 1] = NULL_I32
        if (start === end || this.nulls.is(bytes, start, end)) continue
        const raw = this.slowly(block, cell)
        if (raw !== undefined) big[at] = raw as bigint
        else if (bad[r] === 0) bad[r] = c + 1
      }
    }
    this.length += rows
  }
}

const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k)

class FloatingBuilder extends FixedBuilder {
  readonly #null: number

  constructor(type: TypeId, nullValue: number, nulls: NullTest, format: CsvFormat) {
    super(type, nulls, format)
    this.#null = nullValue
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    this.reserve(rows)
    const out = this.data as Float64Array
    for (let r = 0, cell = c, at = this.length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      let p = start
      const negative = bytes[p] === 45 && p < end
      if (negative) p++
      let value = 0
      let digits = 0
      let fraction = 0
      let point = 0
      for (; p < end; p++) {
        const b = bytes[p]
        if (b >= 48 && b <= 57) {
          value = value * 10 + b - 48
          digits++
          fraction += point
        } else if (b === 46 && point === 0) point = 1
        else break
      }
      // Up to 15 digits over a power of ten below 1e22 is exact division of exact numbers, hence correctly rounded.
      if (p === end && digits > 0 && digits <= 15) {
        const x = value / POWERS[fraction]
        out[at] = negative ? -x : x
      } else {
        out[at] = this.#null
        if (start === end || this.nulls.is(bytes, start, end)) continue
        const text = kinds[cell] === ESCAPED ? '' : asciiText(bytes, start, end)
        const x = floating(text, this.type)
        if (x !== undefined && x !== this.#null) out[at] = x
        else if (!/^[+-]?nan$/i.test(text) && bad[r] === 0) bad[r] = c + 1
      }
    }
    this.length += rows
  }
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let p = start; p < end; p++) text += String.fromCharCode(bytes[p])
  return text
}

/** Days of `yyyy-mm-dd` at a position (any of - . /), undefined if it is none. */
function daysAt(bytes: Uint8Array, at: number): number {
  const y = bytes[at] * 1000 + bytes[at + 1] * 100 + bytes[at + 2] * 10 + bytes[at + 3] - 53328
  const m = bytes[at + 5] * 10 + bytes[at + 6] - 528
  const d = bytes[at + 8] * 10 + bytes[at + 9] - 528
  if (!(isDigits(bytes, at, 4) && isDigits(bytes, at + 5, 2) && isDigits(bytes, at + 8, 2))) return Number.NaN
  if (!(isSeparator(bytes[at + 4]) && isSeparator(bytes[at + 7]))) return Number.NaN
  return m >= 1 && m <= 12 && d >= 1 && d <= daysInMonth(y, m) ? daysFromCivil(y, m, d) : Number.NaN
}

function isDigits(bytes: Uint8Array, at: number, count: number): boolean {
  for (let k = at; k < at + count; k++) if (bytes[k] < 48 || bytes[k] > 57) return false
  return true
}

const isSeparator = (b: number): boolean => b === 45 || b === 46 || b === 47

class DateBuilder extends FixedBuilder {
  constructor(nulls: NullTest, format: CsvFormat) {
    super(T.DATE, nulls, format)
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends } = block
    this.reserve(rows)
    const out = this.data as Int32Array
    for (let r = 0, cell = c, at = this.length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      const days = end - start === 10 ? daysAt(bytes, start) : Number.NaN
      if (!Number.isNaN(days)) out[at] = days
      else {
        out[at] = NULL_I32
        if (start === end || this.nulls.is(bytes, start, end)) continue
        const raw = this.slowly(block, cell)
        if (raw !== undefined) out[at] = raw as number
        else if (bad[r] === 0) bad[r] = c + 1
      }
    }
    this.length += rows
  }
}

const NANOS_PER_SECOND = 1_000_000_000

/** DATETIME, TIMESTAMP, NANOTIMESTAMP. */
class InstantBuilder extends FixedBuilder {
  // The days of the date that was read last: neighbours mostly share it.
  readonly #date = new Uint8Array(10)
  #days = Number.NaN

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends } = block
    this.reserve(rows)
    const isWide = this.type !== T.DATETIME
    const isNano = this.type === T.NANOTIMESTAMP
    const seconds = this.data as Int32Array
    const words = isWide ? new Int32Array(this.data.buffer, this.data.byteOffset, this.data.length * 2) : seconds
    for (let r = 0, cell = c, at = this.length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      const whole = this.#seconds(bytes, start, end)
      const nanos = !Number.isNaN(whole) ? nanosAt(bytes, start + 19, end) : Number.NaN
      if (!Number.isNaN(nanos)) {
        if (!isWide) {
          if (Math.abs(whole) <= 2147483647) {
            seconds[at] = whole
            continue
          }
        } else if (isNano) {
          // whole * 1e9 + nanos in 32-bit words: no number holds it exactly.
          const wholeHigh = Math.floor(whole / 65536)
          const product = wholeHigh * NANOS_PER_SECOND
          const productHigh = Math.floor(product / 65536)
          const rest = (product - productHigh * 65536) * 65536 + (whole - wholeHigh * 65536) * NANOS_PER_SECOND + nanos
          const carry = Math.floor(rest / TWO_32)
          const high = productHigh + carry
          if (high < 2147483647 && high > NULL_I32) {
            words[2 * at] = rest - carry * TWO_32
            words[2 * at + 1] = high
            continue
          }
        } else {
          const millis = whole * 1000 + Math.floor(nanos / 1_000_000)
          const high = Math.floor(millis / TWO_32)
          words[2 * at] = millis - high * TWO_32
          words[2 * at + 1] = high
          continue
        }
      }
      if (isWide) {
        words[2 * at] = 0
        words[2 * at + 1] = NULL_I32
      } else seconds[at] = NULL_I32
      if (start === end || this.nulls.is(bytes, start, end)) continue
      const raw = this.slowly(block, cell)
      if (raw !== undefined) this.data[at] = raw as never
      else if (bad[r] === 0) bad[r] = c + 1
    }
    this.length += rows
  }

  /** Of `yyyy-mm-dd hh:mm:ss`, with a blank or T between; NaN if it is written in another way. */
  #seconds(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < 19) return Number.NaN
    const date = this.#date
    let isSame = true
    for (let k = 0; k < 10; k++) {
      if (date[k] !== bytes[start + k]) {
        isSame = false
        break
      }
    }
    if (!isSame) {
      this.#days = daysAt(bytes, start)
      for (let k = 0; k < 10; k++) date[k] = bytes[start + k]
    }
    const between = bytes[start + 10]
    if (between !== 32 && between !== 84) return Number.NaN
    if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return Number.NaN
    if (!isDigits(bytes, start + 11, 2) || !isDigits(bytes, start + 14, 2) || !isDigits(bytes, start + 17, 2))
      return Number.NaN
    const h = bytes[start + 11] * 10 + bytes[start + 12] - 528
    const m = bytes[start + 14] * 10 + bytes[start + 15] - 528
    const s = bytes[start + 17] * 10 + bytes[start + 18] - 528
    return h < 24 && m < 60 && s < 60 ? this.#days * 86400 + h * 3600 + m * 60 + s : Number.NaN
  }
}

/** Of `.123456789` (digits beyond nine are left out) or nothing; NaN if there is something else. */
function nanosAt(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0
  if (bytes[start] !== 46 || start + 1 === end) return Number.NaN
  let nanos = 0
  let unit = 100_000_000
  for (let p = start + 1; p < end; p++) {
    const digit = bytes[p] - 48
    if (digit < 0 || digit > 9) return Number.NaN
    nanos += digit * unit
    unit = unit > 1 ? unit / 10 : 0
  }
  return nanos
}

/** Texts stay the bytes that they are in the file. */
class TextBuilder implements ColumnBuilder {
  readonly #type: TypeId
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #offsets = new Int32Array(1024)
  #bytes = new Uint8Array(16384)
  #length = 0
  #used = 0

  constructor(type: TypeId, nulls: NullTest, format: CsvFormat) {
    this.#type = type
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    let total = 0
    for (let r = 0, cell = c; r < rows; r++, cell += width) total += ends[cell] - starts[cell]
    this.#reserve(rows, total)
    const out = this.#bytes
    const offsets = this.#offsets
    let used = this.#used
    for (let r = 0, cell = c, at = this.#length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      const kind = kinds[cell]
      if (kind === PLAIN && this.#nulls.is(bytes, start, end)) {
        // An empty text is null.
      } else if (kind === ESCAPED) used = unescapeInto(out, used, bytes, start, end, this.#format)
      else if (end - start < 32) for (let p = start; p < end; p++) out[used++] = bytes[p]
      else {
        out.set(bytes.subarray(start, end), used)
        used += end - start
      }
      offsets[at + 1] = used
    }
    this.#used = used
    this.#length += rows
  }

  #reserve(rows: number, total: number): void {
    if (this.#length + rows + 1 > this.#offsets.length) {
      const larger = new Int32Array(Math.max(this.#offsets.length * 2, this.#length + rows + 1))
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    if (this.#used + total > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + total))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
  }

  finish(): Vector {
    const out = new StringVector(
      { offsets: this.#offsets.slice(0, this.#length + 1), bytes: this.#bytes.slice(0, this.#used) },
      this.#type,
    )
    this.#length = 0
    this.#used = 0
    return out
  }
}

/** Looks symbols up by their bytes, so that a repeated one costs no string. The symbols of a column are forgotten with it. */
class SymbolBuilder implements ColumnBuilder {
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #base = new SymbolBase()
  /** Open addressing: code + 1, 0 for free. */
  #slots = new Int32Array(1024)
  #texts: Buffer[] = [Buffer.alloc(0)]
  #hashes: number[] = [0]
  #data = new Int32Array(0)
  #length = 0

  constructor(nulls: NullTest, format: CsvFormat) {
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    if (this.#length + rows > this.#data.length) {
      const larger = newFixedArray('symbol', Math.max(this.#data.length * 2, this.#length + rows)) as Int32Array
      larger.set(this.#data)
      this.#data = larger as Int32Array<ArrayBuffer>
    }
    const out = this.#data
    for (let r = 0, cell = c, at = this.#length; r < rows; r++, cell += width, at++) {
      const start = starts[cell]
      const end = ends[cell]
      if (start === end || (kinds[cell] === PLAIN && this.#nulls.is(bytes, start, end))) out[at] = 0
      else if (kinds[cell] === ESCAPED) out[at] = this.#base.encode(fieldText(bytes, start, end, ESCAPED, this.#format))
      else out[at] = this.#codeOf(bytes, start, end)
    }
    this.#length += rows
  }

  #codeOf(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let k = start; k < end; k++) hash = Math.imul(hash ^ bytes[k], 0x01000193)
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const index = this.#slots[slot] - 1
      if (index < 0) break
      if (this.#hashes[index] === hash && isSame(this.#texts[index], bytes, start, end)) return this.#codes[index]
      slot = (slot + 1) & mask
    }
    const code = this.#base.encode(bytes.toString('utf8', start, end))
    this.#codes.push(code)
    this.#texts.push(Buffer.from(bytes.subarray(start, end)))
    this.#hashes.push(hash)
    this.#slots[slot] = this.#texts.length
    if (this.#texts.length * 2 > this.#slots.length) this.#rehash()
    return code
  }
  #codes: number[] = [0]

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let index = 1; index < this.#hashes.length; index++) {
      const hash = this.#hashes[index]
      let slot = (hash ^ (hash >>> 15)) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
    this.#slots = slots
  }

  finish(): Vector {
    const out = new SymbolVector(this.#data, this.#base, this.#length)
    this.#base = new SymbolBase()
    this.#slots = new Int32Array(1024)
    this.#texts = [Buffer.alloc(0)]
    this.#hashes = [0]
    this.#codes = [0]
    this.#data = new Int32Array(0)
    this.#length = 0
    return out
  }
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let k = 0; k < known.length; k++) if (known[k] !== bytes[start + k]) return false
  return true
}

/** Any other type, through its text. */
class GenericBuilder implements ColumnBuilder {
  readonly #type: TypeId
  readonly #scale: number
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #raws: Raw[] = []

  constructor(type: TypeId, scale: number, nulls: NullTest, format: CsvFormat) {
    this.#type = type
    this.#scale = scale
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    const nothing = nullRaw(this.#type)
    for (let r = 0, cell = c; r < rows; r++, cell += width) {
      const start = starts[cell]
      const end = ends[cell]
      let raw: Raw | undefined = nothing
      if (start !== end && !this.#nulls.is(bytes, start, end)) {
        raw = parseValue(fieldText(bytes, start, end, kinds[cell], this.#format), this.#type, this.#scale)
        if (raw === undefined && bad[r] === 0) bad[r] = c + 1
      }
      this.#raws.push(raw ?? nothing)
    }
  }

  finish(): Vector {
    const out = vectorOf(this.#type, this.#raws, this.#scale)
    this.#raws = []
    return out
  }
}

/** Rows of an array column. */
class ArrayBuilder implements ColumnBuilder {
  readonly #element: TypeId
  readonly #scale: number
  readonly #nulls: NullTest
  readonly #format: CsvFormat
  #ends: number[] = [0]
  #raws: Raw[] = []

  constructor(element: TypeId, scale: number, format: CsvFormat, nulls: NullTest) {
    this.#element = element
    this.#scale = scale
    this.#nulls = nulls
    this.#format = format
  }

  add(block: RowBlock, c: number, bad: Int32Array): void {
    const { bytes, rows, width, starts, ends, kinds } = block
    for (let r = 0, cell = c; r < rows; r++, cell += width) {
      const start = starts[cell]
      const end = ends[cell]
      if (start !== end && !this.#nulls.is(bytes, start, end)) {
        const text = fieldText(bytes, start, end, kinds[cell], this.#format)
        const raws = arrayElements(text, this.#element, this.#scale)
        if (raws !== undefined) for (const raw of raws) this.#raws.push(raw)
        else if (bad[r] === 0) bad[r] = c + 1
      }
      this.#ends.push(this.#raws.length)
    }
  }

  finish(): Vector {
    const out = new ArrayVector(Int32Array.from(this.#ends), vectorOf(this.#element, this.#raws, this.#scale))
    this.#ends = [0]
    this.#raws = []
    return out
  }
}
