/** Growing, shrinking, cutting and joining vectors, tuples, matrices and tables. */

import { copyOf, freezeOwned } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { tableRow } from '../indexing/read.ts'
import { castVector } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { inMemory } from '../sql/partitions-in-memory.ts'
import { Dict, keyOf, Matrix, Pair, type SetValue } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isIntegral, T } from '../values/types.ts'
import { AnyVector, ArrayVector, subarrays, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, intListArg, isGiven, required, sizeError } from './args.ts'
import { joinedVector, matrixColumn } from './columns.ts'
import { eqValues } from './equality.ts'
import { appendValue, dropFirst, pushValue, replaceContent, truncate } from './growth.ts'
import { appendToTable } from './table-append.ts'
import { clearTable, eraseRows, tableSlice } from './table-rows.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const vectorBuiltins: readonly Builtin[] = entries

// Appending.

define('append!(obj, newData)', {
  doc: 'Appends data in place and returns obj: vectors (converting to their type), tuples (newData becomes one element), sets, dictionaries, matrix columns, table rows by position.',
  aliases: ['push!'],
  mutates: true,
  call: ([obj, data]) => {
    const signature = 'append!(obj, newData)'
    const target = required(obj, signature, 'obj')
    const value = required(data, signature, 'newData')
    switch (target.kind) {
      case 'vector':
        appendValue(target, value)
        return target
      case 'matrix':
        return appendColumns(target, value)
      case 'set':
        return addMembers(target, value)
      case 'dict':
        return mergeDict(target, value)
      case 'table':
      case 'source':
        appendToTable(target, [value])
        return target
      default:
        throw usageError(signature, 'obj must be a vector, a matrix, a set, a dictionary or a table.')
    }
  },
})

function appendColumns(m: Matrix, data: Value): Matrix {
  const size = data.kind === 'matrix' ? data.data.length : data.kind === 'vector' ? data.length : 1
  if (m.rows === 0 || size % m.rows !== 0)
    throw inputError('The size of the vector to append must be divisible by the number of rows of the matrix.', {
      code: 'matrixAppend',
    })
  if (m.data.frozen) m.data = m.data.copy()
  appendValue(m.data, data.kind === 'matrix' ? data.data : data)
  m.cols += size / m.rows
  if (m.colLabels !== undefined)
    m.colLabels = joinedVector([
      m.colLabels,
      ...Array.from({ length: size / m.rows }, () => Scalar.nullOf(m.colLabels!.type)),
    ])
  return m
}

/** Adds the members, converted to the set's type. */
export function addMembers(s: SetValue, data: Value): SetValue {
  if (data.kind === 'set') {
    for (const key of data.members) s.members.add(key)
    return s
  }
  const column = data.kind === 'scalar' ? castVector(joinedVector([data]) ?? new AnyVector([data]), s.type) : data
  if (column.kind !== 'vector')
    throw usageError('append!(obj, newData)', 'newData must be a scalar, a vector or a set.')
  const cast = castVector(column, s.type)
  for (let k = 0; k < cast.length; k++) s.members.add(keyOf(cast.get(k) as Scalar))
  return s
}

function mergeDict(d: Dict, data: Value): Dict {
  if (data.kind !== 'dict') throw usageError('append!(obj, newData)', 'newData must be a dictionary.')
  for (const [key, value] of data.entries) {
    freezeOwned(value)
    d.entries.set(key, value)
  }
  return d
}

define('appendTuple!(X, Y, [wholistic=false])', {
  doc: 'Appends the elements of tuple Y one by one, or Y as one element with wholistic=true.',
  mutates: true,
  call: ([x, y, wholistic]) => {
    const signature = 'appendTuple!(X, Y, [wholistic=false])'
    if (x?.kind !== 'vector' || x.storage !== 'any') throw usageError(signature, 'X must be a tuple.')
    const value = required(y, signature, 'Y')
    if (boolArg(wholistic, signature, 'wholistic', false) || value.kind !== 'vector') pushValue(x, value)
    else for (let k = 0; k < value.length; k++) pushValue(x, value.get(k))
    return x
  },
})

