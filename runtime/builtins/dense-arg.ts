/** Numeric matrices of scripts as dense matrices of doubles, and back. */
import { inputError, usageError } from '../errors.ts'
import type { Dense } from '../kernels/linalg/dense.ts'
import { fromDoubles } from '../ops/doubles.ts'
import { Matrix } from '../values/forms.ts'
import type { FixedVector } from '../values/vector.ts'
import type { Arg } from './args.ts'
import { toDoubles } from './columns.ts'

/** A matrix, or a vector as one column. Nulls count as 0, or are refused. */
export function denseArg(x: Arg, usage: string, name: string, nulls: 'zero' | 'refused' = 'zero'): Dense {
  if (x?.kind !== 'matrix' && x?.kind !== 'vector') throw usageError(usage, `${name} must be a numeric matrix.`)
  const data = toDoubles(x.kind === 'matrix' ? x.data : x, usage)
  for (let k = 0; k < data.length; k++) {
    if (!Number.isNaN(data[k])) continue
    if (nulls === 'refused') throw usageError(usage, `${name} must not contain NULL values.`)
    data[k] = 0
  }
  return x.kind === 'matrix' ? { data, rows: x.rows, cols: x.cols } : { data, rows: x.length, cols: 1 }
}

/** A matrix proper: vectors are refused. */
export function matrixArg(x: Arg, usage: string, name: string, nulls: 'zero' | 'refused' = 'zero'): Dense {
  if (x?.kind !== 'matrix') throw usageError(usage, `${name} must be a numeric matrix.`)
  return denseArg(x, usage, name, nulls)
}

export function squareArg(x: Arg, usage: string, name: string, nulls: 'zero' | 'refused' = 'zero'): Dense {
  const m = denseArg(x, usage, name, nulls)
  if (m.rows !== m.cols) throw usageError(usage, `${name} must be a square matrix.`)
  return m
}

export const matrixValue = (m: Dense): Matrix => new Matrix(vectorValue(m.data), m.rows, m.cols)

/** A DOUBLE vector that keeps the array. What is not finite is null. */
export const vectorValue = (data: Float64Array): FixedVector => fromDoubles(data)

/** Elements of an orthogonal matrix below rounding error are 0. */
export function cleaned(m: Dense): Dense {
  for (let k = 0; k < m.data.length; k++) if (Math.abs(m.data[k]) < 2 ** -52) m.data[k] = 0
  return m
}

export const noConvergence = (name: string): Error =>
  inputError(`The function ${name} did not converge: the matrix holds values that are too large or too small.`, {
    code: 'noConvergence',
  })
