/**
 * The body of a batch while it is built: in one buffer, used again for each batch, because first touch is the dearest way to use memory; or in a region that another thread writes
 * from. Buffers of columns are placed one after another and hashed while they are still in the processor's cache.
 */
import type { RangeLanes } from '../../runtime/kernels/simd/range.ts'
import { allocate } from '../../runtime/values/index.ts'
import { checksumOf } from '../store/checksum.ts'
import type { Region, Regions } from '../store/regions.ts'
import type { Node, Span } from './arrow-metadata.ts'
import { ALIGNMENT, type BufferLayout } from './layout.ts'

const BYTES_MIN = 1 << 16
const GROWTH_MAX = 1 << 28

/** Memory from `at` on. */
interface Space {
  readonly buffer: ArrayBufferLike
  readonly at: number
  readonly bytes: number
}

type ViewOf<A> = new (buffer: ArrayBufferLike, at: number, length: number) => A

export class Body {
  /** Its own, for bodies that nobody else writes. */
  #own: Space = { buffer: allocate(BYTES_MIN), at: 0, bytes: BYTES_MIN }
  #space: Space = this.#own
  /** Where `#region` comes from. */
  #regions: Regions | undefined
  /** Taken and not issued yet. */
  #region: Region | undefined
  /** Bytes in use, a multiple of the alignment. */
  length = 0
  nodes: Node[] = []
  spans: Span[] = []
  #checksums: string[] = []

  /** Begins a body, in a region for so many bytes if there is one. */
  begin(regions?: Regions, bytes = 0): void {
    this.release()
    this.length = 0
    this.nodes = []
    this.spans = []
    this.#checksums = []
    this.#regions = regions
    this.#region = regions?.take(bytes)
    this.#space = this.#region ?? this.#own
  }

  /** Gives a region back that was not issued. */
  release(): void {
    if (this.#region !== undefined) this.#regions!.giveBack(this.#region)
    this.#region = undefined
    this.#space = this.#own
  }

  /** The region that it was built in, which is the caller's from now on; undefined if it is elsewhere. Nothing may be placed any more. */
  takeRegion(): Region | undefined {
    const region = this.#region
    this.#region = undefined
    return region
  }

  /**
   * Adds a buffer of so many bytes and returns where in the body it starts; its content is undefined, the padding behind it zero. Views of the body that were made before may
   * be of memory that it has left.
   */
  place(bytes: number): number {
    const offset = this.length
    const padded = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
    if (offset + padded > this.#space.bytes) this.#grow(offset + padded)
    this.view(Uint8Array, offset + bytes, padded - bytes).fill(0)
    this.length = offset + padded
    this.spans.push({ offset, bytes })
    return offset
  }

  /** A view of what was placed at an offset. */
  view<A>(like: ViewOf<A>, offset: number, length: number): A {
    return new like(this.#space.buffer, this.#space.at + offset, length)
  }

  /** What looks at numbers where they were placed, if something can. */
  get lanes(): RangeLanes | undefined {
    return this.#region === undefined ? undefined : this.#regions!.lanes
  }

  node(rows: number, nulls: number): void {
    this.nodes.push({ rows, nulls })
  }

  bytes(): Uint8Array {
    return this.view(Uint8Array, 0, this.length)
  }

  /** Hashes the buffers that have come since the last time. */
  hash(): void {
    for (let k = this.#checksums.length; k < this.spans.length; k++) this.#checksums.push(this.#checksum(this.spans[k]))
  }

  /** The buffers placed, all hashed, as they will lie in a file whose body starts at `start`. */
  layout(start: number): BufferLayout[] {
    return this.spans.map(({ offset, bytes }, k) =>
      bytes === 0 ? [0, 0, ''] : [start + offset, bytes, this.#checksums[k]],
    )
  }

  #checksum({ offset, bytes }: Span): string {
    if (bytes === 0) return ''
    if (this.#region !== undefined) return this.#regions!.checksum(this.#region.at + offset, bytes)
    return checksumOf(this.view(Uint8Array, offset, bytes))
  }

  #grow(bytes: number): void {
    const size = Math.max(bytes, Math.min(this.#space.bytes * 2, this.#space.bytes + GROWTH_MAX))
    const region = this.#region === undefined ? undefined : this.#regions!.take(size)
    const space = region ?? { buffer: allocate(size), at: 0, bytes: size }
    new Uint8Array(space.buffer, space.at, this.length).set(this.view(Uint8Array, 0, this.length))
    this.release()
    this.#region = region
    this.#space = space
    if (region === undefined) this.#own = space
  }
}
