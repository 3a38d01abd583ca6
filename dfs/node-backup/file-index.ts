/**
 * `states/<id>/files`: the data files of a backup, one a line, in JSON:
 *
 *   ["chunks/db/20240101/pt/<segment>.arrow", bytes, "checksum", "data/db/20240101/pt/<segment>.arrow", "plain" | "zstd", storedBytes, "storedChecksum"]
 *
 * Written and read line by line: a store may have millions. Its size and XXH64 stand in the manifest.
 */
import { asArray, asChecksum, asCount, asOneOf, asText, damagedMetadata, inside } from '../set/checked.ts'
import { DATA_FOLDER } from '../set/layout.ts'
import type { MetadataDigest } from '../set/manifest.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileStore } from '../store/file-store.ts'
import { isPoolPath, isSegmentPath } from './layout.ts'
import { CODINGS, type StoredFile } from './stored-file.ts'

/** A segment and where it lies in the set. */
export interface IndexedFile extends StoredFile {
  /** In the data directory. */
  readonly file: string
}

const BUFFER_BYTES = 1 << 17
const LINE_BYTES_MAX = 1 << 20
const NEWLINE = 10

/** Writes and syncs. */
export function writeFileIndex(set: FileStore, path: string, files: Iterable<IndexedFile>): MetadataDigest {
  const writer = set.openWrite(path)
  const checksum = new Checksum()
  try {
    let lines: string[] = []
    let length = 0
    const flush = (): void => {
      const bytes = Buffer.from(lines.join(''))
      checksum.update(bytes)
      writer.write(bytes)
      lines = []
      length = 0
    }
    for (const { file, bytes, checksum, path, coding, stored } of files) {
      const line = `${JSON.stringify([file, bytes, checksum, path, coding, stored.bytes, stored.checksum])}\n`
      lines.push(line)
      length += line.length
      if (length >= BUFFER_BYTES) flush()
    }
    if (length > 0) flush()
    writer.sync()
  } finally {
    writer.close()
  }
  return { bytes: writer.bytesWritten, digest: checksum.hex() }
}

/** The lines, each checked. That the whole is what the manifest says is known only after the last one: throws then if it is not. */
export function* readFileIndex(set: FileStore, path: string, expected: MetadataDigest): Generator<IndexedFile> {
  const found = set.stat(path)
  if (found?.kind !== 'file') throw damagedMetadata(path, 'it is missing')
  if (found.bytes !== expected.bytes)
    throw damagedMetadata(path, `it has ${found.bytes} bytes instead of ${expected.bytes}`)
  const checksum = new Checksum()
  let line = 0
  for (const bytes of linesOf(set, path, checksum)) yield parseLine(bytes, path, ++line)
  if (checksum.hex() !== expected.digest) throw damagedMetadata(path, 'its content does not match its digest')
}

function* linesOf(set: FileStore, path: string, checksum: Checksum): Generator<Buffer> {
  const reader = set.openRead(path)
  try {
    let rest = Buffer.alloc(0)
    const piece = new Uint8Array(BUFFER_BYTES)
    for (let at = 0; at < reader.bytes; ) {
      const bytes = reader.read(piece, at)
      if (bytes === 0) break
      at += bytes
      checksum.update(piece.subarray(0, bytes))
      const text = Buffer.concat([rest, piece.subarray(0, bytes)])
      let from = 0
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
        yield text.subarray(from, end)
        from = end + 1
      }
      rest = text.subarray(from)
      if (rest.length > LINE_BYTES_MAX) throw damagedMetadata(path, 'a line is too long to be true')
    }
    if (rest.length > 0) throw damagedMetadata(path, 'its last line is cut off')
  } finally {
    reader.close()
  }
}

function parseLine(bytes: Buffer, path: string, line: number): IndexedFile {
  const place = { file: path, field: `line ${line}` }
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw damagedMetadata(path, `${place.field} is not JSON`)
  }
  const [file, size, checksum, pool, coding, storedBytes, storedChecksum] = asArray(parsed, place, 7)
  const segment = asText(file, inside(place, 0))
  if (!isSegmentPath(segment)) throw damagedMetadata(path, `${place.field} names a segment that is not allowed`)
  const poolFile = asText(pool, inside(place, 3))
  if (!isPoolPath(poolFile, DATA_FOLDER)) throw damagedMetadata(path, `${place.field} names a file that is not allowed`)
  return {
    file: segment,
    bytes: asCount(size, inside(place, 1)),
    checksum: asChecksum(checksum, inside(place, 2)),
    path: poolFile,
    coding: asOneOf(coding, CODINGS, inside(place, 4)),
    stored: { bytes: asCount(storedBytes, inside(place, 5)), checksum: asChecksum(storedChecksum, inside(place, 6)) },
  }
}
