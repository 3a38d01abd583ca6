/**
 * The loops of the segment writer: take the chosen rows of a column into the I/O buffer, and look at them for nulls, smallest and largest while they are in the processor's cache. Each
 * storage class has its own compiled copy (see runtime/kernels/codegen.ts); doubles and 64-bit integers go through vector registers.
 */
import { declareWords, kernel, NULL_TEXT, type NumericStorage, nullTest } from '../../runtime/kernels/codegen.ts'
import { type RangeLanes, rangeOfDoubles, rangeOfLongs } from '../../runtime/kernels/simd/range.ts'
import type { FixedArray } from '../../runtime/values/index.ts'

/** o[k] = a[rows[from + k]] for k < count; without rows, o[k] = a[from + k]. `slots` is the number of array slots an element has. */
export function gather(
  o: FixedArray,
  a: FixedArray,
  rows: Int32Array | undefined,
  from: number,
  count: number,
  storage: NumericStorage,
  slots: 1 | 2 = 1,
): void {
  if (rows === undefined) {
    o.set(a.subarray(from * slots, (from + count) * slots) as never)
    return
  }
  kernel<(o: FixedArray, a: FixedArray, rows: Int32Array, from: number, count: number) => void>(
    `segment.gather.${storage}.${slots}`,
    'o,a,rows,from,count',
    () => {
      if (slots === 2)
        return storage === 'i64'
          ? `${declareWords('i64', 'o')}${declareWords('i64', 'a')}
             for(let k=0;k<count;k++){const j=rows[from+k];ow[4*k]=aw[4*j];ow[4*k+1]=aw[4*j+1];ow[4*k+2]=aw[4*j+2];ow[4*k+3]=aw[4*j+3];}`
          : 'for(let k=0;k<count;k++){const j=rows[from+k];o[2*k]=a[2*j];o[2*k+1]=a[2*j+1];}'
      return storage === 'i64'
        ? `${declareWords('i64', 'o')}${declareWords('i64', 'a')}
           for(let k=0;k<count;k++){const j=rows[from+k];ow[2*k]=aw[2*j];ow[2*k+1]=aw[2*j+1];}`
        : 'for(let k=0;k<count;k++)o[k]=a[rows[from+k]];'
    },
  )(o, a, rows, from, count)
}

/**
 * Nulls of o[0..count), and the range of the others in `range`: [lowest, highest] as numbers, or for i64 [high, low, high, low] words of the lowest
 * and the highest (low words unsigned). `range` goes on from what it holds; `seen` tells whether it holds anything. `inPlace` looks at elements where they are, if they lie in its memory.
 */
export function scanRange(
  o: FixedArray,
  count: number,
  storage: NumericStorage,
  range: Float64Array,
  seen: boolean,
  inPlace?: RangeLanes,
): number {
  if (o instanceof BigInt64Array) return scanLongs(o.subarray(0, count), range, seen, inPlace)
  if (o instanceof Float64Array) return scanDoubles(o.subarray(0, count), range, seen, inPlace)
  return scanNumbers(o, count, storage, range, seen)
}

function scanDoubles(o: Float64Array, range: Float64Array, seen: boolean, inPlace?: RangeLanes): number {
  let nulls = 0
  let any = seen
  const good = (low: number, high: number): void => {
    if (!any || low < range[0]) range[0] = low
    if (!any || high > range[1]) range[1] = high
    any = true
  }
  const careful = (from: number, to: number): void => {
    const found = scanNumbers(o.subarray(from, to), to - from, 'f64', range, any)
    nulls += found
    any ||= found < to - from
  }
  rangeOfDoubles(o, good, careful, inPlace)
  return nulls
}

function scanLongs(o: BigInt64Array, range: Float64Array, seen: boolean, inPlace?: RangeLanes): number {
  let nulls = 0
  let any = seen
  const good = (low: bigint, high: bigint): void => {
    if (!any || low < toLong(range[0], range[1])) setLong(range, 0, low)
    if (!any || high > toLong(range[2], range[3])) setLong(range, 2, high)
    any = true
  }
  const careful = (from: number, to: number): void => {
    const found = scanWords(o.subarray(from, to), to - from, range, any)
    nulls += found
    any ||= found < to - from
  }
  rangeOfLongs(o, good, careful, inPlace)
  return nulls
}

/** A 64-bit integer from its words as `scanRange` gives them. */
export const toLong = (high: number, low: number): bigint => BigInt(high) * 4294967296n + BigInt(low)

function setLong(range: Float64Array, at: number, value: bigint): void {
  range[at] = Number(value >> 32n)
  range[at + 1] = Number(value & 0xffffffffn)
}

/** Few tests an element where it lies within what was seen. A null lies there, too, once an infinity below it was seen. */
function scanNumbers(
  o: FixedArray,
  count: number,
  storage: NumericStorage,
  range: Float64Array,
  seen: boolean,
): number {
  const real = storage === 'f64' || storage === 'f32'
  return kernel<(o: FixedArray, count: number, range: Float64Array, seen: boolean) => number>(
    `segment.range.${storage}`,
    'o,count,range,seen',
    () =>
      `let nulls=0,a=seen?range[0]:Infinity,b=seen?range[1]:-Infinity;
       for(let k=0;k<count;k++){const v=o[k];
         if(!(v>=a&&v<=b${real ? `&&v>${NULL_TEXT[storage]}` : ''})){
           if(${nullTest(storage, 'o', 'k', 'v')}){nulls++;continue}
           if(v<a)a=v;if(v>b)b=v;}}
       if(nulls<count||seen){range[0]=a;range[1]=b}return nulls;`,
  )(o, count, range, seen)
}

function scanWords(o: BigInt64Array, count: number, range: Float64Array, seen: boolean): number {
  const w = new Int32Array(o.buffer, o.byteOffset, count * 2)
  let any = seen
  let nulls = 0
  let [a, b, c, d] = range
  for (let k = 0; k < count; k++) {
    const l = w[2 * k] >>> 0
    const h = w[2 * k + 1]
    if (h === -2147483648 && l === 0) nulls++
    else if (!any) {
      any = true
      a = c = h
      b = d = l
    } else if (h < a || (h === a && l < b)) {
      a = h
      b = l
    } else if (h > c || (h === c && l > d)) {
      c = h
      d = l
    }
  }
  range.set([a, b, c, d])
  return nulls
}

/** Validity bits of o[0..count): 1 where the element is not null, least significant bit first. */
export function writeValidity(bits: Uint8Array, o: FixedArray, count: number, storage: NumericStorage): void {
  kernel<(bits: Uint8Array, o: FixedArray, count: number) => void>(
    `segment.validity.${storage}`,
    'bits,o,count',
    () =>
      `${declareWords(storage, 'o')}bits.fill(0);
       for(let k=0;k<count;k++)if(!${nullTest(storage, 'o', 'k')})bits[k>>3]|=1<<(k&7);`,
  )(bits, o, count)
}

/** The same for codes and byte lengths, where 0 is the null. */
export function writeNonZero(bits: Uint8Array, o: Int32Array, count: number): void {
  bits.fill(0)
  for (let k = 0; k < count; k++) if (o[k] !== 0) bits[k >> 3] |= 1 << (k & 7)
}
