/**
 * What a session and the thread that reads ahead of its scans (ahead-thread.ts) say to each other.
 *
 * A unit is the buffers of one batch of a segment, with shared memory to read them to. The session announces units in the order in which its scan will want them, a few
 * at a time. Whoever gets to a unit first takes it, by one exchange of its word: the thread, which then reads it and compares checksums, or the session, which
 * then reads it as it would without any thread. So nobody hands out work, and neither waits for the other but for a unit that is being read at that moment.
 *
 * Words of a scan: AHEAD_CHANGES, then one word a slot: the number of the slot's unit * 4 + its state. States go one way only: open -> taken -> done | failed.
 * A failure says nothing but that the session has to look itself.
 */
import type { StoreAddress } from '../store/file-store.ts'

export const UNIT_OPEN = 0
export const UNIT_TAKEN = 1
export const UNIT_DONE = 2
export const UNIT_FAILED = 3

/** Rises, and is notified, with each unit that the thread is done with. */
export const AHEAD_CHANGES = 0
/** The word of a slot. */
export const slotWord = (slot: number): number => 1 + slot
export const unitWord = (unit: number, state: number): number => unit * 4 + state
export const stateOf = (word: number): number => word & 3

export interface AheadBuffer {
  readonly offset: number
  readonly bytes: number
  /** undefined: the session knows the buffer to be whole. */
  readonly checksum: string | undefined
  /** Place in the memory of the unit. */
  readonly at: number
}

/** Session -> thread, some at a time. */
export interface AheadUnit {
  readonly unit: number
  readonly slot: number
  readonly words: SharedArrayBuffer
  readonly memory: SharedArrayBuffer
  readonly store: StoreAddress & { readonly kind: 'local' }
  readonly file: string
  readonly buffers: readonly AheadBuffer[]
}

/** Words between a session and its thread: what the thread sleeps on, and whether it has ended. */
export const THREAD_WAKE = 0
export const THREAD_GONE = 1
export const THREAD_BYTES = 8
