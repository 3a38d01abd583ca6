/**
 * update of tables in memory. Every right-hand side is computed before anything is written, so that all of them see the table as it was.
 * A column is thawed before it changes; an unknown name adds a column.
 */
import type { UpdateStatement } from '../../lang/ast.ts'
import { writeElement } from '../builtins/growth.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { appendsTo, convertForAppend } from '../ops/cast.ts'
import { T, type Table, thawed, type Value, type Vector } from '../values/index.ts'
import { asColumn, nullColumn, scaleOf } from './columns.ts'
import { contextRows, havingRows } from './context-by.ts'
import { compileItem, unsupported } from './evaluate.ts'
import { memoryTarget, targetName, targetRows } from './modify-rows.ts'

/** New values for some rows of one column. */
interface Change {
  readonly column: string
  readonly values: Vector
  /** Rows of the table that the values are for. */
  readonly rows: Int32Array
}

/** Returns the number of rows changed. */
export function executeUpdate(node: UpdateStatement, scope: SqlScope): number {
  if (node.map) throw unsupported('MAP with update')
  const table = memoryTarget(scope.writableTable(node.table), 'update')
  const name = targetName(node.table)
  const { rows, numbers } = targetRows(table, name, node.from, node.where, scope)
  const changes: Change[] = []
  if (node.context.length === 0) {
    for (const { column, value } of node.sets)
      changes.push({
        column,
        values: rowValues(compileItem(value, rows.resolver, scope, () => rows.rows)(), rows.rows),
        rows: numbers,
      })
  } else {
    const { evaluator, order } = contextRows({ csort: node.csort }, node.context, rows, scope)
    const kept = havingRows({ having: node.having }, evaluator, scope)
    const ordered = order.map((k) => numbers[k])
    const chosen = kept === undefined ? ordered : kept.map((k) => ordered[k])
    for (const { column, value } of node.sets) {
      const values = rowValues(evaluator.rowValue(value), rows.rows)
      changes.push({ column, values: kept === undefined ? values : values.gather(kept), rows: chosen })
    }
  }
  const checked = changes.map((c) => converted(table, c))
  for (const change of checked) write(table, change)
  table.keyIndex = undefined
  return numbers.length
}

function rowValues(value: Value, rows: number): Vector {
  const column = asColumn(value, rows)
  if (column === undefined)
    throw inputError('The new values of UPDATE must be a scalar or as many as the rows to update.', { refId: 'S02010' })
  return column
}

/** The change in the type of its column. */
function converted(table: Table, change: Change): Change {
  const k = table.columnIndex(change.column, true)
  if (k < 0) return change
  const target = table.columns[k]
  const { values } = change
  if (values.type === target.type && scaleOf(values) === scaleOf(target)) return change
  if (isVoidColumn(values) && !isVoidColumn(target))
    return { ...change, values: nullColumn(target.type, values.length, scaleOf(target)) }
  const isVoid = target.type === T.VOID || (target.storage === 'any' && values.type !== T.ANY && isVoidColumn(target))
  if (isVoid || !appendsTo(values.type, target.type)) throw typeMismatch(table.names[k])
  try {
    return { ...change, values: convertForAppend(values, target.type, scaleOf(target)) }
  } catch (cause) {
    throw typeMismatch(table.names[k], cause)
  }
}

/** A column made by `select NULL as c` takes no values. */
function isVoidColumn(v: Vector): boolean {
  if (v.storage !== 'any' || v.length === 0) return false
  return v.values.every((x) => x.kind === 'scalar' && x.type === T.VOID)
}

const typeMismatch = (column: string, cause?: unknown): HoldfastError =>
  inputError(`The data type of the new values does not match the data type of column ${column}.`, {
    code: 'columnType',
    cause,
  })

function write(table: Table, { column, values, rows }: Change): void {
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
