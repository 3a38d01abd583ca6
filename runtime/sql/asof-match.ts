/**
 * Asof joins: for each left row the right row with equal leading keys and the greatest last key that is not greater than the left's. Left rows are worked through a
 * piece at a time; each key remembers how far its right rows were passed, so that rows in order of time find theirs a few steps on.
 */
import { checkInterrupt } from '../interrupt.ts'
import { denseCodes, PIECE } from '../kernels/codes.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castVector } from '../ops/cast.ts'
import { FixedVector, type SymbolVector, T, type Vector } from '../values/index.ts'
import { commonType } from './columns.ts'
import { type Buckets, bucketsOf, type KeyIds, keyIds, type Ordinals, ordinals } from './join-match.ts'

/** The right row of each left row, -1 for none; the last one of equal ones. Right rows are put in order first if they are not. */
export function asofMatches(left: readonly Vector[], right: readonly Vector[]): Int32Array {
  const lastLeft = left[left.length - 1]
  const lastRight = right[right.length - 1]
  const type = commonType(lastLeft.type, lastRight.type)
  const times = sameScale(ordinals(castVector(lastLeft, type)), ordinals(castVector(lastRight, type)))
  const ids = leadingIds(left.slice(0, -1), right.slice(0, -1), lastLeft.length, lastRight.length)
  const buckets = bucketsOf(ids.right, ids.count)
  const { offsets } = buckets
  const rows = inTimeOrder(buckets, times.right)
    ? buckets.rows
    : sortBuckets(ids.right, castVector(lastRight, type), buckets.rows)
  const out = new Int32Array(lastLeft.length)
  if (times.right instanceof BigInt64Array) {
    const wide = times.left as BigInt64Array
    for (let k = 0; k < out.length; k++) {
      const id = ids.left[k]
      out[k] = id < 0 ? -1 : lastNotAfter(rows, offsets[id], offsets[id + 1], times.right, wide[k])
    }
    return out
  }
  const inBuckets = new Float64Array(rows.length)
  for (let p = 0; p < rows.length; p++) inBuckets[p] = times.right[rows[p]]
  const passed = offsets.slice(0, -1)
  const block = new Float64Array(Math.min(PIECE, out.length))
  for (let from = 0; from < out.length; from += PIECE) {
    checkInterrupt()
    const to = Math.min(out.length, from + PIECE)
    mergeByTime(ids.left, times.block(from, to, block), offsets, rows, inBuckets, passed, out, from, to)
  }
  return out
}

/** Numbers of the leading keys; without any, all rows are in one bucket. */
function leadingIds(left: readonly Vector[], right: readonly Vector[], leftRows: number, rightRows: number): KeyIds {
  if (left.length === 0) return { left: new Int32Array(leftRows), right: new Int32Array(rightRows), count: 1 }
  return (left.length === 1 ? ownNumbers(left[0], right[0]) : undefined) ?? keyIds(left, right)
}

/** One key whose values are numbers already: nothing is hashed, and nothing written per left row. */
function ownNumbers(left: Vector, right: Vector): KeyIds | undefined {
  const codes = left.type === right.type ? denseCodes(left) : undefined
  if (codes === undefined) return undefined
  if (left.storage === 'symbol')
    return { left: codes.rows, right: codesAsLeft(left, right as SymbolVector), count: codes.limit }
  const others = denseCodes(right)
  return others && { left: codes.rows, right: others.rows, count: Math.max(codes.limit, others.limit) }
}

/** Right symbols by the codes that the left has for them; -1 for those that it has not, and for the null, which matches nothing. */
function codesAsLeft(left: SymbolVector, right: SymbolVector): Int32Array {
  const known = Int32Array.from(right.base.symbols, (text, code) => (code === 0 ? -1 : left.base.find(text)))
  const out = new Int32Array(right.length)
  for (let k = 0; k < out.length; k++) out[k] = known[right.data[k]]
  return out
}

/** Steps forward before a search begins. */
const NEAR = 8

