/**
 * How our types are written to Parquet. Nulls are nulls; empty texts and empty arrays are nulls, too, as everywhere in the store.
 *
 *   BOOL boolean     CHAR SHORT INT LONG int8 to int64     FLOAT DOUBLE float double     SYMBOL STRING string     BLOB bytes
 *   DATE MONTH date (a month is its first day)     TIME MINUTE SECOND time[ms]     NANOTIME time[ns]
 *   DATETIME DATEHOUR TIMESTAMP timestamp[ms]     NANOTIMESTAMP timestamp[ns], all without a zone     UUID uuid
 *   DECIMAL32 decimal(9) in 32 bits     DECIMAL64 decimal(18) in 64 bits     DECIMAL128 decimal(38) in 16 bytes
 *   IPADDR INT128 DURATION COMPLEX POINT string, as in CSV files     T[] list
 */
import type { SchemaElement } from 'hyparquet'
import { daysOfMonthNumber } from '../../../runtime/temporal/calendar.ts'
import {
  type ArrayVector,
  type ColumnSchema,
  elementType,
  type FixedArray,
  isArrayType,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I16,
  NULL_I32,
  type Raw,
  T,
  type TypeId,
  type Vector,
} from '../../../runtime/values/index.ts'
import { valueText } from '../csv/values.ts'

/** What one value becomes for the writer of the library. */
type Converter = (raw: Raw) => unknown

interface Written {
  readonly element: Omit<SchemaElement, 'name' | 'repetition_type'>
  /** undefined: values stay as they are. */
  readonly convert?: Converter
}

// Without the logical type of the same meaning: the library writes that in a form that others refuse.
const integer = (bits: 8 | 16): Omit<SchemaElement, 'name'> => ({
  type: 'INT32',
  converted_type: bits === 8 ? 'INT_8' : 'INT_16',
})
const time = (unit: 'MILLIS' | 'NANOS'): Omit<SchemaElement, 'name'> => ({
  type: unit === 'MILLIS' ? 'INT32' : 'INT64',
  logical_type: { type: 'TIME', isAdjustedToUTC: false, unit },
})
const timestamp = (unit: 'MILLIS' | 'NANOS'): Omit<SchemaElement, 'name'> => ({
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit },
})
const DATE: Omit<SchemaElement, 'name'> = { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } }
const STRING: Omit<SchemaElement, 'name'> = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
}
const decimal = (type: 'INT32' | 'INT64' | 'FIXED_LEN_BYTE_ARRAY', precision: number, scale: number) => ({
  type,
  ...(type === 'FIXED_LEN_BYTE_ARRAY' ? { type_length: 16 } : {}),
  converted_type: 'DECIMAL' as const,
  logical_type: { type: 'DECIMAL' as const, precision, scale },
  precision,
  scale,
})

