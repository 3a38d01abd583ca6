/**
 * Where a recovery ends: a time with its zone, `latest`, or `lsn:H/L`. The last transaction that committed at or before it is included. Times are those of the clock
 * of the machine that wrote the log; if that clock was set back, the first transaction after the target ends the recovery, whatever time later ones have.
 */
import { inputError } from '../../runtime/errors.ts'
import { formatLsn, parseLsn } from '../wal/lsn.ts'

export type RecoveryTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'lsn'; readonly lsn: number }

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?$/i
export const TARGET_FORMS = `a time with its zone such as 2026-01-15T14:30:00Z, latest, or lsn:0/1A3B4C5D`

/** Throws an input error (code `recoveryTarget`) that shows the right form. */
export function parseTarget(text: string): RecoveryTarget {
  const trimmed = text.trim()
  if (trimmed.toLowerCase() === 'latest') return { kind: 'latest' }
  if (trimmed.toLowerCase().startsWith('lsn:')) return { kind: 'lsn', lsn: lsnOf(trimmed.slice('lsn:'.length)) }
  return { kind: 'time', ms: timeOf(trimmed) }
}

export function formatTarget(target: RecoveryTarget): string {
  switch (target.kind) {
    case 'latest':
      return 'latest'
    case 'lsn':
      return `LSN ${formatLsn(target.lsn)}`
    case 'time':
      return formatTime(target.ms)
  }
}

/** `2026-01-15T14:30:00.000Z`. */
export const formatTime = (ms: number): string => new Date(Math.floor(ms)).toISOString()

/** Whether something that happened at a place in the log is after the target. */
export function isAfter(
  target: RecoveryTarget,
  { timeMs, lsn }: { readonly timeMs: number; readonly lsn: number },
): boolean {
  if (target.kind === 'latest') return false
  return target.kind === 'time' ? Math.floor(timeMs) > target.ms : lsn > target.lsn
}

function lsnOf(text: string): number {
  const lsn = parseLsn(text)
  if (lsn > 0) return lsn
  throw refused(`The recovery target lsn:${text} is no place in a log.`, TARGET_FORMS)
}

function timeOf(text: string): number {
  const match = SHAPE.exec(text)
  if (match === null) throw refused(`"${text}" is not a recovery target.`, `give ${TARGET_FORMS}`)
  const [, year, month, day, hour, minute, second = '00', fraction = '', zone] = match
  const fields = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const utc = Date.parse(`${fields}Z`)
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(utc) || !new Date(utc).toISOString().startsWith(fields))
    throw refused(`"${text}" is not a recovery target: there is no such time.`, `give ${TARGET_FORMS}`)
  if (zone === undefined) throw withoutZone(text, fields, utc)
  return utc + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetOf(zone, text)
}

function offsetOf(zone: string, text: string): number {
  if (/^z$/i.test(zone)) return 0
  const [, sign, hours, minutes = '00'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone)!
  if (Number(hours) > 18 || Number(minutes) > 59)
    throw refused(`"${text}" is not a recovery target: there is no time zone ${zone}.`, `give ${TARGET_FORMS}`)
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** Shows both things that may have been meant: UTC, and the clock of this machine. */
function withoutZone(text: string, fields: string, utc: number): Error {
  const minutes = -new Date(utc + new Date(utc).getTimezoneOffset() * 60_000).getTimezoneOffset()
  const two = (n: number): string => String(n).padStart(2, '0')
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  return refused(
    `The recovery target "${text}" has no time zone.`,
    minutes === 0
      ? `write ${fields}Z for UTC, or the offset of the zone that is meant, such as ${fields}+01:00`
      : `write ${fields}Z for UTC, or ${fields}${offset} for the time of this machine`,
  )
}

const refused = (message: string, hint: string): Error => inputError(message, { code: 'recoveryTarget', hint })
