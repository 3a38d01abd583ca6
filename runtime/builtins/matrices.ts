/** Rows, columns, cells and labels of matrices and tables. */
import { freezeOwned } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { columnOf, readIndex, subMatrix, tableRow } from '../indexing/read.ts'
import { writeIndex } from '../indexing/write.ts'
import { joinValues } from '../ops/join.ts'
import { rawText } from '../print/scalars.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Dict, type Key, keyOf, Matrix, Pair } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isLiteral, T } from '../values/types.ts'
import { AnyVector, ArrayVector, newVector, StringVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, intListArg, isGiven, required, sizeError } from './args.ts'
import { joinedVector } from './columns.ts'
import { makeTable, namedTable } from './table-make.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const matrixBuiltins: readonly Builtin[] = entries

/** Rows and columns of any form. */
function dimensions(x: Arg, signature: string): [number, number] {
  switch (x?.kind) {
    case 'vector':
      return [x.length, 1]
    case 'matrix':
      return [x.rows, x.cols]
    case 'table':
      return [x.rows, x.columns.length]
    case 'scalar':
      return [1, 1]
    case 'source': {
      const snapshot = x.source.snapshot()
      try {
        return [snapshot.rowCount(), x.source.schema().length]
      } finally {
        snapshot.release()
      }
    }
    default:
      throw usageError(signature, 'X must be a vector, a matrix or a table.')
  }
}

define('rows(X)', { doc: 'Number of rows.', kind: 'aggregate', call: ([x]) => Scalar.int(dimensions(x, 'rows(X)')[0]) })
define('cols(X)', {
  doc: 'Number of columns.',
  aliases: ['columns'],
  kind: 'aggregate',
  call: ([x]) => Scalar.int(dimensions(x, 'cols(X)')[1]),
})
define('shape(X)', {
  doc: 'The pair rows : columns.',
  call: ([x]) => {
    const [rows, cols] = dimensions(x, 'shape(X)')
    return new Pair(T.INT, rows, cols)
  },
})

/** A matrix or a table. */
function grid(x: Arg, signature: string): Matrix | Table {
  if (x?.kind === 'matrix' || x?.kind === 'table') return x
  throw usageError(signature, 'obj must be a matrix or a table.')
}

define('row(obj, index)', {
  doc: 'One row: a vector of a matrix, a dictionary of a table, a row of an array vector or columnar tuple; a vector or pair of indices gives a matrix or table.',
  call: ([obj, index], session) => {
    const signature = 'row(obj, index)'
    const at = required(index, signature, 'index')
    const isRows = obj?.kind === 'vector' && (obj.storage === 'array' || (obj.storage === 'any' && obj.columnar))
    if (isRows && at.kind === 'scalar') return rowOf(obj, intArg(at, signature, 'index'))
    if (obj?.kind === 'table')
      return at.kind === 'scalar' ? tableRow(obj, intArg(at, signature, 'index')) : readIndex(session, obj, [at])
    const m = grid(obj, signature) as Matrix
    if (at.kind !== 'scalar') return readIndex(session, m, [at, undefined])
    const r = intArg(at, signature, 'index')
    const inside = r >= 0 && r < m.rows
    return m.data.gather(Int32Array.from({ length: m.cols }, (_, c) => (inside ? c * m.rows + r : -1)))
  },
})
/** Outside of the rows as many nulls as there are rows, as the original has it. */
function rowOf(rows: AnyVector | ArrayVector, index: number): Value {
  if (index >= 0 && index < rows.length) return rows.get(index)
  const like = rows instanceof ArrayVector ? rows.flat : rows.values.find((v) => v.kind === 'vector')
  if (like?.kind !== 'vector') return Scalar.VOID
  return newVector(like.type, rows.length, 'null', 'scale' in like ? like.scale : 0)
}

define('col(obj, index)', {
  aliases: ['column'],
  doc: 'One column as a vector; a vector or pair of indices gives a matrix or table.',
  call: ([obj, index], session) => {
    const signature = 'col(obj, index)'
    const at = required(index, signature, 'index')
    const g = grid(obj, signature)
    if (g.kind === 'matrix') return readIndex(session, g, [at])
    if (at.kind !== 'scalar' || isLiteral(at.type))
      return isLiteralIndex(at) ? readIndex(session, g, [at]) : readIndex(session, g, [undefined, at])
    const c = intArg(at, signature, 'index')
    if (c < 0 || c >= g.columns.length) throw inputError('The column index is out of range.', { code: 'columnMissing' })
    g.columns[c].frozen = true
    return g.columns[c]
  },
})
const isLiteralIndex = (v: Value): boolean => 'type' in v && isLiteral(v.type)

