/**
 * Aggregate calls over frames of rows: the windows of analytic functions, of window joins and of cumulative groups. Functions with an incremental form
 * cost O(n log n) at most; any other is called once a frame.
 */
import { checkInterrupt } from '../interrupt.ts'
import { kurtosisOf, skewness } from '../kernels/aggregate.ts'
import type { Moments } from '../kernels/moments.ts'
import { correlation, covariance, type PairMoments, slope } from '../kernels/paired.ts'
import { INTERPOLATIONS, type Interpolation } from '../kernels/quantile.ts'
import { orderKeys } from '../kernels/rank.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import type { Session } from '../session.ts'
import { filledList } from '../values/heap.ts'
import {
  FixedVector,
  type FunctionValue,
  isDecimal,
  isFloating,
  isNumeric,
  NULL_I64,
  Scalar,
  T,
  type Value,
  type Vector,
} from '../values/index.ts'
import { asColumn } from './columns.ts'
import { assembleScalars } from './evaluate.ts'
import {
  extremeRows,
  type Frames,
  frameQuantiles,
  momentFold,
  pairFold,
  productFold,
  slide,
  sumFold,
  weightFold,
} from './frame-folds.ts'
import { view } from './groups.ts'

type Finish = (state: Float64Array) => number

/** One value a frame. Arguments are as long as the rows that frames count, or scalars. */
export function framedCall(
  fn: FunctionValue,
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
  session: Session,
): Vector {
  const fast = fn.variant === 'builtin' ? incremental(fn.builtin.name, args, rows, frames) : undefined
  return fast ?? assembleScalars(callFrames(fn, args, rows, frames, session))
}

/** The function on the rows of each frame; neighbours with one frame share the call. */
export function callFrames(
  fn: FunctionValue,
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
  session: Session,
): Value[] {
  const slices = args.slice()
  const out: Value[] = filledList(frames.from.length, Scalar.VOID)
  for (let k = 0; k < out.length; k++) {
    if ((k & 1023) === 0) checkInterrupt()
    const from = frames.from[k]
    const to = Math.max(from, frames.to[k])
    if (k > 0 && from === frames.from[k - 1] && to === frames.to[k - 1]) {
      out[k] = out[k - 1]
      continue
    }
    for (let a = 0; a < args.length; a++) {
      const v = args[a]
      if (v?.kind === 'vector' && v.length === rows) slices[a] = view(v, from, to)
    }
    out[k] = session.call(fn, slices)
  }
  return out
}

/** The call through a fold or positions, or undefined where there is no incremental form for these arguments. */
function incremental(
  name: string,
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
): Vector | undefined {
  const v = args[0]
  if (v?.kind !== 'vector' || v.length !== rows || v.storage === 'array' || v.storage === 'any') return undefined
  if (args.length === 1) return positional(name, v, frames) ?? ofOne(name, v, frames, true)
  if ((name === 'skew' || name === 'kurtosis') && args.length === 2) {
    const biased = args[1]
    if (biased?.kind !== 'scalar' || biased.type !== T.BOOL) return undefined
    return ofOne(name, v, frames, biased.value !== 0)
  }
  if (name === 'percentile') return percentile(v, args, frames)
  if (args.length !== 2) return undefined
  const other = args[1]
  const second = other === undefined ? undefined : other.kind === 'scalar' ? asColumn(other, rows) : other
  if (second?.kind !== 'vector' || second.length !== rows) return undefined
  if (name === 'atImax' || name === 'atImin')
    return second.gather(extremesOf(v, frames, name === 'atImax' ? 'max' : 'min', false))
  if (Object.hasOwn(CONTEXT_FUNCTIONS, name)) {
    const masked = v.gather(Int32Array.from({ length: rows }, (_, k) => (second.isNullAt(k) ? -1 : k)))
    const fn = CONTEXT_FUNCTIONS[name]
    return positional(fn, masked, frames) ?? ofOne(fn, masked, frames, true)
  }
  return ofTwo(name, v, second, frames)
}

/** Functions of the elements of X where Y is not null either. */
const CONTEXT_FUNCTIONS: Readonly<Record<string, string>> = {
  contextCount: 'count',
  contextSum: 'sum',
  contextSum2: 'sum2',
}

