import { describe, expect, it } from 'vitest'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { keys } from '../catalog/records.ts'
import type { BackupRun } from '../engine/commands.ts'
import { silentProgress } from '../progress.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { boot, connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'
import { readNewestManifest } from './manifest.ts'
import { RESTORE_MARKER, refuseUnfinishedRestore } from './marker.ts'
import { restoreNode } from './restore.ts'
import { keptStates } from './states.ts'
import { verifyNodeBackup } from './verify.ts'

const SCHEMA = `
t = table(1:0, \`day\`id\`s\`v, [DATE, INT, SYMBOL, DOUBLE])
`
const SETUP = `${SCHEMA}
ol = database("dfs://ol", COMPO, [database("", VALUE, 2024.01.01..2024.01.03), database("", HASH, [INT, 2])])
ol.createPartitionedTable(t, "pt", \`day\`id)
ts = database("dfs://ts", VALUE, 2024.01.01..2024.01.03, engine="TSDB")
ts.createPartitionedTable(t, "pt", \`day, sortColumns=\`id\`day, keepDuplicates=LAST)
pk = database("dfs://pk", VALUE, 2024.01.01..2024.01.03, engine="PKEY")
pk.createPartitionedTable(t, "pt", \`day, primaryKey=\`id\`day)
ol.createTable(t, "dim")
createUser("ada", "secret12")
setClusterSetting("ts.wal.checkpoint_interval", "5m")
createGroup("readers", "ada"); grant("readers", TABLE_READ, "dfs://ol/pt"); setAtomicLevel(ol, "CHUNK")
def doubled(x) { return 2 * x }
addFunctionView(doubled)
createCatalog("cat"); createSchema("cat", "dfs://ol", "sch")
def madeRows(n, x) { return table(take(2024.01.01..2024.01.03, n) as day, int(til(n) % 50) as id, take(\`a\`b\`\`d, n) as s, double(til(n)) + x as v) }
def grow(n, x) {
	for (name in ["dfs://ol", "dfs://ts", "dfs://pk"]) loadTable(name, "pt").append!(madeRows(n, x))
	loadTable("dfs://ol", "dim").append!(madeRows(5, x))
}
`
/** Bulk appends make segments, small ones stay in the log and in memory. */
const FILL =
  'grow(60000, 0.0); grow(30, 1.5); update loadTable("dfs://ol", "pt") set v = -1.0 where id = 7; grow(3, 2.5)'

const NIGHTLY = '{"job":"nightly","text":"ünï"}\n'

const TABLES = ['dfs://ol/pt', 'dfs://ts/pt', 'dfs://pk/pt', 'dfs://ol/dim']

/** Everything that scripts see of the store. */
function contentOf(session: TestSession): string {
  const tables = TABLES.map((path) => {
    const [, url, name] = /^(.*)\/(.*)$/.exec(path)!
    return session.show(
      `select count(*) as n, sum(v) as v, sum(v * id) as w, sum(strlen(string(s))) as l from loadTable("${url}", "${name}")`,
    )
  })
  const rest = [
    'getUserList()',
    'getUserAccess("ada", true)',
    'getFunctionViews()',
    'doubled(21)',
    'getSchemaByCatalog("cat")',
    'schema(database("dfs://ol"))["atomic"]',
    'exec value from getClusterSettings() where name = "ts.wal.checkpoint_interval"',
  ]
  return [...tables, ...rest.map((s) => session.show(s))].join('\n')
}

function filled(): { readonly world: TestWorld; readonly session: TestSession } {
  const world = newWorld()
  const session = connect(world)
  session.run(SETUP)
  session.run(FILL)
  world.disk.writeFileAtomic('sysmgmt/nightly.job', NIGHTLY)
  world.disk.writeFileAtomic('sysmgmt/nightly.job.tmp', 'half')
  return { world, session }
}

const setOf = (world: TestWorld): MemoryFileStore => world.backups.get('/b') as MemoryFileStore

const verify = (set: MemoryFileStore, id?: string) =>
  verifyNodeBackup({ set, id, progress: silentProgress, now: () => 0 })

