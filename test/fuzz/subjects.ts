/** What is fuzzed: sound files of every kind, and what the product does with them. Every operation ends, answers, or throws an error of data or input. */
import { hostname } from 'node:os'
import { runExpireTask } from '../../dfs/archive/task.ts'
import { archivedWorld, freshCatalog, piecesOf } from '../../dfs/archive/testing.ts'
import { MemoryCatalogStore } from '../../dfs/catalog/memory-store.ts'
import { keys } from '../../dfs/catalog/records.ts'
import { adoptCopy, wantsRestore } from '../../dfs/external-copy/adopt.ts'
import { checkEntries } from '../../dfs/external-copy/checked-entries.ts'
import { RESTORE_TRIGGER } from '../../dfs/external-copy/format.ts'
import { restoreNode } from '../../dfs/node-backup/restore.ts'
import { verifyNodeBackup } from '../../dfs/node-backup/verify.ts'
import { backUp, recovered } from '../../dfs/pitr/testing.ts'
import { silentProgress } from '../../dfs/progress.ts'
import { FaultyFileStore } from '../../dfs/store/faulty-store.ts'
import { MemoryFileStore } from '../../dfs/store/memory-store.ts'
import { formatLsn } from '../../dfs/wal/lsn.ts'
import { boot, connect, newWorld, type TestSession, type TestWorld } from '../../dfs/write/testing.ts'
import { type Files, filesOf, put, storeOf } from './folder.ts'

export interface Subject {
  readonly name: string
  readonly files: Files
  readonly operations: Readonly<Record<string, Operation>>
}

export interface Operation {
  /** The files must be as they were afterwards. */
  readonly reads: boolean
  /** Answers the store that came out of it, if any: it is read and checked afterwards. */
  run(files: MemoryFileStore): TestWorld | undefined | Promise<TestWorld | undefined>
}

const COLUMNS = '`day`id`s`v`d, [DATE, INT, SYMBOL, DOUBLE, DECIMAL64(2)]'

const SETUP = `
t = table(1:0, ${COLUMNS})
ol = database("dfs://ol", COMPO, [database("", VALUE, 2024.01.01..2024.01.02), database("", HASH, [INT, 2])])
ol.createPartitionedTable(t, "pt", \`day\`id)
ol.createTable(t, "dim")
rg = database("dfs://rg", RANGE, 0 50 100)
rg.createPartitionedTable(t, "q", \`id)
rg.createPartitionedTable(t, "r", \`id)
ts = database("dfs://ts", LIST, [\`a\`b, \`c], engine="TSDB")
ts.createPartitionedTable(t, "pt", \`s, sortColumns=\`id\`day, keepDuplicates=LAST)
pk = database("dfs://pk", VALUE, 2024.01.01..2024.01.02, engine="PKEY")
pk.createPartitionedTable(t, "pt", \`day, primaryKey=\`id\`day)
def madeRows(n, x) { return table(take(2024.01.01..2024.01.02, n) as day, int(til(n) % 50) as id, take(\`a\`b\`c, n) as s, double(til(n)) + x as v, decimal64(take(1..9, n), 2) as d) }
def grow(n, x) {
	for (name in ["dfs://ol", "dfs://ts", "dfs://pk"]) loadTable(name, "pt").append!(madeRows(n, x))
	for (name in ["q", "r"]) loadTable("dfs://rg", name).append!(madeRows(n, x))
	loadTable("dfs://ol", "dim").append!(madeRows(5, x))
}`

const TABLES: readonly (readonly [url: string, table: string])[] = [
  ['dfs://ol', 'pt'],
  ['dfs://ol', 'dim'],
  ['dfs://rg', 'q'],
  ['dfs://rg', 'r'],
  ['dfs://ts', 'pt'],
  ['dfs://pk', 'pt'],
]

