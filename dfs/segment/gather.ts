/**
 * The loops of the segment writer: take the chosen rows of a column into the I/O buffer and look at them for nulls, smallest and largest, in one pass where rows are chosen and
 * memory is waited for, in two where a range of rows is copied as it is. Each storage class has its own compiled copy (see runtime/kernels/codegen.ts).
 */
import { declareWords, kernel, type NumericStorage, nullTest } from '../../runtime/kernels/codegen.ts'
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
 * and the highest (low words unsigned). `range` goes on from what it holds; `seen` tells whether it holds anything.
 */
export function scanRange(
  o: FixedArray,
  count: number,
  storage: NumericStorage,
  range: Float64Array,
  seen: boolean,
): number {
  if (!(o instanceof BigInt64Array)) return scanNumbers(o, count, storage, range, seen)
  const nulls = scanSafeLongs(o, count, range, seen)
  return nulls >= 0 ? nulls : scanLongs(o, count, range, seen)
}

/**
 * `gather` and `scanRange` of what it took, for storages of one slot: the processor looks at an element while it waits for the next ones, so that the range costs
 * next to nothing.
 */
export function gatherAndScan(
  o: FixedArray,
  a: FixedArray,
  rows: Int32Array | undefined,
  from: number,
  count: number,
  storage: NumericStorage,
  range: Float64Array,
): number {
  if (rows === undefined) {
    gather(o, a, rows, from, count, storage)
    return scanRange(o, count, storage, range, false)
  }
  if (o instanceof BigInt64Array) {
    const nulls = gatherSafeLongs(o, a as BigInt64Array, rows, from, count, range)
    if (nulls >= 0) return nulls
    gather(o, a, rows, from, count, storage)
    return scanLongs(o, count, range, false)
  }
  return kernel<
    (o: FixedArray, a: FixedArray, rows: Int32Array, from: number, count: number, range: Float64Array) => number
  >(
    `segment.gatherRange.${storage}`,
    'o,a,rows,from,count,range',
    () =>
      `let nulls=0,low=Infinity,high=-Infinity;
       for(let k=0;k<count;k++){const v=a[rows[from+k]];o[k]=v;
         if(!(v>=low&&v<=high)){
           if(${nullTest(storage, 'o', 'k', 'v')}){nulls++;continue}
           if(v<low)low=v;if(v>high)high=v;}}
       if(nulls<count){range[0]=low;range[1]=high}return nulls;`,
  )(o, a, rows, from, count, range)
}

/** As scanSafeLongs. */
function gatherSafeLongs(
  o: BigInt64Array,
  a: BigInt64Array,
  rows: Int32Array,
  from: number,
  count: number,
  range: Float64Array,
): number {
  const target = new Int32Array(o.buffer, o.byteOffset, count * 2)
  const source = new Int32Array(a.buffer, a.byteOffset, a.length * 2)
  let nulls = 0
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let k = 0; k < count; k++) {
    const j = rows[from + k]
    const l = source[2 * j]
    const h = source[2 * j + 1]
    target[2 * k] = l
    target[2 * k + 1] = h
    const v = h * 4294967296 + (l >>> 0)
    if (v >= low && v <= high) continue
    if (h === -2147483648 && l === 0) {
      nulls++
      continue
    }
    if (h >= UNSAFE_HIGH || h < -UNSAFE_HIGH) return -1
    if (v < low) low = v
    if (v > high) high = v
  }
  if (nulls < count) writeRange(range, low, high)
  return nulls
}

/** As words: see scanRange. */
function writeRange(range: Float64Array, low: number, high: number): void {
  range[0] = Math.floor(low / 4294967296)
  range[1] = low - range[0] * 4294967296
  range[2] = Math.floor(high / 4294967296)
  range[3] = high - range[2] * 4294967296
}

/** One test an element where it lies within what was seen: nulls and NaN never do. */
function scanNumbers(
  o: FixedArray,
  count: number,
  storage: NumericStorage,
  range: Float64Array,
  seen: boolean,
): number {
  return kernel<(o: FixedArray, count: number, range: Float64Array, seen: boolean) => number>(
    `segment.range.${storage}`,
    'o,count,range,seen',
    () =>
      `let nulls=0,a=seen?range[0]:Infinity,b=seen?range[1]:-Infinity;
       for(let k=0;k<count;k++){const v=o[k];
         if(!(v>=a&&v<=b)){
           if(${nullTest(storage, 'o', 'k', 'v')}){nulls++;continue}
           if(v<a)a=v;if(v>b)b=v;}}
       if(nulls<count||seen){range[0]=a;range[1]=b}return nulls;`,
  )(o, count, range, seen)
}

/** Words of this size and above make numbers that a double does not hold exactly. */
const UNSAFE_HIGH = 2 ** 21

/** For numbers that doubles hold exactly, as times do; -1, and `range` as it was, if there are others. */
function scanSafeLongs(o: BigInt64Array, count: number, range: Float64Array, seen: boolean): number {
  const w = new Int32Array(o.buffer, o.byteOffset, count * 2)
  let nulls = 0
  let a = Number.POSITIVE_INFINITY
  let b = Number.NEGATIVE_INFINITY
  if (seen) {
    if (!isSafeHigh(range[0]) || !isSafeHigh(range[2])) return -1
    a = range[0] * 4294967296 + range[1]
    b = range[2] * 4294967296 + range[3]
  }
  for (let k = 0; k < count; k++) {
    const h = w[2 * k + 1]
    const v = h * 4294967296 + (w[2 * k] >>> 0)
    if (v >= a && v <= b) continue
    if (h === -2147483648 && w[2 * k] === 0) {
      nulls++
      continue
    }
    if (h >= UNSAFE_HIGH || h < -UNSAFE_HIGH) return -1
    if (v < a) a = v
    if (v > b) b = v
  }
  if (nulls < count || seen) writeRange(range, a, b)
  return nulls
}

const isSafeHigh = (high: number): boolean => high < UNSAFE_HIGH && high >= -UNSAFE_HIGH

function scanLongs(o: BigInt64Array, count: number, range: Float64Array, seen: boolean): number {
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
