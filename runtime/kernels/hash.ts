/**
 * Group numbers: every row gets the number of its group, groups are numbered in order of first appearance, nulls form a group of their own.
 * Behind `distinct`, group by, joins and duplicate tests. Small ranges and symbol codes index a table; everything else is hashed as
 * one or two 32-bit words in an open-addressing table that holds group numbers only, so it stays small.
 */

import { checkInterrupt } from '../interrupt.ts'
import type { Value } from '../values/scalar.ts'
import { NULL_F32, NULL_F64, type Raw } from '../values/types.ts'
import type { ArrayVector, FixedVector, Vector } from '../values/vector.ts'
import { WideMap } from '../values/wide-map.ts'
import { CHUNK_ROWS, words } from './codegen.ts'

export interface Groups {
  /** Group number of each row. */
  readonly ids: Int32Array
  readonly count: number
  /** The first row of each group. */
  readonly firstRows: Int32Array
}

/** Groups of rows that are equal in all columns. The columns have one length; without columns every row is in one group. */
export function groupIds(columns: readonly Vector[]): Groups {
  if (columns.length === 0) return { ids: new Int32Array(0), count: 0, firstRows: new Int32Array(0) }
  let groups = groupOne(columns[0])
  for (let k = 1; k < columns.length; k++) groups = combine(groups, groupOne(columns[k]))
  return groups
}

function groupOne(v: Vector): Groups {
  switch (v.storage) {
    case 'symbol':
      return groupTable(v.data, v.length, 0, v.base.symbols.length)
    case 'string':
      return groupKeys(v.length, (k) => v.strings[k])
    case 'fixed':
      return groupFixed(v)
    case 'wide':
      return groupKeys(v.length, (k) => rawKey(v.raw(k)))
    case 'any':
      return groupKeys(v.length, (k) => valueKey(v.values[k]))
    case 'array':
      return groupKeys(v.length, (k) => rowKey(v, k))
  }
}

const rawKey = (raw: Raw): string => (Array.isArray(raw) ? raw.join(',') : String(raw))
const rowKey = (v: ArrayVector, k: number): string => {
  let text = ''
  for (let j = v.offsets[k]; j < v.offsets[k + 1]; j++) text += `${rawKey(v.flat.raw(j))}\u0000`
  return text
}

function valueKey(v: Value): string {
  if (v.kind === 'scalar') return `${v.type}:${rawKey(v.value)}`
  if (v.kind !== 'vector') return `${v.kind}:${objectNumber(v)}`
  let text = `${v.type}[`
  for (let k = 0; k < v.length; k++) text += `${valueKey(v.get(k))}\u0000`
  return text
}

const numbers = new WeakMap<object, number>()
let lastNumber = 0
function objectNumber(v: object): number {
  let n = numbers.get(v)
  if (n === undefined) {
    n = ++lastNumber
    numbers.set(v, n)
  }
  return n
}

function groupKeys(length: number, key: (k: number) => string): Groups {
  const ids = new Int32Array(length)
  const map = new WideMap<number>()
  const firstRows: number[] = []
  for (let k = 0; k < length; k++) {
    if (k % CHUNK_ROWS === 0) checkInterrupt()
    const text = key(k)
    let id = map.get(text)
    if (id === undefined) {
      id = firstRows.length
      map.add(text, id)
      firstRows.push(k)
    }
    ids[k] = id
  }
  return { ids, count: firstRows.length, firstRows: Int32Array.from(firstRows) }
}

const MAX_TABLE = 1 << 24

function groupFixed(v: FixedVector): Groups {
  const { data, length } = v
  if (data instanceof BigInt64Array) return groupWords(words(data), length)
  if (data instanceof Float64Array) {
    const clean = new Float64Array(length)
    // One bit pattern a value: -0 is 0 and every NaN is the null.
    for (let k = 0; k < length; k++) clean[k] = Number.isNaN(data[k]) ? NULL_F64 : data[k] + 0
    return groupWords(new Int32Array(clean.buffer), length)
  }
  if (data instanceof Float32Array) {
    const clean = new Float32Array(length)
    for (let k = 0; k < length; k++) clean[k] = Number.isNaN(data[k]) ? NULL_F32 : data[k] + 0
    return groupInts(new Int32Array(clean.buffer), length)
  }
  return data instanceof Int32Array ? groupInts(data, length) : groupInts(Int32Array.from(data as Int16Array), length)
}

