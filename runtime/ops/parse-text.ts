/**
 * Text to values, as the conversion functions read it: numbers by their leading prefix, temporal values by their canonical text (with
 * `-` and `/` also accepted between the parts of a date), 128-bit identifiers. What cannot be read is the null of the type.
 */
import { inputError } from '../errors.ts'
import { daysFromCivil, daysInMonth } from '../temporal/calendar.ts'
import {
  isNullRaw,
  NULL_F32,
  NULL_F64,
  NULL_I8,
  NULL_I64,
  nullRaw,
  packDuration,
  type Raw,
  T,
  type TypeId,
  typeInfo,
} from '../values/types.ts'
import { decimalFromText } from './decimal-number.ts'
import { temporalFromParts } from './temporal-parts.ts'

/** The raw value of a type that a text stands for; the type's null when it stands for none. */
export function parseRaw(text: string, type: TypeId, scale = 0): Raw {
  const info = typeInfo(type)
  switch (info.category) {
    case 'logical':
      return parseBool(text)
    case 'integral':
      return type === T.CHAR ? parseChar(text) : parseIntegral(text, type)
    case 'floating':
      return parseFloating(text, type)
    case 'temporal':
      return parseTemporal(text, type)
    case 'decimal':
      return decimalFromText(text, type, scale)
    case 'literal':
      return text
    default:
      return parseOther(text, type)
  }
}

function parseOther(text: string, type: TypeId): Raw {
  switch (type) {
    case T.UUID:
      return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ? BigInt(`0x${text.replaceAll('-', '')}`) : 0n
    case T.INT128:
      return /^[0-9a-f]{32}$/i.test(text) ? BigInt(`0x${text}`) : 0n
    case T.IPADDR:
      return parseIp(text)
    case T.DURATION: {
      const m = /^\s*(-?\d+)\s*(ns|us|ms|[smHdBwMy]|[A-Z]{4})\s*$/.exec(text)
      if (m === null) throw inputError(`The text "${text}" is not a duration.`)
      return packDuration(Number(m[1]), m[2])
    }
    default:
      throw inputError(`A STRING can't be converted to ${typeInfo(type).name}.`)
  }
}

function parseBool(text: string): number {
  const t = text.trim()
  if (/^true$/i.test(t)) return 1
  if (/^false$/i.test(t)) return 0
  const n = Number.parseFloat(t)
  return Number.isNaN(n) ? NULL_I8 : n === 0 ? 0 : 1
}

function parseChar(text: string): number {
  if (text === '') return NULL_I8
  if (text.length === 1) {
    const code = text.charCodeAt(0)
    if (code < 128) return code
  }
  const n = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (n >= -128 && n <= 127) return n
  throw inputError('Failed to convert the string to CHAR')
}

const INT_PREFIX = /^\s*([+-]?)(\d+)/

function parseIntegral(text: string, type: TypeId): Raw {
  const m = INT_PREFIX.exec(text)
  if (m === null) return nullRaw(type)
  if (type === T.LONG) {
    const n = BigInt(m[2])
    const value = m[1] === '-' ? -n : n
    return value > 9223372036854775807n || value < -9223372036854775807n ? NULL_I64 : value
  }
  const value = Number(m[2]) * (m[1] === '-' ? -1 : 1)
  const limit = type === T.SHORT ? 32767 : type === T.INT ? 2147483647 : 127
  return value > limit || value < -limit ? nullRaw(type) : value + 0
}

const FLOAT_TEXT = /^\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?)/i

function parseFloating(text: string, type: TypeId): number {
  const nothing = type === T.FLOAT ? NULL_F32 : NULL_F64
  const m = FLOAT_TEXT.exec(text)
  if (m === null) return nothing
  const body = m[0].trim()
  if (/inf/i.test(body)) return body.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const n = type === T.FLOAT ? Math.fround(Number(body)) : Number(body)
  return Number.isFinite(n) ? n : nothing
}

function parseIp(text: string): bigint {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text.trim())
  if (v4 !== null) {
    let n = 0n
    for (const part of v4.slice(1)) {
      if (Number(part) > 255) return 0n
      n = n * 256n + BigInt(part)
    }
    return n
  }
  const halves = text.trim().toLowerCase().split('::')
  if (halves.length > 2 || !/^[0-9a-f:]+$/.test(text.trim().toLowerCase())) return 0n
  const head = halves[0] === '' ? [] : halves[0].split(':')
  const tail = halves.length < 2 || halves[1] === '' ? [] : halves[1].split(':')
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return 0n
  let n = 0n
  for (const group of [...head, ...new Array<string>(missing).fill('0'), ...tail]) {
    if (group === '' || group.length > 4) return 0n
    n = (n << 16n) + BigInt(`0x${group}`)
  }
  return n
}

