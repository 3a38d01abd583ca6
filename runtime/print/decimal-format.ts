/**
 * Number patterns of `decimalFormat`: `0` forced digit, `#` optional digit, `.` point, one `,` whose distance to the point is the group
 * size, `%` at the end, `E00` exponent, `positive;negative`. Rounding is half up on the shortest decimal text of the number, so that 0.125
 * and 1.005 round as they read.
 */
import { inputError } from '../errors.ts'

interface Pattern {
  readonly prefix: string
  readonly suffix: string
  readonly minWhole: number
  readonly minFraction: number
  readonly maxFraction: number
  /** Digits of a group; 0 for none. */
  readonly group: number
  readonly percent: boolean
  /** Minimum digits of the exponent; 0 for fixed notation. */
  readonly exponent: number
}

/** Formats the decimal text of a number (`-12.5`, `1e21`). */
export type NumberFormatter = (text: string) => string

export function numberFormatter(format: string): NumberFormatter {
  const [positive, negative] = format.split(';').map(parsePattern)
  return (text) => {
    const below = text.startsWith('-')
    const { digits, point } = digitsOf(below ? text.slice(1) : text)
    if (below && negative !== undefined) return apply(negative, digits, point)
    const body = apply(positive, digits, point)
    return below && /[1-9]/.test(body) ? `-${body}` : body
  }
}

function parsePattern(text: string): Pattern {
  const match = /^([^#0,.]*)([#0,]*)(?:\.([#0]*))?(?:E(0+))?(%?)(.*)$/s.exec(text)
  if (match === null || (match[2] === '' && match[3] === undefined))
    throw inputError(`Invalid number format [${text}].`, { code: 'numberFormat' })
  const [, prefix, whole, fraction = '', exponent = '', percent, suffix] = match
  const comma = whole.lastIndexOf(',')
  if (whole.indexOf(',') !== comma)
    throw inputError(`Invalid number format [${text}]: only one comma is allowed.`, { code: 'numberFormat' })
  return {
    prefix,
    suffix,
    minWhole: whole.replace(/[#,]/g, '').length,
    minFraction: fraction.replaceAll('#', '').length,
    maxFraction: fraction.length,
    group: comma < 0 ? 0 : whole.length - comma - 1,
    percent: percent === '%',
    exponent: exponent.length,
  }
}

/** Significant digits without leading zeros, and the position of the decimal point among them. */
function digitsOf(text: string): { digits: string; point: number } {
  const [mantissa, exponent = '0'] = text.toLowerCase().split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  return { digits, point: whole.length - (all.length - digits.length) + Number(exponent) }
}

function apply(p: Pattern, digits: string, point: number): string {
  if (p.exponent > 0) return p.prefix + exponentBody(p, digits, point) + p.suffix
  return p.prefix + fixedBody(p, digits, p.percent ? point + 2 : point) + (p.percent ? '%' : '') + p.suffix
}

/** Rounds to `fraction` digits after the point, half up. */
function round(digits: string, point: number, fraction: number): { digits: string; point: number } {
  const keep = point + fraction
  if (keep >= digits.length) return { digits, point }
  if (keep < 0) return { digits: '', point: 0 }
  const kept = digits.slice(0, keep)
  if (digits.charCodeAt(keep) < 53) return { digits: kept, point }
  const raised = String(BigInt(kept === '' ? '0' : kept) + 1n).padStart(kept.length, '0')
  return { digits: raised, point: point + raised.length - kept.length }
}

function fixedBody(p: Pattern, digits: string, point: number): string {
  const r = round(digits, point, p.maxFraction)
  const padded = r.point < 0 ? '0'.repeat(-r.point) + r.digits : r.digits
  const at = Math.max(r.point, 0)
  const whole = padded.slice(0, at).padEnd(at, '0').padStart(p.minWhole, '0')
  const fraction = padded.slice(at).replace(/0+$/, '').padEnd(p.minFraction, '0')
  const text = p.group > 0 ? grouped(whole, p.group) : whole
  return fraction === '' ? text || '0' : `${text}.${fraction}`
}

function grouped(whole: string, size: number): string {
  const head = whole.length % size
  const groups = whole.slice(head).match(new RegExp(`.{${size}}`, 'g')) ?? []
  return (head > 0 ? [whole.slice(0, head), ...groups] : groups).join(',')
}

function exponentBody(p: Pattern, digits: string, point: number): string {
  const whole = Math.max(p.minWhole, 1)
  const r = digits === '' ? { digits: '', point: whole } : round(digits, whole, p.maxFraction)
  // Rounding 9.99 up to 10.0 moves the point by one.
  const exponent = digits === '' ? 0 : point - whole + (r.point - whole)
  const mantissa = fixedBody(p, r.digits, whole)
  const exponentText = String(Math.abs(exponent)).padStart(p.exponent, '0')
  return `${mantissa}E${exponent < 0 ? '-' : ''}${exponentText}`
}
