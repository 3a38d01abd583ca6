/** group by: one row a group, in ascending order of the keys (NULL first). */
import type { Expr, SelectItem, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { type Codes, denseCodes, seenCodes } from '../kernels/codes.ts'
import { Groups } from '../kernels/group-numbers.ts'
import { groupIds } from '../kernels/hash.ts'
import { sortIndices } from '../kernels/sort.ts'
import { type Scalar, T, type Table, type Value, type Vector } from '../values/index.ts'
import { asColumn } from './columns.ts'
import { compileItem } from './evaluate.ts'
import { columnName } from './expressions.ts'
import { trueRows } from './filter.ts'
import { checkKey, GroupEvaluator, type GroupKey } from './groups.ts'
import { checkNames, expandItems, type Item, nameOf } from './items.ts'
import { arisenAt, at } from './place.ts'
import type { Field, Relation } from './relation.ts'
import { resultOf, spreadNames } from './spread.ts'

/** A result table and the expression behind each column, so that `order by sum(x)` finds the column of `sum(x)`. */
export interface Selected {
  readonly table: Table
  readonly items: readonly { readonly expr: SelectItem['expr']; readonly column: number }[]
  /** The only item was a scalar: exec returns it as one. */
  readonly scalar?: boolean
}

/** Evaluates grouping keys, row by row. */
export function groupKeys(keys: readonly SelectItem[], rows: Relation, clause: string, scope: SqlScope): GroupKey[] {
  return keys.map((key, position) =>
    at(key.expr.span, () => {
      const name = key.alias?.kind === 'name' ? key.alias.name : nameOf(key.expr, rows.fields, position)
      const value = compileItem(key.expr, rows.resolver, scope, () => rows.rows)()
      return { expr: key.expr, name, rows: checkKey(value, rows.rows, clause, name) }
    }),
  )
}

/** Rows split by keys, groups numbered in ascending order of the keys. */
export function sortedGroups(keys: readonly Vector[], rows: number): Groups {
  if (rows === 0) return new Groups(new Int32Array(0), 0, new Int32Array(0))
  const codes = keys.length === 1 ? denseCodes(keys[0]) : undefined
  if (codes !== undefined) return codedGroups(keys[0], codes)
  const found = groupIds(keys)
  const firstKeys = keys.map((k) => k.gather(found.firstRows))
  const order = sortIndices(
    firstKeys,
    keys.map(() => true),
    keys.map(() => true),
  )
  if (isIdentity(order)) return new Groups(found.ids, found.count, found.firstRows)
  const rank = new Int32Array(found.count)
  const firstRows = new Int32Array(found.count)
  for (let k = 0; k < order.length; k++) {
    rank[order[k]] = k
    firstRows[k] = found.firstRows[order[k]]
  }
  const { ids } = found
  for (let k = 0; k < rows; k++) ids[k] = rank[ids[k]]
  return new Groups(ids, found.count, firstRows)
}

function isIdentity(order: Int32Array): boolean {
  for (let k = 0; k < order.length; k++) if (order[k] !== k) return false
  return true
}

/** Codes of whole numbers ascend with their values, those of symbols do not. */
function codedGroups(key: Vector, codes: Codes): Groups {
  const seen = seenCodes(codes)
  const order = key.storage === 'symbol' ? sortIndices([key.gather(seen.firstRows)], [true], [true]) : undefined
  return Groups.ofCodes(codes, seen, order)
}

/** The grouped result before order by and limit. */
export function groupBy(node: SelectStatement, rows: Relation, scope: SqlScope): Selected {
  const keys = groupKeys(node.group!.keys, rows, 'GROUP BY', scope)
  const groups = sortedGroups(
    keys.map((k) => k.rows),
    rows.rows,
  )
  return groupedItems(node, new GroupEvaluator(rows, groups, keys, scope))
}

/** Groups whose expressions can be evaluated: over rows in memory, or over merged partial states. */
export interface GroupedRows {
  readonly count: number
  readonly fields: readonly Field[]
  readonly keys: readonly { readonly expr: Expr; readonly name: string }[]
  keyOf(expr: Expr): number
  keyVector(k: number): Vector
  groupValue(expr: Expr, name: string): Value
  perGroup(expr: Expr): Value[]
}

/** Select items and having over groups. */
export function groupedItems(node: SelectStatement, evaluator: GroupedRows): Selected {
  const { keys } = evaluator
  const items = expandItems(node.items, evaluator.fields)
  const listed = new Set<number>()
  for (const item of items) {
    const k = evaluator.keyOf(item.expr)
    if (k < 0) continue
    listed.add(k)
    if (item.aliased && columnName(item.expr) !== undefined && item.name !== keys[k].name)
      throw arisenAt(
        inputError(
          `Alias for a GROUP BY field should be defined in the GROUP BY clause, not in the SELECT clause: [${item.name}].`,
          { code: 'groupByAlias' },
        ),
        item.expr.span,
      )
  }
  const names: string[] = []
  const columns: Vector[] = []
  const sources: { expr: SelectItem['expr']; column: number }[] = []
  keys.forEach((key, k) => {
    if (listed.has(k)) return
    sources.push({ expr: key.expr, column: columns.length })
    names.push(key.name)
    columns.push(evaluator.keyVector(k))
  })
  for (const item of items) {
    const k = evaluator.keyOf(item.expr)
    sources.push({ expr: item.expr, column: columns.length })
    if (item.names !== undefined) {
      const wanted = item.names
      const spread = at(item.expr.span, () => spreadNames(wanted, evaluator.perGroup(item.expr), evaluator.count))
      names.push(...spread.names)
      columns.push(...spread.columns)
      continue
    }
    names.push(k >= 0 && !item.aliased ? keys[k].name : item.name)
    columns.push(k >= 0 ? evaluator.keyVector(k) : at(item.expr.span, () => groupColumn(evaluator, item)))
  }
  checkNames(names, (k) => sources.findLast((s) => s.column <= k)?.expr.span)
  const kept = keptGroups(node, evaluator)
  const table = resultOf(names, kept === undefined ? columns : columns.map((c) => c.gather(kept)))
  return { table, items: sources }
}

function groupColumn(evaluator: GroupedRows, item: Item): Vector {
  return asColumn(evaluator.groupValue(item.expr, item.name), evaluator.count)!
}

/** Groups for which all having conditions hold; undefined without a having clause. */
export function keptGroups(node: SelectStatement, evaluator: GroupedRows): Int32Array | undefined {
  if (node.having.length === 0) return undefined
  let kept: Int32Array | undefined
  for (const condition of node.having) {
    const column = at(condition.span, () => logicalColumn(havingValue(condition, evaluator), evaluator.count))
    const rows = trueRows(column)
    if (kept === undefined) kept = rows
    else {
      const both = new Set(rows)
      kept = kept.filter((g) => both.has(g))
    }
  }
  return kept
}

function havingValue(condition: Expr, evaluator: GroupedRows): Value {
  try {
    return evaluator.groupValue(condition, 'having')
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.refId !== 'S02022') throw cause
    throw inputError('The HAVING clause must be a logical expression over aggregates.', { refId: 'S02021', cause })
  }
}

/** A having condition as BOOL elements. */
export function logicalColumn(value: Value, length: number) {
  const column =
    value.kind === 'scalar' || value.kind === 'vector' ? asColumn(value as Scalar | Vector, length) : undefined
  if (column === undefined || column.storage !== 'fixed' || column.type !== T.BOOL)
    throw inputError('The HAVING clause must be a logical expression.', { refId: 'S02021' })
  return column
}
