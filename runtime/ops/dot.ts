/** `**`: inner product of vectors, matrix product. Pairs with a null are skipped; where all pairs have one the product is null. */
import { operatorError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { formName } from '../values/form-name.ts'
import { Matrix } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isNumeric, NULL_F64, T, typeInfo } from '../values/types.ts'
import { FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { castVector } from './cast.ts'
import { flatBinary } from './flat.ts'

/** The product of two vectors, matrices, or a vector and a scalar. */
export function dotProduct(a: Value, b: Value): Value {
  if (a.kind === 'scalar' || b.kind === 'scalar') {
    if ([a, b].some((v) => v.kind === 'vector' && v.storage === 'array'))
      throw operatorError('Arguments for dot method must be numbers.', { code: 'operandTypes' })
    if (a.kind === 'matrix' || b.kind === 'matrix')
      throw operatorError('Use * rather than ** for scalar and matrix multiplication.')
    if ((a.kind === 'scalar' || a.kind === 'vector') && (b.kind === 'scalar' || b.kind === 'vector'))
      return flatBinary('mul', a, b)
  }
  if (a.kind === 'vector' && b.kind === 'vector') return inner(a, b)
  const left = asMatrix(a, 'row', b)
  const right = asMatrix(b, 'column', a)
  return product(left, right)
}

const doubles = (v: Vector): Float64Array => {
  if (!isNumeric(v.type)) throw operatorError('Arguments for dot method must be numbers.', { code: 'operandTypes' })
  return (castVector(v, T.DOUBLE) as FixedVector).view() as Float64Array
}

function inner(a: Vector, b: Vector): Scalar {
  if (a.length !== b.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  const x = doubles(a)
  const y = doubles(b)
  let sum = 0
  let count = 0
  for (let k = 0; k < x.length; k++) {
    if (x[k] === NULL_F64 || y[k] === NULL_F64) continue
    sum += x[k] * y[k]
    count++
  }
  const integral = typeInfo(a.type).rank < 6 && typeInfo(b.type).rank < 6
  if (count === 0) return Scalar.nullOf(integral ? T.LONG : T.DOUBLE)
  return integral ? Scalar.long(BigInt(sum)) : Scalar.double(sum)
}

/** A vector beside a matrix is a column on the right and a row on the left (or a column when the matrix has one row). */
function asMatrix(v: Value, side: 'row' | 'column', other: Value): Matrix {
  if (v.kind === 'matrix') return v
  if (v.kind !== 'vector') throw operatorError(`A ${formName(v)} can't take part in a matrix product.`)
  const m = other as Matrix
  if (side === 'column') return m.cols === 1 && v.length !== 1 ? new Matrix(v, 1, v.length) : new Matrix(v, v.length, 1)
  return m.rows === 1 ? new Matrix(v, v.length, 1) : new Matrix(v, 1, v.length)
}

function product(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows)
    throw operatorError(`Incompatible matrix shape: ${a.rows}x${a.cols} ** ${b.rows}x${b.cols}.`, {
      code: 'matrixShape',
    })
  const x = doubles(a.data)
  const y = doubles(b.data)
  const out = newFixedArray('f64', a.rows * b.cols) as Float64Array
  if (a.cols > 0) out.fill(NULL_F64)
  for (let c = 0; c < b.cols; c++) {
    checkInterrupt()
    // Column by column of the left side, so that all reads run along memory.
    for (let k = 0; k < a.cols; k++) {
      const factor = y[c * b.rows + k]
      if (factor === NULL_F64) continue
      for (let r = 0; r < a.rows; r++) {
        const at = c * a.rows + r
        const value = x[k * a.rows + r]
        if (value !== NULL_F64) out[at] = out[at] === NULL_F64 ? factor * value : out[at] + factor * value
      }
    }
  }
  return new Matrix(new FixedVector(T.DOUBLE, out), a.rows, b.cols, a.rowLabels, b.colLabels)
}
