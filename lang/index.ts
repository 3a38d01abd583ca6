// The entrance of lang: text in, syntax trees and errors out.

import type { MetacodeItem, Statement } from './ast.ts'
import { ParseError } from './errors.ts'
import { openText, script } from './grammar/grammars.ts'
import { skipSeparators } from './grammar/separators.ts'
import type { Cursor } from './parser/cursor.ts'
import type { ParserNames } from './parser/names.ts'
import { SourceText } from './source.ts'
import { Newline } from './vocabulary.ts'

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
    this.#cursor = openText(source, names)
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
    for (;;) {
      try {
        const goesOn = script().parseUnit(p, statements)
        if (!goesOn) errors.push(...undefinedFunctions(p))
        return { statements, errors }
      } catch (error) {
        if (!(error instanceof ParseError)) throw error
        errors.push(error)
        if (!goOn) return { statements: [], errors }
        recover(p)
        skipSeparators(p)
      }
    }
  }
}

/** Declarations that the text never defines. At the prompt the body of the last may be still to come. */
function undefinedFunctions(p: Cursor): ParseError[] {
  let k = p.count - 1
  while (p.tokenAt(k)?.tokenType === Newline) k--
  const last = p.tokenAt(k)
  const errors = [...p.names.declared].map(([name, { span }]) => {
    const incomplete = last !== undefined && p.source.text.slice(span.end, last.startOffset + 1).indexOf('\n') < 0
    return new ParseError(`Function <${name}> is declared but not defined yet.`, span, incomplete, 'S06007')
  })
  p.names.declared.clear()
  return errors
}

/** After an error: on to the line after the place where it was noticed, outside of any braces that the statement opened. */
function recover(p: Cursor): void {
  let depth = 0
  const noticed = p.at
  for (p.at = p.statementStart; p.at < p.count; p.at++) {
    const token = p.tokenAt(p.at)!
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

/** One expression, perhaps with an alias, for `parseExpr` and metacode from text: names are free, as in metacode. Throws a ParseError. */
export function parseExpression(source: SourceText, names: ParserNames): MetacodeItem {
  return script().parseExpression(openText(source, names))
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
