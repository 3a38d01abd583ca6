/**
 * What a run must not take from the machine that it runs on: identities, time and timers. While a stage is set, `randomUUID` comes from the seed, and timers
 * fire when the run says so.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Random } from './random.ts'

interface Timer {
  readonly due: number
  readonly body: () => void
}

const crypto = createRequire(import.meta.url)('node:crypto') as { randomUUID: () => string }

export class Stage {
  nowMs = 1_600_000_000_000
  readonly #timers = new Map<number, Timer>()
  #lastTimer = 0

  readonly now = (): number => ++this.nowMs

  /** Time passes; what is due happens, in order. */
  advance(ms: number): void {
    this.nowMs += ms
    const due = [...this.#timers].filter(([, t]) => t.due <= this.nowMs).sort(([, a], [, b]) => a.due - b.due)
    for (const [id, timer] of due) {
      if (!this.#timers.delete(id)) continue
      timer.body()
    }
  }

  /** The process that set them is gone. */
  forgetTimers(): void {
    this.#timers.clear()
  }

  /** Runs the body on the stage, and gives the machine back its own. */
  static async set<R>(random: Random, body: (stage: Stage) => Promise<R>): Promise<R> {
    const stage = new Stage()
    const { setTimeout: setReal, clearTimeout: clearReal } = globalThis
    const realUuid = crypto.randomUUID
    crypto.randomUUID = () => random.uuid()
    syncBuiltinESMExports()
    globalThis.setTimeout = ((run: () => void, ms = 0) => stage.#start(run, ms)) as unknown as typeof setTimeout
    globalThis.clearTimeout = ((handle: unknown) => stage.#stop(handle)) as typeof clearTimeout
    try {
      return await body(stage)
    } finally {
      globalThis.setTimeout = setReal
      globalThis.clearTimeout = clearReal
      crypto.randomUUID = realUuid
      syncBuiltinESMExports()
    }
  }

  #start(body: () => void, ms: number): unknown {
    const id = ++this.#lastTimer
    this.#timers.set(id, { due: this.nowMs + ms, body })
    return { simulatedTimer: id, unref: () => undefined, ref: () => undefined }
  }

  #stop(handle: unknown): void {
    const id = (handle as { simulatedTimer?: number } | undefined)?.simulatedTimer
    if (id !== undefined) this.#timers.delete(id)
  }
}

/** Lets everything that waits for nobody go on. */
export async function turns(count = 4): Promise<void> {
  for (let k = 0; k < count; k++) await new Promise((resolve) => setImmediate(resolve))
}
