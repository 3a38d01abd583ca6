import { describe, expect, it } from 'vitest'
import { silentProgress } from '../progress.ts'
import { restoreTable } from '../restore/restore.ts'
import { contentOf, contextOf, databaseRecord, PATHS, shop, tableRecord, URL } from '../set/fixture.ts'
import { BackupSet } from '../set/open.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { checkBackupSet } from '../verify/check.ts'
import type { BackupRequest } from './select.ts'
import { takeBackup } from './take.ts'

const request = (over: Partial<BackupRequest> = {}): BackupRequest => ({
  url: URL,
  tables: undefined,
  partitions: undefined,
  force: false,
  snapshot: true,
  ...over,
})
const paths = (...names: string[]) => ({ kind: 'paths', paths: names }) as const
const quiet = { progress: silentProgress, now: () => 0 }
const check = (set: MemoryFileStore, tables?: string[]) =>
  checkBackupSet(set, { url: URL, tables, pattern: '%' }, quiet).map((d) => d.chunk.path)

function start(tables = ['pt']) {
  const engine = shop(new MemoryFileStore(), tables)
  const set = new MemoryFileStore()
  const context = contextOf(engine)
  const take = (over: Partial<BackupRequest> = {}) => takeBackup(context, set, request(over)).chunksCopied
  const listed = (table = 'pt') => new BackupSet(set).index(URL, table).chunks.length
  return { engine, set, context, take, listed }
}

