/**
 * Reading what somebody else may have written. Every field of a backup set's metadata passes through here before it is used: a digest finds damage, but only a
 * check of kind and range keeps a crafted set from doing harm.
 */
import { HoldfastError } from '../../runtime/errors.ts'

/** Where a value was found, for messages: the file, then the way to the field. */
export interface Place {
  readonly file: string
  readonly field: string
}

/** The error for metadata that is damaged or was never right. Names the file. */
export function damagedMetadata(file: string, why: string, hint?: string): HoldfastError {
  return new HoldfastError('data', `The backup's metadata file ${file} is damaged: ${why}.`, {
    code: 'backupMetadata',
    where: { file },
    hint: hint ?? 'use another backup set, or back up again with force=true',
  })
}

const wrong = (place: Place, expected: string): HoldfastError =>
  damagedMetadata(place.file, `${place.field} is not ${expected}`)

export const inside = (place: Place, field: string | number): Place => ({
  file: place.file,
  field: place.field === '' ? String(field) : `${place.field}.${field}`,
})

export function asObject(value: unknown, place: Place): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(place, 'an object')
  return value as Record<string, unknown>
}

export function asArray(value: unknown, place: Place, lengthMax = 100_000_000): readonly unknown[] {
  if (!Array.isArray(value) || value.length > lengthMax) throw wrong(place, 'a list')
  return value
}

export function asText(value: unknown, place: Place, lengthMax = 65_536): string {
  if (typeof value !== 'string' || value.length > lengthMax) throw wrong(place, 'a text')
  return value
}

/** A whole number from 0 to 2^53 - 1. */
export function asCount(value: unknown, place: Place): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(place, 'a count')
  return value
}

/** A commit id or an LSN: one that leaves room for those that come after it. A larger one cannot be true, and would be the last of the store that took it. */
export function asCounter(value: unknown, place: Place): number {
  const counter = asCount(value, place)
  if (counter > COUNTER_MAX) throw wrong(place, 'a number that a store can have counted to')
  return counter
}

/** A time in milliseconds since 1970 that a calendar has. */
export function asTimeMs(value: unknown, place: Place): number {
  const ms = asCount(value, place)
  if (ms > TIME_MS_MAX) throw wrong(place, 'a time')
  return ms
}

/** The number of a timeline, with room for the next. */
export function asTimeline(value: unknown, place: Place): number {
  const timeline = asCount(value, place)
  if (timeline >= 0xffff_ffff) throw wrong(place, 'a timeline')
  return timeline
}

const COUNTER_MAX = 2 ** 50
const TIME_MS_MAX = 8.64e15

export function asBoolean(value: unknown, place: Place): boolean {
  if (typeof value !== 'boolean') throw wrong(place, 'true or false')
  return value
}

export function asOneOf<W extends string>(value: unknown, words: readonly W[], place: Place): W {
  if (!words.includes(value as W)) throw wrong(place, `one of ${words.join(', ')}`)
  return value as W
}

/** XXH64 in print: 16 hex digits. */
export function asChecksum(value: unknown, place: Place): string {
  if (typeof value !== 'string' || !/^[0-9a-f]{16}$/.test(value)) throw wrong(place, 'a checksum of 16 hex digits')
  return value
}
