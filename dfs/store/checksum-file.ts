import { Checksum } from './checksum.ts'
import type { FileStore } from './file-store.ts'

const PIECE_BYTES = 1 << 17

/** Checksum of a whole file, read in pieces. */
export function checksumOfFile(files: FileStore, file: string): string {
  const reader = files.openRead(file)
  try {
    const piece = new Uint8Array(PIECE_BYTES)
    const checksum = new Checksum()
    for (let at = 0; at < reader.bytes; ) {
      const bytes = reader.read(piece, at)
      if (bytes === 0) break
      checksum.update(piece.subarray(0, bytes))
      at += bytes
    }
    return checksum.hex()
  } finally {
    reader.close()
  }
}
