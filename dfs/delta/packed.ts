/**
 * Many small appends in one message. Each block by itself costs a message several objects and a view of shared memory to be cloned; packed, fifty thousand of them are one
 * array of numbers beside the memory that they lie in, which is not copied.
 */
import type { DeltaBlock } from './block.ts'

export interface PackedBlocks {
  /** `FIELDS` numbers a block: cid, time, rows, end (Infinity: none), layout, piece of memory, offset in it, bytes. */
  readonly numbers: Float64Array
  readonly layouts: readonly string[]
  readonly memory: readonly ArrayBufferLike[]
}

const FIELDS = 8

export function packBlocks(blocks: readonly DeltaBlock[]): PackedBlocks {
  const numbers = new Float64Array(blocks.length * FIELDS)
  const layouts = new Places<string>()
  const memory = new Places<ArrayBufferLike>()
  blocks.forEach(({ cid, timeMs, rows, endedAt = Number.POSITIVE_INFINITY, layout, data }, k) => {
    const place = [layouts.of(layout), memory.of(data.buffer), data.byteOffset, data.length]
    numbers.set([cid, timeMs, rows, endedAt, ...place], k * FIELDS)
  })
  return { numbers, layouts: layouts.list, memory: memory.list }
}

export function unpackBlocks({ numbers, layouts, memory }: PackedBlocks): DeltaBlock[] {
  return Array.from({ length: numbers.length / FIELDS }, (_, k) => {
    const [cid, timeMs, rows, endedAt, layout, piece, offset, bytes] = numbers.subarray(k * FIELDS, (k + 1) * FIELDS)
    const block = { cid, timeMs, rows, layout: layouts[layout], data: new Uint8Array(memory[piece], offset, bytes) }
    return endedAt === Number.POSITIVE_INFINITY ? block : { ...block, endedAt }
  })
}

/** Blocks as they came. */
export const blocksOf = (blocks: readonly DeltaBlock[] | PackedBlocks): readonly DeltaBlock[] =>
  'numbers' in blocks ? unpackBlocks(blocks) : blocks

/** Where each thing stands in a list of those that occur. */
class Places<K> {
  readonly list: K[] = []
  readonly #places = new Map<K, number>()

  of(key: K): number {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.list.length
      this.list.push(key)
      this.#places.set(key, place)
    }
    return place
  }
}
