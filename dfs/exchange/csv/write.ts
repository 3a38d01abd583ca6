/** Writes rows of tables as text: each column's texts first, then row by row side by side. */
import type { Vector } from '../../../runtime/values/index.ts'
import type { FileWriter } from '../../store/file-store.ts'
import { type CsvFormat, LF } from './format.ts'
import { FieldTexts, type TextBlock } from './text.ts'

const BLOCK_ROWS = 4096

export class CsvWriter {
  readonly #format: CsvFormat
  readonly #texts: FieldTexts
  readonly #blocks: TextBlock[]
  #out = Buffer.alloc(1 << 16)

  constructor(format: CsvFormat, columns: number) {
    this.#format = format
    this.#texts = new FieldTexts(format, columns)
    this.#blocks = Array.from({ length: columns }, () => ({
      bytes: new Uint8Array(1 << 14),
      ends: new Int32Array(BLOCK_ROWS),
    }))
  }

  /** The names of the columns. */
  header(names: readonly string[], file: FileWriter): void {
    const quote = String.fromCharCode(this.#format.quote)
    const escaper = String.fromCharCode(this.#format.escape)
    const delimiter = String.fromCharCode(this.#format.delimiter)
    const fields = names.map((name) => {
      if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) && !name.includes(delimiter)) return name
      return quote + Array.from(name, (c) => (c === quote || c === escaper ? escaper + c : c)).join('') + quote
    })
    file.write(Buffer.from(`${fields.join(delimiter)}\n`))
  }

  /** Rows [from, to). */
  rows(columns: readonly Vector[], from: number, to: number, file: FileWriter): void {
    for (let at = from; at < to; at += BLOCK_ROWS) {
      const end = Math.min(at + BLOCK_ROWS, to)
      for (let c = 0; c < columns.length; c++) this.#texts.write(columns[c], at, end, this.#blocks[c])
      file.write(this.#join(end - at))
    }
  }

  /** One row without the end of its line. */
  line(columns: readonly Vector[], row: number): string {
    for (let c = 0; c < columns.length; c++) this.#texts.write(columns[c], row, row + 1, this.#blocks[c])
    const bytes = this.#join(1)
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - 1).toString()
  }

  #join(rows: number): Uint8Array {
    const blocks = this.#blocks
    const { delimiter } = this.#format
    let total = rows * blocks.length
    for (const { ends } of blocks) total += ends[rows - 1]
    if (this.#out.length < total) this.#out = Buffer.allocUnsafe(2 * total)
    const out = this.#out
    const last = blocks.length - 1
    let at = 0
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c <= last; c++) {
        const { bytes, ends } = blocks[c]
        const end = ends[r]
        for (let p = r === 0 ? 0 : ends[r - 1]; p < end; p++) out[at++] = bytes[p]
        out[at++] = c === last ? LF : delimiter
      }
    }
    return out.subarray(0, at)
  }
}
