/**
 * How compiled code holds scalars: as plain JavaScript values where a type has one of its own. No object is made for what a loop computes.
 *
 *   number    INT        boolean   BOOL        DOUBLE    null, and the number in a second variable of the code, its slot
 *   bigint    LONG       string    STRING      anything else, and every null but that of STRING: the Value
 *
 * A Value that could be plain is as right as the plain value, only slower; so whoever has a Value may store it without looking. What leaves
 * compiled code (arguments of builtins, elements, captured values) is boxed on its way.
 */
import { binaryOp } from '../ops/binary.ts'
import { unaryOp } from '../ops/unary.ts'
import type { Builtin } from '../registry.ts'
import type { Session } from '../session.ts'
import {
  FixedVector,
  NULL_F64,
  NULL_I32,
  NULL_I64,
  newFixedArray,
  Scalar,
  T,
  typeInfo,
  type Value,
} from '../values/index.ts'
import { disown, freeze } from './ownership.ts'
import * as scalars from './scalars.ts'

export type Plain = Value | number | bigint | boolean | string

/** Stands in a variable whose number is in its slot. It never leaves the function. Generated code says `null`. */
export const IN_SLOT = null

function boxed(p: Plain): Value {
  switch (typeof p) {
    case 'number':
      return Scalar.int(p)
    case 'boolean':
      return Scalar.bool(p)
    case 'string':
      return new Scalar(T.STRING, p)
    case 'bigint':
      return new Scalar(T.LONG, p)
    default:
      return p
  }
}

/** The Value; undefined stays undefined. */
export const box = (p: Plain): Value => (typeof p === 'object' ? p : boxed(p))

/** The Value of a variable with a slot. */
export const boxSlot = (p: Plain | typeof IN_SLOT, slot: number): Value =>
  p === IN_SLOT ? new Scalar(T.DOUBLE, slot) : box(p as Plain)

function plainOf(v: Scalar): Plain {
  switch (v.type) {
    case T.INT:
      return v.value === NULL_I32 ? v : (v.value as number)
    case T.STRING:
      return v.value as string
    case T.BOOL:
      return v.value === 1 ? true : v.value === 0 ? false : v
    case T.LONG:
      return isWhole(v.value as bigint) ? (v.value as bigint) : v
    default:
      return v
  }
}

/** The plain form, if there is one. */
export const plain = (v: Plain): Plain => (v instanceof Scalar ? plainOf(v) : v)

/** A DOUBLE that is not null, and no NaN. */
export const isDouble = (v: Plain): boolean =>
  v instanceof Scalar && v.type === T.DOUBLE && (v.value as number) > NULL_F64

/** A local that is returned: the frame that owned it is gone. */
export const disownP = (v: Plain): Plain => (typeof v === 'object' ? disown(v) : v)

const words = new Int32Array(2)
const word64 = new BigInt64Array(words.buffer)

/** Whether a 64-bit number is not the null. Through its halves: comparing with a constant costs twice the time. */
export function isWhole(n: bigint): boolean {
  word64[0] = n
  return words[1] !== NULL_I32 || words[0] !== 0
}

// ---------------------------------------------------------------------------------------------------------------------
// Operators on whatever there is: the general way out of written-out arithmetic

export const addP = (a: Plain, b: Plain): Plain => plain(scalars.add(box(a), box(b)))
export const subP = (a: Plain, b: Plain): Plain => plain(scalars.sub(box(a), box(b)))
export const mulP = (a: Plain, b: Plain): Plain => plain(scalars.mul(box(a), box(b)))
export const divP = (a: Plain, b: Plain): Plain => plain(scalars.div(box(a), box(b)))
export const modP = (a: Plain, b: Plain): Plain => plain(scalars.mod(box(a), box(b)))
export const ratioP = (a: Plain, b: Plain): Plain => plain(scalars.ratio(box(a), box(b)))
export const ltP = (a: Plain, b: Plain): Plain => plain(scalars.lt(box(a), box(b)))
export const leP = (a: Plain, b: Plain): Plain => plain(scalars.le(box(a), box(b)))
export const gtP = (a: Plain, b: Plain): Plain => plain(scalars.gt(box(a), box(b)))
export const geP = (a: Plain, b: Plain): Plain => plain(scalars.ge(box(a), box(b)))
export const eqP = (a: Plain, b: Plain): Plain => plain(scalars.eq(box(a), box(b)))
export const neP = (a: Plain, b: Plain): Plain => plain(scalars.ne(box(a), box(b)))
export const ltTestP = (a: Plain, b: Plain): boolean => scalars.ltTest(box(a), box(b))
export const leTestP = (a: Plain, b: Plain): boolean => scalars.leTest(box(a), box(b))
export const gtTestP = (a: Plain, b: Plain): boolean => scalars.gtTest(box(a), box(b))
export const geTestP = (a: Plain, b: Plain): boolean => scalars.geTest(box(a), box(b))
export const eqTestP = (a: Plain, b: Plain): boolean => scalars.eqTest(box(a), box(b))
export const neTestP = (a: Plain, b: Plain): boolean => scalars.neTest(box(a), box(b))

export function negP(a: Plain): Plain {
  if (typeof a === 'number') return -a | 0
  if (a instanceof Scalar && a.type === T.DOUBLE && a.value !== NULL_F64)
    return new Scalar(T.DOUBLE, -(a.value as number))
  return plain(unaryOp('neg', box(a)))
}

