/**
 * How a backup keeps out of the way: the session's side of the brake that all its threads share (shared-pace.ts). It sets the rate by what commits suffer, and holds the
 * work while somebody has paused it.
 *
 * A pause is the engine's to know: it lives as long as the process, and ends with the run. A backup that dies while it is paused is continued by the next call.
 */
import type { BackupContext } from '../set/context.ts'
import { Governor, type GovernorLimits } from './governor.ts'
import { SharedPace } from './shared-pace.ts'

/** What the engine tells of itself, without being asked. */
export interface StorePressure {
  /** What 95 of 100 of the latest commits did not exceed, in milliseconds; undefined: there were none. */
  commitMsP95(): number | undefined
  /** Changes with every pause and resume. */
  pauseEpoch(): number
  /** Runs and calls that are paused. Asks the engine. */
  paused(): readonly string[]
}

export const NO_PRESSURE: StorePressure = { commitMsP95: () => undefined, pauseEpoch: () => 0, paused: () => [] }

export interface PaceParts {
  readonly limits: GovernorLimits
  readonly pressure: StorePressure
  /** What a pause may name: the call, and its runs. */
  readonly ids: readonly string[]
  /** The work was held, or goes on. */
  readonly onPause: (isPaused: boolean) => void
  readonly nowMs?: () => number
  readonly brake?: SharedPace
}

const ADJUST_EVERY_MS = 250

export class BackupPace {
  readonly brake: SharedPace
  readonly #parts: PaceParts
  readonly #governor: Governor
  readonly #nowMs: () => number
  #epoch: number | undefined
  #adjustedMs: number
  #moved = 0

  constructor(parts: PaceParts) {
    this.#parts = parts
    this.#nowMs = parts.nowMs ?? performance.now.bind(performance)
    this.#governor = new Governor(parts.limits)
    this.brake = parts.brake ?? new SharedPace()
    this.brake.bytesPerSecond = this.#governor.rate
    this.#adjustedMs = this.#nowMs()
    this.look()
  }

  /** Bytes that any thread has moved. */
  count(bytes: number): void {
    this.#moved += bytes
  }

  /** Called by the session's thread as often as it can. */
  look(): void {
    const { pressure, ids, onPause, limits } = this.#parts
    const epoch = pressure.pauseEpoch()
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      const paused = epoch === 0 ? [] : pressure.paused()
      const isPaused = ids.some((id) => paused.includes(id))
      if (isPaused !== this.brake.isHeld) {
        this.brake.isHeld = isPaused
        onPause(isPaused)
      }
    }
    if (limits.commitMsMax === 0) return
    const now = this.#nowMs()
    const elapsedMs = now - this.#adjustedMs
    if (elapsedMs < ADJUST_EVERY_MS) return
    if (!this.brake.isHeld)
      this.brake.bytesPerSecond = this.#governor.adjust(pressure.commitMsP95(), (this.#moved * 1000) / elapsedMs)
    this.#adjustedMs = now
    this.#moved = 0
  }

  /** Waits on the session's thread, after it has moved bytes. `onWait` as of SharedPace. */
  pass(bytes: number, onWait: () => void): void {
    this.brake.pass(bytes, () => {
      onWait()
      this.look()
    })
  }
}

/** What a call gives; what it leaves out is as the settings say. */
export interface PaceLimits {
  readonly bytesPerSecondMax?: number | undefined
  readonly commitMsMax?: number | undefined
}

/** The brake of a backup. `call`: what its runs have in common. */
export function paceOf(
  { pressure = NO_PRESSURE, settings }: Pick<BackupContext, 'pressure' | 'settings'>,
  limits: PaceLimits | undefined,
  call: string,
  runs: readonly { readonly id: string; setPaused(isPaused: boolean): void }[],
): BackupPace {
  const defaults = settings?.()
  return new BackupPace({
    limits: {
      bytesPerSecondMax: limits?.bytesPerSecondMax ?? defaults?.backupBytesPerSecondMax ?? 0,
      commitMsMax: limits?.commitMsMax ?? defaults?.backupCommitMsMax ?? 0,
    },
    pressure,
    ids: [call, ...runs.map((r) => r.id)],
    onPause: (isPaused) => {
      for (const run of runs) run.setPaused(isPaused)
    },
  })
}
