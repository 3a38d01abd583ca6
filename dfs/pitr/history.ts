/**
 * A random history of a store that is archived and backed up, for tests: small and large appends, rewrites, changes of schemas and users, checkpoints, merges, crashes,
 * commands of the archive that fail. After each step a snapshot says what the store showed. The model is simple: recovered to a snapshot's time or LSN, the store shows
 * what the snapshot says.
 */
import type { ArchivedWorld } from '../archive/testing.ts'
import type { MemoryCatalogStore } from '../catalog/memory-store.ts'
import { FaultyFileStore } from '../store/faulty-store.ts'
import type { FileStore } from '../store/file-store.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { seeded } from '../wal/fixture.ts'
import { formatLsn } from '../wal/lsn.ts'
import { backUp, newArchivedWorld, recovered, type Snapshot, settle, shown, snapshotOf, timeTarget } from './testing.ts'

export interface HistoryOptions {
  readonly seed: number
  readonly steps: number
  readonly settings: Readonly<Record<string, string | number>>
  /** Goes on with a store that was recovered, into the same set and archive. */
  readonly from?: {
    readonly catalog: MemoryCatalogStore
    readonly disk: MemoryFileStore
    readonly nowMs: number
    readonly set: MemoryFileStore
    readonly archive: MemoryFileStore
  }
}

export interface History {
  readonly world: ArchivedWorld
  readonly set: MemoryFileStore
  readonly archive: MemoryFileStore
  /** Those from the first backup on. */
  readonly snapshots: readonly Snapshot[]
  readonly done: ReadonlyMap<string, number>
}

const CREATE = `
  db = database("dfs://d", VALUE, 0..2)
  db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "t", "k")
  db.createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "u", "k")
  sorted = database("dfs://e", VALUE, 0..2, engine="TSDB")
  sorted.createPartitionedTable(table(1:0, \`k\`x\`v, [INT, LONG, LONG]), "s", "k", sortColumns=["k", "x"], keepDuplicates=LAST)`

const GROW = `
  def grow(name, n, f) {
    t = loadTable("dfs://d", name)
    r = table(take(0 1 2, n) as k, long(f..(f + n - 1)) as x)
    for (c in columnNames(t)) if (c != "k" && c != "x") r[c] = r.x * 2
    t.append!(r)
  }
`

/** An archive that fails now and then, as a full disk or a network would make it. */
class Unreliable extends FaultyFileStore {
  constructor(inner: FileStore, random: () => number) {
    super(inner, { random })
  }

  failSoon(random: () => number): void {
    this.faults = { ...this.faults, failCall: this.calls + 1 + Math.floor(random() * 12) }
  }
}

