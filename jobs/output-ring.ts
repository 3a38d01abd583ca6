/**
 * Printed text on its way from a session thread to the terminal: a ring of bytes in shared memory.
 *
 * The writer copies bytes in and posts one wake-up for each time the reader had nothing left to do, so a million short prints are a handful of messages;
 * text is visible at once, even while the script computes on; and a full ring makes the writer wait, so a script that prints for ever into
 * a slow pipe holds a bounded amount of memory. Positions grow without end modulo 2^32; their difference is what the ring holds.
 */
import { checkInterrupt } from '../runtime/interrupt.ts'

const RING_BYTES = 1 << 18
const HEADER_BYTES = 16
const WRITTEN = 0
const TAKEN = 1
/** 1 while a wake-up is on its way that the reader has not begun to serve. */
const ANNOUNCED = 2

export const newRing = (): SharedArrayBuffer => new SharedArrayBuffer(HEADER_BYTES + RING_BYTES)

export class RingWriter {
  readonly #header: Int32Array
  readonly #bytes: Uint8Array
  readonly #announce: () => void

  constructor(ring: SharedArrayBuffer, announce: () => void) {
    this.#header = new Int32Array(ring, 0, HEADER_BYTES / 4)
    this.#bytes = new Uint8Array(ring, HEADER_BYTES)
    this.#announce = announce
  }

  /** Waits while the ring is full; an interrupt ends the wait. */
  write(text: string): void {
    const source = Buffer.from(text)
    let from = 0
    while (from < source.length) {
      const written = Atomics.load(this.#header, WRITTEN)
      const taken = Atomics.load(this.#header, TAKEN)
      const free = RING_BYTES - ((written - taken) | 0)
      if (free === 0) {
        checkInterrupt()
        Atomics.wait(this.#header, TAKEN, taken, 100)
        continue
      }
      const at = written & (RING_BYTES - 1)
      const count = Math.min(free, source.length - from, RING_BYTES - at)
      this.#bytes.set(source.subarray(from, from + count), at)
      from += count
      Atomics.store(this.#header, WRITTEN, (written + count) | 0)
      if (Atomics.exchange(this.#header, ANNOUNCED, 1) === 0) this.#announce()
    }
  }
}

export class RingReader {
  readonly #header: Int32Array
  readonly #bytes: Uint8Array

  constructor(ring: SharedArrayBuffer) {
    this.#header = new Int32Array(ring, 0, HEADER_BYTES / 4)
    this.#bytes = new Uint8Array(ring, HEADER_BYTES)
  }

  /** A copy of what is there, at most up to the ring's end; empty when there is nothing. Call until empty. */
  take(): Buffer {
    // Cleared before looking: what is written after the look announces itself again.
    Atomics.store(this.#header, ANNOUNCED, 0)
    const written = Atomics.load(this.#header, WRITTEN)
    const taken = Atomics.load(this.#header, TAKEN)
    const at = taken & (RING_BYTES - 1)
    const count = Math.min((written - taken) | 0, RING_BYTES - at)
    const out = Buffer.from(this.#bytes.subarray(at, at + count))
    if (count > 0) {
      Atomics.store(this.#header, TAKEN, (taken + count) | 0)
      Atomics.notify(this.#header, TAKEN)
    }
    return out
  }
}
