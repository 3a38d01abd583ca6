/**
 * Sorting. Each column turns into one or two arrays of unsigned 32-bit keys whose order is the column's order (nulls are the smallest values; a
 * descending column inverts its keys), and rows are sorted by a stable radix sort from the least significant key up. Few rows are
 * compared directly.
 */

import { inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { compareText } from '../ops/text.ts'
import type { Scalar } from '../values/scalar.ts'
import { NULL_F32, NULL_F64 } from '../values/types.ts'
import { FixedVector, type Vector } from '../values/vector.ts'
import { words } from './codegen.ts'
import { groupIds } from './hash.ts'

/**
 * Row positions in sorted order, stable. Nulls come first ascending and last descending unless `nullsFirst` says otherwise for a column.
 */
export function sortIndices(
  columns: readonly Vector[],
  ascending: readonly boolean[],
  nullsFirst: readonly (boolean | undefined)[] = [],
): Int32Array {
  const length = columns.length === 0 ? 0 : columns[0].length
  const keys: Uint32Array[] = []
  columns.forEach((column, k) => {
    const up = ascending[k] ?? true
    const nulls = nullsFirst[k]
    if (nulls !== undefined && nulls !== up) keys.push(nullKeys(column, nulls))
    for (const key of sortKeys(column, up)) keys.push(key)
  })
  return length <= 256 ? compareSort(keys, length) : radixSort(keys, length)
}

/** The vector's elements in order. */
export function sortVector(v: Vector, ascending = true): Vector {
  if (v.storage === 'fixed' && !(v.data instanceof Float32Array) && !(v.data instanceof Float64Array)) {
    const data = v.view().slice()
    data.sort()
    if (!ascending) data.reverse()
    return new FixedVector(v.type, data, data.length, v.scale)
  }
  return v.gather(sortIndices([v], [ascending]))
}

function nullKeys(v: Vector, nullsFirst: boolean): Uint32Array {
  const out = new Uint32Array(v.length)
  for (let k = 0; k < v.length; k++) out[k] = v.isNullAt(k) === nullsFirst ? 0 : 1
  return out
}

/** Keys of a column, most significant first. */
function sortKeys(v: Vector, ascending: boolean): Uint32Array[] {
  const flip = ascending ? 0 : -1
  switch (v.storage) {
    case 'symbol':
      return [rankKeys(v.data, textRanks(v.base.symbols), v.length, flip)]
    case 'string': {
      const { ids, firstRows } = groupIds([v])
      const texts = Array.from(firstRows, (r) => v.strings[r])
      return [rankKeys(ids, textRanks(texts), v.length, flip)]
    }
    case 'fixed':
      return fixedKeys(v, flip)
    case 'wide': {
      if (v.data instanceof Float64Array) throw inputError('COMPLEX and POINT data have no order.')
      const w = words(v.data)
      return [3, 2, 1, 0].map((part) => {
        const out = new Uint32Array(v.length)
        const sign = part === 3 && 'scale' in v && v.type === 39 ? -2147483648 : 0
        for (let k = 0; k < v.length; k++) out[k] = w[4 * k + part] ^ sign ^ flip
        return out
      })
    }
    case 'any':
      return [
        tupleKeys(
          v.values.map((x) => x as Scalar),
          flip,
        ),
      ]
    case 'array':
      throw inputError('An array vector can not be sorted.')
  }
}

/** Position of each text in sorted order. */
function textRanks(texts: readonly string[]): Uint32Array {
  const order = Array.from(texts, (_, k) => k)
  // JavaScript compares by UTF-16 units, which differs from bytes only when a surrogate occurs.
  const plain = texts.every((t) => !/[\ud800-\udfff]/.test(t))
  if (plain) order.sort((a, b) => (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0))
  else order.sort((a, b) => compareText(texts[a], texts[b]))
  const ranks = new Uint32Array(texts.length)
  let rank = 0
  for (let k = 0; k < order.length; k++) {
    if (k > 0 && texts[order[k]] !== texts[order[k - 1]]) rank = k
    ranks[order[k]] = rank
  }
  return ranks
}

function rankKeys(codes: Int32Array, ranks: Uint32Array, length: number, flip: number): Uint32Array {
  const out = new Uint32Array(length)
  for (let k = 0; k < length; k++) out[k] = ranks[codes[k]] ^ flip
  return out
}

function tupleKeys(values: readonly Scalar[], flip: number): Uint32Array {
  const order = values.map((v, k) => {
    if (v.kind !== 'scalar') throw inputError('A tuple can be sorted only if all its elements are scalars.')
    return k
  })
  const compare = (a: number, b: number): number => {
    const x = values[a].value
    const y = values[b].value
    if (typeof x === 'string' && typeof y === 'string') return compareText(x, y)
    if (x === null || y === null) return x === y ? 0 : x === null ? -1 : 1
    return x < y ? -1 : x > y ? 1 : 0
  }
  order.sort(compare)
  const out = new Uint32Array(values.length)
  let rank = 0
  order.forEach((position, k) => {
    if (k > 0 && compare(order[k - 1], position) !== 0) rank = k
    out[position] = rank ^ flip
  })
  return out
}

function fixedKeys(v: FixedVector, flip: number): Uint32Array[] {
  const { data, length } = v
  const high = new Uint32Array(length)
  const sign = -2147483648 ^ flip
  if (data instanceof BigInt64Array) {
    const w = words(data)
    const low = new Uint32Array(length)
    for (let k = 0; k < length; k++) {
      low[k] = w[2 * k] ^ flip
      high[k] = w[2 * k + 1] ^ sign
    }
    return [high, low]
  }
  if (data instanceof Float64Array) {
    const low = new Uint32Array(length)
    const one = new Float64Array(1)
    const bits = new Int32Array(one.buffer)
    for (let k = 0; k < length; k++) {
      const x = data[k]
      one[0] = Number.isNaN(x) ? NULL_F64 : x + 0
      // Negative numbers order backwards in their bits: turn all of them over.
      const turn = bits[1] < 0 ? -1 : -2147483648
      const turnLow = bits[1] < 0 ? -1 : 0
      low[k] = bits[0] ^ turnLow ^ flip
      high[k] = bits[1] ^ turn ^ flip
    }
    return [high, low]
  }
  if (data instanceof Float32Array) {
    const one = new Float32Array(1)
    const bits = new Int32Array(one.buffer)
    for (let k = 0; k < length; k++) {
      const x = data[k]
      one[0] = Number.isNaN(x) ? NULL_F32 : x + 0
      high[k] = bits[0] ^ (bits[0] < 0 ? -1 : -2147483648) ^ flip
    }
    return [high]
  }
  const ints = data as Int32Array
  for (let k = 0; k < length; k++) high[k] = ints[k] ^ sign
  return [high]
}

function compareSort(keys: readonly Uint32Array[], length: number): Int32Array {
  const order = Int32Array.from({ length }, (_, k) => k)
  return order.sort((a, b) => {
    for (const key of keys) if (key[a] !== key[b]) return key[a] < key[b] ? -1 : 1
    return a - b
  })
}

const DIGIT_BITS = 11
const BUCKETS = 1 << DIGIT_BITS

function radixSort(keys: readonly Uint32Array[], length: number): Int32Array {
  let order = new Int32Array(length)
  for (let k = 0; k < length; k++) order[k] = k
  let spareOrder = new Int32Array(length)
  let key = new Uint32Array(length)
  let spareKey = new Uint32Array(length)
  const counts = new Int32Array(BUCKETS)
  for (let level = keys.length - 1; level >= 0; level--) {
    const source = keys[level]
    let gathered = false
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      checkInterrupt()
      counts.fill(0)
      for (let k = 0; k < length; k++) counts[(source[k] >>> shift) & (BUCKETS - 1)]++
      // A digit that all rows share moves nothing.
      if (counts[(source[0] >>> shift) & (BUCKETS - 1)] === length) continue
      if (!gathered) {
        for (let k = 0; k < length; k++) key[k] = source[order[k]]
        gathered = true
      }
      let at = 0
      for (let b = 0; b < BUCKETS; b++) {
        const n = counts[b]
        counts[b] = at
        at += n
      }
      for (let k = 0; k < length; k++) {
        const x = key[k]
        const to = counts[(x >>> shift) & (BUCKETS - 1)]++
        spareKey[to] = x
        spareOrder[to] = order[k]
      }
      const k1 = key
      key = spareKey
      spareKey = k1
      const o1 = order
      order = spareOrder
      spareOrder = o1
    }
  }
  return order
}

/** Whether a vector is in order (nulls smallest); `strict` forbids equal neighbours. */
export function isSortedVector(v: Vector, ascending: boolean, strict = false): boolean {
  const ranks = sortKeys(v, ascending)
  for (let k = 1; k < v.length; k++) {
    let order = 0
    for (const key of ranks) {
      order = key[k - 1] < key[k] ? -1 : key[k - 1] > key[k] ? 1 : 0
      if (order !== 0) break
    }
    if (order > 0 || (strict && order === 0)) return false
  }
  return true
}
