/**
 * Aggregates of one column over a range of rows. `AGGREGATES` is the one table of their names, result types and loops; the builtins, SQL and
 * the grouped form (grouped.ts) all read it. Nulls are skipped; nothing valid gives null (a count gives 0).
 */
import { operatorError } from '../errors.ts'
import { decimalRaw, pow10 } from '../ops/decimal-number.ts'
import { sumType } from '../ops/promotion.ts'
import { compareText } from '../ops/text.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import {
  isDecimal,
  isFloating,
  isNumeric,
  isTemporal,
  type Raw,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import type { FixedVector, Vector } from '../values/vector.ts'
import { groupIds } from './hash.ts'
import {
  countAndSum,
  extremeIndex,
  type Moments,
  moments,
  powerSum,
  product,
  sumInts,
  sumLongs,
  validDoubles,
} from './moments.ts'
import { countValid } from './null-scan.ts'
import { medianOf } from './quantile.ts'

export { groupedAggregate, groupedWeighted } from './grouped.ts'

type RangeAggregate = (v: Vector, from: number, to: number) => Scalar | Value

/** Type of the result, for empty groups and plans. */
export type ResultType = (type: TypeId) => TypeId

export interface AggregateSpec {
  readonly resultType: ResultType
  readonly compute: RangeAggregate
}

const same: ResultType = (t) => (t === T.SYMBOL ? T.STRING : t)
const real: ResultType = () => T.DOUBLE
const whole: ResultType = () => T.INT

const realOrNull = (x: number, valid: boolean): Scalar =>
  valid && Number.isFinite(x) ? Scalar.double(x) : Scalar.nullOf(T.DOUBLE)

function numbersOnly(name: string, v: Vector): FixedVector {
  if (v.storage !== 'fixed' || !isNumeric(v.type))
    throw operatorError(`The function ${name} does not support ${typeName(v.type)} data.`, { code: 'operandTypes' })
  return v
}

/** Unscaled valid elements of a decimal vector. */
function* decimals(v: Vector, from: number, to: number): Generator<bigint> {
  for (let k = from; k < to; k++) if (!v.isNullAt(k)) yield BigInt(v.raw(k) as number)
}

function sum(v: Vector, from: number, to: number): Scalar {
  if (isDecimal(v.type)) return decimalSum(v, from, to)
  const { data } = numbersOnly('sum', v)
  if (isFloating(v.type)) {
    const { count, sum } = countAndSum(data, from, to)
    return realOrNull(sum, count > 0)
  }
  const total = data instanceof BigInt64Array ? sumLongs(data, from, to) : sumInts(data, from, to)
  return total.count === 0 ? Scalar.nullOf(T.LONG) : new Scalar(T.LONG, total.sum)
}

function decimalSum(v: Vector, from: number, to: number): Scalar {
  const scale = 'scale' in v ? v.scale : 0
  const type = sumType(v.type)
  let total = 0n
  let count = 0
  for (const x of decimals(v, from, to)) {
    total += x
    count++
  }
  return count === 0 ? Scalar.nullOf(type, scale) : new Scalar(type, decimalRaw(total, type), scale)
}

/** Elements as doubles where a statistic is real: decimals divide by their scale. */
function asDoubles(name: string, v: Vector, from: number, to: number): Float64Array {
  if (!isDecimal(v.type)) return validDoubles(numbersOnly(name, v).data, from, to)
  const scale = 'scale' in v ? v.scale : 0
  return Float64Array.from(decimals(v, from, to), (x) => Number(x) / Number(pow10(scale)))
}

function avg(v: Vector, from: number, to: number): Scalar {
  if (isDecimal(v.type)) {
    let total = 0n
    let count = 0
    for (const x of decimals(v, from, to)) {
      total += x
      count++
    }
    return realOrNull(Number(total) / (count * Number(pow10('scale' in v ? v.scale : 0))), count > 0)
  }
  const { count, sum } = countAndSum(numbersOnly('avg', v).data, from, to)
  return realOrNull(sum / count, count > 0)
}

function moment(name: string, upTo: 2 | 4, finish: (m: Moments) => number): RangeAggregate {
  return (v, from, to) => {
    const m = isDecimal(v.type)
      ? ((x) => moments(x, 0, x.length, upTo))(asDoubles(name, v, from, to))
      : moments(numbersOnly(name, v).data, from, to, upTo)
    return realOrNull(finish(m), m.count > 0)
  }
}

const variance = (m: Moments): number => (m.count < 2 ? Number.NaN : m.m2 / (m.count - 1))
const varianceP = (m: Moments): number => m.m2 / m.count

