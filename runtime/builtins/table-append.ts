/**
 * Appending rows to tables: by position, converting to the column types, all columns or none. A keyed table replaces the rows whose key it
 * has already.
 */
import { freezeOwned } from '../compile/ownership.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { convertForAppend, scalarToVector } from '../ops/cast.ts'
import { formName } from '../values/form-name.ts'
import { filledList } from '../values/heap.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { type ColumnSchema, type SourceTable, Table, type TableLike } from '../values/table.ts'
import { isArrayType, T, type TypeId, typeName } from '../values/types.ts'
import { AnyVector, ArrayVector, newVector, thawed, type Vector } from '../values/vector.ts'
import { appendElements, writeElement } from './growth.ts'
import { keyIndexOf, rowKey } from './table-keys.ts'

/**
 * Appends what `append!` and `tableInsert` accept: a table, a dictionary of columns, a tuple of column values, or one value per column.
 * Returns the number of rows written.
 */
export function appendToTable(target: TableLike, data: readonly Value[]): number {
  // The store judges the shape of a table: it may still take rows of an older one.
  if (target.kind === 'source' && data.length === 1 && data[0].kind === 'table') return appendToSource(target, data[0])
  const schema = target.kind === 'table' ? target.schema() : target.source.schema()
  const columns = columnsOf(schema, data)
  if (target.kind === 'source') {
    const names = schema.map((c) => c.name)
    return appendToSource(target, new Table(names, columns))
  }
  const converted = columns.map((c, k) => convertColumn(c, schema[k]))
  return appendColumns(target, converted)
}

function appendToSource({ source }: SourceTable, rows: Table): number {
  if (source.append === undefined) throw inputError(`The table ${source.name} is read only.`, { code: 'readOnlyTable' })
  return source.append(rows)
}

/** One vector per column of the schema, all of one length, not yet converted. */
function columnsOf(schema: readonly ColumnSchema[], data: readonly Value[]): Vector[] {
  const only = data.length === 1 ? data[0] : undefined
  if (only?.kind === 'table') return sameCount(schema, only.columns)
  if (only?.kind === 'source' || only?.kind === 'code')
    throw inputError('Only an in-memory table can be appended.', {
      code: 'appendSource',
      hint: 'use a select statement',
    })
  if (only?.kind === 'dict') return columnsOfDict(schema, only.entries as ReadonlyMap<unknown, Value>)
  if (
    only?.kind === 'vector' &&
    only.storage === 'any' &&
    !(schema.length === 1 && only.values.some((v) => v.kind === 'scalar'))
  )
    return equalLengths(schema, sameCount(schema, only.values))
  if (only?.kind === 'matrix')
    return sameCount(
      schema,
      Array.from({ length: only.cols }, (_, c) => only.data.slice(c * only.rows, (c + 1) * only.rows)),
    )
  return equalLengths(schema, sameCount(schema, data))
}

function sameCount<V>(schema: readonly ColumnSchema[], values: readonly V[]): V[] {
  if (values.length !== schema.length)
    throw inputError('The number of columns of the current table must match that of the target table.', {
      refId: 'S01015',
    })
  return values.slice()
}

function columnsOfDict(schema: readonly ColumnSchema[], entries: ReadonlyMap<unknown, Value>): Vector[] {
  const names = new Set(schema.map((c) => c.name))
  for (const key of entries.keys())
    if (!names.has(String(key)))
      throw inputError(`The table has no column [${String(key)}].`, { code: 'columnMissing' })
  return equalLengths(
    schema,
    schema.map((c) => entries.get(c.name) ?? Scalar.VOID),
  )
}

/** Scalars become columns as long as the vectors; scalars alone are one row. A plain vector is one row of an array column. */
function equalLengths(schema: readonly ColumnSchema[], values: readonly Value[]): Vector[] {
  const cells = values.map((v, k) =>
    isArrayType(schema[k].type) && v.kind === 'vector' && v.storage !== 'array' && v.storage !== 'any'
      ? new AnyVector([v])
      : v,
  )
  const vectors = cells.filter((v): v is Vector => v.kind === 'vector')
  const rows = vectors.length === 0 ? 1 : vectors[0].length
  return cells.map((v) => {
    if (v.kind === 'scalar') return v.type === T.VOID ? new AnyVector(filledList(rows, v)) : scalarToVector(v, rows)
    if (v.kind !== 'vector')
      throw inputError('Failed to append data', { code: 'append', hint: `a ${formName(v)} is no column` })
    if (v.length !== rows) throw inputError('All columns must be of the same length.', { refId: 'S02010' })
    return v
  })
}

