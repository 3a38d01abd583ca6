/** Reads records of one log file through a window that is used again. */
import type { FileReader, FileStore } from '../store/file-store.ts'
import { decodeHeader, HEADER_BYTES } from './file-header.ts'
import { decodeRecord, getU64, isWholeButLength, type LogRecord, RECORD_BYTES_MIN, recordExtent } from './record.ts'

const WINDOW_BYTES = 1 << 18

/** Where reading stopped. */
export interface Stop {
  readonly offset: number
  /** undefined: at the limit, after a whole record. */
  readonly problem: string | undefined
}

export class LogFileReader {
  readonly bytes: number
  readonly #reader: FileReader
  readonly #windowBytes: number
  #window: Uint8Array
  #view: DataView
  #start = 0
  #length = 0

  constructor(files: FileStore, path: string) {
    this.#reader = files.openRead(path)
    this.bytes = this.#reader.bytes
    this.#windowBytes = Math.min(WINDOW_BYTES, Math.max(HEADER_BYTES, this.bytes))
    this.#window = new Uint8Array(this.#windowBytes)
    this.#view = new DataView(this.#window.buffer)
  }

  header(): ReturnType<typeof decodeHeader> {
    const into = new Uint8Array(HEADER_BYTES)
    return this.#reader.read(into, 0) < HEADER_BYTES ? undefined : decodeHeader(into)
  }

  /** Calls back for each valid record from `offset` on, until one is not valid or `limit` is reached. The record at offset 64 has `firstLsn`. */
  scan(offset: number, limit: number, firstLsn: number, onRecord: (record: LogRecord) => void): Stop {
    let at = offset
    while (at < limit) {
      const record = this.recordAt(at, limit, firstLsn + at - HEADER_BYTES)
      if (typeof record === 'string') return { offset: at, problem: record }
      onRecord(record)
      at = HEADER_BYTES + record.endLsn - firstLsn
    }
    return { offset: at, problem: undefined }
  }

  /** The record at `offset`, or what is wrong with it. */
  recordAt(offset: number, limit: number, lsn: number): LogRecord | string {
    const available = Math.min(limit, this.bytes) - offset
    if (available < RECORD_BYTES_MIN) return `only ${Math.max(0, available)} bytes are left, too few for a record`
    let at = this.#load(offset, RECORD_BYTES_MIN)
    const extent = recordExtent(this.#view, at, available)
    if (typeof extent === 'string') return extent
    at = this.#load(offset, extent)
    return decodeRecord(this.#window, this.#view, at, extent, lsn)
  }

  /** Whether what begins at `offset` says that it is the record of this place. */
  claims(offset: number, lsn: number): boolean {
    if (this.bytes - offset < 16) return false
    return getU64(this.#view, this.#load(offset, 16) + 8) === lsn
  }

  /** Whether the record at `offset` is as long as the file has room for, by its own length or, if that is wrong, by its checksum. */
  isWhole(offset: number): boolean {
    const available = this.bytes - offset
    if (available < RECORD_BYTES_MIN) return false
    const at = this.#load(offset, available)
    return typeof recordExtent(this.#view, at, available) === 'number' || isWholeButLength(this.#window, at, available)
  }

  /**
   * Calls back for each valid record anywhere from `offset` (a multiple of 8) on, in a file that may be damaged; true from the callback ends the search. Without
   * `firstLsn` the header is not known: any record counts whose place fits to its LSN, wherever the file began.
   */
  search(offset: number, firstLsn: number | undefined, onRecord: (record: LogRecord) => boolean): void {
    for (let at = offset; ; ) {
      const place = this.#nextClaim(at, firstLsn)
      if (place === undefined) return
      const lsn = getU64(this.#view, this.#load(place, RECORD_BYTES_MIN) + 8)
      const record = this.recordAt(place, this.bytes, lsn)
      if (typeof record === 'string') at = place + 8
      else if (onRecord(record)) return
      else at = place + record.endLsn - lsn
    }
  }

  /** The next multiple of 8 where a record may stand, judged by its LSN alone. */
  #nextClaim(offset: number, firstLsn: number | undefined): number | undefined {
    for (let at = offset; at + RECORD_BYTES_MIN <= this.bytes; ) {
      const length = Math.min(this.bytes - at, this.#windowBytes)
      const start = this.#load(at, length)
      const view = this.#view
      const steps = Math.floor((length - RECORD_BYTES_MIN) / 8) + 1
      for (let k = 0; k < steps; k++) {
        const distance = at + k * 8 - HEADER_BYTES
        const lsn = getU64(view, start + k * 8 + 8)
        if (firstLsn === undefined ? lsn >= distance && lsn % 8 === 0 : lsn === firstLsn + distance) return at + k * 8
      }
      at += steps * 8
    }
    return undefined
  }

  close(): void {
    this.#reader.close()
  }

  /** Makes the bytes readable in the window; answers where in it. */
  #load(offset: number, length: number): number {
    if (offset >= this.#start && offset + length <= this.#start + this.#length) return offset - this.#start
    const isGrown = this.#window.length > this.#windowBytes
    if (length > this.#window.length || (isGrown && length <= this.#windowBytes)) {
      this.#window = new Uint8Array(Math.max(length, this.#windowBytes))
      this.#view = new DataView(this.#window.buffer)
    }
    const wanted = Math.min(this.#window.length, Math.max(length, this.bytes - offset))
    this.#length = this.#reader.read(this.#window.subarray(0, wanted), offset)
    // A file that shrank since it was opened: what is missing is not valid.
    if (this.#length < length) this.#window.fill(0, this.#length, length)
    this.#start = offset
    return 0
  }
}
