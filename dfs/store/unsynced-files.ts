/**
 * Files that are written and are to be durable together, before something names them: the system moves them to the disk while the next ones are written, and each is
 * synced when it no longer has to be waited for. One sync after the other in between would leave the disk idle half of the time.
 */
import type { FileWriter } from './file-store.ts'

/** More than this is not left unsynced: open files, and memory of the system. */
const FILES_MAX = 128
const BYTES_MAX = 512 << 20

export class UnsyncedFiles {
  #writers: FileWriter[] = []
  #bytes = 0

  /** Takes over a complete file. */
  add(writer: FileWriter): void {
    this.#writers.push(writer)
    this.#bytes += writer.bytesWritten
    writer.startWriteback()
    // The older half, which is on its way the longest.
    if (this.#writers.length > FILES_MAX || this.#bytes > BYTES_MAX) this.#sync(Math.ceil(this.#writers.length / 2))
  }

  /** Everything that was added is durable. A failure is final: the files must be taken as lost. */
  syncAll(): void {
    this.#sync(this.#writers.length)
  }

  /** Closes what is not synced. */
  abandon(): void {
    const writers = this.#writers
    this.#writers = []
    this.#bytes = 0
    for (const writer of writers) writer.close()
  }

  #sync(count: number): void {
    try {
      for (; count > 0; count--) {
        const writer = this.#writers.shift()!
        this.#bytes -= writer.bytesWritten
        try {
          writer.sync()
        } finally {
          writer.close()
        }
      }
    } catch (error) {
      this.abandon()
      throw error
    }
  }
}
