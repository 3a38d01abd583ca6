/** Columns of dates, and of dates with a time. What is not written as our exports write it goes the long way through its text. */
import { daysFromCivil, daysInMonth } from '../../../runtime/temporal/calendar.ts'
import { NULL_I32, T } from '../../../runtime/values/index.ts'
import { FixedBuilder, type NullTest, TWO_32 } from './column-builder.ts'
import type { CsvFormat } from './format.ts'
import type { RowBlock } from './scanner.ts'

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

export class DateBuilder extends FixedBuilder {
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
export class InstantBuilder extends FixedBuilder {
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
