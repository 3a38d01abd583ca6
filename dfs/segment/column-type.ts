/**
 * How the columns of a table become Arrow columns. The bytes of a column are exactly our column buffers, so the Arrow type is the one whose layout and
 * meaning fit them best; where Arrow has no such type (MONTH, DATETIME, DECIMAL32, UUID, ...) it is the integer or the fixed-size binary of the same
 * width. The metadata of each field names our type in `holdfast.type` (and `holdfast.scale`).
 *
 *   BOOL CHAR COMPRESSED int8     SHORT int16     INT MONTH MINUTE DATETIME DATEHOUR DECIMAL32 int32     LONG DURATION DECIMAL64 int64
 *   FLOAT float32     DOUBLE float64     DATE date32[day]     TIME time32[ms]     SECOND time32[s]     NANOTIME time64[ns]
 *   TIMESTAMP timestamp[ms]     NANOTIMESTAMP timestamp[ns]     SYMBOL dictionary<int32, utf8>     STRING utf8     BLOB binary
 *   DECIMAL128 decimal128(38, scale)     UUID IPADDR INT128 fixed_size_binary(16), least significant byte first
 *   COMPLEX POINT fixed_size_binary(16), two float64     T[] list<T>
 */
import { HoldfastError } from '../../runtime/errors.ts'
import {
  type ColumnSchema,
  elementType,
  isArrayType,
  type Storage,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../../runtime/values/index.ts'

export type ArrowType =
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64 }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'date' }
  | { readonly kind: 'time'; readonly unit: 's' | 'ms' | 'ns'; readonly bits: 32 | 64 }
  | { readonly kind: 'timestamp'; readonly unit: 'ms' | 'ns' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'fixedBinary'; readonly bytes: number }
  | { readonly kind: 'utf8' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'dictionary' }
  | { readonly kind: 'list' }

const BITS: Partial<Record<Storage, 8 | 16 | 32 | 64>> = { i8: 8, i16: 16, i32: 32, i64: 64 }

/** The Arrow type of a column. Types whose values exist in memory only (ANY, functions, handles) cannot be stored. */
export function arrowType(type: TypeId, scale = 0): ArrowType {
  if (isArrayType(type)) {
    if (elementType(type) === T.SYMBOL) throw notStorable(type)
    return { kind: 'list' }
  }
  switch (type) {
    case T.DATE:
      return { kind: 'date' }
    case T.TIME:
      return { kind: 'time', unit: 'ms', bits: 32 }
    case T.SECOND:
      return { kind: 'time', unit: 's', bits: 32 }
    case T.NANOTIME:
      return { kind: 'time', unit: 'ns', bits: 64 }
    case T.TIMESTAMP:
      return { kind: 'timestamp', unit: 'ms' }
    case T.NANOTIMESTAMP:
      return { kind: 'timestamp', unit: 'ns' }
    case T.DECIMAL128:
      return { kind: 'decimal', scale }
    case T.BLOB:
      return { kind: 'binary' }
  }
  const { storage } = typeInfo(type)
  switch (storage) {
    case 'i8':
    case 'i16':
    case 'i32':
    case 'i64':
      return { kind: 'int', bits: BITS[storage]! }
    case 'f32':
      return { kind: 'float', bits: 32 }
    case 'f64':
      return { kind: 'float', bits: 64 }
    case 'x2i64':
    case 'x2f64':
      return { kind: 'fixedBinary', bytes: 16 }
    case 'symbol':
      return { kind: 'dictionary' }
    case 'string':
      return { kind: 'utf8' }
    case 'any':
      throw notStorable(type)
  }
}

/** Whether a column of the type may be part of a stored table. */
export function isStorable(type: TypeId): boolean {
  return isArrayType(type)
    ? elementType(type) !== T.SYMBOL && isStorable(elementType(type))
    : typeInfo(type).storage !== 'any'
}

/** Bytes of one element in the data buffer of a fixed-width type; 0 for strings and arrays. */
export function elementBytes(type: TypeId): number {
  if (isArrayType(type)) return 0
  switch (typeInfo(type).storage) {
    case 'i8':
      return 1
    case 'i16':
      return 2
    case 'i32':
    case 'f32':
    case 'symbol':
      return 4
    case 'i64':
    case 'f64':
      return 8
    case 'x2i64':
    case 'x2f64':
      return 16
    default:
      return 0
  }
}

/** Buffers of a column, in Arrow's order: validity and data; for strings validity, offsets, data; for arrays validity, offsets, then the elements'. */
export function bufferCount(type: TypeId): number {
  if (isArrayType(type)) return 2 + bufferCount(elementType(type))
  return typeInfo(type).storage === 'string' ? 3 : 2
}

const notStorable = (type: TypeId): HoldfastError =>
  new HoldfastError('input', `A column of type ${typeName(type)} can't be stored in a database.`, {
    code: 'notStorable',
  })

/** Field metadata: what makes the Arrow type ours again. */
export function fieldMetadata(column: ColumnSchema): readonly (readonly [string, string])[] {
  const scale = column.scale ?? 0
  const base = elementType(column.type)
  const out: [string, string][] = [['holdfast.type', typeName(column.type)]]
  if (typeInfo(base).category === 'decimal') out.push(['holdfast.scale', String(scale)])
  return out
}
