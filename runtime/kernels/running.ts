/** Running (cumulative) results of a vector: element k of the result covers elements 0..k. Nulls are skipped and the running value repeats. */
import { sumType } from '../ops/promotion.ts'
import { compareText } from '../ops/text.ts'
import { isFloating, T, typeInfo } from '../values/types.ts'
import type { FixedArray } from '../values/vector.ts'
import { FixedVector, unsetFixedArray, type Vector } from '../values/vector.ts'
import { declareWords, inBlocks, kernel, nullTest, storageOf, writeNull } from './codegen.ts'
import { mayHaveNull } from './null-scan.ts'

/** `state` goes from piece to piece: the running value, and whether there was a valid element yet; `wide` is the running value of integers. */
type RunningKernel = (
  a: FixedArray,
  o: FixedArray,
  from: number,
  to: number,
  state: Float64Array,
  wide: BigInt64Array,
) => void

const RUNNING = 'a,o,from,to,state,wide'

/** Running sum or product: LONG (wrapping) for integers, DOUBLE for floating numbers. */
export function runningTotal(v: FixedVector, op: 'sum' | 'product'): FixedVector {
  const storage = storageOf(v.data)
  const real = isFloating(v.type)
  const target = real ? 'f64' : 'i64'
  const out = unsetFixedArray(target, v.length)
  const sign = op === 'sum' ? '+' : '*'
  const element = real || storage === 'i64' ? 'a[i]' : 'BigInt(a[i])'
  const step = real ? `s=s${sign}${element};` : `wide[0]=BigInt.asIntN(64,wide[0]${sign}${element});`
  const state = Float64Array.of(op === 'sum' ? 0 : 1, 0)
  const wide = BigInt64Array.of(op === 'sum' ? 0n : 1n)
  const plain = kernel<RunningKernel>(
    `running:${op}:${storage}:valid`,
    RUNNING,
    () => `let s=state[0];for(let i=from;i<to;i++){${step}o[i]=${real ? 's' : 'wide[0]'}}state[0]=s;state[1]=1`,
  )
  const careful = kernel<RunningKernel>(
    `running:${op}:${storage}`,
    RUNNING,
    () =>
      `${declareWords(storage, 'a')}${declareWords(target, 'o')}let s=state[0],any=state[1]===1;
for(let i=from;i<to;i++){if(!${nullTest(storage, 'a', 'i')}){any=true;${step}}if(any)o[i]=${real ? 's' : 'wide[0]'};else{${writeNull(target, 'o', 'i')}}}
state[0]=s;state[1]=any?1:0`,
  )
  inBlocks(v.length, (from, to) => {
    const run = mayHaveNull(v.data, from, to) ? careful : plain
    run(v.data, out, from, to, state, wide)
  })
  return new FixedVector(real ? T.DOUBLE : sumType(v.type), out)
}

/** The running extreme itself; null before the first valid element. */
export function runningExtremes(v: Vector, which: 'max' | 'min'): Vector {
  if (v.storage !== 'fixed' || v.data instanceof BigInt64Array) return v.gather(runningExtreme(v, which))
  const storage = storageOf(v.data)
  const out = unsetFixedArray(typeInfo(v.type).storage, v.length)
  const run = kernel<(a: FixedArray, o: FixedArray, from: number, to: number, state: Float64Array) => void>(
    `runningExtremes:${which}:${storage}`,
    'a,o,from,to,state',
    () => `let s=state[0],any=state[1]===1;
for(let i=from;i<to;i++){const x=a[i];if(!(any&&s${which === 'max' ? '>=' : '<='}x)&&!${nullTest(storage, 'a', 'i', 'x')}){s=x;any=true}if(any)o[i]=s;else{${writeNull(storage, 'o', 'i')}}}
state[0]=s;state[1]=any?1:0`,
  )
  const state = new Float64Array(2)
  inBlocks(v.length, (from, to) => run(v.data, out, from, to, state))
  return new FixedVector(v.type, out, v.length, v.scale)
}

/** For each position, the position of the running extreme; -1 before the first valid element. */
export function runningExtreme(v: Vector, which: 'max' | 'min'): Int32Array {
  const out = new Int32Array(v.length)
  if (v.storage === 'fixed') {
    const storage = storageOf(v.data)
    kernel<(a: FixedArray, o: Int32Array, n: number) => void>(
      `runningExtreme:${which}:${storage}`,
      'a,o,n',
      () =>
        `${declareWords(storage, 'a')}let best=-1;for(let i=0;i<n;i++){if(!${nullTest(storage, 'a', 'i')}&&(best<0||a[i]${which === 'max' ? '>' : '<'}a[best]))best=i;o[i]=best}`,
    )(v.data, out, v.length)
    return out
  }
  let best = -1
  for (let k = 0; k < v.length; k++) {
    if (!v.isNullAt(k)) {
      if (best < 0) best = k
      else {
        const order = compareText(String(v.raw(k)), String(v.raw(best)))
        if (which === 'max' ? order > 0 : order < 0) best = k
      }
    }
    out[k] = best
  }
  return out
}

/** A state that takes values in and out again, and the result it stands for; the shared body of running and moving statistics. */
export interface Accumulator {
  add(x: number): void
  remove(x: number): void
  /** NaN when the statistic has no value. */
  result(): number
  reset(): void
}

