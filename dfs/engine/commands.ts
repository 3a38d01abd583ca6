/**
 * What a session may ask of the engine thread. The heavy part of a write (partitioning, encoding, writing and syncing segment files) was done by the session;
 * the engine orders commits and owns everything that is one per data directory. Every command is one catalog transaction: done whole or not at all.
 * Messages are structured-clonable plain data.
 */
import type { AccessCommand } from '../access/index.ts'
import type { ArchiveStatus } from '../archive/status.ts'
import type { NamedObject, ObjectFamily } from '../catalog/named-objects.ts'
import type { CopyMark } from '../catalog/records.ts'
import type { ChunkRecord, DatabaseRecord, Scheme, SegmentRef, StoredColumn, TableRecord } from '../catalog/types.ts'
import type { DeltaBlock } from '../delta/block.ts'
import type { PackedBlocks } from '../delta/packed.ts'
import type { SettingValue, StoreSettings } from '../settings/index.ts'
import type { LogFileInfo } from '../wal/commit-log.ts'

/** A chunk some of whose rows were written anew. What was appended to it since the rewriter's snapshot stays. */
export interface RewrittenChunk {
  readonly path: string
  /** Files whose rows are replaced or gone. */
  readonly drop: readonly string[]
  /** Each with the commit id of what it replaces, which gives it its place in the chunk. */
  readonly add: readonly SegmentRef[]
  /** Small appends up to this commit were read as well, and are in `add` as far as they are left; 0: none were. */
  readonly throughCid: number
  /** The chunk's `deltaCid` when they were read: had some of them become segments since, their rows would be there twice. */
  readonly flushedCid: number
}

/** Small appends to a chunk, up to a commit and a time, as segments; `chunkId` as in its delta. */
export interface FlushedChunk {
  readonly path: string
  readonly chunkId: string
  readonly throughCid: number
  readonly timeMs: number
  readonly add: readonly SegmentRef[]
}

