/** Any sequence of appends, updates, deletes, upserts, moves between partitions and changes of columns leaves the rows that the same statements leave in memory. */

import { describe, expect, test } from 'vitest'
import fc from '../../test/properties.ts'
import { boot, connect, newWorld, type TestSession, type TestWorld } from './testing.ts'

interface Column {
  readonly name: string
  readonly type: 'INT' | 'LONG' | 'DOUBLE' | 'SYMBOL'
}

interface Scheme {
  readonly database: string
  /** The rest of the call that makes the table. */
  readonly create: string
  readonly partitionColumns: readonly string[]
  /** Of rows of one partition with equal n only this one counts. */
  readonly keeps?: 'LAST' | 'FIRST'
  readonly isKeyed?: boolean
  /** Columns are only added. */
  readonly isSorted?: boolean
}

const TSDB = 'database("dfs://p", VALUE, 0 1 2, engine="TSDB")'

const SCHEMES: Readonly<Record<string, Scheme>> = {
  VALUE: {
    database: 'database("dfs://p", VALUE, 0 1 2)',
    create: 'db.createPartitionedTable(t, `pt, `id)',
    partitionColumns: ['id'],
  },
  RANGE: {
    database: 'database("dfs://p", RANGE, 0 2 3 10)',
    create: 'db.createPartitionedTable(t, `pt, `id)',
    partitionColumns: ['id'],
  },
  HASH: {
    database: 'database("dfs://p", HASH, [SYMBOL, 3])',
    create: 'db.createPartitionedTable(t, `pt, `sym)',
    partitionColumns: ['sym'],
  },
  COMPO: {
    database: 'database("dfs://p", COMPO, [database("", VALUE, 0 1 2), database("", HASH, [SYMBOL, 2])])',
    create: 'db.createPartitionedTable(t, `pt, `id`sym)',
    partitionColumns: ['id', 'sym'],
  },
  'TSDB, ALL': {
    database: TSDB,
    create: 'db.createPartitionedTable(t, `pt, `id, sortColumns=`sym`n)',
    partitionColumns: ['id'],
    isSorted: true,
  },
  'TSDB, LAST': {
    database: TSDB,
    create: 'db.createPartitionedTable(t, `pt, `id, sortColumns=`n, keepDuplicates=LAST)',
    partitionColumns: ['id'],
    keeps: 'LAST',
    isSorted: true,
  },
  'TSDB, FIRST': {
    database: TSDB,
    create: 'db.createPartitionedTable(t, `pt, `id, sortColumns=`n, keepDuplicates=FIRST)',
    partitionColumns: ['id'],
    keeps: 'FIRST',
    isSorted: true,
  },
  PKEY: {
    database: 'database("dfs://p", VALUE, 0 1 2, engine="PKEY")',
    create: 'db.createPartitionedTable(t, `pt, `id, primaryKey=`id`n)',
    partitionColumns: ['id'],
    keeps: 'LAST',
    isKeyed: true,
    isSorted: true,
  },
  dimension: { database: 'database("dfs://p", VALUE, 0 1 2)', create: 'db.createTable(t, `pt)', partitionColumns: [] },
}

type Step =
  | { readonly kind: 'append' | 'upsert'; readonly seed: number; readonly rows: number; readonly ignoreNull: boolean }
  | { readonly kind: 'statement'; readonly text: string }
  | { readonly kind: 'add' | 'drop' | 'rename' | 'retype'; readonly pick: number }
  | { readonly kind: 'checkpoint' | 'merge' | 'restart' }

