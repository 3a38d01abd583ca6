/** The windows of roll as ranges of rows: rows stand group by group, and inside a group in the order of X. */
import { inputError } from '../errors.ts'
import { castScalar, castVector } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { addDuration } from '../ops/temporal.ts'
import { temporalUnit } from '../temporal/units.ts'
import { FixedVector, Scalar, T, typeName, unpackDuration, type Vector } from '../values/index.ts'
import type { Frames } from './frame-folds.ts'
import { NANOS } from './interval-axis.ts'
import { type RollPlan, rollError } from './roll-arguments.ts'

const WINDOWS_MAX = 2 ** 27

export interface RollWindows {
  readonly count: number
  /** Group of each window. */
  readonly groupOf: Int32Array
  /** Rows of each window. */
  readonly frames: Frames
  /** Last row of each window, -1 for one without rows. */
  readonly lastRows: Int32Array
  /** For each window itself, or the last one before it that has rows. */
  readonly previousFilled: Int32Array
  /** What roll answers. */
  readonly values: Vector
  /** Rows of a window of another length that ends with each window. */
  moving(window: Scalar, byTime: boolean): Frames
}

/** Windows while they are made. */
class Builder {
  readonly groupOf: number[] = []
  readonly from: number[] = []
  readonly to: number[] = []
  readonly ends: bigint[] = []
  readonly listed: number[] = []

  add(group: number, from: number, to: number, end = 0n, listed = 0): void {
    if (this.from.length >= WINDOWS_MAX) throw inputError('The roll makes too many windows.', { code: 'roll' })
    this.groupOf.push(group)
    this.from.push(from)
    this.to.push(to)
    this.ends.push(end)
    this.listed.push(listed)
  }
}

export function rollWindows(plan: RollPlan, offsets: Int32Array): RollWindows {
  const built = new Builder()
  for (let g = 0; g + 1 < offsets.length; g++) {
    const [from, to] = [offsets[g], offsets[g + 1]]
    if (plan.type === 'time') timeSteps(plan, g, from, to, built)
    else if (plan.type === 'row') rowSteps(plan, g, from, to, built)
    else if (plan.type === 'window') listedWindows(plan, g, from, to, built)
    else volumeSteps(plan, g, from, to, built)
  }
  const frames = { from: Int32Array.from(built.from), to: Int32Array.from(built.to) }
  const lastRows = frames.from.map((f, k) => (f < frames.to[k] ? frames.to[k] - 1 : -1))
  const previousFilled = lastRows.map((_, k) => k)
  for (let k = 1; k < lastRows.length; k++)
    if (lastRows[k] < 0 && built.groupOf[k] === built.groupOf[k - 1]) previousFilled[k] = previousFilled[k - 1]
  const ends = plan.type === 'time' ? rawVector(plan.x, built.ends) : undefined
  const groupStarts = Int32Array.from(built.groupOf, (g) => offsets[g])
  return {
    count: frames.from.length,
    groupOf: Int32Array.from(built.groupOf),
    frames,
    lastRows,
    previousFilled,
    values:
      ends ??
      (plan.type === 'window'
        ? (plan.label ?? plan.starts!).gather(Int32Array.from(built.listed))
        : plan.x.gather(lastRows)),
    moving: (window, byTime) => {
      if (ends !== undefined) return movingTime(plan, frames, groupStarts, ends, window, byTime)
      if (byTime) throw rollError("Functions over windows of time need the stepType 'time'.")
      return plan.type === 'window' ? frames : movingCount(plan, frames, groupStarts, window)
    },
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Steps

const raw = (v: Vector, k: number): bigint => BigInt(v.raw(k) as number | bigint)

function checkAscending(x: Vector, from: number, to: number): void {
  for (let k = from; k < to; k++)
    if (x.isNullAt(k) || (k > from && raw(x, k) < raw(x, k - 1)))
      throw rollError('X must ascend inside each group and hold no nulls.')
}

const floorDiv = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b))

/** Number of the step of each value, and where a step ends. */
interface Steps {
  of(k: number): bigint
  end(step: bigint): bigint
}

