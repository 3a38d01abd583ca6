/**
 * The fast paths of compiled code: arithmetic and comparison of INT, LONG and DOUBLE scalars, conditions on scalars. Everything else goes to
 * the operators of runtime/ops. Each function is small so that V8 inlines it into the generated code, where the type tests are shared.
 */
import { inputError } from '../errors.ts'
import { binaryOp } from '../ops/binary.ts'
import { toBool } from '../ops/truth.ts'
import { NULL_F64, NULL_I32, NULL_I64, Scalar, T, type Value } from '../values/index.ts'

const DOUBLE_NULL = new Scalar(T.DOUBLE, NULL_F64)

const bothInt = (a: Scalar, b: Scalar): boolean =>
  a.type === T.INT && b.type === T.INT && a.value !== NULL_I32 && b.value !== NULL_I32

/** The scalar as a double if it is a DOUBLE, an INT or a LONG, not null; NaN otherwise. */
function plainNumber(a: Scalar): number {
  if (a.type === T.DOUBLE) return a.value === NULL_F64 ? Number.NaN : (a.value as number)
  if (a.type === T.INT) return a.value === NULL_I32 ? Number.NaN : (a.value as number)
  if (a.type === T.LONG) return a.value === NULL_I64 ? Number.NaN : Number(a.value)
  return Number.NaN
}

/** A LONG and a LONG or an INT, not null: they meet as 64-bit integers. */
const bothLong = (a: Scalar, b: Scalar): boolean =>
  ((a.type === T.LONG && (b.type === T.LONG || b.type === T.INT)) || (a.type === T.INT && b.type === T.LONG)) &&
  !a.isNull() &&
  !b.isNull()

const big = (a: Scalar): bigint => (a.type === T.LONG ? (a.value as bigint) : BigInt(a.value as number))

const long = (n: bigint): Scalar => new Scalar(T.LONG, BigInt.asIntN(64, n))

/** Floor division and modulo of 64-bit integers; null on division by zero. */
export function divLong(x: bigint, y: bigint): bigint {
  if (y === 0n) return NULL_I64
  const q = x / y
  return x % y !== 0n && x < 0n !== y < 0n ? q - 1n : q
}

export function modLong(x: bigint, y: bigint): bigint {
  if (y === 0n) return NULL_I64
  const r = x % y
  return r !== 0n && r < 0n !== y < 0n ? r + y : r
}

function doubleResult(n: number): Scalar {
  // Overflow to infinity is null, as in the kernels.
  return Number.isFinite(n) ? new Scalar(T.DOUBLE, n) : DOUBLE_NULL
}

export function add(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (bothInt(a, b)) return Scalar.int(((a.value as number) + (b.value as number)) | 0)
    if (a.type === T.DOUBLE || b.type === T.DOUBLE) {
      const n = plainNumber(a) + plainNumber(b)
      if (n - n === 0) return new Scalar(T.DOUBLE, n)
    } else if (bothLong(a, b)) {
      return long(big(a) + big(b))
    } else if (a.type === T.STRING && b.type === T.STRING) {
      return new Scalar(T.STRING, (a.value as string) + (b.value as string))
    }
  }
  return binaryOp('add', a, b)
}

export function sub(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (bothInt(a, b)) return Scalar.int(((a.value as number) - (b.value as number)) | 0)
    if (a.type === T.DOUBLE || b.type === T.DOUBLE) {
      const n = plainNumber(a) - plainNumber(b)
      if (n - n === 0) return new Scalar(T.DOUBLE, n)
    } else if (bothLong(a, b)) {
      return long(big(a) - big(b))
    }
  }
  return binaryOp('sub', a, b)
}

export function mul(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (bothInt(a, b)) return Scalar.int(Math.imul(a.value as number, b.value as number))
    if (a.type === T.DOUBLE || b.type === T.DOUBLE) {
      const n = plainNumber(a) * plainNumber(b)
      if (n - n === 0) return new Scalar(T.DOUBLE, n)
    } else if (bothLong(a, b)) {
      return long(big(a) * big(b))
    }
  }
  return binaryOp('mul', a, b)
}

/** Floor division of INTs; null on division by zero. */
export const divInt = (x: number, y: number): number => (y === 0 ? NULL_I32 : Math.floor(x / y) | 0)

/** Floored modulo of INTs: the sign follows the divisor; null on division by zero. */
export function modInt(x: number, y: number): number {
  if (y === 0) return NULL_I32
  const r = (x % y) | 0
  return r !== 0 && r < 0 !== y < 0 ? r + y : r
}

