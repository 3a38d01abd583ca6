/** `<-`: vectors one after the other, a tuple grown by one element, columns beside a matrix or table. */
import { operatorError } from '../errors.ts'
import { formName } from '../values/form-name.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isLiteral, T, type TypeId } from '../values/types.ts'
import { AnyVector, type Vector } from '../values/vector.ts'
import { concatVectors, convertForAppend, scalarToVector } from './cast.ts'
import { widest } from './promotion.ts'

/**
 * Joins two values. A vector keeps its type and takes what converts to it; numbers of unlike types widen instead, so that nothing is cut off (`join!`
 * and `append!` keep the type of what they grow). A tuple gets Y as one more element; metacode or a function begins a tuple.
 */
export function joinValues(a: Value, b: Value): Value {
  if (a.kind === 'matrix') return joinMatrix(a, b)
  if (a.kind === 'table') return joinTable(a, b)
  if (a.kind === 'vector') return joinVector(a, b)
  if (a.kind === 'scalar' && (b.kind === 'scalar' || b.kind === 'vector')) {
    if (b.kind === 'vector' && b.storage === 'any') return new AnyVector([a, b])
    if (b.kind === 'vector' && b.storage === 'array')
      throw operatorError("A scalar and an array vector can't be joined.")
    const type = leadingType(a, b)
    if (type === undefined) return new AnyVector([a, ...(b.kind === 'scalar' ? [b] : elements(b))])
    return concatAs(type, a, b)
  }
  if (a.kind === 'code' || a.kind === 'function') return new AnyVector([a, b])
  throw operatorError(`A ${formName(a)} and a ${formName(b)} can't be joined.`)
}

const isPlainNumber = (t: TypeId): boolean => (t >= T.BOOL && t <= T.LONG) || t === T.FLOAT || t === T.DOUBLE

function concatAs(type: TypeId, a: Scalar | Vector, b: Scalar | Vector): Vector {
  const scale = a.type === type && 'scale' in a ? a.scale : b.type === type && 'scale' in b ? b.scale : undefined
  return concatVectors([convertForAppend(a, type, scale), convertForAppend(b, type, scale)], type, scale ?? 0)
}

function elements(v: Vector): Value[] {
  return Array.from({ length: v.length }, (_, k) => v.get(k))
}

function leadingType(a: Scalar, b: Scalar | Vector): TypeId | undefined {
  if (a.type === b.type) return a.type
  if (a.type === T.VOID) return b.type
  if (b.type === T.VOID) return a.type
  if (isPlainNumber(a.type) && isPlainNumber(b.type)) return widest(a.type, b.type)
  if (isLiteral(a.type) && isLiteral(b.type)) return T.STRING
  return undefined
}

function joinVector(a: Vector, b: Value): Value {
  if (a.storage === 'any') {
    const spread = b.kind === 'vector' && b.storage !== 'any' && a.length === 0
    return new AnyVector([...a.values, ...(spread ? elements(b) : [b])])
  }
  if (b.kind !== 'scalar' && b.kind !== 'vector') throw operatorError(`A vector and a ${formName(b)} can't be joined.`)
  const widens = isPlainNumber(a.type) && isPlainNumber(b.type)
  return concatAs(widens ? widest(a.type, b.type) : a.type, a, b)
}

function joinMatrix(a: Matrix, b: Value): Value {
  const right = b.kind === 'scalar' ? scalarToVector(b, a.rows) : b.kind === 'matrix' ? b.data : b
  if (right.kind !== 'vector' || right.length % a.rows !== 0 || (b.kind === 'matrix' && b.rows !== a.rows))
    throw operatorError('The size of the vector to append must be divisible by the number of rows of the matrix.')
  const data = concatAs(
    isPlainNumber(a.type) && isPlainNumber(right.type) ? widest(a.type, right.type) : a.type,
    a.data,
    right,
  )
  const cols = data.length / a.rows
  return new Matrix(data, a.rows, cols, a.rowLabels, joinedLabels(a.colLabels, b, cols))
}

/** Column labels of a matrix and what is joined to it: labels of a matrix, the name that rename! gave to a vector. */
function joinedLabels(own: Vector | undefined, b: Value, cols: number): Vector | undefined {
  if (own === undefined) return undefined
  if (b.kind === 'matrix' && b.colLabels !== undefined)
    return concatVectors([own, convertForAppend(b.colLabels, own.type)], own.type)
  if (b.kind !== 'vector' || b.label === undefined || !isLiteral(own.type) || cols !== own.length + 1) return undefined
  return concatVectors([own, convertForAppend(Scalar.string(b.label), own.type)], own.type)
}

function joinTable(a: Table, b: Value): Value {
  if (b.kind === 'table') {
    if (b.rows !== a.rows) throw operatorError('All columns must be of the same length.', { refId: 'S02010' })
    return new Table([...a.names, ...b.names], [...a.columns, ...b.columns])
  }
  if (b.kind !== 'vector' || b.length !== a.rows)
    throw operatorError('All columns must be of the same length.', { refId: 'S02010' })
  return new Table([...a.names, b.label ?? `C${a.columns.length}`], [...a.columns, b])
}
