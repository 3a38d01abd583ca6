/**
 * Smallest and largest element of a column per group. A slot begins with what no element is beyond; a group whose rows are all null has none. Rows are read as in
 * grouped-sums.ts, four at a time; 64-bit numbers compare by their two words.
 */
import { checkInterrupt } from '../interrupt.ts'
import { type FixedVector, newFixedArray, newVector } from '../values/vector.ts'
import { kernel, type NumericStorage, nullTest, storageOf, words } from './codegen.ts'
import { PIECE } from './codes.ts'
import type { Groups } from './group-numbers.ts'
import { byGroup, slotsOf, VALID, validCountsOf } from './grouped-sums.ts'

type NumberArray = Exclude<FixedVector['data'], BigInt64Array>
type Loop = (a: NumberArray, g: Int32Array, from: number, to: number, s: NumberArray, nulls: Int32Array) => number

const HIGHEST: Readonly<Record<NumericStorage, number>> = {
  i8: 127,
  i16: 32767,
  i32: 2147483647,
  i64: 0,
  f32: Number.POSITIVE_INFINITY,
  f64: Number.POSITIVE_INFINITY,
}
/** Of whole numbers: their null. */
const LOWEST: Readonly<Record<NumericStorage, number>> = {
  i8: -128,
  i16: -32768,
  i32: -2147483648,
  i64: 0,
  f32: Number.NEGATIVE_INFINITY,
  f64: Number.NEGATIVE_INFINITY,
}

/** Answers how many elements were null. Arrays of 64-bit numbers come as their words. */
function extremeLoop(name: 'min' | 'max', storage: NumericStorage): Loop {
  const sign = name === 'max' ? '>' : '<'
  const long = storage === 'i64'
  const read = (k: number): string =>
    long ? `const h${k}=aw[2*i+${2 * k + 1}],l${k}=aw[2*i+${2 * k}]>>>0;` : `const x${k}=aw[i+${k}];`
  const valid = (k: number): string => `${long ? `h${k}` : `x${k}`}${VALID[storage]}`
  const take = (k: number, group: string): string =>
    long
      ? `{const p=2*${group},t=s[p+1];if(h${k}${sign}t||(h${k}===t&&l${k}${sign}(s[p]>>>0))){s[p]=l${k};s[p+1]=h${k}}}`
      : `if(x${k}${sign}s[${group}])s[${group}]=x${k};`
  const four = [0, 1, 2, 3]
  return kernel<Loop>(
    `group:${name}:${storage}`,
    'aw,g,from,to,s,nulls',
    () => `let count=0,i=from;const last=to-3;while(i<to){
for(;i<last;i+=4){${four.map((k) => `const g${k}=g[i+${k}];${read(k)}`).join('')}if(!(${four.map(valid).join('&&')}))break;${four.map((k) => take(k, `g${k}`)).join('')}}
for(const end=Math.min(to,i+4);i<end;i++){${read(0)}if(${nullTest(storage, 'a', 'i', 'x0')}){nulls[g[i]]++;count++}else{${take(0, 'g[i]')}}}}
return count`,
  )
}

export function extremesByGroup(name: 'min' | 'max', v: FixedVector, groups: Groups): FixedVector {
  const { rows, limit } = slotsOf(groups)
  const storage = storageOf(v.data)
  const slots = newFixedArray(storage, limit)
  if (slots instanceof BigInt64Array) slots.fill(name === 'max' ? -(2n ** 63n) : 2n ** 63n - 1n)
  else slots.fill((name === 'max' ? LOWEST : HIGHEST)[storage])
  const nulls = new Int32Array(limit)
  const loop = extremeLoop(name, storage)
  const wordsOrAll = (a: FixedVector['data']): NumberArray => (a instanceof BigInt64Array ? words(a) : a)
  const data = wordsOrAll(v.data)
  const extremes = wordsOrAll(slots)
  let nullCount = 0
  for (let from = 0; from < rows.length; from += PIECE) {
    checkInterrupt()
    nullCount += loop(data, rows, from, Math.min(rows.length, from + PIECE), extremes, nulls)
  }
  const counts = validCountsOf(nullCount === 0 ? undefined : nulls, groups)
  const out = newVector(v.type, groups.count, 'null', v.scale) as FixedVector
  const found = byGroup(slots as Float64Array, groups)
  const target = out.data as Float64Array
  for (let g = 0; g < counts.length; g++) if (counts[g] > 0) target[g] = found[g]
  return out
}
