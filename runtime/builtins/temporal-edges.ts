/** Business days and months, semi-months, weeks of months and fiscal years: the edge of a calendar frequency that a day belongs to. */
import { usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { daysOfMonthNumber, mondayWeekday, monthOfDays } from '../temporal/calendar.ts'
import {
  businessDays,
  type DayEdges,
  fiscalQuarters,
  fiscalYears,
  lastWeeksOfMonth,
  semiMonths,
  weeksOfMonth,
} from '../temporal/edges.ts'
import { dateVector } from '../temporal/split.ts'
import { type Arg, boolArg, intArg } from './args.ts'
import { daysOf, mapTemporal } from './temporal.ts'
import { groupOffset, mapDays } from './temporal-parts.ts'

const { entries, define } = topicTable('Dates and times')
export const temporalEdgeBuiltins: readonly Builtin[] = entries

interface EdgeParameter {
  readonly name: string
  readonly value: number | boolean
  readonly min?: number
  readonly max?: number
}

const GROUPS =
  'DATE. With n > 1 the results change at every n-th period only, counted from the period of offset (by default that of the first element).'

/** A function that gives the edge before (or at) each day. */
function defineEdge(
  name: string,
  doc: string,
  parameters: readonly EdgeParameter[],
  make: (...values: readonly number[]) => DayEdges,
): void {
  const declared = parameters.map((p) => `[${p.name}=${p.value}]`)
  const signature = `${name}(${['X', ...declared, '[offset]', '[n=1]'].join(', ')})`
  define(signature, {
    doc: `${doc} ${GROUPS}`,
    kind: 'element',
    call: ([x, ...rest]) => {
      const values = parameters.map((p, k) => parameterOf(signature, p, rest[k]))
      const [offset, nArg] = rest.slice(parameters.length)
      const n = intArg(nArg, signature, 'n', 1)
      if (n < 1) throw usageError(signature, 'n must be a positive integer.')
      const edges = make(...values)
      return mapTemporal(signature, x, (v) => {
        const days = daysOf(v, name)
        const origin = n === 1 ? 0 : edges.floor(groupOffset(offset, days, n, signature))
        return dateVector(mapDays(days, (d) => edges.day(origin + Math.floor((edges.floor(d) - origin) / n) * n)))
      })
    },
  })
}

function parameterOf(signature: string, p: EdgeParameter, given: Arg): number {
  if (typeof p.value === 'boolean') return boolArg(given, signature, p.name, p.value) ? 1 : 0
  const value = intArg(given, signature, p.name, p.value)
  if (value < p.min! || value > p.max!)
    throw usageError(signature, `${p.name} must be an integer from ${p.min} to ${p.max}.`)
  return value
}

const WEEKDAY: EdgeParameter = { name: 'weekday', value: 0, min: 0, max: 6 }
const DAY_OF_MONTH: EdgeParameter = { name: 'dayOfMonth', value: 15, min: 2, max: 27 }
const FISCAL: readonly EdgeParameter[] = [
  WEEKDAY,
  { name: 'startingMonth', value: 1, min: 1, max: 12 },
  { name: 'nearest', value: true },
]

defineEdge(
  'businessDay',
  'The day itself if it is a business day, else the last one before it.',
  [],
  () => businessDays,
)
defineEdge(
  'semiMonthBegin',
  'First day of the half month: the first of the month before dayOfMonth, dayOfMonth from then on.',
  [DAY_OF_MONTH],
  (day) => semiMonths(day, 'begin'),
)
defineEdge(
  'semiMonthEnd',
  'The last semi-month end that is not after X: the last day of the month before, or from dayOfMonth on that day.',
  [DAY_OF_MONTH],
  (day) => semiMonths(day, 'end'),
)
defineEdge(
  'weekOfMonth',
  'The weekday (0 Monday) of the week-th (0-based) week of the month, or of the month before if it is after X.',
  [{ name: 'week', value: 0, min: 0, max: 3 }, WEEKDAY],
  weeksOfMonth,
)
defineEdge(
  'lastWeekOfMonth',
  'The last such weekday (0 Monday) of the month, or of the month before if it is after X.',
  [WEEKDAY],
  lastWeeksOfMonth,
)
defineEdge(
  'fy5253',
  'First day of the fiscal year of 52 or 53 weeks: the weekday nearest to the last day of startingMonth, or (nearest=false) the last one in that month.',
  FISCAL,
  (weekday, month, nearest) => fiscalYears(weekday, month, nearest === 1),
)
defineEdge(
  'fy5253Quarter',
  'First day of the fiscal quarter of 13 weeks in the year of fy5253; a 53rd week belongs to the quarter qtrWithExtraWeek (1 to 4).',
  [...FISCAL.slice(0, 2), { name: 'qtrWithExtraWeek', value: 1, min: 1, max: 4 }, FISCAL[2]],
  (weekday, month, long, nearest) => fiscalQuarters(fiscalYears(weekday, month, nearest === 1), long),
)

// First and last business days of whole months. X may lie outside of them: the Sunday after the last business day of its month.

const previousBusinessDay = (d: number): number => d - Math.max(mondayWeekday(d) - 4, 0)
const nextBusinessDay = (d: number): number => (mondayWeekday(d) > 4 ? d + 7 - mondayWeekday(d) : d)

function defineBusiness(
  name: string,
  doc: string,
  months: number,
  edge: 'begin' | 'end',
  parameter?: { readonly name: string; readonly value: number },
): void {
  const declared = parameter === undefined ? [] : [`[${parameter.name}=${parameter.value}]`]
  const signature = `${name}(${['X', ...declared, '[offset]', '[n=1]'].join(', ')})`
  define(signature, {
    doc: `${doc} ${GROUPS}`,
    kind: 'element',
    call: ([x, ...rest]) => {
      const month = parameter === undefined ? 1 : intArg(rest[0], signature, parameter.name, parameter.value)
      if (month < 1 || month > 12) throw usageError(signature, `${parameter?.name} must be an integer from 1 to 12.`)
      const [offset, nArg] = parameter === undefined ? rest : rest.slice(1)
      const n = intArg(nArg, signature, 'n', 1)
      if (n < 1) throw usageError(signature, 'n must be a positive integer.')
      // Periods begin with the month named, or with the one after the month in which they end.
      const shift = (edge === 'begin' ? month - 1 : month) % months
      const index = (d: number): number => Math.floor((monthOfDays(d) - shift) / months)
      const edgeOf = (k: number): number =>
        edge === 'begin'
          ? nextBusinessDay(daysOfMonthNumber(k * months + shift))
          : previousBusinessDay(daysOfMonthNumber((k + 1) * months + shift) - 1)
      // The year of a day before its first business day is the year before; months and quarters are those of the calendar.
      const early = (d: number): boolean => edge === 'begin' && months === 12 && d < edgeOf(index(d))
      return mapTemporal(signature, x, (v) => {
        const days = daysOf(v, name)
        if (n === 1) return dateVector(mapDays(days, (d) => edgeOf(index(d) - (early(d) ? 1 : 0))))
        // A day after the last business day of its period belongs to the end of the next one.
        const number = (d: number): number =>
          index(d) + (edge === 'end' && d > edgeOf(index(d)) ? 1 : 0) - (early(d) ? 1 : 0)
        const origin = number(groupOffset(offset, days, n, signature))
        return dateVector(
          mapDays(days, (d) => {
            const groups = (number(d) - origin) / n
            return edgeOf(origin + (edge === 'begin' ? Math.floor(groups) : Math.ceil(groups)) * n)
          }),
        )
      })
    },
  })
}

defineBusiness('businessMonthBegin', 'First business day of the month.', 1, 'begin')
defineBusiness('businessMonthEnd', 'Last business day of the month.', 1, 'end')
const starting = (value: number) => ({ name: 'startingMonth', value })
const ending = (value: number) => ({ name: 'endingMonth', value })
defineBusiness('businessQuarterBegin', 'First business day of the quarter.', 3, 'begin', starting(1))
defineBusiness('businessQuarterEnd', 'Last business day of the quarter.', 3, 'end', ending(12))
defineBusiness(
  'businessYearBegin',
  'The last first business day of a year that is not after X.',
  12,
  'begin',
  starting(1),
)
defineBusiness('businessYearEnd', 'Last business day of the year.', 12, 'end', ending(12))
