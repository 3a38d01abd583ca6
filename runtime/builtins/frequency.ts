/** Changes of frequency: temporalSeq, transFreq, resample and asFreq; differences along a column of times; trading calendars. */
import { inputError, usageError } from '../errors.ts'
import { castValue } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { type BinOptions, type Bins, binsOf, instantsOf, type Origin, type Side } from '../temporal/bins.ts'
import { frequencyOf } from '../temporal/edges.ts'
import {
  addMarketCalendar,
  holidayCalendar,
  isMarketName,
  marketCalendar,
  marketNames,
  replaceMarketCalendar,
  tradingDayCalendar,
  weekdayIndex,
} from '../temporal/market.ts'
import { dateVector } from '../temporal/split.ts'
import { temporalUnit } from '../temporal/units.ts'
import type { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isTemporal, NULL_I32, NULL_I64, T, typeName } from '../values/types.ts'
import { FixedVector, StringVector, type Vector, vectorOf } from '../values/vector.ts'
import { type Arg, isGiven, required, textArg, vectorArg } from './args.ts'
import { collect, fromColumns, matrixColumns, matrixFrom } from './shapes.ts'
import { mapTemporal } from './temporal.ts'

const { entries, define } = topicTable('Dates and times')
export const frequencyBuiltins: readonly Builtin[] = entries

export const RULES =
  "rule is B (business days), W (weeks to Sunday), WOM LWOM (first and last Monday of a month), M MS (month ends and begins), BM BMS, SM SMS (semi-months), Q QS BQ BQS, SA SAS, A AS BA BAS, RE REQ (fiscal years and quarters of 52-53 weeks), D H min S L U N, or a market with a trading calendar; a number in front takes every n-th. closed and label ('left' or 'right') say which end belongs to a bin and names it: right for M A Q BM BA BQ W and for origin end and end_day, otherwise left. origin ('epoch', 'start', 'start_day', 'end', 'end_day' or a time) is where rules from D to N count from."

function sideArg(v: Arg, usage: string, name: string): Side | undefined {
  if (!isGiven(v) || (v.kind === 'scalar' && v.isNull())) return undefined
  const text = textArg(v, usage, name)
  if (text === 'left' || text === 'right') return text
  throw usageError(usage, `${name} must be 'left' or 'right'.`)
}

function originArg(v: Arg, usage: string, type: number): Origin {
  if (v?.kind === 'scalar' && isTemporal(v.type) && !v.isNull()) {
    const at = v.type === type ? v : (castValue(v, type) as Scalar)
    return { kind: 'time', at: BigInt(at.value as number | bigint) }
  }
  const text = textArg(v, usage, 'origin', 'start_day')
  switch (text) {
    case 'epoch':
    case 'start':
    case 'start_day':
    case 'end':
    case 'end_day':
      return { kind: text }
    default:
      throw usageError(usage, "origin must be 'epoch', 'start', 'start_day', 'end', 'end_day' or a time.")
  }
}

export const binOptions = (usage: string, type: number, closed: Arg, label: Arg, origin: Arg): BinOptions => ({
  closed: sideArg(closed, usage, 'closed'),
  label: sideArg(label, usage, 'label'),
  origin: originArg(origin, usage, type),
})

/** Labels or instants as a column of the type. */
export function temporalColumn(type: number, instants: readonly bigint[]): FixedVector {
  return vectorOf(type, temporalUnit(type)!.wide ? instants : instants.map(Number)) as FixedVector
}

const usageSeq = "temporalSeq(start, end, rule, [closed], [label], [origin='start_day'])"
define(usageSeq, {
  doc: `The labels of the bins from start to end, in their type. ${RULES}`,
  call: ([start, end, rule, closed, label, origin]) => {
    if (start?.kind !== 'scalar' || end?.kind !== 'scalar' || !isTemporal(start.type) || start.isNull() || end.isNull())
      throw usageError(usageSeq, 'start and end must be temporal scalars.')
    if (start.type !== end.type) throw usageError(usageSeq, 'start and end must have one type.')
    const [first, last] = [BigInt(start.value as number | bigint), BigInt(end.value as number | bigint)]
    if (last < first) throw usageError(usageSeq, 'end must not be before start.')
    const f = frequencyOf(textArg(rule, usageSeq, 'rule'))
    const bins = binsOf(start.type, first, last, f, binOptions(usageSeq, start.type, closed, label, origin))
    return temporalColumn(
      start.type,
      Array.from({ length: bins.count }, (_, k) => bins.label(k)),
    )
  },
})

