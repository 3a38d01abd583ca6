/**
 * pivot by: the last key becomes the columns, all earlier ones the rows. Both are sorted ascending; cells without rows are NULL. Without an
 * aggregate the last value of a cell counts.
 */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import type { Groups } from '../kernels/group-numbers.ts'
import { plainText } from '../print/index.ts'
import { AnyVector, Matrix, type Table, type Value, type Vector } from '../values/index.ts'
import { asColumn, shared, stack } from './columns.ts'
import { calleeName, callShape, isCallOf, levelOf } from './expressions.ts'
import { groupKeys, keptGroups, sortedGroups } from './group-by.ts'
import { GroupEvaluator } from './groups.ts'
import { checkNames, expandItems } from './items.ts'
import { arisenAt, at } from './place.ts'
import type { Relation } from './relation.ts'
import { resultOf } from './spread.ts'

const ROW_FUNCTIONS = [
  'rowSum',
  'rowMin',
  'rowMax',
  'rowCount',
  'rowSum2',
  'rowAnd',
  'rowOr',
  'rowXor',
  'rowProd',
  'rowWsum',
  'rowAvg',
  'rowStd',
  'rowVar',
]
const FILLS = ['ffill', 'bfill', 'lfill']

interface Cells {
  readonly rowKeys: { readonly name: string; readonly values: Vector }[]
  readonly rowCount: number
  readonly columnKey: Vector
  /** Group of each cell, column by column; -1 where there is none. */
  readonly groupOf: Int32Array
  readonly evaluator: GroupEvaluator
}

/** The pivoted table (select) or matrix (exec). */
export function pivotBy(node: SelectStatement, rows: Relation, scope: SqlScope): Table | Matrix {
  if (node.top !== null) throw inputError('The TOP clause can not be used with PIVOT BY.', { code: 'pivotTop' })
  const keys = node.group!.keys
  if (keys.length < 2)
    throw arisenAt(inputError('PIVOT BY needs at least two columns.', { code: 'pivotKeys' }), keys[0]?.expr.span)
  const kept = node.having.length === 0 ? rows : rowsOfKeptCells(node, rows, scope)
  const cells = layout(node, kept, scope)
  // A matrix has one label a row: with several row keys the table keeps them.
  const matrix = node.exec && cells.rowKeys.length === 1
  return matrix ? pivotMatrix(node, cells, kept, scope) : pivotTable(node, cells, kept, scope)
}

/** having chooses among the cells: the rows of the others are as if they were not there. */
function rowsOfKeptCells(node: SelectStatement, rows: Relation, scope: SqlScope): Relation {
  const keys = groupKeys(node.group!.keys, rows, 'PIVOT BY', scope)
  const cells = sortedGroups(
    keys.map((k) => k.rows),
    rows.rows,
  )
  const kept = new Uint8Array(cells.count)
  for (const g of keptGroups(node, new GroupEvaluator(rows, cells, keys, scope))!) kept[g] = 1
  return rows.select(Int32Array.from(cells.ids.keys()).filter((k) => kept[cells.ids[k]] === 1))
}

function layout(node: SelectStatement, rows: Relation, scope: SqlScope): Cells {
  const keys = groupKeys(node.group!.keys, rows, 'PIVOT BY', scope)
  const rowKeys = keys.slice(0, -1)
  const byRow = sortedGroups(
    rowKeys.map((k) => k.rows),
    rows.rows,
  )
  const columnKey = keys[keys.length - 1]
  const byColumn = sortedGroups([columnKey.rows], rows.rows)
  const byCell = sortedGroups(
    keys.map((k) => k.rows),
    rows.rows,
  )
  const groupOf = new Int32Array(byRow.count * byColumn.count).fill(-1)
  for (let g = 0; g < byCell.count; g++) {
    const row = byCell.firstRows[g]
    groupOf[byColumn.ids[row] * byRow.count + byRow.ids[row]] = g
  }
  return {
    rowKeys: rowKeys.map((k) => ({ name: k.name, values: k.rows.gather(byRow.firstRows) })),
    rowCount: byRow.count,
    columnKey: columnKey.rows.gather(byColumn.firstRows),
    groupOf,
    evaluator: new GroupEvaluator(rows, byCell, keys, scope),
  }
}

function pivotTable(node: SelectStatement, cells: Cells, rows: Relation, scope: SqlScope): Table {
  const items = expandItems(node.items, rows.fields)
  const labels = columnLabels(cells.columnKey)
  const names = cells.rowKeys.map((k) => k.name)
  const columns = cells.rowKeys.map((k) => k.values)
  for (const item of items) {
    if (isCallOf(item.expr, ...ROW_FUNCTIONS)) {
      names.push(item.aliased ? item.name : calleeName(callShape(item.expr)!.callee)!)
      columns.push(at(item.expr.span, () => rowFunction(item.expr, cells, rows, scope)))
      continue
    }
    for (const label of labels) names.push(items.length === 1 ? label : `${item.name}_${label}`)
    columns.push(...at(item.expr.span, () => metricColumns(item.expr, cells, rows, scope)))
  }
  checkNames(names)
  return resultOf(names, columns)
}

