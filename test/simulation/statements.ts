/** What the sessions of a simulated store do: statements drawn at random, each with what it means. */
import { T, Table, vectorOf } from '../../runtime/index.ts'
import {
  addColumn,
  appendRows,
  createTable,
  deleteRows,
  dropColumn,
  dropRows,
  dropTable,
  moveRows,
  positionOf,
  type RowTest,
  renameColumn,
  renameTable,
  retypeColumn,
  setLevel,
  setNamed,
  updateCells,
  upsertRows,
} from './effects.ts'
import { type Cell, keyOf, type Model, type ModelColumn, type ModelTable, type TableKind } from './model.ts'
import type { Random } from './random.ts'
import type { SimulatedSession, Statement } from './session.ts'

export const PLAIN = 'dfs://plain'
export const SORTED = 'dfs://sorted'
/** Whose writes wait for locked partitions. */
export const LOOSE = 'dfs://loose'

const DATABASES: Readonly<Record<string, 'TRANS' | 'CHUNK'>> = { [PLAIN]: 'TRANS', [SORTED]: 'TRANS', [LOOSE]: 'CHUNK' }

/** How the model names that the atomic level of a database is another than it began with; undefined: it is not. */
export const atomicOf = (url: string, level: string): string | undefined =>
  level === DATABASES[url] ? undefined : level

export const COLUMNS: readonly ModelColumn[] = [
  { name: 'id', type: 'INT' },
  { name: 'n', type: 'INT' },
  { name: 'k', type: 'INT' },
  { name: 'x', type: 'INT' },
  { name: 's', type: 'STRING' },
]

/** Small appends have at most so many rows; those with more write segments. */
export const SMALL_ROWS = 6

export interface Action {
  readonly statement: Statement
  readonly run: (session: SimulatedSession) => void
}

export const SETUP = `
  database("${PLAIN}", VALUE, 1 2 3)
  database("${SORTED}", VALUE, 1 2 3, engine="TSDB")
  database("${LOOSE}", VALUE, 1 2 3, atomic="CHUNK")
`

const handle = ({ url, name }: { readonly url: string; readonly name: string }): string =>
  `loadTable("${url}", "${name}")`

export type StatementKind =
  | 'appendFew'
  | 'appendMany'
  | 'update'
  | 'move'
  | 'delete'
  | 'deleteAll'
  | 'upsert'
  | 'truncate'
  | 'dropPartition'
  | 'addColumn'
  | 'dropColumn'
  | 'renameColumn'
  | 'createTable'
  | 'dropTable'
  | 'retypeColumn'
  | 'renameTable'
  | 'setLevel'
  | 'setAtomic'
  | 'view'
  | 'user'
  | 'grant'

/** How often each is done. */
export const USUAL: Readonly<Record<StatementKind, number>> = {
  appendFew: 40,
  appendMany: 12,
  update: 10,
  move: 3,
  delete: 6,
  deleteAll: 1,
  upsert: 4,
  truncate: 1,
  dropPartition: 2,
  addColumn: 2,
  dropColumn: 1,
  renameColumn: 1,
  createTable: 1,
  dropTable: 1,
  retypeColumn: 1,
  renameTable: 1,
  setLevel: 1,
  setAtomic: 1,
  view: 1,
  user: 1,
  grant: 1,
}

/** Those that do not depend on what others do to columns and keys meanwhile. */
export const BESIDE: Readonly<Partial<Record<StatementKind, number>>> = {
  appendFew: 30,
  appendMany: 8,
  update: 8,
  move: 2,
  delete: 4,
  truncate: 1,
  dropPartition: 1,
}

const IDS = 5
const KEYS = 6

export class Statements {
  readonly #random: Random
  readonly #model: Model
  readonly #levels: readonly number[]
  readonly #manyRows: number
  #lastNumber = 0
  #lastColumn = 0
  #lastTable = 0

  /** `manyRows`: what a large append has at most. */
  constructor(random: Random, model: Model, levels: readonly number[], manyRows = 30) {
    this.#random = random
    this.#model = model
    this.#levels = levels
    this.#manyRows = manyRows
  }

