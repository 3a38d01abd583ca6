/**
 * Conversions between types (language specification, section 2.6). `castValue` and `castVector` are the explicit ones of `int(x)`, `x$INT`
 * and `cast`; `convertForAppend` is the implicit one of append, assignment and table columns, which stays inside a category.
 */
import { inputError } from '../errors.ts'
import { displayValue } from '../print/display.ts'
import { rawText } from '../print/scalars.ts'
import { formName } from '../values/form-name.ts'
import { Dict, keyOf, Matrix, Pair, SetValue } from '../values/forms.ts'
import { filledList, textList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import {
  type Category,
  categoryOf,
  elementType,
  isArrayType,
  isNullRaw,
  nullRaw,
  type Raw,
  T,
  type TypeId,
  typeInfo,
  typeName,
} from '../values/types.ts'
import {
  AnyVector,
  ArrayVector,
  FixedVector,
  newFixedArray,
  newVector,
  StringVector,
  SymbolBase,
  SymbolVector,
  type Vector,
  vectorOf,
  type WideVector,
} from '../values/vector.ts'
import { castDecimalVector } from './cast-decimal.ts'
import { castFixedNumbers, castFixedTemporal } from './cast-fixed.ts'
import { parseRaw } from './parse-text.ts'
import { checkTemporalCast } from './temporal-parts.ts'

export { parseTemporal } from './parse-text.ts'

/** Explicit conversion of any value to a type; the form stays (tuples of scalars become vectors of the type). */
export function castValue(v: Value, type: TypeId, scale?: number): Value {
  switch (v.kind) {
    case 'scalar':
      return castScalar(v, type, scale)
    case 'vector':
      return castVector(v, type, scale)
    case 'pair': {
      const c = castVector(vectorOf(v.type, [v.first, v.second], v.scale), type, scale)
      return new Pair(c.type, c.raw(0), c.raw(1), 'scale' in c ? c.scale : 0)
    }
    case 'matrix':
      return relabel(v, castVector(v.data, type, scale))
    case 'table':
      return new Table(
        v.names.slice(),
        v.columns.map((c) => castVector(c, type, scale)),
      )
    case 'dict': {
      const entries = new Map([...v.entries].map(([k, x]) => [k, castValue(x, type, scale)]))
      return new Dict(v.keyType, type === T.SYMBOL ? T.STRING : type, entries, v.ordered, scale ?? 0)
    }
    case 'set': {
      const members = new Set([...v.members].map((k) => keyOf(castScalar(new Scalar(v.type, k), type, scale))))
      return new SetValue(type, members)
    }
    default:
      if (type === T.ANY) return new AnyVector([v])
      if (type === T.STRING && (v.kind === 'code' || v.kind === 'function' || v.kind === 'resource'))
        return Scalar.string(displayValue(v))
      throw inputError(`A ${formName(v)} can't be converted to ${typeName(type)}.`)
  }
}

/** The matrix with other data of the same shape. */
export function relabel(m: Matrix, data: Vector): Matrix {
  const out = new Matrix(data, m.rows, m.cols, m.rowLabels, m.colLabels)
  out.indexed = m.indexed
  return out
}

/** Explicit conversion of a scalar. A SYMBOL scalar does not exist: the result is a STRING. */
export function castScalar(s: Scalar, type: TypeId, scale?: number): Scalar {
  const to = type === T.SYMBOL ? T.STRING : type
  if (s.type === to && (scale === undefined || s.scale === scale)) return s
  if (to === T.ANY) return s
  if (isArrayType(to)) throw inputError(`A scalar can't be converted to ${typeName(to)}.`)
  if (s.type === T.VOID) return Scalar.nullOf(to, scale ?? 0)
  if (to === T.VOID) return Scalar.VOID
  if (to === T.STRING || to === T.BLOB) return new Scalar(to, rawText(s.type, s.value, s.scale))
  if (to === T.DOUBLE && typeof s.value === 'number' && typeInfo(s.type).category !== 'decimal')
    return s.isNull() ? Scalar.nullOf(to) : Scalar.double(s.value)
  return castVector(vectorOf(s.type, [s.value], s.scale), to, scale).get(0) as Scalar
}

const CATEGORY_NUMERIC: ReadonlySet<Category> = new Set<Category>(['logical', 'integral', 'floating'])

/** Explicit conversion of a vector. The vector itself when it already has the type. */
export function castVector(v: Vector, type: TypeId, scale?: number): Vector {
  if (v.type === type && (scale === undefined || !('scale' in v) || v.scale === scale)) return v
  if (v.storage === 'array') {
    if (type === T.STRING || type === T.ANY)
      return new AnyVector(Array.from({ length: v.length }, (_, k) => castValue(v.get(k), type, scale)))
    return new ArrayVector(v.offsets.slice(0, v.length + 1), castVector(v.flat, elementType(type), scale))
  }
  if (isArrayType(type)) return rowsToArray(v, type, scale)
  if (v.storage === 'any') return castTuple(v, type, scale)
  if (type === T.ANY) return new AnyVector(Array.from({ length: v.length }, (_, k) => v.get(k)))
  const from = typeInfo(v.type)
  const to = typeInfo(type)
  if (v.storage === 'symbol') {
    if (type === T.STRING) return symbolText(v)
    return castVector(new StringVector(v.base.symbols.slice()), type, scale).gather(
      v.data.subarray(0, v.length) as Int32Array,
    )
  }
  if (type === T.SYMBOL) return SymbolVector.encode(v.storage === 'string' ? v.strings : texts(v))
  if (to.category === 'literal') return new StringVector(v.storage === 'string' ? v.strings : texts(v), type)
  if (v.storage === 'string') return parseStrings(v, type, scale)
  if (from.category === 'decimal' || to.category === 'decimal') return castDecimalVector(v, type, scale)
  if (v.storage === 'fixed') {
    if (from.category === 'temporal' && to.category === 'temporal') {
      checkTemporalCast(v.type, type)
      return castFixedTemporal(v, type)
    }
    const numericFrom = CATEGORY_NUMERIC.has(from.category)
    const numericTo = CATEGORY_NUMERIC.has(to.category)
    if ((numericFrom || from.category === 'temporal') && (numericTo || to.category === 'temporal'))
      return castFixedNumbers(v, type)
    if (numericFrom && type === T.COMPLEX) return realsToComplex(v)
  }
  throw inputError(`${typeName(v.type)} can't be converted to ${typeName(type)}.`)
}

/** Numbers as complex numbers without an imaginary part. */
function realsToComplex(v: FixedVector): Vector {
  const reals = (castFixedNumbers(v, T.DOUBLE) as FixedVector).data as Float64Array
  const out = newVector(T.COMPLEX, v.length) as WideVector
  for (let k = 0; k < v.length; k++) out.set(k, isNullRaw(T.DOUBLE, reals[k]) ? nullRaw(T.COMPLEX) : [reals[k], 0])
  return out
}

function symbolText(v: SymbolVector): StringVector {
  const out = textList(v.length)
  const { symbols } = v.base
  for (let k = 0; k < v.length; k++) out[k] = symbols[v.data[k]]
  return new StringVector(out)
}

/** Text of each element as `string` gives it. */
function texts(v: Vector): string[] {
  const out = textList(v.length)
  const scale = 'scale' in v ? v.scale : 0
  for (let k = 0; k < v.length; k++) out[k] = rawText(v.type, v.raw(k), scale)
  return out
}

function parseStrings(v: StringVector, type: TypeId, scale: number | undefined): Vector {
  const source = v.strings
  const out = newVector(type, v.length, 'zero', scale ?? 0)
  if (out.storage === 'fixed') {
    const { data } = out
    for (let k = 0; k < v.length; k++) data[k] = parseRaw(source[k], type, scale ?? 0) as never
  } else if (out.storage === 'wide')
    for (let k = 0; k < v.length; k++) out.set(k, parseRaw(source[k], type, scale ?? 0))
  return out
}

function castTuple(v: AnyVector, type: TypeId, scale: number | undefined): Vector {
  if (type === T.ANY || (!isArrayType(type) && typeInfo(type).storage === 'any')) return v
  const cast = v.values.map((x) => castValue(x, type, scale))
  // A tuple with text stays one; without elements it takes the type, so that `[]$STRING` begins a vector of text.
  if ((type !== T.STRING || cast.length === 0) && cast.every((x) => x.kind === 'scalar'))
    return vectorOf(
      type,
      cast.map((x) => (x as Scalar).value),
      scale,
    )
  return new AnyVector(cast)
}

function rowsToArray(v: Vector, type: TypeId, scale: number | undefined): ArrayVector {
  const rows = Array.from({ length: v.length }, (_, k) => v.get(k))
  return arrayFromRows(rows, elementType(type), scale)
}

/** An array vector from rows, each a vector or a scalar. */
export function arrayFromRows(rows: readonly Value[], element: TypeId, scale?: number): ArrayVector {
  const parts = rows.map((r) => {
    const row = r.kind === 'vector' ? castVector(r, element, scale) : undefined
    if (row !== undefined && row.storage !== 'any' && row.storage !== 'array') return row
    if (r.kind === 'scalar') return scalarToVector(castScalar(r, element, scale), 1, element)
    throw inputError(`A row of ${typeName(element)}[] must be a vector.`)
  })
  const offsets = new Int32Array(rows.length + 1)
  for (let k = 0; k < parts.length; k++) offsets[k + 1] = offsets[k] + parts[k].length
  return new ArrayVector(offsets, concatVectors(parts, element, scale ?? 0))
}

/** One vector of a type from parts that already have it. */
export function concatVectors(parts: readonly Vector[], type: TypeId, scale = 0): Vector {
  let total = 0
  for (const p of parts) total += p.length
  const storage = isArrayType(type) ? 'array' : typeInfo(type).storage
  switch (storage) {
    case 'array': {
      const flat = concatVectors(
        parts.map((p) =>
          (p as ArrayVector).flat.slice((p as ArrayVector).offsets[0], (p as ArrayVector).offsets[p.length]),
        ),
        elementType(type),
        scale,
      )
      const offsets = new Int32Array(total + 1)
      let at = 0
      for (const p of parts as ArrayVector[])
        for (let k = 0; k < p.length; k++, at++) offsets[at + 1] = offsets[at] + p.offsets[k + 1] - p.offsets[k]
      return new ArrayVector(offsets, flat)
    }
    case 'string': {
      const out = textList(total)
      let at = 0
      for (const p of parts) for (const s of (p as StringVector).strings) out[at++] = s
      return new StringVector(out, type)
    }
    case 'any': {
      const out: Value[] = filledList(total, Scalar.VOID)
      let at = 0
      for (const p of parts) for (const x of (p as AnyVector).values) out[at++] = x
      return new AnyVector(out)
    }
    case 'symbol':
      return concatSymbols(parts as SymbolVector[], total)
    default: {
      const out = newVector(type, total, 'zero', scale)
      const width = storage === 'x2i64' || storage === 'x2f64' ? 2 : 1
      let at = 0
      for (const p of parts) {
        const { data } = p as FixedVector
        ;(out as FixedVector).data.set(data.subarray(0, p.length * width) as never, at)
        at += p.length * width
      }
      return out
    }
  }
}

function concatSymbols(parts: readonly SymbolVector[], total: number): SymbolVector {
  const shared = parts.length > 0 && parts.every((p) => p.base === parts[0].base)
  const base = shared ? parts[0].base : new SymbolBase()
  const codes = newFixedArray('symbol', total) as Int32Array
  let at = 0
  for (const p of parts) {
    if (shared) codes.set(p.data.subarray(0, p.length), at)
    else {
      const map = new Int32Array(p.base.symbols.length).fill(-1)
      for (let k = 0; k < p.length; k++) {
        const code = p.data[k]
        if (map[code] < 0) map[code] = base.encode(p.base.symbols[code])
        codes[at + k] = map[code]
      }
    }
    at += p.length
  }
  return new SymbolVector(codes, base)
}

/** A vector of `length` copies of a scalar. For SYMBOL pass the type: the scalar itself is a STRING. */
export function scalarToVector(s: Scalar, length: number, type: TypeId = s.type): Vector {
  if (type === T.VOID || type === T.ANY) return new AnyVector(filledList(length, s))
  const info = typeInfo(type)
  switch (info.storage) {
    case 'string':
      return new StringVector(filledList(length, s.value as string), type)
    case 'symbol': {
      const base = new SymbolBase()
      const codes = newFixedArray('symbol', length) as Int32Array
      return new SymbolVector(codes.fill(base.encode(s.value as string)), base)
    }
    case 'any':
      return new AnyVector(filledList(length, s))
    case 'x2i64':
    case 'x2f64': {
      const v = newVector(type, length, 'zero', s.scale)
      if (v.storage === 'wide') for (let k = 0; k < length; k++) v.set(k, s.value)
      return v
    }
    default: {
      const data = newFixedArray(info.storage, length)
      // The other zero has bits.
      if (!Object.is(s.value, 0) && s.value !== 0n) data.fill(s.value as never)
      return new FixedVector(type, data, length, s.scale)
    }
  }
}

export const incompatible = (expected: TypeId, actual: TypeId): Error =>
  inputError(`Incompatible type. Expected: ${typeName(expected)}, Actual: ${typeName(actual)}`, {
    code: 'incompatibleType',
  })

/** Whether a value of one type may go into a vector of another without an explicit conversion. */
export function appendsTo(from: TypeId, to: TypeId): boolean {
  if (from === to || from === T.VOID || to === T.ANY) return true
  if (isArrayType(from) || isArrayType(to)) return isArrayType(to) && appendsTo(elementType(from), elementType(to))
  const a = categoryOf(from)
  const b = categoryOf(to)
  if (b === 'literal') return to !== T.SYMBOL || a === 'literal'
  if (CATEGORY_NUMERIC.has(a) || a === 'decimal') return CATEGORY_NUMERIC.has(b) || b === 'decimal'
  return a === b && a === 'temporal' && isTemporalCastAllowed(from, to)
}

/** The elements of a tuple as rows of an array vector of a type, if all of them fit. */
export function rowsOfTuple(
  tuple: AnyVector,
  type: TypeId,
  scale: number,
  fits: (row: TypeId, element: TypeId) => boolean,
): ArrayVector | undefined {
  const element = elementType(type)
  const { values } = withoutEmptyRows(tuple, element, scale)
  const isRow = (v: Value): boolean => v.kind === 'scalar' || (v.kind === 'vector' && v.storage !== 'array')
  return values.every((v) => isRow(v) && fits((v as Scalar | Vector).type, element))
    ? arrayFromRows(values, element, scale)
    : undefined
}

/** An empty row that is written into an array vector holds one null. */
export function withoutEmptyRows(rows: AnyVector, element: TypeId, scale: number): AnyVector {
  const isEmpty = (v: Value): boolean => v.kind === 'vector' && v.length === 0
  if (!rows.values.some(isEmpty)) return rows
  const nothing = newVector(element, 1, 'null', scale)
  return new AnyVector(rows.values.map((v) => (isEmpty(v) ? nothing : v)))
}

function isTemporalCastAllowed(from: TypeId, to: TypeId): boolean {
  try {
    checkTemporalCast(from, to)
    return true
  } catch {
    return false
  }
}

/**
 * The elements as they are appended to a vector of `type`: numbers convert among each other, anything becomes text in a STRING vector,
 * temporal types convert where a cast exists. Everything else is an error.
 */
export function convertForAppend(v: Vector | Scalar, type: TypeId, scale?: number): Vector {
  if (v.kind === 'scalar') {
    if (type === T.ANY) return new AnyVector([v])
    if (!appendsTo(v.type, type)) throw incompatible(type, v.type)
    if (isArrayType(type)) return arrayFromRows([v], elementType(type), scale)
    return scalarToVector(castScalar(v, type, scaleFor(v, scale)), 1, type)
  }
  if (v.type === type && (scale === undefined || !('scale' in v) || v.scale === scale)) return v
  if (v.storage === 'any' && type !== T.ANY) {
    if (isArrayType(type)) return arrayFromRows(v.values, elementType(type), scale)
    const raws: Raw[] = v.values.map((x) => {
      if (x.kind !== 'scalar') throw incompatible(type, T.ANY)
      if (!appendsTo(x.type, type)) throw incompatible(type, x.type)
      const c = castScalar(x, type, scaleFor(x, scale))
      return isNullRaw(c.type, c.value) ? nullRaw(type) : c.value
    })
    return vectorOf(type, raws, scale)
  }
  if (!appendsTo(v.type, type)) {
    if (isArrayType(type) && appendsTo(v.type, elementType(type))) return rowsToArray(v, type, scale)
    throw incompatible(type, v.type)
  }
  return castVector(v, type, scaleFor(v, scale))
}

// A decimal target without a stated scale takes the scale of the source.
const scaleFor = (v: Scalar | Vector, scale: number | undefined): number | undefined =>
  scale ?? ('scale' in v ? v.scale : undefined)
