/** Recovery against a model: see history.ts. The long test has more histories and more points. */
import { describe, expect, it } from 'vitest'
import { continued, runHistory, wrongTargets } from './history.ts'
import { DUAL, GROUP, recovered, shown, timeTarget } from './testing.ts'

const ROTATIONS = [
  ['dual', DUAL, 1],
  ['group', GROUP, 3],
] as const

describe.each(ROTATIONS)('a store with the rotation %s', (_, settings, seed) => {
  it('recovered to a time or an LSN shows what it showed then, and so does the store that goes on from there', async () => {
    const history = await runHistory({ seed, steps: 30, settings })
    const first = wrongTargets(history, (k) => k % 11 === 0)
    expect(first.wrong).toEqual([])
    // The net has no hole: contents of other moments are noticed.
    const { snapshots } = history
    const shifted = snapshots.map((s, j) => ({ ...s, content: snapshots[(j + 5) % snapshots.length]!.content }))
    expect(wrongTargets({ ...history, snapshots: shifted }, () => false).wrong.length).toBe(2)
    const next = await continued(history, 12, { seed: seed + 1, steps: 14, settings })
    const second = wrongTargets(next, (k) => k % 7 === 0)
    expect(second.wrong).toEqual([])
    expect(first.targets + second.targets).toBeGreaterThan(9)
    // The first line goes on after the point from which the second does; an LSN could mean either, a time can not.
    const { timeMs, content } = history.snapshots[20]!
    const { set, archive } = history
    expect(shown(recovered({ sources: { set, archive }, target: timeTarget(timeMs) }))).toBe(content)
  })
})
