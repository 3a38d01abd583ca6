/**
 * What the sessions of a process that will be killed do, as plain data: the process turns each into a script, its parent into what must be found afterwards.
 * Sessions share one table and its partitions, but each touches only rows of its own there, so that their order does not matter; and each has a table, a function view and
 * a user of its own, which come and go.
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
  | { readonly op: 'retype'; readonly table: string; readonly type: 'INT' | 'LONG' }
  | { readonly op: 'addView'; readonly answer: number }
  | { readonly op: 'dropView' | 'createUser' | 'deleteUser' | 'grant' | 'revoke' }
  | { readonly op: 'checkpoint' }

const SHAPE = 'table(1:0, `id`n`who`x, [INT, INT, INT, INT])'

export const SETUP = `
  login("admin", "123456")
  if(!existsDatabase("${DB}")) database("${DB}", VALUE, 0..${PARTITIONS - 1}, atomic="CHUNK")
  if(!existsTable("${DB}", "${SHARED}")) createPartitionedTable(database("${DB}"), ${SHAPE}, "${SHARED}", "id")`

export const ownTable = (who: number): string => `own${who}`
const ownView = (who: number): string => `view${who}`
const ownUser = (who: number): string => `user${who}`

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
    case 'retype':
      return `${handle}replaceColumn!(t, "x", array(${deed.type}))`
    case 'addView':
      return `def ${ownView(who)}(){ return ${deed.answer} }
        addFunctionView(${ownView(who)})`
    case 'dropView':
      return `dropFunctionView("${ownView(who)}")`
    case 'createUser':
      return `createUser("${ownUser(who)}", "secret-of-${who}")`
    case 'deleteUser':
      return `deleteUser("${ownUser(who)}")`
    case 'grant':
    case 'revoke':
      return `${deed.op}("${ownUser(who)}", TABLE_READ, "${DB}/${SHARED}")`
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
  /** What the view answers; undefined: there is none. */
  readonly view: number | undefined
  readonly user: 'none' | 'there' | 'granted'
}

export const NOTHING_MADE: Made = { shared: new Map(), own: undefined, view: undefined, user: 'none' }

/** With their types. */
const FIRST_COLUMNS: readonly string[] = ['id:INT', 'n:INT', 'who:INT', 'x:INT']

export function madeBy(before: Made, deed: Deed): Made {
  switch (deed.op) {
    case 'checkpoint':
      return before
    case 'create':
      return { ...before, own: { columns: FIRST_COLUMNS, rows: new Map() } }
    case 'drop':
      return { ...before, own: undefined }
    case 'addColumn':
      return withColumns(before, (columns) => [...columns, `${deed.column}:INT`])
    case 'retype':
      return withColumns(before, (columns) => columns.map((c) => (c.startsWith('x:') ? `x:${deed.type}` : c)))
    case 'addView':
      return { ...before, view: deed.answer }
    case 'dropView':
      return { ...before, view: undefined }
    case 'deleteUser':
      return { ...before, user: 'none' }
    case 'createUser':
    case 'revoke':
      return { ...before, user: 'there' }
    case 'grant':
      return { ...before, user: 'granted' }
  }
  if (deed.table === SHARED) return { ...before, shared: rowsAfter(before.shared, deed) }
  return before.own === undefined
    ? before
    : { ...before, own: { ...before.own, rows: rowsAfter(before.own.rows, deed) } }
}

const withColumns = (made: Made, change: (columns: readonly string[]) => readonly string[]): Made =>
  made.own === undefined ? made : { ...made, own: { ...made.own, columns: change(made.own.columns) } }

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
export function describe({ shared, own, view, user }: Made): string {
  const text = (rows: Rows): string =>
    [...rows]
      .sort(([a], [b]) => a - b)
      .map(([n, [id, x]]) => `${n}:${id}:${x}`)
      .join(' ')
  const ownText = own === undefined ? 'none' : `${own.columns.join()} ${text(own.rows)}`
  return `shared ${text(shared)} | view ${view ?? 'none'} user ${user} | own ${ownText}`.trim()
}

/** What a session begins with, out of the line that was printed for it. */
export function openings(line: string): { readonly own: boolean; readonly view: boolean; readonly user: Made['user'] } {
  const [, view, user, own] = /\| view (\S+) user (\S+) \| own (\S+)/.exec(line)!
  return { own: own !== 'none', view: view !== 'none', user: user as Made['user'] }
}

/** Prints for `describe`'s line what the store has of a session. */
export const dumpScript = (who: number): string => `
  def rowsOf(t, session) {
    r = select id, n, x from t where who = session order by n
    return concat(string(r.n) + ":" + string(r.id) + ":" + string(r.x), " ")
  }
  def viewText(view) {
    if(!(view in getFunctionViews().name)) return "none"
    return string(eval(parseExpr(view + "()")))
  }
  def userText(user) {
    if(!(user in getUserList())) return "none"
    return iif(strlen(getUserAccess(user).TABLE_READ_allowed[0]) > 0, "granted", "there")
  }
  line = "shared " + rowsOf(loadTable("${DB}", "${SHARED}"), ${who}) + " | view "
  line += viewText("${ownView(who)}") + " user " + userText("${ownUser(who)}") + " | own "
  if(existsTable("${DB}", "${ownTable(who)}")) {
    t = loadTable("${DB}", "${ownTable(who)}")
    c = schema(t).colDefs
    line += concat(c.name + ":" + c.typeString, ",") + " " + rowsOf(t, ${who})
  } else line += "none"
  print(line)`
