/**
 * Values of settings as people write them, and as the store keeps them: sizes in bytes, durations in milliseconds.
 *
 *   size       67108864, 64MiB, 64MB, 64M, 1.5GiB      multiples are binary, however they are spelt
 *   duration   500ms, 30s, 1m, 12h, 7d                  a bare number is refused: nobody knows its unit
 */

/** What is kept in the catalog and sent between threads. */
export type SettingValue = number | boolean | string

/** A value as it came in: from a statement, a function, the file or the environment. */
export type SettingInput = number | bigint | boolean | string

export interface IntegerType {
  readonly type: 'integer'
  readonly min: number
  readonly max: number
}
export interface SizeType {
  readonly type: 'size'
  readonly min: number
  readonly max: number
}
export interface DurationType {
  readonly type: 'duration'
  readonly min: number
  readonly max: number
}
export interface BooleanType {
  readonly type: 'boolean'
}
export interface ChoiceType {
  readonly type: 'choice'
  readonly choices: readonly (string | number)[]
  /** Values that have a meaning, but not here: the reason. */
  readonly refused?: Readonly<Record<string, string>>
}
export type ValueType = IntegerType | SizeType | DurationType | BooleanType | ChoiceType

export type ReadValue =
  | { readonly ok: true; readonly value: SettingValue }
  /** Goes on after the name of the setting: `must be 0, 1 or 2, not 7`. */
  | { readonly ok: false; readonly reason: string }

const SIZE = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b|bytes)?$/i
const DURATION = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|H|d|w)$/
const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  H: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** The value as it is kept, or why it is none. */
export function readValue(type: ValueType, input: SettingInput): ReadValue {
  const value = converted(type, typeof input === 'bigint' ? Number(input) : input)
  if (value !== undefined) return { ok: true, value }
  const refused = type.type === 'choice' ? type.refused?.[String(input)] : undefined
  if (refused !== undefined) return { ok: false, reason: `can't be ${String(input)}: ${refused}` }
  return { ok: false, reason: `must be ${allowedValues(type)}, not ${shownInput(input)}` }
}

function converted(type: ValueType, input: number | boolean | string): SettingValue | undefined {
  const text = typeof input === 'string' ? input.trim() : input
  switch (type.type) {
    case 'boolean':
      return booleanOf(text)
    case 'choice':
      return type.choices.find((choice) => String(choice) === String(text).toLowerCase())
    case 'integer':
      return within(type, typeof text === 'string' && /^[+-]?\d+$/.test(text) ? Number(text) : text)
    case 'size':
      return within(type, typeof text === 'string' ? sizeOf(text) : text)
    case 'duration':
      return within(type, typeof text === 'string' ? durationOf(text) : undefined)
  }
}

function within(range: { readonly min: number; readonly max: number }, value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= range.min && (value as number) <= range.max
    ? (value as number)
    : undefined
}

function booleanOf(input: number | boolean | string): boolean | undefined {
  if (typeof input === 'boolean') return input
  const text = String(input).toLowerCase()
  if (text === 'true' || text === 'on' || text === '1') return true
  return text === 'false' || text === 'off' || text === '0' ? false : undefined
}

/** Bytes of `64MiB`, undefined for what is no size. */
export function sizeOf(text: string): number | undefined {
  const match = SIZE.exec(text)
  return match === null
    ? undefined
    : Math.floor(Number(match[1]) * 1024 ** ' kmgt'.indexOf((match[2] ?? ' ').toLowerCase()))
}

/** Milliseconds of `30s`, undefined for what is no duration. */
export function durationOf(text: string): number | undefined {
  const match = DURATION.exec(text)
  return match === null ? undefined : Math.round(Number(match[1]) * DURATION_MS[match[2]])
}

/** Whether the value is one that `readValue` gives. Durations are kept as milliseconds, which nobody writes. */
export function isKeptValue(type: ValueType, value: unknown): value is SettingValue {
  switch (type.type) {
    case 'boolean':
      return typeof value === 'boolean'
    case 'choice':
      return type.choices.some((choice) => choice === value)
    default:
      return within(type, value) !== undefined
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// For people

const SIZE_UNITS = ['TiB', 'GiB', 'MiB', 'KiB'] as const
const DURATION_UNITS = ['d', 'h', 'm', 's'] as const

/** The value as it would be written: `64MiB`, `1m`, `true`. Reads back as the same. */
export function formatValue(type: ValueType, value: SettingValue): string {
  if (type.type === 'size') return formatSize(value as number)
  return type.type === 'duration' ? formatDuration(value as number) : String(value)
}

export function formatSize(bytes: number): string {
  for (const [k, unit] of SIZE_UNITS.entries()) {
    const count = bytes / 1024 ** (SIZE_UNITS.length - k)
    if (count >= 1 && Number.isInteger(count)) return `${count}${unit}`
  }
  return String(bytes)
}

export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  for (const unit of DURATION_UNITS) if (ms % DURATION_MS[unit] === 0) return `${ms / DURATION_MS[unit]}${unit}`
  return `${ms}ms`
}

/** What an error message offers: `a duration from 1s to 1d, such as '30s', '1m' or '5m'`. */
export function allowedValues(type: ValueType): string {
  switch (type.type) {
    case 'boolean':
      return 'true or false'
    case 'choice':
      return `${type.choices.slice(0, -1).join(', ')} or ${type.choices.at(-1)}`
    case 'integer':
      return `a whole number from ${type.min} to ${type.max}`
    case 'size':
      return `a size from ${formatSize(type.min)} to ${formatSize(type.max)}, such as 64MiB or 1GiB`
    case 'duration':
      return `a duration from ${formatDuration(type.min)} to ${formatDuration(type.max)}, such as '30s', '1m' or '5m'`
  }
}

const shownInput = (input: SettingInput): string => (typeof input === 'string' ? `'${input}'` : String(input))
