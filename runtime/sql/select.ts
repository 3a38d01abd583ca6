/** Queries: a select over rows in memory, and its last steps (distinct, order by, limit, exec), which all kinds of select share. */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { AnyVector, type Matrix, type Table, type Value, type Vector } from '../values/index.ts'
import { checkAnalytic } from './analytic.ts'
import { cgroupBy } from './cgroup-by.ts'
import { contextBy } from './context-by.ts'
import { costSince, explainSteps, type Step } from './explain.ts'
import { columnName, expressionKey, mentionedNames } from './expressions.ts'
import { type Demand, isSourceRef, resolveFrom } from './from.ts'
import { groupBy, type Selected } from './group-by.ts'
import { betweenAsComparisons, groupByInterval, intervalKey } from './interval.ts'
import { namedByEquals } from './items.ts'
import { expandMacros } from './macros.ts'
import { distinctRows, limitRows, rowRange, sortColumns, sortedTable } from './order.ts'
import { pivotBy } from './pivot-by.ts'
import { arisenAt, at } from './place.ts'
import { selectPlain } from './plain.ts'
import { withQualifier } from './qualifier.ts'
import { Relation } from './relation.ts'
import { withNameHint } from './result-names.ts'
import { contextByRoll, rollCall } from './roll.ts'
import { selectFromSource } from './source-select.ts'
import { applyWhere } from './where.ts'

const HINT_EXPLAIN = 32768

export function executeSelect(statement: SelectStatement, scope: SqlScope): Value {
  const written = expandMacros(statement, scope)
  checkClauses(written)
  checkAnalytic(written, scope)
  if (written.items.length === 0) throw inputError('SQL context is not initialized yet.', { refId: 'S02011' })
  if (written.from === null) return selectWithoutTable(written, scope)
  return withNameHint(written, () => selectFrom(withQualifier(written, scope), scope))
}

function selectFrom(written: SelectStatement, scope: SqlScope): Value {
  const started = performance.now()
  const from = resolveFrom(written.from!, demandOf(written), scope)
  const node = namedByEquals(written, from.fields, (name) => meaning(name, scope))
  if (isSourceRef(from)) return selectFromSource(node, from, scope)
  if (node.map) throw inputError('The MAP keyword can be used with partitioned tables only.', { code: 'map' })
  if ((node.hint & HINT_EXPLAIN) !== 0) return explained(node, from, started, scope)
  return selectFromRows(node, from, scope)
}

/** What a name outside of the table denotes; undefined when it denotes nothing. */
function meaning(name: Expr, scope: SqlScope): Value | undefined {
  try {
    return scope.evaluate(name)
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'unknownName') return undefined
    throw error
  }
}

/** The query is run, and what it did is told instead of its result. */
function explained(node: SelectStatement, from: Relation, started: number, scope: SqlScope): Value {
  const steps: Step[] = [{ name: 'from', rows: from.rows, cost: costSince(started) }]
  let rows = from
  if (node.where.length > 0) {
    const before = performance.now()
    rows = filteredRows(node, from, scope)
    steps.push({ name: 'where', rows: rows.rows, cost: costSince(before) })
  }
  const result = selectFromRows({ ...node, hint: node.hint & ~HINT_EXPLAIN }, rows, scope, true)
  const count = result.kind === 'table' ? result.rows : result.kind === 'vector' ? result.length : 1
  return explainSteps(steps, count, costSince(started))
}

/** The rows that satisfy the where clause. */
function filteredRows(node: SelectStatement, from: Relation, scope: SqlScope): Relation {
  const where = intervalKey(node, from) < 0 ? node.where : node.where.map(betweenAsComparisons)
  return applyWhere(from, where, scope)
}

/** `select 1+1`: constants and variables only. */
function selectWithoutTable(node: SelectStatement, scope: SqlScope): Value {
  try {
    return selectFromRows(node, new Relation([], 1, () => new AnyVector([])), scope)
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'unknownName') throw error
    throw inputError('SQL context is not initialized yet.', { refId: 'S02011', cause: error })
  }
}

/** Combinations that are errors whatever the data. */
export function checkClauses(node: SelectStatement): void {
  if (node.distinct && node.group !== null)
    throw inputError('DISTINCT can not be used with GROUP BY, CONTEXT BY or PIVOT BY.', { refId: 'S02055' })
  if (node.csort.length > 0 && node.group?.kind !== 'context')
    throw arisenAt(inputError('CSORT can be used with CONTEXT BY only.', { code: 'csort' }), node.csort[0].expr.span)
  if (node.having.length > 0 && node.group === null && node.cgroup.length === 0)
    throw arisenAt(inputError('HAVING needs GROUP BY or CONTEXT BY.', { refId: 'S02021' }), node.having[0].span)
}

/** Columns and conditions that the statement puts to its tables. */
export function demandOf(node: SelectStatement): Demand {
  const star = node.items.some((i) => i.expr.kind === 'star')
  return { names: star ? undefined : namesOf(node, true), where: node.where }
}

/** Lower-case names that could be columns, in the clauses after where (and in where). */
export function namesOf(node: SelectStatement, where: boolean): Set<string> {
  const names = new Set<string>()
  for (const item of [...node.items, ...(node.group?.keys ?? []), ...node.cgroup]) mentionedNames(item.expr, names)
  for (const key of [...node.csort, ...node.orderBy]) mentionedNames(key.expr, names)
  for (const e of node.having) mentionedNames(e, names)
  if (where) for (const e of node.where) mentionedNames(e, names)
  return names
}