/** Reads digits from `at`, at most `max`; returns value * 16 + count so that no object is made. */
function digits(text: string, at: number, max: number): number {
  let value = 0
  let count = 0
  while (count < max) {
    const c = text.charCodeAt(at + count) - 48
    if (!(c >= 0 && c <= 9)) break
    value = value * 10 + c
    count++
  }
  return value * 16 + count
}

const isDateSeparator = (c: number): boolean => c === 46 || c === 45 || c === 47

/** The raw temporal of a type that a text stands for: canonical text, or the same with other date separators. Null if it does not parse. */
export function parseTemporal(source: string, type: TypeId): Raw {
  const text = source.trim()
  const nothing = nullRaw(type)
  let at = 0
  let days: number | undefined
  let isMonth = false
  const d = digits(text, 0, 8)
  const leading = d & 15
  if (leading === 8 || (leading === 6 && text.length === 6)) {
    const ymd = Math.floor(d / 16)
    const full = leading === 8 ? ymd : ymd * 100 + 1
    days = checkedDays(Math.floor(full / 10000), Math.floor(full / 100) % 100, full % 100)
    isMonth = leading === 6
    at = leading
  } else if (leading === 4 && isDateSeparator(text.charCodeAt(4))) {
    const m = digits(text, 5, 2)
    const mCount = m & 15
    if (mCount === 0) return nothing
    at = 5 + mCount
    if (isDateSeparator(text.charCodeAt(at))) {
      const dd = digits(text, at + 1, 2)
      if ((dd & 15) === 0) return nothing
      days = checkedDays(Math.floor(d / 16), m >> 4, dd >> 4)
      at += 1 + (dd & 15)
    } else {
      days = checkedDays(Math.floor(d / 16), m >> 4, 1)
      isMonth = true
      if (text.charCodeAt(at) === 77) at++
    }
  }
  if (at > 0 && days === undefined) return nothing
  if (at === text.length) {
    if (days === undefined || (isMonth && type === T.DATE && at !== text.length)) return nothing
    return temporalFromParts(type, days, undefined, 0)
  }
  if (at > 0) {
    const c = text[at]
    if (c !== 'T' && c !== ' ' && c !== 'D') return nothing
    at++
    while (text[at] === ' ') at++
  }
  return parseTime(text, at, type, days)
}

function checkedDays(year: number, month: number, day: number): number | undefined {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
    ? daysFromCivil(year, month, day)
    : undefined
}

/** `HH:mm[:ss[.fraction]]` from `at` to the end (a MINUTE may end in `m`, a DATEHOUR is the hour alone). */
function parseTime(text: string, start: number, type: TypeId, days: number | undefined): Raw {
  const nothing = nullRaw(type)
  let at = start
  const h = digits(text, at, 2)
  if ((h & 15) === 0) return nothing
  at += h & 15
  let minute = 0
  let second = 0
  let nanos = 0
  if (at < text.length) {
    if (text[at] !== ':') return nothing
    const m = digits(text, at + 1, 2)
    if ((m & 15) === 0) return nothing
    minute = m >> 4
    at += 1 + (m & 15)
    if (text[at] === ':') {
      const s = digits(text, at + 1, 2)
      if ((s & 15) === 0) return nothing
      second = s >> 4
      at += 1 + (s & 15)
      if (text[at] === '.') {
        const f = digits(text, at + 1, 9)
        const count = f & 15
        if (count === 0) return nothing
        nanos = Math.floor(f / 16) * 10 ** (9 - count)
        at += 1 + count
      }
      if (text[at] === 's') at++
    } else if (text[at] === 'm') at++
  } else if (days === undefined) return nothing
  if (at !== text.length || h >> 4 > 23 || minute > 59 || second > 59) return nothing
  return temporalFromParts(type, days, (h >> 4) * 3600 + minute * 60 + second, nanos)
}

/** Whether a text stands for a value of the type (its null stands for none). */
export function parses(text: string, type: TypeId): boolean {
  return !isNullRaw(type, parseRaw(text, type))
}
