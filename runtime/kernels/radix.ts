/**
 * Radix sort of unsigned 32-bit keys, most significant word first. One word is sorted by its digits from the least significant up, stable; then each
 * run of rows with equal words is sorted by the next word, alone. Rows that differ in the first word never look at the second, and
 * what stands in order already is left after one look. Few rows are inserted one by one.
 */
import { checkInterrupt } from '../interrupt.ts'
import { newPositions, newWords, spendWords } from './words.ts'

/** So few rows are sorted faster by insertion. */
const FEW = 24
/** From here on, digits of 11 bits pay for their 2048 counters. */
const MANY = 4096
/** Rows whose next words are fetched at a time. */
const BLOCK = 4096

/** Row positions in the order of their words, `words[0]` most significant; stable. The words are spent. */
export const radixOrder = (words: readonly Uint32Array[], length: number): Int32Array => radixSort(words, length).order

/** The same, and the first words in that order: undefined where there are few rows. */
export function radixSort(
  words: readonly Uint32Array[],
  length: number,
): { readonly order: Int32Array; readonly first: Uint32Array | undefined } {
  const order = newPositions(length)
  for (let k = 0; k < length; k++) order[k] = k
  if (words.length === 0) return { order, first: undefined }
  new RowSorter(words, order).sortAll()
  return { order, first: length > FEW ? words[0] : undefined }
}

class RowSorter {
  readonly #words: readonly Uint32Array[]
  readonly #order: Int32Array
  /** The words that rows are sorted by. Those of the first level come in the order of the rows, so they serve as they are. */
  readonly #key: Uint32Array
  /** The word of the next level of rows that are about to be inserted. */
  #next: Uint32Array
  /** Whether `next` holds all words of the second level, in the order of the first. */
  #carried = false
  readonly #spares: Spares

  constructor(words: readonly Uint32Array[], order: Int32Array) {
    this.#words = words
    this.#order = order
    this.#key = words[0]
    this.#spares = new Spares(order.length)
    // Inserted rows are never in a pass at the same time.
    this.#next = this.#spares.key
  }

