/**
 * Rows of small appends as bytes, and back. The bytes of a block are its columns one after another, in the order of the layout:
 *
 *   fixed size    the elements, little-endian, as they stand in memory
 *   text          for each row the u32 end of its text, then the texts in UTF-8
 *   array vector  for each row the u32 end of its elements, then the elements as a column of that many rows
 *
 * A layout is the JSON of [stored name, type, scale] a column. Decoding takes many blocks at once, because a feed makes thousands of blocks of one row.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import {
  ARRAY_BASE,
  ArrayVector,
  FixedVector,
  isArrayType,
  isTypeId,
  newFixedArray,
  newVector,
  StringVector,
  type SymbolBase,
  SymbolVector,
  type TypeId,
  typeInfo,
  type Vector,
  WideVector,
} from '../../runtime/values/index.ts'
import { type StoredColumn, storedName } from '../catalog/types.ts'
import { elementBytes, isStorable } from '../segment/column-type.ts'
import type { DeltaBlock } from './block.ts'

export interface LayoutColumn {
  readonly name: string
  readonly type: TypeId
  readonly scale: number
}

const layoutTexts = new WeakMap<readonly StoredColumn[], string>()

export function layoutOf(columns: readonly StoredColumn[]): string {
  let text = layoutTexts.get(columns)
  if (text === undefined) {
    text = JSON.stringify(columns.map((c) => [storedName(c), c.type, c.scale ?? 0]))
    layoutTexts.set(columns, text)
  }
  return text
}

const parsed = new Map<string, readonly LayoutColumn[]>()

export function parseDeltaLayout(layout: string): readonly LayoutColumn[] {
  let columns = parsed.get(layout)
  if (columns === undefined) {
    columns = layoutColumns(layout)
    if (parsed.size > 1000) parsed.clear()
    parsed.set(layout, columns)
  }
  return columns
}

function layoutColumns(layout: string): LayoutColumn[] {
  let list: unknown
  try {
    list = JSON.parse(layout)
  } catch {
    // Told below.
  }
  const isColumn = (c: unknown): c is [string, TypeId, number] =>
    Array.isArray(c) && typeof c[0] === 'string' && isTypeId(c[1]) && isStorable(c[1]) && Number.isInteger(c[2])
  if (!Array.isArray(list) || !list.every(isColumn))
    throw damagedRows(`have columns that no store writes: ${layout.slice(0, 200)}`)
  return list.map(([name, type, scale]) => ({ name, type, scale }))
}

/** Their only place is the log. */
const damagedRows = (what: string): HoldfastError =>
  new HoldfastError('data', `Rows of small appends ${what}.`, {
    code: 'deltaDamaged',
    where: { file: 'wal/' },
    hint: 'restore a backup, or recover to a time before these rows',
  })

/** Throws a data error for rows that no store wrote. */
export function requireBlock(layout: string, { rows, data }: Pick<DeltaBlock, 'rows' | 'data'>): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  for (const { type } of parseDeltaLayout(layout)) at = columnEnd(view, type, rows, at)
  if (at !== data.length) throw wrongLength(rows, data.length, at)
}

const wrongLength = (rows: number, found: number, expected: number): HoldfastError =>
  damagedRows(`have ${found} bytes instead of ${expected} for ${rows} rows`)

/** The columns' rows (all of them, or those at the positions) as a block's data. The columns must have the layout's types. */
export function encodeRows(columns: readonly Vector[], positions?: Int32Array): Uint8Array {
  const chosen = positions === undefined ? columns : columns.map((v) => v.gather(positions))
  const pieces: Uint8Array[] = []
  for (const v of chosen) encodeColumn(v, pieces)
  return joined(pieces)
}

/** In memory of their own: a message to another thread takes the whole buffer below a view along, be it a pool's or a column's with room to grow. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const bytesOf = (a: { buffer: ArrayBufferLike; byteOffset: number }, bytes: number): Uint8Array =>
  new Uint8Array(a.buffer, a.byteOffset, bytes)

function encodeColumn(v: Vector, pieces: Uint8Array[]): void {
  switch (v.storage) {
    case 'fixed':
      pieces.push(bytesOf(v.data, v.length * v.data.BYTES_PER_ELEMENT))
      return
    case 'wide':
      pieces.push(bytesOf(v.data, v.length * 16))
      return
    case 'symbol': {
      const { symbols } = v.base
      encodeTexts(v.length, (k) => symbols[v.data[k]], pieces)
      return
    }
    case 'string':
      encodeTexts(v.length, (k) => v.strings[k], pieces)
      return
    case 'array': {
      const start = v.offsets[0]
      const ends = new Uint32Array(v.length)
      for (let k = 0; k < v.length; k++) ends[k] = v.offsets[k + 1] - start
      pieces.push(bytesOf(ends, ends.byteLength))
      encodeColumn(v.flat.slice(start, v.offsets[v.length]), pieces)
      return
    }
    case 'any':
      throw new HoldfastError('bug', 'a tuple is no column of a stored table')
  }
}

function encodeTexts(count: number, textAt: (k: number) => string, pieces: Uint8Array[]): void {
  const ends = new Uint32Array(count)
  const texts: Buffer[] = []
  let end = 0
  for (let k = 0; k < count; k++) {
    const text = Buffer.from(textAt(k))
    texts.push(text)
    end += text.length
    ends[k] = end
  }
  pieces.push(bytesOf(ends, ends.byteLength), ...texts)
}

/** Where a column lies in a block. */
interface Span {
  readonly block: Uint8Array
  readonly rows: number
  readonly at: number
}

/**
 * The named columns of the blocks' rows, one after another. A column that a block lacks, or has with another type, is null there. `baseOf` gives the
 * symbol base of a SYMBOL column.
 */
