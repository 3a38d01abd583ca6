/**
 * What the archive does on files, away from the engine: one sealed piece of log with the data segments that it names, segments first, so that a piece that is in
 * the archive is complete. Nothing here decides what may be removed from the store.
 */
import { join } from 'node:path'
import { HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import { fillCommand, splitCommand } from '../settings/index.ts'
import { checksumOfFile } from '../store/checksum-file.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { ArchiveDirectory } from './copy.ts'
import { type NamedSegment, type Piece, pieceBytes, readPiece, rolledBackSince } from './piece.ts'
import { requireNoBackups } from './require-apart.ts'
import { removeExpired } from './retention.ts'
import { COMMAND_LIMIT_MS, runCommand } from './run-command.ts'
import { DATA_FOLDER, encodeSegmentList, SEGMENT_LIST_SUFFIX } from './segment-list.ts'

/** Where pieces go: exactly one of the two. */
export interface ArchiveTarget {
  /** Absolute. */
  readonly dir?: string
  readonly command?: string
}

export interface ArchiveTask {
  readonly kind: 'archive'
  readonly target: ArchiveTarget
  readonly piece: Piece
  /** The piece before, if there is one: it went to the same directory. */
  readonly after?: string
  /** Segments of commits up to this one may be gone: they were before archiving began. */
  readonly sinceCid: number
  /** Segments of the piece that an attempt before has archived. */
  readonly done: readonly string[]
  readonly commandLimitMs?: number
}

/** Removes what is older from the archive directory. */
export interface ExpireTask {
  readonly kind: 'expireArchive'
  readonly dir: string
  /** Pieces that were archived before. */
  readonly beforeMs: number
}

export interface ArchiveResult {
  readonly kind: 'archive'
  /** undefined: the piece is in the archive, and all that it names. */
  readonly failure: string | undefined
  /** Segments that are in the archive, those of attempts before included. */
  readonly done: readonly string[]
  /** Copied or handed to the command this time. */
  readonly bytes: number
  readonly elapsedMs: number
}

export interface ExpireResult {
  readonly kind: 'expireArchive'
  readonly pieces: number
  readonly segments: number
}

/** Below the data directory: a piece as the command gets it, under its own name and without what lies behind its end. */
const STAGING_FOLDER = 'archive'

export interface TaskOptions {
  readonly interrupt?: () => void
  /** In the place of a directory of the file system. */
  readonly directory?: FileStore
}

/** Failures are answered, not thrown: what was done before them counts. */
export async function runArchiveTask(
  files: FileStore,
  task: ArchiveTask,
  { interrupt = () => {}, directory }: TaskOptions = {},
): Promise<ArchiveResult> {
  const startedMs = performance.now()
  const done = new Set(task.done)
  let bytes = 0
  let failure: string | undefined
  try {
    const place = placeOf(files, task, interrupt, directory)
    const segments = readPiece(files, task.piece, interrupt)
    for (const segment of present(files, task, segments)) {
      if (done.has(segment.file)) continue
      interrupt()
      bytes += await place.putSegment(segment)
      done.add(segment.file)
    }
    bytes += await place.putPiece(
      task.piece,
      segments.filter((s) => done.has(s.file)),
    )
  } catch (error) {
    failure = failureText(error)
  }
  return { kind: 'archive', failure, done: [...done], bytes, elapsedMs: performance.now() - startedMs }
}

export function runExpireTask(
  { dir, beforeMs }: ExpireTask,
  { interrupt = () => {}, directory = new LocalFileStore(dir) }: TaskOptions = {},
): ExpireResult {
  return { kind: 'expireArchive', ...removeExpired(directory, beforeMs, interrupt) }
}

function failureText(error: unknown): string {
  const { kind, message, hint } = toHoldfastError(error)
  // A fault of ours must not pass for one of the archive's.
  if (kind === 'bug') throw error
  return hint === undefined ? message : `${message} (${hint})`
}

/** The segments that must go to the archive. Throws `archiveSegment` if one is missing that may not be. */
function present(
  files: FileStore,
  { piece, sinceCid }: ArchiveTask,
  segments: readonly NamedSegment[],
): NamedSegment[] {
  let rolledBack: Set<number> | undefined
  return segments.filter((segment) => {
    if (files.stat(segment.file) !== undefined) return true
    if (segment.cid <= sinceCid) return false
    rolledBack ??= rolledBackSince(files, piece)
    if (rolledBack.has(segment.transaction)) return false
    throw new HoldfastError(
      'data',
      `The segment ${segment.file} is missing, and the log file ${piece.name} names it.`,
      {
        code: 'archiveSegment',
        where: { file: segment.file },
      },
    )
  })
}

/** Both answer how many bytes were moved. */
interface Place {
  putSegment(segment: NamedSegment): Promise<number>
  putPiece(piece: Piece, segments: readonly NamedSegment[]): Promise<number>
}

function placeOf(
  files: FileStore,
  { target, after, commandLimitMs = COMMAND_LIMIT_MS }: ArchiveTask,
  interrupt: () => void,
  directory: FileStore | undefined,
): Place {
  if (target.command !== undefined) return new CommandPlace(files, target.command, commandLimitMs, interrupt)
  const archive = directory ?? new LocalFileStore(target.dir!)
  // Pieces below a mount point would be missed when they are needed. That they were taken away from the directory is no mistake.
  if (after !== undefined && archive.stat('') === undefined)
    throw new HoldfastError(
      'io',
      `The archive directory ${archive.root} is gone; the piece ${after} was archived there before.`,
      {
        code: 'archiveGone',
        where: { file: archive.root },
        hint: 'mount the volume that it is on; if the archive has moved, make the directory',
      },
    )
  // Backups may have been begun there since the last piece.
  requireNoBackups(archive)
  return new DirectoryPlace(files, new ArchiveDirectory(archive, interrupt))
}

class DirectoryPlace implements Place {
  readonly #files: FileStore
  readonly #archive: ArchiveDirectory

  constructor(files: FileStore, archive: ArchiveDirectory) {
    this.#files = files
    this.#archive = archive
  }

  async putSegment({ file, bytes, checksum }: NamedSegment): Promise<number> {
    return this.#archive.copy(this.#files, file, bytes, `${DATA_FOLDER}/${file}`, checksum)
  }

  /** The list of segments first: a piece in the archive always has one. */
  async putPiece(piece: Piece, segments: readonly NamedSegment[]): Promise<number> {
    this.#archive.put(piece.name + SEGMENT_LIST_SUFFIX, encodeSegmentList(segments))
    return this.#archive.copy(this.#files, piece.path, pieceBytes(piece), piece.name)
  }
}

class CommandPlace implements Place {
  readonly #files: FileStore
  readonly #words: readonly string[]
  readonly #limitMs: number
  readonly #interrupt: () => void

  constructor(files: FileStore, command: string, limitMs: number, interrupt: () => void) {
    const split = splitCommand(command)
    if (!split.ok) throw new HoldfastError('input', `wal_archive_command ${split.reason}.`, { code: 'archiveCommand' })
    this.#files = files
    this.#words = split.words
    this.#limitMs = limitMs
    this.#interrupt = interrupt
  }

  async putSegment({ file, bytes, checksum }: NamedSegment): Promise<number> {
    if (this.#files.stat(file)?.bytes !== bytes || checksumOfFile(this.#files, file) !== checksum)
      throw new HoldfastError('data', `The file ${file} is not what the log names.`, {
        code: 'archiveSource',
        where: { file },
        hint: 'run checkStore() to see what is damaged',
      })
    await this.#run(file, `${DATA_FOLDER}/${file}`)
    return bytes
  }

  async putPiece(piece: Piece): Promise<number> {
    const staged = `${STAGING_FOLDER}/${piece.name}`
    this.#files.remove(staged)
    new ArchiveDirectory(this.#files, this.#interrupt).copy(this.#files, piece.path, pieceBytes(piece), staged)
    await this.#run(staged, piece.name)
    this.#files.remove(staged)
    this.#files.removeEmptyDirectory(STAGING_FOLDER)
    return pieceBytes(piece)
  }

  #run(file: string, name: string): Promise<void> {
    const words = fillCommand(this.#words, join(this.#files.root, file), name)
    return runCommand(words, { limitMs: this.#limitMs, interrupt: this.#interrupt })
  }
}
