/**
 * update of tables in memory. Every right-hand side is computed before anything is written, so that all of them see the table as it was.
 * A column is thawed before it changes; an unknown name adds a column. Rows of stored tables get their new values from here too (modify-source.ts).
 */

import type { UpdateStatement } from '../../lang/ast.ts'
import { writeElement } from '../builtins/growth.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { appendsTo, convertForAppend, rowsOfTuple } from '../ops/cast.ts'
import {
  ArrayVector,
  type ColumnEdit,
  type ColumnSchema,
  isArrayType,
  SourceTable,
  T,
  type Table,
  thawed,
  type Value,
  type Vector,
} from '../values/index.ts'
import { asColumn, nullColumn, scaleOf } from './columns.ts'
import { contextRows, havingRows } from './context-by.ts'
import { compileItem, unsupported } from './evaluate.ts'
import { targetName, targetRows } from './modify-rows.ts'
import { updateStored } from './modify-source.ts'
import { inMemory } from './partitions-in-memory.ts'
import { at } from './place.ts'
import { qualifierOf } from './qualifier.ts'

/** Returns the number of rows changed. */
export function executeUpdate(node: UpdateStatement, scope: SqlScope): number {
  const found = scope.writableTable(node.table)
  if (found instanceof SourceTable) {
    const partitions = inMemory(found)
    const isNew = ({ column }: (typeof node.sets)[number]): boolean => columnPosition(found.source.schema(), column) < 0
    if (partitions === undefined || !node.sets.some(isNew)) return updateStored(node, found, scope)
    let touched = 0
    partitions.changeRows((rows) => {
      touched = updateTable(node, rows, scope)
    })
    return touched
  }
  if (node.map) throw unsupported('MAP with update on tables in memory')
  return updateTable(node, found, scope)
}

function updateTable(node: UpdateStatement, found: Table, scope: SqlScope): number {
  const name = targetName(node.table) || qualifierOf(node.table, node, scope)
  const { changes, touched } = columnEdits(node, found, name, schemaOf(found), scope)
  for (const change of changes) write(found, change)
  found.keyIndex = undefined
  return touched
}

/** A column made by `select NULL as c` has the type VOID, which takes no values. */
const schemaOf = (table: Table): ColumnSchema[] =>
  table.schema().map((c, k) => (isVoidColumn(table.columns[k]) ? { ...c, type: T.VOID } : c))

/**
 * The new values of the rows of a table that the statement concerns, in the types of the columns that `schema` knows. `name` is what expressions call the
 * table by. The table may have only those columns that the statement reads.
 */
export function columnEdits(
  node: Pick<UpdateStatement, 'sets' | 'from' | 'where' | 'context' | 'csort' | 'having'>,
  table: Table,
  name: string,
  schema: readonly ColumnSchema[],
  scope: SqlScope,
): { readonly changes: readonly ColumnEdit[]; readonly touched: number } {
  const { rows, numbers } = targetRows(table, name, node.from, node.where, scope)
  const changes: ColumnEdit[] = []
  const typeOf = (column: string): ColumnSchema | undefined => schema[columnPosition(schema, column)]
  if (node.context.length === 0) {
    for (const { column, value } of node.sets)
      changes.push({
        column,
        values: at(value.span, () =>
          rowValues(compileItem(value, rows.resolver, scope, () => rows.rows)(), rows.rows, typeOf(column)),
        ),
        rows: numbers,
      })
  } else {
    const { evaluator, order } = contextRows({ csort: node.csort }, node.context, rows, scope)
    const kept = havingRows({ having: node.having }, evaluator, scope)
    const ordered = order.map((k) => numbers[k])
    const chosen = kept === undefined ? ordered : kept.map((k) => ordered[k])
    for (const { column, value } of node.sets) {
      const values = at(value.span, () => rowValues(evaluator.rowValue(value), rows.rows, typeOf(column)))
      changes.push({ column, values: kept === undefined ? values : values.gather(kept), rows: chosen })
    }
  }
  const edits = changes.map((c, k) => at(node.sets[k].value.span, () => converted(typeOf(c.column), c)))
  return { changes: edits, touched: numbers.length }
}

function columnPosition(schema: readonly ColumnSchema[], name: string): number {
  const exact = schema.findIndex((c) => c.name === name)
  return exact >= 0 ? exact : schema.findIndex((c) => c.name.toLowerCase() === name.toLowerCase())
}

function rowValues(value: Value, rows: number, target: ColumnSchema | undefined): Vector {
  const isPlain = value.kind === 'vector' && value.storage !== 'array' && value.storage !== 'any'
  // A plain vector is the new array of every row.
  if (isPlain && target !== undefined && isArrayType(target.type)) return repeatedArray(value, rows)
  const column = asColumn(value, rows)
  if (column === undefined)
    throw inputError('The new values of UPDATE must be a scalar or as many as the rows to update.', { refId: 'S02010' })
  return column
}

const repeatedArray = (value: Vector, rows: number): Vector =>
  new ArrayVector(Int32Array.of(0, value.length), value).gather(new Int32Array(rows))

/** The change in the type of its column. */
function converted(target: ColumnSchema | undefined, change: ColumnEdit): ColumnEdit {
  if (target === undefined) return change
  const { values } = change
  const scale = target.scale ?? 0
  if (values.type === target.type && scaleOf(values) === scale) return change
  // NULL for no rows at all is an empty tuple.
  if (isVoidColumn(values) || (values.storage === 'any' && values.length === 0))
    return target.type === T.VOID || target.type === T.ANY
      ? change
      : { ...change, values: nullColumn(target.type, values.length, scale) }
  if (values.storage === 'any' && isArrayType(target.type)) {
    const rows = rowsOfTuple(values, target.type, scale, appendsTo)
    if (rows === undefined) throw typeMismatch(target.name)
    return { ...change, values: rows }
  }
  if (target.type === T.VOID || !appendsTo(values.type, target.type)) throw typeMismatch(target.name)
  try {
    return { ...change, values: convertForAppend(values, target.type, scale) }
  } catch (cause) {
    throw typeMismatch(target.name, cause)
  }
}

function isVoidColumn(v: Vector): boolean {
  if (v.storage !== 'any' || v.length === 0) return false
  return v.values.every((x) => x.kind === 'scalar' && x.type === T.VOID)
}

const typeMismatch = (column: string, cause?: unknown): HoldfastError =>
  inputError(`The data type of the new values does not match the data type of column ${column}.`, {
    code: 'columnType',
    cause,
  })

function write(table: Table, { column, values, rows }: ColumnEdit): void {
  const k = table.columnIndex(column, true)
  if (k < 0) {
    table.names.push(column)
    table.columns.push(isWhole(rows, table.rows) ? values.copy() : spread(values, rows, table.rows))
    return
  }
  if (isWhole(rows, table.rows) && values.storage !== 'any') {
    table.columns[k] = values.copy()
    return
  }
  const target = thawed(table.columns[k])
  table.columns[k] = target
  for (let r = 0; r < rows.length; r++) writeElement(target, rows[r], values, r)
}

/** A new column: the values at their rows, null elsewhere. */
function spread(values: Vector, rows: Int32Array, total: number): Vector {
  if (rows.length === 0) return nullColumn(values.type, total, scaleOf(values))
  const positions = new Int32Array(total).fill(-1)
  for (let k = 0; k < rows.length; k++) positions[rows[k]] = k
  return values.gather(positions)
}

/** The rows are all rows of the table, in order. */
function isWhole(rows: Int32Array, total: number): boolean {
  if (rows.length !== total) return false
  for (let k = 0; k < total; k++) if (rows[k] !== k) return false
  return true
}
