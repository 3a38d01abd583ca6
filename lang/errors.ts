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

/** Characters of a long line that are shown around the place of an error. */
const EXCERPT_WIDTH = 160

/** A line and the line with the caret below it; of a long line the part around the column, with dots where it was cut. */
export function excerpt(text: string, column: number): readonly [string, string] {
  let from = 0
  let shown = text
  if (text.length > EXCERPT_WIDTH) {
    from = Math.max(0, Math.min(column - 1 - EXCERPT_WIDTH / 2, text.length - EXCERPT_WIDTH))
    const to = from + EXCERPT_WIDTH
    shown = `${from > 0 ? '...' : ''}${text.slice(from, to)}${to < text.length ? '...' : ''}`
    if (from > 0) from -= 3
  }
  return [shown, `${shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ')}^`]
}

/** `Syntax Error: [line #2] message`, file and column, the line, and a caret under the place. */
export function formatError(error: ParseError, source: SourceText): string {
  const { line, column } = source.position(error.span.start)
  const [text, caret] = excerpt(source.lineText(line), column)
  const place = source.name === '' ? `column ${column}` : `${source.name}:${line}:${column}`
  return `Syntax Error: [line #${line}] ${error.message}\n  at ${place}\n  ${text}\n  ${caret}`
}
