/**
 * update and delete of stored tables. The store hands over rows in pieces, and each piece is treated as a table in memory would be; what this file decides is how
 * large a piece has to be for the result to be right:
 *
 *   piece      every expression looks at one row at a time: any rows will do
 *   partition  context by (its keys must contain the partition columns, so that no group spans partitions), joins, `map`, and functions of which
 *              nobody knows how they relate to the rows
 *
 * Expressions for which no piece but the whole table would be right are refused, as documented.
 */
import type { DeleteStatement, Expr, TableSource as FromNode, UpdateStatement } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import {
  type ColumnSchema,
  type RowRewrite,
  Scalar,
  SourceTable,
  type Table,
  type TableSource,
} from '../values/index.ts'
import { rowsToDelete } from './delete.ts'
import {
  callShape,
  columnName,
  functionOf,
  isOrderSensitive,
  levelOf,
  mentionedFields,
  readsColumns,
  some,
} from './expressions.ts'
import { type SourceRef, toTable } from './from.ts'
import { readOnlySource, targetName } from './modify-rows.ts'
import { isPartitionCall, predicateOf } from './predicate.ts'
import { qualifierOf } from './qualifier.ts'
import { findField } from './relation.ts'
import { readSource } from './source-read.ts'
import { runSubselects } from './subselects.ts'
import { columnEdits } from './update.ts'

/** Returns the number of rows changed. */
export function updateStored(statement: UpdateStatement, target: SourceTable, scope: SqlScope): number {
  const { source } = target
  const name = nameOf(statement.table, source, statement, scope)
  const ref = sourceRef(source, name)
  const node = { ...statement, where: conditionsOf(statement, ref, scope) }
  const sets = node.sets.map(({ column, value }) => ({ column: knownColumn(ref, column), value }))
  const values = [...sets.map((s) => s.value), ...node.having, ...node.csort.map((k) => k.expr)]
  const unit = unitOfUpdate(node, values, ref, scope)
  const keys = node.context.map((k) => k.expr)
  return modify(source, ref, node, unit, [...values, ...keys], scope, (where, from, inner) => ({
    op: 'UPDATE',
    writes: sets.map((s) => s.column),
    edit: (rows, schema) => {
      const { changes, touched } = columnEdits({ ...node, sets, where, from }, rows, name, schema, inner)
      return touched === 0 ? undefined : { changes, touched }
    },
  }))
}

/** Returns the number of rows deleted. */
export function deleteStored(
  statement: Pick<DeleteStatement, 'where' | 'map'> & { readonly from: FromNode | null },
  table: Expr,
  target: SourceTable,
  scope: SqlScope,
): number {
  const { source } = target
  const name = nameOf(table, source, statement, scope)
  const ref = sourceRef(source, name)
  const node = { ...statement, where: conditionsOf(statement, ref, scope) }
  const unit = unitOf(node, [], ref, scope)
  return modify(source, ref, node, unit, [], scope, (where, from, inner) => ({
    op: 'DELETE',
    writes: [],
    edit: (rows) => {
      const deleted = rowsToDelete(rows, name, from, where, inner)
      return deleted.length === 0 ? undefined : { deleted, touched: deleted.length }
    },
  }))
}

interface Modification {
  readonly op: RowRewrite['op']
  readonly writes: readonly string[]
  edit(rows: Table, schema: readonly ColumnSchema[]): ReturnType<RowRewrite['edit']>
}

function modify(
  source: TableSource,
  ref: SourceRef,
  node: { readonly where: readonly Expr[]; readonly from: FromNode | null },
  unit: RowRewrite['unit'],
  values: readonly Expr[],
  scope: SqlScope,
  make: (where: readonly Expr[], from: FromNode | null, scope: SqlScope) => Modification,
): number {
  if (source.rewrite === undefined) throw readOnlySource(source.name)
  const schema = source.schema()
  // Partitions are chosen by the predicate; it is no condition on rows.
  const where = node.where.filter((c) => !isPartitionCall(c))
  const { op, writes, edit } = make(where, node.from, joinScope(node.from, ref, scope))
  const reads = node.from === null ? columnsRead([...where, ...values], ref) : schema.map((c) => c.name)
  return source.rewrite({
    op,
    unit,
    reads,
    writes,
    predicate: node.from === null ? predicateOf(node.where, ref, scope) : undefined,
    everything: op === 'DELETE' && node.where.length === 0 && node.from === null,
    edit: (rows) => edit(rows, schema),
  })
}

/** In a join sub-selects may read columns of the other tables. */
const conditionsOf = (
  { where, from }: { readonly where: readonly Expr[]; readonly from: FromNode | null },
  ref: SourceRef,
  scope: SqlScope,
): readonly Expr[] => (from === null ? runSubselects(where, ref, scope) : where)