/** A process over what a restore made. */
function restored(set: MemoryFileStore, id?: string): { readonly world: TestWorld; readonly session: TestSession } {
  const target = new MemoryFileStore()
  const catalog = new MemoryCatalogStore()
  restoreNode({ set, id, target, makeCatalog: (fill) => fill(catalog), progress: silentProgress, now: () => 5 })
  refuseUnfinishedRestore(target)
  const world = boot(catalog, target)
  return { world, session: connect(world) }
}

describe('a backup of the node', () => {
  for (const compress of [false, true])
    it(`restores tables of all engines, small appends, users and settings${compress ? ', compressed' : ''}`, async () => {
      const { world, session } = filled()
      const expected = contentOf(session)
      const shown = session.show(`backupNode("/b", true, ${compress})`)
      expect(shown).toMatch(/status->completed\nbackupId->bk-20[0-9]{6}-[0-9]{6}\ndestination->/)
      session.run('grow(40000, 9.0)')
      const set = setOf(world)
      expect(verify(set)).toMatchObject({ failures: [], logPieces: 1, logPiecesVerified: 1 })
      const again = restored(set)
      expect(contentOf(again.session)).toBe(expected)
      expect(again.world.disk.list('sysmgmt').map((e) => e.name)).toEqual(['nightly.job'])
      expect(Buffer.from(again.world.disk.readFile('sysmgmt/nightly.job')).toString()).toBe(NIGHTLY)
      again.session.run(SETUP.slice(SETUP.indexOf('def madeRows')))
      again.session.run('grow(100, 4.0)')
      await again.world.engine.submit({ kind: 'checkpoint' }, 'admin', 'test')
      again.session.run('grow(3, 4.5)')
      const grown = contentOf(again.session)
      const { catalog, disk } = again.world
      expect(contentOf(connect(boot(catalog, disk, true)))).toBe(grown)
    })

  it('copies only what an earlier backup in the directory lacks, and every kept backup restores', () => {
    const { world, session } = filled()
    const first = contentOf(session)
    session.run('a = backupNode("/b")')
    const set = setOf(world)
    const before = [...set.files().keys()].filter((f) => f.startsWith('data/'))
    session.run('grow(50000, 3.0)')
    const second = contentOf(session)
    session.run('b = backupNode("/b", compress=true)')
    const added = [...set.files().keys()].filter((f) => f.startsWith('data/') && !before.includes(f))
    expect(added.length).toBeGreaterThan(0)
    expect(added.every((f) => f.endsWith('.zst'))).toBe(true)
    const [a, b] = keptStates(set, () => {}).map((s) => s.id)
    expect(session.show('a[`backupId]')).toBe(a)
    expect(session.show('b[`backupId]')).toBe(b)
    expect(verify(set, a).failures).toEqual([])
    expect(verify(set, b).failures).toEqual([])
    expect(contentOf(restored(set, a).session)).toBe(first)
    expect(contentOf(restored(set).session)).toBe(second)
    expect(session.show('exec count(*) from getNodeBackupStatus() where status = "completed", percent = 100')).toBe('2')
  })

  it('that is dropped while it is verified or restored is told as that, and the newest is verified in its place', () => {
    const { world, session } = filled()
    session.run('backupNode("/b", keep=1)')
    const set = setOf(world)
    const first = verify(set).manifest!.id
    /** The set as somebody reads it who is slow: at the first data file another backup takes its place. */
    const overtaken = (): MemoryFileStore => {
      let isFirst = true
      const openRead: FileStore['openRead'] = (path) => {
        if (isFirst && path.startsWith('data/')) {
          isFirst = false
          session.run('for (name in ["dfs://ol", "dfs://ts", "dfs://pk"]) update loadTable(name, "pt") set v = v + 1')
          session.run('backupNode("/b", keep=1)')
        }
        return set.openRead(path)
      }
      return new Proxy(set, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target)
          if (key === 'openRead') return openRead
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    }
    const notes: string[] = []
    const progress = { ...silentProgress, note: (text: string) => void notes.push(text) }
    const report = verifyNodeBackup({ set: overtaken(), progress, now: () => 0 })
    expect(report.failures).toEqual([])
    expect(report.manifest!.id).not.toBe(first)
    expect(notes).toEqual([expect.stringContaining(`${first} was dropped by a newer one while it was verified`)])
    const second = report.manifest!.id
    const parts = { id: second, progress, now: () => 5 }
    expect(() => verifyNodeBackup({ ...parts, set: overtaken() })).toThrow(
      /was dropped by a newer one while it was verified/,
    )
    expect(() =>
      restoreNode({ ...parts, id: undefined, set: overtaken(), target: new MemoryFileStore(), makeCatalog: () => {} }),
    ).toThrow(/was dropped by a newer one while it was restored/)
  })

  it('keeps as many backups as it is told, and removes the files that none names', () => {
    const { world, session } = filled()
    session.run('backupNode("/b", keep=2)')
    session.run('dropDatabase("dfs://ts"); backupNode("/b", keep=2)')
    const set = setOf(world)
    expect(keptStates(set, () => {})).toHaveLength(2)
    expect(set.list('data').map((e) => e.name)).toContain('ts')
    session.run('backupNode("/b", includeWal=false, keep=1)')
    expect(keptStates(set, () => {}).map((s) => s.id)).toEqual([readNewestManifest(set)!.id])
    expect(set.list('data').map((e) => e.name)).not.toContain('ts')
    expect(set.list('wal')).toEqual([])
    expect(verify(set)).toMatchObject({ failures: [], logPieces: 0 })
  })

  it('tells with plan=true what it would copy, keep and delete, and changes nothing', () => {
    const { world, session } = filled()
    const plan = (options = ''): string[] =>
      JSON.parse(
        session.show(
          `p = backupNode("/b"${options}, plan=true); p.content + " " + p.action + " " + string(p.number) + " " + string(p.bytes > 0)`,
        ),
      )
    const first = plan()
    expect(first).toEqual([
      expect.stringMatching(/^segments copy \d+ true$/),
      'appends copy 109 true',
      'log copy 1 true',
    ])
    expect(setOf(world).list('')).toEqual([])
    session.run('backupNode("/b", includeWal=false)')
    const set = setOf(world)
    const { files, bytes } = readNewestManifest(set)!
    expect(first[0]).toBe(`segments copy ${files} true`)
    const before = [...set.files().keys()]
    session.run('grow(50000, 3.0)')
    const second = plan(', keep=1')
    expect([...set.files().keys()]).toEqual(before)
    expect(session.show('exec count(*) from getNodeBackupStatus()')).toBe('1')
    expect(session.show('exec bytes from p where content = "segments", action = "keep"')).toBe(`[${bytes}]`)
    session.run('backupNode("/b", keep=1)')
    const { files: now } = readNewestManifest(set)!
    expect(second).toEqual([
      `segments keep ${files} true`,
      `segments copy ${now - files} true`,
      'appends copy 114 true',
      'log copy 1 true',
      'backups delete 1 false',
    ])
    // As a run leaves it that is cut off before it publishes.
    for (const { name } of set.list('states')) set.rename(`states/${name}`, `states/${name}.partial`)
    set.remove('backup_manifest.json')
    expect(plan()[0]).toBe(`segments resume ${now} true`)
    session.session.user = 'ada'
    expect(session.fails('backupNode("/b", plan=true)')).toContain('Only administrators')
  })

  it('estimates seconds by backups of the past, within the limit that is given', () => {
    const { world, session } = filled()
    const seconds = (options: string): string =>
      session.show(`exec expectedSeconds > 100 from backupNode("/b"${options}, plan=true) where content = "segments"`)
    expect(session.show('exec count(expectedSeconds) from backupNode("/b", plan=true)')).toBe('0')
    const run: BackupRun = {
      ...{ id: 'a', user: 'admin', type: 'BACKUP_NODE', db: '/x', table: '', startMs: 1000, endMs: 2000 },
      ...{ totalPartitions: 0, completedPartitions: 0, state: 'completed', error: '', bytesTotal: 1 << 30 },
    }
    world.engine.request({ kind: 'putRun', run })
    expect(seconds('')).toBe('[false]')
    expect(seconds(', maxBytesPerSecond=0')).toBe('[false]')
    expect(seconds(', maxBytesPerSecond=1')).toBe('[true]')
  })

  it('estimates the size of rows that are in the log only, too', () => {
    const world = newWorld()
    const session = connect(world)
    session.run(SETUP)
    const empty = Number(session.show('backupNode("/b")["estimatedSizeBytes"]'))
    session.run('loadTable("dfs://ol", "pt").append!(madeRows(50, 0.5))')
    expect(empty).toBe(0)
    expect(Number(session.show('backupNode("/b")["estimatedSizeBytes"]'))).toBeGreaterThan(50 * 8)
  })

  it('takes no notice of the folder lost+found of a volume that is mounted for the set, its data, or the restored store', () => {
    const { world, session } = filled()
    const set = new MemoryFileStore()
    for (const folder of ['', 'data/', 'wal/']) set.writeFileAtomic(`${folder}lost+found/#12`, 'found')
    world.backups.set('/b', set)
    session.run('backupNode("/b"); backupNode("/b", keep=1)')
    for (const folder of ['', 'data/', 'wal/']) expect(set.stat(`${folder}lost+found/#12`)).toBeDefined()
    const target = new MemoryFileStore()
    target.writeFileAtomic('lost+found/#13', 'found')
    const catalog = new MemoryCatalogStore()
    restoreNode({ set, target, makeCatalog: (fill) => fill(catalog), progress: silentProgress, now: () => 5 })
    expect(contentOf(connect(boot(catalog, target)))).toBe(contentOf(session))
  })

  it('holds backups of one store only: another would count and remove them', () => {
    const { world, session } = filled()
    session.run('backupNode("/b")')
    const set = setOf(world)
    const before = [...set.files().keys()]
    const other = newWorld()
    other.catalog.transaction((w) => w.put(keys.store, { id: '0'.repeat(8), timeline: 1 }))
    other.backups.set('/b', set)
    expect(connect(other).fails('backupNode("/b", keep=1)')).toMatch(
      /^The directory .* holds backups of another store: bk-[0-9-]+ is of [0-9a-f-]+, this is [0-9a-f-]+\.$/,
    )
    expect([...set.files().keys()]).toEqual(before)
  })

  it('is for administrators, goes nowhere near the store, and refuses what it cannot do', () => {
    const { session } = filled()
    expect(session.fails('backupNode("/data/chunks/x")')).toContain('must not hold, or lie in')
    expect(session.fails('backupNode("/b", keep=0)')).toContain('at least 1')
    expect(session.fails('getNodeBackupStatus("bk-20200101-000000")')).toContain('no record')
    session.run('backup("/databases", "dfs://ol")')
    expect(session.fails('backupNode("/databases")')).toContain('describes backups of databases, not of a node')
    session.run('backupNode("/b")')
    expect(session.fails('backup("/b", "dfs://ol")')).toContain('describes backups of the node, not of databases')
    session.session.user = 'ada'
    expect(session.fails('backupNode("/b")')).toContain('Only administrators')
    expect(session.fails('getNodeBackupStatus()')).toContain('Only administrators')
  })
})

