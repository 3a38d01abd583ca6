/**
 * Running and moving sums of decimals: exact, with the scale of the elements, in the next wider type (DECIMAL32 gives DECIMAL64, DECIMAL64 and DECIMAL128
 * give DECIMAL128). Nulls are skipped.
 */
import { decimalNull, decimalRaw } from '../ops/decimal-number.ts'
import { sumType } from '../ops/promotion.ts'
import { type Raw, T } from '../values/types.ts'
import { newVector, type Vector } from '../values/vector.ts'
import type { Windows } from './window.ts'

/** Sums and numbers of valid elements before each position, and before the end. */
function prefixes(v: Vector): { readonly sums: bigint[]; readonly counts: Int32Array } {
  const sums: bigint[] = new Array(v.length + 1)
  const counts = new Int32Array(v.length + 1)
  let sum = 0n
  sums[0] = sum
  for (let k = 0; k < v.length; k++) {
    const valid = !v.isNullAt(k)
    if (valid) sum += BigInt(v.raw(k) as number | bigint)
    sums[k + 1] = sum
    counts[k + 1] = counts[k] + (valid ? 1 : 0)
  }
  return { sums, counts }
}

/** The sum of each window. */
export function movingDecimalSums(v: Vector, w: Windows): Vector {
  return sumsBetween(v, w.starts, w.lead, w.minValid)
}

/** Element k is the sum of the run of positive elements that ends there; 0 where it is not positive. */
export function decimalStreaks(v: Vector): Vector {
  const type = sumType(v.type)
  const out = newVector(type, v.length, 'zero', 'scale' in v ? v.scale : 0)
  let sum = 0n
  for (let k = 0; k < v.length; k++) {
    const raw = v.isNullAt(k) ? 0n : BigInt(v.raw(k) as number | bigint)
    sum = raw > 0n ? sum + raw : 0n
    put(out, k, decimalRaw(sum, type))
  }
  return out
}

/** Element k sums elements 0..k; null before the first valid element. */
export function runningDecimalSums(v: Vector): Vector {
  return sumsBetween(v, new Int32Array(v.length), 0, 1)
}

function sumsBetween(v: Vector, starts: Int32Array, lead: number, minValid: number): Vector {
  const { sums, counts } = prefixes(v)
  const type = sumType(v.type)
  const out = newVector(type, v.length, 'zero', 'scale' in v ? v.scale : 0)
  const nothing = decimalNull(type)
  for (let k = 0; k < v.length; k++) {
    const count = counts[k + 1] - counts[starts[k]]
    const due = k >= lead && count > 0 && count >= minValid
    const raw = due ? decimalRaw(sums[k + 1] - sums[starts[k]], type) : nothing
    put(out, k, raw)
  }
  return out
}

function put(out: Vector, k: number, raw: Raw): void {
  if (out.storage === 'wide') out.set(k, raw)
  else if (out.storage === 'fixed') out.data[k] = (out.type === T.DECIMAL64 ? BigInt(raw as bigint) : raw) as never
}
