/** What a column of a Parquet file holds, and how its values become ours. Files of other programs may hold more kinds than ours do. */
import { isUtf8 } from 'node:buffer'
import type { SchemaElement } from 'hyparquet'
import { fitsDecimal, rescale } from '../../../runtime/ops/decimal-number.ts'
import { civilDay, civilFromDays, monthOfDays } from '../../../runtime/temporal/calendar.ts'
import {
  isDecimal,
  isFloating,
  isIntegral,
  isLiteral,
  type Raw,
  T,
  type TypeId,
} from '../../../runtime/values/index.ts'
import { parseValue } from '../csv/values.ts'

export type Kind =
  | { readonly kind: 'boolean' | 'integer' | 'unsigned' | 'floating' | 'date' | 'text' | 'bytes' | 'uuid' | 'int96' }
  | { readonly kind: 'time' | 'timestamp'; readonly perSecond: bigint }
  | { readonly kind: 'decimal'; readonly scale: number }

const PER_SECOND = { MILLIS: 1000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const

/** undefined: nothing that a table could hold. */
export function kindOf(element: SchemaElement): Kind | undefined {
  const { type, converted_type: converted, logical_type: logical, scale } = element
  switch (logical?.type) {
    case 'TIME':
    case 'TIMESTAMP':
      return { kind: logical.type === 'TIME' ? 'time' : 'timestamp', perSecond: PER_SECOND[logical.unit] }
    case 'DECIMAL':
      return { kind: 'decimal', scale: logical.scale }
    case 'UUID':
      return { kind: 'uuid' }
    case 'DATE':
      return { kind: 'date' }
    case 'STRING':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text' }
    case 'INTERVAL':
    case 'FLOAT16':
    case 'BSON':
    case 'VARIANT':
    case 'GEOMETRY':
    case 'GEOGRAPHY':
      return undefined
  }
  switch (converted) {
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return { kind: 'text' }
    case 'DECIMAL':
      return { kind: 'decimal', scale: scale ?? 0 }
    case 'DATE':
      return { kind: 'date' }
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return { kind: 'time', perSecond: converted === 'TIME_MILLIS' ? 1000n : 1_000_000n }
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return { kind: 'timestamp', perSecond: converted === 'TIMESTAMP_MILLIS' ? 1000n : 1_000_000n }
    case 'INTERVAL':
    case 'BSON':
      return undefined
  }
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'boolean' }
    case 'INT32':
    case 'INT64':
      return { kind: isUnsigned(element) ? 'unsigned' : 'integer' }
    case 'INT96':
      return { kind: 'int96' }
    case 'FLOAT':
    case 'DOUBLE':
      return { kind: 'floating' }
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'bytes' }
  }
  return undefined
}

const isUnsigned = ({ converted_type: converted, logical_type: logical }: SchemaElement): boolean =>
  logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT_') === true

/** Integers as they are stored, alone or in lists, read without a sign; nulls stay. */
export function withoutSign(stored: unknown): unknown {
  if (Array.isArray(stored)) return stored.map(withoutSign)
  if (typeof stored === 'bigint') return BigInt.asUintN(64, stored)
  return typeof stored === 'number' ? stored >>> 0 : stored
}

/** A value as the library gives it to a raw of the type; undefined: it is no value of the type. Never called for nulls. */
export type ToRaw = (value: unknown) => Raw | undefined

/** undefined: no value of the kind is one of the type. */
export function converterTo(kind: Kind, type: TypeId, scale: number): ToRaw | undefined {
  switch (kind.kind) {
    case 'text':
      return (value) => (typeof value === 'string' ? parseOrText(value, type, scale) : undefined)
    case 'bytes':
      if (!isLiteral(type)) return undefined
      return (value) => (isUtf8(value as Uint8Array) ? Buffer.from(value as Uint8Array).toString() : undefined)
    case 'uuid':
      if (type === T.UUID) return (value) => BigInt.asUintN(128, integerOf(value as Uint8Array))
      return isLiteral(type) ? (value) => uuidText(value as Uint8Array) : undefined
    case 'boolean':
      if (type === T.BOOL) return (value) => (value === true ? 1 : 0)
      return isIntegral(type) ? (value) => numberAs(type, BigInt(value === true ? 1 : 0)) : undefined
    case 'integer':
    case 'unsigned':
      return fromInteger(type, scale)
    case 'floating':
      return fromFloating(type)
    case 'decimal':
      return fromDecimal(kind.scale, type, scale)
    case 'date':
      return fromDate(type)
    case 'time':
      return fromTime(kind.perSecond, type)
    case 'timestamp':
      return fromTimestamp(kind.perSecond, type)
    case 'int96':
      return fromTimestamp(PER_SECOND.NANOS, type)
  }
}

const parseOrText = (text: string, type: TypeId, scale: number): Raw | undefined =>
  isLiteral(type) ? text : parseValue(text, type, scale)

const uuidText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const bigOf = (value: unknown): bigint => (typeof value === 'bigint' ? value : BigInt(value as number))

