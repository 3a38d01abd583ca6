/**
 * Calling a function value whose kind is known only when the script runs. Calls of named functions with matching arguments are compiled
 * to direct JavaScript calls and do not pass here.
 *
 * `args` may be longer lived than the call: after it, `args[k]` holds the final value of a mutable parameter (see UserCode).
 */
import { HoldfastError, inputError } from '../errors.ts'
import { arityError, type Builtin, type Param } from '../registry.ts'
import type { Session } from '../session.ts'
import {
  AnyVector,
  type BoundOperator,
  type FunctionValue,
  type PartialFunction,
  Scalar,
  type UserFunction,
  type Value,
} from '../values/index.ts'
import { DEFAULT_MARK } from './constants.ts'
import { adopted } from './construct.ts'
import { readOnlyError, writable } from './ownership.ts'
import { mutableResults, userCode } from './user-code.ts'

export type Args = (Value | undefined)[]

/** Calls any function value; `undefined` is an argument that was not given. */
export function callFunction(session: Session, fn: FunctionValue, args: Args): Value {
  switch (fn.variant) {
    case 'builtin':
      return callBuiltin(session, fn.builtin, args)
    case 'user':
      return callUser(fn, args)
    case 'partial':
      return callPartial(session, fn, args)
    case 'suffixed':
      return callSuffixed(session, fn, args)
  }
}

export function callBuiltin(session: Session, builtin: Builtin, args: Args): Value {
  checkArity(builtin.name, builtin.params, builtin.minArgs, builtin.maxArgs, args)
  for (let k = args.length; k < builtin.params.length; k++) {
    if (!builtin.params[k].rest) args.push(undefined)
  }
  const changed = builtin.mutates ? args[builtin.mutatedAt] : undefined
  if (changed !== undefined) {
    args[builtin.mutatedAt] = writable(changed)
    if (builtin.name === 'append!') args[0] = adopted(args[0]!, args[1])
  }
  return builtin.call(args, session)
}

function checkArity(name: string, params: readonly Param[], min: number, max: number, args: Args): void {
  if (args.length < min || args.length > max) throw arityError(name, min, max, args.length)
  for (let k = 0; k < min && k < params.length; k++) {
    if (args[k] === undefined && !params[k].optional && !params[k].rest)
      throw inputError(`The function [${name}] needs a value for the parameter ${params[k].name}.`, { code: 'arity' })
  }
}

/** Fewest arguments: everything up to the last parameter without a default. */
export function requiredCount(params: readonly Param[]): number {
  let count = params.length
  while (count > 0 && params[count - 1].optional) count--
  return count
}

function callUser(fn: UserFunction, args: Args): Value {
  const params = fn.params
  if (args.length !== params.length) {
    const required = requiredCount(params)
    if (args.length < required || args.length > params.length)
      throw arityError(fn.name === '' ? 'lambda' : fn.name, required, params.length, args.length)
  }
  const code = userCode(fn)
  for (let k = 0; k < params.length; k++) if (args[k] === undefined) args[k] = params[k].defaultValue ?? Scalar.NOTHING
  if (code.mutableAt.length > 0) return callMutable(fn, args as Value[])
  const captured = fn.captured
  const given = args as Value[]
  switch (captured.length === 0 ? given.length : -1) {
    case 0:
      return code.direct()
    case 1:
      return code.direct(given[0])
    case 2:
      return code.direct(given[0], given[1])
    case 3:
      return code.direct(given[0], given[1], given[2])
    case -1:
      return code.direct(...captured, ...given)
    default:
      return code.direct(...given)
  }
}

function callMutable(fn: UserFunction, args: Value[]): Value {
  const code = userCode(fn)
  for (const k of code.mutableAt) args[k] = writable(args[k])
  const result = code.direct(...fn.captured, ...args)
  const finals = mutableResults.values
  code.mutableAt.forEach((k, n) => {
    args[k] = finals[n]
  })
  return result
}

