/**
 * The files of an open log, oldest first; the last one is written to.
 *
 * Always true: they are numbered without gaps, each begins at the LSN where the one before ends, and every file but the last is synced, because a file is synced
 * before its successor gets its header, and that header is synced before the first record behind it is written.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore, LogFile } from '../store/file-store.ts'
import type { LogFileInfo } from './commit-log.ts'
import { walBroken } from './errors.ts'
import { encodeHeader, HEADER_BYTES, type LogIdentity } from './file-header.ts'

export const LOG_FOLDER = 'wal'
export const CURRENT_FILE = 'current_file'
export const CHECKPOINT_FILE = 'checkpoint_file'
/** A file under this name is not yet part of the log. */
export const NEW_SUFFIX = '.new'

const RING_NAME = /^kwdb_wal(0|[1-9][0-9]{0,5})$/

export const ringName = (index: number): string => `kwdb_wal${index}`

export function ringIndex(name: string): number | undefined {
  const match = RING_NAME.exec(name)
  return match === null ? undefined : Number(match[1])
}

export const logPath = (name: string): string => `${LOG_FOLDER}/${name}`

/** A file of the log. */
export interface LogFileEntry {
  name: string
  readonly sequence: number
  readonly firstLsn: number
  /** Of a file that is no longer written to. */
  endLsn: number
  bytes: number
}

/** How files follow each other. */
export interface Rotation {
  /** Before a batch of so many bytes is written. `mayGrow`: it must not be refused for want of room. Throws `walFull`. */
  makeRoom(set: LogFileSet, bytes: number, mayGrow: boolean): void
  /** Everything is synced, and redo will start at the end. */
  atCheckpoint(set: LogFileSet): void
  /** Everything is synced, and the current file has records: goes on in another file if there is room for one. */
  seal(set: LogFileSet): boolean
  /** After opening: the last file may be missing (a new log), or one of the other strategy. */
  adopt(set: LogFileSet): void
  /** Whether a file that is covered stays to be used again. */
  recycles(name: string): boolean
}

export class LogFileSet {
  readonly store: FileStore
  readonly identity: LogIdentity
  readonly files: LogFileEntry[]
  readonly #retain: (info: LogFileInfo) => boolean
  #handle: LogFile | undefined
  #broken: HoldfastError | undefined
  end: number
  durable: number
  /** Below this LSN nothing is needed for redo. */
  covered: number

  constructor(parts: {
    readonly store: FileStore
    readonly identity: LogIdentity
    readonly files: LogFileEntry[]
    readonly handle: LogFile | undefined
    readonly end: number
    readonly covered: number
    readonly retain: (info: LogFileInfo) => boolean
  }) {
    this.store = parts.store
    this.identity = parts.identity
    this.files = parts.files
    this.#handle = parts.handle
    this.end = parts.end
    this.durable = parts.end
    this.covered = parts.covered
    this.#retain = parts.retain
  }

  get current(): LogFileEntry | undefined {
    return this.files[this.files.length - 1]
  }

  /** Where the next record goes in the current file. */
  get endOffset(): number {
    return HEADER_BYTES + this.end - this.current!.firstLsn
  }

  get bytes(): number {
    let sum = this.#handle?.bytes ?? this.current!.bytes
    for (let k = 0; k < this.files.length - 1; k++) sum += this.files[k]!.bytes
    return sum
  }

  requireUsable(): void {
    if (this.#broken !== undefined) throw this.#broken
    if (this.#handle === undefined) throw new HoldfastError('bug', 'The log is closed.', { code: 'walClosed' })
  }

  /** After a failure in the body the state on disk is unknown, so the log takes no more records. */
  critical(body: () => void): void {
    try {
      body()
    } catch (error) {
      this.#broken ??= walBroken(error)
      throw error
    }
  }

  /** Writes at the end; what a failed write left is taken back. */
  write(batch: Uint8Array): void {
    const offset = this.endOffset
    try {
      this.#handle!.writeAt(batch, offset)
    } catch (error) {
      // Synced, because a part of this batch must never reappear behind the records that take its place.
      this.#attemptCritical(() => {
        this.#handle!.truncate(offset)
        this.#handle!.sync()
      })
      throw error
    }
    this.end += batch.length
  }

