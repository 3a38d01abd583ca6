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

import type { Argument, Expr, ExpressionStatement, LiteralExpr, SqlStatement } from '../ast.ts'
import { Identifier } from '../keywords.ts'
import { type Cursor, spanOf, textOfToken, wordAt } from '../parser/cursor.ts'
import { EXPORT_OPTIONS } from '../parser/words.ts'
import { isName } from '../roles.ts'
import type { Span } from '../source.ts'
import { type LiteralPayload, NumberLiteral, QuotedString, S, StoreAddress } from '../vocabulary.ts'
import type { Rule } from './base.ts'
import { FORMATS } from './server-words.ts'
import { SettingRules } from './settings.ts'

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

export abstract class ExchangeRules extends SettingRules {
  protected readonly exchange: Rule<[], ExpressionStatement> = this.rule('exchange', () => {
    const p = this.cursor
    const isExport = wordAt(p, 0) === 'export'
    const second = wordAt(p, 1)
    return this.OR([
      { GATE: () => isExport, ALT: () => this.SUBRULE(this.exportInto) },
      { GATE: () => second === 'into', ALT: () => this.SUBRULE(this.importInto) },
      { GATE: () => second === 'table', ALT: () => this.SUBRULE(this.importTable) },
      { ALT: () => this.SUBRULE(this.importDatabase) },
    ])
  })

  protected readonly sqlStatement: Rule<[], SqlStatement> = this.rule('sqlStatement', () => {
    if (this.RECORDING_PHASE) return this.CONSUME(Identifier) as never
    return this.cursor.rules.sql(this.cursor)
  })

  protected readonly exportInto: Rule<[], ExpressionStatement> = this.rule('exportInto', () => {
    const p = this.cursor
    const call = new CallOf(p, this.CONSUME(Identifier).startOffset)
    this.CONSUME2(Identifier)
    this.ACTION(() => {
      if (!FORMATS.includes(wordAt(p, 0))) throw p.unexpected("'CSV' or 'PARQUET' after 'export into'")
    })
    const format = this.CONSUME3(Identifier)
    call.add('format', textLiteral(format.image.toUpperCase(), spanOf(format)))
    call.add('dir', this.SUBRULE(this.operand))
    this.ACTION(() => expectWords(p, ['from'], 'after the directory'))
    const what = this.RECORDING_PHASE ? undefined : ['table', 'database'].find((word) => takeWords(p, [word]))
    if (this.chosen(what === 'table')) this.SUBRULE(this.exchangedTable, { ARGS: [call] })
    if (this.chosen(what === 'database')) call.add('dbPath', this.SUBRULE(this.storePath))
    if (this.chosen(what === undefined)) call.add('sqlObj', this.SUBRULE(this.exportedQuery))
    const options = this.SUBRULE(this.exchangeOptions, { ARGS: [EXPORT_OPTIONS] })
    const name = what === 'table' ? 'exportTable' : what === 'database' ? 'exportDatabase' : 'exportQuery'
    return this.ACTION(() => call.statement(name, options))
  })

  protected readonly importInto: Rule<[], ExpressionStatement> = this.rule('importInto', () => {
    const p = this.cursor
    const call = new CallOf(p, this.CONSUME(Identifier).startOffset)
    this.CONSUME2(Identifier)
    this.SUBRULE(this.exchangedTable, { ARGS: [call] })
    this.OPTION(() => call.add('columns', this.SUBRULE(this.exchangedColumns)))
    this.SUBRULE(this.exchangedFiles, { ARGS: [call] })
    const options = this.SUBRULE(this.exchangeOptions, { ARGS: [IMPORT_OPTIONS] })
    return this.ACTION(() => call.statement('importTable', options))
  })