/** A fixed argument of a mutable parameter belongs to the partial application: changes persist between calls. */
function callPartial(session: Session, fn: PartialFunction, args: Args): Value {
  const bound = fn.bound as (Value | undefined)[]
  const merged: Args = []
  const boundAt: number[] = []
  let next = 0
  for (let k = 0; k < bound.length; k++) {
    const fixed = bound[k]
    if (fixed === undefined) {
      if (next < args.length) merged.push(args[next++])
      else merged.push(undefined)
    } else {
      boundAt.push(k)
      merged.push(fixed === DEFAULT_MARK ? undefined : fixed)
    }
  }
  const arity = fn.target.params.length
  if (next < args.length && merged.length >= arity && !fn.target.params.some((p) => p.rest))
    throw arityError(fn.name, requiredCount(fn.params), fn.params.length, args.length)
  while (next < args.length) merged.push(args[next++])
  const result = callFunction(session, fn.target, merged)
  for (const k of boundAt) if (fn.target.params[k]?.mutable === true) bound[k] = merged[k]
  return result
}

type SuffixedCall = (session: Session, fn: BoundOperator, args: Args) => Value
let callSuffixed: SuffixedCall = () => {
  throw new HoldfastError('bug', 'higher-order functions are not registered')
}

/** The higher-order builtins say how `f:E` is called. */
export function setSuffixedCall(call: SuffixedCall): void {
  callSuffixed = call
}

/** A call with arguments by name: `names[k]` is set for argument k when it was written `name=value`. */
export function callWithNames(
  session: Session,
  fn: FunctionValue,
  args: Args,
  names: readonly (string | null)[],
): Value {
  return callFunction(session, fn, placeByName(fn.name, fn.params, args, names))
}

/** Where the parameter of that name stands; names in another case are found when nothing else has them. */
function parameterNamed(params: readonly Param[], name: string): number {
  const exact = params.findIndex((p) => p.name === name)
  if (exact >= 0) return exact
  const lower = name.toLowerCase()
  const found = params.filter((p) => p.name.toLowerCase() === lower)
  return found.length === 1 ? params.indexOf(found[0]) : -1
}

/** Moves named arguments to the positions of their parameters. */
export function placeByName<V>(
  name: string,
  params: readonly Param[],
  args: readonly (V | undefined)[],
  names: readonly (string | null)[],
): (V | undefined)[] {
  const placed: (V | undefined)[] = []
  for (let k = 0; k < args.length; k++) {
    const key = names[k]
    const at = key === null ? k : parameterNamed(params, key)
    if (at < 0)
      throw inputError(`The function [${name}] has no parameter named ${key}.`, {
        code: 'arity',
        hint: params.length === 0 ? undefined : `its parameters are ${params.map((p) => p.name).join(', ')}`,
      })
    if (key !== null && placed[at] !== undefined)
      throw inputError(`The parameter ${key} of the function [${name}] is given twice.`, { code: 'arity' })
    while (placed.length < at) placed.push(undefined)
    placed[at] = args[k]
  }
  return placed
}

/** Calls whatever stands before parentheses: a function, a vector of functions, or nothing callable. */
export function callValue(session: Session, callee: Value, args: Args): Value {
  if (callee.kind === 'function') return callFunction(session, callee, args)
  if (callee instanceof AnyVector && callee.length > 0 && callee.values.every((f) => f.kind === 'function'))
    return callEach(session, callee, args)
  if (callee.kind === 'resource') {
    const call = session.registry.get('remoteRun')
    if (call !== undefined) return callFunction(session, call, [callee, ...args])
  }
  throw inputError(`The object '${session.display(callee)}' is neither an XDB connection nor a function definition.`, {
    refId: 'S06006',
  })
}

type FunctionsCall = (session: Session, functions: AnyVector, args: Args) => Value
let callEach: FunctionsCall = () => {
  throw new HoldfastError('bug', 'higher-order functions are not registered')
}

/** The higher-order builtins say how `[sin, cos](x)` assembles its results. */
export function setFunctionsCall(call: FunctionsCall): void {
  callEach = call
}

/** `Read only object ...` for a builtin that changes its argument. */
export const readOnlyArgument = (name: string): never => {
  throw readOnlyError(name)
}
