/** Work on files that the engine gives to the maintenance thread. Plain data both ways. */
import {
  type ArchiveResult,
  type ArchiveTask,
  type ExpireResult,
  type ExpireTask,
  runArchiveTask,
  runExpireTask,
} from '../archive/task.ts'
import type { ChunkRecord, DatabaseRecord, SegmentRef, TableRecord } from '../catalog/types.ts'
import { compactChunk } from '../compaction/index.ts'
import type { FlushedChunk } from '../engine/commands.ts'
import type { FileStore } from '../store/file-store.ts'
import { type FlushTask, flushDeltas } from './flush.ts'

export interface CompactTask {
  readonly kind: 'compact'
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly chunk: ChunkRecord
  readonly bytesPerSecond: number
  readonly minSegments: number
  readonly maxBytes: number
}

export type MaintenanceTask = FlushTask | CompactTask | ArchiveTask | ExpireTask

export type MaintenanceResult =
  | { readonly kind: 'flush'; readonly chunks: readonly FlushedChunk[] }
  /** undefined: there was nothing worth merging. */
  | { readonly kind: 'compact'; readonly merged: Merged | undefined }
  | ArchiveResult
  | ExpireResult

export interface Merged {
  readonly drop: readonly string[]
  readonly add: readonly SegmentRef[]
}

/** Who does the work: a thread, or the caller itself in tests and simulations. */
export type Maintainer = (task: MaintenanceTask) => MaintenanceResult | Promise<MaintenanceResult>

/** `interrupt` is looked at often, and throws to end the work; nothing is left of it then. */
export function runTask(
  files: FileStore,
  task: MaintenanceTask,
  interrupt: () => void = () => {},
): MaintenanceResult | Promise<MaintenanceResult> {
  switch (task.kind) {
    case 'flush':
      return { kind: 'flush', chunks: flushDeltas(files, task) }
    case 'compact': {
      const { database, table, chunk, bytesPerSecond, minSegments, maxBytes } = task
      const options = { bytesPerSecond, minSegments, maxBytes, interrupt }
      return { kind: 'compact', merged: compactChunk(files, database, table, chunk, options) }
    }
    case 'archive':
      return runArchiveTask(files, task, { interrupt })
    case 'expireArchive':
      return runExpireTask(task, { interrupt })
  }
}
