/** One table back: recoverTable against snapshots, what it reads, and what it leaves when it fails. */
import { describe, expect, it } from 'vitest'
import { progressService } from '../progress.ts'
import { parseKey } from '../set/key.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { formatLsn } from '../wal/lsn.ts'
import { backUp, newArchivedWorld, recovered, settle, shown, snapshotOf, timeTarget } from './testing.ts'

/** Remembers which files were opened. */
class WatchedStore extends FaultyFileStore {
  readonly opened: string[] = []

  override openRead(path: string): ReturnType<FileStore['openRead']> {
    this.opened.push(path)
    return super.openRead(path)
  }
}

const CREATE = `
  db = database("dfs://d", VALUE, 0..2)
  for (name in ["t", "other"]) db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), name, "k")
  db.createTable(table(1:0, \`k\`x, [INT, LONG]), "dim")`
const GROW = `def grow(name, n, f) { loadTable("dfs://d", name).append!(table(take(0 1 2, n) as k, long(f..(f + n - 1)) as x)) };`
const SUMS = 'count(*) as n, sum(x) as s, sum(x * (x % 97)) as w'
const sumsOf = (table: string, db = 'dfs://d'): string =>
  `select ${SUMS} from loadTable("${db}", "${table}") group by k order by k`

interface Story {
  readonly world: ReturnType<typeof newArchivedWorld>
  readonly set: WatchedStore
  readonly archive: WatchedStore
  readonly moments: readonly {
    readonly timeMs: number
    readonly lsn: number
    readonly t: string
    readonly dim: string
  }[]
}

/** Two tables that grow, are rewritten, and lose rows; one of them is dropped in the end. */
async function story(): Promise<Story> {
  const archive = new WatchedStore(new MemoryFileStore())
  const set = new WatchedStore(new MemoryFileStore())
  const world = newArchivedWorld(archive)
  const { session, engine, clock } = world
  const run = (script: string): void => session.run(`${GROW} ${script}`)
  session.run(CREATE)
  run('grow("t", 1500, 0); grow("other", 1500, 0); grow("t", 3, 5000); grow("dim", 4, 7)')
  backUp(world, set)
  const moments: Story['moments'][number][] = []
  const snap = (): void =>
    void moments.push({
      timeMs: clock.nowMs++,
      lsn: engine.status().log.end,
      t: session.show(sumsOf('t')),
      dim: session.show(sumsOf('dim')),
    })
  snap()
  for (const script of [
    'grow("t", 1200, 10000); grow("other", 1200, 10000)',
    'grow("t", 2, 20000); grow("other", 2, 20000); grow("dim", 1200, 90)',
    'update loadTable("dfs://d", "t") set x = x + 1 where k = 1; update loadTable("dfs://d", "other") set x = x + 1 where k = 1',
    'delete from loadTable("dfs://d", "t") where x < 100; grow("other", 1300, 50000)',
    'grow("t", 5, 60000); grow("dim", 3, 5)',
  ]) {
    run(script)
    snap()
    await engine.checkpoint()
    clock.nowMs += 600_000
    await engine.archive()
  }
  world.backups.set('/set', set)
  world.backups.set('/archive', archive)
  await settle(world)
  return { world, set, archive, moments }
}

const call = (
  target: string,
  { table = 't', db = '', as = '', partition = '', archive = '/archive' }: Readonly<Record<string, string>> = {},
): string => `recoverTable("/set", "dfs://d", "${table}", "${target}", "${db}", "${as}", "${partition}", "${archive}")`

describe('recoverTable', () => {
  it('gives a table of any moment back under a new name, and leaves everything else alone', async () => {
    const { world, moments } = await story()
    const { session } = world
    const others = session.show(sumsOf('other'))
    for (const [k, { timeMs, lsn, t, dim }] of moments.entries()) {
      session.run(call(timeTarget(timeMs), { as: `t_${k}` }))
      expect(session.show(sumsOf(`t_${k}`))).toBe(t)
      session.run(call(`lsn:${formatLsn(lsn)}`, { db: `dfs://other${k}` }))
      expect(session.show(sumsOf('t', `dfs://other${k}`))).toBe(t)
      session.run(call(`lsn:${formatLsn(lsn)}`, { table: 'dim', as: `dim_${k}` }))
      expect(session.show(sumsOf(`dim_${k}`))).toBe(dim)
    }
    expect(session.show(sumsOf('other'))).toBe(others)
    expect(session.show(sumsOf('t'))).toBe(moments.at(-1)!.t)
    expect(world.disk.list('recovery')).toEqual([])
    // What was recovered is a table like any other.
    session.run(`${GROW} grow("t_0", 3, 1)`)
    await world.engine.checkpoint()
    expect(session.show('exec count(*) from loadTable("dfs://d", "t_0")')).toBe('1506')
  })
})

