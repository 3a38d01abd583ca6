/**
 * Where a log ends, and whether it may end there.
 *
 * The first place whose record is not valid ends the log. A write that the process or the power did not finish looks like that, and so does a damaged disk; they
 * must not be mixed up, because the rest is cut off after the one and must not be after the other. What follows tells them apart:
 * - no valid record follows in the place where it belongs: an unfinished write (or nothing), unless the bad record is all there and the machine has run on since: a process that
 *   dies in a write leaves a file that ends in the record, so it is damage;
 * - one follows that was written when the bad place was durable: damage;
 * - others follow: if the machine has run on since the file was written, bytes that reached the system cannot be lost, so it is damage; after a loss of
 *   power, writes that were never synced may be lost each on its own: an unfinished tail.
 * Remains of older rounds of a ring never count, because their LSN is that of another place.
 */
import { walDamaged } from './errors.ts'
import { HEADER_BYTES } from './file-header.ts'
import type { LogFileReader, Stop } from './log-reader.ts'
import { formatLsn } from './lsn.ts'

export interface LastFile {
  readonly path: string
  readonly firstLsn: number
  /** Written under the boot that is still running. */
  readonly isOfThisBoot: boolean
  /** Behind its end there may be records of an older round. */
  readonly isReused: boolean
}

/** Bytes after the end that were taken for an unfinished write; 0 for a clean end. Throws `walDamaged`. */
export function judgeEnd(reader: LogFileReader, file: LastFile, stop: Stop): number {
  if (stop.problem === undefined) return 0
  const lsn = file.firstLsn + stop.offset - HEADER_BYTES
  let firstLater = -1
  let lastEnd = -1
  let synced = -1
  reader.search(stop.offset + 8, file.firstLsn, (record) => {
    if (firstLater < 0) firstLater = record.lsn
    lastEnd = record.endLsn
    synced = Math.max(synced, record.syncedLsn)
    return synced > lsn || file.isOfThisBoot
  })
  const place = { file: file.path, offset: stop.offset, lsn }
  if (synced > lsn)
    throw walDamaged(
      place,
      stop.problem,
      `A later record says that everything below LSN ${formatLsn(synced)} was on disk, so this is no unfinished write.`,
    )
  if (firstLater >= 0 && file.isOfThisBoot)
    throw walDamaged(
      place,
      stop.problem,
      `A whole record follows at LSN ${formatLsn(firstLater)}, and the machine has run on since, so this is no unfinished write (but a copy made while the store was running may look like this).`,
    )
  if (firstLater >= 0) return lastEnd - lsn
  // In a file that was used before, bytes that do not even say that they belong here are remains of that use.
  if (file.isReused) return reader.claims(stop.offset, lsn) ? reader.bytes - stop.offset : 0
  if (file.isOfThisBoot && reader.isWhole(stop.offset))
    throw walDamaged(
      place,
      stop.problem,
      'It is the last record and all of its bytes are there, and the machine has run on since they were written, so this is no unfinished write.',
    )
  return reader.bytes - stop.offset
}