describe('a set that has lost the manifest of its newest backup', () => {
  it('says which backups it holds, and each restores by its name', () => {
    const { world, session } = filled()
    const expected = contentOf(session)
    session.run('b = backupNode("/b")')
    const set = setOf(world)
    const id = session.show('b[`backupId]')
    for (const lose of [() => set.flipBit('backup_manifest.json', 20), () => set.remove('backup_manifest.json')]) {
      lose()
      expect(() => restored(set)).toThrow(expect.objectContaining({ hint: expect.stringContaining(`it holds ${id}:`) }))
      expect(verify(set, id).failures.map((f) => f.file)).not.toContain('data')
      expect(contentOf(restored(set, id).session)).toBe(expected)
    }
  })
})

describe('a damaged backup', () => {
  it('is found by verify and refused by restore, whatever byte is damaged', () => {
    const world = newWorld()
    const session = connect(world)
    session.run(`${SCHEMA}
      db = database("dfs://d", VALUE, 2024.01.01..2024.01.02)
      pt = db.createPartitionedTable(t, "pt", \`day)
      pt.append!(table(take(2024.01.01..2024.01.02, 20000) as day, take(1, 20000) as id, take(\`a, 20000) as s, take(1.5, 20000) as v))
      backupNode("/b", true, false)`)
    session.run('pt.append!(select * from pt); backupNode("/b", true, true, , 1)')
    const set = setOf(world)
    const files = [...set.files().keys()]
    expect(files.some((f) => f.endsWith('.zst'))).toBe(true)
    let flips = 0
    for (const file of files) {
      const { bytes } = set.stat(file)!
      for (const at of [0, 1, 7, Math.floor(bytes / 2), Math.floor(bytes / 3), bytes - 9, bytes - 1]) {
        if (at < 0 || at >= bytes) continue
        flips++
        const original = Uint8Array.from(set.readFile(file))
        const damaged = Uint8Array.from(original)
        damaged[at] ^= 0x10
        put(set, file, damaged)
        const what = `${file} byte ${at}`
        const report = verify(set)
        expect(report.failures.length, what).toBeGreaterThan(0)
        expect(report.failures[0].file, what).toBe(file)
        // What restore does not need (the log) does not keep it from working.
        if (!file.startsWith('wal/') && file !== `states/${readId(set)}/manifest.json`)
          expect(() => restored(set), what).toThrow()
        put(set, file, original)
      }
    }
    console.log(`${flips} flips in ${files.length} files`)
    for (const file of files) {
      const original = set.readFile(file)
      put(set, file, original.subarray(0, original.length - 1))
      expect(verify(set).failures.length, file).toBeGreaterThan(0)
      set.remove(file)
      if (file !== 'backup_manifest.json') expect(verify(set).failures.length, file).toBeGreaterThan(0)
      put(set, file, original)
    }
    expect(verify(set).failures).toEqual([])
  })
})

