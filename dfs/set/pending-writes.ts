/**
 * Files that are written but not yet synced: a batch is written, then synced in order, so that the disk gets work in larger portions. What must not happen before a file is durable (its final name, its entry in the log of
 * finished chunks) waits here too, in order.
 */
import type { FileWriter } from '../store/file-store.ts'

/** A batch is synced when it has this much: enough to keep the disk busy, little enough that an interrupted run loses little. */
const BATCH_BYTES = 256 << 20
const BATCH_FILES = 256

type Step = { readonly writer: FileWriter } | { readonly then: () => void }

export class PendingWrites {
  #steps: Step[] = []
  #bytes = 0
  #files = 0

  /** Takes over a complete file. */
  add(writer: FileWriter): void {
    this.#steps.push({ writer })
    this.#bytes += writer.bytesWritten
    this.#files++
  }

  /** Runs when all files added before are durable. */
  afterwards(then: () => void): void {
    this.#steps.push({ then })
  }

  flushIfDue(): void {
    if (this.#bytes >= BATCH_BYTES || this.#files >= BATCH_FILES) this.flush()
  }

  /** Makes everything durable, file by file in order. If a sync fails, nothing that waited for it runs, and the failure is final. */
  flush(): void {
    try {
      for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
        if ('then' in step) {
          step.then()
          continue
        }
        try {
          step.writer.sync()
        } finally {
          step.writer.close()
        }
      }
      this.#forget()
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  /** Closes what is open; what waited never runs. */
  abandon(): void {
    const steps = this.#steps
    this.#forget()
    for (const step of steps) if ('writer' in step) step.writer.close()
  }

  #forget(): void {
    this.#steps = []
    this.#bytes = 0
    this.#files = 0
  }
}
