/** Sums, moments and extremes of a range of a typed array, nulls skipped: the primitives below the aggregates. */
import { checkInterrupt } from '../interrupt.ts'
import type { FixedArray } from '../values/vector.ts'
import { CHUNK_ROWS, declareWords, kernel, type NumericStorage, nullTest, readNumber, storageOf } from './codegen.ts'
import { mayHaveNull } from './null-scan.ts'
import { LANES_FROM } from './simd/elementwise.ts'
import { foldInPlace } from './simd/fold.ts'
import { hasLanes } from './simd/lanes.ts'
import { sumOfLongs } from './simd/reduce.ts'
import { watchedMax, watchedMin, watchedSquares, watchedSum } from './watched.ts'

/** Number of valid elements and their sum in double precision. */
export interface CountSum {
  readonly count: number
  readonly sum: number
}

type Accumulate = (a: FixedArray, from: number, to: number, acc: Float64Array, center: number) => void

const ACC = new Float64Array(4)

type LoopText = (s: NumericStorage, nulls: boolean) => string

/** Elements worked through at a time: a block that holds no null takes the loop without tests while it is still in the cache. */
const BLOCK_ROWS = 32768
/** Elements that are watched at once: the processor fetches ahead, and begins anew with each block. */
const WATCHED_BLOCK = 65536
const BLOCKS_PER_CHECK = 8

function run(key: string, data: FixedArray, from: number, to: number, center: number, text: LoopText): void {
  const storage = storageOf(data)
  const params = 'a,from,to,acc,center'
  const plain = kernel<Accumulate>(`${key}:${storage}`, params, () => text(storage, false))
  const careful = kernel<Accumulate>(`${key}:${storage}:nulls`, params, () => text(storage, true))
  ACC.fill(0)
  for (let at = from, next = from; at < to; at += BLOCK_ROWS) {
    if (at >= next) {
      checkInterrupt()
      next = at + CHUNK_ROWS
    }
    const end = Math.min(to, at + BLOCK_ROWS)
    const loop = mayHaveNull(data, at, end) ? careful : plain
    loop(data, at, end, ACC, center)
  }
}

const loopText =
  (body: string, before: string, after: string): LoopText =>
  (s, nulls) => {
    const guarded = nulls ? `if(!${nullTest(s, 'a', 'i', 'x')}){${body}}` : body
    return `${declareWords(s, 'a')}${before}for(let i=from;i<to;i++){const x=${readNumber(s, 'a', 'i')};${guarded}}${after}`
  }

const SUM = loopText('n++;s+=x', 'let n=acc[0],s=acc[1];', 'acc[0]=n;acc[1]=s')

export function countAndSum(data: FixedArray, from: number, to: number): CountSum {
  if (!(data instanceof Float64Array) || to - from < LANES_FROM) return sumLoop(data, from, to)
  let count = 0
  let sum = 0
  const add = (n: number, part: number): void => {
    count += n
    sum += part
  }
  const sumOf = foldInPlace('sum', data) ?? ((at, end) => watchedSum(data, at, end))
  byBlocks(
    from,
    to,
    (at, end) => {
      const part = sumOf(at, end)
      if (Number.isNaN(part)) return false
      add(WATCHED_BLOCK, part)
      return true
    },
    (at, end) => {
      const part = sumLoop(data, at, end)
      add(part.count, part.sum)
    },
  )
  return { count, sum }
}

/** Goes through [from, to) block by block: `watched` takes whole ones and answers whether all in there was ordinary, `careful` the others, and the rest. */
export function byBlocks(
  from: number,
  to: number,
  watched: (from: number, to: number) => boolean,
  careful: (from: number, to: number) => void,
): void {
  for (let at = from, block = 0; at < to; at += WATCHED_BLOCK, block++) {
    if (block % BLOCKS_PER_CHECK === 0) checkInterrupt()
    const end = Math.min(to, at + WATCHED_BLOCK)
    if (end - at < WATCHED_BLOCK || !watched(at, end)) careful(at, end)
  }
}

