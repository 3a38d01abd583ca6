/**
 * The first 64 bytes of a log file. Little endian:
 *
 *    0  8  magic "HFWALLOG"
 *    8  2  format version: 1
 *   10  2  1 if the file was used before, so that behind its end there may be records of that use; else 0
 *   12  4  timeline
 *   16  8  XXH64 of the store's id (UTF-8)
 *   24  8  number of the file: 1, 2, 3, ... along the log
 *   32  8  first LSN: the record at offset 64 has this LSN, the one at offset 64 + n has first LSN + n
 *   40  8  XXH64 of bytes 0 to 40
 *   48  8  XXH64 of the boot id of the machine (UTF-8) when records were last written
 *   56  8  XXH64 of bytes 0 to 56
 *
 * Only the last 16 bytes ever change while the file is in use: at the first start after a reboot of the machine. So even if the power goes in that very write the
 * file is still whole, and its boot counts as unknown, which is the truth.
 */
import { digestOf } from '../store/checksum.ts'
import { getU64, setU64 } from './record.ts'

export const HEADER_BYTES = 64
export const LOG_FORMAT = 1
/** Where the part about the boot begins. */
export const BOOT_OFFSET = 48

const MAGIC = new TextEncoder().encode('HFWALLOG')

/** Who writes the log, as it stands in each file. */
export interface LogIdentity {
  readonly timeline: number
  readonly store: bigint
  /** undefined: unknown, never equal to any. */
  readonly boot: bigint | undefined
}

export interface FileHeader extends LogIdentity {
  readonly sequence: number
  readonly firstLsn: number
  /** Behind the end of its records there may be those of an earlier use. */
  readonly isReused: boolean
}

export function identityOf(timeline: number, storeId: string, bootId: string): LogIdentity {
  const hash = (text: string): bigint => digestOf(new TextEncoder().encode(text))
  return { timeline, store: hash(storeId), boot: bootId === '' ? undefined : hash(bootId) }
}

export function encodeHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint16(8, LOG_FORMAT, true)
  view.setUint16(10, header.isReused ? 1 : 0, true)
  view.setUint32(12, header.timeline, true)
  view.setBigUint64(16, header.store, true)
  setU64(view, 24, header.sequence)
  setU64(view, 32, header.firstLsn)
  view.setBigUint64(40, digestOf(bytes.subarray(0, 40)), true)
  view.setBigUint64(BOOT_OFFSET, header.boot ?? 0n, true)
  view.setBigUint64(56, digestOf(bytes.subarray(0, 56)), true)
  return bytes
}

/** `format` of a header that a newer release wrote; undefined if this is no header, or a damaged one. */
export function decodeHeader(bytes: Uint8Array): FileHeader | { readonly format: number } | undefined {
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, k) => bytes[k] !== byte)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  if (view.getBigUint64(40, true) !== digestOf(bytes.subarray(0, 40))) return undefined
  const format = view.getUint16(8, true)
  if (format !== LOG_FORMAT) return { format }
  const boot = view.getBigUint64(BOOT_OFFSET, true)
  const isBootKnown = boot !== 0n && view.getBigUint64(56, true) === digestOf(bytes.subarray(0, 56))
  return {
    timeline: view.getUint32(12, true),
    store: view.getBigUint64(16, true),
    sequence: getU64(view, 24),
    firstLsn: getU64(view, 32),
    isReused: view.getUint16(10, true) === 1,
    boot: isBootKnown ? boot : undefined,
  }
}
