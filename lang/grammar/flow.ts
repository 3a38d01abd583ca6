// Statements that steer: blocks, conditions, loops, what is tried, and the ways out of them.

import type { AssertStatement, Block, Expr, Statement } from '../ast.ts'
import { Identifier, W } from '../keywords.ts'
import { type Cursor, spanOf } from '../parser/cursor.ts'
import { parseAlias } from '../parser/sql-pieces.ts'
import type { Span } from '../source.ts'
import { S } from '../vocabulary.ts'
import { BY_HAND, GrammarBase, type Rule } from './base.ts'
import { atEnd, requireEnd, skipSeparators } from './separators.ts'

/** Notes an assignment to the name, which a parameter or a constant does not allow. */
export function assignName(p: Cursor, name: string, span: Span): void {
  if (p.names.isReadOnly(name)) throw p.error(`Constant variable [${name}] can't be modified.`, span)
  p.names.assign(name)
}

export abstract class FlowRules extends GrammarBase {
  protected abstract readonly statement: Rule<[], Statement>

  /** The statements between braces, the braces included. */
  protected readonly block: Rule<[], Block> = this.decided('block', () => {
    const p = this.cursor
    this.CONSUME(S['{'], BEFORE_BLOCK)
    p.deeper()
    const statements: Statement[] = []
    skipSeparators(p)
    if (this.RECORDING_PHASE) this.MANY(() => this.SUBRULE(this.statement))
    while (p.peek() !== p.end && !p.is('}')) {
      statements.push(this.#inner(this.SUBRULE2(this.statement)))
      requireEnd(p, '}')
      skipSeparators(p)
    }
    this.CONSUME(S['}'], AFTER_BLOCK)
    p.depth--
    return statements
  })

  /** A block, or one statement. */
  protected readonly body: Rule<[], Block> = this.decided('body', () => {
    this.cursor.skipNewlines()
    if (this.RECORDING_PHASE) return this.OR(this.#bodies)
    return this.cursor.is('{') ? this.SUBRULE(this.block) : [this.#inner(this.SUBRULE(this.statement))]
  })

  readonly #bodies = [
    { GATE: BY_HAND, ALT: (): Block => this.SUBRULE(this.block) },
    { ALT: (): Block => [this.SUBRULE(this.statement)] },
  ]

  /** The script cannot be divided inside a statement. */
  #inner(statement: Statement): Statement {
    if (statement.kind === 'go') throw this.cursor.error("'go' is not allowed inside a block.", statement.span)
    return statement
  }

  /** `(condition)`. */
  protected readonly condition: Rule<[what: string], Expr> = this.decided('condition', (what) => {
    const p = this.cursor
    if (this.chosen(p.is('('))) this.CONSUME(S['('])
    else throw p.unexpected(`'(' before the condition of ${what}`)
    return p.bracketed(() => {
      const condition = this.SUBRULE(this.expression)
      if (this.chosen(p.is(')'))) this.CONSUME(S[')'])
      else throw p.unexpected(`')' after the condition of ${what}`)
      return condition
    })
  })

  /** Two or more expressions make a tuple. */
  protected readonly tuple: Rule<[], Expr> = this.decided('tuple', () => {
    const p = this.cursor
    const start = p.offset()
    const first = this.SUBRULE(this.expression)
    if (!this.chosen(p.is(','))) return first
    const items = [first]
    this.repeated(',', () => {
      this.CONSUME(S[','])
      p.skipNewlines()
      items.push(this.SUBRULE2(this.expression))
    })
    return { kind: 'tuple', items, span: p.span(start) }
  })

  protected readonly ifElse: Rule<[], Statement> = this.decided('if', () => {
    const p = this.cursor
    const start = this.CONSUME(W.if).startOffset
    const condition = this.SUBRULE(this.condition, { ARGS: ['if'] })
    const then = this.SUBRULE(this.body)
    const here = p.at
    skipSeparators(p)
    if (!this.chosen(p.is('else'))) {
      p.at = here
      return { kind: 'if', condition, then, otherwise: null, span: p.span(start) }
    }
    this.CONSUME(W.else)
    return { kind: 'if', condition, then, otherwise: this.SUBRULE2(this.body), span: p.span(start) }
  })

  protected readonly forLoop: Rule<[], Statement> = this.decided('for', () => {
    const p = this.cursor
    const start = this.CONSUME(W.for).startOffset
    this.CONSUME(S['('], { ERR_MSG: "'(' after 'for'" })
    const [variable, source] = p.bracketed(() => {
      const name = this.CONSUME(Identifier, { ERR_MSG: 'the variable of the loop' })
      this.CONSUME(W.in, { ERR_MSG: "'in' after the variable of the loop" })
      const values = this.SUBRULE(this.expression)
      this.CONSUME(S[')'], { ERR_MSG: "')' after the head of the loop" })
      return [name, values] as const
    })
    assignName(p, variable.image, spanOf(variable))
    return { kind: 'for', variable: variable.image, source, body: this.SUBRULE(this.body), span: p.span(start) }
  })

  protected readonly whileLoop: Rule<[], Statement> = this.decided('while', () => {
    const p = this.cursor
    const start = this.CONSUME(W.while).startOffset
    const condition = this.SUBRULE(this.condition, { ARGS: ['while'] })
    return { kind: 'while', condition, body: this.SUBRULE(this.body), span: p.span(start) }
  })

  protected readonly doWhile: Rule<[], Statement> = this.decided('do', () => {
    const p = this.cursor
    const start = this.CONSUME(W.do).startOffset
    p.skipNewlines()
    const body = this.SUBRULE(this.block)
    p.skipNewlines()
    this.CONSUME(W.while, { ERR_MSG: "'while' after the block of do" })
    const condition = this.SUBRULE(this.condition, { ARGS: ['while'] })
    return { kind: 'doWhile', condition, body, span: p.span(start) }
  })

  protected readonly tryCatch: Rule<[], Statement> = this.decided('try', () => {
    const p = this.cursor
    const start = this.CONSUME(W.try).startOffset
    p.skipNewlines()
    const body = this.SUBRULE(this.block)
    p.skipNewlines()
    this.CONSUME(W.catch, { ERR_MSG: "'catch' after the block of try" })
    this.CONSUME(S['('], { ERR_MSG: "'(' after 'catch'" })
    const variable = this.CONSUME(Identifier, { ERR_MSG: 'the variable of catch' })
    this.CONSUME(S[')'], { ERR_MSG: "')' after the variable of catch" })
    assignName(p, variable.image, spanOf(variable))
    p.skipNewlines()
    return { kind: 'try', body, variable: variable.image, handler: this.SUBRULE2(this.block), span: p.span(start) }
  })

  protected readonly timer: Rule<[], Statement> = this.rule('timer', () => {
    const p = this.cursor
    const start = this.CONSUME(W.timer).startOffset
    const count = this.OPTION({
      GATE: () => p.glued(),
      DEF: () => this.SUBRULE(this.condition, { ARGS: ['timer'] }),
    })
    return { kind: 'timer', count: count ?? null, body: this.SUBRULE(this.body), span: p.span(start) }
  })

  protected readonly transaction: Rule<[], Statement> = this.decided('transaction', () => {
    const start = this.CONSUME(W.transaction).startOffset
    return { kind: 'transaction', body: this.SUBRULE(this.body), span: this.cursor.span(start) }
  })

  /** Statements of one word. */
  protected readonly word: Rule<[], Statement> = this.decided('word', () => {
    const token = this.RECORDING_PHASE ? this.OR(this.#words) : this.cursor.next()
    const kind = token.image as 'break' | 'continue' | 'go' | 'commit' | 'rollback'
    return { kind, span: this.cursor.span(token.startOffset) }
  })

  readonly #words = [W.break, W.continue, W.go, W.commit, W.rollback].map((word) => ({ ALT: () => this.CONSUME(word) }))

  protected readonly returnValue: Rule<[], Statement> = this.decided('return', () => {
    const p = this.cursor
    const start = this.CONSUME(W.return).startOffset
    const value = this.chosen(!atEnd(p)) ? this.SUBRULE(this.tuple) : null
    // A name for the result, as scripts give it that were cut out of a query: nothing is called by it.
    if (p.isWord('as')) parseAlias(p)
    return { kind: 'return', value, span: p.span(start) }
  })

  protected readonly throwValue: Rule<[], Statement> = this.decided('throw', () => {
    const start = this.CONSUME(W.throw).startOffset
    return { kind: 'throw', value: this.SUBRULE(this.expression), span: this.cursor.span(start) }
  })

  protected readonly assertion: Rule<[], AssertStatement> = this.rule('assert', () => {
    const p = this.cursor
    const start = this.CONSUME(W.assert).startOffset
    const name = unquotedCase(p, start)
    const first = name ?? this.SUBRULE(this.expression)
    const condition = this.OPTION(() => {
      this.CONSUME(S[','])
      return this.SUBRULE2(this.expression)
    })
    return condition === undefined
      ? { kind: 'assert', subcase: null, condition: first, span: p.span(start) }
      : { kind: 'assert', subcase: first, condition, span: p.span(start) }
  })
}

const BEFORE_BLOCK = { ERR_MSG: "'{' before a block" }
const AFTER_BLOCK = { ERR_MSG: "'}' to end the block" }

/** Unquoted words or a number before a comma name the case that is asserted. */
function unquotedCase(p: Cursor, start: number): Expr | undefined {
  const here = p.at
  let words = ''
  while (!atEnd(p) && !p.is(',') && /^[\w.]+$/.test(p.peek().image)) words += (words === '' ? '' : ' ') + p.next().image
  if (words !== '' && p.is(',')) return { kind: 'literal', type: 'STRING', value: words, span: p.span(start) }
  p.at = here
  return undefined
}
