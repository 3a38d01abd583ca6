/** Data types as script values: an id (`INT`), a name (`"INT"`, `"DECIMAL32(3)"`, `"INT[]"`). */
import { inputError } from '../errors.ts'
import { checkScale } from '../ops/decimal-number.ts'
import type { Value } from '../values/scalar.ts'
import { ARRAY_BASE, isDecimal, isLiteral, TYPES, type TypeId, typeByName } from '../values/types.ts'

export interface ColumnType {
  readonly type: TypeId
  readonly scale: number
}

/** Reads one type. Decimal types need their scale. */
export function columnType(v: Value): ColumnType {
  if (v.kind === 'scalar' && typeof v.value === 'string' && isLiteral(v.type)) return typeOfText(v.value)
  if (v.kind === 'scalar' && typeof v.value === 'number')
    return withScale(v.value & 0xffff, v.scale > 0 ? v.scale : scaleOfCode(v.value))
  // `[int, double]`: the conversion functions stand for their types.
  if (v.kind === 'function') return typeOfText(v.name)
  throw unknownType(String(v.kind === 'scalar' ? v.value : v.kind))
}

/** Reads a list of types: a vector or tuple, or one type. */
export function columnTypes(v: Value): ColumnType[] {
  if (v.kind === 'vector') return Array.from({ length: v.length }, (_, k) => columnType(v.get(k)))
  return [columnType(v)]
}

// A decimal type constant carries its scale in the high half: DECIMAL32(3) is 37 + (3 << 16).
const scaleOfCode = (code: number): number | undefined => (code >= 65536 ? code >> 16 : undefined)

function typeOfText(text: string): ColumnType {
  const match = /^\s*(\w+)\s*(?:\((\d+)\))?\s*(\[\])?\s*$/.exec(text)
  const info = match === null ? undefined : typeByName(match[1])
  if (match === null || info === undefined) throw unknownType(text)
  return withScale(
    info.id + (match[3] === undefined ? 0 : ARRAY_BASE),
    match[2] === undefined ? undefined : Number(match[2]),
  )
}

function withScale(type: TypeId, scale: number | undefined): ColumnType {
  const element = type >= ARRAY_BASE ? type - ARRAY_BASE : type
  if (!TYPES.some((t) => t.id === element)) throw unknownType(String(type))
  if (isDecimal(element)) return { type, scale: checkScale(element, scale) }
  return { type, scale: 0 }
}

const unknownType = (text: string): Error => inputError(`Invalid data type [${text}].`, { code: 'dataType' })