/** Tables of all engines with rows in segments, and some in memory. */
async function grownWorld(): Promise<{ readonly world: TestWorld; readonly session: TestSession }> {
  const world = newWorld()
  const session = connect(world)
  session.run(SETUP)
  session.run('grow(40, 0.0)')
  await world.engine.checkpoint()
  session.run('grow(3, 1.5)')
  return { world, session }
}

const SET = '/b'

/** A set with copies of four databases, rows of queries, and what an interrupted call left. */
export async function databaseSet(): Promise<Subject> {
  const { world, session } = await grownWorld()
  session.run(`for (name in ["dfs://ol", "dfs://ts", "dfs://pk"]) backup("${SET}", name, keep=3)`)
  session.run(
    `backupTable("${SET}", "dfs://rg", "q"); backup("${SET}", <select * from loadTable("dfs://rg", "r") where v > 3>)`,
  )
  session.run(`checkBackup("${SET}", "dfs://ol"); checkBackup("${SET}", "dfs://ts")`)
  session.run('grow(20, 5.5)')
  interrupt(world)
  const files = filesOf(world.backups.get(SET) as MemoryFileStore)
  files.set('backup.lock/owner.json', Buffer.from(`${JSON.stringify(DEAD_OWNER)}\n`))
  const ids = [...files.keys()].flatMap((f) => /^states\/([^/]+Z-[0-9a-f]{6})\/manifest\.json$/.exec(f)?.[1] ?? [])
  const inNewStore =
    (...scripts: readonly string[]) =>
    (set: MemoryFileStore): TestWorld => {
      const target = newWorld()
      target.backups.set(SET, set)
      runEach(connect(target), scripts)
      return target
    }
  const inSource =
    (...scripts: readonly string[]) =>
    (set: MemoryFileStore): undefined => {
      world.backups.set(SET, set)
      runEach(session, scripts)
      return undefined
    }
  const each = (call: (url: string, table: string) => string): string[] =>
    TABLES.map(([url, table]) => call(url, table))
  const copied = ['dfs://ol', 'dfs://ts', 'dfs://pk']
  const urls = [...copied, 'dfs://rg']
  return {
    name: 'set',
    files,
    operations: {
      check: { reads: true, run: inSource(...urls.map((url) => `checkBackup("${SET}", "${url}")`)) },
      list: { reads: true, run: inSource(...each((url, table) => `getBackupList("${SET}", "${url}", "${table}")`)) },
      meta: {
        reads: true,
        run: inSource(
          ...each(
            (url, table) =>
              `for (p in (exec chunkPath from getBackupList("${SET}", "${url}", "${table}"))) getBackupMeta("${SET}", "${url}", substr(p, ${url.length}), "${table}")`,
          ),
        ),
      },
      load: {
        reads: true,
        run: inSource(
          `loadBackup("${SET}", "dfs://ol", "/20240101/Key0", "pt")`,
          `loadBackup("${SET}", "dfs://ts", "/List0", "pt")`,
          `loadBackup("${SET}", "dfs://pk", "/20240102", "pt")`,
          `loadBackup("${SET}", "dfs://rg", "/0_50", "r")`,
          `loadBackup("${SET}", "dfs://rg", "/0_50", "q")`,
        ),
      },
      plan: { reads: true, run: inSource(...copied.map((url) => `backup("${SET}", "${url}", plan=true)`)) },
      restoreDB: {
        reads: true,
        run: inNewStore(...copied.map((url) => `restoreDB("${SET}", "${url}")`), `migrate("${SET}", "dfs://rg")`),
      },
      restoreTable: {
        reads: true,
        run: inNewStore(
          ...each((url, table) =>
            table === 'r'
              ? `migrate("${SET}", "${url}", "r", "dfs://n_rg", "n_r")`
              : `restoreTable("${SET}", "${url}", "${table}", "dfs://n_${url.slice(6)}", "n_${table}")`,
          ),
        ),
      },
      restoreOver: {
        reads: true,
        run: inNewStore(
          SETUP,
          'grow(10, 7.0)',
          ...each((url, table) => `restore("${SET}", "${url}", "${table}", "%", ${table === 'dim'})`),
        ),
      },
      open: {
        reads: true,
        run: inSource(
          ...each(
            (url, table) =>
              `t = openBackup("${SET}", "${url}", "${table}"); select count(*), sum(v), max(d) from t where day = 2024.01.01 group by s; select top 3 * from t`,
          ),
        ),
      },
      diff: { reads: true, run: inSource(...urls.map((url) => `diffBackup("${SET}", "${url}")`)) },
      states: { reads: true, run: inSource(`listBackupStates("${SET}"); pruneBackup("${SET}", keep=1, dryRun=true)`) },
      older: {
        reads: true,
        run: inNewStore(...ids.map((id) => `migrate("${SET}", , , , , , "${id}")`)),
      },
      proofs: {
        reads: true,
        run: inSource(...urls.map((url) => `getBackupProofs("${SET}", "${url}")`), `getBackupDrills("${SET}")`),
      },
      mend: { reads: false, run: inSource(...urls.map((url) => `checkBackup("${SET}", "${url}", repair=true)`)) },
      prune: { reads: false, run: inSource(`pruneBackup("${SET}", keep=1)`) },
      migrate: { reads: true, run: inNewStore(`migrate("${SET}")`) },
      backup: {
        reads: false,
        run: inSource(...copied.map((url) => `backup("${SET}", "${url}")`), `backupTable("${SET}", "dfs://rg", "q")`),
      },
      force: { reads: false, run: inSource(...copied.map((url) => `backup("${SET}", "${url}", true)`)) },
      query: {
        reads: false,
        run: inSource(`backup("${SET}", <select * from loadTable("dfs://rg", "r") where v > 3>)`),
      },
    },
  }
}

