/**
 * One file into the archive directory: written under a temporary name, synced, read back, renamed, and its folders synced. A file that is there with equal content
 * is done already; with other content it belongs to somebody else, and is left alone.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { Checksum } from '../store/checksum.ts'
import type { FileReader, FileStore } from '../store/file-store.ts'
import { foldersUpFrom, parentOf } from '../store/paths.ts'

const PIECE_BYTES = 1 << 20

/** Of a file that is being written; what a crash left under it is written over. */
export const UNFINISHED_SUFFIX = '.unfinished'

export class ArchiveDirectory {
  readonly store: FileStore
  readonly #interrupt: () => void
  readonly #buffer = new Uint8Array(PIECE_BYTES)
  /** Folders whose own names are durable. */
  readonly #known = new Set<string>()

  constructor(store: FileStore, interrupt: () => void) {
    this.store = store
    this.#interrupt = interrupt
  }

  /** The first `bytes` of a file of another store. `checksum`: what they must be, if that is known. Answers how many bytes were copied. */
  copy(from: FileStore, path: string, bytes: number, name: string, checksum?: string): number {
    const reader = from.openRead(path)
    try {
      const found = this.store.stat(name)
      if (found !== undefined) {
        this.#requireEqual(reader, bytes, name, found.bytes, checksum)
        this.#syncFolders(name)
        return 0
      }
      this.#write(name, (write) => {
        const digest = this.#read(reader, bytes, write)
        if (checksum !== undefined && digest !== checksum)
          throw new HoldfastError('data', `The file ${path} is not what the log names: its checksum is ${digest}.`, {
            code: 'archiveSource',
            where: { file: path },
            hint: 'run checkStore() to see what is damaged',
          })
        return digest
      })
      return bytes
    } finally {
      reader.close()
    }
  }

  /** A small file; one that is there is replaced. */
  put(name: string, content: Uint8Array): void {
    this.#write(name, (write) => {
      write(content)
      return new Checksum().update(content).hex()
    })
  }

  #write(name: string, fill: (write: (bytes: Uint8Array) => void) => string): void {
    const { store } = this
    const unfinished = name + UNFINISHED_SUFFIX
    const writer = store.openWrite(unfinished)
    try {
      const checksum = fill((bytes) => writer.write(bytes))
      writer.sync()
      const written = store.openRead(unfinished)
      try {
        if (written.bytes !== writer.bytesWritten || this.#read(written, written.bytes, () => {}) !== checksum)
          throw new HoldfastError('io', `The archive's file ${name} reads back as something else than was written.`, {
            code: 'archiveVerify',
            where: { file: name },
            hint: 'check the disk of the archive',
          })
      } finally {
        written.close()
      }
      writer.close()
      store.rename(unfinished, name)
    } catch (error) {
      writer.close()
      try {
        store.remove(unfinished)
      } catch {
        // The next attempt writes over it; the first failure is the one to be reported.
      }
      throw error
    }
    this.#syncFolders(name)
  }

  #requireEqual(
    reader: FileReader,
    bytes: number,
    name: string,
    foundBytes: number,
    checksum: string | undefined,
  ): void {
    if (foundBytes === bytes) {
      const expected = checksum ?? this.#read(reader, bytes, () => {})
      const existing = this.store.openRead(name)
      try {
        if (this.#read(existing, bytes, () => {}) === expected) return
      } finally {
        existing.close()
      }
    }
    throw new HoldfastError('conflict', `The archive has another file ${name} already; it was left as it is.`, {
      code: 'archiveConflict',
      where: { file: name },
      hint: 'two stores must not share an archive directory: give each its own',
    })
  }

  /** Checksum of the first `bytes`, each piece of which is handed on. */
  #read(reader: FileReader, bytes: number, take: (piece: Uint8Array) => void): string {
    const checksum = new Checksum()
    for (let at = 0; at < bytes; ) {
      this.#interrupt()
      const count = reader.read(this.#buffer.subarray(0, Math.min(PIECE_BYTES, bytes - at)), at)
      if (count === 0)
        throw new HoldfastError('data', `A file ends after ${at} of ${bytes} bytes.`, { code: 'archiveSource' })
      const piece = this.#buffer.subarray(0, count)
      checksum.update(piece)
      take(piece)
      at += count
    }
    return checksum.hex()
  }

  /** A folder that this run has not seen may be new, or may have been made by one that died before it synced: then all above it are synced, too. */
  #syncFolders(name: string): void {
    const folder = parentOf(name)
    for (const above of this.#known.has(folder) ? [folder] : foldersUpFrom(folder)) this.store.syncDirectory(above)
    this.#known.add(folder)
  }
}
