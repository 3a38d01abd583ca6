/**
 * Buffers of large columns that are memories of WebAssembly, one each: vector registers reach such a column where it lies, and nothing needs to be copied into a memory of theirs first. To JavaScript they
 * are ArrayBuffers like any other, but for three things: their size is a whole number of pages; they can't be transferred, so a memory that grows by nothing detaches them; and Node does not count them
 * among its array buffers, only in what V8 calls external.
 */
import { PAGE_BYTES, type WasmMemory, WebAssembly } from './wasm-api.ts'

const WORK_PAGES = 8
/** Bytes of `workMemory`. */
export const WORK_BYTES = WORK_PAGES * PAGE_BYTES
/** What registers can address, so that the end of a column has an address too. */
const BYTES_MAX = 65528 * PAGE_BYTES

/**
 * Columns of fewer elements lie elsewhere: what the C library has got back from one of those serves the next one, where a memory comes from the system page by page, as it gives large ones anyway.
 * V8 keeps 10 GB of addresses free around each memory, of which a process has 128 TB: columns of 400 GB in all have memories before there are no more to be had.
 */
export const OWN_MEMORY_FROM = 4 << 20
let fromElements = OWN_MEMORY_FROM

/** For tests, which have small columns. */
export function ownMemoryFrom(elements: number): void {
  fromElements = elements
}

interface OwnMemory {
  readonly memory: WasmMemory
  /** Where in it the column begins. */
  readonly begin: number
}

const memories = new WeakMap<ArrayBufferLike, OwnMemory>()

/**
 * Memories begin at addresses that differ by gigabytes, in which the caches of processors confuse them: a sum of two such columns took twice as long. So columns begin at different places of
 * their memories, in pages that each has in addition and nearly all of which stay untouched. The step is such that any twenty memories made one after the other begin some pages of the processor apart.
 */
const STAGGER_ROOM = 4 * PAGE_BYTES
const STAGGER_BYTES = 162048
let nextBegin = 0

/** There were no more addresses; asking again costs V8 a few collections each time. */
let exhausted = false
/** External bytes of this thread that are no columns, as far as we know: nobody else has large ones. */
let otherBytes = -1

/** Whether a column gets a memory. */
export const hasOwnMemory = (elements: number, bytes: number): boolean => elements >= fromElements && bytes <= BYTES_MAX

/** The size of that memory. */
export const roomFor = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES + STAGGER_ROOM

/** The thread's memory for what does not lie in one of its own. It comes first: without it, columns in memories would be of no use. undefined: there is no room for it. */
export function workMemory(): WasmMemory | undefined {
  if (work !== undefined || exhausted) return work
  try {
    work = new WebAssembly.Memory({ initial: WORK_PAGES })
  } catch {
    exhausted = true
  }
  return work
}

let work: WasmMemory | undefined

/** A zeroed buffer of whole pages. An ordinary one, if there is no more room for memories. */
export function newOwnMemory(size: number): ArrayBuffer {
  if (exhausted || workMemory() === undefined) return new ArrayBuffer(size)
  if (otherBytes < 0) otherBytes = outsideNode()
  const pages = size / PAGE_BYTES
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    nextBegin = (nextBegin + STAGGER_BYTES) % STAGGER_ROOM
    return registered({ memory, begin: nextBegin })
  } catch {
    exhausted = true
    return new ArrayBuffer(size)
  }
}

/** Where in such a buffer a column begins. */
export const beginOf = (buffer: ArrayBuffer): number =>
  buffer.byteLength < fromElements ? 0 : (memories.get(buffer)?.begin ?? 0)

/** Garbage has been collected: there may be addresses again. */
export function tryOwnMemoryAgain(): void {
  exhausted = false
}

function registered(own: OwnMemory): ArrayBuffer {
  memories.set(own.memory.buffer, own)
  return own.memory.buffer
}

/** The memory that a buffer is, if it is one. */
export const memoryOf = (buffer: ArrayBufferLike): WasmMemory | undefined => memories.get(buffer)?.memory

/** The same bytes in a buffer that nobody knows yet: whoever looks at the old one sees nothing any more. */
export function detached(buffer: ArrayBuffer): ArrayBuffer {
  const own = memories.get(buffer)
  if (own === undefined) return buffer.transfer()
  own.memory.grow(0)
  return registered(own)
}

/** Bytes of this thread's live memories, as V8 knows them. */
export const ownMemoryBytes = (): number => (otherBytes < 0 ? 0 : Math.max(0, outsideNode() - otherBytes))

function outsideNode(): number {
  const { external, arrayBuffers } = process.memoryUsage()
  return external - arrayBuffers
}
