// Definitions: create, alter and drop.

import type { ColumnDefinition, DdlOption, Expr, SqlStatement } from '../ast.ts'
import { QuotedString } from '../lexer.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { parseExpr } from './expressions.ts'
import { parsePostfix } from './postfix.ts'
import { parseTypeName } from './primary.ts'
import { joinLines } from './sql.ts'

const string = (value: string, p: Cursor, start: number): Expr => ({
  kind: 'literal',
  type: 'STRING',
  value,
  span: p.span(start),
})

export function parseCreate(p: Cursor): SqlStatement {
  const start = p.next().startOffset
  if (p.takeWord('database')) return createDatabase(p, start)
  let temporary = false
  if (p.takeWord('local')) {
    p.takeWord('temporary')
    temporary = true
  }
  p.expectWord('table', "after 'create'")
  return createTable(p, start, temporary)
}

function createDatabase(p: Cursor, start: number): SqlStatement {
  const path = databasePath(p)
  joinLines(p)
  const schemes: { scheme: string; args: Expr[] }[] = []
  if (p.takeWord('partitioned')) {
    p.expectWord('by', "after 'partitioned'")
    do {
      p.skipNewlines()
      if (p.peek(1).image === '=') break
      const scheme = p.expectName('a partition type').image
      p.expect('(', 'before the partition scheme')
      const args = p.bracketed(() => list(p, ')'))
      schemes.push({ scheme, args })
    } while (p.take(','))
  }
  return { kind: 'createDatabase', path, schemes, options: options(p), span: p.span(start) }
}

function list(p: Cursor, close: string): Expr[] {
  const items: Expr[] = []
  if (p.take(close)) return items
  for (;;) {
    items.push(parseExpr(p))
    if (p.take(close)) return items
    p.expect(',', `or '${close}'`)
  }
}

/** `name = value` separated by commas, to the end of the statement. */
function options(p: Cursor): DdlOption[] {
  const out: DdlOption[] = []
  for (;;) {
    const token = p.peek()
    if (token.tokenType.name !== 'Identifier' || p.peek(1).image !== '=') return out
    p.next()
    p.next()
    out.push({ name: token.image, value: parseExpr(p) })
    if (!p.take(',')) return out
    p.skipNewlines()
  }
}

function databasePath(p: Cursor): Expr {
  const start = p.offset()
  const token = p.peek()
  if (token.tokenType === QuotedString) {
    p.next()
    return string(String((token.payload as { value: unknown }).value), p, start)
  }
  return parsePostfix(p)
}

/** `"dfs://x"."t"`, `"dfs://x".t`, `t`, `cat.sch.t`. */
function tablePath(p: Cursor): { database: Expr | null; name: string } {
  const start = p.offset()
  const parts: string[] = []
  do {
    const token = p.next()
    if (token.payload !== undefined) parts.push(String((token.payload as { value: unknown }).value))
    else if (token.tokenType.name === 'Identifier') parts.push(token.image)
    else throw p.error('expected the name of a table', spanOf(token))
  } while (p.take('.'))
  const name = parts.pop()!
  return { database: parts.length === 0 ? null : string(parts.join('.'), p, start), name }
}

function createTable(p: Cursor, start: number, temporary: boolean): SqlStatement {
  const { database, name } = tablePath(p)
  p.skipNewlines()
  p.expect('(', 'before the columns of a table')
  const columns = p.bracketed(() => {
    const out: ColumnDefinition[] = []
    do {
      const token = p.next()
      const at = token.startOffset
      const column =
        token.tokenType.name === 'ColumnRef'
          ? token.image.slice(2, -1)
          : token.payload === undefined
            ? token.image
            : String((token.payload as { value: unknown }).value)
      const type = parseTypeName(p)
      let columnOptions: DdlOption[] = []
      if (p.take('[')) {
        columnOptions = options(p)
        p.expect(']', 'after the options of a column')
      }
      out.push({ name: column, type, options: columnOptions, span: p.span(at) })
    } while (p.take(','))
    p.expect(')', 'after the columns of a table')
    return out
  })
  joinLines(p)
  const partitionedBy: Expr[] = []
  let rest: DdlOption[] = []
  if (p.takeWord('partitioned')) {
    p.expectWord('by', "after 'partitioned'")
    for (;;) {
      p.skipNewlines()
      if (p.peek().tokenType.name === 'Identifier' && p.peek(1).image === '=') {
        rest = options(p)
        break
      }
      partitionedBy.push(parsePostfix(p))
      if (!p.take(',')) break
    }
  } else {
    p.take(',')
    rest = options(p)
  }
  if (p.isWord('on') && p.isWord('commit', 1)) for (let k = 0; k < 4; k++) p.next()
  return { kind: 'createTable', database, name, temporary, columns, partitionedBy, options: rest, span: p.span(start) }
}

export function parseAlter(p: Cursor): SqlStatement {
  const start = p.next().startOffset
  p.next()
  const table = parsePostfix(p)
  const word = p.next().image.toLowerCase()
  p.takeWord('column')
  const name = p.expectName('a column').image
  if (word === 'add') {
    const type = parseTypeName(p)
    return { kind: 'alterTable', table, action: { kind: 'addColumn', name, type }, span: p.span(start) }
  }
  if (word === 'drop') return { kind: 'alterTable', table, action: { kind: 'dropColumn', name }, span: p.span(start) }
  if (word !== 'rename')
    throw p.error(`'add', 'drop' or 'rename' expected after the table, not '${word}'`, p.span(start))
  p.expectWord('to', 'between the old and the new name')
  const to = p.expectName('the new name').image
  return { kind: 'alterTable', table, action: { kind: 'renameColumn', name, to }, span: p.span(start) }
}

export function parseDrop(p: Cursor): SqlStatement {
  const start = p.next().startOffset
  const isDatabase = p.next().image.toLowerCase() === 'database'
  let ifExists = false
  if (p.isWord('if')) {
    p.next()
    p.expectWord('exists', "after 'if'")
    ifExists = true
  }
  if (isDatabase) return { kind: 'dropDatabase', ifExists, database: databasePath(p), table: null, span: p.span(start) }
  const { database, name } = tablePath(p)
  return { kind: 'dropTable', ifExists, database, table: name, span: p.span(start) }
}
