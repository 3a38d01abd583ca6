/**
 * A forest of classification trees (Breiman, 2001): each on a bootstrap sample, each split the best by Gini impurity among a random choice of features, whose
 * values are cut into bins of equal counts first.
 */
import { checkInterrupt } from '../../interrupt.ts'
import type { BulkRandom } from '../random.ts'

/** Node k: goes left where column `feature` is at most `threshold`; a leaf has feature -1 and its class in `label`. */
export interface Tree {
  readonly feature: number[]
  readonly threshold: number[]
  readonly left: number[]
  readonly right: number[]
  readonly label: number[]
}

export interface ForestOptions {
  readonly classes: number
  /** Features tried for a split. */
  readonly features: number
  readonly trees: number
  readonly bins: number
  readonly depth: number
  readonly minDecrease: number
}

/** Upper bounds of all bins of a column but the last. */
function boundaries(column: Float64Array, bins: number): Float64Array {
  const sorted = column.slice().sort()
  const out: number[] = []
  for (let b = 1; b < bins; b++) {
    const at = Math.floor((b * sorted.length) / bins)
    if (at < 1 || at >= sorted.length) continue
    const bound = (sorted[at - 1] + sorted[at]) / 2
    if (sorted[at] > sorted[at - 1] && bound !== out.at(-1)) out.push(bound)
    else {
      // Equal values around the cut: the bound moves to where they end.
      let end = at
      while (end < sorted.length && sorted[end] === sorted[at]) end++
      const later = end < sorted.length ? (sorted[end - 1] + sorted[end]) / 2 : Number.NaN
      if (!Number.isNaN(later) && later !== out.at(-1)) out.push(later)
    }
  }
  return Float64Array.from(new Set(out)).sort()
}

function binOf(bounds: Float64Array, x: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (x <= bounds[middle]) high = middle
    else low = middle + 1
  }
  return low
}

export function growForest(
  columns: readonly Float64Array[],
  labels: Int32Array,
  options: ForestOptions,
  random: BulkRandom,
): Tree[] {
  const n = labels.length
  const bounds = columns.map((c) => boundaries(c, options.bins))
  const binned = columns.map((c, k) => Int32Array.from(c, (x) => binOf(bounds[k], x)))
  return Array.from({ length: options.trees }, () => {
    const sample = Int32Array.from({ length: n }, () => random.below(n))
    return growTree(binned, bounds, labels, sample, options, random)
  })
}

function growTree(
  binned: readonly Int32Array[],
  bounds: readonly Float64Array[],
  labels: Int32Array,
  sample: Int32Array,
  options: ForestOptions,
  random: BulkRandom,
): Tree {
  const tree: Tree = { feature: [], threshold: [], left: [], right: [], label: [] }
  const grow = (rows: Int32Array, depth: number): number => {
    checkInterrupt()
    const node = tree.feature.length
    const counts = new Float64Array(options.classes)
    for (const r of rows) counts[labels[r]]++
    tree.feature.push(-1)
    tree.threshold.push(Number.NaN)
    tree.left.push(-1)
    tree.right.push(-1)
    tree.label.push(counts.indexOf(Math.max(...counts)))
    if (depth >= options.depth || rows.length < 2 || counts.some((c) => c === rows.length)) return node
    const split = bestSplit(binned, bounds, labels, rows, counts, options, random)
    if (split === undefined || (split.decrease * rows.length) / sample.length < options.minDecrease) return node
    const goesLeft = (r: number): boolean => binned[split.feature][r] <= split.bin
    tree.feature[node] = split.feature
    tree.threshold[node] = bounds[split.feature][split.bin]
    tree.left[node] = grow(rows.filter(goesLeft), depth + 1)
    tree.right[node] = grow(
      rows.filter((r) => !goesLeft(r)),
      depth + 1,
    )
    return node
  }
  grow(sample, 0)
  return tree
}

const gini = (counts: Float64Array, n: number): number => {
  let sum = 0
  for (const c of counts) sum += (c / n) ** 2
  return 1 - sum
}

function bestSplit(
  binned: readonly Int32Array[],
  bounds: readonly Float64Array[],
  labels: Int32Array,
  rows: Int32Array,
  counts: Float64Array,
  options: ForestOptions,
  random: BulkRandom,
): { feature: number; bin: number; decrease: number } | undefined {
  const order = Int32Array.from({ length: binned.length }, (_, k) => k)
  const impurity = gini(counts, rows.length)
  let best: { feature: number; bin: number; decrease: number } | undefined
  // As many features as asked for; further ones only until a split is found.
  for (let tried = 0; tried < order.length && (tried < options.features || best === undefined); tried++) {
    const pick = tried + random.below(order.length - tried)
    const feature = order[pick]
    order[pick] = order[tried]
    const bins = bounds[feature].length + 1
    const table = new Float64Array(bins * options.classes)
    for (const r of rows) table[binned[feature][r] * options.classes + labels[r]]++
    const left = new Float64Array(options.classes)
    const right = counts.slice()
    let size = 0
    for (let bin = 0; bin + 1 < bins; bin++) {
      for (let c = 0; c < options.classes; c++) {
        const x = table[bin * options.classes + c]
        left[c] += x
        right[c] -= x
        size += x
      }
      if (size === 0 || size === rows.length) continue
      const after = (size * gini(left, size) + (rows.length - size) * gini(right, rows.length - size)) / rows.length
      const decrease = impurity - after
      if (decrease > 1e-12 && (best === undefined || decrease > best.decrease)) best = { feature, bin, decrease }
    }
  }
  return best
}

/** The class that most trees vote for, the least of equals. */
export function forestVotes(trees: readonly Tree[], columns: readonly Float64Array[], classes: number): Int32Array {
  const n = columns[0].length
  const out = new Int32Array(n)
  const votes = new Int32Array(classes)
  for (let r = 0; r < n; r++) {
    if ((r & 1023) === 0) checkInterrupt()
    votes.fill(0)
    for (const tree of trees) {
      let node = 0
      while (tree.feature[node] >= 0)
        node = columns[tree.feature[node]][r] <= tree.threshold[node] ? tree.left[node] : tree.right[node]
      votes[tree.label[node]]++
    }
    out[r] = votes.indexOf(Math.max(...votes))
  }
  return out
}
