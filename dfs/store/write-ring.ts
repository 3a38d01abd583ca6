/**
 * The memory between a thread that writes files and the one that does the writing (write-behind.ts, write-behind-thread.ts). Content lies in an arena that both hash in
 * place: slots for small pieces, and regions in which larger ones are built by who wants them written. Commands that name places of the arena stand in a ring: one thread
 * issues, the other carries out, in order; both only count up.
 *
 * Control words: commands issued, commands done, state, files that failed. Then five words a command: kind, number of the file, its descriptor, bytes, place.
 */
import type { SharedMemory } from '../../runtime/values/wasm-api.ts'
import { newSharedMemory } from './shared-memory.ts'
import { type Hasher, hasherOn } from './xxh64.ts'

export const SLOTS = 64
/** What one system call writes: see NEW_FILE_CALL_BYTES in local-store.ts. */
export const SLOT_BYTES = 1 << 17

export const RING_ISSUED = 0
export const RING_DONE = 1
export const RING_STATE = 2
export const RING_FAILURES = 3
const HEADER_WORDS = 4
const COMMAND_WORDS = 5

/** The thread comes up, waits for files, has files open, has ended. Only a thread that waits may end by itself. */
export const STATE_STARTING = 0
export const STATE_READY = 1
export const STATE_BUSY = 2
export const STATE_GONE = 3

/** Write what lies at the place to the end of the file. */
export const COMMAND_WRITE = 1
/** Nothing more is written to it. */
export const COMMAND_RELEASE = 2
/** Tell the checksum of what was written to it so far. */
export const COMMAND_CHECKSUM = 3

/** Places are told in units of so many bytes, and all that is placed begins at one. */
export const PLACE_BYTES = 64
/** A page for the states of the running hashes, one a thread, and for what the issuer finds out about its regions; then the slots; then regions. */
const ISSUER_STATE_AT = 0
export const ISSUER_FOUND_AT = 1024
const WRITER_STATE_AT = 2048
const SLOTS_AT = 4096
export const REGIONS_AT = SLOTS_AT + SLOTS * SLOT_BYTES
const ARENA_BYTES_MAX = 1 << 29

export interface RingMemory {
  readonly control: SharedArrayBuffer
  readonly arena: SharedMemory
}

/** Undefined where the system has no room for it. */
export function newRingMemory(): RingMemory | undefined {
  const arena = newSharedMemory(REGIONS_AT, ARENA_BYTES_MAX)
  if (arena === undefined) return undefined
  return { control: new SharedArrayBuffer(4 * (HEADER_WORDS + COMMAND_WORDS * SLOTS)), arena }
}

export const issuerHasher = ({ arena }: RingMemory): Hasher => hasherOn(arena, ISSUER_STATE_AT)
export const writerHasher = ({ arena }: RingMemory): Hasher => hasherOn(arena, WRITER_STATE_AT)

/** A command as it stands in the ring. */
export interface RingCommand {
  readonly kind: number
  readonly file: number
  readonly descriptor: number
  readonly bytes: number
  /** In bytes from the start of the arena. */
  readonly at: number
}

export function putCommand(words: Int32Array, at: number, command: RingCommand): void {
  const place = HEADER_WORDS + COMMAND_WORDS * (at % SLOTS)
  words[place] = command.kind
  words[place + 1] = command.file
  words[place + 2] = command.descriptor
  words[place + 3] = command.bytes
  words[place + 4] = command.at / PLACE_BYTES
}

export function commandAt(words: Int32Array, at: number): RingCommand {
  const place = HEADER_WORDS + COMMAND_WORDS * (at % SLOTS)
  return {
    kind: words[place],
    file: words[place + 1],
    descriptor: words[place + 2],
    bytes: words[place + 3],
    at: words[place + 4] * PLACE_BYTES,
  }
}

/** Where the piece of a command may lie: free when the ring has room for the command. */
export const slotAt = (command: number): number => SLOTS_AT + (command % SLOTS) * SLOT_BYTES

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