  sync(): void {
    if (this.durable === this.end) return
    this.critical(() => this.#handle!.sync())
    this.durable = this.end
  }

  /** A complete file with nothing but a header for the records from the end on, synced, under a name that is not yet part of the log. */
  prepareNew(name: string): LogFile {
    const path = logPath(name)
    const handle = this.store.openLog(path)
    try {
      if (handle.bytes > 0) handle.truncate(0)
      handle.writeAt(this.#nextHeader(false), 0)
      handle.sync()
    } catch (error) {
      handle.close()
      attempt(() => this.store.remove(path))
      throw error
    }
    return handle
  }

  /** Writes the header for the records from the end on over what is in a file of the ring. `bytesMax`: what is left of it. */
  prepareInPlace(name: string, bytesMax: number): LogFile {
    const handle = this.store.openLog(logPath(name))
    try {
      if (handle.bytes > bytesMax) handle.truncate(bytesMax)
      handle.writeAt(this.#nextHeader(handle.bytes > HEADER_BYTES), 0)
      handle.sync()
      this.store.syncDirectory(LOG_FOLDER)
    } catch (error) {
      // A header that says that the log goes on here would end the file before it.
      this.#attemptCritical(() => {
        handle.truncate(0)
        handle.sync()
      })
      handle.close()
      throw error
    }
    return handle
  }

  /** From now on records go to this file. */
  advance(name: string, handle: LogFile): void {
    const previous = this.current
    if (previous !== undefined) {
      previous.endLsn = this.end
      previous.bytes = this.#handle!.bytes
      this.#handle!.close()
    }
    this.files.push({ name, sequence: this.#nextSequence, firstLsn: this.end, endLsn: this.end, bytes: 0 })
    this.#handle = handle
  }

  rename(file: LogFileEntry, name: string): void {
    this.store.rename(logPath(file.name), logPath(name))
    this.store.syncDirectory(LOG_FOLDER)
    file.name = name
  }

  isCovered(file: LogFileEntry): boolean {
    return file !== this.current && file.endLsn <= this.covered
  }

  /** Whether the oldest file may be deleted or used again. */
  mayDropOldest(): boolean {
    const oldest = this.files[0]!
    return this.isCovered(oldest) && !this.#retain(this.info(oldest, 'sealed'))
  }

  /** Deletes covered files; those that the rotation uses again stay, unless they are older than one that goes. */
  dropCovered(rotation: Rotation): void {
    let count = 0
    this.files.forEach((file, k) => {
      if (this.isCovered(file) && !rotation.recycles(file.name)) count = k + 1
    })
    for (; count > 0 && this.mayDropOldest(); count--) {
      this.store.remove(logPath(this.files[0]!.name))
      this.files.shift()
    }
  }

  info(file: LogFileEntry, state: LogFileInfo['state']): LogFileInfo {
    const isCurrent = file === this.current
    return {
      name: file.name,
      path: logPath(file.name),
      sequence: file.sequence,
      timeline: this.identity.timeline,
      firstLsn: file.firstLsn,
      endLsn: isCurrent ? this.end : file.endLsn,
      bytes: isCurrent && this.#handle !== undefined ? this.#handle.bytes : file.bytes,
      state,
    }
  }

  close(): void {
    if (this.#handle !== undefined) this.current!.bytes = this.#handle.bytes
    this.#handle?.close()
    this.#handle = undefined
  }

  #nextHeader(isReused: boolean): Uint8Array {
    return encodeHeader({ ...this.identity, isReused, sequence: this.#nextSequence, firstLsn: this.end })
  }

  get #nextSequence(): number {
    return (this.current?.sequence ?? 0) + 1
  }

  /** Undoing that fails leaves the log broken; the caller throws the first error. */
  #attemptCritical(body: () => void): void {
    attempt(() => this.critical(body))
  }
}

/** For what is done on the way out of another failure, which is the one to be reported. */
function attempt(body: () => void): void {
  try {
    body()
  } catch {
    // The caller rethrows the failure that led here.
  }
}
