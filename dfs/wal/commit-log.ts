/**
 * Where commits are ordered: the contract of the log, and the way to open it. Behind it are files below `wal/` (see file-log.ts), rotated in one of two ways
 * (dual-file.ts, file-group.ts). Nothing else may know which.
 *
 * The log is one sequence of records without gaps. `append` puts them at the end, `sync` makes them durable. A checkpoint says from which LSN on redo has to
 * start; what is below may go. Nobody else writes to the files while the log is open.
 */
import type { FileStore } from '../store/file-store.ts'
import { openFileLog } from './open.ts'
import type { LogRecord, NewRecord } from './record.ts'
import type { ScanEnd } from './survey.ts'

export type { LogRecord, NewRecord, RecordKind } from './record.ts'
export type { ScanEnd } from './survey.ts'

export interface CommitLog {
  /** LSN after the last record written. */
  readonly end: number
  /** Everything below is synced. */
  readonly durable: number
  /**
   * Writes all records in one call, sets their `lsn`, and answers the LSN of the first; nothing is synced. A failed write leaves the log as it was; if that
   * cannot be had, it is broken, and this and every later call throws `walBroken`. Throws `walFull` when only a checkpoint can make room;
   * a batch with a CHECKPOINT or TSROLLBACK record never meets that.
   */
  append(records: readonly NewRecord[]): number
  /** A failed sync is final: later calls throw `walBroken` with the reason. */
  sync(): void
  /**
   * Starts a checkpoint: syncs, and with the dual strategy later records go to a new file. Answers the LSN from which redo has to start once the checkpoint is
   * complete. May be called again before `endCheckpoint`.
   */
  beginCheckpoint(): number
  /** Everything below `redo` is in the catalog and in segments: its files may be deleted or used again. 0: only asks `retain` again. */
  endCheckpoint(redo: number): void
  /**
   * Ends the file that is written to, synced, so that it can be archived; later records go to another. false: it has no records, or the rotation has no other
   * file now.
   */
  seal(): boolean
  /** Reads the records from an LSN to the end. Throws `walDamaged` for a record that is not what was written, `walMissing` for an LSN below `oldest`. */
  scan(from: number, onRecord: (record: LogRecord) => void): ScanEnd
  /** Of files on disk. */
  readonly bytes: number
  /** LSN of the oldest record still there. */
  readonly oldest: number
  /** Oldest first; the last is the one that is written to. */
  files(): readonly LogFileInfo[]
  close(): void
}

export interface LogFileInfo {
  /** Name below `wal/`. */
  readonly name: string
  /** Path in the store. */
  readonly path: string
  /** The files of a log are numbered without gaps, whatever their names. */
  readonly sequence: number
  readonly timeline: number
  readonly firstLsn: number
  /** LSN after the last record in it. */
  readonly endLsn: number
  readonly bytes: number
  /** checkpoint: `checkpoint_file`, while a checkpoint runs. sealed: complete and still kept. free: covered by a checkpoint, to be used again. */
  readonly state: 'current' | 'checkpoint' | 'sealed' | 'free'
}

export interface CommitLogOptions {
  readonly rotation: 'dual' | 'group'
  readonly groupFiles: number
  readonly groupFileBytes: number
  readonly timeline: number
  /** Of the running machine since it was started; '' if unknown. Two starts of the process under one boot id had no power loss between them. */
  readonly bootId: string
  readonly storeId: string
  /** CHECKPOINT_LSN of the catalog: where redo starts; 0 for a store that has had no checkpoint. */
  readonly from: number
  /** LSN up to which the catalog has seen the log synced; a log that ends before it has lost records. */
  readonly reached?: number
  /** Starts an empty log at `from` where there are no files, for a store that was restored without its log. */
  readonly mayBeMissing?: boolean
  /** Asked before a file that a checkpoint covers is deleted or used again: true keeps it for now, for instance until it is in the archive. */
  readonly retain?: (info: LogFileInfo) => boolean
}

export interface OpenedLog {
  readonly log: CommitLog
  /** How the log ended when it was opened. */
  readonly scan: ScanEnd
}

/** Opens the log, made if the store is new, and brings it into order after a crash. Throws `walDamaged`, `walMissing` or `walForeign` and changes nothing if it is not whole. */
export function openCommitLog(files: FileStore, options: CommitLogOptions): OpenedLog {
  return openFileLog(files, options)
}
