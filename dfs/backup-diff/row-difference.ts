/**
 * How many rows two tables of the same columns do not share, as multisets: a row that one has twice and the other once counts once.
 *
 * Rows are compared by 64-bit hashes (dfs/digest), sorted. As many are held at a time as fit into a fixed amount of memory: with more rows the hashes are cut into ranges,
 * and both tables are read once for each range. Two different rows with one hash would be taken for the same; of a billion rows that happens once in forty comparisons.
 */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import type { ColumnSchema, Table } from '../../runtime/values/index.ts'
import { RowsDigester } from '../digest/rows-digest.ts'

export interface RowDifference {
  readonly onlyInFirst: number
  readonly onlyInSecond: number
}

/** Rows that can be read as often as is needed, in batches of the columns that are compared. */
export interface ComparedRows {
  /** How many there are about. */
  readonly rows: number
  batches(): Iterable<Table>
}

/** 64 MB of hashes on both sides together. */
const HASHES_MAX = 1 << 23

export function rowDifference(
  columns: readonly ColumnSchema[],
  first: ComparedRows,
  second: ComparedRows,
  hashesMax = HASHES_MAX,
): RowDifference {
  const passes = Math.max(1, Math.ceil((first.rows + second.rows) / hashesMax))
  let onlyInFirst = 0
  let onlyInSecond = 0
  for (let pass = 0; pass < passes; pass++) {
    const a = hashesOf(columns, first, pass, passes).sort()
    const b = hashesOf(columns, second, pass, passes).sort()
    const shared = countShared(a, b)
    onlyInFirst += a.length - shared
    onlyInSecond += b.length - shared
  }
  return { onlyInFirst, onlyInSecond }
}

/** The hashes of the rows that fall into a pass. */
function hashesOf(columns: readonly ColumnSchema[], side: ComparedRows, pass: number, passes: number): BigUint64Array {
  const digester = new RowsDigester(columns)
  let lanes = new Int32Array(2 * Math.max(1024, Math.ceil((side.rows / passes) * 1.1)))
  let used = 0
  for (const batch of side.batches()) {
    checkInterrupt()
    const hashes = digester.add(batch.columns, batch.rows)
    if (used + 2 * batch.rows > lanes.length) {
      const grown = new Int32Array(Math.max(2 * lanes.length, used + 2 * batch.rows))
      grown.set(lanes.subarray(0, used))
      lanes = grown
    }
    used = keepOfPass(hashes, batch.rows, pass, passes, lanes, used)
  }
  return new BigUint64Array(lanes.buffer, 0, used / 2)
}

function keepOfPass(
  hashes: Int32Array,
  rows: number,
  pass: number,
  passes: number,
  into: Int32Array,
  from: number,
): number {
  let used = from
  for (let k = 0; k < 2 * rows; k += 2) {
    if (passes > 1 && (hashes[k] >>> 0) % passes !== pass) continue
    into[used] = hashes[k]
    into[used + 1] = hashes[k + 1]
    used += 2
  }
  return used
}

/** Of two sorted lists: how many elements pair off. */
function countShared(a: BigUint64Array, b: BigUint64Array): number {
  let shared = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = a[i]
    const y = b[j]
    if (x === y) {
      shared++
      i++
      j++
    } else if (x < y) i++
    else j++
  }
  return shared
}