define('cell(obj, row, col)', {
  doc: 'The scalar at a row and a column; null outside.',
  call: ([obj, row, col]) => {
    const signature = 'cell(obj, row, col)'
    const g = grid(obj, signature)
    return cellOf(g, intArg(row, signature, 'row'), intArg(col, signature, 'col'))
  },
})
function cellOf(g: Matrix | Table, row: number, col: number): Value {
  if (g.kind === 'table') return g.columns[col] === undefined ? Scalar.VOID : g.columns[col].get(row)
  return g.data.get(row >= 0 && row < g.rows && col >= 0 && col < g.cols ? col * g.rows + row : -1)
}
define('cells(obj, row, col)', {
  doc: 'The cells at parallel vectors of rows and columns.',
  call: ([obj, row, col]) => {
    const signature = 'cells(obj, row, col)'
    if (obj?.kind !== 'matrix') throw usageError(signature, 'obj must be a matrix.')
    const rows = intListArg(row, signature, 'row')
    const cols = intListArg(col, signature, 'col')
    if (rows.length !== cols.length) throw sizeError()
    const inside = (r: number, c: number): boolean => r >= 0 && r < obj.rows && c >= 0 && c < obj.cols
    return obj.data.gather(Int32Array.from(rows, (r, k) => (inside(r, cols[k]) ? cols[k] * obj.rows + r : -1)))
  },
})

define('slice(obj, index, [colIndex])', {
  doc: 'Columns of a matrix, rows of a table (a dictionary for a scalar), columns or rows of an array vector; with two indices rows and columns.',
  call: ([obj, index, colIndex], session) => {
    const signature = 'slice(obj, index, [colIndex])'
    const first = required(index, signature, 'index')
    const source = obj?.kind === 'vector' && obj.storage === 'array' ? obj : grid(obj, signature)
    return readIndex(session, source, isGiven(colIndex) ? [first, colIndex] : [first])
  },
})

define('fill!(obj, index, value)', {
  doc: 'obj[index] = value: positions of a vector, (row, col) of a matrix, a column name of a table (created if missing), a key of a dictionary.',
  mutates: true,
  call: ([obj, index, value], session) => {
    const signature = 'fill!(obj, index, value)'
    const target = required(obj, signature, 'obj')
    const at = required(index, signature, 'index')
    const given = required(value, signature, 'value')
    if (
      target.kind === 'table' &&
      at.kind === 'scalar' &&
      isLiteral(at.type) &&
      target.columnIndex(at.value as string) < 0
    ) {
      const added = makeTable([at.value as string], [given])
      target.names.push(at.value as string)
      target.columns.push(
        added.rows === target.rows ? added.columns[0] : added.columns[0].gather(new Int32Array(target.rows)),
      )
      return target
    }
    const slots = target.kind !== 'dict' && at instanceof AnyVector ? at.values : [at]
    return writeIndex(session, target, slots, given, 'obj')
  },
})

// Transposing.

define('transpose(X)', {
  doc: 'A matrix with rows and columns exchanged; a tuple of equal vectors by element (columnar tuples and array vectors with rows of one length stay what they are); a table as an ordered dictionary of columns; a dictionary as a table, one of dictionaries with their keys in the column `key` and the keys of the first as columns.',
  aliases: ['flip'],
  call: ([x]) => {
    if (x?.kind === 'matrix') return transposed(x)
    if (x?.kind === 'table') {
      for (const c of x.columns) c.frozen = true
      return new Dict(T.STRING, T.ANY, new Map(x.names.map((n, k) => [n, x.columns[k]] as const)), true)
    }
    if (x?.kind === 'dict') return dictToTable(x)
    if (x?.kind === 'vector' && (x.storage === 'any' || x.storage === 'array')) return transposedTuple(x)
    throw usageError('transpose(X)', 'X must be a matrix, a table, a dictionary or a tuple of vectors.')
  },
})

