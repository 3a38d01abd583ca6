/**
 * Memory that a scan reads batch after batch into. Fresh memory costs more than reading: every page of it is zeroed and faulted in, and collected again. Batches
 * have their buffers in the same order and, but for the last of a segment, of the same sizes: each takes the buffers of the one before.
 */
import { allocate } from '../../runtime/values/allocator.ts'

export class BatchMemory {
  readonly #buffers: ArrayBuffer[] = []
  #next = 0

  /** From now on buffers are taken again: what was read before is overwritten. */
  startBatch(): void {
    this.#next = 0
  }

  /** A buffer of exactly this size, with anything in it. */
  take(bytes: number): ArrayBuffer {
    const at = this.#next++
    const known = this.#buffers[at]
    if (known?.byteLength === bytes) return known
    const fresh = allocate(bytes)
    this.#buffers[at] = fresh
    return fresh
  }
}