function readId(set: MemoryFileStore): string | undefined {
  try {
    return readNewestManifest(set)?.id
  } catch {
    return undefined
  }
}

function put(set: MemoryFileStore, file: string, bytes: Uint8Array): void {
  const writer = set.openWrite(file)
  writer.write(bytes)
  writer.sync()
  writer.close()
}

describe('a restore', () => {
  it('refuses a directory that holds anything', () => {
    const { world, session } = filled()
    session.run('backupNode("/b")')
    const target = new MemoryFileStore()
    const parts = { set: setOf(world), target, makeCatalog: () => {}, progress: silentProgress, now: () => 0 }
    put(target, 'x', new Uint8Array(1))
    expect(() => restoreNode(parts)).toThrow('is not empty')
    target.remove('x')
    put(target, RESTORE_MARKER, new Uint8Array(1))
    expect(() => restoreNode(parts)).toThrow('was cut off')
    expect(() => refuseUnfinishedRestore(target)).toThrow('was cut off')
  })

  it('can do without the scheduled jobs and the configuration, when these are damaged', () => {
    const { world, session } = filled()
    const expected = contentOf(session)
    session.run('backupNode("/b")')
    const set = setOf(world)
    const jobs = [...set.files().keys()].find((file) => file.endsWith('scheduled-jobs.json'))!
    put(set, jobs, Uint8Array.from(set.readFile(jobs)).fill(0x20, 9, 12))
    expect(() => restored(set)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('restore everything else with --without jobs') }),
    )
    const target = new MemoryFileStore()
    const catalog = new MemoryCatalogStore()
    const parts = { set, target, progress: silentProgress, now: () => 5, without: ['config', 'jobs'] as const }
    restoreNode({ ...parts, makeCatalog: (fill) => fill(catalog) })
    expect(contentOf(connect(boot(catalog, target)))).toBe(expected)
    expect(target.stat('sysmgmt/nightly.job')).toBeUndefined()
  })
})
