/**
 * Aggregates of a column per group, for SQL: one pass over the rows with an accumulator array per group where that is possible; the other
 * aggregates gather the rows of each group side by side and use the range form.
 */

import { vectorFromScalars } from '../ops/assemble.ts'
import { castVector } from '../ops/cast.ts'
import { sumType } from '../ops/promotion.ts'
import type { Scalar } from '../values/scalar.ts'
import { isDecimal, isFloating, isNumeric, NULL_F64, NULL_I64, T, type TypeId } from '../values/types.ts'
import { type ArrayVector, type FixedArray, FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { AGGREGATES } from './aggregate.ts'
import { declareWords, kernel, type NumericStorage, nullTest, readNumber, storageOf } from './codegen.ts'
import { Groups } from './group-numbers.ts'
import { extremesByGroup } from './grouped-extremes.ts'
import { longSumsByGroup, sumsByGroup, validByGroup } from './grouped-sums.ts'
import { groupIds, rowsByGroup } from './hash.ts'

type GroupKernel = (a: FixedArray, g: Int32Array, n: number, s: FixedArray, c: Int32Array, m: Float64Array) => void

function groupLoop(storage: NumericStorage, body: string, read = true): string {
  return `${declareWords(storage, 'a')}for(let i=0;i<n;i++){${read ? `const x=${readNumber(storage, 'a', 'i')};` : ''}if(!${nullTest(storage, 'a', 'i', read && storage !== 'i64' ? 'x' : 'a[i]')}){const k=g[i];${body}}}`
}

/**
 * The aggregate of each group, as a vector of `groupCount` elements; groups without rows get null (0 for a count). undefined when `name`
 * is not an aggregate of one column that this file knows.
 */
export function groupedAggregate(name: string, v: Vector, groups: Groups): Vector | undefined {
  const spec = AGGREGATES[name]
  if (spec === undefined) return undefined
  if (name === 'size') return new FixedVector(T.INT, groups.sizes.slice())
  if (v.storage === 'array')
    return name === 'first' || name === 'last'
      ? edges(name, v, groups.ids, groups.count)
      : groupedAggregate(name, elementsOf(v), elementGroups(v, groups))
  if (v.storage === 'fixed' && isNumeric(v.type)) {
    switch (name) {
      case 'sum':
        return isFloating(v.type) ? realSums(v, groups, 1) : longSums(v, groups)[0]
      case 'sum2':
        return realSums(v, groups, 2)
      case 'avg':
      case 'mean':
        return means(v, groups)
    }
  }
  if (v.storage === 'fixed' && name === 'count') return new FixedVector(T.INT, validByGroup(v, groups))
  if (v.storage === 'fixed' && (name === 'min' || name === 'max')) return extremesByGroup(name, v, groups)
  const { ids, count: groupCount } = groups
  switch (name) {
    case 'first':
    case 'last':
      return edges(name, v, ids, groupCount)
    case 'nunique':
      return distinctPerGroup(v, ids, groupCount)
  }
  if (v.storage === 'fixed' && isNumeric(v.type)) {
    switch (name) {
      case 'std':
      case 'var':
      case 'stdp':
      case 'varp':
        return variances(name, v, groups)
    }
  }
  return bySlices(name, v, ids, groupCount)
}

const elementsOf = (v: ArrayVector): Vector => v.flat.slice(v.offsets[0], v.offsets[v.length])

/** The groups of the elements of an array vector: those of their rows. */
export function elementGroups(v: ArrayVector, { ids, count }: Groups): Groups {
  const from = v.offsets[0]
  const elements = new Int32Array(v.offsets[v.length] - from)
  for (let k = 0; k < v.length; k++) elements.fill(ids[k], v.offsets[k] - from, v.offsets[k + 1] - from)
  return new Groups(elements, count, new Int32Array(count))
}

function edges(name: 'first' | 'last', v: Vector, ids: Int32Array, groupCount: number): Vector {
  const rows = new Int32Array(groupCount).fill(-1)
  if (name === 'last') for (let k = 0; k < ids.length; k++) rows[ids[k]] = k
  else for (let k = ids.length - 1; k >= 0; k--) rows[ids[k]] = k
  return v.gather(rows)
}

function realSums(v: FixedVector, groups: Groups, power: 1 | 2): FixedVector {
  const { sums, counts } = sumsByGroup(v, groups, power)
  for (let g = 0; g < sums.length; g++) if (counts[g] === 0 || !Number.isFinite(sums[g])) sums[g] = NULL_F64
  return new FixedVector(T.DOUBLE, sums)
}

function longSums(v: FixedVector, groups: Groups): [FixedVector, FixedVector] {
  const { sums, counts } = longSumsByGroup(v, groups)
  for (let g = 0; g < sums.length; g++) if (counts[g] === 0) sums[g] = NULL_I64
  return [new FixedVector(sumType(v.type), sums), new FixedVector(T.INT, counts)]
}

/** `sum` and `count` of each group in one pass over the rows; undefined for types whose sums are not numbers. */
export function groupedSumAndCount(v: Vector, groups: Groups): [Vector, Vector] | undefined {
  if (v.storage !== 'fixed' || !isNumeric(v.type)) return undefined
  if (!isFloating(v.type)) return longSums(v, groups)
  const { sums, counts } = sumsByGroup(v, groups)
  for (let g = 0; g < sums.length; g++) if (counts[g] === 0 || !Number.isFinite(sums[g])) sums[g] = NULL_F64
  return [new FixedVector(T.DOUBLE, sums), new FixedVector(T.INT, counts)]
}

function means(v: FixedVector, groups: Groups): FixedVector {
  const { sums, counts } = sumsByGroup(v, groups)
  for (let g = 0; g < sums.length; g++) {
    const mean = sums[g] / counts[g]
    sums[g] = Number.isFinite(mean) ? mean : NULL_F64
  }
  return new FixedVector(T.DOUBLE, sums)
}

function variances(name: string, v: FixedVector, groups: Groups): FixedVector {
  const { ids, count: groupCount } = groups
  const { sums, counts } = sumsByGroup(v, groups)
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
