import { describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { type CheckpointMark, keys } from '../catalog/records.ts'
import { FaultyFileStore, StoreDied } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { seeded } from '../wal/fixture.ts'
import { filesBelow } from '../write/testing.ts'
import {
  type ArchivedWorld,
  archivedWorld,
  freshCatalog,
  piecesOf,
  requireComplete,
  restoredFrom,
  type WorldOptions,
} from './testing.ts'

const DUAL = { 'ts.wal.rotation': 'dual' }
const GROUP = { 'ts.wal.rotation': 'group', 'ts.wal.group_files': 2, 'ts.wal.group_file_size': 1 << 20 }
const ROTATIONS = [
  ['dual', DUAL],
  ['group', GROUP],
] as const

/** Every call in the long run, some of them otherwise. */
const EACH = process.env['HOLDFAST_LONG'] === '1' ? 1 : 9

const CREATE = `
db = database("dfs://db", VALUE, 0..2)
pt = db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "pt", "k")`
/** A digest of all rows: of a table only the first are shown. */
const ALL = `rows = select k, x from loadTable("dfs://db", "pt") order by k, x
string(rows.rows()) + " " + md5(concat(string(rows.k) + "/" + string(rows.x), ","))`

const append = (first: number, rows: number): string =>
  `loadTable("dfs://db", "pt").append!(table(take(0 1 2, ${rows}) as k, long(${first}..${first + rows - 1}) as x))`

/** Small and large appends, a rewrite, a merge, a dropped partition; everything is sealed at the end. */
async function lead(world: ArchivedWorld): Promise<void> {
  const { engine, session } = world
  session.run(CREATE)
  for (let round = 0; round < 4; round++) {
    session.run(append(round * 10_000, 3))
    session.run(append(round * 10_000 + 100, 1500))
    if (round === 1) session.run('update loadTable("dfs://db", "pt") set x = x + 1 where k = 1')
    if (round === 2) session.run('delete from loadTable("dfs://db", "pt") where x < 5')
    await engine.checkpoint()
    await engine.compact()
    world.clock.nowMs += 600_000
    await engine.archive()
  }
  session.run('dropPartition(database("dfs://db"), "/2", "pt")')
  await settle(world)
}

/** Everything that was logged is archived: first what an attempt before has left, because it holds the rotation up. */
async function settle({ engine, clock }: ArchivedWorld): Promise<void> {
  await engine.archive()
  await engine.checkpoint()
  clock.nowMs += 600_000
  await engine.archive()
  await engine.archive()
}

const brief = (world: ArchivedWorld): (() => unknown)[] => [
  () => world.session.run(CREATE),
  () => world.session.run(append(0, 3)),
  () => world.session.run(append(100, 1500)),
  () => settle(world),
  () => world.session.run('update loadTable("dfs://db", "pt") set x = -x where k = 1'),
  () => world.session.run('delete from loadTable("dfs://db", "pt") where k = 0'),
  () => settle(world),
  () => world.session.run(append(5000, 6)),
  () => settle(world),
]

describe.each(ROTATIONS)('an archive with the rotation %s', (_, settings) => {
  const FIRST = settings === DUAL ? 1 : 1 + Math.floor(EACH / 2)
  const start = (archive: FileStore, options: Partial<WorldOptions> = {}): ArchivedWorld =>
    archivedWorld({ archive, settings: { ...settings, 'ts.compaction.min_segments': 2 }, ...options })

  it('has all that was done: log and segments alone give the store back', async () => {
    const archive = new MemoryFileStore()
    const world = start(archive)
    await lead(world)
    requireComplete(archive)
    const pieces = piecesOf(archive)
    expect(pieces[0]).toBe('000000010000000000000001')
    expect(pieces.length).toBeGreaterThan(settings === DUAL ? 3 : 0)
    expect(restoredFrom(archive).show(ALL)).toBe(world.session.show(ALL))
    const { archive: status } = world.engine.status()
    expect(status).toMatchObject({
      archivingEnabled: true,
      lastArchivedSegment: pieces.at(-1),
      segmentsPending: 0,
      bytesPending: 0,
      lastError: '',
      failedAttempts: 0,
    })
    expect(status.totalArchivedBytes).toBeGreaterThan(1000)
    // What was kept for the archive only is gone.
    expect(world.catalog.entries(keys.garbages)).toEqual([])
    expect(world.engine.status().log.files.length).toBeLessThan(4)
  })

  it('lacks no more than the timeout allows, however rare checkpoints are', async () => {
    const archive = new MemoryFileStore()
    const world = start(archive, { archiveSettings: { timeoutMs: 1000 } })
    const { engine, session, clock } = world
    session.run(CREATE)
    for (let round = 0; round < 4; round++) {
      session.run(append(round * 10, 3))
      clock.nowMs += 1000
      await engine.archive()
      expect(restoredFrom(archive).show(ALL), `round ${round}`).toBe(session.show(ALL))
    }
  })

  it('has everything when the store has ended in order', async () => {
    const archive = new MemoryFileStore()
    const world = start(archive)
    world.session.run(CREATE)
    world.session.run(append(0, 3))
    await settle(world)
    world.session.run(append(3, 3))
    const running = world.engine.archive()
    world.session.run('delete from loadTable("dfs://db", "pt") where k = 1')
    const shown = world.session.show(ALL)
    await world.engine.close()
    await running
    expect(restoredFrom(archive).show(ALL)).toBe(shown)
    // And nothing more for a store in which nothing was done.
    const pieces = piecesOf(archive)
    const { catalog, disk, clock } = world
    await start(archive, { catalog, disk, nowMs: clock.nowMs }).engine.close()
    expect(piecesOf(archive)).toEqual(pieces)
  })

  it('has everything when a piece was waiting as the store ended', async () => {
    const archive = new MemoryFileStore()
    const world = start(archive)
    await lead(world)
    world.session.run(append(7000, 6))
    await world.engine.checkpoint()
    world.session.run(append(8000, 6))
    const shown = world.session.show(ALL)
    await world.engine.close()
    expect(restoredFrom(archive).show(ALL)).toBe(shown)
  })

  it('brings a copy of a closed directory to where the store is now', async () => {
    const archive = new MemoryFileStore()
    const first = start(archive)
    await lead(first)
    await first.engine.close()
    const copy = new MemoryFileStore()
    for (const path of filesBelow(first.disk, 'chunks')) copy.writeFileAtomic(path, first.disk.readFile(path))
    const catalog = new MemoryCatalogStore()
    catalog.transaction((w) => {
      for (const [key, value] of [...first.catalog.entries([])]) w.put(key, value)
    })
    const { lsn } = catalog.get(keys.checkpoint) as CheckpointMark

    const { disk, catalog: live } = first
    const next = start(archive, { disk, catalog: live, nowMs: first.clock.nowMs })
    for (const step of brief(next).slice(4)) await step()
    for (const path of filesBelow(archive, 'data'))
      copy.writeFileAtomic(path.slice('data/'.length), archive.readFile(path))
    for (const [k, piece] of piecesOf(archive).entries())
      copy.writeFileAtomic(`wal/kwdb_wal${k}`, archive.readFile(piece))
    expect(lsn).toBeGreaterThan(64)
    const later = start(new MemoryFileStore(), { disk: copy, catalog, archiveSettings: { enabled: false } })
    expect(later.session.show(ALL)).toBe(next.session.show(ALL))
  })

  it('keeps what it has when the power goes', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const archive = new MemoryFileStore()
      const world = start(archive)
      for (const step of brief(world)) await step()
      const pieces = piecesOf(archive)
      archive.losePower(seeded(seed))
      requireComplete(archive)
      expect(piecesOf(archive)).toEqual(pieces)
      expect(restoredFrom(archive).show(ALL)).toBe(world.session.show(ALL))
    }
  })

  it('loses nothing when any call on the archive fails, and goes on with the next attempt', async () => {
    const counting = new FaultyFileStore(new MemoryFileStore())
    for (const step of brief(start(counting))) await step()
    expect(counting.calls).toBeGreaterThan(20)
    for (let failCall = FIRST; failCall <= counting.calls; failCall += EACH) {
      const archive = new FaultyFileStore(new MemoryFileStore(), { failCall, code: 'ENOSPC' })
      const world = start(archive)
      for (const step of brief(world)) await step()
      await settle(world)
      requireComplete(archive.inner)
      expect(restoredFrom(archive.inner).show(ALL)).toBe(world.session.show(ALL))
      expect(unfinished(archive.inner)).toEqual([])
    }
  })

  it('is whole after a death in any call on the archive', async () => {
    const counting = new FaultyFileStore(new MemoryFileStore())
    for (const step of brief(start(counting))) await step()
    for (let dieAtCall = FIRST; dieAtCall <= counting.calls; dieAtCall += EACH) {
      const archive = new FaultyFileStore(new MemoryFileStore(), { dieAtCall })
      const world = start(archive)
      for (const step of brief(world)) if (archive.calls < dieAtCall) await step()
      requireComplete(archive.inner)
      const { catalog, disk } = world
      const before = world.session.show(ALL)
      const next = start(archive.inner, { catalog, disk, wasUnclean: true, nowMs: world.clock.nowMs })
      expect(next.session.show(ALL)).toBe(before)
      next.session.run(append(9000, 9))
      await settle(next)
      requireComplete(archive.inner)
      expect(restoredFrom(archive.inner).show(ALL)).toBe(next.session.show(ALL))
      expect(unfinished(archive.inner)).toEqual([])
    }
  })

  it('is whole after a death in any call on the store', async () => {
    const whole = new MemoryFileStore()
    const counting = new FaultyFileStore(whole)
    for (const step of brief(start(new MemoryFileStore(), { disk: whole, files: counting }))) await step()
    for (let dieAtCall = FIRST; dieAtCall <= counting.calls; dieAtCall += 2 * EACH) {
      const archive = new MemoryFileStore()
      const disk = new MemoryFileStore()
      const catalog = freshCatalog()
      const files = new FaultyFileStore(disk, { dieAtCall })
      try {
        for (const step of brief(start(archive, { disk, catalog, files }))) await step()
      } catch (error) {
        if (!(error instanceof StoreDied)) expect(String(error)).toMatch(/died|dead/)
      }
      requireComplete(archive)
      const next = start(archive, { catalog, disk, wasUnclean: true, nowMs: 1_650_000_000_000 })
      if (next.catalog.get(keys.table('dfs://db', 'pt')) === undefined)
        next.session.run(`if(existsDatabase("dfs://db")) dropDatabase("dfs://db")${CREATE}`)
      next.session.run(append(9000, 9))
      await settle(next)
      requireComplete(archive)
      expect(restoredFrom(archive).show(ALL)).toBe(next.session.show(ALL))
    }
  })
})

const unfinished = (archive: FileStore): string[] =>
  [...archive.list('').map((e) => e.name), ...filesBelow(archive, 'data')].filter((f) => f.endsWith('.unfinished'))

describe('an archive directory that is gone', () => {
  it('is not made anew, because its volume is not mounted: the log waits until it is there', async () => {
    let isMounted = true
    class Volume extends MemoryFileStore {
      override stat(path: string) {
        return isMounted ? super.stat(path) : undefined
      }
    }
    const archive = new Volume()
    const world = archivedWorld({ archive })
    for (const step of brief(world).slice(0, 4)) await step()
    const before = piecesOf(archive).length
    expect(before).toBeGreaterThan(0)
    isMounted = false
    world.session.run(append(7000, 6))
    await settle(world)
    expect(piecesOf(archive)).toHaveLength(before)
    expect(world.said.at(-1)).toMatch(
      /The archive directory .* is gone; the piece [0-9A-F]{24} was archived there before\./,
    )
    isMounted = true
    world.clock.nowMs += 600_000
    await settle(world)
    expect(piecesOf(archive).length).toBeGreaterThan(before)
  })
})
