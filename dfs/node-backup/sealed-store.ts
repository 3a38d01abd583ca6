/**
 * An encrypted set, as a store that shows its files decrypted: sizes, content and checksums are those of the plain files. Manifests and the lock are not encrypted.
 *
 * A sealed file: "HFSEAL01", 12 random bytes (nonce), the content in AES-256-GCM, 16 bytes (tag). The name of the file in the set is authenticated with it, so files cannot
 * change places; the folder of a run counts as that of its backup, whose name it gets. A file with a new name is therefore encrypted anew.
 *
 * Sealed files are written once from start to end, and read from start to end. A file that is not what was written fails no later than with its last byte; until
 * then the checksums of the backup stand between what was read and its use.
 */
import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM, randomBytes } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import { LOCK_FOLDER, MANIFEST_FILE, STATES_FOLDER } from '../set/layout.ts'
import type { DirectoryEntry, FileReader, FileStat, FileStore, FileWriter, LogFile } from '../store/file-store.ts'
import type { BackupKey } from './key.ts'

export const CIPHER = 'AES-256-GCM'
const ALGORITHM = 'aes-256-gcm'
const MAGIC = Buffer.from('HFSEAL01')
const NONCE_BYTES = 12
const HEAD_BYTES = MAGIC.length + NONCE_BYTES
const TAG_BYTES = 16
const EXTRA_BYTES = HEAD_BYTES + TAG_BYTES

const isPlain = (path: string): boolean =>
  path.startsWith(MANIFEST_FILE) ||
  path.startsWith(LOCK_FOLDER) ||
  (path.startsWith(`${STATES_FOLDER}/`) && /^[^/]+\/manifest\.json/.test(path.slice(STATES_FOLDER.length + 1)))

