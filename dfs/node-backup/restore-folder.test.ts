import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { lockDirectory } from '../engine/lock.ts'
import { silentProgress } from '../progress.ts'
import type { MemoryFileStore } from '../store/memory-store.ts'
import { connect, newWorld } from '../write/testing.ts'
import { planRestoreFolder, restoreBackupFolder } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-restore-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)

/** A backup of a small store, on the disk. */
function backedUp(): string {
  const world = newWorld()
  connect(world).run(`
    pt = database("dfs://db", VALUE, 1..3).createPartitionedTable(table(1:0, [\`k], [INT]), "pt", "k")
    pt.append!(table(take(1..3, 3000) as k))
    backupNode("/set")`)
  const set = world.backups.get('/set') as MemoryFileStore
  for (const path of set.files().keys()) {
    mkdirSync(dirname(join(at('set'), path)), { recursive: true })
    writeFileSync(join(at('set'), path), set.readFile(path))
  }
  return at('set')
}

describe('a restore into a folder', () => {
  const set = { folder: backedUp() }
  const restore = (name: string, choice: object = {}) =>
    restoreBackupFolder({ ...set, ...choice }, at(name), silentProgress)

  it('has it for itself: a second one at the same time is refused and touches nothing', () => {
    const first = lockDirectory(at('new'))
    expect(() => restore('new')).toThrow(expect.objectContaining({ kind: 'conflict', code: 'directoryInUse' }))
    expect(readdirSync(at('new'))).toEqual(['holdfast.lock'])
    first.release()
    restore('new')
    expect(readdirSync(at('new')).sort()).toEqual(['catalog.mdb', 'catalog.mdb-lock', 'chunks', 'wal'])
    expect(() => restore('new')).toThrow(/is not empty/)
    expect(existsSync(join(at('new'), 'holdfast.lock'))).toBe(false)
  })

  it('that does not begin makes no folder', () => {
    expect(() => restore('none', { id: 'bk-20000101-000000' })).toThrow(/There is no backup/)
    expect(existsSync(at('none'))).toBe(false)
    expect(() => restore('other', { folder: at('nothing') })).toThrow(/There is no node backup/)
    expect(existsSync(at('other'))).toBe(false)
  })

  it('that is only planned says what it has, refuses what a restore would, and makes no folder', () => {
    const plan = (name: string, choice: object = {}) => planRestoreFolder({ ...set, ...choice }, at(name))
    expect(plan('planned')).toMatchObject({ databases: 1, tables: 1, rows: 3000, files: 3 })
    expect(() => plan('planned', { id: 'bk-20000101-000000' })).toThrow(/There is no backup/)
    expect(() => plan('set/planned')).toThrow(/lies in the backup/)
    expect(() => plan('new')).toThrow(/is not empty/)
    const [file] = readdirSync(join(at('set'), 'data/db/1/pt'))
    const path = join(at('set'), 'data/db/1/pt', file!)
    const content = readFileSync(path)
    writeFileSync(path, content.subarray(1))
    expect(() => plan('planned')).toThrow(/pt\/.*\.arrow of the backup has \d+ bytes instead of \d+/)
    writeFileSync(path, content)
    expect(existsSync(at('planned'))).toBe(false)
  })
})