export async function runHistory({ seed, steps, settings, from }: HistoryOptions): Promise<History> {
  const random = seeded(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const set = from?.set ?? new MemoryFileStore()
  const archive = from?.archive ?? new MemoryFileStore()
  const unreliable = new Unreliable(archive, random)
  let world = newArchivedWorld(
    unreliable,
    from === undefined ? { settings } : { settings, catalog: from.catalog, disk: from.disk, nowMs: from.nowMs },
  )
  const run = (script: string): void => world.session.run(script)
  if (from === undefined) run(CREATE)
  let next = seed * 1_000_000
  let tables = from === undefined ? ['t', 'u'] : tablesOf(world)
  let made = 0
  const table = (): string => tables[pick(tables.length)]!
  const handle = (name = table()): string => `loadTable("dfs://d", "${name}")`
  const grow = (rows: number): void => {
    run(`${GROW}grow("${table()}", ${rows}, ${next})`)
    next += rows
  }

  const actions: Record<string, () => unknown> = {
    smallAppend: () => grow(1 + pick(6)),
    row: () => grow(1),
    largeAppend: () => grow(1100 + pick(900)),
    // Few keys, so that rows replace each other.
    sorted: () => {
      const rows = pick(3) === 0 ? 1100 + pick(900) : 1 + pick(20)
      run(
        `loadTable("dfs://e", "s").append!(table(take(0 1 2, ${rows}) as k, long(take(1..${1 + pick(400)}, ${rows})) as x, long(${next}..${next + rows - 1}) as v))`,
      )
      next += rows
    },
    update: () => run(`update ${handle()} set x = x + 1 where k = ${pick(3)}`),
    delete: () => run(`delete from ${handle()} where x % ${2 + pick(5)} = 0`),
    dropPartition: () => {
      const [path, name] = [`/${pick(3)}`, table()]
      const has = world.session.show(`exec count(*) from ${handle(name)} where k = ${path.slice(1)}`) !== '0'
      if (has) run(`dropPartition(database("dfs://d"), "${path}", "${name}")`)
    },
    addColumn: () => {
      const name = table()
      if (world.session.show(`size(columnNames(${handle(name)})) < 5`) === 'true')
        run(`addColumn(${handle(name)}, "c${next++}", LONG)`)
    },
    rename: () => {
      const name = table()
      const to = `n${seed}_${made++}`
      run(`renameTable(database("dfs://d"), "${name}", "${to}")`)
      tables = tables.map((t) => (t === name ? to : t))
    },
    create: () => {
      if (tables.length >= 4) return
      const name = `m${seed}_${made++}`
      run(`database("dfs://d").createPartitionedTable(table(1:0, \`k\`x, [INT, LONG]), "${name}", "k")`)
      tables = [...tables, name]
    },
    dropTable: () => {
      if (tables.length < 3) return
      const name = table()
      run(`dropTable(database("dfs://d"), "${name}")`)
      tables = tables.filter((t) => t !== name)
    },
    user: () => run(`createUser("u${seed}_${next++}", "secret123")`),
    checkpoint: () => world.engine.checkpoint(),
    compact: () => world.engine.compact(),
    archive: () => {
      world.clock.nowMs += 600_000
      return world.engine.archive()
    },
    archiveFails: () => {
      unreliable.failSoon(random)
      world.clock.nowMs += 600_000
      return world.engine.archive()
    },
    crash: () => {
      world = reopened(world, unreliable, settings, true)
    },
    restart: async () => {
      await world.engine.close()
      world = reopened(world, unreliable, settings, false)
    },
  }
  const weighted = [
    'smallAppend',
    'sorted',
    'row',
    'smallAppend',
    'largeAppend',
    'largeAppend',
    'update',
    'delete',
    'row',
    'checkpoint',
    'archive',
    ...Object.keys(actions),
  ]
  const done = new Map<string, number>()
  const snapshots: Snapshot[] = []
  const act = async (name: string): Promise<void> => {
    await actions[name]!()
    done.set(name, (done.get(name) ?? 0) + 1)
  }
  const backUpAt = new Set([1, Math.floor(steps / 3), Math.floor((2 * steps) / 3)])
  for (let step = 0; step < steps; step++) {
    await act(weighted[pick(weighted.length)]!)
    if (backUpAt.has(step)) backUp(world, set, { compress: pick(2) === 0, includeWal: pick(4) > 0 })
    if (step >= 1) snapshots.push(snapshotOf(world))
  }
  unreliable.faults = {}
  await settle(world)
  // Something after the last snapshot, so that its time is inside of the log.
  run(`createUser("end${seed}_${next}", "secret123")`)
  await settle(world)
  return { world, set, archive, snapshots, done }
}

function reopened(
  before: ArchivedWorld,
  archive: FileStore,
  settings: HistoryOptions['settings'],
  wasUnclean: boolean,
): ArchivedWorld {
  const { catalog, disk, clock } = before
  const world = newArchivedWorld(archive, { catalog, disk, settings, wasUnclean, nowMs: clock.nowMs + 1 })
  return world
}

function tablesOf({ session }: ArchivedWorld): string[] {
  return session.show('concat(sort(getTables(database("dfs://d"))), "\\n")').split('\n')
}

/** Recovers to the time and to the LSN of snapshots; answers the targets at which the store shows something else, or that can't be reached. */
export function wrongTargets(
  { set, archive, snapshots }: Pick<History, 'set' | 'archive' | 'snapshots'>,
  isWanted: (snapshot: number) => boolean,
): { readonly targets: number; readonly wrong: readonly string[] } {
  const wrong: string[] = []
  let targets = 0
  for (const [k, { timeMs, lsn, content }] of snapshots.entries()) {
    if (!isWanted(k) && k !== snapshots.length - 1) continue
    for (const target of [timeTarget(timeMs), `lsn:${formatLsn(lsn)}`]) {
      targets++
      let found: string
      try {
        found = shown(recovered({ sources: { set, archive }, target }))
      } catch (error) {
        found = (error as Error).message
      }
      if (found !== content) wrong.push(`snapshot ${k}, ${target}: ${found}\ninstead of\n${content}`)
    }
  }
  return { targets, wrong }
}

/** Recovers to a snapshot and lets the store go on from there. */
export async function continued(
  { set, archive, snapshots, world }: History,
  snapshot: number,
  options: Omit<HistoryOptions, 'from'>,
): Promise<History> {
  const { timeMs, content } = snapshots[snapshot]!
  const nowMs = world.clock.nowMs + 3_600_000
  const again = recovered({ sources: { set, archive }, target: timeTarget(timeMs), nowMs })
  const found = shown(again)
  if (found !== content) throw new Error(`snapshot ${snapshot}: ${found} instead of ${content}`)
  // Shown by a store that was started and thrown away: the one that goes on is another.
  const { catalog, disk } = recovered({ sources: { set, archive }, target: timeTarget(timeMs), nowMs })
  return await runHistory({ ...options, from: { catalog, disk, nowMs: nowMs + 1, set, archive } })
}
