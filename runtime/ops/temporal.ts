/**
 * Operators with a temporal side (language specification, sections 2.3 and 2.7): temporal and integer in the unit of the temporal type, differences
 * of two temporals, comparison in the finer of two types, shifts by a DURATION. Types without a date wrap around midnight.
 */
import { inputError, operatorError } from '../errors.ts'
import { runArithmetic, runExtreme } from '../kernels/arithmetic.ts'
import { addBusinessDays, addMonths } from '../temporal/calendar.ts'
import { temporalUnit } from '../temporal/units.ts'
import { Scalar } from '../values/scalar.ts'
import {
  isDecimal,
  isNullRaw,
  isNumeric,
  isTemporal,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeInfo,
  unpackDuration,
} from '../values/types.ts'
import { type FixedVector, newFixedArray, newVector } from '../values/vector.ts'
import {
  castFlat,
  commonLength,
  compareFixed,
  type Flat,
  isNullScalar,
  nullsLike,
  operand,
  unsupported,
  wrap,
} from './flat.ts'
import { type ElementOp, isCompareOp } from './names.ts'
import { castTemporalRaw } from './temporal-parts.ts'

const integerOf = (type: TypeId): TypeId => (temporalUnit(type)!.wide ? T.LONG : T.INT)

/** The operation where at least one side is temporal; the other is temporal or a number. */
export function temporalBinary(op: ElementOp, a: Flat, b: Flat): Flat {
  if (isTemporal(a.type) && isTemporal(b.type)) return twoTemporals(op, a, b)
  const onLeft = isTemporal(a.type)
  const other = onLeft ? b : a
  const type = onLeft ? a.type : b.type
  if (!isNumeric(other.type) || isDecimal(other.type)) throw unsupported(op, a.type, b.type)
  if (isCompareOp(op))
    throw operatorError('Temporal data comparison should have the same data type.', { code: 'operandTypes' })
  const number = castFlat(
    other,
    integerOf(type) === T.LONG && other.type !== T.INT ? T.LONG : other.type === T.LONG ? T.LONG : T.INT,
  )
  if (op === 'add' || (op === 'sub' && onLeft)) return shift(op, onLeft ? a : number, onLeft ? number : b, type)
  if (op === 'sub' || !onLeft || (op !== 'mul' && op !== 'div' && op !== 'mod')) throw unsupported(op, a.type, b.type)
  return arithmetic(op, a, number, integerOf(type))
}

function arithmetic(op: string, a: Flat, b: Flat, type: TypeId): Flat {
  if (isNullScalar(a) || isNullScalar(b)) return nullsLike(type, a, b)
  const length = commonLength(a, b)
  const out = newFixedArray(typeInfo(type).storage, length)
  runArithmetic(op, operand(a), operand(b), out, length)
  return wrap(type, out, a, b)
}

function shift(op: string, a: Flat, b: Flat, type: TypeId): Flat {
  const unit = temporalUnit(type)!
  if (!unit.hasDate) {
    // Wrapping types compute in doubles, exact for everything a day can hold.
    if (!unit.wide) return arithmetic(`${op}%${unit.perDay}`, a, b, type)
    const sum = arithmetic(op, a, b, T.LONG)
    return retype(arithmetic('mod', sum, Scalar.long(unit.perDay), T.LONG), type)
  }
  return arithmetic(op, a, b, type)
}

/** The same integers as another type of the same storage. */
export function retype(x: Flat, type: TypeId): Flat {
  if (x.kind === 'scalar') return new Scalar(type, x.isNull() ? nullRaw(type) : x.value)
  return castFlat(x, type)
}

/** The finer of two temporal types of one family; an error if they have no common one. */
export function finerTemporal(a: TypeId, b: TypeId): TypeId {
  if (!haveCommonType(a, b))
    throw operatorError('Temporal data comparison should have the same data type.', { code: 'operandTypes' })
  return temporalUnit(a)!.perDay >= temporalUnit(b)!.perDay ? a : b
}

const haveCommonType = (a: TypeId, b: TypeId): boolean =>
  a === b || (a !== T.MONTH && b !== T.MONTH && temporalUnit(a)!.hasDate === temporalUnit(b)!.hasDate)

