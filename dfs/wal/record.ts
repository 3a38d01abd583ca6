/**
 * A record of the log. Little endian, at a multiple of 8:
 *
 *    0  4  length of everything up to the end of the checksum
 *    4  1  kind: place in RECORD_KINDS, from 1
 *    5  1  flags, the caller's
 *    6  2  0
 *    8  8  LSN of the record itself
 *   16  8  transaction id
 *   24  8  commit wall time, float64, milliseconds since 1970 UTC
 *   32  8  synced LSN: everything below was durable when the record was written
 *   40  n  payload
 * 40+n  8  XXH64 (seed 0) of everything before
 *          zeros up to the next multiple of 8
 *
 * The record's own LSN makes remains of older rounds of a file harmless: they are valid, but not here. The synced LSN is what tells a tail that the power took
 * from damage to what was promised (see end-of-log.ts).
 */
import { inputError } from '../../runtime/errors.ts'
import { digestOf } from '../store/checksum.ts'

/** What a calendar has room for (ECMA-262, 21.4.1.1). */
const TIME_MS_MAX = 8.64e15

export const RECORD_KINDS = [
  'INSERT',
  'UPDATE',
  'DELETE',
  'CHECKPOINT',
  'TSBEGIN',
  'TSCOMMIT',
  'TSROLLBACK',
  'DDL_CREATE',
  'DDL_DROP',
  'DDL_ALTER_COLUMN',
] as const
export type RecordKind = (typeof RECORD_KINDS)[number]

/** A record to be written. */
export interface NewRecord {
  readonly kind: RecordKind
  readonly flags?: number
  readonly transaction: number
  readonly timeMs: number
  readonly payload: Uint8Array
  /** Set by `append`. */
  lsn?: number
}

/** A record that was read and is valid. */
export interface LogRecord {
  readonly lsn: number
  /** LSN of whatever follows. */
  readonly endLsn: number
  readonly kind: RecordKind
  readonly flags: number
  readonly transaction: number
  readonly timeMs: number
  readonly syncedLsn: number
  /** A view of a buffer that is used again: copy or unpack it before the callback returns. */
  readonly payload: Uint8Array
}

export const RECORD_HEADER_BYTES = 40
const DIGEST_BYTES = 8
export const RECORD_BYTES_MIN = RECORD_HEADER_BYTES + DIGEST_BYTES

const ALIGN = 8
const TWO_32 = 4_294_967_296
const RECORD_BYTES_MAX = 0xffff_fff0

const KIND_NUMBER = Object.fromEntries(RECORD_KINDS.map((kind, k) => [kind, k + 1])) as Readonly<
  Record<RecordKind, number>
>

const padded = (length: number): number => Math.ceil(length / ALIGN) * ALIGN

/** Bytes that a record with a payload of this size takes in the log. */
export const recordBytes = (payloadBytes: number): number => padded(RECORD_BYTES_MIN + payloadBytes)

/** Encodes batches into one buffer, which is used again. */
export class RecordEncoder {
  #bytes = new Uint8Array(1 << 16)
  #view = new DataView(this.#bytes.buffer)

  /** Bytes that the records will take. Throws an input error (code `walRecordSize`) if one is too long for its length field. */
  measure(records: readonly NewRecord[]): number {
    let bytes = 0
    for (const record of records) {
      const own = recordBytes(record.payload.length)
      if (own > RECORD_BYTES_MAX)
        throw inputError(
          `A transaction of ${own} bytes is too large for a log record of at most ${RECORD_BYTES_MAX}.`,
          {
            code: 'walRecordSize',
            hint: 'write fewer rows at once',
          },
        )
      bytes += own
    }
    return bytes
  }

