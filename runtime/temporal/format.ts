/**
 * Patterns of `temporalFormat` and `temporalParse`: yyyy yy MM MMM dd HH hh aa mm ss SSS nnnnnn nnnnnnnnn. A single letter writes no
 * padding. Anything that is not one of these letters stands for itself.
 */
import { inputError } from '../errors.ts'
import { type Raw, T, type TypeId, typeName } from '../values/types.ts'
import { civilDay, civilFromDays, civilMonth, civilYear, daysFromCivil, daysInMonth } from './calendar.ts'
import { temporalUnit } from './units.ts'

type Field = 'y' | 'M' | 'd' | 'H' | 'h' | 'a' | 'm' | 's' | 'S' | 'n'
type Token = { readonly field: Field; readonly count: number } | { readonly field: 'text'; readonly text: string }

const MONTH_NAMES = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const DATE_FIELDS = 'yMd'
const pad = (n: number, width: number): string => String(n).padStart(width, '0')

function tokens(format: string): Token[] {
  const out: Token[] = []
  for (const [run] of format.matchAll(/y+|M+|d+|H+|h+|a+|m+|s+|S+|n+|[^yMdHhamsSn]+/g)) {
    const field = run[0] as Field
    if (!/^[yMdHhamsSn]/.test(run)) {
      out.push({ field: 'text', text: run })
      continue
    }
    const count = run.length
    const ok =
      field === 'S'
        ? count === 3
        : field === 'n'
          ? count === 6 || count === 9
          : count <= (field === 'y' ? 4 : field === 'M' ? 3 : 2)
    if (!ok && field === 'S')
      throw inputError(`Invalid temporal format: '${format}'. Millisecond (S) must have three digits.`, {
        code: 'temporalFormat',
      })
    if (!ok && field === 'n')
      throw inputError(`Invalid temporal format: '${format}'. Nanosecond (n) must have six or nine digits.`, {
        code: 'temporalFormat',
      })
    if (!ok || (field === 'y' && count === 3))
      throw inputError(`Invalid temporal format [${format}]: ${run} is not a field.`, { code: 'temporalFormat' })
    out.push({ field, count })
  }
  return out
}

/** Parts of one instant: day number (if the type has a date), second of the day, nanosecond of the second. */
interface Parts {
  readonly days: number
  readonly seconds: number
  readonly nanos: number
}

function partsOf(type: TypeId, raw: number | bigint): Parts {
  if (type === T.MONTH) {
    const year = Math.floor((raw as number) / 12)
    return { days: daysFromCivil(year, (raw as number) - year * 12 + 1, 1), seconds: 0, nanos: 0 }
  }
  const { perDay, hasDate } = temporalUnit(type)!
  if (typeof raw === 'number') {
    const days = hasDate ? Math.floor(raw / perDay) : 0
    const rest = raw - days * perDay
    const perSecond = perDay / 86400
    if (perSecond <= 1) return { days, seconds: Math.round(rest / perSecond), nanos: 0 }
    const seconds = Math.floor(rest / perSecond)
    return { days, seconds, nanos: (rest - seconds * perSecond) * (1e9 / perSecond) }
  }
  const perSecond = BigInt(perDay / 86400)
  let whole = raw / perSecond
  let rest = raw % perSecond
  if (rest < 0n) {
    whole--
    rest += perSecond
  }
  const days = hasDate ? Math.floor(Number(whole) / 86400) : 0
  return { days, seconds: Number(whole) - days * 86400, nanos: Number(rest) * (1e9 / Number(perSecond)) }
}

/** A function that writes raw values of the type (not null) in the format. */
export function temporalFormatter(type: TypeId, format: string): (raw: Raw) => string {
  const list = tokens(format)
  if (!temporalUnit(type)!.hasDate && list.some((t) => DATE_FIELDS.includes(t.field)))
    throw inputError(`The format [${format}] has date parts, but ${typeName(type)} data has none.`, {
      code: 'temporalFormat',
    })
  return (raw) => {
    const parts = partsOf(type, raw as number | bigint)
    const civil = civilFromDays(parts.days)
    let text = ''
    for (const t of list) text += t.field === 'text' ? t.text : fieldText(t.field, t.count, parts, civil)
    return text
  }
}

function fieldText(field: Field, count: number, p: Parts, civil: number): string {
  const hour = Math.floor(p.seconds / 3600)
  switch (field) {
    case 'y':
      return count === 2 ? pad(civilYear(civil) % 100, 2) : pad(civilYear(civil), count)
    case 'M':
      return count === 3 ? MONTH_NAMES[civilMonth(civil) - 1] : pad(civilMonth(civil), count)
    case 'd':
      return pad(civilDay(civil), count)
    case 'H':
      return pad(hour, count)
    case 'h':
      return pad(hour % 12 === 0 ? 12 : hour % 12, count)
    case 'a':
      return hour < 12 ? 'AM' : 'PM'
    case 'm':
      return pad(Math.floor(p.seconds / 60) % 60, count)
    case 's':
      return pad(p.seconds % 60, count)
    case 'S':
      return pad(Math.floor(p.nanos / 1e6), 3)
    case 'n':
      return count === 6 ? pad(Math.floor(p.nanos / 1e3), 6) : pad(p.nanos, 9)
  }
}

