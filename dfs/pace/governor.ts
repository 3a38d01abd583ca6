/**
 * A byte rate that keeps the latency of commits within a budget: while commits take longer, it falls by a share of what is really moved; while they do not, it rises by
 * steps. Additive increase and multiplicative decrease find the rate that the machine has left, and leave it again when others need more.
 */
export interface GovernorLimits {
  /** Never more; 0: no limit. */
  readonly bytesPerSecondMax: number
  /** Milliseconds that 95 of 100 commits may take; 0: no budget. */
  readonly commitMsMax: number
}

const DECREASE = 0.6
const STEP = 8 << 20
/** A backup goes on, however slow commits are. */
const RATE_MIN = 1 << 20
/** So far above what is really moved the rate limits nothing. */
const FREE_FACTOR = 4

export class Governor {
  readonly #limits: GovernorLimits
  /** 0: as fast as it goes. */
  rate: number

  constructor(limits: GovernorLimits) {
    this.#limits = limits
    this.rate = limits.bytesPerSecondMax
  }

  /** `p95Ms`: of the commits of the last moment; undefined: there were none. `moved`: bytes per second since the last call. Answers the new rate. */
  adjust(p95Ms: number | undefined, moved: number): number {
    const { bytesPerSecondMax, commitMsMax } = this.#limits
    if (commitMsMax === 0) return this.rate
    if (p95Ms !== undefined && p95Ms > commitMsMax) {
      const now = this.rate === 0 ? moved : Math.min(this.rate, Math.max(moved, RATE_MIN))
      this.rate = Math.max(RATE_MIN, now * DECREASE)
    } else if (this.rate !== 0) {
      const next = this.rate + STEP
      const isFree = bytesPerSecondMax === 0 && next > FREE_FACTOR * moved && moved > FREE_FACTOR * STEP
      this.rate = isFree ? 0 : next
    }
    if (bytesPerSecondMax > 0) this.rate = Math.min(this.rate === 0 ? bytesPerSecondMax : this.rate, bytesPerSecondMax)
    return this.rate
  }
}