/** A condition. */
export const testP = (a: Plain): boolean => (typeof a === 'boolean' ? a : scalars.test(box(a)))

/** The right side of `||` in a condition, when the left one was not true. */
export function orTestP(a: Plain, b: Plain, word: boolean): boolean {
  if (typeof a === 'boolean' && typeof b === 'boolean') return b
  return scalars.test(binaryOp(word ? 'orIgnoreNull' : 'or', box(a), box(b)))
}

/** What a condition of `?:` asks for: 1 then, 0 otherwise, 2 both (vectors and null, element by element). */
export function choiceP(condition: Plain): number {
  if (typeof condition === 'boolean') return condition ? 1 : 0
  const value = box(condition)
  if (!(value instanceof Scalar) || value.isNull()) return 2
  return scalars.test(value) ? 1 : 0
}

/** `string(x)`. */
export const textP = (session: Session, builtin: Builtin, x: Plain): Plain =>
  typeof x === 'number' || typeof x === 'bigint' ? String(x) : plain(builtin.call([box(x)], session))

/** Pieces at the end of a text are gathered up to this length. */
export const TAIL_LENGTH = 4096

let seen = 0

/**
 * A text with the pieces that were gathered. Looking at a character has V8 copy them into one string, so that the millions of strings that a long text
 * is made of die young instead of being carried along.
 */
export function joined(text: string, tail: string): string {
  seen = tail.charCodeAt(0)
  return text + tail
}
/** Keeps the look from being optimized away. */
export const lastSeen = (): number => seen

// 64-bit arithmetic as V8 knows it: with operands and results cut to 64 bits it is done in registers.
export const { asIntN } = BigInt
export const { divLong, modLong } = scalars

// ---------------------------------------------------------------------------------------------------------------------
// Elements

/** Whether `at` is the position of an element of a typed vector. */
export const holdsP = (object: Plain, at: Plain): boolean =>
  object instanceof FixedVector && typeof at === 'number' && at >= 0 && at < object.length

/** An element as it lies in the data of a vector. */
export function elementP(v: FixedVector, raw: number | bigint): Plain {
  switch (v.type) {
    case T.INT:
      return raw === NULL_I32 ? new Scalar(T.INT, raw) : (raw as number)
    case T.BOOL:
      return raw === 1 ? true : raw === 0 ? false : new Scalar(T.BOOL, raw)
    case T.LONG:
      return isWhole(raw as bigint) ? (raw as bigint) : new Scalar(T.LONG, NULL_I64)
    default:
      return new Scalar(v.type, raw, v.scale)
  }
}

/** Whether a vector that a variable holds takes the value as it is: it has no other owner, and the types are the same. */
function takesType(v: FixedVector, value: Plain): boolean {
  switch (typeof value) {
    case 'number':
      return v.type === T.INT
    case 'boolean':
      return v.type === T.BOOL
    case 'bigint':
      return v.type === T.LONG
    case 'object':
      return value instanceof Scalar && value.type === v.type && value.scale === v.scale
    default:
      return false
  }
}

export const takesP = (object: Plain | undefined, at: Plain, value: Plain): boolean =>
  object instanceof FixedVector &&
  !object.frozen &&
  typeof at === 'number' &&
  at >= 0 &&
  at < object.length &&
  takesType(object, value)

/** The same for a number in a slot. */
export const takesDouble = (object: Plain | undefined, at: Plain): boolean =>
  object instanceof FixedVector &&
  !object.frozen &&
  object.type === T.DOUBLE &&
  typeof at === 'number' &&
  at >= 0 &&
  at < object.length

/** What is stored in the data of a vector of the value's type. */
export const rawP = (value: Plain): number | bigint =>
  typeof value === 'number' || typeof value === 'bigint'
    ? value
    : typeof value === 'boolean'
      ? value
        ? 1
        : 0
      : ((value as Scalar).value as number | bigint)

/** Whether a loop walks over a vector element by element; whatever its body does to the variable, it walks over what it was. */
export function walks(v: Value): boolean {
  if (!(v instanceof FixedVector)) return false
  freeze(v)
  return true
}

/** Whether `append!` of the value is a store at the end, once there is room. */
export const takesAtEnd = (object: Plain | undefined, value: Plain): boolean =>
  object instanceof FixedVector && !object.frozen && takesType(object, value)

export const takesDoubleAtEnd = (object: Plain | undefined): boolean =>
  object instanceof FixedVector && !object.frozen && object.type === T.DOUBLE

/** Makes room at the end of a full vector. True. */
export function grown(vector: FixedVector): boolean {
  growCapacity(vector)
  return true
}

/** Up to here a vector that grows takes four times its room: pages that nothing was written to cost nothing, copying does. */
const QUADRUPLED_BYTES_MAX = 16 << 20

/** A vector that is full gets two or four times its room. */
export function growCapacity(vector: FixedVector): void {
  const factor = vector.data.byteLength <= QUADRUPLED_BYTES_MAX ? 4 : 2
  const data = newFixedArray(typeInfo(vector.type).storage, Math.max(8, vector.length * factor))
  data.set(vector.data as never)
  vector.data = data
}