/** VALUE partitions that a write adds to the scheme of a level. */
export interface NewValues {
  readonly level: number
  readonly values: Scheme & { kind: 'VALUE' }
}

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
      readonly newValues: readonly NewValues[]
      /** The rows have the columns that were added last: rows without them are refused from now on. */
      readonly fillsColumns?: boolean
    }
  /** A small append: the rows go into the log and into the engine's memory; the catalog is not touched. The same guards as `append`. */
  | {
      readonly kind: 'insertRows'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly expectedSchemaVersion: number
      readonly layout: string
      readonly chunks: readonly { readonly path: string; readonly rows: number; readonly data: Uint8Array }[]
    }
  /**
   * Begins a transaction that will rewrite chunks, and locks them against other rewriters (not against appends). Answers `tid`. A chunk that another
   * transaction holds is a conflict (S00002); the lock ends with the transaction, or with its session. `undefined`: all chunks of the table.
   */
  | {
      readonly kind: 'begin'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly paths: readonly string[] | undefined
      /** Appends to the table are refused as well, until the transaction ends. */
      readonly isExclusive?: boolean
    }
  | { readonly kind: 'rollback'; readonly tid: number }
  /** Commits what the transaction has written. */
  | {
      readonly kind: 'rewrite'
      readonly tid: number
      readonly op: 'UPDATE' | 'DELETE'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly expectedSchemaVersion: number
      readonly chunks: readonly RewrittenChunk[]
      /** Rows that an upsert inserts. */
      readonly append: readonly { readonly path: string; readonly segments: readonly SegmentRef[] }[]
      readonly newValues: readonly NewValues[]
      readonly fillsColumns?: boolean
    }
  /** Gives a table other columns or another comment. `tid` and `chunks` when stored rows had to be rewritten for it. */
  | {
      readonly kind: 'alterTable'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly expectedSchemaVersion: number
      readonly columns: readonly StoredColumn[]
      readonly retired: readonly string[]
      /** When one of them was renamed. */
      readonly partitionColumns?: readonly string[]
      readonly comment?: string
      readonly compressMethods?: TableRecord['compressMethods']
      /** See TableRecord; absent: as it is. */
      readonly unfilledColumns?: number
      readonly tid?: number
      readonly chunks?: readonly RewrittenChunk[]
    }
  /** Small appends up to a commit became segments. From the maintenance of the store only. */
  | {
      readonly kind: 'flush'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly chunks: readonly FlushedChunk[]
    }
  /** Segments of a chunk were merged: the same rows in other files. From the maintenance of the store only. */
  | {
      readonly kind: 'compact'
      readonly db: string
      readonly table: string
      readonly tableId: string
      readonly path: string
      readonly drop: readonly string[]
      readonly add: readonly SegmentRef[]
    }
  /** Small appends of a table after a commit, as far as they may still be in nobody's segments. */
  | { readonly kind: 'fetchDelta'; readonly tableId: string; readonly after: number }
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
      /** The table must not be there: a conflict if it is. */
      readonly isNewTable?: boolean
    }
  /** Replaces the schemes of a database by longer ones (addValuePartitions, addRangePartitions). */
  | { readonly kind: 'extendSchemes'; readonly db: string; readonly schemes: readonly Scheme[] }
  | { readonly kind: 'setAtomic'; readonly db: string; readonly atomic: DatabaseRecord['atomic'] }
  | { readonly kind: 'renameTable'; readonly db: string; readonly table: string; readonly to: string }
  /** Users, groups and privileges. */
  | AccessCommand
  /** A setting by a statement; the value is as `readSetting` gives it. */
  | { readonly kind: 'putSetting'; readonly name: string; readonly value: SettingValue }
  /** Back to what the environment, the file or the default says. */
  | { readonly kind: 'removeSetting'; readonly name: string }
  /** A function view or a catalog, made or made anew: see dfs/catalog/named-objects.ts. */
  | { readonly kind: 'putObject'; readonly family: ObjectFamily; readonly name: string; readonly value: NamedObject }
  | { readonly kind: 'removeObject'; readonly family: ObjectFamily; readonly name: string }
  /** A record of a backup, restore or check run: kept for getBackupStatus, survives restarts. */
  | { readonly kind: 'putRun'; readonly run: BackupRun }
  /** Keeps every file that a commit names until `unpin`, or the end of the session; answers the pin. The session must be reading the commit; default: the newest. */
  | { readonly kind: 'pin'; readonly why: string; readonly cid?: number }
  | { readonly kind: 'unpin'; readonly pin: number }
  /** Makes segments of all small appends and cuts the log; answers the LSN from which a recovery would begin. */
  | { readonly kind: 'checkpoint' }
  /** Begins and ends the time in which other tools may copy the data directory. Answer `copy`. */
  | { readonly kind: 'beginCopy' }
  | { readonly kind: 'endCopy' }
  /** Holds a backup that runs, or lets it go on: a call or one of its runs. Answers `paused`. */
  | { readonly kind: 'pauseRun'; readonly run: string; readonly isPaused: boolean }
  /** Answers `paused`. */
  | { readonly kind: 'pausedRuns' }
  | { readonly kind: 'status' }

/** Somebody who may log in. The password is kept as its scrypt hash; both are hex. */
export interface UserRecord {
  readonly name: string
  readonly salt: string
  readonly hash: string
  readonly isAdmin: boolean
  /** May not log in, and has no rights in sessions that are open. */
  readonly locked?: boolean
}

