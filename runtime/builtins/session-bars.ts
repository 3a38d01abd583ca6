/** Bars of accumulated volume, and bars that start with the sessions of a day. */
import { operatorError, usageError } from '../errors.ts'
import { toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { temporalUnit } from '../temporal/units.ts'
import { isFloating, isTemporal, NULL_I32, NULL_I64, T, unpackDuration } from '../values/types.ts'
import { FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg, vectorArg } from './args.ts'
import { asVector } from './shapes.ts'

const { entries, define } = topicTable('Cumulative and technical indicators')
export const sessionBarBuiltins = entries

const usageVolume = "volumeBar(X, interval, [label='seq'])"
define(usageVolume, {
  kind: 'vector',
  doc: "Groups of consecutive elements whose sum reaches interval (or falls to it, if it is negative); what is left at the end is a group too. An interval between 0 and 1 is that part of the sum of X, cut to a whole number for integers. label 'seq' numbers the groups from 0 (INT), 'left' gives the sum of everything before a group, 'right' the sum up to its end: LONG, or DOUBLE for floating numbers. Nulls add nothing.",
  call: ([x, interval, label]) => {
    const v = vectorArg(x, usageVolume, 'X')
    const data = toDoubles('volumeBar', v)
    const real = isFloating(v.type)
    const step = numberArg(interval, usageVolume, 'interval')
    if (step === 0) throw usageError(usageVolume, 'interval must not be 0.')
    let total = 0
    for (const n of data) if (!Number.isNaN(n)) total += n
    const part = step > 0 && step < 1
    const limit = part ? (real ? total * step : Math.floor(total * step)) : step
    const kind = textArg(label, usageVolume, 'label', 'seq')
    if (kind !== 'seq' && kind !== 'left' && kind !== 'right')
      throw usageError(usageVolume, "label must be 'seq', 'left' or 'right'.")
    const out = new Float64Array(data.length)
    let group = 0
    let start = 0
    let before = 0
    let sum = 0
    const close = (end: number): void => {
      out.fill(kind === 'seq' ? group : kind === 'left' ? before : before + sum, start, end)
      group++
      before += sum
      sum = 0
      start = end
    }
    for (let k = 0; k < data.length; k++) {
      if (!Number.isNaN(data[k])) sum += data[k]
      if (limit < 0 ? sum <= limit : sum >= limit) close(k + 1)
    }
    if (start < data.length) close(data.length)
    if (kind === 'seq') return new FixedVector(T.INT, Int32Array.from(out))
    if (real) return new FixedVector(T.DOUBLE, out)
    return new FixedVector(
      T.LONG,
      BigInt64Array.from(out, (n) => BigInt(n)),
    )
  },
})

const usageDaily = 'dailyAlignedBar(X, timeOffset, n, [timeEnd], [mergeSessionEnd=false])'

/** Times of day of the sessions in units of the type of X. */
function sessionTimes(v: Arg, name: string, perDay: number): number[] {
  const times = asVector(required(v, usageDaily, name))
  const unit = times === undefined ? undefined : temporalUnit(times.type)
  if (times === undefined || unit === undefined || unit.hasDate || !isTemporal(times.type))
    throw usageError(usageDaily, `${name} must be SECOND, TIME or NANOTIME data.`)
  if (unit.perDay > perDay) throw usageError(usageDaily, `${name} must not be finer than X.`)
  return Array.from({ length: times.length }, (_, k) => {
    if (times.isNullAt(k)) throw usageError(usageDaily, `${name} must hold no nulls.`)
    return Number(times.raw(k)) * (perDay / unit.perDay)
  })
}

const SECONDS: Readonly<Record<string, number>> = { H: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9 }

/** Length of a bar in units of X. */
function barLength(n: Arg, perDay: number): number {
  if (n?.kind === 'scalar' && n.type === T.DURATION) {
    const { count, unit } = unpackDuration(n.value as bigint)
    if (SECONDS[unit] === undefined) throw usageError(usageDaily, 'the unit of n must be H, m, s, ms, us or ns.')
    const length = Math.round(count * SECONDS[unit] * 1e9) / (86_400e9 / perDay)
    if (!Number.isInteger(length) || length < 1)
      throw usageError(usageDaily, 'n must be positive and not finer than X.')
    return length
  }
  const length = intArg(n, usageDaily, 'n')
  if (length < 1) throw usageError(usageDaily, 'n must be a positive integer or DURATION.')
  return length
}

interface Session {
  readonly start: number
  /** Length from start to end, undefined if ends are not given. */
  readonly length: number | undefined
}

define(usageDaily, {
  kind: 'element',
  doc: 'The start of the bar of n (an integer in units of X, or a DURATION of hours or less) that each time belongs to, in the type of X: bars are counted from the last session start (timeOffset, ascending times of day) that is not after the time; before the first one of a day, from the last one of the day before. With mergeSessionEnd the end of a session (timeEnd, as long as timeOffset; at or before its start it is on the next day) that would start a bar belongs to the bar before it. Nulls stay.',
  call: ([x, offset, n, end, merge]) => {
    const source = required(x, usageDaily, 'X')
    const v = source.kind === 'vector' ? source : asVector(source)
    const unit = v === undefined ? undefined : temporalUnit(v.type)
    if (v === undefined || unit === undefined || !unit.hasTime || v.type === T.MINUTE || v.type === T.DATEHOUR)
      throw usageError(usageDaily, 'X must be SECOND, TIME, NANOTIME, DATETIME, TIMESTAMP or NANOTIMESTAMP data.')
    const { perDay } = unit
    const starts = sessionTimes(offset, 'timeOffset', perDay)
    if (starts.some((s, k) => k > 0 && s <= starts[k - 1]))
      throw usageError(usageDaily, 'timeOffset must be ascending.')
    if (starts.length === 0) throw usageError(usageDaily, 'timeOffset must hold a time.')
    const ends = isGiven(end) ? sessionTimes(end, 'timeEnd', perDay) : undefined
    if (ends !== undefined && ends.length !== starts.length)
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const sessions = starts.map((start, k): Session => {
      if (ends === undefined) return { start, length: undefined }
      return { start, length: ends[k] > start ? ends[k] - start : ends[k] - start + perDay }
    })
    const merged = boolArg(merge, usageDaily, 'mergeSessionEnd', false)
    if (merged && ends === undefined) throw usageError(usageDaily, 'mergeSessionEnd needs timeEnd.')
    const out = alignedBars(v as FixedVector, sessions, barLength(n, perDay), merged)
    return source.kind === 'scalar' ? out.get(0) : out
  },
})

function alignedBars(v: FixedVector, sessions: readonly Session[], length: number, merged: boolean): Vector {
  const { perDay, hasDate, wide } = temporalUnit(v.type)!
  const out = newFixedArray(wide ? 'i64' : 'i32', v.length)
  /** Start of the bar of a time of day; below 0 on the day before. */
  const barOf = (ofDay: number): number => {
    let k = sessions.length - 1
    while (k >= 0 && sessions[k].start > ofDay) k--
    const session = k >= 0 ? sessions[k] : sessions[sessions.length - 1]
    const since = k >= 0 ? ofDay - session.start : ofDay - session.start + perDay
    const rest = since % length
    const bar = ofDay - rest
    return merged && rest === 0 && since > 0 && since === session.length ? bar - length : bar
  }
  for (let k = 0; k < v.length; k++) {
    const x = v.data[k]
    if (x === NULL_I32 || x === NULL_I64) out[k] = x
    else if (typeof x === 'bigint') {
      const day = BigInt(perDay)
      const ofDay = Number(((x % day) + day) % day)
      const bar = barOf(ofDay)
      out[k] = hasDate ? x - BigInt(ofDay - bar) : BigInt((bar + perDay) % perDay)
    } else {
      const ofDay = x - Math.floor(x / perDay) * perDay
      const bar = barOf(ofDay)
      out[k] = hasDate ? x - (ofDay - bar) : (bar + perDay) % perDay
    }
  }
  return new FixedVector(v.type, out)
}
