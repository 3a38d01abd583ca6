/** Parts of dates and times, arithmetic with durations, joins of date and time, and time zones. */
import { inputError, usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { temporalAdd } from '../temporal/add.ts'
import { mondayWeekday } from '../temporal/calendar.ts'
import { isMarketName, marketCalendar } from '../temporal/market.ts'
import { dayNumbers } from '../temporal/split.ts'
import { temporalUnit } from '../temporal/units.ts'
import { offsetAtUtc, offsetAtWall } from '../temporal/zones.ts'
import { Dict, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import {
  isIntegral,
  isTemporal,
  NULL_I32,
  NULL_I64,
  T,
  type TypeId,
  typeName,
  unpackDuration,
} from '../values/types.ts'
import { AnyVector, FixedVector, newFixedArray, type Vector, vectorOf } from '../values/vector.ts'
import { type Arg, boolArg, isGiven, required, sizeError, textArg } from './args.ts'

const { entries, define } = topicTable('Dates and times')
export const temporalBuiltins: readonly Builtin[] = entries

/** Applies a column function to temporals in any form; scalars travel as columns of one. */
export function mapTemporal(signature: string, x: Arg, f: (v: FixedVector) => Vector): Value {
  if (x?.kind === 'scalar' && isTemporal(x.type)) return f(vectorOf(x.type, [x.value]) as FixedVector).get(0)
  if (x?.kind === 'vector') {
    if (x.storage === 'fixed' && isTemporal(x.type)) return f(x)
    if (x.storage === 'any') return new AnyVector(x.values.map((e) => mapTemporal(signature, e, f)))
  }
  if (x?.kind === 'matrix' && x.data.storage === 'fixed' && isTemporal(x.type))
    return new Matrix(f(x.data), x.rows, x.cols, x.rowLabels, x.colLabels)
  if (x?.kind === 'dict') {
    const mapped = new Map([...x.entries].map(([key, v]) => [key, mapTemporal(signature, v, f)] as const))
    const first = mapped.values().next().value
    return new Dict(
      x.keyType,
      x.valueType === T.ANY || first?.kind !== 'scalar' ? T.ANY : first.type,
      mapped,
      x.ordered,
    )
  }
  throw usageError(signature, 'X must be a temporal scalar or vector.')
}

// The clock.

const localMillis = (session: Session): number => session.now() + offsetAtUtc('', session.now())

define('now([nanoSecond=false])', {
  doc: 'Local time as TIMESTAMP, or as NANOTIMESTAMP.',
  call: ([nano], session) => {
    const ms = BigInt(Math.floor(localMillis(session)))
    if (!boolArg(nano, 'now([nanoSecond=false])', 'nanoSecond', false)) return new Scalar(T.TIMESTAMP, ms)
    return new Scalar(T.NANOTIMESTAMP, ms * 1_000_000n)
  },
})
define('today()', {
  doc: 'Local date.',
  call: (_args, session) => new Scalar(T.DATE, Math.floor(localMillis(session) / 86_400_000)),
})

// Arithmetic.

/** Unit and amounts of `(duration)` or `(amount, unit)`; amounts are a column when they are a vector. */
function readAmounts(
  signature: string,
  duration: Value,
  unit: Arg,
): { unit: string; amounts: Int32Array; many: boolean } {
  if (duration.kind === 'scalar' && duration.type === T.DURATION) {
    const { count, unit: own } = unpackDuration(duration.value as bigint)
    return { unit: own, amounts: Int32Array.of(count), many: false }
  }
  if (duration.kind === 'scalar' && duration.type === T.STRING && !isGiven(unit)) {
    const match = /^([+-]?\d+)(ns|us|ms|s|m|H|d|B|w|M|y|[A-Z]{4})$/.exec(duration.value as string)
    if (match !== null) return { unit: match[2], amounts: Int32Array.of(Number(match[1])), many: false }
  }
  if (!isGiven(unit)) throw usageError(signature, 'duration must be a DURATION, or an integer with a unit.')
  const unitText = textArg(unit, signature, 'unit')
  if (duration.kind === 'scalar' && isIntegral(duration.type))
    return {
      unit: unitText,
      amounts: Int32Array.of(duration.isNull() ? NULL_I32 : Number(duration.value)),
      many: false,
    }
  if (duration.kind === 'vector' && isIntegral(duration.type)) {
    const amounts = Int32Array.from({ length: duration.length }, (_, k) =>
      duration.isNullAt(k) ? NULL_I32 : Number(duration.raw(k)),
    )
    return { unit: unitText, amounts, many: true }
  }
  throw usageError(signature, 'duration must be a DURATION, an integer or an integer vector.')
}

define('temporalAdd(date, duration, [unit])', {
  doc: 'The temporal moved by a duration, in its own type: units ns us ms s m H d w M y B (business days). Months and years keep the day within the month. Amounts may be a vector.',
  kind: 'element',
  aliases: ['datetimeAdd'],
  call: ([date, duration, unit]) => {
    const signature = 'temporalAdd(date, duration, [unit])'
    const step = readAmounts(signature, required(duration, signature, 'duration'), unit)
    if (step.many && date?.kind === 'scalar' && isTemporal(date.type)) {
      const column = newFixedArray(temporalUnit(date.type)!.wide ? 'i64' : 'i32', step.amounts.length)
      column.fill(date.value as never)
      return temporalAdd(new FixedVector(date.type, column), step.amounts, step.unit)
    }
    return mapTemporal(signature, date, (v) => {
      if (step.many && v.length !== step.amounts.length) throw sizeError()
      const amounts = step.many ? step.amounts : new Int32Array(v.length).fill(step.amounts[0])
      return temporalAdd(v, amounts, step.unit)
    })
  },
})

/** A scalar or vector of one temporal type as a column. */
function column(v: Arg, signature: string, name: string): FixedVector {
  if (v?.kind === 'scalar' && isTemporal(v.type)) return vectorOf(v.type, [v.value]) as FixedVector
  if (v?.kind === 'vector' && v.storage === 'fixed' && isTemporal(v.type)) return v
  throw usageError(signature, `${name} must be a temporal scalar or vector.`)
}

const isScalar = (v: Arg): boolean => v?.kind === 'scalar'

/** Element k of a column that may be one value for all. */
const at = (v: FixedVector, single: boolean, k: number): number | bigint => v.data[single ? 0 : k]

define('temporalDiff(X, Y, [unit])', {
  doc: 'X - Y in units of the type; for DATE also in "d" days, "B" business days or the trading days of a market.',
  kind: 'element',
  aliases: ['datetimeDiff'],
  call: ([x, y, unit]) => {
    const signature = 'temporalDiff(X, Y, [unit])'
    const a = column(x, signature, 'X')
    const b = column(y, signature, 'Y')
    if (a.type !== b.type)
      throw inputError('Temporal data comparison should have the same data type.', { code: 'temporalType' })
    const unitText = textArg(unit, signature, 'unit', '')
    const market = isMarketName(unitText) ? marketCalendar(unitText) : undefined
    if (unitText !== '' && (a.type !== T.DATE || (unitText !== 'd' && unitText !== 'B' && market === undefined)))
      throw usageError(signature, 'unit must be "d", "B" or a market, for DATE only.')
    const length = isScalar(x) ? b.length : a.length
    if (!isScalar(x) && !isScalar(y) && a.length !== b.length) throw sizeError()
    const wide = a.data instanceof BigInt64Array
    const out = newFixedArray(wide ? 'i64' : 'i32', length)
    for (let k = 0; k < length; k++) {
      const p = at(a, isScalar(x), k)
      const q = at(b, isScalar(y), k)
      if (wide) out[k] = p === NULL_I64 || q === NULL_I64 ? NULL_I64 : BigInt.asIntN(64, (p as bigint) - (q as bigint))
      else if (p === NULL_I32 || q === NULL_I32) out[k] = NULL_I32
      else if (market !== undefined) out[k] = market.index(p as number) - market.index(q as number)
      else out[k] = unitText === 'B' ? businessDaysBetween(q as number, p as number) : (p as number) - (q as number)
    }
    const result = new FixedVector(wide ? T.LONG : T.INT, out)
    return isScalar(x) && isScalar(y) ? result.get(0) : result
  },
})

/** Business days from one day to another, negative backwards. */
function businessDaysBetween(from: number, to: number): number {
  const index = (days: number): number => {
    const weekday = mondayWeekday(days)
    return ((days - weekday + 3) / 7) * 5 + Math.min(weekday, 4)
  }
  return Math.round(index(to) - index(from))
}

const JOINED: Readonly<Record<number, TypeId>> = {
  [T.MINUTE]: T.DATETIME,
  [T.SECOND]: T.DATETIME,
  [T.TIME]: T.TIMESTAMP,
  [T.NANOTIME]: T.NANOTIMESTAMP,
}

define('concatDateTime(date, time)', {
  doc: 'A date with a time of day: SECOND gives DATETIME, TIME gives TIMESTAMP, NANOTIME gives NANOTIMESTAMP. A scalar broadcasts.',
  kind: 'element',
  aliases: ['concatDT'],
  call: ([date, time]) => {
    const signature = 'concatDateTime(date, time)'
    const days = column(date, signature, 'date')
    const times = column(time, signature, 'time')
    const type = JOINED[times.type]
    if (days.type !== T.DATE) throw usageError(signature, 'date must be a DATE scalar or vector.')
    if (type === undefined) throw usageError(signature, 'time must be SECOND, TIME or NANOTIME data.')
    if (!isScalar(date) && !isScalar(time) && days.length !== times.length) throw sizeError()
    const length = isScalar(date) ? times.length : days.length
    const { perDay, wide } = temporalUnit(type)!
    const out = newFixedArray(wide ? 'i64' : 'i32', length)
    const scale = times.type === T.MINUTE ? 60 : 1
    for (let k = 0; k < length; k++) {
      const d = at(days, isScalar(date), k) as number
      const t = at(times, isScalar(time), k)
      if (d === NULL_I32 || t === NULL_I32 || t === NULL_I64) out[k] = wide ? NULL_I64 : NULL_I32
      else out[k] = wide ? BigInt(d) * BigInt(perDay) + BigInt(t) : d * perDay + (t as number) * scale
    }
    const result = new FixedVector(type, out)
    return isScalar(date) && isScalar(time) ? result.get(0) : result
  },
})

// Time zones.

/** Moves each instant by an offset that depends on it. */
function shiftInstants(signature: string, x: Arg, shift: (ms: number) => number): Value {
  return mapTemporal(signature, x, (v) => {
    const unit = temporalUnit(v.type)!
    if (!unit.hasDate || !unit.hasTime)
      throw usageError(signature, 'X must be DATETIME, TIMESTAMP or NANOTIMESTAMP data.')
    const perMs = unit.perDay / 86_400_000
    const out = newFixedArray(unit.wide ? 'i64' : 'i32', v.length)
    for (let k = 0; k < v.length; k++) {
      const x0 = v.data[k]
      if (v.isNullAt(k)) out[k] = x0
      else {
        const moved = shift(Number(x0) / perMs) * perMs
        out[k] = typeof x0 === 'bigint' ? x0 + BigInt(Math.round(moved)) : x0 + Math.round(moved)
      }
    }
    return new FixedVector(v.type, out)
  })
}

define('gmtime(X)', {
  doc: 'Local time to UTC, in the same type.',
  kind: 'element',
  call: ([x]) => shiftInstants('gmtime(X)', x, (ms) => -offsetAtWall('', ms)),
})
define('localtime(X)', {
  doc: 'UTC to local time, in the same type.',
  kind: 'element',
  call: ([x]) => shiftInstants('localtime(X)', x, (ms) => offsetAtUtc('', ms)),
})
define('convertTZ(obj, srcTZ, destTZ)', {
  doc: 'DATETIME, TIMESTAMP or NANOTIMESTAMP from one time zone to another, with daylight saving.',
  kind: 'element',
  call: ([x, source, target]) => {
    const signature = 'convertTZ(obj, srcTZ, destTZ)'
    const from = textArg(source, signature, 'srcTZ')
    const to = textArg(target, signature, 'destTZ')
    return shiftInstants(signature, x, (ms) => {
      const back = offsetAtWall(from, ms)
      return offsetAtUtc(to, ms - back) - back
    })
  },
})

/** Day numbers of temporals that have a date; a clear error for times of day. */
export function daysOf(v: FixedVector, name: string): Int32Array {
  if (temporalUnit(v.type)?.hasDate !== true)
    throw inputError(`The function ${name} does not support ${typeName(v.type).toLowerCase()} data`, {
      code: 'temporalType',
    })
  return dayNumbers(v)
}
