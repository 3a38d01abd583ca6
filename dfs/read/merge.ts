/**
 * Merges sorted runs: the rows of all of them in the order of their keys, equal keys in the order of the runs. Needs one block of each run that is open, and
 * opens a run only when its turn comes.
 *
 * A round takes the run whose block ends first (the frontier): no row that is still to be read comes before that end, so everything up to it can go out. Those rows
 * are put one behind the other, in run order, and sorted by the stable kernel that sorts everything else; a round in which only one run has rows just hands
 * them on. Each round uses up a whole block, whatever the runs look like.
 *
 * A few rows that meet a large piece are put into it one by one instead (insertion.ts).
 *
 * With `keep` LAST or FIRST each run must hold a key at most once. A round then takes all rows with the frontier's key, which are in the blocks at hand, and
 * only one of them goes out.
 */
import { checkInterrupt } from '../../runtime/interrupt.ts'
import { sortIndices } from '../../runtime/kernels/sort.ts'
import { type Raw, StringVector, type Vector } from '../../runtime/values/index.ts'
import { keptRows } from './duplicates.ts'
import { gatherOf, joinPieces, type Piece, sliceOf } from './gather.ts'
import { insertedOrder, largePiece } from './insertion.ts'
import { compareKeys, compareRaws, rawAt, rowsUpTo } from './key-order.ts'
import type { Keep } from './order.ts'

/** A block's columns, key columns first. Blocks have rows. */
export type Block = readonly Vector[]

export interface SortedRun {
  /** No row has a smaller first key than this; undefined: not known, or rows may have none. */
  readonly from: Raw | undefined
  /** The blocks, in order. Returning the generator early frees what it holds. */
  blocks(): Iterator<Block>
}

interface OpenRun {
  readonly index: number
  readonly blocks: Iterator<Block>
  block: Block
  /** Rows of the block that went out. */
  used: number
}

/** `keyCount` of the columns are the keys. */
export function* mergeRuns(runs: readonly SortedRun[], keyCount: number, keep: Keep): Generator<Block> {
  const open: OpenRun[] = []
  const waiting = waitingOrder(runs)
  let nextWaiting = 0
  const openNext = (): void => {
    const index = waiting[nextWaiting++]
    const blocks = runs[index].blocks()
    const first = blocks.next()
    if (first.done === true) return
    // Run order is what ties are broken by.
    const at = open.findIndex((r) => r.index > index)
    open.splice(at < 0 ? open.length : at, 0, { index, blocks, block: first.value, used: 0 })
  }
  try {
    for (;;) {
      checkInterrupt()
      let last = frontier(open, keyCount)
      while (
        nextWaiting < waiting.length &&
        (last === undefined || mayPrecede(runs[waiting[nextWaiting]].from, last))
      ) {
        openNext()
        last = frontier(open, keyCount)
      }
      if (last === undefined) return
      const pieces = takeUpTo(open, last, keyCount, keep)
      advance(open)
      yield pieces.length === 1 ? whole(pieces[0]) : merged(pieces, keyCount, keep)
    }
  } finally {
    for (const { blocks } of open) blocks.return?.()
  }
}

/** Runs in the order in which they have to be opened: those whose begin is not known first. */
function waitingOrder(runs: readonly SortedRun[]): number[] {
  const order = runs.map((_, k) => k)
  return order.sort((a, b) => {
    const x = runs[a].from
    const y = runs[b].from
    if (x === undefined || y === undefined) return x === y ? a - b : x === undefined ? -1 : 1
    return compareRaws(x, y) || a - b
  })
}

const mayPrecede = (from: Raw | undefined, { block }: OpenRun): boolean =>
  from === undefined || compareRaws(from, rawAt(block[0], block[0].length - 1)) <= 0

/** The open run whose block ends first; of equal ones the first. */
function frontier(open: readonly OpenRun[], keyCount: number): OpenRun | undefined {
  let found: OpenRun | undefined
  for (const run of open)
    if (
      found === undefined ||
      compareKeys(run.block, run.block[0].length - 1, found.block, found.block[0].length - 1, keyCount) < 0
    )
      found = run
  return found
}

function takeUpTo(open: readonly OpenRun[], last: OpenRun, keyCount: number, keep: Keep): Piece[] {
  const pieces: Piece[] = []
  const end = last.block[0].length
  for (const run of open) {
    const { block, used } = run
    // Rows of a later run with the frontier's key come after what the frontier's run may still have of it.
    const withEqual = keep !== 'ALL' || run.index < last.index
    const count =
      run === last ? end - used : rowsUpTo(block, used, block[0].length, last.block, end - 1, keyCount, withEqual)
    if (count === 0) continue
    pieces.push({ columns: block, from: used, to: used + count })
    run.used += count
  }
  return pieces
}

/** Goes on to the next block where one is used up. */
function advance(open: OpenRun[]): void {
  for (let k = open.length - 1; k >= 0; k--) {
    const run = open[k]
    if (run.used < run.block[0].length) continue
    const next = run.blocks.next()
    if (next.done === true) open.splice(k, 1)
    else {
      run.block = next.value
      run.used = 0
    }
  }
}

const whole = ({ columns, from, to }: Piece): Block => columns.map((v) => frozen(sliceOf(v, from, to)))

function merged(pieces: readonly Piece[], keyCount: number, keep: Keep): Block {
  const joined = pieces[0].columns.map((_, c) => joinPieces(pieces, c))
  const large = largePiece(pieces)
  const rows = large < 0 ? sortedOrder(joined, keyCount, keep) : insertedOrder(pieces, large, keyCount, keep)
  return joined.map((v) => frozen(gatherOf(v, rows)))
}

function sortedOrder(joined: readonly Vector[], keyCount: number, keep: Keep): Int32Array {
  const keys = joined.slice(0, keyCount).map(forSorting)
  const sorted = sortIndices(
    keys,
    keys.map(() => true),
  )
  return keep === 'ALL' ? sorted : keptRows(keys, sorted, keep)
}

/** Sorting decodes texts; the column itself shall stay as it came. */
const forSorting = (v: Vector): Vector =>
  v.storage === 'string' && v.utf8 !== undefined && v.isUtf8Only ? new StringVector(v.utf8, v.type) : v

function frozen(v: Vector): Vector {
  v.frozen = true
  return v
}
