/**
 * Memory that a scan reads batch after batch into. Fresh memory costs more than reading: every page of it is zeroed and faulted in, and collected again. Batches
 * have their buffers in the same order and, but for the last of a segment, of the same sizes: each takes the buffers of the one before.
 */
import { allocate } from '../../runtime/values/allocator.ts'

/** Where the buffers of a batch are read to. */
export interface ReadMemory {
  /** From now on buffers are those of this batch of a file; what was read before is overwritten. */
  startBatch(file: string, batch: number): void
  /** A place of exactly this size for the bytes at an offset of the file. */
  take(offset: number, bytes: number): BatchBuffer
}

export interface BatchBuffer {
  /** With anything in it, unless it is filled. */
  readonly bytes: Uint8Array
  /** It holds what the file has there, which agreed with the checksum, if that was not known before. */
  readonly isFilled: boolean
}

export class BatchMemory implements ReadMemory {
  readonly #buffers: ArrayBuffer[] = []
  #next = 0

  startBatch(): void {
    this.#next = 0
  }

  take(_offset: number, bytes: number): BatchBuffer {
    const at = this.#next++
    if (this.#buffers[at]?.byteLength !== bytes) this.#buffers[at] = allocate(bytes)
    return { bytes: new Uint8Array(this.#buffers[at]), isFilled: false }
  }
}
