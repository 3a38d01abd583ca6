/** Calendar and clock parts of temporals, and the begin and end of the periods that contain them. */
import { inputError, usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import {
  civilDay,
  civilFromDays,
  civilMonth,
  civilYear,
  dayOfYear,
  daysInMonth,
  daysOfMonthNumber,
  isLeapYear,
  mondayWeekday,
  monthOfDays,
  weekOfYear,
} from '../temporal/calendar.ts'
import { dateVector, daySeconds, secondNanos } from '../temporal/split.ts'
import { temporalUnit } from '../temporal/units.ts'
import { isTemporal, NULL_I8, NULL_I32, T, typeName } from '../values/types.ts'
import { FixedVector, vectorOf } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven } from './args.ts'
import { daysOf, mapTemporal } from './temporal.ts'

const { entries, define } = topicTable('Dates and times')
export const temporalPartBuiltins: readonly Builtin[] = entries

/** A function of the day; runs of equal days, usual in columns, are computed once. */
export function mapDays(days: Int32Array, f: (day: number) => number): Int32Array {
  const out = new Int32Array(days.length)
  let last = NULL_I32
  let result = NULL_I32
  for (let k = 0; k < days.length; k++) {
    if (days[k] !== last) {
      last = days[k]
      result = last === NULL_I32 ? NULL_I32 : f(last)
    }
    out[k] = result
  }
  return out
}

function defineDayPart(name: string, doc: string, f: (day: number) => number, aliases: string[] = []): void {
  define(`${name}(X)`, {
    doc,
    kind: 'element',
    aliases,
    call: ([x]) => mapTemporal(`${name}(X)`, x, (v) => new FixedVector(T.INT, mapDays(daysOf(v, name), f))),
  })
}

defineDayPart('year', 'The year.', (d) => civilYear(civilFromDays(d)))
defineDayPart('monthOfYear', 'Month, 1 to 12.', (d) => civilMonth(civilFromDays(d)))
defineDayPart('dayOfMonth', 'Day of the month, 1 to 31.', (d) => civilDay(civilFromDays(d)))
defineDayPart('dayOfWeek', 'Day of the week, 0 Monday to 6 Sunday.', mondayWeekday)
defineDayPart('dayOfYear', 'Day of the year, 1 to 366.', dayOfYear)
defineDayPart('quarterOfYear', 'Quarter, 1 to 4.', (d) => Math.ceil(civilMonth(civilFromDays(d)) / 3))
defineDayPart('weekOfYear', 'Week of the year, 1 to 53; the first week has at least four days.', weekOfYear)
defineDayPart('daysInMonth', 'Number of days of the month.', (d) => {
  const civil = civilFromDays(d)
  return daysInMonth(civilYear(civil), civilMonth(civil))
})

define('weekday(X, [startFromSunday=true])', {
  doc: 'Day of the week: 0 Sunday to 6 Saturday, or 0 Monday to 6 Sunday.',
  kind: 'element',
  call: ([x, sunday]) => {
    const signature = 'weekday(X, [startFromSunday=true])'
    const shift = boolArg(sunday, signature, 'startFromSunday', true) ? 1 : 0
    return mapTemporal(signature, x, (v) => {
      const days = daysOf(v, 'weekday')
      return new FixedVector(
        T.INT,
        mapDays(days, (d) => (mondayWeekday(d) + shift) % 7),
      )
    })
  },
})

function defineDayTest(name: string, doc: string, test: (day: number) => boolean): void {
  define(`${name}(X)`, {
    doc,
    kind: 'element',
    call: ([x]) =>
      mapTemporal(`${name}(X)`, x, (v) => {
        const flags = mapDays(daysOf(v, name), (d) => (test(d) ? 1 : 0))
        return new FixedVector(
          T.BOOL,
          Int8Array.from(flags, (f) => (f === NULL_I32 ? NULL_I8 : f)),
        )
      }),
  })
}

