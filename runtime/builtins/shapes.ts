/**
 * How functions of one vector spread over the other forms (functions catalogue, section 0): aggregates give one value per column, vector
 * functions keep the shape column by column.
 */
import { operatorError } from '../errors.ts'
import { assemble, unifyScalars } from '../ops/assemble.ts'
import { castVector, concatVectors, relabel, scalarToVector } from '../ops/cast.ts'
import { formName } from '../values/form-name.ts'
import { Dict, type Key, Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { ARRAY_BASE, isDecimal, isNumeric, T, type TypeId } from '../values/types.ts'
import { AnyVector, ArrayVector, newVector, type Vector, vectorOf } from '../values/vector.ts'

/** Column `c` of a matrix, copied. */
export const matrixColumn = (m: Matrix, c: number): Vector => m.data.slice(c * m.rows, (c + 1) * m.rows)

/** All columns of a matrix. */
export const matrixColumns = (m: Matrix): Vector[] => Array.from({ length: m.cols }, (_, c) => matrixColumn(m, c))

/** One vector from results of columns; a tuple when they do not unify. */
export function collect(results: readonly Value[]): Value {
  if (results.length > 0 && results.every((r) => r.kind === 'scalar'))
    return unifyScalars(results as Scalar[]) ?? new AnyVector(results.slice())
  return assemble(results)
}

/** The elements of a tuple, pair or set in one vector, if they make one. */
export function asVector(x: Value): Vector | undefined {
  switch (x.kind) {
    case 'vector':
      if (x.storage === 'any') return tupleVector(x)
      return x.storage === 'array' ? castVector(x.flat.slice(x.offsets[0], x.offsets[x.length]), x.flat.type) : x
    case 'scalar':
      return x.type === T.VOID ? undefined : scalarToVector(x, 1)
    case 'pair':
      return vectorOf(x.type, [x.first, x.second], x.scale)
    case 'set':
      return x.members.size === 0 ? newVector(x.type, 0) : vectorOf(x.type, [...x.members])
    default:
      return undefined
  }
}

function tupleVector(x: AnyVector): Vector | undefined {
  if (x.length === 0) return newVector(T.DOUBLE, 0)
  return x.values.every((v) => v.kind === 'scalar') ? unifyScalars(x.values as Scalar[]) : undefined
}

/** Rows of a tuple of equal-length vectors (scalars repeat), each as one vector; undefined when it is no such tuple. */
export function tupleRows(values: readonly Value[]): Vector[] | undefined {
  const columns = tupleColumns(values)
  return columns === undefined ? undefined : rowsOf(columns)
}

function tupleColumns(values: readonly Value[]): Vector[] | undefined {
  const vectors = values.filter((v) => v.kind === 'vector')
  if (vectors.length === 0 || vectors.some((v) => v.length !== vectors[0].length)) return undefined
  if (values.some((v) => v.kind !== 'vector' && v.kind !== 'scalar')) return undefined
  return values.map((v) => (v.kind === 'scalar' ? scalarToVector(v, vectors[0].length) : (v as Vector)))
}

/** Row k of the columns, for each k, in the columns' common type. */
export function rowsOf(columns: readonly Vector[]): Vector[] {
  if (columns.length === 0) return []
  const type = columns.reduce<TypeId>((t, c) => commonType(t, c.type), columns[0].type)
  const converted = columns.map((c) => castVector(c, type))
  // What holds more than one value an element stays a tuple.
  const same = converted.some((c) => c.storage === 'any') ? columns.map((c) => castVector(c, T.ANY)) : converted
  const all = concatVectors(same, same[0].type, 'scale' in same[0] ? same[0].scale : 0)
  const rows = columns[0].length
  return Array.from({ length: rows }, (_, r) =>
    all.gather(Int32Array.from({ length: columns.length }, (_, c) => c * rows + r)),
  )
}

/** Type in which elements of two types can stand in one vector. */
export function commonType(a: TypeId, b: TypeId): TypeId {
  if (a === b) return a
  if (a >= ARRAY_BASE || b >= ARRAY_BASE) return T.ANY
  const v = unifyScalars([Scalar.nullOf(a), Scalar.nullOf(b)])
  if (v !== undefined) return v.type
  if (isNumeric(a) && isNumeric(b)) return Math.max(a, b, T.INT)
  return T.ANY
}

/** Whether a column takes part in the numeric statistics of a table. */
export const isNumericColumn = (c: Vector): boolean => isNumeric(c.type) || isDecimal(c.type)

/** An aggregate on any form. `scalar` says what a scalar gives (itself by default). */
export function aggregateOver(
  name: string,
  x: Value,
  f: (v: Vector) => Value,
  options: { readonly scalar?: (s: Scalar) => Value; readonly allColumns?: boolean } = {},
): Value {
  switch (x.kind) {
    case 'scalar':
      return options.scalar ? options.scalar(x) : x
    case 'matrix':
      return collect(matrixColumns(x).map(f))
    case 'table': {
      const kept = x.columns.flatMap((c, k) => (options.allColumns || isNumericColumn(c) ? [k] : []))
      return new Table(
        kept.map((k) => x.names[k]),
        kept.map((k) => {
          const r = f(x.columns[k])
          return r.kind === 'scalar' && r.type !== T.VOID ? scalarToVector(r, 1) : new AnyVector([r])
        }),
      )
    }
    case 'dict': {
      const values = [...x.entries.values()]
      const rows = tupleRows(values)
      if (rows !== undefined) return collect(rows.map(f))
      const v = asVector(new AnyVector(values))
      if (v !== undefined) return f(v)
      break
    }
    case 'vector':
    case 'pair':
    case 'set': {
      if (x.kind === 'vector' && x.storage === 'any') {
        const rows = tupleRows(x.values)
        if (rows !== undefined) return collect(rows.map(f))
      }
      const v = asVector(x)
      if (v !== undefined) return f(v)
    }
  }
  throw operatorError(`The function ${name} does not support this ${formName(x)}.`, { code: 'operandTypes' })
}

/** A length-keeping function of a vector on any form. A table takes part with the columns that `column` accepts; the rest is dropped. */
export function vectorOver(
  name: string,
  x: Value,
  f: (v: Vector) => Vector,
  column: (c: Vector) => boolean = () => true,
  others: 'drop' | 'keep' = 'drop',
): Value {
  switch (x.kind) {
    case 'scalar': {
      if (x.type === T.VOID) return x
      return f(scalarToVector(x, 1)).get(0)
    }
    case 'vector':
      if (x.storage === 'any') {
        const flat = tupleVector(x)
        if (flat !== undefined) return f(flat)
        return new AnyVector(x.values.map((v) => vectorOver(name, v, f, column)))
      }
      if (x.storage === 'array') {
        const rows = Array.from({ length: x.length }, (_, k) => f(x.get(k)))
        return arrayOf(rows, x)
      }
      return f(x)
    case 'matrix':
      return fromColumns(x, matrixColumns(x).map(f))
    case 'table': {
      const kept = x.columns.flatMap((c, k) => (others === 'keep' || column(c) ? [k] : []))
      return new Table(
        kept.map((k) => x.names[k]),
        kept.map((k) => (column(x.columns[k]) ? f(x.columns[k]) : x.columns[k].copy())),
      )
    }
    case 'dict': {
      const entries = new Map<Key, Value>()
      for (const [k, v] of x.entries) entries.set(k, vectorOver(name, v, f, column))
      return new Dict(x.keyType, T.ANY, entries, x.ordered)
    }
    default:
      throw operatorError(`The function ${name} does not support a ${formName(x)}.`, { code: 'operandTypes' })
  }
}

function arrayOf(rows: readonly Vector[], like: ArrayVector): ArrayVector {
  const offsets = new Int32Array(rows.length + 1)
  for (let k = 0; k < rows.length; k++) offsets[k + 1] = offsets[k] + rows[k].length
  const type = rows.length > 0 ? rows[0].type : like.flat.type
  return new ArrayVector(offsets, concatVectors(rows, type))
}

/** A matrix with the labels of another and new columns of its height. */
export function fromColumns(m: Matrix, columns: readonly Vector[]): Matrix {
  if (columns.length === 0) return m
  const first = columns[0]
  return relabel(m, concatVectors(columns, first.type, 'scale' in first ? first.scale : 0))
}

/** A matrix from columns of one length and type. */
export function matrixFrom(columns: readonly Vector[], colLabels?: Vector, rowLabels?: Vector): Matrix {
  const first = columns[0]
  return new Matrix(
    concatVectors(columns, first.type, 'scale' in first ? first.scale : 0),
    first.length,
    columns.length,
    rowLabels,
    colLabels,
  )
}

/** A function of two vectors where either side may be a matrix or table (column by column, the other side repeating). */
export function pairwise(name: string, x: Value, y: Value, f: (a: Vector, b: Vector) => Value): Value {
  const a = asVector(x)
  const b = asVector(y)
  if (a !== undefined && b !== undefined) {
    if (a.length !== b.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return f(a, b)
  }
  const left = columnsOf(x)
  const right = columnsOf(y)
  if (left === undefined && a === undefined)
    throw operatorError(`The function ${name} does not support this ${formName(x)}.`)
  if (right === undefined && b === undefined)
    throw operatorError(`The function ${name} does not support this ${formName(y)}.`)
  const count = Math.max(left?.length ?? 0, right?.length ?? 0)
  if ((left !== undefined && left.length !== count) || (right !== undefined && right.length !== count))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  const results = Array.from({ length: count }, (_, k) => {
    const p = left?.[k] ?? a!
    const q = right?.[k] ?? b!
    if (p.length !== q.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return f(p, q)
  })
  const table = x.kind === 'table' ? x : y.kind === 'table' ? y : undefined
  if (table !== undefined)
    return new Table(
      table.names.slice(),
      results.map((r) => (r.kind === 'scalar' ? scalarToVector(r, 1) : (r as Vector))),
    )
  if (results.every((r) => r.kind === 'scalar')) return collect(results)
  const matrix = (x.kind === 'matrix' ? x : y) as Matrix
  return fromColumns(matrix, results as Vector[])
}

function columnsOf(x: Value): Vector[] | undefined {
  return x.kind === 'matrix' ? matrixColumns(x) : x.kind === 'table' ? x.columns : undefined
}
