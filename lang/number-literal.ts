// Numbers, temporals, durations and typed nulls: from text to a decoded value (language specification, section 1.3).

import type { LiteralType, LiteralValue } from './ast.ts'

export interface NumberToken {
  readonly type: LiteralType
  readonly value: LiteralValue
  /** Offset after the literal. */
  readonly end: number
}

const NULL_TYPES: Readonly<Record<string, LiteralType>> = {
  b: 'BOOL',
  c: 'CHAR',
  h: 'SHORT',
  i: 'INT',
  l: 'LONG',
  f: 'FLOAT',
  F: 'DOUBLE',
  d: 'DATE',
  M: 'MONTH',
  t: 'TIME',
  m: 'MINUTE',
  s: 'SECOND',
  D: 'DATETIME',
  T: 'TIMESTAMP',
  n: 'NANOTIME',
  N: 'NANOTIMESTAMP',
  P: 'DECIMAL64',
}
const typedNull = /00([bchilfFdMtmsDTnNP])(?![A-Za-z0-9_])/y
const dateTime =
  /(\d{4})\.(\d{1,2})\.(\d{1,2})(?:[T ](\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{9}|\d{6}|\d{3}))?)?(?![A-Za-z0-9_])/y
const month = /(\d{4})\.(\d{1,2})M(?![A-Za-z0-9_])/y
// A colon after it belongs to a pair of times only: `09:30:00:11:30:00`.
const time =
  /(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{9}|\d{6}|\d{3})|s)?(?![A-Za-z0-9_]|:(?!\d{1,2}:\d{2}:\d{2}(?![A-Za-z0-9_:])))/y
