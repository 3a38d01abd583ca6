/** K-means clustering by Lloyd's algorithm, from random observations or by k-means++ (Arthur and Vassilvitskii, 2007). */
import { checkInterrupt } from '../../interrupt.ts'
import type { BulkRandom } from '../random.ts'

export interface Clusters {
  /** Center c is centers[c * dims .. (c + 1) * dims). */
  readonly centers: Float64Array
  readonly labels: Int32Array
}

/** Which center each row is nearest to. Rows lie one after the other. */
export function nearestCenters(rows: Float64Array, dims: number, centers: Float64Array): Int32Array {
  const n = rows.length / dims
  const k = centers.length / dims
  const out = new Int32Array(n)
  for (let r = 0; r < n; r++) {
    if ((r & 4095) === 0) checkInterrupt()
    let best = Number.POSITIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(rows, r * dims, centers, c * dims, dims)
      if (distance < best) {
        best = distance
        out[r] = c
      }
    }
  }
  return out
}

function squaredDistance(a: Float64Array, i: number, b: Float64Array, j: number, dims: number): number {
  let sum = 0
  for (let k = 0; k < dims; k++) sum += (a[i + k] - b[j + k]) ** 2
  return sum
}

/** `k` different observations. */
export function randomStart(rows: Float64Array, dims: number, k: number, random: BulkRandom): Float64Array {
  const n = rows.length / dims
  const order = Int32Array.from({ length: n }, (_, r) => r)
  const out = new Float64Array(k * dims)
  for (let c = 0; c < k; c++) {
    const pick = c + random.below(n - c)
    const row = order[pick]
    order[pick] = order[c]
    out.set(rows.subarray(row * dims, (row + 1) * dims), c * dims)
  }
  return out
}

/** Each further center with a probability that grows with the square of the distance to those before it. */
export function plusPlusStart(rows: Float64Array, dims: number, k: number, random: BulkRandom): Float64Array {
  const n = rows.length / dims
  const out = new Float64Array(k * dims)
  const nearest = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  let row = random.below(n)
  for (let c = 0; c < k; c++) {
    out.set(rows.subarray(row * dims, (row + 1) * dims), c * dims)
    let total = 0
    for (let r = 0; r < n; r++) {
      nearest[r] = Math.min(nearest[r], squaredDistance(rows, r * dims, out, c * dims, dims))
      total += nearest[r]
    }
    let at = random.uniform() * total
    row = n - 1
    for (let r = 0; r < n; r++) {
      at -= nearest[r]
      if (at < 0) {
        row = r
        break
      }
    }
  }
  return out
}

export function lloyd(rows: Float64Array, dims: number, start: Float64Array, maxIter: number): Clusters {
  const centers = start.slice()
  const k = centers.length / dims
  let labels = nearestCenters(rows, dims, centers)
  for (let round = 0; round < maxIter; round++) {
    const sums = new Float64Array(k * dims)
    const counts = new Int32Array(k)
    for (let r = 0; r < labels.length; r++) {
      counts[labels[r]]++
      for (let d = 0; d < dims; d++) sums[labels[r] * dims + d] += rows[r * dims + d]
    }
    // A center without rows stays where it is.
    for (let c = 0; c < k; c++)
      if (counts[c] > 0) for (let d = 0; d < dims; d++) centers[c * dims + d] = sums[c * dims + d] / counts[c]
    const next = nearestCenters(rows, dims, centers)
    const isSame = next.every((label, r) => label === labels[r])
    labels = next
    if (isSame) break
  }
  return { centers, labels }
}