/** A run whose process is gone. */
const DEAD_OWNER = {
  token: 'd2b0c0de-0000-4000-8000-000000000000',
  host: hostname(),
  pid: 2 ** 31 - 2,
  processStartMs: 1,
  pin: { store: 'x', pin: 3 },
  what: 'backup of dfs://ol',
  since: '2024-01-31T10:15:00.123Z',
  signedMs: 1,
}

/** A call of backup that ended in the middle: its partial state stays in the set. */
function interrupt(world: TestWorld): void {
  const set = world.backups.get(SET) as MemoryFileStore
  const dying = new FaultyFileStore(set, { random: () => 0.5 })
  dying.faults = { ...dying.faults, failCall: 30, code: 'EIO' }
  world.backups.set(SET, dying)
  const session = connect(world)
  session.fails(`backup("${SET}", "dfs://ol")`)
  world.backups.set(SET, set)
}

/** Runs all of them; throws the error of the first that fails. */
function runEach(session: TestSession, scripts: readonly string[]): void {
  let failure: unknown
  for (const script of scripts)
    try {
      session.run(script)
    } catch (error) {
      failure ??= error
      if (isFault(error)) throw error
    }
  if (failure !== undefined) throw failure
}

const isFault = (error: unknown): boolean => (error as { kind?: string }).kind === 'bug'

/** A set of two backups of a node, the second compressed. */
export async function nodeSet(): Promise<Subject> {
  const { world, session } = await grownWorld()
  session.run(
    'createUser("ada", "secret12"); grant("ada", TABLE_READ, "dfs://ol/pt"); setClusterSetting("ts.wal.checkpoint_interval", "5m")',
  )
  session.run(`backupNode("${SET}", true, false)`)
  session.run(`grow(15, 2.5); backupNode("${SET}", true, true)`)
  const files = filesOf(world.backups.get(SET) as MemoryFileStore)
  const ids = [...files.keys()].flatMap((f) => /^states\/(bk-[^/]+)\/manifest\.json$/.exec(f)?.[1] ?? [])
  const quiet = { progress: silentProgress, now: () => 5 }
  const restore = (set: MemoryFileStore, id?: string): TestWorld => {
    const target = new MemoryFileStore()
    const catalog = new MemoryCatalogStore()
    restoreNode({ set, id, target, makeCatalog: (fill) => fill(catalog), ...quiet })
    return boot(catalog, target)
  }
  return {
    name: 'node',
    files,
    operations: {
      verify: {
        reads: true,
        run: (set) => {
          for (const id of [undefined, ...ids]) verifyNodeBackup({ set, id, ...quiet })
          return undefined
        },
      },
      restore: { reads: true, run: (set) => restore(set) },
      restoreFirst: { reads: true, run: (set) => restore(set, ids[0]) },
      backup: {
        reads: false,
        run: (set) => {
          world.backups.set(SET, set)
          session.run(`backupNode("${SET}", keep=2)`)
          return undefined
        },
      },
    },
  }
}

