/**
 * Questions about expressions that planning asks before anything is evaluated: which columns a condition reads, whether two expressions
 * are the same text, what a call calls, and how an expression relates to the rows of a group (`Level`).
 */
import type { Argument, CallExpr, Expr, MethodCallExpr } from '../../lang/ast.ts'
import type { ColumnResolver, SqlScope } from '../compile/scope.ts'
import { HoldfastError } from '../errors.ts'
import type { FunctionKind } from '../registry.ts'
import type { FunctionValue, Value } from '../values/index.ts'

type Node = { readonly [key: string]: unknown }

/** Direct children of a node, sub-selects and lambdas included. */
export function forEachChild(node: object, visit: (child: Expr) => void): void {
  for (const value of Object.values(node as Node)) {
    if (Array.isArray(value)) {
      for (const item of value) {
        if (isNode(item)) visit(item as Expr)
        else if (item !== null && typeof item === 'object' && !Array.isArray(item)) forEachChild(item, visit)
      }
    } else if (isNode(value)) visit(value as Expr)
  }
}

const isNode = (value: unknown): boolean =>
  value !== null &&
  typeof value === 'object' &&
  typeof (value as Node)['kind'] === 'string' &&
  'span' in (value as Node)

/** Calls `visit` for the expression and everything below it; `visit` returns false to stay out of a sub-tree. */
export function walk(expr: Expr, visit: (expr: Expr) => boolean): void {
  if (!visit(expr)) return
  forEachChild(expr, (child) => walk(child, visit))
}

/** True if some node of the tree satisfies the test. */
export function some(expr: Expr, test: (expr: Expr) => boolean): boolean {
  let found = false
  walk(expr, (e) => {
    if (!found && test(e)) found = true
    return !found
  })
  return found
}

/** A copy of the tree in which what `by` gives stands for a node; nothing looks below such a node. */
export function replaced(expr: Expr, by: (node: Expr) => Expr | undefined): Expr {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy)
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
    const found = isNode(value) ? by(value as Expr) : undefined
    return found ?? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === 'span' ? v : copy(v)]))
  }
  return copy(expr) as Expr
}

/** Same text, whatever the positions: `sum(x)` in a having clause is the `sum(x)` of the select list. */
export function expressionKey(expr: Expr): string {
  return JSON.stringify(expr, (key, value: unknown) => {
    if (key === 'span' || key === 'binding' || key === 'juxtaposed' || key === 'word') return undefined
    if (typeof value === 'bigint') return `${value}n`
    return value
  })
}

/** The column that an expression names (`price`, `t.price`, `_"odd name"`), with its qualifier. */
export function columnName(expr: Expr): { readonly name: string; readonly qualifier: string | undefined } | undefined {
  if (expr.kind === 'name') return { name: expr.name, qualifier: undefined }
  if (expr.kind === 'columnRef') return { name: expr.name, qualifier: undefined }
  if (expr.kind === 'member' && expr.object.kind === 'name') return { name: expr.name, qualifier: expr.object.name }
  return undefined
}

/** True if the expression is a column of the query. */
export function isColumn(expr: Expr, columns: ColumnResolver): boolean {
  const column = columnName(expr)
  return column !== undefined && columns(column.name, column.qualifier) !== undefined
}

/** True if the expression reads any column of the query (a name that a lambda or a sub-select hides counts too). */
export function readsColumns(expr: Expr, columns: ColumnResolver): boolean {
  return some(expr, (e) => isColumnNode(e, columns))
}

const isColumnNode = (e: Expr, columns: ColumnResolver): boolean =>
  isColumn(e, columns) || e.kind === 'columnSeries' || e.kind === 'star' || e.kind === 'macro'

/** A call in one shape, however it was written: `f(x)`, `f x`, `x.f()`, `x f y`. */
export interface CallShape {
  readonly callee: Expr
  readonly args: readonly Argument[]
}

/** Undefined when the node is no call. `x.f()` counts as f(x): columns and temporaries have no methods of their own. */
export function callShape(expr: Expr): CallShape | undefined {
  switch (expr.kind) {
    case 'call':
      return { callee: expr.callee, args: expr.args }
    case 'methodCall':
      return { callee: expr.method, args: [argumentOf(expr.object), ...expr.args] }
    case 'infix':
      return { callee: expr.func, args: [argumentOf(expr.left), argumentOf(expr.right)] }
    default:
      return undefined
  }
}

