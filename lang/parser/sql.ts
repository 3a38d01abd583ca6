// Queries and modifications. Clauses may stand on lines of their own: a new line goes on with the statement if it begins with a clause.

import type {
  Expr,
  GroupClause,
  InsertSource,
  LimitClause,
  QueryStatement,
  SelectItem,
  SelectStatement,
  SortKey,
  SqlStatement,
  TableSource,
  UpdateStatement,
} from '../ast.ts'
import { Newline } from '../lexer.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { parseAlter, parseCreate, parseDrop } from './ddl.ts'
import { parseExpr } from './expressions.ts'
import { parsePostfix } from './postfix.ts'
import { parseHint, parseTop, takeDistinct } from './select-head.ts'
import { optionalAlias, parseConditions, parseItems, parseSortKeys } from './sql-pieces.ts'
import { SQL_STARTERS } from './words.ts'

/** The words ahead begin a SQL statement (`drop(x, 2)` and a variable named `update` do not). */
export function startsSql(p: Cursor): boolean {
  const token = p.peek()
  if (!SQL_STARTERS.has(token.image) || p.names.isVariable(token.image)) return false
  const word = token.image.toLowerCase()
  const after = p.peek(1)
  switch (word) {
    case 'select':
    case 'exec':
      return after.image !== '='
    case 'update':
      return after.tokenType.name === 'Identifier' || (after.image === '(' && setFollows(p))
    case 'delete':
      return after.tokenType.name === 'Identifier'
    case 'insert':
      return p.isWord('into', 1)
    case 'create':
      return ['database', 'table', 'local', 'dimension'].some((w) => p.isWord(w, 1))
    case 'alter':
      return p.isWord('table', 1)
    case 'drop':
      return p.isWord('database', 1) || p.isWord('table', 1)
    default:
      return after.tokenType.name === 'Identifier' && (p.isWord('as', 2) || p.peek(2).image === '(')
  }
}

function setFollows(p: Cursor): boolean {
  let depth = 0
  for (let at = p.at + 1; at < p.tokens.length; at++) {
    const { image } = p.tokens[at]
    if (image === '(') depth++
    else if (image === ')' && --depth === 0) return /^(set|SET)$/.test(p.tokens[at + 1]?.image ?? '')
  }
  return false
}

/** Words that begin a clause on a new line, with the word that must follow some of them. */
const CLAUSES: Readonly<Record<string, string | undefined>> = {
  from: undefined,
  where: undefined,
  group: 'by',
  context: 'by',
  pivot: 'by',
  cgroup: 'by',
  csort: undefined,
  having: undefined,
  order: 'by',
  limit: undefined,
  union: undefined,
  map: undefined,
  on: undefined,
  set: undefined,
  values: undefined,
  inner: 'join',
  left: undefined,
  right: undefined,
  full: undefined,
  cross: 'join',
  partitioned: 'by',
}

/** Moves over newlines if the next line goes on with a clause of the statement. */
export function joinLines(p: Cursor): void {
  if (p.ignoreNewlines) return
  let at = p.at
  while (p.tokens[at]?.image === '\n') at++
  if (at === p.at) return
  const token = p.tokens[at]
  if (token === undefined) return
  const word = token.image === token.image.toUpperCase() ? token.image.toLowerCase() : token.image
  if (!Object.hasOwn(CLAUSES, word)) return
  const second = p.tokens[at + 1]?.image ?? ''
  const needs = CLAUSES[word]
  if (
    needs !== undefined
      ? second.toLowerCase() !== needs
      : second === '=' || (second === '(' && (word === 'left' || word === 'right'))
  )
    return
  if ((word === 'left' || word === 'right' || word === 'full') && !/^(join|outer|semi|semijoin)$/i.test(second)) return
  p.at = at
}

/** The clause word ahead, on this line or the next. */
function clause(p: Cursor, word: string): boolean {
  joinLines(p)
  return p.takeWord(word)
}

function clauseBy(p: Cursor, word: string): boolean {
  joinLines(p)
  if (!p.isWord(word) || !p.isWord('by', 1)) return false
  p.next()
  p.next()
  return true
}

export function parseSql(p: Cursor): SqlStatement {
  p.deeper()
  const statement = parseSqlStatement(p)
  p.depth--
  return statement
}