function twoTemporals(op: ElementOp, a: Flat, b: Flat): Flat {
  const compares = isCompareOp(op) || op === 'max' || op === 'min'
  if (!compares && !haveCommonType(a.type, b.type)) {
    const joins = op === 'add' && a.type !== T.MONTH && b.type !== T.MONTH
    throw unsupported(op, a.type, b.type, joins ? 'concatDateTime(date, time) joins the two' : undefined)
  }
  const type = finerTemporal(a.type, b.type)
  const left = castFlat(a, type)
  const right = castFlat(b, type)
  const length = commonLength(a, b)
  if (isCompareOp(op)) return compareFixed(op, left, right, length)
  if (op === 'max' || op === 'min') {
    const out = newFixedArray(typeInfo(type).storage, length)
    runExtreme(op, operand(left), operand(right), out, length)
    return wrap(type, out, a, b)
  }
  if (op === 'sub' || op === 'add') return arithmetic(op, left, right, integerOf(type))
  throw unsupported(op, a.type, b.type)
}

/** Temporal +- DURATION; two durations have no operation. */
export function durationShift(op: ElementOp, a: Flat, b: Flat): Flat {
  const [time, step, sign] = a.type === T.DURATION ? [b, a, 1] : [a, b, op === 'sub' ? -1 : 1]
  if (!isTemporal(time.type) || (op !== 'add' && !(op === 'sub' && step === b))) throw unsupported(op, a.type, b.type)
  if (step.kind === 'scalar') return addStep(time, step, sign)
  const length = commonLength(time, step)
  const out = newVector(time.type, length) as FixedVector
  for (let k = 0; k < length; k++) {
    const one = time.kind === 'scalar' ? time : (time.get(k) as Scalar)
    out.data[k] = (addStep(one, step.get(k) as Scalar, sign) as Scalar).value as never
  }
  return out
}

function addStep(time: Flat, step: Scalar, sign: number): Flat {
  if (step.isNull()) return nullsLike(time.type, time, time)
  const { count, unit } = unpackDuration(step.value as bigint)
  return addDuration(time, count * sign, unit)
}

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  H: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
}

/**
 * Temporal values moved by `count` units of a DURATION. Months and years keep the day of the month (cut to the month's end), `B` counts
 * Monday to Friday. A unit finer than the type truncates to the type's unit.
 */
export function addDuration(x: Flat, count: number, unit: string): Flat {
  const type = x.type
  const facts = temporalUnit(type)!
  if (unit === 'M' || unit === 'y') return mapRaw(x, (raw) => shiftMonths(raw, type, unit === 'y' ? count * 12 : count))
  if (unit === 'B') return mapRaw(x, (raw) => shiftDays(raw, type, (days) => addBusinessDays(days, count)))
  const nanos = UNIT_NANOS[unit]
  if (nanos === undefined) throw inputError(`The unit "${unit}" needs a trading calendar, which is not supported.`)
  if (type === T.MONTH) throw inputError('A MONTH can be moved only by months and years.')
  const perUnit = 86_400_000_000_000n / BigInt(facts.perDay)
  const total = BigInt(count) * nanos
  const steps = total / perUnit
  return temporalBinary('add', x, Scalar.long(steps))
}

function mapRaw(x: Flat, f: (raw: Raw) => Raw): Flat {
  if (x.kind === 'scalar') return x.isNull() ? x : new Scalar(x.type, f(x.value))
  const out = newVector(x.type, x.length)
  if (out.storage !== 'fixed') throw inputError('A temporal vector is expected.')
  for (let k = 0; k < x.length; k++) {
    const raw = x.raw(k)
    out.data[k] = (isNullRaw(x.type, raw) ? raw : f(raw)) as never
  }
  return out
}

function shiftMonths(raw: Raw, type: TypeId, months: number): Raw {
  return type === T.MONTH ? (raw as number) + months : shiftDays(raw, type, (days) => addMonths(days, months))
}

function shiftDays(raw: Raw, type: TypeId, move: (days: number) => number): Raw {
  if (!temporalUnit(type)!.hasDate || type === T.MONTH) throw inputError(`${typeInfo(type).name} has no day to move.`)
  const days = castTemporalRaw(raw, type, T.DATE) as number
  const moved = move(days)
  if (type === T.DATE) return moved
  const perDay = temporalUnit(type)!.perDay
  return typeof raw === 'bigint'
    ? raw + BigInt(moved - days) * BigInt(perDay)
    : (raw as number) + (moved - days) * perDay
}
