/**
 * group by interval(X, duration, fill, [step], [explicitOffset], [closed], [label], [origin]): windows of equal length over the whole range of X, with results
 * made up for windows without any (SQL reference, 6.1).
 *
 * Windows begin at anchor + k * step on an axis of units of X or of trading days (interval-axis.ts). The anchor is a multiple of step (0; for trading days the
 * first of X), the lower bound of the where clause (explicitOffset), or what origin names. The
 * range of windows is that of the where clause on X where it has bounds, else that of the rows of each group. With a step below the duration, windows overlap
 * and a row belongs to several.
 */
import type { Argument, Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { inputError } from '../errors.ts'
import { castScalar, castVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import {
  type FixedVector,
  isIntegral,
  isNumeric,
  isTemporal,
  Scalar,
  T,
  type TypeId,
  type Value,
  type Vector,
  vectorOf,
} from '../values/index.ts'
import { compileItem } from './evaluate.ts'
import { callShape, expressionKey, isCallOf, some } from './expressions.ts'
import { groupedItems, groupKeys, type Selected, sortedGroups } from './group-by.ts'
import { GroupEvaluator, type GroupKey } from './groups.ts'
import { extent, type IntervalAxis, intervalAnchor, intervalLength, intervalUsage } from './interval-axis.ts'
import { nameOf } from './items.ts'
import type { Relation } from './relation.ts'
import { resultOf } from './spread.ts'

const NAMES = ['X', 'duration', 'fill', 'step', 'explicitOffset', 'closed', 'label', 'origin']
/** With windows that overlap these are not supported. */
const NOT_WITH_STEP = ['atImax', 'atImin', 'imax', 'imin', 'mode', 'percentile', 'lastNot']

/** Position of the interval among the keys of a group by; -1 without one. */
export function intervalKey(node: SelectStatement, rows: Relation): number {
  if (node.group?.kind !== 'group') return -1
  return node.group.keys.findIndex((k) => isCallOf(k.expr, 'interval') && rows.find('interval') < 0)
}

/** `x between a and b` needs one type for all three; beside an interval the bounds are converted to the type of x, as comparisons do. */
export function betweenAsComparisons(e: Expr): Expr {
  if (e.kind === 'binary' && e.op === 'and')
    return { ...e, left: betweenAsComparisons(e.left), right: betweenAsComparisons(e.right) }
  if (e.kind !== 'predicate' || e.op !== 'between' || e.negated || e.right.kind !== 'pair') return e
  const { lower, upper } = e.right
  if (lower === null || upper === null) return e
  const side = (op: 'ge' | 'le', right: Expr): Expr => ({
    kind: 'binary',
    op,
    left: e.left,
    right,
    word: false,
    span: e.span,
  })
  return { kind: 'binary', op: 'and', left: side('ge', lower), right: side('le', upper), word: true, span: e.span }
}

interface Plan {
  readonly x: Vector
  readonly axis: IntervalAxis
  readonly duration: bigint
  readonly step: bigint
  readonly fill: 'prev' | 'post' | 'linear' | 'null' | 'none' | Scalar
  readonly closedRight: boolean
  readonly labelRight: boolean
  readonly anchor: bigint
  /** Bounds of the where clause, both inside the range. */
  readonly lower: bigint | undefined
  readonly upper: bigint | undefined
}

export function groupByInterval(node: SelectStatement, rows: Relation, at: number, scope: SqlScope): Selected {
  const written = node.group!.keys[at]
  const plan = planOf(node, written.expr, rows, scope)
  checkStep(node, plan)
  const others = groupKeys(
    node.group!.keys.filter((_, k) => k !== at),
    rows,
    'GROUP BY',
    scope,
  )
  const { selection, windows } = windowRows(plan)
  const inWindows = rows.select(selection)
  const key: GroupKey = {
    expr: written.expr,
    name: written.alias?.kind === 'name' ? written.alias.name : nameOf(written.expr, rows.fields, at),
    rows: labels(plan, windows),
  }
  const keys = others.map((k) => ({ ...k, rows: k.rows.gather(selection) }))
  keys.splice(at, 0, key)
  const groups = sortedGroups(
    keys.map((k) => k.rows),
    selection.length,
  )
  const evaluator = new GroupEvaluator(inWindows, groups, keys, scope)
  // The windows of groups, before having drops some of them.
  const selected = groupedItems({ ...node, having: [] }, evaluator)
  const kept = node.having.length === 0 ? undefined : groupedItems(node, evaluator).table.rows
  if (kept !== undefined && plan.fill === 'none') return groupedItems(node, evaluator)
  if (plan.fill === 'none') return selected
  if (kept !== undefined)
    throw inputError('HAVING needs an interval with the fill "none": windows without rows have nothing to test.', {
      code: 'interval',
    })
  const groupWindows = Float64Array.from(groups.firstRows, (r) => windows[r])
  return filled(selected, evaluator, keys, at, plan, groupWindows)
}

// ---------------------------------------------------------------------------------------------------------------------
// Arguments

function planOf(node: SelectStatement, expr: Expr, rows: Relation, scope: SqlScope): Plan {
  const { args } = callShape(expr)!
  const argument = (k: number): Argument | undefined =>
    args.find((a) => a.name === NAMES[k]) ?? (args[k]?.name === null ? args[k] : undefined)
  const value = (k: number): Value | undefined => {
    const e = argument(k)?.value
    return e == null ? undefined : scope.evaluate(e)
  }
  const xExpr = argument(0)?.value
  if (xExpr == null) throw intervalUsage('X is required.')
  const x = compileItem(xExpr, rows.resolver, scope, () => rows.rows)()
  if (x.kind !== 'vector' || x.length !== rows.rows || !(isTemporal(x.type) || isIntegral(x.type)))
    throw intervalUsage('X must be an integral or temporal column.')
  const { axis, length: duration } = intervalLength(value(1), x.type, 'duration')
  const step = value(3) === undefined || isNull(value(3)) ? duration : stepOf(value(3), x.type, axis)
  if (duration % step !== 0n) throw intervalUsage('step must divide duration.')
  const explicit = truth(value(4), 'explicitOffset')
  const { lower, upper } = whereRange(node.where, xExpr, x.type, scope)
  if (explicit && lower === undefined)
    throw intervalUsage('explicitOffset=true needs a lower bound of X in the where clause.')
  const origin = value(7)
  if (explicit && origin !== undefined && !isNull(origin))
    throw intervalUsage('origin can not be used with explicitOffset=true.')
  return {
    x,
    duration,
    step,
    fill: fillOf(value(2)),
    closedRight: sideOf(value(5), 'closed'),
    labelRight: sideOf(value(6), 'label'),
    axis,
    anchor: explicit ? axis.place(lower!, false) : intervalAnchor(origin, x, axis),
    lower,
    upper,
  }
}

function stepOf(v: Value | undefined, type: TypeId, axis: IntervalAxis): bigint {
  const { axis: own, length } = intervalLength(v, type, 'step')
  if (own.market !== axis.market)
    throw intervalUsage('duration and step must count days of one market, or none of them.')
  return length
}

const isNull = (v: Value | undefined): boolean => v?.kind === 'scalar' && v.isNull()

function fillOf(v: Value | undefined): Plan['fill'] {
  if (v instanceof Scalar) {
    if (v.value === 'prev' || v.value === 'post' || v.value === 'linear' || v.value === 'null' || v.value === 'none')
      return v.value
    if (isNumeric(v.type) && !v.isNull()) return v
  }
  throw intervalUsage("fill must be 'prev', 'post', 'linear', 'null', 'none' or a number.")
}

function sideOf(v: Value | undefined, name: string): boolean {
  if (v === undefined || isNull(v)) return false
  if (v instanceof Scalar && (v.value === 'left' || v.value === 'right')) return v.value === 'right'
  throw intervalUsage(`${name} must be 'left' or 'right'.`)
}

function truth(v: Value | undefined, name: string): boolean {
  if (v === undefined || isNull(v)) return false
  if (v instanceof Scalar && v.type === T.BOOL) return v.value !== 0
  throw intervalUsage(`${name} must be true or false.`)
}

/** Bounds that conditions of the where clause put on X. */
function whereRange(
  where: readonly Expr[],
  x: Expr,
  type: TypeId,
  scope: SqlScope,
): { lower: bigint | undefined; upper: bigint | undefined } {
  const text = expressionKey(x)
  let lower: bigint | undefined
  let upper: bigint | undefined
  const raw = (e: Expr | null): bigint | undefined => {
    if (e === null || some(e, (y) => y.kind === 'sql' || expressionKey(y) === text)) return undefined
    const v = scope.evaluate(e)
    if (!(v instanceof Scalar) || v.isNull() || isTemporal(v.type) !== isTemporal(type)) return undefined
    return BigInt(castScalar(v, type).value as number | bigint)
  }
  const above = (v: bigint | undefined): void => {
    if (v !== undefined && (lower === undefined || v > lower)) lower = v
  }
  const below = (v: bigint | undefined): void => {
    if (v !== undefined && (upper === undefined || v < upper)) upper = v
  }
  const visit = (e: Expr): void => {
    if (e.kind === 'binary' && e.op === 'and') {
      visit(e.left)
      visit(e.right)
    } else if (e.kind === 'predicate' && e.op === 'between' && !e.negated && expressionKey(e.left) === text) {
      if (e.right.kind === 'pair') {
        above(raw(e.right.lower))
        below(raw(e.right.upper))
        return
      }
      const v = scope.evaluate(e.right)
      if (v.kind !== 'pair' || isTemporal(v.type) !== isTemporal(type)) return
      above(BigInt(castScalar(new Scalar(v.type, v.first), type).value as number | bigint))
      below(BigInt(castScalar(new Scalar(v.type, v.second), type).value as number | bigint))
    } else if (e.kind === 'binary') {
      const own = expressionKey(e.left) === text
      if (!own && expressionKey(e.right) !== text) return
      const bound = (): bigint | undefined => raw(own ? e.right : e.left)
      const op = own ? e.op : FLIPPED[e.op]
      if (op === 'ge' || op === 'gt' || op === 'eq') above(bound())
      if (op === 'le' || op === 'eq') below(bound())
      if (op === 'lt') {
        const v = bound()
        below(v === undefined ? undefined : v - 1n)
      }
    }
  }
  where.forEach(visit)
  return { lower, upper }
}

const FLIPPED: Readonly<Record<string, string>> = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le', eq: 'eq' }

function checkStep(node: SelectStatement, plan: Plan): void {
  if (plan.step === plan.duration) return
  for (const item of node.items)
    if (some(item.expr, (e) => isCallOf(e, ...NOT_WITH_STEP)))
      throw inputError(`With step below duration, interval does not support ${NOT_WITH_STEP.join(', ')}.`, {
        code: 'interval',
      })
}

// ---------------------------------------------------------------------------------------------------------------------
// Windows

/** Number of the last window that begins at or before v (before it, if windows are closed on the right). */
function windowOf(plan: Plan, v: bigint): number {
  const distance = plan.axis.place(v, plan.closedRight) - plan.anchor
  const q = distance / plan.step
  return Number(distance % plan.step < 0n ? q - 1n : q)
}

/** Rows, each as often as windows hold it, and the number of the window. Rows without a time are in no window. */
function windowRows(plan: Plan): { selection: Int32Array; windows: Float64Array } {
  const { x } = plan
  const per = Number(plan.duration / plan.step)
  const first = plan.lower === undefined ? undefined : windowOf(plan, plan.lower)
  const selection: number[] = []
  const windows: number[] = []
  const least = first ?? (per === 1 ? Number.NEGATIVE_INFINITY : windowOf(plan, extent(x)[0]))
  for (let k = 0; k < x.length; k++) {
    if (x.isNullAt(k)) continue
    const last = windowOf(plan, BigInt(x.raw(k) as number | bigint))
    for (let w = Math.max(least, last - per + 1); w <= last; w++) {
      selection.push(k)
      windows.push(w)
    }
  }
  return { selection: Int32Array.from(selection), windows: Float64Array.from(windows) }
}

function labels(plan: Plan, windows: ArrayLike<number>): Vector {
  const type = plan.x.type
  const wide = plan.x.storage === 'fixed' && plan.x.data instanceof BigInt64Array
  const shift = plan.anchor + (plan.labelRight ? plan.duration : 0n)
  const values = Array.from(windows, (w) => {
    const v = plan.axis.value(BigInt(w) * plan.step + shift)
    return wide ? v : Number(v)
  })
  return vectorOf(type, values)
}

// ---------------------------------------------------------------------------------------------------------------------
// Filling

function filled(
  selected: Selected,
  evaluator: GroupEvaluator,
  keys: readonly GroupKey[],
  at: number,
  plan: Plan,
  groupWindows: Float64Array,
): Selected {
  const { count } = evaluator
  const others = keys.filter((_, k) => k !== at).map((_, k) => evaluator.keyVector(k < at ? k : k + 1))
  const outer =
    others.length === 0
      ? { ids: new Int32Array(count), count: count === 0 ? 0 : 1, firstRows: new Int32Array(1) }
      : sortedGroups(others, count)
  const range = Array.from({ length: outer.count }, () => ({
    first: plan.lower === undefined ? Number.POSITIVE_INFINITY : windowOf(plan, plan.lower),
    last: plan.upper === undefined ? Number.NEGATIVE_INFINITY : windowOf(plan, plan.upper),
  }))
  for (let g = 0; g < count; g++) {
    const r = range[outer.ids[g]]
    r.first = Math.min(r.first, groupWindows[g])
    r.last = Math.max(r.last, groupWindows[g])
  }
  const offsets = [0]
  for (const r of range) offsets.push(offsets[offsets.length - 1] + Math.max(0, r.last - r.first + 1))
  const total = offsets[offsets.length - 1]
  if (total > 2 ** 27) throw inputError(`The interval makes ${total} windows, which is too many.`, { code: 'interval' })
  const rowOf = new Int32Array(total).fill(-1)
  const outerOf = new Int32Array(total)
  const windows = new Float64Array(total)
  range.forEach((r, o) => {
    for (let w = r.first; w <= r.last; w++) {
      const k = offsets[o] + w - r.first
      outerOf[k] = outer.firstRows[o]
      windows[k] = w
    }
  })
  for (let g = 0; g < count; g++) {
    const o = outer.ids[g]
    rowOf[offsets[o] + groupWindows[g] - range[o].first] = g
  }
  const columns = selected.table.columns.map((column, c) => {
    const item = selected.items.find((i) => i.column === c)
    const k = item === undefined ? -1 : evaluator.keyOf(item.expr)
    if (k === at) return labels(plan, windows)
    if (k >= 0) return evaluator.keyVector(k).gather(outerOf)
    return fill(column.gather(rowOf), plan.fill, offsets, windows)
  })
  const table = resultOf(selected.table.names, columns)
  // Keys before the interval vary slowest already; an interval that is not the last key reorders.
  return { ...selected, table: at === keys.length - 1 ? table : inKeyOrder(table, evaluator, selected, keys) }
}

function inKeyOrder(
  table: Selected['table'],
  evaluator: GroupEvaluator,
  selected: Selected,
  keys: readonly GroupKey[],
) {
  const columns = keys.flatMap((_, k) => {
    const item = selected.items.find((i) => evaluator.keyOf(i.expr) === k)
    return item === undefined ? [] : [table.columns[item.column]]
  })
  const order = sortedGroups(columns, table.rows).order
  return resultOf(
    table.names,
    table.columns.map((c) => c.gather(order)),
  )
}

/** Values for nulls, within the windows of each outer group. */
function fill(column: Vector, how: Plan['fill'], offsets: readonly number[], windows: Float64Array): Vector {
  if (how === 'null' || how === 'none') return column
  if (how instanceof Scalar) return filledWith(column, how)
  if (how === 'linear' && isNumeric(column.type)) return interpolated(column, offsets, windows)
  const from = new Int32Array(column.length)
  for (let o = 0; o + 1 < offsets.length; o++) {
    const step = how === 'post' ? -1 : 1
    const first = how === 'post' ? offsets[o + 1] - 1 : offsets[o]
    const size = offsets[o + 1] - offsets[o]
    let known = -1
    for (let n = 0, k = first; n < size; n++, k += step) {
      if (!column.isNullAt(k)) known = k
      from[k] = known
    }
  }
  return column.gather(from)
}

function filledWith(column: Vector, value: Scalar): Vector {
  if (!isNumeric(column.type)) return column
  const given = castScalar(value, column.type)
  const out = column.copy()
  if (out.storage !== 'fixed') return column
  const data = out.data
  for (let k = 0; k < out.length; k++) if (out.isNullAt(k)) data[k] = given.value as never
  return out
}

function interpolated(column: Vector, offsets: readonly number[], windows: Float64Array): Vector {
  const x = toDoubles('interval', column)
  for (let o = 0; o + 1 < offsets.length; o++) {
    let known = -1
    for (let k = offsets[o]; k < offsets[o + 1]; k++) {
      if (Number.isNaN(x[k])) continue
      if (known >= 0 && k - known > 1) {
        const slope = (x[k] - x[known]) / (windows[k] - windows[known])
        for (let j = known + 1; j < k; j++) x[j] = x[known] + slope * (windows[j] - windows[known])
      }
      known = k
    }
  }
  const doubles: FixedVector = fromDoubles(x)
  return column.type === T.DOUBLE ? doubles : castVector(doubles, column.type)
}
