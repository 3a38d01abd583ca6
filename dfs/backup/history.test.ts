import { describe, expect, it } from 'vitest'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { playHistory } from './history.ts'

describe('a random history of appends, drops and backups that die', () => {
  it('always leaves a set that restores to its last completed backup', () => {
    const total = { published: 0, interrupted: 0, resumed: 0 }
    for (let seed = 1; seed <= 25; seed++) {
      const counts = playHistory(seed, 40)
      total.published += counts.published
      total.interrupted += counts.interrupted
      total.resumed += counts.resumed
    }
    console.log(`histories: ${JSON.stringify(total)}`)
    expect(total.published).toBeGreaterThan(50)
    expect(total.interrupted).toBeGreaterThan(50)
    expect(total.resumed).toBeGreaterThan(5)
  })

  it('would be caught breaking its promise on a disk that ignores syncs of folders', () => {
    class Forgetful extends FaultyFileStore {
      override syncDirectory(): void {}
    }
    const play = (): void => {
      for (let seed = 1; seed <= 25; seed++) playHistory(seed, 40, (inner, faults) => new Forgetful(inner, faults))
    }
    expect(play).toThrow()
  })
})