define('join!(X, Y)', {
  doc: 'Joins Y to X in place and returns X.',
  mutates: true,
  call: ([x, y]) => {
    const target = required(x, 'join!(X, Y)', 'X')
    const value = required(y, 'join!(X, Y)', 'Y')
    if (target.kind === 'vector') appendValue(target, value)
    else if (target.kind === 'matrix') appendColumns(target, value)
    else if (target.kind === 'table') {
      const more = value.kind === 'table' ? value : new Table([newColumnName(target)], [value as Vector])
      if (value.kind !== 'table' && value.kind !== 'vector')
        throw usageError('join!(X, Y)', 'Y must be a vector or a table.')
      if (more.rows !== target.rows) throw inputError('All columns must be of the same length.', { refId: 'S02010' })
      for (const c of more.columns) freezeOwned(c)
      target.names.push(...more.names)
      target.columns.push(...more.columns)
    } else throw usageError('join!(X, Y)', 'X must be a vector, a matrix or a table.')
    return target
  },
})

const newColumnName = (t: Table): string => {
  let k = t.names.length
  while (t.names.includes(`C${k}`)) k++
  return `C${k}`
}

// Removing.

define('pop!(X)', {
  doc: 'Removes the last element and returns it.',
  mutates: true,
  call: ([x]) => {
    if (x?.kind !== 'vector') throw usageError('pop!(X)', 'X must be a vector.')
    if (x.length === 0) throw inputError('pop!(X) => The vector is empty.', { code: 'emptyVector' })
    const last = x.get(x.length - 1)
    truncate(x, x.length - 1)
    return last
  },
})

for (const [name, doc] of [
  ['removeHead!', 'Drops the first n elements in place and returns the vector.'],
  ['removeTail!', 'Drops the last n elements in place and returns the vector.'],
] as const) {
  const signature = `${name}(obj, n)`
  define(signature, {
    doc,
    mutates: true,
    call: ([x, n]) => {
      if (x?.kind !== 'vector') throw usageError(signature, 'obj must be a vector.')
      const count = intArg(n, signature, 'n')
      if (count < 0) throw usageError(signature, 'n must be a non-negative integer.')
      if (name === 'removeHead!') dropFirst(x, count)
      else truncate(x, Math.max(x.length - count, 0))
      return x
    },
  })
}

define('remove!(obj, index)', {
  doc: 'Drops the elements at one or several positions in place and returns the vector.',
  mutates: true,
  call: ([x, index]) => {
    const signature = 'remove!(obj, index)'
    if (x?.kind !== 'vector') throw usageError(signature, 'obj must be a vector.')
    const gone = new Set(intListArg(index, signature, 'index'))
    const kept = Int32Array.from(Array.from({ length: x.length }, (_, k) => k).filter((k) => !gone.has(k)))
    replaceContent(x, x.gather(kept))
    return x
  },
})

define('clear!(X)', {
  doc: 'Removes all elements of a vector, set, dictionary or table; types stay.',
  mutates: true,
  call: ([x]) => {
    if (x?.kind === 'vector') truncate(x, 0)
    else if (x?.kind === 'set') x.members.clear()
    else if (x?.kind === 'dict') x.entries.clear()
    else if (x?.kind === 'table') clearTable(x)
    else throw usageError('clear!(X)', 'X must be a vector, a set, a dictionary or a table.')
    return x
  },
})

define('erase!(obj, key)', {
  doc: 'Removes members of a set, keys of a dictionary, or the table rows that satisfy metacode such as `<x<=3>`; returns obj.',
  mutates: true,
  call: ([x, key], session) => {
    const signature = 'erase!(obj, key)'
    const what = required(key, signature, 'key')
    if (x?.kind === 'table') return eraseRows(x, what, session)
    const partitions = x?.kind === 'source' ? inMemory(x) : undefined
    if (x !== undefined && partitions !== undefined) {
      partitions.changeRows((rows) => eraseRows(rows, what, session))
      return x
    }
    if (x?.kind !== 'set' && x?.kind !== 'dict')
      throw usageError(signature, 'obj must be a set, a dictionary or a table.')
    const type = x.kind === 'set' ? x.type : x.keyType
    const column = what.kind === 'set' ? [...what.members] : keysOf(what, type, signature)
    for (const k of column) {
      if (x.kind === 'set') x.members.delete(k)
      else x.entries.delete(k)
    }
    return x
  },
})

/** Keys of a set or dictionary named by a scalar or vector. */
export function keysOf(v: Value, type: number, signature: string): (string | number | bigint)[] {
  const column = v.kind === 'scalar' ? joinedVector([v]) : v
  if (column?.kind !== 'vector') throw usageError(signature, 'key must be a scalar or a vector.')
  const cast = type === T.ANY ? column : castVector(column, type)
  return Array.from({ length: cast.length }, (_, k) => keyOf(cast.get(k) as Scalar))
}

