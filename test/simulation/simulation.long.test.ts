/** Thousands of lives of the store; in the gate (HOLDFAST_LONG=small) a part of them. */
import { describe, expect, it } from 'vitest'
import { nextSeeds, runSeeds } from './seeds.ts'
import { noCounts } from './simulation.ts'

const count = process.env.HOLDFAST_LONG === 'small' ? 150 : 4000

describe('a store whose processes die, with and without the power, in any call', () => {
  it(`shows what was acknowledged, and nothing by half, in ${count} runs`, async () => {
    const counts = noCounts()
    const others = Math.ceil(count / 20)
    await runSeeds([...Array.from({ length: count - others }, (_, k) => 1000 + k), ...nextSeeds(others)], {}, counts)
    console.log(JSON.stringify(counts))
    expect(counts.deaths).toBeGreaterThan(count)
  })
})
