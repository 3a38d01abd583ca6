/**
 * One column of one batch into the body: the chosen rows of a vector as Arrow buffers, with the column's smallest and largest value on the way.
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
  typeInfo,
  type Vector,
  type WideVector,
} from '../../runtime/values/index.ts'
import type { Body } from './body.ts'
import { gather, scanRange, writeNonZero, writeValidity } from './gather.ts'
import { SymbolCodes } from './symbol-codes.ts'
import { textBytesMax, writeText } from './text.ts'

/** Which rows of the source a segment holds: rows[from..to), or from..to themselves. */
export interface RowRange {
  readonly rows: Int32Array | undefined
  readonly from: number
  readonly to: number
}

export interface ColumnEncoder {
  /** Appends the buffers of these rows to the body. */
  encode(body: Body, rows: RowRange): void
  /** About how many bytes of text or elements the rows need beyond their fixed width, at most. */
  variableBytes(rows: RowRange): number
  /** [min, max] of what was encoded so far, nulls left out; undefined without an order or without values. */
  minMax(): readonly [Raw, Raw] | undefined
  /** Values of the dictionary, for SYMBOL columns. Complete before the first `encode`. */
  readonly dictionary: readonly string[] | undefined
}

/** Encoder of a column for a segment of these rows. */
export function columnEncoder(v: Vector, rows: RowRange): ColumnEncoder {
  switch (v.storage) {
    case 'fixed':
      return new FixedEncoder(v)
    case 'wide':
      return new WideEncoder(v)
    case 'symbol':
      return new SymbolEncoder(v, rows)
    case 'string':
      return new StringEncoder(v)
    case 'array':
      return new ArrayEncoder(v)
    case 'any':
      throw new TypeError('a tuple has no encoder')
  }
}

class FixedEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly #v: FixedVector
  readonly #range = new Float64Array(4)
  #seen = false

  constructor(v: FixedVector) {
    this.#v = v
  }

  encode(body: Body, { rows, from, to }: RowRange): void {
    const count = to - from
    const { data } = this.#v
    const storage = storageOf(data)
    const dataAt = body.length
    // The data is gathered first, where it tells whether a bitmap is needed; the bitmap then goes before it in the list of buffers.
    const at = body.place(count * data.BYTES_PER_ELEMENT)
    const out = typedView(data, body.memory, at, count)
    gather(out, data, rows, from, count, storage)
    const nulls = scanRange(out, count, storage, this.#range, this.#seen)
    this.#seen ||= nulls < count
    placeValidity(body, count, nulls, (bits) =>
      writeValidity(bits, typedView(data, body.memory, dataAt, count), count, storage),
    )
  }

  variableBytes(): number {
    return 0
  }

  minMax(): readonly [Raw, Raw] | undefined {
    if (!this.#seen || this.#v.type === T.DURATION) return undefined
    const r = this.#range
    if (!(this.#v.data instanceof BigInt64Array)) return [r[0], r[1]]
    return [wordsToBigInt(r[0], r[1]), wordsToBigInt(r[2], r[3])]
  }
}

const wordsToBigInt = (high: number, low: number): bigint => BigInt(high) * 4294967296n + BigInt(low)

class WideEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly #v: WideVector

  constructor(v: WideVector) {
    this.#v = v
  }

  encode(body: Body, { rows, from, to }: RowRange): void {
    const count = to - from
    const { data, type } = this.#v
    const at = body.place(count * 16)
    const out = typedView(data, body.memory, at, count * 2)
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
  }

  variableBytes(): number {
    return 0
  }
  minMax(): undefined {
    return undefined
  }
}

class SymbolEncoder implements ColumnEncoder {
  readonly #v: SymbolVector
  readonly #codes: SymbolCodes

  constructor(v: SymbolVector, rows: RowRange) {
    this.#v = v
    this.#codes = new SymbolCodes(v, rows)
  }

  get dictionary(): readonly string[] {
    return this.#codes.symbols
  }

  encode(body: Body, { rows, from, to }: RowRange): void {
    const count = to - from
    const at = body.place(count * 4)
    const out = new Int32Array(body.memory, at, count)
    const nulls = this.#codes.encode(out, this.#v.data, rows, from, count)
    placeValidity(body, count, nulls, (bits) => writeNonZero(bits, new Int32Array(body.memory, at, count), count))
  }

  variableBytes(): number {
    return 0
  }

  minMax(): readonly [Raw, Raw] | undefined {
    return rangeOfTexts(this.#codes.symbols, 1)
  }
}

/** Longer texts would bloat the catalog for the sake of pruning. */
const MIN_MAX_TEXT = 64

function rangeOfTexts(texts: readonly string[], from: number): readonly [string, string] | undefined {
  if (texts.length <= from) return undefined
  let low = texts[from]
  let high = low
  for (let k = from + 1; k < texts.length; k++) {
    if (texts[k] < low) low = texts[k]
    else if (texts[k] > high) high = texts[k]
  }
  return low.length > MIN_MAX_TEXT || high.length > MIN_MAX_TEXT ? undefined : [low, high]
}

class StringEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly #v: StringVector
  #low: string | undefined
  #high = ''

  constructor(v: StringVector) {
    this.#v = v
  }

  encode(body: Body, { rows, from, to }: RowRange): void {
    const count = to - from
    // The lengths, for the bitmap, are the offsets' differences; they are taken before the text may move the memory.
    const lengths = new Int32Array(count)
    const nulls = writeText(body, this.#v, rows, from, count, lengths)
    if (nulls > 0) placeValidity(body, count, nulls, (bits) => writeNonZero(bits, lengths, count), 2)
    else placeValidity(body, count, 0, () => {}, 2)
    if (this.#v.type === T.STRING) this.#scan(rows, from, count)
  }

  #scan(rows: Int32Array | undefined, from: number, count: number): void {
    // Text that was never decoded stays so: its range is not worth the strings.
    if (this.#v.isUtf8Only) {
      this.#low = undefined
      return
    }
    const { strings } = this.#v
    for (let k = 0; k < count; k++) {
      const s = strings[rows === undefined ? from + k : rows[from + k]]
      if (s === '') continue
      if (this.#low === undefined) {
        this.#low = s
        this.#high = s
      } else if (s < this.#low) this.#low = s
      else if (s > this.#high) this.#high = s
    }
  }

  variableBytes(range: RowRange): number {
    return textBytesMax(this.#v, range.rows, range.from, range.to)
  }

  minMax(): readonly [Raw, Raw] | undefined {
    return this.#low === undefined ? undefined : rangeOfTexts([this.#low, this.#high], 0)
  }
}

class ArrayEncoder implements ColumnEncoder {
  readonly dictionary = undefined
  readonly #v: ArrayVector
  readonly #flat: ColumnEncoder

  constructor(v: ArrayVector) {
    this.#v = v
    this.#flat = columnEncoder(v.flat, { rows: undefined, from: 0, to: v.flat.length })
  }

  encode(body: Body, { rows, from, to }: RowRange): void {
    const count = to - from
    const { offsets } = this.#v
    body.node(count, 0)
    body.place(0)
    const at = body.place((count + 1) * 4)
    const out = new Int32Array(body.memory, at, count + 1)
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
    this.#flat.encode(body, { rows: elements, from: 0, to: elements.length })
  }

  variableBytes({ rows, from, to }: RowRange): number {
    const { offsets } = this.#v
    let count = 0
    for (let k = from; k < to; k++) {
      const j = rows === undefined ? k : rows[k]
      count += offsets[j + 1] - offsets[j]
    }
    return count * (isLiteral(this.#v.flat.type) ? 64 : 16)
  }

  minMax(): undefined {
    return undefined
  }
}

/**
 * Adds the validity buffer and the node of a column whose `behind` other buffers are already placed. Arrow lists validity first; where it lies is free.
 */
function placeValidity(body: Body, count: number, nulls: number, fill: (bits: Uint8Array) => void, behind = 1): void {
  const bytes = nulls === 0 ? 0 : (count + 7) >> 3
  const at = body.place(bytes)
  if (bytes > 0) fill(new Uint8Array(body.memory, at, bytes))
  body.spans.splice(body.spans.length - 1 - behind, 0, body.spans.pop()!)
  body.node(count, nulls)
}

function typedView<A extends FixedVector['data'] | WideVector['data']>(
  like: A,
  memory: ArrayBuffer,
  at: number,
  length: number,
): A {
  const ArrayClass = like.constructor as new (buffer: ArrayBuffer, at: number, length: number) => A
  return new ArrayClass(memory, at, length)
}

/** Whether a column of this type may be written by the encoders. */
export const hasEncoder = (v: Vector): boolean =>
  v.storage !== 'any' && (v.storage !== 'array' || typeInfo(v.flat.type).storage !== 'symbol')
