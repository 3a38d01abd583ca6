/** Whether two objects are the same in form, type and content (`eqObj`). */
import type { Value } from '../values/scalar.ts'
import { isArrayType, isFloating, type Raw } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'

export function eqValues(a: Value, b: Value, tolerance = 0): boolean {
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'scalar':
      return (
        b.kind === 'scalar' && a.type === b.type && a.scale === b.scale && eqRaw(a.type, a.value, b.value, tolerance)
      )
    case 'vector':
      return b.kind === 'vector' && eqVectors(a, b, tolerance)
    case 'pair':
      return (
        b.kind === 'pair' &&
        a.type === b.type &&
        eqRaw(a.type, a.first, b.first, tolerance) &&
        eqRaw(a.type, a.second, b.second, tolerance)
      )
    case 'matrix':
      return (
        b.kind === 'matrix' &&
        a.rows === b.rows &&
        a.cols === b.cols &&
        eqVectors(a.data, b.data, tolerance) &&
        eqLabels(a.rowLabels, b.rowLabels) &&
        eqLabels(a.colLabels, b.colLabels)
      )
    case 'set':
      return (
        b.kind === 'set' &&
        a.type === b.type &&
        a.members.size === b.members.size &&
        [...a.members].every((m) => b.members.has(m))
      )
    case 'dict':
      return (
        b.kind === 'dict' &&
        a.keyType === b.keyType &&
        a.entries.size === b.entries.size &&
        [...a.entries].every(([key, v]) => {
          const other = b.entries.get(key)
          return other !== undefined && eqValues(v, other, tolerance)
        })
      )
    case 'table':
      return (
        b.kind === 'table' &&
        a.names.length === b.names.length &&
        a.names.every((n, k) => n === b.names[k]) &&
        a.columns.every((c, k) => eqVectors(c, b.columns[k], tolerance))
      )
    default:
      return a === b
  }
}

const eqLabels = (a: Vector | undefined, b: Vector | undefined): boolean =>
  a === undefined || b === undefined ? a === b : eqVectors(a, b, 0)

function eqVectors(a: Vector, b: Vector, tolerance: number): boolean {
  if (a.type !== b.type || a.length !== b.length) return false
  if (a.storage === 'any' || isArrayType(a.type)) {
    for (let k = 0; k < a.length; k++) if (!eqValues(a.get(k), b.get(k), tolerance)) return false
    return true
  }
  for (let k = 0; k < a.length; k++) if (!eqRaw(a.type, a.raw(k), b.raw(k), tolerance)) return false
  return true
}

function eqRaw(type: number, a: Raw, b: Raw, tolerance: number): boolean {
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) return a[0] === b[0] && a[1] === b[1]
  if (tolerance > 0 && isFloating(type)) return a === b || Math.abs((a as number) - (b as number)) < tolerance
  return a === b
}
