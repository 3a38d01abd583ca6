/**
 * Higher-order functions: each and its kin, folds, calls (language specification, 3.9). Results are put together by the assembly rule:
 * D (0) scalars to vector, equal-length vectors to matrix, dictionaries to table; C (1) as the first result; U (2) always a tuple;
 * K (3) like D, but a vector among the results makes a tuple.
 */
import { callFunction, setFunctionsCall, setSuffixedCall } from '../compile/call.ts'
import { freeze } from '../compile/ownership.ts'
import { userCode } from '../compile/user-code.ts'
import { inputError, usageError } from '../errors.ts'
import { columnOf, tableRow } from '../indexing/read.ts'
import { checkInterrupt } from '../interrupt.ts'
import { assemble, vectorFromScalars } from '../ops/assemble.ts'
import { appendsTo, castValue, incompatible, scalarToVector } from '../ops/cast.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { filledList } from '../values/heap.ts'
import {
  AnyVector,
  Dict,
  FixedVector,
  type FunctionValue,
  formName,
  isNumeric,
  Matrix,
  newVector,
  PartialFunction,
  Scalar,
  StringVector,
  T,
  type Value,
  type Vector,
  vectorOf,
} from '../values/index.ts'
import { type Arg, isGiven, sizeError } from './args.ts'

const { entries, define } = topicTable('Higher-order functions')

export type Rule = 'D' | 'C' | 'U' | 'K'

/** The items of an argument, or undefined for what is passed whole (a scalar, a function). */
export interface Items {
  readonly count: number
  item(k: number): Value
  /** Labels that a matrix of the results carries. */
  readonly labels?: Vector
}

/** Walking items looks for an interrupt, however long each call takes. */
export function itemsOf(x: Value): Items | undefined {
  const items = plainItems(x)
  if (items === undefined) return undefined
  return {
    count: items.count,
    labels: items.labels,
    item: (k) => {
      if ((k & 15) === 0) checkInterrupt()
      return items.item(k)
    },
  }
}

function plainItems(x: Value): Items | undefined {
  switch (x.kind) {
    case 'vector': {
      const simple = x.storage !== 'any' && x.storage !== 'array'
      return { count: x.length, item: (k) => freezeItem(x.get(k)), labels: simple ? x : functionNames(x) }
    }
    case 'matrix':
      return { count: x.cols, item: (k) => columnOf(x, k), labels: x.colLabels }
    case 'table':
      return { count: x.rows, item: (k) => tableRow(x, k) }
    case 'dict': {
      const values = [...x.entries.values()]
      return { count: values.length, item: (k) => freezeItem(values[k]) }
    }
    case 'pair': {
      const v = vectorOf(x.type, [x.first, x.second], x.scale)
      return { count: 2, item: (k) => v.get(k) }
    }
    default:
      return undefined
  }
}

/** Functions in a tuple label what comes of them with their names. */
function functionNames(x: Vector): Vector | undefined {
  if (!(x instanceof AnyVector) || x.length === 0 || !x.values.every((v) => v.kind === 'function')) return undefined
  const names = x.values.map((v) => (v as FunctionValue).name)
  return names.every((n) => n !== '') ? new StringVector(names) : undefined
}

const freezeItem = (v: Value): Value => (v instanceof Scalar ? v : freeze(v))

/** Results by the rule; a matrix gets the labels. */
export function assembleBy(rule: Rule, results: readonly Value[], labels?: Vector): Value {
  for (const r of results) freezeItem(r)
  switch (rule) {
    case 'U':
      return new AnyVector(results.slice())
    case 'K':
      return results.some((r) => r.kind === 'vector') ? new AnyVector(results.slice()) : assemble(results)
    case 'C':
      return asFirst(results, labels)
    case 'D': {
      const out = assemble(results)
      if (out instanceof Matrix && labels !== undefined && labels.length === out.cols) out.colLabels = labels
      return out
    }
  }
}

