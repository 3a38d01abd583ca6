/**
 * `x[i] = v` for every form. The object is unfrozen (the variable that holds it was thawed); the result is what the variable holds
 * afterwards. Indices outside raise, reading them would give null.
 */

import { copyOf, freeze, writable } from '../compile/ownership.ts'
import { inputError, operatorError } from '../errors.ts'
import { appendsTo, castScalar, incompatible, rowsOfTuple, scalarToVector } from '../ops/cast.ts'
import { widest } from '../ops/promotion.ts'
import type { Session } from '../session.ts'
import { inMemory } from '../sql/partitions-in-memory.ts'
import {
  AnyVector,
  ArrayVector,
  type Dict,
  formName,
  isNumeric,
  type Matrix,
  type Pair,
  type Raw,
  Scalar,
  T,
  type Table,
  type TypeId,
  type Value,
  type Vector,
} from '../values/index.ts'
import { writeElements } from './element.ts'
import { allPositions, columnName, isTextIndex, listOf, positionsOf, tooManySlots } from './positions.ts'
import { dictKey, evaluateOverTable, rowFilter, type Slots } from './read.ts'

/** `text` is the assignment's target as written, for the message about bad indices. */
export function writeIndex(session: Session, object: Value, slots: Slots, value: Value, text: string): Value {
  switch (object.kind) {
    case 'vector':
      writeVector(session, object, slots, value, text)
      return object
    case 'matrix':
      writeMatrix(object, slots, value, text)
      return object
    case 'table':
      writeTable(session, object, slots, value, text)
      return object
    case 'dict':
      writeDict(session, object, slots, value, text)
      return object
    case 'pair':
      writePair(object, slots, value, text)
      return object
    case 'source': {
      const partitions = inMemory(object)
      if (partitions !== undefined) {
        partitions.changeRows((rows) => writeTable(session, rows, slots, value, text))
        return object
      }
      throw operatorError(`A ${formName(object)} does not support assignment by index [${text}].`)
    }
    default:
      throw operatorError(`A ${formName(object)} does not support assignment by index [${text}].`)
  }
}

const badIndices = (text: string, value: Value): Error => {
  const shown = value instanceof Scalar ? ` = ${String(value.value)}` : ''
  return operatorError(`Assignment statement failed probably due to invalid indices [${text}${shown}]`, {
    code: 'badIndex',
  })
}

function checked(positions: Int32Array, length: number, text: string, value: Value): Int32Array {
  for (let k = 0; k < positions.length; k++)
    if (positions[k] < 0 || positions[k] >= length) throw badIndices(text, value)
  return positions
}

function resolve(session: Session, index: Value | undefined, length: number, object: Value): Int32Array {
  if (index === undefined) return allPositions(length)
  if (index.kind === 'function') return listOf(positionsOf(session.call(index, [object]), length))
  return listOf(positionsOf(index, length))
}

function writeVector(session: Session, v: Vector, slots: Slots, value: Value, text: string): void {
  if (slots.length > 1) {
    if (v instanceof AnyVector && v.columnar) writeColumnarCells(session, v, slots, value, text)
    else if (v instanceof AnyVector) writeNested(session, v, slots, value, text)
    else if (v instanceof ArrayVector) writeArrayCells(v, slots, value, text)
    else throw tooManySlots('vector', slots.length)
    return
  }
  const index = slots[0]
  if (v instanceof AnyVector && index?.kind === 'scalar') {
    const at = listOf(positionsOf(index, v.length))
    checked(at, v.length, text, value)
    v.values[at[0]] = freeze(value)
    return
  }
  writeElements(v, checked(resolve(session, index, v.length, v), v.length, text, value), value)
}

/** `tp[i, j] = v`: the element is copied, changed, and put back. */
function writeNested(session: Session, v: AnyVector, slots: Slots, value: Value, text: string): void {
  const [first, ...rest] = slots
  const at = checked(resolve(session, first, v.length, v), v.length, text, value)
  for (const k of at) v.values[k] = freeze(writeIndex(session, copyOf(v.values[k]), rest, value, text))
}

/** `c[rows, columns] = v` of a columnar tuple: a scalar everywhere, a tuple by rows, a vector by columns (by rows where there is one column). */
function writeColumnarCells(session: Session, v: AnyVector, slots: Slots, value: Value, text: string): void {
  const [rowSlot, ...column] = slots
  const rows = checked(resolve(session, rowSlot, v.length, v), v.length, text, value)
  rows.forEach((r, n) => {
    const row = v.values[r]
    const item = valueOfRow(value, n, rows.length, column[0])
    v.values[r] = freeze(
      row instanceof Scalar
        ? (writeIndex(session, scalarToVector(row, 1), column, item, text) as Vector).get(0)
        : writeIndex(session, copyOf(row), column, item, text),
    )
  })
}

