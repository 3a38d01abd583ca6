/** Calls whose callee is known only at run time, methods, partial applications and suffixed functions: helpers of compiled code. */
import type { HofSuffix, LambdaExpr } from '../../lang/ast.ts'
import { HoldfastError, inputError } from '../errors.ts'
import { readIndex } from '../indexing/read.ts'
import type { Builtin } from '../registry.ts'
import {
  AnyVector,
  BoundOperator,
  BuiltinFunction,
  type FunctionValue,
  PartialFunction,
  Scalar,
  T,
  type Value,
} from '../values/index.ts'
import { type Args, callFunction, callValue, callWithNames, placeByName } from './call.ts'
import { FunctionCell } from './cells.ts'
import { instanceOf } from './classes.ts'
import { makeFunction, type Origin } from './functions.ts'
import type { Host } from './host.ts'
import { currentLabels } from './labels.ts'
import { freeze } from './ownership.ts'

type Names = readonly (string | null)[] | undefined

/** A builtin with arguments checked by the compiler. */
export function callDirect(session: Host, builtin: Builtin, args: Args): Value {
  return builtin.call(args, session)
}

/** Remembers the names of the arguments for builtins that name columns after them. */
export function labelled(args: Args, labels: readonly (string | null)[]): Args {
  currentLabels.names = labels
  currentLabels.args = args
  return args
}

/** The column that an index names; null where it is something else. */
export const columnLabel = (index: Value): string | null =>
  index.kind === 'scalar' && typeof index.value === 'string' ? index.value : null

/** A callee that is a value. A variable that can't be called gives way to the function of its name. */
export function callAny(session: Host, callee: Value, args: Args, names: Names, fallback: string | undefined): Value {
  let target = callee
  if (fallback !== undefined && callee.kind !== 'function' && !(callee instanceof AnyVector)) {
    const found = session.lookupFunction(fallback, '')
    if (found !== undefined) target = found instanceof FunctionCell ? found.get() : found
  }
  if (names !== undefined) {
    if (target.kind === 'function') return callWithNames(session, target, args, names)
    throw inputError('Arguments by name need a function.', { code: 'arity' })
  }
  return callValue(session, target, args)
}

/** A dictionary whose entry of that name is a function acts as an object. */
export function hasMethod(object: Value, name: string): boolean {
  if (object.kind === 'resource') return instanceOf(object)?.scriptClass.method(name) !== undefined
  return object.kind === 'dict' && object.keyType === T.STRING && object.entries.get(name)?.kind === 'function'
}

/** `object.name(args)` where the function, if there is one, takes the object first. */
export function method(
  session: Host,
  object: Value,
  name: string,
  module: string,
  args: Args,
  names: Names,
  callee: Value | undefined,
): Value {
  const own = instanceOf(object)?.scriptClass.method(name)
  if (own !== undefined) return callAny(session, own, [object, ...args], names, undefined)
  // A builtin comes first, as it does behind the name of a variable: `model().predict(x)` is predict(model(), x).
  const builtin = callee !== undefined && isBuiltin(callee)
  if (object.kind === 'dict' && !builtin && hasMethod(object, name))
    return callAny(session, object.entries.get(name) as Value, args, names?.slice(1), undefined)
  const target = callee ?? session.looseName(name, module)
  return callAny(session, target, [object, ...args], names, undefined)
}

// ---------------------------------------------------------------------------------------------------------------------
// Functions made from functions

function asFunction(session: Host, value: Value): FunctionValue {
  if (value.kind === 'function') return value
  throw inputError(`The object '${session.display(value)}' is neither an XDB connection nor a function definition.`, {
    refId: 'S06006',
  })
}

/** `f{a, , c}`. */
export function partial(session: Host, callee: Value, fixed: Args, names: Names): Value {
  const target = asFunction(session, callee)
  return new PartialFunction(
    target,
    names === undefined ? fixed : placeByName(target.name, target.params, fixed, names),
  )
}

/** `object.name{a}`: a bound method, or the function with the object fixed first. */
export function boundMethod(session: Host, object: Value, name: string, fixed: Args, callee: Value | undefined): Value {
  const own = instanceOf(object)?.scriptClass.method(name)
  if (own !== undefined) return partial(session, own, [object, ...fixed], undefined)
  if (object.kind === 'dict' && hasMethod(object, name))
    return partial(session, object.entries.get(name) as Value, fixed, undefined)
  return partial(session, callee ?? session.looseName(name, ''), [freeze(object), ...fixed], undefined)
}

const HOF_BY_SYMBOL: Readonly<Record<string, string>> = {
  E: 'each',
  U: 'loop',
  L: 'eachLeft',
  R: 'eachRight',
  P: 'eachPre',
  O: 'eachPost',
  A: 'accumulate',
  T: 'reduce',
  C: 'cross',
  G: 'groupby',
  X: 'contextby',
  H: 'byRow',
  V: 'byColumn',
}

const OPERATOR_TEXT: Readonly<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  dot: '**',
  div: '/',
  ratio: '\\',
  mod: '%',
  join: '<-',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  eq: '==',
  ne: '!=',
  bitAnd: '&',
  bitOr: '|',
  bitXor: '^',
  lshift: '<<',
  rshift: '>>',
  and: '&&',
  or: '||',
  not: '!',
  neg: '-',
}

/** `f:E:L`: suffixes apply from left to right. */
export function suffixed(session: Host, callee: Value, suffixes: readonly HofSuffix[]): Value {
  let target = asFunction(session, callee)
  for (const { symbol, rule } of suffixes) {
    const name = HOF_BY_SYMBOL[symbol]
    const higherOrder = name === undefined ? undefined : session.registry.get(name)
    if (higherOrder === undefined) throw new HoldfastError('bug', `no higher-order function for :${symbol}`)
    const text = `${OPERATOR_TEXT[target.name] ?? target.name}:${symbol}${rule ?? ''}`
    target = new BoundOperator(text, higherOrder, target, rule ?? undefined)
  }
  return target
}

/** `f @ x`: a unary call, or indexing where a tuple is a list of indices rather than one index per dimension. */
export function eachAt(session: Host, object: Value, index: Value): Value {
  if (object.kind === 'function') return callFunction(session, object, [index])
  if (index instanceof AnyVector && object.kind !== 'dict')
    return new AnyVector(index.values.map((i) => readIndex(session, object, [i])))
  return readIndex(session, object, [index])
}

/** A lambda with the values that it captures. */
export function closure(session: Host, node: LambdaExpr, origin: Origin, captured: readonly Value[]): Value {
  for (const value of captured) freeze(value)
  return makeFunction(session, node, origin, captured)
}

/** A name that is neither local nor session variable. */
export const looseName = (session: Host, name: string, module: string): Value => session.looseName(name, module)

export const isBuiltin = (v: Value): v is BuiltinFunction => v instanceof BuiltinFunction
export const VOID = Scalar.VOID
