import { describe, expect, it } from 'vitest'
import type { DeltaBlock } from './block.ts'
import { packBlocks, unpackBlocks } from './packed.ts'

describe('packed blocks', () => {
  it('are the same blocks in the same memory, also on the other side of a message', () => {
    const slabs = [new SharedArrayBuffer(100), new SharedArrayBuffer(50)]
    const blocks: DeltaBlock[] = Array.from({ length: 40 }, (_, k) => ({
      cid: k + 1,
      timeMs: 1_700_000_000_000 + k,
      rows: (k % 3) + 1,
      layout: k % 2 === 0 ? 'a INT' : 'a INT,b STRING',
      data: new Uint8Array(slabs[k % 2], k, k % 10),
      ...(k % 4 === 0 ? { endedAt: k + 9 } : {}),
    }))
    for (const { cid, data } of blocks) data.fill(cid)
    const { numbers, layouts, memory } = packBlocks(blocks)
    expect(layouts).toEqual(['a INT', 'a INT,b STRING'])
    // A message clones the numbers and hands over the memory.
    const found = unpackBlocks({ numbers: structuredClone(numbers), layouts: [...layouts], memory })
    expect(found).toEqual(blocks)
    expect(found.map((b) => b.data.buffer)).toEqual(blocks.map((b) => b.data.buffer))
  })

  it('are none where there are none', () => {
    expect(unpackBlocks(packBlocks([]))).toEqual([])
  })
})