describe('recoverTable with plan=true', () => {
  const planned = (target: string, options: Parameters<typeof call>[1] = {}): string =>
    call(target, options).replace(/\)$/, ', plan=true)')

  it('says where it would arrive and what each partition would have, and leaves the store as it is', async () => {
    const { world, set, archive, moments } = await story()
    const { session, disk, engine } = world
    const notes: string[] = []
    session.session.provide(progressService, { report: () => {}, note: (text) => void notes.push(text) })
    const state = (): string =>
      JSON.stringify([[...disk.files().keys()].sort(), engine.status().log.end, session.show('getBackupStatus()')])
    const before = state()
    for (const [k, { timeMs }] of moments.entries()) {
      const target = timeTarget(timeMs)
      set.opened.length = 0
      archive.opened.length = 0
      session.run(`p = ${planned(target, { as: `t_${k}` })}`)
      expect([...set.opened, ...archive.opened].filter((path) => path.endsWith('.arrow'))).toEqual([])
      expect(notes[0]).toBe(
        `[INFO] Starting Point-in-Time Recovery of the table dfs://d/t as dfs://d/t_${k}: a plan, nothing is recovered`,
      )
      expect(notes.at(-3)).toMatch(/^\[INFO\] Would recover to: 2020-.*Z \(LSN: 0\/[0-9A-F]{8}\)$/)
      expect(notes.at(-1)).toMatch(/^\[INFO\] Partitions that would be recovered: 3, with [\d,]+ rows$/)
      expect(session.show('p.tableName + p.chunkPath.regexReplace("/[^/]*$", "")')).toBe(
        JSON.stringify([0, 1, 2].map((part) => `t_${k}dfs://d/${part}`)),
      )
      notes.length = 0
    }
    expect(state()).toBe(before)
    for (const [k, { timeMs }] of moments.entries()) {
      const target = timeTarget(timeMs)
      session.run(`p = ${planned(target, { as: `t_${k}` })}; r = ${call(target, { as: `t_${k}` })}`)
      expect(session.show('(sum(p.rows) == r[`rows]) && (size(p) == r[`partitions]) && (min(p.bytes) > 0)')).toBe(
        'true',
      )
      expect(notes.slice(-4).every((line) => line.startsWith('[INFO] '))).toBe(true)
    }
    session.run(`p = ${planned(timeTarget(moments[1]!.timeMs), { as: 'part', partition: '/1' })}`)
    expect(session.show('p.tableName + " " + p.action + " " + p.chunkPath')).toMatch(
      /^\["part copy dfs:\/\/d\/1\/[^/"]+"\]$/,
    )
    session.run(`p = ${planned(timeTarget(moments[2]!.timeMs), { table: 'dim', as: 'dim2', db: 'dfs://new' })}`)
    expect(session.show('p.dbName + "/" + p.tableName + " " + string(p.rows)')).toBe('["dfs://new/dim2 1204"]')
  })

  it('fails where the recovery would', async () => {
    const { world, archive, moments } = await story()
    const { session } = world
    const moment = timeTarget(moments[1]!.timeMs)
    expect(session.fails(planned(moment))).toMatch(/exists already/)
    expect(session.fails(planned('2030-01-01T00:00:00Z', { as: 'x' }))).toMatch(/after the end of the log/)
    archive.opened.length = 0
    session.run(`${call(moment, { as: 'probe' })}`)
    archive.inner.remove(archive.opened.find((path) => path.endsWith('.arrow'))!)
    expect(session.fails(planned(moment, { as: 'x' }))).toMatch(/is not in the backup or in the archive/)
    expect(world.disk.list('recovery')).toEqual([])
  })
})

