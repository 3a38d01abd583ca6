/**
 * Aggregates of a column per group, for SQL: one pass over the rows with an accumulator array per group where that is possible; the other
 * aggregates gather the rows of each group side by side and use the range form.
 */

import { vectorFromScalars } from '../ops/assemble.ts'
import { castVector } from '../ops/cast.ts'
import { sumType } from '../ops/promotion.ts'
import type { Scalar } from '../values/scalar.ts'
import { isDecimal, isFloating, isNumeric, NULL_F64, NULL_I64, T, type TypeId } from '../values/types.ts'
import { type FixedArray, FixedVector, newFixedArray, newVector, type Vector } from '../values/vector.ts'
import { AGGREGATES } from './aggregate.ts'
import { declareWords, kernel, type NumericStorage, nullTest, readNumber, storageOf, words } from './codegen.ts'
import { groupIds, rowsByGroup } from './hash.ts'
import { mayHaveNull } from './null-scan.ts'

type GroupKernel = (a: FixedArray, g: Int32Array, n: number, s: FixedArray, c: Int32Array, m: Float64Array) => void

function groupLoop(storage: NumericStorage, body: string, read = true): string {
  return `${declareWords(storage, 'a')}for(let i=0;i<n;i++){${read ? `const x=${readNumber(storage, 'a', 'i')};` : ''}if(!${nullTest(storage, 'a', 'i', read && storage !== 'i64' ? 'x' : 'a[i]')}){const k=g[i];${body}}}`
}

/**
 * The aggregate of each group, as a vector of `groupCount` elements; groups without rows get null (0 for a count). undefined when `name`
 * is not an aggregate of one column that this file knows.
 */
export function groupedAggregate(
  name: string,
  v: Vector,
  groupIds_: Int32Array,
  groupCount: number,
): Vector | undefined {
  const ids = groupIds_
  const spec = AGGREGATES[name]
  if (spec === undefined || v.storage === 'array') return undefined
  switch (name) {
    case 'size':
      return counts(ids, groupCount)
    case 'first':
    case 'last':
      return edges(name, v, ids, groupCount)
    case 'nunique':
      return distinctPerGroup(v, ids, groupCount)
  }
  if (v.storage === 'fixed' && isNumeric(v.type)) {
    switch (name) {
      case 'sum':
        return isFloating(v.type) ? realSums(v, ids, groupCount, 1) : longSums(v, ids, groupCount)
      case 'sum2':
        return realSums(v, ids, groupCount, 2)
      case 'avg':
      case 'mean':
        return means(v, ids, groupCount)
      case 'std':
      case 'var':
      case 'stdp':
      case 'varp':
        return variances(name, v, ids, groupCount)
    }
  }
  if (v.storage === 'fixed') {
    if (name === 'min' || name === 'max') return extremes(name, v, ids, groupCount)
    if (name === 'count') return validCounts(v, ids, groupCount)
  }
  return bySlices(name, v, ids, groupCount)
}

function counts(ids: Int32Array, groupCount: number): FixedVector {
  const out = new Int32Array(groupCount)
  for (let k = 0; k < ids.length; k++) out[ids[k]]++
  return new FixedVector(T.INT, out)
}

function validCounts(v: FixedVector, ids: Int32Array, groupCount: number): FixedVector {
  const out = new Int32Array(groupCount)
  const storage = storageOf(v.data)
  kernel<GroupKernel>(`gcount:${storage}`, 'a,g,n,s,c,m', () => groupLoop(storage, 'c[k]++', false))(
    v.data,
    ids,
    v.length,
    out,
    out,
    EMPTY,
  )
  return new FixedVector(T.INT, out)
}

const EMPTY = new Float64Array(0)

function edges(name: 'first' | 'last', v: Vector, ids: Int32Array, groupCount: number): Vector {
  const rows = new Int32Array(groupCount).fill(-1)
  if (name === 'last') for (let k = 0; k < ids.length; k++) rows[ids[k]] = k
  else for (let k = ids.length - 1; k >= 0; k--) rows[ids[k]] = k
  return v.gather(rows)
}

interface RealSums {
  readonly sums: Float64Array
  readonly counts: Int32Array
}

