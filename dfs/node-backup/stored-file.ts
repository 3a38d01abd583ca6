/**
 * Files of a set as they lie there: as they are, or compressed (zstd-frames.ts). Segments are read and written by FileWork, on several threads; here is what one thread does
 * alone: pieces of the log, and single files of a recovery.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import {
  asExpanded,
  type Coding as CodingOnTheWay,
  type ExpectedFile,
  type FileCheck,
  type OnBytes,
  Pipeline,
} from '../set/pipeline.ts'
import { type CodedFile, compressFrames, expandFrames, fill, type PieceSink } from '../set/zstd-frames.ts'
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

/** How a file of the set is read. */
export const readCoding = ({ coding, stored }: StoredFile): CodingOnTheWay =>
  coding === 'plain' ? { kind: 'plain' } : { kind: 'expand', stored }

/** The segment that it holds. */
export const originalOf = ({ bytes, checksum }: ExpectedFile): ExpectedFile => ({ bytes, checksum })

const PLAIN_BYTES = 1 << 17

/** Reads `bytes` of a file, or what there is of them, and hands over what belongs into the set. */
export function encode(
  reader: FileReader,
  bytes: number,
  coding: Coding,
  write: PieceSink,
  onBytes: OnBytes,
): CodedFile {
  if (coding === 'zstd') return compressFrames(reader, bytes, write, onBytes)
  const checksum = new Checksum()
  const buffer = new Uint8Array(Math.min(PLAIN_BYTES, bytes))
  let at = 0
  while (at < bytes) {
    checkInterrupt()
    const filled = fill(reader, at, buffer.subarray(0, Math.min(buffer.length, bytes - at)))
    if (filled === 0) break
    const piece = buffer.subarray(0, filled)
    checksum.update(piece)
    write(piece)
    at += filled
    onBytes(filled)
  }
  const found = { bytes: at, checksum: checksum.hex() }
  return { original: found, stored: found }
}

/** Checks a file of the set, as it lies there and as it was. */
export function checkStored(set: FileStore, file: StoredFile, onBytes: OnBytes): FileCheck {
  if (file.coding === 'plain') return new Pipeline().check(set, file.path, file.stored, onBytes)
  return decompress(set, file, onBytes)
}

/** Checks a compressed file, and hands over the original piece by piece. */
export function decompress(
  set: FileStore,
  file: ExpectedFile & { readonly path: string; readonly stored: ExpectedFile },
  onBytes: OnBytes,
  write: PieceSink = () => {},
): FileCheck {
  let reader: FileReader | undefined
  try {
    reader = openSource(set, file.path)
    const { stored } = file
    if (reader.bytes !== stored.bytes) return { kind: 'sizeMismatch', expected: stored.bytes, found: reader.bytes }
    return asExpanded(expandFrames(reader, file.bytes, write, onBytes), file.path, file, stored)
  } catch (error) {
    if (error instanceof SourceUnreadable) return error.check
    throw error
  } finally {
    reader?.close()
  }
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