/** What is authenticated with a file: its path once the backup is complete. */
const boundName = (path: string): Buffer => Buffer.from(path.replace(/^(states\/[^/]+)\.partial\//, '$1/'))

export class SealedFileStore implements FileStore {
  readonly root: string
  readonly #inner: FileStore
  readonly #key: Uint8Array

  constructor(inner: FileStore, key: BackupKey) {
    this.root = inner.root
    this.#inner = inner
    this.#key = key.bytes
  }

  openWrite(path: string): FileWriter {
    return isPlain(path) ? this.#inner.openWrite(path) : this.#openSealed(path, path)
  }

  #openSealed(path: string, name: string): FileWriter {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce)
    cipher.setAAD(boundName(name))
    const writer = this.#inner.openWrite(path)
    try {
      writer.write(Buffer.concat([MAGIC, nonce]))
    } catch (error) {
      writer.close()
      throw error
    }
    return new SealingWriter(writer, cipher)
  }

  openRead(path: string): FileReader {
    const reader = this.#inner.openRead(path)
    if (isPlain(path)) return reader
    try {
      return new OpeningReader(reader, this.#key, path)
    } catch (error) {
      reader.close()
      throw error
    }
  }

  readFile(path: string): Uint8Array {
    if (isPlain(path)) return this.#inner.readFile(path)
    const reader = this.openRead(path)
    try {
      const content = new Uint8Array(reader.bytes)
      let at = 0
      while (at < content.length) {
        const bytes = reader.read(content.subarray(at), at)
        if (bytes === 0) throw broken(path)
        at += bytes
      }
      return content
    } finally {
      reader.close()
    }
  }

  rename(from: string, to: string): void {
    const isFile = !isPlain(to) && this.#inner.stat(from)?.kind === 'file'
    if (!isFile || boundName(from).equals(boundName(to))) {
      this.#inner.rename(from, to)
      return
    }
    const renamed = `${from}.renamed`
    const reader = this.openRead(from)
    try {
      const writer = this.#openSealed(renamed, to)
      try {
        const piece = new Uint8Array(1 << 17)
        for (let at = 0; at < reader.bytes; ) {
          const bytes = reader.read(piece, at)
          if (bytes === 0) throw broken(from)
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
    this.#inner.rename(renamed, to)
    this.#inner.remove(from)
  }

  stat(path: string): FileStat | undefined {
    const found = this.#inner.stat(path)
    if (found?.kind !== 'file' || isPlain(path)) return found
    return { ...found, bytes: Math.max(0, found.bytes - EXTRA_BYTES) }
  }

  writeFileAtomic(path: string, content: Uint8Array | string): void {
    if (!isPlain(path)) throw new HoldfastError('bug', `${path} of an encrypted set is not replaced in place`)
    this.#inner.writeFileAtomic(path, content)
  }

  /** Only to sync a file: what is in it cannot be written in place. */
  openLog(path: string): LogFile {
    return this.#inner.openLog(path)
  }

  remove(path: string): void {
    this.#inner.remove(path)
  }

  removeTree(path: string): void {
    this.#inner.removeTree(path)
  }

  makeDirectory(path: string): void {
    this.#inner.makeDirectory(path)
  }

  removeEmptyDirectory(path: string): void {
    this.#inner.removeEmptyDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#inner.syncDirectory(path)
  }

  list(path: string): readonly DirectoryEntry[] {
    return this.#inner.list(path)
  }
}

class SealingWriter implements FileWriter {
  readonly #inner: FileWriter
  readonly #cipher: CipherGCM
  #isFinished = false
  bytesWritten = 0

  constructor(inner: FileWriter, cipher: CipherGCM) {
    this.#inner = inner
    this.#cipher = cipher
  }

  write(bytes: Uint8Array): void {
    this.#inner.write(this.#cipher.update(bytes))
    this.bytesWritten += bytes.length
  }

  startWriteback(): void {
    this.#finish()
    this.#inner.startWriteback()
  }

  sync(): void {
    this.#finish()
    this.#inner.sync()
  }

  close(): void {
    this.#inner.close()
  }

  #finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#inner.write(Buffer.concat([this.#cipher.final(), this.#cipher.getAuthTag()]))
  }
}

class OpeningReader implements FileReader {
  readonly bytes: number
  readonly #inner: FileReader
  readonly #decipher: DecipherGCM
  readonly #path: string
  #at = 0

  constructor(inner: FileReader, key: Uint8Array, path: string) {
    this.#inner = inner
    this.#path = path
    this.bytes = inner.bytes - EXTRA_BYTES
    const head = Buffer.alloc(HEAD_BYTES)
    if (this.bytes < 0 || inner.read(head, 0) < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC))
      throw broken(path)
    const decipher = createDecipheriv(ALGORITHM, key, head.subarray(MAGIC.length))
    decipher.setAAD(boundName(path))
    this.#decipher = decipher
    if (this.bytes === 0) this.#finish()
  }

  read(into: Uint8Array, offset: number): number {
    if (offset !== this.#at) throw new HoldfastError('bug', `${this.#path} is sealed: it is read from start to end`)
    const wanted = Math.min(into.length, this.bytes - offset)
    if (wanted <= 0) return 0
    const bytes = this.#inner.read(into.subarray(0, wanted), HEAD_BYTES + offset)
    into.set(this.#decipher.update(into.subarray(0, bytes)))
    this.#at += bytes
    if (this.#at === this.bytes) this.#finish()
    return bytes
  }

  close(): void {
    this.#inner.close()
  }

  #finish(): void {
    const tag = Buffer.alloc(TAG_BYTES)
    if (this.#inner.read(tag, HEAD_BYTES + this.bytes) < TAG_BYTES) throw broken(this.#path)
    this.#decipher.setAuthTag(tag)
    try {
      this.#decipher.final()
    } catch {
      // The one thing that final says: the tag is not that of key, name and content.
      throw broken(this.#path)
    }
  }
}

/** An error of reading, like one of the disk: whoever checks files reports it as such. */
const broken = (path: string): HoldfastError =>
  new HoldfastError('io', `${path} is not what was encrypted under this name`, {
    code: 'sealBroken',
    where: { file: path },
  })
