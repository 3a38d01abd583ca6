/**
 * A folder of the local file system as a FileStore. Every call blocks. A write that the system cut short goes on where it stopped; an fsync that failed
 * is reported once and never tried again, because the pages may be gone although a second fsync would say yes.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { STORE_FILE_MODE } from './data-directory.ts'
import type {
  DirectoryEntry,
  FileReader,
  FileStat,
  FileStore,
  FileWriter,
  LogFile,
  StoreAddress,
} from './file-store.ts'
import { makeFolders } from './make-folders.ts'
import { parentOf, pathNames } from './paths.ts'
import { storeError } from './store-error.ts'
import type { WriteBehind } from './write-behind.ts'

/** The most that one system call is asked to move: far below the 2 GiB that Linux allows. */
const CALL_BYTES_MAX = 1 << 28
/**
 * And of a new file: for larger writes Linux takes large pages, which on a virtual machine are memory that was not touched for long. 630 MB in writes of 3 MB took 0.4 to
 * 3.2 s, in writes of 128 KB 0.2 to 0.3 s.
 */
const NEW_FILE_CALL_BYTES = 1 << 17

const MAKE_FOLDER_ATTEMPTS = 5

let temporaryCount = 0

export interface LocalStoreOptions {
  /**
   * Nothing is made, renamed or removed through a symbolic link below the root: for folders that come from elsewhere, in which a link would lead our writes out.
   * Data directories may have links, such as `chunks` on another volume.
   */
  readonly refusesLinks?: boolean
}

export class LocalFileStore implements FileStore {
  readonly root: string
  readonly #refusesLinks: boolean
  /** The folder that was found free of links last. */
  #lastRealFolder: string | undefined

  constructor(root: string, { refusesLinks = false }: LocalStoreOptions = {}) {
    this.root = resolve(root)
    this.#refusesLinks = refusesLinks
  }

