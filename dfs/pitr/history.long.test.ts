import { describe, expect, it } from 'vitest'
import { FIRST_SEED as first } from '../../test/seed.ts'
import { continued, runHistory, wrongTargets } from './history.ts'
import { DUAL, GROUP } from './testing.ts'

const histories = process.env.HOLDFAST_LONG === 'small' ? 3 : 60

describe(`${histories} random histories from seed ${first}`, () => {
  it('are recovered to every time and every LSN, three lines of the store after another', async () => {
    let points = 0
    for (let seed = first; seed < first + histories; seed++) {
      const settings = seed % 2 === 0 ? DUAL : GROUP
      const all = (): boolean => true
      let history = await runHistory({ seed, steps: 60, settings })
      for (let line = 0; ; line++) {
        const { targets, wrong } = wrongTargets(history, all)
        expect(wrong, `seed ${seed}, line ${line}`).toEqual([])
        points += targets
        if (line === 2) break
        history = await continued(history, seed % history.snapshots.length, {
          seed: seed + (line + 1) * 1000,
          steps: 40,
          settings,
        })
      }
    }
    console.log(`recovered to ${points} targets`)
    expect(points).toBeGreaterThan(200)
  })
})
