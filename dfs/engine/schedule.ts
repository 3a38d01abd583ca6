/**
 * When the store tidies up by itself: a checkpoint after so much time or so much log, segments for chunks with many small appends, and room for writers who wait for it. Housekeeping that fails
 * is told to the operator and tried again; the log keeps everything meanwhile.
 */
import type { DeltaStore } from '../delta/store.ts'
import type { StoreSettings } from '../settings/index.ts'
import type { CommitLog } from '../wal/commit-log.ts'
import type { CatalogCommand } from './apply.ts'
import type { Checkpointer } from './checkpointer.ts'

export interface ScheduleParts {
  readonly log: CommitLog
  readonly deltas: DeltaStore
  readonly checkpointer: Checkpointer
  readonly settings: () => StoreSettings
  readonly checkpoint: () => Promise<unknown>
  readonly compact: () => Promise<unknown>
  readonly say: (line: string) => void
}

export class Schedule {
  readonly #parts: ScheduleParts
  /** Where the last checkpoint ended, and what it had to leave in memory. */
  #last: { readonly end: number; readonly deltaBytes: number }
  #room: Promise<unknown> | undefined
  #timer: NodeJS.Timeout | undefined
  #isOn = false

  /** `end`: of the last checkpoint there was. */
  constructor(parts: ScheduleParts, end: number) {
    this.#parts = parts
    this.#last = { end, deltaBytes: 0 }
  }

  /** From here on checkpoints and merging happen by themselves. */
  begin(): void {
    this.#isOn = true
    this.#timer = setTimeout(() => this.#watch(this.#turn()), this.#parts.settings().checkpointIntervalMs).unref()
  }

  end(): void {
    this.#isOn = false
    clearTimeout(this.#timer)
  }

  noteCheckpoint(): void {
    this.#last = { end: this.#parts.log.end, deltaBytes: this.#parts.deltas.liveBytes }
  }

  /** Writers wait for one checkpoint together. */
  makeRoom(): Promise<unknown> {
    this.#room ??= this.#parts.checkpoint().finally(() => {
      this.#room = undefined
    })
    return this.#room
  }

  /** What a commit brought may ask for segments, or for a checkpoint. */
  noteCommits(commands: readonly CatalogCommand[]): void {
    if (!this.#isOn) return
    for (const command of commands) if (command.kind === 'insertRows') this.#flushIfLarge(command)
    if (this.#isDue && this.#parts.checkpointer.isIdle) this.#watch(this.#parts.checkpoint())
  }

  /** A chunk with many small appends gets its segment before the next checkpoint. */
  #flushIfLarge(command: CatalogCommand & { readonly kind: 'insertRows' }): void {
    const { deltas, checkpointer } = this.#parts
    const { deltaChunkRows, deltaChunkBytes } = this.#parts.settings()
    if (!checkpointer.isIdle) return
    const isLarge = (path: string): boolean => {
      const { rows, bytes } = deltas.sizeOf(command.tableId, path)
      return rows >= deltaChunkRows || bytes >= deltaChunkBytes
    }
    if (command.chunks.some((c) => isLarge(c.path)))
      this.#watch(checkpointer.flush((tableId, path) => tableId === command.tableId && isLarge(path)))
  }

  /** By size. What the last checkpoint could not write away, because it is being rewritten or read, is no reason for another one at once. */
  get #isDue(): boolean {
    const { log, deltas } = this.#parts
    const { checkpointWalBytesMax, deltaBytesMax } = this.#parts.settings()
    if (log.end - this.#last.end > checkpointWalBytesMax) return true
    return deltas.liveBytes - this.#last.deltaBytes > deltaBytesMax / 2
  }

  /** What happens every so often. */
  async #turn(): Promise<void> {
    const { log, checkpointer, checkpoint, compact } = this.#parts
    try {
      if (this.#last.end !== log.end && checkpointer.isIdle) await checkpoint()
    } finally {
      if (this.#isOn) this.#watch(compact())
      if (this.#isOn) this.begin()
    }
  }

  #watch(work: Promise<unknown>): void {
    work.catch((error) => this.#parts.say(`Housekeeping failed: ${(error as Error).message}`))
  }
}
