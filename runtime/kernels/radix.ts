/**
 * Radix sort of unsigned 32-bit keys, most significant word first. One word is sorted by its digits from the least significant up, stable; then each
 * run of rows with equal words is sorted by the next word, alone. Rows that differ in the first word never look at the second, and
 * what stands in order already is left after one look. Few rows are inserted one by one.
 */
import { checkInterrupt } from '../interrupt.ts'

/** So few rows are sorted faster by insertion. */
const FEW = 24
/** From here on, digits of 11 bits pay for their 2048 counters. */
const MANY = 4096
/** Rows whose next words are fetched at a time. */
const BLOCK = 4096

/** Row positions in the order of their words, `words[0]` most significant; stable. */
export const radixOrder = (words: readonly Uint32Array[], length: number): Int32Array => radixSort(words, length).order

/** The same, and the first words in that order: undefined where there are few rows. */
export function radixSort(
  words: readonly Uint32Array[],
  length: number,
): { readonly order: Int32Array; readonly first: Uint32Array | undefined } {
  const order = new Int32Array(length)
  for (let k = 0; k < length; k++) order[k] = k
  if (words.length === 0) return { order, first: undefined }
  const sorter = new RowSorter(words, order)
  sorter.sort(0, 0, length)
  return { order, first: length > FEW ? sorter.key : undefined }
}

class RowSorter {
  readonly #words: readonly Uint32Array[]
  readonly #order: Int32Array
  /** The words that rows are sorted by; those of the first level, when all is done. */
  readonly key: Uint32Array
  /** The word of the next level of rows that are about to be inserted. */
  readonly #next: Uint32Array
  readonly #spares: Spares

  constructor(words: readonly Uint32Array[], order: Int32Array) {
    this.#words = words
    this.#order = order
    this.key = new Uint32Array(order.length)
    this.#spares = new Spares(order.length)
    // Inserted rows are never in a pass at the same time.
    this.#next = this.#spares.key
  }