function written(type: TypeId, scale: number): Written {
  switch (type) {
    case T.BOOL:
      return { element: { type: 'BOOLEAN' }, convert: (raw) => raw === 1 }
    case T.CHAR:
    case T.COMPRESSED:
      return { element: integer(8) }
    case T.SHORT:
      return { element: integer(16) }
    case T.INT:
      return { element: { type: 'INT32' } }
    case T.LONG:
      return { element: { type: 'INT64' } }
    case T.FLOAT:
      return { element: { type: 'FLOAT' } }
    case T.DOUBLE:
      return { element: { type: 'DOUBLE' } }
    case T.DATE:
      return { element: DATE }
    case T.MONTH:
      return { element: DATE, convert: (raw) => daysOfMonthNumber(raw as number) }
    case T.TIME:
      return { element: time('MILLIS') }
    case T.MINUTE:
      return { element: time('MILLIS'), convert: (raw) => (raw as number) * 60_000 }
    case T.SECOND:
      return { element: time('MILLIS'), convert: (raw) => (raw as number) * 1000 }
    case T.NANOTIME:
      return { element: time('NANOS') }
    case T.DATETIME:
      return { element: timestamp('MILLIS'), convert: (raw) => BigInt(raw as number) * 1000n }
    case T.DATEHOUR:
      return { element: timestamp('MILLIS'), convert: (raw) => BigInt(raw as number) * 3_600_000n }
    case T.TIMESTAMP:
      return { element: timestamp('MILLIS') }
    case T.NANOTIMESTAMP:
      return { element: timestamp('NANOS') }
    case T.SYMBOL:
    case T.STRING:
      return { element: STRING }
    case T.BLOB:
      return { element: { type: 'BYTE_ARRAY' }, convert: (raw) => Buffer.from(raw as string) }
    case T.UUID:
      return {
        element: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } },
        convert: (raw) => bytesOf(raw as bigint),
      }
    case T.DECIMAL32:
      return { element: decimal('INT32', 9, scale), convert: (raw) => BigInt(raw as number) }
    case T.DECIMAL64:
      return { element: decimal('INT64', 18, scale) }
    case T.DECIMAL128:
      return { element: decimal('FIXED_LEN_BYTE_ARRAY', 38, scale) }
    default:
      return { element: STRING, convert: (raw) => valueText(type, raw, scale) }
  }
}

const bytesOf = (raw: bigint): Buffer => Buffer.from(BigInt.asUintN(128, raw).toString(16).padStart(32, '0'), 'hex')

/** The schema of a file with these columns. */
export function parquetSchemaOf(columns: readonly ColumnSchema[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.flatMap(({ name, type, scale = 0 }): SchemaElement[] => {
      const { element } = written(elementType(type), scale)
      if (!isArrayType(type)) return [{ name, repetition_type: 'OPTIONAL', ...element }]
      return [
        {
          name,
          repetition_type: 'OPTIONAL',
          num_children: 1,
          converted_type: 'LIST',
          logical_type: { type: 'LIST' },
        },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'OPTIONAL', ...element },
      ]
    }),
  ]
}

/** Adds rows [from, to) of a column to the values that the library writes. */
export function addValues(out: unknown[], v: Vector, from: number, to: number): void {
  if (v.storage === 'array') {
    const elements = allValues(v)
    for (let k = from; k < to; k++) {
      const [start, end] = [v.offsets[k], v.offsets[k + 1]]
      out.push(start === end ? null : elements.slice(start, end))
    }
    return
  }
  const { convert } = written(v.type, 'scale' in v ? v.scale : 0)
  if (convert === undefined && v.storage === 'fixed') addNumbers(out, v.data, from, to)
  else if (convert === undefined) for (let k = from; k < to; k++) out.push(v.isNullAt(k) ? null : v.raw(k))
  else for (let k = from; k < to; k++) out.push(v.isNullAt(k) ? null : convert(v.raw(k)))
}

/** One loop a storage class, with its own null. */
function addNumbers(out: unknown[], data: FixedArray, from: number, to: number): void {
  if (data instanceof BigInt64Array) {
    const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2)
    for (let k = from; k < to; k++) out.push(words[2 * k + 1] === NULL_I32 && words[2 * k] === 0 ? null : data[k])
  } else if (data instanceof Float64Array)
    for (let k = from; k < to; k++) out.push(data[k] === NULL_F64 || Number.isNaN(data[k]) ? null : data[k])
  else if (data instanceof Float32Array)
    for (let k = from; k < to; k++) out.push(data[k] === NULL_F32 || Number.isNaN(data[k]) ? null : data[k])
  else {
    const nothing = data instanceof Int32Array ? NULL_I32 : data instanceof Int16Array ? NULL_I16 : NULL_I8
    for (let k = from; k < to; k++) out.push(data[k] === nothing ? null : data[k])
  }
}

function allValues(v: ArrayVector): unknown[] {
  const out: unknown[] = []
  addValues(out, v.flat, 0, v.flat.length)
  return out
}
