/**
 * byRow and byColumn: a function on every row, or on every column, of a matrix, table, array vector or tuple of equally long vectors. Scalars give a
 * vector (byColumn of a table: a table of one row); vectors as long as the row or column give the form of the first argument, with its labels.
 */
import { callFunction } from '../compile/call.ts'
import { assemble } from '../ops/assemble.ts'
import { arrayFromRows, scalarToVector } from '../ops/cast.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import {
  AnyVector,
  ArrayVector,
  type FunctionValue,
  Matrix,
  Scalar,
  T,
  Table,
  type Value,
  type Vector,
} from '../values/index.ts'
import { isGiven, sizeError } from './args.ts'
import { functionArg, type Items, itemsOf } from './higher-order.ts'

const { entries, define } = topicTable('Higher-order functions')

export const rowColumnBuiltins = entries

function isTupleOfColumns(x: Value): x is AnyVector {
  if (!(x instanceof AnyVector) || x.length === 0 || x.columnar) return false
  const [first] = x.values
  return first.kind === 'vector' && x.values.every((v) => v.kind === 'vector' && v.length === first.length)
}

/** Rows of a matrix, table, array vector, columnar tuple or tuple of equally long vectors. */
function rowsOf(x: Value): Items | undefined {
  if (x instanceof Matrix) {
    const positions = (r: number): Int32Array => Int32Array.from({ length: x.cols }, (_, c) => c * x.rows + r)
    return { count: x.rows, item: (r) => x.data.gather(positions(r)), labels: x.rowLabels }
  }
  if (x instanceof Table) return { count: x.rows, item: (r) => assemble(x.columns.map((c) => c.get(r))) }
  if (x instanceof ArrayVector || (x instanceof AnyVector && x.columnar))
    return { count: x.length, item: (r) => x.get(r) }
  if (isTupleOfColumns(x)) {
    const columns = x.values as Vector[]
    return { count: columns[0].length, item: (r) => assemble(columns.map((c) => c.get(r))) }
  }
  return undefined
}

/** Columns of what rowsOf walks by rows; those of an array vector end where its rows end, with nulls. */
function columnsOf(x: Value): Items | undefined {
  if (x instanceof Matrix) return itemsOf(x)
  if (x instanceof Table) return { count: x.columns.length, item: (c) => x.columns[c] }
  if (x instanceof ArrayVector) {
    let width = 0
    for (let r = 0; r < x.length; r++) width = Math.max(width, x.offsets[r + 1] - x.offsets[r])
    return { count: width, item: (c) => columnOfArray(x, c) }
  }
  return isTupleOfColumns(x) ? itemsOf(x) : undefined
}

function columnOfArray(x: ArrayVector, c: number): Vector {
  const positions = new Int32Array(x.length)
  for (let r = 0; r < x.length; r++) positions[r] = x.offsets[r] + c < x.offsets[r + 1] ? x.offsets[r] + c : -1
  return x.flat.gather(positions)
}

function callOver(
  session: Session,
  f: FunctionValue,
  args: readonly Value[],
  walk: (x: Value) => Items | undefined,
): Value[] | undefined {
  const parts = args.map(walk)
  const walked = parts.filter((p) => p !== undefined)
  if (walked.length === 0) return undefined
  const { count } = walked[0]
  if (walked.some((p) => p.count !== count)) throw sizeError()
  return Array.from({ length: count }, (_, k) =>
    callFunction(
      session,
      f,
      args.map((a, n) => parts[n]?.item(k) ?? a),
    ),
  )
}

const areVectors = (results: readonly Value[]): results is Vector[] =>
  results.length > 0 && results.every((v) => v.kind === 'vector' && v.type !== T.ANY && v.storage !== 'array')

function byRow(session: Session, f: FunctionValue, args: readonly Value[]): Value {
  const results = callOver(session, f, args, rowsOf)
  if (results === undefined) return callFunction(session, f, [...args])
  if (!areVectors(results)) return assemble(results)
  const like = args.find((a) => rowsOf(a) !== undefined)!
  if (like instanceof AnyVector && like.columnar) {
    const out = new AnyVector(results.slice())
    out.columnar = true
    return out
  }
  if (like instanceof ArrayVector)
    return arrayFromRows(results, results[0].type, 'scale' in results[0] ? results[0].scale : undefined)
  const across = assemble(results)
  if (!(across instanceof Matrix)) return across
  const m = transposed(across)
  if (like instanceof Matrix) return labelled(m, like)
  const columns = Array.from({ length: m.cols }, (_, c) => m.data.slice(c * m.rows, (c + 1) * m.rows))
  if (like instanceof Table) return like.names.length === m.cols ? new Table(like.names.slice(), columns) : m
  return new AnyVector(columns)
}

/** Results stand in columns; they belong into rows. */
function transposed(m: Matrix): Matrix {
  const positions = new Int32Array(m.rows * m.cols)
  for (let r = 0, at = 0; r < m.rows; r++) for (let c = 0; c < m.cols; c++) positions[at++] = c * m.rows + r
  return new Matrix(m.data.gather(positions), m.cols, m.rows)
}

function labelled(m: Matrix, like: Matrix): Matrix {
  if (m.rows === like.rows) m.rowLabels = like.rowLabels
  if (m.cols === like.cols) m.colLabels = like.colLabels
  return m
}

function byColumn(session: Session, f: FunctionValue, args: readonly Value[]): Value {
  const results = callOver(session, f, args, columnsOf)
  if (results === undefined) return callFunction(session, f, [...args])
  const like = args.find((a) => columnsOf(a) !== undefined)!
  if (like instanceof Table && results.every((r) => r.kind === 'vector' || r instanceof Scalar))
    return new Table(
      like.names.slice(),
      results.map((r) => (r.kind === 'vector' ? r : scalarToVector(r as Scalar, 1))),
    )
  if (areVectors(results)) {
    if (like instanceof ArrayVector && results.every((r) => r.length === like.length)) return rowsAgain(like, results)
    if (like instanceof AnyVector) return new AnyVector(results.slice())
  }
  const assembled = assemble(results)
  return assembled instanceof Matrix && like instanceof Matrix ? labelled(assembled, like) : assembled
}

/** Columns back into rows as long as those of the array vector. */
function rowsAgain(like: ArrayVector, columns: readonly Vector[]): ArrayVector {
  const rows = Array.from({ length: like.length }, (_, r) => {
    const size = like.offsets[r + 1] - like.offsets[r]
    return new AnyVector(columns.slice(0, size).map((c) => c.get(r)))
  })
  return arrayFromRows(
    rows.map((r) => (r.length === 0 ? columns[0].slice(0, 0) : assemble(r.values))),
    columns[0].type,
  )
}

define('byRow(func, X, [Y])', {
  doc: 'func on every row of a matrix, table, array vector, columnar tuple or tuple of vectors: an aggregate gives a vector, a vector function the form of X (a matrix keeps its labels, a table its names). Several arguments are walked together; scalars go to every call.',
  call: (args, session) => byRow(session, functionArg(args[0], 'byRow(func, X, [Y])'), args.slice(1).filter(isGiven)),
})
define('byColumn(func, X, [Y])', {
  doc: 'func on every column of a matrix, table, array vector (a column is null where a row is too short) or tuple of vectors: an aggregate gives a vector (of a table: a table of one row), a vector function the form of X.',
  call: (args, session) =>
    byColumn(session, functionArg(args[0], 'byColumn(func, X, [Y])'), args.slice(1).filter(isGiven)),
})
