/** Writing elements of vectors. The vector is unfrozen: whoever calls has thawed it. */
import { freeze } from '../compile/ownership.ts'
import { operatorError } from '../errors.ts'
import { convertForAppend } from '../ops/cast.ts'
import {
  AnyVector,
  ArrayVector,
  type FixedVector,
  formName,
  type StringVector,
  type SymbolVector,
  type Value,
  type Vector,
  type WideVector,
} from '../values/index.ts'

/** Writes the values to the positions: one value fills all of them. Positions are inside the vector. */
export function writeElements(target: Vector, positions: Int32Array, value: Value): void {
  if (target instanceof AnyVector) {
    writeTuple(target, positions, value)
    return
  }
  if (target instanceof ArrayVector) {
    writeRows(target, positions, value)
    return
  }
  const source = sourceVector(target, value)
  const fills = value.kind === 'scalar'
  if (!fills && source.length !== positions.length)
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  switch (target.storage) {
    case 'fixed':
      writeFixed(target, positions, source as FixedVector, fills)
      break
    case 'wide':
      for (let k = 0; k < positions.length; k++) target.set(positions[k], (source as WideVector).raw(fills ? 0 : k))
      break
    case 'symbol': {
      const from = source as SymbolVector
      for (let k = 0; k < positions.length; k++) target.data[positions[k]] = target.base.encode(from.raw(fills ? 0 : k))
      break
    }
    case 'string': {
      const strings = target.strings
      const from = (source as StringVector).strings
      for (let k = 0; k < positions.length; k++) strings[positions[k]] = from[fills ? 0 : k]
      break
    }
  }
}

function sourceVector(target: Exclude<Vector, AnyVector | ArrayVector>, value: Value): Vector {
  if (value.kind === 'matrix') return sourceVector(target, value.data)
  if (value.kind !== 'scalar' && value.kind !== 'vector')
    throw operatorError(`A ${formName(value)} can't be an element of a vector.`)
  return convertForAppend(value, target.type, 'scale' in target ? target.scale : undefined)
}

function writeFixed(target: FixedVector, positions: Int32Array, source: FixedVector, fills: boolean): void {
  const out = target.data as Float64Array
  const from = source.data as Float64Array
  if (fills) for (let k = 0; k < positions.length; k++) out[positions[k]] = from[0]
  else for (let k = 0; k < positions.length; k++) out[positions[k]] = from[k]
}

/** A vector as long as the list gives one element to each position; anything else goes in as a whole. */
function writeTuple(target: AnyVector, positions: Int32Array, value: Value): void {
  const spreads = value.kind === 'vector' && positions.length > 1 && value.length === positions.length
  for (let k = 0; k < positions.length; k++) target.values[positions[k]] = freeze(spreads ? value.get(k) : value)
}

function writeRows(target: ArrayVector, positions: Int32Array, value: Value): void {
  const rows: Value[] = []
  for (let k = 0; k < target.length; k++) rows.push(target.get(k))
  const spreads = value instanceof ArrayVector || (value instanceof AnyVector && value.length === positions.length)
  positions.forEach((p, k) => {
    rows[p] = spreads ? (value as Vector).get(k) : value
  })
  const fresh = convertForAppend(new AnyVector(rows), target.type, target.scale) as ArrayVector
  target.offsets = fresh.offsets
  target.flat = fresh.flat
}
