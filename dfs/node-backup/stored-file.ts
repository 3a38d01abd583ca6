/**
 * Files of a set as they lie there: as they are, or compressed.
 *
 * `zstd`: for each MiB of the original a skippable frame and a zstd frame, so that any zstd tool decompresses the file, and a reader knows how much memory the next
 * frame takes before it takes it. The skippable frame: u32 0x184D2A5E, u32 8, u32 bytes of the zstd frame, u32 bytes of the original in it; little endian.
 *
 * A file has two checksums: that of the original, and that of what lies in the set.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { type ExpectedFile, type FileCheck, type OnBytes, Pipeline } from '../set/pipeline.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileReader, FileStore } from '../store/file-store.ts'

export type Coding = 'plain' | 'zstd'
export const CODINGS: readonly Coding[] = ['plain', 'zstd']

export interface StoredFile extends ExpectedFile {
  /** In the set. */
  readonly path: string
  readonly coding: Coding
  readonly stored: ExpectedFile
}

const PIECE_BYTES = 1 << 20
const READ_BYTES = 1 << 17
const HEADER_BYTES = 16
const HEADER_MAGIC = 0x184d2a5e
/** zstd's own bound for a MiB is below this. */
const FRAME_BYTES_MAX = PIECE_BYTES + (1 << 14)
const LEVEL = 3

export interface Encoded {
  readonly original: ExpectedFile
  readonly stored: ExpectedFile
}

/** Of this thread, used again: touching new memory costs more than copying. */
let scratch: Uint8Array | undefined
const scratchBuffer = (): Uint8Array => (scratch ??= new Uint8Array(HEADER_BYTES + FRAME_BYTES_MAX))

/** Reads `bytes` of a file, or what there is of them, and hands over what belongs into the set. */
export function encode(
  reader: FileReader,
  bytes: number,
  coding: Coding,
  write: (piece: Uint8Array) => void,
  onBytes: OnBytes,
): Encoded {
  const original = new Checksum()
  const stored = new Checksum()
  const buffer = scratchBuffer()
  let storedBytes = 0
  const put = (piece: Uint8Array): void => {
    stored.update(piece)
    storedBytes += piece.length
    write(piece)
  }
  let at = 0
  while (at < bytes) {
    checkInterrupt()
    const filled = fill(reader, at, buffer.subarray(0, Math.min(PIECE_BYTES, bytes - at)))
    if (filled === 0) break
    const piece = buffer.subarray(0, filled)
    original.update(piece)
    if (coding === 'plain') put(piece)
    else {
      const frame = zstdCompressSync(piece, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } })
      put(frameHeader(frame.length, filled))
      put(frame)
    }
    at += filled
    onBytes(filled)
  }
  return {
    original: { bytes: at, checksum: original.hex() },
    stored: { bytes: storedBytes, checksum: stored.hex() },
  }
}

/** Reads until `into` is full or the file ends. */
function fill(reader: FileReader, offset: number, into: Uint8Array): number {
  let filled = 0
  while (filled < into.length) {
    const bytes = reader.read(into.subarray(filled, Math.min(into.length, filled + READ_BYTES)), offset + filled)
    if (bytes === 0) break
    filled += bytes
  }
  return filled
}

function frameHeader(frameBytes: number, originalBytes: number): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(HEADER_MAGIC, 0)
  header.writeUInt32LE(8, 4)
  header.writeUInt32LE(frameBytes, 8)
  header.writeUInt32LE(originalBytes, 12)
  return header
}

export interface Decoded {
  readonly check: FileCheck
  /** What lies in the set; meaningful if the check is `ok`. */
  readonly stored: ExpectedFile
}

const NOTHING: ExpectedFile = { bytes: 0, checksum: '' }

/** Checks a file of the set, as it lies there and as it was. */
export function checkStored(set: FileStore, file: StoredFile, onBytes: OnBytes): FileCheck {
  if (file.coding === 'plain') return new Pipeline().check(set, file.path, file.stored, onBytes)
  return decompress(set, file, onBytes).check
}

