/**
 * Summaries of sets of elements that can be put together from the summaries of parts: the nodes of a tree (top-tree.ts) or of a sliding window
 * (sliding.ts). Nothing is ever taken out by subtraction, so rounding does not pile up and an outlier leaves nothing behind. Moments merge by
 * the pairwise formulas of Chan, Golub and LeVeque (1979) and Pebay (2008).
 */

/** The summary that each node keeps. A cleared node stands for no elements; new nodes are cleared. */
export interface NodeSummary {
  /** Number of valid elements of each node. */
  readonly count: Int32Array
  allocate(nodes: number): void
  clear(node: number): void
  /** Element k of the data at this node. */
  fill(node: number, k: number): void
  /** node = left + right; node may be one of them. */
  merge(node: number, left: number, right: number): void
}

/** Count and sum of what is not null. */
export class SumSummary implements NodeSummary {
  count = new Int32Array(0)
  sum = new Float64Array(0)
  readonly #x: Float64Array
  /** x: NaN is null. */
  constructor(x: Float64Array) {
    this.#x = x
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.sum = new Float64Array(nodes)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.sum[node] = 0
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k])
    this.count[node] = valid ? 1 : 0
    this.sum[node] = valid ? this.#x[k] : 0
  }
  merge(node: number, left: number, right: number): void {
    this.count[node] = this.count[left] + this.count[right]
    this.sum[node] = this.sum[left] + this.sum[right]
  }
}

/** Count and wrapping 64-bit sum of integers. */
export class LongSumSummary implements NodeSummary {
  count = new Int32Array(0)
  sum = new BigInt64Array(0)
  readonly #x: BigInt64Array
  readonly #valid: Uint8Array
  constructor(x: BigInt64Array, valid: Uint8Array) {
    this.#x = x
    this.#valid = valid
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.sum = new BigInt64Array(nodes)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.sum[node] = 0n
  }
  fill(node: number, k: number): void {
    this.count[node] = this.#valid[k]
    this.sum[node] = this.#valid[k] === 1 ? this.#x[k] : 0n
  }
  merge(node: number, left: number, right: number): void {
    this.count[node] = this.count[left] + this.count[right]
    this.sum[node] = BigInt.asIntN(64, this.sum[left] + this.sum[right])
  }
}

/** Count, mean and second central moment of what is not null. */
export class VarianceSummary implements NodeSummary {
  count = new Int32Array(0)
  mean = new Float64Array(0)
  m2 = new Float64Array(0)
  readonly #x: Float64Array
  constructor(x: Float64Array) {
    this.#x = x
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.mean = new Float64Array(nodes)
    this.m2 = new Float64Array(nodes)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.mean[node] = 0
    this.m2[node] = 0
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k])
    this.count[node] = valid ? 1 : 0
    this.mean[node] = valid ? this.#x[k] : 0
    this.m2[node] = 0
  }
  merge(node: number, left: number, right: number): void {
    const a = this.count[left]
    const b = this.count[right]
    if (a === 0 || b === 0) {
      const from = a === 0 ? right : left
      this.count[node] = a + b
      this.mean[node] = this.mean[from]
      this.m2[node] = this.m2[from]
      return
    }
    const d = this.mean[right] - this.mean[left]
    const part = b / (a + b)
    this.m2[node] = this.m2[left] + this.m2[right] + d * d * a * part
    this.mean[node] = this.mean[left] + d * part
    this.count[node] = a + b
  }
}

/** Count, mean and the central moments up to the fourth of what is not null. */
export class MomentSummary implements NodeSummary {
  count = new Int32Array(0)
  mean = new Float64Array(0)
  m2 = new Float64Array(0)
  m3 = new Float64Array(0)
  m4 = new Float64Array(0)
  readonly #x: Float64Array
  constructor(x: Float64Array) {
    this.#x = x
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.mean = new Float64Array(nodes)
    this.m2 = new Float64Array(nodes)
    this.m3 = new Float64Array(nodes)
    this.m4 = new Float64Array(nodes)
  }
  clear(node: number): void {
    this.#set(node, 0, 0, 0, 0, 0)
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k])
    this.#set(node, valid ? 1 : 0, valid ? this.#x[k] : 0, 0, 0, 0)
  }
  #set(node: number, count: number, mean: number, m2: number, m3: number, m4: number): void {
    this.count[node] = count
    this.mean[node] = mean
    this.m2[node] = m2
    this.m3[node] = m3
    this.m4[node] = m4
  }
  merge(node: number, left: number, right: number): void {
    const a = this.count[left]
    const b = this.count[right]
    if (a === 0 || b === 0) {
      const from = a === 0 ? right : left
      this.#set(node, a + b, this.mean[from], this.m2[from], this.m3[from], this.m4[from])
      return
    }
    const n = a + b
    const d = this.mean[right] - this.mean[left]
    const dn = d / n
    const l2 = this.m2[left]
    const r2 = this.m2[right]
    const l3 = this.m3[left]
    const r3 = this.m3[right]
    const m4 =
      this.m4[left] +
      this.m4[right] +
      d * dn * dn * dn * a * b * (a * a - a * b + b * b) +
      6 * dn * dn * (a * a * r2 + b * b * l2) +
      4 * dn * (a * r3 - b * l3)
    const m3 = l3 + r3 + d * dn * dn * a * b * (a - b) + 3 * dn * (a * r2 - b * l2)
    this.#set(node, n, this.mean[left] + dn * b, l2 + r2 + d * dn * a * b, m3, m4)
  }
}