const statements = (n: number): readonly string[] => [
  `update T set x = x + ${n} where n % 3 = ${n % 3}`,
  `update T set x = NULL where n > ${n}`,
  `update T set y = n, x = y where id = ${n % 3}`,
  `update T set y = sum(y) context by id, sym`,
  `update T set id = ${n % 3} where n % 5 = ${n % 5}`,
  `update T set sym = \`s${n % 4} where n % 4 = ${n % 4}`,
  `delete from T where n % 6 = ${n % 6}`,
  `delete from T where x < ${n - 10}`,
  `delete from T where id = ${n % 3}, n < ${n}`,
]

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('append', 'upsert'),
      seed: fc.nat(1000),
      rows: fc.integer({ min: 1, max: 9 }),
      ignoreNull: fc.boolean(),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ which: fc.nat(8), n: fc.nat(30) })
      .map(({ which, n }): Step => ({ kind: 'statement', text: statements(n)[which] })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ kind: fc.constantFrom('add', 'drop', 'rename', 'retype'), pick: fc.nat(3) })
      .map((s) => s as Step),
  },
  { weight: 3, arbitrary: fc.constantFrom('checkpoint', 'merge', 'restart').map((kind) => ({ kind }) as Step) },
)

class Run {
  world: TestWorld = newWorld()
  s!: TestSession
  readonly #scheme: Scheme
  columns: Column[] = [
    { name: 'id', type: 'INT' },
    { name: 'n', type: 'INT' },
    { name: 'x', type: 'DOUBLE' },
    { name: 'sym', type: 'SYMBOL' },
    { name: 'y', type: 'LONG' },
  ]
  #next = 1
  /** The rows in memory, to carry them to a new session. */
  readonly #log: string[] = []

  constructor(scheme: Scheme, smallRows: number) {
    this.#scheme = scheme
    this.world.engine.request({ kind: 'putSetting', name: 'ts.append.small_rows', value: smallRows }, 'admin')
    this.world.engine.request({ kind: 'putSetting', name: 'ts.compaction.min_segments', value: 2 }, 'admin')
    this.#connect()
    this.#both(this.#rows(1, 6, 'm'), '')
    this.s.run(`t = m; db = ${scheme.database}; ${scheme.create}`)
    this.s.run('pt = loadTable("dfs://p", "pt"); pt.append!(m)')
  }

  #connect(): void {
    this.s = connect(this.world)
    for (const line of this.#log) this.s.run(line)
    if (this.#log.length > 0) this.s.run('pt = loadTable("dfs://p", "pt")')
  }

  #both(memory: string, stored: string): void {
    this.#log.push(memory)
    this.s.run(memory)
    if (stored !== '') this.s.run(stored)
  }

  #rows(seed: number, count: number, name: string): string {
    const value = (c: Column, k: number): string => {
      const v = (seed * 7 + k * 13 + c.name.length * 5) % 23
      if (c.name === 'id') return String(v % 3)
      if (c.name === 'n') return String(this.#next++)
      if (c.type === 'SYMBOL') return `"s${v % 4}"`
      return k > 0 && v % 5 === 0 ? 'NULL' : String(v)
    }
    const list = this.columns.map((c) => {
      const values = Array.from({ length: count }, (_, k) => value(c, k))
      const convert = c.type === 'SYMBOL' ? 'symbol' : c.type.toLowerCase()
      return `${convert}([${values.join(',')}]) as ${c.name}`
    })
    return `${name} = table(${list.join(', ')})`
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'append':
        this.#append(step.seed, step.rows)
        return
      case 'upsert': {
        const keys = ['n', ...this.#scheme.partitionColumns].map((c) => `\`${c}`).join('')
        const make = `${this.#rows(step.seed, step.rows, 'r')}; r.append!(update!(select top 3 * from m where n % 4 = ${step.seed % 4}, \`x, <n + ${step.seed}>))`
        const ignoreNull = step.ignoreNull && this.#scheme.isKeyed !== true
        const call = this.#scheme.isKeyed === true ? '' : `, ${ignoreNull}, \`n`
        this.#both(`${make}; upsert!(m, r, ${ignoreNull}, ${keys})`, `upsert!(pt, r${call})`)
        return
      }
      case 'statement':
        // A row can't leave the partition in which it may hide others.
        if (this.#scheme.keeps !== undefined && step.text.includes('set id')) return
        this.#both(step.text.replaceAll('T', 'm'), step.text.replaceAll('T', 'pt'))
        return
      case 'checkpoint':
        await this.world.engine.checkpoint()
        return
      case 'merge':
        await this.world.engine.compact()
        return
      case 'restart':
        // The process dies: what it acknowledged is in the log and in the catalog.
        this.world = boot(this.world.catalog, this.world.disk, true)
        this.#connect()
        return
      default:
        this.#alter(step.kind, step.pick)
    }
  }

  /** New rows, and where only one row of a key counts some that are there already. */
  #append(seed: number, rows: number): void {
    const make = this.#rows(seed, rows, 'r')
    const { keeps } = this.#scheme
    if (keeps === undefined) this.#both(`${make}; m.append!(r)`, 'pt.append!(r)')
    else {
      const again = `${make}; r.append!(update!(select top 4 * from m where n % 3 = ${seed % 3}, \`x, <x + ${seed}>))`
      const added =
        keeps === 'LAST'
          ? 'upsert!(m, r, false, `id`n)'
          : 'q = select * from r; upsert!(q, m, false, `id`n); m = select * from q'
      this.#both(`${again}; ${added}`, 'pt.append!(r)')
    }
  }