const usageTrans = "transFreq(X, rule, [closed], [label], [origin='start_day'])"
define(usageTrans, {
  kind: 'vector',
  doc: `The label of the bin of each time, in the type and form of X; nulls stay. Bins count from the smallest of X. ${RULES} Here labels stay on the left for origin end and end_day.`,
  call: ([x, rule, closed, label, origin]) => {
    const f = frequencyOf(textArg(rule, usageTrans, 'rule'))
    return mapTemporal(usageTrans, x, (v) => {
      const instants = instantsOf(v)
      const known = Array.from(instants).filter((_, k) => !v.isNullAt(k))
      if (known.length === 0) return v
      const first = known.reduce((a, b) => (b < a ? b : a))
      const last = known.reduce((a, b) => (b > a ? b : a))
      const options = binOptions(usageTrans, v.type, closed, label, origin)
      const backwards = options.origin.kind === 'end' || options.origin.kind === 'end_day'
      const bins = binsOf(v.type, first, last, f, backwards ? { ...options, label: options.label ?? 'left' } : options)
      const wide = temporalUnit(v.type)!.wide
      const labels = Array.from(instants, (t, k) => (v.isNullAt(k) ? undefined : bins.label(bins.bin(t))))
      return vectorOf(
        v.type,
        labels.map((t) => (wide ? (t ?? NULL_I64) : t === undefined ? NULL_I32 : Number(t))),
      )
    })
  },
})

interface Labelled {
  readonly matrix: Matrix
  readonly times: FixedVector
  readonly instants: BigInt64Array
}

function labelled(usage: string, x: Arg): Labelled {
  if (x?.kind !== 'matrix' || x.rowLabels === undefined || !isTemporal(x.rowLabels.type))
    throw usageError(usage, 'X must be a matrix or an indexed series with temporal row labels.')
  const times = x.rowLabels as FixedVector
  const instants = instantsOf(times)
  for (let k = 0; k < instants.length; k++)
    if (times.isNullAt(k) || (k > 0 && instants[k] < instants[k - 1]))
      throw usageError(usage, 'the row labels of X must not be null and must not go back.')
  return { matrix: x, times, instants }
}

/** A matrix with other rows, named by labels; an indexed series or matrix stays one. */
function relabelled(m: Matrix, columns: readonly Vector[], labels: FixedVector): Matrix {
  const out = matrixFrom(columns, m.colLabels, labels)
  out.indexed = m.indexed
  return out
}

const usageResample = "resample(X, rule, func, [closed], [label], [origin='start_day'])"
define(usageResample, {
  doc: `An aggregate over the rows of each bin of a matrix or indexed series with temporal row labels, column by column; a bin without rows gives null. ${RULES}`,
  call: ([x, rule, func, closed, label, origin], session) => {
    const { matrix, times, instants } = labelled(usageResample, x)
    if (func?.kind !== 'function') throw usageError(usageResample, 'func must be a function.')
    const f = frequencyOf(textArg(rule, usageResample, 'rule'))
    if (instants.length === 0) return matrix
    const options = binOptions(usageResample, times.type, closed, label, origin)
    const bins = binsOf(times.type, instants[0], instants[instants.length - 1], f, options)
    const ends = binEnds(bins, instants)
    const columns = matrixColumns(matrix).map((column) => {
      const results: Value[] = []
      for (let b = 0; b < bins.count; b++) {
        const from = b === 0 ? 0 : ends[b - 1]
        results.push(from < ends[b] ? session.call(func, [column.slice(from, ends[b])]) : Scalar.VOID)
      }
      const unified = collect(results)
      if (unified.kind !== 'vector' || unified.storage === 'any')
        throw usageError(usageResample, 'func must be an aggregate: it gives one value per bin.')
      return unified
    })
    const labels = temporalColumn(
      times.type,
      Array.from({ length: bins.count }, (_, k) => bins.label(k)),
    )
    return relabelled(matrix, columns, labels)
  },
})

