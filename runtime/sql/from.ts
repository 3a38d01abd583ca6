/**
 * The from clause: table names, sub-selects and joins become one relation, or a reference to a stored table when that is all there is.
 * Stored tables inside joins are read with the columns that the statement uses and the conditions that concern them alone.
 */
import type { Argument, CallExpr, Expr, TableSource as FromNode } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { Scalar, SourceTable, Table, type TableSource, type Value } from '../values/index.ts'
import { asColumn } from './columns.ts'
import { compileItem, unsupported } from './evaluate.ts'
import {
  calleeName,
  columnName,
  expressionKey,
  levelOf,
  mentionedNames,
  readsColumns,
  some,
  walk,
} from './expressions.ts'
import { trueRows } from './filter.ts'
import { equiMatches } from './join-match.ts'
import type { JoinKey, JoinKind } from './joins.ts'
import { joinRelations, keyColumns, leftOutput } from './joins.ts'
import { sortedRows } from './order.ts'
import { arisenAt, at } from './place.ts'
import { type Field, findField, Relation } from './relation.ts'
import { readSource } from './source-read.ts'
import { resultOf } from './spread.ts'
import { windowJoin } from './window-join.ts'

/** A stored table that is the whole from clause. */
export interface SourceRef {
  readonly source: TableSource
  readonly fields: readonly Field[]
}

/** What the statement wants of its tables. */
export interface Demand {
  /** Lower-case names that it mentions; undefined: all columns. */
  readonly names: ReadonlySet<string> | undefined
  readonly where: readonly Expr[]
}

/** A table of the clause before it is read. */
type Operand =
  | { readonly kind: 'memory'; readonly rows: Relation }
  | { readonly kind: 'source'; readonly ref: SourceRef }

export function resolveFrom(from: FromNode, demand: Demand, scope: SqlScope): Relation | SourceRef {
  const operand = resolve(from, demand, scope, true)
  return operand.kind === 'memory' ? operand.rows : operand.ref
}

export const isSourceRef = (x: Relation | SourceRef): x is SourceRef => !(x instanceof Relation)

/** `pushable`: conditions of the where clause may already filter this operand. */
function resolve(from: FromNode, demand: Demand, scope: SqlScope, pushable: boolean): Operand {
  if (from.kind === 'join') return { kind: 'memory', rows: sqlJoin(from, demand, scope, pushable) }
  return tableOperand(from.expr, from.alias, demand, scope, pushable)
}

function tableOperand(expr: Expr, alias: string | null, demand: Demand, scope: SqlScope, pushable: boolean): Operand {
  if (expr.kind === 'call') {
    const rows = expr.args.length < 2 ? undefined : at(expr.span, () => joinOfCall(expr, demand, scope, pushable))
    if (rows !== undefined) return { kind: 'memory', rows: alias === null ? rows : requalified(rows, alias) }
  }
  const name = alias ?? tableName(expr)
  return at(expr.span, () => operandOf(namedOrEvaluated(expr, scope), name))
}

/** A name that nobody knows is a missing table here, whatever it would be elsewhere. */
function namedOrEvaluated(expr: Expr, scope: SqlScope): Value {
  try {
    return scope.evaluate(expr)
  } catch (thrown) {
    if (expr.kind !== 'name' || !(thrown instanceof HoldfastError) || thrown.code !== 'unknownName') throw thrown
    throw inputError(`Can't recognize table ${expr.name}`, { code: 'tableMissing', hint: thrown.hint, cause: thrown })
  }
}

function tableName(expr: Expr): string {
  if (expr.kind === 'name') return expr.name
  return expr.kind === 'member' ? expr.name : ''
}

function operandOf(value: Value, name: string): Operand {
  if (value instanceof Table) return { kind: 'memory', rows: Relation.ofTable(value, name) }
  if (value instanceof SourceTable) {
    const { source } = value
    const fields = source.schema().map((c) => ({
      name: c.name,
      table: name === '' ? source.tableName : name,
      sourceName: c.name,
      hidden: false,
    }))
    return { kind: 'source', ref: { source, fields } }
  }
  throw inputError('The FROM clause must be followed by a table.', { refId: 'S02033' })
}

