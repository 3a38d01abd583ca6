/**
 * Compiling expressions of a query: columns come from the resolver, and what only SQL knows (`count(*)`, column series, sub-selects,
 * exists) is put in place of the syntax.
 */
import type { Expr, PredicateExpr, QuantifiedExpr, SelectItem, SqlExpr } from '../../lang/ast.ts'
import type { ColumnResolver, Getter, Interceptor, SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { castScalar } from '../ops/cast.ts'
import {
  AnyVector,
  FixedVector,
  isArrayType,
  Scalar,
  T,
  Table,
  type Value,
  type Vector,
  vectorOf,
} from '../values/index.ts'
import { evaluateOver, isAnalyticOnly } from './analytic.ts'
import { scaleOf, stack } from './columns.ts'
import { calleeName, callShape, functionOf, isCountStar } from './expressions.ts'
import { at } from './place.ts'

/**
 * Compiles one expression over the columns. `rows` is the number of rows that the getters return now. `special` looks at each
 * sub-expression first.
 */
export function compileItem(
  expr: Expr,
  columns: ColumnResolver,
  scope: SqlScope,
  rows: () => number,
  special?: Interceptor,
): Getter {
  const places = new Map<Expr, Place>()
  return scope.compileInScope(expr, columns, (e) => {
    const getter = special?.(e)
    if (getter !== undefined) return getter
    notePlaces(e, places)
    switch (e.kind) {
      case 'predicate':
      case 'quantified':
        return e.right.kind === 'sql' ? amongList(e, e.right, columns, scope, rows, special) : undefined
      case 'columnSeries':
        return seriesGetter(e.names, columns)
      case 'over':
        return () => {
          const value = (x: Expr): Value => compileItem(x, columns, scope, rows, special)()
          return at(e.span, () => evaluateOver(e, { argument: value, key: value }, rows(), scope))
        }
      case 'sql':
        return subselect(e, columns, scope, rows, (t, ofRow) => operand(t, places.get(e), ofRow))
      case 'call':
      case 'methodCall':
        return sqlCall(e, columns, scope, rows)
      default:
        return undefined
    }
  })
}

/**
 * Where a sub-select stands that is more than an operand: on the right of in, any and all it is a list, even with one row; an argument
 * of a function may have several columns; what `.name` and ``[`name]`` look into is the table.
 */
export type Place = 'list' | 'argument' | 'table'

/** The places of sub-selects right below the expression. */
export function notePlaces(e: Expr, places: Map<Expr, Place>): void {
  switch (e.kind) {
    case 'predicate':
    case 'quantified':
      if (e.right.kind === 'sql') places.set(e.right, 'list')
      return
    case 'member':
    case 'memberKey':
      if (e.object.kind === 'sql') places.set(e.object, 'table')
      return
    case 'index':
      if (e.object.kind === 'sql') places.set(e.object, e.slots.some(isText) ? 'table' : 'argument')
      return
    case 'call':
    case 'methodCall':
      for (const { value } of callShape(e)!.args) if (value?.kind === 'sql') places.set(value, 'argument')
  }
}

const isText = (slot: Expr | null): boolean =>
  slot?.kind === 'constVector' ? slot.items.every(isText) : slot?.kind === 'literal' && typeof slot.value === 'string'

function sqlCall(e: Expr, columns: ColumnResolver, scope: SqlScope, rows: () => number): Getter | undefined {
  if (isCountStar(e)) return () => Scalar.int(rows())
  const shape = callShape(e)!
  const name = calleeName(shape.callee)
  if (name === 'exists' && shape.args.length === 1 && shape.args[0].value?.kind === 'sql')
    return subselect(rowsSought(shape.args[0].value), columns, scope, rows, (t) => Scalar.bool(rowsOf(t) > 0))
  if (name !== undefined && isAnalyticOnly(name) && isUnknown(shape.callee, scope))
    throw inputError(`${name} is an analytic function: it needs an OVER clause.`, {
      code: 'over',
      hint: `${name}(...) over (partition by ... order by ...)`,
    })
  return undefined
}

/** `exists(select 1 from ...)` asks for rows; elsewhere a query for constants alone has one row, whatever it finds. */
function rowsSought(query: SqlExpr): SqlExpr {
  const { statement } = query
  if (statement.kind !== 'select' || statement.from === null || statement.group !== null) return query
  if (!statement.items.every((item) => item.expr.kind === 'literal')) return query
  const all: SelectItem = { expr: { kind: 'star', qualifier: null, span: query.span }, alias: null, span: query.span }
  return { ...query, statement: { ...statement, items: [all] } }
}

const isUnknown = (callee: Expr, scope: SqlScope): boolean =>
  (callee.kind !== 'name' || callee.binding !== 'variable') && functionOf(callee, scope) === undefined

/** The error for SQL that parses but does not run in this release. */
export function unsupported(feature: string, hint?: string): HoldfastError {
  return inputError(`SQL does not support ${feature} in this release.`, { code: 'unsupportedSql', hint })
}

function seriesGetter(names: readonly string[], columns: ColumnResolver): Getter {
  const getters = names.map((n) => {
    const getter = columns(n)
    if (getter === undefined) throw unknownColumn(n)
    return getter
  })
  return () => new AnyVector(getters.map((g) => g()))
}

export const unknownColumn = (name: string): HoldfastError =>
  inputError(`Unrecognized column name ${name}.`, { refId: 'S02005', code: 'unknownColumn' })

/**
 * A sub-select as a value. If it reads no column of the query around it, it runs once; otherwise once for each row, with the columns of
 * that row as scalars.
 */
function subselect(node: SqlExpr, columns: ColumnResolver, scope: SqlScope, rows: () => number, read: Reading): Getter {
  const values = subselectValues(node, columns, scope, rows, read)
  return () => {
    const found = values()
    return 'each' in found ? assembleScalars(found.each) : found.all
  }
}

/**
 * `x in (select ...)`, and comparisons with any and all of one: where the sub-select reads columns of the query around it, each row has a list of its own.
 */
function amongList(
  e: PredicateExpr | QuantifiedExpr,
  list: SqlExpr,
  columns: ColumnResolver,
  scope: SqlScope,
  rows: () => number,
  special?: Interceptor,
): Getter {
  const lists = subselectValues(list, columns, scope, rows, (t) => operand(t, 'list'))
  const left = compileItem(e.left, columns, scope, rows, special)
  let sides: Readonly<Record<string, Value>> = {}
  const side = (name: string): Expr => ({ kind: 'name', name, span: e.span, binding: 'variable' })
  const test = scope.compileInScope({ ...e, left: side('left'), right: side('right') }, (name) => () => sides[name])
  return () => {
    const x = left()
    const found = lists()
    const one = (value: Value, right: Value): Value => {
      sides = { left: value, right }
      return test()
    }
    if ('all' in found) return one(x, found.all)
    return assembleScalars(found.each.map((right, k) => one(x.kind === 'vector' ? x.get(k) : x, right)))
  }
}

/** What a result is where it stands: for all rows, or for one of them (`ofRow`). */
type Reading = (result: Value, ofRow: boolean) => Value

/** One value for all rows, or one for each of one or more. */
type Found = { readonly all: Value } | { readonly each: readonly Value[] }

function subselectValues(
  node: SqlExpr,
  columns: ColumnResolver,
  scope: SqlScope,
  rows: () => number,
  read: Reading,
): () => Found {
  let row = 0
  let correlated = false
  const ofRow: ColumnResolver = (name, qualifier) => {
    const getter = columns(name, qualifier)
    if (getter === undefined) return undefined
    correlated = true
    return () => {
      const value = getter()
      return value.kind === 'vector' ? value.get(row) : value
    }
  }
  let once: Found | undefined
  return () => {
    if (once !== undefined) return once
    row = 0
    const result = scope.executeNested(node, ofRow)
    const first = read(result, correlated)
    if (!correlated) {
      once = { all: first }
      return once
    }
    const count = rows()
    // The type of no values is that of one.
    if (count === 0) return { all: first.kind === 'scalar' ? assembleScalars([first]).slice(0, 0) : first }
    const each = [first]
    for (row = 1; row < count; row++) each.push(read(scope.executeNested(node, ofRow), true))
    return { each }
  }
}

/** The value of a sub-select that reads none of the columns of the query around it; undefined when it reads one. */
export function uncorrelated(
  node: SqlExpr,
  columns: ColumnResolver,
  scope: SqlScope,
  place: Place | undefined,
): Value | undefined {
  let correlated = false
  const refused: ColumnResolver = (name, qualifier) => {
    if (columns(name, qualifier) === undefined) return undefined
    correlated = true
    throw inputError(`[${name}] is a column of the query around this one.`)
  }
  try {
    return operand(scope.executeNested(node, refused), place)
  } catch (error) {
    // Whoever runs it for each row tells what else is wrong with it.
    if (correlated) return undefined
    throw error
  }
}

function rowsOf(value: Value): number {
  if (value instanceof Table) return value.rows
  return value.kind === 'vector' ? value.length : 1
}

/** A table as an operand: 1x1 is a scalar, one column a vector. What is of one row has one value in it, and is null where there is none. */
function operand(value: Value, place: Place | undefined, ofRow = false): Value {
  const list = place === 'list'
  if (value instanceof Table) {
    if (place === 'table' || (place === 'argument' && value.columns.length !== 1)) return value
    if (value.columns.length !== 1)
      throw inputError('A sub-select that is used as an operand must return one column.', { code: 'subselect' })
    const column = value.columns[0]
    if (ofRow) return single(column)
    return column.length === 1 && !list ? column.get(0) : column
  }
  if (ofRow && value.kind === 'vector') return single(value)
  if (list && value.kind === 'scalar') return stack([scalarVector(value)])
  return value
}

/** The element of a vector of one, null for none; longer ones stay. */
function single(v: Vector): Value {
  if (v.length === 1) return v.get(0)
  return v.length === 0 && v.type !== T.ANY && !isArrayType(v.type) ? Scalar.nullOf(v.type, scaleOf(v)) : v
}

const scalarVector = (s: Scalar): Vector => assembleScalars([s]) as Vector

/** Scalars of one type (or nulls) as a vector; anything else as a tuple. Numbers of several types widen. */
export function assembleScalars(values: readonly Value[]): Vector {
  let type = -1
  let scale = 0
  for (const v of values) {
    if (v.kind !== 'scalar') return new AnyVector(values.slice())
    if (v.type === T.VOID) continue
    scale = Math.max(scale, v.scale)
    if (type < 0) type = v.type
    else if (type !== v.type) {
      if (!widens(type) || !widens(v.type)) return new AnyVector(values.slice())
      type = Math.max(type, v.type)
    }
  }
  if (type < 0 || type === T.ANY) return new AnyVector(values.slice())
  return vectorOf(
    type,
    values.map((v) => castScalar(v as Scalar, type, scale).value),
    scale,
  )
}

const widens = (type: number): boolean =>
  type === T.CHAR || type === T.SHORT || type === T.INT || type === T.LONG || type === T.FLOAT || type === T.DOUBLE

/** The row numbers 0..rows-1, for items that need one value a row whatever they compute. */
export function rowNumbers(rows: number): FixedVector {
  const out = new Int32Array(rows)
  for (let k = 0; k < rows; k++) out[k] = k
  return new FixedVector(T.INT, out)
}
