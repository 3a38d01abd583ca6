/**
 * select roll(X, step, ...), items from t context by k: the items are computed over windows that move by a step of time, of rows or of volume, or over windows
 * that the statement lists, and each window of a group gives one row.
 *
 *   aggregates               over the rows of the step (the window itself, where windows are listed)
 *   mavg(x, w) and its kind  over a window of their own that ends where the step ends: w as a duration, else w steps (w rows where rows are counted)
 *   tmavg(t, x, w)           the same by time
 *   columns                  the last row of the step
 *   group keys               their value
 *
 * The value of roll is the end of the step (time), its label (listed windows), or the last X of the step. What is left at the end of a group and is no whole step
 * of rows or volume gives no row.
 */
import type { Argument, CallExpr, Expr, SelectStatement } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { FixedVector, type FunctionValue, Scalar, T, type Value, type Vector } from '../values/index.ts'
import { asColumn } from './columns.ts'
import { contextRows } from './context-by.ts'
import { compileItem, unsupported } from './evaluate.ts'
import {
  type CallShape,
  callShape,
  functionOf,
  isCallOf,
  isCountStar,
  kindOfCall,
  kindOfFunction,
} from './expressions.ts'
import { trueRows } from './filter.ts'
import { framedCall } from './framed.ts'
import { logicalColumn, type Selected } from './group-by.ts'
import type { GroupEvaluator } from './groups.ts'
import { checkNames, expandItems } from './items.ts'
import { rowRange } from './order.ts'
import { at } from './place.ts'
import type { Relation } from './relation.ts'
import { rollArguments, rollError } from './roll-arguments.ts'
import { type RollWindows, rollWindows } from './roll-windows.ts'
import { resultOf } from './spread.ts'

/** The roll call of a statement: its first item, under context by. */
export function rollCall(node: SelectStatement, rows: Relation): CallExpr | undefined {
  const expr = node.items[0]?.expr
  const isRoll = (e: Expr): boolean => isCallOf(e, 'roll')
  if (expr?.kind === 'call' && isRoll(expr) && node.group?.kind === 'context' && rows.find('roll') < 0) return expr
  return undefined
}

/** One row for each window, groups in ascending order of their keys. */
export function contextByRoll(node: SelectStatement, call: CallExpr, rows: Relation, scope: SqlScope): Selected {
  const { evaluator } = contextRows(node, node.group!.keys, rows, scope)
  const items = expandItems(node.items, rows.fields)
  const plan = at(call.span, () => rollArguments(call, evaluator.rows, scope))
  const windows = at(call.span, () => rollWindows(plan, evaluator.groups.offsets))
  const over = new RollEvaluator(evaluator, windows, scope)
  const names = items.map((i) => i.name)
  checkNames(names, (k) => items[k].expr.span)
  const columns = items.map((item, k) =>
    k === 0 ? windows.values : at(item.expr.span, () => over.column(item.expr, item.names !== undefined)),
  )
  const asFilled = (column: Vector): Vector => (plan.fill === 'prev' ? column.gather(windows.previousFilled) : column)
  const filled = columns.map((c, k) => (k === 0 ? c : asFilled(c)))
  const kept = keptWindows(node, windows, passingWindows(node, over, asFilled), scope)
  const sources = items.map((item, column) => ({ expr: item.expr, column }))
  return { table: resultOf(names, kept === undefined ? filled : filled.map((c) => c.gather(kept))), items: sources }
}

/** Windows for which all conditions of having hold; undefined without any. They see what the items see, made up values included. */
function passingWindows(
  node: SelectStatement,
  over: RollEvaluator,
  asFilled: (column: Vector) => Vector,
): Int32Array | undefined {
  let passing: Int32Array | undefined
  for (const condition of node.having) {
    const column = at(condition.span, () => asFilled(over.column(condition, false)))
    const holds = new Set(trueRows(at(condition.span, () => logicalColumn(column, column.length))))
    passing = passing === undefined ? Int32Array.from(holds) : passing.filter((k) => holds.has(k))
  }
  return passing
}

/** top and limit count the windows of each group that having leaves. */
function keptWindows(
  node: SelectStatement,
  { groupOf }: RollWindows,
  passing: Int32Array | undefined,
  scope: SqlScope,
): Int32Array | undefined {
  const range = rowRange(node.top, node.limit, scope)
  if (range === undefined) return passing
  if (range.offset) throw unsupported('a range of rows with CONTEXT BY')
  const windows = passing ?? groupOf.map((_, k) => k)
  const sizes = new Map<number, number>()
  for (const k of windows) sizes.set(groupOf[k], (sizes.get(groupOf[k]) ?? 0) + 1)
  const seen = new Map<number, number>()
  return windows.filter((k) => {
    const group = groupOf[k]
    const place = seen.get(group) ?? 0
    seen.set(group, place + 1)
    return range.last > 0 ? place >= sizes.get(group)! - range.last : place < range.to
  })
}

/** Items over windows: what a call or a column is to a window, and everything around it element by element. */
class RollEvaluator {
  readonly #rows: GroupEvaluator
  readonly #windows: RollWindows
  readonly #scope: SqlScope

