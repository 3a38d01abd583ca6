/** A sealed piece of log as it lies in `wal/`, or in the archive: what it holds, and which data segments it names. */
import { HoldfastError } from '../../runtime/errors.ts'
import { commitIdOf, entryOf, isData } from '../engine/log-entry.ts'
import type { FileStore } from '../store/file-store.ts'
import type { LogFileInfo } from '../wal/commit-log.ts'
import { HEADER_BYTES } from '../wal/file-header.ts'
import { LogFileReader } from '../wal/log-reader.ts'
import { formatLsn } from '../wal/lsn.ts'
import { pieceName } from '../wal/piece-name.ts'
import { walkLog } from '../wal/walk.ts'
import { segmentsOf } from './segments-of.ts'

/** Plain data, so that it can go to another thread. */
export interface Piece {
  readonly name: string
  /** In the store of the log. */
  readonly path: string
  readonly timeline: number
  readonly sequence: number
  readonly firstLsn: number
  readonly endLsn: number
}

/** What a committed transaction of a piece names. */
export interface NamedSegment {
  readonly file: string
  readonly bytes: number
  readonly checksum: string
  readonly transaction: number
  readonly cid: number
}

export const pieceOf = ({ path, timeline, sequence, firstLsn, endLsn }: LogFileInfo): Piece => ({
  name: pieceName(timeline, sequence),
  path,
  timeline,
  sequence,
  firstLsn,
  endLsn,
})

/** Bytes of the file that are the piece: behind them there may be remains of an earlier use. */
export const pieceBytes = ({ firstLsn, endLsn }: Piece): number => HEADER_BYTES + endLsn - firstLsn

/** Reads every record; answers the segments of transactions that committed. Throws `archivePiece` if the file is not the whole piece. */
export function readPiece(files: FileStore, piece: Piece, interrupt: () => void): NamedSegment[] {
  const reader = new LogFileReader(files, piece.path)
  try {
    const header = reader.header()
    if (header === undefined || 'format' in header)
      throw damaged(piece, 0, 'it has no header that this release can read')
    if (header.sequence !== piece.sequence || header.timeline !== piece.timeline || header.firstLsn !== piece.firstLsn)
      throw damaged(piece, 0, `it is ${pieceName(header.timeline, header.sequence)} now`)
    const waiting = new Map<number, NamedSegment[]>()
    const committed = new Map<number, NamedSegment[]>()
    const stop = reader.scan(HEADER_BYTES, pieceBytes(piece), piece.firstLsn, (record) => {
      const { transaction } = record
      if (isData(record)) {
        const { command, cid } = entryOf(record)
        const named = segmentsOf(command).map(({ file, bytes, checksum }) => ({
          file,
          bytes,
          checksum,
          transaction,
          cid,
        }))
        if (named.length > 0) waiting.set(transaction, [...(waiting.get(transaction) ?? []), ...named])
      } else if (record.kind === 'TSCOMMIT') {
        const named = waiting.get(transaction)
        if (named !== undefined) committed.set(transaction, named)
        waiting.delete(transaction)
        interrupt()
      } else if (record.kind === 'TSROLLBACK') {
        waiting.delete(transaction)
        committed.delete(transaction)
      }
    })
    if (stop.problem !== undefined) throw damaged(piece, stop.offset, stop.problem)
    const byFile = new Map<string, NamedSegment>()
    for (const named of committed.values()) for (const segment of named) byFile.set(segment.file, segment)
    return [...byFile.values()]
  } finally {
    reader.close()
  }
}

/** Transactions that were taken back in the log from the piece on, after a TSCOMMIT that nobody was told of. */
export function rolledBackSince(files: FileStore, piece: Piece): Set<number> {
  const found = new Set<number>()
  walkLog(files, { from: piece.firstLsn }, (record) => {
    if (record.kind === 'TSROLLBACK') found.add(record.transaction)
  })
  return found
}

export interface FirstCommit {
  readonly cid: number
  readonly timeMs: number
}

/** The first transaction that committed in a file of the log; undefined if there is none yet. */
export function firstCommitOf(files: FileStore, file: LogFileInfo): FirstCommit | undefined {
  const reader = new LogFileReader(files, file.path)
  try {
    const end = HEADER_BYTES + file.endLsn - file.firstLsn
    for (let at = HEADER_BYTES; at < end; ) {
      const record = reader.recordAt(at, end, file.firstLsn + at - HEADER_BYTES)
      if (typeof record === 'string') throw damaged(pieceOf(file), at, record)
      if (record.kind === 'TSCOMMIT') return { cid: commitIdOf(record), timeMs: record.timeMs }
      at = HEADER_BYTES + record.endLsn - file.firstLsn
    }
    return undefined
  } finally {
    reader.close()
  }
}

const damaged = ({ name, path, firstLsn }: Piece, offset: number, problem: string): HoldfastError =>
  new HoldfastError(
    'data',
    `The log file ${path} can not be archived as ${name}: at offset ${offset} (LSN ${formatLsn(firstLsn + Math.max(0, offset - HEADER_BYTES))}) ${problem}.`,
    { code: 'archivePiece', where: { file: path, offset } },
  )
