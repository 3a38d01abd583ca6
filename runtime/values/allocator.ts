/**
 * The one place where column buffers come from. Each thread is one session, so the counts below are the session's own.
 *
 * - Buffers are plain ArrayBuffers until they cross a thread (`toShared`), then SharedArrayBuffers for ever.
 * - Typed arrays escape a worker's resourceLimits, so the session's limit is enforced here: V8 knows the exact number of live
 *   ArrayBuffer bytes of this thread, but asking costs a call, so we ask only when the bytes handed out since the last
 *   answer could have crossed the limit. Over the limit we collect once and ask again before refusing.
 * - A large buffer that a variable lets go of is handed back (`giveBack`) and serves the next request for as many bytes: memory from the system costs more, page
 *   by page, than most computations on it. Its old ArrayBuffer is detached, so whoever still held it sees an array without elements, never the elements of another column.
 *   At most KEPT_BYTES are kept. They are no longer the session's, and make way when the limit comes near.
 * - V8 does not count shared buffers as pressure, so temporaries on them would pile up: a collection runs each time the shared bytes
 *   made since the last one pass SHARED_GC_BYTES.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { HoldfastError } from '../errors.ts'
import { detached, hasOwnMemory, newOwnMemory, ownMemoryBytes, roomFor, tryOwnMemoryAgain } from './own-memory.ts'

const SHARED_GC_BYTES = 256 * 1024 * 1024
/** Plain garbage allowed before we collect even though the limit is far away. V8 alone lets large buffers linger. */
const PLAIN_GC_BYTES = 1024 * 1024 * 1024

/** Smaller buffers are not worth keeping: the C library has them at hand. */
export let keptFromBytes = 1 << 20
/** Smaller ones are neither kept nor counted. */
let countedFromBytes = 4096
const KEPT_BYTES = 384 * 1024 * 1024

/** For tests, which have small columns: a wrong reuse of memory shows in whatever they compute. */
export function keepMemoryFrom(bytes: number): void {
  keptFromBytes = bytes
  countedFromBytes = Math.min(4096, bytes)
}

let kept: ArrayBuffer[] = []
let keptBytes = 0
let limitBytes = Number.POSITIVE_INFINITY
let knownLiveBytes = 0
let sinceKnownBytes = 0
let sinceCollectBytes = 0
let sharedSinceCollectBytes = 0

/** Bytes of memory that column buffers of this session may hold; Infinity for none. */
export function setMemoryLimit(bytes: number): void {
  limitBytes = bytes
}

export const memoryLimit = (): number => limitBytes

/** A zeroed buffer, counted against the session. Throws `memoryLimit` when it does not fit. */
export function allocate(bytes: number): ArrayBuffer {
  if (bytes < countedFromBytes) return new ArrayBuffer(bytes)
  const again = takeKept(bytes)
  if (again === undefined) return allocateNew(bytes)
  new Uint8Array(again).fill(0)
  return again
}

/** The same for who writes every byte: it may hold old ones. */
export function allocateUnset(bytes: number): ArrayBuffer {
  if (bytes < countedFromBytes) return new ArrayBuffer(bytes)
  return takeKept(bytes) ?? allocateNew(bytes)
}

function allocateNew(bytes: number): ArrayBuffer {
  reserve(bytes)
  return new ArrayBuffer(bytes)
}

/** A zeroed buffer of at least so many bytes, for a column that vector registers may work on (own-memory.ts). */
export function allocateColumn(elements: number, bytes: number): ArrayBuffer {
  if (!hasOwnMemory(elements, bytes)) return allocate(bytes)
  const again = takeKept(roomFor(bytes))
  if (again === undefined) return allocateOwnMemory(bytes)
  new Uint8Array(again).fill(0)
  return again
}

/** The same for who writes every byte of the column. */
export function allocateColumnUnset(elements: number, bytes: number): ArrayBuffer {
  if (!hasOwnMemory(elements, bytes)) return allocateUnset(bytes)
  return takeKept(roomFor(bytes)) ?? allocateOwnMemory(bytes)
}

