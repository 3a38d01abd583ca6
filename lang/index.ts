// The entrance of lang: text in, syntax trees and errors out.

import type { Expr, Statement } from './ast.ts'
import { ParseError } from './errors.ts'
import { Newline } from './lexer.ts'
import { Cursor } from './parser/cursor.ts'
import { parseExpr } from './parser/expressions.ts'
import type { ParserNames } from './parser/names.ts'
import { parseStatement, requireEnd, skipSeparators } from './parser/statements.ts'
import { SourceText } from './source.ts'

export type * from './ast.ts'
export { excerpt, formatError, ParseError } from './errors.ts'
export type { ParserNames } from './parser/names.ts'
export { OPERATOR_LEVELS } from './parser/words.ts'
export { SourceText } from './source.ts'

/**
 * Parses a script unit by unit: a unit ends at `go` or at the end of the text, and must be executed before the next is parsed, because it may
 * define names that decide how the next one reads.
 */
export class ScriptParser {
  readonly #cursor: Cursor

  /** Throws a ParseError for text that is no sequence of tokens. */
  constructor(source: SourceText, names: ParserNames) {
    this.#cursor = new Cursor(source, names)
  }

  /** The statements of the next unit, undefined at the end. Throws the first error. */
  nextUnit(): readonly Statement[] | undefined {
    const { statements, errors } = this.#unit(false)
    if (errors.length > 0) throw errors[0]
    return statements
  }

  /** All errors of the text, going on at the next line after each. */
  allErrors(): readonly ParseError[] {
    return this.allUnits().errors
  }

  /** The statements of all units that parse, and the errors of the others. */
  allUnits(): ParseResult {
    const statements: Statement[] = []
    const errors: ParseError[] = []
    for (;;) {
      const unit = this.#unit(true)
      for (const error of unit.errors) errors.push(error)
      if (unit.statements === undefined) return { statements, errors }
      for (const statement of unit.statements) statements.push(statement)
    }
  }

  #unit(goOn: boolean): { statements: readonly Statement[] | undefined; errors: ParseError[] } {
    const p = this.#cursor
    const statements: Statement[] = []
    const errors: ParseError[] = []
    skipSeparators(p)
    if (p.peek() === p.end) return { statements: undefined, errors: undefinedFunctions(p) }
    p.names.reset()
    while (p.peek() !== p.end) {
      const start = p.at
      p.depth = 0
      try {
        const statement = parseStatement(p)
        requireEnd(p)
        if (statement.kind === 'go') return { statements, errors }
        statements.push(statement)
      } catch (error) {
        errors.push(parseErrorOf(p, error))
        if (!goOn) return { statements: [], errors }
        recover(p, start)
      }
      skipSeparators(p)
    }
    errors.push(...undefinedFunctions(p))
    return { statements, errors }
  }
}

/** Declarations that the text never defines. At the prompt the body of the last may be still to come. */
function undefinedFunctions(p: Cursor): ParseError[] {
  const last = p.tokens.findLast((token) => token.tokenType !== Newline)
  const errors = [...p.names.declared].map(([name, { span }]) => {
    const incomplete = last !== undefined && p.source.text.slice(span.end, last.startOffset + 1).indexOf('\n') < 0
    return new ParseError(`Function <${name}> is declared but not defined yet.`, span, incomplete, 'S06007')
  })
  p.names.declared.clear()
  return errors
}

/** Errors of the script as they are; an exhausted stack is one, too. */
function parseErrorOf(p: Cursor, error: unknown): ParseError {
  if (error instanceof ParseError) return error
  if (!(error instanceof RangeError)) throw error
  p.names.reset()
  const token = p.tokens[Math.min(p.at, p.tokens.length - 1)]
  return new ParseError('This is nested too deeply for the stack of its thread.', {
    start: token.startOffset,
    end: token.startOffset + token.image.length,
  })
}

/** After an error: on to the line after the place where it was noticed, outside of any braces that the statement opened. */
function recover(p: Cursor, start: number): void {
  let depth = 0
  const noticed = p.at
  for (p.at = start; p.at < p.tokens.length; p.at++) {
    const token = p.tokens[p.at]
    if (token.image === '{' || token.image === '(' || token.image === '[') depth++
    else if (token.image === '}' || token.image === ')' || token.image === ']') depth--
    else if (p.at >= noticed && depth <= 0 && (token.tokenType === Newline || token.image === ';')) return
  }
}

export interface ParseResult {
  readonly statements: readonly Statement[]
  readonly errors: readonly ParseError[]
}

/** A whole script at once, for checking and for tools: `go` only separates. */
export function parseScript(source: SourceText, names: ParserNames): ParseResult {
  try {
    const { statements, errors } = new ScriptParser(source, names).allUnits()
    return errors.length > 0 ? { statements: [], errors } : { statements, errors }
  } catch (error) {
    if (error instanceof ParseError) return { statements: [], errors: [error] }
    throw error
  }
}

/** One expression, for `parseExpr` and metacode from text: names are free, as in metacode. Throws a ParseError. */
export function parseExpression(source: SourceText, names: ParserNames): Expr {
  const p = new Cursor(source, names)
  try {
    return p.within({ sql: true, ignoreNewlines: true }, () => {
      const expr = parseExpr(p)
      if (p.peek() !== p.end) throw p.unexpected('the end of the expression')
      return expr
    })
  } catch (error) {
    throw parseErrorOf(p, error)
  }
}

/** Whether the prompt may run the text, or should read more lines first. A text with an error is complete: running it shows the error. */
export function isComplete(text: string, names: ParserNames): boolean {
  try {
    const errors = new ScriptParser(new SourceText(text), names).allErrors()
    return !errors.some((e) => e.incomplete)
  } catch (error) {
    if (error instanceof ParseError) return !error.incomplete
    throw error
  }
}
