/** Functions that make vectors and matrices: by type, by range, by repetition. */
import { pair, seq, typeSpec } from '../compile/construct.ts'
import { inputError, operatorError, usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { castScalar, castVector, concatVectors, convertForAppend, scalarToVector } from '../ops/cast.ts'
import { widest } from '../ops/promotion.ts'
import { topicTable } from '../registry.ts'
import { formName } from '../values/form-name.ts'
import { Matrix } from '../values/forms.ts'
import { filledList, textList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isArrayType, isFloating, isIntegral, isLiteral, isNumeric, T, typeInfo } from '../values/types.ts'
import {
  AnyVector,
  bigArrays,
  type FixedArray,
  FixedVector,
  newFixedArray,
  newVector,
  StringVector,
  SymbolVector,
  type Vector,
} from '../values/vector.ts'
import { type Arg, intArg, isGiven, required } from './args.ts'
import { asVector, commonType } from './shapes.ts'

const { entries, define } = topicTable('Creating vectors, matrices, sets')

for (const name of ['array', 'bigarray']) {
  const usage = `${name}(dataType|template, [initialSize=0], [capacity], [defaultValue])`
  define(usage, {
    doc: 'A vector of a type (INT, "INT", INT[]) or of the type of a template vector, filled with defaultValue, else with 0, empty texts, or nulls for ANY.',
    call: ([template, size, _capacity, fill]) => {
      const source = required(template, usage, 'dataType')
      const n = isGiven(size) ? intArg(size, usage, 'initialSize') : 0
      if (n < 0) throw inputError(`Usage: ${usage}. initialSize must not be negative.`)
      const { type, scale } =
        source.kind === 'vector' ? { type: source.type, scale: 'scale' in source ? source.scale : 0 } : typeSpec(source)
      if (type === T.VOID) throw inputError('Not allowed to create void vector', { refId: 'S05005' })
      const made = (): Vector => {
        if (isArrayType(type) || !isGiven(fill)) return newVector(type, n, 'zero', scale ?? 0)
        if (fill.kind !== 'scalar') throw inputError(`Usage: ${usage}. defaultValue must be a scalar.`)
        return scalarToVector(castScalar(fill, type === T.SYMBOL ? T.STRING : type, scale), n, type)
      }
      const v = made()
      if (name === 'bigarray') bigArrays.add(v)
      return v
    },
  })
}

define('til(n)', {
  doc: 'The integers 0 to n-1 in the type of n.',
  call: ([n]) => {
    if (n?.kind !== 'scalar' || !isIntegral(n.type) || n.isNull() || Number(n.value) < 0)
      throw inputError('Usage: til(n). n must be a non-negative integer.')
    if (Number(n.value) === 0) return newVector(n.type, 0)
    const zero = new Scalar(n.type, n.type === T.LONG ? 0n : 0)
    return seq(zero, castScalar(Scalar.long(BigInt(n.value as number) - 1n), n.type))
  },
})
define('seq(start, end)', {
  doc: 'start, start+1, ... end (or downwards), both ends included; temporal values step in their unit. Operator `..`.',
  call: ([a, b]) => seq(required(a, 'seq(start, end)', 'start'), required(b, 'seq(start, end)', 'end')),
})
define('pair(a, b)', {
  doc: 'The pair a:b of two scalars of one type.',
  call: ([a, b]) => pair(required(a, 'pair(a, b)', 'a'), required(b, 'pair(a, b)', 'b')),
})

// ---------------------------------------------------------------------------------------------------------------------
// Repetition

/** `n` elements cycling through a vector, starting at `offset`. */
function cycle(v: Vector, n: number, offset: number): Vector {
  if (n === 0) return v.slice(0, 0)
  if (v.length === 0) throw inputError('Usage: take(X, n). X must not be empty.')
  if (v.storage === 'fixed')
    return new FixedVector(
      v.type,
      repeatInto(newFixedArray(typeInfo(v.type).storage, n), v.data, v.length, offset),
      n,
      v.scale,
    )
  if (v.storage === 'symbol')
    return new SymbolVector(repeatInto(newFixedArray('symbol', n), v.data, v.length, offset) as Int32Array, v.base)
  if (v.storage === 'string') {
    const { strings } = v
    const out = textList(n)
    for (let k = 0, at = offset; k < n; k++) {
      out[k] = strings[at]
      if (++at === v.length) at = 0
    }
    return new StringVector(out, v.type)
  }
  const positions = newFixedArray('i32', n) as Int32Array
  for (let k = 0; k < n; k++) positions[k] = (offset + k) % v.length
  return v.gather(positions)
}

/** Between two looks at the interrupt. */
const COPIED_AT_ONCE = 1 << 24

/** Copies one period, then doubles what is there: the fastest way to fill memory. */
function repeatInto<A extends FixedArray>(out: A, source: FixedArray, length: number, offset: number): A {
  const first = Math.min(out.length, length - offset)
  out.set(source.subarray(offset, offset + first) as never, 0)
  if (first === out.length) return out
  const rest = Math.min(out.length - first, offset)
  out.set(source.subarray(0, rest) as never, first)
  for (let done = first + rest; done < out.length; ) {
    // As many whole periods as are there, while one such piece does not take long.
    const piece = done <= COPIED_AT_ONCE ? done : Math.max(length, COPIED_AT_ONCE - (COPIED_AT_ONCE % length))
    checkInterrupt()
    out.copyWithin(done, 0, Math.min(piece, out.length - done))
    done += piece
  }
  return out
}

function takeVector(v: Vector, n: Value): Vector {
  if (n.kind === 'vector') {
    if (n.length !== v.length || !isIntegral(n.type))
      throw inputError('Usage: take(X, n). A vector n must hold one integer for each element of X.')
    let total = 0
    for (let k = 0; k < n.length; k++) total += Math.max(0, Number(n.raw(k)))
    const positions = newFixedArray('i32', total) as Int32Array
    for (let k = 0, at = 0; k < n.length; k++) {
      const times = Math.max(0, Number(n.raw(k)))
      positions.fill(k, at, at + times)
      at += times
    }
    return v.gather(positions)
  }
  const count = intArg(n, 'take(X, n)', 'n')
  if (count >= 0) return cycle(v, count, 0)
  const period = v.length
  return cycle(v, -count, period === 0 ? 0 : ((count % period) + period) % period)
}

function take(x: Value, n: Value): Value {
  switch (x.kind) {
    case 'scalar': {
      if (x.type === T.VOID) throw inputError('Not allowed to create void vector', { refId: 'S05005' })
      if (n.kind === 'vector') return takeVector(scalarToVector(x, 1), n)
      return scalarToVector(x, Math.abs(intArg(n, 'take(X, n)', 'n')))
    }
    case 'vector':
      return takeVector(x, n)
    case 'matrix': {
      const rows = takeVector(
        new FixedVector(
          T.INT,
          Int32Array.from({ length: x.rows }, (_, k) => k),
        ),
        n,
      ) as FixedVector
      const positions = new Int32Array(rows.length * x.cols)
      for (let c = 0; c < x.cols; c++)
        for (let r = 0; r < rows.length; r++) positions[c * rows.length + r] = c * x.rows + (rows.data[r] as number)
      return new Matrix(
        x.data.gather(positions),
        rows.length,
        x.cols,
        x.rowLabels?.gather(rows.view() as Int32Array),
        x.colLabels,
      )
    }
    case 'table':
      return new Table(
        x.names.slice(),
        x.columns.map((c) => takeVector(c, n)),
      )
    default: {
      const v = asVector(x)
      if (v !== undefined) return takeVector(v, n)
      if (x.kind === 'function' || x.kind === 'code') return new AnyVector(filledList(intArg(n, 'take(X, n)', 'n'), x))
      throw inputError(`Usage: take(X, n). X must be a scalar, vector, matrix or table, not a ${formName(x)}.`)
    }
  }
}
define('take(X, n)', {
  doc: 'n elements cycling through X; a negative n cycles so that the result ends with the last element; a vector n repeats element i n[i] times. Matrices and tables by rows.',
  call: ([x, n]) => take(required(x, 'take(X, n)', 'X'), required(n, 'take(X, n)', 'n')),
})

function stretchPositions(length: number, n: number): Int32Array {
  if (n < 0 || (length === 0 && n > 0))
    throw inputError('Usage: stretch(X, n). n must be a non-negative integer and X not empty.')
  const positions = new Int32Array(n)
  const base = Math.floor(n / length)
  const extra = n % length
  for (let k = 0, at = 0; k < length && at < n; k++) {
    const times = base + (k < extra ? 1 : 0)
    positions.fill(k, at, at + times)
    at += times
  }
  return positions
}
define('stretch(X, n)', {
  doc: 'The elements repeated in place to a length of n, the earlier ones more often. Matrices and tables by rows.',
  call: ([x, n]) => {
    const count = intArg(n, 'stretch(X, n)', 'n')
    const source = required(x, 'stretch(X, n)', 'X')
    if (source.kind === 'table')
      return new Table(
        source.names.slice(),
        source.columns.map((c) => c.gather(stretchPositions(source.rows, count))),
      )
    if (source.kind === 'matrix') {
      const rows = stretchPositions(source.rows, count)
      return take(source, new FixedVector(T.INT, countsOf(rows, source.rows)))
    }
    const v = source.kind === 'vector' ? source : asVector(source)
    if (v === undefined) throw inputError('Usage: stretch(X, n). X must be a vector, matrix or table.')
    return v.gather(stretchPositions(v.length, count))
  },
})

function countsOf(positions: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length)
  for (const p of positions) out[p]++
  return out
}

