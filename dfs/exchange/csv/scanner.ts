/**
 * Cuts a text file into records and fields, byte by byte, a piece at a time, so that memory does not grow with the file. The splitter of loadText
 * (runtime/textfile) forgets whether a field stood in quotes, and so does papaparse: null and the text "NULL" would be the same. This one knows, takes other
 * quotes and escapes, and tells records that are not whole.
 *
 * A record that does not end within RECORD_BYTES_MAX is rejected, but only its first line: the next line begins a record again.
 */
import { checkInterrupt } from '../../../runtime/interrupt.ts'
import type { FileReader } from '../../store/file-store.ts'
import { CR, type CsvFormat, LF, type Rejection } from './format.ts'

const READ_BYTES = 1 << 20
const RECORD_BYTES_MAX = 256 << 20
/** Rejected records that are kept before somebody takes them. */
const REJECTED_MAX = 4096
const REJECTED_BYTES_MAX = 16 << 20

/** Kinds of fields. */
export const PLAIN = 0
export const QUOTED = 1
/** In quotes, with escapes inside. */
export const ESCAPED = 2

/** Rows that are whole. Field c of row r is bytes[starts[r * width + c] .. ends[r * width + c]), without its quotes. Valid until the next block is asked for. */
export interface RowBlock {
  readonly bytes: Buffer
  readonly rows: number
  readonly width: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly kinds: Uint8Array
  /** By row: where its record lies, and the line on which it begins. */
  readonly recordStarts: Int32Array
  readonly recordEnds: Int32Array
  readonly lines: Int32Array
}

const MORE = -1

type Problem = 'none' | 'unclosed' | 'afterQuote'

export class CsvScanner {
  readonly #reader: FileReader
  readonly #format: CsvFormat
  readonly #width: number
  readonly #rowsMax: number
  readonly #recordBytesMax: number
  #bytes = Buffer.allocUnsafe(2 * READ_BYTES)
  /** Bytes not yet used are #bytes[#from .. #to). */
  #from = 0
  #to = 0
  #filePosition = 0
  #ended = false
  #line = 1
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #kinds: Uint8Array
  readonly #recordStarts: Int32Array
  readonly #recordEnds: Int32Array
  readonly #lines: Int32Array
  // What #record found.
  #fields = 0
  #newlines = 0
  #problem: Problem = 'none'
  /** Records that are not rows of the table, since somebody took them. */
  rejected: Rejection[] = []
  #rejectedBytes = 0

