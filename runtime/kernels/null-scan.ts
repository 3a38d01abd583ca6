/** Looking for nulls in typed arrays. */
import type { FixedArray } from '../values/vector.ts'
import { BLOCK_ROWS, declareWords, kernel, nullTest, storageOf } from './codegen.ts'

type ScanKernel = (a: FixedArray, from: number, to: number) => number

/** Whether elements [from, to) may hold a null. False positives are possible (-inf), false negatives are not. */
export function mayHaveNull(data: FixedArray, from: number, to: number): boolean {
  const storage = storageOf(data)
  const run = kernel<(a: FixedArray, from: number, to: number) => boolean>(`scan:${storage}`, 'a,from,to', () => {
    // One comparison an element: everything that is not greater than the sentinel is null, NaN or -inf.
    const test =
      storage === 'i64'
        ? 'aw[2*i+1]===-2147483648'
        : storage === 'f64'
          ? '!(a[i]>-1.7976931348623157e308)'
          : storage === 'f32'
            ? '!(a[i]>-3.4028234663852886e38)'
            : nullTest(storage, 'a', 'i')
    return `${declareWords(storage, 'a')}for(let i=from;i<to;i++)if(${test})return true;return false`
  })
  for (let at = from; at < to; at += BLOCK_ROWS) if (run(data, at, Math.min(to, at + BLOCK_ROWS))) return true
  return false
}

/** Number of elements of [from, to) that are not null. */
export function countValid(data: FixedArray, from: number, to: number): number {
  const storage = storageOf(data)
  const run = kernel<ScanKernel>(
    `countValid:${storage}`,
    'a,from,to',
    () =>
      `${declareWords(storage, 'a')}let n=0;for(let i=from;i<to;i++)if(!${nullTest(storage, 'a', 'i')})n++;return n`,
  )
  return run(data, from, to)
}

/** 1 where an element is null. */
export function nullFlags(data: FixedArray, length: number): Int8Array {
  const storage = storageOf(data)
  const out = new Int8Array(length)
  kernel<(a: FixedArray, o: Int8Array, n: number) => void>(
    `nullFlags:${storage}`,
    'a,o,n',
    () => `${declareWords(storage, 'a')}for(let i=0;i<n;i++)o[i]=${nullTest(storage, 'a', 'i')}?1:0`,
  )(data, out, length)
  return out
}