/** Functions that answer with an element of the frame, or a position or a number of elements. */
function positional(name: string, v: Vector, frames: Frames): Vector | undefined {
  const { from, to } = frames
  switch (name) {
    case 'min':
    case 'max':
      return v.gather(extremesOf(v, frames, name, false))
    case 'imin':
    case 'imax':
    case 'iminLast':
    case 'imaxLast': {
      const which = name.startsWith('imin') ? 'min' : 'max'
      const found = extremesOf(v, frames, which, name.endsWith('Last'))
      return new FixedVector(
        T.INT,
        found.map((p, k) => (p < 0 ? -1 : p - from[k])),
      )
    }
    case 'first':
      return v.gather(from.map((f, k) => (f < to[k] ? f : -1)))
    case 'last':
      return v.gather(to.map((t, k) => (from[k] < t ? t - 1 : -1)))
    case 'firstNot':
      return v.gather(firstValid(v, frames))
    case 'lastNot':
      return v.gather(lastValid(v, frames))
    case 'size':
      return new FixedVector(
        T.INT,
        from.map((f, k) => Math.max(0, to[k] - f)),
      )
    case 'count':
      return new FixedVector(T.INT, counted(v, frames))
    default:
      return undefined
  }
}

function extremesOf(v: Vector, frames: Frames, which: 'max' | 'min', last: boolean): Int32Array {
  const { keys } = orderKeys(v, true)
  return extremeRows(keys, nullFlags(v), frames, which, last)
}

function nullFlags(v: Vector): Uint8Array {
  const out = new Uint8Array(v.length)
  for (let k = 0; k < out.length; k++) out[k] = v.isNullAt(k) ? 1 : 0
  return out
}

/** Valid elements of each frame. */
function counted(v: Vector, { from, to }: Frames): Int32Array {
  const before = new Int32Array(v.length + 1)
  for (let k = 0; k < v.length; k++) before[k + 1] = before[k] + (v.isNullAt(k) ? 0 : 1)
  return from.map((f, k) => (f < to[k] ? before[to[k]] - before[f] : 0))
}

function firstValid(v: Vector, { from, to }: Frames): Int32Array {
  const next = new Int32Array(v.length + 1).fill(v.length)
  for (let k = v.length - 1; k >= 0; k--) next[k] = v.isNullAt(k) ? next[k + 1] : k
  return from.map((f, k) => (f < to[k] && next[f] < to[k] ? next[f] : -1))
}

function lastValid(v: Vector, { from, to }: Frames): Int32Array {
  const before = new Int32Array(v.length + 1).fill(-1)
  for (let k = 0; k < v.length; k++) before[k + 1] = v.isNullAt(k) ? before[k] : k
  return from.map((f, k) => (f < to[k] && before[to[k]] >= f ? before[to[k]] : -1))
}

function ofOne(name: string, v: Vector, frames: Frames, biased: boolean): Vector | undefined {
  if (v.storage !== 'fixed' || !isNumeric(v.type) || isDecimal(v.type)) return undefined
  if (name === 'sum' && !isFloating(v.type)) return wholeSums(v, frames)
  if (name === 'prod' && !isFloating(v.type)) return undefined
  const x = toDoubles(name, v)
  const valid =
    (f: Finish): Finish =>
    (s) =>
      s[0] === 0 ? Number.NaN : f(s)
  const sums = (power: (x: number) => number, finish: Finish = (s) => s[1]): Vector =>
    fromDoubles(slide(frames, sumFold(x, power), valid(finish)))
  const moments = (finish: (m: Moments) => number): Vector =>
    fromDoubles(
      slide(
        frames,
        momentFold(x),
        valid((s) => finish({ count: s[0], mean: s[1], m2: s[2], m3: s[3], m4: s[4] })),
      ),
    )
  const variance = (m: Moments): number => (m.count < 2 ? Number.NaN : m.m2 / (m.count - 1))
  switch (name) {
    case 'sum':
      return sums((a) => a)
    case 'avg':
    case 'mean':
      return sums(
        (a) => a,
        (s) => s[1] / s[0],
      )
    case 'sum2':
      return sums((a) => a * a)
    case 'sum3':
      return sums((a) => a * a * a)
    case 'sum4':
      return sums((a) => a * a * a * a)
    case 'prod':
      return fromDoubles(
        slide(
          frames,
          productFold(x),
          valid((s) => s[1]),
        ),
      )
    case 'std':
      return moments((m) => Math.sqrt(variance(m)))
    case 'var':
      return moments(variance)
    case 'stdp':
      return moments((m) => Math.sqrt(m.m2 / m.count))
    case 'varp':
      return moments((m) => m.m2 / m.count)
    case 'skew':
      return moments((m) => skewness(m, biased))
    case 'kurtosis':
      return moments((m) => kurtosisOf(m, biased))
    case 'med':
      return fromDoubles(frameQuantiles(v, x, frames, 0.5, INTERPOLATE.linear))
    default:
      return undefined
  }
}

