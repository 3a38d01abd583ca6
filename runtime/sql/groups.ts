/**
 * Rows in groups, and expressions evaluated over them. A group-by item becomes one value a group, a context-by item one value a row. Row-wise
 * expressions and grouped kernels run over all rows at once; only functions that need the rows of one group in order are called
 * group by group, and only what is `opaque` (see expressions.ts) is evaluated as a whole for each group.
 */
import type { Expr, OverExpr } from '../../lang/ast.ts'
import type { ColumnResolver, Getter, SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import type { Groups } from '../kernels/group-numbers.ts'
import { filledList } from '../values/heap.ts'
import {
  AnyVector,
  ArrayVector,
  FixedVector,
  type FunctionValue,
  isArrayType,
  isLiteral,
  Scalar,
  SymbolVector,
  T,
  type Value,
  type Vector,
} from '../values/index.ts'
import { groupedCall } from './aggregates.ts'
import { containsOver, evaluateOver, isOver } from './analytic.ts'
import { asColumn, nullColumn, scaleOf, shared, stack } from './columns.ts'
import { assembleScalars, compileItem } from './evaluate.ts'
import {
  type CallShape,
  calleeName,
  callShape,
  columnName,
  expressionKey,
  functionOf,
  isCallOf,
  isCountStar,
  kindOfCall,
  levelOf,
  readsColumns,
} from './expressions.ts'
import { nameOf } from './items.ts'
import type { Field, Relation } from './relation.ts'

export interface GroupKey {
  readonly expr: Expr
  readonly name: string
  /** One element a row. */
  readonly rows: Vector
}

export class GroupEvaluator {
  readonly rows: Relation
  readonly groups: Groups
  readonly keys: readonly GroupKey[]
  readonly #scope: SqlScope
  readonly #keyTexts: string[]
  readonly #keyVectors: (Vector | undefined)[] = []
  readonly #aggregates = new Map<string, Value>()
  readonly #ordered = new Map<Vector, Vector>()

  constructor(rows: Relation, groups: Groups, keys: readonly GroupKey[], scope: SqlScope) {
    this.rows = rows
    this.groups = groups
    this.keys = keys
    this.#scope = scope
    this.#keyTexts = keys.map((k) => this.#canonical(k.expr))
  }

  get count(): number {
    return this.groups.count
  }
  get fields(): readonly Field[] {
    return this.rows.fields
  }

  /** Position of the key that an expression repeats, -1 if it is none. */
  keyOf(expr: Expr): number {
    const byText = this.#keyTexts.indexOf(this.#canonical(expr))
    if (byText >= 0) return byText
    // An alias of the grouping clause may be used like a column, unless a column has that name.
    if (expr.kind !== 'name' || this.rows.find(expr.name) >= 0) return -1
    return this.keys.findIndex((k) => k.name === expr.name)
  }

  #canonical(expr: Expr): string {
    const column = columnName(expr)
    const k = column === undefined ? -1 : this.rows.find(column.name, column.qualifier)
    return k >= 0 ? `column ${k}` : expressionKey(expr)
  }

  /** Values of a key, one a group. */
  keyVector(k: number): Vector {
    this.#keyVectors[k] ??= this.keys[k].rows.gather(this.groups.firstRows)
    return this.#keyVectors[k]
  }

  /** The expression once a group: a vector of `count` elements, or a scalar that holds for all groups. */
  groupValue(expr: Expr, name: string): Value {
    if (containsOver(expr)) return this.#groupWise(expr)
    const level = levelOf(expr, this.rows.resolver, this.#scope, (e) => this.keyOf(e) >= 0)
    switch (level) {
      case 'const':
      case 'aggregate': {
        const value = this.#groupWise(expr)
        if (value.kind === 'vector' && value.length !== this.groups.count) throw notAggregate(name)
        return value
      }
      case 'row': {
        if (this.groups.count !== this.groups.rows) throw notAggregate(name)
        const value = this.rowValue(expr)
        return value.kind === 'vector' ? value.gather(this.groups.firstRows) : value
      }
      default:
        if (isCallOf(expr, 'toArray', 'distinct')) return this.#arrayPerGroup(expr)
        if (isCallOf(expr, 'toTuple', 'toColumnarTuple')) return this.#tuplePerGroup(expr)
        return this.#reduced(this.perGroup(expr), name)
    }
  }

  #groupWise(expr: Expr): Value {
    const k = this.keyOf(expr)
    if (k >= 0) return this.keyVector(k)
    return compileItem(
      expr,
      this.#ofGroup,
      this.#scope,
      () => this.groups.count,
      (e) => {
        const key = this.keyOf(e)
        if (key >= 0) return () => this.keyVector(key)
        if (isOver(e)) return () => this.#over(e)
        return this.#isAggregateCall(e) ? () => this.#aggregate(e) : undefined
      },
    )()
  }

  /** Columns with one value a group: the keys, and all where each group is a row. */
  readonly #ofGroup: ColumnResolver = (name, qualifier) => {
    const column = this.rows.find(name, qualifier)
    const key =
      column >= 0
        ? this.#keyTexts.indexOf(`column ${column}`)
        : this.keys.findIndex((k) => qualifier === undefined && k.name === name)
    if (key >= 0) return () => this.keyVector(key)
    if (column < 0) return undefined
    return () => {
      if (this.groups.count !== this.groups.rows) throw notAggregate(name)
      return this.rows.column(column).gather(this.groups.firstRows)
    }
  }

  /** An analytic function over the groups: its columns are keys and aggregates. */
  #over(e: OverExpr): Vector {
    const isKey = (x: Expr): boolean => {
      const c = columnName(x)
      return (c === undefined || this.rows.find(c.name, c.qualifier) >= 0) && this.keyOf(x) >= 0
    }
    return evaluateOver(
      e,
      {
        argument: (x) => {
          const level = levelOf(x, this.rows.resolver, this.#scope, (y) => this.keyOf(y) >= 0)
          if (level !== 'aggregate' && level !== 'const')
            throw inputError('Unexpected function arguments in analytic function.', { refId: 'S02044' })
          return this.#groupWise(x)
        },
        key: (x) => {
          const level = levelOf(x, this.rows.resolver, this.#scope, isKey)
          if (level !== 'aggregate' || (columnName(x) !== undefined && !isKey(x)))
            throw inputError(
              `The PARTITION/ORDER BY column '${nameOf(x, this.fields, 0)}' must be included in the GROUP BY clause.`,
              { refId: 'S02045' },
            )
          return this.#groupWise(x)
        },
      },
      this.groups.count,
      this.#scope,
    )
  }

  /** The expression once a row, each row seeing the rows of its group: a vector, or a scalar that holds for all rows. */
  rowValue(expr: Expr): Value {
    const level = levelOf(expr, this.rows.resolver, this.#scope)
    if (level === 'opaque') return this.#opaqueRows(expr)
    const special =
      level === 'row' || level === 'const'
        ? undefined
        : (e: Expr): Getter | undefined => {
            if (this.#isAggregateCall(e)) return () => this.#spread(this.#aggregate(e))
            return this.#isSequenceCall(e) ? () => this.#sequence(e) : undefined
          }
    return compileItem(expr, this.rows.resolver, this.#scope, () => this.rows.rows, special)()
  }

  /** The whole expression evaluated on the rows of each group. */
  perGroup(expr: Expr): Value[] {
    const { groups, rows } = this
    let from = 0
    let to = 0
    const evaluate = compileItem(
      expr,
      (name, qualifier) => {
        const k = rows.find(name, qualifier)
        return k < 0 ? undefined : () => view(this.#inOrder(rows.column(k)), from, to)
      },
      this.#scope,
      () => to - from,
    )
    // With no group there is one evaluation on no rows: it tells the type.
    if (groups.count === 0) return [evaluate()]
    const out: Value[] = filledList(groups.count, Scalar.VOID)
    for (let g = 0; g < groups.count; g++) {
      if ((g & 1023) === 0) checkInterrupt()
      from = groups.offsets[g]
      to = groups.offsets[g + 1]
      out[g] = evaluate()
    }
    return out
  }

  #reduced(values: readonly Value[], name: string): Value {
    const singles = values.map((v) => (v.kind === 'vector' && v.length === 1 ? v.get(0) : v))
    if (this.groups.count === 0) {
      const v = singles[0]
      return v.kind === 'vector' || v.kind === 'scalar' ? nullColumn(v.type, 0, scaleOfValue(v)) : new AnyVector([])
    }
    for (const v of singles) if (v.kind === 'vector') throw notAggregate(name)
    return assembleScalars(singles)
  }

  #tuplePerGroup(expr: Expr): Value {
    const shape = callShape(expr)!
    const cells = this.perGroup(shape.args[0].value!).map((v) => (v.kind === 'vector' ? v : assembleScalars([v])))
    const out = new AnyVector(this.groups.count === 0 ? [] : cells)
    out.columnar = calleeName(shape.callee) === 'toColumnarTuple'
    return out
  }

  #arrayPerGroup(expr: Expr): Value {
    const shape = callShape(expr)!
    const isArray = calleeName(shape.callee) === 'toArray'
    const perGroup = isArray ? this.perGroup(shape.args[0].value!) : this.perGroup(expr)
    // The cells of a matrix stand in a row, column by column.
    const values = perGroup.map((v) => (v.kind === 'matrix' ? v.data : v))
    // An array vector holds scalars of one type.
    if (isArray)
      for (const v of values)
        if (v.kind !== 'vector' || v.storage === 'any' || v.storage === 'array') throw toArrayError(v)
    const parts = values.map((v) => (v.kind === 'vector' ? v : assembleScalars([v])))
    if (parts.some((p) => isLiteral(p.type)))
      throw inputError('STRING and SYMBOL values can not be aggregated into an array vector.', { refId: 'S02024' })
    if (this.groups.count === 0) return new ArrayVector(new Int32Array(1), nullColumn(parts[0].type, 0))
    const offsets = new Int32Array(parts.length + 1)
    for (let k = 0; k < parts.length; k++) offsets[k + 1] = offsets[k] + parts[k].length
    return new ArrayVector(offsets, shared(stack(parts)))
  }

  #opaqueRows(expr: Expr): Value {
    if (isCallOf(expr, 'toArray', 'toTuple', 'toColumnarTuple')) throw wrongRows('S02026')
    const values = this.perGroup(expr)
    const shape = callShape(expr)
    const isBuiltin = shape !== undefined && this.#function(shape)?.variant === 'builtin'
    return this.#stackedRows(values, isBuiltin ? 'S02026' : 'S02027')
  }

  /** Per-group vectors (or scalars, repeated) in the row order of the relation. */
  #stackedRows(values: readonly Value[], refId: string): Value {
    const { groups } = this
    if (groups.count === 0) {
      const v = values[0]
      return v.kind === 'vector' || v.kind === 'scalar' ? nullColumn(v.type, 0, scaleOfValue(v)) : new AnyVector([])
    }
    const parts = values.map((v, g) => {
      const size = groups.offsets[g + 1] - groups.offsets[g]
      const column = asColumn(v, size)
      if (column === undefined) throw wrongRows(refId)
      return column
    })
    const stacked = shared(stack(parts))
    return this.groups.contiguous ? stacked : stacked.gather(inverse(groups.order))
  }

  #isAggregateCall(e: Expr): boolean {
    if (isCountStar(e)) return true
    const shape = callShape(e)
    return shape !== undefined && kindOfCall(shape, this.#scope) === 'aggregate' && this.#reads(e)
  }

  #isSequenceCall(e: Expr): boolean {
    const shape = callShape(e)
    return shape !== undefined && kindOfCall(shape, this.#scope) === 'vector' && this.#reads(e)
  }

  #reads = (e: Expr): boolean => readsColumns(e, this.rows.resolver)
  #function = (shape: CallShape): FunctionValue | undefined => functionOf(shape.callee, this.#scope)

  /** One value a group of an aggregate call; computed once, however often the query writes it. */
  #aggregate(e: Expr): Value {
    const text = expressionKey(e)
    let value = this.#aggregates.get(text)
    if (value === undefined) {
      value = this.#computeAggregate(e)
      this.#aggregates.set(text, value)
    }
    return value
  }

  #computeAggregate(e: Expr): Value {
    const { groups } = this
    if (isCountStar(e)) return counts(groups)
    const shape = callShape(e)!
    const fn = this.#function(shape)!
    for (const arg of shape.args)
      if (arg.value !== null && this.keyOf(arg.value) < 0 && this.#isAggregateCall(arg.value)) throw nestedAggregate()
    const args = this.#arguments(shape, fn)
    const fast = fn.variant === 'builtin' ? groupedCall(fn.builtin.name, args, groups) : undefined
    if (fast !== undefined) return fast
    return this.#reduced(this.#callPerGroup(fn, args), fn.name)
  }

  #sequence(e: Expr): Value {
    const shape = callShape(e)!
    const fn = this.#function(shape)!
    return this.#stackedRows(this.#callPerGroup(fn, this.#arguments(shape, fn)), 'S02026')
  }

  /** Arguments by position, row-wise columns whole. */
  #arguments(shape: CallShape, fn: FunctionValue): (Value | undefined)[] {
    const out: (Value | undefined)[] = []
    shape.args.forEach((arg, position) => {
      const value = arg.value === null ? undefined : this.rowValue(arg.value)
      const k = arg.name === null ? position : fn.params.findIndex((p) => p.name === arg.name)
      if (k < 0)
        throw inputError(`The function [${fn.name}] has no parameter ${arg.name}.`, { code: 'unknownParameter' })
      while (out.length < k) out.push(undefined)
      out[k] = value
    })
    return out
  }

  #callPerGroup(fn: FunctionValue, args: readonly (Value | undefined)[]): Value[] {
    const { groups, rows } = this
    const ordered = args.map((a) => (isRowVector(a, rows.rows) ? this.#inOrder(a) : undefined))
    const { session } = this.#scope
    if (groups.count === 0) return [session.call(fn, args)]
    const out: Value[] = filledList(groups.count, Scalar.VOID)
    const slice = args.slice()
    for (let g = 0; g < groups.count; g++) {
      if ((g & 1023) === 0) checkInterrupt()
      for (let k = 0; k < slice.length; k++) {
        const v = ordered[k]
        if (v !== undefined) slice[k] = view(v, groups.offsets[g], groups.offsets[g + 1])
      }
      out[g] = session.call(fn, slice)
    }
    return out
  }

  #inOrder(v: Vector): Vector {
    if (this.groups.contiguous) return v
    let ordered = this.#ordered.get(v)
    if (ordered === undefined) {
      ordered = v.gather(this.groups.order)
      this.#ordered.set(v, ordered)
    }
    return ordered
  }

  #spread(value: Value): Value {
    if (value.kind !== 'vector') return value
    return value.gather(this.groups.ids)
  }
}