define('enlist(X)', {
  doc: 'A scalar as a vector of one element, a dictionary with text keys as a table of one row, anything else as a tuple of one.',
  call: ([x]) => {
    const source = required(x, 'enlist(X)', 'X')
    if (source.kind === 'scalar' && source.type !== T.VOID) return scalarToVector(source, 1)
    if (source.kind === 'dict' && source.keyType === T.STRING)
      return new Table(
        [...source.entries.keys()].map(String),
        [...source.entries.values()].map((v) =>
          v.kind === 'scalar' && v.type !== T.VOID ? scalarToVector(v, 1) : new AnyVector([v]),
        ),
      )
    return new AnyVector([source])
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Matrices

function matrixOfType(args: readonly Arg[], usage: string): Matrix {
  const { type, scale } = typeSpec(args[0]!)
  const rows = intArg(args[1], usage, 'rows')
  const cols = intArg(args[2], usage, 'cols')
  const fill = args[4]
  if (isGiven(fill) && fill.kind !== 'scalar') throw inputError(`Usage: ${usage}. defaultValue must be a scalar.`)
  const data =
    isGiven(fill) && fill.kind === 'scalar'
      ? scalarToVector(castScalar(fill, type, scale), rows * cols, type)
      : newVector(type, rows * cols, 'zero', scale ?? 0)
  return new Matrix(data, rows, cols)
}

const usageMatrix = 'matrix(X1, [X2], ...)'
// The parameters bear the names of the form with a type: the other one has no names to be called by.
define('matrix(dataType, [rows], [cols], [columnsCapacity], [defaultValue], args...)', {
  doc: 'matrix(dataType, rows, cols, [columnsCapacity], [defaultValue]): a matrix of that type, full of defaultValue (0, false or null for text without one). matrix(X1, [X2], ...): columns side by side, of vectors, matrices, tables, array vectors or tuples of vectors; numbers are promoted. Columns of different lengths are an error, SYMBOL columns of tables, too.',
  call: (slots) => {
    const args = slots.slice(0, slots.findLastIndex((a) => a !== undefined) + 1)
    const first = required(args[0], usageMatrix, 'X1')
    // Two numbers are two columns of one row, and so are any that can't name a type.
    const isType =
      first.kind === 'function' ||
      (first.kind === 'scalar' && !isFloating(first.type) && (args.length > 2 || isLiteral(first.type)))
    if (isType && args[1]?.kind === 'scalar')
      return matrixOfType(args, 'matrix(dataType, rows, cols, [columnsCapacity], [defaultValue])')
    const columns: Vector[] = []
    let rowLabels: Vector | undefined
    for (const arg of args) {
      const x = required(arg, usageMatrix, 'X')
      if (x.kind === 'matrix') {
        for (let c = 0; c < x.cols; c++) columns.push(x.data.slice(c * x.rows, (c + 1) * x.rows))
        rowLabels ??= x.rowLabels
      } else if (x.kind === 'table') {
        if (x.columns.some((c) => c.type === T.SYMBOL))
          throw inputError('Failed to append a table object to a matrix: it has SYMBOL columns.')
        columns.push(...x.columns)
      } else if (x.kind === 'vector' && x.storage === 'any') for (const v of x.values) columns.push(asColumn(v))
      else if (x.kind === 'vector' && x.storage === 'array') columns.push(...arrayColumns(x))
      else columns.push(asColumn(x))
    }
    if (columns.length === 0) throw usageError(usageMatrix, 'X must have at least one column.')
    const type = columns
      .map((c) => c.type)
      .reduce((a, b) => (isNumeric(a) && isNumeric(b) ? widest(a, b) : commonType(a, b)))
    if (columns.some((c) => c.length !== columns[0].length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const target = type === T.SYMBOL ? T.STRING : type
    const scale = 'scale' in columns[0] ? columns[0].scale : 0
    const data = concatVectors(
      columns.map((c) => castVector(convertForAppend(c, target, scale), target)),
      target,
      scale,
    )
    return new Matrix(data, columns[0].length, columns.length, rowLabels)
  },
})

function asColumn(v: Value): Vector {
  const flat = asVector(v)
  if (flat === undefined) throw inputError(`Usage: ${usageMatrix}. A column must be a vector.`)
  return flat
}

function arrayColumns(x: Vector): Vector[] {
  if (x.storage !== 'array') return []
  const width = x.length === 0 ? 0 : x.offsets[1] - x.offsets[0]
  for (let k = 0; k < x.length; k++)
    if (x.offsets[k + 1] - x.offsets[k] !== width)
      throw inputError('The rows of the array vector must have one length.')
  return Array.from({ length: width }, (_, c) =>
    x.flat.gather(Int32Array.from({ length: x.length }, (_, k) => x.offsets[k] + c)),
  )
}

define('reshape(obj, [dim])', {
  doc: 'The elements column by column in a matrix of dim rows:cols; without dim, or with a number, as a vector.',
  call: ([x, dim]) => {
    const source = required(x, 'reshape(obj, [dim])', 'obj')
    const v = source.kind === 'matrix' ? source.data : asVector(source)
    if (v === undefined) throw inputError('Usage: reshape(obj, [dim]). obj must be a vector or a matrix.')
    if (!isGiven(dim)) return v.slice(0, v.length)
    if (dim.kind !== 'pair') throw inputError('Usage: reshape(obj, [dim]). dim must be a pair rows:cols.')
    const missing = (raw: unknown): boolean => raw === -2147483648 || raw === null
    const rows = missing(dim.first) ? v.length / Number(dim.second) : Number(dim.first)
    const cols = missing(dim.second) ? v.length / Number(dim.first) : Number(dim.second)
    if (rows * cols !== v.length)
      throw operatorError(`A matrix of ${rows} rows and ${cols} columns does not hold ${v.length} elements.`)
    return new Matrix(v.slice(0, v.length), rows, cols)
  },
})
define('eye(n)', {
  doc: 'The DOUBLE identity matrix with n rows.',
  call: ([n]) => {
    const size = intArg(n, 'eye(n)', 'n')
    const out = new Float64Array(size * size)
    for (let k = 0; k < size; k++) out[k * size + k] = 1
    return new Matrix(new FixedVector(T.DOUBLE, out), size, size)
  },
})
define('diag(X)', {
  doc: 'A vector as the diagonal of a matrix; the diagonal of a square matrix as a vector.',
  call: ([x]) => {
    const source = required(x, 'diag(X)', 'X')
    if (source.kind === 'matrix') {
      if (source.rows !== source.cols) throw inputError('Usage: diag(X). X must be a vector or a square matrix.')
      return source.data.gather(Int32Array.from({ length: source.rows }, (_, k) => k * source.rows + k))
    }
    const v = asVector(source)
    if (v === undefined || !isNumeric(v.type))
      throw inputError('Usage: diag(X). X must be a numeric vector or a square matrix.')
    const out = newVector(v.type, v.length * v.length) as FixedVector
    for (let k = 0; k < v.length; k++) out.data[k * v.length + k] = v.raw(k) as never
    return new Matrix(out, v.length, v.length)
  },
})
define('repmat(X, rowRep, colRep)', {
  doc: 'A matrix repeated rowRep times downwards and colRep times to the right.',
  call: ([x, rowRep, colRep]) => {
    const usage = 'repmat(X, rowRep, colRep)'
    const source = required(x, usage, 'X')
    const m = source.kind === 'matrix' ? source : new Matrix(asColumn(source), asColumn(source).length, 1)
    const down = intArg(rowRep, usage, 'rowRep')
    const right = intArg(colRep, usage, 'colRep')
    const rows = m.rows * down
    const cols = m.cols * right
    const positions = new Int32Array(rows * cols)
    for (let c = 0; c < cols; c++)
      for (let r = 0; r < rows; r++) positions[c * rows + r] = (c % m.cols) * m.rows + (r % m.rows)
    return new Matrix(m.data.gather(positions), rows, cols)
  },
})

export const creationBuiltins = entries