/** Results that do not convert to the type and form of the first one are an error. */
function asFirst(results: readonly Value[], labels: Vector | undefined): Value {
  const first = results[0]
  if (first instanceof Scalar && first.type !== T.VOID) {
    const scalars = results.map((r) => {
      if (!(r instanceof Scalar)) throw unlikeFirst(first, r)
      if (!appendsTo(r.type, first.type)) throw incompatible(first.type, r.type)
      return r
    })
    return vectorFromScalars(first.type, scalars, first.scale)
  }
  if (first?.kind !== 'vector' || first.storage === 'any' || first.storage === 'array')
    return assembleBy('D', results, labels)
  const converted = results.map((r) => {
    if (r.kind !== 'vector' || r.length !== first.length) throw unlikeFirst(first, r)
    if (!appendsTo(r.type, first.type)) throw incompatible(first.type, r.type)
    return castValue(r, first.type)
  })
  return assembleBy('D', converted, labels)
}

function unlikeFirst(first: Value, other: Value): Error {
  const shape = (v: Value): string => (v.kind === 'vector' ? `a vector of ${v.length}` : `a ${formName(v)}`)
  return inputError(
    `With assembleRule "C" every result must be like the first: ${shape(first)}, not ${shape(other)}.`,
    {
      code: 'assembly',
    },
  )
}

const RULES: readonly Rule[] = ['D', 'C', 'U', 'K']

/** `consistent` is the older name of the rule C, and wins over assembleRule. */
export function ruleArg(rule: Arg, consistent?: Arg): Rule {
  const v = isGiven(consistent) ? consistent : rule
  if (!isGiven(v)) return 'D'
  if (v instanceof Scalar) {
    if (v.type === T.BOOL) return v.value === 1 ? 'C' : 'D'
    const byName = RULES.find((r) => r === v.value)
    const rule = byName ?? RULES[Number(v.value)]
    if (rule !== undefined) return rule
  }
  throw inputError('assembleRule must be 0, 1, 2 or 3, or one of "D", "C", "U", "K".')
}

export function functionArg(v: Arg, signature: string): FunctionValue {
  if (v?.kind === 'function') return v
  throw usageError(signature, 'func must be a function.')
}

/** Whether calling the function once on whole vectors gives what calling it per element would. */
const isElementwise = (fn: FunctionValue): boolean => fn.variant === 'builtin' && fn.builtin.kind === 'element'

const isPlain = (v: Value): boolean => v instanceof Scalar || v instanceof FixedVector || v instanceof StringVector

// ---------------------------------------------------------------------------------------------------------------------
// each, loop

function each(session: Session, fn: FunctionValue, args: readonly Value[], rule: Rule): Value {
  if (
    rule === 'D' &&
    args.length > 0 &&
    isElementwise(fn) &&
    args.every(isPlain) &&
    !args.every((a) => a instanceof Scalar)
  ) {
    checkLengths(args.filter((a) => a.kind === 'vector').map((a) => (a as Vector).length))
    return callFunction(session, fn, [...args])
  }
  const parts = args.map(itemsOf)
  const iterated = parts.filter((p) => p !== undefined)
  if (iterated.length === 0) return callFunction(session, fn, [...args])
  const count = checkLengths(iterated.map((p) => p.count))
  const results: Value[] = directEach(fn, args, parts, count) ?? []
  for (let k = results.length; k < count; k++)
    results.push(
      callFunction(
        session,
        fn,
        args.map((a, n) => parts[n]?.item(k) ?? a),
      ),
    )
  const dict = args.find((a) => a.kind === 'dict')
  if (dict?.kind === 'dict') return dictOf(dict, results)
  return assembleBy(rule, results, iterated[0].labels)
}

/** One or two arguments of a script function go straight to its code. */
function directEach(
  fn: FunctionValue,
  args: readonly Value[],
  parts: readonly (Items | undefined)[],
  count: number,
): Value[] | undefined {
  if (fn.variant !== 'user' || fn.params.length !== args.length || fn.captured.length > 0) return undefined
  const code = userCode(fn)
  const [first, second] = parts
  if (code.mutableAt.length > 0 || first === undefined) return undefined
  const results: Value[] = filledList(count, Scalar.VOID)
  if (args.length === 1) for (let k = 0; k < count; k++) results[k] = code.direct(first.item(k))
  else if (args.length === 2)
    for (let k = 0; k < count; k++) results[k] = code.direct(first.item(k), second?.item(k) ?? args[1])
  else return undefined
  return results
}