describe('the log of a store with recovered tables', () => {
  it('leads to them, and to what became of them', async () => {
    const { world, set, archive, moments } = await story()
    const { session, engine, clock } = world
    session.run(call(timeTarget(moments[1]!.timeMs), { as: 'back' }))
    session.run(call(timeTarget(moments[2]!.timeMs), { db: 'dfs://elsewhere' }))
    const recoveredAt = snapshotOf(world)
    session.run(`${GROW} grow("back", 1200, 1); delete from loadTable("dfs://d", "back") where k = 2`)
    session.run('dropTable(database("dfs://d"), "t"); renameTable(database("dfs://d"), "back", "t")')
    const renamed = snapshotOf(world)
    clock.nowMs += 600_000
    await engine.archive()
    await settle(world)
    session.run(`${GROW} grow("t", 1, 1)`)
    await settle(world)
    for (const { timeMs, content } of [recoveredAt, renamed])
      expect(shown(recovered({ sources: { set, archive }, target: timeTarget(timeMs) }))).toBe(content)
    session.run(call(timeTarget(renamed.timeMs), { as: 'again' }))
    const sums = shownBy(renamed.content, 't')
    expect(session.show(sumsOf('again'))).toContain(sums)
  })
})

/** The line of the first partition of a table in a snapshot: count and sum. */
const shownBy = (content: string, table: string): string => {
  const lines = content.split('\n')
  return lines[lines.indexOf(table) + 3]!.split(' ').slice(0, 3).join(' ')
}

describe('what recoverTable reads and replays', () => {
  it('is the log, and the data segments that the table has at the target, and no others', async () => {
    const { world, set, archive, moments } = await story()
    const isData = (path: string): boolean => path.endsWith('.arrow')
    const all = [...set.opened, ...archive.opened].length
    expect(all).toBeGreaterThan(0)
    set.opened.length = 0
    archive.opened.length = 0
    world.session.run(call(timeTarget(moments[2]!.timeMs), { as: 'back' }))
    const fromSet = set.opened.filter(isData)
    const fromArchive = archive.opened.filter(isData)
    const folder = /\/t\/[^/]+\.arrow$/
    expect([...fromSet, ...fromArchive].filter((path) => !folder.test(path))).toEqual([])
    // Three partitions: one segment each of the backup and of the append, and those of small appends that a checkpoint had written.
    expect(fromSet).toHaveLength(3)
    expect(fromArchive.length).toBeGreaterThanOrEqual(3)
    expect(new Set(fromArchive).size).toBe(fromArchive.length)
    const status = world.session.show('exec count(*) from getBackupStatus() where tableName = "back"')
    expect(status).toBe('1')
  })

  it('is only what a partition needs when one is asked for', async () => {
    const { world, set, archive, moments } = await story()
    set.opened.length = 0
    archive.opened.length = 0
    const { timeMs } = moments[1]!
    world.session.run(call(timeTarget(timeMs), { as: 'part', partition: '/1' }))
    expect([...set.opened, ...archive.opened].filter((p) => /\.arrow$/.test(p) && !p.includes('/d/1/t/'))).toEqual([])
    expect(set.opened.filter((p) => p.endsWith('.arrow'))).toHaveLength(1)
    world.session.run(call(timeTarget(timeMs), { as: 'whole' }))
    expect(world.session.show(sumsOf('part'))).toBe(
      world.session.show(`select ${SUMS} from loadTable("dfs://d", "whole") where k = 1 group by k order by k`),
    )
    world.session.run(call(timeTarget(timeMs), { as: 'pattern', partition: '/d/%' }))
    expect(world.session.show(sumsOf('pattern'))).toBe(world.session.show(sumsOf('whole')))
  })

  it('follows a table through other names, and tells one from another that had its name', async () => {
    const { world, moments } = await story()
    const { session, engine, clock } = world
    session.run('renameTable(database("dfs://d"), "t", "renamed")')
    session.run(`${GROW} grow("renamed", 1200, 70000)`)
    const renamed = { timeMs: clock.nowMs++, rows: session.show(sumsOf('renamed')) }
    session.run(`database("dfs://d").createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "t", "k")
      ${GROW} grow("t", 4, 3)`)
    const second = { timeMs: clock.nowMs++, rows: session.show(sumsOf('t')) }
    session.run('dropTable(database("dfs://d"), "t"); dropTable(database("dfs://d"), "renamed")')
    clock.nowMs += 600_000
    await engine.archive()
    await settle(world)
    session.run(call(timeTarget(renamed.timeMs), { table: 'renamed' }))
    expect(session.show(sumsOf('renamed'))).toBe(renamed.rows)
    session.run(call(timeTarget(second.timeMs)))
    expect(session.show(sumsOf('t'))).toBe(second.rows)
    session.run(call(timeTarget(moments[0]!.timeMs), { as: 'first' }))
    expect(session.show(sumsOf('first'))).toBe(moments[0]!.t)
    expect(session.fails(call('latest', { as: 'x' }))).toMatch(/There was no table \[t\].* at latest/)
    expect(session.fails(call(timeTarget(renamed.timeMs), { as: 'x' }))).toMatch(/There was no table \[t\]/)
  })
})

