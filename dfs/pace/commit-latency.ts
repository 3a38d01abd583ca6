/**
 * How long commits take, for whoever wants to get out of their way. The engine notes each, from the moment it was asked for one to its answer, in a ring of shared memory;
 * any thread reads. A torn entry is a wrong number for two seconds and harms nobody.
 *
 * Words of 8 bytes: how many were noted; then per place of the ring when (ms of the monotonic clock) and how long (microseconds).
 */
const PLACES = 512

export const LATENCY_BYTES = 8 * (1 + 2 * PLACES)

/** What happened longer ago says nothing of now. */
const WINDOW_MS = 2000

const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)

export class CommitLatency {
  readonly #words: Float64Array
  readonly #nowMs: () => number

  constructor(shared: SharedArrayBuffer, offset: number, nowMs = monotonicMs) {
    this.#words = new Float64Array(shared, offset, 1 + 2 * PLACES)
    this.#nowMs = nowMs
  }

  /** By the engine alone. */
  note(ms: number): void {
    const count = this.#words[0]
    const place = 1 + 2 * (count % PLACES)
    this.#words[place] = this.#nowMs()
    this.#words[place + 1] = ms * 1000
    this.#words[0] = count + 1
  }

  /** What 95 of 100 commits of the last seconds did not exceed, in milliseconds; undefined: there were none. */
  p95(): number | undefined {
    const count = Math.min(PLACES, this.#words[0])
    const since = this.#nowMs() - WINDOW_MS
    const recent: number[] = []
    for (let k = 0; k < count; k++) if (this.#words[1 + 2 * k] >= since) recent.push(this.#words[2 + 2 * k])
    if (recent.length === 0) return undefined
    recent.sort((a, b) => a - b)
    return recent[Math.ceil(0.95 * recent.length) - 1] / 1000
  }
}
