import type { WriteBehind } from './write-behind.ts'

/**
 * Where files live. Nothing else in dfs/ touches the operating system. Paths are relative to the store's root, with `/`; a path that would leave
 * the root is refused. Calls block: they run in session threads, which are synchronous.
 *
 * Durability contract, from the caller's side:
 * - bytes of a file are durable after `writer.sync()` (or `writeFile`, which syncs), its name only after `syncDirectory` of its folder (and of
 *   the folders above it that are new);
 * - `rename` replaces atomically and is durable after `syncDirectory` of both folders;
 * - a failed sync is final: the data must be taken as lost, never retried into a success.
 */
export interface FileStore {
  /** Absolute place, for messages to people. */
  readonly root: string
  /** Where another thread of this process finds the same store (`openStore`); undefined for one that lives in its thread only. */
  readonly address?: StoreAddress
  /** A store whose files are encrypted: what seals the records of those that are not. */
  readonly seal?: RecordSeal
  /**
   * Opens a new file for writing from its start; folders are made; an existing file is truncated. With `behind` a store of the operating system's files may leave the writing
   * to another thread.
   */
  openWrite(path: string, behind?: WriteBehind): FileWriter
  /** Throws an io error with code ENOENT if it is missing. */
  openRead(path: string): FileReader
  /** Opens a file for reading and writing in place, made with its folders if it is missing; what is in it stays. */
  openLog(path: string): LogFile
  /** Small files in one call. */
  readFile(path: string): Uint8Array
  /** Writes, syncs, and renames into place, so that a reader sees the old or the new content; the folder is synced too. */
  writeFileAtomic(path: string, content: Uint8Array | string): void
  rename(from: string, to: string): void
  /** Removes a file; a missing file is no error. */
  remove(path: string): void
  /** Removes a folder with everything in it; missing is no error. */
  removeTree(path: string): void
  makeDirectory(path: string): void
  /** Removes a folder if it is empty; anything else is no error. */
  removeEmptyDirectory(path: string): void
  syncDirectory(path: string): void
  /** undefined if there is nothing at the path. */
  stat(path: string): FileStat | undefined
  /** Entries of a folder, names only, sorted; empty if the folder is missing. */
  list(path: string): readonly DirectoryEntry[]
}

/** What keeps records secret that lie in a file which is not encrypted as a whole. */
export interface RecordSeal {
  readonly key: { readonly id: string }
  /** `context` is authenticated with the record, so that it cannot stand for another. */
  sealRecord(record: Uint8Array, context: string): Uint8Array
  /** undefined: it is not what was sealed with this key and context. */
  openRecord(sealed: Uint8Array, context: string): Uint8Array | undefined
  /** A short name for something that must not be named. */
  pseudonym(text: string): string
}

/** What reading takes of a store: files are opened, and nothing else. */
export type FileSource = Pick<FileStore, 'openRead'>

/** A store as one thread tells another of it: a folder, or an encrypted set in one. */
export type StoreAddress =
  | { readonly kind: 'local'; readonly root: string; readonly refusesLinks: boolean }
  | {
      readonly kind: 'sealed'
      readonly root: string
      readonly refusesLinks: boolean
      readonly key: { readonly bytes: Uint8Array; readonly id: string }
      readonly names: 'sealed' | 'plain'
    }

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly bytes: number
  readonly modifiedMs: number
}

export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

export interface FileWriter {
  /** Appends all the bytes, or throws. */
  write(bytes: Uint8Array): void
  /** Bytes written so far. */
  readonly bytesWritten: number
  /** All is written: the system may begin to move it to the disk, so that the sync later has less to wait for. A hint. After it only `sync` and `close`. */
  startWriteback(): void
  sync(): void
  close(): void
}

export interface FileReader {
  readonly bytes: number
  /** Fills `into` from `offset`; returns how many bytes were read (fewer only at the end of the file). */
  read(into: Uint8Array, offset: number): number
  close(): void
}

/**
 * A file that is written in place, such as a log. Until `sync` has returned, each write and each truncation since the last one may be lost on its own, or land in
 * part, in any order. The name of a file that `openLog` made is durable after `syncDirectory`, as ever.
 */
export interface LogFile {
  readonly bytes: number
  /** Fills `into` from `offset`; returns how many bytes were read (fewer only at the end of the file). */
  read(into: Uint8Array, offset: number): number
  /** Writes all the bytes, or throws; then a part of them may have landed. Beyond the end, the gap reads as zeros. */
  writeAt(bytes: Uint8Array, offset: number): void
  /** Cuts the file to this size, or extends it with zeros. */
  truncate(bytes: number): void
  /** Everything that any handle of this file wrote is durable afterwards. */
  sync(): void
  close(): void
}