const argumentOf = (value: Expr): Argument => ({ name: null, value, alias: null, span: value.span })

/** Name of the function that a call names, if it names one. */
export function calleeName(callee: Expr): string | undefined {
  if (callee.kind === 'name') return callee.name
  if (callee.kind === 'functionRef') return callee.path.join('::')
  return undefined
}

/** True for a call of one of the functions, by name. */
export function isCallOf(expr: Expr, ...names: readonly string[]): expr is CallExpr | MethodCallExpr {
  const shape = callShape(expr)
  const name = shape === undefined ? undefined : calleeName(shape.callee)
  return name !== undefined && names.includes(name)
}

/** `count(*)`. */
export function isCountStar(expr: Expr): boolean {
  return (
    expr.kind === 'call' && isCallOf(expr, 'count') && expr.args.length === 1 && expr.args[0].value?.kind === 'star'
  )
}

/** The function value behind a callee, when it can be known before anything runs. */
export function functionOf(callee: Expr, scope: SqlScope): FunctionValue | undefined {
  const session = scope.session
  if (callee.kind === 'functionRef' && callee.path.length === 1)
    return session.registry.get(callee.path[0]) ?? session.userFunction(callee.path[0])
  if (callee.kind === 'functionRef' || callee.kind === 'lambda' || callee.kind === 'partial') {
    const value = scope.evaluate(callee)
    return value.kind === 'function' ? value : undefined
  }
  if (callee.kind !== 'name') return undefined
  // Builtins can't be redefined, so they come before functions of the script.
  const found =
    callee.binding === 'variable' ? undefined : (session.registry.get(callee.name) ?? session.userFunction(callee.name))
  if (found !== undefined) return found
  const value = knownValue(callee, scope)
  return value?.kind === 'function' ? value : undefined
}

/** Value of an expression without columns; undefined if it can't be evaluated (whoever runs it reports why). */
export function knownValue(expr: Expr, scope: SqlScope): Value | undefined {
  try {
    return scope.evaluate(expr)
  } catch (error) {
    if (error instanceof HoldfastError && error.kind === 'input') return undefined
    throw error
  }
}

/** How a function of so many arguments relates to the length of its input; script functions written with `defg` are aggregates. */
export function kindOfFunction(fn: FunctionValue | undefined, given = 1): FunctionKind {
  if (fn === undefined) return 'general'
  switch (fn.variant) {
    case 'builtin':
      return given >= (fn.builtin.elementWith ?? Number.POSITIVE_INFINITY) ? 'element' : fn.builtin.kind
    case 'user':
      return fn.isAggregate ? 'aggregate' : 'general'
    case 'partial':
      return kindOfFunction(fn.target, given + fn.bound.filter((x) => x !== undefined).length)
    case 'suffixed':
      return 'general'
  }
}

export const kindOfCall = (shape: CallShape, scope: SqlScope): FunctionKind =>
  kindOfFunction(functionOf(shape.callee, scope), shape.args.filter((a) => a.value !== null).length)

/**
 * What an expression is to a group of rows:
 * const      reads no column
 * row        value k depends on row k only
 * sequence   one value a row, but the order or the other rows of the group matter (`deltas(x)`, `x - avg(x)`)
 * aggregate  one value a group
 * opaque     only evaluating it on the rows of one group tells
 */
export type Level = 'const' | 'row' | 'sequence' | 'aggregate' | 'opaque'

