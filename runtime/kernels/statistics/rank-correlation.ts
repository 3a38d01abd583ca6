/** Correlation of ranks: Spearman's rho and Kendall's tau-b. Positions where either side is NaN must have been left out. */
import { correlation, pairMoments } from '../paired.ts'

/** Ranks from 1, equal values get the mean of theirs. */
export function averageRanks(x: Float64Array): Float64Array {
  const order = Int32Array.from({ length: x.length }, (_, k) => k).sort((a, b) => x[a] - x[b])
  const out = new Float64Array(x.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && x[order[to]] === x[order[from]]) to++
    for (let k = from; k < to; k++) out[order[k]] = (from + 1 + to) / 2
    from = to
  }
  return out
}

export const spearman = (x: Float64Array, y: Float64Array): number =>
  correlation(pairMoments(averageRanks(x), averageRanks(y)))

/** Tau-b, which allows for ties, in O(n log n): the discordant pairs are the exchanges of a merge sort (Knight, 1966). NaN for a constant side. */
export function kendallTau(x: Float64Array, y: Float64Array): number {
  const n = x.length
  const order = Int32Array.from({ length: n }, (_, k) => k).sort((a, b) => x[a] - x[b] || y[a] - y[b])
  const pairs = (count: number): number => (count * (count - 1)) / 2
  let tiedX = 0
  let tiedBoth = 0
  for (let from = 0, both = 0; from < n; ) {
    let to = from + 1
    both = 1
    while (to < n && x[order[to]] === x[order[from]]) {
      if (y[order[to]] === y[order[to - 1]]) both++
      else {
        tiedBoth += pairs(both)
        both = 1
      }
      to++
    }
    tiedBoth += pairs(both)
    tiedX += pairs(to - from)
    from = to
  }
  const sorted = Float64Array.from(order, (k) => y[k])
  const exchanges = mergeSort(sorted)
  let tiedY = 0
  for (let from = 0; from < n; ) {
    let to = from + 1
    while (to < n && sorted[to] === sorted[from]) to++
    tiedY += pairs(to - from)
    from = to
  }
  const all = pairs(n)
  const score = all - tiedX - tiedY + tiedBoth - 2 * exchanges
  return score / (Math.sqrt(all - tiedX) * Math.sqrt(all - tiedY))
}

/** Sorts in place; how many pairs stood in the wrong order. */
function mergeSort(data: Float64Array): number {
  let from = data
  let to = new Float64Array(data.length)
  let exchanges = 0
  for (let width = 1; width < data.length; width *= 2) {
    for (let start = 0; start < data.length; start += 2 * width) {
      const middle = Math.min(start + width, data.length)
      const end = Math.min(start + 2 * width, data.length)
      let a = start
      let b = middle
      for (let k = start; k < end; k++) {
        if (a < middle && (b >= end || from[a] <= from[b])) to[k] = from[a++]
        else {
          exchanges += middle - a
          to[k] = from[b++]
        }
      }
    }
    const swap = from
    from = to
    to = swap as Float64Array<ArrayBuffer>
  }
  if (from !== data) data.set(from)
  return exchanges
}
