/**
 * The process dies in every single call that changes the set, and power is lost, and every call fails once with EIO. After each: the newest backup is sound and restores, and the
 * next run completes what was begun. The same for a restore: what it leaves is refused, or whole. The numbers of calls are printed.
 */
import { describe, expect, it } from 'vitest'
import { backupHostService } from '../builtins/backup-host.ts'
import { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { entryOf, isData } from '../engine/log-entry.ts'
import { silentProgress } from '../progress.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import type { LockWorld } from '../set/lock.ts'
import { requireOwnFolder } from '../set/own-folder.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import { FaultyFileStore, StoreDied, type StoreFaults } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { walkLog } from '../wal/walk.ts'
import { boot, connect, newWorld, type TestSession, type TestWorld } from '../write/testing.ts'
import { RESTORE_MARKER } from './marker.ts'
import { restoreNode } from './restore.ts'
import { filesOfState, keptStates } from './states.ts'
import { type NodeBackupRequest, takeNodeBackup } from './take.ts'
import { verifyNodeBackup } from './verify.ts'

const SEED = 20260115

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

/** Every run is a process of its own, so that the locks of dead ones are stale. */
let pids = 1
const newProcess = (): LockWorld => {
  const pid = pids++
  return { host: 'here', pid, processStartMs: pid * 100_000, now: () => 0, processExists: (p) => p === pid }
}

const KEY = parseKey(Buffer.from(`holdfast-key-1\n${'5e'.repeat(32)}\n`), 'key')
const CONFIG = Buffer.from('[storage]\n')

interface Node {
  readonly world: TestWorld
  readonly session: TestSession
}

function take({ world, session }: Node, set: FileStore, request: Partial<NodeBackupRequest> = {}): unknown {
  const context = { ...session.session.service(backupHostService).context(), lockWorld: newProcess() }
  try {
    return takeNodeBackup(
      { context, catalog: world.catalog, set },
      { includeWal: true, compress: false, keep: 1, config: CONFIG, ...request },
    )
  } catch (error) {
    return error
  }
}

const newSession = (world: TestWorld): Node => ({ world, session: connect(world) })

function contentOf({ session }: Node): string {
  return session.show('select count(*) as n, sum(v) as v, sum(id) as i from loadTable("dfs://d", "pt") group by day')
}

const GROW = `
def grow(n, x) { loadTable("dfs://d", "pt").append!(table(take(2024.01.01..2024.01.03, n) as day, til(n) as id, take(double(x), n) as v)) }
`

/** A store that has changed since its first backup: more rows, a partition that is gone, small appends. */
function story(request: Partial<NodeBackupRequest> = {}): {
  readonly node: Node
  readonly set: MemoryFileStore
  readonly before: string
  readonly after: string
} {
  const node = newSession(newWorld())
  node.session.run(`
    db = database("dfs://d", VALUE, 2024.01.01..2024.01.03)
    db.createPartitionedTable(table(1:0, \`day\`id\`v, [DATE, INT, DOUBLE]), "pt", \`day)
    ${GROW}
    grow(3000, 1)
    grow(3, 2)`)
  const set = new MemoryFileStore()
  expect(take(node, set, request)).toMatchObject({ filesCopied: 3 })
  const before = contentOf(node)
  node.session.run('grow(2000, 3); dropPartition(database("dfs://d"), 2024.01.02, "pt"); grow(3, 4)')
  return { node, set, before, after: contentOf(node) }
}

function restored(set: FileStore, key?: BackupKey): string {
  expect(verifyNodeBackup({ set, key, progress: silentProgress, now: () => 0 }).failures).toEqual([])
  const target = new MemoryFileStore()
  const catalog = new MemoryCatalogStore()
  restoreNode({ set, key, target, makeCatalog: (fill) => fill(catalog), progress: silentProgress, now: () => 5 })
  return contentOf(newSession(boot(catalog, target)))
}

/** Files that no backup names. */
function strays(set: MemoryFileStore, key?: BackupKey): string[] {
  const opened = key === undefined ? set : new SealedFileStore(set, key, 'plain')
  const named = new Set<string>(['backup_manifest.json'])
  for (const { id, manifest } of keptStates(set, () => {})) {
    for (const name of ['manifest.json', 'catalog', 'files', 'holdfast.toml']) named.add(`states/${id}/${name}`)
    for (const file of filesOfState(opened, manifest!)) named.add(file.path)
    for (const piece of manifest!.log ?? []) named.add(piece.path)
  }
  return [...set.files().keys()].filter((f) => !named.has(f))
}

function eachCall(
  request: Partial<NodeBackupRequest>,
  faults: (call: number) => StoreFaults,
  powerLoss: boolean,
): number {
  const first = story(request)
  const counted = new FaultyFileStore(first.set)
  expect(take(first.node, counted, request)).toMatchObject({ filesResumed: 0 })
  for (let call = 1; call <= counted.calls; call++) {
    const { node, set, before, after } = story(request)
    const next = random(SEED + call)
    const outcome = take(node, new FaultyFileStore(set, { ...faults(call), random: next }), request)
    if (powerLoss) set.losePower(next)
    const what = `call ${call} of ${counted.calls} (${counted.log[call - 1]}): ${outcome instanceof Error ? outcome.message : 'completed'}`
    const now = restored(set, request.key)
    expect(now === before || now === after, what).toBe(true)
    // A run that said it was done was done.
    if (!(outcome instanceof Error)) expect(now, what).toBe(after)
    expect(take(node, set, request), what).not.toBeInstanceOf(Error)
    expect(restored(set, request.key), what).toBe(after)
    expect(strays(set, request.key), what).toEqual([])
    expect(take(node, set, request), what).toMatchObject({ filesCopied: 0, filesResumed: 0 })
  }
  return counted.calls
}

describe('a backup of the node that dies', () => {
  it('in any call of a run that compresses and encrypts leaves the backup before it, and the next run completes', () => {
    console.log(
      `died in each of ${eachCall({ compress: true, key: KEY }, (call) => ({ dieAtCall: call }), false)} calls`,
    )
  })
  it('in any call and loses power leaves the backup before it, and the next run completes', () => {
    console.log(`lost power in each of ${eachCall({}, (call) => ({ dieAtCall: call }), true)} calls`)
  })
  it('by an error of the disk in any call leaves the backup before it, and the next run completes', () => {
    console.log(`EIO in each of ${eachCall({}, (call) => ({ failCall: call }), false)} calls`)
  })
  it('the first time in any call, with or without power, leaves a folder in which the next run goes on', () => {
    const first = (): { node: Node; set: MemoryFileStore } => ({ node: story().node, set: new MemoryFileStore() })
    const { node: any, set: empty } = first()
    const counted = new FaultyFileStore(empty)
    expect(take(any, counted)).not.toBeInstanceOf(Error)
    for (const powerLoss of [false, true])
      for (let call = 1; call <= counted.calls; call++) {
        const { node, set } = first()
        const next = random(SEED + call)
        take(node, new FaultyFileStore(set, { dieAtCall: call, random: next }))
        if (powerLoss) set.losePower(next)
        const what = `call ${call} of ${counted.calls} (${counted.log[call - 1]})`
        expect(() => requireOwnFolder(set), what).not.toThrow()
        expect(take(node, set), what).not.toBeInstanceOf(Error)
        expect(strays(set), what).toEqual([])
      }
  })
  for (const compress of [false, true])
    it(`${compress ? 'while compressing ' : ''}has its sound files kept by the next run`, () => {
      const { node } = story()
      const whole = new FaultyFileStore(new MemoryFileStore())
      take(node, whole, { compress })
      const synced = whole.log.map((line, k) => ({ line, k })).filter((e) => /^sync data\//.test(e.line))
      const set = new MemoryFileStore()
      take(node, new FaultyFileStore(set, { dieAtCall: synced[1].k + 1 }), { compress })
      expect(take(node, set, { compress })).toMatchObject({ filesResumed: synced.length, filesCopied: 0 })
      expect(restored(set)).toBe(contentOf(node))
    })
})

describe('a restore that dies', () => {
  for (const powerLoss of [false, true])
    it(`in any call${powerLoss ? ' and loses power' : ''} leaves a directory that is refused, or a whole one`, () => {
      const { node } = story()
      const set = new MemoryFileStore()
      take(node, set)
      const expected = contentOf(node)
      const run = (target: FileStore, catalog: MemoryCatalogStore): unknown => {
        try {
          return restoreNode({ set, target, makeCatalog: (f) => f(catalog), progress: silentProgress, now: () => 5 })
        } catch (error) {
          return error
        }
      }
      const counted = new FaultyFileStore(new MemoryFileStore())
      run(counted, new MemoryCatalogStore())
      let whole = 0
      for (let call = 1; call <= counted.calls; call++) {
        const target = new MemoryFileStore()
        const catalog = new MemoryCatalogStore()
        const next = random(SEED + call)
        const outcome = run(new FaultyFileStore(target, { dieAtCall: call, random: next }), catalog)
        expect(outcome).toBeInstanceOf(StoreDied)
        if (powerLoss) target.losePower(next)
        const what = `call ${call}: ${counted.log[call - 1]}`
        if (target.stat(RESTORE_MARKER) !== undefined) continue
        if ([...catalog.entries([])].length > 0) {
          whole++
          expect(contentOf(newSession(boot(catalog, target))), what).toBe(expected)
        } else expect(target.stat('chunks'), what).toBeUndefined()
      }
      console.log(`died in each of ${counted.calls} calls; whole after ${whole} of them`)
      if (!powerLoss) expect(whole).toBeGreaterThan(0)
    })
})

describe('a backup beside writers', () => {
  it('is of one commit, whatever is written between any two of its calls', () => {
    const node = newSession(newWorld())
    const writer = connect(node.world)
    node.session.run(`
      db = database("dfs://d", VALUE, 2024.01.01..2024.01.03)
      t = table(1:0, \`day\`id\`v, [DATE, INT, DOUBLE])
      db.createPartitionedTable(t, "pt", \`day)
      db.createPartitionedTable(t, "copy", \`day)`)
    // After every round both tables hold the same: a backup between two appends of a round would have one more than the other.
    writer.run(`
      def oneRound(k) {
        n = iif(k % 3 == 0, 3000, 3)
        r = table(take(2024.01.01..2024.01.03, n) as day, take(k, n) as id, take(double(k), n) as v)
        loadTable("dfs://d", "pt").append!(r)
        loadTable("dfs://d", "copy").append!(r)
        if (k % 5 == 4) {
          delete from loadTable("dfs://d", "pt") where id = k - 3
          delete from loadTable("dfs://d", "copy") where id = k - 3
        }
      }
      for (k in 0..9) oneRound(k)`)
    let rounds = 10
    const set = new MemoryFileStore()
    const expected = contentOf(node)
    // Not while the catalog itself is read: here it has one state for all, where the real one gives each reader a snapshot.
    const busy = new WritesBetween(set, (line) => {
      if (/catalog$|lock/.test(line) || !set.files().has(catalogOf(set))) return
      writer.run(`oneRound(${rounds++})`)
    })
    expect(take(node, busy)).toMatchObject({ filesResumed: 0 })
    expect(rounds).toBeGreaterThan(20)
    expect(contentOf(node)).not.toBe(expected)
    expect(restored(set)).toBe(expected)
    const target = new MemoryFileStore()
    const catalog = new MemoryCatalogStore()
    restoreNode({ set, target, makeCatalog: (fill) => fill(catalog), progress: silentProgress, now: () => 5 })
    const sums = (name: string): string =>
      newSession(boot(catalog, target)).session.show(
        `select count(*) as n, sum(id) as i from loadTable("dfs://d", "${name}") group by day`,
      )
    expect(sums('pt')).toBe(sums('copy'))
  })

  for (const walRotation of ['dual', 'group'])
    it(`has the log since its commit, with the rotation ${walRotation}`, async () => {
      const first = newWorld()
      connect(first).run(`setClusterSetting("ts.wal.rotation", "${walRotation}")`)
      await first.engine.close()
      const node = newSession(boot(first.catalog, first.disk))
      const writer = connect(node.world)
      node.session.run(`
        db = database("dfs://d", VALUE, 2024.01.01..2024.01.03)
        db.createPartitionedTable(table(1:0, \`day\`id\`v, [DATE, INT, DOUBLE]), "pt", \`day)
        ${GROW}`)
      writer.run(`${GROW}; grow(3, 1)`)
      await node.world.engine.submit({ kind: 'checkpoint' }, 'admin', 'test')
      writer.run('grow(3, 2); grow(3, 3)')
      expect(first.disk.list('wal').map((e) => e.name)).toContain(walRotation === 'dual' ? 'current_file' : 'kwdb_wal0')
      const set = new MemoryFileStore()
      let commits = 0
      // When the catalog has been written the commit is fixed, and the log has not been looked at.
      const busy = new WritesBetween(set, (line) => {
        if (!line.endsWith('.partial') || !set.files().has(catalogOf(set))) return
        for (; commits < 3; commits++) writer.run('grow(3, 4)')
      })
      take(node, busy)
      writer.run('grow(3, 5)')
      const { lsn, cid, log } = keptStates(set, () => {})[0].manifest!
      const copy = new MemoryFileStore()
      for (const [k, piece] of log!.entries()) {
        const file = copy.openWrite(k === log!.length - 1 ? 'wal/current_file' : 'wal/checkpoint_file')
        file.write(set.readFile(piece.path))
        file.close()
      }
      const cids: number[] = []
      const walked = walkLog(copy, { from: lsn }, (record) => {
        if (isData(record)) cids.push(entryOf(record).cid)
      })
      expect(walked.stop).toBeUndefined()
      expect(walked.end).toBe(log!.at(-1)!.endLsn)
      expect(cids.filter((c) => c > cid)).toHaveLength(commits)
    })
})

const catalogOf = (set: MemoryFileStore): string =>
  [...set.files().keys()].find((f) => /^states\/[^/]*\.partial\/catalog$/.test(f)) ?? ''

/** Calls back before each changing call. */
class WritesBetween extends FaultyFileStore {
  readonly #before: (line: string) => void
  constructor(inner: FileStore, before: (line: string) => void) {
    super(inner)
    this.#before = before
  }

  override openWrite(path: string): ReturnType<FileStore['openWrite']> {
    this.#before(path)
    return super.openWrite(path)
  }

  override syncDirectory(path: string): void {
    this.#before(path)
    super.syncDirectory(path)
  }

  override rename(from: string, to: string): void {
    this.#before(from)
    super.rename(from, to)
  }
}