describe('a recoverTable that fails', () => {
  it('says why, and leaves the store as it was', async () => {
    const { world, archive, moments } = await story()
    const { session, disk } = world
    const files = (): string[] =>
      [...disk.files().keys()].filter((f) => f.startsWith('chunks/') || f.startsWith('recovery')).sort()
    archive.opened.length = 0
    const moment = timeTarget(moments[1]!.timeMs)
    session.run(`${call(moment, { as: 'probe' })}; dropTable(database("dfs://d"), "probe")`)
    const victim = archive.opened.find((path) => path.endsWith('.arrow'))!
    const before = files()
    const target = timeTarget(moments[3]!.timeMs)
    const cases: readonly (readonly [script: string, message: RegExp])[] = [
      [call(target), /table \[t\] of the database \[dfs:\/\/d\] exists already/],
      [call('2020-09-13T12:26:40', { as: 'x' }), /has no time zone/],
      [
        'recoverTable("/set", "dfs://d", "t", 2020.09.13T12:26:40, , "x")',
        /target must be a text: a time with its zone such as/,
      ],
      [call('2019-01-01T00:00:00Z', { as: 'x' }), /before the oldest backup/],
      [call('2030-01-01T00:00:00Z', { as: 'x' }), /after the end of the log/],
      [call(target, { as: 'x', partition: '/7' }), /had no partition \/7/],
      [call(target, { as: 'x y' }), /is not a valid name of a table/],
      [call(target, { as: 'x', db: 'dfs://other/a%b' }), /is not a valid name of a database/],
      [call(target, { as: 'x', table: 'none' }), /There was no table \[none\]/],
    ]
    for (const [script, message] of cases) expect(session.fails(script)).toMatch(message)
    const bytes = archive.readFile(victim).slice()
    bytes[bytes.length >> 1]! ^= 1
    archive.inner.writeFileAtomic(victim, bytes)
    expect(session.fails(call(moment, { as: 'x' }))).toMatch(/is damaged: data\/.*its checksum is/)
    archive.inner.remove(victim)
    expect(session.fails(call(moment, { as: 'x' }))).toMatch(/is not in the backup or in the archive/)
    expect(files()).toEqual(before)
    expect(session.show('getTables(database("dfs://d"))')).not.toMatch(/x/)
  })

  it('is for administrators', async () => {
    const { world, moments } = await story()
    world.session.run('createUser("bob", "secret123")')
    world.session.session.user = 'bob'
    expect(world.session.fails(call(timeTarget(moments[0]!.timeMs), { as: 'x' }))).toMatch(/Only administrators/)
  })

  it('needs the key of an encrypted set', async () => {
    const { world, archive } = await story()
    const set = new MemoryFileStore()
    const key = Buffer.from(`holdfast-key-1\n${'5e'.repeat(32)}\n`)
    backUp(world, set, { key: parseKey(key, 'key') })
    world.session.run(`${GROW} grow("t", 1200, 80000)`)
    const { session, clock } = world
    const moment = { timeMs: clock.nowMs++, t: session.show(sumsOf('t')) }
    await settle(world)
    session.run(`${GROW} grow("t", 1, 0)`)
    await settle(world)
    const keys = new MemoryFileStore()
    keys.writeFileAtomic('node.key', key)
    world.backups.set('/set', set)
    world.backups.set('/keys', keys)
    world.backups.set('/archive', archive)
    const target = timeTarget(moment.timeMs)
    expect(session.fails(call(target, { as: 'x' }))).toMatch(/are encrypted; their key is needed/)
    session.run(call(target, { as: 'x' }).replace(/\)$/, ', "/keys/node.key")'))
    expect(session.show(sumsOf('x'))).toBe(moment.t)
  })
})