/** At least one column, which tells how many rows there are. */
function columnsRead(exprs: readonly Expr[], ref: SourceRef): string[] {
  const used = new Set(exprs.flatMap((e) => mentionedFields(e, ref.fields)))
  if (used.size === 0) used.add(0)
  return [...used].sort((a, b) => a - b).map((k) => ref.fields[k].name)
}

function nameOf(expr: Expr, source: TableSource, statement: object, scope: SqlScope): string {
  return targetName(expr) || qualifierOf(expr, statement, scope) || source.tableName
}

function sourceRef(source: TableSource, name: string): SourceRef {
  const fields = source.schema().map((c) => ({ name: c.name, table: name, sourceName: c.name, hidden: false }))
  return { source, fields }
}

function knownColumn(ref: SourceRef, column: string): string {
  const k = findField(ref.fields, column)
  if (k >= 0) return ref.fields[k].name
  throw inputError(`Unrecognized column name ${column}.`, {
    refId: 'S02005',
    code: 'unknownColumn',
    hint: 'update adds no columns to a stored table: use addColumn or alter table',
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// How much must be seen at once

const resolverOf =
  (ref: SourceRef): ColumnResolver =>
  (name, qualifier) =>
    findField(ref.fields, name, qualifier) < 0 ? undefined : () => Scalar.VOID

function unitOfUpdate(
  node: UpdateStatement,
  values: readonly Expr[],
  ref: SourceRef,
  scope: SqlScope,
): RowRewrite['unit'] {
  const partitioned = ref.source.partitionColumns().length > 0
  if (partitioned && !contextCoversPartitions(node, ref)) {
    const columns = resolverOf(ref)
    if (values.some((v) => isOrderSensitive(v, columns, scope) || callsScript(v, columns, scope)))
      throw inputError(
        'Aggregate or order-sensitive functions are not allowed without context by clause when updating a partitioned table.',
        { code: 'updateContext', hint: 'name all partition columns in context by' },
      )
  }
  const unit = unitOf(node, values, ref, scope)
  return node.context.length > 0 ? 'partition' : unit
}

function unitOf(
  node: { readonly where: readonly Expr[]; readonly from: FromNode | null; readonly map: boolean },
  values: readonly Expr[],
  ref: SourceRef,
  scope: SqlScope,
): RowRewrite['unit'] {
  const columns = resolverOf(ref)
  const conditions = node.where.filter((c) => !isPartitionCall(c))
  const partitioned = ref.source.partitionColumns().length > 0
  if (partitioned && !node.map && conditions.some((c) => isOrderSensitive(c, columns, scope)))
    throw inputError(
      'Aggregate or order-sensitive functions are not allowed in the WHERE clause of a statement on a partitioned table without MAP.',
      { refId: 'S02025' },
    )
  if (node.from !== null || node.map) return 'partition'
  const single = [...conditions, ...values].every((e) => ['row', 'const'].includes(levelOf(e, columns, scope)))
  return single ? 'piece' : 'partition'
}

/** A partition is a function of its columns: with all of them among the keys, no group spans partitions. */
function contextCoversPartitions(node: UpdateStatement, ref: SourceRef): boolean {
  const keys = node.context.flatMap((k) => {
    const c = columnName(k.expr)
    return c === undefined ? [] : [findField(ref.fields, c.name, c.qualifier)]
  })
  return ref.source.partitionColumns().every((c) => keys.includes(findField(ref.fields, c)))
}

function callsScript(expr: Expr, columns: ColumnResolver, scope: SqlScope): boolean {
  return some(expr, (e) => {
    const shape = callShape(e)
    return shape !== undefined && readsColumns(e, columns) && functionOf(shape.callee, scope)?.variant === 'user'
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Joins

/** Other stored tables of the join that have a name are read once, and not again for every partition. */
function joinScope(from: FromNode | null, ref: SourceRef, scope: SqlScope): SqlScope {
  if (from === null) return scope
  const tables = new Map<string, Table>()
  for (const expr of tablesOf(from)) {
    if (expr.kind !== 'name' || expr.name === ref.fields[0]?.table) continue
    const value = scope.evaluate(expr)
    if (!(value instanceof SourceTable)) continue
    const other = sourceRef(value.source, expr.name)
    tables.set(
      expr.name,
      toTable(
        readSource(
          other,
          other.fields.map((_, k) => k),
          [],
          scope,
        ),
      ),
    )
  }
  return tables.size === 0 ? scope : scope.withNames(tables)
}

function tablesOf(from: FromNode): Expr[] {
  if (from.kind === 'join') return [...tablesOf(from.left), ...tablesOf(from.right)]
  const { expr } = from
  if (expr.kind !== 'call') return [expr]
  return expr.args.slice(0, 2).flatMap((a) => (a.value === null ? [] : tablesOf({ ...from, expr: a.value })))
}
