/**
 * The archive of a log as a search reads it: pieces by their names, data segments below `data/`. It is a directory, or behind a command, which can only be asked for
 * names: the newest piece is known from the live log and from the record of what was archived, the ones before it are asked for one by one, as far back as there are any.
 *
 * What a command brings lies in a scratch folder, so that the two readings of a search and comparisons of the same files fetch it once. Beyond KEPT_BYTES what was used the
 * longest ago goes; whoever has it open reads on.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { DATA_FOLDER } from '../archive/segment-list.ts'
import { isSegmentPath } from '../node-backup/layout.ts'
import { fetchFile } from '../pitr/fetch-file.ts'
import type { Fetcher } from '../pitr/restore-command.ts'
import type { Scratch } from '../pitr/scratch.ts'
import type { FileStore } from '../store/file-store.ts'
import { storeErrorOf } from '../store/store-error.ts'
import { parsePieceName, pieceName, piecesIn } from '../wal/piece-name.ts'

export interface SearchedArchive {
  /** Names of its pieces of a timeline, in any order. */
  pieces(timeline: number): readonly string[]
  /** Where a file can be opened. Throws ENOENT for one that the archive does not have, or leaves that to the opening. */
  locate(name: string): ArchivedFile
}

export interface ArchivedFile {
  readonly files: FileStore
  readonly path: string
}

export class DirectoryArchive implements SearchedArchive {
  readonly #files: FileStore

  constructor(files: FileStore) {
    this.#files = files
  }

  pieces(timeline: number): readonly string[] {
    return piecesIn(this.#files, timeline)
  }

  locate(path: string): ArchivedFile {
    return { files: this.#files, path }
  }
}

const KEPT_BYTES = 1 << 30

export class CommandArchive implements SearchedArchive {
  readonly #command: Fetcher
  readonly #scratch: Scratch
  readonly #newest: () => number
  readonly #keptBytes: number
  /** Path in the scratch folder and size by name, those used last at the end. */
  readonly #fetched = new Map<string, { readonly path: string; readonly bytes: number }>()
  readonly #missing = new Set<string>()
  #bytes = 0
  #count = 0
  /** Numbers of the oldest piece that is there and of the newest that was asked for. */
  #known: { readonly oldest: number; readonly newest: number } | undefined

  /** `newest`: the number of the newest piece that the archive may have, 0 if none. */
  constructor(command: Fetcher, scratch: Scratch, newest: () => number, keptBytes = KEPT_BYTES) {
    this.#command = command
    this.#scratch = scratch
    this.#newest = newest
    this.#keptBytes = keptBytes
  }

  pieces(timeline: number): readonly string[] {
    const newest = this.#newest()
    const isThere = (number: number): boolean => this.#find(pieceName(timeline, number)) !== undefined
    if (this.#known === undefined) {
      let oldest = newest + 1
      while (oldest > 1 && isThere(oldest - 1)) oldest--
      this.#known = { oldest, newest }
    }
    const { oldest } = this.#known
    const names: string[] = []
    for (let number = oldest; number <= newest; number++)
      if (number <= this.#known.newest || isThere(number)) names.push(pieceName(timeline, number))
    return names
  }

  locate(name: string): ArchivedFile {
    const found = this.#missing.has(name) ? undefined : this.#find(name)
    if (found === undefined) {
      // A segment that is not there now will not come; a piece may be archived meanwhile.
      if (parsePieceName(name) === undefined) this.#missing.add(name)
      throw storeErrorOf('ENOENT', 'read', name)
    }
    return { files: this.#scratch.files, path: found }
  }

  #find(name: string): string | undefined {
    const known = this.#fetched.get(name)
    if (known !== undefined) {
      this.#fetched.delete(name)
      this.#fetched.set(name, known)
      return known.path
    }
    const isSafe =
      parsePieceName(name) !== undefined ||
      (name.startsWith(`${DATA_FOLDER}/`) && isSegmentPath(name.slice(DATA_FOLDER.length + 1)))
    if (!isSafe)
      throw new HoldfastError('data', `The log names a data segment ${name}, which is not allowed.`, {
        code: 'segmentName',
        where: { file: name },
      })
    const found = fetchFile(this.#command, this.#scratch, name, `fetched-${this.#count++}`)
    if (found === undefined) return undefined
    const { files } = this.#scratch
    this.#fetched.set(name, found)
    this.#bytes += found.bytes
    for (const [old, { path: oldPath, bytes }] of this.#fetched) {
      if (this.#bytes <= this.#keptBytes || old === name) break
      files.remove(oldPath)
      this.#fetched.delete(old)
      this.#bytes -= bytes
    }
    return found.path
  }
}