/** Big-endian, with a sign. */
function integerOf(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

const LIMITS: Readonly<Record<TypeId, bigint>> = {
  [T.CHAR]: 127n,
  [T.COMPRESSED]: 127n,
  [T.SHORT]: 32767n,
  [T.INT]: 2147483647n,
  [T.LONG]: 2n ** 63n - 1n,
}

function numberAs(type: TypeId, n: bigint): Raw | undefined {
  const limit = LIMITS[type]
  if (n > limit || n < -limit) return undefined
  return type === T.LONG ? n : Number(n)
}

function fromInteger(type: TypeId, scale: number): ToRaw | undefined {
  if (isIntegral(type)) return (value) => numberAs(type, bigOf(value))
  if (isFloating(type)) return (value) => Number(value)
  if (type === T.BOOL) return (value) => (Number(value) === 0 ? 0 : Number(value) === 1 ? 1 : undefined)
  return isDecimal(type) ? (value) => parseValue(String(value), type, scale) : undefined
}

function fromFloating(type: TypeId): ToRaw | undefined {
  // NaN is null in this language.
  if (type === T.DOUBLE) return (value) => value as number
  if (type === T.FLOAT) return (value) => Math.fround(value as number)
  if (!isIntegral(type)) return undefined
  return (value) => (Number.isInteger(value) ? numberAs(type, BigInt(value as number)) : undefined)
}

function fromDecimal(from: number, type: TypeId, scale: number): ToRaw | undefined {
  const unscaled = (value: unknown): bigint => (value instanceof Uint8Array ? integerOf(value) : bigOf(value))
  if (isDecimal(type))
    return (value) => {
      const n = rescale(unscaled(value), from, scale, 'round')
      return fitsDecimal(n, type) ? (type === T.DECIMAL32 ? Number(n) : n) : undefined
    }
  if (isFloating(type)) return (value) => Number(`${unscaled(value)}e-${from}`)
  if (!isIntegral(type)) return undefined
  const unit = 10n ** BigInt(from)
  return (value) => {
    const n = unscaled(value)
    return n % unit === 0n ? numberAs(type, n / unit) : undefined
  }
}

const int32 = (n: number): number | undefined => (Math.abs(n) <= 2147483647 ? n : undefined)
const int64 = (n: bigint): bigint | undefined => (BigInt.asIntN(64, n) === n ? n : undefined)

function fromDate(type: TypeId): ToRaw | undefined {
  switch (type) {
    case T.DATE:
      return (value) => int32(Number(value))
    case T.MONTH:
      return (value) => (civilDay(civilFromDays(Number(value))) === 1 ? int32(monthOfDays(Number(value))) : undefined)
    default:
      return fromTimestampOfDays(type)
  }
}

function fromTimestampOfDays(type: TypeId): ToRaw | undefined {
  const convert = fromTimestamp(1n, type)
  return convert === undefined ? undefined : (value) => convert(BigInt(value as number) * 86_400n)
}

const floorDivide = (a: bigint, b: bigint): bigint => (a % b < 0n ? a / b - 1n : a / b)
const divides = (a: bigint, b: bigint): boolean => a % b === 0n

/** Finer parts of a second than the type has are cut off. */
function fromTime(perSecond: bigint, type: TypeId): ToRaw | undefined {
  const inDay = (value: unknown): bigint | undefined => {
    const n = bigOf(value)
    return n >= 0n && n < 86_400n * perSecond ? n : undefined
  }
  const scaled = (to: bigint) => (value: unknown) => {
    const n = inDay(value)
    return n === undefined ? undefined : (n * to) / perSecond
  }
  switch (type) {
    case T.NANOTIME:
      return scaled(PER_SECOND.NANOS)
    case T.TIME:
    case T.SECOND: {
      const convert = scaled(type === T.TIME ? 1000n : 1n)
      return (value) => {
        const n = convert(value)
        return n === undefined ? undefined : Number(n)
      }
    }
    case T.MINUTE:
      return (value) => {
        const n = inDay(value)
        return n !== undefined && divides(n, 60n * perSecond) ? Number(n / (60n * perSecond)) : undefined
      }
    default:
      return undefined
  }
}

function fromTimestamp(perSecond: bigint, type: TypeId): ToRaw | undefined {
  const to = (units: bigint) => (value: unknown) => floorDivide(bigOf(value) * units, perSecond)
  switch (type) {
    case T.TIMESTAMP:
      return (value) => int64(to(1000n)(value))
    case T.NANOTIMESTAMP:
      return (value) => int64(to(PER_SECOND.NANOS)(value))
    case T.DATETIME:
      return (value) => int32(Number(to(1n)(value)))
    case T.DATEHOUR:
      return (value) =>
        divides(bigOf(value), 3600n * perSecond) ? int32(Number(bigOf(value) / (3600n * perSecond))) : undefined
    case T.DATE:
      return (value) =>
        divides(bigOf(value), 86_400n * perSecond) ? int32(Number(bigOf(value) / (86_400n * perSecond))) : undefined
    case T.MONTH: {
      const days = fromTimestamp(perSecond, T.DATE)!
      const month = fromDate(T.MONTH)!
      return (value) => {
        const day = days(value)
        return day === undefined ? undefined : month(day)
      }
    }
    default:
      return undefined
  }
}
