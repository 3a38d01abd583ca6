/** context by: items are computed inside each group and keep one row for each row of the group. */
import type { Expr, SelectStatement, SortKey } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { Groups } from '../kernels/group-numbers.ts'
import { sortIndices } from '../kernels/sort.ts'
import { FixedVector, isArrayType, T, type Vector } from '../values/index.ts'
import { asColumn } from './columns.ts'
import { compileItem } from './evaluate.ts'
import { isColumn, levelOf } from './expressions.ts'
import { trueRows } from './filter.ts'
import { groupKeys, logicalColumn, type Selected, sortedGroups } from './group-by.ts'
import { GroupEvaluator } from './groups.ts'
import { checkNames, expandItems } from './items.ts'
import { rowRange } from './order.ts'
import { arisenAt, at } from './place.ts'
import type { Relation } from './relation.ts'
import { resultOf, spreadRows } from './spread.ts'

const HINT_KEEPORDER = 128

/** Rows put group by group (keys ascending, csort inside), ready for evaluation. */
export interface ContextRows {
  readonly evaluator: GroupEvaluator
  /** Row of the input for each row of the evaluator. */
  readonly order: Int32Array
}

export function contextRows(
  node: Pick<SelectStatement, 'csort'>,
  keys: SelectStatement['items'],
  rows: Relation,
  scope: SqlScope,
): ContextRows {
  const groupColumns = groupKeys(keys, rows, 'CONTEXT BY', scope)
  const groups = sortedGroups(
    groupColumns.map((k) => k.rows),
    rows.rows,
  )
  const order = node.csort.length === 0 ? groups.order : sortedInGroups(node.csort, groups, rows, scope)
  const evaluator = new GroupEvaluator(
    rows.select(order),
    Groups.inOrder(groups.sizes),
    groupColumns.map((k) => ({ ...k, rows: k.rows.gather(order) })),
    scope,
  )
  return { evaluator, order }
}

function sortedInGroups(csort: readonly SortKey[], groups: Groups, rows: Relation, scope: SqlScope): Int32Array {
  const keys = csort.map((key) =>
    at(key.expr.span, () => {
      const value = compileItem(key.expr, rows.resolver, scope, () => rows.rows)()
      if (value.kind === 'vector' && isArrayType(value.type))
        throw inputError('An array vector can not be used in CSORT.', { refId: 'S02019' })
      const column = asColumn(value, rows.rows)
      if (column === undefined) throw inputError('A CSORT key must be a column.', { refId: 'S02018' })
      return column
    }),
  )
  return sortIndices(
    [new FixedVector(T.INT, groups.ids), ...keys],
    [true, ...csort.map((k) => !k.descending)],
    [true, ...csort.map((k) => (k.nulls === null ? !k.descending : k.nulls === 'first'))],
  )
}

/** The result before the final order by. Per-group limit and having are applied. */
export function contextBy(node: SelectStatement, rows: Relation, scope: SqlScope): Selected {
  const { evaluator, order } = contextRows(node, node.group!.keys, rows, scope)
  const total = order.length
  const items = expandItems(node.items, rows.fields)
  const kept = groupLimit(node, havingRows(node, evaluator, scope), evaluator.groups, scope)
  const keepsOrder = (node.hint & HINT_KEEPORDER) !== 0 || limitsPlainColumns(node, rows)
  const chosen = keepsOrder ? inInputOrder(kept, order) : kept
  const pick = (v: Vector): Vector => (chosen === undefined ? v : v.gather(chosen))
  const names: string[] = []
  const columns: Vector[] = []
  const sources: { expr: SelectStatement['items'][number]['expr']; column: number }[] = []
  for (const item of items) {
    sources.push({ expr: item.expr, column: columns.length })
    if (item.names !== undefined) {
      const { groups } = evaluator
      const sizes = Array.from({ length: groups.count }, (_, g) => groups.offsets[g + 1] - groups.offsets[g])
      const wanted = item.names
      const spread = at(item.expr.span, () => spreadRows(wanted, evaluator.perGroup(item.expr), sizes))
      if (spread === undefined) throw arisenAt(wrongLength(), item.expr.span)
      names.push(...spread.names)
      columns.push(...spread.columns.map(pick))
      continue
    }
    names.push(item.name)
    const column = at(item.expr.span, () => asColumn(evaluator.rowValue(item.expr), total))
    if (column === undefined) throw arisenAt(wrongLength(), item.expr.span)
    columns.push(pick(column))
  }
  checkNames(names, (k) => sources.findLast((s) => s.column <= k)?.expr.span)
  return { table: resultOf(names, columns), items: sources }
}

