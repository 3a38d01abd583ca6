/**
 * Calendar frequencies as endless ascending sequences of days: month ends, first Mondays, fiscal years, trading days. `floor(day)` is the number of
 * the last of them that is not after a day, `day(k)` the day with number k.
 */
import { inputError } from '../errors.ts'
import { civilFromDays, civilYear, daysOfMonthNumber, mondayWeekday, monthOfDays } from './calendar.ts'
import { isMarketName, marketCalendar, weekdayIndex, weekdayOfIndex } from './market.ts'

export interface DayEdges {
  readonly floor: (day: number) => number
  readonly day: (k: number) => number
}

/** Edges of which each has a number that is off by at most one or two from a guess: the guess is put right. */
const guessed = (guess: (day: number) => number, day: (k: number) => number): DayEdges => ({
  day,
  floor: (d) => {
    let k = guess(d)
    while (day(k) > d) k--
    while (day(k + 1) <= d) k++
    return k
  },
})

const yearOf = (day: number): number => civilYear(civilFromDays(day))
const daysAfter = (from: number, weekday: number): number => (weekday - mondayWeekday(from) + 7) % 7
const lastOfMonth = (month: number): number => daysOfMonthNumber(month + 1) - 1
const backToWeekday = (day: number): number => day - Math.max(mondayWeekday(day) - 4, 0)
const onToWeekday = (day: number): number => (mondayWeekday(day) > 4 ? day + 7 - mondayWeekday(day) : day)

/** Every `length` months, beginning with month number `first` (0 is a January). `day` gives the day of a month. */
const monthly = (length: number, first: number, day: (month: number) => number): DayEdges =>
  guessed(
    (d) => Math.floor((monthOfDays(d) - first) / length),
    (k) => day(k * length + first),
  )

export const businessDays: DayEdges = { floor: weekdayIndex, day: weekdayOfIndex }

/** Weeks that end on a weekday (0 Monday). */
export const weekEnds = (weekday: number): DayEdges => ({
  floor: (d) => Math.floor((d + 3 - weekday) / 7),
  day: (k) => k * 7 - 3 + weekday,
})

/** Two edges a month: the first day or the last day of the month before, and the day `dayOfMonth`. */
export function semiMonths(dayOfMonth: number, side: 'begin' | 'end'): DayEdges {
  return guessed(
    (d) => monthOfDays(d) * 2,
    (k) => {
      const month = Math.floor(k / 2)
      const begin = daysOfMonthNumber(month)
      return k % 2 === 0 ? (side === 'begin' ? begin : begin - 1) : begin + dayOfMonth - 1
    },
  )
}

/** The `week`-th (0-based) weekday of each month. */
export const weeksOfMonth = (week: number, weekday: number): DayEdges =>
  monthly(1, 0, (m) => {
    const begin = daysOfMonthNumber(m)
    return begin + daysAfter(begin, weekday) + week * 7
  })

/** The last such weekday of each month. */
export const lastWeeksOfMonth = (weekday: number): DayEdges =>
  monthly(1, 0, (m) => {
    const end = lastOfMonth(m)
    return end - ((mondayWeekday(end) - weekday + 7) % 7)
  })

/** Begins of fiscal years of 52 or 53 weeks: the weekday nearest to the end of a month, or the last one in it. Numbered by calendar year. */
export function fiscalYears(weekday: number, month: number, nearest: boolean): DayEdges {
  return guessed(yearOf, (year) => {
    const end = lastOfMonth(year * 12 + month - 1)
    const back = (mondayWeekday(end) - weekday + 7) % 7
    return nearest && back > 3 ? end - back + 7 : end - back
  })
}

/** Their quarters of 13 weeks; the quarter with a number from 1 takes the 53rd week. */
export function fiscalQuarters(years: DayEdges, long: number): DayEdges {
  return guessed(
    (d) => years.floor(d) * 4,
    (k) => {
      const year = Math.floor(k / 4)
      const quarter = k - year * 4
      const extra = years.day(year + 1) - years.day(year) - 4 * 91
      return years.day(year) + quarter * 91 + (quarter >= long ? extra : 0)
    },
  )
}

/** The calendar frequencies by their documented names. */
const BY_NAME: Readonly<Record<string, DayEdges>> = {
  B: businessDays,
  W: weekEnds(6),
  WOM: weeksOfMonth(0, 0),
  LWOM: lastWeeksOfMonth(0),
  M: monthly(1, 0, lastOfMonth),
  MS: monthly(1, 0, daysOfMonthNumber),
  BM: monthly(1, 0, (m) => backToWeekday(lastOfMonth(m))),
  BMS: monthly(1, 0, (m) => onToWeekday(daysOfMonthNumber(m))),
  SM: semiMonths(15, 'end'),
  SMS: semiMonths(15, 'begin'),
  Q: monthly(3, 2, lastOfMonth),
  QS: monthly(3, 0, daysOfMonthNumber),
  BQ: monthly(3, 2, (m) => backToWeekday(lastOfMonth(m))),
  BQS: monthly(3, 0, (m) => onToWeekday(daysOfMonthNumber(m))),
  SA: monthly(6, 5, lastOfMonth),
  SAS: monthly(6, 0, daysOfMonthNumber),
  A: monthly(12, 11, lastOfMonth),
  AS: monthly(12, 0, daysOfMonthNumber),
  BA: monthly(12, 11, (m) => backToWeekday(lastOfMonth(m))),
  BAS: monthly(12, 0, (m) => onToWeekday(daysOfMonthNumber(m))),
  RE: fiscalYears(0, 1, true),
  REQ: fiscalQuarters(fiscalYears(0, 1, true), 1),
}

/** Nanoseconds of the frequencies of fixed length. */
const TICK_NANOS: Readonly<Record<string, number>> = {
  D: 86_400e9,
  H: 3_600e9,
  min: 60e9,
  S: 1e9,
  L: 1e6,
  U: 1e3,
  N: 1,
}

/** A frequency: a number of calendar edges, or of nanoseconds. */
export type Frequency =
  | { readonly kind: 'calendar'; readonly name: string; readonly edges: DayEdges; readonly n: number }
  | { readonly kind: 'tick'; readonly name: string; readonly nanos: number; readonly n: number }

/** Reads a rule such as "M", "2Q", "3min" or the name of a market. */
export function frequencyOf(rule: string): Frequency {
  const match = /^(\d*)([A-Za-z]+)$/.exec(rule)
  if (match !== null) {
    const [, count, name] = match
    const n = count === '' ? 1 : Number(count)
    if (n >= 1) {
      if (Object.hasOwn(BY_NAME, name)) return { kind: 'calendar', name, edges: BY_NAME[name], n }
      if (Object.hasOwn(TICK_NANOS, name)) return { kind: 'tick', name, nanos: TICK_NANOS[name] * n, n }
      if (isMarketName(name)) {
        const calendar = marketCalendar(name)
        return { kind: 'calendar', name, edges: { floor: calendar.index, day: calendar.day }, n }
      }
    }
  }
  throw inputError(
    `Invalid rule [${rule}]: it must be one of ${[...Object.keys(BY_NAME), ...Object.keys(TICK_NANOS)].join(' ')} or a market, optionally after a positive number.`,
    { code: 'frequency' },
  )
}

/** Frequencies whose bins are closed and labelled on the right unless a script says otherwise. */
const RIGHT = new Set(['M', 'A', 'Q', 'BM', 'BA', 'BQ', 'W'])
export const closesRight = (f: Frequency): boolean => RIGHT.has(f.name)
