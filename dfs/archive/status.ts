/** What people are told of the archive: from a running engine, or from a directory as it lies there. */
import type { ArchiveMark } from '../catalog/records.ts'

export interface ArchiveStatus {
  readonly archivingEnabled: boolean
  /** '' before the first. */
  readonly lastArchivedSegment: string
  readonly lastArchiveTimeMs: number | undefined
  /** Sealed and not archived. */
  readonly segmentsPending: number
  /** Log that waits, the current file included once something waits. */
  readonly bytesPending: number
  /** While the last piece was archived. */
  readonly archiveRateBytesPerSec: number
  readonly totalArchivedBytes: number
  /** '' after an attempt that did not fail. */
  readonly lastError: string
  /** Attempts since the last one that did not fail. */
  readonly failedAttempts: number
}

export const archiveStatus = (
  archivingEnabled: boolean,
  mark: ArchiveMark | undefined,
  pending: { readonly segments: number; readonly bytes: number },
): ArchiveStatus => ({
  archivingEnabled,
  lastArchivedSegment: mark?.lastName ?? '',
  lastArchiveTimeMs: mark === undefined || mark.lastSequence === 0 ? undefined : mark.lastTimeMs,
  segmentsPending: pending.segments,
  bytesPending: pending.bytes,
  archiveRateBytesPerSec: mark?.bytesPerSecond ?? 0,
  totalArchivedBytes: mark?.totalBytes ?? 0,
  lastError: mark?.failure?.message ?? '',
  failedAttempts: mark?.failure?.attempts ?? 0,
})
