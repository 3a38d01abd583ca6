/**
 * Operators with a decimal side: exact integers of a common scale. Results widen to the next decimal type when they overflow; an integer
 * counts as a decimal of scale 0; a floating partner makes the result DOUBLE.
 */
import { Scalar } from '../values/scalar.ts'
import { isDecimal, isFloating, isNullRaw, isNumeric, type Raw, T, type TypeId } from '../values/types.ts'
import { FixedVector, newVector, type Vector } from '../values/vector.ts'
import { checkScale, decimalNull, decimalRaw, decimalTypeFor, pow10 } from './decimal-number.ts'
import { castFlat, commonLength, type Flat, numericBinary, unsupported } from './flat.ts'
import { type ElementOp, isCompareOp, isLogicOp } from './names.ts'
import { holds } from './text.ts'

const NULL_MARK = undefined

/** The operation where at least one side is a decimal. */
export function decimalBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  if (!(isDecimal(a.type) || isNumeric(a.type)) || !(isDecimal(b.type) || isNumeric(b.type)))
    throw unsupported(op, a.type, b.type)
  if (isLogicOp(op)) return numericBinary(op, castFlat(a, T.BOOL), castFlat(b, T.BOOL))
  if (isFloating(a.type) || isFloating(b.type) || op === 'ratio' || op === 'pow')
    return numericBinary(op, toDouble(a), toDouble(b))
  const length = commonLength(a, b)
  const sa = scaleOf(a)
  const sb = scaleOf(b)
  const scalar = a.kind === 'scalar' && b.kind === 'scalar'
  if (isCompareOp(op)) {
    const scale = Math.max(sa, sb)
    const out = new Int8Array(length)
    for (let k = 0; k < length; k++) {
      const x = unscaled(a, k, scale - sa)
      const y = unscaled(b, k, scale - sb)
      out[k] = holds(op, orderWithNull(x, y)) ? 1 : 0
    }
    return scalar ? Scalar.bool(out[0] === 1) : new FixedVector(T.BOOL, out)
  }
  return arithmetic(op, a, b, length, scalar)
}

const toDouble = (x: Flat): Flat => (isDecimal(x.type) ? castFlat(x, T.DOUBLE) : x)
const scaleOf = (x: Flat): number => (isDecimal(x.type) && 'scale' in x ? x.scale : 0)

/** The integer behind an element after shifting its scale up; undefined for null. */
function unscaled(x: Flat, k: number, shift: number): bigint | undefined {
  const raw: Raw = x.kind === 'scalar' ? x.value : x.raw(k)
  if (isNullRaw(x.type, raw)) return NULL_MARK
  const n = BigInt(raw as number)
  return shift === 0 ? n : n * pow10(shift)
}

function orderWithNull(x: bigint | undefined, y: bigint | undefined): number {
  if (x === undefined) return y === undefined ? 0 : -1
  if (y === undefined) return 1
  return x < y ? -1 : x > y ? 1 : 0
}

function arithmetic(op: ElementOp, a: Flat, b: Flat, length: number, scalar: boolean): Flat {
  const sa = scaleOf(a)
  const sb = scaleOf(b)
  const base = Math.max(isDecimal(a.type) ? a.type : 0, isDecimal(b.type) ? b.type : 0)
  const scale = checkScale(T.DECIMAL128, op === 'mul' ? sa + sb : op === 'div' ? sa : Math.max(sa, sb))
  const results: (bigint | undefined)[] = new Array(length)
  let type: TypeId = base
  for (let k = 0; k < length; k++) {
    const r = combine(op, a, b, k, sa, sb, scale)
    results[k] = r
    if (r !== undefined) type = Math.max(type, decimalTypeFor(r, type))
  }
  while (type < T.DECIMAL128 && scale > maxScale(type)) type++
  if (scalar) return new Scalar(type, raw(results[0], type), scale)
  const out: Vector = newVector(type, length, 'zero', scale)
  for (let k = 0; k < length; k++) {
    if (out.storage === 'fixed') out.data[k] = raw(results[k], type) as never
    else if (out.storage === 'wide') out.set(k, raw(results[k], type))
  }
  return out
}

const maxScale = (type: TypeId): number => (type === T.DECIMAL32 ? 9 : type === T.DECIMAL64 ? 18 : 38)
const raw = (x: bigint | undefined, type: TypeId): Raw => (x === undefined ? decimalNull(type) : decimalRaw(x, type))

function combine(
  op: ElementOp,
  a: Flat,
  b: Flat,
  k: number,
  sa: number,
  sb: number,
  scale: number,
): bigint | undefined {
  const aligned = op !== 'mul' && op !== 'div'
  const x = unscaled(a, k, aligned ? scale - sa : 0)
  const y = unscaled(b, k, aligned ? scale - sb : 0)
  if (op === 'max' || op === 'min') return orderWithNull(x, y) >= 0 === (op === 'max') ? x : y
  if (x === undefined || y === undefined) return undefined
  switch (op) {
    case 'add':
      return x + y
    case 'sub':
      return x - y
    case 'mul':
      return x * y
    case 'div':
      return y === 0n ? undefined : (x * pow10(sb)) / y
    case 'mod': {
      if (y === 0n) return undefined
      const r = x % y
      return r !== 0n && r < 0n !== y < 0n ? r + y : r
    }
    default:
      throw unsupported(op, a.type, b.type)
  }
}