  /** undefined: there is nothing that it could be done to. */
  next(kind: StatementKind): Action | undefined {
    if (kind === 'createTable')
      return this.createTable(this.#random.pick(['partitioned', 'dimension', 'last', 'first']))
    if (kind === 'setLevel') return this.#setLevel()
    if (kind === 'setAtomic') return this.#setAtomic()
    if (kind === 'view') return this.#view()
    if (kind === 'user') return this.#user()
    if (kind === 'grant') return this.#grant()
    const tables = [...this.#model.live.tables.values()]
    if (tables.length === 0) return undefined
    const table = this.#random.pick(tables)
    switch (kind) {
      case 'appendFew':
        return this.#append(table, this.#random.between(1, SMALL_ROWS))
      case 'appendMany':
        return this.#append(table, this.#random.between(SMALL_ROWS + 1, this.#manyRows))
      case 'update':
        return this.#update(table)
      case 'move':
        return table.kind === 'partitioned' ? this.#move(table) : undefined
      case 'delete':
        return this.#delete(table)
      case 'deleteAll':
        return {
          statement: this.#statement(
            `delete all of ${table.name}`,
            deleteRows(table.url, table.name, () => true),
            table,
          ),
          run: (s) => s.run(`t = ${handle(table)}; delete from t`),
        }
      case 'upsert':
        return table.kind === 'partitioned' || table.kind === 'dimension' ? this.#upsert(table) : undefined
      case 'truncate':
        return {
          statement: this.#statement(`truncate ${table.name}`, dropRows(table.url, table.name, undefined)),
          run: (s) => s.run(`truncate("${table.url}", "${table.name}")`),
        }
      case 'dropPartition':
        return table.kind === 'dimension' ? undefined : this.#dropPartition(table)
      case 'addColumn':
        return this.#addColumn(table)
      case 'dropColumn':
        return this.#dropColumn(table)
      case 'renameColumn':
        return this.#renameColumn(table)
      case 'retypeColumn':
        return this.#retypeColumn(table)
      case 'dropTable':
        return {
          statement: this.#statement(`drop ${table.name}`, dropTable(table.url, table.name)),
          run: (s) => s.run(`dropTable(database("${table.url}"), "${table.name}")`),
        }
      case 'renameTable':
        return this.#renameTable(table)
    }
  }

  createTable(kind: TableKind): Action {
    const name = `t${++this.#lastTable}`
    const isSorted = kind === 'last' || kind === 'first'
    const url = isSorted ? SORTED : this.#random.pick([PLAIN, PLAIN, LOOSE])
    const shape = 'table(1:0, `id`n`k`x`s, [INT, INT, INT, INT, STRING])'
    const script =
      kind === 'dimension'
        ? `createTable(database("${url}"), ${shape}, "${name}")`
        : isSorted
          ? `createPartitionedTable(database("${url}"), ${shape}, "${name}", "id", sortColumns="k", keepDuplicates=${kind.toUpperCase()})`
          : `createPartitionedTable(database("${url}"), ${shape}, "${name}", "id")`
    return {
      statement: this.#statement(`create ${kind} ${name}`, createTable(url, name, kind, COLUMNS)),
      run: (s) => s.run(script),
    }
  }

  #statement(
    what: string,
    effect: Statement['effect'],
    changes?: ModelTable,
    brings: readonly number[] = [],
  ): Statement {
    const look =
      changes === undefined
        ? undefined
        : () => new Map(this.#model.live.tables.get(keyOf(changes.url, changes.name))?.rows.map((r) => [r.n, r.place]))
    return { what, effect, brings, look }
  }

  #rows(table: ModelTable, count: number): Cell[][] {
    return Array.from({ length: count }, () => {
      const own: Record<string, Cell> = {
        id: this.#random.between(1, IDS),
        n: ++this.#lastNumber,
        k: this.#random.int(KEYS),
      }
      return table.columns.map(
        (c) => own[c.name] ?? (c.type === 'STRING' ? `s${this.#random.int(50)}` : this.#random.int(1000)),
      )
    })
  }

  #append(table: ModelTable, count: number): Action {
    const rows = this.#rows(table, count)
    const n = positionOf(table, 'n')
    return {
      statement: this.#statement(
        `append ${count} to ${table.name} (n ${rows[0][n]}..)`,
        appendRows(table.url, table.name, rows),
        undefined,
        rows.map((r) => r[n] as number),
      ),
      run: (s) => void s.dfs.source(table.url, table.name).append(tableOf(table, rows)),
    }
  }

  /** Some rows, by number: as a test and as a condition. */
  #some(): { readonly test: RowTest; readonly where: string } {
    const modulus = this.#random.between(2, 9)
    const rest = this.#random.int(modulus)
    const id = this.#random.chance(0.4) ? this.#random.between(1, IDS) : undefined
    const test: RowTest = (row, now) =>
      row.n % modulus === rest && (id === undefined || row.cells[positionOf(now, 'id')] === id)
    return { test, where: `n % ${modulus} == ${rest}${id === undefined ? '' : ` and id = ${id}`}` }
  }

  #update(table: ModelTable): Action {
    const { test, where } = this.#some()
    const by = this.#random.between(1, 9)
    const isText = this.#random.chance(0.3) && positionOf(table, 's') >= 0
    const effect = isText
      ? updateCells(table.url, table.name, test, 's', () => `u${by}`)
      : updateCells(table.url, table.name, test, 'x', (row, at) => (row.cells[at] as number) + by)
    const set = isText ? `s = "u${by}"` : `x = x + ${by}`
    return {
      statement: this.#statement(`update ${table.name} set ${set} where ${where}`, effect, table),
      run: (s) => s.run(`t = ${handle(table)}; update t set ${set} where ${where}`),
    }
  }

  #move(table: ModelTable): Action {
    const { test, where } = this.#some()
    const to = this.#random.between(1, IDS)
    return {
      statement: this.#statement(
        `update ${table.name} set id = ${to} where ${where}`,
        moveRows(table.url, table.name, test, to),
        table,
      ),
      run: (s) => s.run(`t = ${handle(table)}; update t set id = ${to} where ${where}`),
    }
  }

  #delete(table: ModelTable): Action {
    const { test, where } = this.#some()
    return {
      statement: this.#statement(
        `delete from ${table.name} where ${where}`,
        deleteRows(table.url, table.name, test),
        table,
      ),
      run: (s) => s.run(`t = ${handle(table)}; delete from t where ${where}`),
    }
  }

  #upsert(table: ModelTable): Action {
    const n = positionOf(table, 'n')
    const id = positionOf(table, 'id')
    const rows = this.#rows(table, this.#random.between(1, 8))
    for (const row of rows) {
      if (table.rows.length === 0 || this.#random.chance(0.5)) continue
      const old = this.#random.pick(table.rows)
      if (rows.some((r) => r[n] === old.n)) continue
      row[n] = old.n
      row[id] = old.id
    }
    return {
      statement: this.#statement(
        `upsert ${rows.length} into ${table.name}`,
        upsertRows(table.url, table.name, rows),
        table,
      ),
      run: (s) =>
        void s.dfs
          .source(table.url, table.name)
          .upsert(tableOf(table, rows), { ignoreNull: false, keyColumns: ['n'], sortColumns: [] }),
    }
  }

  #dropPartition(table: ModelTable): Action | undefined {
    const ids = [...new Set(table.rows.map((r) => r.id))]
    if (ids.length === 0) return undefined
    const id = this.#random.pick(ids)
    return {
      statement: this.#statement(`drop partition /${id} of ${table.name}`, dropRows(table.url, table.name, [id])),
      run: (s) => s.run(`dropPartition(database("${table.url}"), "/${id}", "${table.name}")`),
    }
  }

  #addColumn(table: ModelTable): Action {
    const column: ModelColumn = { name: `c${++this.#lastColumn}`, type: this.#random.pick(['INT', 'STRING']) }
    return {
      statement: this.#statement(`add ${column.name} to ${table.name}`, addColumn(table.url, table.name, column)),
      run: (s) => s.run(`t = ${handle(table)}; addColumn(t, "${column.name}", ${column.type})`),
    }
  }

  #free(table: ModelTable): string | undefined {
    const names = table.columns.map((c) => c.name).filter((name) => name.startsWith('c'))
    return names.length === 0 ? undefined : this.#random.pick(names)
  }

  #dropColumn(table: ModelTable): Action | undefined {
    const name = this.#free(table)
    if (name === undefined || table.kind === 'last' || table.kind === 'first') return undefined
    return {
      statement: this.#statement(`drop ${name} of ${table.name}`, dropColumn(table.url, table.name, name)),
      run: (s) => s.run(`t = ${handle(table)}; dropColumns!(t, "${name}")`),
    }
  }

  #renameColumn(table: ModelTable): Action | undefined {
    const name = this.#free(table)
    if (name === undefined || table.kind === 'last' || table.kind === 'first') return undefined
    const to = `c${++this.#lastColumn}`
    return {
      statement: this.#statement(
        `rename ${name} of ${table.name} to ${to}`,
        renameColumn(table.url, table.name, name, to),
      ),
      run: (s) => s.run(`t = ${handle(table)}; rename!(t, "${name}", "${to}")`),
    }
  }

  #renameTable(table: ModelTable): Action {
    const to = `t${++this.#lastTable}`
    return {
      statement: this.#statement(`rename ${table.name} to ${to}`, renameTable(table.url, table.name, to)),
      run: (s) => s.run(`renameTable(database("${table.url}"), "${table.name}", "${to}")`),
    }
  }

  #retypeColumn(table: ModelTable): Action | undefined {
    const numbers = table.columns.filter((c) => c.name.startsWith('c') && c.type !== 'STRING')
    if (numbers.length === 0 || table.kind === 'last' || table.kind === 'first') return undefined
    const { name, type } = this.#random.pick(numbers)
    const to = type === 'INT' ? 'LONG' : 'INT'
    return {
      statement: this.#statement(`make ${name} of ${table.name} ${to}`, retypeColumn(table.url, table.name, name, to)),
      run: (s) => s.run(`t = ${handle(table)}; replaceColumn!(t, "${name}", array(${to}))`),
    }
  }

  #named(kind: string): string[] {
    return [...this.#model.live.named.keys()]
      .filter((key) => key.startsWith(`${kind} `))
      .map((key) => key.split(' ')[1])
  }

  /** A view of one of three names: made, made anew or removed. */
  #view(): Action {
    const name = this.#random.pick(['v1', 'v2', 'v3'])
    const isThere = this.#named('view').includes(name)
    if (isThere && this.#random.chance(0.5))
      return {
        statement: this.#statement(`remove view ${name}`, setNamed({ [`view ${name}`]: undefined })),
        run: (s) => s.ask({ kind: 'removeObject', family: 'view', name }),
      }
    const body = `def ${name}(){ return ${++this.#lastNumber} }`
    const value = { name, owner: 'admin', createdMs: 0, body, definition: '' }
    return {
      statement: this.#statement(`put view ${body}`, setNamed({ [`view ${name}`]: body })),
      run: (s) => s.ask({ kind: 'putObject', family: 'view', name, value }),
    }
  }

  #user(): Action {
    const name = this.#random.pick(['sim1', 'sim2'])
    if (!this.#named('user').includes(name)) {
      const salt = `salt${++this.#lastNumber}`
      return {
        statement: this.#statement(`create user ${name}`, setNamed({ [`user ${name}`]: salt })),
        run: (s) => s.ask({ kind: 'createUser', user: { name, isAdmin: false, salt, hash: '' }, groups: [] }),
      }
    }
    return {
      statement: this.#statement(
        `remove user ${name}`,
        setNamed({ [`user ${name}`]: undefined, [`grant ${name}`]: undefined }),
      ),
      run: (s) => s.ask({ kind: 'removeUser', name }),
    }
  }

  #grant(): Action | undefined {
    const users = this.#named('user')
    if (users.length === 0) return undefined
    const name = this.#random.pick(users)
    const right = this.#random.pick(['READ', 'INSERT', 'DELETE'] as const)
    const had = new Set(this.#model.live.named.get(`grant ${name}`)?.split(' '))
    const change = had.has(right) ? 'revoke' : 'grant'
    if (change === 'grant') had.add(right)
    else had.delete(right)
    const rights = had.size === 0 ? undefined : [...had].sort().join(' ')
    return {
      statement: this.#statement(`${change} ${right} to ${name}`, setNamed({ [`grant ${name}`]: rights })),
      run: (s) => s.ask({ kind: 'changeAccess', change, name, rights: [right], scopes: [{ kind: 'all' }] }),
    }
  }

  #setAtomic(): Action {
    const url = this.#random.pick(Object.keys(DATABASES))
    const level = this.#random.pick(['TRANS', 'CHUNK'])
    return {
      statement: this.#statement(
        `set the atomic level of ${url} to ${level}`,
        setNamed({ [`atomic ${url}`]: atomicOf(url, level) }),
      ),
      run: (s) => s.run(`setAtomicLevel(database("${url}"), "${level}")`),
    }
  }

  #setLevel(): Action | undefined {
    if (this.#levels.length < 2) return undefined
    const level = this.#random.pick(this.#levels)
    return {
      statement: this.#statement(`set the level of the log to ${level}`, setLevel(level)),
      run: (s) => s.run(`setClusterSetting("ts.wal.wal_level", ${level})`),
    }
  }
}

function tableOf(table: ModelTable, rows: readonly (readonly Cell[])[]): Table {
  const columns = table.columns.map((c, k) =>
    vectorOf(
      T[c.type],
      rows.map((r) => (c.type === 'LONG' ? BigInt(r[k]) : r[k])),
    ),
  )
  return new Table(
    table.columns.map((c) => c.name),
    columns,
  )
}
