/** `x[i]`, `x[i, j]`, `x[a:b]` for every form (language specification, section 4). An omitted slot is undefined. */
import { callFunction } from '../compile/call.ts'
import { freeze } from '../compile/ownership.ts'
import { inputError, operatorError } from '../errors.ts'
import { filterFixed } from '../kernels/filter.ts'
import { unifyScalars } from '../ops/assemble.ts'
import { arrayFromRows, castScalar, concatVectors, scalarToVector } from '../ops/cast.ts'
import type { Session } from '../session.ts'
import {
  AnyVector,
  ArrayVector,
  Dict,
  elementType,
  FixedVector,
  type FunctionValue,
  formName,
  isIntegral,
  isLiteral,
  isNullRaw,
  type Key,
  keyOf,
  Matrix,
  newVector,
  type Pair,
  Scalar,
  T,
  Table,
  type Value,
  type Vector,
  vectorOf,
} from '../values/index.ts'
import { allPositions, columnName, isTextIndex, listOf, pairBounds, positionsOf, tooManySlots } from './positions.ts'

export type Slots = readonly (Value | undefined)[]

/** `x[i]` as written. Scalars have no elements, but scripts take the results of aggregate functions for vectors of one: `std(v)[0]`. */
export function readWritten(session: Session, object: Value, slots: Slots): Value {
  const isNumber = object.kind === 'scalar' && !isLiteral(object.type)
  return isNumber && slots.length === 1 && isZero(slots[0]) ? object : readIndex(session, object, slots)
}

export function readIndex(session: Session, object: Value, slots: Slots): Value {
  switch (object.kind) {
    case 'vector':
      return readVector(session, object, slots)
    case 'matrix':
      return readMatrix(session, object, slots)
    case 'table':
      return readTable(session, object, slots)
    case 'dict':
      return readDict(session, object, slots)
    case 'pair':
      return readPair(object, slots)
    case 'function':
      return callWithIndex(session, object, slots)
    case 'set':
      throw operatorError('A set does not support random access.', { refId: 'S05001' })
    case 'source':
      throw inputError(`The rows of ${object.source.name} can't be read by index.`, {
        hint: 'read them with a query: select ... from ... where ...',
      })
    case 'scalar':
      if (object.type === T.STRING || object.type === T.SYMBOL) return readString(object.value as string, slots)
      // What lies outside of a tuple has nothing inside either.
      if (object.type === T.VOID) return object
      throw operatorError('A scalar does not support random access.')
    default:
      throw operatorError(`A ${formName(object)} does not support random access.`)
  }
}

const isZero = (index: Value | undefined): boolean =>
  index instanceof Scalar && isIntegral(index.type) && Number(index.value) === 0

/** A byte of a string as CHAR (null outside of it), or a slice as STRING. Positions count bytes of UTF-8. */
function readString(text: string, slots: Slots): Value {
  if (slots.length !== 1) throw tooManySlots('string', slots.length)
  const index = slots[0]
  if (index === undefined) return Scalar.string(text)
  const bytes = Buffer.from(text)
  if (index.kind === 'pair') {
    const { start, end } = pairBounds(index, bytes.length)
    if (start < 0 || start > bytes.length || end < start)
      throw operatorError(`A slice of a string must lie inside it, from 0 to ${bytes.length}, not ${start}:${end}.`)
    return Scalar.string(bytes.toString('utf8', start, Math.min(end, bytes.length)))
  }
  if (index.kind !== 'scalar') throw operatorError(`A ${formName(index)} can't be used as an index of a string.`)
  const at = positionsOf(index, bytes.length)
  if ('many' in at) throw operatorError('An index must be an integer.')
  return at.one >= 0 && at.one < bytes.length ? new Scalar(T.CHAR, bytes.readInt8(at.one)) : Scalar.nullOf(T.CHAR)
}

/** Indexing a function calls it; a tuple spreads as arguments. */
function callWithIndex(session: Session, fn: FunctionValue, slots: Slots): Value {
  const only = slots.length === 1 ? slots[0] : undefined
  return callFunction(session, fn, only instanceof AnyVector ? [...only.values] : [...slots])
}

// ---------------------------------------------------------------------------------------------------------------------
// Vectors

function readVector(session: Session, v: Vector, slots: Slots): Value {
  if (v instanceof AnyVector) return readTuple(session, v, slots)
  if (v instanceof ArrayVector) return readArrayVector(session, v, slots)
  if (slots.length > 1) throw tooManySlots('vector', slots.length)
  const index = slots[0]
  return index === undefined ? v : elementsAt(session, v, index)
}