const minute = /(\d{1,2}):(\d{2})m(?![A-Za-z0-9_])/y
const duration = /(\d+)(ns|us|ms|[smHdBwMy]|[A-Z]{4})(?![A-Za-z0-9_])/y
const number = /(\d*)(\.\d+|\.(?![.A-Za-z(_{]))?(?:[eE]([+-]?\d+))?/y
const LONG_MAX = 9223372036854775807n

/** Days from 1970.01.01 to a date of the proleptic Gregorian calendar. */
export function daysOf(year: number, monthOfYear: number, day: number): number {
  const y = monthOfYear <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (monthOfYear + (monthOfYear > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
}

function match(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset
  return pattern.exec(text)
}

/** Has the form of a temporal literal but names no date or time: `2020.13.01`, `25:00:00`. */
const OUT_OF_RANGE = 'out of range'

/** The literal that starts at the offset (a digit, or a point before a digit); null if a date or time is out of its range. */
export function decodeNumber(text: string, offset: number): NumberToken | null {
  let end = offset
  while (isDigit(text.charCodeAt(end))) end++
  // What can follow the first digits decides which forms are possible: most numbers are whole, and nothing follows.
  const next = text.charCodeAt(end)
  if (isLetter(next)) {
    const m = match(typedNull, text, offset)
    if (m !== null) return { type: NULL_TYPES[m[1]], value: null, end: offset + m[0].length }
  } else if (next !== POINT && next !== COLON) {
    if (next !== UNDERSCORE) return whole(text, offset, end)
    return plain(text, offset)
  }
  if (next === POINT && end - offset !== 4) {
    const literal = decimal(text, offset, end)
    if (literal !== undefined) return literal
  }
  const literal = temporal(text, offset, end)
  return literal === OUT_OF_RANGE ? null : (literal ?? plain(text, offset))
}

const POINT = 46
const COLON = 58
const UNDERSCORE = 95
const isDigit = (c: number): boolean => c >= 48 && c <= 57
const isLetter = (c: number): boolean => (c >= 65 && c <= 90) || (c >= 97 && c <= 122)

/** Digits alone. */
function whole(text: string, offset: number, end: number): NumberToken {
  if (end - offset < 10) return { type: 'INT', value: Number(text.slice(offset, end)), end }
  const n = BigInt(text.slice(offset, end))
  if (n <= 2147483647n) return { type: 'INT', value: Number(n), end }
  return { type: 'LONG', value: n > LONG_MAX ? LONG_MAX : n, end }
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isDate(year: number, monthOfYear: number, day: number): boolean {
  if (!(monthOfYear >= 1 && monthOfYear <= 12 && day >= 1 && day <= DAYS_IN_MONTH[monthOfYear - 1])) return false
  return monthOfYear !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0))
}

/** Seconds of the day, or -1. */
function secondsOf(hour: string, minuteOfHour: string, second: string): number {
  const [h, m, s] = [Number(hour), Number(minuteOfHour), Number(second)]
  return h < 24 && m < 60 && s < 60 ? h * 3600 + m * 60 + s : -1
}

/** A temporal or a duration whose first digits end there. */
function temporal(text: string, offset: number, end: number): NumberToken | null | typeof OUT_OF_RANGE {
  const next = text.charCodeAt(end)
  if (next === POINT) return end - offset === 4 ? dateOf(text, offset) : null
  if (next === COLON) return isDigit(text.charCodeAt(end + 1)) ? timeOf(text, offset) : null
  const m = match(duration, text, offset)
  if (m === null) return null
  return { type: 'DURATION', value: { count: Number(m[1]), unit: m[2] }, end: offset + m[0].length }
}

function dateOf(text: string, offset: number): NumberToken | null | typeof OUT_OF_RANGE {
  let m = match(dateTime, text, offset)
  if (m !== null) {
    const end = offset + m[0].length
    if (!isDate(Number(m[1]), Number(m[2]), Number(m[3]))) return OUT_OF_RANGE
    const days = daysOf(Number(m[1]), Number(m[2]), Number(m[3]))
    if (m[4] === undefined) return { type: 'DATE', value: days, end }
    const ofDay = secondsOf(m[4], m[5], m[6])
    if (ofDay < 0) return OUT_OF_RANGE
    const seconds = days * 86400 + ofDay
    if (m[7] === undefined) return { type: 'DATETIME', value: seconds, end }
    if (m[7].length === 3) return { type: 'TIMESTAMP', value: BigInt(seconds) * 1000n + BigInt(m[7]), end }
    return { type: 'NANOTIMESTAMP', value: BigInt(seconds) * 1_000_000_000n + BigInt(m[7].padEnd(9, '0')), end }
  }
  m = match(month, text, offset)
  if (m === null) return null
  if (!isDate(Number(m[1]), Number(m[2]), 1)) return OUT_OF_RANGE
  return { type: 'MONTH', value: Number(m[1]) * 12 + Number(m[2]) - 1, end: offset + m[0].length }
}

function timeOf(text: string, offset: number): NumberToken | null | typeof OUT_OF_RANGE {
  let m = match(time, text, offset)
  if (m !== null) {
    const end = offset + m[0].length
    const seconds = secondsOf(m[1], m[2], m[3])
    if (seconds < 0) return OUT_OF_RANGE
    if (m[4] === undefined) return { type: 'SECOND', value: seconds, end }
    if (m[4].length === 3) return { type: 'TIME', value: seconds * 1000 + Number(m[4]), end }
    return { type: 'NANOTIME', value: BigInt(seconds) * 1_000_000_000n + BigInt(m[4].padEnd(9, '0')), end }
  }
  m = match(minute, text, offset)
  if (m === null) return null
  const seconds = secondsOf(m[1], m[2], '0')
  return seconds < 0 ? OUT_OF_RANGE : { type: 'MINUTE', value: seconds / 60, end: offset + m[0].length }
}

/** What is too large for its type is null, as the result of an operation is. */
const finite = (x: number): number | null => (Number.isFinite(x) ? x : null)

/** Digits on both sides of a point, and no letter behind them. */
function decimal(text: string, offset: number, point: number): NumberToken | undefined {
  let end = point + 1
  while (isDigit(text.charCodeAt(end))) end++
  if (end === point + 1 || goesOn(text.charCodeAt(end))) return undefined
  return { type: 'DOUBLE', value: finite(Number(text.slice(offset, end))), end }
}

/** A number with a fraction, an exponent or the letter of its type. */
function plain(text: string, offset: number): NumberToken {
  const m = match(number, text, offset)!
  const end = offset + m[0].length
  const suffix = goesOn(text.charCodeAt(end + 1)) ? '' : (text[end] ?? '')
  const isReal = m[2] !== undefined || m[3] !== undefined
  const take = (type: LiteralType, value: LiteralValue): NumberToken => ({ type, value, end: end + 1 })
  if (suffix === 'f') return take('FLOAT', finite(Math.fround(Number(m[0]))))
  if (suffix === 'F') return take('DOUBLE', finite(Number(m[0])))
  if (suffix === 'P') {
    const fraction = (m[2] ?? '.').slice(1)
    return take('DECIMAL64', { unscaled: BigInt(m[1] + fraction), scale: fraction.length })
  }
  if (isReal) return { type: 'DOUBLE', value: finite(Number(m[0])), end }
  switch (suffix) {
    case 'b':
      return take('BOOL', Number(m[1]) !== 0)
    case 'c':
      return take('CHAR', Number(m[1]))
    case 'h':
      return take('SHORT', Number(m[1]))
    case 'i':
      return take('INT', Number(m[1]))
    case 'l': {
      const n = BigInt(m[1])
      return take('LONG', n > LONG_MAX ? LONG_MAX : n)
    }
  }
  return whole(text, offset, end)
}

/** A letter, a digit or an underscore. */
const goesOn = (c: number): boolean => isDigit(c) || isLetter(c) || c === UNDERSCORE
