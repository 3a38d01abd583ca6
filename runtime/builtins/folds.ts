/**
 * reduce and accumulate. What a fold passes depends on func: one argument iterates it from init, two fold over the items of X, three fold over a
 * pair of vectors.
 */
import { callFunction } from '../compile/call.ts'
import { usageError } from '../errors.ts'
import { checkInterrupt } from '../interrupt.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { AnyVector, type FunctionValue, Scalar, type Value } from '../values/index.ts'
import { type Arg, isGiven } from './args.ts'
import { assembleBy, functionArg, type Items, itemsOf, ruleArg } from './higher-order.ts'

const { entries, define } = topicTable('Higher-order functions')

export const foldBuiltins = entries

/**
 * How many arguments a fold passes: 1 iterates, 2 folds over X, 3 folds over a pair of vectors. A function that needs one argument only and may take
 * more iterates when X is a count, a condition or null.
 */
function foldArity(fn: FunctionValue, x: Value): number {
  const counts = x.kind === 'function' || x instanceof Scalar
  if (fn.variant === 'builtin') {
    const { minArgs, maxArgs } = fn.builtin
    return maxArgs === 1 ? 1 : minArgs >= 3 ? 3 : 2
  }
  const required = fn.params.filter((p) => !p.optional).length
  if (counts && required === 1) return 1
  return Math.min(3, Math.max(1, fn.params.length))
}

/** All intermediate results of a fold, in order. */
function* steps(session: Session, fn: FunctionValue, given: Arg, start: Arg, signature: string): Generator<Value> {
  const x = isGiven(given) ? given : Scalar.VOID
  // A start of NULL is no start.
  const init = start === Scalar.VOID ? undefined : start
  const arity = foldArity(fn, x)
  if (arity === 1) {
    if (!isGiven(init)) throw usageError(signature, 'init is required when func takes one argument.')
    yield* iterations(session, fn, x, init)
    return
  }
  // A NULL that was written is an item; an argument that was left out is none.
  if (given === undefined || given === Scalar.NOTHING)
    throw usageError(signature, 'X is required when func takes more than one argument.')
  const [xs, ys] = arity === 3 ? twoVectors(x, signature) : [itemsOf(x), undefined]
  if (xs === undefined) {
    yield isGiven(init) ? callFunction(session, fn, [init, x]) : x
    return
  }
  let acc: Value | undefined = isGiven(init) ? init : undefined
  for (let k = 0; k < xs.count; k++) {
    if (acc === undefined) acc = xs.item(k)
    else acc = callFunction(session, fn, ys === undefined ? [acc, xs.item(k)] : [acc, xs.item(k), ys.item(k)])
    yield acc
  }
}

function twoVectors(x: Value, signature: string): [Items, Items] {
  if (x instanceof AnyVector && x.length === 2) {
    const [a, b] = x.values.map(itemsOf)
    if (a !== undefined && b !== undefined && a.count === b.count) return [a, b]
  }
  throw usageError(signature, 'X must be a tuple of two vectors of one length when func takes three arguments.')
}

/** func(func(init)): as often as X says, while X(result) holds, or until nothing changes. */
function* iterations(session: Session, fn: FunctionValue, x: Value, init: Value): Generator<Value> {
  let value = init
  yield value
  if (x.kind === 'function') {
    while (isTrue(callFunction(session, x, [value]))) {
      checkInterrupt()
      value = callFunction(session, fn, [value])
      yield value
    }
  } else if (x instanceof Scalar && x.isNull()) {
    for (;;) {
      checkInterrupt()
      const next = callFunction(session, fn, [value])
      if (sameValue(session, next, value)) return
      value = next
      yield value
    }
  } else {
    const count = x instanceof Scalar ? Number(x.value) : (itemsOf(x)?.count ?? 0)
    for (let k = 0; k < count; k++) {
      checkInterrupt()
      value = callFunction(session, fn, [value])
      yield value
    }
  }
}

const isTrue = (v: Value): boolean => v instanceof Scalar && !v.isNull() && Number(v.value) !== 0

function sameValue(session: Session, a: Value, b: Value): boolean {
  if (a instanceof Scalar && b instanceof Scalar) return a.value === b.value
  const equal = session.registry.get('eqObj')
  return equal !== undefined && isTrue(callFunction(session, equal, [a, b]))
}

define('reduce(func, [X], [init], [assembleRule], [consistent])', {
  doc: 'Folds X with func and returns the last result. A func of one argument is applied to init X times, while X(result) is true, or (X null) until the result stays the same.',
  call: ([f, x, init], session) => {
    const signature = 'reduce(func, X, [init])'
    let last: Value = isGiven(init) ? init : Scalar.VOID
    for (const step of steps(session, functionArg(f, signature), x, init, signature)) last = step
    return last
  },
})

define('accumulate(func, [X], [init], [assembleRule], [consistent])', {
  doc: 'Like reduce, with all intermediate results assembled.',
  call: ([f, x, init, rule, consistent], session) => {
    const signature = 'accumulate(func, X, [init])'
    return assembleBy(ruleArg(rule, consistent), [...steps(session, functionArg(f, signature), x, init, signature)])
  },
})
