// EXPORT and IMPORT of tables, queries and databases as files. Each is another way to write a call with arguments by name, and has its value:
//
//   EXPORT INTO CSV "dir" FROM TABLE "dfs://db".tb WITH ...     exportTable(format="CSV", dir="dir", dbPath="dfs://db", tableName="tb", ...)
//   EXPORT INTO CSV "dir" FROM SELECT ...                       exportQuery(format="CSV", dir="dir", sqlObj=<select ...>, ...)
//   EXPORT INTO CSV "dir" FROM DATABASE "dfs://db"              exportDatabase(format="CSV", dir="dir", dbPath="dfs://db", ...)
//   IMPORT INTO "dfs://db".tb (a, b) CSV DATA ("dir")           importTable(dbPath="dfs://db", tableName="tb", columns=["a", "b"], format="CSV", dir="dir", ...)
//   IMPORT TABLE CREATE USING "meta.sql" CSV DATA ("dir")       importTable(metaFile="meta.sql", format="CSV", dir="dir", ...)
//   IMPORT DATABASE CSV DATA ("dir")                            importDatabase(format="CSV", dir="dir", ...)
//
// Words may be written in any case and stay free for other uses: only several of them together make a statement. A clause may begin a new line.

import type { Argument, Expr, ExpressionStatement, LiteralExpr } from '../ast.ts'
import { Newline, QuotedString, StoreAddress } from '../lexer.ts'
import { type Cursor, spanOf } from './cursor.ts'
import { parseExpr } from './expressions.ts'
import { parsePostfix } from './postfix.ts'
import { parseSql } from './sql.ts'

const FORMATS = ['csv', 'parquet']
const EXPORT_OPTIONS = [
  'column_name',
  'meta_only',
  'data_only',
  'delimiter',
  'chunk_rows',
  'enclosed',
  'escaped',
  'nullas',
]
const IMPORT_OPTIONS = [
  'column_name',
  'delimiter',
  'enclosed',
  'escaped',
  'nullif',
  'thread_concurrency',
  'batch_rows',
  'auto_shrink',
  'atomic',
]
/** Options that may stand alone: that means yes. */
const FLAGS = ['column_name', 'meta_only', 'data_only', 'auto_shrink', 'atomic']

/** The statement ahead, undefined if it is another one. */
export function parseExchangeStatement(p: Cursor): ExpressionStatement | undefined {
  const first = wordAt(p, 0)
  if (first === 'export') return wordAt(p, 1) === 'into' && FORMATS.includes(wordAt(p, 2)) ? parseExport(p) : undefined
  if (first !== 'import') return undefined
  switch (wordAt(p, 1)) {
    case 'into':
      return parseImportInto(p)
    case 'table':
      return wordAt(p, 2) === 'create' ? parseImportTable(p) : undefined
    case 'database':
      return FORMATS.includes(wordAt(p, 2)) ? parseImportDatabase(p) : undefined
    default:
      return undefined
  }
}

/** Behind the query of an export `with` and an option are no alias. */
export function exchangeOptionsFollow(p: Cursor): boolean {
  return wordAt(p, 0) === 'with' && EXPORT_OPTIONS.includes(wordAt(p, 1)) && ['=', ','].some((s) => endsOr(p, 2, s))
}

/** The word k tokens ahead in lower case, empty if there stands something else. */
function wordAt(p: Cursor, k: number): string {
  const token = p.peek(k)
  return token.tokenType.name === 'Identifier' ? token.image.toLowerCase() : ''
}

function endsOr(p: Cursor, k: number, symbol: string): boolean {
  const token = p.peek(k)
  return token === p.end || token.tokenType === Newline || [';', '}', symbol].includes(token.image)
}

// ---------------------------------------------------------------------------------------------------------------------
// Statements

