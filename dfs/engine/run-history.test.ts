import { expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys, runsOf } from '../catalog/records.ts'
import { forgetOldRuns } from './run-history.ts'

it('the newest records of runs that ended stay, and all that are running', () => {
  const catalog = new MemoryCatalogStore()
  catalog.transaction((w) => {
    for (let k = 0; k < 20; k++)
      w.put(keys.run(`r${k}`), { id: `r${k}`, startMs: (k * 7) % 20, state: k % 5 === 0 ? 'running' : 'completed' })
  })
  forgetOldRuns(catalog, 6)
  const ended = runsOf(catalog).filter((r) => r.state !== 'running')
  expect(ended.map((r) => r.startMs).sort((a, b) => a - b)).toEqual([12, 13, 14, 16, 17, 18, 19].slice(-6))
  expect(runsOf(catalog)).toHaveLength(10)
  forgetOldRuns(catalog, 6)
  expect(runsOf(catalog)).toHaveLength(10)
})
