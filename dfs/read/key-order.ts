/** How two rows of different batches stand to each other by their keys, the order of `sortIndices`: nulls first, texts by their bytes. */
import { compareText } from '../../runtime/ops/text.ts'
import type { Raw, Vector } from '../../runtime/values/index.ts'

/** Negative, 0 or positive. */
export function compareRaws(a: Raw, b: Raw): number {
  if (typeof a === 'string') return compareText(a, b as string)
  return a! < b! ? -1 : a! > b! ? 1 : 0
}

/** An element; of texts that are still UTF-8 only this one is decoded. */
export function rawAt(v: Vector, row: number): Raw {
  if (v.storage !== 'string' || !v.isUtf8Only || v.utf8 === undefined) return v.raw(row)
  const { offsets, bytes } = v.utf8
  return Buffer.from(bytes.buffer, bytes.byteOffset + offsets[row], offsets[row + 1] - offsets[row]).toString()
}

/** Negative, 0 or positive; the first columns of both are the keys. */
export function compareKeys(a: readonly Vector[], i: number, b: readonly Vector[], j: number, keys: number): number {
  for (let k = 0; k < keys; k++) {
    const order = compareRaws(rawAt(a[k], i), rawAt(b[k], j))
    if (order !== 0) return order
  }
  return 0
}

/** Of sorted rows [from, to), the number of those before the key of row j of b, or before and at it. */
export function rowsUpTo(
  a: readonly Vector[],
  from: number,
  to: number,
  b: readonly Vector[],
  j: number,
  keys: number,
  withEqual: boolean,
): number {
  let low = from
  let high = to
  while (low < high) {
    const mid = (low + high) >>> 1
    const order = compareKeys(a, mid, b, j, keys)
    if (order < 0 || (withEqual && order === 0)) low = mid + 1
    else high = mid
  }
  return low - from
}
