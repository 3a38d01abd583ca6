/**
 * One column of one batch into the body: the chosen rows of a vector as Arrow buffers, with the batch's smallest and largest value on the way.
 * An encoder lives as long as its segment.
 */
import { storageOf } from '../../runtime/kernels/codegen.ts'
import {
  type ArrayVector,
  type FixedVector,
  isLiteral,
  type Raw,
  type StringVector,
  type SymbolVector,
  T,
  type Vector,
  type WideVector,
} from '../../runtime/values/index.ts'
import type { Body } from './body.ts'
import { gather, scanRange, toLong, writeNonZero, writeValidity } from './gather.ts'
import { textBytesMax, utf8Range, writeText } from './text.ts'

/** Which rows of the source a segment holds: rows[from..to), or from..to themselves. */
export interface RowRange {
  readonly rows: Int32Array | undefined
  readonly from: number
  readonly to: number
}

/** What a batch holds of a column: smallest and largest value that is no null, and nulls. Without values, or without an order, there is no range. */
export interface BatchStatistics {
  readonly range: readonly [Raw, Raw] | undefined
  readonly nulls: number
}

export interface ColumnEncoder {
  /** Appends the buffers of these rows of a vector to the body. */
  encode(body: Body, v: Vector, rows: RowRange): BatchStatistics
  /** Bytes of a row that every row has. */
  readonly fixedBytes: number
  /** About how many bytes of text or elements the rows need beyond their fixed width, at most. */
  variableBytes(v: Vector, rows: RowRange): number
  /** Values of the dictionary, for SYMBOL columns. Complete before the first `encode`. */
  readonly dictionary: readonly string[] | undefined
}

/** Encoder of a column whose vectors are like this one. SYMBOL columns need the codes that the segment gives to symbols. */
export function columnEncoder(v: Vector, codes?: SegmentCodes): ColumnEncoder {
  switch (v.storage) {
    case 'fixed':
      return new FixedEncoder(v.data.BYTES_PER_ELEMENT)
    case 'wide':
      return new WideEncoder()
    case 'symbol':
      if (codes === undefined) throw new TypeError('a SYMBOL column needs a dictionary')
      return new SymbolEncoder(codes)
    case 'string':
      return new StringEncoder()
    case 'array':
      return new ArrayEncoder()
    case 'any':
      throw new TypeError('a tuple has no encoder')
  }
}

class FixedEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly fixedBytes: number
  readonly #range = new Float64Array(4)

  constructor(bytes: number) {
    this.fixedBytes = bytes
  }

  encode(body: Body, v: FixedVector, { rows, from, to }: RowRange): BatchStatistics {
    const count = to - from
    const { data } = v
    const storage = storageOf(data)
    // The data is gathered first, where it tells whether a bitmap is needed; the bitmap then goes before it in the list of buffers.
    const at = body.place(count * data.BYTES_PER_ELEMENT)
    const out = viewLike(body, data, at, count)
    const r = this.#range
    gather(out, data, rows, from, count, storage)
    const nulls = scanRange(out, count, storage, r, false, body.lanes)
    placeValidity(body, count, nulls, (bits) => writeValidity(bits, viewLike(body, data, at, count), count, storage))
    if (nulls === count || v.type === T.DURATION) return { range: undefined, nulls }
    if (!(data instanceof BigInt64Array)) return { range: [r[0], r[1]], nulls }
    return { range: [toLong(r[0], r[1]), toLong(r[2], r[3])], nulls }
  }

  variableBytes(): number {
    return 0
  }
}

class WideEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly fixedBytes = 16

  encode(body: Body, { data, type }: WideVector, { rows, from, to }: RowRange): BatchStatistics {
    const count = to - from
    const at = body.place(count * 16)
    const out = viewLike(body, data, at, count * 2)
    gather(out, data, rows, from, count, storageOf(data), 2)
    const valid = new Uint8Array((count + 7) >> 3)
    let nulls = 0
    const w = new Int32Array(out.buffer, out.byteOffset, count * 4)
    for (let k = 0; k < count; k++) {
      const isNull =
        out instanceof Float64Array
          ? out[2 * k] === -Number.MAX_VALUE || Number.isNaN(out[2 * k])
          : (w[4 * k] | w[4 * k + 1] | w[4 * k + 2]) === 0 && w[4 * k + 3] === (type === T.DECIMAL128 ? -2147483648 : 0)
      if (isNull) nulls++
      else valid[k >> 3] |= 1 << (k & 7)
    }
    placeValidity(body, count, nulls, (bits) => bits.set(valid))
    return { range: undefined, nulls }
  }

  variableBytes(): number {
    return 0
  }
}

/** How a segment numbers its symbols. */
export interface SegmentCodes {
  /** By new code; code 0 is the null. */
  readonly symbols: readonly string[]
  /** Writes the new codes of data[rows[from..]]; returns the number of nulls. */
  encode(out: Int32Array, data: Int32Array, rows: Int32Array | undefined, from: number, count: number): number
}