const KEY = `holdfast-key-1\n${'7'.repeat(64)}\n`

/** An encrypted set. Whoever changes it does not have the key. */
export async function sealedSet(): Promise<Subject> {
  const { world, session } = await grownWorld()
  const keys = new MemoryFileStore()
  put(keys, 'key', Buffer.from(KEY))
  world.backups.set('/keys', keys)
  session.run(`for (k in 1..2) { backupDB("${SET}", "dfs://ol", "/keys/key", 2); grow(5, 1.5) }`)
  const files = filesOf(world.backups.get(SET) as MemoryFileStore)
  const withKey =
    (script: string, inNew = false) =>
    (set: MemoryFileStore): TestWorld | undefined => {
      const target = inNew ? newWorld() : world
      target.backups.set(SET, set).set('/keys', keys)
      runEach(inNew ? connect(target) : session, [script])
      return inNew ? target : undefined
    }
  return {
    name: 'sealed',
    files,
    operations: {
      check: { reads: true, run: withKey(`checkBackup("${SET}", "dfs://ol", keyPath="/keys/key")`) },
      restore: { reads: true, run: withKey(`restoreDB("${SET}", "dfs://ol", keyPath="/keys/key")`, true) },
      open: {
        reads: true,
        run: withKey(`select sum(v) from openBackup("${SET}", "dfs://ol", "pt", keyPath="/keys/key") where id < 9`),
      },
      states: { reads: true, run: withKey(`listBackupStates("${SET}", "/keys/key")`) },
      backup: { reads: false, run: withKey(`backupDB("${SET}", "dfs://ol", "/keys/key")`) },
      without: { reads: true, run: withKey(`checkBackup("${SET}", "dfs://ol")`) },
    },
  }
}

/** A node backup and the archive of the log since, as `set/` and `archive/`. */
export async function recovery(): Promise<Subject> {
  const pieces = new MemoryFileStore()
  const set = new MemoryFileStore()
  const world = archivedWorld({ archive: pieces, settings: { 'ts.wal.rotation': 'dual' } })
  const { engine, session, clock } = world
  session.run(SETUP)
  session.run('grow(40, 0.0)')
  await engine.checkpoint()
  session.run('grow(3, 1.5)')
  backUp(world, set)
  for (let round = 0; round < 2; round++) {
    session.run(`grow(${round === 1 ? 40 : 3}, ${round}.5)`)
    if (round === 1) session.run('update loadTable("dfs://ol", "pt") set v = -1.0 where id = 7; dropTable(rg, "r")')
    await engine.checkpoint()
    clock.nowMs += 600_000
    await engine.archive()
  }
  const below = (folder: string, store: MemoryFileStore): [string, Uint8Array][] =>
    [...filesOf(store)].map(([path, bytes]) => [`${folder}/${path}`, bytes])
  const inFolder = (files: MemoryFileStore, folder: string): MemoryFileStore =>
    storeOf(
      new Map(
        [...filesOf(files)].flatMap(([path, bytes]) =>
          path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), bytes] as const] : [],
        ),
      ),
    )
  const recover = (files: MemoryFileStore, target: string): TestWorld => {
    const archive = inFolder(files, 'archive')
    const { catalog, disk } = recovered({
      sources: { set: inFolder(files, 'set'), archive },
      target,
    })
    return boot(catalog, disk)
  }
  const middle = `lsn:${formatLsn(Math.floor(engine.status().log.end * 0.8))}`
  return {
    name: 'recovery',
    files: new Map([...below('set', set), ...below('archive', pieces)]),
    operations: {
      latest: { reads: true, run: (files) => recover(files, 'latest') },
      middle: { reads: true, run: (files) => recover(files, middle) },
    },
  }
}