/** What row n of `count` gets of a value written to several rows at once. */
function valueOfRow(value: Value, n: number, count: number, column: Value | undefined): Value {
  if (value instanceof AnyVector || value instanceof ArrayVector) return value.get(n)
  return value.kind === 'vector' && column?.kind === 'scalar' && value.length === count ? value.get(n) : value
}

/** `a[rows, columns] = v` of an array vector, with values as for a columnar tuple. */
function writeArrayCells(v: ArrayVector, slots: Slots, value: Value, text: string): void {
  const [rowSlot, columnSlot] = slots
  const rows = rowSlot === undefined ? allPositions(v.length) : listOf(positionsOf(rowSlot, v.length))
  checked(rows, v.length, text, value)
  const flat = v.flat.frozen ? v.flat.copy() : v.flat
  v.flat = flat
  rows.forEach((r, n) => {
    const size = v.offsets[r + 1] - v.offsets[r]
    const cols = columnSlot === undefined ? allPositions(size) : listOf(positionsOf(columnSlot, size))
    checked(cols, size, text, value)
    writeElements(
      flat,
      cols.map((c) => v.offsets[r] + c),
      valueOfRow(value, n, rows.length, columnSlot),
    )
  })
}

function writePair(p: Pair, slots: Slots, value: Value, text: string): void {
  const index = slots[0]
  if (slots.length !== 1 || index === undefined) throw tooManySlots('pair', slots.length)
  const at = checked(listOf(positionsOf(index, 2)), 2, text, value)
  at.forEach((k, n) => {
    const item = value.kind === 'vector' ? value.get(n) : value
    if (item.kind !== 'scalar') throw operatorError('An element of a pair must be a scalar.')
    if (!appendsTo(item.type, p.type)) throw incompatible(p.type, item.type)
    const raw: Raw = castScalar(item, p.type, p.scale).value
    if (k === 0) p.first = raw
    else p.second = raw
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Matrices

function writeMatrix(m: Matrix, slots: Slots, value: Value, text: string): void {
  if (slots.length > 2) throw tooManySlots('matrix', slots.length)
  if (m.data.frozen) m.data = m.data.copy()
  const [first, second] = slots
  if (slots.length === 1 && first?.kind === 'matrix') {
    const positions = listOf(positionsOf(first.data, m.data.length))
    writeElements(m.data, positions, value)
    return
  }
  const rowSlot = slots.length === 2 ? first : undefined
  const columnSlot = slots.length === 2 ? second : first
  const rows = rowSlot === undefined ? allPositions(m.rows) : listOf(positionsOf(rowSlot, m.rows))
  const cols = columnSlot === undefined ? allPositions(m.cols) : listOf(positionsOf(columnSlot, m.cols))
  checked(rows, m.rows, text, value)
  checked(cols, m.cols, text, value)
  const positions = new Int32Array(rows.length * cols.length)
  let at = 0
  for (const c of cols) for (const r of rows) positions[at++] = c * m.rows + r
  writeElements(m.data, positions, repeated(value, positions.length, rows.length))
}

/** A vector as long as one column fills each of the columns. */
function repeated(value: Value, total: number, rows: number): Value {
  if (value.kind !== 'vector' || value.length === total || rows === 0 || value.length !== rows) return value
  const positions = new Int32Array(total)
  for (let k = 0; k < total; k++) positions[k] = k % rows
  return value.gather(positions)
}

// ---------------------------------------------------------------------------------------------------------------------
// Tables

function writeTable(session: Session, t: Table, slots: Slots, value: Value, text: string): void {
  const [first, second] = slots.map(columnName)
  if (slots.length > 2 || first === undefined) throw badIndices(text, value)
  if (isTextIndex(first)) {
    const names = first.kind === 'scalar' ? [first.value as string] : textsOf(first as Vector)
    names.forEach((name, k) => {
      const part = names.length > 1 && value instanceof AnyVector ? value.get(k) : value
      if (second === undefined) setColumn(session, t, name, part)
      else updateColumn(session, t, name, second, part, text)
    })
    return
  }
  const cols = second === undefined ? allPositions(t.columns.length) : columnsAt(t, second)
  checked(cols, t.columns.length, text, value)
  const rows = checked(listOf(positionsOf(rowFilter(session, t, first), t.rows)), t.rows, text, value)
  cols.forEach((c, k) => {
    const item =
      value.kind === 'dict'
        ? (value.entries.get(t.names[c]) ?? Scalar.VOID)
        : cols.length > 1 && value instanceof AnyVector
          ? value.get(k)
          : value
    writeElements(writableColumn(t, c), rows, item)
  })
}

const textsOf = (v: Vector): string[] => Array.from({ length: v.length }, (_, k) => v.raw(k) as string)

const columnsAt = (t: Table, index: Value): Int32Array =>
  isTextIndex(index)
    ? Int32Array.from(index.kind === 'scalar' ? [index.value as string] : textsOf(index as Vector), (n) =>
        t.columnIndex(n, true),
      )
    : listOf(positionsOf(index, t.columns.length))

function writableColumn(t: Table, at: number): Vector {
  const column = writable(t.columns[at]) as Vector
  t.columns[at] = column
  return column
}

/** Replaces a column, or adds one as long as the table. */
function setColumn(session: Session, t: Table, name: string, given: Value): void {
  const value = given.kind === 'code' ? evaluateOverTable(session, given, t) : given
  const at = t.columnIndex(name, true)
  const column = value.kind === 'vector' ? rowsLike(t.columns[at], value) : columnOf(value, t.rows)
  if (column === undefined) throw inputError(`A ${formName(value)} can't be a column of a table.`)
  if (column.length !== t.rows && !(t.columns.length <= 1 && at === 0)) {
    throw at >= 0
      ? inputError('All columns must be of the same length.', { refId: 'S02010' })
      : inputError(
          `The column <${name}> does not exist. To add a new column, the size of the new column must equal to the size of the table.`,
          { refId: 'S05014' },
        )
  }
  column.frozen = column.frozen || column.owned
  if (at >= 0) t.columns[at] = column
  else {
    t.names.push(name)
    t.columns.push(column)
  }
}

const columnOf = (value: Value, rows: number): Vector | undefined =>
  value instanceof Scalar ? scalarToVector(value, rows) : undefined

/** A tuple in the place of an array vector whose rows its elements can be without loss is an array vector too. */
function rowsLike(column: Vector | undefined, value: Vector): Vector {
  if (!(column instanceof ArrayVector) || !(value instanceof AnyVector)) return value
  return rowsOfTuple(value, column.type, column.scale, widensTo) ?? value
}

const widensTo = (from: TypeId, to: TypeId): boolean =>
  from === to || from === T.VOID || (isNumeric(from) && isNumeric(to) && widest(from, to) === to)

/** ``t[`c, condition] = v``. */
function updateColumn(session: Session, t: Table, name: string, condition: Value, given: Value, text: string): void {
  const at = t.columnIndex(name, true)
  if (at < 0) throw inputError(`The column ${name} does not exist.`, { code: 'columnMissing' })
  const rows = checked(listOf(positionsOf(rowFilter(session, t, condition), t.rows)), t.rows, text, given)
  let value = given.kind === 'code' ? evaluateOverTable(session, given, t) : given
  // An expression over the columns gives a value for every row; only the chosen ones are written.
  if (given.kind === 'code' && value.kind === 'vector' && value.length === t.rows) value = value.gather(rows)
  writeElements(writableColumn(t, at), rows, value)
}

// ---------------------------------------------------------------------------------------------------------------------
// Dictionaries

function writeDict(session: Session, d: Dict, slots: Slots, value: Value, text: string): void {
  const [key, ...rest] = slots
  if (key === undefined) throw badIndices(text, value)
  if (rest.length > 0) {
    const k = dictKey(d, key)
    const inner = d.entries.get(k)
    if (inner === undefined) throw badIndices(text, value)
    d.entries.set(k, freeze(writeIndex(session, copyOf(inner), rest, value, text)))
    return
  }
  if (key.kind === 'scalar') {
    dictSet(d, key, value)
    return
  }
  if (key.kind !== 'vector') throw operatorError(`A ${formName(key)} can't be used as a key.`)
  const spreads = value.kind === 'vector'
  if (spreads && value.length !== key.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  for (let k = 0; k < key.length; k++) dictSet(d, key.get(k), spreads ? value.get(k) : value)
}

/** Inserts or updates; the value takes the dictionary's value type. */
export function dictSet(d: Dict, key: Value, value: Value): void {
  const k = dictKey(d, key)
  if (d.valueType === T.ANY) {
    d.entries.set(k, freeze(value))
    return
  }
  if (!(value instanceof Scalar))
    throw operatorError(`Can't store a ${formName(value)} in a dictionary whose values are scalars.`, {
      hint: 'make the dictionary with dict(KEYTYPE, ANY)',
    })
  if (value.type !== d.valueType && !appendsTo(value.type, d.valueType)) throw incompatible(d.valueType, value.type)
  d.entries.set(k, value.type === d.valueType ? value : castScalar(value, d.valueType, d.scale))
}