export interface TemporalParser {
  /** The type that the parts of the format make. */
  readonly type: TypeId
  /** The raw value, undefined if the text does not match. */
  readonly parse: (text: string) => number | bigint | undefined
}

/** A parser for a format. Digit counts are flexible except where fields touch each other. */
export function temporalParser(format: string): TemporalParser {
  const list = tokens(format)
  const fields = list.filter((t) => t.field !== 'text').map((t) => t.field as Field)
  if (fields.length === 0) throw inputError(`Invalid temporal format [${format}].`, { code: 'temporalFormat' })
  const pattern = list.map((t, k) => {
    if (t.field === 'text') return t.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const touches = isNumberField(list[k + 1]) || isNumberField(list[k - 1])
    return fieldPattern(t.field, t.count, touches)
  })
  const regex = new RegExp(`^${pattern.join('')}$`, 'i')
  const type = typeOfFields(new Set(fields), format)
  return {
    type,
    parse: (text) => {
      const match = regex.exec(text)
      return match === null ? undefined : assemble(type, fields, match)
    },
  }
}

const isNumberField = (t: Token | undefined): boolean =>
  t !== undefined && t.field !== 'text' && t.field !== 'a' && !(t.field === 'M' && t.count === 3)

function fieldPattern(field: Field, count: number, touches: boolean): string {
  switch (field) {
    case 'y':
      return touches ? (count === 2 ? '(\\d{2})' : '(\\d{4})') : '(\\d{4}|\\d{2})'
    case 'M':
      return count === 3 ? '([A-Z]{3})' : touches ? '(\\d{2})' : '0*(\\d{1,2})'
    case 'a':
      return '(AM|PM)'
    case 'S':
      return '(\\d{3})'
    case 'n':
      return count === 6 ? '(\\d{6})' : '(\\d{9})'
    default:
      return touches ? '(\\d{2})' : '0*(\\d{1,2})'
  }
}

function typeOfFields(fields: ReadonlySet<Field>, format: string): TypeId {
  const date = fields.has('d')
  const hour = fields.has('H') || fields.has('h')
  const anyTime = hour || fields.has('m') || fields.has('s') || fields.has('S') || fields.has('n')
  if (date && fields.has('y') && fields.has('M')) {
    if (fields.has('n')) return T.NANOTIMESTAMP
    if (fields.has('S')) return T.TIMESTAMP
    if (fields.has('m') || fields.has('s')) return T.DATETIME
    return anyTime ? T.DATEHOUR : T.DATE
  }
  if (fields.has('y') && fields.has('M') && !anyTime) return T.MONTH
  if (!fields.has('y') && !fields.has('M') && !date) {
    if (fields.has('n')) return T.NANOTIME
    if (fields.has('S')) return T.TIME
    if (fields.has('s')) return T.SECOND
    if (hour && fields.has('m')) return T.MINUTE
  }
  throw inputError(`The format [${format}] makes no temporal type.`, { code: 'temporalFormat' })
}

function assemble(type: TypeId, fields: readonly Field[], match: RegExpExecArray): number | bigint | undefined {
  let year = 1970
  let month = 1
  let day = 1
  let hour = 0
  let minute = 0
  let second = 0
  let nanos = 0
  let half = ''
  for (let k = 0; k < fields.length; k++) {
    const text = match[k + 1]
    const n = Number(text)
    switch (fields[k]) {
      case 'y':
        year = text.length === 2 ? (n < 40 ? 2000 + n : 1900 + n) : n
        break
      case 'M':
        month = Number.isNaN(n) ? MONTH_NAMES.indexOf(text.toUpperCase()) + 1 : n
        break
      case 'd':
        day = n
        break
      case 'H':
        hour = n
        break
      case 'h':
        if (n < 1 || n > 12) return undefined
        hour = n % 12
        break
      case 'a':
        half = text.toUpperCase()
        break
      case 'm':
        minute = n
        break
      case 's':
        second = n
        break
      case 'S':
        nanos = n * 1e6
        break
      case 'n':
        nanos = text.length === 6 ? n * 1e3 : n
        break
    }
  }
  if (half === 'PM' && hour < 12) hour += 12
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
    return undefined
  if (type === T.MONTH) return year * 12 + month - 1
  const days = temporalUnit(type)!.hasDate ? daysFromCivil(year, month, day) : 0
  const seconds = days * 86400 + hour * 3600 + minute * 60 + second
  switch (type) {
    case T.DATE:
      return days
    case T.DATEHOUR:
      return days * 24 + hour
    case T.MINUTE:
      return hour * 60 + minute
    case T.SECOND:
    case T.DATETIME:
      return seconds
    case T.TIME:
      return seconds * 1000 + nanos / 1e6
    case T.TIMESTAMP:
      return BigInt(seconds) * 1000n + BigInt(nanos / 1e6)
    default:
      return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
  }
}
