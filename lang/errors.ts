// Errors of the parse phase, and how they are shown.

import type { SourceText, Span } from './source.ts'

export class ParseError extends Error {
  readonly span: Span
  /** The text ended before the statement did: more lines may complete it. */
  readonly incomplete: boolean
  readonly refId: string | undefined

  constructor(message: string, span: Span, incomplete = false, refId?: string) {
    super(refId === undefined ? message : `${message} RefId: ${refId}`)
    this.name = 'ParseError'
    this.span = span
    this.incomplete = incomplete
    this.refId = refId
  }
}

/** `Syntax Error: [line #2] message`, file and column, the line, and a caret under the place. */
export function formatError(error: ParseError, source: SourceText): string {
  const { line, column } = source.position(error.span.start)
  const text = source.lineText(line)
  const caret = `${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`
  const place = source.name === '' ? `column ${column}` : `${source.name}:${line}:${column}`
  return `Syntax Error: [line #${line}] ${error.message}\n  at ${place}\n  ${text}\n  ${caret}`
}
