/**
 * Sums of a column per group. One loop adds each valid element to the slot of its row's group and counts only nulls: how many rows a group has is known once for all
 * columns. Loops take a piece of the rows at a time (codes.ts). Where groups are codes, slots are codes too, and the groups are picked from them at the end.
 *
 * Whole numbers add as doubles, and the loop gathers the bits of all of them: they tell whether any partial sum could have left the numbers that doubles hold
 * exactly. Then all is added again with 64 bits.
 */
import { checkInterrupt } from '../interrupt.ts'
import { isFloating } from '../values/types.ts'
import { type FixedVector, newFixedArray } from '../values/vector.ts'
import { declareWords, kernel, type NumericStorage, nullTest, storageOf, words } from './codegen.ts'
import { PIECE } from './codes.ts'
import type { Groups } from './group-numbers.ts'
import { LANES_FROM } from './simd/elementwise.ts'
import { groupSums } from './simd/group-sum.ts'

/** Whole numbers up to here add exactly as doubles. */
const EXACT = 2 ** 53
/** Rows after which sums of 32-bit numbers that grow too large are added to 64 bits. */
const FOLD_ROWS = 1 << 21

export interface RealSums {
  readonly sums: Float64Array
  /** Valid elements. */
  readonly counts: Int32Array
}

/** `found`: how many elements were null, then the bits of the others' low and high words. */
type SumLoop = (
  a: FixedVector['data'],
  g: Int32Array,
  from: number,
  to: number,
  s: Float64Array,
  nulls: Int32Array,
  found: Int32Array,
) => void

/** One comparison of the element, or of its high word, tells almost all valid elements. */
export const VALID: Readonly<Record<NumericStorage, string>> = {
  i8: '!==-128',
  i16: '!==-32768',
  i32: '!==-2147483648',
  i64: '!==-2147483648',
  f32: '>-3.4028234663852886e38',
  f64: '>-1.7976931348623157e308',
}

/** Four rows are read before the first is added: that keeps loads from waiting for the additions before them. They are added in the order of the rows. */
function sumLoop(storage: NumericStorage, power: 1 | 2): SumLoop {
  const long = storage === 'i64'
  const real = storage === 'f32' || storage === 'f64'
  const read = (k: number): string =>
    long
      ? `const h${k}=aw[2*i+${2 * k + 1}],l${k}=aw[2*i+${2 * k}],x${k}=h${k}*4294967296+(l${k}>>>0);`
      : `const x${k}=a[i+${k}];`
  const valid = (k: number): string => `${long ? `h${k}` : `x${k}`}${VALID[storage]}`
  const bits = (k: number): string =>
    real ? '' : long ? `low|=l${k}^(h${k}>>31);high|=h${k}^(h${k}>>31);` : `low|=x${k}^(x${k}>>31);`
  const add = (k: number, group: string): string => `s[${group}]+=${power === 1 ? `x${k}` : `x${k}*x${k}`};${bits(k)}`
  const four = [0, 1, 2, 3]
  return kernel<SumLoop>(
    `groupSum${power}:${storage}`,
    'a,g,from,to,s,nulls,found',
    () => `${declareWords(storage, 'a')}let count=0,low=0,high=0,i=from;
const last=to-3;while(i<to){
for(;i<last;i+=4){${four.map((k) => `const g${k}=g[i+${k}];${read(k)}`).join('')}if(!(${four.map(valid).join('&&')}))break;${four.map((k) => add(k, `g${k}`)).join('')}}
for(const end=Math.min(to,i+4);i<end;i++){${read(0)}if(${valid(0)}){${add(0, 'g[i]')}}else if(${nullTest(storage, 'a', 'i')}){nulls[g[i]]++;count++}else{${add(0, 'g[i]')}}}}
found[0]+=count;found[1]|=low;found[2]|=high`,
  )
}

/** Sums per slot, as doubles. `largest` bounds the size of the valid elements that are whole numbers. */
function slotSums(
  v: FixedVector,
  groups: Groups,
  power: 1 | 2,
): { readonly sums: Float64Array; readonly nulls: Int32Array | undefined; readonly largest: number } {
  const { rows, limit } = slotsOf(groups)
  const nulls = new Int32Array(limit)
  const found = new Int32Array(3)
  const loop = sumLoop(storageOf(v.data), power)
  const sums =
    (power === 1 ? sumsInLanes(v, rows, limit, loop, nulls, found) : undefined) ??
    sumsInPieces(v, rows, limit, loop, nulls, found)
  // A negative number -n has the bits of n - 1.
  const largest = (found[2] === 0 ? found[1] >>> 0 : (found[2] >>> 0) * 4294967296 + 4294967295) + 1
  return { sums, nulls: found[0] === 0 ? undefined : nulls, largest }
}

type Sums = (
  v: FixedVector,
  rows: Int32Array,
  limit: number,
  loop: SumLoop,
  nulls: Int32Array,
  found: Int32Array,
) => Float64Array

const sumsInPieces: Sums = ({ data }, rows, limit, loop, nulls, found) => {
  const sums = new Float64Array(limit)
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    loop(data, rows, from, Math.min(rows.length, from + PIECE), sums, nulls, found)
  }
  return sums
}

