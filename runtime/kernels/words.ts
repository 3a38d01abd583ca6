/**
 * 32-bit words that sorting computes with. Many of them are memory of columns, which serves the next one as soon as nobody needs it; few are not worth keeping, and the garbage of a sort of few rows does not
 * count against the session's limit.
 */
import { giveBack, keptFromBytes } from '../values/allocator.ts'
import { unsetFixedArray } from '../values/fixed-array.ts'

/** As many, which mean nothing yet. */
export function newWords(length: number): Uint32Array {
  const { buffer, byteOffset } = newPositions(length)
  return new Uint32Array(buffer, byteOffset, length)
}

/** The same for rows. */
export const newPositions = (length: number): Int32Array =>
  length * 4 < keptFromBytes ? new Int32Array(length) : (unsetFixedArray('i32', length) as Int32Array)

/** Nobody looks at these any more: they have no elements from now on. */
export function spendWords(...arrays: readonly (Uint32Array | Int32Array | undefined)[]): void {
  for (const array of arrays) if (array !== undefined) giveBack(array.buffer)
}
