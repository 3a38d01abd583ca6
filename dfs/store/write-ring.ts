/**
 * The memory between a thread that writes files and the one that does the writing (write-behind.ts, write-behind-thread.ts): a ring of slots, each a command with up to
 * `SLOT_BYTES` of data. One thread issues, the other carries out, in order; both only count up.
 *
 * Control words: commands issued, commands done, state, files that failed. Then four words a slot: kind, number of the file, its descriptor, bytes.
 */
export const SLOTS = 64
/** What one system call writes: see NEW_FILE_CALL_BYTES in local-store.ts. */
export const SLOT_BYTES = 1 << 17

export const RING_ISSUED = 0
export const RING_DONE = 1
export const RING_STATE = 2
export const RING_FAILURES = 3
const HEADER_WORDS = 4

/** The thread comes up, waits for files, has files open, has ended. Only a thread that waits may end by itself. */
export const STATE_STARTING = 0
export const STATE_READY = 1
export const STATE_BUSY = 2
export const STATE_GONE = 3

/** Write the slot's data to the end of the file. */
export const COMMAND_WRITE = 1
/** Nothing more is written to it. */
export const COMMAND_RELEASE = 2
/** Tell the checksum of what was written to it so far. */
export const COMMAND_CHECKSUM = 3

export interface RingMemory {
  readonly control: SharedArrayBuffer
  readonly data: SharedArrayBuffer
}

export const newRingMemory = (): RingMemory => ({
  control: new SharedArrayBuffer(4 * (HEADER_WORDS + 4 * SLOTS)),
  data: new SharedArrayBuffer(SLOTS * SLOT_BYTES),
})

/** A command as it stands in its slot. */
export interface RingCommand {
  readonly kind: number
  readonly file: number
  readonly descriptor: number
  readonly bytes: number
}

export function putCommand(words: Int32Array, at: number, { kind, file, descriptor, bytes }: RingCommand): void {
  const slot = HEADER_WORDS + 4 * (at % SLOTS)
  words[slot] = kind
  words[slot + 1] = file
  words[slot + 2] = descriptor
  words[slot + 3] = bytes
}

export function commandAt(words: Int32Array, at: number): RingCommand {
  const slot = HEADER_WORDS + 4 * (at % SLOTS)
  return { kind: words[slot], file: words[slot + 1], descriptor: words[slot + 2], bytes: words[slot + 3] }
}

export const slotData = (data: Uint8Array, at: number, bytes: number): Uint8Array => {
  const from = (at % SLOTS) * SLOT_BYTES
  return data.subarray(from, from + bytes)
}

/** A file could not be written: told before the failure is counted. */
export interface WriteFailure {
  readonly file: number
  /** Of the system call. */
  readonly code: string | undefined
  readonly message: string
}

/** Thread -> issuer, before the command counts as done. */
export type RingNews =
  | ({ readonly kind: 'failed' } & WriteFailure)
  | { readonly kind: 'checksum'; readonly command: number; readonly checksum: string }
