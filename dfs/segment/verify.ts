/**
 * Checks a segment file from end to end. What covers what: the file checksum (kept in the catalog and in manifests) covers every byte; without it the
 * file checks itself: bodyChecksum covers the bytes before the footer, footerChecksum the footer, and the length and magic behind it are compared.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { SegmentRef } from '../catalog/types.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { readFooter, requireWholeFooter } from './footer.ts'
import { KEY_BODY, KEY_LAYOUT, parseLayout } from './layout.ts'

export type SegmentCheck =
  | { readonly kind: 'ok'; readonly rows: number; readonly bytes: number; readonly checksum: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'damaged'; readonly what: string; readonly offset: number | undefined }

const PIECE_BYTES = 1 << 20
let piece: Uint8Array | undefined

/** Reads the whole file. Damage is an answer, not an error; only the store may throw (io). */
export function verifySegment(
  store: FileStore,
  file: string,
  expected: Partial<Pick<SegmentRef, 'rows' | 'bytes' | 'checksum'>> = {},
): SegmentCheck {
  if (store.stat(file)?.kind !== 'file') return { kind: 'missing' }
  const reader = store.openRead(file)
  try {
    if (expected.bytes !== undefined && expected.bytes !== reader.bytes)
      return damaged(`it has ${reader.bytes} bytes instead of ${expected.bytes}`)
    const footer = readFooter(reader, file)
    piece ??= new Uint8Array(PIECE_BYTES)
    const body = new Checksum()
    const whole = new Checksum()
    for (let at = 0; at < reader.bytes; ) {
      const read = reader.read(piece.subarray(0, Math.min(PIECE_BYTES, reader.bytes - at)), at)
      if (read === 0) return damaged('it ended while being read', at)
      const bytes = piece.subarray(0, read)
      whole.update(bytes)
      if (at < footer.start) body.update(bytes.subarray(0, Math.min(read, footer.start - at)))
      at += read
    }
    const checksum = whole.hex()
    if (expected.checksum !== undefined && expected.checksum !== checksum)
      return damaged(`its checksum is ${checksum} instead of ${expected.checksum}`)
    if (footer.metadata.get(KEY_BODY)?.text !== body.hex()) return damaged('the checksum of its data does not match')
    requireWholeFooter(footer, file)
    const layout = parseLayout(footer.metadata.get(KEY_LAYOUT)?.text ?? '', footer.start, file, footer.start)
    if (expected.rows !== undefined && expected.rows !== layout.rows)
      return damaged(`it has ${layout.rows} rows instead of ${expected.rows}`)
    return { kind: 'ok', rows: layout.rows, bytes: reader.bytes, checksum }
  } catch (error) {
    if (error instanceof HoldfastError && error.kind === 'data')
      return damaged(error.message, error.where?.offset as number | undefined)
    throw error
  } finally {
    reader.close()
  }
}

const damaged = (what: string, offset?: number): SegmentCheck => ({ kind: 'damaged', what, offset })
