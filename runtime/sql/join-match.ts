/**
 * Which rows of two tables belong together. Keys of both sides are stacked and numbered by one hash pass, so that every key type and any
 * number of keys costs one integer comparison a row. A row with a NULL in its key matches nothing.
 */
import { inputError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castVector } from '../ops/cast.ts'
import { isArrayType, isLiteral, T, typeName, type Vector } from '../values/index.ts'
import { commonType, stack } from './columns.ts'

/** Pairs of rows; -1 stands for "no row" of that side. */
export interface Matches {
  /** undefined: every left row once, in order. */
  readonly left: Int32Array | undefined
  readonly right: Int32Array
}

/** Those that name the rows of both sides. */
export interface Pairs extends Matches {
  readonly left: Int32Array
}

/** Number of each row's key over both tables; -1 where a key is NULL. */
export interface KeyIds {
  readonly left: Int32Array
  readonly right: Int32Array
  readonly count: number
}

export function keyIds(left: readonly Vector[], right: readonly Vector[]): KeyIds {
  const leftRows = left[0].length
  const stacked = left.map((v, k) => {
    const other = right[k]
    if (isArrayType(v.type) || isArrayType(other.type) || v.type === T.ANY || other.type === T.ANY || v.type === T.BLOB)
      throw inputError(`Columns of type ${typeName(v.type)} can't be join keys.`, { code: 'joinKey' })
    // The common type is asked for first: empty sides must not hide a mismatch.
    const type = commonType(v.type, other.type)
    const both = stack([castVector(v, type), castVector(other, type)])
    return both.type === type ? both : castVector(both, type)
  })
  const total = leftRows + right[0].length
  if (total === 0) return { left: new Int32Array(0), right: new Int32Array(0), count: 0 }
  const { ids, count } = groupIds(stacked)
  const out = ids.slice(0, total)
  for (const v of stacked) markNulls(v, out)
  return { left: out.subarray(0, leftRows), right: out.subarray(leftRows), count }
}

function markNulls(v: Vector, ids: Int32Array): void {
  if (v.storage === 'symbol') {
    for (let k = 0; k < ids.length; k++) if (v.data[k] === 0) ids[k] = -1
    return
  }
  for (let k = 0; k < ids.length; k++) if (v.isNullAt(k)) ids[k] = -1
}

/** Rows of one side by key id: rows of id k are rows[offsets[k] .. offsets[k+1]), ascending. */
export interface Buckets {
  readonly offsets: Int32Array
  readonly rows: Int32Array
}

export function bucketsOf(ids: Int32Array, count: number): Buckets {
  const offsets = new Int32Array(count + 1)
  for (let k = 0; k < ids.length; k++) if (ids[k] >= 0) offsets[ids[k] + 1]++
  for (let g = 0; g < count; g++) offsets[g + 1] += offsets[g]
  const next = offsets.slice()
  const rows = new Int32Array(offsets[count])
  for (let k = 0; k < ids.length; k++) if (ids[k] >= 0) rows[next[ids[k]]++] = k
  return { offsets, rows }
}

export type EquiJoin = 'inner' | 'left' | 'leftSemi' | 'full'

/** Limits matching: rows that are marked 0 match nothing (but are kept where the join keeps unmatched rows). */
export interface MatchFilters {
  readonly left?: Uint8Array
  readonly right?: Uint8Array
}

