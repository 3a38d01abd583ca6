/**
 * Columns whose values can number groups as they stand: codes of symbols, and whole numbers from 0 to not much more than there are rows. Nothing is hashed or written
 * per row; what is counted per value lies in small arrays.
 */
import { checkInterrupt } from '../interrupt.ts'
import type { Vector } from '../values/vector.ts'

/** Elements that a loop takes at a time: it is compiled better when it is called often, and its data stay in the cache. */
export const PIECE = 1 << 15

export interface Codes {
  /** Of each row, 0 to limit - 1. */
  readonly rows: Int32Array
  readonly limit: number
}

/** Codes that occur, ascending. */
export interface SeenCodes {
  readonly codes: Int32Array
  readonly firstRows: Int32Array
  /** How many rows have the code. */
  readonly sizes: Int32Array
}

/** undefined where values are no codes, or too large for so few rows. */
export function denseCodes(v: Vector): Codes | undefined {
  const most = Math.min(1 << 24, Math.max(1 << 16, 2 * v.length))
  if (v.storage === 'symbol') {
    const limit = v.base.symbols.length
    return limit <= most ? { rows: v.data.subarray(0, v.length), limit } : undefined
  }
  if (v.storage !== 'fixed' || !(v.data instanceof Int32Array)) return undefined
  const rows = v.view() as Int32Array
  let bits = 0
  // A negative number sets the sign, so that the loop ends with the first piece that holds one.
  for (let from = 0; from < rows.length && bits >= 0 && bits < 2 * most; from += PIECE)
    bits |= bitsOf(rows, from, Math.min(rows.length, from + PIECE))
  if (bits < 0 || bits >= 2 * most) return undefined
  if (bits < most) return { rows, limit: bits + 1 }
  let high = 0
  for (let from = 0; from < rows.length; from += PIECE)
    high = Math.max(high, highestOf(rows, from, Math.min(rows.length, from + PIECE)))
  return high < most ? { rows, limit: high + 1 } : undefined
}

function bitsOf(x: Int32Array, from: number, to: number): number {
  let bits = 0
  for (let k = from; k < to; k++) bits |= x[k]
  return bits
}

function highestOf(x: Int32Array, from: number, to: number): number {
  let high = 0
  for (let k = from; k < to; k++) if (x[k] > high) high = x[k]
  return high
}

export function seenCodes(codes: Codes): SeenCodes {
  const { limit } = codes
  const found = limit <= FEW_CODES && codes.rows.length >= PIECE ? countFew(codes) : lookAtAll(codes)
  let count = 0
  for (let c = 0; c < limit; c++) if (found[2 * c] !== 0) count++
  const seen = { codes: new Int32Array(count), firstRows: new Int32Array(count), sizes: new Int32Array(count) }
  for (let c = 0, g = 0; c < limit; c++) {
    if (found[2 * c] === 0) continue
    seen.codes[g] = c
    seen.firstRows[g] = found[2 * c] - 1
    seen.sizes[g++] = found[2 * c + 1]
  }
  return seen
}

/** First row + 1 and number of rows of each code, side by side, so that a row touches one place. */
function lookAtAll({ rows, limit }: Codes): Int32Array {
  const found = new Int32Array(2 * limit)
  for (let to = rows.length; to > 0; to -= PIECE) {
    checkInterrupt()
    lookBack(rows, Math.max(0, to - PIECE), to, found)
  }
  return found
}

/** So few that looking at each of them after every piece of rows costs nothing. */
const FEW_CODES = 4096

/** The same: rows are counted only, and looked at again in the few pieces in which a code occurs for the first time. */
function countFew({ rows, limit }: Codes): Int32Array {
  // Four counts a code: rows beside each other often have the same one, and would wait for each other.
  const counts = new Int32Array(4 * limit)
  const found = new Int32Array(2 * limit)
  let missing = limit
  const count = hasRuns(rows) ? countRows : countMixed
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    const to = Math.min(rows.length, from + PIECE)
    const fours = to - ((to - from) & 3)
    count(rows, from, fours, counts)
    for (let k = fours; k < to; k++) counts[4 * rows[k]]++
    if (missing > 0 && hasNew(counts, found)) missing -= noteFirst(rows, from, to, found)
  }
  for (let c = 0; c < limit; c++) found[2 * c + 1] = sizeOf(counts, c)
  return found
}

const sizeOf = (counts: Int32Array, code: number): number =>
  counts[4 * code] + counts[4 * code + 1] + counts[4 * code + 2] + counts[4 * code + 3]

/** [from, to) holds whole fours: a loop for others behind this one, which hardly ever runs, would make this one slower by half. */
function countRows(rows: Int32Array, from: number, to: number, counts: Int32Array): void {
  for (let k = from; k < to; k += 4) {
    const a = rows[k] << 2
    const b = (rows[k + 1] << 2) + 1
    const c = (rows[k + 2] << 2) + 2
    const d = (rows[k + 3] << 2) + 3
    counts[a]++
    counts[b]++
    counts[c]++
    counts[d]++
  }
}

/** The same where rows beside each other rarely have the same code: one count a code is less memory to go through. */
function countMixed(rows: Int32Array, from: number, to: number, counts: Int32Array): void {
  for (let k = from; k < to; k += 4) {
    const a = rows[k] << 2
    const b = rows[k + 1] << 2
    const c = rows[k + 2] << 2
    const d = rows[k + 3] << 2
    counts[a]++
    counts[b]++
    counts[c]++
    counts[d]++
  }
}

/** Whether many of the first rows have the code of one of the three before them. */
function hasRuns(rows: Int32Array): boolean {
  const looked = Math.min(rows.length, 4096)
  let same = 0
  for (let k = 3; k < looked; k++)
    if (rows[k] === rows[k - 1] || rows[k] === rows[k - 2] || rows[k] === rows[k - 3]) same++
  return same > looked >> 4
}

/** Whether a code was counted whose first row nobody has noted. */
function hasNew(counts: Int32Array, found: Int32Array): boolean {
  for (let c = 0; 2 * c < found.length; c++) if (found[2 * c] === 0 && sizeOf(counts, c) > 0) return true
  return false
}

/** Notes the first rows of codes that occur in [from, to) and not before; answers how many these are. */
function noteFirst(rows: Int32Array, from: number, to: number, found: Int32Array): number {
  let count = 0
  for (let k = from; k < to; k++)
    if (found[2 * rows[k]] === 0) {
      found[2 * rows[k]] = k + 1
      count++
    }
  return count
}

/** From the last row to the first: what stays is the first row of each code. */
function lookBack(rows: Int32Array, from: number, to: number, seen: Int32Array): void {
  const fours = from + ((to - from) & 3)
  lookBackFours(rows, fours, to, seen)
  for (let k = fours; k > from; k--) {
    const at = 2 * rows[k - 1]
    seen[at] = k
    seen[at + 1]++
  }
}

/** Four codes are read before the first is looked up, so that loads need not wait. */
function lookBackFours(rows: Int32Array, from: number, to: number, seen: Int32Array): void {
  for (let k = to; k > from; k -= 4) {
    const a = rows[k - 1] << 1
    const b = rows[k - 2] << 1
    const c = rows[k - 3] << 1
    const d = rows[k - 4] << 1
    seen[a] = k
    seen[a + 1]++
    seen[b] = k - 1
    seen[b + 1]++
    seen[c] = k - 2
    seen[c + 1]++
    seen[d] = k - 3
    seen[d + 1]++
  }
}