const monthDay = (d: number): number => civilFromDays(d) & 511
defineDayTest('isLeapYear', 'Whether the year is a leap year.', (d) => isLeapYear(civilYear(civilFromDays(d))))
defineDayTest('isMonthStart', 'Whether it is the first day of a month.', (d) => civilDay(civilFromDays(d)) === 1)
defineDayTest('isMonthEnd', 'Whether it is the last day of a month.', (d) => civilDay(civilFromDays(d + 1)) === 1)
defineDayTest('isQuarterStart', 'Whether it is the first day of a quarter.', (d) => {
  const civil = civilFromDays(d)
  return civilDay(civil) === 1 && civilMonth(civil) % 3 === 1
})
defineDayTest('isQuarterEnd', 'Whether it is the last day of a quarter.', (d) => {
  const civil = civilFromDays(d + 1)
  return civilDay(civil) === 1 && civilMonth(civil) % 3 === 1
})
defineDayTest('isYearStart', 'Whether it is the first day of a year.', (d) => monthDay(d) === 1 * 32 + 1)
defineDayTest('isYearEnd', 'Whether it is the last day of a year.', (d) => monthDay(d) === 12 * 32 + 31)

// The clock. Each reads seconds of the day or nanoseconds of the second.

function defineClockPart(
  name: string,
  doc: string,
  source: (v: FixedVector) => Int32Array,
  divisor: number,
  modulus: number,
  aliases: string[] = [],
): void {
  define(`${name}(X)`, {
    doc,
    kind: 'element',
    aliases,
    call: ([x]) =>
      mapTemporal(`${name}(X)`, x, (v) => {
        if (!temporalUnit(v.type)!.hasTime)
          throw inputError(`The function ${name} does not support ${typeName(v.type).toLowerCase()} data`, {
            code: 'temporalType',
          })
        const out = source(v)
        for (let k = 0; k < out.length; k++) if (out[k] !== NULL_I32) out[k] = Math.floor(out[k] / divisor) % modulus
        return new FixedVector(T.INT, out)
      }),
  })
}

defineClockPart('hour', 'Hour of the day, 0 to 23.', daySeconds, 3600, 24, ['hourOfDay'])
defineClockPart('minuteOfHour', 'Minute of the hour, 0 to 59.', daySeconds, 60, 60)
defineClockPart('secondOfMinute', 'Second of the minute, 0 to 59.', daySeconds, 1, 60)
defineClockPart('millisecond', 'Millisecond of the second, 0 to 999.', secondNanos, 1e6, 1000)
defineClockPart('microsecond', 'Microsecond of the second, 0 to 999999.', secondNanos, 1e3, 1e6)
defineClockPart('nanosecond', 'Nanosecond of the second, 0 to 999999999.', secondNanos, 1, 1e9)

// Periods.

/**
 * `begin(index)` and `end(index)` of the period with that number; `index(day)` numbers periods. With n > 1, n consecutive periods make
 * one group, counted from the period of `offset` (by default that of the first element): begins are those of every n-th period from that one on, ends
 * likewise (the period of offset ends the first group).
 */
interface Periods {
  readonly index: (day: number) => number
  readonly begin: (index: number) => number
}

