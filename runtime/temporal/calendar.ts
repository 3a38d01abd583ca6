/**
 * Proleptic Gregorian calendar on integers. A day number is days since 1970.01.01, a month number is year * 12 + month - 1.
 * All functions are total on safe integers, negative ones too; none allocates, so they may sit in loops over columns.
 *
 * The algorithm works in years that start on 1 March, so that the leap day is the last one of the year, and in eras of 400 years
 * (146097 days), within which the calendar repeats.
 */

/** Day number of a civil date. `month` is 1..12; days beyond the month's end run into the next. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468
}

/** A civil date in one number: year * 512 + month * 32 + day. Take it apart with `civilYear`, `civilMonth`, `civilDay`. */
export function civilFromDays(days: number): number {
  const shifted = days + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return year * 512 + month * 32 + day
}

export const civilYear = (civil: number): number => Math.floor(civil / 512)
export const civilMonth = (civil: number): number => (civil >> 5) & 15
export const civilDay = (civil: number): number => civil & 31

export const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : MONTH_DAYS[month - 1]
}

/** 0 Monday .. 6 Sunday. */
export function mondayWeekday(days: number): number {
  const w = (days + 3) % 7
  return w < 0 ? w + 7 : w
}

/** Month number (year * 12 + month - 1) of a day. */
export function monthOfDays(days: number): number {
  const civil = civilFromDays(days)
  return civilYear(civil) * 12 + civilMonth(civil) - 1
}

/** First day of a month number. */
export function daysOfMonthNumber(months: number): number {
  const year = Math.floor(months / 12)
  return daysFromCivil(year, months - year * 12 + 1, 1)
}

/** The day moved by whole months; the day of the month is cut to the target month's length (2020.01.31 + 1 month = 2020.02.29). */
export function addMonths(days: number, months: number): number {
  const civil = civilFromDays(days)
  const target = civilYear(civil) * 12 + civilMonth(civil) - 1 + months
  const year = Math.floor(target / 12)
  const month = target - year * 12 + 1
  return daysFromCivil(year, month, Math.min(civilDay(civil), daysInMonth(year, month)))
}

/**
 * The day moved by business days (Monday to Friday). Starting on a weekend, the first step forward lands on Monday and the first step
 * back on Friday.
 */
export function addBusinessDays(days: number, count: number): number {
  const weekday = mondayWeekday(days)
  if (count === 0) return days
  if (count > 0) {
    const start = weekday > 4 ? days - (weekday - 4) : days
    const position = Math.min(weekday, 4) + count
    return start - Math.min(weekday, 4) + Math.floor(position / 5) * 7 + (position % 5)
  }
  const start = weekday > 4 ? days + (7 - weekday) : days
  const from = weekday > 4 ? 0 : weekday
  const position = from + count
  const week = Math.floor(position / 5)
  return start - from + week * 7 + (position - week * 5)
}

/** 1..366. */
export function dayOfYear(days: number): number {
  return days - daysFromCivil(civilYear(civilFromDays(days)), 1, 1) + 1
}

/** ISO week number, 1..53: weeks start on Monday, the first has at least four days of the year. */
export function weekOfYear(days: number): number {
  const thursday = days - mondayWeekday(days) + 3
  return Math.floor((dayOfYear(thursday) - 1) / 7) + 1
}
