/**
 * Where in a query an error arose. SQL code does not know the text that its statement stands in: it notes the span of the clause or expression at work
 * (`at`), and the statement turns the span into a line and a column on the way out (`placed`). The innermost span counts; an expression that was compiled
 * knows its position itself and keeps it.
 */
import type { Span } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { HoldfastError } from '../errors.ts'

const spans = new WeakMap<HoldfastError, Span>()

/** What `run` answers; an error without a place of its own belongs to this span. */
export function at<R>(span: Span, run: () => R): R {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.position === undefined && !spans.has(thrown)) spans.set(thrown, span)
    throw thrown
  }
}

/** The error with the span that it belongs to, if there is one. */
export function arisenAt(error: HoldfastError, span: Span | undefined): HoldfastError {
  if (span !== undefined && !spans.has(error)) spans.set(error, span)
  return error
}

/** Runs a statement; an error that noted a span leaves with its position in the script. */
export function placed<R>(scope: SqlScope, run: () => R): R {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.position === undefined) {
      const span = spans.get(thrown)
      if (span !== undefined) thrown.position = scope.positionOf(span)
    }
    throw thrown
  }
}
