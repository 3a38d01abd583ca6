/**
 * Random numbers in bulk. A generator with 128 bits of state (sfc32) is seeded from the session's own source, so a seeded session gives
 * reproducible vectors, and then runs on 32-bit integers without a call per element. Normal numbers come from the ziggurat method
 * (Marsaglia and Tsang, 128 layers).
 */
import { checkInterrupt } from '../interrupt.ts'
import type { Random } from '../session.ts'
import { CHUNK_ROWS } from './codegen.ts'

const TWO_32 = 4294967296
const INV_53 = 1 / 9007199254740992

export class BulkRandom {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(source: Random) {
    this.#a = Math.floor(source.next() * TWO_32) | 0
    this.#b = Math.floor(source.next() * TWO_32) | 0
    this.#c = Math.floor(source.next() * TWO_32) | 0
    // The first outputs still show the seed.
    for (let k = 0; k < 12; k++) this.bits()
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) * INV_53
  }

  /** Uniform in (0, 1). */
  open(): number {
    return this.uniform() + INV_53 / 2
  }

  /** Uniform integer in [0, n), n up to 2^53. */
  below(n: number): number {
    return n <= 1048576 ? Math.floor(((this.bits() >>> 0) * n) / TWO_32) : Math.floor(this.uniform() * n)
  }

  /** Standard normal. */
  normal(): number {
    for (;;) {
      const h = this.bits()
      const layer = h & 127
      const x = h * WIDTH[layer]
      if ((h < 0 ? -h : h) < LIMIT[layer]) return x
      if (layer === 0) return h > 0 ? this.#tail() : -this.#tail()
      if (HEIGHT[layer] + this.uniform() * (HEIGHT[layer - 1] - HEIGHT[layer]) < Math.exp(-0.5 * x * x)) return x
    }
  }

  #tail(): number {
    for (;;) {
      const x = -Math.log(this.open()) / TAIL
      const y = -Math.log(this.open())
      if (y + y >= x * x) return TAIL + x
    }
  }

  /** Standard exponential. */
  exponential(): number {
    return -Math.log(this.open())
  }

  /** Gamma with the given shape and scale 1 (Marsaglia and Tsang). */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * this.open() ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = this.normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(this.open()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
    }
  }

  /** Poisson by counting exponential waits; a large mean is split off through gamma waits. */
  poisson(mean: number): number {
    let rest = mean
    let count = 0
    while (rest > 30) {
      const step = Math.floor(rest * 0.875)
      const wait = this.gamma(step)
      if (wait > rest) return count + this.binomial(step - 1, rest / wait)
      count += step
      rest -= wait
    }
    let sum = this.exponential()
    while (sum < rest) {
      count++
      sum += this.exponential()
    }
    return count
  }

  /** Binomial; many trials are halved through beta order statistics. */
  binomial(trials: number, p: number): number {
    let n = trials
    let q = p
    let count = 0
    while (n > 40) {
      const a = 1 + Math.floor(n / 2)
      const b = n + 1 - a
      const x = this.gamma(a)
      const beta = x / (x + this.gamma(b))
      if (beta >= q) {
        n = a - 1
        q /= beta
      } else {
        count += a
        n = b - 1
        q = (q - beta) / (1 - beta)
      }
    }
    for (let k = 0; k < n; k++) if (this.uniform() < q) count++
    return count
  }
}

/** Where the tail of the ziggurat begins, and the area of each layer. */
const TAIL = 3.442619855899
const AREA = 9.91256303526217e-3
const WIDTH = new Float64Array(128)
const HEIGHT = new Float64Array(128)
const LIMIT = new Float64Array(128)

function buildZiggurat(): void {
  const scale = 2147483648
  const bottom = AREA / Math.exp(-0.5 * TAIL * TAIL)
  let x = TAIL
  let above = TAIL
  LIMIT[0] = (x / bottom) * scale
  LIMIT[1] = 0
  WIDTH[0] = bottom / scale
  WIDTH[127] = x / scale
  HEIGHT[0] = 1
  HEIGHT[127] = Math.exp(-0.5 * x * x)
  for (let k = 126; k >= 1; k--) {
    x = Math.sqrt(-2 * Math.log(AREA / x + Math.exp(-0.5 * x * x)))
    LIMIT[k + 1] = (x / above) * scale
    above = x
    HEIGHT[k] = Math.exp(-0.5 * x * x)
    WIDTH[k] = x / scale
  }
}
buildZiggurat()

/** Random positions in [0, n), chunk by chunk: `use` gets the positions of elements [from, from + positions.length). */
export function randomPositions(
  random: BulkRandom,
  n: number,
  count: number,
  use: (positions: Int32Array, from: number) => void,
): void {
  const buffer = new Int32Array(Math.min(count, CHUNK_ROWS))
  for (let from = 0; from < count; from += CHUNK_ROWS) {
    checkInterrupt()
    const size = Math.min(CHUNK_ROWS, count - from)
    for (let k = 0; k < size; k++) buffer[k] = random.below(n)
    use(buffer.subarray(0, size), from)
  }
}
