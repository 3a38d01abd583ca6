/** Errors on their way out of compiled code: each function that they pass adds its position and its frame. */
import type { Span } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { HoldfastError, toHoldfastError } from '../errors.ts'
import { Pair, T, type Value } from '../values/index.ts'

/** What a piece of generated code knows about its origin. */
export interface CodeInfo {
  readonly source: SourceText
  readonly spans: readonly Span[]
  /** Set for functions; absent for statements of the top level and expressions of queries. */
  readonly functionName: string | undefined
}

/** Frames kept of an endless recursion. */
const MAX_FRAMES = 50
const STATEMENT_TEXT_LIMIT = 200

/** Called by generated code with the number of the statement that was running. */
export function failed(thrown: unknown, info: CodeInfo, statement: number): unknown {
  try {
    return placed(toHoldfastError(thrown), info, statement)
  } catch {
    // The stack is exhausted, so that even this fails: a caller with more room will do it.
    return thrown
  }
}

function placed(error: HoldfastError, info: CodeInfo, statement: number): HoldfastError {
  const span = info.spans[statement]
  if (span === undefined) return error
  const { line, column } = info.source.position(span.start)
  if (error.position === undefined) error.position = { file: info.source.name || undefined, line, column }
  if (info.functionName !== undefined && error.frames.length < MAX_FRAMES)
    error.frames.push({ name: info.functionName, statement: statementText(info.source, span), line })
  return error
}

function statementText(source: SourceText, span: Span): string {
  const text = source.slice(span).replace(/\s+/g, ' ').trim()
  return text.length > STATEMENT_TEXT_LIMIT ? `${text.slice(0, STATEMENT_TEXT_LIMIT)}...` : text
}

/** What `catch(ex)` binds: category and message. Cancelling cannot be caught. */
export function caught(thrown: unknown): Value {
  const error = toHoldfastError(thrown)
  if (error.kind === 'cancelled') throw error
  const pair = new Pair(T.STRING, error.category, error.message)
  pair.frozen = true
  return pair
}

/** `throw value`. */
export function thrownByScript(text: string): HoldfastError {
  const error = new HoldfastError('input', text, { code: 'thrown' })
  error.category = 'USER'
  return error
}