/** Of so few groups and so many rows that the function in registers (simd/group-sum.ts) is worth being made. */
const sumsInLanes = (
  { data }: FixedVector,
  ...[rows, limit, loop, nulls, found]: Rest<Parameters<Sums>>
): Float64Array | undefined => {
  if (rows.length < LANES_FROM || !(data instanceof Float64Array || data instanceof Int32Array)) return undefined
  const careful = (from: number, to: number, sums: Float64Array): void => loop(data, rows, from, to, sums, nulls, found)
  return groupSums(data, rows, limit, careful, (low) => {
    found[1] |= low
  })
}

type Rest<L extends readonly unknown[]> = L extends readonly [unknown, ...infer R] ? R : never

export const slotsOf = (groups: Groups): { readonly rows: Int32Array; readonly limit: number } =>
  groups.codes ?? { rows: groups.ids, limit: groups.count }

/** What the slots hold, by group. */
export function byGroup<A extends Float64Array | Int32Array | BigInt64Array>(slots: A, groups: Groups): A {
  const ofGroup = groups.codes?.ofGroup
  if (ofGroup === undefined) return slots
  const out = newFixedArray(storageOf(slots), groups.count) as A
  for (let g = 0; g < ofGroup.length; g++) out[g] = slots[ofGroup[g]]
  return out
}

export function validCountsOf(nulls: Int32Array | undefined, groups: Groups): Int32Array {
  const counts = groups.sizes.slice()
  if (nulls === undefined) return counts
  const ofGroup = groups.codes?.ofGroup
  for (let g = 0; g < counts.length; g++) counts[g] -= nulls[ofGroup === undefined ? g : ofGroup[g]]
  return counts
}

/** Sums of elements, or of their squares, as doubles. */
export function sumsByGroup(v: FixedVector, groups: Groups, power: 1 | 2 = 1): RealSums {
  const { sums, nulls } = slotSums(v, groups, power)
  return { sums: byGroup(sums, groups), counts: validCountsOf(nulls, groups) }
}

/** Sums of whole numbers, exact or wrapping at 64 bits; 0 where no element is valid. */
export function longSumsByGroup(
  v: FixedVector,
  groups: Groups,
): { readonly sums: BigInt64Array; readonly counts: Int32Array } {
  if (isFloating(v.type)) throw new RangeError('sums of whole numbers')
  const { sums, nulls, largest } = slotSums(v, groups, 1)
  const counts = validCountsOf(nulls, groups)
  if (largest * v.length < EXACT) return { sums: asLongs(byGroup(sums, groups)), counts }
  return {
    sums: byGroup(v.data instanceof BigInt64Array ? wrappingSums(v, groups) : foldedSums(v, groups), groups),
    counts,
  }
}

function asLongs(sums: Float64Array): BigInt64Array {
  const out = newFixedArray('i64', sums.length) as BigInt64Array
  const w = words(out)
  for (let g = 0; g < sums.length; g++) {
    w[2 * g] = sums[g]
    w[2 * g + 1] = Math.floor(sums[g] / 4294967296)
  }
  return out
}

/** Elements of up to 32 bits: so few rows at a time that doubles hold their sums. */
function foldedSums(v: FixedVector, groups: Groups): BigInt64Array {
  const { rows, limit } = slotsOf(groups)
  const out = new BigInt64Array(limit)
  const sums = new Float64Array(limit)
  const nulls = new Int32Array(limit)
  const found = new Int32Array(3)
  const loop = sumLoop(storageOf(v.data), 1)
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    loop(v.data, rows, from, Math.min(rows.length, from + PIECE), sums, nulls, found)
    if ((from + PIECE) % FOLD_ROWS !== 0 && from + PIECE < rows.length) continue
    const part = asLongs(sums)
    for (let g = 0; g < limit; g++) out[g] += part[g]
    sums.fill(0)
  }
  return out
}

function wrappingSums(v: FixedVector, groups: Groups): BigInt64Array {
  const { rows, limit } = slotsOf(groups)
  const out = new BigInt64Array(limit)
  const loop = kernel<(a: FixedVector['data'], g: Int32Array, from: number, to: number, s: BigInt64Array) => void>(
    'groupLongs',
    'a,g,from,to,s',
    () =>
      `${declareWords('i64', 'a')}for(let i=from;i<to;i++)if(!${nullTest('i64', 'a', 'i')}){const k=g[i];s[k]=BigInt.asIntN(64,s[k]+a[i])}`,
  )
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    loop(v.data, rows, from, Math.min(rows.length, from + PIECE), out)
  }
  return out
}

/** Number of valid elements of each group. */
export function validByGroup(v: FixedVector, groups: Groups): Int32Array {
  const { rows, limit } = slotsOf(groups)
  const nulls = new Int32Array(limit)
  const storage = storageOf(v.data)
  const loop = kernel<(a: FixedVector['data'], g: Int32Array, from: number, to: number, nulls: Int32Array) => number>(
    `groupNulls:${storage}`,
    'a,g,from,to,nulls',
    () =>
      `${declareWords(storage, 'a')}let n=0;for(let i=from;i<to;i++)if(${nullTest(storage, 'a', 'i')}){nulls[g[i]]++;n++}return n`,
  )
  let count = 0
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    count += loop(v.data, rows, from, Math.min(rows.length, from + PIECE), nulls)
  }
  return validCountsOf(count === 0 ? undefined : nulls, groups)
}
