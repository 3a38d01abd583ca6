import { describe, expect, it } from 'vitest'
import { parseKey } from '../set/key.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import { playHistory } from './history.ts'

describe('a random history of appends, drops, backups and prunes that die', () => {
  it('always leaves the states that are to stay, and each restores to what it is of', () => {
    const total = { published: 0, interrupted: 0, resumed: 0, dropped: 0, statesMax: 0 }
    for (let seed = 1; seed <= 25; seed++) {
      const counts = playHistory(seed, 40)
      total.published += counts.published
      total.interrupted += counts.interrupted
      total.resumed += counts.resumed
      total.dropped += counts.dropped
      total.statesMax = Math.max(total.statesMax, counts.statesMax)
    }
    console.log(`histories: ${JSON.stringify(total)}`)
    expect(total.published).toBeGreaterThan(50)
    expect(total.interrupted).toBeGreaterThan(50)
    expect(total.resumed).toBeGreaterThan(5)
    expect(total.dropped).toBeGreaterThan(50)
    expect(total.statesMax).toBeGreaterThan(3)
  })

  it.each([
    [349564, 'files that a run removed without syncing come back when the power fails later'],
    [643, 'a forced run dies in the copy of a file that a run before had finished'],
    [202621, 'a prune drops the state of a run that died while it removed files'],
    [657, 'the power fails after a prune that died, and what it had dropped is there again'],
  ])('holds with seed %i: %s', (seed) => {
    expect(playHistory(seed, 60).published).toBeGreaterThan(5)
  })

  it('does the same in an encrypted set', () => {
    const key = parseKey(Buffer.from(`holdfast-key-1\n${'5c'.repeat(32)}\n`), 'key')
    let published = 0
    for (let seed = 501; seed <= 508; seed++)
      published += playHistory(seed, 30, undefined, (set) => new SealedFileStore(set, key, 'sealed')).published
    expect(published).toBeGreaterThan(20)
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
