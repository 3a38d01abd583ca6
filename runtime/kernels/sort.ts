/**
 * Sorting. Each column turns into one or two arrays of unsigned 32-bit keys whose order is the column's order (nulls are the smallest values; a
 * descending column inverts its keys), and rows are sorted by them (radix.ts).
 */

import { inputError } from '../errors.ts'
import { compareText } from '../ops/text.ts'
import type { Scalar } from '../values/scalar.ts'
import { NULL_F32, NULL_F64 } from '../values/types.ts'
import { FixedVector, newFixedArray, unsetFixedArray, type Vector } from '../values/vector.ts'
import { words } from './codegen.ts'
import { groupIds } from './hash.ts'
import { radixOrder, radixSort, sortPairs, sortWords } from './radix.ts'
import { spreadSort } from './spread-sort.ts'
import { newWords, spendWords } from './words.ts'

/**
 * Row positions in sorted order, stable. Nulls come first ascending and last descending unless `nullsFirst` says otherwise for a column.
 */
export function sortIndices(
  columns: readonly Vector[],
  ascending: readonly boolean[],
  nullsFirst: readonly (boolean | undefined)[] = [],
): Int32Array {
  const [keys, length] = keysOf(columns, ascending, nullsFirst)
  const order = radixOrder(keys, length)
  spendWords(...keys)
  return order
}

/** The same, and the first column in that order, where that costs less than to gather it: undefined elsewhere. */
export function sortRows(
  columns: readonly Vector[],
  ascending: readonly boolean[],
  nullsFirst: readonly (boolean | undefined)[] = [],
): { readonly rows: Int32Array; readonly first: Vector | undefined } {
  const [keys, length] = keysOf(columns, ascending, nullsFirst)
  const { order, first: sorted } = radixSort(keys, length)
  const up = ascending[0] ?? true
  const first = columns[0]
  if (
    sorted === undefined ||
    !(first instanceof FixedVector && first.data instanceof Int32Array) ||
    (nullsFirst[0] ?? up) !== up
  ) {
    spendWords(...keys)
    return { rows: order, first: undefined }
  }
  const data = unsetFixedArray('i32', first.length)
  const sign = -2147483648 ^ (up ? 0 : -1)
  for (let k = 0; k < data.length; k++) data[k] = sorted[k] ^ sign
  spendWords(...keys)
  return { rows: order, first: new FixedVector(first.type, data, data.length, first.scale) }
}

function keysOf(
  columns: readonly Vector[],
  ascending: readonly boolean[],
  nullsFirst: readonly (boolean | undefined)[],
): [keys: Uint32Array[], length: number] {
  const length = columns.length === 0 ? 0 : columns[0].length
  const keys: Uint32Array[] = []
  columns.forEach((column, k) => {
    const up = ascending[k] ?? true
    const nulls = nullsFirst[k]
    if (nulls !== undefined && nulls !== up) keys.push(nullKeys(column, nulls))
    for (const key of sortKeys(column, up)) keys.push(key)
  })
  return [keys, length]
}

/** The vector's elements in order. */
export function sortVector(v: Vector, ascending = true): Vector {
  if (v.storage === 'fixed') {
    const view = v.view()
    const sorted =
      view instanceof BigInt64Array
        ? sortedLongs(view, ascending)
        : view instanceof Float64Array
          ? sortedDoubles(view, ascending)
          : view instanceof Int32Array
            ? sortedInts(view, ascending)
            : undefined
    if (sorted !== undefined) return new FixedVector(v.type, sorted, sorted.length, v.scale)
    if (view instanceof Int8Array || view instanceof Int16Array) {
      const data = view.slice().sort()
      if (!ascending) data.reverse()
      return new FixedVector(v.type, data, data.length, v.scale)
    }
  }
  return v.gather(sortIndices([v], [ascending]))
}

