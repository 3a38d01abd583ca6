/** What statements do besides computing: helpers of compiled code. */
import type {
  CheckpointStatement,
  CompareOperator,
  DefStatement,
  SettingStatement,
  SqlExpr,
  SqlStatement,
} from '../../lang/ast.ts'
import { HoldfastError, inputError, operatorError } from '../errors.ts'
import { tableRow } from '../indexing/read.ts'
import { binaryOp } from '../ops/binary.ts'
import { toBool } from '../ops/truth.ts'
import { BuiltinFunction, formName, isLiteral, Scalar, T, type Value, vectorOf } from '../values/index.ts'
import type { Cell } from './cells.ts'
import { thrownByScript } from './failure.ts'
import { makeFunction, type Origin } from './functions.ts'
import type { Host } from './host.ts'
import { own } from './ownership.ts'
import type { ColumnResolver, SqlScope } from './scope.ts'
import { LexicalScope, type Place } from './sql-scope.ts'
import { mutableResults, userCode } from './user-code.ts'

// ---------------------------------------------------------------------------------------------------------------------
// Variables

/** `const x = v`. */
export function defineConstant(cell: Cell, value: Value): void {
  if (cell.constant) throw operatorError(`Constant variable [${cell.name}] can't be modified.`, { code: 'constant' })
  cell.value = own(value)
  cell.constant = true
}

/** `a, b = v`: elements of a vector or tuple, columns of a matrix, rows of a table; a scalar goes to all names. */
export function destructure(_session: Host, value: Value, count: number): Value[] {
  const parts = partsOf(value, count)
  if (parts.length !== count)
    throw operatorError(`The number of variables (${count}) differs from the number of values (${parts.length}).`)
  return parts
}

function partsOf(value: Value, count: number): Value[] {
  switch (value.kind) {
    case 'scalar':
      return new Array<Value>(count).fill(value)
    case 'vector':
      return Array.from({ length: value.length }, (_, k) => value.get(k))
    case 'pair': {
      const v = vectorOf(value.type, [value.first, value.second], value.scale)
      return [v.get(0), v.get(1)]
    }
    case 'matrix':
      return Array.from({ length: value.cols }, (_, k) => value.data.slice(k * value.rows, (k + 1) * value.rows))
    case 'table':
      return Array.from({ length: value.rows }, (_, k) => tableRow(value, k))
    default:
      throw operatorError(`A ${formName(value)} can't be assigned to several variables.`)
  }
}

/** `a, b = x, y`. */
export function matched(values: Value[], count: number): Value[] {
  if (values.length !== count)
    throw operatorError(`The number of variables (${count}) differs from the number of values (${values.length}).`)
  return values
}

/** The final value of mutable parameter `n` of the call that returned last. */
export const finalValue = (n: number): Value => mutableResults.values[n]

export function setFinals(values: Value[]): void {
  mutableResults.values = values
}

// ---------------------------------------------------------------------------------------------------------------------
// Definitions

export function define(session: Host, node: DefStatement, origin: Origin): void {
  const qualified = origin.module === '' ? node.name : `${origin.module}::${node.name}`
  if (origin.module === '' && session.registry.get(node.name) instanceof BuiltinFunction)
    throw inputError('Not allowed to overwrite existing built-in functions/procedures.', { refId: 'S06005' })
  const cell = session.functionCell(qualified)
  if (node.body === null && cell.fn !== undefined) return
  // Calls name the parameters as the declaration did.
  const declared = cell.fn !== undefined && userCode(cell.fn).definition.body === null ? cell.fn.params : []
  const fn = makeFunction(
    session,
    node,
    origin,
    [],
    declared.map((p) => p.name),
  )
  cell.bind(fn, (f, args) => session.call(f, args))
}

export function notDefined(name: string): never {
  throw inputError(`Function <${name}> is declared but not defined yet.`, { refId: 'S06007' })
}

// ---------------------------------------------------------------------------------------------------------------------
// Errors, assertions, time

/** `throw v`. */
export function thrown(session: Host, value: Value): HoldfastError {
  return thrownByScript(
    value instanceof Scalar && isLiteral(value.type) ? (value.value as string) : session.display(value),
  )
}

export function fail(error: HoldfastError): never {
  // The same error object may be raised again: give each its own position.
  const copy = new HoldfastError(error.kind, error.message, { code: error.code, hint: error.hint, where: error.where })
  copy.category = error.category
  throw copy
}

/** `assert subcase, condition`: a BOOL vector must be all true. A failure is told and counted; the statements after it run. */
export function assertThat(session: Host, condition: Value, subcase: Value | undefined): void {
  const holds =
    condition.kind === 'vector'
      ? Array.from({ length: condition.length }, (_, k) => condition.get(k)).every(toBool)
      : toBool(condition)
  if (holds) return
  const current = session.variable('testing_case')
  const name = current instanceof Scalar && typeof current.value === 'string' ? current.value : 'adhocTesting'
  const part = subcase === undefined ? '' : `_${session.display(subcase)}`
  session.assertionFailed(`Testing case ${name}${part} failed`)
}

export function testingCase(session: Host, name: string, value: Value): void {
  session.setVariable(name, value)
}

export const clock = (): number => performance.now()

export function elapsed(session: Host, start: number): void {
  const ms = performance.now() - start
  session.print(`Time elapsed: ${Number(ms.toFixed(3))} ms`)
}

// ---------------------------------------------------------------------------------------------------------------------
// Sharing and dropping