/** Sum and number of the valid elements of each group. While they grow they stand side by side, so that a row touches one place. */
function sumByGroup(v: FixedVector, ids: Int32Array, groupCount: number, power: 1 | 2): RealSums {
  const storage = storageOf(v.data)
  const body = `s[2*k]+=${power === 1 ? 'x' : 'x*x'};s[2*k+1]++`
  const both = new Float64Array(2 * groupCount)
  const nulls = mayHaveNull(v.data, 0, v.length)
  kernel<GroupKernel>(`gsum${power}:${storage}:${nulls}`, 'a,g,n,s,c,m', () =>
    nulls
      ? groupLoop(storage, body)
      : `${declareWords(storage, 'a')}for(let i=0;i<n;i++){const x=${readNumber(storage, 'a', 'i')},k=g[i];${body}}`,
  )(v.data, ids, v.length, both, NO_COUNTS, EMPTY)
  const sums = newFixedArray('f64', groupCount) as Float64Array
  const counts = new Int32Array(groupCount)
  for (let g = 0; g < groupCount; g++) {
    sums[g] = both[2 * g]
    counts[g] = both[2 * g + 1]
  }
  return { sums, counts }
}

const NO_COUNTS = new Int32Array(0)

const realSums = (v: FixedVector, ids: Int32Array, groupCount: number, power: 1 | 2): FixedVector =>
  realSumsAndCounts(v, ids, groupCount, power).sums

function realSumsAndCounts(
  v: FixedVector,
  ids: Int32Array,
  groupCount: number,
  power: 1 | 2,
): { readonly sums: FixedVector; readonly counts: Int32Array } {
  const { sums, counts } = sumByGroup(v, ids, groupCount, power)
  for (let g = 0; g < groupCount; g++) if (counts[g] === 0 || !Number.isFinite(sums[g])) sums[g] = NULL_F64
  return { sums: new FixedVector(T.DOUBLE, sums), counts }
}

const longSums = (v: FixedVector, ids: Int32Array, groupCount: number): FixedVector =>
  longSumsAndCounts(v, ids, groupCount)[0]

/** Whole numbers up to here add exactly as doubles. */
const EXACT = 2 ** 53

function longSumsAndCounts(v: FixedVector, ids: Int32Array, groupCount: number): [FixedVector, FixedVector] {
  const sums = newFixedArray('i64', groupCount) as BigInt64Array
  const counts =
    largestSize(v.data, v.length) * v.length < EXACT
      ? exactSums(v, ids, groupCount, sums)
      : wrappingSums(v, ids, groupCount, sums)
  for (let g = 0; g < groupCount; g++) if (counts[g] === 0) sums[g] = NULL_I64
  return [new FixedVector(sumType(v.type), sums), new FixedVector(T.INT, counts)]
}

/** No partial sum can leave the whole numbers that doubles hold. */
function exactSums(v: FixedVector, ids: Int32Array, groupCount: number, out: BigInt64Array): Int32Array {
  const { sums, counts } = sumByGroup(v, ids, groupCount, 1)
  const w = words(out)
  for (let g = 0; g < groupCount; g++) {
    w[2 * g] = sums[g]
    w[2 * g + 1] = Math.floor(sums[g] / 4294967296)
  }
  return counts
}

function wrappingSums(v: FixedVector, ids: Int32Array, groupCount: number, out: BigInt64Array): Int32Array {
  const valid = new Int32Array(groupCount)
  const storage = storageOf(v.data)
  const element = storage === 'i64' ? 'a[i]' : 'BigInt(a[i])'
  kernel<GroupKernel>(`glong:${storage}`, 'a,g,n,s,c,m', () =>
    groupLoop(storage, `s[k]=BigInt.asIntN(64,s[k]+${element});c[k]++`, false),
  )(v.data, ids, v.length, out, valid, EMPTY)
  return valid
}

/** A bound of the sizes of the valid elements. */
function largestSize(data: FixedArray, length: number): number {
  const storage = storageOf(data)
  return kernel<(a: FixedArray, n: number) => number>(
    `largest:${storage}`,
    'a,n',
    () =>
      `${declareWords(storage, 'a')}let low=0,high=0;for(let i=0;i<n;i++){const x=${readNumber(storage, 'a', 'i')};if(x>high)high=x;else if(x<low&&!${nullTest(storage, 'a', 'i', storage === 'i64' ? 'a[i]' : 'x')})low=x}return Math.max(high,-low)`,
  )(data, length)
}

/** `sum` and `count` of each group in one pass over the rows; undefined for types whose sums are not numbers. */
export function groupedSumAndCount(v: Vector, ids: Int32Array, groupCount: number): [Vector, Vector] | undefined {
  if (v.storage !== 'fixed' || !isNumeric(v.type)) return undefined
  if (!isFloating(v.type)) return longSumsAndCounts(v, ids, groupCount)
  const { sums, counts } = realSumsAndCounts(v, ids, groupCount, 1)
  return [sums, new FixedVector(T.INT, counts)]
}

