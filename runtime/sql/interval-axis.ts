/**
 * What the windows of interval count in: units of X, or trading days of a market. Windows are equally long on the axis; a day without trading lies where the
 * trading day before it lies, so that its rows go with those of that day.
 */
import { type HoldfastError, inputError } from '../errors.ts'
import { marketCalendar } from '../temporal/market.ts'
import { temporalUnit } from '../temporal/units.ts'
import {
  isIntegral,
  isTemporal,
  Scalar,
  T,
  type TypeId,
  typeName,
  unpackDuration,
  type Value,
  type Vector,
} from '../values/index.ts'

export const INTERVAL_USAGE = 'interval(X, duration, fill, [step], [explicitOffset=false], [closed], [label], [origin])'

export const intervalUsage = (problem: string): HoldfastError =>
  inputError(`Usage: ${INTERVAL_USAGE}. ${problem}`, { code: 'usage' })

export interface IntervalAxis {
  /** The market whose trading days are counted; undefined for units of X. */
  readonly market: string | undefined
  /** Place of a value; where windows are open on the left, an edge lies before itself. */
  place(value: bigint, closedRight: boolean): bigint
  /** The value of X at a place. */
  value(place: bigint): bigint
}

const UNITS: IntervalAxis = {
  market: undefined,
  place: (value, closedRight) => (closedRight ? value - 1n : value),
  value: (place) => place,
}

function tradingDays(market: string, type: TypeId): IntervalAxis {
  const calendar = marketCalendar(market)
  const perDay = BigInt(temporalUnit(type)!.perDay)
  const dayOf = (value: bigint): number => {
    const day = value / perDay
    return Number(value % perDay < 0n ? day - 1n : day)
  }
  return {
    market,
    place: (value, closedRight) => BigInt(calendar.index(closedRight ? dayOf(value) - 1 : dayOf(value))),
    value: (place) => BigInt(calendar.day(Number(place))) * perDay,
  }
}

export const NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  H: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
}

interface Length {
  readonly axis: IntervalAxis
  readonly length: bigint
}

/** A duration or a step: its axis, and its length there. */
export function intervalLength(v: Value | undefined, type: TypeId, name: string): Length {
  if (!(v instanceof Scalar) || v.isNull()) throw intervalUsage(`${name} must be an integer or a duration.`)
  let axis = UNITS
  let length: bigint
  if (v.type === T.DURATION) {
    const { count, unit } = unpackDuration(v.value as bigint)
    const found = isTemporal(type) ? temporalUnit(type) : undefined
    const perDay = BigInt(found?.perDay ?? 0)
    const nanos = NANOS[unit]
    if (perDay === 0n || (nanos === undefined && !(isMarket(unit) && found!.hasDate)))
      throw intervalUsage(`${name} can't be ${count}${unit} with a column of type ${typeName(type)}.`)
    if (nanos === undefined) {
      axis = tradingDays(unit, type)
      length = BigInt(count)
    } else {
      const unitNanos = NANOS.d / perDay
      const total = BigInt(count) * nanos
      if (total % unitNanos !== 0n) throw intervalUsage(`${name} must not be finer than X.`)
      length = total / unitNanos
    }
  } else if (isIntegral(v.type)) length = BigInt(v.value as number | bigint)
  else throw intervalUsage(`${name} must be an integer or a duration.`)
  if (length <= 0n) throw intervalUsage(`${name} must be positive.`)
  return { axis, length }
}

const isMarket = (unit: string): boolean => /^[A-Z]{4}$/.test(unit)

const isNull = (v: Value | undefined): boolean => v?.kind === 'scalar' && v.isNull()

/** The place that windows count from: a multiple of the step unless origin says otherwise, and for trading days that of the first value. */
export function intervalAnchor(origin: Value | undefined, x: Vector, axis: IntervalAxis): bigint {
  const at = (value: bigint): bigint => axis.place(value, false)
  if (origin === undefined || isNull(origin)) return axis.market === undefined ? 0n : at(extent(x)[0])
  if (!(origin instanceof Scalar))
    throw intervalUsage("origin must be 'epoch', 'start', 'start_day', 'end', 'end_day' or a time.")
  const day = BigInt(temporalUnit(x.type)?.perDay ?? 1)
  const midnight = (v: bigint): bigint => v - (((v % day) + day) % day)
  const [least, greatest] = extent(x)
  switch (origin.value) {
    case 'epoch':
      return at(0n)
    case 'start':
      return at(least)
    case 'start_day':
      return at(midnight(least))
    case 'end':
      return at(greatest)
    case 'end_day':
      return at(midnight(greatest) + day)
    default:
      if (!isTemporal(x.type) || origin.type !== x.type)
        throw intervalUsage(
          "origin must be 'epoch', 'start', 'start_day', 'end', 'end_day' or a scalar of the type of X.",
        )
      return at(BigInt(origin.value as number | bigint))
  }
}

/** Least and greatest valid value; 0 without any. */
export function extent(x: Vector): [bigint, bigint] {
  let least: bigint | undefined
  let greatest: bigint | undefined
  for (let k = 0; k < x.length; k++) {
    if (x.isNullAt(k)) continue
    const v = BigInt(x.raw(k) as number | bigint)
    if (least === undefined || v < least) least = v
    if (greatest === undefined || v > greatest) greatest = v
  }
  return [least ?? 0n, greatest ?? 0n]
}
