/** Keeps work at a rate of bytes: sleeps when it is ahead. */

const SLICE_MS = 50
const cell = new Int32Array(new SharedArrayBuffer(4))

export class Pace {
  readonly #bytesPerSecond: number
  readonly #interrupt: () => void
  readonly #startMs = performance.now()

  /** `interrupt` is looked at often, and throws to end the work. */
  constructor(bytesPerSecond = Number.POSITIVE_INFINITY, interrupt: () => void = () => {}) {
    this.#bytesPerSecond = bytesPerSecond
    this.#interrupt = interrupt
  }

  /** Call with the bytes since the start. */
  keep(bytes: number): void {
    this.#interrupt()
    const dueMs = this.#startMs + (bytes / this.#bytesPerSecond) * 1000
    for (let ahead = dueMs - performance.now(); ahead > 0; ahead = dueMs - performance.now()) {
      Atomics.wait(cell, 0, 0, Math.min(ahead, SLICE_MS))
      this.#interrupt()
    }
  }
}