function groupInts(data: Int32Array, length: number): Groups {
  let low = 2147483647
  let high = -2147483648
  for (let k = 0; k < length; k++) {
    const x = data[k]
    if (x < low) low = x
    if (x > high) high = x
  }
  const range = high - low + 1
  if (range <= MAX_TABLE && range <= Math.max(1 << 16, length * 2)) return groupTable(data, length, low, range)
  const wide = new Int32Array(length * 2)
  for (let k = 0; k < length; k++) wide[2 * k] = data[k]
  return groupWords(wide, length)
}

/** Values within [low, low + range) through a table. */
function groupTable(data: Int32Array, length: number, low: number, range: number): Groups {
  const table = new Int32Array(Math.max(0, range)).fill(-1)
  const ids = new Int32Array(length)
  let first = new Int32Array(256)
  let count = 0
  for (let k = 0; k < length; k++) {
    const at = data[k] - low
    let id = table[at]
    if (id < 0) {
      id = count++
      table[at] = id
      if (id === first.length) first = grown(first)
      first[id] = k
    }
    ids[k] = id
  }
  return { ids, count, firstRows: first.slice(0, count) }
}

function grown(a: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const out = new Int32Array(a.length * 2)
  out.set(a)
  return out
}

function hashWordPair(lo: number, hi: number): number {
  let h = Math.imul(lo, -1640531527) ^ Math.imul(hi, -2048144777)
  h ^= h >>> 15
  h = Math.imul(h, -2048144789)
  h ^= h >>> 13
  return h
}

/** Rows of two 32-bit words each: w[2k], w[2k+1]. */
function groupWords(w: Int32Array, length: number): Groups {
  const ids = new Int32Array(length)
  let first = new Int32Array(1024)
  let count = 0
  let mask = 4095
  let table = new Int32Array(mask + 1).fill(-1)
  for (let from = 0; from < length; from += CHUNK_ROWS) {
    checkInterrupt()
    const to = Math.min(length, from + CHUNK_ROWS)
    for (let k = from; k < to; k++) {
      const lo = w[2 * k]
      const hi = w[2 * k + 1]
      let slot = hashWordPair(lo, hi) & mask
      let id = table[slot]
      while (id >= 0) {
        const r = 2 * first[id]
        if (w[r] === lo && w[r + 1] === hi) break
        slot = (slot + 1) & mask
        id = table[slot]
      }
      if (id < 0) {
        id = count++
        table[slot] = id
        if (id === first.length) first = grown(first)
        first[id] = k
        if (count * 2 > mask) {
          mask = (mask + 1) * 4 - 1
          table = rehash(w, first, count, mask)
        }
      }
      ids[k] = id
    }
  }
  return { ids, count, firstRows: first.slice(0, count) }
}

function rehash(w: Int32Array, first: Int32Array, count: number, mask: number): Int32Array<ArrayBuffer> {
  const table = new Int32Array(mask + 1).fill(-1)
  for (let id = 0; id < count; id++) {
    const r = 2 * first[id]
    let slot = hashWordPair(w[r], w[r + 1]) & mask
    while (table[slot] >= 0) slot = (slot + 1) & mask
    table[slot] = id
  }
  return table
}

/** Groups by both numberings. */
function combine(a: Groups, b: Groups): Groups {
  const length = a.ids.length
  if (b.count <= 1) return a
  if (a.count * b.count <= Math.max(1 << 16, Math.min(MAX_TABLE, length * 2))) {
    const cells = new Int32Array(length)
    for (let k = 0; k < length; k++) cells[k] = a.ids[k] * b.count + b.ids[k]
    return groupTable(cells, length, 0, a.count * b.count)
  }
  const pairs = new Int32Array(length * 2)
  for (let k = 0; k < length; k++) {
    pairs[2 * k] = a.ids[k]
    pairs[2 * k + 1] = b.ids[k]
  }
  return groupWords(pairs, length)
}

/** Rows in order of their groups (stable), and where each group starts: group g is rows order[starts[g] .. starts[g+1]). */
export function rowsByGroup(ids: Int32Array, count: number): { order: Int32Array; starts: Int32Array } {
  const starts = new Int32Array(count + 1)
  for (let k = 0; k < ids.length; k++) starts[ids[k] + 1]++
  for (let g = 0; g < count; g++) starts[g + 1] += starts[g]
  const next = starts.slice(0, count)
  const order = new Int32Array(ids.length)
  for (let k = 0; k < ids.length; k++) order[next[ids[k]]++] = k
  return { order, starts }
}