/** Equal-key matches in left order, then (full) the right rows without a match. */
export function equiMatches(
  kind: EquiJoin,
  left: readonly Vector[],
  right: readonly Vector[],
  filters: MatchFilters = {},
): Pairs {
  const ids = keyIds(left, right)
  mask(ids.left, filters.left)
  mask(ids.right, filters.right)
  const { offsets, rows } = bucketsOf(ids.right, ids.count)
  const size = (k: number): number => {
    const id = ids.left[k]
    const n = id < 0 ? 0 : offsets[id + 1] - offsets[id]
    if (n === 0) return kind === 'inner' ? 0 : 1
    return kind === 'leftSemi' ? 1 : n
  }
  let total = 0
  for (let k = 0; k < ids.left.length; k++) total += size(k)
  const matched = kind === 'full' ? new Uint8Array(ids.right.length) : undefined
  const unmatched = matched === undefined ? 0 : ids.right.length
  const outLeft = new Int32Array(total + unmatched)
  const outRight = new Int32Array(total + unmatched)
  let m = 0
  for (let k = 0; k < ids.left.length; k++) {
    const id = ids.left[k]
    const from = id < 0 ? 0 : offsets[id]
    const to = id < 0 ? 0 : kind === 'leftSemi' ? Math.min(from + 1, offsets[id + 1]) : offsets[id + 1]
    if (from === to) {
      if (kind === 'inner') continue
      outLeft[m] = k
      outRight[m++] = -1
      continue
    }
    for (let j = from; j < to; j++) {
      outLeft[m] = k
      outRight[m++] = rows[j]
      if (matched !== undefined) matched[rows[j]] = 1
    }
  }
  if (matched !== undefined)
    for (let k = 0; k < matched.length; k++) {
      if (matched[k] !== 0) continue
      outLeft[m] = -1
      outRight[m++] = k
    }
  return { left: outLeft.subarray(0, m), right: outRight.subarray(0, m) }
}

function mask(ids: Int32Array, keep: Uint8Array | undefined): void {
  if (keep === undefined) return
  for (let k = 0; k < ids.length; k++) if (keep[k] === 0) ids[k] = -1
}

/** Every pair, left rows slowest. */
export function crossMatches(leftRows: number, rightRows: number): Matches {
  const total = leftRows * rightRows
  if (total > 2 ** 31 - 1)
    throw inputError(`The cross join of ${leftRows} and ${rightRows} rows is too large.`, { code: 'crossJoin' })
  const left = new Int32Array(total)
  const right = new Int32Array(total)
  for (let k = 0, m = 0; k < leftRows; k++)
    for (let j = 0; j < rightRows; j++, m++) {
      left[m] = k
      right[m] = j
    }
  return { left, right }
}

export type Ordinals = Float64Array | BigInt64Array

/** Key values that compare with < and >. */
export function ordinals(v: Vector): Ordinals {
  if (v.storage === 'fixed') {
    if (v.data instanceof BigInt64Array) return v.view() as BigInt64Array
    return v.data instanceof Float64Array ? (v.view() as Float64Array) : new Float64Array(v.view() as Int32Array)
  }
  // UUID, IPADDR, strings: their rank.
  const out = new Float64Array(v.length)
  const order = sortIndices([v], [true], [true])
  let rank = 0
  for (let k = 0; k < order.length; k++) {
    if (k > 0 && v.raw(order[k]) !== v.raw(order[k - 1])) rank++
    out[order[k]] = rank
  }
  return out
}

/** For each left row the right rows whose text it begins with, in right order. Right texts are looked up by length: O(rows * lengths). */
export function prefixMatches(left: Vector, right: Vector): Matches {
  if (!isLiteral(left.type) || !isLiteral(right.type) || left.type === T.BLOB || right.type === T.BLOB)
    throw inputError('The matching columns of a prefix join must be strings.', { refId: 'S02016' })
  const rowsByText = new Map<string, number[]>()
  const lengths = new Set<number>()
  for (let k = 0; k < right.length; k++) {
    if (right.isNullAt(k)) continue
    const text = String(right.raw(k))
    const rows = rowsByText.get(text)
    if (rows === undefined) {
      rowsByText.set(text, [k])
      lengths.add(text.length)
    } else rows.push(k)
  }
  const outLeft: number[] = []
  const outRight: number[] = []
  for (let k = 0; k < left.length; k++) {
    if (left.isNullAt(k)) continue
    const text = String(left.raw(k))
    const found: number[] = []
    for (const n of lengths) {
      const rows = n <= text.length ? rowsByText.get(text.slice(0, n)) : undefined
      if (rows !== undefined) for (const r of rows) found.push(r)
    }
    found.sort((a, b) => a - b)
    for (const r of found) {
      outLeft.push(k)
      outRight.push(r)
    }
  }
  return { left: Int32Array.from(outLeft), right: Int32Array.from(outRight) }
}