/** Skewness from moments; `biased` is the plain standardised moment. */
export function skewness(m: Moments, biased: boolean): number {
  const plain = m.m3 / m.count / (m.m2 / m.count) ** 1.5
  if (biased) return plain
  return m.count < 3 ? Number.NaN : (plain * Math.sqrt(m.count * (m.count - 1))) / (m.count - 2)
}

/** Kurtosis (3 for a normal distribution) from moments. */
export function kurtosisOf(m: Moments, biased: boolean): number {
  const plain = m.m4 / m.count / (m.m2 / m.count) ** 2
  if (biased) return plain
  const n = m.count
  return n < 4 ? Number.NaN : ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * plain - 3 * (n - 1)) + 3
}

function extreme(which: 'max' | 'min'): RangeAggregate {
  return (v, from, to) => {
    const k = extremePosition(v, from, to, which, false)
    return k < 0 ? Scalar.nullOf(same(v.type), 'scale' in v ? v.scale : 0) : v.get(k)
  }
}

/** Position of the extreme valid element within [from, to); -1 if there is none. Works on every type with an order. */
export function extremePosition(v: Vector, from: number, to: number, which: 'max' | 'min', last: boolean): number {
  if (v.storage === 'fixed') return extremeIndex(v.data, from, to, which, last)
  if (v.storage === 'array') throw operatorError(`The function ${which} does not support ${typeName(v.type)} data.`)
  let best = -1
  for (let k = from; k < to; k++) {
    if (v.isNullAt(k)) continue
    if (best < 0) {
      best = k
      continue
    }
    const order = compareRaw(v.raw(k), v.raw(best))
    const better = which === 'max' ? order > 0 : order < 0
    if (better || (last && order === 0)) best = k
  }
  return best
}

function compareRaw(x: Raw, y: Raw): number {
  if (typeof x === 'string' && typeof y === 'string') return compareText(x, y)
  if (x === null || y === null || typeof x === 'object' || typeof y === 'object')
    throw operatorError('The elements have no order.')
  return x < y ? -1 : x > y ? 1 : 0
}

function countOf(v: Vector, from: number, to: number): number {
  if (v.storage === 'fixed') return countValid(v.data, from, to)
  let n = 0
  for (let k = from; k < to; k++) if (!v.isNullAt(k)) n++
  return n
}

function firstValid(v: Vector, from: number, to: number, step: 1 | -1): number {
  for (let k = step > 0 ? from : to - 1; k >= from && k < to; k += step) if (!v.isNullAt(k)) return k
  return -1
}

function powers(name: string, power: 2 | 3 | 4): RangeAggregate {
  return (v, from, to) => {
    const x = isDecimal(v.type) ? asDoubles(name, v, from, to) : undefined
    const { count, sum } = x ? powerSum(x, 0, x.length, power) : powerSum(numbersOnly(name, v).data, from, to, power)
    return realOrNull(sum, count > 0)
  }
}

function prod(v: Vector, from: number, to: number): Scalar {
  const { data, type } = numbersOnly('prod', v)
  if (isFloating(type)) {
    const { count, sum } = product(data, from, to)
    return realOrNull(sum, count > 0)
  }
  let total = 1n
  let count = 0
  for (const x of decimals(v, from, to)) {
    total = BigInt.asIntN(64, total * x)
    count++
  }
  return count === 0 ? Scalar.nullOf(T.LONG) : new Scalar(T.LONG, total)
}

function med(v: Vector, from: number, to: number): Scalar {
  const m = medianOf(asDoubles('med', v, from, to))
  return realOrNull(m ?? 0, m !== undefined)
}

function distinctCount(v: Vector, from: number, to: number): number {
  return groupIds([from === 0 && to === v.length ? v : v.slice(from, to)]).count
}

function mode(v: Vector, from: number, to: number): Value {
  const part = from === 0 && to === v.length ? v : v.slice(from, to)
  const { ids, count, firstRows } = groupIds([part])
  const counts = new Int32Array(count)
  for (let k = 0; k < ids.length; k++) counts[ids[k]]++
  let best = -1
  for (let g = 0; g < count; g++) if (!part.isNullAt(firstRows[g]) && (best < 0 || counts[g] > counts[best])) best = g
  return best < 0 ? Scalar.nullOf(same(v.type), 'scale' in v ? v.scale : 0) : part.get(firstRows[best])
}