  /** Rows of `width` fields, at most `rowsMax` in a block. */
  constructor(
    reader: FileReader,
    format: CsvFormat,
    width: number,
    rowsMax: number,
    recordBytesMax = RECORD_BYTES_MAX,
  ) {
    this.#recordBytesMax = recordBytesMax
    this.#reader = reader
    this.#format = format
    this.#width = width
    this.#rowsMax = rowsMax
    this.#starts = new Int32Array(rowsMax * width)
    this.#ends = new Int32Array(rowsMax * width)
    this.#kinds = new Uint8Array(rowsMax * width)
    this.#recordStarts = new Int32Array(rowsMax)
    this.#recordEnds = new Int32Array(rowsMax)
    this.#lines = new Int32Array(rowsMax)
    while (this.#to < 3 && !this.#ended) this.#fill()
    const b = this.#bytes
    if (this.#to >= 3 && b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf) this.#from = 3
  }

  /** Bytes of the file that blocks have used. */
  get bytesDone(): number {
    return this.#filePosition - (this.#to - this.#from)
  }

  /** Fields of the first record as texts; it is not used up. Undefined if there is none that is whole. */
  peekFirst(): string[] | undefined {
    let from = this.#from
    for (;;) {
      const next = this.#record(from, 0)
      if (next === MORE) {
        if (this.#to - this.#from >= this.#recordBytesMax) return undefined
        const used = from - this.#from
        this.#fill()
        from = this.#from + used
        continue
      }
      if (next === from || this.#problem !== 'none') return undefined
      if (this.#isBlank(from, next)) {
        from = next
        continue
      }
      // Fields beyond the width are not kept: all that counts of them is that they are there.
      return Array.from({ length: this.#fields }, (_, k) =>
        k < this.#width ? fieldText(this.#bytes, this.#starts[k], this.#ends[k], this.#kinds[k], this.#format) : '',
      )
    }
  }

  /** Leaves out the first record. */
  skipFirst(): void {
    const block = this.next(1)
    if (block === undefined && this.rejected.length > 0) this.rejected.shift()
  }

  /** What was rejected since the last call. */
  takeRejected(): Rejection[] {
    const { rejected } = this
    this.rejected = []
    this.#rejectedBytes = 0
    return rejected
  }

  get #hasRejectedMany(): boolean {
    return this.rejected.length >= REJECTED_MAX || this.#rejectedBytes >= REJECTED_BYTES_MAX
  }

  /** The next rows, none where many records were rejected one after the other; undefined at the end of the file. */
  next(rowsMax = this.#rowsMax): RowBlock | undefined {
    checkInterrupt()
    let rows = 0
    let at = this.#from
    while (rows < rowsMax && !this.#hasRejectedMany) {
      const next = this.#record(at, rows * this.#width)
      if (next === MORE) {
        if (this.#to - at >= this.#recordBytesMax) {
          checkInterrupt()
          at = this.#rejectLine(at)
          continue
        }
        // Reading moves what is not used: rows that are found point to it.
        if (rows > 0) break
        this.#from = at
        this.#fill()
        at = this.#from
        continue
      }
      if (next === at) break
      if (this.#problem === 'unclosed') {
        at = this.#rejectLine(at)
        continue
      }
      if (this.#problem === 'afterQuote') this.#reject(at, next, 'there is text behind the quote that closes a field')
      else if (this.#fields === this.#width) {
        this.#recordStarts[rows] = at
        this.#recordEnds[rows] = this.#recordEnd(at, next)
        this.#lines[rows] = this.#line
        rows++
      } else if (!this.#isBlank(at, next))
        this.#reject(at, next, `it has ${this.#fields} field${this.#fields === 1 ? '' : 's'}, not ${this.#width}`)
      this.#line += this.#newlines
      at = next
    }
    this.#from = at
    if (rows === 0 && !this.#hasRejectedMany) return undefined
    return {
      bytes: this.#bytes,
      rows,
      width: this.#width,
      starts: this.#starts,
      ends: this.#ends,
      kinds: this.#kinds,
      recordStarts: this.#recordStarts,
      recordEnds: this.#recordEnds,
      lines: this.#lines,
    }
  }

  #isBlank(at: number, next: number): boolean {
    return this.#fields === 1 && this.#recordEnd(at, next) === at
  }

  /** Without the end of the line. */
  #recordEnd(at: number, next: number): number {
    const b = this.#bytes
    let end = next
    if (end > at && b[end - 1] === LF) end--
    if (end > at && b[end - 1] === CR) end--
    return end
  }

  #reject(at: number, next: number, reason: string): void {
    const record = this.#bytes.toString('utf8', at, this.#recordEnd(at, next))
    this.rejected.push({ line: this.#line, column: '', reason, record })
    this.#rejectedBytes += record.length
  }

  /** Gives up the line, and answers where the next one begins. */
  #rejectLine(at: number): number {
    const lf = this.#bytes.indexOf(LF, at)
    const isOneLine = lf < 0 || lf >= this.#to
    const next = isOneLine ? this.#to : lf + 1
    const isTooLong = isOneLine && this.#problem !== 'unclosed'
    this.#reject(
      at,
      next,
      isTooLong ? `it does not end within ${this.#recordBytesMax >> 20} MiB` : 'it opens a quote that is not closed',
    )
    this.#line++
    return next
  }

  /** Reads more behind what is not used, which may move: rows that were found are gone. As much again as there is, because the record will be looked through from its beginning. */
  #fill(): void {
    const left = this.#to - this.#from
    const wanted = left + READ_BYTES
    if (this.#bytes.length - this.#to < wanted) {
      if (this.#bytes.length - left < wanted) {
        const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, left + wanted))
        this.#bytes.copy(larger, 0, this.#from, this.#to)
        this.#bytes = larger
      } else this.#bytes.copyWithin(0, this.#from, this.#to)
      this.#from = 0
      this.#to = left
    }
    const until = left < READ_BYTES ? this.#to + 1 : this.#to + wanted
    while (this.#to < until && !this.#ended) {
      const got = this.#reader.read(this.#bytes.subarray(this.#to, this.#to + READ_BYTES), this.#filePosition)
      this.#filePosition += got
      this.#to += got
      this.#ended = this.#filePosition >= this.#reader.bytes || got === 0
    }
  }

  /**
   * Finds the fields of the record at `from`; they go to the cells from `cell` on, as many as a row has. Answers where the next record begins, `from` if there is
   * nothing more, MORE if the end of the record is not in memory yet.
   */
  #record(from: number, cell: number): number {
    const bytes = this.#bytes
    const to = this.#to
    const ended = this.#ended
    const newline = LF
    const carriageReturn = CR
    const width = this.#width
    const { delimiter, quote, escape: escapeByte } = this.#format
    const starts = this.#starts
    const ends = this.#ends
    const kinds = this.#kinds
    this.#problem = 'none'
    this.#fields = 0
    this.#newlines = 0
    if (from >= to) return ended ? from : MORE
    let newlines = 0
    let count = 0
    let at = from
    for (;;) {
      let start = at
      let end: number
      let kind = PLAIN
      if (at < to && bytes[at] === quote) {
        kind = QUOTED
        start = at + 1
        let p = start
        for (;;) {
          if (p >= to) {
            if (!ended) return MORE
            this.#problem = 'unclosed'
            return to
          }
          const b = bytes[p]
          if (b === escapeByte) {
            if (p + 1 >= to && !ended) return MORE
            const next = p + 1 < to ? bytes[p + 1] : -1
            if (next === quote || next === escapeByte) {
              kind = ESCAPED
              p += 2
              continue
            }
            if (escapeByte === quote) break
          } else if (b === quote) break
          else if (b === newline) newlines++
          p++
        }
        end = p
        at = p + 1
        if (at >= to && !ended) return MORE
        if (at < to && bytes[at] === carriageReturn) {
          if (at + 1 >= to && !ended) return MORE
          if (at + 1 >= to || bytes[at + 1] === newline) at++
        }
        if (at < to && bytes[at] !== newline && bytes[at] !== delimiter) {
          const lineEnd = bytes.indexOf(newline, at)
          if ((lineEnd < 0 || lineEnd >= to) && !ended) return MORE
          this.#problem = 'afterQuote'
          this.#newlines = newlines + 1
          return lineEnd < 0 || lineEnd >= to ? to : lineEnd + 1
        }
      } else {
        while (at < to && bytes[at] !== newline && bytes[at] !== delimiter) at++
        if (at >= to && !ended) return MORE
        end = at
        if ((at >= to || bytes[at] === newline) && end > start && bytes[end - 1] === carriageReturn) end--
      }
      if (count < width) {
        starts[cell + count] = start
        ends[cell + count] = end
        kinds[cell + count] = kind
      }
      count++
      if (at >= to || bytes[at] === newline) break
      at++
    }
    this.#fields = count
    this.#newlines = newlines + 1
    return Math.min(at + 1, to)
  }
}

/** The text of a field, escapes resolved. */
export function fieldText(bytes: Buffer, start: number, end: number, kind: number, format: CsvFormat): string {
  if (kind !== ESCAPED) return bytes.toString('utf8', start, end)
  const out = Buffer.allocUnsafe(end - start)
  return out.toString('utf8', 0, unescapeInto(out, 0, bytes, start, end, format))
}

/** Copies a field with its escapes resolved; answers the position behind it. */
export function unescapeInto(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  { quote, escape: escapeByte }: CsvFormat,
): number {
  let to = at
  for (let p = start; p < end; p++) {
    if (bytes[p] === escapeByte && p + 1 < end && (bytes[p + 1] === quote || bytes[p + 1] === escapeByte)) p++
    out[to++] = bytes[p]
  }
  return to
}