  constructor(rows: GroupEvaluator, windows: RollWindows, scope: SqlScope) {
    this.#rows = rows
    this.#windows = windows
    this.#scope = scope
  }

  column(expr: Expr, spreads: boolean): Vector {
    if (spreads) throw unsupported('an item that is spread over several columns with roll')
    const column = asColumn(this.#value(expr), this.#windows.count)
    if (column === undefined) throw rollError('An item must have one value for each window.')
    return column
  }

  #value(expr: Expr): Value {
    const { rows } = this.#rows
    return compileItem(
      expr,
      (name, qualifier) => {
        const getter = rows.resolver(name, qualifier)
        return getter === undefined ? undefined : () => this.#last(getter())
      },
      this.#scope,
      () => this.#windows.count,
      (e) => {
        const key = this.#rows.keyOf(e)
        if (key >= 0) return () => this.#rows.keyVector(key).gather(this.#windows.groupOf)
        if (isCountStar(e)) return () => this.#sizes()
        const shape = callShape(e)
        return shape === undefined ? undefined : this.#call(shape)
      },
    )()
  }

  #call(shape: CallShape): (() => Value) | undefined {
    const fn = functionOf(shape.callee, this.#scope)
    if (fn === undefined) return undefined
    const kind = kindOfCall(shape, this.#scope)
    const moving = movingForm(fn, this.#scope)
    if (moving !== undefined) return () => this.#moving(moving, shape)
    if (kind === 'aggregate' || fn.variant === 'user') return () => this.#aggregate(fn, shape)
    if (kind === 'vector') throw rollError(`The function ${fn.name} can't be used with roll.`)
    return undefined
  }

  /** An argument over all rows. */
  #whole(e: Expr): Value {
    const { rows } = this.#rows
    return compileItem(e, rows.resolver, this.#scope, () => rows.rows)()
  }

  #aggregate(fn: FunctionValue, shape: CallShape): Vector {
    const args = shape.args.map((a) => (a.value === null ? undefined : this.#whole(a.value)))
    return framedCall(fn, args, this.#rows.rows.rows, this.#windows.frames, this.#scope.session)
  }

  #moving(moving: MovingForm, shape: CallShape): Vector {
    const given = placed(shape.args, moving.params)
    const windowArgument = given[moving.window]
    if (windowArgument === undefined) throw rollError(`The function ${moving.name} needs a window.`)
    const window = this.#scope.evaluate(windowArgument)
    if (!(window instanceof Scalar)) throw rollError(`The window of ${moving.name} must be a scalar.`)
    const frames = this.#windows.moving(window, moving.byTime)
    const values = given.map((e, k) => (e === undefined || k >= moving.window ? undefined : this.#whole(e)))
    const args = values.slice(moving.byTime ? 1 : 0, moving.window)
    const { session } = this.#scope
    const rowCount = this.#rows.rows.rows
    const result = framedCall(moving.aggregate, args, rowCount, frames, session)
    const least = given[moving.window + 1]
    if (least === undefined) return result
    const minPeriods = this.#scope.evaluate(least)
    if (!(minPeriods instanceof Scalar) || minPeriods.isNull()) return result
    const count = session.registry.get('count')!
    const valid = framedCall(count, args.slice(0, 1), rowCount, frames, session)
    const enough = Int32Array.from({ length: result.length }, (_, k) =>
      Number(valid.raw(k)) >= Number(minPeriods.value) ? k : -1,
    )
    return result.gather(enough)
  }

  #sizes(): Vector {
    const { from, to } = this.#windows.frames
    return new FixedVector(
      T.INT,
      from.map((f, k) => to[k] - f),
    )
  }

  #last(value: Value): Value {
    return value.kind === 'vector' && value.length === this.#rows.rows.rows
      ? value.gather(this.#windows.lastRows)
      : value
  }
}

/** mavg, tmavg and their kind: what they compute in a window. */
interface MovingForm {
  readonly name: string
  readonly aggregate: FunctionValue
  readonly params: readonly string[]
  /** Place of the window among the parameters. */
  readonly window: number
  /** The first argument is the time. */
  readonly byTime: boolean
}

function movingForm(fn: FunctionValue, scope: SqlScope): MovingForm | undefined {
  if (fn.variant !== 'builtin') return undefined
  const { name, params } = fn.builtin
  const window = params.findIndex((p) => p.name === 'window')
  if (window < 0) return undefined
  const byTime = name.startsWith('tm')
  if (!byTime && !name.startsWith('m')) return undefined
  const aggregate = scope.session.registry.get(name.slice(byTime ? 2 : 1))
  if (aggregate === undefined || kindOfFunction(aggregate) !== 'aggregate')
    throw rollError(`The function ${name} can't be used with roll.`)
  return { name, aggregate, params: params.map((p) => p.name), window, byTime }
}

/** Arguments in the order of the parameters. */
function placed(args: readonly Argument[], params: readonly string[]): (Expr | undefined)[] {
  const out: (Expr | undefined)[] = new Array(Math.max(args.length, params.length)).fill(undefined)
  args.forEach((a, k) => {
    const place = a.name === null ? k : params.indexOf(a.name)
    if (place >= 0 && a.value !== null) out[place] = a.value
  })
  return out
}