  /** Rows order[from .. to), which are equal in the words before `level`. */
  sort(level: number, from: number, to: number): void {
    const order = this.#order
    const { key } = this
    if (to - from <= FEW) {
      fetchWord(this.#words[level], order, this.#next, from, to)
      insertRows(this.#words, level, order, this.#next, from, to)
      return
    }
    if (!gatherWord(this.#words[level], order, key, from, to)) sortWord(key, order, this.#spares, from, to)
    if (level + 1 === this.#words.length) return
    const next = this.#words[level + 1]
    let fetched = from
    for (let start = from; start < to; ) {
      const end = endOfRun(key, start, to)
      if (end - start > FEW) {
        const word = key[start]
        this.sort(level + 1, start, end)
        key.fill(word, start, end)
      } else if (end - start > 1) {
        if (end > fetched) {
          fetched = Math.min(to, start + BLOCK)
          fetchWord(next, order, this.#next, start, fetched)
        }
        insertRows(this.#words, level + 1, order, this.#next, start, end)
      }
      start = end
    }
  }
}

/** Sorts pairs of words (high, low) as 64-bit numbers, in place. */
export function sortPairs(high: Uint32Array, low: Uint32Array): void {
  const length = high.length
  const lowAsPayload = new Int32Array(low.buffer, low.byteOffset, length)
  const highAsPayload = new Int32Array(high.buffer, high.byteOffset, length)
  const spares = new Spares(length)
  if (!inOrder(high, 0, length)) sortWord(high, lowAsPayload, spares, 0, length)
  for (let start = 0; start < length; ) {
    const end = endOfRun(high, start, length)
    if (end - start > 1 && !inOrder(low, start, end)) {
      if (end - start <= FEW) insertWords(low, start, end)
      else sortWord(low, highAsPayload, spares, start, end)
    }
    start = end
  }
}

/** Sorts words in place. */
export function sortWords(key: Uint32Array): void {
  if (inOrder(key, 0, key.length)) return
  if (key.length < MANY) key.sort()
  else sortWord(key, new Int32Array(key.length), new Spares(key.length), 0, key.length)
}

/** Memory of the passes, as long as what is sorted. */
class Spares {
  readonly key: Uint32Array
  readonly payload: Int32Array

  constructor(length: number) {
    this.key = new Uint32Array(length)
    this.payload = new Int32Array(length)
  }
}

const COUNTS = new Int32Array(4 * 2048)

/** Sorts key[from .. to) and moves payload along, stable. */
function sortWord(key: Uint32Array, payload: Int32Array, spares: Spares, from: number, to: number): void {
  const bits = to - from < MANY ? 8 : 11
  const buckets = 1 << bits
  const digits = Math.ceil(32 / bits)
  COUNTS.fill(0, 0, digits * buckets)
  if (bits === 8) countBytes(key, from, to)
  else countDigits(key, from, to)
  let [sourceKey, sourcePayload, targetKey, targetPayload] = [key, payload, spares.key, spares.payload]
  for (let digit = 0; digit < digits; digit++) {
    const base = digit * buckets
    const shift = digit * bits
    // A digit that all share moves nothing.
    if (COUNTS[base + ((sourceKey[from] >>> shift) & (buckets - 1))] === to - from) continue
    if (to - from > MANY) checkInterrupt()
    let at = from
    for (let b = base; b < base + buckets; b++) {
      const n = COUNTS[b]
      COUNTS[b] = at
      at += n
    }
    scatter(sourceKey, sourcePayload, targetKey, targetPayload, from, to, shift, buckets - 1, base)
    const k = sourceKey
    sourceKey = targetKey
    targetKey = k
    const p = sourcePayload
    sourcePayload = targetPayload
    targetPayload = p
  }
  if (sourceKey === key) return
  key.set(sourceKey.subarray(from, to), from)
  payload.set(sourcePayload.subarray(from, to), from)
}

function countDigits(key: Uint32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const x = key[k]
    COUNTS[x & 2047]++
    COUNTS[2048 + ((x >>> 11) & 2047)]++
    COUNTS[4096 + (x >>> 22)]++
  }
}

function countBytes(key: Uint32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const x = key[k]
    COUNTS[x & 255]++
    COUNTS[256 + ((x >>> 8) & 255)]++
    COUNTS[512 + ((x >>> 16) & 255)]++
    COUNTS[768 + (x >>> 24)]++
  }
}

function scatter(
  key: Uint32Array,
  payload: Int32Array,
  targetKey: Uint32Array,
  targetPayload: Int32Array,
  from: number,
  to: number,
  shift: number,
  mask: number,
  base: number,
): void {
  for (let k = from; k < to; k++) {
    const x = key[k]
    const at = COUNTS[base + ((x >>> shift) & mask)]++
    targetKey[at] = x
    targetPayload[at] = payload[k]
  }
}

/** key[k] = word[order[k]]; whether the result ascends. */
function gatherWord(word: Uint32Array, order: Int32Array, key: Uint32Array, from: number, to: number): boolean {
  let ascends = true
  let last = 0
  for (let k = from; k < to; k++) {
    const x = word[order[k]]
    key[k] = x
    if (x < last) ascends = false
    last = x
  }
  return ascends
}

/** Many rows at once: their words are then on their way from memory at the same time. */
function fetchWord(word: Uint32Array, order: Int32Array, key: Uint32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) key[k] = word[order[k]]
}

function inOrder(key: Uint32Array, from: number, to: number): boolean {
  for (let k = from + 1; k < to; k++) if (key[k] < key[k - 1]) return false
  return true
}

function endOfRun(key: Uint32Array, start: number, to: number): number {
  const x = key[start]
  let end = start + 1
  while (end < to && key[end] === x) end++
  return end
}

function insertWords(key: Uint32Array, from: number, to: number): void {
  for (let k = from + 1; k < to; k++) {
    const x = key[k]
    let j = k - 1
    while (j >= from && key[j] > x) {
      key[j + 1] = key[j]
      j--
    }
    key[j + 1] = x
  }
}

/** `key` holds the words of `level`, the words behind it decide where they are equal. */
function insertRows(
  words: readonly Uint32Array[],
  level: number,
  order: Int32Array,
  key: Uint32Array,
  from: number,
  to: number,
): void {
  for (let k = from + 1; k < to; k++) {
    const x = key[k]
    const row = order[k]
    let j = k - 1
    while (j >= from && (key[j] > x || (key[j] === x && isAfter(words, level + 1, order[j], row)))) {
      key[j + 1] = key[j]
      order[j + 1] = order[j]
      j--
    }
    key[j + 1] = x
    order[j + 1] = row
  }
}

function isAfter(words: readonly Uint32Array[], level: number, a: number, b: number): boolean {
  for (let w = level; w < words.length; w++) {
    const x = words[w][a]
    const y = words[w][b]
    if (x !== y) return x > y
  }
  return false
}
