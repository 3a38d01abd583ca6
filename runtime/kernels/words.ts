/** Unsigned 32-bit words that sorting computes with: memory of columns, which serves the next one as soon as nobody needs it. */
import { giveBack } from '../values/allocator.ts'
import { unsetFixedArray } from '../values/fixed-array.ts'

/** As many, which mean nothing yet. */
export function newWords(length: number): Uint32Array {
  const { buffer, byteOffset } = unsetFixedArray('i32', length)
  return new Uint32Array(buffer, byteOffset, length)
}

/** Nobody looks at these any more: they have no elements from now on. */
export function spendWords(...arrays: readonly (Uint32Array | Int32Array | undefined)[]): void {
  for (const array of arrays) if (array !== undefined) giveBack(array.buffer)
}
