/** Flipped bits in log and segments: 1,000 in the long run, 150 in the gate (HOLDFAST_LONG=small). */
import { describe, expect, it } from 'vitest'
import { damageMany } from './damage.ts'
import { nextSeeds } from './seeds.ts'

const count = process.env.HOLDFAST_LONG === 'small' ? 150 : 1000

describe('a flipped bit in the log or in a segment', () => {
  it(`is harmless, reported with file and place, or refused at the start, ${count} times`, async () => {
    const counts = await damageMany(nextSeeds(count))
    console.log(JSON.stringify(counts))
    expect(counts.refused + counts.reported).toBeGreaterThan(count / 3)
  })
})
