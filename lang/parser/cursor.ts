// The parser's place in the tokens of one text, with the scopes of names and the modes that decide how newlines and names are read.

import { EOF, type IToken } from 'chevrotain'
import type { Block, Expr, Parameter, QueryStatement, SqlStatement, Statement } from '../ast.ts'
import { ParseError } from '../errors.ts'
import { W, type Word } from '../keywords.ts'
import { type Tokens, tokenize } from '../lexer.ts'
import { isName, LINE_END } from '../roles.ts'
import type { SourceText, Span } from '../source.ts'
import { Token } from '../token.ts'
import { ColumnRef, type LiteralPayload } from '../vocabulary.ts'
import { Names, type ParserNames } from './names.ts'

/**
 * How deep a script may nest. A pair of parentheses, brackets or braces is one level, and so are a query, metacode, a sign, a ternary, an arrow
 * and a function applied by a blank: at least 1,000 queries in parentheses. The parser descends on the thread's stack, and so does all that
 * follows it; session threads have room for this depth (jobs/job-pool.ts).
 */
export const MAX_NESTING = 2000

function lexicalError(text: string, offset: number): ParseError {
  const c = text[offset]
  if (c === '"' || c === "'" || text.startsWith('/*', offset)) {
    const what = c === '/' ? 'comment' : 'string'
    return new ParseError(`The ${what} is not closed.`, { start: offset, end: text.length }, true)
  }
  const temporal = /^\d[\d.:]*(?:[T ]\d+:[\d.:]*)?[a-zA-Z]?/.exec(text.slice(offset, offset + 40))
  if (temporal !== null)
    return new ParseError(`${temporal[0]} is no date or time.`, { start: offset, end: offset + temporal[0].length })
  return new ParseError(`The character ${c} starts no token.`, { start: offset, end: offset + 1 })
}

/** Rules of the grammars that stand inside expressions, and of one grammar inside another (lang/grammar). */
export interface Rules {
  /** Any statement of SQL. */
  sql(p: Cursor): SqlStatement
  /** `union ...` behind a query that begins at the offset. */
  unions(p: Cursor, query: QueryStatement, start: number): QueryStatement
  /** `over (...)` behind a call. */
  over(p: Cursor, call: Expr): Expr
  /** `case when ... end`. */
  caseOf(p: Cursor): Expr
  /** Statements in braces. */
  block(p: Cursor): Block
  /** `(a, mutable b, c=1)`. */
  parameters(p: Cursor): Parameter[]
  /** A statement about the server: settings, checkpoints, EXPORT and IMPORT. */
  server(p: Cursor): Statement
  /** Gives up the grammars: an exhausted stack may have left one half recorded. */
  reset(): void
}

/** What the surroundings of a statement mean ends at its beginning. */
export const STATEMENT_MODES = {
  ignoreNewlines: false,
  sql: false,
  metacode: false,
  noPair: false,
  noArrow: false,
  inOn: false,
  inArguments: false,
  inClause: false,
} as const

export class Cursor {
  readonly source: SourceText
  readonly rules: Rules
  readonly names: Names
  readonly #tokens: Tokens
  /** How many tokens the text has. */
  readonly count: number
  /** Tokens that were made, from the number `#madeFrom` on. Those of statements before are given up. */
  #made: Token[] = []
  #madeFrom = 0
  at = 0
  /** Inside brackets or SQL a newline does not end a statement. */
  ignoreNewlines = false
  /** Inside SQL or metacode: names may be columns, `=` means equality. */
  sql = false
  /** Inside `<...>`: a `>` may close it. */
  metacode = false
  /** In the condition of a join: `join` is no function. */
  inOn = false
  /** Offset of the last operand that stands where a query names a table. */
  tableAt = -1
  /** Inside a branch of `c ? a : b`: a colon is not a pair. */
  noPair = false
  /** Directly inside the arguments of a call: a comma behind a query may separate arguments. */
  inArguments = false
  /** Directly in a clause of a query: a `union` behind parentheses goes on with that query. */
  inClause = false
  /** In the body of mapr: `->` stands between map and reduce. */
  noArrow = false
  /** Where the statement begins that no other contains. */
  statementStart = 0
  /** Levels that are open here. */
  depth = 0
  readonly end: Token
  /** Nodes that stood in parentheses: `(a<b)<c` is no chain. */
  readonly parenthesised = new WeakSet<object>()