function parseExport(p: Cursor): ExpressionStatement {
  const start = p.next().startOffset
  p.next()
  const call = new CallOf(p, start)
  call.add('format', textOf(p, p.next().image.toUpperCase()))
  call.add('dir', parsePostfix(p))
  expectWords(p, ['from'], 'after the directory')
  if (takeWords(p, ['table'])) {
    addTable(p, call)
    return call.statement('exportTable', EXPORT_OPTIONS)
  }
  if (takeWords(p, ['database'])) {
    call.add('dbPath', parsePath(p) ?? parsePostfix(p))
    return call.statement('exportDatabase', EXPORT_OPTIONS)
  }
  call.add('sqlObj', parseQuery(p))
  return call.statement('exportQuery', EXPORT_OPTIONS)
}

function parseImportInto(p: Cursor): ExpressionStatement {
  const start = p.next().startOffset
  p.next()
  const call = new CallOf(p, start)
  addTable(p, call)
  if (p.is('(')) call.add('columns', parseColumns(p))
  addData(p, call)
  return call.statement('importTable', IMPORT_OPTIONS)
}

function parseImportTable(p: Cursor): ExpressionStatement {
  const start = p.next().startOffset
  p.next()
  p.next()
  const call = new CallOf(p, start)
  expectWords(p, ['using'], "after 'create'")
  call.add('metaFile', parsePostfix(p))
  if (FORMATS.some((format) => wordsAhead(p, [format, 'data']))) addData(p, call)
  return call.statement('importTable', IMPORT_OPTIONS)
}

function parseImportDatabase(p: Cursor): ExpressionStatement {
  const start = p.next().startOffset
  p.next()
  const call = new CallOf(p, start)
  addData(p, call)
  return call.statement('importDatabase', IMPORT_OPTIONS)
}

/** The call that a statement stands for. */
class CallOf {
  readonly #p: Cursor
  readonly #start: number
  readonly #args: Argument[] = []

  constructor(p: Cursor, start: number) {
    this.#p = p
    this.#start = start
  }

  add(name: string, value: Expr): void {
    this.#args.push({ name, value, alias: null, span: value.span })
  }