define('drop(obj, count)', {
  doc: 'Without the first `count` elements (matrix: columns; table: rows); a negative count drops from the end.',
  call: ([x, count]) => {
    const n = intArg(count, 'drop(obj, count)', 'count')
    const length = lengthOf(x, 'drop(obj, count)')
    return n >= 0 ? part(x as Value, Math.min(n, length), length) : part(x as Value, 0, Math.max(length + n, 0))
  },
})

/** Elements, matrix columns or table rows. */
function lengthOf(x: Arg, signature: string): number {
  if (x?.kind === 'vector') return x.length
  if (x?.kind === 'matrix') return x.cols
  if (x?.kind === 'table') return x.rows
  throw usageError(signature, 'X must be a vector, a matrix or a table.')
}

/** The part [from, to) of a vector, of the columns of a matrix, of the rows of a table. */
export function part(x: Value, from: number, to: number): Value {
  if (x.kind === 'vector') return x.slice(from, to)
  if (x.kind === 'table') return tableSlice(x, from, to)
  const m = x as Matrix
  const out = new Matrix(
    m.data.slice(from * m.rows, to * m.rows),
    m.rows,
    to - from,
    m.rowLabels,
    m.colLabels?.slice(from, to),
  )
  out.indexed = m.indexed
  return out
}

for (const [name, doc] of [
  ['head', 'The first n elements (a scalar for n=1), matrix columns or table rows (a dictionary for n=1).'],
  ['tail', 'The last n elements (a scalar for n=1), matrix columns or table rows (a dictionary for n=1).'],
] as const) {
  const signature = `${name}(X, [n=1])`
  define(signature, {
    doc,
    call: ([x, count]) => {
      const n = intArg(count, signature, 'n', 1)
      if (n < 0) throw usageError(signature, 'n must be a non-negative integer.')
      const length = lengthOf(x, signature)
      if (n === 1) {
        const at = name === 'head' ? 0 : length - 1
        if (x?.kind === 'vector') return x.get(at)
        if (x?.kind === 'table') return tableRow(x, at)
        if (x?.kind === 'matrix') return matrixColumn(x, Math.max(at, 0))
      }
      return name === 'head'
        ? part(x as Value, 0, Math.min(n, length))
        : part(x as Value, Math.max(length - n, 0), length)
    },
  })
}

// Cutting and joining.

define('cut(X, size|cutPositions)', {
  doc: 'A tuple of pieces: of the given size (the last may be shorter; elements of a vector for size 1), or starting at the given positions (what lies before the first is dropped).',
  call: ([x, by]) => {
    const signature = 'cut(X, size|cutPositions)'
    const length = lengthOf(x, signature)
    const starts: number[] = []
    if (by?.kind === 'vector') {
      starts.push(...intListArg(by, signature, 'cutPositions'))
      if (starts.some((s, k) => s < 0 || s > length || (k > 0 && s < starts[k - 1])))
        throw usageError(signature, 'cutPositions must be ascending positions within X.')
    } else {
      const size = intArg(by, signature, 'size')
      if (size <= 0) throw usageError(signature, 'size must be a positive integer.')
      if (size === 1 && x?.kind === 'vector') return new AnyVector(Array.from({ length }, (_, k) => x.get(k)))
      for (let k = 0; k < length; k += size) starts.push(k)
    }
    return new AnyVector(starts.map((s, k) => part(x as Value, s, k + 1 < starts.length ? starts[k + 1] : length)))
  },
})

define('flatten(X)', {
  doc: 'A matrix or array vector as one vector, a tuple of scalars, vectors and matrices joined; of a tuple with tuples inside, these are flattened and the rest stays (tuples of metacode or functions are joined).',
  call: ([x]) => {
    if (x?.kind === 'matrix') return x.data.copy()
    if (x?.kind !== 'vector') throw usageError('flatten(X)', 'X must be a vector, a tuple or a matrix.')
    if (x.storage === 'array') return rowsOf(x)
    return x.storage === 'any' ? flattenTuple(x) : x
  },
})

const rowsOf = (x: ArrayVector): Vector => x.flat.slice(x.offsets[0], x.offsets[x.length])