/** One dimension of a vector (a tuple too) by any index. */
export function elementsAt(session: Session, v: Vector, index: Value): Value {
  if (index.kind === 'function') return elementsAt(session, v, callFunction(session, index, [v]))
  if (index instanceof ArrayVector) {
    const picked = v.gather(listOf(positionsOf(index.flat, v.length)))
    if (picked.storage === 'any' || picked.storage === 'array') return piecesOf(picked, index)
    return new ArrayVector(index.offsets.slice(0, index.length + 1), picked)
  }
  if (index.kind === 'pair') {
    const { start, end } = pairBounds(index, v.length)
    if (start >= 0 && start <= end && end <= v.length) return v.slice(start, end)
  }
  if (index.kind === 'matrix') {
    const picked = v.gather(listOf(positionsOf(index.data, v.length)))
    return new Matrix(picked, index.rows, index.cols)
  }
  if (index.kind === 'vector' && index.type === T.BOOL && index.storage === 'fixed' && v.storage === 'fixed') {
    if (index.length !== v.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return filterFixed(v, index.data as Int8Array)
  }
  const at = positionsOf(index, v.length)
  return 'one' in at ? freeze(v.get(at.one)) : v.gather(at.many)
}

/** Elements that no array vector can hold, a tuple of them for each row of the index. */
function piecesOf(picked: Vector, { offsets, length }: ArrayVector): AnyVector {
  const start = offsets[0]
  return new AnyVector(Array.from({ length }, (_, k) => picked.slice(offsets[k] - start, offsets[k + 1] - start)))
}

function readTuple(session: Session, v: AnyVector, slots: Slots): Value {
  if (v.columnar) return readColumnarTuple(session, v, slots)
  const [first, ...rest] = slots
  if (rest.length === 0) {
    if (first === undefined) return v
    const found = elementsAt(session, v, first)
    return found instanceof AnyVector && first.kind !== 'scalar' ? frozenElements(found) : found
  }
  if (first === undefined) return new AnyVector(v.values.map((item) => drillDown(session, item, rest)))
  const at = elementsAt(session, v, first)
  if (first.kind === 'scalar' || !(at instanceof AnyVector))
    return rest.every((s) => s === undefined) ? at : drillDown(session, at, rest)
  return new AnyVector(at.values.map((item) => drillDown(session, item, rest)))
}

/** Into an element of a tuple, which may be less deep than its neighbours: a scalar of a vector is there at every further index. */
function drillDown(session: Session, item: Value, slots: Slots): Value {
  const [first, ...rest] = slots
  const isFlat = item.kind === 'vector' && !(item instanceof AnyVector) && !(item instanceof ArrayVector)
  if (!isFlat || rest.length === 0 || first?.kind !== 'scalar') return readIndex(session, item, slots)
  return readIndex(session, item, [first])
}

function frozenElements(v: AnyVector): AnyVector {
  for (const item of v.values) freeze(item)
  return v
}

/** Scalars that unify become a vector, anything else a tuple. */
function pickedTogether(values: Value[]): Value {
  const scalars = values.length > 0 && values.every((v) => v instanceof Scalar)
  return (scalars ? unifyScalars(values) : undefined) ?? new AnyVector(values)
}

/**
 * `c[i]` is column i of a columnar tuple, `c[column, row]` its parts; an integer vector or a filter selects rows. A row that is a scalar has it in
 * every column. A slice with an end pads short rows and gives an array vector, unless its elements are strings.
 */
function readColumnarTuple(session: Session, v: AnyVector, slots: Slots): Value {
  const [column, row] = slots
  const rows =
    row !== undefined || (column !== undefined && column.kind === 'vector')
      ? (v.gather(listOf(positionsOf((row ?? column) as Value, v.length))) as AnyVector)
      : v
  rows.columnar = true
  if (slots.length === 1 && column?.kind === 'vector') return rows
  if (column === undefined) return rows
  if (row?.kind === 'scalar') return readRow(session, rows.values[0], column)
  const picked = rows.values.map((item) => readRow(session, item, column))
  if (column.kind === 'scalar') return pickedTogether(picked)
  const first = picked.find((v) => v.type !== T.VOID && v.type !== T.ANY)
  const ends = column.kind !== 'pair' || hasEnd(column)
  if (ends && first !== undefined && !isLiteral(first.type)) return arrayFromRows(picked, first.type)
  return columnarTuple(picked)
}

function columnarTuple(rows: Value[]): AnyVector {
  const out = new AnyVector(rows)
  out.columnar = true
  return out
}

const hasEnd = (slice: Pair): boolean => pairBounds(slice, 0).end === pairBounds(slice, 1).end

/** Part of a row; a scalar stands at every position. */
function readRow(session: Session, row: Value, column: Value): Value & { readonly type: number } {
  if (!(row instanceof Scalar)) return readIndex(session, row, [column]) as Vector | Scalar
  if (column.kind === 'pair') {
    const { start, end } = pairBounds(column, 1)
    return hasEnd(column) ? scalarToVector(row, Math.abs(end - start)) : row
  }
  const at = positionsOf(column, 1)
  return 'one' in at ? row : scalarToVector(row, at.many.length)
}

function readArrayVector(session: Session, v: ArrayVector, slots: Slots): Value {
  if (slots.length > 2) throw tooManySlots('array vector', slots.length)
  if (slots.length === 1) {
    const index = slots[0]
    if (index === undefined) return v
    if (index instanceof ArrayVector) return filterRows(session, v, index)
    if (index.kind === 'vector' || index.kind === 'function') return elementsAt(session, v, index)
    return arrayColumns(session, v, index)
  }
  const [row, column] = slots
  let rows = v
  if (row !== undefined) rows = v.gather(listOf(positionsOf(row, v.length)))
  if (column === undefined) return rows
  const picked = arrayColumns(session, rows, column)
  return row?.kind === 'scalar' && picked instanceof ArrayVector ? picked.get(0) : picked
}

/** A scalar takes the element at that position of every row, a pair or vector a piece of every row. */
function arrayColumns(session: Session, v: ArrayVector, index: Value): Value {
  if (index.kind === 'scalar') {
    const at = (positionsOf(index, Number.MAX_SAFE_INTEGER) as { one: number }).one
    const positions = new Int32Array(v.length)
    for (let k = 0; k < v.length; k++) {
      const size = v.offsets[k + 1] - v.offsets[k]
      positions[k] = at >= 0 && at < size ? v.offsets[k] + at : -1
    }
    return v.flat.gather(positions)
  }
  const rows: Value[] = []
  for (let k = 0; k < v.length; k++) rows.push(elementsAt(session, v.get(k), index))
  return arrayFromRows(rows, elementType(v.type))
}

function filterRows(session: Session, v: ArrayVector, mask: ArrayVector): ArrayVector {
  const rows: Value[] = []
  for (let k = 0; k < v.length; k++) rows.push(elementsAt(session, v.get(k), mask.get(k)))
  return arrayFromRows(rows, elementType(v.type))
}

// ---------------------------------------------------------------------------------------------------------------------
// Pairs

function readPair(p: Pair, slots: Slots): Value {
  if (slots.length !== 1 || slots[0] === undefined) throw tooManySlots('pair', slots.length)
  if (p.type === T.VOID) return Scalar.VOID
  const v = vectorOf(p.type, [p.first, p.second], p.scale)
  const at = positionsOf(slots[0], 2)
  return 'one' in at ? v.get(at.one) : v.gather(at.many)
}

// ---------------------------------------------------------------------------------------------------------------------
// Matrices

function readMatrix(session: Session, m: Matrix, slots: Slots): Value {
  if (slots.length > 2) throw tooManySlots('matrix', slots.length)
  if (slots.length === 1) return readColumns(session, m, slots[0] && resolveLabels(slots[0], m.colLabels))
  const [row, column] = slots
  const rowAt = row === undefined ? undefined : positionsOf(resolveLabels(row, m.rowLabels), m.rows)
  const colAt = column === undefined ? undefined : positionsOf(resolveLabels(column, m.colLabels), m.cols)
  if (rowAt !== undefined && 'one' in rowAt && colAt !== undefined && 'one' in colAt)
    return m.data.get(cellPosition(m, rowAt.one, colAt.one))
  return subMatrix(
    m,
    rowAt === undefined ? allPositions(m.rows) : listOf(rowAt),
    colAt === undefined ? allPositions(m.cols) : listOf(colAt),
  )
}

/** Texts that index a matrix with labels that are texts are labels; all other labels are reached through `loc`. */
function resolveLabels(index: Value, labels: Vector | undefined): Value {
  if (labels === undefined || !isTextIndex(index) || !isLiteral(labels.type)) return index
  const places = new Map(Array.from({ length: labels.length }, (_, k) => [labels.raw(k), k]))
  const at = (label: unknown): number => {
    const place = places.get(label as string)
    if (place === undefined) throw inputError(`The label [${label}] does not exist.`, { code: 'labelMissing' })
    return place
  }
  if (index.kind === 'scalar') return Scalar.int(at(index.value))
  const list = index as Vector
  return new FixedVector(
    T.INT,
    Int32Array.from({ length: list.length }, (_, k) => at(list.raw(k))),
  )
}

const cellPosition = (m: Matrix, row: number, col: number): number =>
  row >= 0 && row < m.rows && col >= 0 && col < m.cols ? col * m.rows + row : -1

function readColumns(session: Session, m: Matrix, index: Value | undefined): Value {
  if (index === undefined) return m
  if (index.kind === 'matrix') return maskedMatrix(m, index)
  if (index.kind === 'function') {
    const keep = allPositions(m.cols).filter((c) => {
      const answer = callFunction(session, index, [columnOf(m, c)])
      return answer.kind === 'scalar' && answer.value === 1
    })
    return subMatrix(m, allPositions(m.rows), keep)
  }
  const at = positionsOf(index, m.cols)
  if ('one' in at) return columnOf(m, at.one)
  return subMatrix(m, allPositions(m.rows), at.many)
}

/** A column as a vector; nulls when it does not exist. */
export function columnOf(m: Matrix, col: number): Vector {
  if (col >= 0 && col < m.cols) return m.data.slice(col * m.rows, (col + 1) * m.rows)
  return newVector(m.type, m.rows, 'null', 'scale' in m.data ? m.data.scale : 0)
}

/** Rows and columns by position, with their labels. */
export function subMatrix(m: Matrix, rows: Int32Array, cols: Int32Array): Matrix {
  const positions = new Int32Array(rows.length * cols.length)
  let at = 0
  for (let c = 0; c < cols.length; c++)
    for (let r = 0; r < rows.length; r++) positions[at++] = cellPosition(m, rows[r], cols[c])
  const out = new Matrix(
    m.data.gather(positions),
    rows.length,
    cols.length,
    m.rowLabels?.gather(rows),
    m.colLabels?.gather(cols),
  )
  return out
}

function maskedMatrix(m: Matrix, mask: Matrix): Matrix {
  if (mask.rows !== m.rows || mask.cols !== m.cols || mask.type !== T.BOOL)
    throw operatorError('The filter of a matrix must be a BOOL matrix of the same shape.')
  const positions = new Int32Array(m.data.length)
  for (let k = 0; k < positions.length; k++) positions[k] = mask.data.raw(k) === 1 ? k : -1
  return new Matrix(m.data.gather(positions), m.rows, m.cols, m.rowLabels, m.colLabels)
}

// ---------------------------------------------------------------------------------------------------------------------
// Tables

function readTable(session: Session, t: Table, slots: Slots): Value {
  if (slots.length > 2) throw tooManySlots('table', slots.length)
  const [first, second] = slots.map(columnName)
  if (slots.length === 1) {
    if (first === undefined) return t
    if (first.kind === 'scalar' && isTextIndex(first)) return tableColumn(t, first.value as string)
    if (isTextIndex(first)) {
      const names = first as Vector
      return new AnyVector(Array.from({ length: names.length }, (_, k) => tableColumn(t, names.raw(k) as string)))
    }
    return readRows(session, t, first)
  }
  if (first !== undefined && isTextIndex(first)) {
    const column = readTable(session, t, [first])
    return second === undefined ? column : readIndex(session, column, [rowFilter(session, t, second)])
  }
  const cols = second === undefined ? allPositions(t.columns.length) : columnPositions(t, second)
  const rowAt = first === undefined ? undefined : positionsOf(rowFilter(session, t, first), t.rows)
  if (rowAt !== undefined && 'one' in rowAt && second?.kind === 'scalar' && cols.length === 1)
    return freeze(t.columns[cols[0]].get(rowAt.one))
  const rows = rowAt === undefined ? undefined : listOf(rowAt)
  return new Table(
    Array.from(cols, (c) => t.names[c]),
    Array.from(cols, (c) => (rows === undefined ? sharedColumn(t, c) : t.columns[c].gather(rows))),
  )
}

function sharedColumn(t: Table, at: number): Vector {
  t.columns[at].frozen = true
  return t.columns[at]
}

/** The column itself, shared with the table. */
export function tableColumn(t: Table, name: string): Vector {
  const at = t.columnIndex(name, true)
  if (at < 0)
    throw inputError(`The column ${name} does not exist.`, {
      code: 'columnMissing',
      hint: `the columns are ${t.names.join(', ')}`,
    })
  return sharedColumn(t, at)
}

function columnPositions(t: Table, index: Value): Int32Array {
  if (isTextIndex(index)) {
    const names =
      index.kind === 'scalar'
        ? [index.value as string]
        : Array.from({ length: (index as Vector).length }, (_, k) => (index as Vector).raw(k) as string)
    return Int32Array.from(names, (name) => {
      const at = t.columnIndex(name, true)
      if (at < 0) throw inputError(`The column ${name} does not exist.`, { code: 'columnMissing' })
      return at
    })
  }
  const at = listOf(positionsOf(index, t.columns.length))
  for (const c of at) if (c < 0 || c >= t.columns.length) throw operatorError('The column index is out of range.')
  return at
}

/** Row conditions: a lambda is asked for each row, metacode is evaluated over the columns. */
export function rowFilter(session: Session, t: Table, index: Value): Value {
  if (index.kind === 'function') {
    const mask = new Int8Array(t.rows)
    for (let r = 0; r < t.rows; r++) {
      const answer = callFunction(session, index, [tableRow(t, r)])
      mask[r] = answer.kind === 'scalar' && answer.value === 1 ? 1 : 0
    }
    return vectorOf(T.BOOL, mask)
  }
  if (index.kind === 'code') return overColumns(session, index, t)
  return index
}

type CodeOverTable = (session: Session, code: Extract<Value, { kind: 'code' }>, t: Table) => Value
let overColumns: CodeOverTable = () => {
  throw inputError('Metacode as an index needs a session.')
}
/** The evaluator says how metacode is evaluated with the columns of a table in scope. */
export function setCodeOverTable(evaluate: CodeOverTable): void {
  overColumns = evaluate
}
export const evaluateOverTable: CodeOverTable = (session, code, t) => overColumns(session, code, t)

function readRows(session: Session, t: Table, index: Value): Value {
  const at = positionsOf(rowFilter(session, t, index), t.rows)
  if ('one' in at) return tableRow(t, at.one)
  return new Table(
    t.names.slice(),
    t.columns.map((c) => c.gather(at.many)),
  )
}

/** A row as a dictionary from column name to value, in column order. */
export function tableRow(t: Table, row: number): Dict {
  const entries = new Map<Key, Value>()
  for (let c = 0; c < t.names.length; c++) entries.set(t.names[c], freeze(t.columns[c].get(row)))
  return new Dict(T.STRING, T.ANY, entries, true)
}

// ---------------------------------------------------------------------------------------------------------------------
// Dictionaries

/** The key of a dictionary that a scalar stands for. */
export function dictKey(d: { keyType: number }, key: Value): Key {
  if (key.kind !== 'scalar') throw operatorError('A key of a dictionary must be a scalar.')
  if (key.type === T.VOID) return keyOf(Scalar.nullOf(d.keyType))
  return keyOf(key.type === d.keyType ? key : castScalar(key, d.keyType))
}

/** What a missing key reads as. */
export const missingValue = (d: Dict): Value => Scalar.nullOf(d.valueType, d.scale)

export function dictGet(d: Dict, key: Value): Value {
  const found = d.entries.get(dictKey(d, key))
  return found === undefined ? missingValue(d) : freeze(found)
}

function readDict(session: Session, d: Dict, slots: Slots): Value {
  const [key, ...rest] = slots
  if (rest.length > 0) {
    const values = key === undefined ? allValues(d) : readDict(session, d, [key])
    if (key !== undefined && key.kind === 'scalar') return readIndex(session, values, rest)
    return readIndex(session, values instanceof AnyVector ? values : tupleOf(values as Vector), [undefined, ...rest])
  }
  if (key === undefined) return allValues(d)
  if (key.kind === 'scalar') return dictGet(d, key)
  if (key.kind === 'function') return callFunction(session, key, [d])
  if (key.kind !== 'vector') throw operatorError(`A ${formName(key)} can't be used as a key.`)
  const values = Array.from({ length: key.length }, (_, k) => dictGet(d, key.get(k)))
  return collected(d, values)
}

const tupleOf = (v: Vector): AnyVector => new AnyVector(Array.from({ length: v.length }, (_, k) => v.get(k)))

/** Values of a typed dictionary as a vector of that type, else unified if possible, else a tuple. */
export function collected(d: Dict, values: Value[]): Value {
  if (d.valueType !== T.ANY && values.every((v) => v instanceof Scalar)) {
    const type = d.valueType === T.SYMBOL ? T.STRING : d.valueType
    if (values.length === 0) return newVector(type, 0)
    return concatVectors(
      values.map((v) => scalarToVector(castNull(v as Scalar, type), 1, type)),
      type,
      d.scale,
    )
  }
  return new AnyVector(values)
}

const castNull = (s: Scalar, type: number): Scalar => (isNullRaw(s.type, s.value) ? Scalar.nullOf(type, s.scale) : s)

const allValues = (d: Dict): Value => collected(d, [...d.entries.values()])
