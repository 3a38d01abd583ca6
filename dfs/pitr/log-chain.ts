/**
 * The log that follows a backup, piece by piece in order, from wherever each is. Every piece is of the store and timeline of the backup, has the number that its name
 * says, and begins where the one before it ends.
 */
import type { NodeManifest } from '../node-backup/manifest.ts'
import { HEADER_BYTES, identityOf } from '../wal/file-header.ts'
import { LogFileReader } from '../wal/log-reader.ts'
import { formatLsn } from '../wal/lsn.ts'
import { pieceName } from '../wal/piece-name.ts'
import { momentOf } from './base.ts'
import type { ChainPiece } from './chain-piece.ts'
import { divergenceOf, requireAncestor } from './divergence.ts'
import { logDamaged, logForeign, logGap, type Moment } from './errors.ts'
import { type FoundPiece, followerOf, type PieceSource, type SetPieces } from './piece-source.ts'

export class LogChain {
  readonly #base: NodeManifest
  readonly #own: SetPieces
  readonly #archive: PieceSource | undefined
  /** Pieces so far. */
  readonly pieces: ChainPiece[] = []
  /** Whether the archive had any piece that it was asked for. */
  isArchived = false

  constructor(base: NodeManifest, own: SetPieces, archive: PieceSource | undefined) {
    this.#base = base
    this.#own = own
    this.#archive = archive
  }

  /** The next piece; undefined if nobody has it. `reached`: how far the log was read. Throws if it is not the one that belongs here, or if later ones are there. */
  next(reached: Moment | undefined): ChainPiece | undefined {
    const last = this.pieces.at(-1)
    const name = last === undefined ? this.#firstName() : followerOf(last.name)
    const found = this.#find(name, reached)
    if (found === undefined) {
      this.#refuseGap(name, reached)
      return undefined
    }
    const piece = this.#opened(name, found, reached)
    if (last !== undefined && piece.firstLsn !== last.endLsn) throw this.#torn(last, piece, reached)
    this.pieces.push(piece)
    return piece
  }

  /** The piece that has the first record that the backup may lack. */
  #firstName(): string {
    const { id, lsn, timeline, log } = this.#base
    const own = this.#own.nameAt(lsn)
    if (own !== undefined) return own
    const names = this.#archive?.list(timeline)
    const why = log === undefined ? `${id} was taken without its log` : `${id} lacks it`
    const from = momentOf(this.#base)
    if (names === undefined || names.length === 0)
      throw logGap(
        `the piece with LSN ${formatLsn(lsn)}`,
        `There is no log that follows the backup: ${why}, and ${
          this.#archive === undefined
            ? 'no archive was given'
            : names === undefined
              ? 'a command can only be asked for pieces by their names'
              : 'the archive has no piece of its timeline'
        }.`,
        from,
        undefined,
      )
    for (const name of names.toReversed()) {
      const { firstLsn } = this.#opened(name, this.#archive!.find(name)!, undefined)
      if (firstLsn <= lsn) return name
    }
    throw logGap(
      `the piece with LSN ${formatLsn(lsn)}`,
      `The log is needed from LSN ${formatLsn(lsn)} on, ${why}, and the archive begins later, with ${names[0]!}.`,
      from,
      undefined,
    )
  }

  /** What the archive has is whole, and what became of the store; what a backup has may be the beginning of a piece. */
  #find(name: string, reached: Moment | undefined): FoundPiece | undefined {
    const own = this.#own.find(name)
    // Nobody need be asked for more of it.
    if (own !== undefined && this.#own.isWhole(name)) return own
    const archived = this.#archive?.find(name)
    if (archived !== undefined) this.isArchived = true
    if (own === undefined || archived === undefined) return own ?? archived
    const [mine, theirs] = [this.#opened(name, own, reached), this.#opened(name, archived, reached)]
    const differs = divergenceOf(mine, theirs)
    if (differs !== undefined) requireAncestor(this.#base, mine, differs)
    if (differs !== undefined || theirs.bytes >= mine.bytes) return archived
    // The archive has less: a file that was cut off, unless the log went on from there.
    const follower = this.#archive!.find(followerOf(name))
    if (follower === undefined || this.#opened(followerOf(name), follower, reached).firstLsn !== theirs.endLsn)
      return own
    requireAncestor(this.#base, mine, theirs.endLsn)
    return archived
  }

  #opened(name: string, found: FoundPiece, reached: Moment | undefined): ChainPiece {
    const file = found.open()
    const reader = new LogFileReader(file.files, file.path)
    try {
      const header = reader.header()
      if (header === undefined)
        throw logDamaged(
          { file: name, offset: 0, lsn: reached?.lsn ?? this.#base.lsn },
          'it has no valid header',
          momentOf(this.#base),
          reached,
        )
      if ('format' in header) throw logForeign(name, `has format ${header.format}, which this release does not know`)
      const { timeline, sequence, firstLsn, store } = header
      if (store !== identityOf(0, this.#base.storeId, '').store) throw logForeign(name, 'belongs to another store')
      if (pieceName(timeline, sequence) !== name)
        throw logForeign(name, `holds the piece ${pieceName(timeline, sequence)}: it was renamed`)
      return { ...file, name, firstLsn, endLsn: firstLsn + file.bytes - HEADER_BYTES }
    } finally {
      reader.close()
    }
  }

  /** Nobody has the piece: that is the end, unless somebody has a later one. */
  #refuseGap(name: string, reached: Moment | undefined): void {
    const names = [...this.#own.list(), ...(this.#archive?.list(this.#base.timeline) ?? [])]
    const later = names.filter((other) => other > name).sort()[0]
    if (later === undefined) return
    throw logGap(
      name,
      `The piece of log ${name} is missing, but ${later} is there: what was logged in between is not known.`,
      momentOf(this.#base),
      reached,
    )
  }

  #torn(last: ChainPiece, piece: ChainPiece, reached: Moment | undefined): Error {
    const [end, begin] = [formatLsn(last.endLsn), formatLsn(piece.firstLsn)]
    return logGap(
      last.name,
      `The piece of log ${last.name} is there up to LSN ${end} only, and ${piece.name} begins at LSN ${begin}.`,
      momentOf(this.#base),
      reached,
    )
  }
}
