/**
 * A segment file, format 1. All integers little-endian; every buffer starts at a multiple of 64 from the start of its body, zero padded.
 *
 *   "ARROW1\0\0"
 *   schema message
 *   one dictionary batch for each SYMBOL column (id = position of the column); value 0 is the empty string, our null
 *   record batches of up to 65,536 rows: message, then body
 *   end of stream  ff ff ff ff 00 00 00 00
 *   footer (Flatbuffers), int32 its length, "ARROW1"
 *
 * The footer's custom metadata makes the file ours, and is all that our reader looks at:
 *   holdfast.layout          JSON of `SegmentLayout`: where each buffer lies, with its XXH64, and the ranges of the values of each batch
 *   holdfast.bodyChecksum    XXH64 of all bytes before the footer
 *   holdfast.footerChecksum  XXH64 of the footer, taken with the 16 digits of this value as '0'
 * so that a segment can be checked by itself, without catalog or manifest. Nulls are sentinels in the data, and a validity bitmap lies beside them
 * where a batch has some (zero bytes otherwise), for readers other than ours. Nothing in the file is trusted: see `parseLayout`. For people: docs/formats/segment.md.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import {
  type ColumnSchema,
  elementType,
  isArrayType,
  type Raw,
  type TypeId,
  typeByName,
  typeInfo,
  typeName,
} from '../../runtime/values/index.ts'
import { bufferCount, elementBytes, isStorable } from './column-type.ts'

export const MAGIC = 'ARROW1'
export const BATCH_ROWS = 65_536
export const ALIGNMENT = 64
export const KEY_LAYOUT = 'holdfast.layout'
export const KEY_BODY = 'holdfast.bodyChecksum'
export const KEY_FOOTER = 'holdfast.footerChecksum'
export const NO_CHECKSUM = '0000000000000000'

/** Offset in the file, bytes, XXH64 (empty for a buffer of no bytes). */
export type BufferLayout = readonly [offset: number, bytes: number, checksum: string]

/** Position of the column, smallest and largest value (64-bit ones as their digits), number of nulls. */
export type RangeLayout = readonly [column: number, min: number | string, max: number | string, nulls: number]

export interface BatchLayout {
  readonly rows: number
  /** Per column its buffers, in Arrow's order. */
  readonly columns: readonly (readonly BufferLayout[])[]
  /** Of the columns that have an order and a value, in files of more than one batch. */
  readonly ranges?: readonly RangeLayout[]
}

export interface DictionaryLayout {
  readonly column: number
  readonly values: number
  /** Validity (never used), offsets, UTF-8 bytes. */
  readonly buffers: readonly BufferLayout[]
}

