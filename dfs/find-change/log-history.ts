/**
 * The log of a store as far as it is anywhere: pieces of the archive, then the live log, each record once and in order. What is in neither is a gap, which the listener
 * hears of; nothing is guessed across it. Only pieces of the store's own timeline count.
 *
 * The live log goes on while it is read, and its files go to the archive meanwhile: where it begins behind the place that reading has got to, the archive is looked
 * at again.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { StoreMark } from '../catalog/records.ts'
import type { FileStore } from '../store/file-store.ts'
import { HEADER_BYTES, identityOf } from '../wal/file-header.ts'
import { LogFileReader } from '../wal/log-reader.ts'
import { formatLsn } from '../wal/lsn.ts'
import { pieceName } from '../wal/piece-name.ts'
import type { LogRecord } from '../wal/record.ts'
import { walkLog } from '../wal/walk.ts'
import type { SearchedArchive } from './searched-archive.ts'

export interface LogSources {
  /** The data directory. */
  readonly data: FileStore
  readonly archive: SearchedArchive | undefined
  readonly store: StoreMark
}

/** Log that nobody has, or that can not be read. */
export interface LogGap {
  readonly fromLsn: number
  readonly toLsn: number
  readonly why: string
}

export interface LogListener {
  record(record: LogRecord): void
  gap(gap: LogGap): void
}

export interface ReadRange {
  readonly fromLsn: number
  readonly toLsn: number
  /** The archive has all up to here; undefined without an archive. */
  readonly archivedLsn: number | undefined
}

interface Piece {
  readonly name: string
  readonly firstLsn: number
  readonly endLsn: number
}

/** Reads from the oldest record to LSN `to`. Answers what was read; undefined: there is no log at all. */
export function readHistory(
  sources: LogSources,
  listener: LogListener,
  to = Number.POSITIVE_INFINITY,
): ReadRange | undefined {
  const archive = new ArchivedPieces(sources)
  const oldestLive = (): number | undefined => {
    const { files } = walkLog(sources.data, { to: 0 }, () => {})
    return files[0]?.firstLsn
  }
  const begin = Math.min(archive.oldest() ?? Number.POSITIVE_INFINITY, oldestLive() ?? Number.POSITIVE_INFINITY)
  if (begin === Number.POSITIVE_INFINITY) return undefined
  let at = begin
  while (at < to) {
    checkInterrupt()
    const live = oldestLive()
    if (live !== undefined && live <= at) {
      at = readLive(sources.data, at, to, listener)
      break
    }
    const piece = archive.at(at)
    if (piece !== undefined) {
      at = readPiece(sources.archive!, piece, at, to, listener)
      continue
    }
    archive.list()
    if (archive.at(at) !== undefined) continue
    const next = Math.min(archive.after(at) ?? Number.POSITIVE_INFINITY, live ?? Number.POSITIVE_INFINITY)
    if (next === Number.POSITIVE_INFINITY) break
    listener.gap({ fromLsn: at, toLsn: next, why: 'neither the live log nor the archive has it' })
    at = next
  }
  archive.list()
  return { fromLsn: begin, toLsn: at, archivedLsn: sources.archive === undefined ? undefined : archive.end() }
}

function readLive(data: FileStore, from: number, to: number, listener: LogListener): number {
  let at = from
  const { stop } = walkLog(data, { from, to }, (record) => {
    if (record.lsn > at)
      listener.gap({ fromLsn: at, toLsn: record.lsn, why: 'its file was used again while it was read' })
    at = record.endLsn
    listener.record(record)
  })
  // Without valid records behind it, it is a write that is going on.
  if (stop?.followedBy !== undefined)
    listener.gap({ fromLsn: stop.lsn, toLsn: stop.followedBy, why: `${stop.file} is damaged there: ${stop.problem}` })
  return at
}

function readPiece(archive: SearchedArchive, piece: Piece, from: number, to: number, listener: LogListener): number {
  const { files, path } = archive.locate(piece.name)
  const reader = new LogFileReader(files, path)
  try {
    const place = HEADER_BYTES - piece.firstLsn
    const limit = piece.endLsn + place
    let at = from
    while (at < Math.min(piece.endLsn, to)) {
      const record = reader.recordAt(at + place, limit, at)
      if (typeof record === 'string') {
        listener.gap({
          fromLsn: at,
          toLsn: piece.endLsn,
          why: `the piece ${piece.name} of the archive is damaged at LSN ${formatLsn(at)}: ${record}`,
        })
        return piece.endLsn
      }
      at = record.endLsn
      listener.record(record)
    }
    return at
  } finally {
    reader.close()
  }
}

class ArchivedPieces {
  readonly #sources: LogSources
  readonly #identity: bigint
  readonly #known = new Map<string, Piece>()
  /** Sorted as the log goes. */
  #pieces: readonly Piece[] = []

  constructor(sources: LogSources) {
    this.#sources = sources
    this.#identity = identityOf(0, sources.store.id, '').store
    this.list()
  }

  list(): void {
    const { archive, store } = this.#sources
    if (archive === undefined) return
    this.#pieces = archive
      .pieces(store.timeline)
      .map((name) => this.#piece(archive, name))
      .filter((piece) => piece !== undefined)
      .sort((a, b) => a.firstLsn - b.firstLsn)
  }

  end(): number {
    return this.#pieces.at(-1)?.endLsn ?? 0
  }

  oldest(): number | undefined {
    return this.#pieces[0]?.firstLsn
  }

  at(lsn: number): Piece | undefined {
    return this.#pieces.find((p) => p.firstLsn <= lsn && lsn < p.endLsn)
  }

  after(lsn: number): number | undefined {
    return this.#pieces.find((p) => p.firstLsn > lsn)?.firstLsn
  }

  /** undefined: it was removed since it was listed. */
  #piece(archive: SearchedArchive, name: string): Piece | undefined {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    let reader: LogFileReader
    try {
      const { files, path } = archive.locate(name)
      reader = new LogFileReader(files, path)
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'ENOENT') return undefined
      throw error
    }
    try {
      const header = reader.header()
      if (header === undefined || 'format' in header)
        throw unusablePiece(name, header === undefined ? 'has no valid header' : `has format ${header.format}`)
      const { timeline, sequence, firstLsn, store } = header
      if (store !== this.#identity) throw unusablePiece(name, 'belongs to another store')
      if (pieceName(timeline, sequence) !== name)
        throw unusablePiece(name, `holds the piece ${pieceName(timeline, sequence)}: it was renamed`)
      const piece = { name, firstLsn, endLsn: firstLsn + reader.bytes - HEADER_BYTES }
      this.#known.set(name, piece)
      return piece
    } finally {
      reader.close()
    }
  }
}

const unusablePiece = (name: string, what: string): HoldfastError =>
  new HoldfastError('data', `The piece of log ${name} of the archive ${what}.`, {
    code: 'archivePiece',
    where: { file: name },
    hint: 'give the archive of this store',
  })