/** One table task of a backup or restore call, or the backup of the whole node: then `id` is the backup's, and `db` the folder that it goes to. */
export interface BackupRun {
  readonly id: string
  readonly user: string
  readonly type: 'BACKUP_BY_SQL' | 'BACKUP_BY_COPY_FILE' | 'RESTORE_BY_SQL' | 'RESTORE_BY_COPY_FILE' | 'BACKUP_NODE'
  readonly db: string
  readonly table: string
  readonly startMs: number
  readonly endMs: number | undefined
  readonly totalPartitions: number
  readonly completedPartitions: number
  readonly state: 'running' | 'completed' | 'failed' | 'interrupted' | 'cancelled'
  readonly error: string
  /** Partitions that needed no work. */
  readonly unchanged?: number
  /** Of the others, once it is planned. Done are those that were read, of partitions that are not complete, too. */
  readonly bytesDone?: number
  readonly bytesTotal?: number
  /** Of a call that works on several tables one after the other: which call, and the how manyeth table. */
  readonly call?: string
  readonly order?: number
  /** Held since then; absent: it is not. */
  readonly pausedSinceMs?: number
  /** How long it was held before. */
  readonly pausedMs?: number
}

export interface EngineReply {
  /** cid of the transaction, or of the snapshot for `pin`. */
  readonly cid: number
  readonly pin?: number
  readonly physicalIndex?: string
  /** For `begin`. */
  readonly tid?: number
  /** For `fetchDelta`: everything up to `cid`. */
  readonly delta?: DeltaNews
  /** For `checkpoint`. */
  readonly lsn?: number
  /** For `beginCopy`. */
  readonly copy?: CopyMark
  /** For `pauseRun` and `pausedRuns`: all that are paused. */
  readonly paused?: readonly string[]
  /** For `status`. */
  readonly status?: EngineStatus
}

/** Small appends to one chunk, in commit order. `chunkId` is what the chunk has or will have. */
export interface ChunkDelta {
  readonly path: string
  readonly chunkId: string
  readonly blocks: readonly DeltaBlock[]
}

/** The same in a message: many blocks go packed. */
export interface ChunkNews {
  readonly path: string
  readonly chunkId: string
  readonly blocks: readonly DeltaBlock[] | PackedBlocks
}

/** Blocks that count no more from commit `at` on: those of a path (of all, without one) up to commit `throughCid`. */
export interface DeltaEnd {
  readonly path: string | undefined
  readonly throughCid: number
  readonly at: number
}

/** What became of a table's small appends since the asker last asked. */
export interface DeltaNews {
  /** true: this is everything, and what the asker knew before is void. */
  readonly complete: boolean
  readonly chunks: readonly ChunkNews[]
  readonly ends: readonly DeltaEnd[]
}

/** What the engine knows that stands in no catalog. */
export interface EngineStatus {
  readonly cid: number
  readonly log: {
    readonly end: number
    readonly durable: number
    readonly oldest: number
    readonly bytes: number
    readonly files: readonly LogFileInfo[]
  }
  readonly checkpoint: { readonly lsn: number; readonly timeMs: number } | undefined
  readonly settings: StoreSettings
  /** Rows of small appends that are in no segment, by table id and path. */
  readonly deltas: readonly {
    readonly tableId: string
    readonly path: string
    readonly rows: number
    readonly bytes: number
    readonly firstCid: number
    readonly lastCid: number
  }[]
  /** Memory that they take, those included that only older snapshots still see. */
  readonly deltaBytes: number
  readonly transactions: readonly {
    readonly tid: number
    readonly owner: string
    readonly tableId: string
    readonly startMs: number
    readonly chunks: number | undefined
  }[]
  readonly pins: readonly { readonly pin: number; readonly cid: number; readonly why: string }[]
  readonly copy: CopyMark | undefined
  readonly archive: ArchiveStatus
}

/** How a session reaches the engine: directly in tests, over a MessagePort with Atomics.wait from a session thread. Throws what the engine threw. */
export interface EngineClient {
  request(command: EngineCommand, user: string): EngineReply
  /** Hands a command over without waiting, if the engine is on another thread; what it gives back waits for the answer. */
  send?(command: EngineCommand, user: string): () => EngineReply
}

/** Hands a command over, for who has something to do meanwhile; what it gives back waits for the answer. */
export function sendTo(client: EngineClient, command: EngineCommand, user: string): () => EngineReply {
  if (client.send !== undefined) return client.send(command, user)
  const reply = client.request(command, user)
  return () => reply
}