  /** Reads the options that follow. */
  statement(name: string, options: readonly string[]): ExpressionStatement {
    for (const [option, value] of parseOptions(this.#p, options)) this.add(option, value)
    const span = this.#p.span(this.#start)
    const callee: Expr = { kind: 'functionRef', path: [name], form: 'root', span }
    return { kind: 'expression', expr: { kind: 'call', callee, args: this.#args, juxtaposed: false, span }, span }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What is exported or imported

/** `"dfs://db".tb`, `"dfs://db/tb"`, `dfs://db/tb`, `dfs://db.tb`, or an expression whose value is a table of a database. */
function addTable(p: Cursor, call: CallOf): void {
  const path = parsePath(p)
  call.add('dbPath', path ?? parsePostfix(p))
  if (path === undefined || !p.take('.')) return
  const token = p.peek()
  if (token.tokenType.name !== 'Identifier' && token.payload === undefined) throw p.unexpected('the name of a table')
  p.next()
  call.add('tableName', textOf(p, textOfToken(token)))
}

/** A path in quotes or an address without them. */
function parsePath(p: Cursor): Expr | undefined {
  const token = p.peek()
  if (token.tokenType !== QuotedString && token.tokenType !== StoreAddress) return undefined
  p.next()
  return textOf(p, textOfToken(token))
}

/** Metacode of the query: it may be run on one partition after another. */
function parseQuery(p: Cursor): Expr {
  p.skipNewlines()
  const start = p.offset()
  if (!['select', 'exec', 'with'].includes(wordAt(p, 0)) && !p.is('('))
    throw p.unexpected("'table', 'database' or a query after 'from'")
  const expr: Expr = p.is('(')
    ? p.within({ sql: true }, () => parsePostfix(p))
    : { kind: 'sql', statement: parseSql(p), span: p.span(start) }
  if (expr.kind !== 'sql') throw p.error('expected a query in the parentheses', expr.span)
  return { kind: 'metacode', items: [{ expr, alias: null }], list: false, span: p.span(start) }
}

function parseColumns(p: Cursor): Expr {
  const start = p.next().startOffset
  const items = p.bracketed(() => {
    const names: Expr[] = []
    do {
      const token = p.peek()
      const isColumn = token.tokenType.name === 'Identifier' || token.tokenType.name === 'ColumnRef'
      if (!isColumn && token.payload === undefined) throw p.unexpected('the name of a column')
      p.next()
      names.push(textOf(p, textOfToken(token)))
    } while (p.take(','))
    p.expect(')', 'after the columns')
    return names
  })
  return { kind: 'vector', items, span: p.span(start) }
}

/** `CSV DATA ("dir")`. */
function addData(p: Cursor, call: CallOf): void {
  const format = FORMATS.find((word) => takeWords(p, [word, 'data']))
  if (format === undefined) throw p.unexpected("'CSV DATA' or 'PARQUET DATA'")
  call.add('format', textOf(p, format.toUpperCase()))
  p.expect('(', "after 'data'")
  const dir = p.bracketed(() => {
    const expr = parseExpr(p)
    p.expect(')', 'after the directory')
    return expr
  })
  call.add('dir', dir)
}

// ---------------------------------------------------------------------------------------------------------------------
// Options

/** `WITH name, name = value, ...`. */
function parseOptions(p: Cursor, allowed: readonly string[]): Map<string, Expr> {
  const options = new Map<string, Expr>()
  const here = p.at
  p.skipNewlines()
  // On a line of its own `with` may begin a query.
  if (wordAt(p, 0) !== 'with' || (p.at > here && !allowed.includes(wordAt(p, 1)))) {
    p.at = here
    return options
  }
  p.next()
  do {
    p.skipNewlines()
    const token = p.peek()
    const name = wordAt(p, 0)
    if (!allowed.includes(name)) throw p.unexpected(`an option (${allowed.join(', ')})`)
    if (options.has(name)) throw p.error(`The option ${name} is given twice.`, spanOf(token))
    p.next()
    if (FLAGS.includes(name) && !p.is('=')) {
      options.set(name, { kind: 'literal', type: 'BOOL', value: true, span: spanOf(token) })
      continue
    }
    p.expect('=', `after the option ${name}`)
    options.set(name, optionValue(p, name))
  } while (p.take(','))
  return options
}

/** A quoted text, a whole number, a word. */
function optionValue(p: Cursor, name: string): LiteralExpr {
  const token = p.peek()
  const { payload } = token as { payload?: Pick<LiteralExpr, 'type' | 'value'> }
  const isNumber = token.tokenType.name === 'NumberLiteral' && /^\d+$/.test(token.image)
  if (!isNumber && token.tokenType !== QuotedString && token.tokenType.name !== 'Identifier')
    throw p.unexpected(`a value of the option ${name}`)
  p.next()
  if (isNumber) return { kind: 'literal', type: payload!.type, value: payload!.value, span: spanOf(token) }
  return textOf(p, textOfToken(token))
}

// ---------------------------------------------------------------------------------------------------------------------
// Tokens

/** The text that was just taken, as a literal. */
const textOf = (p: Cursor, value: string): LiteralExpr => ({
  kind: 'literal',
  type: 'STRING',
  value,
  span: spanOf(p.previous()!),
})

/** What a name, a quoted text (one character in single quotes is a CHAR elsewhere) or an address says. */
function textOfToken(token: { image: string; tokenType: { name: string }; payload?: unknown }): string {
  if (token.tokenType.name === 'ColumnRef') return token.image.slice(2, -1)
  if (token.payload === undefined) return token.image
  const { type, value } = token.payload as Pick<LiteralExpr, 'type' | 'value'>
  return type === 'CHAR' ? String.fromCharCode(value as number) : String(value)
}

/** The words stand ahead, perhaps on the next line. */
function wordsAhead(p: Cursor, words: readonly string[]): boolean {
  const here = p.at
  p.skipNewlines()
  const found = words.every((word, k) => wordAt(p, k) === word)
  p.at = here
  return found
}

function takeWords(p: Cursor, words: readonly string[]): boolean {
  if (!wordsAhead(p, words)) return false
  p.skipNewlines()
  for (const _ of words) p.next()
  return true
}

function expectWords(p: Cursor, words: readonly string[], where: string): void {
  if (!takeWords(p, words)) throw p.unexpected(`'${words.join(' ')}' ${where}`)
}
