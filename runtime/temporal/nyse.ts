/**
 * Days from Monday to Friday on which the New York Stock Exchange (XNYS) does not trade, by the rules of its holidays from 1990 to 2050, and the days on
 * which it was closed out of turn. A holiday on a Sunday is kept on the Monday after it, one on a Saturday on the Friday before, but for New Year's Day,
 * whose Friday would be in the old year.
 */
import { daysFromCivil, mondayWeekday } from './calendar.ts'

export const NYSE = 'XNYS'
const FIRST_YEAR = 1990
const LAST_YEAR = 2050

/** Days of mourning, attacks and storms. */
const OUT_OF_TURN: readonly (readonly [number, number, number])[] = [
  [1994, 4, 27],
  [2001, 9, 11],
  [2001, 9, 12],
  [2001, 9, 13],
  [2001, 9, 14],
  [2004, 6, 11],
  [2007, 1, 2],
  [2012, 10, 29],
  [2012, 10, 30],
  [2018, 12, 5],
  [2025, 1, 9],
]

/** The n-th (from 1) such weekday of a month, 0 being Monday. */
function nth(year: number, month: number, weekday: number, n: number): number {
  const first = daysFromCivil(year, month, 1)
  return first + ((weekday - mondayWeekday(first) + 7) % 7) + (n - 1) * 7
}

function lastMonday(year: number, month: number): number {
  const end = daysFromCivil(year, month + 1, 1) - 1
  return end - mondayWeekday(end)
}

/** Easter Sunday of the Gregorian calendar (Meeus). */
function easter(year: number): number {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const rest = year % 100
  const shift = Math.floor((8 * century + 13) / 25)
  const epact = (19 * golden + century - Math.floor(century / 4) - shift + 15) % 30
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - epact - (rest % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 19 * weekday) / 433)
  const month = Math.floor((epact + weekday - 7 * late + 90) / 25)
  const day = (epact + weekday - 7 * late + 33 * month + 19) % 32
  return daysFromCivil(year, month, day)
}

/** The day on which a holiday is kept. */
function kept(day: number): number {
  const weekday = mondayWeekday(day)
  return weekday === 6 ? day + 1 : weekday === 5 ? day - 1 : day
}

export function nyseHolidays(): number[] {
  const out = OUT_OF_TURN.map(([y, m, d]) => daysFromCivil(y, m, d))
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    const newYear = daysFromCivil(year, 1, 1)
    if (mondayWeekday(newYear) !== 5) out.push(kept(newYear))
    if (year >= 1998) out.push(nth(year, 1, 0, 3))
    out.push(nth(year, 2, 0, 3), easter(year) - 2, lastMonday(year, 5))
    if (year >= 2022) out.push(kept(daysFromCivil(year, 6, 19)))
    out.push(
      kept(daysFromCivil(year, 7, 4)),
      nth(year, 9, 0, 1),
      nth(year, 11, 3, 4),
      kept(daysFromCivil(year, 12, 25)),
    )
  }
  return out
}
