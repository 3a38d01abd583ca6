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

export function seenCodes({ rows, limit }: Codes): SeenCodes {
  // First row + 1 and number of rows side by side, so that a row touches one place.
  const seen = new Int32Array(2 * limit)
  for (let to = rows.length; to > 0; to -= PIECE) {
    checkInterrupt()
    lookBack(rows, Math.max(0, to - PIECE), to, seen)
  }
  let count = 0
  for (let c = 0; c < limit; c++) if (seen[2 * c] !== 0) count++
  const codes = new Int32Array(count)
  const firstRows = new Int32Array(count)
  const sizes = new Int32Array(count)
  for (let c = 0, g = 0; c < limit; c++) {
    if (seen[2 * c] === 0) continue
    codes[g] = c
    firstRows[g] = seen[2 * c] - 1
    sizes[g++] = seen[2 * c + 1]
  }
  return { codes, firstRows, sizes }
}

/** From the last row to the first: what stays is the first row of each code. Four codes are read before the first is looked up, so that loads need not wait. */
function lookBack(rows: Int32Array, from: number, to: number, seen: Int32Array): void {
  let k = to
  for (; k >= from + 4; k -= 4) {
    const a = 2 * rows[k - 1]
    const b = 2 * rows[k - 2]
    const c = 2 * rows[k - 3]
    const d = 2 * rows[k - 4]
    seen[a] = k
    seen[a + 1]++
    seen[b] = k - 1
    seen[b + 1]++
    seen[c] = k - 2
    seen[c + 1]++
    seen[d] = k - 3
    seen[d + 1]++
  }
  for (; k > from; k--) {
    const at = 2 * rows[k - 1]
    seen[at] = k
    seen[at + 1]++
  }
}