  protected readonly importTable: Rule<[], ExpressionStatement> = this.rule('importTable', () => {
    const p = this.cursor
    const call = new CallOf(p, this.CONSUME(Identifier).startOffset)
    this.CONSUME2(Identifier)
    this.CONSUME3(Identifier)
    this.ACTION(() => expectWords(p, ['using'], "after 'create'"))
    call.add('metaFile', this.SUBRULE(this.operand))
    if (this.chosen(FORMATS.some((format) => wordsAhead(p, [format, 'data']))))
      this.SUBRULE(this.exchangedFiles, { ARGS: [call] })
    const options = this.SUBRULE(this.exchangeOptions, { ARGS: [IMPORT_OPTIONS] })
    return this.ACTION(() => call.statement('importTable', options))
  })

  protected readonly importDatabase: Rule<[], ExpressionStatement> = this.rule('importDatabase', () => {
    const p = this.cursor
    const call = new CallOf(p, this.CONSUME(Identifier).startOffset)
    this.CONSUME2(Identifier)
    this.SUBRULE(this.exchangedFiles, { ARGS: [call] })
    const options = this.SUBRULE(this.exchangeOptions, { ARGS: [IMPORT_OPTIONS] })
    return this.ACTION(() => call.statement('importDatabase', options))
  })

  // -------------------------------------------------------------------------------------------------------------------
  // What is exported or imported

  /** `"dfs://db".tb`, `"dfs://db/tb"`, `dfs://db/tb`, `dfs://db.tb`, or an expression whose value is a table of a database. */
  protected readonly exchangedTable: Rule<[call: CallOf], void> = this.rule('exchangedTable', (call) => {
    const p = this.cursor
    const isPath = pathAhead(p)
    const path = this.SUBRULE(this.storePath)
    if (!this.RECORDING_PHASE) call.add('dbPath', path)
    this.OPTION({
      GATE: () => isPath,
      DEF: () => {
        this.CONSUME(S['.'])
        const name = this.SUBRULE(this.columnName)
        if (!this.RECORDING_PHASE) call.add('tableName', textLiteral(name, spanOf(p.previous()!)))
      },
    })
  })

  /** A path in quotes, an address without them, an expression. */
  protected readonly storePath: Rule<[], Expr> = this.rule('storePath', () => {
    const isPath = pathAhead(this.cursor)
    return this.OR([
      {
        GATE: () => isPath,
        ALT: (): Expr => {
          const token = this.OR2([{ ALT: () => this.CONSUME(QuotedString) }, { ALT: () => this.CONSUME(StoreAddress) }])
          return textLiteral(textOfToken(token), spanOf(token))
        },
      },
      { ALT: (): Expr => this.SUBRULE(this.operand) },
    ])
  })

  /** Metacode of the query: it may be run on one partition after another. */
  protected readonly exportedQuery: Rule<[], Expr> = this.rule('exportedQuery', () => {
    const p = this.cursor
    p.skipNewlines()
    const start = p.offset()
    const closed = p.is('(')
    if (!this.chosen(closed || ['select', 'exec', 'with'].includes(wordAt(p, 0))))
      throw p.unexpected("'table', 'database' or a query after 'from'")
    const expr = this.OR([
      { GATE: () => closed, ALT: (): Expr => p.within({ sql: true }, () => this.SUBRULE(this.operand)) },
      { ALT: (): Expr => ({ kind: 'sql', statement: this.SUBRULE(this.sqlStatement), span: p.span(start) }) },
    ])
    if (!this.chosen(expr.kind === 'sql')) throw p.error('expected a query in the parentheses', expr.span)
    return { kind: 'metacode', items: [{ expr, alias: null }], list: false, span: p.span(start) }
  })

  protected readonly exchangedColumns: Rule<[], Expr> = this.rule('exchangedColumns', () => {
    const p = this.cursor
    const start = this.CONSUME(S['(']).startOffset
    const items = p.bracketed(() => {
      const names: Expr[] = []
      const add = (name: string): number => names.push(textLiteral(name, spanOf(p.previous() ?? p.end)))
      add(this.SUBRULE(this.columnName))
      this.MANY(() => {
        this.CONSUME(S[','])
        add(this.SUBRULE2(this.columnName))
      })
      this.CONSUME(S[')'], { ERR_MSG: "')' after the columns" })
      return names
    })
    return { kind: 'vector', items, span: p.span(start) }
  })

