/** Decimals as integers times a power of ten: building, rescaling, range checks. All arithmetic is exact, on bigint. */
import { inputError } from '../errors.ts'
import { NULL_I32, NULL_I64, NULL_I128, type Raw, T, type TypeId } from '../values/types.ts'

const MAX_SCALE: Readonly<Record<number, number>> = { [T.DECIMAL32]: 9, [T.DECIMAL64]: 18, [T.DECIMAL128]: 38 }
const BITS: Readonly<Record<number, number>> = { [T.DECIMAL32]: 32, [T.DECIMAL64]: 64, [T.DECIMAL128]: 128 }

const powers: bigint[] = Array.from({ length: 78 }, (_, k) => 10n ** BigInt(k))
export const pow10 = (k: number): bigint => powers[k] ?? 10n ** BigInt(k)

export function checkScale(type: TypeId, scale: number | undefined): number {
  if (scale === undefined)
    throw inputError('Must specify scale for Decimal data type, e.g., DECIMAL32(2).', { refId: 'S05008' })
  const max = MAX_SCALE[type]
  if (!Number.isInteger(scale) || scale < 0 || scale > max)
    throw inputError(`Scale out of bounds (valid range: [0, ${max}], but get: ${scale}).`, { refId: 'S05010' })
  return scale
}

export const decimalOverflow = (): Error => inputError('Decimal math overflow', { refId: 'S05003' })

/** Whether an unscaled value fits the storage of a decimal type (its minimum is the null). */
export function fitsDecimal(value: bigint, type: TypeId): boolean {
  const limit = 1n << BigInt(BITS[type] - 1)
  return value < limit && value > -limit
}

/** Unscaled value as the raw form of the type; overflow throws. */
export function decimalRaw(value: bigint, type: TypeId): Raw {
  if (!fitsDecimal(value, type)) throw decimalOverflow()
  return type === T.DECIMAL32 ? Number(value) : value
}

export const decimalNull = (type: TypeId): Raw =>
  type === T.DECIMAL32 ? NULL_I32 : type === T.DECIMAL64 ? NULL_I64 : NULL_I128

/** The narrowest decimal type, at least `type`, that holds the value. Beyond DECIMAL128 it throws. */
export function decimalTypeFor(value: bigint, type: TypeId): TypeId {
  for (let t = type; t <= T.DECIMAL128; t++) if (fitsDecimal(value, t)) return t
  throw decimalOverflow()
}

/** value / divisor, halves away from zero. */
export function divideRounded(value: bigint, divisor: bigint): bigint {
  const negative = value < 0n !== divisor < 0n
  const n = value < 0n ? -value : value
  const d = divisor < 0n ? -divisor : divisor
  const q = (n * 2n + d) / (d * 2n)
  return negative ? -q : q
}

/** Unscaled value at another scale; digits that fall away are rounded or cut. */
export function rescale(value: bigint, from: number, to: number, mode: 'round' | 'cut'): bigint {
  if (to >= from) return value * pow10(to - from)
  const divisor = pow10(from - to)
  return mode === 'round' ? divideRounded(value, divisor) : value / divisor
}

const DECIMAL_TEXT = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?/

/** Decimal from text: rounds to the scale; too many digits for the type overflow; no digits give null. */
export function decimalFromText(text: string, type: TypeId, scale: number): Raw {
  const m = DECIMAL_TEXT.exec(text)
  const whole = m?.[2] ?? ''
  const fraction = m?.[3] ?? ''
  if (m === null || (whole === '' && fraction === '')) return decimalNull(type)
  const exponent = Number(m[4] ?? 0) - fraction.length
  if (Math.abs(exponent) > 400) throw decimalOverflow()
  const unscaled = BigInt(whole + fraction)
  const shift = exponent + scale
  const value = shift >= 0 ? unscaled * pow10(shift) : divideRounded(unscaled, pow10(-shift))
  if (value >= pow10(MAX_SCALE[type])) throw decimalOverflow()
  return decimalRaw(m[1] === '-' ? -value : value, type)
}

/** Decimal from a floating number: truncates toward zero, binary error included, as documented. */
export function decimalFromNumber(n: number, type: TypeId, scale: number): Raw {
  if (scale <= 15) {
    const scaled = Math.trunc(n * 10 ** scale)
    if (!Number.isFinite(scaled)) throw decimalOverflow()
    return decimalRaw(BigInt(scaled), type)
  }
  const whole = Math.trunc(n)
  if (!Number.isFinite(whole)) throw decimalOverflow()
  const rest = Math.trunc((n - whole) * 1e15)
  return decimalRaw(BigInt(whole) * pow10(scale) + BigInt(rest) * pow10(scale - 15), type)
}

/** Decimal as a floating number. */
export function decimalToNumber(value: bigint | number, scale: number): number {
  return Number(value) / 10 ** scale
}