  /** The records as they stand in the log from `firstLsn` on. Valid until the next call. */
  encode(records: readonly NewRecord[], firstLsn: number, syncedLsn: number): Uint8Array {
    const total = this.measure(records)
    if (total > this.#bytes.length || this.#bytes.length > Math.max(total, KEPT_BYTES_MAX)) {
      this.#bytes = new Uint8Array(Math.max(total, Math.min(2 * this.#bytes.length, KEPT_BYTES_MAX)))
      this.#view = new DataView(this.#bytes.buffer)
    }
    const bytes = this.#bytes
    const view = this.#view
    let at = 0
    for (let k = 0; k < records.length; k++) {
      const record = records[k]!
      const payload = record.payload
      const length = RECORD_BYTES_MIN + payload.length
      const digestAt = at + length - DIGEST_BYTES
      view.setUint32(at, length, true)
      bytes[at + 4] = KIND_NUMBER[record.kind]
      bytes[at + 5] = record.flags ?? 0
      view.setUint16(at + 6, 0, true)
      setU64(view, at + 8, firstLsn + at)
      setU64(view, at + 16, record.transaction)
      view.setFloat64(at + 24, record.timeMs, true)
      setU64(view, at + 32, syncedLsn)
      bytes.set(payload, at + RECORD_HEADER_BYTES)
      view.setBigUint64(digestAt, digestOf(bytes.subarray(at, digestAt)), true)
      const end = at + padded(length)
      for (let pad = at + length; pad < end; pad++) bytes[pad] = 0
      at = end
    }
    return bytes.subarray(0, total)
  }
}

/** A buffer that one huge batch needed is not kept. */
const KEPT_BYTES_MAX = 4 << 20

/** Bytes of the record that begins at `at`, padding included, or what is wrong with its length if only `available` bytes follow. */
export function recordExtent(view: DataView, at: number, available: number): number | string {
  const length = view.getUint32(at, true)
  const extent = padded(length)
  if (length < RECORD_BYTES_MIN || length > RECORD_BYTES_MAX) return `its length of ${length} bytes is impossible`
  if (extent > available) return `its length of ${length} bytes reaches beyond the ${available} bytes that are left`
  return extent
}

/** The record at `at`, all of whose `extent` bytes are in the buffer, or what is wrong with it. `lsn` is where it stands. */
export function decodeRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  extent: number,
  lsn: number,
): LogRecord | string {
  if (getU64(view, at + 8) !== lsn) return 'its LSN is that of another place'
  const digestAt = at + view.getUint32(at, true) - DIGEST_BYTES
  if (view.getBigUint64(digestAt, true) !== digestOf(bytes.subarray(at, digestAt))) return 'its checksum does not match'
  const kind = RECORD_KINDS[bytes[at + 4]! - 1]
  if (kind === undefined || view.getUint16(at + 6, true) !== 0) return 'it is of a kind that this release does not know'
  for (let pad = digestAt + DIGEST_BYTES; pad < at + extent; pad++)
    if (bytes[pad] !== 0) return 'the bytes that fill it up are not zero'
  const timeMs = view.getFloat64(at + 24, true)
  if (!(Math.abs(timeMs) <= TIME_MS_MAX)) return 'its time is none of a calendar'
  return {
    lsn,
    endLsn: lsn + extent,
    kind,
    flags: bytes[at + 5]!,
    transaction: getU64(view, at + 16),
    timeMs,
    syncedLsn: getU64(view, at + 32),
    payload: bytes.subarray(at + RECORD_HEADER_BYTES, digestAt),
  }
}

/** Whether `extent` bytes are one record, with what fills it up, whose length field alone is wrong. */
export function isWholeButLength(bytes: Uint8Array, at: number, extent: number): boolean {
  if (extent !== padded(extent)) return false
  const record = bytes.slice(at, at + extent)
  const view = new DataView(record.buffer)
  for (let length = extent; length > extent - ALIGN && length >= RECORD_BYTES_MIN; length--) {
    view.setUint32(0, length, true)
    const digestAt = length - DIGEST_BYTES
    if (view.getBigUint64(digestAt, true) === digestOf(record.subarray(0, digestAt))) return true
  }
  return false
}

export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, Math.floor(value / TWO_32), true)
}

export function getU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)
}
