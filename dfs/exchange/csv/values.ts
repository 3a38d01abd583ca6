/**
 * The text of a value in a file, and back. Reading is strict: what does not stand for a value of the type, and for nothing else, is undefined, and its row is rejected.
 * Digits of a second beyond those that the type keeps are cut off, digits of a decimal beyond its scale are rounded.
 */
import { decimalFromText, fitsDecimal } from '../../../runtime/ops/decimal-number.ts'
import { parseRaw } from '../../../runtime/ops/parse-text.ts'
import { rawText } from '../../../runtime/print/index.ts'
import {
  civilDay,
  civilFromDays,
  civilMonth,
  civilYear,
  daysFromCivil,
  daysInMonth,
} from '../../../runtime/temporal/calendar.ts'
import { isNullRaw, type Raw, T, type TypeId, typeInfo } from '../../../runtime/values/index.ts'

const pad = (n: number, width: number): string => String(n).padStart(width, '0')

/** `2024-01-31`; years beyond 0..9999 have a sign. */
export function isoDate(days: number): string {
  const civil = civilFromDays(days)
  return `${isoYear(civilYear(civil))}-${pad(civilMonth(civil), 2)}-${pad(civilDay(civil), 2)}`
}

const isoYear = (year: number): string =>
  year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? '-' : '+'}${pad(Math.abs(year), 4)}`

const clock = (seconds: number): string =>
  `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`

/** Shortest text that reads back as the number. */
export function doubleText(x: number): string {
  if (x === Number.POSITIVE_INFINITY) return 'inf'
  if (x === Number.NEGATIVE_INFINITY) return '-inf'
  return Object.is(x, -0) ? '-0' : String(x)
}

/** Up to here single precision holds every whole number. */
const WHOLE_MAX = 2 ** 24

/** Shortest text that reads back as the number in single precision. */
export function floatText(x: number): string {
  if (!Number.isFinite(x) || x === 0 || (Number.isInteger(x) && Math.abs(x) <= WHOLE_MAX)) return doubleText(x)
  for (let digits = 6; digits < 9; digits++) {
    const shorter = Number(x.toPrecision(digits))
    if (Math.fround(shorter) === x) return String(shorter)
  }
  return String(Number(x.toPrecision(9)))
}

/** The text of a value that is not null. */
export function valueText(type: TypeId, raw: Raw, scale: number): string {
  switch (type) {
    case T.CHAR:
    case T.COMPRESSED:
      return String(raw)
    case T.DOUBLE:
      return doubleText(raw as number)
    case T.FLOAT:
      return floatText(raw as number)
    case T.COMPLEX: {
      const [re, im] = raw as readonly [number, number]
      const text = doubleText(im)
      return `${doubleText(re)}${text.startsWith('-') ? '' : '+'}${text}i`
    }
    case T.POINT: {
      const [x, y] = raw as readonly [number, number]
      return `(${doubleText(x)}, ${doubleText(y)})`
    }
    case T.DATE:
      return isoDate(raw as number)
    case T.MONTH: {
      const year = Math.floor((raw as number) / 12)
      return `${isoYear(year)}-${pad((raw as number) - year * 12 + 1, 2)}`
    }
    case T.MINUTE:
      return clock((raw as number) * 60).slice(0, -3)
    case T.SECOND:
      return clock(raw as number)
    case T.TIME:
      return `${clock(Math.floor((raw as number) / 1000))}.${pad((raw as number) % 1000, 3)}`
    case T.NANOTIME: {
      const nanos = raw as bigint
      return `${clock(Number(nanos / 1_000_000_000n))}.${pad(Number(nanos % 1_000_000_000n), 9)}`
    }
    case T.DATEHOUR: {
      const days = Math.floor((raw as number) / 24)
      return `${isoDate(days)} ${pad((raw as number) - days * 24, 2)}`
    }
    case T.DATETIME: {
      const days = Math.floor((raw as number) / 86400)
      return `${isoDate(days)} ${clock((raw as number) - days * 86400)}`
    }
    case T.TIMESTAMP:
      return instantText(raw as bigint, 1000n, 3)
    case T.NANOTIMESTAMP:
      return instantText(raw as bigint, 1_000_000_000n, 9)
    default:
      return rawText(type, raw, scale)
  }
}

function instantText(raw: bigint, perSecond: bigint, digits: number): string {
  const [days, inDay] = dividedByDay(raw, perSecond * 86400n)
  const unit = Number(perSecond)
  return `${isoDate(days)} ${clock(Math.floor(inDay / unit))}.${pad(inDay % unit, digits)}`
}

/** Whole days, and what is left of the count: with as many units as fit into 64 bits seconds alone are no exact numbers. */
export function dividedByDay(count: bigint, perDay: bigint): [number, number] {
  let days = count / perDay
  let rest = count % perDay
  if (rest < 0n) {
    days--
    rest += perDay
  }
  return [Number(days), Number(rest)]
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

/** The value that a text stands for; undefined if it stands for none of the type. The text is not the null text. */
export function parseValue(text: string, type: TypeId, scale: number): Raw | undefined {
  const raw = parse(text, type, scale)
  return raw === undefined || isNullRaw(type, raw) ? undefined : raw
}

function parse(text: string, type: TypeId, scale: number): Raw | undefined {
  switch (typeInfo(type).category) {
    case 'literal':
      return text
    case 'logical':
      return /^(true|1)$/i.test(text) ? 1 : /^(false|0)$/i.test(text) ? 0 : undefined
    case 'integral':
      return integer(text, type)
    case 'floating':
      return floating(text, type)
    case 'decimal':
      return decimal(text, type, scale)
    case 'temporal':
      return temporal(text, type)
    default:
      return other(text, type)
  }
}

const INTEGER = /^[+-]?\d+(\.0*)?$/
const LIMITS: Readonly<Record<TypeId, bigint>> = {
  [T.CHAR]: 127n,
  [T.COMPRESSED]: 127n,
  [T.SHORT]: 32767n,
  [T.INT]: 2147483647n,
  [T.LONG]: 2n ** 63n - 1n,
}

function integer(text: string, type: TypeId): Raw | undefined {
  if (!INTEGER.test(text)) return type === T.CHAR && /^[ -~]$/.test(text) ? text.charCodeAt(0) : undefined
  const point = text.indexOf('.')
  const n = BigInt((point < 0 ? text : text.slice(0, point)).replace('+', ''))
  const limit = LIMITS[type]
  if (n > limit || n < -limit) return undefined
  return type === T.LONG ? n : Number(n)
}

const FLOATING = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** NaN is null in this language, so it is no value. */
export function floating(text: string, type: TypeId): number | undefined {
  if (FLOATING.test(text)) {
    const x = Number(text)
    return type === T.FLOAT ? Math.fround(x) : x
  }
  if (/^\+?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY
  return /^-inf(inity)?$/i.test(text) ? Number.NEGATIVE_INFINITY : undefined
}

function decimal(text: string, type: TypeId, scale: number): Raw | undefined {
  if (!FLOATING.test(text)) return undefined
  const plain = /^([+-]?)(\d*)\.?(\d*)$/.exec(text)
  if (plain !== null && plain[3].length <= scale) {
    const unscaled = BigInt(`${plain[2]}${plain[3]}${'0'.repeat(scale - plain[3].length)}`)
    const value = plain[1] === '-' ? -unscaled : unscaled
    if (!fitsDecimal(value, type)) return undefined
    return type === T.DECIMAL32 ? Number(value) : value
  }
  try {
    return decimalFromText(text, type, scale)
  } catch {
    // Too large for the type: no value of it.
    return undefined
  }
}

const COMPLEX = /^([+-]?[\d.]+(?:e[+-]?\d+)?|[+-]?inf)([+-](?:[\d.]+(?:e[+-]?\d+)?|inf))i$/i
const POINT = /^\(([^,]*), *([^,]*)\)$/

function other(text: string, type: TypeId): Raw | undefined {
  switch (type) {
    case T.COMPLEX:
    case T.POINT: {
      const m = (type === T.COMPLEX ? COMPLEX : POINT).exec(text)
      const first = m === null ? undefined : floating(m[1], T.DOUBLE)
      const second = m === null ? undefined : floating(m[2], T.DOUBLE)
      return first === undefined || second === undefined ? undefined : [first, second]
    }
    case T.DURATION:
      return /^-?\d+(ns|us|ms|[smHdBwMy]|[A-Z]{4})$/.test(text) ? parseRaw(text, type) : undefined
    default:
      return parseRaw(text, type)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Dates and times

const DATE = /^([+-]?\d{4,9})[-./](\d{1,2})(?:[-./](\d{1,2}))?M?$/
const TIME = /^(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?)?[ms]?$/

interface Instant {
  readonly days: number | undefined
  readonly isMonth: boolean
  readonly seconds: number | undefined
  readonly nanos: number
}

function instant(text: string): Instant | undefined {
  let days: number | undefined
  let isMonth = false
  let rest = text
  const compact = /^(\d{4})(\d{2})(\d{2})(?:[T ]|$)/.exec(text)
  const separator = text.search(/[T ]/)
  const head = separator < 0 ? text : text.slice(0, separator)
  const m = compact ?? DATE.exec(head)
  if (m !== null) {
    const [year, month] = [Number(m[1]), Number(m[2])]
    isMonth = m[3] === undefined
    const day = isMonth ? 1 : Number(m[3])
    if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
    days = daysFromCivil(year, month, day)
    if (separator < 0) return { days, isMonth, seconds: undefined, nanos: 0 }
    if (isMonth) return undefined
    rest = text.slice(separator + 1).trimStart()
  }
  const t = TIME.exec(rest)
  if (t === null) return undefined
  const [hour, minute, second] = [Number(t[1]), Number(t[2] ?? 0), Number(t[3] ?? 0)]
  // An hour alone is a time only behind a date.
  if (hour > 23 || minute > 59 || second > 59 || (days === undefined && t[2] === undefined)) return undefined
  const nanos = t[4] === undefined ? 0 : Number(t[4].padEnd(9, '0'))
  return { days, isMonth, seconds: hour * 3600 + minute * 60 + second, nanos }
}

function temporal(text: string, type: TypeId): Raw | undefined {
  const at = instant(text)
  if (at === undefined) return undefined
  const { days, seconds = 0, nanos, isMonth } = at
  const fits = (n: number): number | undefined => (Math.abs(n) <= 2147483647 ? n : undefined)
  switch (type) {
    case T.TIME:
    case T.MINUTE:
    case T.SECOND:
    case T.NANOTIME:
      if (days !== undefined) return undefined
      if (type === T.NANOTIME) return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
      if (type === T.TIME) return seconds * 1000 + Math.floor(nanos / 1e6)
      return type === T.SECOND ? seconds : seconds % 60 === 0 ? seconds / 60 : undefined
  }
  if (days === undefined || (isMonth && type !== T.MONTH)) return undefined
  switch (type) {
    case T.MONTH: {
      const civil = civilFromDays(days)
      const isFirst = civilDay(civil) === 1 && seconds === 0 && nanos === 0
      return isFirst ? fits(civilYear(civil) * 12 + civilMonth(civil) - 1) : undefined
    }
    case T.DATE:
      return seconds === 0 && nanos === 0 ? fits(days) : undefined
    case T.DATEHOUR:
      return seconds % 3600 === 0 && nanos === 0 ? fits(days * 24 + seconds / 3600) : undefined
    case T.DATETIME:
      return fits(days * 86400 + seconds)
    case T.TIMESTAMP:
      return within64((BigInt(days) * 86400n + BigInt(seconds)) * 1000n + BigInt(Math.floor(nanos / 1e6)))
    default:
      return within64((BigInt(days) * 86400n + BigInt(seconds)) * 1_000_000_000n + BigInt(nanos))
  }
}

const within64 = (n: bigint): bigint | undefined => (BigInt.asIntN(64, n) === n ? n : undefined)
