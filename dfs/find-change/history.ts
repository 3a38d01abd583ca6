/**
 * For tests: a random history of a table and a model that knows which statement took which rows. Each row has an `x` of its own, so the model is a map; what findChange must
 * say is counted from it before each statement.
 */
import type { ArchivedWorld } from '../archive/testing.ts'
import { backUp, newArchivedWorld, settle } from '../pitr/testing.ts'
import { MemoryFileStore } from '../store/memory-store.ts'
import { seeded } from '../wal/fixture.ts'

export interface ExpectedChange {
  readonly kind: string
  readonly partition: string
  readonly gone: number
  /** The rows that match just before, as `CONTENT` shows them. */
  readonly content: string
}

export interface ChangeHistory {
  readonly world: ArchivedWorld
  readonly archive: MemoryFileStore
  readonly set: MemoryFileStore
  readonly expected: readonly ExpectedChange[]
  /** So many of the expected changes are before the backup. */
  readonly beforeBackup: number
}

interface Row {
  k: number
  v: number
}

export const PREDICATE = 'x % 5 = 2'
const matches = (x: number): boolean => x % 5 === 2

export interface HistoryOptions {
  readonly seed: number
  readonly steps: number
  /** Of the primary key x: appends take the place of rows with their x. */
  readonly isKeyed: boolean
}

export async function runChanges({ seed, steps, isKeyed }: HistoryOptions): Promise<ChangeHistory> {
  const random = seeded(seed)
  const pick = (n: number): number => Math.floor(random() * n)
  const archive = new MemoryFileStore()
  const set = new MemoryFileStore()
  const world = newArchivedWorld(archive)
  world.backups.set('/archive', archive)
  world.backups.set('/set', set)
  const { session } = world
  const run = (script: string): void => session.run(script)
  const columns = 'table(1:0, `k`x`v, [INT, LONG, LONG])'
  const create = isKeyed
    ? `db.createPartitionedTable(${columns}, "t", "k", primaryKey=\`k\`x)`
    : `db.createPartitionedTable(${columns}, "t", "k")`
  run(`db = database("dfs://d", VALUE, 0..2${isKeyed ? ', engine="PKEY"' : ''}); ${create}`)
  let rows = new Map<number, Row>()
  let next = 1
  const expected: ExpectedChange[] = []
  const content = (): string => contentOf(rows)

  const expectGone = (kind: string, isGone: (row: Row, x: number) => boolean): void => {
    const before = content()
    for (const k of [0, 1, 2]) {
      let gone = 0
      for (const [x, row] of rows) if (row.k === k && matches(x) && isGone(row, x)) gone++
      if (gone > 0) expected.push({ kind, partition: `/${k}`, gone, content: before })
    }
  }
  const append = (count: number, first: number, v: number): void => {
    if (isKeyed) expectGone('REPLACE', (row, x) => x >= first && x < first + count && row.k === x % 3 && row.v !== v)
    run(
      `x = long(${first}..${first + count - 1}); loadTable("dfs://d", "t").append!(table(int(x % 3) as k, x, take(${v}l, ${count}) as v))`,
    )
    for (let x = first; x < first + count; x++) rows.set(x, { k: x % 3, v })
  }
  const grow = (count: number): void => {
    const again = isKeyed && next > 1 && pick(2) === 0
    append(count, again ? 1 + pick(next) : next, pick(1000))
    next = Math.max(next, ...rows.keys()) + 1
  }

  const actions: Record<string, () => unknown> = {
    row: () => grow(1),
    small: () => grow(2 + pick(10)),
    large: () => grow(1100 + pick(300)),
    update: () => {
      const [k, m, r] = [pick(3), 2 + pick(4), pick(2)]
      expectGone('UPDATE', (row, x) => row.k === k && x % m === r)
      run(`update loadTable("dfs://d", "t") set v = v + 1 where k = ${k}, x % ${m} = ${r}`)
      for (const [x, row] of rows) if (row.k === k && x % m === r) row.v++
    },
    updateRow: () => {
      const x = 1 + pick(next)
      expectGone('UPDATE', (_, y) => x === y)
      run(`update loadTable("dfs://d", "t") set v = v + 1 where x = ${x}`)
      const row = rows.get(x)
      if (row !== undefined) row.v++
    },
    delete: () => {
      const [m, r] = [3 + pick(9), pick(3)]
      expectGone('DELETE', (_, x) => x % m === r)
      run(`delete from loadTable("dfs://d", "t") where x % ${m} = ${r}`)
      for (const x of [...rows.keys()]) if (x % m === r) rows.delete(x)
    },
    dropPartition: () => {
      const k = pick(3)
      if (![...rows.values()].some((row) => row.k === k)) return
      expectGone('DROP PARTITION', (row) => row.k === k)
      run(`dropPartition(database("dfs://d"), "/${k}", "t")`)
      for (const [x, row] of [...rows]) if (row.k === k) rows.delete(x)
    },
    truncate: () => {
      expectGone('TRUNCATE', () => true)
      run('truncate("dfs://d", "t")')
      rows.clear()
    },
    drop: () => {
      expectGone('DROP TABLE', () => true)
      run(`dropTable(database("dfs://d"), "t"); ${create}`)
      rows = new Map()
    },
    rename: () => {
      run('renameTable(database("dfs://d"), "t", "other"); renameTable(database("dfs://d"), "other", "t")')
    },
    column: () => {
      if (isKeyed) return
      run('addColumn(loadTable("dfs://d", "t"), "c", LONG)')
      expectGone('DROP COLUMN', () => true)
      run('dropColumns!(loadTable("dfs://d", "t"), "c")')
    },
    checkpoint: () => world.engine.checkpoint(),
    compact: () => world.engine.compact(),
    archive: () => {
      world.clock.nowMs += 600_000
      return world.engine.archive()
    },
  }
  const often = ['row', 'small', 'small', 'large', 'large', 'update', 'update', 'updateRow', 'delete', 'delete']
  const names = [...often, 'checkpoint', 'archive', ...Object.keys(actions)]
  let beforeBackup = 0
  for (let step = 0; step < steps; step++) {
    await actions[names[pick(names.length)]!]!()
    if (step === Math.floor(steps / 3)) {
      backUp(world, set)
      beforeBackup = expected.length
    }
  }
  await settle(world)
  run('createUser("someone", "secret123")')
  await settle(world)
  return { world, archive, set, expected, beforeBackup }
}

/** What a table's matching rows show, in the same form as `contentOf`. */
export const CONTENT = `count(*) as n, sum(x) as s, sum(v * (x % 97)) as w`

function contentOf(rows: ReadonlyMap<number, Row>): string {
  let [n, s, w] = [0, 0, 0]
  for (const [x, { v }] of rows) {
    if (!matches(x)) continue
    n++
    s += x
    w += v * (x % 97)
  }
  return n === 0 ? '0' : `${n} ${s} ${w}`
}

export function shownContent(world: ArchivedWorld, table: string): string {
  const { session } = world
  const cell = (of: string): string =>
    session.show(`exec ${of} from loadTable("dfs://d", "${table}") where ${PREDICATE}`)
  const n = cell('count(*)')
  return n === '0' ? n : `${n} ${cell('sum(x)')} ${cell('sum(v * (x % 97))')}`
}
