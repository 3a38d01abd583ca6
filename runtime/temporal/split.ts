/**
 * Columns of temporals as plain integers: day numbers, seconds of the day, nanoseconds of the second. 64-bit columns are read through 32-bit
 * words, so no bigint is made per element. Nulls come out as the INT null.
 */
import { NULL_I32, T } from '../values/types.ts'
import { FixedVector } from '../values/vector.ts'
import { daysOfMonthNumber } from './calendar.ts'
import { temporalUnit } from './units.ts'

const wordsOf = (v: FixedVector): Int32Array => new Int32Array(v.data.buffer, v.data.byteOffset, v.length * 2)

/** Day numbers of a column with a date part (DATE, MONTH: the first day, DATETIME, TIMESTAMP, NANOTIMESTAMP, DATEHOUR). */
export function dayNumbers(v: FixedVector): Int32Array {
  const n = v.length
  const out = new Int32Array(n)
  if (v.type === T.DATE) out.set((v.data as Int32Array).subarray(0, n))
  else if (v.type === T.MONTH) {
    const data = v.data as Int32Array
    for (let k = 0; k < n; k++) out[k] = data[k] === NULL_I32 ? NULL_I32 : daysOfMonthNumber(data[k])
  } else if (v.type === T.TIMESTAMP) {
    const words = wordsOf(v)
    for (let k = 0; k < n; k++) {
      const low = words[2 * k] >>> 0
      const high = words[2 * k + 1]
      out[k] = high === NULL_I32 && low === 0 ? NULL_I32 : Math.floor((high * 4294967296 + low) / 86_400_000)
    }
  } else if (v.type === T.NANOTIMESTAMP) {
    const seconds = wholeSeconds(v)
    for (let k = 0; k < n; k++) out[k] = Number.isNaN(seconds[k]) ? NULL_I32 : Math.floor(seconds[k] / 86400)
  } else {
    const { perDay } = temporalUnit(v.type)!
    const data = v.data as Int32Array
    for (let k = 0; k < n; k++) out[k] = data[k] === NULL_I32 ? NULL_I32 : Math.floor(data[k] / perDay)
  }
  return out
}

/** Seconds of the day, 0..86399, of a column with a time part. */
export function daySeconds(v: FixedVector): Int32Array {
  const n = v.length
  const out = new Int32Array(n)
  if (v.data instanceof BigInt64Array) {
    const seconds = wholeSeconds(v)
    for (let k = 0; k < n; k++) {
      const s = seconds[k]
      out[k] = Number.isNaN(s) ? NULL_I32 : s - Math.floor(s / 86400) * 86400
    }
    return out
  }
  const { perDay } = temporalUnit(v.type)!
  const data = v.data as Int32Array
  for (let k = 0; k < n; k++) {
    const x = data[k]
    out[k] = x === NULL_I32 ? NULL_I32 : Math.floor(((x - Math.floor(x / perDay) * perDay) * 86400) / perDay)
  }
  return out
}

/** Nanoseconds within the second, 0..999999999. */
export function secondNanos(v: FixedVector): Int32Array {
  const n = v.length
  const out = new Int32Array(n)
  if (v.type === T.TIMESTAMP) {
    const words = wordsOf(v)
    for (let k = 0; k < n; k++) {
      const low = words[2 * k] >>> 0
      const high = words[2 * k + 1]
      const ms = high * 4294967296 + low
      out[k] = high === NULL_I32 && low === 0 ? NULL_I32 : (ms - Math.floor(ms / 1000) * 1000) * 1e6
    }
  } else if (v.data instanceof BigInt64Array) {
    const words = wordsOf(v)
    for (let k = 0; k < n; k++) {
      const low = words[2 * k] >>> 0
      const high = words[2 * k + 1]
      if (high === NULL_I32 && low === 0) out[k] = NULL_I32
      else {
        divideByBillion(high, low)
        out[k] = nanoRest
      }
    }
  } else if (v.type === T.TIME) {
    const data = v.data as Int32Array
    for (let k = 0; k < n; k++) out[k] = data[k] === NULL_I32 ? NULL_I32 : (data[k] % 1000) * 1e6
  } else {
    const data = v.data as Int32Array
    for (let k = 0; k < n; k++) out[k] = data[k] === NULL_I32 ? NULL_I32 : 0
  }
  return out
}

/** Whole seconds of a 64-bit column (since the epoch, or of the day for NANOTIME); NaN for null. */
function wholeSeconds(v: FixedVector): Float64Array {
  const words = wordsOf(v)
  const out = new Float64Array(v.length)
  const millis = v.type === T.TIMESTAMP
  for (let k = 0; k < v.length; k++) {
    const low = words[2 * k] >>> 0
    const high = words[2 * k + 1]
    if (high === NULL_I32 && low === 0) out[k] = Number.NaN
    else out[k] = millis ? Math.floor((high * 4294967296 + low) / 1000) : divideByBillion(high, low)
  }
  return out
}

let nanoRest = 0

/** floor((high * 2^32 + low) / 10^9) by long division in steps of 16 bits, all exact in doubles; the rest is left in `nanoRest`. */
function divideByBillion(high: number, low: number): number {
  const q0 = Math.floor(high / 1e9)
  const t1 = (high - q0 * 1e9) * 65536 + (low >>> 16)
  const q1 = Math.floor(t1 / 1e9)
  const t2 = (t1 - q1 * 1e9) * 65536 + (low & 65535)
  const q2 = Math.floor(t2 / 1e9)
  nanoRest = t2 - q2 * 1e9
  return q0 * 4294967296 + q1 * 65536 + q2
}

/** A DATE column from day numbers. */
export const dateVector = (days: Int32Array): FixedVector => new FixedVector(T.DATE, days)
