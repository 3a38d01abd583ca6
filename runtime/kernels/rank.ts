/** Ranks: of a whole vector, and of each element among its predecessors or its window. */
import type { Vector } from '../values/vector.ts'
import { groupIds } from './hash.ts'
import { sortIndices } from './sort.ts'

export type Ties = 'min' | 'max' | 'average' | 'first'

export interface RankOptions {
  readonly ascending: boolean
  /** Nulls have no rank; otherwise they rank as the smallest value. */
  readonly ignoreNull: boolean
  readonly ties: Ties
  readonly percent: boolean
  readonly dense?: boolean
}

/** 0-based ranks as doubles; NaN where there is none. */
export function ranksOf(v: Vector, options: RankOptions): Float64Array {
  const n = v.length
  const out = new Float64Array(n).fill(Number.NaN)
  const all = sortIndices([v], [options.ascending])
  const order = options.ignoreNull ? all.filter((k) => !v.isNullAt(k)) : all
  const { ids } = groupIds([v])
  let dense = 0
  for (let from = 0; from < order.length; dense++) {
    let to = from + 1
    while (to < order.length && ids[order[to]] === ids[order[from]]) to++
    for (let k = from; k < to; k++) out[order[k]] = options.dense ? dense : tied(options.ties, from, to, k)
    from = to
  }
  if (options.percent) {
    const total = options.dense ? dense : order.length
    for (let k = 0; k < n; k++) out[k] = (out[k] + 1) / total
  }
  return out
}

function tied(ties: Ties, from: number, to: number, k: number): number {
  switch (ties) {
    case 'min':
      return from
    case 'max':
      return to - 1
    case 'average':
      return (from + to - 1) / 2
    case 'first':
      return k
  }
}

/** A count of keys 0..n-1 that answers how many are below a key: a Fenwick tree. */
export class OrderCounter {
  readonly #tree: Int32Array
  total = 0
  constructor(size: number) {
    this.#tree = new Int32Array(size + 1)
  }
  change(key: number, by: 1 | -1): void {
    this.total += by
    for (let k = key + 1; k < this.#tree.length; k += k & -k) this.#tree[k] += by
  }
  /** Number of counted keys smaller than `key`. */
  below(key: number): number {
    let sum = 0
    for (let k = key; k > 0; k -= k & -k) sum += this.#tree[k]
    return sum
  }
  /** The key of the i-th smallest counted one (0-based). */
  at(i: number): number {
    let position = 0
    let rest = i
    let step = 1
    while (step * 2 < this.#tree.length) step *= 2
    for (; step > 0; step >>= 1)
      if (position + step < this.#tree.length && this.#tree[position + step] <= rest) {
        position += step
        rest -= this.#tree[position]
      }
    return position
  }
}

/** Dense key of each element in sorted order (nulls smallest), and the number of keys. */
export function orderKeys(v: Vector, ascending: boolean): { keys: Int32Array; count: number } {
  const order = sortIndices([v], [ascending])
  const { ids } = groupIds([v])
  const keys = new Int32Array(v.length)
  let key = -1
  for (let k = 0; k < order.length; k++) {
    if (k === 0 || ids[order[k]] !== ids[order[k - 1]]) key++
    keys[order[k]] = key
  }
  return { keys, count: key + 1 }
}

/** Rank of element k among elements starts[k]..k; NaN where it has none. Dense ranks count distinct values. */
export function movingRanks(v: Vector, starts: Int32Array, options: RankOptions): Float64Array {
  const { keys, count } = orderKeys(v, options.ascending)
  const out = new Float64Array(v.length).fill(Number.NaN)
  const counter = new OrderCounter(count)
  const present = new Int32Array(count)
  let from = 0
  const counts = (k: number): boolean => !options.ignoreNull || !v.isNullAt(k)
  for (let k = 0; k < v.length; k++) {
    if (counts(k)) {
      present[keys[k]]++
      if (!options.dense || present[keys[k]] === 1) counter.change(keys[k], 1)
    }
    for (; from < starts[k]; from++) {
      if (!counts(from)) continue
      present[keys[from]]--
      if (!options.dense || present[keys[from]] === 0) counter.change(keys[from], -1)
    }
    if (!counts(k)) continue
    const below = counter.below(keys[k])
    const same = options.dense ? 1 : present[keys[k]]
    const rank = tied(options.ties, below, below + same, below + same - 1)
    out[k] = options.percent ? (rank + 1) / counter.total : rank
  }
  return out
}