/** The whole select over rows in memory; `filtered` ones satisfy the where clause already. */
export function selectFromRows(node: SelectStatement, from: Relation, scope: SqlScope, filtered = false): Value {
  const rows = filtered ? from : filteredRows(node, from, scope)
  if (node.cgroup.length > 0)
    return finish({ ...node, orderBy: [] }, { table: cgroupBy(node, rows, scope), items: [] }, undefined, scope)
  switch (node.group?.kind) {
    case 'group': {
      const interval = intervalKey(node, rows)
      const grouped = interval < 0 ? groupBy(node, rows, scope) : groupByInterval(node, rows, interval, scope)
      return finish(node, grouped, undefined, scope)
    }
    case 'context': {
      const roll = rollCall(node, rows)
      if (roll !== undefined)
        return finish({ ...node, top: null, limit: null }, contextByRoll(node, roll, rows, scope), undefined, scope)
      return finish({ ...node, top: null, limit: null }, contextBy(node, rows, scope), undefined, scope)
    }
    case 'pivot':
      return finishPivot(node, pivotBy(node, rows, scope), scope)
    default:
      return finish(node, selectPlain(node, rows, scope), rows, scope)
  }
}

function finishPivot(node: SelectStatement, result: Table | Matrix, scope: SqlScope): Value {
  if (result.kind === 'matrix') return result
  return finish({ ...node, exec: false }, { table: result, items: [] }, undefined, scope)
}

/** distinct, order by, limit, exec. `rows` are the from-rows when they stand in the order of the result. */
export function finish(node: SelectStatement, selected: Selected, rows: Relation | undefined, scope: SqlScope): Value {
  let { table } = selected
  const scalar = selected.scalar === true
  if (node.distinct) table = distinctRows(table)
  if (node.orderBy.length > 0) table = ordered(node, { ...selected, table }, rows, scope)
  const kept = table
  table = atLimit(node, () => limitRows(kept, rowRange(node.top, node.limit, scope)))
  if (!node.exec || table.columns.length !== 1) return table
  const column = table.columns[0]
  return scalar && column.length === 1 ? column.get(0) : column
}

/** Errors of the limit clause point to its number. */
export function atLimit<R>(node: Pick<SelectStatement, 'limit'>, run: () => R): R {
  return node.limit === null ? run() : at(node.limit.count.span, run)
}

/** The result in sorted order. Keys are result columns, items written again, or (without grouping) columns of the table. */
export function ordered(
  node: Pick<SelectStatement, 'orderBy' | 'distinct' | 'group'>,
  selected: Selected,
  rows: Relation | undefined,
  scope: SqlScope,
): Table {
  const { table } = selected
  const known = writtenAgain(selected.items, table)
  if (node.distinct) checkDistinctOrder(node, table, known)
  const usable = rows !== undefined && !node.distinct && rows.rows === table.rows ? rows : undefined
  const by = sortColumns(
    node.orderBy,
    (name, qualifier) => {
      const k = qualifier === undefined ? table.columnIndex(name, true) : -1
      if (k >= 0) return () => table.columns[k]
      const field = usable?.find(name, qualifier) ?? -1
      if (field >= 0) return () => usable!.column(field)
      // `select last(x) from t order by y`: one row is in order by whatever the table has.
      const single = node.group === null && !node.distinct && table.rows === 1 ? rows : undefined
      const other = single?.find(name, qualifier) ?? -1
      if (other >= 0) return () => firstRow(single!.column(other))
      // `order by t.price` after grouping: the result column of that name.
      const own = qualifier === undefined || node.group === null ? -1 : table.columnIndex(name, true)
      return own >= 0 ? () => table.columns[own] : undefined
    },
    table.rows,
    scope,
    known,
  )
  return sortedTable(table, by)
}

/** A column of one row: the first of a column, or a null. */
const firstRow = (column: Vector): Vector => column.gather(Int32Array.of(column.length === 0 ? -1 : 0))

/** Items by their text, so that `order by sum(x)` finds the column. A plain name means the result column of that name first. */
export function writtenAgain(items: Selected['items'], table: Table): Map<string, Vector> {
  const known = new Map<string, Vector>()
  for (const { expr, column } of items) {
    const c = columnName(expr)
    const hidden = c !== undefined && c.qualifier === undefined && table.columnIndex(c.name, true) >= 0
    if (!hidden) known.set(expressionKey(expr), table.columns[column])
  }
  return known
}

/** A column under another name (`select distinct day as d ... order by day`) is selected, too. */
function checkDistinctOrder(
  node: Pick<SelectStatement, 'orderBy'>,
  table: Table,
  known: ReadonlyMap<string, Vector>,
): void {
  for (const key of node.orderBy) {
    const c = columnName(key.expr)
    if (c !== undefined && table.columnIndex(c.name, true) < 0 && !known.has(expressionKey(key.expr)))
      throw arisenAt(
        inputError('The select clause with DISTINCT keyword must contain all ORDER BY columns', { refId: 'S02053' }),
        key.expr.span,
      )
  }
}