function sortedLongs(data: BigInt64Array, ascending: boolean): BigInt64Array {
  const out = newFixedArray('i64', data.length) as BigInt64Array
  const { length } = data
  const flip = ascending ? 0 : -1
  const sign = -2147483648 ^ flip
  const source = words(data)
  const target = words(out)
  const high = newWords(length)
  const low = newWords(length)
  for (let k = 0; k < length; k++) {
    low[k] = source[2 * k] ^ flip
    high[k] = source[2 * k + 1] ^ sign
  }
  sortPairs(high, low)
  for (let k = 0; k < length; k++) {
    target[2 * k] = low[k] ^ flip
    target[2 * k + 1] = high[k] ^ sign
  }
  spendWords(high, low)
  return out
}

/** undefined where values of different bits are equal (two zeros, NaN beside the null): the order of their rows counts then. */
function sortedDoubles(data: Float64Array, ascending: boolean): Float64Array | undefined {
  const { length } = data
  const out = newFixedArray('f64', length) as Float64Array
  if (spreadSort(data, out)) return ascending ? out : out.reverse()
  for (let k = 0; k < length; k++) {
    const x = data[k]
    if (x === 0 ? Object.is(x, -0) : Number.isNaN(x)) return undefined
  }
  const flip = ascending ? 0 : -1
  const source = new Int32Array(data.buffer, data.byteOffset, length * 2)
  const target = new Int32Array(out.buffer, out.byteOffset, length * 2)
  const high = newWords(length)
  const low = newWords(length)
  for (let k = 0; k < length; k++) {
    const h = source[2 * k + 1]
    // Negative numbers order backwards in their bits: all of them are turned over; others get their sign bit set.
    const negative = h >> 31
    low[k] = source[2 * k] ^ negative ^ flip
    high[k] = h ^ (negative | -2147483648) ^ flip
  }
  sortPairs(high, low)
  for (let k = 0; k < length; k++) {
    const h = high[k] ^ flip
    const negative = ~(h >> 31)
    target[2 * k] = low[k] ^ flip ^ negative
    target[2 * k + 1] = h ^ (negative | -2147483648)
  }
  spendWords(high, low)
  return out
}

function sortedInts(data: Int32Array, ascending: boolean): Int32Array {
  const out = newFixedArray('i32', data.length) as Int32Array
  const sign = -2147483648 ^ (ascending ? 0 : -1)
  const key = new Uint32Array(out.buffer, out.byteOffset, data.length)
  for (let k = 0; k < data.length; k++) key[k] = data[k] ^ sign
  sortWords(key)
  for (let k = 0; k < data.length; k++) out[k] = key[k] ^ sign
  return out
}

function nullKeys(v: Vector, nullsFirst: boolean): Uint32Array {
  const out = newWords(v.length)
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
        const out = newWords(v.length)
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
  const out = newWords(length)
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
  const out = newWords(values.length)
  let rank = 0
  order.forEach((position, k) => {
    if (k > 0 && compare(order[k - 1], position) !== 0) rank = k
    out[position] = rank ^ flip
  })
  return out
}

/** The high word of the null of doubles, whose low word is all ones. */
const NULL_HIGH = new Int32Array(Float64Array.of(NULL_F64).buffer)[1]

function fixedKeys(v: FixedVector, flip: number): Uint32Array[] {
  const { data, length } = v
  const high = newWords(length)
  const sign = -2147483648 ^ flip
  if (data instanceof BigInt64Array) {
    const w = words(data)
    const low = newWords(length)
    for (let k = 0; k < length; k++) {
      low[k] = w[2 * k] ^ flip
      high[k] = w[2 * k + 1] ^ sign
    }
    return [high, low]
  }
  if (data instanceof Float64Array) {
    const low = newWords(length)
    const w = words(data)
    for (let k = 0; k < length; k++) {
      let x = w[2 * k]
      let y = w[2 * k + 1]
      // One pattern of bits a value: -0 is 0, and what is not a number is the null.
      const size = y & 0x7fffffff
      if (size === 0 ? x === 0 : size >= 0x7ff00000 && (size > 0x7ff00000 || x !== 0)) {
        x = size === 0 ? 0 : -1
        y = size === 0 ? 0 : NULL_HIGH
      }
      // Negative numbers order backwards in their bits: all of them are turned over; others get their sign bit set.
      const negative = y >> 31
      low[k] = x ^ negative ^ flip
      high[k] = y ^ (negative | -2147483648) ^ flip
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
