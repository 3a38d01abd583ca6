/** Flipped bits in log and segments; damage.long.test.ts has many. */
import { describe, expect, it } from 'vitest'
import { damageMany } from './damage.ts'

describe('a flipped bit in the log or in a segment', () => {
  it('is harmless, reported with file and place, or refused at the start; what is read is never wrong', async () => {
    const counts = await damageMany(Array.from({ length: 40 }, (_, k) => k + 1))
    expect(counts.refused).toBeGreaterThan(5)
    expect(counts.reported).toBeGreaterThan(5)
  })
})
