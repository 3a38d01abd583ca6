/** The parser as the evaluator uses it: unit by unit, with parse errors as errors of the script. */
import type { MetacodeItem, Statement } from '../../lang/ast.ts'
import { ParseError, type ParserNames, parseExpression as parse, ScriptParser } from '../../lang/index.ts'
import type { SourceText } from '../../lang/source.ts'
import { HoldfastError } from '../errors.ts'
import { positionIn } from './failure.ts'

export type { ParserNames } from '../../lang/index.ts'

/** Statements of each unit (up to `go`), parsed when the one before has run. */
export function* parseUnits(source: SourceText, names: ParserNames): Iterable<readonly Statement[]> {
  try {
    const parser = new ScriptParser(source, names)
    for (let unit = parser.nextUnit(); unit !== undefined; unit = parser.nextUnit()) yield unit
  } catch (error) {
    throw error instanceof ParseError ? syntaxError(error, source) : error
  }
}

/** `Syntax Error: [line #N] ...`, with its place. */
export function syntaxError(error: ParseError, source: SourceText): HoldfastError {
  const wrapped = new HoldfastError(
    'input',
    `Syntax Error: [line #${source.line(error.span.start)}] ${error.message}`,
    {
      code: 'syntax',
      cause: error,
    },
  )
  wrapped.position = positionIn(source, error.span.start)
  return wrapped
}

/**
 * One expression from text, names left free as in metacode. `captured` are names that stand for given values; they hide functions.
 */
export function parseExpression(
  source: SourceText,
  host: { lookupFunction(name: string, module: string): unknown },
  captured: ReadonlyMap<string, unknown>,
): MetacodeItem {
  try {
    return parse(source, {
      isFunction: (name) => host.lookupFunction(name, '') !== undefined,
      isVariable: (name) => captured.has(name),
    })
  } catch (error) {
    throw error instanceof ParseError ? syntaxError(error, source) : error
  }
}
