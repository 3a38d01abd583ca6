import { describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import type { BackupRun } from './commands.ts'
import { noteRemains, removeRemains } from './restore-remains.ts'

const DAY = 86_400_000
const FOLDER = 'chunks/db/1/t'
const LEFT = `${FOLDER}/restored-aefa96782766b043-j26gi.arrow`

const restore = (over: Partial<BackupRun>): BackupRun => ({
  id: 'r',
  user: 'admin',
  type: 'RESTORE_BY_COPY_FILE',
  db: 'dfs://db',
  table: 't',
  startMs: 0,
  endMs: undefined,
  totalPartitions: 1,
  completedPartitions: 0,
  state: 'running',
  error: '',
  ...over,
})

function store() {
  const clock = { nowMs: 0 }
  const files = new MemoryFileStore(() => clock.nowMs)
  const catalog = new MemoryCatalogStore()
  const said: string[] = []
  const put = (run: BackupRun): void =>
    catalog.transaction((writer) => {
      noteRemains(writer, run)
      writer.put(keys.run(run.id), run)
    })
  return {
    clock,
    files,
    catalog,
    said,
    put,
    make: (path: string) => files.writeFileAtomic(path, 'x'),
    remove: () => removeRemains(catalog, files, clock.nowMs, (line) => said.push(line)),
    left: () => [...files.files().keys()],
    marks: () => [...catalog.entries(keys.remains)].length,
  }
}

describe('what a restore left that was not completed', () => {
  it('stays for a week, and then goes without a crash; other files and what is named stay', () => {
    const s = store()
    const named = `${FOLDER}/restored-0000000000000000-1.arrow`
    const waiting = `${FOLDER}/restored-1111111111111111-1.arrow`
    for (const path of [
      LEFT,
      `${LEFT}.x.part`,
      named,
      waiting,
      `${FOLDER}/a.arrow`,
      'chunks/other/1/t/restored-2-1.arrow',
    ])
      s.make(path)
    s.catalog.transaction((w) => {
      w.put(keys.chunk('dfs://db', 't', '/1'), { segments: [{ file: named }] })
      w.put(keys.garbage(7), [waiting])
    })
    s.put(restore({ state: 'failed', endMs: 0 }))
    s.clock.nowMs = 6 * DAY
    s.remove()
    expect(s.left()).toHaveLength(6)
    s.clock.nowMs = 7 * DAY
    s.remove()
    expect(s.left().sort()).toEqual([named, waiting, `${FOLDER}/a.arrow`, 'chunks/other/1/t/restored-2-1.arrow'].sort())
    expect(s.marks()).toBe(0)
    expect(s.said).toEqual(['Removed files that a restore had copied which was not repeated within a week: 2'])
  })

  it('is nothing to look for once it is complete', () => {
    const s = store()
    s.put(restore({}))
    expect(s.marks()).toBe(1)
    s.put(restore({ state: 'completed', endMs: 5 }))
    expect(s.marks()).toBe(0)
  })

  it('waits while a restore runs, and as long as a later one has left something', () => {
    const s = store()
    s.make(LEFT)
    s.put(restore({ state: 'cancelled', endMs: 0 }))
    s.clock.nowMs = 8 * DAY
    s.put(restore({ id: 'later', startMs: s.clock.nowMs }))
    const later = `${FOLDER}/restored-3-1.arrow`
    s.make(later)
    s.remove()
    expect(s.left()).toHaveLength(2)
    s.put(restore({ id: 'later', state: 'completed', endMs: s.clock.nowMs }))
    s.remove()
    expect([s.left(), s.marks()]).toEqual([[later], 1])
    s.clock.nowMs = 15 * DAY
    s.remove()
    expect([s.left(), s.marks()]).toEqual([[], 0])
  })

  it('is kept for a week from when a clock that was ahead was put right', () => {
    const s = store()
    s.clock.nowMs = 1000 * DAY
    s.make(LEFT)
    s.put(restore({ state: 'interrupted', startMs: s.clock.nowMs, endMs: s.clock.nowMs }))
    s.clock.nowMs = 10 * DAY
    s.remove()
    s.clock.nowMs = 16 * DAY
    s.remove()
    expect([s.left(), s.marks()]).toEqual([[LEFT], 1])
    s.clock.nowMs = 17 * DAY
    s.remove()
    expect([s.left(), s.marks()]).toEqual([[], 0])
  })

  it('is left alone where it can not be removed, and tried again', () => {
    const s = store()
    s.make(LEFT)
    s.put(restore({ state: 'failed', endMs: 0 }))
    s.clock.nowMs = 8 * DAY
    const remove = s.files.remove.bind(s.files)
    s.files.remove = () => {
      throw new Error('read-only file system')
    }
    s.remove()
    expect(s.said).toEqual(['What a restore has left could not be removed yet: read-only file system'])
    s.files.remove = remove
    s.remove()
    expect([s.left(), s.marks()]).toEqual([[], 0])
  })
})
