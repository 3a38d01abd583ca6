/**
 * Element-wise operations on scalars and typed vectors: routes by category of the operands (numbers, text, temporal, decimal, 128-bit) to
 * the files that know it. Other forms (matrix, tuple, table, ...) come here piece by piece through binary.ts.
 */
import { inputError, operatorError } from '../errors.ts'
import { type Operand, runArithmetic, runCompare, runExtreme, runLogic } from '../kernels/arithmetic.ts'
import type { NumericStorage } from '../kernels/codegen.ts'
import { Scalar } from '../values/scalar.ts'
import {
  categoryOf,
  isDecimal,
  isLiteral,
  isNumeric,
  isTemporal,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import {
  type FixedArray,
  FixedVector,
  newFixedArray,
  newVector,
  type StringVector,
  unsetFixedArray,
  type Vector,
} from '../values/vector.ts'
import { castScalar, castVector, scalarToVector } from './cast.ts'
import { decimalBinary } from './decimal.ts'
import { type BitOp, type ElementOp, isBitOp, isCompareOp, isLogicOp } from './names.ts'
import { promote } from './promotion.ts'
import { durationShift, temporalBinary } from './temporal.ts'
import { textBinary } from './text.ts'
import { wideBinary } from './wide.ts'

/** A scalar or a vector that is neither tuple nor array vector. */
export type Flat = Scalar | Vector

/** Length of the result: the vector's, or 1 for two scalars. Unequal lengths are an error. */
export function commonLength(a: Flat, b: Flat): number {
  if (a.kind === 'scalar') return b.kind === 'scalar' ? 1 : b.length
  if (b.kind === 'scalar' || a.length === b.length) return a.length
  throw operatorError('Incompatible vector size', { code: 'vectorSize', hint: operandsText(a, b) })
}

/** What stands on either side, for the hint of an error. */
export const operandsText = (a: Flat, b: Flat): string =>
  `on the left: ${operandText(a)}; on the right: ${operandText(b)}`

const operandText = (v: Flat): string =>
  v.kind === 'scalar' ? `one ${typeName(v.type)}` : `${v.length} elements of type ${typeName(v.type)}`

/** The operand as a typed array; a scalar becomes one element. */
export function operand(x: Flat): Operand {
  if (x.kind === 'scalar') {
    const data = newFixedArray(typeInfo(x.type).storage, 1)
    data[0] = x.value as never
    return { data, single: true }
  }
  return { data: (x as FixedVector).data, single: false }
}

/** Wraps output data in the form of the operands: a scalar if both are. */
export function wrap(type: TypeId, data: FixedArray, a: Flat, b: Flat, scale = 0): Flat {
  if (a.kind === 'scalar' && b.kind === 'scalar') return new Scalar(type, data[0], scale)
  return new FixedVector(type, data, data.length, scale)
}

/** All nulls of a type in the form of the operands. */
export function nullsLike(type: TypeId, a: Flat, b: Flat, scale = 0): Flat {
  if (a.kind === 'scalar' && b.kind === 'scalar') return Scalar.nullOf(type, scale)
  return newVector(type, commonLength(a, b), 'null', scale)
}

export const isNullScalar = (x: Flat): boolean => x.kind === 'scalar' && x.isNull()

/** Casts a flat value. */
export function castFlat(x: Flat, type: TypeId, scale?: number): Flat {
  return x.kind === 'scalar' ? castScalar(x, type, scale) : castVector(x, type, scale)
}

/** The element-wise operation on two flat values. */
export function flatBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  if (a.type === T.VOID || b.type === T.VOID) return voidBinary(op, a, b)
  if (isNumeric(a.type) && isNumeric(b.type)) return numericBinary(op, a, b)
  commonLength(a, b)
  if (isLiteral(a.type) || isLiteral(b.type)) return textBinary(op, a, b)
  if (a.type === T.DURATION || b.type === T.DURATION) return durationShift(op, a, b)
  if (isDecimal(a.type) || isDecimal(b.type)) return decimalBinary(op, a, b)
  if (isTemporal(a.type) || isTemporal(b.type)) return temporalBinary(op, a, b)
  if (categoryOf(a.type) === 'binary' && categoryOf(b.type) === 'binary') return wideBinary(op, a, b)
  // A number is a complex number without an imaginary part.
  if (a.type === T.COMPLEX && isNumeric(b.type)) return wideBinary(op, a, castFlat(b, T.COMPLEX))
  if (b.type === T.COMPLEX && isNumeric(a.type)) return wideBinary(op, castFlat(a, T.COMPLEX), b)
  throw unsupported(op, a.type, b.type)
}

