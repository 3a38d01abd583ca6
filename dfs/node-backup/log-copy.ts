/** The log from an LSN on, as pieces in a set. The log is written to and rotated meanwhile: a file that was used again under the reader is noticed. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { EngineStatus } from '../engine/commands.ts'
import type { OnBytes } from '../set/pipeline.ts'
import type { FileReader, FileStore } from '../store/file-store.ts'
import type { LogFileInfo } from '../wal/commit-log.ts'
import { BOOT_OFFSET, decodeHeader, HEADER_BYTES } from '../wal/file-header.ts'
import { pieceName } from '../wal/piece-name.ts'
import { COMPRESSED_SUFFIX, LOG_FOLDER } from './layout.ts'
import type { LogPiece } from './manifest.ts'
import { type Coding, encode, openSource, SourceUnreadable } from './stored-file.ts'

/** A piece that lies in the folder of the run; it gets its place when the backup is complete. */
export interface CopiedPiece extends Omit<LogPiece, 'path'> {
  readonly temporary: string
}

export interface LogCopyParts {
  readonly data: FileStore
  readonly set: FileStore
  /** Of the run. */
  readonly folder: string
  readonly coding: Coding
  readonly onBytes: OnBytes
  readonly status: () => EngineStatus
}

const LOOKS = 20

/** Copies and syncs the files that hold the records from `from` to the present end of the log; undefined if some of them are no more there. */
export function copyLog(parts: LogCopyParts, from: number): CopiedPiece[] | undefined {
  for (let look = 0; look < LOOKS; look++) {
    const { log } = parts.status()
    if (log.oldest > from) return undefined
    const pieces = filesFrom(log.files, from).map((info, k) => copyPiece(parts, info, k))
    if (pieces.every((p) => p !== undefined)) return pieces
  }
  return undefined
}

/** The files of the log that hold what is after an LSN; the last one always. */
export const filesFrom = (files: readonly LogFileInfo[], from: number): readonly LogFileInfo[] =>
  files.filter((f, k) => f.state !== 'free' && (f.endLsn > from || k === files.length - 1))

/** As a piece of a backup. */
export const bytesOfPiece = ({ firstLsn, endLsn }: LogFileInfo): number => HEADER_BYTES + endLsn - firstLsn

/** undefined: the file was renamed, removed or used again. */
function copyPiece(
  { data, set, folder, coding, onBytes }: LogCopyParts,
  info: LogFileInfo,
  k: number,
): CopiedPiece | undefined {
  const temporary = `${folder}/log-${k}`
  let reader: FileReader | undefined
  try {
    reader = openSource(data, info.path)
    const header = headerOf(reader, info)
    if (header === undefined) return undefined
    const writer = set.openWrite(temporary)
    try {
      const wanted = bytesOfPiece(info)
      const { original, stored } = encode(reader, wanted, coding, (piece) => writer.write(piece), onBytes)
      // A ring writes the header of a file before anything else when it uses it again.
      if (original.bytes !== wanted || headerOf(reader, info) !== header) return undefined
      writer.sync()
      const name = pieceName(info.timeline, info.sequence)
      return { name, firstLsn: info.firstLsn, endLsn: info.endLsn, ...original, coding, stored, temporary }
    } finally {
      writer.close()
    }
  } catch (error) {
    if (error instanceof SourceUnreadable && error.check.kind === 'missing') return undefined
    if (error instanceof SourceUnreadable)
      throw new HoldfastError('io', `The log file ${info.path} cannot be read: ${error.message}`, {
        code: 'logUnreadable',
        where: { file: info.path },
        cause: error,
      })
    throw error
  } finally {
    reader?.close()
  }
}

/** The part of the header that never changes, as text; undefined if it is that of another file. */
function headerOf(reader: FileReader, { sequence, firstLsn }: LogFileInfo): string | undefined {
  const bytes = new Uint8Array(HEADER_BYTES)
  if (reader.read(bytes, 0) < HEADER_BYTES) return undefined
  const header = decodeHeader(bytes)
  if (header === undefined || 'format' in header || header.sequence !== sequence || header.firstLsn !== firstLsn)
    return undefined
  return Buffer.from(bytes.subarray(0, BOOT_OFFSET)).toString('hex')
}

/** Gives the pieces their places, in the run's turn to publish. A piece that an earlier backup has with the same content is not stored twice. */
export function placePieces(
  set: FileStore,
  pieces: readonly CopiedPiece[],
  before: readonly LogPiece[],
  isNamed: (path: string) => boolean,
): LogPiece[] {
  let isNew = false
  const placed = pieces.map(({ temporary, ...piece }): LogPiece => {
    const same = before.find(
      (b) =>
        b.name === piece.name &&
        b.checksum === piece.checksum &&
        b.bytes === piece.bytes &&
        set.stat(b.path)?.bytes === b.stored.bytes,
    )
    if (same !== undefined) {
      set.remove(temporary)
      return same
    }
    const suffix = piece.coding === 'zstd' ? COMPRESSED_SUFFIX : ''
    let path = `${LOG_FOLDER}/${piece.name}${suffix}`
    if (isNamed(path)) path = `${LOG_FOLDER}/${piece.name}-${piece.checksum}${suffix}`
    set.rename(temporary, path)
    isNew = true
    return { ...piece, path }
  })
  if (isNew) set.syncDirectory(LOG_FOLDER)
  return placed
}