export interface SegmentLayout {
  readonly format: 1
  readonly rows: number
  /** Type as `typeName` spells it, without the scale. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly scale: number }[]
  readonly dictionaries: readonly DictionaryLayout[]
  readonly batches: readonly BatchLayout[]
}

/** A segment whose bytes cannot be what we wrote. */
export function segmentError(file: string, what: string, offset?: number): HoldfastError {
  const at = offset === undefined ? '' : ` at offset ${offset}`
  return new HoldfastError('data', `The segment file ${file} is damaged: ${what}${at}.`, {
    code: 'segmentDamaged',
    where: { file, offset },
    hint: 'restore the partition from a backup; checkBackup tells whether a backup set is whole',
  })
}

/** Parses and checks the layout against the bytes that exist before the footer. Afterwards every offset and size may be used as it is. */
export function parseLayout(
  text: string,
  bodyEnd: number,
  file: string,
  /** Where the text stands in the file. */
  at: number,
): SegmentLayout & { schema: ColumnSchema[] } {
  const fail = (what: string, offset = at): never => {
    throw segmentError(file, what, offset)
  }
  let layout: SegmentLayout
  try {
    layout = JSON.parse(text) as SegmentLayout
  } catch {
    return fail('its layout is not readable')
  }
  if (typeof layout !== 'object' || layout === null) return fail('its layout is not readable')
  if (layout.format !== 1)
    throw new HoldfastError(
      'data',
      `The segment file ${file} has format ${String(layout.format)}, which this version cannot read.`,
      {
        code: 'segmentFormat',
        where: { file },
      },
    )
  const { rows, columns, dictionaries, batches } = layout
  if (!isCount(rows) || !Array.isArray(columns) || !Array.isArray(dictionaries) || !Array.isArray(batches))
    return fail('its layout is incomplete')
  const schema = columns.map((c): ColumnSchema => {
    const type = typeof c?.type === 'string' ? parseTypeName(c.type) : undefined
    if (typeof c?.name !== 'string' || type === undefined || !isCount(c.scale))
      return fail('its layout names no valid column')
    return { name: c.name, type, scale: c.scale }
  })
  const checkBuffer = (b: BufferLayout | undefined): BufferLayout => {
    if (!Array.isArray(b) || !isCount(b[0]) || !isCount(b[1]) || typeof b[2] !== 'string')
      return fail('its layout names no valid buffer')
    if (b[0] + b[1] > bodyEnd) fail('a buffer ends behind the data', b[0])
    return b
  }
  for (const d of dictionaries) {
    if (!isCount(d?.column) || d.column >= schema.length || !isCount(d.values) || d.buffers?.length !== 3)
      fail('its layout names no valid dictionary')
    const [, offsets] = d.buffers.map(checkBuffer)
    if (offsets[1] !== (d.values + 1) * 4) fail('a dictionary has the wrong size', offsets[0])
  }
  let total = 0
  for (const batch of batches) {
    if (!isCount(batch?.rows) || batch.columns?.length !== schema.length) fail('its layout names no valid batch')
    total += batch.rows
    if (batch.ranges !== undefined) for (const r of checkedRanges(batch.ranges)) checkRange(r, schema.length, fail)
    batch.columns.forEach((buffers: readonly BufferLayout[], c: number) => {
      if (!Array.isArray(buffers) || buffers.length !== bufferCount(schema[c].type))
        fail('its layout names no valid column')
      buffers.forEach(checkBuffer)
      const width = elementBytes(schema[c].type)
      // Data of fixed width, or offsets: one more than there are rows.
      const expected = width > 0 ? batch.rows * width : (batch.rows + 1) * 4
      if (buffers[1][1] !== expected) fail('a column buffer has the wrong size', buffers[1][0])
    })
  }
  if (total !== rows) fail(`its batches hold ${total} rows instead of ${rows}`)
  return { ...layout, schema }
}

const checkedRanges = (ranges: unknown): readonly unknown[] => (Array.isArray(ranges) ? ranges : [undefined])

function checkRange(range: unknown, columns: number, fail: (what: string) => never): void {
  const isValue = (x: unknown): boolean => typeof x === 'number' || typeof x === 'string'
  if (!Array.isArray(range) || !isCount(range[0]) || range[0] >= columns || !isCount(range[3]))
    fail('its layout names no valid range')
  else if (!isValue(range[1]) || typeof range[1] !== typeof range[2]) fail('its layout names no valid range')
}

/** A bound of a range as the file has it. */
export const rangeText = (raw: Raw): number | string =>
  typeof raw === 'bigint' ? String(raw) : (raw as number | string)

/** A bound of a range of a column of this type; undefined if it can be none. */
export function rangeValue(type: TypeId, bound: number | string): Raw | undefined {
  if (isArrayType(type)) return undefined
  switch (typeInfo(type).storage) {
    case 'i64':
      return typeof bound === 'string' && /^-?\d{1,20}$/.test(bound) ? BigInt(bound) : undefined
    case 'string':
    case 'symbol':
      return typeof bound === 'string' ? bound : undefined
    default:
      return typeof bound === 'number' ? bound : undefined
  }
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0

/** The type spelled as in a layout, or undefined. */
export function parseTypeName(text: string): number | undefined {
  const isArray = text.endsWith('[]')
  const base = typeByName(isArray ? text.slice(0, -2) : text)
  if (base === undefined) return undefined
  const type = isArray ? base.id + 64 : base.id
  return isStorable(type) ? type : undefined
}

/** `INT`, `DECIMAL64`, `INT[]`: without the scale, which is kept beside it. */
export const layoutTypeName = (type: number): string =>
  isArrayType(type) ? `${typeName(elementType(type))}[]` : typeName(type)
