import { describe, expect, it } from 'vitest'
import { expectTold } from './expect-told.ts'

describe('a random history', () => {
  for (const isKeyed of [false, true])
    for (const seed of [1, 2, 4, 12])
      it(`is told as the model knows it, and its rows are there at lsnBefore, seed ${seed}${isKeyed ? ', with a primary key' : ''}`, async () => {
        const { changes, later } = await expectTold(seed, isKeyed)
        expect(changes).toBeGreaterThan(10)
        expect(later).toBeGreaterThan(0)
      })
})