function sumLoop(data: FixedArray, from: number, to: number): CountSum {
  run('sum', data, from, to, 0, SUM)
  return { count: ACC[0], sum: ACC[1] }
}

/** Whole numbers add to the same sum in any order: a batch of a stored table may go in registers, once they are worth being made. */
const LONG_LANES_FROM = 1 << 15

/** Sum of 64-bit integers, wrapping; 0 valid elements give count 0. */
export function sumLongs(data: BigInt64Array, from: number, to: number): { count: number; sum: bigint } {
  // Words add exactly in doubles for up to 2^20 elements; only the chunk sums meet as bigint.
  const loop = kernel<Accumulate>(
    'sumLongs',
    'a,from,to,acc,center',
    () =>
      `${declareWords('i64', 'a')}let n=0,lo=0,hi=0;for(let i=from;i<to;i++){const h=aw[2*i+1],l=aw[2*i];if(h!==-2147483648||l!==0){n++;lo+=l>>>0;hi+=h}}acc[0]=n;acc[1]=lo;acc[2]=hi`,
  )
  let count = 0
  let sum = 0n
  const acc = new Float64Array(3)
  const careful = (start: number, end: number): void => {
    loop(data, start, end, acc, 0)
    count += acc[0]
    sum += (BigInt(acc[2]) << 32n) + BigInt(acc[1])
  }
  const whole = (elements: number, part: bigint): void => {
    count += elements
    sum += part
  }
  if (to - from >= LONG_LANES_FROM && hasLanes()) sumOfLongs(data, from, to, whole, careful)
  else careful(from, to)
  return { count, sum: BigInt.asIntN(64, sum) }
}

/** Exact sum of integers of at most 32 bits. */
export function sumInts(data: FixedArray, from: number, to: number): { count: number; sum: bigint } {
  let count = 0
  let sum = 0n
  for (let at = from; at < to; at += CHUNK_ROWS) {
    const part = countAndSum(data, at, Math.min(to, at + CHUNK_ROWS))
    count += part.count
    sum += BigInt(part.sum)
  }
  return { count, sum }
}

/** Valid elements, mean, and sums of the second, third and fourth powers of the distances to the mean. */
export interface Moments {
  readonly count: number
  readonly mean: number
  readonly m2: number
  readonly m3: number
  readonly m4: number
}

const SECOND = loopText('const d=x-center;q+=d*d', 'let q=acc[0];', 'acc[0]=q')
const FOURTH = loopText(
  'const d=x-center,e=d*d;q+=e;c+=e*d;f+=e*e',
  'let q=acc[0],c=acc[1],f=acc[2];',
  'acc[0]=q;acc[1]=c;acc[2]=f',
)

export function moments(data: FixedArray, from: number, to: number, upTo: 2 | 4): Moments {
  const { count, sum } = countAndSum(data, from, to)
  const mean = sum / count
  if (count === 0) return { count, mean: 0, m2: 0, m3: 0, m4: 0 }
  if (upTo === 2) return { count, mean, m2: squaresAround(data, from, to, mean), m3: 0, m4: 0 }
  run('fourth', data, from, to, mean, FOURTH)
  return { count, mean, m2: ACC[0], m3: ACC[1], m4: ACC[2] }
}

function squaresAround(data: FixedArray, from: number, to: number, mean: number): number {
  let squares = 0
  const careful = (start: number, end: number): void => {
    run('second', data, start, end, mean, SECOND)
    squares += ACC[0]
  }
  if (!(data instanceof Float64Array) || to - from < LANES_FROM) {
    careful(from, to)
    return squares
  }
  const watched = (start: number, end: number): boolean => {
    const part = watchedSquares(data, start, end, mean)
    if (Number.isNaN(part)) return false
    squares += part
    return true
  }
  byBlocks(from, to, watched, careful)
  return squares
}