function pivotMatrix(node: SelectStatement, cells: Cells, rows: Relation, scope: SqlScope): Matrix {
  const items = expandItems(node.items, rows.fields)
  if (items.length !== 1)
    throw arisenAt(
      inputError('EXEC with PIVOT BY returns one matrix: select one column.', { code: 'pivotExec' }),
      items[1]?.expr.span,
    )
  if (isCallOf(items[0].expr, ...ROW_FUNCTIONS))
    throw arisenAt(
      inputError('Row functions can not be used in EXEC with PIVOT BY.', { refId: 'S02051' }),
      items[0].expr.span,
    )
  const columns = at(items[0].expr.span, () => metricColumns(items[0].expr, cells, rows, scope))
  const data = stack(columns).copy()
  return new Matrix(data, cells.rowCount, columns.length, shared(cells.rowKeys[0].values), shared(cells.columnKey))
}

/** Column names of the keys; a NULL key is called NULL and stands first. */
function columnLabels(keys: Vector): string[] {
  return Array.from({ length: keys.length }, (_, k) => (keys.isNullAt(k) ? 'NULL' : plainText(keys.get(k))))
}

/** A row function collapses the pivoted columns of its argument into one column. */
function rowFunction(expr: Expr, cells: Cells, rows: Relation, scope: SqlScope): Vector {
  const shape = callShape(expr)!
  const name = calleeName(shape.callee)!
  if (shape.args.length !== 1)
    throw inputError(`The row function ${name} in PIVOT BY takes exactly one argument.`, { refId: 'S02028' })
  const columns = metricColumns(shape.args[0].value!, cells, rows, scope)
  const result = callBuiltin(name, new AnyVector(columns.map(shared)), scope)
  if (result.kind === 'vector' && result.length === cells.rowCount) return result
  throw inputError(`The function ${name} can not be used in PIVOT BY.`, { refId: 'S02029' })
}

/** The columns of one metric, one for each column key. */
function metricColumns(expr: Expr, cells: Cells, rows: Relation, scope: SqlScope): Vector[] {
  if (isCallOf(expr, 'toArray')) throw inputError('toArray can not be used with PIVOT BY.', { refId: 'S02030' })
  if (isCallOf(expr, 'asis'))
    throw inputError('asis can be used with PIVOT BY on DFS tables only.', { refId: 'S02015' })
  if (isCallOf(expr, ...FILLS)) {
    const shape = callShape(expr)!
    const name = calleeName(shape.callee)!
    if (shape.args.length !== 1)
      throw inputError(`The function ${name} in PIVOT BY takes exactly one argument.`, { refId: 'S02031' })
    return metricColumns(shape.args[0].value!, cells, rows, scope).map((c) => {
      const filled = callBuiltin(name, shared(c), scope)
      if (filled.kind !== 'vector') throw notMetric()
      return filled
    })
  }
  const values = cellValues(expr, cells, rows, scope)
  const count = cells.columnKey.length
  return Array.from({ length: count }, (_, c) =>
    values.gather(cells.groupOf.subarray(c * cells.rowCount, (c + 1) * cells.rowCount)),
  )
}

function cellValues(expr: Expr, cells: Cells, rows: Relation, scope: SqlScope): Vector {
  const { evaluator } = cells
  const { groups } = evaluator
  const level = levelOf(expr, rows.resolver, scope, (e) => evaluator.keyOf(e) >= 0)
  if (level === 'aggregate') return groupColumn(evaluator.groupValue(expr, 'pivot'), groups)
  if (level === 'opaque') {
    // A function that reduces a cell to one value, or one value a row of the cell.
    const values = evaluator.perGroup(expr)
    if (values.every((v) => v.kind === 'scalar')) return groupColumn(evaluator.groupValue(expr, 'pivot'), groups)
  }
  const perRow = asColumn(evaluator.rowValue(expr), rows.rows)
  if (perRow === undefined) throw notMetric()
  const last = new Int32Array(groups.count)
  for (let k = 0; k < groups.ids.length; k++) last[groups.ids[k]] = k
  return perRow.gather(last)
}

function groupColumn(value: Value, groups: Groups): Vector {
  const column = asColumn(value, groups.count)
  if (column === undefined) throw notMetric()
  return column
}

function callBuiltin(name: string, arg: Vector, scope: SqlScope): Value {
  const fn = scope.session.registry.get(name)
  if (fn === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
  return scope.session.call(fn, [arg])
}

const notMetric = (): HoldfastError =>
  inputError('A column of a PIVOT BY query must be an aggregate or a column expression.', { refId: 'S02050' })
