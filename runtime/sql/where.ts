/**
 * The where clause: conditions between commas filter one after the other, each on the rows that are left. Operands of `and` that look at
 * one row at a time are applied in the same way; other conditions are evaluated on all current rows.
 */
import type { CompareOperator, Expr } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { Scalar, T, type Value } from '../values/index.ts'
import { compileItem } from './evaluate.ts'
import { calleeName, callShape, columnName, levelOf, readsColumns, walk } from './expressions.ts'
import { betweenRows, compareRows, symbolRows, trueRows } from './filter.ts'
import { at } from './place.ts'
import type { Relation } from './relation.ts'

/** One condition, compiled once and applied to many batches. */
export type RowFilter = (rows: Relation) => Relation

/** The rows that satisfy all conditions. */
export function applyWhere(rows: Relation, conditions: readonly Expr[], scope: SqlScope): Relation {
  let current = rows
  for (const filter of compileWhere(rows.resolver, conditions, scope)) current = filter(current)
  return current
}

/** The conditions as filters for relations with the fields that the resolver knows. */
export function compileWhere(columns: ColumnResolver, conditions: readonly Expr[], scope: SqlScope): RowFilter[] {
  for (const condition of conditions) refuseFunctionsAsColumns(condition, columns, scope)
  return conditions
    .flatMap((c) => rowConditions(c, columns, scope))
    .map((c) => {
      const filter = at(c.span, () => compileCondition(c, columns, scope))
      return (rows) => at(c.span, () => filter(rows))
    })
}

/** `a and b` as two conditions when both look at single rows. */
export function rowConditions(condition: Expr, columns: ColumnResolver, scope: SqlScope): Expr[] {
  if (condition.kind !== 'binary' || condition.op !== 'and') return [condition]
  const parts = [condition.left, condition.right]
  const single = parts.every((p) => isCondition(p) && levelOf(p, columns, scope) === 'row')
  return single ? parts.flatMap((p) => rowConditions(p, columns, scope)) : [condition]
}

/**
 * A column that the table does not have may be the name of a function: symbol, date, time. A function equals no value and is not null, so that
 * `delete from t where date != 2024.01.01` would hold for every row.
 */
function refuseFunctionsAsColumns(condition: Expr, columns: ColumnResolver, scope: SqlScope): void {
  walk(condition, (e) => {
    for (const operand of comparedOperands(e)) {
      if (operand.kind !== 'name' || columns(operand.name) !== undefined || !isFunctionName(operand, scope)) continue
      at(operand.span, () => {
        throw inputError(`Cannot recognize the column ${operand.name}: it is the name of a function.`, {
          code: 'unknownColumn',
          hint: `the table has no column ${operand.name}`,
        })
      })
    }
    return e.kind !== 'sql' && e.kind !== 'lambda' && e.kind !== 'metacode'
  })
}

/** What is compared with a value or with null, and would not fail as a function. */
function comparedOperands(e: Expr): readonly Expr[] {
  if (e.kind === 'binary' && (e.op === 'eq' || e.op === 'ne')) return [e.left, e.right]
  if (e.kind === 'compareChain') return e.operands
  if (e.kind === 'isNull') return [e.operand]
  const shape = callShape(e)
  if (shape === undefined || !COMPARING_CALLS.has(calleeName(shape.callee) ?? '')) return []
  return shape.args.flatMap(({ value }) => value ?? [])
}

const COMPARING_CALLS = new Set(['eq', 'ne', 'isNull', 'isValid', 'eqObj'])

function isFunctionName(operand: Expr, scope: SqlScope): boolean {
  try {
    return scope.evaluate(operand).kind === 'function'
  } catch {
    // Whoever evaluates the condition says why.
    return false
  }
}

const isCondition = (e: Expr): boolean => e.kind !== 'literal' && e.kind !== 'name'

function compileCondition(condition: Expr, columns: ColumnResolver, scope: SqlScope): RowFilter {
  if (['vector', 'constVector', 'tuple', 'star', 'columnSeries', 'dict'].includes(condition.kind))
    throw inputError('Each condition of the WHERE clause must be an expression or a function call.', {
      refId: 'S02034',
    })
  const fast = fastCondition(condition, columns, scope)
  // The getters read whatever relation is current, so that one compilation serves all batches.
  let current: Relation | undefined
  const general = (rows: Relation): Relation => {
    current = rows
    evaluate ??= compileItem(
      condition,
      bound(columns, () => current!),
      scope,
      () => current!.rows,
    )
    return keep(rows, evaluate())
  }
  let evaluate: (() => Value) | undefined
  return (rows) => {
    const selection = fast?.(rows)
    return selection === undefined ? general(rows) : narrowed(rows, selection)
  }
}