/** A column in the type of the schema. A change of category is the documented error. */
export function convertColumn(v: Vector, column: ColumnSchema): Vector {
  if (column.type === T.ANY && v.storage !== 'any')
    return new AnyVector(Array.from({ length: v.length }, (_, k) => v.get(k)))
  try {
    return convertForAppend(v, column.type, column.scale)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'incompatibleType') throw error
    const expected = typeName(column.type, column.scale)
    throw inputError(
      `The column [${column.name}] expects type of ${expected}, but the actual type is ${typeName(actualType(v))}.`,
      { refId: 'S05004', code: 'columnType' },
    )
  }
}

function actualType(v: Vector): TypeId {
  if (v.storage !== 'any') return v.type
  const first = v.values.find((e) => e.kind === 'scalar' && e.type !== T.VOID)
  return first?.kind === 'scalar' ? first.type : v.type
}

/** Appends converted columns of one length. */
export function appendColumns(t: Table, columns: readonly Vector[]): number {
  const rows = columns.length === 0 ? 0 : columns[0].length
  if (columns.some((c) => c.length !== rows))
    throw inputError('All columns must be of the same length.', { refId: 'S02010' })
  if (rows === 0) return 0
  if (t.keyColumns !== undefined) return appendKeyed(t, columns, rows)
  for (let c = 0; c < columns.length; c++) {
    t.columns[c] = thawed(t.columns[c])
    appendElements(t.columns[c], columns[c])
  }
  return rows
}

function appendKeyed(t: Table, columns: readonly Vector[], rows: number): number {
  const index = keyIndexOf(t)
  const keys = t.keyColumns!.map((c) => columns[c])
  t.columns = t.columns.map(thawed)
  const fresh: number[] = []
  const start = t.rows
  const time = t.latestBy === undefined ? -1 : t.columnIndex(t.latestBy)
  for (let k = 0; k < rows; k++) {
    const key = rowKey(keys, k)
    const at = index.get(key)
    if (at === undefined) {
      index.add(key, start + fresh.length)
      fresh.push(k)
    } else if (
      time >= 0 &&
      isBefore(
        columns[time],
        k,
        ...(at >= start ? ([columns[time], fresh[at - start]] as const) : ([t.columns[time], at] as const)),
      )
    ) {
      // A latest table keeps the row with the later time.
    } else if (at >= start) fresh[at - start] = k
    else for (let c = 0; c < columns.length; c++) writeElement(t.columns[c], at, columns[c], k)
  }
  const positions = Int32Array.from(fresh)
  for (let c = 0; c < columns.length; c++) appendElements(t.columns[c], columns[c].gather(positions))
  return rows
}

/** An empty or prefilled column of a type: numbers and temporals 0, BOOL false, text null. */
export function newColumn(type: TypeId, rows: number, scale = 0): Vector {
  if (isArrayType(type)) {
    if (rows > 0)
      throw inputError('A table with array vector columns must be created with size 0.', { code: 'arrayColumn' })
    return new ArrayVector(new Int32Array(1), newVector(type - 64, 0, 'zero', scale))
  }
  return newVector(type, rows, 'zero', scale)
}

/** A column of nulls. */
export function nullColumn(type: TypeId, rows: number, scale = 0): Vector {
  if (isArrayType(type)) {
    const flat = newVector(type - 64, rows, 'null', scale)
    return new ArrayVector(
      Int32Array.from({ length: rows + 1 }, (_, k) => k),
      flat,
    )
  }
  return newVector(type, rows, 'null', scale)
}

/** Marks columns that now have a second owner. */
export function keepColumns(columns: readonly Vector[]): void {
  for (const c of columns) freezeOwned(c)
}

/** Whether element k of a is smaller than element j of b; NULL is the smallest. Both have one type. */
function isBefore(a: Vector, k: number, b: Vector, j: number): boolean {
  if (b.isNullAt(j)) return false
  if (a.isNullAt(k)) return true
  const [x, y] = [a.raw(k), b.raw(j)]
  return x !== null && y !== null && x < y
}
