/** The language's own operations as functions: indexing, pairs, sequences, composition. */

import type { LambdaExpr, NameExpr } from '../../lang/ast.ts'
import { SourceText } from '../../lang/source.ts'
import { callFunction } from '../compile/call.ts'
import { eachAt } from '../compile/dynamic.ts'
import { makeFunction } from '../compile/functions.ts'
import type { Host } from '../compile/host.ts'
import { copyOf, freeze } from '../compile/ownership.ts'
import { inputError, usageError } from '../errors.ts'
import { readIndex, tableColumn } from '../indexing/read.ts'
import { writeIndex } from '../indexing/write.ts'
import { topicTable } from '../registry.ts'
import { AnyVector, FixedVector, formName, isIntegral, NamePath, T, type Value } from '../values/index.ts'
import { isGiven, textArg } from './args.ts'

const { entries, define } = topicTable('Language operations')

define('eachAt(X, index)', {
  doc: 'X @ index: indexing where a tuple is a list of indices; with a function, a unary call.',
  call: ([x, index], session) => eachAt(session as Host, x as Value, index as Value),
})

/** Positions of the true elements; an integer repeats its position so many times. */
function truePositions(x: Value): Value {
  // Those of a matrix count column by column.
  const mask = x.kind === 'matrix' ? x.data : x
  if (mask.kind === 'vector' && mask.type === T.BOOL && mask.storage === 'fixed') {
    const data = mask.data
    const out: number[] = []
    for (let k = 0; k < mask.length; k++) if (data[k] === 1) out.push(k)
    return new FixedVector(T.INT, Int32Array.from(out))
  }
  if (mask.kind === 'vector' && isIntegral(mask.type)) {
    const out: number[] = []
    for (let k = 0; k < mask.length; k++) for (let n = Number(mask.raw(k)); n > 0; n--) out.push(k)
    return new FixedVector(T.INT, Int32Array.from(out))
  }
  throw usageError('at(X, [index])', 'With one argument X must be a BOOL or integer vector.')
}

define('at(X, [index])', {
  doc: 'X[index]; a tuple is one index per dimension, or the arguments of a function. at(cond) gives the positions of the true elements; at of integers repeats each position so many times.',
  call: ([x, index], session) => {
    if (!isGiven(index)) return truePositions(x as Value)
    if (x?.kind === 'function' && index instanceof AnyVector) return session.call(x, index.values)
    return readIndex(session, x as Value, index instanceof AnyVector && x?.kind !== 'dict' ? index.values : [index])
  },
})

define('member(X, Y)', {
  doc: 'Column of a table or entry of a dictionary by name: X.Y.',
  call: ([x, name], session) => {
    if (x?.kind === 'table') return tableColumn(x, textArg(name, 'member(X, Y)', 'Y'))
    if (x?.kind === 'dict') return readIndex(session, x, [name])
    if (x?.kind === 'resource' && x.payload instanceof NamePath)
      return x.payload.member(textArg(name, 'member(X, Y)', 'Y'))
    if (x?.kind === 'source')
      throw inputError(`The columns of ${x.source.name} can't be accessed directly.`, {
        refId: 'S02008',
        hint: 'read them with a query: exec column from table where ...',
      })
    throw inputError(`A ${x === undefined ? 'nothing' : formName(x)} has no members.`)
  },
})

define('memberModify!(obj, function, indices, parameters)', {
  doc: 'Changes an element inside a tuple or dictionary in place: obj[i] = function(obj[i], parameters).',
  mutates: true,
  call: ([obj, f, indices, parameters], session) => {
    const target = obj as Value
    if (f?.kind !== 'function')
      throw usageError('memberModify!(obj, function, indices, parameters)', 'function must be a function.')
    const places: Value[] =
      indices?.kind === 'vector' && indices.storage !== 'any'
        ? Array.from({ length: indices.length }, (_, k) => indices.get(k))
        : [indices as Value]
    places.forEach((place, k) => {
      const slots = place instanceof AnyVector ? place.values : [place]
      const element = copyOf(readIndex(session, target, slots))
      const spread = places.length > 1 && parameters?.kind === 'vector' && parameters.length === places.length
      const args: Value[] = isGiven(parameters) ? [spread ? (parameters as AnyVector).get(k) : parameters] : []
      writeIndex(session, target, slots, freeze(callFunction(session, f, [element, ...args])), 'memberModify!')
    })
    return target
  },
})

/** second(first(...)). */
define('compose(first, second)', {
  doc: 'The function second(first(...)).',
  call: ([first, second], session) => {
    const [f, g] = [first as Value, second as Value]
    if (f.kind !== 'function' || g.kind !== 'function')
      throw usageError('compose(first, second)', 'Both arguments must be functions.')
    return composed(session as Host, f, g)
  },
})

const span = { start: 0, end: 0 }
const name = (text: string): NameExpr => ({ kind: 'name', name: text, binding: 'variable', span })

/** A closure over both functions, so that it ships to other threads like any other. */
function composed(host: Host, f: Extract<Value, { kind: 'function' }>, g: Extract<Value, { kind: 'function' }>): Value {
  const params = f.params.map((p) => ({ name: p.name, mutable: false, default: null, span }))
  const argument = (n: string): { name: null; value: NameExpr; alias: null; span: typeof span } => ({
    name: null,
    value: name(n),
    alias: null,
    span,
  })
  const inner = {
    kind: 'call',
    callee: name('first'),
    args: params.map((p) => argument(p.name)),
    juxtaposed: false,
    span,
  } as const
  const node: LambdaExpr = {
    kind: 'lambda',
    params,
    body: {
      kind: 'expression',
      expr: {
        kind: 'call',
        callee: name('second'),
        args: [{ name: null, value: inner, alias: null, span }],
        juxtaposed: false,
        span,
      },
      span,
    },
    aggregate: false,
    captures: ['first', 'second'],
    locals: [],
    span,
  }
  const source = new SourceText(`compose(${f.name}, ${g.name})`)
  return makeFunction(host, { ...node, span: { start: 0, end: source.text.length } }, { source, module: '' }, [f, g])
}

export const languageBuiltins = entries