/** Sums of powers around a shifting origin: count, mean and second moment by Welford's updates, which also run backwards. */
export class VarianceAccumulator implements Accumulator {
  count = 0
  mean = 0
  m2 = 0
  readonly #finish: (count: number, m2: number) => number

  constructor(finish: (count: number, m2: number) => number) {
    this.#finish = finish
  }
  add(x: number): void {
    this.count++
    const d = x - this.mean
    this.mean += d / this.count
    this.m2 += d * (x - this.mean)
  }
  remove(x: number): void {
    if (this.count === 1) {
      this.reset()
      return
    }
    this.count--
    const d = x - this.mean
    this.mean -= d / this.count
    this.m2 -= d * (x - this.mean)
    if (this.m2 < 0) this.m2 = 0
  }
  result(): number {
    return this.#finish(this.count, this.m2)
  }
  reset(): void {
    this.count = 0
    this.mean = 0
    this.m2 = 0
  }
}

export const VARIANCES: Readonly<Record<'std' | 'var' | 'stdp' | 'varp', (n: number, m2: number) => number>> = {
  var: (n, m2) => (n < 2 ? Number.NaN : m2 / (n - 1)),
  std: (n, m2) => (n < 2 ? Number.NaN : Math.sqrt(m2 / (n - 1))),
  varp: (n, m2) => (n < 1 ? Number.NaN : m2 / n),
  stdp: (n, m2) => (n < 1 ? Number.NaN : Math.sqrt(m2 / n)),
}

/** Running statistic of doubles (NaN is null) through an accumulator. */
export function runningStatistic(x: Float64Array, acc: Accumulator): Float64Array {
  const out = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k])) acc.add(x[k])
    out[k] = acc.result()
  }
  return out
}

/** Two-column accumulator: valid pairs only. */
export interface PairAccumulator {
  add(x: number, y: number): void
  remove(x: number, y: number): void
  result(): number
}

/** Means and second moments of pairs, updated forwards and backwards. */
export class CovarianceAccumulator implements PairAccumulator {
  count = 0
  meanX = 0
  meanY = 0
  xx = 0
  yy = 0
  xy = 0
  readonly #finish: (m: CovarianceAccumulator) => number

  constructor(finish: (m: CovarianceAccumulator) => number) {
    this.#finish = finish
  }
  add(x: number, y: number): void {
    this.count++
    const dx = x - this.meanX
    const dy = y - this.meanY
    this.meanX += dx / this.count
    this.meanY += dy / this.count
    this.xx += dx * (x - this.meanX)
    this.yy += dy * (y - this.meanY)
    this.xy += dx * (y - this.meanY)
  }
  remove(x: number, y: number): void {
    if (this.count === 1) {
      this.count = this.meanX = this.meanY = this.xx = this.yy = this.xy = 0
      return
    }
    this.count--
    const dx = x - this.meanX
    const dy = y - this.meanY
    this.meanX -= dx / this.count
    this.meanY -= dy / this.count
    this.xx = Math.max(0, this.xx - dx * (x - this.meanX))
    this.yy = Math.max(0, this.yy - dy * (y - this.meanY))
    this.xy -= dx * (y - this.meanY)
  }
  result(): number {
    return this.#finish(this)
  }
}

/** Weighted sums of pairs. */
export class WeightAccumulator implements PairAccumulator {
  count = 0
  sum = 0
  weight = 0
  readonly #finish: (m: WeightAccumulator) => number

  constructor(finish: (m: WeightAccumulator) => number) {
    this.#finish = finish
  }
  add(x: number, y: number): void {
    this.count++
    this.sum += x * y
    this.weight += y
  }
  remove(x: number, y: number): void {
    this.count--
    if (this.count === 0) {
      this.sum = this.weight = 0
      return
    }
    this.sum -= x * y
    this.weight -= y
  }
  result(): number {
    return this.count === 0 ? Number.NaN : this.#finish(this)
  }
}

const correlationOf = (m: CovarianceAccumulator): number =>
  m.count < 2 || m.xx / (m.count - 1) < 1e-12 || m.yy / (m.count - 1) < 1e-12
    ? Number.NaN
    : Math.max(-1, Math.min(1, m.xy / Math.sqrt(m.xx * m.yy)))

/** Two-column statistics by the name without its cum/m/tm prefix. The first argument is x. */
export const PAIR_ACCUMULATORS: Readonly<Record<string, () => PairAccumulator>> = {
  corr: () => new CovarianceAccumulator(correlationOf),
  covar: () => new CovarianceAccumulator((m) => (m.count < 2 ? Number.NaN : m.xy / (m.count - 1))),
  covarp: () => new CovarianceAccumulator((m) => (m.count < 1 ? Number.NaN : m.xy / m.count)),
  // beta(Y, X): the second argument is the regressor.
  beta: () => new CovarianceAccumulator((m) => (m.count < 2 || m.yy < 1e-300 ? Number.NaN : m.xy / m.yy)),
  wavg: () => new WeightAccumulator((m) => m.sum / m.weight),
  wsum: () => new WeightAccumulator((m) => m.sum),
}

export function runningPair(x: Float64Array, y: Float64Array, acc: PairAccumulator): Float64Array {
  const out = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) {
    if (!Number.isNaN(x[k]) && !Number.isNaN(y[k])) acc.add(x[k], y[k])
    out[k] = acc.result()
  }
  return out
}