function parseSqlStatement(p: Cursor): SqlStatement {
  return p.within({ sql: true, noPair: false, inOn: false }, () => {
    switch (p.peek().image.toLowerCase()) {
      case 'update':
        return parseUpdate(p)
      case 'delete':
        return parseDelete(p)
      case 'insert':
        return parseInsert(p)
      case 'create':
        return parseCreate(p)
      case 'alter':
        return parseAlter(p)
      case 'drop':
        return parseDrop(p)
      default:
        return parseQuery(p)
    }
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Queries

function parseQuery(p: Cursor): QueryStatement {
  const start = p.offset()
  if (p.isWord('with')) return parseWith(p)
  return parseUnions(p, parseQueryTerm(p), start)
}

/** `union` and `union all` with what is on their left, as often as they follow. */
function parseUnions(p: Cursor, first: QueryStatement, start: number): QueryStatement {
  let left = first
  while (clause(p, 'union')) {
    const all = p.takeWord('all')
    p.skipNewlines()
    const closed = p.is('(')
    const right = parseQueryTerm(p)
    // A trailing order or limit belongs to the whole, but not one inside parentheses.
    let orderBy: readonly SortKey[] = []
    let limit: LimitClause | null = null
    if (closed) {
      if (clauseBy(p, 'order')) orderBy = parseSortKeys(p)
      limit = parseLimit(p)
    } else if (right.kind === 'select') {
      orderBy = right.orderBy
      limit = right.limit
    }
    const bare = right.kind === 'select' && !closed ? { ...right, orderBy: [], limit: null } : right
    left = { kind: 'union', all, left, right: bare, orderBy, limit, span: p.span(start) }
  }
  return left
}

/** `(select ...) union ...`: goes on behind a query in parentheses; undefined if no other query follows. */
export function parseUnionAfter(p: Cursor, e: Expr, start: number): Expr | undefined {
  if (e.kind !== 'sql') return undefined
  const query = e.statement
  if (query.kind !== 'select' && query.kind !== 'union' && query.kind !== 'with') return undefined
  const here = p.at
  return p.within({ sql: true, noPair: false, inOn: false }, () => {
    joinLines(p)
    const k = p.isWord('all', 1) ? 2 : 1
    const startsQuery = (at: number): boolean => p.isWord('select', at) || p.isWord('exec', at)
    if (!p.isWord('union') || !(startsQuery(k) || (p.peek(k).image === '(' && startsQuery(k + 1)))) {
      p.at = here
      return undefined
    }
    return { kind: 'sql', statement: parseUnions(p, query, start), span: p.span(start) }
  })
}

function parseQueryTerm(p: Cursor): QueryStatement {
  if (p.is('(')) {
    p.next()
    const inner = p.bracketed(() => {
      const query = p.within({ sql: true }, () => parseQuery(p))
      p.expect(')', 'after the query')
      return query
    })
    return inner
  }
  if (!p.isWord('select') && !p.isWord('exec')) throw p.unexpected("'select' or 'exec'")
  return parseSelect(p)
}

function parseWith(p: Cursor): QueryStatement {
  const start = p.next().startOffset
  const tables: { name: string; columns: string[] | null; query: QueryStatement }[] = []
  do {
    p.skipNewlines()
    const name = p.expectName('the name of a temporary table').image
    let columns: string[] | null = null
    if (p.take('(')) {
      columns = []
      do columns.push(p.expectName('a column name').image)
      while (p.take(','))
      p.expect(')', 'after the column names')
    }
    p.expectWord('as', 'after the name of a temporary table')
    p.skipNewlines()
    p.expect('(', 'before the query of a temporary table')
    const query = p.bracketed(() => {
      const inner = p.within({ sql: true }, () => parseQuery(p))
      p.expect(')', 'after the query of a temporary table')
      return inner
    })
    tables.push({ name, columns, query })
  } while (p.take(','))
  p.skipNewlines()
  return { kind: 'with', tables, body: parseQuery(p), span: p.span(start) }
}

function parseSelect(p: Cursor): SelectStatement {
  const start = p.offset()
  const exec = p.next().image.toLowerCase() === 'exec'
  const hint = parseHint(p)
  const distinct = takeDistinct(p)
  const top = parseTop(p)
  p.skipNewlines()
  if (p.isWord('from') && p.peek(1).tokenType.name === 'Identifier')
    throw p.error('SQL context is not initialized yet.', spanOf(p.peek()), 'S02011')
  const items = parseItems(p)
  const from = clause(p, 'from') ? parseFrom(p) : null
  const where = clause(p, 'where') ? parseConditions(p) : []
  const group = parseGroup(p)
  const cgroup = clauseBy(p, 'cgroup') ? parseItems(p) : []
  const csort = clause(p, 'csort') ? parseSortKeys(p) : []
  const having = clause(p, 'having') ? parseConditions(p) : []
  const orderBy: SortKey[] = clauseBy(p, 'order') ? parseSortKeys(p) : []
  const limit = parseLimit(p)
  joinLines(p)
  const map = p.isWord('map') && p.peek(1).image !== '(' ? p.takeWord('map') : false
  return {
    kind: 'select',
    exec,
    hint,
    distinct,
    top,
    items,
    from,
    where,
    group,
    cgroup,
    csort,
    having,
    orderBy,
    limit,
    map,
    span: p.span(start),
  }
}

function parseGroup(p: Cursor): GroupClause | null {
  for (const kind of ['group', 'context', 'pivot'] as const) if (clauseBy(p, kind)) return { kind, keys: parseItems(p) }
  return null
}

function parseLimit(p: Cursor): LimitClause | null {
  if (!clause(p, 'limit')) return null
  const first = parseExpr(p)
  return p.take(',') ? { offset: first, count: parseExpr(p) } : { offset: null, count: first }
}

// ---------------------------------------------------------------------------------------------------------------------
// Tables of a query

export function parseFrom(p: Cursor): TableSource {
  p.skipNewlines()
  const start = p.offset()
  let left = parseTable(p)
  for (;;) {
    joinLines(p)
    if (tableFollowsComma(p) && p.takeComma()) {
      const right = parseTable(p)
      left = { kind: 'join', type: 'comma', left, right, on: null, span: p.span(start) }
      continue
    }
    const type = parseJoinType(p)
    if (type === undefined) return left
    const right = parseTable(p)
    const on = clause(p, 'on') ? p.within({ inOn: true }, () => parseExpr(p)) : null
    left = {
      kind: 'join',
      type: on === null && type === 'inner' ? 'cross' : type,
      left,
      right,
      on,
      span: p.span(start),
    }
  }
}

/**
 * In `f(select a from t, 3)`, `f(select a from t, b=1)`, `f(select a from t, b)` and `f(select a from t, select ...)` the comma separates
 * arguments. A bare name is no table there: tables joined by a comma inside arguments need parentheses around the query or a clause behind them.
 */
function tableFollowsComma(p: Cursor): boolean {
  if (p.afterNewlines().image !== ',') return false
  if (!p.is(',')) return true
  const token = p.peek(1)
  if (token.tokenType === Newline || token.image === '(') return true
  if (token.tokenType.name !== 'Identifier' || p.peek(2).image === '=') return false
  if (!p.inArguments) return true
  const after = p.peek(2).image
  return !(p.isWord('select', 1) || p.isWord('exec', 1) || after === ',' || after === ')' || after === '}')
}

function parseJoinType(p: Cursor): 'inner' | 'left' | 'leftSemi' | 'right' | 'full' | 'cross' | undefined {
  if (p.takeWord('join')) return 'inner'
  for (const type of ['inner', 'left', 'right', 'full', 'cross'] as const) {
    if (!p.isWord(type) || !['join', 'outer', 'semi', 'semijoin'].some((w) => p.isWord(w, 1))) continue
    p.next()
    if (type === 'left' && p.takeWord('semijoin')) return 'leftSemi'
    const semi = type === 'left' && p.takeWord('semi')
    p.takeWord('outer')
    p.expectWord('join', 'in a join')
    return semi ? 'leftSemi' : type
  }
  return undefined
}

/** A name, path, call or query, with its alias. */
function parseTable(p: Cursor): TableSource {
  p.skipNewlines()
  const start = p.offset()
  const expr: Expr = p.within({ inOn: false }, () => parsePostfix(p))
  const alias = optionalAlias(p)
  if (alias !== null && alias.kind !== 'name') throw p.unexpected('one name as the alias of a table')
  return { kind: 'table', expr, alias: alias?.name ?? null, span: p.span(start) }
}

// ---------------------------------------------------------------------------------------------------------------------
// Modifications

function parseUpdate(p: Cursor): UpdateStatement {
  const start = p.next().startOffset
  const table = parsePostfix(p)
  joinLines(p)
  if (!p.takeWord('set'))
    throw p.error('The keyword SET is missing in the UPDATE statement.', spanOf(p.peek()), 'S06000')
  const sets: { column: string; value: Expr }[] = []
  do {
    p.skipNewlines()
    const token = p.next()
    const column = token.tokenType.name === 'ColumnRef' ? token.image.slice(2, -1) : token.image
    if (token.tokenType.name !== 'Identifier' && token.tokenType.name !== 'ColumnRef')
      throw p.error('expected a column to set', spanOf(token))
    if (!p.take('=') && !p.take(':'))
      throw p.error("The '=' is missing in the UPDATE statement.", spanOf(p.peek()), 'S06000')
    sets.push({ column, value: parseExpr(p) })
  } while (p.takeComma())
  const from = clause(p, 'from') ? parseFrom(p) : null
  const where = clause(p, 'where') ? parseConditions(p) : []
  const context: SelectItem[] = clauseBy(p, 'context') ? parseItems(p) : []
  const csort = clause(p, 'csort') ? parseSortKeys(p) : []
  const having = clause(p, 'having') ? parseConditions(p) : []
  const map = clause(p, 'map')
  return { kind: 'update', table, sets, from, where, context, csort, having, map, span: p.span(start) }
}

function parseDelete(p: Cursor): SqlStatement {
  const start = p.next().startOffset
  const table = p.isWord('from') ? null : parsePostfix(p)
  if (!clause(p, 'from')) throw p.unexpected("'from' in a delete statement")
  const from = parseFrom(p)
  const where = clause(p, 'where') ? parseConditions(p) : []
  const map = clause(p, 'map')
  return { kind: 'delete', table, from, where, map, span: p.span(start) }
}

function parseInsert(p: Cursor): SqlStatement {
  const start = p.next().startOffset
  p.next()
  const table = insertTarget(p)
  let columns: string[] | null = null
  if (p.is('(')) {
    p.next()
    columns = p.bracketed(() => {
      const names: string[] = []
      do {
        const token = p.next()
        names.push(
          token.tokenType.name === 'ColumnRef'
            ? token.image.slice(2, -1)
            : token.payload === undefined
              ? token.image
              : String((token.payload as { value: unknown }).value),
        )
      } while (p.take(','))
      p.expect(')', 'after the columns')
      return names
    })
  }
  joinLines(p)
  return { kind: 'insert', table, columns, source: insertSource(p), span: p.span(start) }
}

/** The target is a name or a path or a call; parentheses after a plain name list columns. */
function insertTarget(p: Cursor): Expr {
  const token = p.peek()
  if (token.tokenType.name !== 'Identifier' || p.names.isFunction(token.image)) return parsePostfix(p)
  p.next()
  let e: Expr = {
    kind: 'name',
    name: token.image,
    binding: p.names.readVariable(token.image) ? 'variable' : 'free',
    span: spanOf(token),
  }
  while (p.take('.'))
    e = {
      kind: 'member',
      object: e,
      name: p.expectName('a name after the point').image,
      span: p.span(token.startOffset),
    }
  return e
}

function insertSource(p: Cursor): InsertSource {
  if (p.isWord('select') || p.isWord('exec') || p.isWord('with')) return { kind: 'query', query: parseQuery(p) }
  if (!p.takeWord('values')) return { kind: 'table', expr: parsePostfix(p) }
  const rows: Expr[][] = []
  do {
    p.skipNewlines()
    p.expect('(', "after 'values'")
    rows.push(
      p.bracketed(() => {
        const row: Expr[] = []
        do row.push(parseExpr(p))
        while (p.take(','))
        p.expect(')', 'after the values')
        return row
      }),
    )
  } while (p.take(','))
  return { kind: 'values', rows }
}