/** each over a dictionary gives a dictionary. */
function dictOf(like: Dict, results: readonly Value[]): Dict {
  const keys = [...like.entries.keys()]
  const first = results[0]
  const same = first instanceof Scalar && results.every((r) => r instanceof Scalar && r.type === first.type)
  return new Dict(
    like.keyType,
    same ? first.type : T.ANY,
    new Map(keys.map((key, k) => [key, results[k]])),
    like.ordered,
  )
}

function checkLengths(counts: readonly number[]): number {
  for (const c of counts) if (c !== counts[0]) throw sizeError()
  return counts[0]
}

/** `[sin, cos](x)`: each function on the same arguments; a matrix is labelled with their names. */
function callFunctions(session: Session, functions: AnyVector, args: readonly (Value | undefined)[]): Value {
  const results = functions.values.map((f) => callFunction(session, f as FunctionValue, [...args]))
  return assembleBy(
    'D',
    besideVectors(results),
    new StringVector(functions.values.map((f) => (f as FunctionValue).name)),
  )
}

/** Scalars among vectors of one length stand in each of their rows: [log, avg](x). */
function besideVectors(results: readonly Value[]): readonly Value[] {
  const first = results.find((r) => r.kind === 'vector')
  if (first?.kind !== 'vector' || !results.some((r) => r.kind === 'scalar')) return results
  const fits = (r: Value): boolean =>
    r.kind === 'scalar'
      ? isNumeric(r.type)
      : r.kind === 'vector' && r.storage === 'fixed' && isNumeric(r.type) && r.length === first.length
  if (!results.every(fits)) return results
  return results.map((r) => (r.kind === 'scalar' ? scalarToVector(r, first.length) : r))
}

const given = (args: readonly Arg[]): Value[] => args.map((a) => a ?? Scalar.NOTHING)

function eachAny(session: Session, args: readonly Arg[], rule: Rule, signature: string): Value {
  const f = args[0]
  const rest = given(args.slice(1))
  if (f instanceof AnyVector && f.values.every((x) => x.kind === 'function')) {
    const results = f.values.map((x) => callFunction(session, x as FunctionValue, rest.slice()))
    return assembleBy(rule, results, new StringVector(f.values.map((x) => (x as FunctionValue).name)))
  }
  return each(session, functionArg(f, signature), rest, rule)
}

for (const [name, other] of [
  ['each', 'peach'],
  ['loop', 'ploop'],
] as const)
  define(`${name}(func, args...)`, {
    doc:
      name === 'each'
        ? 'Calls func with the k-th item of every argument (vector element, matrix column, table row, dictionary value; scalars go to every call) and assembles the results.'
        : 'Like each, but the result is always a tuple.',
    aliases: [other],
    call: (args, session) => eachAny(session, args, name === 'each' ? 'D' : 'U', `${name}(func, args...)`),
  })

function oneSided(side: 'left' | 'right', session: Session, f: FunctionValue, x: Value, y: Value, rule: Rule): Value {
  const walked = side === 'left' ? x : y
  const items = itemsOf(walked)
  if (items === undefined) return callFunction(session, f, [x, y])
  const results: Value[] = []
  for (let k = 0; k < items.count; k++)
    results.push(callFunction(session, f, side === 'left' ? [items.item(k), y] : [x, items.item(k)]))
  return walked.kind === 'dict' ? dictOf(walked, results) : assembleBy(rule, results, items.labels)
}