/** The matrix with rows and columns exchanged. */
export function transposed(m: Matrix): Matrix {
  const order = new Int32Array(m.data.length)
  let k = 0
  for (let r = 0; r < m.rows; r++) for (let c = 0; c < m.cols; c++) order[k++] = c * m.rows + r
  return new Matrix(m.data.gather(order), m.cols, m.rows, m.colLabels, m.rowLabels)
}

function transposedTuple(x: Vector): Vector {
  const rows = Array.from({ length: x.length }, (_, k) => x.get(k))
  const width = rows.length === 0 || rows[0].kind !== 'vector' ? 0 : rows[0].length
  if (rows.some((r) => r.kind !== 'vector' || r.length !== width))
    throw usageError('transpose(X)', 'The vectors must be of the same length.')
  if (x instanceof ArrayVector) {
    const flat = x.flat.gather(
      Int32Array.from({ length: width * x.length }, (_, k) => x.offsets[k % x.length] + Math.floor(k / x.length)),
    )
    return new ArrayVector(
      Int32Array.from({ length: width + 1 }, (_, k) => k * x.length),
      flat,
    )
  }
  const out = new AnyVector(
    Array.from({ length: width }, (_, k): Value => {
      const items = rows.map((r) => (r as Vector).get(k))
      return (
        (items.every((i) => i.kind === 'scalar') ? joinedVector(items as Scalar[]) : undefined) ?? new AnyVector(items)
      )
    }),
  )
  out.columnar = x instanceof AnyVector && x.columnar
  return out
}

function dictToTable(d: Dict): Table {
  const keys = [...d.entries.keys()]
  const values = [...d.entries.values()]
  if (values.length > 0 && values.every((v) => v.kind === 'dict')) return nestedDictToTable(d, keys, values as Dict[])
  if (!isLiteral(d.keyType)) throw usageError('transpose(X)', 'The keys of the dictionary must be strings.')
  return makeTable(keys.map(String), values)
}

/** One row per inner dictionary, its key in the first column. */
function nestedDictToTable(d: Dict, keys: readonly Key[], rows: readonly Dict[]): Table {
  // The first one says which columns there are: keys that only later ones have are left out.
  const names = [...rows[0].entries.keys()].map(String)
  const column = (values: readonly Value[]): Vector =>
    (values.every((v) => v.kind === 'scalar') ? joinedVector(values as Scalar[]) : undefined) ??
    new AnyVector(values.slice())
  const keyColumn = column(keys.map((k) => new Scalar(d.keyType, k as string)))
  return makeTable(
    ['key', ...names],
    [keyColumn, ...names.map((n) => column(rows.map((r) => r.entries.get(n) ?? Scalar.VOID)))],
  )
}

// Labels.

define('rowNames(X)', {
  doc: 'Row labels of a matrix; an empty vector if it has none.',
  call: ([x]) => {
    if (x?.kind !== 'matrix') throw usageError('rowNames(X)', 'X must be a matrix.')
    return shared(x.rowLabels)
  },
})
define('columnNames(X)', {
  doc: 'Column labels of a matrix, or column names of a table; an empty vector if there are none.',
  aliases: ['colNames'],
  call: ([x]) => {
    if (x?.kind === 'matrix') return shared(x.colLabels)
    if (x?.kind === 'table') return new StringVector(x.names.slice())
    if (x?.kind === 'source') return new StringVector(x.source.schema().map((c) => c.name))
    throw usageError('columnNames(X)', 'X must be a matrix or a table.')
  },
})

function shared(labels: Vector | undefined): Vector {
  if (labels === undefined) return newVector(T.STRING, 0)
  labels.frozen = true
  return labels
}

define('loc(obj, [rowFilter], [colFilter], [view=false])', {
  doc: 'Rows and columns of a matrix by BOOL vectors or labels; on indexed objects a pair of labels is an inclusive range.',
  call: ([obj, rowFilter, colFilter]) => {
    const signature = 'loc(obj, [rowFilter], [colFilter], [view=false])'
    if (obj?.kind !== 'matrix') throw usageError(signature, 'obj must be a matrix.')
    if (!isGiven(rowFilter) && !isGiven(colFilter)) throw usageError(signature, 'rowFilter or colFilter must be given.')
    const rows = labelPositions(rowFilter, obj.rowLabels, obj.rows, obj.indexed !== 'no', signature)
    const cols = labelPositions(colFilter, obj.colLabels, obj.cols, obj.indexed !== 'no', signature)
    return subMatrix(obj, rows, cols)
  },
})

