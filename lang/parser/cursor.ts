// The parser's place in the tokens of one text, with the scopes of names and the modes that decide how newlines and names are read.

import type { IToken } from 'chevrotain'
import { ParseError } from '../errors.ts'
import { Newline, tokenize } from '../lexer.ts'
import type { SourceText, Span } from '../source.ts'
import { Names, type ParserNames } from './names.ts'

/**
 * How deep a script may nest. A pair of parentheses, brackets or braces is one level, and so are a query, metacode, a sign, a ternary, an arrow
 * and a function applied by a blank: at least 1,000 queries in parentheses. The parser descends on the thread's stack, and so does all that
 * follows it; session threads have room for this depth (jobs/job-pool.ts).
 */
export const MAX_NESTING = 2000

const END: IToken = {
  image: '',
  startOffset: 0,
  endOffset: 0,
  tokenTypeIdx: 0,
  tokenType: { name: 'end of text' },
} as IToken

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

export class Cursor {
  readonly source: SourceText
  readonly names: Names
  readonly tokens: readonly IToken[]
  at = 0
  /** Inside brackets or SQL a newline does not end a statement. */
  ignoreNewlines = false
  /** Inside SQL or metacode: names may be columns, `=` means equality. */
  sql = false
  /** Inside `<...>`: a `>` may close it. */
  metacode = false
  /** In the condition of a join: `join` is no function. */
  inOn = false
  /** Inside a branch of `c ? a : b`: a colon is not a pair. */
  noPair = false
  /** Directly inside the arguments of a call: a comma behind a query may separate arguments. */
  inArguments = false
  /** In the body of mapr: `->` stands between map and reduce. */
  noArrow = false
  /** Levels that are open here. */
  depth = 0
  readonly end: IToken
  /** Nodes that stood in parentheses: `(a<b)<c` is no chain. */
  readonly parenthesised = new WeakSet<object>()

  constructor(source: SourceText, env: ParserNames) {
    this.source = source
    this.names = new Names(env)
    const { tokens, errors } = tokenize(source.text)
    if (errors.length > 0) {
      const { offset } = errors[0]
      throw lexicalError(source.text, offset)
    }
    this.tokens = tokens
    // Nothing is of no length: its place is the end of the text.
    this.end = { ...END, startOffset: source.text.length, endOffset: source.text.length - 1 }
  }

  /** The token k places ahead, newlines passed over where the mode says so. */
  peek(k = 0): IToken {
    let at = this.at
    for (;;) {
      const token = this.tokens[at]
      if (token === undefined) return this.end
      if (this.ignoreNewlines && token.tokenType === Newline) at++
      else if (k-- === 0) return token
      else at++
    }
  }

  next(): IToken {
    if (this.ignoreNewlines) this.skipNewlines()
    const token = this.tokens[this.at]
    if (token === undefined) return this.end
    this.at++
    return token
  }

  /** The next token's text is this one (symbols, lower-case words). */
  is(text: string): boolean {
    return this.peek().image === text
  }

  /** The next token is the keyword, in lower or upper case. */
  isWord(word: string, k = 0): boolean {
    const { image } = this.peek(k)
    return image === word || image === word.toUpperCase()
  }

  take(text: string): boolean {
    if (!this.is(text)) return false
    this.next()
    return true
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.next()
    return true
  }

  expect(text: string, where: string): IToken {
    if (!this.is(text)) throw this.unexpected(`'${text}' ${where}`)
    return this.next()
  }

  expectWord(word: string, where: string): void {
    if (!this.takeWord(word)) throw this.unexpected(`'${word}' ${where}`)
  }

  expectName(what: string): IToken {
    const token = this.peek()
    if (token.tokenType.name !== 'Identifier') throw this.unexpected(what)
    return this.next()
  }

  unexpected(expected: string): ParseError {
    const token = this.peek()
    if (token.image === '=' && !this.sql)
      return this.error(
        "Please use '==' rather than '=' as equal operator in non-sql expression.",
        spanOf(token),
        'S06011',
      )
    if (/^[-+*/\\]=$/.test(token.image)) return this.error("Can't use assignment in expression.", spanOf(token))
    const found =
      token === this.end
        ? 'the end of the text'
        : token.tokenType === Newline
          ? 'the end of the line'
          : `'${token.image}'`
    return new ParseError(`expected ${expected}, found ${found}`, spanOf(token), token === this.end)
  }

  error(message: string, span: Span, refId?: string): ParseError {
    return new ParseError(message, span, false, refId)
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
    while (this.tokens[this.at]?.tokenType === Newline) this.at++
  }

  /** The first token after any newlines from here. */
  afterNewlines(): IToken {
    let at = this.at
    while (this.tokens[at]?.tokenType === Newline) at++
    return this.tokens[at] ?? this.end
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
  previous(): IToken | undefined {
    return this.tokens[this.at - 1]
  }

  /** No blank between the last token and the next. */
  glued(): boolean {
    const previous = this.previous()
    return previous !== undefined && this.peek().startOffset === previous.endOffset! + 1
  }

  /** No blank between the token k ahead and the one after it. */
  gluedAfter(k: number): boolean {
    const a = this.peek(k)
    const b = this.peek(k + 1)
    return b !== this.end && b.startOffset === a.endOffset! + 1
  }

  span(start: number): Span {
    return { start, end: (this.previous()?.endOffset ?? -1) + 1 }
  }

  offset(): number {
    return this.peek().startOffset
  }

  /** The `{` ahead opens a lambda: `{x->`, `{x,y->`, `{def`. */
  lambdaInBraces(k = 0): boolean {
    let at = this.at + k + 1
    const token = (): IToken | undefined => this.tokens[at]
    while (token()?.tokenType === Newline) at++
    if (token()?.image === 'def' || token()?.image === 'defg') return true
    for (;;) {
      if (token()?.tokenType.name !== 'Identifier') return false
      at++
      if (token()?.image === '->') return true
      if (token()?.image !== ',') return false
      at++
    }
  }

  /** Runs a part of the parse in other modes. */
  within<R>(
    modes: Partial<Pick<Cursor, 'ignoreNewlines' | 'sql' | 'metacode' | 'noPair' | 'noArrow' | 'inOn' | 'inArguments'>>,
    parse: () => R,
  ): R {
    const { ignoreNewlines, sql, metacode, noPair, noArrow, inOn, inArguments } = this
    Object.assign(this, modes)
    try {
      return parse()
    } finally {
      this.ignoreNewlines = ignoreNewlines
      this.sql = sql
      this.metacode = metacode
      this.noPair = noPair
      this.noArrow = noArrow
      this.inOn = inOn
      this.inArguments = inArguments
    }
  }

  /** Inside brackets: newlines mean nothing, and what an outer colon or `>` meant is forgotten. */
  bracketed<R>(parse: () => R, inArguments = false): R {
    this.deeper()
    const result = this.within(
      { ignoreNewlines: true, metacode: false, noPair: false, noArrow: false, inOn: false, inArguments },
      parse,
    )
    this.depth--
    return result
  }
}

export const spanOf = (token: IToken): Span => ({
  start: token.startOffset,
  end: (token.endOffset ?? token.startOffset) + 1,
})