/** Resolver of a plan over relations that change from batch to batch. */
export function bound(columns: ColumnResolver, rows: () => Relation): ColumnResolver {
  return (name, qualifier) => {
    if (columns(name, qualifier) === undefined) return undefined
    return () => rows().column(rows().find(name, qualifier))
  }
}

function keep(rows: Relation, value: Value): Relation {
  if (value.kind === 'scalar') {
    if (value.type !== T.BOOL && !value.isNull()) throw notLogical()
    return value.value === 1 ? rows : rows.select(new Int32Array(0))
  }
  if (value.kind !== 'vector') throw notLogical()
  if (value.length !== rows.rows)
    throw inputError('The size of a condition of the WHERE clause must equal the number of rows of the table.', {
      refId: 'S02036',
    })
  if (value.type !== T.BOOL || value.storage !== 'fixed') throw notLogical()
  return narrowed(rows, trueRows(value))
}

const notLogical = (): Error => inputError('The WHERE clause must be a logical expression.', { refId: 'S02035' })

/** A selection in ascending order that keeps everything needs no copy. */
const narrowed = (rows: Relation, selection: Int32Array): Relation =>
  selection.length === rows.rows ? rows : rows.select(selection)

const FLIPPED: Readonly<Record<CompareOperator, CompareOperator>> = {
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
  eq: 'eq',
  ne: 'ne',
}
export const isComparison = (op: string): op is CompareOperator => Object.hasOwn(FLIPPED, op)

/** `column op constant`, whichever side the column stands on. */
export function columnComparison(
  condition: Expr,
  columns: ColumnResolver,
): { readonly column: Expr; readonly op: CompareOperator; readonly constant: Expr } | undefined {
  if (condition.kind !== 'binary' || !isComparison(condition.op)) return undefined
  const { left, right, op } = condition
  const isColumn = (e: Expr): boolean => {
    const c = columnName(e)
    return c !== undefined && columns(c.name, c.qualifier) !== undefined
  }
  if (isColumn(left) && !readsColumns(right, columns)) return { column: left, op, constant: right }
  if (isColumn(right) && !readsColumns(left, columns)) return { column: right, op: FLIPPED[op], constant: left }
  return undefined
}

type Selector = (rows: Relation) => Int32Array | undefined

/** Conditions with a kernel; the selector still returns undefined when types do not fit it. */
function fastCondition(condition: Expr, columns: ColumnResolver, scope: SqlScope): Selector | undefined {
  const comparison = columnComparison(condition, columns)
  if (comparison !== undefined) {
    if (comparison.constant.kind === 'sql') return undefined
    const constant = scope.evaluate(comparison.constant)
    if (!(constant instanceof Scalar)) return undefined
    return (rows) => compareRows(columnOf(rows, comparison.column), comparison.op, constant)
  }
  if (condition.kind !== 'predicate' || condition.right.kind === 'sql') return undefined
  const column = columnName(condition.left)
  if (column === undefined || columns(column.name, column.qualifier) === undefined) return undefined
  if (readsColumns(condition.right, columns)) return undefined
  if (condition.op === 'between' && !condition.negated && condition.right.kind === 'pair') {
    const { lower, upper } = condition.right
    if (lower === null || upper === null) return undefined
    const low = scope.evaluate(lower)
    const high = scope.evaluate(upper)
    if (!(low instanceof Scalar) || !(high instanceof Scalar)) return undefined
    return (rows) => betweenRows(columnOf(rows, condition.left), low, high)
  }
  if (condition.op === 'in') {
    const strings = stringList(scope.evaluate(condition.right))
    if (strings === undefined) return undefined
    return (rows) => {
      const v = columnOf(rows, condition.left)
      return v.storage === 'symbol' ? symbolRows(v, strings, condition.negated) : undefined
    }
  }
  return undefined
}

function columnOf(rows: Relation, expr: Expr) {
  const c = columnName(expr)!
  return rows.column(rows.find(c.name, c.qualifier))
}

function stringList(value: Value): string[] | undefined {
  if (value.kind !== 'vector') return undefined
  if (value.storage === 'string') return value.strings.slice(0, value.length)
  if (value.storage === 'symbol') return Array.from({ length: value.length }, (_, k) => value.raw(k))
  return undefined
}
