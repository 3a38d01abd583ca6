/**
 * Commands that wait for the next batch. What comes in during one turn of the event loop, or while a batch is being synced, is committed together: one write
 * and one sync of the log for all.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { EngineReply } from './commands.ts'
import type { Outcome, Pending } from './committer.ts'

/** Commands that share one batch. */
const BATCH_MAX = 512

interface Waiting {
  readonly pending: Pending
  readonly done: (outcome: Outcome) => void
}

export class BatchQueue {
  readonly #commit: (batch: readonly Pending[]) => readonly Outcome[]
  readonly #makeRoom: () => Promise<unknown>
  #waiting: Waiting[] = []
  #isDue = false

  /** `makeRoom` is called when the log is full, and answers when it is not any more. */
  constructor(commit: (batch: readonly Pending[]) => readonly Outcome[], makeRoom: () => Promise<unknown>) {
    this.#commit = commit
    this.#makeRoom = makeRoom
  }

  add(pending: Pending): Promise<EngineReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        pending,
        done: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.reply)),
      })
      this.#drainSoon()
    })
  }

  #drainSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#drain()
    })
  }

  #drain(): void {
    const batch = this.#waiting.splice(0, BATCH_MAX)
    if (batch.length === 0) return
    if (this.#waiting.length > 0) this.#drainSoon()
    let outcomes: readonly Outcome[]
    try {
      outcomes = this.#commit(batch.map((w) => w.pending))
    } catch (error) {
      outcomes = batch.map(() => ({ error }))
    }
    const refused: { readonly waiting: Waiting; readonly outcome: Outcome }[] = []
    batch.forEach((waiting, k) => {
      if (isLogFull(outcomes[k])) refused.push({ waiting, outcome: outcomes[k] })
      else waiting.done(outcomes[k])
    })
    if (refused.length > 0) this.#tryAgain(refused)
  }

  /** Who met a full log is served after the checkpoint that makes room in it. */
  #tryAgain(refused: readonly { readonly waiting: Waiting; readonly outcome: Outcome }[]): void {
    this.#makeRoom().then(
      () => {
        this.#waiting.unshift(...refused.map((r) => r.waiting))
        this.#drainSoon()
      },
      () => {
        for (const { waiting, outcome } of refused) waiting.done(outcome)
      },
    )
  }
}

const isLogFull = (outcome: Outcome): boolean =>
  'error' in outcome && outcome.error instanceof HoldfastError && outcome.error.code === 'walFull'
