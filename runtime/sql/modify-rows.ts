/**
 * Which rows a modification concerns. update and delete work on the columns of the target where they stand; a join in their from clause
 * adds columns and says which target rows matched.
 */
import type { Expr, TableSource } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { type FixedVector, Table } from '../values/index.ts'
import { rowNumbers } from './evaluate.ts'
import { isSourceRef, resolveFrom } from './from.ts'
import { type Field, findField, Relation } from './relation.ts'
import { applyWhere } from './where.ts'

// A column that no script can name: the row of the target that a joined row came from.
const ROW = '\u0000row'

/** Rows to work on, each with its row number in the target. */
export interface TargetRows {
  readonly rows: Relation
  readonly numbers: Int32Array
}

export const readOnlySource = (name: string): HoldfastError =>
  inputError(`The table ${name} is read only.`, { code: 'readOnlyTable' })

/** The rows of the target (joined if `from` is given) that satisfy the conditions, in order. */
export function targetRows(
  table: Table,
  name: string,
  from: TableSource | null,
  where: readonly Expr[],
  scope: SqlScope,
): TargetRows {
  const numbered = new Table([...table.names, ROW], [...table.columns, rowNumbers(table.rows)])
  let rows: Relation
  if (from === null) rows = hideRow(Relation.ofTable(numbered, name))
  else {
    // The join runs over the target with row numbers, under the name of the target.
    const inner = scope.withNames(new Map([[name === '' ? leftName(from, table, scope) : name, numbered]]))
    const joined = resolveFrom(from, { names: undefined, where: [] }, inner)
    if (isSourceRef(joined)) throw joinTarget()
    rows = hideRow(joined)
  }
  const kept = applyWhere(rows, where, scope)
  const at = findField(kept.fields, ROW)
  if (at < 0) throw joinTarget()
  const numbers = kept.column(at)
  return { rows: kept, numbers: (numbers as FixedVector).view() as Int32Array }
}

const joinTarget = (): HoldfastError =>
  inputError('The table to change must be the left table of the join.', { code: 'joinTarget' })

function hideRow(rows: Relation): Relation {
  const fields: Field[] = rows.fields.map((f) => (f.sourceName === ROW ? { ...f, hidden: true } : f))
  return new Relation(fields, rows.rows, (k) => rows.column(k))
}

/** Metacode holds the target itself, not its name: the name of the left table of the join then is the name under which the target joins. */
function leftName(from: TableSource, table: Table, scope: SqlScope): string {
  let left = from
  while (left.kind === 'join') left = left.left
  let expr: Expr | null = left.expr
  while (expr?.kind === 'call') expr = expr.args[0]?.value ?? null
  return expr?.kind === 'name' && scope.evaluate(expr) === table ? expr.name : ''
}

/** Name of the target as the statement writes it. */
export function targetName(expr: Expr): string {
  if (expr.kind === 'name') return expr.name
  return expr.kind === 'member' ? expr.name : ''
}