function definePeriod(
  name: string,
  edge: 'begin' | 'end',
  doc: string,
  periods: (anchor: number) => Periods,
  anchorParam?: { name: string; value: number; min: number; max: number },
  aliases: string[] = [],
): void {
  const signature = `${name}(X${anchorParam === undefined ? '' : `, [${anchorParam.name}=${anchorParam.value}]`}, [offset], [n=1])`
  define(signature, {
    doc,
    kind: 'element',
    aliases,
    call: (args) => {
      const x = args[0]
      const [anchorArg, offsetArg, nArg]: readonly Arg[] =
        anchorParam === undefined ? [undefined, args[1], args[2]] : args.slice(1)
      const anchor = anchorParam === undefined ? 0 : intArg(anchorArg, signature, anchorParam.name, anchorParam.value)
      if (anchorParam !== undefined && (anchor < anchorParam.min || anchor > anchorParam.max))
        throw usageError(
          signature,
          `${anchorParam.name} must be an integer from ${anchorParam.min} to ${anchorParam.max}.`,
        )
      const n = intArg(nArg, signature, 'n', 1)
      if (n < 1) throw usageError(signature, 'n must be a positive integer.')
      const { index, begin } = periods(anchor)
      return mapTemporal(signature, x, (v) => {
        const days = daysOf(v, name)
        const offsetDay = groupOffset(offsetArg, days, n, signature)
        const origin = n === 1 ? 0 : index(offsetDay)
        return dateVector(
          mapDays(days, (d) => {
            const groups = (index(d) - origin) / n
            if (edge === 'begin') return begin(origin + Math.floor(groups) * n)
            return begin(origin + Math.ceil(groups) * n + 1) - 1
          }),
        )
      })
    },
  })
}

export function groupOffset(offset: Arg, days: Int32Array, n: number, signature: string): number {
  if (n === 1) return 0
  if (isGiven(offset)) {
    if (offset.kind !== 'scalar' || offset.isNull() || !isTemporal(offset.type))
      throw usageError(signature, 'offset must be a temporal scalar.')
    return daysOf(vectorOf(offset.type, [offset.value]) as FixedVector, 'offset')[0]
  }
  return days.find((d) => d !== NULL_I32) ?? 0
}

const modulo = (a: number, b: number): number => ((a % b) + b) % b

/** Periods of whole months that start in the month `first` (0 = January of year 0). */
const monthPeriods = (length: number, first: number): Periods => {
  const shift = modulo(first, length)
  return {
    index: (d) => Math.floor((monthOfDays(d) - shift) / length),
    begin: (k) => daysOfMonthNumber(k * length + shift),
  }
}

/** Weeks that start on a weekday, 0 = Monday. 1970.01.05 was a Monday. */
const weekPeriods = (weekday: number): Periods => ({
  index: (d) => Math.floor((d - 4 - weekday) / 7),
  begin: (k) => k * 7 + 4 + weekday,
})

const weekdayParam = (value: number) => ({ name: 'weekday', value, min: 0, max: 6 })
const monthParam = (name: string, value: number) => ({ name, value, min: 1, max: 12 })

definePeriod('monthBegin', 'begin', 'First day of the month.', () => monthPeriods(1, 0), undefined, ['monthStart'])
definePeriod('monthEnd', 'end', 'Last day of the month.', () => monthPeriods(1, 0))
definePeriod(
  'weekBegin',
  'begin',
  'First day of the week that starts on `weekday` (0 Monday).',
  weekPeriods,
  weekdayParam(0),
)
definePeriod(
  'weekEnd',
  'end',
  'Last day of the week that ends on `weekday` (6 Sunday).',
  (w) => weekPeriods((w + 1) % 7),
  weekdayParam(6),
  ['week'],
)
definePeriod(
  'quarterBegin',
  'begin',
  'First day of the quarter.',
  (m) => monthPeriods(3, m - 1),
  monthParam('startingMonth', 1),
)
definePeriod('quarterEnd', 'end', 'Last day of the quarter.', (m) => monthPeriods(3, m), monthParam('endingMonth', 12))
definePeriod(
  'semiannualBegin',
  'begin',
  'First day of the half year.',
  (m) => monthPeriods(6, m - 1),
  monthParam('startingMonth', 1),
)
definePeriod(
  'semiannualEnd',
  'end',
  'Last day of the half year.',
  (m) => monthPeriods(6, m),
  monthParam('endingMonth', 12),
)
definePeriod(
  'yearBegin',
  'begin',
  'First day of the year.',
  (m) => monthPeriods(12, m - 1),
  monthParam('startingMonth', 1),
)
definePeriod('yearEnd', 'end', 'Last day of the year.', (m) => monthPeriods(12, m), monthParam('endingMonth', 12))