  #alter(kind: 'add' | 'drop' | 'rename' | 'retype', pick: number): void {
    if (kind !== 'add' && this.#scheme.isSorted === true) return
    const names = ['c0', 'c1', 'c2', 'c3']
    const extra = this.columns.filter((c) => names.includes(c.name))
    const free = names.filter((n) => extra.every((c) => c.name !== n))
    const chosen = extra[pick % Math.max(extra.length, 1)]
    const name = free[pick % Math.max(free.length, 1)]
    if (kind === 'add' && name !== undefined) {
      this.#both(`addColumn(m, \`${name}, INT)`, `addColumn(pt, \`${name}, INT)`)
      this.columns.push({ name, type: 'INT' })
    } else if (kind === 'drop' && chosen !== undefined) {
      this.#both(`dropColumns!(m, \`${chosen.name})`, `dropColumns!(pt, \`${chosen.name})`)
      this.columns = this.columns.filter((c) => c !== chosen)
    } else if (kind === 'rename' && chosen !== undefined && name !== undefined) {
      this.#both(`rename!(m, \`${chosen.name}, \`${name})`, `rename!(pt, \`${chosen.name}, \`${name})`)
      this.columns = this.columns.map((c) => (c === chosen ? { ...c, name } : c))
    } else if (kind === 'retype' && chosen !== undefined) {
      const type = chosen.type === 'INT' ? 'DOUBLE' : 'INT'
      this.#both(
        `replaceColumn!(m, \`${chosen.name}, ${type.toLowerCase()}(m.${chosen.name}))`,
        `replaceColumn!(pt, \`${chosen.name}, array(${type}))`,
      )
      this.columns = this.columns.map((c) => (c === chosen ? { ...c, type } : c))
    } else return
    this.s.run('pt = loadTable("dfs://p", "pt")')
  }

  check(): void {
    const order = 'order by id, n, sym, x, y'
    const rows = (table: string): string => `(select * from ${table} ${order})`
    const same = `each(eqObj, ${rows('pt')}.values(), ${rows('m')}.values()).all()`
    if (this.s.show(same) !== 'true') expect(this.s.show(rows('pt'))).toBe(this.s.show(rows('m')))
    expect(this.s.show(same)).toBe('true')
    expect(this.s.show('loadTable("dfs://p", "pt").colNames()')).toBe(this.s.show('m.colNames()'))
    expect(this.s.show('exec count(*) from pt')).toBe(this.s.show('exec count(*) from m'))
    expect(this.s.show('exec sum(n) from pt where n > 3, id = 1')).toBe(
      this.s.show('exec sum(n) from m where n > 3, id = 1'),
    )
  }
}

const RUNS = 12

describe('rows after any sequence of changes are those of a table in memory', () => {
  for (const [name, scheme] of Object.entries(SCHEMES))
    for (const smallRows of [0, 5])
      test(`${name}, appends of up to ${smallRows} rows in memory`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
            const run = new Run(scheme, smallRows)
            for (const step of steps) await run.do(step)
            run.check()
          }),
          { numRuns: RUNS },
        )
      })
})
