/**
 * How a select over a stored table is executed:
 *
 *   rowCount      count(*) alone: answered from the snapshot without reading
 *   map           the statement runs on each partition, results are concatenated
 *   partial       aggregates: states per batch, merged (partial.ts)
 *   perPartition  group by keys contain the partition columns: no group spans partitions, so each is grouped alone
 *   stream        items of single rows: batches are filtered and projected; reading stops when limit is full
 *   collect       everything else: the needed columns of the rows that satisfy where, then as in memory
 */
import type { Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { Groups } from '../kernels/group-numbers.ts'
import { newVector, T } from '../values/index.ts'
import { containsOver } from './analytic.ts'
import { unsupported } from './evaluate.ts'
import {
  callShape,
  columnName,
  functionOf,
  isCallOf,
  isCountStar,
  isOrderSensitive,
  kindOfFunction,
  levelOf,
  mentionedFields,
  some,
} from './expressions.ts'
import type { SourceRef } from './from.ts'
import { GroupEvaluator, type GroupKey } from './groups.ts'
import { expandItems, type Item, nameOf } from './items.ts'
import { type PartialAggregate, partialAggregates } from './partial.ts'
import { arisenAt, at } from './place.ts'
import { isPartitionCall } from './predicate.ts'
import { findField, Relation } from './relation.ts'
import { checkInOperands } from './source-restrictions.ts'

export type SourceMethod =
  | { readonly kind: 'rowCount' | 'map' | 'perPartition' | 'stream' | 'collect' }
  | { readonly kind: 'partial'; readonly aggregates: readonly PartialAggregate[] }

export interface SourcePlan {
  readonly method: SourceMethod
  readonly items: readonly Item[]
  /** Fields that are needed after the where clause. */
  readonly columns: readonly number[]
  /** Knows the fields and keys, but has no rows. */
  readonly planner: GroupEvaluator
}

export function planSource(node: SelectStatement, ref: SourceRef, scope: SqlScope): SourcePlan {
  const planner = plannerOf(node, ref, scope)
  checkRestrictions(node, planner.rows, scope)
  const items = expandItems(node.items, ref.fields)
  return {
    method: methodOf(node, ref, items, planner, scope),
    items,
    columns: columnsAfterWhere(node, items, ref),
    planner,
  }
}

/** Expressions see columns of the right types, without rows. */
function plannerOf(node: SelectStatement, ref: SourceRef, scope: SqlScope): GroupEvaluator {
  const schema = ref.source.schema()
  const rows = new Relation(ref.fields, 0, (k) => newVector(schema[k].type, 0, 'zero', schema[k].scale ?? 0))
  const keys: GroupKey[] =
    node.group?.kind === 'group'
      ? node.group.keys.map((key, k) => ({
          expr: key.expr,
          name: key.alias?.kind === 'name' ? key.alias.name : nameOf(key.expr, ref.fields, k),
          rows: newVector(T.INT, 0),
        }))
      : []
  return new GroupEvaluator(rows, new Groups(new Int32Array(0), 0, new Int32Array(0)), keys, scope)
}

function methodOf(
  node: SelectStatement,
  ref: SourceRef,
  items: readonly Item[],
  planner: GroupEvaluator,
  scope: SqlScope,
): SourceMethod {
  if (node.map) return { kind: 'map' }
  const exprs = items.map((i) => i.expr)
  if (node.cgroup.length > 0 || exprs.some(containsOver)) return { kind: 'collect' }
  if (node.group === null && node.where.length === 0 && !node.distinct && exprs.every(isCountStar))
    return { kind: 'rowCount' }
  const spreads = items.some((i) => i.names !== undefined)
  if (node.group === null || node.group.kind === 'group') {
    const keysOk = planner.keys.every((k) => levelOf(k.expr, planner.rows.resolver, scope) === 'row')
    const aggregates = keysOk && !spreads ? partialAggregates([...exprs, ...node.having], planner, scope) : undefined
    const anyRow = exprs.some((e) => levelOf(e, planner.rows.resolver, scope) !== 'const')
    if (aggregates !== undefined && (node.group !== null || (aggregates.length > 0 && anyRow)))
      return { kind: 'partial', aggregates }
    if (node.group !== null)
      return keysOk && keysCoverPartitions(planner, ref) ? { kind: 'perPartition' } : { kind: 'collect' }
  }
  if (node.group === null && !spreads && !node.distinct) {
    const levels = exprs.map((e) => levelOf(e, planner.rows.resolver, scope))
    if (levels.includes('row') && levels.every((l) => l === 'row' || l === 'const')) return { kind: 'stream' }
  }
  return { kind: 'collect' }
}

/** A partition is a function of its columns: with all of them among the keys, no group spans partitions. */
function keysCoverPartitions(planner: GroupEvaluator, ref: SourceRef): boolean {
  const columns = ref.source.partitionColumns()
  if (columns.length === 0) return false
  const keys = planner.keys.flatMap((k) => {
    const c = columnName(k.expr)
    return c === undefined ? [] : [findField(ref.fields, c.name, c.qualifier)]
  })
  return columns.every((c) => keys.includes(findField(ref.fields, c)))
}

function columnsAfterWhere(node: SelectStatement, items: readonly Item[], ref: SourceRef): number[] {
  const used = new Set<number>()
  const add = (e: Expr): void => {
    for (const k of mentionedFields(e, ref.fields)) used.add(k)
  }
  for (const item of items) add(item.expr)
  for (const key of [...(node.group?.keys ?? []), ...node.cgroup]) add(key.expr)
  for (const key of [...node.csort, ...node.orderBy]) add(key.expr)
  node.having.forEach(add)
  return [...used].sort((a, b) => a - b)
}

/** What queries on partitioned tables do not allow (SQL reference, 18.3). */
function checkRestrictions(node: SelectStatement, rows: Relation, scope: SqlScope): void {
  for (const condition of node.where) at(condition.span, () => checkCondition(condition, node.map, rows, scope))
  for (const key of node.orderBy)
    if (some(key.expr, (e) => isSequenceOrScriptCall(e, scope)))
      throw arisenAt(
        inputError('Order-sensitive or user-defined functions are not allowed in ORDER BY on a partitioned table.', {
          refId: 'S02038',
        }),
        key.expr.span,
      )
  if (node.group !== null && ((node.limit !== null && node.limit.offset !== null) || node.top?.range === true))
    throw arisenAt(
      inputError('On a partitioned table LIMIT or TOP with GROUP BY or CONTEXT BY can not have an offset.', {
        refId: 'S02056',
      }),
      node.limit?.offset?.span,
    )
  const kendall = [...node.items.map((i) => i.expr), ...node.having].find((e) => some(e, (x) => isCallOf(x, 'kendall')))
  if (kendall !== undefined)
    throw arisenAt(inputError('kendall can not be used in distributed queries.', { refId: 'S02057' }), kendall.span)
}

function checkCondition(condition: Expr, map: boolean, rows: Relation, scope: SqlScope): void {
  if (some(condition, (e) => isCallOf(e, 'exists') && callShape(e)!.args.some((a) => a.value?.kind === 'sql')))
    throw inputError('The EXISTS predicate is not supported in distributed queries.', { refId: 'S02042' })
  if (!map && isOrderSensitive(condition, rows.resolver, scope))
    throw inputError(
      'Aggregate or order-sensitive functions are not allowed in the WHERE clause of a query on a partitioned table without MAP.',
      { refId: 'S02025' },
    )
  checkInOperands(condition, rows.resolver)
  if (!isPartitionCall(condition) && some(condition, isPartitionCall)) checkPartitionCalls(condition)
}

function checkPartitionCalls(condition: Expr): void {
  const conjunct = (e: Expr): boolean =>
    isPartitionCall(e) ||
    !some(e, isPartitionCall) ||
    (e.kind === 'binary' && e.op === 'and' && conjunct(e.left) && conjunct(e.right))
  if (!conjunct(condition)) throw unsupported('partition(...) inside or, not or a function')
}

function isSequenceOrScriptCall(e: Expr, scope: SqlScope): boolean {
  const shape = callShape(e)
  if (shape === undefined) return false
  const fn = functionOf(shape.callee, scope)
  return kindOfFunction(fn) === 'vector' || fn?.variant === 'user'
}
