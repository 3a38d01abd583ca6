/** A few lives of the store in every run of the tests; simulation.long.test.ts has many. */
import { describe, expect, it } from 'vitest'
import { nextSeeds, runSeeds } from './seeds.ts'
import { noCounts, simulate } from './simulation.ts'

const FIXED = 30
const STEPS = 12

describe('a store whose processes die, with and without the power, in any call', () => {
  it(`shows what was acknowledged, and nothing by half, for seeds 1 to ${FIXED} and three more`, async () => {
    const counts = noCounts()
    await runSeeds([...Array.from({ length: FIXED }, (_, k) => k + 1), ...nextSeeds(3)], { steps: STEPS }, counts)
    expect(counts.deaths).toBeGreaterThan(FIXED)
    expect(counts.powerLosses).toBeGreaterThan(FIXED / 2)
    expect(counts.statements).toBeGreaterThan(10 * FIXED)
  })

  it('would be caught if its disk did not sync the log', async () => {
    let caught = 0
    for (let seed = 1; seed <= 15; seed++)
      await simulate({ seed, steps: STEPS, syncsLog: false }).catch(() => {
        caught++
      })
    expect(caught).toBeGreaterThan(2)
  })
})