function mad(center: 'mean' | 'median'): RangeAggregate {
  return (v, from, to) => {
    const x = asDoubles('mad', v, from, to).slice()
    if (x.length === 0) return Scalar.nullOf(T.DOUBLE)
    const middle = center === 'mean' ? countAndSum(x, 0, x.length).sum / x.length : medianOf(x)!
    const distances = x.map((y) => Math.abs(y - middle))
    return Scalar.double(
      center === 'mean' ? countAndSum(distances, 0, distances.length).sum / x.length : medianOf(distances)!,
    )
  }
}

const position = (f: (v: Vector, from: number, to: number) => number): RangeAggregate => {
  return (v, from, to) => {
    const k = f(v, from, to)
    return Scalar.int(k < 0 ? -1 : k - from)
  }
}

/** Every aggregate of one column, by function name. */
export const AGGREGATES: Readonly<Record<string, AggregateSpec>> = {
  sum: { resultType: sumType, compute: sum },
  avg: { resultType: real, compute: avg },
  mean: { resultType: real, compute: avg },
  count: { resultType: whole, compute: (v, from, to) => Scalar.int(countOf(v, from, to)) },
  size: { resultType: whole, compute: (_v, from, to) => Scalar.int(to - from) },
  min: { resultType: same, compute: extreme('min') },
  max: { resultType: same, compute: extreme('max') },
  first: { resultType: same, compute: (v, from, to) => v.get(from < to ? from : -1) },
  last: { resultType: same, compute: (v, from, to) => v.get(from < to ? to - 1 : -1) },
  firstNot: { resultType: same, compute: (v, from, to) => v.get(firstValid(v, from, to, 1)) },
  lastNot: { resultType: same, compute: (v, from, to) => v.get(firstValid(v, from, to, -1)) },
  std: { resultType: real, compute: moment('std', 2, (m) => Math.sqrt(variance(m))) },
  var: { resultType: real, compute: moment('var', 2, variance) },
  stdp: { resultType: real, compute: moment('stdp', 2, (m) => Math.sqrt(varianceP(m))) },
  varp: { resultType: real, compute: moment('varp', 2, varianceP) },
  sem: { resultType: real, compute: moment('sem', 2, (m) => Math.sqrt(variance(m) / m.count)) },
  skew: { resultType: real, compute: moment('skew', 4, (m) => skewness(m, true)) },
  kurtosis: { resultType: real, compute: moment('kurtosis', 4, (m) => kurtosisOf(m, true)) },
  sum2: { resultType: real, compute: powers('sum2', 2) },
  sum3: { resultType: real, compute: powers('sum3', 3) },
  sum4: { resultType: real, compute: powers('sum4', 4) },
  rms: {
    resultType: real,
    compute: (v, from, to) => {
      const { count, sum } = powerSum(numbersOnly('rms', v).data, from, to, 2)
      return realOrNull(Math.sqrt(sum / count), count > 0)
    },
  },
  prod: { resultType: (t) => (isFloating(t) ? T.DOUBLE : T.LONG), compute: prod },
  med: { resultType: real, compute: med },
  mode: { resultType: same, compute: mode },
  mad: { resultType: real, compute: mad('mean') },
  nunique: { resultType: whole, compute: (v, from, to) => Scalar.int(distinctCount(v, from, to)) },
  imax: { resultType: whole, compute: position((v, f, t) => extremePosition(v, f, t, 'max', false)) },
  imin: { resultType: whole, compute: position((v, f, t) => extremePosition(v, f, t, 'min', false)) },
  imaxLast: { resultType: whole, compute: position((v, f, t) => extremePosition(v, f, t, 'max', true)) },
  iminLast: { resultType: whole, compute: position((v, f, t) => extremePosition(v, f, t, 'min', true)) },
  ifirstNot: { resultType: whole, compute: position((v, f, t) => firstValid(v, f, t, 1)) },
  ilastNot: { resultType: whole, compute: position((v, f, t) => firstValid(v, f, t, -1)) },
}

export const medianMad: RangeAggregate = mad('median')

/** The aggregate of elements [from, to). `name` is a key of AGGREGATES; an array vector aggregates over all its elements. */
export function aggregate(name: string, v: Vector, from = 0, to: number = v.length): Value {
  const spec = AGGREGATES[name]
  if (spec === undefined) throw operatorError(`There is no aggregate ${name}.`)
  return spec.compute(v, from, to)
}

/** Type that an aggregate gives for a column type; undefined when `name` is no aggregate of the table. */
export function aggregateType(name: string, type: TypeId): TypeId | undefined {
  return AGGREGATES[name]?.resultType(type)
}

export const canAverage = (type: TypeId): boolean => isNumeric(type) || isDecimal(type)
export const canOrder = (type: TypeId): boolean =>
  canAverage(type) || isTemporal(type) || typeInfo(type).category === 'literal'
