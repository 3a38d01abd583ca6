/**
 * The order of a large sorted piece and a few other rows: each of the few finds its place by bisection, which costs next to nothing where sorting all of them
 * would look at every key of the large one. That is the usual case of a table with a large segment and the small appends of the last minute.
 */
import { sortIndices } from '../../runtime/kernels/sort.ts'
import type { Vector } from '../../runtime/values/index.ts'
import { keptRows } from './duplicates.ts'
import { joinPieces, type Piece } from './gather.ts'
import { compareKeys, rowsUpTo } from './key-order.ts'
import type { Keep } from './order.ts'

/** Sorting is faster when the others are more than this part of the large piece. */
const FEW = 1 / 8

/** Number of the piece that is larger than all others by far; -1 if none is. */
export function largePiece(pieces: readonly Piece[]): number {
  let total = 0
  let large = 0
  pieces.forEach((p, k) => {
    total += p.to - p.from
    if (p.to - p.from > pieces[large].to - pieces[large].from) large = k
  })
  const rows = pieces[large].to - pieces[large].from
  return total - rows <= rows * FEW ? large : -1
}

/** Positions, in the pieces' rows one behind the other, of the rows that go out, in order. */
export function insertedOrder(pieces: readonly Piece[], large: number, keyCount: number, keep: Keep): Int32Array {
  const big = pieces[large]
  const starts = startsOf(pieces)
  const few = pieces.filter((_, k) => k !== large)
  const keys = Array.from({ length: keyCount }, (_, c) => joinPieces(few, c))
  const positions = positionsOf(pieces, starts, large)
  const order = sortIndices(
    keys,
    keys.map(() => true),
  )
  const rows = keep === 'ALL' ? order : keptRows(keys, order, keep)
  const bigRows = big.to - big.from
  const out = new Int32Array(bigRows + rows.length)
  let length = 0
  let next = 0
  const copyBig = (end: number): void => {
    for (; next < end; next++) out[length++] = starts[large] + next
  }
  for (const row of rows) {
    const isLater = positions[row] > starts[large]
    const before = bigRowsBefore(big, keys, row, keyCount, keep === 'ALL' && isLater)
    copyBig(before)
    if (keep !== 'ALL' && before < bigRows && compareKeys(big.columns, big.from + before, keys, row, keyCount) === 0) {
      // The later of the two is the last one, the earlier the first.
      if (isLater !== (keep === 'LAST')) continue
      next++
    }
    out[length++] = positions[row]
  }
  copyBig(bigRows)
  return length === out.length ? out : out.slice(0, length)
}

const bigRowsBefore = (
  big: Piece,
  keys: readonly Vector[],
  row: number,
  keyCount: number,
  withEqual: boolean,
): number => rowsUpTo(big.columns, big.from, big.to, keys, row, keyCount, withEqual)

function startsOf(pieces: readonly Piece[]): number[] {
  let at = 0
  return pieces.map(({ from, to }) => {
    const start = at
    at += to - from
    return start
  })
}

/** Where the rows of all pieces but one lie among those of all. */
function positionsOf(pieces: readonly Piece[], starts: readonly number[], without: number): Int32Array {
  const total = pieces.reduce((n, p, k) => (k === without ? n : n + p.to - p.from), 0)
  const out = new Int32Array(total)
  let at = 0
  pieces.forEach(({ from, to }, k) => {
    if (k === without) return
    for (let r = 0; r < to - from; r++) out[at++] = starts[k] + r
  })
  return out
}