/** Count, means and second moments of the pairs of which neither side is null. */
export class PairSummary implements NodeSummary {
  count = new Int32Array(0)
  meanX = new Float64Array(0)
  meanY = new Float64Array(0)
  xx = new Float64Array(0)
  yy = new Float64Array(0)
  xy = new Float64Array(0)
  readonly #x: Float64Array
  readonly #y: Float64Array
  constructor(x: Float64Array, y: Float64Array) {
    this.#x = x
    this.#y = y
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.meanX = new Float64Array(nodes)
    this.meanY = new Float64Array(nodes)
    this.xx = new Float64Array(nodes)
    this.yy = new Float64Array(nodes)
    this.xy = new Float64Array(nodes)
  }
  clear(node: number): void {
    this.#set(node, 0, 0, 0, 0, 0, 0)
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k]) && !Number.isNaN(this.#y[k])
    this.#set(node, valid ? 1 : 0, valid ? this.#x[k] : 0, valid ? this.#y[k] : 0, 0, 0, 0)
  }
  #set(node: number, count: number, meanX: number, meanY: number, xx: number, yy: number, xy: number): void {
    this.count[node] = count
    this.meanX[node] = meanX
    this.meanY[node] = meanY
    this.xx[node] = xx
    this.yy[node] = yy
    this.xy[node] = xy
  }
  merge(node: number, left: number, right: number): void {
    const a = this.count[left]
    const b = this.count[right]
    if (a === 0 || b === 0) {
      const from = a === 0 ? right : left
      this.#set(node, a + b, this.meanX[from], this.meanY[from], this.xx[from], this.yy[from], this.xy[from])
      return
    }
    const n = a + b
    const dx = this.meanX[right] - this.meanX[left]
    const dy = this.meanY[right] - this.meanY[left]
    const weight = (a * b) / n
    this.#set(
      node,
      n,
      this.meanX[left] + (dx * b) / n,
      this.meanY[left] + (dy * b) / n,
      this.xx[left] + this.xx[right] + dx * dx * weight,
      this.yy[left] + this.yy[right] + dy * dy * weight,
      this.xy[left] + this.xy[right] + dx * dy * weight,
    )
  }
}

/** Count of the pairs of which neither side is null, the sum of x * y and of the weights y. */
export class WeightSummary implements NodeSummary {
  count = new Int32Array(0)
  sum = new Float64Array(0)
  weight = new Float64Array(0)
  readonly #x: Float64Array
  readonly #y: Float64Array
  constructor(x: Float64Array, y: Float64Array) {
    this.#x = x
    this.#y = y
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.sum = new Float64Array(nodes)
    this.weight = new Float64Array(nodes)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.sum[node] = 0
    this.weight[node] = 0
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k]) && !Number.isNaN(this.#y[k])
    this.count[node] = valid ? 1 : 0
    this.sum[node] = valid ? this.#x[k] * this.#y[k] : 0
    this.weight[node] = valid ? this.#y[k] : 0
  }
  merge(node: number, left: number, right: number): void {
    this.count[node] = this.count[left] + this.count[right]
    this.sum[node] = this.sum[left] + this.sum[right]
    this.weight[node] = this.weight[left] + this.weight[right]
  }
}

/** Count of valid elements and their product. */
export class ProductSummary implements NodeSummary {
  count = new Int32Array(0)
  product = new Float64Array(0)
  readonly #x: Float64Array
  constructor(x: Float64Array) {
    this.#x = x
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.product = new Float64Array(nodes).fill(1)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.product[node] = 1
  }
  fill(node: number, k: number): void {
    const valid = !Number.isNaN(this.#x[k])
    this.count[node] = valid ? 1 : 0
    this.product[node] = valid ? this.#x[k] : 1
  }
  merge(node: number, left: number, right: number): void {
    this.count[node] = this.count[left] + this.count[right]
    this.product[node] = this.product[left] * this.product[right]
  }
}

/** Count of valid elements and their wrapping 64-bit product. */
export class LongProductSummary implements NodeSummary {
  count = new Int32Array(0)
  product = new BigInt64Array(0)
  readonly #x: BigInt64Array
  readonly #valid: Uint8Array
  constructor(x: BigInt64Array, valid: Uint8Array) {
    this.#x = x
    this.#valid = valid
  }
  allocate(nodes: number): void {
    this.count = new Int32Array(nodes)
    this.product = new BigInt64Array(nodes).fill(1n)
  }
  clear(node: number): void {
    this.count[node] = 0
    this.product[node] = 1n
  }
  fill(node: number, k: number): void {
    this.count[node] = this.#valid[k]
    this.product[node] = this.#valid[k] === 1 ? this.#x[k] : 1n
  }
  merge(node: number, left: number, right: number): void {
    this.count[node] = this.count[left] + this.count[right]
    this.product[node] = BigInt.asIntN(64, this.product[left] * this.product[right])
  }
}