export const unsupported = (op: string, a: TypeId, b: TypeId, hint?: string): Error =>
  operatorError(`The function ${op} does not support ${typeName(a)} and ${typeName(b)} data.`, {
    code: 'operandTypes',
    hint,
  })

/** The untyped null takes the other side's type. */
function voidBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  const other = a.type === T.VOID ? b : a
  if (other.type === T.VOID) {
    if (isCompareOp(op)) return Scalar.bool(op === 'eq' || op === 'le' || op === 'ge')
    return isLogicOp(op) ? Scalar.nullOf(T.BOOL) : Scalar.VOID
  }
  if (!isCompareOp(op)) {
    if (isTemporal(other.type)) return nullsLike(other.type, a, b)
    if (other.type === T.DURATION) return nullsLike(other.type, a, b)
  }
  const type = other.type === T.SYMBOL ? T.STRING : other.type
  const nothing = Scalar.nullOf(type, 'scale' in other ? other.scale : 0)
  return a.type === T.VOID ? flatBinary(op, nothing, b) : flatBinary(op, a, nothing)
}

/** Numbers with numbers. */
export function numericBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  const length = commonLength(a, b)
  if (isCompareOp(op)) return compareFixed(op, a, b, length)
  if (isLogicOp(op)) {
    const out = unsetFixedArray('i8', length) as Int8Array
    runLogic(op, operand(castFlat(a, T.BOOL)), operand(castFlat(b, T.BOOL)), out, length)
    return wrap(T.BOOL, out, a, b)
  }
  if (isBitOp(op)) return bitBinary(op, a, b, length)
  const type = op === 'ratio' || op === 'pow' ? T.DOUBLE : promote(a.type, b.type)
  if (isNullScalar(a) || isNullScalar(b)) {
    if (op !== 'max') return nullsLike(type, a, b)
    return isNullScalar(a) ? spread(castFlat(b, type), length, a) : spread(castFlat(a, type), length, b)
  }
  const out = unsetFixedArray(typeInfo(type).storage, length)
  if (op === 'max' || op === 'min') runExtreme(op, operand(castFlat(a, type)), operand(castFlat(b, type)), out, length)
  else runArithmetic(op, operand(a), operand(b), out, length)
  return wrap(type, out, a, b)
}

function spread(x: Flat, length: number, other: Flat): Flat {
  return x.kind === 'scalar' && other.kind !== 'scalar' ? scalarToVector(x, length) : x
}

/** Comparison of values that keep one typed-array slot each. */
export function compareFixed(op: ElementOp, a: Flat, b: Flat, length: number): Flat {
  const sa = typeInfo(a.type).storage as NumericStorage
  const sb = typeInfo(b.type).storage as NumericStorage
  let left = operand(a)
  let right = operand(b)
  // A 64-bit integer meets a smaller one as 64-bit; with a floating one both are doubles.
  if (sa !== sb && (sa === 'i64' || sb === 'i64') && sa[0] !== 'f' && sb[0] !== 'f') {
    if (sa === 'i64') right = operand(castFlat(b, T.LONG))
    else left = operand(castFlat(a, T.LONG))
  }
  const out = unsetFixedArray('i8', length) as Int8Array
  runCompare(op, left, right, out, length)
  return a.kind === 'scalar' && b.kind === 'scalar' ? Scalar.bool(out[0] === 1) : new FixedVector(T.BOOL, out)
}

function bitBinary(op: BitOp, a: Flat, b: Flat, length: number): Flat {
  for (const x of [a, b])
    if (typeInfo(x.type).category === 'floating') throw inputError(`The function ${op} accepts only integers.`)
  const shift = op === 'lshift' || op === 'rshift'
  const type = shift ? (a.type === T.BOOL ? T.INT : a.type) : promote(a.type, b.type)
  if (isNullScalar(a) || isNullScalar(b)) return nullsLike(type, a, b)
  const out = unsetFixedArray(typeInfo(type).storage, length)
  const right = shift && type !== T.LONG ? castFlat(b, T.INT) : b
  runArithmetic(op, operand(a), operand(right), out, length)
  return wrap(type, out, a, b)
}

/** Text of each element, for the operators on strings. */
export function toText(x: Flat): Scalar | StringVector {
  if (x.kind === 'scalar') return x.type === T.STRING ? x : castScalar(x, T.STRING)
  return castVector(x, T.STRING) as StringVector
}
