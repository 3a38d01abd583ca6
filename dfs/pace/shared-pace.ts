/**
 * The brake of one piece of work that several threads do: a byte rate for all of them together, and a word that holds them.
 *
 *    0  8  when the next byte is due, nanoseconds of the monotonic clock, which all threads of a process share
 *    8  8  bytes per second; 0: as fast as it goes
 *   16  4  1: hold
 *
 * A thread that has moved bytes adds the time that they may take to the first word and waits until then, so that nobody hands out tokens. The word lags behind the clock
 * by no more than BURST, so that work that was slow for a while does not make up for it at once.
 */
export const PACE_BYTES = 24

const DUE_64 = 0
const RATE_64 = 1
const HOLD_32 = 4

const BURST_NS = 50_000_000n
/** A wait looks at least this often whether it may go on or must end. */
const SLICE_MS = 50

export interface PaceClock {
  /** Nanoseconds, never going back. */
  now(): bigint
  sleep(ms: number): void
}

const idle = new Int32Array(new SharedArrayBuffer(4))
export const systemClock: PaceClock = {
  now: () => process.hrtime.bigint(),
  sleep: (ms) => void Atomics.wait(idle, 0, 0, ms),
}

export class SharedPace {
  readonly shared: SharedArrayBuffer
  readonly #words64: BigInt64Array
  readonly #words32: Int32Array
  readonly #clock: PaceClock

  constructor(shared = new SharedArrayBuffer(PACE_BYTES), clock = systemClock) {
    this.shared = shared
    this.#words64 = new BigInt64Array(shared)
    this.#words32 = new Int32Array(shared)
    this.#clock = clock
  }

  /** 0: as fast as it goes. */
  get bytesPerSecond(): number {
    return Number(Atomics.load(this.#words64, RATE_64))
  }

  set bytesPerSecond(rate: number) {
    Atomics.store(this.#words64, RATE_64, BigInt(Math.ceil(rate)))
  }

  get isHeld(): boolean {
    return Atomics.load(this.#words32, HOLD_32) !== 0
  }

  set isHeld(held: boolean) {
    Atomics.store(this.#words32, HOLD_32, held ? 1 : 0)
  }

  /** Called after bytes were moved; returns when more may be. `onWait` runs before each short sleep, and may throw to end the work. */
  pass(bytes: number, onWait: () => void): void {
    const due = this.#book(bytes)
    for (;;) {
      const isHeld = this.isHeld
      const left = due === undefined ? 0n : due - this.#clock.now()
      if (!isHeld && left <= 0n) return
      onWait()
      const leftMs = Math.ceil(Number(left) / 1e6)
      this.#clock.sleep(isHeld ? SLICE_MS : Math.min(SLICE_MS, leftMs))
    }
  }

  /** When the bytes are paid for; undefined: at once. */
  #book(bytes: number): bigint | undefined {
    const rate = Atomics.load(this.#words64, RATE_64)
    if (rate === 0n || bytes === 0) return undefined
    const cost = (BigInt(bytes) * 1_000_000_000n) / rate
    for (;;) {
      const before = Atomics.load(this.#words64, DUE_64)
      const earliest = this.#clock.now() - BURST_NS
      const due = (before > earliest ? before : earliest) + cost
      if (Atomics.compareExchange(this.#words64, DUE_64, before, due) === before) return due
    }
  }
}
