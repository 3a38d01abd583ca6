/** Putting results and literal elements together: vector, matrix, table or tuple (language specification, sections 1.5 and 3.9). */
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import {
  isArrayType,
  isDecimal,
  isFloating,
  isIntegral,
  isLiteral,
  isNullRaw,
  nullRaw,
  T,
  type TypeId,
} from '../values/types.ts'
import { AnyVector, newVector, StringVector, type Vector, vectorOf } from '../values/vector.ts'
import { castScalar, concatVectors, convertForAppend, scalarToVector } from './cast.ts'
import { widest } from './promotion.ts'

/** Rule D: scalars give a vector, equal-length vectors a matrix, string-keyed dictionaries a table, anything else a tuple. */
export function assemble(values: readonly Value[]): Value {
  if (values.length === 0) return new AnyVector([])
  const first = values[0]
  if (first.kind === 'scalar') {
    const scalars = allOf(values, 'scalar') as Scalar[] | undefined
    return (scalars && unifyScalars(scalars)) ?? new AnyVector(values.slice())
  }
  if (first.kind === 'vector') return matrixOf(values) ?? new AnyVector(values.slice())
  if (first.kind === 'dict') return tableOfDicts(values) ?? new AnyVector(values.slice())
  return new AnyVector(values.slice())
}

function allOf(values: readonly Value[], kind: Value['kind']): readonly Value[] | undefined {
  return values.every((v) => v.kind === kind) ? values : undefined
}

function matrixOf(values: readonly Value[]): Matrix | undefined {
  const vectors = allOf(values, 'vector') as Vector[] | undefined
  if (vectors === undefined) return undefined
  const { type, length } = vectors[0]
  if (length === 0 || type === T.ANY || isArrayType(type)) return undefined
  let common: TypeId = type
  for (const v of vectors) {
    if (v.length !== length) return undefined
    if (v.type === common) continue
    if (!(isIntegral(v.type) || isFloating(v.type)) || !(isIntegral(common) || isFloating(common))) return undefined
    common = widest(common, v.type)
  }
  const scale = 'scale' in vectors[0] ? vectors[0].scale : 0
  return new Matrix(
    concatVectors(
      vectors.map((v) => convertForAppend(v, common, scale)),
      common,
      scale,
    ),
    length,
    vectors.length,
  )
}

function tableOfDicts(values: readonly Value[]): Table | undefined {
  const names: string[] = []
  for (const v of values) if (v.kind !== 'dict' || !isLiteral(v.keyType)) return undefined
  const first = values[0]
  if (first.kind !== 'dict') return undefined
  for (const key of first.entries.keys()) names.push(String(key))
  const columns = names.map((name) => {
    const cells = values.map((v) => (v.kind === 'dict' ? v.entries.get(name) : undefined) ?? Scalar.VOID)
    const scalars = cells.every((c) => c.kind === 'scalar') ? (cells as Scalar[]) : undefined
    return (scalars && unifyScalars(scalars)) ?? new AnyVector(cells)
  })
  return names.length === 0 ? undefined : new Table(names, columns)
}

/**
 * A typed vector of scalars that unify: one type, numbers (CHAR and BOOL excluded) to the widest, strings with strings, decimals of one
 * type and scale; nulls adapt. undefined when they do not, or when all are VOID.
 */
export function unifyScalars(values: readonly Scalar[]): Vector | undefined {
  let type: TypeId = T.VOID
  let scale = 0
  for (const v of values) {
    if (v.type === type || v.type === T.VOID) {
      if (isDecimal(type) && v.type === type && v.scale !== scale) return undefined
      continue
    }
    if (type === T.VOID) {
      type = v.type
      scale = v.scale
      continue
    }
    const next = unifyTypes(type, v.type)
    if (next === undefined) return undefined
    type = next
  }
  if (type === T.VOID || type === T.FUNCTIONDEF || type === T.CODE) return undefined
  return vectorFromScalars(type, values, scale)
}

const widens = (t: TypeId): boolean => (isIntegral(t) && t !== T.CHAR && t !== T.COMPRESSED) || isFloating(t)

function unifyTypes(a: TypeId, b: TypeId): TypeId | undefined {
  if (widens(a) && widens(b)) return widest(a, b)
  if (isLiteral(a) && isLiteral(b) && a !== T.BLOB && b !== T.BLOB) return T.STRING
  return undefined
}

/** A vector of a type from scalars that convert to it; VOID becomes the type's null. */
export function vectorFromScalars(type: TypeId, values: readonly Scalar[], scale = 0): Vector {
  if (type === T.ANY) return new AnyVector(values.slice())
  if (type === T.STRING)
    return new StringVector(values.map((v) => (v.type === T.VOID ? '' : (castScalar(v, T.STRING).value as string))))
  if (values.length > 0 && values.every((v) => v === values[0]))
    return scalarToVector(castScalar(values[0], type, scaleOf(type, scale)), values.length, type)
  const out = newVector(type, values.length, 'zero', scale)
  if (out.storage === 'fixed') {
    const { data } = out
    for (let k = 0; k < values.length; k++) {
      const v = values[k]
      const value = v.type === type ? v.value : castScalar(v, type, scaleOf(type, scale)).value
      data[k] = value as never
    }
    return out
  }
  return vectorOf(
    type,
    values.map((v) => {
      const c = castScalar(v, type, scaleOf(type, scale))
      return isNullRaw(c.type, c.value) ? nullRaw(type) : c.value
    }),
    scale,
  )
}

const scaleOf = (type: TypeId, scale: number): number | undefined => (isDecimal(type) ? scale : undefined)
