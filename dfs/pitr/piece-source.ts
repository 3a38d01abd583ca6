/** Where pieces of log come from: the backups of the set, an archive directory, a command. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { LogPiece, NodeManifest } from '../node-backup/manifest.ts'
import { decompress } from '../node-backup/stored-file.ts'
import { explain } from '../set/pipeline.ts'
import type { FileStore } from '../store/file-store.ts'
import { parsePieceName, pieceName, piecesIn } from '../wal/piece-name.ts'
import { fetchFile } from './fetch-file.ts'
import type { Fetcher } from './restore-command.ts'
import { type Scratch, scratchPath } from './scratch.ts'

/** A piece that can be read in place, from start to end and anywhere. */
export interface PieceFile {
  readonly files: FileStore
  readonly path: string
  /** The piece ends here. */
  readonly bytes: number
}

export interface FoundPiece {
  readonly bytes: number
  /** Makes it readable. Throws if what lies there is not what it should be. */
  open(): PieceFile
}

export interface PieceSource {
  /** The names of a timeline's pieces, sorted; undefined: it can only be asked for names. */
  list(timeline: number): readonly string[] | undefined
  find(name: string): FoundPiece | undefined
}

/** The name of the piece behind a piece. */
export function followerOf(name: string): string {
  const { timeline, sequence } = parsePieceName(name)!
  return pieceName(timeline, sequence + 1)
}

/** The pieces that backups of a set hold, of one store and timeline. A later backup may hold more of a piece than an earlier one. */
export class SetPieces implements PieceSource {
  readonly #set: FileStore
  readonly #scratch: Scratch
  readonly #pieces = new Map<string, LogPiece>()

  /** `set` as it is read with its key. */
  constructor(set: FileStore, base: NodeManifest, all: readonly NodeManifest[], scratch: Scratch) {
    this.#set = set
    this.#scratch = scratch
    for (const { storeId, timeline, log = [] } of all) {
      if (storeId !== base.storeId || timeline !== base.timeline) continue
      for (const piece of log)
        if (piece.endLsn >= (this.#pieces.get(piece.name)?.endLsn ?? 0)) this.#pieces.set(piece.name, piece)
    }
  }

  list(): readonly string[] {
    return [...this.#pieces.keys()].sort()
  }

  /** The piece that has an LSN in it, or ends there. */
  nameAt(lsn: number): string | undefined {
    for (const name of this.list().toReversed()) {
      const { firstLsn, endLsn } = this.#pieces.get(name)!
      if (firstLsn <= lsn && lsn <= endLsn) return name
    }
    return undefined
  }

  /** Whether the set has all of a piece, because it has the one that begins where it ends. */
  isWhole(name: string): boolean {
    const follower = this.#pieces.get(followerOf(name))
    return follower !== undefined && follower.firstLsn === this.#pieces.get(name)?.endLsn
  }

  find(name: string): FoundPiece | undefined {
    const piece = this.#pieces.get(name)
    return piece === undefined ? undefined : { bytes: piece.bytes, open: () => this.#open(piece) }
  }

  #open(piece: LogPiece): PieceFile {
    const { path, coding, bytes, name } = piece
    if (coding === 'plain') return { files: this.#set, path, bytes }
    const { files } = this.#scratch
    const staged = scratchPath(this.#scratch, name)
    const writer = files.openWrite(staged)
    try {
      const check = decompress(
        this.#set,
        piece,
        () => {},
        (part) => writer.write(part),
      )
      if (check.kind !== 'ok') throw damagedPiece(path, explain(check))
    } finally {
      writer.close()
    }
    return { files, path: staged, bytes }
  }
}

const damagedPiece = (path: string, problem: string): HoldfastError =>
  new HoldfastError('data', `The piece of log ${path} of the backup is damaged: ${problem}.`, {
    code: 'recoveryDamaged',
    where: { file: path },
    hint: 'give an archive that has the piece; verify-backup lists all damage of the set',
  })

/** Pieces as the archive of a store has put them into a directory. */
export class ArchivePieces implements PieceSource {
  readonly #archive: FileStore

  constructor(archive: FileStore) {
    this.#archive = archive
  }

  list(timeline: number): readonly string[] {
    return piecesIn(this.#archive, timeline)
  }

  find(name: string): FoundPiece | undefined {
    const found = this.#archive.stat(name)
    if (found?.kind !== 'file') return undefined
    const { bytes } = found
    return { bytes, open: () => ({ files: this.#archive, path: name, bytes }) }
  }
}

/** Pieces that a command brings, each once. */
export class CommandPieces implements PieceSource {
  readonly #command: Fetcher
  readonly #scratch: Scratch

  constructor(command: Fetcher, scratch: Scratch) {
    this.#command = command
    this.#scratch = scratch
  }

  list(): undefined {
    return undefined
  }

  find(name: string): FoundPiece | undefined {
    const found = fetchFile(this.#command, this.#scratch, name, `fetched-${name}`)
    if (found === undefined) return undefined
    const { files } = this.#scratch
    return { bytes: found.bytes, open: () => ({ files, ...found }) }
  }
}
