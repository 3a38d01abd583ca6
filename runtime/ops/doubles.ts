/** Vectors as plain doubles and back: the road of statistics that compute in double precision. Nulls are NaN on the way. */
import { operatorError } from '../errors.ts'
import { mayHaveNull } from '../kernels/null-scan.ts'
import { isDecimal, isNumeric, isTemporal, NULL_F64, T, typeName } from '../values/types.ts'
import { FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { castVector } from './cast.ts'

/** The elements as doubles with NaN for null. Text is an error that names the function. */
export function toDoubles(name: string, v: Vector): Float64Array {
  if (!isNumeric(v.type) && !isDecimal(v.type) && !isTemporal(v.type))
    throw operatorError(`The function ${name} does not support ${typeName(v.type)} data.`, { code: 'operandTypes' })
  const source = (castVector(v, T.DOUBLE) as FixedVector).data as Float64Array
  const out = newFixedArray('f64', v.length) as Float64Array
  for (let k = 0; k < out.length; k++) out[k] = source[k] === NULL_F64 ? Number.NaN : source[k]
  return out
}

/** The same to look at only: a DOUBLE vector without nulls is not copied. */
export function readDoubles(name: string, v: Vector): Float64Array {
  if (v.storage === 'fixed' && v.type === T.DOUBLE && !mayHaveNull(v.data, 0, v.length)) return v.view() as Float64Array
  return toDoubles(name, v)
}

/** Turns NaN and infinities into nulls, in place, and wraps the array as a DOUBLE vector. */
export function fromDoubles(data: Float64Array): FixedVector {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) data[k] = NULL_F64
  return new FixedVector(T.DOUBLE, data)
}