/** Sums of integers, exact modulo 2^64 like those of the aggregate: differences of running sums. */
function wholeSums(v: FixedVector, frames: Frames): Vector {
  const { from, to } = frames
  const before = new BigInt64Array(v.length + 1)
  for (let k = 0; k < v.length; k++) {
    const raw = v.isNullAt(k) ? 0 : v.data[k]
    before[k + 1] = BigInt.asIntN(64, before[k] + (typeof raw === 'bigint' ? raw : BigInt(raw)))
  }
  const valid = counted(v, frames)
  const out = new BigInt64Array(from.length)
  for (let k = 0; k < out.length; k++)
    out[k] = valid[k] === 0 ? NULL_I64 : BigInt.asIntN(64, before[to[k]] - before[from[k]])
  return new FixedVector(T.LONG, out)
}

function ofTwo(name: string, a: Vector, b: Vector, frames: Frames): Vector | undefined {
  if (![a, b].every((v) => isNumeric(v.type) && !isDecimal(v.type))) return undefined
  const pair = (finish: (m: PairMoments) => number): Vector =>
    fromDoubles(
      slide(frames, pairFold(toDoubles(name, a), toDoubles(name, b)), (s) =>
        s[0] === 0 ? Number.NaN : finish({ count: s[0], meanX: s[1], meanY: s[2], xx: s[3], yy: s[4], xy: s[5] }),
      ),
    )
  const weighted = (finish: Finish): Vector =>
    fromDoubles(
      slide(frames, weightFold(toDoubles(name, a), toDoubles(name, b)), (s) => (s[0] === 0 ? Number.NaN : finish(s))),
    )
  switch (name) {
    case 'corr':
      return pair(correlation)
    case 'covar':
      return pair(covariance)
    case 'beta':
      // beta(Y, X) regresses its first argument on the second.
      return pair((m) => slope({ ...m, xx: m.yy }))
    case 'wavg':
      return weighted((s) => s[1] / s[2])
    case 'wsum':
      return weighted((s) => s[1])
    default:
      return undefined
  }
}

const INTERPOLATE: Readonly<
  Record<Interpolation, (lower: number, upper: number, part: number, low: number) => number>
> = {
  linear: (a, b, part) => a + (b - a) * part,
  lower: (a) => a,
  higher: (_a, b) => b,
  midpoint: (a, b) => (a + b) / 2,
  nearest: (a, b, part) => (part <= 0.5 ? a : b),
}

function percentile(v: Vector, args: readonly (Value | undefined)[], frames: Frames): Vector | undefined {
  const [, percent, method] = args
  if (v.storage !== 'fixed' || !isNumeric(v.type) || isDecimal(v.type)) return undefined
  if (!(percent instanceof Scalar) || percent.isNull()) return undefined
  const q = Number(percent.value)
  const kind = method instanceof Scalar ? method.value : 'linear'
  const pick = INTERPOLATIONS.find((i) => i === kind)
  if (pick === undefined || !(q >= 0 && q <= 100)) return undefined
  return fromDoubles(frameQuantiles(v, toDoubles('percentile', v), frames, q / 100, INTERPOLATE[pick]))
}