  get address(): StoreAddress {
    return { kind: 'local', root: this.root, refusesLinks: this.#refusesLinks }
  }

  openWrite(path: string, behind?: WriteBehind): FileWriter {
    const file = this.#placeToChange(path)
    return attempt('create', file, () => {
      const descriptor = openNew(file, WRITE | this.#noFollow)
      return behind?.open(descriptor, file) ?? new LocalWriter(descriptor, file)
    })
  }

  openLog(path: string): LogFile {
    const file = this.#placeToChange(path)
    const flags = constants.O_RDWR | constants.O_CREAT | this.#noFollow
    return attempt('open', file, () => new LocalLogFile(openMaking(file, flags), file))
  }

  openRead(path: string): FileReader {
    const file = this.#place(path)
    return attempt('open', file, () => {
      // Without waiting for somebody to write, should it be a pipe.
      const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
      try {
        const found = fstatSync(descriptor)
        if (!found.isFile()) throw Object.assign(new Error(), { code: found.isDirectory() ? 'EISDIR' : 'EFTYPE' })
        return new LocalReader(descriptor, found.size, file)
      } catch (error) {
        closeSync(descriptor)
        throw error
      }
    })
  }

  readFile(path: string): Uint8Array {
    const file = this.#place(path)
    return attempt('read', file, () => readFileSync(file))
  }

  writeFileAtomic(path: string, content: Uint8Array | string): void {
    const temporary = `${path}.${process.pid}-${temporaryCount++}.tmp`
    const writer = this.openWrite(temporary)
    try {
      writer.write(typeof content === 'string' ? Buffer.from(content) : content)
      writer.sync()
      writer.close()
      this.rename(temporary, path)
    } catch (error) {
      writer.close()
      this.remove(temporary)
      throw error
    }
    this.syncDirectory(parentOf(path))
  }

  rename(from: string, to: string): void {
    const source = this.#placeToChange(from)
    const target = this.#placeToChange(to)
    this.#lastRealFolder = undefined
    attempt('rename', source, () => {
      try {
        renameSync(source, target)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || this.stat(from) === undefined) throw error
        makeFolders(dirname(target))
        renameSync(source, target)
      }
    })
  }

  remove(path: string): void {
    const file = this.#placeToChange(path)
    ignoring(['ENOENT', 'ENOTDIR'], 'remove', file, () => unlinkSync(file))
  }

  removeTree(path: string): void {
    const folder = this.#placeToChange(path)
    this.#lastRealFolder = undefined
    attempt('remove', folder, () => rmSync(folder, { recursive: true, force: true }))
  }

  makeDirectory(path: string): void {
    const folder = this.#placeToChange(path)
    attempt('create folder', folder, () => makeFolders(folder))
  }

  removeEmptyDirectory(path: string): void {
    const folder = this.#placeToChange(path)
    this.#lastRealFolder = undefined
    ignoring(['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'], 'remove folder', folder, () => rmdirSync(folder))
  }

  syncDirectory(path: string): void {
    // Windows has no handle that would sync a folder; its rename is journaled.
    if (process.platform === 'win32') return
    const folder = this.#place(path)
    attempt('sync folder', folder, () => {
      const descriptor = openSync(folder, 'r')
      try {
        fsyncSync(descriptor)
      } finally {
        closeSync(descriptor)
      }
    })
  }

  stat(path: string): FileStat | undefined {
    const file = this.#place(path)
    return ignoring(['ENOENT', 'ENOTDIR'], 'inspect', file, () => {
      const found = statSync(file)
      return { kind: kindOf(found), bytes: found.size, modifiedMs: found.mtimeMs }
    })
  }

  list(path: string): readonly DirectoryEntry[] {
    const folder = this.#place(path)
    const entries = ignoring(['ENOENT', 'ENOTDIR'], 'list', folder, () =>
      readdirSync(folder, { withFileTypes: true }).map((e) => ({ name: e.name, kind: kindOf(e) })),
    )
    return (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  #place(path: string): string {
    return join(this.root, ...pathNames(path))
  }

  /** The same for something that will be made, renamed or removed. */
  #placeToChange(path: string): string {
    const names = pathNames(path)
    if (this.#refusesLinks && names.length > 1) this.#requireRealFolders(names.slice(0, -1))
    return join(this.root, ...names)
  }

  #requireRealFolders(names: readonly string[]): void {
    const whole = join(this.root, ...names)
    if (whole === this.#lastRealFolder) return
    let folder = this.root
    for (const name of names) {
      folder = join(folder, name)
      const found = ignoring(['ENOENT', 'ENOTDIR'], 'inspect', folder, () => lstatSync(folder))
      // What is missing will be made, as a folder.
      if (found === undefined) return
      if (found.isSymbolicLink()) throw linkRefused(folder, this.root)
    }
    this.#lastRealFolder = whole
  }

  get #noFollow(): number {
    return this.#refusesLinks ? (constants.O_NOFOLLOW ?? 0) : 0
  }
}

const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC

const linkRefused = (folder: string, root: string): HoldfastError =>
  new HoldfastError('data', `${folder} is a symbolic link: nothing is written to or removed from where it leads.`, {
    code: 'linkRefused',
    where: { file: folder },
    hint: `replace the link by the folder itself, or mount the other volume there; ${root} itself may be a link`,
  })

/** Where a process finds its own open files again, by descriptor. */
const OWN_FILES = '/proc/self/fd'

/**
 * Writeback: Node has no sync_file_range, but ext4 (and btrfs) begin to write a file out when a descriptor of it is closed after the file was cut to nothing, which
 * is meant for programs that replace files without a sync. So the file is cut once when it is made, and `startWriteback` closes the descriptor that wrote, after it
 * has opened another one on the same file: errors from then on are reported to that one. Copies of 2 GB gain a third by it; elsewhere it does nothing.
 */
class LocalWriter implements FileWriter {
  #descriptor: number | undefined
  readonly #file: string
  #bytesWritten = 0

