/** A piece of log that was found to belong where it stands, and its records. */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { HEADER_BYTES } from '../wal/file-header.ts'
import { LogFileReader } from '../wal/log-reader.ts'
import type { LogRecord } from '../wal/record.ts'
import type { PieceFile } from './piece-source.ts'

export interface ChainPiece extends PieceFile {
  readonly name: string
  readonly firstLsn: number
  readonly endLsn: number
}

/** Calls back for each record of a piece from an LSN on, until it answers false. */
export function readRecords(
  piece: ChainPiece,
  from: number,
  onRecord: (record: LogRecord) => boolean,
  damaged: (offset: number, lsn: number, problem: string) => Error,
): void {
  const reader = new LogFileReader(piece.files, piece.path)
  try {
    const place = HEADER_BYTES - piece.firstLsn
    for (let lsn = Math.max(from, piece.firstLsn); lsn < piece.endLsn; ) {
      const record = reader.recordAt(lsn + place, piece.bytes, lsn)
      if (typeof record === 'string') throw damaged(lsn + place, lsn, record)
      if (!onRecord(record)) return
      lsn = record.endLsn
    }
    checkInterrupt()
  } finally {
    reader.close()
  }
}
