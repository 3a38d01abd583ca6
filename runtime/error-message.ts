/** Errors as plain data, so that they can cross a thread. */
import { type ErrorKind, HoldfastError } from './errors.ts'

export interface ErrorMessage {
  readonly kind: ErrorKind
  readonly code: string
  readonly message: string
  readonly refId: string | undefined
  readonly where: HoldfastError['where']
  readonly hint: string | undefined
  readonly category: string
  readonly position: HoldfastError['position']
  readonly frames: HoldfastError['frames']
  readonly stack: string | undefined
}

export function encodeError(error: HoldfastError): ErrorMessage {
  const { kind, code, message, refId, where, hint, category, position, frames } = error
  // The stack tells nothing about a fault of the script; for a bug it is all there is.
  const stack = kind === 'bug' ? (error.cause instanceof Error ? error.cause.stack : error.stack) : undefined
  return { kind, code, message, refId, where, hint, category, position, frames: [...frames], stack }
}

export function decodeError(m: ErrorMessage): HoldfastError {
  const suffix = m.refId === undefined ? '' : ` RefId: ${m.refId}`
  const text = suffix !== '' && m.message.endsWith(suffix) ? m.message.slice(0, -suffix.length) : m.message
  const error = new HoldfastError(m.kind, text, { code: m.code, refId: m.refId, where: m.where, hint: m.hint })
  error.category = m.category
  error.position = m.position
  error.frames.push(...m.frames)
  if (m.stack !== undefined) error.stack = m.stack
  return error
}
