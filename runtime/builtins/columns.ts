/**
 * Functions of one vector on every form: a matrix by columns, a table by columns, a dictionary by values, a tuple of vectors by elements.
 */
import { usageError } from '../errors.ts'
import { concatVectors, convertForAppend } from '../ops/cast.ts'
import { widest } from '../ops/promotion.ts'
import { Dict, Matrix } from '../values/forms.ts'
import type { Scalar, Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isLiteral, NULL_I32, T, type TypeId } from '../values/types.ts'
import { AnyVector, FixedVector, type Vector, vectorOf } from '../values/vector.ts'
import type { Arg } from './args.ts'

/** Column c of a matrix. */
export const matrixColumn = (m: Matrix, c: number): Vector => m.data.slice(c * m.rows, (c + 1) * m.rows)

/** A matrix from columns of one type and length. */
export function matrixOf(columns: readonly Vector[], rows: number, like?: Matrix): Matrix {
  const first = columns[0]
  const data = concatVectors(columns, first.type, 'scale' in first ? first.scale : 0)
  const out = new Matrix(data, rows, columns.length, like?.rowLabels, like?.colLabels)
  if (like !== undefined) out.indexed = like.indexed
  return out
}

/** Applies a function that keeps the length. Table columns that `accepts` refuses stay out of the result. */
export function mapVectors(
  signature: string,
  x: Arg,
  f: (v: Vector) => Vector,
  accepts: (type: TypeId) => boolean = () => true,
): Value {
  switch (x?.kind) {
    case 'vector':
      if (x.storage === 'any' && x.length > 0 && x.values.every((e) => e.kind === 'vector'))
        return new AnyVector(x.values.map((e) => f(e as Vector)))
      return f(x)
    case 'matrix': {
      if (x.cols === 0) return x
      const columns = Array.from({ length: x.cols }, (_, c) => f(matrixColumn(x, c)))
      return matrixOf(columns, x.rows, x)
    }
    case 'table': {
      const kept = x.columns.flatMap((c, k) => (accepts(c.type) ? [k] : []))
      return new Table(
        kept.map((k) => x.names[k]),
        kept.map((k) => f(x.columns[k])),
      )
    }
    case 'dict': {
      const entries = new Map([...x.entries].map(([key, v]) => [key, mapVectors(signature, v, f, accepts)] as const))
      return new Dict(x.keyType, T.ANY, entries, x.ordered)
    }
    default:
      throw usageError(signature, 'X must be a vector, a matrix or a table.')
  }
}

/** One value per vector: a scalar for a vector, a vector over the columns of a matrix, a one-row table for a table. */
export function reduceVectors(signature: string, x: Arg, f: (v: Vector) => Scalar): Value {
  switch (x?.kind) {
    case 'scalar':
      return f(scalarColumn(x))
    case 'vector':
      return f(x)
    case 'matrix': {
      const results = Array.from({ length: x.cols }, (_, c) => f(matrixColumn(x, c)))
      return vectorOf(
        results[0].type,
        results.map((r) => r.value),
      )
    }
    case 'table':
      return new Table(
        x.names.slice(),
        x.columns.map((c) => {
          const r = f(c)
          return vectorOf(r.type, [r.value])
        }),
      )
    default:
      throw usageError(signature, 'X must be a vector, a matrix or a table.')
  }
}

/** A scalar as a vector of one. */
export function scalarColumn(s: Scalar): Vector {
  return s.type === T.VOID ? new AnyVector([s]) : vectorOf(s.type, [s.value], s.scale)
}

/** Positions 0..n-1 moved by `steps`; those without a source are -1. */
export function shiftedPositions(length: number, steps: number): Int32Array {
  const out = new Int32Array(length)
  for (let k = 0; k < length; k++) out[k] = k - steps >= 0 && k - steps < length ? k - steps : -1
  return out
}

/** Elements as doubles, nulls as NaN. For numbers, temporals and decimals. */
export function toDoubles(v: Vector, signature: string): Float64Array {
  if (v.storage === 'any') return tupleDoubles(v, signature)
  if (v.storage !== 'fixed') throw usageError(signature, 'X must be numeric.')
  const out = new Float64Array(v.length)
  const { data } = v
  if (data instanceof BigInt64Array) {
    const words = new Int32Array(data.buffer, data.byteOffset, v.length * 2)
    for (let k = 0; k < v.length; k++) {
      const low = words[2 * k] >>> 0
      const high = words[2 * k + 1]
      out[k] = high === NULL_I32 && low === 0 ? Number.NaN : high * 4294967296 + low
    }
  } else for (let k = 0; k < v.length; k++) out[k] = v.isNullAt(k) ? Number.NaN : Number(data[k])
  if (v.scale > 0) for (let k = 0; k < v.length; k++) out[k] /= 10 ** v.scale
  return out
}

function tupleDoubles(v: AnyVector, signature: string): Float64Array {
  return Float64Array.from(v.values, (e) => {
    if (e.kind !== 'scalar' || isLiteral(e.type)) throw usageError(signature, 'X must be numeric.')
    return e.isNull() ? Number.NaN : Number(e.value)
  })
}

/** A DOUBLE vector from doubles with NaN for null; the array is kept. */
export function fromDoubles(x: Float64Array): FixedVector {
  for (let k = 0; k < x.length; k++) if (!Number.isFinite(x[k]) && Number.isNaN(x[k])) x[k] = -Number.MAX_VALUE
  return new FixedVector(T.DOUBLE, x)
}

/** Type that vectors and scalars of these types join to, undefined if they do not. */
export function commonType(types: readonly TypeId[]): TypeId | undefined {
  let result: TypeId = T.VOID
  for (const type of types) {
    if (type === result || type === T.VOID) continue
    if (result === T.VOID) result = type
    else if (isLiteral(type) && isLiteral(result)) result = T.STRING
    else {
      const wide = numericWidest(result, type)
      if (wide === undefined) return undefined
      result = wide
    }
  }
  return result
}

const numericWidest = (a: TypeId, b: TypeId): TypeId | undefined =>
  a >= T.BOOL && b >= T.BOOL && isRanked(a) && isRanked(b) ? widest(a, b) : undefined
const isRanked = (t: TypeId): boolean => (t >= T.BOOL && t <= T.LONG) || t === T.FLOAT || t === T.DOUBLE

/** One vector of the common type from scalars and vectors; undefined if the types do not join. */
export function joinedVector(parts: readonly (Scalar | Vector)[]): Vector | undefined {
  const type = commonType(parts.map((p) => p.type))
  if (type === undefined || type === T.VOID || type === T.ANY) return undefined
  const scale = parts.find((p) => p.type === type && 'scale' in p) as { scale: number } | undefined
  return concatVectors(
    parts.map((p) => convertForAppend(p, type, scale?.scale)),
    type,
    scale?.scale ?? 0,
  )
}