/** A join seen as one table of its own name: columns are qualified by it. */
function requalified(rows: Relation, name: string): Relation {
  const fields = rows.fields.map((f) => ({ ...f, table: name, sourceName: f.name }))
  return new Relation(fields, rows.rows, (k) => rows.column(k))
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading operands of a join

function fieldsOf(operand: Operand): readonly Field[] {
  return operand.kind === 'memory' ? operand.rows.fields : operand.ref.fields
}

/** The operand in memory. `own` decides which conditions concern it alone; undefined: none may be pushed. */
function read(
  operand: Operand,
  demand: Demand,
  keyNames: readonly string[],
  others: readonly Field[],
  scope: SqlScope,
  push: boolean,
): Relation {
  if (operand.kind === 'memory') return operand.rows
  const { ref } = operand
  const columns: number[] = []
  const extra = new Set(keyNames.map((n) => n.toLowerCase()))
  ref.fields.forEach((f, k) => {
    const lower = f.name.toLowerCase()
    if (demand.names === undefined || demand.names.has(lower) || extra.has(lower)) columns.push(k)
  })
  if (columns.length === 0) columns.push(0)
  const conditions = push ? demand.where.filter((c) => concernsOnly(c, ref.fields, others, scope)) : []
  return readSource(ref, columns, conditions, scope)
}

/** A condition on single rows of this side: each column is qualified by it, or unknown to the other side. */
function concernsOnly(condition: Expr, own: readonly Field[], others: readonly Field[], scope: SqlScope): boolean {
  const resolver = (name: string, qualifier?: string) =>
    findField(own, name, qualifier) < 0 && findField(others, name, qualifier) < 0 ? undefined : () => Scalar.VOID
  if (some(condition, (e) => e.kind === 'sql' || e.kind === 'lambda')) return false
  if (levelOf(condition, resolver, scope) !== 'row') return false
  let ok = true
  walk(condition, (e) => {
    const c = columnName(e)
    if (c === undefined) return true
    if (findField(others, c.name, c.qualifier) >= 0) ok = false
    return true
  })
  return ok && readsColumns(condition, (n, q) => (findField(own, n, q) < 0 ? undefined : () => Scalar.VOID))
}

// ---------------------------------------------------------------------------------------------------------------------
// ej(a, b, `id) and its relatives

interface FunctionJoin {
  readonly kind: JoinKind
  readonly sorted?: boolean
}

const FUNCTION_JOINS: Readonly<Record<string, FunctionJoin | undefined>> = {
  ej: { kind: 'inner' },
  sej: { kind: 'inner', sorted: true },
  lj: { kind: 'left' },
  lsj: { kind: 'leftSemi' },
  fj: { kind: 'full' },
  aj: { kind: 'asof' },
  cj: { kind: 'cross' },
  pj: { kind: 'prefix' },
}

const WINDOW_JOINS: Readonly<Record<string, { readonly prevailing: boolean } | undefined>> = {
  wj: { prevailing: false },
  pwj: { prevailing: true },
}

export const isFunctionJoin = (name: string): boolean =>
  FUNCTION_JOINS[name] !== undefined || WINDOW_JOINS[name] !== undefined

/** A join call with its tables' names: `from ej(t as a, u, `id)`, or as an expression of its own. */
export function joinCall(expr: CallExpr, scope: SqlScope): Table {
  const rows = joinOfCall(expr, { names: undefined, where: [] }, scope, false)
  if (rows === undefined) throw inputError('This call is not a join.', { code: 'join' })
  return toTable(rows)
}

/** The rows of a join in function form; undefined for another call. */
function joinOfCall(expr: CallExpr, demand: Demand, scope: SqlScope, pushable: boolean): Relation | undefined {
  const name = calleeName(expr.callee) ?? ''
  const join = FUNCTION_JOINS[name]
  if (join !== undefined) return functionJoin(join, expr, demand, scope, pushable)
  const window = WINDOW_JOINS[name]
  return window === undefined ? undefined : windowCall(expr, window.prevailing, scope)
}

function windowCall(expr: CallExpr, prevailing: boolean, scope: SqlScope): Relation {
  const names = ['leftTable', 'rightTable', 'window', 'aggs', 'matchingCols', 'rightMatchingCols']
  const byName = (k: number): Argument | undefined =>
    expr.args.find((a) => a.name === names[k]) ?? (expr.args[k]?.name === null ? expr.args[k] : undefined)
  const all: Demand = { names: undefined, where: [] }
  const left = argumentTable(byName(0), all, scope, 'S02013')
  const right = argumentTable(byName(1), all, scope, 'S02014')
  if (right.kind === 'source')
    throw inputError('The right table of a window join must not be a stored table: select its rows first.', {
      code: 'windowJoin',
    })
  const given = (k: number): Value => {
    const value = byName(k)?.value
    if (value == null) throw inputError(`A window join needs the argument ${names[k]}.`, { code: 'windowJoin' })
    return scope.evaluate(value)
  }
  const columns = nameList(byName(4), scope)
  return windowJoin(
    {
      left: read(left, all, columns, [], scope, false),
      right: right.rows,
      window: given(2),
      aggs: given(3),
      columns,
      rightColumns: byName(5)?.value == null ? columns : nameList(byName(5), scope),
      prevailing,
    },
    scope.session,
  )
}

function functionJoin(
  join: FunctionJoin,
  expr: CallExpr,
  demand: Demand,
  scope: SqlScope,
  pushable: boolean,
): Relation {
  const names = ['leftTable', 'rightTable', 'matchingCols', 'rightMatchingCols', 'leftFilter', 'rightFilter']
  const byName = (k: number): Argument | undefined =>
    expr.args.find((a) => a.name === names[k]) ?? (expr.args[k]?.name === null ? expr.args[k] : undefined)
  const left = argumentTable(byName(0), demand, scope, 'S02013')
  const right = argumentTable(byName(1), demand, scope, 'S02014')
  const columns = join.kind === 'cross' ? [] : nameList(byName(2), scope)
  const rightArgument = byName(3)
  const rightColumns = rightArgument?.value == null ? columns : nameList(rightArgument, scope)
  const pushRight = pushable && (join.kind === 'inner' || join.kind === 'cross')
  const pushLeft = pushable && join.kind !== 'full'
  const l = read(left, demand, columns, fieldsOf(right), scope, pushLeft)
  const r = read(right, demand, rightColumns, fieldsOf(left), scope, pushRight)
  const filters = {
    left: filterArgument(byName(4), l, scope),
    right: filterArgument(byName(5), r, scope),
  }
  return joinByNames(join.kind, l, r, columns, rightColumns, filters, join.sorted === true)
}

/** A join by column names; used by the functions as well. */
export function joinByNames(
  kind: JoinKind,
  left: Relation,
  right: Relation,
  columns: readonly string[],
  rightColumns: readonly string[],
  filters: { left?: Uint8Array; right?: Uint8Array } = {},
  sorted = false,
): Relation {
  if (kind === 'cross') return joinRelations(kind, left, right, { left: [], right: [] })
  if (columns.length === 0 || columns.length !== rightColumns.length)
    throw inputError('A join needs as many matching columns on the right as on the left.', { refId: 'S02016' })
  const keys = { left: keyColumns(left, columns), right: keyColumns(right, rightColumns) }
  const joined = joinRelations(kind, left, right, keys, filters)
  return sorted ? sortedBy(joined, columns) : joined
}

function sortedBy(rows: Relation, columns: readonly string[]): Relation {
  const keys = columns.map((c) => rows.column(rows.find(c)))
  return rows.select(sortedRows({ columns: keys, ascending: keys.map(() => true), nullsFirst: keys.map(() => true) }))
}

function argumentTable(arg: Argument | undefined, demand: Demand, scope: SqlScope, refId: string): Operand {
  if (arg?.value == null) throw notTable(refId)
  const { value } = arg
  if (value.kind === 'call' && isFunctionJoin(calleeName(value.callee) ?? ''))
    return tableOperand(value, arg.alias, { names: demand.names, where: [] }, scope, false)
  const table = scope.evaluate(value)
  if (!(table instanceof Table) && !(table instanceof SourceTable)) throw arisenAt(notTable(refId), value.span)
  return operandOf(table, arg.alias ?? tableName(value))
}

const notTable = (refId: string): HoldfastError =>
  inputError(`The ${refId === 'S02013' ? 'left' : 'right'} part of a join must be a table.`, { refId })

function nameList(arg: Argument | undefined, scope: SqlScope): string[] {
  if (arg?.value == null) throw inputError('A join needs its matching columns.', { refId: 'S02016' })
  const { value } = arg
  return at(value.span, () => stringsOf(scope.evaluate(value)))
}

/** Names from a string scalar or vector. */
export function stringsOf(value: Value): string[] {
  if (value.kind === 'scalar' && typeof value.value === 'string') return [value.value]
  if (value.kind === 'vector') {
    const out = Array.from({ length: value.length }, (_, k) => {
      const e = value.get(k)
      return e.kind === 'scalar' && typeof e.value === 'string' ? e.value : undefined
    })
    if (out.every((s) => s !== undefined)) return out as string[]
  }
  throw inputError('The matching columns of a join must be strings.', { refId: 'S02016' })
}

/** leftFilter, rightFilter: conditions on the columns of their side. */
function filterArgument(arg: Argument | undefined, side: Relation, scope: SqlScope): Uint8Array | undefined {
  if (arg?.value == null) return undefined
  const { value } = arg
  return at(value.span, () => rowMask(value, side, scope))
}

function rowMask(condition: Expr, side: Relation, scope: SqlScope): Uint8Array {
  const node = condition.kind === 'metacode' && !condition.list ? condition.items[0].expr : condition
  const value = asColumn(compileItem(node, side.resolver, scope, () => side.rows)(), side.rows)
  if (value === undefined || value.storage !== 'fixed')
    throw inputError('The filter of a join must be a logical expression on the columns of its table.', {
      code: 'joinFilter',
    })
  const mask = new Uint8Array(side.rows)
  for (const k of trueRows(value)) mask[k] = 1
  return mask
}

// ---------------------------------------------------------------------------------------------------------------------
// l join r on ...

const SQL_JOINS: Readonly<Record<string, JoinKind>> = {
  inner: 'inner',
  left: 'left',
  leftSemi: 'leftSemi',
  right: 'right',
  full: 'full',
  cross: 'cross',
  comma: 'cross',
}

function sqlJoin(node: FromNode & { kind: 'join' }, demand: Demand, scope: SqlScope, pushable: boolean): Relation {
  const kind = SQL_JOINS[node.type]
  const conditions = node.on === null ? [] : conjuncts(node.on)
  if (kind !== 'cross' && conditions.length === 0) {
    if (node.type !== 'inner')
      throw arisenAt(inputError('A join needs an ON clause.', { refId: 'S02016' }), node.right.span)
  }
  const keepsLeft = kind === 'left' || kind === 'leftSemi'
  const pushLeft = pushable && kind !== 'right' && kind !== 'full'
  const pushRight = pushable && !keepsLeft && kind !== 'full'
  const all = [...demand.where, ...conditions]
  const wanted: Demand = {
    names: demand.names === undefined ? undefined : withNames(demand.names, conditions),
    where: demand.where,
  }
  const leftOperand = resolve(node.left, wanted, scope, pushLeft)
  const rightOperand = resolve(node.right, wanted, scope, pushRight)
  at(node.right.span, () => checkAliases(fieldsOf(leftOperand), fieldsOf(rightOperand)))
  const left = read(leftOperand, wanted, [], fieldsOf(rightOperand), scope, pushLeft)
  const right = read(rightOperand, wanted, [], fieldsOf(leftOperand), scope, pushRight)
  if (conditions.length === 0) return crossOrEqual(left, right, all, scope)
  return at(node.on!.span, () => joinOn(kind, left, right, conditions, scope))
}

function withNames(names: ReadonlySet<string>, exprs: readonly Expr[]): Set<string> {
  const out = new Set(names)
  for (const e of exprs) mentionedNames(e, out)
  return out
}

function checkAliases(left: readonly Field[], right: readonly Field[]): void {
  const names = new Set(left.map((f) => f.table))
  const clash = right.find((f) => f.table !== '' && names.has(f.table))
  if (clash !== undefined)
    throw inputError(`The tables of a join need different names: [${clash.table}] occurs twice. Use an alias.`, {
      code: 'joinAlias',
    })
}

function conjuncts(expr: Expr): Expr[] {
  return expr.kind === 'binary' && expr.op === 'and' ? [...conjuncts(expr.left), ...conjuncts(expr.right)] : [expr]
}

type Side = 'left' | 'right' | 'both' | 'none'

/** Which tables an expression reads. Unqualified names mean the left table first. */
function sideOf(expr: Expr, left: Relation, right: Relation): Side {
  let l = false
  let r = false
  walk(expr, (e) => {
    const c = columnName(e)
    if (c === undefined) return true
    if (left.find(c.name, c.qualifier) >= 0) l = true
    else if (right.find(c.name, c.qualifier) >= 0) r = true
    return true
  })
  return l ? (r ? 'both' : 'left') : r ? 'right' : 'none'
}

function joinOn(
  kind: JoinKind,
  left: Relation,
  right: Relation,
  conditions: readonly Expr[],
  scope: SqlScope,
): Relation {
  const leftKeys: JoinKey[] = []
  const rightKeys: JoinKey[] = []
  const leftFilters: Expr[] = []
  const rightFilters: Expr[] = []
  for (const c of conditions)
    at(c.span, () => {
      const pair = keyPair(c, left, right)
      if (pair !== undefined) {
        leftKeys.push(keyOf(pair.left, left, scope))
        rightKeys.push(keyOf(pair.right, right, scope))
        return
      }
      const side = sideOf(c, left, right)
      if (side === 'left') leftFilters.push(c)
      else if (side === 'right') rightFilters.push(c)
      else throw unsupported('conditions other than equality between the two tables in an ON clause')
    })
  if (leftKeys.length === 0) checkOnNames(conditions, left, right)
  if (leftKeys.length === 0)
    throw inputError('The ON clause of a join must compare a column of each table with =.', { refId: 'S02016' })
  const filters = { left: masks(leftFilters, left, scope), right: masks(rightFilters, right, scope) }
  return joinRelations(kind, left, right, { left: leftKeys, right: rightKeys }, filters)
}

/** A qualified name that its table does not have says more than that the condition has no keys. */
function checkOnNames(conditions: readonly Expr[], left: Relation, right: Relation): void {
  const tables = new Set([...left.fields, ...right.fields].map((f) => f.table))
  for (const condition of conditions)
    walk(condition, (e) => {
      const c = columnName(e)
      if (c?.qualifier === undefined || !tables.has(c.qualifier)) return true
      if (left.find(c.name, c.qualifier) < 0 && right.find(c.name, c.qualifier) < 0)
        throw arisenAt(inputError(`Invalid column in join: [${c.qualifier}.${c.name}].`, { refId: 'S02016' }), e.span)
      return false
    })
}

function keyPair(expr: Expr, left: Relation, right: Relation): { left: Expr; right: Expr } | undefined {
  if (expr.kind !== 'binary' || expr.op !== 'eq') return undefined
  // `id = id` without qualifiers: the second one means the right table.
  const a = sideOf(expr.left, left, right)
  const b = sideOf(expr.right, left, right)
  if (a === 'left' && b === 'right') return { left: expr.left, right: expr.right }
  if (a === 'right' && b === 'left') return { left: expr.right, right: expr.left }
  if (
    a === 'left' &&
    b === 'left' &&
    expressionKey(expr.left) === expressionKey(expr.right) &&
    sideOf(expr.right, right, left) === 'left'
  )
    return { left: expr.left, right: expr.right }
  return undefined
}

function keyOf(expr: Expr, side: Relation, scope: SqlScope): JoinKey {
  const c = columnName(expr)
  const field = c === undefined ? -1 : side.find(c.name, c.qualifier)
  if (field >= 0) return { values: side.column(field), field }
  const value = asColumn(compileItem(expr, side.resolver, scope, () => side.rows)(), side.rows)
  if (value === undefined) throw inputError('A join key must be a column of its table.', { refId: 'S02016' })
  return { values: value, field: -1 }
}

function masks(conditions: readonly Expr[], side: Relation, scope: SqlScope): Uint8Array | undefined {
  if (conditions.length === 0) return undefined
  const out = new Uint8Array(side.rows).fill(1)
  for (const c of conditions) {
    const mask = at(c.span, () => rowMask(c, side, scope))
    for (let k = 0; k < out.length; k++) out[k] &= mask[k]
  }
  return out
}

/** `from a, b where a.id = b.id`: all columns of both, matched by the equalities of the where clause instead of paired up first. */
function crossOrEqual(left: Relation, right: Relation, where: readonly Expr[], scope: SqlScope): Relation {
  const pairs = where.flatMap(conjuncts).flatMap((c) => keyPair(c, left, right) ?? [])
  const plain = pairs.filter((p) => columnName(p.left) !== undefined && columnName(p.right) !== undefined)
  if (plain.length === 0) return joinRelations('cross', left, right, { left: [], right: [] })
  const matches = equiMatches(
    'inner',
    plain.map((p) => keyOf(p.left, left, scope).values),
    plain.map((p) => keyOf(p.right, right, scope).values),
  )
  return leftOutput(left, right, matches, new Set())
}

/** All visible columns of a relation as a table. */
export function toTable(rows: Relation): Table {
  const fields = rows.starFields()
  return resultOf(
    fields.map((k) => rows.fields[k].name),
    fields.map((k) => rows.column(k)),
  )
}
