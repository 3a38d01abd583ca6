/**
 * What a where clause tells about single columns of a stored table, so that partitions and segments can be skipped. Only conditions whose
 * meaning is plain are used; whatever is left out merely costs scanning, because the whole where clause is applied to the rows read.
 */
import type { CompareOperator, Expr } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { castValue } from '../ops/cast.ts'
import {
  AnyVector,
  type ColumnPredicate,
  isIntegral,
  isLiteral,
  isNullRaw,
  isNumeric,
  type Raw,
  Scalar,
  T,
  type TypeId,
  type Value,
  type Vector,
} from '../values/index.ts'
import { temporalCommon } from './columns.ts'
import { assembleScalars } from './evaluate.ts'
import { callShape, columnName, isCallOf, readsColumns, some } from './expressions.ts'
import type { SourceRef } from './from.ts'
import { findField } from './relation.ts'
import { checkTemporalCondition } from './source-restrictions.ts'
import { columnComparison } from './where.ts'

/** `partition(col, keys)` as a top-level condition: chosen partitions, no condition on rows. */
export const isPartitionCall = (e: Expr): boolean => isCallOf(e, 'partition')

/** The predicate of all conditions together; undefined when they tell nothing. */
export function predicateOf(conditions: readonly Expr[], ref: SourceRef, scope: SqlScope): ColumnPredicate | undefined {
  const parts = conditions.flatMap((c) => part(c, ref, scope) ?? [])
  if (parts.length === 0) return undefined
  return parts.length === 1 ? parts[0] : { kind: 'and', parts }
}

const resolverOf =
  (ref: SourceRef): ColumnResolver =>
  (name, qualifier) =>
    findField(ref.fields, name, qualifier) < 0 ? undefined : () => Scalar.VOID

function part(e: Expr, ref: SourceRef, scope: SqlScope): ColumnPredicate | undefined {
  if (isPartitionCall(e)) return partitionPredicate(e, ref, scope)
  if (e.kind === 'binary' && (e.op === 'and' || e.op === 'or')) {
    const left = part(e.left, ref, scope)
    const right = part(e.right, ref, scope)
    if (e.op === 'or') return left && right ? { kind: 'or', parts: [left, right] } : undefined
    return left && right ? { kind: 'and', parts: [left, right] } : (left ?? right)
  }
  if (some(e, (x) => x.kind === 'sql')) return undefined
  if (e.kind === 'binary') return comparison(e, ref, scope)
  if (e.kind !== 'predicate' || e.negated) return undefined
  return e.op === 'between'
    ? between(e.left, e.right, ref, scope)
    : e.op === 'in'
      ? inList(e.left, e.right, ref, scope)
      : undefined
}

interface SourceColumn {
  readonly name: string
  readonly type: TypeId
}

function columnOf(e: Expr, ref: SourceRef): SourceColumn | undefined {
  const c = columnName(e)
  const k = c === undefined ? -1 : findField(ref.fields, c.name, c.qualifier)
  if (k < 0) return undefined
  const { name, type } = ref.source.schema()[k]
  return { name, type }
}

function comparison(e: Expr, ref: SourceRef, scope: SqlScope): ColumnPredicate | undefined {
  const columns = resolverOf(ref)
  const plain = columnComparison(e, columns)
  if (plain !== undefined) {
    const constant = scope.evaluate(plain.constant)
    const column = columnOf(plain.column, ref)
    if (column !== undefined && constant instanceof Scalar && !constant.isNull())
      checkTemporalCondition(ref, column, constant.type)
    return constant instanceof Scalar && column !== undefined ? compare(column, plain.op, constant) : undefined
  }
  if (e.kind !== 'binary') return undefined
  const converted = convertedColumn(e.left, ref)
  if (converted === undefined || readsColumns(e.right, columns) || !(e.op in BOUNDS)) return undefined
  const constant = scope.evaluate(e.right)
  return constant instanceof Scalar ? truncatedCompare(converted, e.op as CompareOperator, constant) : undefined
}

function compare(column: SourceColumn, op: CompareOperator, constant: Scalar): ColumnPredicate | undefined {
  if (op === 'ne' || constant.isNull() || !comparesPlainly(column.type, constant)) return undefined
  return { kind: 'compare', column: column.name, op, type: constant.type, value: constant.value }
}

/** Types whose values compare by value, whoever does it. */
function comparesPlainly(type: TypeId, constant: Scalar): boolean {
  const other = constant.type
  if (type === other) return true
  if (isNumeric(type) && isNumeric(other)) return type !== T.FLOAT
  if (isLiteral(type) && isLiteral(other)) return true
  return temporalCommon(type, other) !== undefined
}

function between(left: Expr, right: Expr, ref: SourceRef, scope: SqlScope): ColumnPredicate | undefined {
  const column = columnOf(left, ref)
  if (column === undefined || right.kind !== 'pair' || right.lower === null || right.upper === null) return undefined
  if (readsColumns(right, resolverOf(ref))) return undefined
  const low = scope.evaluate(right.lower)
  const high = scope.evaluate(right.upper)
  if (!(low instanceof Scalar) || !(high instanceof Scalar) || low.type !== high.type) return undefined
  checkTemporalCondition(ref, column, low.type)
  if (low.isNull() || high.isNull() || !comparesPlainly(column.type, low)) return undefined
  return { kind: 'between', column: column.name, type: low.type, low: low.value, high: high.value }
}

