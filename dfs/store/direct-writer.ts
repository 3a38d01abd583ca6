/**
 * Writing large files that nobody reads soon, past the page cache (O_DIRECT): copies of a backup, files of a restore. Their bytes do not pass through memory that the system would
 * first have to find, clear and give back later, and files that are in use stay in the cache. On a virtual machine, where fresh memory is dear, 2 GB took 2.2 to 3.5 s, through the
 * cache 2.2 to 9 s.
 *
 * The system wants aligned memory, offsets and lengths, so what is written is collected in a buffer of WebAssembly memory, which begins on a page; the end of the file, less than
 * a block, goes through the cache. Durable after `sync`, as any file.
 */
import { closeSync, constants, fsyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import type { FileWriter } from './file-store.ts'
import { storeError } from './store-error.ts'

/** A smaller file is written through the cache: the system moves several of them at once. */
export const DIRECT_BYTES_MIN = 4 << 20
/** One call. The larger, the fewer pieces a file lies in on the disk. */
const BUFFER_BYTES = 4 << 20
/** A multiple of the block of any disk, and a page. */
const BLOCK_BYTES = 4096

/** Where direct writes are what they seem to be: ext4 and XFS. Others copy, compress or refuse. */
const FILE_SYSTEMS: readonly number[] = [0xef53, 0x58465342]

/** Where a process finds its own open files again, by descriptor. */
const OWN_FILES = '/proc/self/fd'

/** A writer past the cache for a new, empty file that is open for writing; undefined where there is no such thing. The descriptor is the writer's then. */
export function openDirect(descriptor: number, file: string): FileWriter | undefined {
  if (process.platform !== 'linux') return undefined
  const own = `${OWN_FILES}/${descriptor}`
  try {
    if (!FILE_SYSTEMS.includes(statfsSync(own).type)) return undefined
    return new DirectWriter(openSync(own, constants.O_WRONLY | constants.O_DIRECT), descriptor, file)
  } catch {
    // Without /proc, or on a file system that refuses: through the cache.
    return undefined
  }
}

/** Buffers of this thread that no writer has just now. */
const free: Uint8Array[] = []

interface WebAssemblyApi {
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
  }) => { readonly buffer: ArrayBuffer }
}

const WASM_PAGE_BYTES = 65536

function newBuffer(): Uint8Array {
  // The compiler's library has the type for browsers only.
  const { Memory } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
  const pages = BUFFER_BYTES / WASM_PAGE_BYTES
  return new Uint8Array(new Memory({ initial: pages, maximum: pages }).buffer)
}

class DirectWriter implements FileWriter {
  #direct: number | undefined
  #descriptor: number | undefined
  readonly #file: string
  #buffer: Uint8Array | undefined
  /** Bytes in the buffer. */
  #filled = 0
  /** Bytes that are in the file. */
  #written = 0
  #isRefused = false

  constructor(direct: number, descriptor: number, file: string) {
    this.#direct = direct
    this.#descriptor = descriptor
    this.#file = file
  }

  get bytesWritten(): number {
    return this.#written + this.#filled
  }

  write(bytes: Uint8Array): void {
    this.#buffer ??= free.pop() ?? newBuffer()
    for (let at = 0; at < bytes.length; ) {
      const part = Math.min(bytes.length - at, BUFFER_BYTES - this.#filled)
      this.#buffer.set(part === bytes.length ? bytes : bytes.subarray(at, at + part), this.#filled)
      this.#filled += part
      at += part
      if (this.#filled === BUFFER_BYTES) this.#empty(BUFFER_BYTES)
    }
  }

  /** Nothing is left to be written back but the end of the file. */
  startWriteback(): void {
    this.#finish()
  }

  sync(): void {
    this.#finish()
    this.#attempt('sync', () => fsyncSync(this.#descriptor!))
  }

  close(): void {
    this.#giveBack()
    const descriptors = [this.#direct, this.#descriptor]
    this.#direct = undefined
    this.#descriptor = undefined
    for (const descriptor of descriptors)
      if (descriptor !== undefined) this.#attempt('close', () => closeSync(descriptor))
  }

  /** What is in the buffer goes into the file. After it only `sync` and `close`. */
  #finish(): void {
    if (this.#direct === undefined) return
    const whole = this.#filled - (this.#filled % BLOCK_BYTES)
    const end = this.#buffer?.subarray(whole, this.#filled)
    if (whole > 0) this.#empty(whole)
    if (end !== undefined && end.length > 0) {
      this.#put(this.#descriptor!, end)
      this.#filled = 0
    }
    this.#giveBack()
    const direct = this.#direct
    this.#direct = undefined
    this.#attempt('write', () => closeSync(direct))
  }

  /** Writes whole blocks from the start of the buffer; a rest stays where it is. */
  #empty(bytes: number): void {
    this.#put(this.#direct!, this.#buffer!.subarray(0, bytes))
    this.#filled -= bytes
  }

  #put(descriptor: number, bytes: Uint8Array): void {
    this.#attempt('write', () => {
      for (let at = 0; at < bytes.length; ) {
        // Where the system cut a write short in the middle of a block, the rest of the piece goes through the cache.
        const isAligned = at % BLOCK_BYTES === 0 && !this.#isRefused
        try {
          const moved = writeSync(
            isAligned ? descriptor : this.#descriptor!,
            bytes,
            at,
            bytes.length - at,
            this.#written,
          )
          at += moved
          this.#written += moved
        } catch (error) {
          // A disk with blocks that are larger than any we know.
          if (!isAligned || (error as NodeJS.ErrnoException).code !== 'EINVAL') throw error
          this.#isRefused = true
        }
      }
    })
  }

  #giveBack(): void {
    if (this.#buffer !== undefined) free.push(this.#buffer)
    this.#buffer = undefined
  }

  #attempt<R>(call: string, body: () => R): R {
    try {
      return body()
    } catch (error) {
      throw storeError(call, this.#file, error)
    }
  }
}