  /** `CSV DATA ("dir")`. */
  protected readonly exchangedFiles: Rule<[call: CallOf], void> = this.rule('exchangedFiles', (call) => {
    const p = this.cursor
    this.ACTION(() => {
      const format = FORMATS.find((word) => takeWords(p, [word, 'data']))
      if (format === undefined) throw p.unexpected("'CSV DATA' or 'PARQUET DATA'")
      call.add('format', textLiteral(format.toUpperCase(), spanOf(p.previous()!)))
    })
    this.CONSUME(S['('], { ERR_MSG: "'(' after 'data'" })
    p.bracketed(() => {
      const dir = this.SUBRULE(this.expression)
      this.CONSUME(S[')'], { ERR_MSG: "')' after the directory" })
      if (!this.RECORDING_PHASE) call.add('dir', dir)
    })
  })

  // -------------------------------------------------------------------------------------------------------------------
  // Options

  /** `WITH name, name = value, ...`, or nothing. */
  protected readonly exchangeOptions: Rule<[allowed: readonly string[]], ReadonlyMap<string, Expr>> = this.rule(
    'exchangeOptions',
    (allowed) => {
      const p = this.cursor
      const options = new Map<string, Expr>()
      if (this.RECORDING_PHASE || !optionsAhead(p, allowed)) return options
      p.skipNewlines()
      p.next()
      do {
        p.skipNewlines()
        parseOption(p, allowed, options)
      } while (p.take(','))
      return options
    },
  )
}

const pathAhead = (p: Cursor): boolean => [QuotedString, StoreAddress].includes(p.peek().tokenType)

/** On a line of its own `with` may begin a query. */
function optionsAhead(p: Cursor, allowed: readonly string[]): boolean {
  if (wordAt(p, 0) === 'with') return true
  const here = p.at
  p.skipNewlines()
  const found = wordAt(p, 0) === 'with' && allowed.includes(wordAt(p, 1))
  p.at = here
  return found
}

function parseOption(p: Cursor, allowed: readonly string[], options: Map<string, Expr>): void {
  const token = p.peek()
  const name = wordAt(p, 0)
  if (!allowed.includes(name)) throw p.unexpected(`an option (${allowed.join(', ')})`)
  if (options.has(name)) throw p.error(`The option ${name} is given twice.`, spanOf(token))
  p.next()
  if (FLAGS.includes(name) && !p.is('=')) {
    options.set(name, { kind: 'literal', type: 'BOOL', value: true, span: spanOf(token) })
    return
  }
  p.expect('=', `after the option ${name}`)
  options.set(name, optionValue(p, name))
}

/** A quoted text, a whole number, a word. */
function optionValue(p: Cursor, name: string): LiteralExpr {
  const token = p.peek()
  const isNumber = token.tokenType === NumberLiteral && /^\d+$/.test(token.image)
  if (!isNumber && token.tokenType !== QuotedString && !isName(token))
    throw p.unexpected(`a value of the option ${name}`)
  p.next()
  if (!isNumber) return textLiteral(textOfToken(token), spanOf(token))
  const { type, value } = token.payload as LiteralPayload
  return { kind: 'literal', type, value, span: spanOf(token) }
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

  /** With its options behind the other arguments. */
  statement(name: string, options: ReadonlyMap<string, Expr>): ExpressionStatement {
    for (const [option, value] of options) this.add(option, value)
    const span = this.#p.span(this.#start)
    const callee: Expr = { kind: 'functionRef', path: [name], form: 'root', span }
    return { kind: 'expression', expr: { kind: 'call', callee, args: this.#args, juxtaposed: false, span }, span }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Tokens

const textLiteral = (value: string, span: Span): LiteralExpr => ({ kind: 'literal', type: 'STRING', value, span })

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