/** `isKey` tells expressions that are a group key: one value a group outside aggregates, as is that of a sub-select, which sees no columns but these. */
export function levelOf(expr: Expr, columns: ColumnResolver, scope: SqlScope, isKey?: (expr: Expr) => boolean): Level {
  if (isKey?.(expr)) return 'aggregate'
  if (isColumn(expr, columns)) return 'row'
  if (!readsColumns(expr, columns)) return isOuterVector(expr, scope) ? 'opaque' : 'const'
  const level = (e: Expr | null): Level => (e === null ? 'const' : levelOf(e, columns, scope, isKey))
  switch (expr.kind) {
    case 'unary':
    case 'isNull':
      return level(expr.operand)
    case 'binary':
      if (expr.op === 'dot' || expr.op === 'join' || expr.op === 'pair' || expr.op === 'seq' || expr.op === 'cast')
        return expr.op === 'cast' ? combine([level(expr.left)]) : 'opaque'
      return combine([level(expr.left), level(expr.right)])
    case 'compareChain':
      return combine(expr.operands.map(level))
    case 'predicate': {
      if (expr.op === 'in' && expr.right.kind !== 'sql')
        return readsColumns(expr.right, columns) ? 'opaque' : level(expr.left)
      if (expr.right.kind === 'pair')
        return combine([level(expr.left), level(expr.right.lower), level(expr.right.upper)])
      return combine([level(expr.left), level(expr.right)])
    }
    case 'ternary':
      return combine([level(expr.condition), level(expr.then), level(expr.otherwise)])
    case 'case':
      return combine([...expr.whens.flatMap((w) => [level(w.condition), level(w.value)]), level(expr.otherwise)])
    case 'call':
    case 'methodCall':
    case 'infix': {
      if (isCountStar(expr)) return 'aggregate'
      const shape = callShape(expr)!
      if (isCallOf(expr, 'exists') && shape.args[0]?.value?.kind === 'sql') return level(shape.args[0].value)
      const kind = kindOfCall(shape, scope)
      if (kind === 'general') return 'opaque'
      const args = shape.args.map((a) => level(a.value))
      // What is looked for in a column is looked for in the rows of the group, as with the word `in`.
      if (isCallOf(expr, 'in', 'notIn') && args[1] !== 'const') return 'opaque'
      if (args.includes('opaque')) return 'opaque'
      if (kind === 'aggregate') return 'aggregate'
      return kind === 'vector' ? 'sequence' : combine(args)
    }
    case 'quantified':
      return expr.right.kind === 'sql' ? combine([level(expr.left), level(expr.right)]) : 'opaque'
    case 'sql':
      return isKey === undefined ? 'opaque' : 'aggregate'
    default:
      return 'opaque'
  }
}

/** Level of an element-wise combination. */
function combine(levels: readonly Level[]): Level {
  if (levels.includes('opaque')) return 'opaque'
  if (levels.includes('sequence')) return 'sequence'
  if (levels.includes('aggregate')) return levels.includes('row') ? 'sequence' : 'aggregate'
  return levels.includes('row') ? 'row' : 'const'
}

/** A vector from outside the query has its own length: only evaluation tells what it does to a group. */
function isOuterVector(expr: Expr, scope: SqlScope): boolean {
  if (expr.kind === 'literal' || expr.kind === 'sql') return false
  if (expr.kind !== 'name' && !some(expr, (e) => e.kind === 'name' && e.binding !== 'function')) return false
  if (expr.kind === 'name' && expr.binding === 'function') return false
  // Calls are not made just to look at their result: they may print or draw random numbers.
  if (some(expr, (e) => callShape(e) !== undefined || e.kind === 'sql')) return false
  return knownValue(expr, scope)?.kind === 'vector'
}

/** Lower-case names that could be columns of an expression. */
export function mentionedNames(expr: Expr, into: Set<string>): void {
  walk(expr, (e) => {
    const c = columnName(e)
    if (c !== undefined) into.add(c.name.toLowerCase())
    // `t.price` may be a column of t, or a member of a column t.
    if (e.kind === 'member' && e.object.kind === 'name') into.add(e.object.name.toLowerCase())
    if (e.kind === 'columnSeries') for (const n of e.names) into.add(n.toLowerCase())
    return true
  })
}

/** Positions of the fields that an expression may read. */
export function mentionedFields(expr: Expr, fields: readonly { readonly name: string }[]): number[] {
  const names = new Set<string>()
  mentionedNames(expr, names)
  return fields.flatMap((f, k) => (names.has(f.name.toLowerCase()) ? [k] : []))
}

/** True if the expression calls an aggregate or a sequence function on columns. What a sub-select computes is a matter of its own rows. */
export function isOrderSensitive(expr: Expr, columns: ColumnResolver, scope: SqlScope): boolean {
  let found = false
  walk(expr, (e) => {
    const shape = callShape(e)
    if (
      shape !== undefined &&
      !found &&
      shape.args.some(({ value }) => value !== null && readsOwnColumns(value, columns))
    ) {
      const kind = kindOfCall(shape, scope)
      found = kind === 'aggregate' || kind === 'vector'
    }
    return !found && e.kind !== 'sql'
  })
  return found
}

/** As readsColumns, outside of sub-selects. */
function readsOwnColumns(expr: Expr, columns: ColumnResolver): boolean {
  let found = false
  walk(expr, (e) => {
    if (isColumnNode(e, columns)) found = true
    return !found && e.kind !== 'sql'
  })
  return found
}