const wrongRows = (refId: string): HoldfastError =>
  inputError('The function in a CONTEXT BY query must return a scalar or a vector as long as the group.', { refId })

const isRowVector = (a: Value | undefined, rows: number): a is Vector => a?.kind === 'vector' && a.length === rows

const scaleOfValue = (v: Scalar | Vector): number => (v instanceof Scalar ? v.scale : scaleOf(v))

/** Rows per group, as `count(*)` reports them. */
export const counts = (groups: Groups): Vector => new FixedVector(T.INT, groups.sizes.slice())

/** Elements [from, to) without a copy where the storage allows it; frozen, because the memory is the column's. */
export function view(v: Vector, from: number, to: number): Vector {
  let out: Vector
  if (from === 0 && to === v.length) out = v
  else if (v.storage === 'fixed') out = new FixedVector(v.type, v.data.subarray(from, to) as never, to - from, v.scale)
  else if (v.storage === 'symbol') out = new SymbolVector(v.data.subarray(from, to), v.base, to - from)
  else return v.slice(from, to)
  out.frozen = true
  return out
}

function inverse(order: Int32Array): Int32Array {
  const out = new Int32Array(order.length)
  for (let k = 0; k < order.length; k++) out[order[k]] = k
  return out
}

const notAggregate = (name: string): HoldfastError =>
  inputError(`The column [${name}] must use aggregate function.`, { refId: 'S02022' })
const nestedAggregate = (): HoldfastError =>
  inputError('Nested aggregate functions are not supported.', { refId: 'S02032' })

function toArrayError(v: Value): HoldfastError {
  const hint =
    v.kind === 'vector' && v.storage === 'array' ? 'toArray(flatten(x)) joins the rows of array vectors' : undefined
  const what = hint === undefined ? 'must be a column' : 'must not be an array vector'
  return inputError(`The argument of toArray ${what}.`, { refId: 'S02023', hint })
}

/** Checks a grouping column. */
export function checkKey(value: Value, rows: number, clause: string, name: string): Vector {
  if (value.kind !== 'vector') throw inputError(`The ${clause} column [${name}] must be a vector.`, { refId: 'S02020' })
  if (isArrayType(value.type))
    throw inputError(`An array vector can't be used as the ${clause} column [${name}].`, { refId: 'S02018' })
  if (value.length !== rows)
    throw inputError(`Invalid ${clause} column [${name}]: its length differs from the number of rows.`, {
      refId: 'S02017',
    })
  return value
}