  constructor(source: SourceText, env: ParserNames, rules: Rules) {
    this.source = source
    this.rules = rules
    this.names = new Names(env)
    const tokens = tokenize(source.text)
    if (tokens.errorAt !== undefined) throw lexicalError(source.text, tokens.errorAt)
    this.#tokens = tokens
    this.count = tokens.length
    // Nothing is of no length: its place is the end of the text.
    const { length } = source.text
    this.end = new Token({ tokenType: EOF, roles: 0, image: '' }, '', length, length - 1, undefined)
  }

  /** The token of a number, undefined outside of the text. */
  tokenAt(at: number): Token | undefined {
    return at >= 0 && at < this.count ? this.#token(at) : undefined
  }

  #token(at: number): Token {
    const k = at - this.#madeFrom
    if (k < 0) return this.#tokens.make(at)
    return k < this.#made.length ? this.#made[k] : this.#makeUpTo(at)
  }

  #makeUpTo(at: number): Token {
    const made = this.#made
    for (let next = this.#madeFrom + made.length; next <= at; next++) made.push(this.#tokens.make(next))
    return made[at - this.#madeFrom]
  }

  /** The token k places ahead, newlines passed over where the mode says so. */
  peek(k = 0): Token {
    let at = this.at
    if (!this.ignoreNewlines) {
      at += k
      return at < this.count ? this.#token(at) : this.end
    }
    for (; at < this.count; at++) {
      const token = this.#token(at)
      if (token.roles !== LINE_END && k-- === 0) return token
    }
    return this.end
  }

  next(): Token {
    if (this.ignoreNewlines) this.skipNewlines()
    return this.at < this.count ? this.#token(this.at++) : this.end
  }

  /** The next token's text is this one (symbols, lower-case words). */
  is(text: string): boolean {
    return this.peek().image === text
  }

  /** The next token is the keyword, in lower or upper case. */
  isWord(word: Word, k = 0): boolean {
    return this.peek(k).tokenType === W[word]
  }

  take(text: string): boolean {
    if (!this.is(text)) return false
    this.next()
    return true
  }

  takeWord(word: Word): boolean {
    if (!this.isWord(word)) return false
    this.next()
    return true
  }

  expect(text: string, where: string): Token {
    if (!this.is(text)) throw this.unexpected(`'${text}' ${where}`)
    return this.next()
  }

  expectName(what: string): Token {
    const token = this.peek()
    if (!isName(token)) throw this.unexpected(what)
    return this.next()
  }

  unexpected(expected: string, token: IToken = this.peek()): ParseError {
    if (token.image === '=' && !this.sql)
      return this.error(
        "Please use '==' rather than '=' as equal operator in non-sql expression.",
        spanOf(token),
        'S06011',
      )
    if (/^[-+*/\\]=$/.test(token.image)) return this.error("Can't use assignment in expression.", spanOf(token))
    const found =
      token === this.end ? 'the end of the text' : token.image === '\n' ? 'the end of the line' : `'${token.image}'`
    return new ParseError(`expected ${expected}, found ${found}`, spanOf(token), token === this.end)
  }

  error(message: string, span: Span, refId?: string): ParseError {
    return new ParseError(message, span, false, refId)
  }

  /** At a statement that no other contains. */
  beginStatement(): void {
    this.ignoreNewlines = this.sql = this.metacode = this.noPair = this.noArrow = this.inOn = this.inArguments = false
    this.depth = 0
    this.statementStart = this.at
    this.#made = []
    this.#madeFrom = this.at
  }

  /** Enters a level; who leaves it without an error takes one off `depth`. */
  deeper(): void {
    if (++this.depth > MAX_NESTING)
      throw this.error(`This is nested too deeply: ${MAX_NESTING} levels are allowed.`, spanOf(this.peek()))
  }

  /** Takes the `*` ahead. */
  starSpan(): Span {
    return spanOf(this.next())
  }

  skipNewlines(): void {
    while (this.at < this.count && this.#token(this.at).roles === LINE_END) this.at++
  }

  /** The first token after k tokens and any newlines from here. */
  afterNewlines(k = 0): Token {
    let at = this.at + k
    while (at < this.count && this.#token(at).roles === LINE_END) at++
    return at < this.count ? this.#token(at) : this.end
  }

  /** A comma of a SQL list: it may begin the next line, and what follows it may do so, too. */
  takeComma(): boolean {
    if (this.afterNewlines().image !== ',') return false
    this.skipNewlines()
    this.next()
    this.skipNewlines()
    return true
  }

  /** The token before the cursor. */
  previous(): Token | undefined {
    return this.at > 0 ? this.#token(this.at - 1) : undefined
  }

  /** No blank between the last token and the next. */
  glued(): boolean {
    return this.at > 0 && this.peek().startOffset === this.#token(this.at - 1).endOffset + 1
  }

  /** No blank between the token k ahead and the one after it. */
  gluedAfter(k: number): boolean {
    const a = this.peek(k)
    const b = this.peek(k + 1)
    return b !== this.end && b.startOffset === a.endOffset + 1
  }

  span(start: number): Span {
    return { start, end: this.at > 0 ? this.#token(this.at - 1).endOffset + 1 : 0 }
  }

  offset(): number {
    return this.peek().startOffset
  }

  /** The `{` ahead opens a lambda: `{x->`, `{x,y->`, `{def`. */
  lambdaInBraces(k = 0): boolean {
    let at = this.at + k + 1
    const token = (): Token | undefined => this.tokenAt(at)
    while (token()?.roles === LINE_END) at++
    if (token()?.image === 'def' || token()?.image === 'defg') return true
    for (;;) {
      const name = token()
      if (name === undefined || !isName(name)) return false
      at++
      if (token()?.image === '->') return true
      if (token()?.image !== ',') return false
      at++
    }
  }

  /** The `(` ahead holds names only, and an arrow follows it: `(x, y) ->`. */
  arrowAfterNames(): boolean {
    let at = this.at + 1
    for (;;) {
      while (this.tokenAt(at)?.roles === LINE_END) at++
      const name = this.tokenAt(at)
      if (name === undefined || !isName(name)) return false
      at++
      while (this.tokenAt(at)?.roles === LINE_END) at++
      const after = this.tokenAt(at++)?.image
      if (after === ')') return this.tokenAt(at)?.image === '->'
      if (after !== ',') return false
    }
  }

  /** Runs a part of the parse in other modes. An error leaves the modes of its place, which decide what it says; who goes on after it sets them. */
  within<R>(
    modes: Partial<
      Pick<Cursor, 'ignoreNewlines' | 'sql' | 'metacode' | 'noPair' | 'noArrow' | 'inOn' | 'inArguments' | 'inClause'>
    >,
    parse: () => R,
  ): R {
    const { ignoreNewlines, sql, metacode, noPair, noArrow, inOn, inArguments, inClause } = this
    if (modes.ignoreNewlines !== undefined) this.ignoreNewlines = modes.ignoreNewlines
    if (modes.sql !== undefined) this.sql = modes.sql
    if (modes.metacode !== undefined) this.metacode = modes.metacode
    if (modes.noPair !== undefined) this.noPair = modes.noPair
    if (modes.noArrow !== undefined) this.noArrow = modes.noArrow
    if (modes.inOn !== undefined) this.inOn = modes.inOn
    if (modes.inArguments !== undefined) this.inArguments = modes.inArguments
    if (modes.inClause !== undefined) this.inClause = modes.inClause
    const result = parse()
    this.ignoreNewlines = ignoreNewlines
    this.sql = sql
    this.metacode = metacode
    this.noPair = noPair
    this.noArrow = noArrow
    this.inOn = inOn
    this.inArguments = inArguments
    this.inClause = inClause
    return result
  }

  /** Inside brackets: newlines mean nothing, and what an outer colon or `>` meant is forgotten. */
  bracketed<R>(parse: () => R, inArguments = false): R {
    this.deeper()
    const { ignoreNewlines, metacode, noPair, noArrow, inOn, inClause } = this
    const outerArguments = this.inArguments
    this.ignoreNewlines = true
    this.metacode = this.noPair = this.noArrow = this.inOn = this.inClause = false
    this.inArguments = inArguments
    const result = parse()
    this.ignoreNewlines = ignoreNewlines
    this.metacode = metacode
    this.noPair = noPair
    this.noArrow = noArrow
    this.inOn = inOn
    this.inClause = inClause
    this.inArguments = outerArguments
    this.depth--
    return result
  }
}

/** The word k tokens ahead in lower case, empty if there stands something else. */
export function wordAt(p: Cursor, k: number): string {
  const token = p.peek(k)
  return isName(token) ? token.image.toLowerCase() : ''
}

/** What a word, a quoted name, a text (one character in single quotes is a CHAR elsewhere) or an address says. */
export function textOfToken({ image, tokenType, payload }: IToken): string {
  if (tokenType === ColumnRef) return image.slice(2, -1)
  if (payload === undefined) return image
  const { type, value } = payload as LiteralPayload
  return type === 'CHAR' ? String.fromCharCode(value as number) : String(value)
}

export const spanOf = (token: IToken): Span => ({
  start: token.startOffset,
  end: (token.endOffset ?? token.startOffset) + 1,
})
