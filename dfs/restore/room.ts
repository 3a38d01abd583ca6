/**
 * Whether a restore fits into the data directory. A disk that it fills stops everybody else who writes: the log can't grow any more. So it does not begin.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { freeBytesAt } from '../store/scratch-folder.ts'

/** Left for those who write meanwhile. */
const EXTRA_BYTES = 16 << 20

export interface RoomOptions {
  /** Bytes that need not be copied, because they were; asked for only where it matters. */
  readonly without?: () => number
  readonly hint?: string
}

/** Throws unless there is room. */
export function requireRoom(
  data: FileStore,
  bytes: number,
  { without = () => 0, hint = 'make room, or restore some of the partitions by restore' }: RoomOptions = {},
): void {
  const { address } = data
  if (bytes === 0 || address?.kind !== 'local') return
  // It may be a link to another volume.
  const place = `${address.root}/chunks`
  const free = freeBytesAt(place)
  if (free >= bytes + EXTRA_BYTES) return
  const needed = bytes - without() + EXTRA_BYTES
  if (free >= needed) return
  throw new HoldfastError('io', `The restore needs ${needed} bytes in ${place}, where ${free} are free.`, {
    code: 'ENOSPC',
    where: { file: place },
    hint: `nothing was changed; ${hint}`,
  })
}