/** `leftTimes` are those of left rows from..to-1, `times` those of `rows`. */
function mergeByTime(
  leftIds: Int32Array,
  leftTimes: Float64Array,
  offsets: Int32Array,
  rows: Int32Array,
  times: Float64Array,
  passed: Int32Array,
  out: Int32Array,
  from: number,
  to: number,
): void {
  for (let k = from; k < to; k++) {
    const id = leftIds[k]
    if (id < 0) {
      out[k] = -1
      continue
    }
    const time = leftTimes[k - from]
    const start = offsets[id]
    const end = offsets[id + 1]
    let p = passed[id]
    let low = start
    let high = end
    if (p === start || times[p - 1] <= time) {
      const near = Math.min(end, p + NEAR)
      while (p < near && times[p] <= time) p++
      low = p
      if (p < near) high = p
    } else high = p - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (times[middle] <= time) low = middle + 1
      else high = middle
    }
    passed[id] = low
    out[k] = low === start ? -1 : rows[low - 1]
  }
}

/** Times of both sides that compare with each other: doubles, those of the left a block at a time, or 64-bit numbers where doubles do not hold them. */
interface Times {
  readonly left: Ordinals
  readonly right: Ordinals
  /** Times of left rows from..to-1; may use the memory given. */
  readonly block: (from: number, to: number, into: Float64Array) => Float64Array
}

/** 64-bit values as doubles in the same order, if their range lets doubles hold it; null comes first. */
function sameScale(left: Ordinals, right: Ordinals): Times {
  if (!(left instanceof BigInt64Array) || !(right instanceof BigInt64Array)) {
    const doubles = left as Float64Array
    return { left, right, block: (from, to) => doubles.subarray(from, to) }
  }
  const range = { low: 2147483647, high: -2147483648 }
  const [leftWords, rightWords] = [left, right].map((v) => new Int32Array(v.buffer, v.byteOffset, v.length * 2))
  for (const w of [leftWords, rightWords])
    for (let from = 0; from < w.length; from += PIECE) highWords(w, from, Math.min(w.length, from + PIECE), range)
  const block = (from: number, to: number, into: Float64Array): Float64Array => {
    asDoubles(leftWords, from, to, range.low, into)
    return into
  }
  if (range.high - range.low >= 1 << 20) return { left, right, block }
  const doubles = new Float64Array(right.length)
  asDoubles(rightWords, 0, right.length, range.low, doubles)
  return { left, right: doubles, block }
}

/** Lowest and highest of the high words of what is not null. */
function highWords(w: Int32Array, from: number, to: number, range: { low: number; high: number }): void {
  let { low, high } = range
  for (let k = from + 1; k < to; k += 2) {
    const h = w[k]
    if (h === -2147483648 && w[k - 1] === 0) continue
    if (h < low) low = h
    if (h > high) high = h
  }
  range.low = low
  range.high = high
}

function asDoubles(w: Int32Array, from: number, to: number, low: number, out: Float64Array): void {
  for (let k = from; k < to; k++) {
    const top = w[2 * k + 1]
    out[k - from] = top === -2147483648 && w[2 * k] === 0 ? -1 : (top - low) * 4294967296 + (w[2 * k] >>> 0)
  }
}

function inTimeOrder({ rows, offsets }: Buckets, times: Ordinals): boolean {
  for (let g = 0; g + 1 < offsets.length; g++)
    for (let k = offsets[g] + 1; k < offsets[g + 1]; k++) if (times[rows[k]] < times[rows[k - 1]]) return false
  return true
}

/** Rows by key id, then time; stable, so that the last of equal times stays last. */
function sortBuckets(ids: Int32Array, times: Vector, rows: Int32Array): Int32Array {
  const order = sortIndices([new FixedVector(T.INT, ids.slice()), times], [true, true], [true, true])
  return order.subarray(order.length - rows.length)
}

function lastNotAfter(rows: Int32Array, from: number, to: number, times: BigInt64Array, time: bigint): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[rows[middle]] <= time) low = middle + 1
    else high = middle
  }
  return low === from ? -1 : rows[low - 1]
}