/** A data directory that was copied while it was in the mode for copies. */
export async function externalCopy(): Promise<Subject> {
  const { world } = await grownWorld()
  await world.engine.beginCopy()
  connect(world).run('loadTable("dfs://ol", "pt").append!(select * from loadTable("dfs://ol", "pt"))')
  const files = filesOf(world.disk)
  files.set(RESTORE_TRIGGER, new Uint8Array(0))
  return {
    name: 'copy',
    files,
    operations: {
      adopt: {
        reads: false,
        run: (disk) => {
          if (!wantsRestore(disk)) return undefined
          const catalog = new MemoryCatalogStore()
          adoptCopy({ files: disk, say: () => undefined, now: () => 5, replaceCatalog: (fill) => fill(catalog) })
          return boot(catalog, disk)
        },
      },
    },
  }
}

/** An archive of the log, with the data segments that it names. */
export async function archive(): Promise<Subject> {
  const store = new MemoryFileStore()
  const world = archivedWorld({ archive: store, settings: { 'ts.wal.rotation': 'dual' } })
  const { engine, session, clock } = world
  session.run(SETUP)
  for (let round = 0; round < 3; round++) {
    session.run(`grow(${round === 1 ? 40 : 3}, ${round}.5)`)
    if (round === 1) session.run('update loadTable("dfs://ol", "pt") set v = -1.0 where id = 7')
    await engine.checkpoint()
    clock.nowMs += 600_000
    await engine.archive()
  }
  return {
    name: 'archive',
    files: filesOf(store),
    operations: {
      expire: {
        reads: false,
        run: (directory) => {
          runExpireTask({ kind: 'expireArchive', dir: '/archive', beforeMs: 1e15 }, { directory })
          return undefined
        },
      },
      recover: { reads: true, run: recoveredFrom },
    },
  }
}

/** The store that pieces and segments of an archive give. */
function recoveredFrom(archive: MemoryFileStore): TestWorld {
  const disk = new MemoryFileStore()
  for (const [k, piece] of piecesOf(archive).entries())
    if (archive.stat(piece)?.kind === 'file') put(disk, `wal/kwdb_wal${k}`, archive.readFile(piece))
  for (const path of archive.files().keys())
    if (path.startsWith('data/')) put(disk, path.slice('data/'.length), archive.readFile(path))
  const world = boot(freshCatalog(), disk, true)
  // A log of its own store is believed; whoever recovers from an archive looks at what came of it.
  checkEntries([...world.catalog.entries([])], Number(world.catalog.get(keys.cid) ?? 0), 'wal/')
  return world
}

/** Reads every table of a store, and has it checked: whatever got in must not hurt later. */
export function readAll(world: TestWorld): void {
  const session = connect(world)
  const scripts: string[] = []
  for (const [, value] of world.catalog.entries(['table'])) {
    const { db, name } = value as { db: string; name: string }
    const table = `loadTable(${JSON.stringify(db)}, ${JSON.stringify(name)})`
    scripts.push(
      `select count(*) from ${table}`,
      `select * from ${table}`,
      `select sum(v), max(d) from ${table} where day = 2024.01.01, id < 30`,
      `schema(${table})`,
    )
    scripts.push(`t = ${table}; t.append!(select top 2 * from t)`)
  }
  scripts.push('checkStore(true)', 'getClusterDFSDatabases()')
  runEach(session, scripts)
}