export function decodeBlocks(
  blocks: readonly DeltaBlock[],
  wanted: readonly LayoutColumn[],
  baseOf: (name: string) => SymbolBase,
): Vector[] {
  const spans: (Span | undefined)[][] = wanted.map(() => [])
  for (const block of blocks) {
    const columns = parseDeltaLayout(block.layout)
    const view = new DataView(block.data.buffer, block.data.byteOffset, block.data.byteLength)
    const found: (Span | undefined)[] = new Array(wanted.length)
    let at = 0
    for (const column of columns) {
      for (let k = 0; k < wanted.length; k++)
        if (wanted[k].name === column.name && wanted[k].type === column.type && wanted[k].scale === column.scale)
          found[k] = { block: block.data, rows: block.rows, at }
      at = columnEnd(view, column.type, block.rows, at)
    }
    if (at !== block.data.length) throw wrongLength(block.rows, block.data.length, at)
    for (let k = 0; k < wanted.length; k++) spans[k].push(found[k])
  }
  const counts = blocks.map((b) => b.rows)
  return wanted.map((column, k) => decodeColumn(column, counts, spans[k], baseOf))
}

function columnEnd(view: DataView, type: TypeId, rows: number, at: number): number {
  if (isArrayType(type)) return columnEnd(view, type - ARRAY_BASE, lastEnd(view, rows, at), at + 4 * rows)
  const { storage } = typeInfo(type)
  if (storage !== 'string' && storage !== 'symbol') return at + rows * elementBytes(type)
  return at + 4 * rows + lastEnd(view, rows, at)
}

/** The last of so many ends. */
function lastEnd(view: DataView, rows: number, at: number): number {
  if (rows === 0) return 0
  const place = at + 4 * (rows - 1)
  if (place + 4 > view.byteLength) throw wrongLength(rows, view.byteLength, place + 4)
  return view.getUint32(place, true)
}

function decodeColumn(
  { name, type, scale }: LayoutColumn,
  counts: readonly number[],
  spans: readonly (Span | undefined)[],
  baseOf: (name: string) => SymbolBase,
): Vector {
  const rows = counts.reduce((n, c) => n + c, 0)
  if (isArrayType(type)) return decodeArrays({ name, type, scale }, counts, spans, baseOf)
  const { storage } = typeInfo(type)
  if (storage === 'symbol') {
    const base = baseOf(name)
    const codes = new Int32Array(rows)
    eachText(counts, spans, (k, text) => {
      codes[k] = base.encode(text)
    })
    return new SymbolVector(codes, base)
  }
  if (storage === 'string') {
    const texts: string[] = new Array(rows).fill('')
    eachText(counts, spans, (k, text) => {
      texts[k] = text
    })
    return new StringVector(texts, type)
  }
  const width = elementBytes(type)
  const whole = spans.every((s) => s !== undefined)
  const v = whole ? undefined : newVector(type, rows, 'null', scale)
  const data = v !== undefined && 'data' in v ? v.data : newFixedArray(storage, rows)
  const target = bytesOf(data, rows * width)
  let at = 0
  spans.forEach((span, k) => {
    const bytes = counts[k] * width
    if (span !== undefined) target.set(span.block.subarray(span.at, span.at + bytes), at)
    at += bytes
  })
  if (v !== undefined) return v
  return storage === 'x2i64' || storage === 'x2f64'
    ? new WideVector(type, data as BigInt64Array | Float64Array, rows, scale)
    : new FixedVector(type, data as FixedVector['data'], rows, scale)
}

function eachText(
  counts: readonly number[],
  spans: readonly (Span | undefined)[],
  take: (row: number, text: string) => void,
): void {
  let row = 0
  spans.forEach((span, k) => {
    if (span !== undefined) {
      const { block, rows, at } = span
      const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
      const texts = at + 4 * rows
      for (let r = 0, from = 0; r < rows; r++) {
        const end = bytes.readUInt32LE(at + 4 * r)
        if (end > from) take(row + r, bytes.toString('utf8', texts + from, texts + end))
        from = end
      }
    }
    row += counts[k]
  })
}

function decodeArrays(
  { name, type, scale }: LayoutColumn,
  counts: readonly number[],
  spans: readonly (Span | undefined)[],
  baseOf: (name: string) => SymbolBase,
): Vector {
  const rows = counts.reduce((n, c) => n + c, 0)
  const offsets = new Int32Array(rows + 1)
  const inner: (Span | undefined)[] = []
  const elements: number[] = []
  let row = 0
  spans.forEach((span, k) => {
    const start = offsets[row]
    if (span === undefined) {
      offsets.fill(start, row, row + counts[k] + 1)
      inner.push(undefined)
      elements.push(0)
    } else {
      const view = new DataView(span.block.buffer, span.block.byteOffset, span.block.byteLength)
      for (let r = 0; r < span.rows; r++) {
        offsets[row + r + 1] = start + view.getUint32(span.at + 4 * r, true)
        if (offsets[row + r + 1] < offsets[row + r])
          throw new HoldfastError(
            'data',
            `A block of ${span.rows} small appends has arrays that end before they begin.`,
            {
              code: 'deltaDamaged',
            },
          )
      }
      const count = offsets[row + span.rows] - start
      inner.push({ block: span.block, rows: count, at: span.at + 4 * span.rows })
      elements.push(count)
    }
    row += counts[k]
  })
  const flat = decodeColumn({ name, type: type - ARRAY_BASE, scale }, elements, inner, baseOf)
  return new ArrayVector(offsets, flat, rows)
}

/** The columns of a table as the delta knows them. */
export const deltaColumns = (columns: readonly StoredColumn[]): LayoutColumn[] =>
  columns.map((c) => ({ name: storedName(c), type: c.type, scale: c.scale ?? 0 }))