/** Number of valid elements and the sum of their powers 2, 3 or 4, in double precision. */
export function powerSum(data: FixedArray, from: number, to: number, power: 2 | 3 | 4): CountSum {
  const term = ['', '', 'x*x', 'x*x*x', 'x*x*x*x'][power]
  run(`power${power}`, data, from, to, 0, loopText(`n++;s+=${term}`, 'let n=acc[0],s=acc[1];', 'acc[0]=n;acc[1]=s'))
  return { count: ACC[0], sum: ACC[1] }
}

export function product(data: FixedArray, from: number, to: number): CountSum {
  const storage = storageOf(data)
  const loop = kernel<(a: FixedArray, from: number, to: number) => number[]>(`product:${storage}`, 'a,from,to', () =>
    loopText('n++;p*=x', 'let n=0,p=1;', 'return [n,p]')(storage, true),
  )
  const [count, sum] = loop(data, from, to)
  return { count, sum }
}

/** Position of the largest or smallest valid element (the first or the last of equal ones), -1 if all are null. */
export function extremeIndex(data: FixedArray, from: number, to: number, which: 'max' | 'min', last = false): number {
  const storage = storageOf(data)
  const sign = which === 'max' ? '>' : '<'
  const loop = kernel<(a: FixedArray, from: number, to: number, best: number) => number>(
    `extreme:${which}:${last}:${storage}`,
    'a,from,to,best',
    () => {
      // 64-bit elements compare where they lie: taken out into a variable they would be heap numbers.
      const better = `a[i]${sign}${last ? '=' : ''}a[best]`
      return `${declareWords(storage, 'a')}for(let i=from;i<to;i++){if(!${nullTest(storage, 'a', 'i')}&&(best<0||${better}))best=i}return best`
    },
  )
  if (data instanceof Float64Array && to - from >= LANES_FROM) return extremeByBlocks(data, from, to, which, last, loop)
  let best = -1
  for (let at = from; at < to; at += CHUNK_ROWS) {
    checkInterrupt()
    best = loop(data, at, Math.min(to, at + CHUNK_ROWS), best)
  }
  return best
}

/** Finds the block that holds the extreme, then its position in there. */
function extremeByBlocks(
  data: Float64Array,
  from: number,
  to: number,
  which: 'max' | 'min',
  last: boolean,
  loop: (a: FixedArray, from: number, to: number, best: number) => number,
): number {
  let best = -1
  let value = 0
  // A block that is better than everything before it, in which nobody has looked for the position yet.
  let block = -1
  const settle = (): void => {
    if (block >= 0) best = loop(data, block, block + WATCHED_BLOCK, -1)
    block = -1
  }
  const inScript = which === 'max' ? watchedMax : watchedMin
  const extreme = foldInPlace(which, data) ?? ((at, end) => inScript(data, at, end))
  const watched = (at: number, end: number): boolean => {
    const found = extreme(at, end)
    if (Number.isNaN(found)) return false
    const better = which === 'max' ? found > value : found < value
    if ((best >= 0 || block >= 0) && !better && !(last && found === value)) return true
    value = found
    block = at
    return true
  }
  const careful = (start: number, end: number): void => {
    settle()
    best = loop(data, start, end, best)
    if (best >= 0) value = data[best]
  }
  byBlocks(from, to, watched, careful)
  settle()
  return best
}

/** The valid elements of a range as doubles. */
export function validDoubles(data: FixedArray, from: number, to: number): Float64Array {
  const storage = storageOf(data)
  const out = new Float64Array(to - from)
  const count = kernel<(a: FixedArray, o: Float64Array, from: number, to: number) => number>(
    `valid:${storage}`,
    'a,o,from,to',
    () => loopText('o[n++]=x', 'let n=0;', 'return n')(storage, true),
  )(data, out, from, to)
  return out.subarray(0, count)
}