for (const side of ['left', 'right'] as const) {
  const signature =
    side === 'left'
      ? 'eachLeft(func, X, Y, [assembleRule], [consistent])'
      : 'eachRight(func, X, Y, [assembleRule], [consistent])'
  define(signature, {
    doc:
      side === 'left'
        ? 'func(X[i], Y) for every item of X, assembled.'
        : 'func(X, Y[i]) for every item of Y, assembled.',
    call: ([f, x, y, rule, consistent], session) =>
      oneSided(side, session, functionArg(f, signature), x as Value, y as Value, ruleArg(rule, consistent)),
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// eachPre, eachPost

function eachNeighbour(step: -1 | 1, session: Session, f: FunctionValue, x: Value, edge: Arg, rule: Rule): Value {
  const items = itemsOf(x)
  if (items === undefined || items.count === 0) return x
  const edgeAt = step === -1 ? 0 : items.count - 1
  if (rule === 'D' && isElementwise(f) && x instanceof FixedVector && !isGiven(edge)) {
    const shifted = Int32Array.from({ length: x.length }, (_, k) => (k + step >= x.length ? -1 : k + step))
    const all = callFunction(session, f, [x, x.gather(shifted)])
    if (all instanceof FixedVector) return withNullAt(all, edgeAt)
  }
  const results: Value[] = []
  for (let k = 0; k < items.count; k++) {
    const other = k === edgeAt ? (isGiven(edge) ? edge : undefined) : items.item(k + step)
    results.push(other === undefined ? Scalar.VOID : callFunction(session, f, [items.item(k), other]))
  }
  const like = results[edgeAt === 0 ? 1 : 0]
  if (!isGiven(edge) && like?.kind === 'vector' && like.storage !== 'any')
    results[edgeAt] = newVector(like.type, like.length, 'null')
  return assembleBy(rule, results, items.labels)
}

function withNullAt(v: FixedVector, at: number): FixedVector {
  const keep = Int32Array.from({ length: v.length }, (_, k) => (k === at ? -1 : k))
  return v.gather(keep)
}

for (const [signature, step] of [
  ['eachPre(func, X, [pre], [assembleRule], [consistent])', -1],
  ['eachPost(func, X, [post], [assembleRule], [consistent])', 1],
] as const)
  define(signature, {
    doc:
      step === -1
        ? 'func(X[i], X[i-1]) for every item; the first uses pre, or is null without it.'
        : 'func(X[i], X[i+1]) for every item; the last uses post, or is null without it.',
    call: ([f, x, edge, rule, consistent], session) =>
      eachNeighbour(step, session, functionArg(f, signature), x as Value, edge, ruleArg(rule, consistent)),
  })

// ---------------------------------------------------------------------------------------------------------------------
// cross

function cross(session: Session, f: FunctionValue, x: Value, y: Value): Value {
  const xs = itemsOf(x)
  const ys = itemsOf(y)
  if (xs === undefined || ys === undefined) return each(session, f, [x, y], 'D')
  const rows: Value[][] = []
  for (let i = 0; i < xs.count; i++) {
    const row: Value[] = []
    for (let j = 0; j < ys.count; j++) row.push(callFunction(session, f, [xs.item(i), ys.item(j)]))
    rows.push(row)
  }
  if (rows.length > 0 && rows.every((row) => row.every((v) => v instanceof Scalar))) {
    const columns: Value[] = []
    for (let j = 0; j < ys.count; j++) for (let i = 0; i < xs.count; i++) columns.push(rows[i][j])
    const data = assemble(columns)
    if (data.kind === 'vector' && data.storage !== 'any')
      return new Matrix(data, xs.count, ys.count, xs.labels, ys.labels)
  }
  return new AnyVector(rows.map((row) => new AnyVector(row)))
}

define('cross(func, X, [Y])', {
  doc: 'func(X[i], Y[j]) for all pairs: a matrix with rows X and columns Y when the results are scalars, else a tuple of tuples. Without Y: X with itself.',
  aliases: ['pcross'],
  call: ([f, x, y], session) =>
    cross(session, functionArg(f, 'cross(func, X, [Y])'), x as Value, isGiven(y) ? y : (x as Value)),
})

// ---------------------------------------------------------------------------------------------------------------------
// all, any

/** `any(func, args...)`, `all(func, args...)`: calls func as each does until one result decides. */
export function anyOrAll(session: Session, fn: FunctionValue, args: readonly Value[], wanted: boolean): Scalar {
  const parts = args.map(itemsOf)
  const iterated = parts.filter((p) => p !== undefined)
  const count = iterated.length === 0 ? 1 : checkLengths(iterated.map((p) => p.count))
  for (let k = 0; k < count; k++) {
    const result = callFunction(
      session,
      fn,
      args.map((a, n) => parts[n]?.item(k) ?? a),
    )
    if (decides(result, wanted)) return Scalar.bool(wanted)
  }
  return Scalar.bool(!wanted)
}

/** Whether an element is true (any), or false (all); nulls decide nothing. */
function decides(v: Value, wanted: boolean): boolean {
  if (v instanceof Scalar) return !v.isNull() && (Number(v.value) !== 0) === wanted
  const items = itemsOf(v)
  if (items === undefined) throw inputError('The function of any or all must give a BOOL.', { code: 'usage' })
  for (let k = 0; k < items.count; k++) if (decides(items.item(k), wanted)) return true
  return false
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls

define('call(func, args...)', {
  doc: 'func(args...): a call as a function value, for each over functions.',
  call: (args, session) => callFunction(session, functionArg(args[0], 'call(func, args...)'), args.slice(1)),
})

define('unifiedCall(func, args)', {
  doc: 'Calls func with the elements of a tuple (or vector) as its arguments.',
  call: ([f, args], session) => {
    const items = args === undefined ? undefined : itemsOf(args)
    if (items === undefined) throw usageError('unifiedCall(func, args)', 'args must be a tuple.')
    const list = Array.from({ length: items.count }, (_, k) => items.item(k))
    return callFunction(session, functionArg(f, 'unifiedCall(func, args)'), list)
  },
})

define('nothrowCall(func, args...)', {
  doc: 'func(args...), or NULL instead of an error.',
  aliases: ['pcall', 'nothrow'],
  call: (args, session) => {
    try {
      return callFunction(session, functionArg(args[0], 'nothrowCall(func, args...)'), args.slice(1))
    } catch (error) {
      if ((error as { kind?: string }).kind === 'cancelled') throw error
      return Scalar.VOID
    }
  },
})

define('partial(func, args...)', {
  doc: 'func with its first arguments fixed.',
  call: (args) => new PartialFunction(functionArg(args[0], 'partial(func, args...)'), args.slice(1)),
})

define('withNullFill(func, x, y, fillValue)', {
  doc: 'func(x, y) where a null on one side only counts as fillValue; null where both are null.',
  call: ([f, x, y, fill], session) => {
    const call = (name: string, args: Value[]): Value => {
      const fn = session.registry.get(name)
      if (fn === undefined) throw inputError(`The function or procedure '${name}' is not defined.`, { refId: 'S06004' })
      return callFunction(session, fn, args)
    }
    const [a, b, value] = [x as Value, y as Value, fill as Value]
    const bothNull = call('and', [call('isNull', [a]), call('isNull', [b])])
    const filled = callFunction(session, functionArg(f, 'withNullFill(func, x, y, fillValue)'), [
      call('nullFill', [a, value]),
      call('nullFill', [b, value]),
    ])
    return call('iif', [bothNull, Scalar.VOID, filled])
  },
})

// ---------------------------------------------------------------------------------------------------------------------
// Suffixed functions

setFunctionsCall(callFunctions)

setSuffixedCall((session, fn, args) => {
  const rule = fn.assembleRule as Rule | undefined
  const list = args.map((a) => a ?? Scalar.NOTHING)
  const { name } = fn.higherOrder
  const least = name === 'eachLeft' || name === 'eachRight' || name === 'cross' ? 2 : 1
  if (list.length < least)
    throw inputError(
      `The function [${fn.name}] expects at least ${least} argument(s), but the actual number of arguments is: ${list.length}`,
      { code: 'arity' },
    )
  // `init +:A X` and add:A(init, X): the start comes first; of one argument it is X.
  const [x, start] = list.length > 1 ? [list[1], list[0]] : [list[0], undefined]
  switch (fn.higherOrder.name) {
    case 'each':
      return each(session, fn.target, list, rule ?? 'D')
    case 'loop':
      return each(session, fn.target, list, rule ?? 'U')
    case 'eachLeft':
      return oneSided('left', session, fn.target, list[0], list[1], rule ?? 'D')
    case 'eachRight':
      return oneSided('right', session, fn.target, list[0], list[1], rule ?? 'D')
    case 'eachPre':
      return eachNeighbour(-1, session, fn.target, x, start, rule ?? 'D')
    case 'eachPost':
      return eachNeighbour(1, session, fn.target, x, start, rule ?? 'D')
    case 'cross':
      return cross(session, fn.target, list[0], list[1] ?? list[0])
    case 'reduce':
    case 'accumulate':
      return callFunction(session, fn.higherOrder, [
        fn.target,
        x,
        start,
        rule === undefined ? undefined : Scalar.string(rule),
      ])
    default:
      return callFunction(session, fn.higherOrder, [fn.target, ...list])
  }
})

export const higherOrderBuiltins = entries
