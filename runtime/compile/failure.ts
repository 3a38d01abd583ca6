/** Errors on their way out of compiled code: each function that they pass adds its position and its frame. */
import type { Span } from '../../lang/ast.ts'
import type { SourceText } from '../../lang/source.ts'
import { type ErrorPosition, HoldfastError, toHoldfastError } from '../errors.ts'
import { Pair, T, type Value } from '../values/index.ts'

/** What a piece of generated code knows about its origin. */
export interface CodeInfo {
  readonly source: SourceText
  readonly spans: readonly Span[]
  /** Set for functions; absent for statements of the top level and expressions of queries. */
  readonly functionName: string | undefined
  /** Statements of the top level. */
  readonly topLevel?: 'ofScript' | 'ofInnerScript'
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
  // Code that was built rather than written has no text to point into: whoever evaluates it says where.
  if (span === undefined || info.source.text === '') return error
  // Whoever looks at the text of what was just typed needs no line that repeats it.
  const isCaller =
    info.topLevel !== undefined &&
    (error.frames.length > 0 || fromInnerScript.has(error)) &&
    (info.source.name !== '' || info.topLevel === 'ofInnerScript')
  if (error.position === undefined) error.position = positionIn(info.source, span.start)
  if ((info.functionName !== undefined && error.frames.length < MAX_FRAMES) || isCaller)
    error.frames.push({
      name: info.functionName,
      statement: statementText(info.source, span),
      file: info.source.name || undefined,
      line: info.source.line(span.start),
    })
  return error
}

/** Errors that left a script which another script had run. */
const fromInnerScript = new WeakSet<HoldfastError>()

/** Notes that an error leaves a script and goes on in the one that ran it. */
export function leavesInnerScript(thrown: unknown): HoldfastError {
  const error = toHoldfastError(thrown)
  fromInnerScript.add(error)
  return error
}

/** A place in a script, as errors carry it. */
export function positionIn(source: SourceText, offset: number): ErrorPosition {
  const { line, column } = source.position(offset)
  return { file: source.name || undefined, line, column, text: source.lineText(line) }
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