/** For each bin the position after its last row. */
function binEnds(bins: Bins, instants: BigInt64Array): Int32Array {
  const ends = new Int32Array(bins.count)
  for (let k = 0; k < instants.length; k++) ends[bins.bin(instants[k])] = k + 1
  for (let b = 1; b < ends.length; b++) if (ends[b] < ends[b - 1]) ends[b] = ends[b - 1]
  return ends
}

const usageAs = "asFreq(X, rule, [closed], [label], [origin='start_day'])"
define(usageAs, {
  aliases: ['asfreq'],
  doc: `The rows of a matrix or indexed series whose labels are those of the rule, with a row of nulls for every label that X does not have. Labels of calendar rules end with the last one of X. rule may also be a temporal vector: the labels themselves. ${RULES}`,
  call: ([x, rule, closed, label, origin]) => {
    const { matrix, times, instants } = labelled(usageAs, x)
    if (instants.length === 0) return matrix
    let wanted: bigint[]
    if (rule?.kind === 'vector') {
      if (rule.type !== times.type)
        throw usageError(usageAs, `rule must be a string or a ${typeName(times.type)} vector like the labels.`)
      wanted = Array.from(instantsOf(rule as FixedVector))
    } else {
      const f = frequencyOf(textArg(rule, usageAs, 'rule'))
      const last = instants[instants.length - 1]
      const bins = binsOf(times.type, instants[0], last, f, binOptions(usageAs, times.type, closed, label, origin))
      wanted = Array.from({ length: bins.count }, (_, k) => bins.label(k))
      if (f.kind === 'calendar') wanted = wanted.filter((t) => t <= last)
    }
    const row = new Map<bigint, number>()
    instants.forEach((t, k) => {
      if (!row.has(t)) row.set(t, k)
    })
    const rows = Int32Array.from(wanted, (t) => row.get(t) ?? -1)
    return relabelled(
      matrix,
      matrixColumns(matrix).map((c) => c.gather(rows)),
      temporalColumn(times.type, wanted),
    )
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Differences and calendars

const usageDeltas = 'temporalDeltas(X, [unit])'
define(usageDeltas, {
  kind: 'vector',
  aliases: ['datetimeDeltas'],
  doc: 'Each element minus the one before it, the first null: INT (LONG for 64-bit types) in units of the type. With unit ("d" days, "B" business days, or a market) X must be DATE. A matrix column by column; in a table the temporal columns, the others stay.',
  call: ([x, unit]) => {
    const by = isGiven(unit) ? textArg(unit, usageDeltas, 'unit') : undefined
    const source = required(x, usageDeltas, 'X')
    const one = (v: Vector): Vector => deltas(v, by)
    if (source.kind === 'matrix') return fromColumns(source, matrixColumns(source).map(one))
    if (source.kind === 'table')
      return new Table(
        source.names.slice(),
        source.columns.map((c) => (isTemporal(c.type) ? one(c) : c)),
      )
    return one(vectorArg(source, usageDeltas, 'X'))
  },
})

function deltas(v: Vector, unit: string | undefined): FixedVector {
  if (v.storage !== 'fixed' || !isTemporal(v.type))
    throw usageError(usageDeltas, 'X must be a temporal vector, a matrix of such, or a table.')
  if (unit !== undefined && v.type !== T.DATE) throw usageError(usageDeltas, 'unit goes with DATE only.')
  if (v.data instanceof BigInt64Array) {
    const out = new BigInt64Array(v.length).fill(NULL_I64)
    for (let k = 1; k < out.length; k++)
      if (!v.isNullAt(k) && !v.isNullAt(k - 1)) out[k] = BigInt.asIntN(64, v.data[k] - v.data[k - 1])
    return new FixedVector(T.LONG, out)
  }
  const index = dayIndex(unit)
  const out = new Int32Array(v.length).fill(NULL_I32)
  for (let k = 1; k < out.length; k++)
    if (!v.isNullAt(k) && !v.isNullAt(k - 1)) out[k] = index(v.data[k] as number) - index(v.data[k - 1] as number)
  return new FixedVector(T.INT, out)
}

/** Numbers days so that differences count units. */
function dayIndex(unit: string | undefined): (day: number) => number {
  if (unit === undefined || unit === 'd') return (day) => day
  if (unit === 'B') return weekdayIndex
  if (isMarketName(unit)) return marketCalendar(unit).index
  throw usageError(usageDeltas, 'unit must be "d", "B" or a market.')
}

function daysArg(v: Arg, usage: string, name: string): number[] {
  if (v?.kind === 'scalar' && v.type === T.DATE && !v.isNull()) return [v.value as number]
  if (v?.kind === 'vector' && v.type === T.DATE)
    return Array.from({ length: v.length }, (_, k) => v.raw(k) as number).filter((d) => d !== NULL_I32)
  throw usageError(usage, `${name} must be DATE data.`)
}

const usageHoliday = "addMarketHoliday(marketName, holiday, [dateType='holidayDate'])"
define(usageHoliday, {
  doc: "Adds the trading calendar of a market, named by four capital letters: dateType 'holidayDate' gives the days other than Saturdays and Sundays without trading, 'tradingDate' exactly the trading days. Functions that take a unit or a rule know the market from then on, in the process (on a worker thread: the thread) that added it; it is not stored. A market that exists is an error.",
  call: ([name, holiday, dateType]) => {
    const market = textArg(name, usageHoliday, 'marketName')
    if (!isMarketName(market)) throw usageError(usageHoliday, 'marketName must consist of 4 capital letters.')
    const days = daysArg(holiday, usageHoliday, 'holiday')
    const type = textArg(dateType, usageHoliday, 'dateType', 'holidayDate')
    if (type !== 'holidayDate' && type !== 'tradingDate')
      throw usageError(usageHoliday, "dateType must be 'holidayDate' or 'tradingDate'.")
    addMarketCalendar(type === 'holidayDate' ? holidayCalendar(market, days) : tradingDayCalendar(market, days))
    return Scalar.VOID
  },
})

const usageUpdate = 'updateMarketHoliday(marketName, holiday)'
define(usageUpdate, {
  doc: 'Gives the market, which must have a trading calendar, other days: holidays, or the trading days where its calendar was made of those.',
  call: ([name, holiday]) => {
    const market = textArg(name, usageUpdate, 'marketName')
    const days = daysArg(holiday, usageUpdate, 'holiday')
    replaceMarketCalendar(
      marketCalendar(market).listed ? tradingDayCalendar(market, days) : holidayCalendar(market, days),
    )
    return Scalar.VOID
  },
})

define('listAllMarkets()', {
  doc: 'The names of the markets with a trading calendar, STRING.',
  call: () => new StringVector(marketNames()),
})

const usageCalendar = 'getMarketCalendar(marketName, [startDate], [endDate])'
define(usageCalendar, {
  doc: 'The trading days of a market, DATE, from startDate to endDate; without them from the first to the last year of its calendar. There is a calendar of XNYS (1990 to 2050), others come from addMarketHoliday: a market without one is an error.',
  call: ([name, start, end]) => {
    const calendar = marketCalendar(textArg(name, usageCalendar, 'marketName'))
    const from = isGiven(start) ? daysArg(start, usageCalendar, 'startDate')[0] : calendar.first
    const to = isGiven(end) ? daysArg(end, usageCalendar, 'endDate')[0] : calendar.last
    if (from === undefined || to === undefined) throw inputError(`Usage: ${usageCalendar}. Dates must not be null.`)
    const out: number[] = []
    const last = calendar.index(to)
    for (let k = calendar.index(from - 1) + 1; k <= last; k++) out.push(calendar.day(k))
    return dateVector(Int32Array.from(out))
  },
})
