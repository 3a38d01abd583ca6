/** dropPartition and backup read conditions on partitions alike. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createInterpreter, createRegistry, type Interpreter } from '../../runtime/index.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { Engine } from '../engine/engine.ts'
import { connectDfs, dfsBuiltins } from '../index.ts'
import { MemoryFileStore } from '../store/memory-store.ts'

const registry = createRegistry(dfsBuiltins)
let session: Interpreter
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-conditions-'))
  const catalog = new MemoryCatalogStore()
  const files = new MemoryFileStore()
  const engine = new Engine({ catalog, files })
  engine.recover(false)
  session = createInterpreter({ registry, print: () => {} })
  connectDfs({
    session,
    home: folder,
    link: { open: () => engine.openSession('test'), request: (command) => engine.request(command) },
    catalog,
    files,
  })
  session.user = 'admin'
  // Both levels take numbers, so that a pair of them is a vector of one type.
  session.run(`
    db = database("dfs://c", COMPO, [database("", VALUE, [1, 2, 50]), database("", RANGE, 0 40 80)])
    t = table([1, 1, 2, 2, 50, 50] as k, [10, 50, 10, 50, 10, 50] as n)
    pt = db.createPartitionedTable(t, \`pt, \`k\`n).append!(t)`)
})
afterEach(() => rmSync(folder, { recursive: true }))

const show = (script: string): string => session.display(session.run(script))
const fails = (script: string): string => {
  try {
    session.run(script)
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('a condition on the partitions of a COMPO database', () => {
  it.each([
    ['a number', '1', ['/1/0_40', '/1/40_80']],
    ['a vector of as many numbers as levels', '[1, 50]', ['/1/0_40', '/1/40_80', '/50/0_40', '/50/40_80']],
    ['a longer vector', '1 2 50', ['/1/0_40', '/1/40_80', '/2/0_40', '/2/40_80', '/50/0_40', '/50/40_80']],
    ['a tuple of numbers', '(1, 50)', ['/1/40_80']],
    ['a tuple of vectors', '[[1], [50]]', ['/1/40_80']],
    ['a tuple of vectors of different lengths', '[[1, 2], [50]]', ['/1/40_80', '/2/40_80']],
    ['a tuple with an empty first entry', '[, [50]]', ['/1/40_80', '/2/40_80', '/50/40_80']],
    ['a tuple with an empty second entry', '(1, )', ['/1/0_40', '/1/40_80']],
  ])('%s selects the same for dropPartition and backup', (_, condition, selected) => {
    expect(show(`backup("${folder}/set", "dfs://c", false, false, true, \`pt, ${condition})`)).toBe(
      `${selected.length}`,
    )
    const paths = (query: string): string[] => (JSON.parse(show(query)) as string[]).map(pathBelowDatabase)
    const saved = paths(`exec chunkPath from getBackupList("${folder}/set", "dfs://c", \`pt)`)
    expect(saved.sort()).toEqual(selected)
    const before = paths('exec dfsPath from getTabletsMeta("/c/%", `pt)')
    session.run(`dropPartition(db, ${condition}, \`pt)`)
    const left = selected.length === before.length ? [] : paths('exec dfsPath from getTabletsMeta("/c/%", `pt)')
    expect(before.filter((p) => !left.includes(p)).sort()).toEqual(selected)
  })

  it('needs an entry for each level in a tuple, for both', () => {
    const message = 'A tuple of conditions needs one entry for each of the 2 levels of dfs://c.'
    expect(fails('dropPartition(db, (1, 50, 3), `pt)')).toBe(message)
    expect(fails(`backup("${folder}/set", "dfs://c", false, false, true, \`pt, (1, 50, 3))`)).toBe(message)
  })
})

/** `/50/0_40` of `dfs://c/50/0_40/1`: what stands between the database and the physical index of the table. */
const pathBelowDatabase = (path: string): string => /\/c(\/[^/]+\/[^/]+)/.exec(path)![1]
