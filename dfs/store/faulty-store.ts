/**
 * A store that fails on purpose, around any other store. Counted calls are those that change something: create, open a log, write, truncate, sync,
 * rename, remove, make or sync a folder. Faults:
 * - `failCall: n` - the n-th call (from 1) throws `code` (default EIO); a write lands a random part first; later calls work, but no later sync saves what a
 *   failed one was to save (in MemoryFileStore);
 * - `dieAtCall: n` - the process "dies" in the n-th call: it and every later call throw `StoreDied`; a write lands a random part first;
 * - `bytesMax` - after so many written bytes every write throws ENOSPC (a short write lands first);
 * - `failReads: n` - the n-th read throws EIO.
 */
import type { FileReader, FileStore, FileWriter, LogFile } from './file-store.ts'
import { MemoryLogFile } from './memory-store.ts'
import { storeErrorOf } from './store-error.ts'

export interface StoreFaults {
  readonly failCall?: number
  readonly code?: string
  readonly dieAtCall?: number
  readonly bytesMax?: number
  readonly failReads?: number
  /** In [0, 1), for the part of a write that lands. */
  readonly random?: () => number
}

/** The simulated end of the process. Not a HoldfastError: nothing may handle it. */
export class StoreDied extends Error {}

export class FaultyFileStore implements FileStore {
  readonly root: string
  readonly inner: FileStore
  faults: StoreFaults
  /** Changing calls so far, to enumerate them: run once without faults, then once for each number. */
  calls = 0
  reads = 0
  bytesWritten = 0
  /** Name and path of each changing call. */
  readonly log: string[] = []

  constructor(inner: FileStore, faults: StoreFaults = {}) {
    this.inner = inner
    this.root = inner.root
    this.faults = faults
  }

  openWrite(path: string): FileWriter {
    return this.#change('create', path, () => this.#watched(this.inner.openWrite(path), path))
  }

  openRead(path: string): FileReader {
    this.#checkRead(path)
    const reader = this.inner.openRead(path)
    return {
      bytes: reader.bytes,
      read: (into, offset) => {
        this.#checkRead(path)
        return reader.read(into, offset)
      },
      close: () => reader.close(),
    }
  }

  openLog(path: string): LogFile {
    return this.#change('openLog', path, () => this.#watchedLog(this.inner.openLog(path), path))
  }

  readFile(path: string): Uint8Array {
    this.#checkRead(path)
    return this.inner.readFile(path)
  }

  writeFileAtomic(path: string, content: Uint8Array | string): void {
    const temporary = `${path}.tmp`
    const writer = this.openWrite(temporary)
    writer.write(typeof content === 'string' ? Buffer.from(content) : content)
    writer.sync()
    writer.close()
    this.rename(temporary, path)
    this.syncDirectory(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')
  }

  rename(from: string, to: string): void {
    this.#change('rename', `${from} -> ${to}`, () => this.inner.rename(from, to))
  }
  remove(path: string): void {
    this.#change('remove', path, () => this.inner.remove(path))
  }
  removeTree(path: string): void {
    this.#change('removeTree', path, () => this.inner.removeTree(path))
  }
  makeDirectory(path: string): void {
    this.#change('makeDirectory', path, () => this.inner.makeDirectory(path))
  }
  removeEmptyDirectory(path: string): void {
    this.#change('removeEmptyDirectory', path, () => this.inner.removeEmptyDirectory(path))
  }
  syncDirectory(path: string): void {
    this.#change('syncDirectory', path, () => this.inner.syncDirectory(path))
  }
  stat(path: string): ReturnType<FileStore['stat']> {
    this.#checkAlive()
    return this.inner.stat(path)
  }
  list(path: string): ReturnType<FileStore['list']> {
    this.#checkAlive()
    return this.inner.list(path)
  }

  #watched(writer: FileWriter, path: string): FileWriter {
    return {
      get bytesWritten() {
        return writer.bytesWritten
      },
      write: (bytes) => this.#write(path, bytes, 0, (part) => writer.write(part)),
      startWriteback: () => writer.startWriteback(),
      sync: () => this.#change('sync', path, () => writer.sync()),
      close: () => writer.close(),
    }
  }

  #watchedLog(log: LogFile, path: string): LogFile {
    return {
      get bytes() {
        return log.bytes
      },
      read: (into, offset) => {
        this.#checkRead(path)
        return log.read(into, offset)
      },
      writeAt: (bytes, offset) => {
        const inPlace = Math.max(0, Math.min(log.bytes - offset, bytes.length))
        this.#write(path, bytes, inPlace, (part) => log.writeAt(part, offset))
      },
      truncate: (bytes) => this.#change('truncate', path, () => log.truncate(bytes)),
      sync: () =>
        this.#change(
          'sync',
          path,
          () => log.sync(),
          () => {
            if (this.calls !== this.faults.dieAtCall && log instanceof MemoryLogFile) log.failSync()
          },
        ),
      close: () => log.close(),
    }
  }

  /** One write call; `inPlace` of its bytes need no new space. */
  #write(path: string, bytes: Uint8Array, inPlace: number, land: (part: Uint8Array) => void): void {
    const room = Math.max(0, (this.faults.bytesMax ?? Number.POSITIVE_INFINITY) - this.bytesWritten) + inPlace
    this.#change(
      'write',
      path,
      () => {
        const landing = Math.min(bytes.length, room)
        land(bytes.subarray(0, landing))
        this.bytesWritten += Math.max(0, landing - inPlace)
        if (landing < bytes.length) throw storeErrorOf('ENOSPC', 'write', path)
      },
      () => land(bytes.subarray(0, Math.floor((this.faults.random?.() ?? 0.5) * bytes.length))),
    )
  }

  #change<R>(call: string, path: string, body: () => R, onFault: () => void = () => {}): R {
    this.#checkAlive()
    this.calls++
    this.log.push(`${call} ${path}`)
    if (this.calls === this.faults.dieAtCall) {
      onFault()
      throw new StoreDied(`died in call ${this.calls}: ${call} ${path}`)
    }
    if (this.calls === this.faults.failCall) {
      onFault()
      throw storeErrorOf(this.faults.code ?? 'EIO', call, path)
    }
    return body()
  }

  #checkRead(path: string): void {
    this.#checkAlive()
    if (++this.reads === this.faults.failReads) throw storeErrorOf('EIO', 'read', path)
  }

  #checkAlive(): void {
    if (this.faults.dieAtCall !== undefined && this.calls >= this.faults.dieAtCall)
      throw new StoreDied('the process is dead')
  }
}