function means(v: FixedVector, ids: Int32Array, groupCount: number): FixedVector {
  const { sums, counts } = sumByGroup(v, ids, groupCount, 1)
  for (let g = 0; g < groupCount; g++) {
    const mean = sums[g] / counts[g]
    sums[g] = Number.isFinite(mean) ? mean : NULL_F64
  }
  return new FixedVector(T.DOUBLE, sums)
}

function variances(name: string, v: FixedVector, ids: Int32Array, groupCount: number): FixedVector {
  const { sums, counts } = sumByGroup(v, ids, groupCount, 1)
  for (let g = 0; g < groupCount; g++) sums[g] /= counts[g]
  const squares = newFixedArray('f64', groupCount) as Float64Array
  const storage = storageOf(v.data)
  kernel<GroupKernel>(`gsquare:${storage}`, 'a,g,n,s,c,m', () => groupLoop(storage, 'const d=x-m[k];s[k]+=d*d'))(
    v.data,
    ids,
    v.length,
    squares,
    counts,
    sums,
  )
  const sample = name === 'std' || name === 'var' ? 1 : 0
  const root = name === 'std' || name === 'stdp'
  for (let g = 0; g < groupCount; g++) {
    const variance = squares[g] / (counts[g] - sample)
    const value = root ? Math.sqrt(variance) : variance
    squares[g] = counts[g] > sample && Number.isFinite(value) ? value : NULL_F64
  }
  return new FixedVector(T.DOUBLE, squares)
}

function extremes(name: 'min' | 'max', v: FixedVector, ids: Int32Array, groupCount: number): FixedVector {
  const storage = storageOf(v.data)
  const out = newVector(v.type, groupCount, 'null', v.scale) as FixedVector
  const seen = new Int32Array(groupCount)
  const sign = name === 'max' ? '>' : '<'
  kernel<GroupKernel>(`g${name}:${storage}`, 'a,g,n,s,c,m', () =>
    groupLoop(storage, `if(c[k]===0||a[i]${sign}s[k]){s[k]=a[i];c[k]=1}`, false),
  )(v.data, ids, v.length, out.data, seen, EMPTY)
  return out
}

function distinctPerGroup(v: Vector, ids: Int32Array, groupCount: number): FixedVector {
  const pairs = groupIds([new FixedVector(T.INT, ids as Int32Array<ArrayBuffer>, v.length), v])
  const out = new Int32Array(groupCount)
  for (let k = 0; k < pairs.count; k++) out[ids[pairs.firstRows[k]]]++
  return new FixedVector(T.INT, out)
}

function bySlices(name: string, v: Vector, ids: Int32Array, groupCount: number): Vector | undefined {
  const spec = AGGREGATES[name]
  const { order, starts } = rowsByGroup(ids, groupCount)
  const sorted = v.gather(order)
  const results: Scalar[] = new Array(groupCount)
  for (let g = 0; g < groupCount; g++) {
    const r = spec.compute(sorted, starts[g], starts[g + 1])
    if (r.kind !== 'scalar') return undefined
    results[g] = r
  }
  const type = resultTypeOf(results, spec.resultType(v.type))
  return vectorFromScalars(type, results, isDecimal(type) && 'scale' in v ? v.scale : 0)
}

const resultTypeOf = (results: readonly Scalar[], planned: TypeId): TypeId =>
  results.reduce((t, r) => (isDecimal(r.type) && r.type > t ? r.type : t), planned)

/** wavg, wsum per group: X weighted by Y; rows where either is null are left out. undefined for types without arithmetic. */
export function groupedWeighted(
  name: 'wavg' | 'wsum',
  x: Vector,
  y: Vector,
  ids: Int32Array,
  groupCount: number,
): Vector | undefined {
  if (!isNumeric(x.type) || !isNumeric(y.type)) return undefined
  const a = (castVector(x, T.DOUBLE) as FixedVector).data as Float64Array
  const b = (castVector(y, T.DOUBLE) as FixedVector).data as Float64Array
  const sums = newFixedArray('f64', groupCount) as Float64Array
  const weights = newFixedArray('f64', groupCount) as Float64Array
  const valid = new Int32Array(groupCount)
  for (let k = 0; k < ids.length; k++) {
    if (a[k] === NULL_F64 || b[k] === NULL_F64) continue
    const g = ids[k]
    sums[g] += a[k] * b[k]
    weights[g] += b[k]
    valid[g]++
  }
  for (let g = 0; g < groupCount; g++) {
    const value = name === 'wavg' ? sums[g] / weights[g] : sums[g]
    sums[g] = valid[g] > 0 && Number.isFinite(value) ? value : NULL_F64
  }
  return new FixedVector(T.DOUBLE, sums)
}
