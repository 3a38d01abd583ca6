/**
 * One error class for the whole product. `kind` says who must act: the writer of the script (input), whoever holds the lock
 * (conflict), whoever owns the data set (data), the operator of the machine (io), nobody (cancelled), us (bug).
 * Code branches on `kind` and `code`, never on text.
 */
export type ErrorKind = 'input' | 'conflict' | 'data' | 'io' | 'cancelled' | 'bug'

export interface ErrorDetail {
  /** Stable short name for programs: `chunkChecksum`, `tableMissing`, `arity`. */
  readonly code?: string
  /** Documented id, printed as ` RefId: S01001` at the end of the message. */
  readonly refId?: string
  /** What the failure is about: db, table, partition, file, offset, ... */
  readonly where?: Readonly<Record<string, string | number | bigint | undefined>>
  /** What the reader can do now. */
  readonly hint?: string
  readonly cause?: unknown
}

export interface ErrorPosition {
  readonly file?: string
  readonly line: number
  readonly column: number
  /** The whole line, to be shown with a caret: the script that it stands in may be gone when the error is shown. */
  readonly text?: string
}

export interface ErrorFrame {
  /** Of the function; undefined for the top level of a script. */
  readonly name: string | undefined
  readonly statement: string
  readonly file?: string
  readonly line: number
}

export class HoldfastError extends Error {
  readonly kind: ErrorKind
  readonly code: string
  readonly refId: string | undefined
  readonly where: ErrorDetail['where']
  readonly hint: string | undefined
  /** First element of the pair that `catch(ex)` sees: USER, SYSTEM_Operator, SYSTEM_Runtime. */
  category = 'SYSTEM_Runtime'
  /** Position in the script, filled in by the evaluator as the error passes a statement. */
  position: ErrorPosition | undefined
  /** Script functions that were running, innermost first, and the scripts around them, filled in by the evaluator. */
  readonly frames: ErrorFrame[] = []

  constructor(kind: ErrorKind, message: string, detail: ErrorDetail = {}) {
    super(detail.refId === undefined ? message : `${message} RefId: ${detail.refId}`, { cause: detail.cause })
    this.name = 'HoldfastError'
    this.kind = kind
    this.code = detail.code ?? kind
    this.refId = detail.refId
    this.where = detail.where
    this.hint = detail.hint
  }
}

/** A fault of the script or its data. */
export function inputError(message: string, detail: ErrorDetail = {}): HoldfastError {
  return new HoldfastError('input', message, detail)
}

/** `inputError` in the category that operator failures carry in `catch(ex)`. */
export function operatorError(message: string, detail: ErrorDetail = {}): HoldfastError {
  const error = new HoldfastError('input', message, detail)
  error.category = 'SYSTEM_Operator'
  return error
}

/** `Usage: move(X, steps). X must be a vector or a matrix.` */
export function usageError(signature: string, requirement: string): HoldfastError {
  return inputError(`Usage: ${signature}. ${requirement}`, { code: 'usage' })
}

/** For switch statements over closed unions: fails to compile when a variant is forgotten. */
export function unreachable(x: never): never {
  throw new HoldfastError('bug', `unexpected variant ${JSON.stringify(x)}`)
}

/** What the engine allows. */
const TEXT_LENGTH_MAX = 0x1fffffe8

/** Any thrown thing as a HoldfastError: errors of libraries and of the runtime's own code are `bug` unless they carry an errno. */
export function toHoldfastError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message))
    return new HoldfastError('input', 'The function calls are nested too deeply (stack overflow).', { cause: thrown })
  if (thrown instanceof RangeError && /^(Map|Set) maximum size/.test(thrown.message))
    return new HoldfastError('input', `Out of memory: a dictionary or set has at most ${2 ** 24} keys.`, {
      code: 'memory',
      cause: thrown,
    })
  if (thrown instanceof RangeError && thrown.message === 'Invalid string length')
    return new HoldfastError('input', `Out of memory: a text has at most ${TEXT_LENGTH_MAX} characters.`, {
      code: 'memory',
      cause: thrown,
    })
  if (
    thrown instanceof RangeError &&
    /array (buffer )?(length|allocation)|Invalid (typed )?array/i.test(thrown.message)
  )
    return new HoldfastError('input', `Out of memory: ${thrown.message}.`, { code: 'memory', cause: thrown })
  if (thrown instanceof Error && typeof (thrown as NodeJS.ErrnoException).code === 'string') {
    const { code, path, syscall } = thrown as NodeJS.ErrnoException
    return new HoldfastError('io', thrown.message, { code, where: { file: path, call: syscall }, cause: thrown })
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new HoldfastError('bug', `Internal error: ${message}`, { cause: thrown })
}
