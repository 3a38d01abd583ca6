/**
 * File group: a ring of `kwdb_wal0` .. `kwdb_wal<n-1>`. A batch that does not fit into the rest of a file goes to the next one, so records never span
 * files. A file is used again when a checkpoint covers it, oldest first, and keeps its size: its old records are overwritten as the new ones come.
 *
 * A file grows beyond its size in three cases: for a batch that is larger than a whole file; for the records of checkpoints and rollbacks, which make room and
 * put things right after a crash; and while the oldest file is covered but kept back for the archive. It is cut to its size when it is used again.
 */
import { walFull } from './errors.ts'
import { HEADER_BYTES } from './file-header.ts'
import { type LogFileSet, type Rotation, ringIndex, ringName } from './file-set.ts'

export class FileGroup implements Rotation {
  readonly #files: number
  readonly #fileBytes: number

  constructor(files: number, fileBytes: number) {
    this.#files = files
    this.#fileBytes = fileBytes
  }

  makeRoom(set: LogFileSet, bytes: number, mayGrow: boolean): void {
    const used = set.endOffset
    if (used + bytes <= this.#fileBytes || used === HEADER_BYTES) return
    if (this.#switch(set) || mayGrow || set.isCovered(set.files[0]!)) return
    throw walFull(this.#files, this.#fileBytes)
  }

  atCheckpoint(): void {}

  seal(set: LogFileSet): boolean {
    return this.#switch(set)
  }

  adopt(set: LogFileSet): void {
    if (set.current === undefined || ringIndex(set.current.name) === undefined) this.#switch(set)
  }

  recycles(name: string): boolean {
    const index = ringIndex(name)
    return index !== undefined && index < this.#files
  }

  /** Goes on in the next free file; false if there is none. */
  #switch(set: LogFileSet): boolean {
    const name = this.#unusedName(set) ?? (this.#mayReuseOldest(set) ? set.files[0]!.name : undefined)
    if (name === undefined) return false
    set.sync()
    if (set.files[0]?.name === name) set.files.shift()
    set.advance(name, set.prepareInPlace(name, this.#fileBytes))
    return true
  }

  #mayReuseOldest(set: LogFileSet): boolean {
    const oldest = set.files[0]
    return oldest !== undefined && this.recycles(oldest.name) && set.mayDropOldest()
  }

  /** The first name after the current file's that no file of the log has. */
  #unusedName(set: LogFileSet): string | undefined {
    const used = new Set(set.files.map((file) => file.name))
    const after = ringIndex(set.current?.name ?? '') ?? -1
    for (let k = 1; k <= this.#files; k++) {
      const name = ringName((after + k) % this.#files)
      if (!used.has(name)) return name
    }
    return undefined
  }
}