function labelPositions(
  filter: Arg,
  labels: Vector | undefined,
  length: number,
  indexed: boolean,
  signature: string,
): Int32Array {
  const where = (test: (k: number) => boolean): Int32Array =>
    Int32Array.from(Array.from({ length }, (_, k) => k).filter(test))
  if (!isGiven(filter) || (filter.kind === 'scalar' && filter.type === T.VOID)) return where(() => true)
  if (filter.kind === 'vector' && filter.type === T.BOOL) {
    if (filter.length !== length) throw sizeError()
    return where((k) => filter.raw(k) === 1)
  }
  if (labels === undefined) throw usageError(signature, 'The matrix has no labels.')
  if (filter instanceof Pair) {
    if (!indexed) throw usageError(signature, 'A range of labels needs an indexed matrix or series.')
    const { first, second } = filter
    const low = new Scalar(filter.type, first)
    const high = new Scalar(filter.type, second)
    return where((k) => (low.isNull() || labels.raw(k)! >= first!) && (high.isNull() || labels.raw(k)! <= second!))
  }
  const wanted = filter.kind === 'vector' ? Array.from({ length: filter.length }, (_, k) => filter.get(k)) : [filter]
  const at = new Map<Key, number[]>()
  for (let k = 0; k < length; k++) {
    const key = keyOf(labels.get(k) as Scalar)
    const places = at.get(key)
    if (places === undefined) at.set(key, [k])
    else places.push(k)
  }
  // A label that several rows have stands for all of them; of a list of labels those that there are.
  return Int32Array.from(
    wanted.flatMap((w) => {
      const found = w.kind === 'scalar' ? at.get(keyOf(w)) : undefined
      if (found === undefined && filter.kind === 'vector') return []
      if (found === undefined) {
        const text = w.kind === 'scalar' ? rawText(w.type, w.value, w.scale) : w.kind
        throw inputError(`The label [${text}] does not exist.`, { code: 'labelMissing' })
      }
      return found
    }),
  )
}

define('concatMatrix(X, [horizontal=true])', {
  doc: 'One matrix of the matrices in a tuple: side by side (equal rows), or one below the other (equal columns).',
  call: ([x, horizontal]) => {
    const signature = 'concatMatrix(X, [horizontal=true])'
    if (!(x instanceof AnyVector) || x.length === 0 || x.values.some((v) => v.kind !== 'matrix'))
      throw usageError(signature, 'X must be a tuple of matrices.')
    const sideways = boolArg(horizontal, signature, 'horizontal', true)
    const parts = (x.values as Matrix[]).map((m) => (sideways ? m : transposed(m)))
    if (parts.some((m) => m.rows !== parts[0].rows))
      throw usageError(signature, `The matrices must have the same number of ${sideways ? 'rows' : 'columns'}.`)
    const columns = parts.flatMap((m) => Array.from({ length: m.cols }, (_, c) => columnOf(m, c)))
    const joined = joinedVector(columns)
    if (joined === undefined) throw usageError(signature, 'The matrices must have types that convert to each other.')
    const labels = parts.every((m) => m.colLabels !== undefined)
      ? joinedVector(parts.map((m) => m.colLabels!))
      : undefined
    const out = new Matrix(joined, parts[0].rows, columns.length, parts[0].rowLabels, labels)
    return sideways ? out : transposed(out)
  },
})

define('join(X, Y)', {
  doc: 'Vectors and scalars one after the other, in the type of X; numbers of unlike types widen (1 2 join 0.5 has three DOUBLEs), other values must convert to the type of X ("Incompatible type"). A tuple with Y as one more element; a matrix or table with more columns of equal length.',
  call: ([x, y]) => {
    const out = joinValues(required(x, 'join(X, Y)', 'X'), required(y, 'join(X, Y)', 'Y'))
    if (out instanceof AnyVector) for (const v of out.values) freezeOwned(v)
    return out instanceof Table ? namedTable(out.names, out.columns) : out
  },
})
