/** Columns of whole and floating numbers. What is not in the plain form (a sign, digits, a point) goes the long way through its text. */
import { NULL_I32, T, type TypeId } from '../../../runtime/values/index.ts'
import { FixedBuilder, type NullTest, TWO_32 } from './column-builder.ts'
import type { CsvFormat } from './format.ts'
import { ESCAPED, type RowBlock } from './scanner.ts'
import { floating } from './values.ts'

export class IntegerBuilder extends FixedBuilder {
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

export class LongBuilder extends FixedBuilder {
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

export class FloatingBuilder extends FixedBuilder {
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
