import { describe, expect, it } from 'vitest'
import { keys } from '../catalog/records.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { filesBelow } from '../write/testing.ts'
import { requireApart } from './require-apart.ts'
import { removeExpired } from './retention.ts'
import { encodeSegmentList } from './segment-list.ts'
import { archivedWorld, freshCatalog, piecesOf } from './testing.ts'

const piece = (n: number): string => `0000000100000000000000${n.toString(16).padStart(2, '0').toUpperCase()}`
const named = (file: string) => ({ file, bytes: 1, checksum: '0123456789abcdef' })

/** Piece n was archived at n * 1000 and names a segment of its own, the one of its successor, and one that all name. */
function archive(pieces: number): MemoryFileStore {
  let nowMs = 0
  const store = new MemoryFileStore(() => nowMs)
  for (let n = 1; n <= pieces; n++) {
    nowMs = n * 1000
    const files = [`chunks/db/${n}/a`, `chunks/db/${n + 1}/a`, 'chunks/db/all/a']
    for (const file of files) store.writeFileAtomic(`data/${file}`, 'x')
    store.writeFileAtomic(`${piece(n)}.segments`, encodeSegmentList(files.map(named)))
    store.writeFileAtomic(piece(n), 'log')
  }
  return store
}

describe('retention', () => {
  it('removes old pieces and the segments that no later one names', () => {
    const store = archive(5)
    expect(removeExpired(store, 3500, () => {})).toEqual({ pieces: 3, segments: 3 })
    expect(piecesOf(store)).toEqual([piece(4), piece(5)])
    expect(filesBelow(store, 'data')).toEqual([4, 5, 6, 'all'].map((n) => `data/chunks/db/${n}/a`))
    expect(removeExpired(store, 3500, () => {})).toEqual({ pieces: 0, segments: 0 })
  })

  it('keeps the newest piece, however old, and makes no gap', () => {
    const store = archive(3)
    store.writeFileAtomic(piece(2), 'copied again, later')
    expect(removeExpired(store, 1500, () => {}).pieces).toBe(1)
    expect(piecesOf(store)).toEqual([piece(2), piece(3)])
    expect(removeExpired(archive(3), 1e9, () => {}).pieces).toBe(2)
  })

  it('removes nothing when it can not know what is needed', () => {
    const store = archive(3)
    store.remove(`${piece(3)}.segments`)
    expect(() => removeExpired(store, 2500, () => {})).toThrow('there is no such file')
    store.writeFileAtomic(`${piece(3)}.segments`, '{"format":2}')
    expect(() => removeExpired(store, 2500, () => {})).toThrow('has format 2; this release knows format 1')
    expect(piecesOf(store)).toHaveLength(3)
  })

  it('completes what an earlier run has begun', () => {
    const store = archive(3)
    store.remove(piece(1))
    // On its way into the archive.
    store.writeFileAtomic(`${piece(4)}.segments`, encodeSegmentList([named('chunks/db/1/a')]))
    removeExpired(store, 0, () => {})
    expect(filesBelow(store, 'data')).toContain('data/chunks/db/1/a')
    expect(store.stat(`${piece(1)}.segments`)).toBeUndefined()
    expect(store.stat(`${piece(4)}.segments`)).toBeDefined()
  })
})

describe('the directory', () => {
  it.each(['/data', '/data/chunks', '/data/wal/old', '/data/archive', '/data/x/../wal'])('%s is refused', (dir) =>
    expect(() => requireApart('/data', dir)).toThrow('the store keeps files of its own there'),
  )

  it.each(['/data/wal-archive', '/data2', '/', '/backups', '/data/..x'])('%s is taken', (dir) =>
    requireApart('/data', dir),
  )
})

describe('the archive beside the engine', () => {
  const start = (options: Partial<Parameters<typeof archivedWorld>[0]> = {}) =>
    archivedWorld({ archive: new MemoryFileStore(), ...options })

  it('refuses level 0, at the start and by a statement', () => {
    expect(() => start({ settings: { 'ts.wal.wal_level': 0 } })).toThrow("can't be 0 while wal_archive_enabled is true")
    const { session } = start()
    expect(session.fails('setClusterSetting("ts.wal.wal_level", 0)')).toContain("can't be 0 while wal_archive_enabled")
    session.run('setClusterSetting("ts.wal.wal_level", 1)')
    session.run('setClusterSetting("ts.wal.wal_level", "DEFAULT")')
  })

  it('waits longer after each failure, tells the same one once an hour, and warns when much waits', async () => {
    const broken = new MemoryFileStore()
    broken.openWrite = () => {
      throw new Error('EIO')
    }
    const { engine, session, said, tasks, clock } = start({
      archive: broken,
      settings: { 'ts.checkpoint.max_wal_size': 1 << 20 },
    })
    session.run(
      'db = database("dfs://db", VALUE, 0..2)\npt = db.createPartitionedTable(table(1:0, `k`x, [INT, STRING]), "pt", "k")',
    )
    await engine.checkpoint()
    for (let k = 0; k < 3; k++) await engine.archive()
    expect(tasks.filter((t) => t.kind === 'archive')).toHaveLength(3)
    expect(said.filter((line) => line.includes('failed'))).toHaveLength(1)
    expect(engine.status().archive.failedAttempts).toBe(3)
    for (let k = 0; k < 5; k++) session.run('pt.append!(table(take(0, 900) as k, take(rpad("x", 1100), 900) as x))')
    await engine.archive()
    expect(said.filter((line) => line.includes('is behind'))).toHaveLength(1)
    clock.nowMs += 3_700_000
    await engine.archive()
    expect(said.filter((line) => line.includes('is behind'))).toHaveLength(2)
    expect(said.filter((line) => line.includes('failed'))).toHaveLength(2)
  })

  it('begins where it is switched on, and anew after it was off', async () => {
    const catalog = freshCatalog()
    const disk = new MemoryFileStore()
    const first = start({ catalog, disk, archiveSettings: { enabled: false } })
    first.session.run(
      'db = database("dfs://db", VALUE, 0..2)\npt = db.createPartitionedTable(table(1:0, `k`x, [INT, LONG]), "pt", "k")',
    )
    // Their segment is gone before archiving begins.
    first.session.run('pt.append!(table(take(0, 1500) as k, long(1..1500) as x))\ndropPartition(db, "/0", "pt")')
    expect(await first.engine.archive()).toBe(0)
    expect(catalog.get(keys.archive)).toBeUndefined()
    await first.engine.close()

    const archive = new MemoryFileStore()
    const second = start({ catalog, disk, archive })
    second.session.run('pt = loadTable("dfs://db", "pt")\npt.append!(table(take(1, 1500) as k, long(1..1500) as x))')
    await second.engine.close()
    const sequences = piecesOf(archive)
    expect(sequences).toHaveLength(1)
    await start({ catalog, disk, archive, archiveSettings: { enabled: false } }).engine.close()
    expect(catalog.get(keys.archive)).toBeUndefined()
  })

  it('never writes over what another store has archived', async () => {
    const archive = new MemoryFileStore()
    archive.writeFileAtomic('000000010000000000000001', 'of another store')
    const { engine, session } = start({ archive })
    session.run('database("dfs://db", VALUE, 0..2)')
    await engine.checkpoint()
    expect(await engine.archive()).toBe(0)
    expect(engine.status().archive.lastError).toContain('The archive has another file 000000010000000000000001 already')
    expect(Buffer.from(archive.readFile('000000010000000000000001')).toString()).toBe('of another store')
  })
})
