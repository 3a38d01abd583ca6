/** `temporalAdd`: temporals moved by an amount of a unit. */
import { inputError } from '../errors.ts'
import { NULL_I32, NULL_I64, T, type TypeId, typeName } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { addBusinessDays, addMonths } from './calendar.ts'
import { addTradingDays, isMarketName, marketCalendar } from './market.ts'
import { temporalUnit } from './units.ts'

const DAY_NANOS = 86_400_000_000_000n

/** Nanoseconds of the fixed units. */
const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  H: 3_600_000_000_000n,
  d: DAY_NANOS,
  w: 7n * DAY_NANOS,
}

/** Each element moved by the amount at its position; both columns have the same length. Null in either gives null. */
export function temporalAdd(v: FixedVector, amounts: Int32Array, unit: string): FixedVector {
  if (unit === 'M' || unit === 'y') return addPeriods(v, amounts, unit === 'y' ? 12 : 1)
  if (unit === 'B') return addDays(v, amounts, addBusinessDays, unit)
  if (isMarketName(unit)) {
    const calendar = marketCalendar(unit)
    return addDays(v, amounts, (day, n) => addTradingDays(calendar, day, n), unit)
  }
  const nanos = UNIT_NANOS[unit]
  if (nanos === undefined) throw unknownUnit(unit)
  if (v.type === T.MONTH) throw refused(v.type, unit)
  return addFixed(v, amounts, nanos)
}

function unknownUnit(unit: string): Error {
  return inputError(`Invalid time unit [${unit}]: it must be one of ns us ms s m H d B w M y.`, { code: 'timeUnit' })
}

const refused = (type: TypeId, unit: string): Error =>
  inputError(`The time unit ${unit} can't be added to ${typeName(type)} data.`, { code: 'timeUnit' })

/** Units of fixed length: an integer step of the type's own resolution; times of day wrap at midnight. */
function addFixed(v: FixedVector, amounts: Int32Array, nanos: bigint): FixedVector {
  const { perDay, hasDate } = temporalUnit(v.type)!
  const resolution = DAY_NANOS / BigInt(perDay)
  const n = v.length
  if (v.data instanceof BigInt64Array) {
    const out = new BigInt64Array(n)
    const day = BigInt(perDay)
    for (let k = 0; k < n; k++) {
      const x = v.data[k]
      if (amounts[k] === NULL_I32 || x === NULL_I64) out[k] = NULL_I64
      else {
        const sum = x + (BigInt(amounts[k]) * nanos) / resolution
        out[k] = hasDate ? sum : ((sum % day) + day) % day
      }
    }
    return new FixedVector(v.type, out)
  }
  const data = v.data as Int32Array
  const out = new Int32Array(n)
  const step = Number(nanos) / Number(resolution)
  for (let k = 0; k < n; k++) {
    const x = data[k]
    if (amounts[k] === NULL_I32 || x === NULL_I32) out[k] = NULL_I32
    else {
      const sum = x + Math.trunc(amounts[k] * step)
      out[k] = hasDate ? sum : ((sum % perDay) + perDay) % perDay
    }
  }
  return new FixedVector(v.type, out)
}

/** Months and years. */
function addPeriods(v: FixedVector, amounts: Int32Array, months: number): FixedVector {
  if (v.type === T.MONTH) {
    const data = v.data as Int32Array
    const out = new Int32Array(v.length)
    for (let k = 0; k < v.length; k++)
      out[k] = data[k] === NULL_I32 || amounts[k] === NULL_I32 ? NULL_I32 : data[k] + amounts[k] * months
    return new FixedVector(T.MONTH, out)
  }
  return addDays(v, amounts, (days, amount) => addMonths(days, amount * months), months === 12 ? 'y' : 'M')
}

/** Moves the date part by a rule and keeps the time of day. */
function addDays(
  v: FixedVector,
  amounts: Int32Array,
  move: (days: number, n: number) => number,
  unit: string,
): FixedVector {
  const { perDay, hasDate } = temporalUnit(v.type)!
  if (!hasDate || v.type === T.MONTH) throw refused(v.type, unit)
  const n = v.length
  if (v.data instanceof BigInt64Array) {
    const out = new BigInt64Array(n)
    const day = BigInt(perDay)
    for (let k = 0; k < n; k++) {
      const x = v.data[k]
      if (amounts[k] === NULL_I32 || x === NULL_I64) out[k] = NULL_I64
      else {
        let rest = x % day
        if (rest < 0n) rest += day
        out[k] = BigInt(move(Number((x - rest) / day), amounts[k])) * day + rest
      }
    }
    return new FixedVector(v.type, out)
  }
  const data = v.data as Int32Array
  const out = new Int32Array(n)
  for (let k = 0; k < n; k++) {
    const x = data[k]
    if (amounts[k] === NULL_I32 || x === NULL_I32) out[k] = NULL_I32
    else {
      const days = Math.floor(x / perDay)
      out[k] = move(days, amounts[k]) * perDay + (x - days * perDay)
    }
  }
  return new FixedVector(v.type, out)
}
