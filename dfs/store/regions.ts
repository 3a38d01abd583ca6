/**
 * Regions of the arena between two threads: what is to be written is built where the other thread hashes and writes it, so nothing is copied on the way. A region is free,
 * or taken by who builds in it, or issued until its command is carried out.
 */
import { RangeLanes } from '../../runtime/kernels/simd/range.ts'
import { PAGE_BYTES, type SharedMemory } from '../../runtime/values/wasm-api.ts'
import { checksumAt } from './checksum.ts'
import { ISSUER_FOUND_AT, PLACE_BYTES, REGIONS_AT } from './write-ring.ts'
import type { Hasher } from './xxh64.ts'

/** One is built while others wait for the disk. */
const REGIONS_MAX = 4
/** Large ones are fewer: together they stay below this, if two do. */
const REGIONS_BYTES_MAX = 64 << 20
/** What is larger is built elsewhere and copied piece by piece: the memory of two of these would be much for one append. */
const REGION_BYTES_MAX = 48 << 20

/** Contiguous memory, from `at` on. */
export interface Region {
  readonly buffer: SharedArrayBuffer
  readonly at: number
  readonly bytes: number
}

const FREE = 0
const TAKEN = -1

interface Kept extends Region {
  /** FREE, TAKEN, or the command that writes what is in it. */
  use: number
}

export class Regions {
  readonly #memory: SharedMemory
  readonly #hasher: Hasher
  /** False if the other thread is gone: then nobody uses them any more either. */
  readonly #waitFor: (command: number) => boolean
  /** For extremes of what is in a region. */
  readonly lanes: RangeLanes
  readonly #regions: Kept[] = []
  #end = REGIONS_AT

  constructor(memory: SharedMemory, hasher: Hasher, waitFor: (command: number) => boolean) {
    this.#memory = memory
    this.#hasher = hasher
    this.#waitFor = waitFor
    this.lanes = new RangeLanes(memory, ISSUER_FOUND_AT, true)
  }

  /** A region of at least so many bytes, its content undefined. May wait for one to be written. Undefined: it would be too large. */
  take(bytes: number): Region | undefined {
    if (bytes > REGION_BYTES_MAX) return undefined
    const fitting = this.#regions.filter((r) => r.bytes >= bytes)
    const free = fitting.find((r) => r.use === FREE) ?? (this.#mayAdd(fitting) ? this.#add(bytes) : undefined)
    const region = free ?? this.#written(fitting)
    if (region !== undefined) region.use = TAKEN
    return region
  }

  /** What was taken is not needed after all. */
  giveBack(region: Region): void {
    this.#kept(region).use = FREE
  }

  /** What was taken is being written by a command. */
  issued(region: Region, command: number): void {
    this.#kept(region).use = command
  }

  /** Checksum of bytes of a region. */
  checksum(at: number, bytes: number): string {
    return checksumAt(this.#hasher, at, bytes)
  }

  #kept(region: Region): Kept {
    return region as Kept
  }

  #mayAdd(fitting: readonly Region[]): boolean {
    const bytes = fitting.reduce((sum, r) => sum + r.bytes, 0)
    return fitting.length < 2 || (fitting.length < REGIONS_MAX && bytes < REGIONS_BYTES_MAX)
  }

  #add(bytes: number): Kept | undefined {
    const size = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES
    const at = this.#end
    const missing = at + size - this.#memory.buffer.byteLength
    try {
      if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES))
    } catch {
      return undefined
    }
    this.#end = at + Math.ceil(size / PLACE_BYTES) * PLACE_BYTES
    const region: Kept = { buffer: this.#memory.buffer, at, bytes: size, use: FREE }
    this.#regions.push(region)
    return region
  }

  /** The one that was issued first. */
  #written(fitting: readonly Kept[]): Kept | undefined {
    let first: Kept | undefined
    for (const r of fitting) if (r.use > 0 && (first === undefined || r.use < first.use)) first = r
    if (first !== undefined) this.#waitFor(first.use)
    return first
  }
}