  constructor(descriptor: number, file: string) {
    this.#descriptor = descriptor
    this.#file = file
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  write(bytes: Uint8Array): void {
    attempt('write', this.#file, () => {
      for (let at = 0; at < bytes.length; ) {
        const moved = writeSync(this.#descriptor!, bytes, at, Math.min(bytes.length - at, NEW_FILE_CALL_BYTES))
        at += moved
        this.#bytesWritten += moved
      }
    })
  }

  startWriteback(): void {
    if (process.platform !== 'linux') return
    let another: number
    try {
      another = openSync(`${OWN_FILES}/${this.#descriptor}`, 'r+')
    } catch {
      // Without /proc, or with no descriptor to spare: the sync does it all.
      return
    }
    const written = this.#descriptor!
    this.#descriptor = another
    attempt('write', this.#file, () => closeSync(written))
  }

  sync(): void {
    attempt('sync', this.#file, () => fsyncSync(this.#descriptor!))
  }

  close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) attempt('close', this.#file, () => closeSync(descriptor))
  }
}

class LocalLogFile implements LogFile {
  #descriptor: number | undefined
  readonly #file: string
  #bytes: number
  /** The size on disk may differ; true at first, because nobody knows how the file was left. */
  #isResized = true

  constructor(descriptor: number, file: string) {
    this.#descriptor = descriptor
    this.#file = file
    this.#bytes = fstatSync(descriptor).size
  }

  get bytes(): number {
    return this.#bytes
  }

  read(into: Uint8Array, offset: number): number {
    return attempt('read', this.#file, () => readFully(this.#descriptor!, into, offset))
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    attempt('write', this.#file, () => {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(bytes.length - at, CALL_BYTES_MAX)
        at += writeSync(this.#descriptor!, bytes, at, length, offset + at)
        if (offset + at > this.#bytes) this.#resized(offset + at)
      }
    })
  }

  truncate(bytes: number): void {
    attempt('truncate', this.#file, () => {
      ftruncateSync(this.#descriptor!, bytes)
      this.#resized(bytes)
    })
  }

  sync(): void {
    attempt('sync', this.#file, () => {
      // Without a new size there is no metadata to wait for.
      if (this.#isResized) fsyncSync(this.#descriptor!)
      else fdatasyncSync(this.#descriptor!)
      this.#isResized = false
    })
  }

  close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) attempt('close', this.#file, () => closeSync(descriptor))
  }

  #resized(bytes: number): void {
    this.#bytes = bytes
    this.#isResized = true
  }
}

class LocalReader implements FileReader {
  readonly bytes: number
  #descriptor: number | undefined
  readonly #file: string

  constructor(descriptor: number, bytes: number, file: string) {
    this.#descriptor = descriptor
    this.bytes = bytes
    this.#file = file
  }

  read(into: Uint8Array, offset: number): number {
    return attempt('read', this.#file, () => readFully(this.#descriptor!, into, offset))
  }

  close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) attempt('close', this.#file, () => closeSync(descriptor))
  }
}

/** A new, empty file. It is cut once, for the sake of what LocalWriter says of writeback. */
function openNew(file: string, flags: number): number {
  const descriptor = openMaking(file, flags)
  if (process.platform !== 'linux') return descriptor
  try {
    ftruncateSync(descriptor, 0)
    return descriptor
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Opens a file and makes the folders that are missing. */
function openMaking(file: string, flags: number): number {
  for (let attempts = 0; ; attempts++)
    try {
      return openSync(file, flags, STORE_FILE_MODE)
    } catch (error) {
      // Somebody who tidies up may remove the empty folder before the file is in it: make it again.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === MAKE_FOLDER_ATTEMPTS) throw error
      makeFolders(dirname(file))
    }
}

/** Goes on where the system cut a read short; stops at the end of the file. */
function readFully(descriptor: number, into: Uint8Array, offset: number): number {
  let done = 0
  while (done < into.length) {
    const length = Math.min(into.length - done, CALL_BYTES_MAX)
    const moved = readSync(descriptor, into, done, length, offset + done)
    if (moved === 0) break
    done += moved
  }
  return done
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): 'file' | 'directory' | 'other' {
  return entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : 'other'
}

function attempt<R>(call: string, file: string, body: () => R): R {
  try {
    return body()
  } catch (error) {
    throw storeError(call, file, error)
  }
}

/** Undefined where the system answers with one of the codes. */
function ignoring<R>(codes: readonly string[], call: string, file: string, body: () => R): R | undefined {
  try {
    return body()
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw storeError(call, file, error)
  }
}
