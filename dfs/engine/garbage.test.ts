import { describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { sweepOrphans } from './garbage.ts'

describe('the start after a crash', () => {
  it('keeps what a restore has copied whole, for a week, and removes what was cut off', () => {
    let nowMs = 1_000
    const files = new MemoryFileStore(() => nowMs)
    const folder = 'chunks/db/1/t'
    const whole = `${folder}/restored-aefa96782766b043-j26gi.arrow`
    for (const path of [whole, `${whole}.008995ff-7b0d-4ca9-807b-44fd3a0c8244.part`, `${folder}/new.arrow`])
      files.writeFileAtomic(path, 'x')
    const catalog = new MemoryCatalogStore()
    expect(sweepOrphans(catalog, files, nowMs)).toEqual({ removed: 2, kept: 1 })
    expect([...files.files().keys()]).toEqual([whole])
    nowMs += 8 * 86_400_000
    expect(sweepOrphans(catalog, files, nowMs)).toEqual({ removed: 1, kept: 0 })
    expect([...files.files().keys()]).toEqual([])
  })
})