/** `/`: floors on integers, null on division by zero. */
export function div(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (bothInt(a, b)) return Scalar.int(divInt(a.value as number, b.value as number))
    if (bothLong(a, b)) return long(divLong(big(a), big(b)))
    if (a.type === T.DOUBLE && b.type === T.DOUBLE) {
      const n = plainNumber(a) / plainNumber(b)
      if (n - n === 0) return new Scalar(T.DOUBLE, n)
    }
  }
  return binaryOp('div', a, b)
}

/** `\`: always real. */
export function ratio(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    const n = plainNumber(a) / plainNumber(b)
    if (n - n === 0) return doubleResult(n)
  }
  return binaryOp('ratio', a, b)
}

/** `%`: the sign follows the divisor. */
export function mod(a: Value, b: Value): Value {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (bothInt(a, b)) return Scalar.int(modInt(a.value as number, b.value as number))
    if (bothLong(a, b)) return long(modLong(big(a), big(b)))
  }
  return binaryOp('mod', a, b)
}

// Comparisons. The null of INT and of DOUBLE is the smallest value of its type, so `<` needs no test for it within one type; across types
// `plainNumber` is NaN for a null and the slow path decides.

export function ltTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === T.INT && b.type === T.INT) return (a.value as number) < (b.value as number)
    if (bothLong(a, b)) return big(a) < big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x < y
  }
  return toBool(binaryOp('lt', a, b))
}

export function leTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === T.INT && b.type === T.INT) return (a.value as number) <= (b.value as number)
    if (bothLong(a, b)) return big(a) <= big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x <= y
  }
  return toBool(binaryOp('le', a, b))
}

export function gtTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === T.INT && b.type === T.INT) return (a.value as number) > (b.value as number)
    if (bothLong(a, b)) return big(a) > big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x > y
  }
  return toBool(binaryOp('gt', a, b))
}

export function geTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === T.INT && b.type === T.INT) return (a.value as number) >= (b.value as number)
    if (bothLong(a, b)) return big(a) >= big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x >= y
  }
  return toBool(binaryOp('ge', a, b))
}

export function eqTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === b.type && (a.type === T.INT || a.type === T.STRING)) return a.value === b.value
    if (bothLong(a, b)) return big(a) === big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x === y
  }
  return toBool(binaryOp('eq', a, b))
}

export function neTest(a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) {
    if (a.type === b.type && (a.type === T.INT || a.type === T.STRING)) return a.value !== b.value
    if (bothLong(a, b)) return big(a) !== big(b)
    const x = plainNumber(a)
    const y = plainNumber(b)
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x !== y
  }
  return toBool(binaryOp('ne', a, b))
}

const isPlain = (a: Value): boolean =>
  a instanceof Scalar && (a.type === T.INT || a.type === T.DOUBLE || a.type === T.LONG)
const plainPair = (a: Value, b: Value): boolean => isPlain(a) && isPlain(b)

export const lt = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(ltTest(a, b)) : binaryOp('lt', a, b))
export const le = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(leTest(a, b)) : binaryOp('le', a, b))
export const gt = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(gtTest(a, b)) : binaryOp('gt', a, b))
export const ge = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(geTest(a, b)) : binaryOp('ge', a, b))
export const eq = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(eqTest(a, b)) : binaryOp('eq', a, b))
export const ne = (a: Value, b: Value): Value => (plainPair(a, b) ? Scalar.bool(neTest(a, b)) : binaryOp('ne', a, b))

/** A condition: null is false, a vector is an error. */
export function test(v: Value): boolean {
  if (v instanceof Scalar && v.type === T.BOOL) return v.value === 1
  return toBool(v)
}

/** `!v` as a condition: the negation of null is null, hence false. */
export function notTest(v: Value): boolean {
  if (v instanceof Scalar) return !v.isNull() && !toBool(v)
  return !toBool(v)
}

/** Whether the left side of `&&` decides alone. */
export const isFalse = (v: Value): boolean => v instanceof Scalar && !v.isNull() && v.type === T.BOOL && v.value === 0
/** Whether the left side of `||` decides alone. */
export const isTrue = (v: Value): boolean => v instanceof Scalar && v.type === T.BOOL && v.value === 1

/** Number of repetitions, a bound of a loop: a non-null integral scalar. */
export function wholeNumber(v: Value, what: string): number {
  if (v instanceof Scalar && !v.isNull() && (typeof v.value === 'number' || typeof v.value === 'bigint')) {
    const n = Number(v.value)
    if (Number.isInteger(n)) return n
  }
  throw inputError(`${what} must be an integer.`)
}