// A longer list costs more to test than it saves.
const IN_LIST_MAX = 100_000

function inList(left: Expr, right: Expr, ref: SourceRef, scope: SqlScope): ColumnPredicate | undefined {
  const column = columnOf(left, ref)
  if (column === undefined || readsColumns(right, resolverOf(ref))) return undefined
  const list = listOf(scope.evaluate(right))
  if (list === undefined || list.length > IN_LIST_MAX) return undefined
  if (list.length > 0) checkTemporalCondition(ref, column, list.type)
  const sameKind =
    list.type === column.type ||
    (isIntegral(list.type) && isIntegral(column.type)) ||
    (isLiteral(list.type) && isLiteral(column.type))
  if (!sameKind) return undefined
  const type = list.type === T.SYMBOL ? T.STRING : list.type
  const values: Raw[] = []
  for (let k = 0; k < list.length; k++) {
    const raw = list.raw(k)
    // A null in the list may match null rows, which no min/max knows about.
    if (isNullRaw(type, raw)) return undefined
    values.push(raw)
  }
  return values.length === 0 ? { kind: 'noMatch' } : { kind: 'in', column: column.name, type, values }
}

function listOf(value: Value): Vector | undefined {
  if (value.kind === 'scalar') return assembleScalars([value])
  if (value.kind !== 'vector') return undefined
  if (value instanceof AnyVector) {
    const v = assembleScalars(value.values)
    return v instanceof AnyVector ? undefined : v
  }
  return value.storage === 'array' ? undefined : value
}

function partitionPredicate(e: Expr, ref: SourceRef, scope: SqlScope): ColumnPredicate {
  const shape = callShape(e)!
  const [columnArg, keysArg] = shape.args.map((a) => a.value)
  const column = columnArg == null ? undefined : columnOf(columnArg, ref)
  if (column === undefined || keysArg == null)
    throw inputError('Usage: partition(partitionCol, keys). partitionCol must be a partitioning column.', {
      code: 'usage',
    })
  if (!ref.source.partitionColumns().some((c) => c.toLowerCase() === column.name.toLowerCase()))
    throw inputError(`partition(): [${column.name}] is not a partitioning column.`, { code: 'partitionColumn' })
  const keys = listOf(scope.evaluate(keysArg))
  if (keys === undefined) throw inputError('partition(): keys must be a scalar or a vector.', { code: 'usage' })
  return { kind: 'partition', column: column.name, keys }
}

// ---------------------------------------------------------------------------------------------------------------------
// date(ts) >= 2024.01.05, month(d) == 2024.01M: conversions that round down keep the order, so a bound on the result is one on the column.

interface Converted {
  readonly column: SourceColumn
  readonly to: TypeId
}

const CONVERSIONS: Readonly<Record<string, TypeId>> = { date: T.DATE, month: T.MONTH }
const DATE_TYPES: readonly TypeId[] = [T.DATE, T.DATEHOUR, T.DATETIME, T.TIMESTAMP, T.NANOTIMESTAMP]

function convertedColumn(e: Expr, ref: SourceRef): Converted | undefined {
  if (!isCallOf(e, 'date', 'month')) return undefined
  const shape = callShape(e)!
  if (shape.args.length !== 1 || shape.args[0].value === null) return undefined
  const column = columnOf(shape.args[0].value, ref)
  const name = shape.callee.kind === 'name' ? shape.callee.name : ''
  if (column === undefined || CONVERSIONS[name] === undefined || !DATE_TYPES.includes(column.type)) return undefined
  return { column, to: CONVERSIONS[name] }
}

/** Which bounds a comparison of the rounded value sets: from the start of the period, before the start of the next one. */
const BOUNDS: Readonly<
  Record<Exclude<CompareOperator, 'ne'>, readonly ('from' | 'before' | 'fromNext' | 'beforeNext')[]>
> = {
  lt: ['before'],
  le: ['beforeNext'],
  gt: ['fromNext'],
  ge: ['from'],
  eq: ['from', 'beforeNext'],
}

function truncatedCompare(converted: Converted, op: CompareOperator, constant: Scalar): ColumnPredicate | undefined {
  if (op === 'ne' || constant.type !== converted.to || constant.isNull()) return undefined
  const start = firstDay(constant)
  const next = firstDay(new Scalar(constant.type, (constant.value as number) + 1))
  const { name } = converted.column
  const parts = BOUNDS[op].map((bound): ColumnPredicate => {
    const value = bound.endsWith('Next') ? next : start
    return { kind: 'compare', column: name, op: bound.startsWith('from') ? 'ge' : 'lt', type: T.DATE, value }
  })
  return parts.length === 1 ? parts[0] : { kind: 'and', parts }
}

const firstDay = (s: Scalar): Raw => (castValue(s, T.DATE) as Scalar).value
