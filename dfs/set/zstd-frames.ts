/**
 * Files of a set that are compressed. For each MiB of the original a skippable frame and a zstd frame, so that any zstd tool decompresses the file, and a reader knows how much
 * memory the next frame takes before it takes it. The skippable frame: u32 0x184D2A5E, u32 8, u32 bytes of the zstd frame, u32 bytes of the original in it; little endian.
 *
 * A file has two checksums: that of the original, and that of what lies in the set.
 */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileReader } from '../store/file-store.ts'
import type { ExpectedFile, OnBytes } from './pipeline.ts'

const PIECE_BYTES = 1 << 20
const READ_BYTES = 1 << 17
const HEADER_BYTES = 16
const HEADER_MAGIC = 0x184d2a5e
/** zstd's own bound for a MiB is below this. */
const FRAME_BYTES_MAX = PIECE_BYTES + (1 << 14)
const LEVEL = 3

/** A file as it was, and as it lies in the set. */
export interface CodedFile {
  readonly original: ExpectedFile
  readonly stored: ExpectedFile
}

/** The file is no file of frames from here on. */
export interface DamagedFrame {
  readonly damagedAt: number
}

/** Takes the bytes of a file, piece by piece; a piece is valid until the call returns. */
export type PieceSink = (piece: Uint8Array) => void

/** Of this thread, used again: touching new memory costs more than copying. */
let scratch: Uint8Array<ArrayBuffer> | undefined
const scratchBuffer = (): Uint8Array<ArrayBuffer> => (scratch ??= new Uint8Array(HEADER_BYTES + FRAME_BYTES_MAX))

/** Loaded when something is first compressed: most threads never do. */
let loaded: typeof import('node:zlib') | undefined
const zlib = (): typeof import('node:zlib') => (loaded ??= process.getBuiltinModule('node:zlib'))

/** Reads `bytes` of a file, or what there is of them, and hands over what belongs into the set. */
export function compressFrames(reader: FileReader, bytes: number, write: PieceSink, onBytes: OnBytes): CodedFile {
  const { constants, zstdCompressSync } = zlib()
  const options = { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } }
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
    const frame = zstdCompressSync(piece, options)
    put(frameHeader(frame.length, filled))
    put(frame)
    at += filled
    onBytes(filled)
  }
  return {
    original: { bytes: at, checksum: original.hex() },
    stored: { bytes: storedBytes, checksum: stored.hex() },
  }
}

/** Reads a whole file of frames and hands over the original, which has at most `bytesMax`. */
export function expandFrames(
  reader: FileReader,
  bytesMax: number,
  write: PieceSink,
  onBytes: OnBytes,
): CodedFile | DamagedFrame {
  const original = new Checksum()
  const stored = new Checksum()
  const buffer = scratchBuffer()
  const view = new DataView(buffer.buffer)
  let originalBytes = 0
  for (let at = 0; at < reader.bytes; ) {
    checkInterrupt()
    const head = fill(reader, at, buffer.subarray(0, HEADER_BYTES))
    const frameBytes = view.getUint32(8, true)
    const pieceBytes = view.getUint32(12, true)
    const isHeader = head === HEADER_BYTES && view.getUint32(0, true) === HEADER_MAGIC && view.getUint32(4, true) === 8
    if (!isHeader || frameBytes > FRAME_BYTES_MAX || pieceBytes > PIECE_BYTES || originalBytes + pieceBytes > bytesMax)
      return { damagedAt: at }
    const frame = buffer.subarray(HEADER_BYTES, HEADER_BYTES + frameBytes)
    const isWhole = fill(reader, at + HEADER_BYTES, frame) === frameBytes
    const piece = isWhole ? decompressed(frame, pieceBytes) : undefined
    if (piece === undefined) return { damagedAt: at }
    stored.update(buffer.subarray(0, HEADER_BYTES + frameBytes))
    original.update(piece)
    write(piece)
    originalBytes += piece.length
    at += HEADER_BYTES + frameBytes
    onBytes(piece.length)
  }
  return {
    original: { bytes: originalBytes, checksum: original.hex() },
    stored: { bytes: reader.bytes, checksum: stored.hex() },
  }
}

/** Reads until `into` is full or the file ends. */
export function fill(reader: FileReader, offset: number, into: Uint8Array): number {
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

/** undefined: it is no zstd frame of that many bytes. */
function decompressed(frame: Uint8Array, bytes: number): Uint8Array | undefined {
  try {
    // In one piece: by default the library makes it of pieces of 16 KiB and joins them.
    const chunkSize = Math.max(64, bytes)
    const piece = zlib().zstdDecompressSync(frame, { maxOutputLength: bytes, chunkSize })
    return piece.length === bytes ? piece : undefined
  } catch {
    // Whatever zlib has against it: the frame is damaged.
    return undefined
  }
}