  sortAll(): void {
    const order = this.#order
    const key = this.#key
    const { length } = order
    if (length <= FEW) insertRows(this.#words, 0, order, key, 0, length)
    else {
      const second: Carried | undefined =
        this.#words.length > 1 && length >= MANY ? { words: this.#words[1], spare: undefined } : undefined
      if (!inOrder(key, 0, length)) sortWord(key, order, this.#spares, 0, length, second)
      if (second !== undefined) {
        this.#next = second.words
        this.#carried = true
      }
      this.#sortRuns(0, 0, length)
      if (second !== undefined) spendWords(second.spare === this.#words[1] ? second.words : second.spare)
    }
    this.#spares.spend()
  }

  /** Rows order[from .. to), more than a few, which are equal in the words before `level`. */
  #sort(level: number, from: number, to: number): void {
    const order = this.#order
    const key = this.#key
    const ascends =
      this.#carried && level === 1
        ? copyWord(this.#next, key, from, to)
        : gatherWord(this.#words[level], order, key, from, to)
    if (!ascends) sortWord(key, order, this.#spares, from, to)
    this.#sortRuns(level, from, to)
  }

  /** Rows that are equal in the words of `level`, too, and lie in order of them. */
  #sortRuns(level: number, from: number, to: number): void {
    if (level + 1 === this.#words.length) return
    const order = this.#order
    const key = this.#key
    const carried = this.#carried && level === 0
    const next = carried ? this.#next : this.#spares.key
    let fetched = carried ? to : from
    for (let start = from; start < to; ) {
      const end = endOfRun(key, start, to)
      if (end - start > FEW) {
        const word = key[start]
        this.#sort(level + 1, start, end)
        key.fill(word, start, end)
      } else if (end - start > 1) {
        if (end > fetched) {
          fetched = Math.min(to, start + BLOCK)
          fetchWord(this.#words[level + 1], order, next, start, fetched)
        }
        insertRows(this.#words, level + 1, order, next, start, end)
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
  spares.spend()
}

/** Sorts words in place. */
export function sortWords(key: Uint32Array): void {
  if (inOrder(key, 0, key.length)) return
  if (key.length < MANY) key.sort()
  else {
    const payload = newPositions(key.length)
    const spares = new Spares(key.length)
    sortWord(key, payload, spares, 0, key.length)
    spendWords(payload)
    spares.spend()
  }
}

/** Memory of the passes, as long as what is sorted. */
class Spares {
  readonly key: Uint32Array
  readonly payload: Int32Array

  constructor(length: number) {
    this.key = newWords(length)
    this.payload = newPositions(length)
  }

  spend(): void {
    spendWords(this.key, this.payload)
  }
}

/** Counters of each digit. */
const STRIDE = 2048
const COUNTS = new Int32Array(4 * STRIDE)

/** Words that move along with all others, so that nobody has to fetch them one by one afterwards. */
interface Carried {
  words: Uint32Array
  spare: Uint32Array | undefined
}

/** Sorts key[from .. to) and moves payload along, stable. Of few rows digits are bytes; of many they are as few as can be, and all as long. */
function sortWord(
  key: Uint32Array,
  payload: Int32Array,
  spares: Spares,
  from: number,
  to: number,
  carried?: Carried,
): void {
  const isMany = to - from >= MANY
  const differing = isMany ? 32 - Math.clz32(differences(key, from, to)) : 32
  const digits = Math.max(1, Math.ceil(differing / (isMany ? 11 : 8)))
  const bits = isMany ? Math.ceil(differing / digits) : 8
  const buckets = 1 << bits
  COUNTS.fill(0, 0, digits * STRIDE)
  if (isMany) countDigits(key, from, to, bits, buckets - 1)
  else countBytes(key, from, to)
  let [sourceKey, sourcePayload, targetKey, targetPayload] = [key, payload, spares.key, spares.payload]
  for (let digit = 0; digit < digits; digit++) {
    const base = digit * STRIDE
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
    if (carried === undefined)
      scatter(sourceKey, sourcePayload, targetKey, targetPayload, from, to, shift, buckets - 1, base)
    else {
      const spare = carried.spare ?? newWords(carried.words.length)
      scatterBoth(sourceKey, sourcePayload, carried.words, targetKey, targetPayload, spare, shift, buckets - 1, base)
      carried.spare = carried.words
      carried.words = spare
    }
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

/** The bits in which any word differs from the first. */
function differences(key: Uint32Array, from: number, to: number): number {
  const x = key[from]
  let bits = 0
  for (let k = from; k < to; k++) bits |= key[k] ^ x
  return bits
}

/** Of three digits, whether all of them are asked for or not. */
function countDigits(key: Uint32Array, from: number, to: number, bits: number, mask: number): void {
  for (let k = from; k < to; k++) {
    const x = key[k]
    COUNTS[x & mask]++
    COUNTS[STRIDE + ((x >>> bits) & mask)]++
    COUNTS[2 * STRIDE + ((x >>> (2 * bits)) & mask)]++
  }
}

function countBytes(key: Uint32Array, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const x = key[k]
    COUNTS[x & 255]++
    COUNTS[STRIDE + ((x >>> 8) & 255)]++
    COUNTS[2 * STRIDE + ((x >>> 16) & 255)]++
    COUNTS[3 * STRIDE + (x >>> 24)]++
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

/** The same of all rows, with words that move along. */
function scatterBoth(
  key: Uint32Array,
  payload: Int32Array,
  carried: Uint32Array,
  targetKey: Uint32Array,
  targetPayload: Int32Array,
  targetCarried: Uint32Array,
  shift: number,
  mask: number,
  base: number,
): void {
  for (let k = 0; k < key.length; k++) {
    const x = key[k]
    const at = COUNTS[base + ((x >>> shift) & mask)]++
    targetKey[at] = x
    targetPayload[at] = payload[k]
    targetCarried[at] = carried[k]
  }
}

/** key[k] = word[k]; whether the result ascends. */
function copyWord(word: Uint32Array, key: Uint32Array, from: number, to: number): boolean {
  let ascends = true
  let last = 0
  for (let k = from; k < to; k++) {
    const x = word[k]
    key[k] = x
    if (x < last) ascends = false
    last = x
  }
  return ascends
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