function flattenTuple(x: AnyVector): Value {
  const tuple = (v: Value): v is AnyVector => v.kind === 'vector' && v.storage === 'any'
  if (x.values.some(tuple)) {
    // Metacode and functions have no vectors: tuples of them come one after another.
    if (x.values.every((v) => tuple(v) && v.values.every((e) => e.kind === 'code' || e.kind === 'function')))
      return new AnyVector(x.values.flatMap((v) => (tuple(v) ? v.values : [v])))
    return new AnyVector(x.values.map((v) => (tuple(v) ? flattenTuple(v) : v)))
  }
  if (x.length === 0) return x
  const flat = x.values.map((v) =>
    v.kind === 'matrix' ? v.data : v.kind === 'vector' && v.storage === 'array' ? rowsOf(v) : v,
  )
  const simple = flat.every((v) => v.kind === 'scalar' || v.kind === 'vector')
  const joined = simple ? joinedVector(flat as (Scalar | Vector)[]) : undefined
  if (joined === undefined)
    throw inputError("Couldn't flatten the vector because some elements of the vector have inconsistent types.", {
      code: 'flatten',
    })
  return joined
}

define('reverse(X)', {
  doc: 'Elements of a vector, of a matrix (with their labels), rows of a table or entries of an ordered dictionary in reverse order.',
  call: ([x]) => {
    const backwards = (n: number): Int32Array => Int32Array.from({ length: n }, (_, k) => n - 1 - k)
    if (x?.kind === 'vector') return x.gather(backwards(x.length))
    if (x?.kind === 'table')
      return new Table(
        x.names.slice(),
        x.columns.map((c) => c.gather(backwards(x.rows))),
      )
    if (x?.kind === 'dict')
      return new Dict(x.keyType, x.valueType, new Map([...x.entries].reverse()), x.ordered, x.scale)
    if (x?.kind === 'matrix') {
      return new Matrix(
        x.data.gather(backwards(x.data.length)),
        x.rows,
        x.cols,
        x.rowLabels?.gather(backwards(x.rows)),
        x.colLabels?.gather(backwards(x.cols)),
      )
    }
    throw usageError('reverse(X)', 'X must be a vector, a matrix, a table or an ordered dictionary.')
  },
})

define('subarray(X, range)', {
  doc: 'The elements [a, b) of a vector, read only; open ends are allowed, positions outside give null.',
  call: ([x, range]) => {
    const signature = 'subarray(X, range)'
    if (x?.kind !== 'vector') throw usageError(signature, 'X must be a vector.')
    if (!(range instanceof Pair) || !isIntegral(range.type))
      throw usageError(signature, 'range must be a pair of integers.')
    return readOnly(partOf(x, range))
  },
})

define('subtuple(X, range)', {
  doc: 'The elements [a, b) of each vector of a tuple; open ends are allowed, positions outside give null. The vectors must be of one length.',
  call: ([x, range]) => {
    const signature = 'subtuple(X, range)'
    if (!(x instanceof AnyVector) || x.values.some((v) => v.kind !== 'vector'))
      throw usageError(signature, 'X must be a tuple of vectors.')
    if (!(range instanceof Pair) || !isIntegral(range.type))
      throw usageError(signature, 'range must be a pair of integers.')
    const vectors = x.values as Vector[]
    if (vectors.some((v) => v.length !== vectors[0].length)) throw sizeError()
    return readOnly(new AnyVector(vectors.map((v) => readOnly(partOf(v, range)))))
  },
})

function readOnly<V extends Vector>(v: V): V {
  v.frozen = true
  subarrays.add(v)
  return v
}

/** The elements [a, b); null where there is none. */
function partOf(v: Vector, range: Pair): Vector {
  const from = rangeEnd(range, range.first, 0)
  const to = rangeEnd(range, range.second, v.length)
  if (from >= 0 && to <= v.length && from <= to) return v.slice(from, to)
  return v.gather(Int32Array.from({ length: Math.max(to - from, 0) }, (_, k) => from + k))
}

const rangeEnd = (range: Pair, raw: Pair['first'], open: number): number => {
  const end = new Scalar(range.type, raw)
  return end.isNull() ? open : Number(raw)
}

// Copies and comparison.

define('copy(obj)', {
  doc: 'A copy that can be changed without changing obj; elements of tuples and dictionaries are shared.',
  call: ([x]) => copyOf(required(x, 'copy(obj)', 'obj')),
})
define('deepCopy(obj)', {
  doc: 'A copy with copies of all elements.',
  call: ([x]) => deepCopy(required(x, 'deepCopy(obj)', 'obj')),
})