function timeSteps(plan: RollPlan, group: number, from: number, to: number, out: Builder): void {
  const { x } = plan
  checkAscending(x, from, to)
  if (from === to) return
  const steps = plan.unit === 'M' || plan.unit === 'y' ? monthSteps(plan, from, to) : evenSteps(plan, from)
  const closed = closedTimes(plan)
  for (let k = from; k < to; k++)
    if (closed.some(([a, b]) => isBetween(timeOfDay(x, raw(x, k)), a, b)))
      throw rollError('There are rows in a time that exclude leaves out: filter them with a where clause.')
  let step = steps.of(from)
  for (let k = from; k < to; ) {
    const here = steps.of(k)
    for (; plan.fill !== 'none' && step < here; step++) {
      const [start, end] = [steps.end(step - 1n), steps.end(step)]
      const left = closed.some(([a, b]) => {
        const at = timeOfDay(x, start)
        return at >= a && at + (end - start) <= b
      })
      if (!left) out.add(group, k, k, end)
    }
    let next = k + 1
    while (next < to && steps.of(next) === here) next++
    out.add(group, k, next, steps.end(here))
    step = here + 1n
    k = next
  }
}

/** The length of a duration in units of X; months have none. */
function lengthIn(x: Vector, count: number, unit: string): bigint {
  const nanos = NANOS[unit]
  if (nanos === undefined) throw rollError(`A duration can't be ${count}${unit} here.`)
  const own = 86_400_000_000_000n / BigInt(temporalUnit(x.type)!.perDay)
  const length = (BigInt(count) * nanos) / own
  if (length * own !== BigInt(count) * nanos) throw rollError('A duration must not be finer than X.')
  return length
}

function evenSteps(plan: RollPlan, first: number): Steps {
  const { x } = plan
  const length = lengthIn(x, plan.step, plan.unit)
  const value = raw(x, first)
  const day = BigInt(temporalUnit(x.type)!.perDay)
  const anchor = plan.origin === 'epoch' ? 0n : plan.origin === 'start' ? value : floorDiv(value, day) * day
  return {
    of: (k) => floorDiv(raw(x, k) - anchor - (plan.closedRight ? 1n : 0n), length),
    end: (step) => anchor + (step + 1n) * length,
  }
}

function monthSteps(plan: RollPlan, from: number, to: number): Steps {
  const { x } = plan
  if (x.type === T.NANOTIME) throw rollError(`A step of months needs dates, not ${typeName(x.type)}.`)
  const months = castVector(x.slice(from, to), T.MONTH)
  const size = BigInt(plan.unit === 'y' ? 12 * plan.step : plan.step)
  const startOf = (month: bigint): bigint =>
    BigInt(castScalar(new Scalar(T.MONTH, Number(month)), x.type).value as number)
  const anchor = plan.origin === 'epoch' ? 1970n * 12n : raw(months, 0)
  return {
    of: (k) => {
      const month = raw(months, k - from)
      const before = plan.closedRight && raw(x, k) === startOf(month) ? 1n : 0n
      return floorDiv(month - before - anchor, size)
    },
    end: (step) => startOf(anchor + (step + 1n) * size),
  }
}

/** Excluded times of day in units of X. */
function closedTimes(plan: RollPlan): (readonly [bigint, bigint])[] {
  const perDay = BigInt(temporalUnit(plan.x.type)!.perDay)
  const units = (s: Scalar): bigint =>
    (BigInt(castScalar(s, T.NANOTIME).value as bigint) * perDay) / 86_400_000_000_000n
  return plan.exclude.map(([a, b]) => [units(a), units(b)] as const)
}

function timeOfDay(x: Vector, value: bigint): bigint {
  const day = BigInt(temporalUnit(x.type)!.perDay)
  return value - floorDiv(value, day) * day
}

const isBetween = (v: bigint, a: bigint, b: bigint): boolean => v >= a && v < b

function rowSteps(plan: RollPlan, group: number, from: number, to: number, out: Builder): void {
  for (let k = from; k + plan.step <= to; k += plan.step) out.add(group, k, k + plan.step)
}

