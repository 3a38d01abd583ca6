/** Texts of single values: bare, as a printed scalar, and as an element of a vector (language specification, section 7.2). */
import { HoldfastError } from '../errors.ts'
import { temporalText } from '../temporal/text.ts'
import { temporalUnit } from '../temporal/units.ts'
import type { Scalar } from '../values/scalar.ts'
import { isNullRaw, type Raw, T, type TypeId, typeInfo, unpackDuration } from '../values/types.ts'
import { decimalText, doubleText, floatText } from './numbers.ts'

/** How numbers and booleans read. */
export interface TextStyle {
  /** Digits after the point of floating numbers. */
  readonly decimals?: 6 | 15
  /** BOOL as 1 and 0 instead of true and false. */
  readonly boolDigits?: boolean
}

const DEFAULT_STYLE: TextStyle = {}

/** The text without quotes; a null is the empty string. It is what table cells show and what `string` yields. */
export function rawText(type: TypeId, raw: Raw, scale = 0, style: TextStyle = DEFAULT_STYLE): string {
  if (raw === null || isNullRaw(type, raw)) return ''
  switch (type) {
    case T.BOOL:
      return style.boolDigits === true ? (raw === 0 ? '0' : '1') : raw === 0 ? 'false' : 'true'
    case T.CHAR:
      return (raw as number) >= 32 && (raw as number) < 127 ? String.fromCharCode(raw as number) : String(raw)
    case T.SHORT:
    case T.INT:
    case T.LONG:
    case T.COMPRESSED:
      return String(raw)
    case T.DOUBLE:
      return doubleText(raw as number, style.decimals)
    case T.FLOAT:
      return floatText(raw as number, style.decimals)
    case T.STRING:
    case T.SYMBOL:
    case T.BLOB:
      return raw as string
    case T.DECIMAL32:
    case T.DECIMAL64:
    case T.DECIMAL128:
      return decimalText(raw as number | bigint, scale)
    case T.UUID:
      return uuidText(raw as bigint)
    case T.INT128:
      return hex128(raw as bigint)
    case T.IPADDR:
      return ipText(raw as bigint)
    case T.COMPLEX: {
      const [re, im] = raw as readonly [number, number]
      return `${doubleText(re, style.decimals)}${im < 0 ? '-' : '+'}${doubleText(Math.abs(im), style.decimals)}i`
    }
    case T.POINT: {
      const [x, y] = raw as readonly [number, number]
      return `(${doubleText(x, style.decimals)}, ${doubleText(y, style.decimals)})`
    }
    case T.DURATION: {
      const { count, unit } = unpackDuration(raw as bigint)
      return `${count}${unit}`
    }
    default:
      if (temporalUnit(type) !== undefined) return temporalText(type, raw as number | bigint)
      throw new HoldfastError('bug', `no text for a scalar of type ${typeInfo(type).name}`)
  }
}

/** What print shows for a scalar: characters in quotes, nulls as typed literals (`00i`), an empty line for a null string. */
export function scalarText(s: Scalar, style: TextStyle = DEFAULT_STYLE): string {
  if (s.isNull()) return nullLiteral(s.type)
  const text = rawText(s.type, s.value, s.scale, style)
  return s.type === T.CHAR ? quoteChar(s.value as number, text) : text
}

/** A scalar as a vector shows it: strings and characters in quotes, nulls empty. */
export function elementText(s: Scalar, style: TextStyle = DEFAULT_STYLE): string {
  return rawElementText(s.type, s.value, s.scale, style)
}

/** `elementText` on a raw value. */
export function rawElementText(type: TypeId, raw: Raw, scale = 0, style: TextStyle = DEFAULT_STYLE): string {
  const text = rawText(type, raw, scale, style)
  switch (type) {
    case T.STRING:
    case T.SYMBOL:
    case T.BLOB:
      return text === '' ? '' : `"${text}"`
    case T.CHAR:
      return text === '' ? '' : quoteChar(raw as number, text)
    default:
      return text
  }
}

/** An element in a place where nulls must be visible: rows of array vectors, sets, generated script text. */
export function literalText(type: TypeId, raw: Raw, scale = 0, style: TextStyle = DEFAULT_STYLE): string {
  if (raw === null) return 'NULL'
  if (isNullRaw(type, raw)) return typeInfo(type).category === 'literal' ? '""' : nullLiteral(type)
  return rawElementText(type, raw, scale, style)
}

const quoteChar = (code: number, text: string): string => (code >= 32 && code < 127 ? `'${text}'` : text)

/** `00i`, `NULL`; types without a null literal show what their null value is. */
export function nullLiteral(type: TypeId): string {
  switch (type) {
    case T.VOID:
      return 'NULL'
    case T.BOOL:
      return '00b'
    case T.CHAR:
    case T.COMPRESSED:
      return '00c'
    case T.SHORT:
      return '00h'
    case T.INT:
      return '00i'
    case T.LONG:
      return '00l'
    case T.FLOAT:
      return '00f'
    case T.DOUBLE:
      return '00F'
    case T.DECIMAL32:
    case T.DECIMAL64:
    case T.DECIMAL128:
      return '00P'
    case T.UUID:
      return uuidText(0n)
    case T.INT128:
      return hex128(0n)
    case T.IPADDR:
      return ipText(0n)
    default:
      return temporalUnit(type) === undefined ? '' : `00${temporalUnit(type)!.letter}`
  }
}

const hex128 = (raw: bigint): string => BigInt.asUintN(128, raw).toString(16).padStart(32, '0')

function uuidText(raw: bigint): string {
  const h = hex128(raw)
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`
}

/** IPv4 for addresses that fit 32 bits, else IPv6 with its longest run of zero groups shortened. */
function ipText(raw: bigint): string {
  const value = BigInt.asUintN(128, raw)
  if (value < 1n << 32n) {
    const n = Number(value)
    return `${Math.floor(n / 16777216)}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`
  }
  const hex = hex128(raw)
  const groups = Array.from({ length: 8 }, (_, k) => Number.parseInt(hex.slice(4 * k, 4 * k + 4), 16).toString(16))
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === '0') length++
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
  }
  if (bestStart < 0) return groups.join(':')
  return `${groups.slice(0, bestStart).join(':')}::${groups.slice(bestStart + bestLength).join(':')}`
}
