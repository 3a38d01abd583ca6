/**
 * What the sessions of a process that will be killed do, as plain data: the process turns each into a script, its parent into what must be found afterwards.
 * Sessions share one table and its partitions, but each touches only rows of its own there, so that their order does not matter; and each has a table of
 * its own, which comes and goes.
 */
export const DB = 'dfs://kill'
export const SHARED = 'shared'
export const PARTITIONS = 5

export type Deed =
  /** Numbers from..from+count-1. */
  | { readonly op: 'append'; readonly table: string; readonly from: number; readonly count: number }
  | { readonly op: 'upsert'; readonly table: string; readonly from: number; readonly count: number; readonly x: number }
  | {
      readonly op: 'update'
      readonly table: string
      readonly by: number
      readonly modulus: number
      readonly rest: number
    }
  | {
      readonly op: 'move'
      readonly table: string
      readonly to: number
      readonly modulus: number
      readonly rest: number
    }
  | { readonly op: 'delete'; readonly table: string; readonly modulus: number; readonly rest: number }
  | { readonly op: 'create' | 'drop' | 'truncate'; readonly table: string }
  | { readonly op: 'addColumn'; readonly table: string; readonly column: string }
  | { readonly op: 'dropPartition'; readonly table: string; readonly id: number }
  | { readonly op: 'checkpoint' }

const SHAPE = 'table(1:0, `id`n`who`x, [INT, INT, INT, INT])'

export const SETUP = `
  login("admin", "123456")
  if(!existsDatabase("${DB}")) database("${DB}", VALUE, 0..${PARTITIONS - 1}, atomic="CHUNK")
  if(!existsTable("${DB}", "${SHARED}")) createPartitionedTable(database("${DB}"), ${SHAPE}, "${SHARED}", "id")`

export const ownTable = (who: number): string => `own${who}`

export function scriptOf(deed: Deed, who: number): string {
  const handle = 'table' in deed ? `t = loadTable("${DB}", "${deed.table}")\n` : ''
  switch (deed.op) {
    case 'append':
      return `${handle}n = ${deed.from}..${deed.from + deed.count - 1}
        t.append!(table(n % ${PARTITIONS} as id, n as n, take(${who}, size(n)) as who, n % 1000 as x))`
    case 'upsert':
      return `${handle}n = ${deed.from}..${deed.from + deed.count - 1}
        upsert!(t, table(n % ${PARTITIONS} as id, n as n, take(${who}, size(n)) as who, take(${deed.x}, size(n)) as x), false, \`n)`
    case 'update':
      return `${handle}update t set x = x + ${deed.by} where who = ${who}, n % ${deed.modulus} = ${deed.rest}`
    case 'move':
      return `${handle}update t set id = ${deed.to} where who = ${who}, n % ${deed.modulus} = ${deed.rest}`
    case 'delete':
      return `${handle}delete from t where who = ${who}, n % ${deed.modulus} = ${deed.rest}`
    case 'create':
      return `createPartitionedTable(database("${DB}"), ${SHAPE}, "${deed.table}", "id")`
    case 'drop':
      return `dropTable(database("${DB}"), "${deed.table}")`
    case 'truncate':
      return `truncate("${DB}", "${deed.table}")`
    case 'addColumn':
      return `${handle}addColumn(t, "${deed.column}", INT)`
    case 'dropPartition':
      return `dropPartition(database("${DB}"), "/${deed.id}", "${deed.table}")`
    case 'checkpoint':
      return 'checkpoint()'
  }
}

/** A row: its partition and its x. */
type Row = readonly [id: number, x: number]
type Rows = ReadonlyMap<number, Row>

/** What one session has made. */
export interface Made {
  readonly shared: Rows
  /** undefined: the table does not exist. */
  readonly own: { readonly columns: readonly string[]; readonly rows: Rows } | undefined
}

export const NOTHING_MADE: Made = { shared: new Map(), own: undefined }

export function madeBy(before: Made, deed: Deed): Made {
  if (deed.op === 'checkpoint') return before
  if (deed.op === 'create') return { ...before, own: { columns: ['id', 'n', 'who', 'x'], rows: new Map() } }
  if (deed.op === 'drop') return { ...before, own: undefined }
  if (deed.op === 'addColumn')
    return before.own === undefined
      ? before
      : { ...before, own: { ...before.own, columns: [...before.own.columns, deed.column] } }
  if (deed.table === SHARED) return { ...before, shared: rowsAfter(before.shared, deed) }
  return before.own === undefined
    ? before
    : { ...before, own: { ...before.own, rows: rowsAfter(before.own.rows, deed) } }
}

function rowsAfter(rows: Rows, deed: Deed): Rows {
  const after = new Map(rows)
  switch (deed.op) {
    case 'append':
      for (let n = deed.from; n < deed.from + deed.count; n++) after.set(n, [n % PARTITIONS, n % 1000])
      return after
    case 'upsert':
      for (let n = deed.from; n < deed.from + deed.count; n++) after.set(n, [n % PARTITIONS, deed.x])
      return after
    case 'update':
      for (const [n, [id, x]] of rows) if (n % deed.modulus === deed.rest) after.set(n, [id, x + deed.by])
      return after
    case 'move':
      for (const [n, [, x]] of rows) if (n % deed.modulus === deed.rest) after.set(n, [deed.to, x])
      return after
    case 'delete':
      for (const n of rows.keys()) if (n % deed.modulus === deed.rest) after.delete(n)
      return after
    case 'dropPartition':
      for (const [n, [id]] of rows) if (id === deed.id) after.delete(n)
      return after
    default:
      return new Map()
  }
}

/** All of it in one line, so that two can be compared. */
export function describe({ shared, own }: Made): string {
  const text = (rows: Rows): string =>
    [...rows]
      .sort(([a], [b]) => a - b)
      .map(([n, [id, x]]) => `${n}:${id}:${x}`)
      .join(' ')
  return `shared ${text(shared)} | own ${own === undefined ? 'none' : `${own.columns.join()} ${text(own.rows)}`}`.trim()
}

/** Prints for `describe`'s line what the store has of a session. */
export const dumpScript = (who: number): string => `
  def rowsOf(t, session) {
    r = select id, n, x from t where who = session order by n
    return concat(string(r.n) + ":" + string(r.id) + ":" + string(r.x), " ")
  }
  line = "shared " + rowsOf(loadTable("${DB}", "${SHARED}"), ${who}) + " | own "
  if(existsTable("${DB}", "${ownTable(who)}")) {
    t = loadTable("${DB}", "${ownTable(who)}")
    line += concat(t.colNames(), ",") + " " + rowsOf(t, ${who})
  } else line += "none"
  print(line)`
