/**
 * Bins of a column of times by a frequency: which bin each time falls into, and the labels of all bins from the first to the last time. Calendar
 * frequencies work on days; those of fixed length count from an origin.
 */
import { inputError } from '../errors.ts'
import { typeName } from '../values/types.ts'
import type { FixedVector } from '../values/vector.ts'
import { closesRight, type Frequency } from './edges.ts'
import { temporalUnit } from './units.ts'

export type Side = 'left' | 'right'
export type Origin =
  | { readonly kind: 'epoch' | 'start' | 'start_day' | 'end' | 'end_day' }
  | { readonly kind: 'time'; readonly at: bigint }

export interface BinOptions {
  readonly closed: Side | undefined
  readonly label: Side | undefined
  readonly origin: Origin
}

export interface Bins {
  readonly count: number
  /** Bin of a time. */
  readonly bin: (time: bigint) => number
  /** Label of a bin, in units of the times' type. */
  readonly label: (bin: number) => bigint
}

const floorDiv = (a: bigint, b: bigint): bigint => {
  const q = a / b
  return a % b < 0n ? q - 1n : q
}
const modulo = (a: bigint, b: bigint): bigint => ((a % b) + b) % b

/** Bins over first..last (units of the type). */
export function binsOf(type: number, first: bigint, last: bigint, f: Frequency, options: BinOptions): Bins {
  const { perDay, hasDate } = temporalUnit(type)!
  if (perDay === 0 || (f.kind === 'calendar' && !hasDate))
    throw inputError(`The rule ${f.name} does not go with ${typeName(type)} data.`, { code: 'frequency' })
  const backwards = options.origin.kind === 'end' || options.origin.kind === 'end_day'
  const byDefault: Side = backwards || closesRight(f) ? 'right' : 'left'
  const closed = options.closed ?? byDefault
  const label = options.label ?? byDefault
  return f.kind === 'calendar'
    ? calendarBins(BigInt(perDay), first, last, f, closed, label)
    : tickBins(type, first, last, f, closed, label, options.origin)
}

function calendarBins(
  perDay: bigint,
  first: bigint,
  last: bigint,
  f: Extract<Frequency, { kind: 'calendar' }>,
  closed: Side,
  label: Side,
): Bins {
  const { edges, n } = f
  const dayOf = (t: bigint): number => Number(floorDiv(t, perDay))
  // Open on the left, a day that is an edge belongs to the bin before it.
  const edgeBefore = (t: bigint): number => edges.floor(closed === 'left' ? dayOf(t) : dayOf(t) - 1)
  const anchor = closed === 'left' ? edgeBefore(first) : edgeBefore(first) + 1 - n
  const bin = (t: bigint): number => Math.floor((edgeBefore(t) - anchor) / n)
  return {
    count: bin(last) + 1,
    bin,
    label: (k) => BigInt(edges.day(anchor + (label === 'left' ? k : k + 1) * n)) * perDay,
  }
}

function tickBins(
  type: number,
  first: bigint,
  last: bigint,
  f: Extract<Frequency, { kind: 'tick' }>,
  closed: Side,
  label: Side,
  origin: Origin,
): Bins {
  const unit = temporalUnit(type)!
  const day = BigInt(unit.perDay)
  const step = (f.nanos / 86_400e9) * unit.perDay
  if (!Number.isInteger(step) || step < 1)
    throw inputError(`The rule ${f.n}${f.name} is finer than ${typeName(type)} data.`, { code: 'frequency' })
  const by = BigInt(step)
  const startDay = floorDiv(first, day) * day
  const zero = (): bigint => {
    switch (origin.kind) {
      case 'epoch':
        return 0n
      case 'start':
        return first
      case 'start_day':
        return startDay
      case 'time':
        return origin.at
      case 'end':
        return last
      case 'end_day':
        return (floorDiv(last - 1n, day) + 1n) * day
    }
  }
  const from = zero()
  const offset = modulo(first - from, by)
  // The first edge is not after the first time, and before it where bins are open on the left.
  const start = first - (offset === 0n && closed === 'right' ? by : offset)
  const bin = (t: bigint): number => Number(floorDiv(closed === 'left' ? t - start : t - start - 1n, by))
  return { count: bin(last) + 1, bin, label: (k) => start + BigInt(label === 'left' ? k : k + 1) * by }
}

/** Elements of a temporal column as 64-bit integers. */
export const instantsOf = (v: FixedVector): BigInt64Array =>
  v.data instanceof BigInt64Array
    ? v.data.subarray(0, v.length)
    : BigInt64Array.from({ length: v.length }, (_, k) => BigInt(v.data[k]))