function allocateOwnMemory(bytes: number): ArrayBuffer {
  reserve(roomFor(bytes))
  return newOwnMemory(roomFor(bytes))
}

/** Takes back the buffer of a column that nobody uses any more; arrays that still look at it have no elements from now on. */
export function giveBack(buffer: ArrayBufferLike): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < keptFromBytes || buffer.byteLength > KEPT_BYTES) return
  while (keptBytes + buffer.byteLength > KEPT_BYTES) keptBytes -= kept.shift()!.byteLength
  keptBytes += buffer.byteLength
  sinceKnownBytes -= buffer.byteLength
  kept.push(detached(buffer))
}

function takeKept(bytes: number): ArrayBuffer | undefined {
  if (bytes < keptFromBytes) return undefined
  const at = kept.findLastIndex((buffer) => buffer.byteLength === bytes)
  if (at < 0 || knownLiveBytes + sinceKnownBytes + bytes > limitBytes) return undefined
  const [buffer] = kept.splice(at, 1)
  keptBytes -= bytes
  sinceKnownBytes += bytes
  return buffer
}

/** Gives the memory that is kept for the next request back to the system: at the end of a script. */
export function dropKept(): void {
  kept = []
  keptBytes = 0
}

/** A zeroed buffer that other threads may see. */
export function allocateShared(bytes: number): SharedArrayBuffer {
  reserve(bytes)
  sharedSinceCollectBytes += bytes
  if (sharedSinceCollectBytes > SHARED_GC_BYTES) collectGarbage()
  return new SharedArrayBuffer(bytes)
}

/** Copies bytes into a SharedArrayBuffer, for a column that crosses a thread for the first time. */
export function toShared(source: ArrayBufferView): SharedArrayBuffer {
  const shared = allocateShared(source.byteLength)
  new Uint8Array(shared).set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
  return shared
}

/** Live bytes of column buffers of this session, exact at the last check plus what was handed out since. */
export function allocatedBytes(): number {
  measure()
  return knownLiveBytes
}

function reserve(bytes: number): void {
  sinceCollectBytes += bytes
  if (sinceCollectBytes > PLAIN_GC_BYTES && bytes > 1 << 20) collectGarbage()
  sinceKnownBytes += bytes
  if (knownLiveBytes + sinceKnownBytes + keptBytes <= limitBytes) return
  dropKept()
  measure()
  if (knownLiveBytes + bytes > limitBytes) collectGarbage()
  if (knownLiveBytes + bytes > limitBytes)
    throw new HoldfastError(
      'input',
      `Out of memory: this needs ${formatBytes(bytes)} more, but the session already holds ${formatBytes(knownLiveBytes)} of its limit of ${formatBytes(limitBytes)}.`,
      {
        code: 'memoryLimit',
        hint: 'process the data in smaller pieces, drop variables with undef, or raise memory_limit (--memory-limit)',
      },
    )
  sinceKnownBytes = bytes
}

function measure(): void {
  knownLiveBytes = process.memoryUsage().arrayBuffers + ownMemoryBytes() - keptBytes
  sinceKnownBytes = 0
}

let gc: (() => void) | undefined

/** A full collection, for when buffers that V8 does not feel are known to be garbage. */
export function collectGarbage(): void {
  dropKept()
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  // The buffers that a collection finds are freed by a thread beside it, which the next one waits for.
  gc()
  gc()
  sinceCollectBytes = 0
  sharedSinceCollectBytes = 0
  tryOwnMemoryAgain()
  measure()
}

/** `1.5 GB`, with binary multiples. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return 'unlimited'
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let n = bytes
  let u = 0
  while (n >= 1024 && u < units.length - 1) {
    n /= 1024
    u++
  }
  return `${u === 0 || n >= 100 ? Math.round(n) : n.toFixed(1).replace(/\.0$/, '')} ${units[u]}`
}
