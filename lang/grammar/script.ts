// The grammar of scripts: statements, with the expressions in them.

import type { Block, MetacodeItem, Parameter, Statement } from '../ast.ts'
import { ParseError } from '../errors.ts'
import type { Cursor } from '../parser/cursor.ts'
import { parseAlias } from '../parser/sql-pieces.ts'
import type { GrammarOptions } from './base.ts'
import { StatementRules } from './statements.ts'

export class ScriptGrammar extends StatementRules {
  constructor(options: GrammarOptions = {}) {
    super(options)
    this.complete()
  }

  /**
   * Adds the statements up to `go` (true) or the end of the text. Throws the first error as a ParseError; the cursor then stands where it was noticed, and
   * `statementStart` tells which statement it spoils.
   */
  parseUnit(p: Cursor, statements: Statement[]): boolean {
    return this.#whole(p, () => this.unit(statements))
  }

  /** The whole text as one expression with free names. Throws a ParseError. */
  parseExpression(p: Cursor): MetacodeItem {
    return this.#whole(p, () =>
      p.within({ sql: true, ignoreNewlines: true }, () => {
        const expr = this.expression()
        const alias = p.isWord('as') ? parseAlias(p) : null
        if (p.peek() !== p.end) throw p.unexpected('the end of the expression')
        return { expr, alias }
      }),
    )
  }

  blockInside(p: Cursor): Block {
    return this.enter(p, () => this.block())
  }

  parameters(p: Cursor): Parameter[] {
    return this.enter(p, () => this.params())
  }

  #whole<Result>(p: Cursor, rule: () => Result): Result {
    p.beginStatement()
    try {
      return this.enter(p, rule)
    } catch (error) {
      throw parseErrorOf(p, error)
    }
  }
}

/** Errors of the script as they are; an exhausted stack is one, too. */
function parseErrorOf(p: Cursor, error: unknown): unknown {
  if (!(error instanceof RangeError)) return error
  p.names.reset()
  p.rules.reset()
  const token = p.tokenAt(Math.min(p.at, p.count - 1))!
  return new ParseError('This is nested too deeply for the stack of its thread.', {
    start: token.startOffset,
    end: token.startOffset + token.image.length,
  })
}
