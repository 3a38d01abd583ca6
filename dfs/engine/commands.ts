/**
 * What a session may ask of the engine thread. The heavy part of a write (partitioning, encoding, writing and syncing segment files) was done by the session;
 * the engine orders commits and owns everything that is one per data directory. Every command is one catalog transaction: done whole or not at all.
 * Messages are structured-clonable plain data.
 */
import type { ChunkRecord, DatabaseRecord, Scheme, SegmentRef, TableRecord } from '../catalog/types.ts'

export type EngineCommand =
  | { readonly kind: 'createDatabase'; readonly database: DatabaseRecord }
  | { readonly kind: 'dropDatabase'; readonly url: string }
  /** physicalIndex of the record is ignored: the engine assigns it. */
  | { readonly kind: 'createTable'; readonly table: TableRecord }
  | { readonly kind: 'dropTable'; readonly db: string; readonly table: string }
  /**
   * Appends commute: any number of sessions may append to one chunk. `expectedSchemaVersion` guards against a table that was altered or dropped and made
   * anew (`tableId`) since the segments were encoded. `newValues` extends the VALUE scheme of a level.
   */
  | {
      readonly kind: 'append'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly expectedSchemaVersion: number
      readonly chunks: readonly { readonly path: string; readonly segments: readonly SegmentRef[] }[]
      readonly newValues: readonly { readonly level: number; readonly values: Scheme & { kind: 'VALUE' } }[]
    }
  /** Chunks removed (dropPartition, truncate). `undefined` = all of the table. */
  | {
      readonly kind: 'dropChunks'
      readonly db: string
      readonly table: string
      readonly paths: readonly string[] | undefined
    }
  | { readonly kind: 'dropValues'; readonly db: string; readonly level: number; readonly paths: readonly string[] }
  /**
   * The swap of a restore: puts whole chunks in place as they were backed up (chunkId, cid, rows, updateTime kept) and removes others, in one transaction.
   * `expected` are the cids the plan was made against; a chunk that changed since is a conflict only if `refuseIfChanged`.
   */
  | {
      readonly kind: 'replaceChunks'
      readonly db: string
      readonly table: string
      readonly put: readonly ChunkRecord[]
      readonly remove: readonly string[]
      /** Created or extended in the same transaction when missing. */
      readonly createDatabase?: DatabaseRecord
      readonly createTable?: TableRecord
      readonly extendSchemes?: readonly Scheme[]
    }
  /** Replaces the schemes of a database by longer ones (addValuePartitions, addRangePartitions). */
  | { readonly kind: 'extendSchemes'; readonly db: string; readonly schemes: readonly Scheme[] }
  | { readonly kind: 'renameTable'; readonly db: string; readonly table: string; readonly to: string }
  | { readonly kind: 'putUser'; readonly user: UserRecord }
  | { readonly kind: 'removeUser'; readonly name: string }
  /** A record of a backup, restore or check run: kept for getBackupStatus, survives restarts. */
  | { readonly kind: 'putRun'; readonly run: BackupRun }
  /** Keeps every file that the current catalog names until `unpin`; answers the pin id and the cid. */
  | { readonly kind: 'pin'; readonly why: string }
  | { readonly kind: 'unpin'; readonly pin: number }

/** Somebody who may log in. The password is kept as its scrypt hash; both are hex. */
export interface UserRecord {
  readonly name: string
  readonly salt: string
  readonly hash: string
  readonly isAdmin: boolean
}

/** One table task of a backup or restore call. */
export interface BackupRun {
  readonly id: string
  readonly user: string
  readonly type: 'BACKUP_BY_SQL' | 'BACKUP_BY_COPY_FILE' | 'RESTORE_BY_SQL' | 'RESTORE_BY_COPY_FILE'
  readonly db: string
  readonly table: string
  readonly startMs: number
  readonly endMs: number | undefined
  readonly totalPartitions: number
  readonly completedPartitions: number
  readonly state: 'running' | 'completed' | 'failed' | 'interrupted'
  readonly error: string
}

export interface EngineReply {
  /** cid of the transaction, or of the snapshot for `pin`. */
  readonly cid: number
  readonly pin?: number
  readonly physicalIndex?: string
}

/** How a session reaches the engine: directly in tests, over a MessagePort with Atomics.wait from a session thread. Throws what the engine threw. */
export interface EngineClient {
  request(command: EngineCommand, user: string): EngineReply
}
