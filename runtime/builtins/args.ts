/**
 * Reading the arguments of builtins: each function turns a value into plain JavaScript or raises the documented usage error.
 * An argument that was not given is undefined or the NOTHING scalar; both count as absent.
 */
import { inputError, usageError } from '../errors.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isIntegral, isLiteral, isNumeric, T } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'

export type Arg = Value | undefined

/** Whether the caller passed the argument. */
export function isGiven(v: Arg): v is Value {
  return v !== undefined && v !== Scalar.NOTHING
}

/** The argument itself; a missing one is a usage error. */
export function required(v: Arg, signature: string, name: string): Value {
  if (!isGiven(v)) throw usageError(signature, `${name} is required.`)
  return v
}

/** A whole number from an integral (or BOOL) scalar. */
export function intArg(v: Arg, signature: string, name: string, fallback?: number): number {
  if (!isGiven(v) && fallback !== undefined) return fallback
  if (v?.kind === 'scalar' && (isIntegral(v.type) || v.type === T.BOOL) && !v.isNull()) return Number(v.value)
  throw usageError(signature, `${name} must be an integer.`)
}

/** A number from a numeric scalar. */
export function numberArg(v: Arg, signature: string, name: string, fallback?: number): number {
  if (!isGiven(v) && fallback !== undefined) return fallback
  if (v?.kind === 'scalar' && isNumeric(v.type) && !v.isNull()) return Number(v.value)
  throw usageError(signature, `${name} must be a number.`)
}

/** True or false from a BOOL or numeric scalar; null reads as false. */
export function boolArg(v: Arg, signature: string, name: string, fallback: boolean): boolean {
  if (!isGiven(v)) return fallback
  if (v.kind === 'scalar' && v.isNull()) return false
  if (v.kind === 'scalar' && isNumeric(v.type)) return Number(v.value) !== 0
  throw usageError(signature, `${name} must be a boolean.`)
}

/** Text from a STRING, SYMBOL or CHAR scalar. */
export function textArg(v: Arg, signature: string, name: string, fallback?: string): string {
  if (!isGiven(v) && fallback !== undefined) return fallback
  if (v?.kind === 'scalar') {
    if (isLiteral(v.type)) return v.value as string
    if (v.type === T.CHAR) return v.isNull() ? '' : String.fromCharCode((v.value as number) & 255)
  }
  throw usageError(signature, `${name} must be a string.`)
}

/** Texts from a literal scalar or vector. */
export function textListArg(v: Arg, signature: string, name: string): string[] {
  if (v?.kind === 'scalar' && isLiteral(v.type)) return [v.value as string]
  if (v?.kind === 'vector') {
    if (v.storage === 'string') return v.strings.slice(0, v.length)
    if (v.storage === 'symbol') return Array.from({ length: v.length }, (_, k) => v.raw(k))
    if (v.storage === 'any') return v.values.map((e) => textArg(e, signature, name))
  }
  throw usageError(signature, `${name} must be a string or a string vector.`)
}

/** Whole numbers from an integral scalar or vector. */
export function intListArg(v: Arg, signature: string, name: string): number[] {
  if (v?.kind === 'scalar') return [intArg(v, signature, name)]
  if (v?.kind === 'vector' && (isIntegral(v.type) || v.length === 0))
    return Array.from({ length: v.length }, (_, k) => Number(v.raw(k)))
  throw usageError(signature, `${name} must be an integer or an integer vector.`)
}

export function vectorArg(v: Arg, signature: string, name: string): Vector {
  if (v?.kind === 'vector') return v
  throw usageError(signature, `${name} must be a vector.`)
}

/** The error for operands of different length. */
export const sizeError = (): Error => inputError('Incompatible vector size', { code: 'vectorSize' })
