/**
 * Trading calendars by the name of a market (four capital letters): either the holidays, everything else from Monday to Friday being a trading day, or
 * the trading days themselves. Trading days are numbered in order, which makes sums and differences of them arithmetic. Calendars that a script adds
 * live as long as the thread that holds the session. At the start there is the New York Stock Exchange, whose holidays follow rules.
 */
import { inputError } from '../errors.ts'
import { civilFromDays, civilYear, daysFromCivil, mondayWeekday } from './calendar.ts'
import { NYSE, nyseHolidays } from './nyse.ts'

export interface TradingCalendar {
  readonly name: string
  /** Made of the trading days, not of the holidays. */
  readonly listed: boolean
  /** First and last day that the calendar knows when a script does not say. */
  readonly first: number
  readonly last: number
  /** Number of the last trading day that is not after `day`. */
  index(day: number): number
  /** The trading day with a number; an error beyond a calendar that lists its days. */
  day(index: number): number
}

/** Number of the last Monday to Friday that is not after `day`; 0 is 1970.01.01, a Thursday. */
export function weekdayIndex(day: number): number {
  const weekday = mondayWeekday(day)
  return ((day - weekday + 3) / 7) * 5 + Math.min(weekday, 4) - 3
}

/** The Monday to Friday with a number. */
export function weekdayOfIndex(index: number): number {
  const fromMonday = index + 3
  const week = Math.floor(fromMonday / 5)
  return week * 7 - 3 + (fromMonday - week * 5)
}

/** How many of the ascending numbers are at most x. */
function countUpTo(sorted: Int32Array, x: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] <= x) low = middle + 1
    else high = middle
  }
  return low
}

const distinctDays = (days: readonly number[]): Int32Array => Int32Array.from(new Set(days)).sort()

/** Everything from Monday to Friday except the holidays. */
export function holidayCalendar(name: string, holidays: readonly number[]): TradingCalendar {
  const closed = distinctDays(holidays.filter((d) => mondayWeekday(d) < 5))
  const closedIndex = closed.map(weekdayIndex)
  const year = (d: number): number => civilYear(civilFromDays(d))
  return {
    name,
    listed: false,
    first: closed.length === 0 ? 0 : daysFromCivil(year(closed[0]), 1, 1),
    last: closed.length === 0 ? -1 : daysFromCivil(year(closed[closed.length - 1]) + 1, 1, 1) - 1,
    index: (day) => weekdayIndex(day) - countUpTo(closed, day),
    day: (index) => {
      // Each holiday before the day pushes it on by one weekday.
      let at = index
      for (;;) {
        const next = index + countUpTo(closedIndex, at)
        if (next === at) return weekdayOfIndex(at)
        at = next
      }
    },
  }
}

/** Exactly the listed days. */
export function tradingDayCalendar(name: string, days: readonly number[]): TradingCalendar {
  const open = distinctDays(days)
  return {
    name,
    listed: true,
    first: open.length === 0 ? 0 : open[0],
    last: open.length === 0 ? -1 : open[open.length - 1],
    index: (day) => countUpTo(open, day) - 1,
    day: (index) => {
      if (index < 0 || index >= open.length)
        throw inputError(`The returned date does not exist in trading calendar [${name}].`, { code: 'marketCalendar' })
      return open[index]
    },
  }
}

const calendars = new Map<string, TradingCalendar>()

export const isMarketName = (name: string): boolean => /^[A-Z]{4}$/.test(name)

/** The market's calendar; an error that names the market if there is none. */
export function marketCalendar(name: string): TradingCalendar {
  if (name === NYSE && !calendars.has(NYSE)) calendars.set(NYSE, holidayCalendar(NYSE, nyseHolidays()))
  const found = calendars.get(name)
  if (found === undefined)
    throw inputError(`There is no trading calendar for market [${name}]: add one with addMarketHoliday.`, {
      code: 'marketCalendar',
    })
  return found
}

export function addMarketCalendar(calendar: TradingCalendar): void {
  if (calendars.has(calendar.name) || calendar.name === NYSE)
    throw inputError(`The added market '${calendar.name}' already exists.`, { code: 'marketCalendar' })
  calendars.set(calendar.name, calendar)
}

/** Another calendar for a market that has one. */
export function replaceMarketCalendar(calendar: TradingCalendar): void {
  marketCalendar(calendar.name)
  calendars.set(calendar.name, calendar)
}

/** Markets with a calendar. */
export const marketNames = (): string[] => [...new Set([NYSE, ...calendars.keys()])]

/** The day moved by trading days. From a day that is none the first step lands on the next one, or the one before. */
export function addTradingDays(calendar: TradingCalendar, day: number, count: number): number {
  const index = calendar.index(day)
  if (count > 0) return calendar.day(index + count)
  const start = calendar.day(index) === day ? index : index + 1
  return count === 0 ? day : calendar.day(start + count)
}
