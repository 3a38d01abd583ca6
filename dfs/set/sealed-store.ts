/**
 * An encrypted set, as a store that shows its files decrypted: names, sizes, content and checksums are those of the plain files (sealed-file.ts, sealed-paths.ts).
 *
 * The name of a file is authenticated with it, so files cannot change places; a file that gets a new name is encrypted anew, but for the names under which a file is made
 * before it gets its own.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type {
  DirectoryEntry,
  FileReader,
  FileStat,
  FileStore,
  FileWriter,
  LogFile,
  StoreAddress,
} from '../store/file-store.ts'
import type { BackupKey } from './key.ts'
import { Seal } from './seal.ts'
import { contentBytes, OpeningReader, SealingWriter, sealBroken, sealedHead } from './sealed-file.ts'
import { boundName, isPlainFile, SealedNames } from './sealed-paths.ts'

/** Whether names are encrypted, or content only. */
export type NameSealing = 'sealed' | 'plain'

export class SealedFileStore implements FileStore {
  readonly root: string
  readonly seal: Seal
  readonly #inner: FileStore
  readonly #names: SealedNames | undefined

  constructor(inner: FileStore, key: BackupKey, names: NameSealing) {
    this.root = inner.root
    this.#inner = inner
    this.seal = new Seal(key)
    this.#names = names === 'sealed' ? new SealedNames(this.seal) : undefined
  }

  get address(): StoreAddress | undefined {
    const inner = this.#inner.address
    if (inner?.kind !== 'local') return undefined
    const names = this.#names === undefined ? 'plain' : 'sealed'
    return { ...inner, kind: 'sealed', key: this.seal.key, names }
  }

  openWrite(path: string): FileWriter {
    if (isPlainFile(path)) return this.#inner.openWrite(this.#place(path))
    const { head, key } = sealedHead(this.seal)
    const writer = this.#inner.openWrite(this.#place(path))
    try {
      writer.write(head)
    } catch (error) {
      writer.close()
      throw error
    }
    return new SealingWriter(writer, key, boundName(path))
  }

  openRead(path: string): FileReader {
    const reader = this.#inner.openRead(this.#place(path))
    if (isPlainFile(path)) return reader
    try {
      return new OpeningReader(reader, this.seal, boundName(path), path)
    } catch (error) {
      reader.close()
      throw error
    }
  }

  readFile(path: string): Uint8Array {
    if (isPlainFile(path)) return this.#inner.readFile(this.#place(path))
    const reader = this.openRead(path)
    try {
      const content = new Uint8Array(reader.bytes)
      if (reader.read(content, 0) < content.length) throw sealBroken(path)
      return content
    } finally {
      reader.close()
    }
  }

  rename(from: string, to: string): void {
    const isFile = !isPlainFile(to) && this.stat(from)?.kind === 'file'
    if (isFile && !boundName(from).equals(boundName(to))) this.#encryptAnew(from, to)
    else this.#inner.rename(this.#place(from), this.#place(to))
  }

  /** Readers see the old file of the name or the new one, as with any rename. */
  #encryptAnew(from: string, to: string): void {
    const made = `${to}.part`
    const reader = this.openRead(from)
    try {
      const writer = this.openWrite(made)
      try {
        const piece = new Uint8Array(1 << 17)
        for (let at = 0; at < reader.bytes; ) {
          const bytes = reader.read(piece, at)
          writer.write(piece.subarray(0, bytes))
          at += bytes
        }
        writer.sync()
      } finally {
        writer.close()
      }
    } finally {
      reader.close()
    }
    this.rename(made, to)
    this.remove(from)
  }

  stat(path: string): FileStat | undefined {
    const found = this.#inner.stat(this.#place(path))
    if (found?.kind !== 'file' || isPlainFile(path)) return found
    return { ...found, bytes: contentBytes(found.bytes) }
  }

  writeFileAtomic(path: string, content: Uint8Array | string): void {
    if (isPlainFile(path)) {
      this.#inner.writeFileAtomic(this.#place(path), content)
      return
    }
    const { head, key } = sealedHead(this.seal)
    const parts: Uint8Array[] = [head]
    const writer = new SealingWriter(collector(parts), key, boundName(path))
    writer.write(typeof content === 'string' ? Buffer.from(content) : content)
    writer.sync()
    this.#inner.writeFileAtomic(this.#place(path), Buffer.concat(parts))
  }

  /** Only to sync a file: what is in it cannot be written in place. */
  openLog(path: string): LogFile {
    const file = this.#inner.openLog(this.#place(path))
    if (isPlainFile(path)) return file
    const refuse = (): never => {
      throw new HoldfastError('bug', `${path} is encrypted: it is not read or written in place`)
    }
    return {
      bytes: contentBytes(file.bytes),
      read: refuse,
      writeAt: refuse,
      truncate: refuse,
      sync: () => file.sync(),
      close: () => file.close(),
    }
  }

  remove(path: string): void {
    this.#inner.remove(this.#place(path))
  }

  removeTree(path: string): void {
    this.#inner.removeTree(this.#place(path))
  }

  makeDirectory(path: string): void {
    this.#inner.makeDirectory(this.#place(path))
  }

  removeEmptyDirectory(path: string): void {
    this.#inner.removeEmptyDirectory(this.#place(path))
  }

  syncDirectory(path: string): void {
    this.#inner.syncDirectory(this.#place(path))
  }

  list(path: string): readonly DirectoryEntry[] {
    const entries = this.#inner.list(this.#place(path))
    const names = this.#names
    if (names === undefined) return entries
    return entries
      .map((e) => ({ ...e, name: names.nameOf(path, e.name) }))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  #place(path: string): string {
    return this.#names === undefined ? path : this.#names.place(path)
  }
}

/** A writer into memory. */
function collector(parts: Uint8Array[]): FileWriter {
  return {
    bytesWritten: 0,
    write: (bytes) => {
      parts.push(Uint8Array.from(bytes))
    },
    startWriteback: () => {},
    sync: () => {},
    close: () => {},
  }
}