describe('a backup', () => {
  it('copies every chunk at first, and nothing when nothing changed', () => {
    const { set, take, listed, engine } = start()
    expect(take()).toBe(10)
    expect(take()).toBe(0)
    expect(listed()).toBe(10)
    expect(check(set)).toEqual([])
    expect(engine.pins.size).toBe(0)
    const metadata = [...set.files().keys()].filter((f) => !f.startsWith('data/')).map((f) => f.split('/').at(-1))
    expect(metadata.sort()).toEqual(['backup_manifest.json', 'domain', 'manifest.json', 'pt.meta'])
  })

  it('copies only the chunk that an append touched, and only its new file', () => {
    const { set, take, engine } = start()
    take()
    const before = new Set(set.files().keys())
    engine.append('pt', PATHS[3])
    expect(take()).toBe(1)
    const added = [...set.files().keys()].filter((f) => f.startsWith('data/') && !before.has(f))
    expect(added).toHaveLength(1)
    expect(check(set)).toEqual([])
  })

  it('with force copies all', () => {
    const { take, listed } = start()
    take()
    expect(take({ force: true })).toBe(10)
    expect(listed()).toBe(10)
  })

  it('keeps a dropped partition without snapshot and drops it with', () => {
    const { set, engine, take, listed } = start()
    take()
    engine.request({ kind: 'dropChunks', db: URL, table: 'pt', paths: [PATHS[8]] })
    expect(take({ force: true, snapshot: false, tables: ['pt'] })).toBe(9)
    expect(listed()).toBe(10)
    expect(take({ force: true, snapshot: true, tables: ['pt'] })).toBe(9)
    expect(listed()).toBe(9)
    expect([...set.files().keys()].filter((f) => f.startsWith('data/'))).toHaveLength(9)
  })

  it('of named partitions leaves the others of the set', () => {
    const { take, listed } = start()
    expect(take({ tables: ['pt'], partitions: paths(PATHS[0], PATHS[1]) })).toBe(2)
    expect(listed()).toBe(2)
    expect(take({ tables: ['pt'], partitions: paths(PATHS[4]) })).toBe(1)
    expect(listed()).toBe(3)
    expect(() => take({ partitions: paths('/20330101/0_50') })).toThrow(/must already exist in the database.*S01020/)
  })

  it('does not look into unchanged files; force repairs them', () => {
    const { set, take } = start()
    take()
    const file = [...set.files().keys()].find((f) => f.startsWith('data/'))!
    set.flipBit(file, 1000)
    expect(check(set)).toEqual([PATHS[0]])
    expect(take({ tables: ['pt'], partitions: paths(PATHS[0]) })).toBe(0)
    expect(check(set)).toEqual([PATHS[0]])
    expect(take({ force: true, tables: ['pt'], partitions: paths(PATHS[0]) })).toBe(1)
    expect(check(set)).toEqual([])
  })

  it('copies a file that is missing or cut in the set', () => {
    const { set, take } = start()
    take()
    const files = [...set.files().keys()].filter((f) => f.startsWith('data/'))
    set.remove(files[0])
    set.openWrite(files[5]).close()
    expect(check(set)).toEqual([PATHS[0], PATHS[5]])
    expect(take()).toBe(2)
    expect(check(set)).toEqual([])
  })

  it('of one table leaves other tables and databases of the set as they are', () => {
    const { set, take, engine, listed } = start(['pt', 'pt2'])
    expect(take()).toBe(20)
    engine.append('pt', PATHS[0])
    engine.append('pt2', PATHS[0])
    expect(take({ tables: ['pt'] })).toBe(1)
    expect(listed('pt2')).toBe(10)
    expect(check(set)).toEqual([])
    expect(take()).toBe(1)
  })

  it('forgets a dropped table only with snapshot of the whole database', () => {
    const { set, take, engine } = start(['pt', 'pt2'])
    take()
    engine.request({ kind: 'dropTable', db: URL, table: 'pt2' })
    take({ snapshot: false })
    expect(new BackupSet(set).table(URL, 'pt2')).toBeDefined()
    take({ snapshot: true })
    expect(new BackupSet(set).table(URL, 'pt2')).toBeUndefined()
    expect([...set.files().keys()].some((f) => f.includes('/pt2/'))).toBe(false)
  })

  it('starts a table anew that was made again with other columns', () => {
    const { take, engine, listed, set } = start()
    take()
    engine.request({ kind: 'dropTable', db: URL, table: 'pt' })
    const { columns, ...rest } = tableRecord('pt')
    engine.request({ kind: 'createTable', table: { ...rest, id: 'another', columns: columns.slice(0, 2) } })
    engine.append('pt', PATHS[2])
    expect(() => take({ tables: ['pt'], partitions: paths(PATHS[2]) })).toThrow(/holds another table \[pt\]/)
    expect(take()).toBe(1)
    expect(listed()).toBe(1)
    expect(check(set)).toEqual([])
  })

  it('reports a damaged segment of the database and keeps its previous state', () => {
    const { take, engine, set } = start()
    take()
    engine.append('pt', PATHS[1])
    const chunk = engine.view().chunk(URL, 'pt', PATHS[1])!
    ;(engine.data as MemoryFileStore).flipBit(chunk.segments[1].file, 10)
    expect(() => take()).toThrow(
      /segment chunks\/shop\/20220101\/50_100\/pt\/seg11\.arrow of chunk .* is damaged in the database/,
    )
    expect(check(set)).toEqual([])
    expect(engine.runs().at(-1)).toMatchObject({ state: 'failed' })
    expect(engine.pins.size).toBe(0)
  })

  it('records a run per table', () => {
    const { take, engine } = start(['pt', 'pt2'])
    take()
    expect(engine.runs()).toMatchObject([
      { type: 'BACKUP_BY_COPY_FILE', table: 'pt', totalPartitions: 10, completedPartitions: 10, state: 'completed' },
      { type: 'BACKUP_BY_COPY_FILE', table: 'pt2', totalPartitions: 10, completedPartitions: 10, state: 'completed' },
    ])
  })

  it('refuses a missing database or table and DATABASE granularity', () => {
    const { take, engine } = start()
    expect(() => take({ url: 'dfs://nowhere' })).toThrow('Database [dfs://nowhere] does not exist.')
    expect(() => take({ tables: ['none'] })).toThrow('Table [none] does not exist in the database [dfs://shop].')
    const url = 'dfs://coarse'
    engine.request({ kind: 'createDatabase', database: { ...databaseRecord(url), chunkGranularity: 'DATABASE' } })
    expect(() => take({ url })).toThrow(/only SQL backup \(specified by sqlObj\) is supported.*S01021/)
  })

  it('goes on when another table of the set has a damaged index, and force replaces it', () => {
    const { take, set, engine, context } = start(['pt', 'pt2'])
    take()
    const meta = [...set.files().keys()].find((f) => f.endsWith('pt2.meta'))!
    set.flipBit(meta, 60)
    engine.append('pt', PATHS[0])
    expect(take({ tables: ['pt'] })).toBe(1)
    expect(() => check(set)).toThrow(/pt2\.meta is damaged/)
    expect(check(set, ['pt'])).toEqual([])
    expect(() => take()).toThrow(/pt2\.meta is damaged/)
    expect(take({ tables: ['pt2'], force: true })).toBe(10)
    expect(check(set)).toEqual([])
    restoreTable(context, set, { url: URL, table: 'pt' }, { url: URL, table: 'again' })
    expect(contentOf(engine, 'again')).toBe(contentOf(engine, 'pt'))
  })
})
