/** Thousands of lives of the store; in the gate (HOLDFAST_LONG=small) a fixed set and a few fresh ones. */
import { describe, expect, it } from 'vitest'
import { freshSeeds, runSeeds } from './seeds.ts'
import { noCounts } from './simulation.ts'

const count = process.env.HOLDFAST_LONG === 'small' ? 150 : 4000

describe('a store whose processes die, with and without the power, in any call', () => {
  it(`shows what was acknowledged, and nothing by half, in ${count} runs`, async () => {
    const counts = noCounts()
    const fresh = Math.ceil(count / 20)
    await runSeeds([...Array.from({ length: count - fresh }, (_, k) => 1000 + k), ...freshSeeds(fresh)], {}, counts)
    console.log(JSON.stringify(counts))
    expect(counts.deaths).toBeGreaterThan(count)
  })
})