class SymbolEncoder implements ColumnEncoder {
  readonly fixedBytes = 4
  readonly #codes: SegmentCodes
  #used: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(codes: SegmentCodes) {
    this.#codes = codes
  }

  get dictionary(): readonly string[] {
    return this.#codes.symbols
  }

  encode(body: Body, v: SymbolVector, { rows, from, to }: RowRange): BatchStatistics {
    const count = to - from
    const at = body.place(count * 4)
    const out = body.view(Int32Array, at, count)
    const nulls = this.#codes.encode(out, v.data, rows, from, count)
    const range = this.#rangeOf(out)
    placeValidity(body, count, nulls, (bits) => writeNonZero(bits, body.view(Int32Array, at, count), count))
    return { range, nulls }
  }

  #rangeOf(codes: Int32Array): readonly [string, string] | undefined {
    const { symbols } = this.#codes
    if (this.#used.length < symbols.length) this.#used = new Uint8Array(symbols.length)
    const used = this.#used.fill(0)
    for (let k = 0; k < codes.length; k++) used[codes[k]] = 1
    let low: string | undefined
    let high = ''
    for (let code = 1; code < symbols.length; code++) {
      if (used[code] === 0) continue
      const symbol = symbols[code]
      if (low === undefined) {
        low = symbol
        high = symbol
      } else if (symbol < low) low = symbol
      else if (symbol > high) high = symbol
    }
    return shortRange(low, high)
  }

  variableBytes(): number {
    return 0
  }
}

/** Longer texts would bloat the catalog for the sake of pruning. */
const MIN_MAX_TEXT = 64

const shortRange = (low: string | undefined, high: string): readonly [string, string] | undefined =>
  low === undefined || low.length > MIN_MAX_TEXT || high.length > MIN_MAX_TEXT ? undefined : [low, high]

class StringEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly fixedBytes = 4

  encode(body: Body, v: StringVector, { rows, from, to }: RowRange): BatchStatistics {
    const count = to - from
    // The lengths, for the bitmap, are the offsets' differences; they are taken before the text may move the memory.
    const lengths = new Int32Array(count)
    const nulls = writeText(body, v, rows, from, count, lengths)
    const range = nulls === count || v.type !== T.STRING ? undefined : textRange(v, rows, from, count)
    placeValidity(body, count, nulls, (bits) => writeNonZero(bits, lengths, count), 2)
    return { range, nulls }
  }

  variableBytes(v: StringVector, range: RowRange): number {
    return textBytesMax(v, range.rows, range.from, range.to)
  }
}

function textRange(
  v: StringVector,
  rows: Int32Array | undefined,
  from: number,
  count: number,
): readonly [string, string] | undefined {
  if (v.isUtf8Only && v.utf8 !== undefined) {
    const found = utf8Range(v.utf8, rows, from, count)
    return found === undefined ? undefined : shortRange(found[0], found[1])
  }
  const { strings } = v
  let low: string | undefined
  let high = ''
  for (let k = 0; k < count; k++) {
    const s = strings[rows === undefined ? from + k : rows[from + k]]
    if (s === '') continue
    if (low === undefined) {
      low = s
      high = s
    } else if (s < low) low = s
    else if (s > high) high = s
  }
  return shortRange(low, high)
}

class ArrayEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly fixedBytes = 4

  encode(body: Body, v: ArrayVector, { rows, from, to }: RowRange): BatchStatistics {
    const count = to - from
    const { offsets } = v
    body.node(count, 0)
    body.place(0)
    const at = body.place((count + 1) * 4)
    const out = body.view(Int32Array, at, count + 1)
    out[0] = 0
    for (let k = 0; k < count; k++) {
      const j = rows === undefined ? from + k : rows[from + k]
      out[k + 1] = out[k] + offsets[j + 1] - offsets[j]
    }
    const elements = new Int32Array(out[count])
    for (let k = 0, e = 0; k < count; k++) {
      const j = rows === undefined ? from + k : rows[from + k]
      for (let p = offsets[j]; p < offsets[j + 1]; p++) elements[e++] = p
    }
    columnEncoder(v.flat).encode(body, v.flat, { rows: elements, from: 0, to: elements.length })
    return { range: undefined, nulls: 0 }
  }

  variableBytes(v: ArrayVector, { rows, from, to }: RowRange): number {
    const { offsets } = v
    let count = 0
    for (let k = from; k < to; k++) {
      const j = rows === undefined ? k : rows[k]
      count += offsets[j + 1] - offsets[j]
    }
    return count * (isLiteral(v.flat.type) ? 64 : 16)
  }
}

/**
 * Adds the validity buffer and the node of a column whose `behind` other buffers are already placed. Arrow lists validity first; where it lies is free.
 */
function placeValidity(body: Body, count: number, nulls: number, fill: (bits: Uint8Array) => void, behind = 1): void {
  const bytes = nulls === 0 ? 0 : (count + 7) >> 3
  const at = body.place(bytes)
  if (bytes > 0) fill(body.view(Uint8Array, at, bytes))
  body.spans.splice(body.spans.length - 1 - behind, 0, body.spans.pop()!)
  body.node(count, nulls)
}

function viewLike<A extends FixedVector['data'] | WideVector['data']>(
  body: Body,
  like: A,
  at: number,
  length: number,
): A {
  return body.view(like.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => A, at, length)
}