/** A step ends with the row at which its volume reaches the length. */
function volumeSteps(plan: RollPlan, group: number, from: number, to: number, out: Builder): void {
  const volume = toDoubles('roll', plan.x.slice(from, to))
  let sum = 0
  let start = from
  for (let k = from; k < to; k++) {
    const before = plan.type === 'cumvol' && k > from ? volume[k - from - 1] : 0
    const own = volume[k - from] - before
    if (plan.type === 'cumvol' && own < 0) throw rollError('X must ascend inside each group and hold no nulls.')
    if (!Number.isNaN(own)) sum += own
    if (sum < plan.step) continue
    out.add(group, start, k + 1)
    start = k + 1
    sum = 0
  }
}

function listedWindows(plan: RollPlan, group: number, from: number, to: number, out: Builder): void {
  const { x, closedRight } = plan
  checkAscending(x, from, to)
  const starts = plan.starts!
  const ends = plan.ends!
  // The first row that is not before the bound, or that is behind it.
  const place = (bound: bigint): number => {
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >> 1
      const v = raw(x, middle)
      if (v < bound || (closedRight && v === bound)) low = middle + 1
      else high = middle
    }
    return low
  }
  for (let w = 0; w < starts.length; w++) {
    const [first, end] = [place(raw(starts, w)), place(raw(ends, w))]
    if (first < end || plan.fill !== 'none') out.add(group, first, end, 0n, w)
  }
}

const rawVector = (x: Vector, values: readonly bigint[]): FixedVector =>
  (x.storage === 'fixed' && x.data instanceof BigInt64Array
    ? new FixedVector(x.type, BigInt64Array.from(values))
    : new FixedVector(x.type, Int32Array.from(values, Number))) as FixedVector

// ---------------------------------------------------------------------------------------------------------------------
// Windows of another length

function movingTime(
  plan: RollPlan,
  frames: Frames,
  groupStarts: Int32Array,
  ends: FixedVector,
  window: Scalar,
  byTime: boolean,
): Frames {
  const { x } = plan
  const lower = lowerBounds(plan, ends, window, byTime)
  const from = new Int32Array(frames.from.length)
  for (let k = 0; k < from.length; k++) {
    const isFirst = k === 0 || groupStarts[k] !== groupStarts[k - 1]
    let row = isFirst ? groupStarts[k] : from[k - 1]
    const bound = raw(lower, k)
    while (row < frames.to[k] && (raw(x, row) < bound || (plan.closedRight && raw(x, row) === bound))) row++
    from[k] = row
  }
  return { from, to: frames.to }
}

function lowerBounds(plan: RollPlan, ends: FixedVector, window: Scalar, byTime: boolean): Vector {
  let count: number
  let unit = plan.unit
  if (window.type === T.DURATION) {
    const duration = unpackDuration(window.value as bigint)
    count = duration.count
    unit = duration.unit
    if (count <= 0) throw rollError('A window must be positive.')
  } else count = wholeWindow(window) * (byTime ? 1 : plan.step)
  const before = (length: bigint): Vector =>
    rawVector(
      ends,
      Array.from({ length: ends.length }, (_, k) => raw(ends, k) - length),
    )
  if (byTime && window.type !== T.DURATION) return before(BigInt(count))
  return unit === 'M' || unit === 'y'
    ? (addDuration(ends, -count, unit) as Vector)
    : before(lengthIn(plan.x, count, unit))
}

/** The last rows, or the last steps. */
function movingCount(plan: RollPlan, frames: Frames, groupStarts: Int32Array, window: Scalar): Frames {
  const size = wholeWindow(window)
  const from = frames.to.map((end, k) => {
    if (plan.type === 'row') return Math.max(groupStarts[k], end - size)
    const first = k - size + 1
    return first >= 0 && groupStarts[first] === groupStarts[k] ? frames.from[first] : groupStarts[k]
  })
  return { from, to: frames.to }
}

function wholeWindow(window: Scalar): number {
  const size = window.isNull() ? Number.NaN : Number(window.value)
  if (window.type === T.DURATION || !Number.isInteger(size) || size < 1)
    throw rollError('A window must be a positive integer here.')
  return size
}
