/** Rows that are equal on all key columns: nulls equal nulls. Key columns have no floating type. */
import { words } from '../../runtime/kernels/codegen.ts'
import type { FixedVector, Vector } from '../../runtime/values/index.ts'

/** Of sorted rows (equal ones in commit order) the last or the first of each key. */
export function keptRows(keys: readonly Vector[], sorted: Int32Array, keep: 'LAST' | 'FIRST'): Int32Array {
  const n = sorted.length
  const differs = differsFromPrevious(keys, sorted)
  const kept = new Int32Array(n)
  let count = 0
  if (keep === 'FIRST') {
    for (let k = 0; k < n; k++) if (differs[k] === 1) kept[count++] = sorted[k]
  } else for (let k = 0; k < n; k++) if (k === n - 1 || differs[k + 1] === 1) kept[count++] = sorted[k]
  return count === n ? kept : kept.slice(0, count)
}

/** 1 at each sorted row that differs from the one before it; the first one always does. */
export function differsFromPrevious(keys: readonly Vector[], sorted: Int32Array): Uint8Array {
  const out = new Uint8Array(sorted.length)
  if (out.length > 0) out[0] = 1
  for (const key of keys) mark(key, sorted, out)
  return out
}

function mark(v: Vector, rows: Int32Array, out: Uint8Array): void {
  const n = rows.length
  switch (v.storage) {
    case 'symbol':
      markInts(v.data, rows, out)
      return
    case 'string': {
      const { strings } = v
      for (let k = 1; k < n; k++) if (strings[rows[k]] !== strings[rows[k - 1]]) out[k] = 1
      return
    }
    case 'fixed':
      if (v.data instanceof BigInt64Array) markWords(words(v.data), 2, rows, out)
      else markInts(v.data as Exclude<FixedVector['data'], BigInt64Array>, rows, out)
      return
    case 'wide':
      markWords(words(v.data as BigInt64Array), 4, rows, out)
      return
    default:
      throw new TypeError(`rows can't be sorted by a column of storage ${v.storage}`)
  }
}

function markInts(data: Exclude<FixedVector['data'], BigInt64Array>, rows: Int32Array, out: Uint8Array): void {
  let before = data[rows[0]]
  for (let k = 1; k < rows.length; k++) {
    const x = data[rows[k]]
    if (x !== before) out[k] = 1
    before = x
  }
}

function markWords(w: Int32Array, width: 2 | 4, rows: Int32Array, out: Uint8Array): void {
  if (width === 4) {
    for (let k = 1; k < rows.length; k++) {
      const a = 4 * rows[k]
      const b = 4 * rows[k - 1]
      if (w[a] !== w[b] || w[a + 1] !== w[b + 1] || w[a + 2] !== w[b + 2] || w[a + 3] !== w[b + 3]) out[k] = 1
    }
    return
  }
  let low = w[2 * rows[0]]
  let high = w[2 * rows[0] + 1]
  for (let k = 1; k < rows.length; k++) {
    const at = 2 * rows[k]
    if (w[at] !== low || w[at + 1] !== high) out[k] = 1
    low = w[at]
    high = w[at + 1]
  }
}
