/** Columns of texts and of symbols. */
import {
  newFixedArray,
  StringVector,
  SymbolBase,
  SymbolVector,
  type TypeId,
  type Vector,
} from '../../../runtime/values/index.ts'
import type { ColumnBuilder, NullTest } from './column-builder.ts'
import type { CsvFormat } from './format.ts'
import { ESCAPED, fieldText, PLAIN, type RowBlock, unescapeInto } from './scanner.ts'

/** Texts stay the bytes that they are in the file. */
export class TextBuilder implements ColumnBuilder {
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
export class SymbolBuilder implements ColumnBuilder {
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