/** Checks a compressed file, and hands over the original piece by piece. Without `stored` nobody knows what lies there: it is found out. */
export function decompress(
  set: FileStore,
  file: ExpectedFile & { readonly path: string; readonly stored: ExpectedFile | undefined },
  onBytes: OnBytes,
  write: (piece: Uint8Array) => void = () => {},
): Decoded {
  const refuse = (check: FileCheck): Decoded => ({ check, stored: NOTHING })
  let reader: FileReader | undefined
  try {
    reader = openSource(set, file.path)
    if (file.stored !== undefined && reader.bytes !== file.stored.bytes)
      return refuse({ kind: 'sizeMismatch', expected: file.stored.bytes, found: reader.bytes })
    return decodeFrames(reader, file, onBytes, write)
  } catch (error) {
    if (error instanceof SourceUnreadable) return refuse(error.check)
    throw error
  } finally {
    reader?.close()
  }
}

function decodeFrames(
  reader: FileReader,
  file: ExpectedFile & { readonly path: string; readonly stored: ExpectedFile | undefined },
  onBytes: OnBytes,
  write: (piece: Uint8Array) => void,
): Decoded {
  const original = new Checksum()
  const stored = new Checksum()
  const buffer = scratchBuffer()
  const view = new DataView(buffer.buffer)
  const refuse = (check: FileCheck): Decoded => ({ check, stored: NOTHING })
  let originalBytes = 0
  for (let at = 0; at < reader.bytes; ) {
    checkInterrupt()
    const head = fill(reader, at, buffer.subarray(0, HEADER_BYTES))
    const frameBytes = view.getUint32(8, true)
    const pieceBytes = view.getUint32(12, true)
    const isHeader = head === HEADER_BYTES && view.getUint32(0, true) === HEADER_MAGIC && view.getUint32(4, true) === 8
    if (
      !isHeader ||
      frameBytes > FRAME_BYTES_MAX ||
      pieceBytes > PIECE_BYTES ||
      originalBytes + pieceBytes > file.bytes
    )
      return refuse(damagedAt(file.path, at))
    const frame = buffer.subarray(HEADER_BYTES, HEADER_BYTES + frameBytes)
    const isWhole = fill(reader, at + HEADER_BYTES, frame) === frameBytes
    const piece = isWhole ? decompressed(frame, pieceBytes) : undefined
    if (piece === undefined) return refuse(damagedAt(file.path, at))
    stored.update(buffer.subarray(0, HEADER_BYTES + frameBytes))
    original.update(piece)
    write(piece)
    originalBytes += piece.length
    at += HEADER_BYTES + frameBytes
    onBytes(piece.length)
  }
  const found = { bytes: reader.bytes, checksum: stored.hex() }
  if (file.stored !== undefined && found.checksum !== file.stored.checksum)
    return refuse({ kind: 'checksumMismatch', expected: file.stored.checksum, found: found.checksum })
  if (originalBytes !== file.bytes) return refuse({ kind: 'sizeMismatch', expected: file.bytes, found: originalBytes })
  const checksum = original.hex()
  if (checksum !== file.checksum) return refuse({ kind: 'checksumMismatch', expected: file.checksum, found: checksum })
  return { check: { kind: 'ok' }, stored: found }
}

/** The source is missing or cannot be read, as opposed to a target that cannot be written. */
export class SourceUnreadable extends Error {
  readonly check: FileCheck
  constructor(error: unknown) {
    // What is not about the disk is nothing that a source could answer for.
    if (!(error instanceof HoldfastError) || error.kind !== 'io') throw error
    super(error.message)
    this.check =
      error.code === 'ENOENT' || error.code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'unreadable', error }
  }
}

/** A reader whose failures are SourceUnreadable. */
export function openSource(store: FileStore, path: string): FileReader {
  const attempt = <R>(body: () => R): R => {
    try {
      return body()
    } catch (error) {
      throw new SourceUnreadable(error)
    }
  }
  const reader = attempt(() => store.openRead(path))
  return {
    bytes: reader.bytes,
    read: (into, offset) => attempt(() => reader.read(into, offset)),
    close: () => reader.close(),
  }
}

/** undefined: it is no zstd frame of that many bytes. */
function decompressed(frame: Uint8Array, bytes: number): Uint8Array | undefined {
  try {
    const piece = zstdDecompressSync(frame, { maxOutputLength: bytes })
    return piece.length === bytes ? piece : undefined
  } catch {
    // Whatever zlib has against it: the frame is damaged.
    return undefined
  }
}

const damagedAt = (path: string, offset: number): FileCheck => ({
  kind: 'unreadable',
  error: new HoldfastError('data', `it is damaged at offset ${offset}`, {
    code: 'backupFile',
    where: { file: path, offset },
  }),
})