function deepCopy(v: Value): Value {
  if (v.kind === 'vector' && v.storage === 'any') {
    const out = new AnyVector(v.values.map(deepCopy))
    out.columnar = v.columnar
    return out
  }
  if (v.kind === 'dict')
    return new Dict(
      v.keyType,
      v.valueType,
      new Map([...v.entries].map(([k, x]) => [k, deepCopy(x)])),
      v.ordered,
      v.scale,
    )
  if (v.kind === 'table') {
    const out = new Table(
      v.names.slice(),
      v.columns.map((c) => deepCopy(c) as Vector),
    )
    out.keyColumns = v.keyColumns?.slice()
    out.latestBy = v.latestBy
    out.indexed = v.indexed
    return out
  }
  return copyOf(v)
}

define('eqObj(obj1, obj2, [precision])', {
  doc: 'Whether two objects have the same form, type and elements; with `precision`, floating numbers may differ by less than 10^-precision.',
  call: ([x, y, precision]) => {
    const signature = 'eqObj(obj1, obj2, [precision])'
    const tolerance = isGiven(precision) ? 10 ** -intArg(precision, signature, 'precision') : 0
    return Scalar.bool(eqValues(required(x, signature, 'obj1'), required(y, signature, 'obj2'), tolerance))
  },
})

// Array vectors.

define('arrayVector(index, value)', {
  doc: 'An array vector over `value`: index[i] is the 1-based position in it of the last element of row i.',
  call: ([index, value]) => {
    const signature = 'arrayVector(index, value)'
    if (value?.kind !== 'vector' || value.storage === 'any' || value.storage === 'array' || value.storage === 'string')
      throw usageError(signature, 'value must be a vector of numbers or temporals.')
    const ends = intListArg(index, signature, 'index')
    const offsets = Int32Array.of(0, ...ends)
    if (ends.some((e, k) => e < offsets[k]) || offsets[ends.length] !== value.length)
      throw usageError(signature, 'index must be ascending and end with the length of value.')
    freezeOwned(value)
    return new ArrayVector(offsets, value)
  },
})

/** The columns of an array vector whose rows are equally long. */
function arrayColumns(a: ArrayVector, signature: string): Vector[] {
  const width = a.length === 0 ? 0 : a.offsets[1] - a.offsets[0]
  for (let k = 0; k < a.length; k++)
    if (a.offsets[k + 1] - a.offsets[k] !== width)
      throw usageError(signature, 'The rows of an array vector must be equally long.')
  return Array.from({ length: width }, (_, c) =>
    a.flat.gather(Int32Array.from({ length: a.length }, (_unused, k) => a.offsets[k] + c)),
  )
}

define('fixedLengthArrayVector(args...)', {
  doc: 'An array vector whose row i holds element i of every argument: vectors, tuples of vectors, matrices, tables or array vectors of equally long rows, with equal row counts.',
  call: (args) => {
    const signature = 'fixedLengthArrayVector(args...)'
    const columns = args.flatMap((a): Vector[] => {
      if (a?.kind === 'matrix') return Array.from({ length: a.cols }, (_, c) => matrixColumn(a, c))
      if (a?.kind === 'table') return a.columns
      if (a?.kind === 'vector' && a.storage === 'array') return arrayColumns(a, signature)
      if (a?.kind === 'vector') return a.storage === 'any' ? (a.values as Vector[]) : [a]
      throw usageError(signature, 'Arguments must be vectors, matrices or tables.')
    })
    if (columns.length === 0) throw usageError(signature, 'At least one argument is needed.')
    if (columns.some((c) => c.kind !== 'vector' || c.length !== columns[0].length)) throw sizeError()
    const joined = joinedVector(columns)
    if (joined === undefined || joined.storage === 'string' || joined.storage === 'symbol')
      throw usageError(signature, 'Arguments must be vectors, matrices or tables of one numeric or temporal type.')
    const rows = columns[0].length
    const width = columns.length
    const order = Int32Array.from({ length: rows * width }, (_, k) => (k % width) * rows + Math.floor(k / width))
    return new ArrayVector(
      Int32Array.from({ length: rows + 1 }, (_, k) => k * width),
      joined.gather(order),
    )
  },
})
