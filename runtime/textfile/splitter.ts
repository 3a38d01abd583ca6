/**
 * Cuts a text file into rows and fields, byte by byte, a chunk at a time, so that memory does not grow with the file.
 *
 * A field that starts with a double quote ends at the next quote that is not doubled; delimiters and line ends inside belong to it, doubled
 * quotes stand for one. Rows end at LF, CRLF or the end of the file; empty lines are skipped. A byte order mark at the start is skipped.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { requireUnprotected } from '../protected-files.ts'

const LF = 10
const CR = 13
const QUOTE = 34
const CHUNK_BYTES = 4 * 1024 * 1024

/** One row: field k is bytes[starts[k] .. ends[k]). Valid until the next row is asked for. */
export interface Row {
  bytes: Buffer
  count: number
  starts: Int32Array
  ends: Int32Array
}

export interface RowSource {
  readonly row: Row
  /** Size of the file. */
  readonly bytesTotal: number
  /** Where in the file the next row starts. */
  readonly position: number
  /** Moves to the next row; false at the end. */
  next(): boolean
  /** Skips whole lines without looking for quotes. */
  skipLines(count: number): void
  close(): void
}

/** Opens a file, at the start of a row. `delimiter` is one character or several bytes. */
export function openRows(file: string, delimiter: string, start = 0): RowSource {
  requireUnprotected(file)
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (cause) {
    throw inputError(`Failed to open file [${file}]: ${(cause as Error).message}`, { code: 'fileOpen', cause })
  }
  return new FileRows(fd, Buffer.from(delimiter), start)
}

class FileRows implements RowSource {
  readonly bytesTotal: number
  readonly row: Row
  readonly #fd: number
  readonly #delimiter: Buffer
  #buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  #from = 0
  #to = 0
  /** Where in the file the buffer's #to stands. */
  #readTo: number
  #ended = false
  /** Fields of the row being scanned that may hold doubled quotes. They are unescaped when the row is complete: a row may be scanned twice. */
  #quoted: number[] = []

  constructor(fd: number, delimiter: Buffer, start: number) {
    this.#fd = fd
    this.#readTo = start
    this.#delimiter = delimiter
    this.bytesTotal = fstatSync(fd).size
    this.row = { bytes: this.#buffer, count: 0, starts: new Int32Array(64), ends: new Int32Array(64) }
    this.#fill()
    if (
      start === 0 &&
      this.#to >= 3 &&
      this.#buffer[0] === 0xef &&
      this.#buffer[1] === 0xbb &&
      this.#buffer[2] === 0xbf
    )
      this.#from = 3
  }

  get position(): number {
    return this.#readTo - (this.#to - this.#from)
  }

  close(): void {
    closeSync(this.#fd)
  }

  skipLines(count: number): void {
    for (let k = 0; k < count; k++) {
      for (;;) {
        const end = this.#buffer.indexOf(LF, this.#from)
        if (end >= 0 && end < this.#to) {
          this.#from = end + 1
          break
        }
        this.#from = this.#to
        if (!this.#fill()) return
      }
    }
  }

  next(): boolean {
    for (;;) {
      this.#quoted.length = 0
      const end = this.#scan()
      if (end < 0) {
        if (this.#ended) return false
        this.#fill()
        continue
      }
      for (const k of this.#quoted) this.row.ends[k] = this.#unescape(this.row.starts[k], this.row.ends[k])
      const empty = this.row.count === 1 && this.row.starts[0] === this.row.ends[0] && end - this.#from <= 2
      this.#from = end
      if (!empty) return true
    }
  }

  /** Reads more bytes behind those not yet used, which move to the front. False at the end of the file. */
  #fill(): boolean {
    checkInterrupt()
    if (this.#ended) return false
    const left = this.#to - this.#from
    if (left > this.#buffer.length / 2) {
      const larger = Buffer.allocUnsafe(this.#buffer.length * 2)
      this.#buffer.copy(larger, 0, this.#from, this.#to)
      this.#buffer = larger
    } else this.#buffer.copyWithin(0, this.#from, this.#to)
    this.#from = 0
    this.#to = left
    this.row.bytes = this.#buffer
    const got = readSync(this.#fd, this.#buffer, this.#to, this.#buffer.length - this.#to, this.#readTo)
    this.#to += got
    this.#readTo += got
    this.#ended = got === 0
    return got > 0
  }

  /** Finds the fields of the row that starts at #from. The position after the row, or -1 if its end is not in the buffer yet. */
  #scan(): number {
    const bytes = this.#buffer
    const to = this.#to
    const first = this.#delimiter[0]
    const width = this.#delimiter.length
    const { row } = this
    let at = this.#from
    if (at >= to) return -1
    let count = 0
    for (;;) {
      if (count === row.starts.length) this.#growFields()
      if (at < to && bytes[at] === QUOTE) {
        const close = this.#closingQuote(at + 1)
        if (close < 0) {
          if (!this.#ended) return -1
          // A quote that never closes is plain text to the end of the line.
        } else {
          row.starts[count] = at + 1
          row.ends[count] = close
          this.#quoted.push(count)
          count++
          at = close + 1
          while (at < to && bytes[at] !== LF && !this.#isDelimiter(at, first, width)) at++
          if (at >= to) {
            row.count = count
            return this.#ended ? to : -1
          }
          if (bytes[at] === LF) {
            row.count = count
            return at + 1
          }
          at += width
          continue
        }
      }
      const start = at
      if (width === 1) while (at < to && bytes[at] !== LF && bytes[at] !== first) at++
      else while (at < to && bytes[at] !== LF && !this.#isDelimiter(at, first, width)) at++
      if (at >= to && !this.#ended) return -1
      row.starts[count] = start
      const lineEnds = at >= to || bytes[at] === LF
      row.ends[count] = lineEnds && at > start && bytes[at - 1] === CR ? at - 1 : at
      count++
      if (lineEnds) {
        row.count = count
        return Math.min(at + 1, to)
      }
      at += width
    }
  }

  #isDelimiter(at: number, first: number, width: number): boolean {
    if (this.#buffer[at] !== first) return false
    for (let k = 1; k < width; k++) if (this.#buffer[at + k] !== this.#delimiter[k]) return false
    return true
  }

  /** Position of the quote that ends a field, -1 if it is not in the buffer (or might be followed by another quote). */
  #closingQuote(from: number): number {
    let at = from
    for (;;) {
      const quote = this.#buffer.indexOf(QUOTE, at)
      if (quote < 0 || quote >= this.#to) return -1
      if (quote + 1 >= this.#to) return this.#ended ? quote : -1
      if (this.#buffer[quote + 1] !== QUOTE) return quote
      at = quote + 2
    }
  }

  /** Turns doubled quotes into single ones in place; the new end. */
  #unescape(from: number, to: number): number {
    const bytes = this.#buffer
    const firstQuote = bytes.indexOf(QUOTE, from)
    if (firstQuote < 0 || firstQuote >= to) return to
    let out = firstQuote
    for (let at = firstQuote; at < to; at++) {
      bytes[out++] = bytes[at]
      if (bytes[at] === QUOTE) at++
    }
    return out
  }

  #growFields(): void {
    const starts = new Int32Array(this.row.starts.length * 2)
    const ends = new Int32Array(this.row.ends.length * 2)
    starts.set(this.row.starts)
    ends.set(this.row.ends)
    this.row.starts = starts
    this.row.ends = ends
  }
}
