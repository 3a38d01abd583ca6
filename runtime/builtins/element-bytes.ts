/** What digests and composite keys are made of: the bytes of the elements of a value, numbers as they lie in memory, texts in UTF-8. */
import { operatorError } from '../errors.ts'
import { scalarToVector } from '../ops/cast.ts'
import { rawText } from '../print/scalars.ts'
import { formName } from '../values/form-name.ts'
import type { Value } from '../values/scalar.ts'
import { isLiteral } from '../values/types.ts'
import { type Vector, vectorOf } from '../values/vector.ts'

/** The bytes of every element of a scalar, vector, tuple, array vector, pair or matrix, one after the other; after each text `end`. */
export function elementBytes(v: Value, end: string): Buffer {
  if (v.kind === 'scalar') return vectorBytes(scalarToVector(v, 1), end)
  if (v.kind === 'vector') return vectorBytes(v, end)
  if (v.kind === 'matrix') return vectorBytes(v.data, end)
  if (v.kind === 'pair') return vectorBytes(vectorOf(v.type, [v.first, v.second], v.scale), end)
  throw operatorError(`The elements of a ${formName(v)} have no bytes.`)
}

function vectorBytes(v: Vector, end: string): Buffer {
  if (v.storage === 'any') return Buffer.concat(v.values.map((x) => elementBytes(x, end)))
  if (v.storage === 'array') return vectorBytes(v.flat.slice(v.offsets[0], v.offsets[v.length]), end)
  if (isLiteral(v.type))
    return Buffer.from(Array.from({ length: v.length }, (_, k) => `${String(v.raw(k))}${end}`).join(''))
  if (v.storage === 'fixed') {
    const data = v.view()
    return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  }
  // Values of 16 bytes are held as numbers, not as bytes: they count as their texts.
  return Buffer.from(Array.from({ length: v.length }, (_, k) => `${rawText(v.type, v.raw(k))}${end}`).join(''))
}
