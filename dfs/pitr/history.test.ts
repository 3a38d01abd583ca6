/** Recovery against a model: see history.ts. The long test has more histories and more points. */
import { describe, expect, it } from 'vitest'
import { runHistory, wrongTargets } from './history.ts'
import { DUAL, GROUP } from './testing.ts'

const ROTATIONS = [
  ['dual', DUAL],
  ['group', GROUP],
] as const

describe.each(ROTATIONS)('a store with the rotation %s', (_, settings) => {
  it('recovered to a time or an LSN shows what it showed then', async () => {
    const history = await runHistory({ seed: 1, steps: 40, settings })
    const { targets, wrong } = wrongTargets(history, (k) => k % 5 === 0)
    expect(wrong).toEqual([])
    expect(targets).toBeGreaterThan(10)
  })
})