/** `share t as name`. */
export function share(session: Host, value: Value, name: string): void {
  const known = session.shared.get(name)
  if (known !== undefined && known !== value)
    throw inputError(`A shared object named ${name} exists already.`, {
      hint: `drop it first: undef("${name}", SHARED)`,
    })
  if (value.kind === 'table') {
    value.sharedName = name
    value.frozen = false
  }
  session.shared.set(name, value)
}

const namesOf = (session: Host, names: Value): string[] =>
  names.kind === 'vector'
    ? Array.from({ length: names.length }, (_, k) => String(names.raw(k)))
    : names instanceof Scalar && typeof names.value === 'string'
      ? [names.value]
      : [session.display(names)]

/** `undef names, category`; no names: all. Categories: VAR (default), SHARED, DEF. */
export function undefine(session: Host, names: Value | undefined, category: Value | undefined): void {
  const kind = category instanceof Scalar ? String(category.value).toUpperCase() : 'VAR'
  if (!['VAR', 'SHARED', 'DEF'].includes(kind)) throw inputError('The category of undef must be VAR, SHARED or DEF.')
  const all = names === undefined
  const list = names === undefined ? allNames(session, kind) : namesOf(session, names)
  for (const name of list) {
    if (kind === 'VAR' && !session.removeVariable(name) && !all && session.shared.has(name)) dropShared(session, name)
    if (kind === 'SHARED') dropShared(session, name)
    if (kind === 'DEF') session.functionCell(name).fn = undefined
  }
  if (all && category === undefined)
    for (const name of session.userFunctionNames()) session.functionCell(name).fn = undefined
}

function allNames(session: Host, kind: string): string[] {
  if (kind === 'SHARED') return [...session.shared.keys()]
  return kind === 'DEF' ? session.userFunctionNames() : session.variableNames()
}

export function dropShared(session: Host, name: string): void {
  const value = session.shared.get(name)
  if (value?.kind === 'table') value.sharedName = undefined
  session.shared.delete(name)
}

/** Whether `undef` names this local. */
export function mentions(names: Value, local: string): boolean {
  if (names instanceof Scalar) return names.value === local
  return names.kind === 'vector' && Array.from({ length: names.length }, (_, k) => names.raw(k)).includes(local)
}

/** SET CLUSTER SETTING and its kin are functions of the store: without one they are an error. `value` undefined means DEFAULT. */
export function clusterSetting(session: Host, node: SettingStatement, value: Value | undefined): Value {
  const name = node.name === null ? undefined : Scalar.string(node.name)
  if (node.action === 'show') return callStore(session, 'SHOW CLUSTER SETTING', 'getClusterSettings', [name])
  return callStore(session, 'SET CLUSTER SETTING', 'setClusterSetting', [name, value ?? Scalar.VOID])
}

export function checkpoint(session: Host, node: CheckpointStatement): Value {
  return node.action === 'create'
    ? callStore(session, 'CHECKPOINT CREATE', 'checkpointCreate', [])
    : callStore(session, 'CHECKPOINT RELEASE', 'checkpointRelease', [])
}

function callStore(session: Host, statement: string, name: string, args: readonly (Value | undefined)[]): Value {
  const builtin = session.registry.get(name)
  if (builtin !== undefined) return session.call(builtin, args)
  throw inputError(`${statement} is not available in this release.`, { code: 'notExecutable' })
}

// ---------------------------------------------------------------------------------------------------------------------
// SQL

/** Runs a query in ordinary code. `values` are the locals named by `names`; a thawed table comes back in it. */
export function sql(
  session: Host,
  node: SqlStatement,
  place: Place,
  names: readonly string[],
  values: (Value | undefined)[],
): Value {
  return session.runSql(node, new LexicalScope(session, place, names, values))
}

/** A query inside an expression of another one. */
export const nestedSql = (scope: SqlScope, node: SqlExpr, columns: ColumnResolver): Value =>
  scope.executeNested(node, columns)

/** `x > any(q)`, `x = all(q)`: the comparison with every element of the right side. */
export function quantified(op: CompareOperator, quantifier: 'any' | 'all', left: Value, right: Value): Value {
  const items = right.kind === 'vector' ? Array.from({ length: right.length }, (_, k) => right.get(k)) : [right]
  const start: Value = Scalar.bool(quantifier === 'all')
  return items
    .map((item) => binaryOp(op, left, item))
    .reduce((a, b) => binaryOp(quantifier === 'all' ? 'and' : 'or', a, b), start)
}

/** One `when` of a case: where the condition is true its value, elsewhere (null too) the rest. */
export function caseWhen(session: Host, condition: Value, value: Value, rest: Value): Value {
  if (condition instanceof Scalar) return toBool(condition) ? value : rest
  const iif = session.registry.get('iif')
  if (iif === undefined) throw inputError("The function or procedure 'iif' is not defined.", { refId: 'S06004' })
  return session.call(iif, [nullIsFalse(condition), value, rest])
}

function nullIsFalse(condition: Value): Value {
  if (condition.kind !== 'vector' || condition.type !== T.BOOL || condition.storage !== 'fixed') return condition
  const data = condition.data as Int8Array
  let nulls = false
  for (let k = 0; k < condition.length; k++) nulls ||= data[k] < 0
  if (!nulls) return condition
  const out = condition.copy()
  for (let k = 0; k < out.length; k++) if (data[k] < 0) (out.data as Int8Array)[k] = 0
  return out
}
