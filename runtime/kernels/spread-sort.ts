/**
 * Sorting doubles by where they lie between the smallest and the largest: each goes into one of many equal parts of that range, and each part is spread once more, so
 * finely that almost every element has a place of its own; what shares one is inserted. Two passes over memory, of which the second works in the cache, where a radix
 * sort of 64 bits takes six. Numbers that crowd in few parts are left to the radix sort.
 */
import { checkInterrupt } from '../interrupt.ts'
import { NULL_F64 } from '../values/types.ts'

const PIECE = 1 << 15
const PARTS = 2048
/** Below this the radix sort is as fast. */
const SPREAD_LEAST = 1 << 14
/** In a part that crowds, so many elements of one place are sorted by the library. */
const CROWD = 32

/** Lowest and highest element; whether they ascend; nulls, which are not looked at. */
interface Range {
  low: number
  high: number
  ascends: boolean
  nulls: number
}

/**
 * Sorts `source` into `out`, ascending; both have one length. False, with `out` as it was, where elements lie too unevenly, are too few, or are such that several
 * bit patterns are equal (zeros of both signs, what is no number).
 */
export function spreadSort(source: Float64Array, out: Float64Array): boolean {
  const { length } = source
  if (length < SPREAD_LEAST) return false
  const range: Range = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, ascends: true, nulls: 0 }
  for (let from = 0; from < length; from += PIECE)
    if (!lookAt(source, from, Math.min(length, from + PIECE), range)) return false
  if (range.nulls > 0) {
    const valid = source.filter((x) => x !== NULL_F64)
    if (!spreadSort(valid, out.subarray(range.nulls))) return false
    out.fill(NULL_F64, 0, range.nulls)
    return true
  }
  if (range.ascends) {
    out.set(source)
    return true
  }
  const scale = (PARTS - 1) / (range.high - range.low)
  if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) return false
  const ends = new Int32Array(PARTS)
  for (let from = 0; from < length; from += PIECE) {
    checkInterrupt()
    countParts(source, from, Math.min(length, from + PIECE), range.low, scale, ends)
  }
  let most = 0
  for (let p = 0, at = 0; p < PARTS; p++) {
    if (ends[p] > most) most = ends[p]
    const count = ends[p]
    ends[p] = at
    at += count
  }
  if (most > Math.max(length >> 5, SPREAD_LEAST)) return false
  const parts = new Float64Array(length)
  for (let from = 0; from < length; from += PIECE) {
    checkInterrupt()
    intoParts(source, from, Math.min(length, from + PIECE), range.low, scale, { next: ends, elements: parts })
  }
  const places = new Int32Array(most + 1)
  for (let p = 0, from = 0; p < PARTS; p++) {
    if ((p & 63) === 0) checkInterrupt()
    sortPart(parts, out, from, ends[p], range.low, scale, p, places)
    from = ends[p]
  }
  return true
}

/** False: an element that this sort does not know. */
function lookAt(x: Float64Array, from: number, to: number, range: Range): boolean {
  let { low, high, ascends, nulls } = range
  let last = from === 0 ? Number.NEGATIVE_INFINITY : x[from - 1]
  for (let k = from; k < to; k++) {
    const y = x[k]
    if (y === 0 && Object.is(y, -0)) return false
    if (!(y > NULL_F64)) {
      if (y !== NULL_F64) return false
      nulls++
      continue
    }
    if (y < low) low = y
    if (y > high) high = y
    if (y < last) ascends = false
    last = y
  }
  range.low = low
  range.high = high
  range.ascends = ascends
  range.nulls = nulls
  return true
}

function countParts(x: Float64Array, from: number, to: number, low: number, scale: number, counts: Int32Array): void {
  const fours = to - ((to - from) & 3)
  countFours(x, from, fours, low, scale, counts)
  for (let k = fours; k < to; k++) counts[((x[k] - low) * scale) | 0]++
}

/** Whole fours: a loop for the others behind this one, which hardly ever runs, would make this one slower by half. */
function countFours(x: Float64Array, from: number, to: number, low: number, scale: number, counts: Int32Array): void {
  for (let k = from; k < to; k += 4) {
    // The product grows with the element, whatever is rounded, and stays below the number of parts.
    const a = ((x[k] - low) * scale) | 0
    const b = ((x[k + 1] - low) * scale) | 0
    const c = ((x[k + 2] - low) * scale) | 0
    const d = ((x[k + 3] - low) * scale) | 0
    counts[a]++
    counts[b]++
    counts[c]++
    counts[d]++
  }
}

/** Where the elements of each part go next, and the parts themselves. */
interface Parts {
  readonly next: Int32Array
  readonly elements: Float64Array
}

function intoParts(x: Float64Array, from: number, to: number, low: number, scale: number, parts: Parts): void {
  const fours = to - ((to - from) & 3)
  foursIntoParts(x, from, fours, low, scale, parts)
  for (let k = fours; k < to; k++) parts.elements[parts.next[((x[k] - low) * scale) | 0]++] = x[k]
}

function foursIntoParts(
  x: Float64Array,
  from: number,
  to: number,
  low: number,
  scale: number,
  { next, elements }: Parts,
): void {
  for (let k = from; k < to; k += 4) {
    const s = x[k]
    const t = x[k + 1]
    const u = x[k + 2]
    const v = x[k + 3]
    const a = ((s - low) * scale) | 0
    const b = ((t - low) * scale) | 0
    const c = ((u - low) * scale) | 0
    const d = ((v - low) * scale) | 0
    elements[next[a]++] = s
    elements[next[b]++] = t
    elements[next[c]++] = u
    elements[next[d]++] = v
  }
}

/** Elements [from, to) of `x`, which are those of part `part`, in order, to the same places of `out`. `places` has room for a count of each element. */
function sortPart(
  x: Float64Array,
  out: Float64Array,
  from: number,
  to: number,
  low: number,
  scale: number,
  part: number,
  places: Int32Array,
): void {
  const count = to - from
  places.fill(0, 0, count)
  // What is left of the product lies below 1, and so the place below the count.
  for (let k = from; k < to; k++) places[(((x[k] - low) * scale - part) * count) | 0]++
  let crowded = false
  for (let p = 0, at = from; p < count; p++) {
    const n = places[p]
    if (n > CROWD) crowded = true
    places[p] = at
    at += n
  }
  for (let k = from; k < to; k++) {
    const y = x[k]
    out[places[(((y - low) * scale - part) * count) | 0]++] = y
  }
  if (crowded)
    for (let p = 0, start = from; p < count; p++) {
      if (places[p] - start > CROWD) out.subarray(start, places[p]).sort()
      start = places[p]
    }
  insert(out, from, to)
}

/** Insertion: almost nothing has to move. */
function insert(x: Float64Array, from: number, to: number): void {
  for (let k = from + 1; k < to; k++) {
    const y = x[k]
    if (x[k - 1] <= y) continue
    let j = k - 1
    do {
      x[j + 1] = x[j]
      j--
    } while (j >= from && x[j] > y)
    x[j + 1] = y
  }
}
