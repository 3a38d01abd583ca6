/** The body of a batch while it is built: one buffer, used again for each batch, because first touch is the dearest way to use memory. */
import { allocate } from '../../runtime/values/index.ts'
import { checksumOf } from '../store/checksum.ts'
import type { Node, Span } from './arrow-metadata.ts'
import { ALIGNMENT, type BufferLayout } from './layout.ts'

export class Body {
  #memory: ArrayBuffer = allocate(1 << 16)
  /** Bytes in use, a multiple of the alignment. */
  length = 0
  nodes: Node[] = []
  spans: Span[] = []

  reset(): void {
    this.length = 0
    this.nodes = []
    this.spans = []
  }

  /** Memory behind views made from `place`. It moves when `place` has to grow it. */
  get memory(): ArrayBuffer {
    return this.#memory
  }

  /** Adds a buffer of so many bytes and returns where it starts; its content is undefined, the padding behind it zero. */
  place(bytes: number): number {
    const offset = this.length
    const padded = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
    if (offset + padded > this.#memory.byteLength) {
      const grown = allocate(
        Math.max(offset + padded, Math.min(this.#memory.byteLength * 2, this.#memory.byteLength + (1 << 28))),
      )
      new Uint8Array(grown).set(new Uint8Array(this.#memory, 0, offset))
      this.#memory = grown
    }
    new Uint8Array(this.#memory, offset + bytes, padded - bytes).fill(0)
    this.length = offset + padded
    this.spans.push({ offset, bytes })
    return offset
  }

  node(rows: number, nulls: number): void {
    this.nodes.push({ rows, nulls })
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#memory, 0, this.length)
  }

  /** The buffers placed since number `from`, as they will lie in a file whose body starts at `start`. */
  layout(from: number, start: number): BufferLayout[] {
    return this.spans
      .slice(from)
      .map(({ offset, bytes }) =>
        bytes === 0 ? [0, 0, ''] : [start + offset, bytes, checksumOf(new Uint8Array(this.#memory, offset, bytes))],
      )
  }
}
