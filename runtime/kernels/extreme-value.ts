/**
 * The largest or smallest valid element of a column, where nobody asks for its position. 64-bit numbers compare by their two words. Doubles have a faster way
 * (extremeIndex in moments.ts).
 */
import { checkInterrupt } from '../interrupt.ts'
import { type FixedVector, newVector } from '../values/vector.ts'
import { kernel, nullTest, storageOf, words } from './codegen.ts'
import { PIECE } from './codes.ts'

type NumberArray = Exclude<FixedVector['data'], BigInt64Array>
/** `best` holds the best element so far, as its words if it has two; answers whether there is one. */
type Loop = (a: NumberArray, from: number, to: number, best: NumberArray, any: boolean) => boolean

/** A vector of one element: null where all are null. */
export function extremeValue(which: 'max' | 'min', v: FixedVector): FixedVector {
  const storage = storageOf(v.data)
  const sign = which === 'max' ? '>' : '<'
  const loop = kernel<Loop>(`extremeValue:${which}:${storage}`, 'aw,from,to,best,any', () =>
    storage === 'i64'
      ? `let l=best[0]>>>0,h=best[1];for(let i=from;i<to;i++){const y=aw[2*i+1],x=aw[2*i]>>>0;if(!any||y${sign}h||(y===h&&x${sign}l)){if(y!==-2147483648||x!==0){any=true;h=y;l=x}}}best[0]=l;best[1]=h;return any`
      : `let y=best[0];for(let i=from;i<to;i++){const x=aw[i];if(!any||x${sign}y){if(!${nullTest(storage, 'a', 'i', 'x')}){any=true;y=x}}}best[0]=y;return any`,
  )
  const out = newVector(v.type, 1, 'null', v.scale) as FixedVector
  const best = newVector(v.type, 1, 'zero', v.scale) as FixedVector
  const numbers = (a: FixedVector['data']): NumberArray => (a instanceof BigInt64Array ? words(a) : a)
  let any = false
  for (let from = 0; from < v.length; from += PIECE) {
    checkInterrupt()
    any = loop(numbers(v.data), from, Math.min(v.length, from + PIECE), numbers(best.data), any)
  }
  return any ? best : out
}