const wrongLength = (): HoldfastError =>
  inputError('A column of a CONTEXT BY query must have as many elements as its group has rows.', { refId: 'S02026' })

/** Rows (positions in the evaluator) that having keeps; undefined for all. Aggregate conditions keep or drop whole groups. */
export function havingRows(
  node: Pick<SelectStatement, 'having'>,
  evaluator: GroupEvaluator,
  scope: SqlScope,
): Int32Array | undefined {
  let kept: Int32Array | undefined
  for (const condition of node.having) {
    const rowsKept = at(condition.span, () => rowsThatSatisfy(condition, evaluator, scope))
    if (kept === undefined) kept = rowsKept
    else {
      const both = new Set(rowsKept)
      kept = kept.filter((k) => both.has(k))
    }
  }
  return kept
}

function rowsThatSatisfy(condition: Expr, evaluator: GroupEvaluator, scope: SqlScope): Int32Array {
  const { groups, rows } = evaluator
  if (levelOf(condition, rows.resolver, scope) !== 'aggregate')
    return trueRows(logicalColumn(evaluator.rowValue(condition), rows.rows))
  const perGroup = logicalColumn(evaluator.groupValue(condition, 'having'), groups.count)
  return trueRows(logicalColumn(perGroup.gather(groups.ids), rows.rows))
}

/** top and limit per group: the first or the last n of the rows that are left. */
function groupLimit(
  node: SelectStatement,
  kept: Int32Array | undefined,
  groups: Groups,
  scope: SqlScope,
): Int32Array | undefined {
  const range = rowRange(node.top, node.limit, scope)
  if (range === undefined) return kept
  if (range.offset)
    throw arisenAt(
      inputError(
        node.limit !== null
          ? "When LIMIT clause uses together with CONTEXT BY clause in SQL query, one can't specify row offset in LIMIT clause"
          : "When top clause uses together with context clause in SQL query, can't specify a range in top clause",
        { code: 'contextLimit' },
      ),
      node.limit?.offset?.span,
    )
  const { ids } = groups
  const count = kept?.length ?? groups.rows
  const row = (k: number): number => (kept === undefined ? k : kept[k])
  const out = new Int32Array(count)
  let m = 0
  for (let from = 0; from < count; ) {
    const group = ids[row(from)]
    let to = from
    while (to < count && ids[row(to)] === group) to++
    const first = range.last > 0 ? Math.max(from, to - range.last) : from
    const end = range.last > 0 ? to : Math.min(to, from + range.to)
    for (let k = first; k < end; k++) out[m++] = row(k)
    from = to
  }
  return out.subarray(0, m)
}

/** `select *` or plain columns with a limit and no csort: the documentation shows the rows in their original order. */
function limitsPlainColumns(node: SelectStatement, rows: Relation): boolean {
  if (node.limit === null || node.csort.length > 0) return false
  return node.items.every((i) => i.expr.kind === 'star' || isColumn(i.expr, rows.resolver))
}

/** Rows of the evaluator in the order in which the input has them. */
function inInputOrder(kept: Int32Array | undefined, order: Int32Array): Int32Array {
  const rowAt = new Int32Array(order.length).fill(-1)
  if (kept === undefined) for (let k = 0; k < order.length; k++) rowAt[order[k]] = k
  else for (const k of kept) rowAt[order[k]] = k
  return rowAt.filter((k) => k >= 0)
}
