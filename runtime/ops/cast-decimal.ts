/** Conversions from and to decimals. */
import { inputError } from '../errors.ts'
import {
  isDecimal,
  isFloating,
  isIntegral,
  isNullRaw,
  isTemporal,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeName,
} from '../values/types.ts'
import { newVector, type Vector } from '../values/vector.ts'
import {
  checkScale,
  decimalFromNumber,
  decimalRaw,
  decimalToNumber,
  divideRounded,
  pow10,
  rescale,
} from './decimal-number.ts'

/** A vector of numbers, temporals (as the integers that they are) or decimals to decimals, or of decimals to numbers. */
export function castDecimalVector(v: Vector, type: TypeId, scale: number | undefined): Vector {
  const from = 'scale' in v ? v.scale : 0
  const to = isDecimal(type) ? checkScale(type, scale ?? (isDecimal(v.type) ? from : undefined)) : 0
  const out = newVector(type, v.length, 'zero', to)
  for (let k = 0; k < v.length; k++) {
    const raw = castDecimalRaw(v.raw(k), v.type, from, type, to)
    if (out.storage === 'fixed') out.data[k] = raw as never
    else if (out.storage === 'wide') out.set(k, raw)
  }
  return out
}

function castDecimalRaw(raw: Raw, type: TypeId, scale: number, to: TypeId, toScale: number): Raw {
  if (isNullRaw(type, raw)) return nullRaw(to)
  if (isDecimal(to)) {
    if (isDecimal(type)) return decimalRaw(rescale(BigInt(raw as number), scale, toScale, 'round'), to)
    if (isFloating(type)) return decimalFromNumber(raw as number, to, toScale)
    if (isIntegral(type) || type === T.BOOL || isTemporal(type))
      return decimalRaw(BigInt(raw as number) * pow10(toScale), to)
  } else if (isFloating(to)) return decimalToNumber(raw as number | bigint, scale)
  else if (isIntegral(to)) {
    const whole = divideRounded(BigInt(raw as number), pow10(scale))
    return to === T.LONG ? BigInt.asIntN(64, whole) : Number(BigInt.asIntN(32, whole))
  } else if (to === T.BOOL) return BigInt(raw as number) !== 0n ? 1 : 0
  throw inputError(`${typeName(type)} can't be converted to ${typeName(to)}.`)
}
