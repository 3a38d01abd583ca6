/** Elements in relation to those before and after them: first hits, runs of equal elements (states), sessions, moving memberships, filters by key. */
import { inputError, operatorError, usageError } from '../errors.ts'
import { groupIds, rowsByGroup } from '../kernels/hash.ts'
import { between, binaryOp, inOp } from '../ops/binary.ts'
import { castScalar, castVector, scalarToVector } from '../ops/cast.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { topicTable } from '../registry.ts'
import { formName } from '../values/form-name.ts'
import { Dict, keyOf } from '../values/forms.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isIntegral, isTemporal, T } from '../values/types.ts'
import { AnyVector, FixedVector, type Vector } from '../values/vector.ts'
import { type Arg, intArg, required, sizeError, vectorArg } from './args.ts'
import { aggregateOver, asVector, vectorOver } from './shapes.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const stateBuiltins = entries

const HITS = ['gt', 'ge', 'lt', 'le', 'eq', 'ne']

for (const [name, what] of [
  ['firstHit', 'first element of X that is not null and for which `X func target` holds, null if there is none'],
  [
    'ifirstHit',
    'position of the first element of X that is not null and for which `X func target` holds, -1 if there is none',
  ],
] as const) {
  const signature = `${name}(func, X, target)`
  define(signature, {
    doc: `The ${what}. func: one of the operators > >= < <= == !=. Matrices column by column.`,
    call: ([func, x, target], session) => {
      if (func?.kind !== 'function' || !HITS.includes(func.name))
        throw usageError(signature, 'func must be one of the operators >, >=, <, <=, ==, !=.')
      const wanted = required(target, signature, 'target')
      return aggregateOver(name, required(x, signature, 'X'), (v) => {
        const at = firstTrue(session.call(func, [v, wanted]), v)
        return name === 'firstHit' ? v.gather(Int32Array.of(at)).get(0) : Scalar.int(at)
      })
    },
  })
}

function firstTrue(flags: Value, v: Vector): number {
  if (flags.kind !== 'vector' || flags.storage !== 'fixed') return -1
  for (let k = 0; k < v.length; k++) if (flags.data[k] === 1 && !v.isNullAt(k)) return k
  return -1
}

/** Positions of the first valid element behind the run that each element belongs to; nulls belong to no run. */
function nextStates(v: Vector): Int32Array {
  const out = new Int32Array(v.length).fill(-1)
  let valid = -1
  for (let k = v.length - 1; k >= 0; k--) {
    const next = k + 1
    const sameRun = next < v.length && !v.isNullAt(k) && !v.isNullAt(next) && v.raw(k) === v.raw(next)
    out[k] = sameRun ? out[next] : valid
    if (!v.isNullAt(k)) valid = k
  }
  return out
}

function previousStates(v: Vector): Int32Array {
  const out = new Int32Array(v.length).fill(-1)
  let valid = -1
  for (let k = 0; k < v.length; k++) {
    const sameRun = k > 0 && !v.isNullAt(k) && !v.isNullAt(k - 1) && v.raw(k) === v.raw(k - 1)
    out[k] = sameRun ? out[k - 1] : valid
    if (!v.isNullAt(k)) valid = k
  }
  return out
}

for (const [name, side, find] of [
  ['nextState', 'after', nextStates],
  ['prevState', 'before', previousStates],
] as const)
  define(`${name}(X)`, {
    kind: 'vector',
    doc: `Equal neighbours are one state; nulls have none. For each element the state ${side} its own (for a null the nearest one ${side} it), in the type of X; null where there is none. Matrices column by column.`,
    call: ([x]) => vectorOver(name, required(x, `${name}(X)`, 'X'), (v) => v.gather(find(v))),
  })

const SUMBARS = 'sumbars(X, Y)'
define(SUMBARS, {
  kind: 'vector',
  doc: 'For each element the number of elements, counted back from it and including it, whose sum reaches Y (a number); 0 where even all of them do not. Nulls count as 0. INT; matrices, tables and dictionaries column by column.',
  call: ([x, y]) => {
    const goal = y?.kind === 'scalar' && !y.isNull() ? toDoubles('sumbars', scalarToVector(y, 1))[0] : Number.NaN
    if (Number.isNaN(goal)) throw usageError(SUMBARS, 'Y must be a number.')
    return vectorOver(
      'sumbars',
      required(x, SUMBARS, 'X'),
      (v) => new FixedVector(T.INT, barsTo(toDoubles('sumbars', v), goal)),
    )
  },
})

/**
 * The latest start whose sum up to k reaches the goal: sums before a start that is followed by a smaller or equal one are never the latest, so that what is
 * left ascends and is found by halving.
 */
function barsTo(x: Float64Array, goal: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(x.length)
  const starts = new Int32Array(x.length + 1)
  const before = new Float64Array(x.length + 1)
  let size = 0
  let sum = 0
  for (let k = 0; k < x.length; k++) {
    while (size > 0 && before[size - 1] >= sum) size--
    starts[size] = k
    before[size++] = sum
    sum += Number.isNaN(x[k]) ? 0 : x[k]
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >> 1
      if (sum - before[middle] >= goal) low = middle + 1
      else high = middle
    }
    out[k] = low === 0 ? 0 : k - starts[low - 1] + 1
  }
  return out
}

const SESSIONS = 'sessionWindow(X, sessionGap)'
define(SESSIONS, {
  kind: 'vector',
  doc: 'The session each element belongs to, named after its first element: a session goes on while an element is less than sessionGap (a positive integer in the unit of X) after the one before. Nulls and elements out of order belong to the session that is open; nulls before the first session are null. X is integral or temporal.',
  call: ([x, gap]) => {
    const v = vectorArg(x, SESSIONS, 'X')
    if (!isIntegral(v.type) && !isTemporal(v.type))
      throw usageError(SESSIONS, 'X must be an integral or temporal vector.')
    const width = intArg(gap, SESSIONS, 'sessionGap')
    if (width < 1) throw usageError(SESSIONS, 'sessionGap must be a positive integer.')
    const times = toDoubles('sessionWindow', v)
    const first = new Int32Array(v.length).fill(-1)
    let open = -1
    let last = 0
    for (let k = 0; k < times.length; k++) {
      if (!Number.isNaN(times[k]) && (open < 0 || times[k] >= last)) {
        if (open < 0 || times[k] - last >= width) open = k
        last = times[k]
      }
      first[k] = open
    }
    return v.gather(first)
  },
})

const FILTER = 'conditionalFilter(X, condition, filterMap)'
define(FILTER, {
  doc: 'true where the element of condition is a key of filterMap and the element of X at that place is among the values of the key: equal to a scalar, an element of a vector, or within a pair (ends included). BOOL; X and condition are scalars or vectors of one length.',
  call: ([x, condition, map]) => {
    const value = required(x, FILTER, 'X')
    const keys = required(condition, FILTER, 'condition')
    if (!(map instanceof Dict)) throw usageError(FILTER, 'filterMap must be a dictionary.')
    if (value.kind === 'scalar' && keys.kind === 'scalar')
      return filtered(scalarToVector(value, 1), scalarToVector(keys, 1), map).get(0)
    const wide = (v: Value, length: number): Vector | undefined =>
      v.kind === 'scalar' ? scalarToVector(v, length) : v.kind === 'vector' ? asVector(v) : undefined
    const length = value.kind === 'vector' ? value.length : keys.kind === 'vector' ? keys.length : 0
    const a = wide(value, length)
    const b = wide(keys, length)
    if (a === undefined || b === undefined) throw usageError(FILTER, 'X and condition must be scalars or vectors.')
    if (a.length !== b.length) throw sizeError()
    return filtered(a, b, map)
  },
})

function filtered(x: Vector, condition: Vector, map: Dict): FixedVector {
  const out = new Int8Array(x.length)
  const { ids, firstRows } = groupIds([condition])
  const { order, starts } = rowsByGroup(ids, firstRows.length)
  const keyType = map.keyType === T.SYMBOL ? T.STRING : map.keyType
  for (let g = 0; g < firstRows.length; g++) {
    const values = map.entries.get(keyOf(castScalar(condition.get(firstRows[g]) as Scalar, keyType)))
    if (values === undefined) continue
    const rows = order.subarray(starts[g], starts[g + 1])
    const found = values.kind === 'pair' ? between(x.gather(rows), values) : inOp(x.gather(rows), values)
    const flags = (found as FixedVector).data
    for (let k = 0; k < rows.length; k++) out[rows[k]] = flags[k] as number
  }
  return new FixedVector(T.BOOL, out)
}

// Memberships that change.

const CUMSUMS = 'dynamicGroupCumsum(cumValue, prevCumValue, membership, prevMembership, groupCount)'
define(CUMSUMS, {
  kind: 'vector',
  doc: 'Running totals of groupCount (2 to 8) groups whose members move: where membership differs from prevMembership, cumValue is added to the total of the new group and prevCumValue taken from that of the old one (nothing is taken where prevMembership is null). A tuple with one vector for each group, LONG for integral values and DOUBLE otherwise. Memberships are integers from 0 to groupCount - 1.',
  call: ([value, before, now, then, count]) => {
    const totals = vectorArg(value, CUMSUMS, 'cumValue')
    const old = vectorArg(before, CUMSUMS, 'prevCumValue')
    if (totals.length !== old.length) throw sizeError()
    const moved = moves(
      CUMSUMS,
      now,
      then,
      count,
      toDoubles('dynamicGroupCumsum', totals),
      toDoubles('dynamicGroupCumsum', old),
    )
    const type = isIntegral(totals.type) ? T.LONG : T.DOUBLE
    return new AnyVector(moved.map((v) => castVector(fromDoubles(v), type)))
  },
})
const CUMCOUNTS = 'dynamicGroupCumcount(membership, prevMembership, groupCount)'
define(CUMCOUNTS, {
  kind: 'vector',
  doc: 'Running counts of groupCount (2 to 8) groups whose members move: where membership differs from prevMembership, the new group gains one and the old one loses one (none where prevMembership is null). A tuple with one INT vector for each group.',
  call: ([now, then, count]) => {
    const length = vectorArg(now, CUMCOUNTS, 'membership').length
    const ones = new Float64Array(length).fill(1)
    return new AnyVector(moves(CUMCOUNTS, now, then, count, ones, ones).map((v) => castVector(fromDoubles(v), T.INT)))
  },
})

function moves(
  usage: string,
  now: Arg,
  then: Arg,
  count: Arg,
  gain: Float64Array,
  loss: Float64Array,
): Float64Array<ArrayBuffer>[] {
  const groups = intArg(count, usage, 'groupCount')
  if (groups < 2 || groups > 8) throw usageError(usage, 'groupCount must be an integer from 2 to 8.')
  const to = membership(usage, now, 'membership', groups)
  const from = membership(usage, then, 'prevMembership', groups)
  if (to.length !== gain.length || from.length !== gain.length) throw sizeError()
  const out = Array.from({ length: groups }, () => new Float64Array(gain.length))
  const totals = new Float64Array(groups)
  for (let k = 0; k < gain.length; k++) {
    if (!Number.isNaN(to[k]) && to[k] !== from[k]) {
      totals[to[k]] += Number.isNaN(gain[k]) ? 0 : gain[k]
      if (!Number.isNaN(from[k])) totals[from[k]] -= Number.isNaN(loss[k]) ? 0 : loss[k]
    }
    for (let g = 0; g < groups; g++) out[g][k] = totals[g]
  }
  return out
}

function membership(usage: string, v: Arg, name: string, groups: number): Float64Array {
  const vector = vectorArg(v, usage, name)
  if (!isIntegral(vector.type)) throw usageError(usage, `${name} must be an integral vector.`)
  const out = toDoubles(usage, vector)
  for (const g of out)
    if (g < 0 || g >= groups) throw inputError(`Usage: ${usage}. ${name} must lie between 0 and groupCount - 1.`)
  return out
}

// Products of decimals.

const DECIMALS = 'decimalMultiply(X, Y, scale)'
define(DECIMALS, {
  doc: 'X * Y, one of them a DECIMAL, with `scale` digits after the point, further ones cut off. The scale counts only where it lies between the smaller scale of two decimals and the sum of both, or is that of the only decimal; otherwise, and with a floating number, the result is that of X * Y.',
  call: ([x, y, scale]) => {
    const a = required(x, DECIMALS, 'X')
    const b = required(y, DECIMALS, 'Y')
    const wanted = intArg(scale, DECIMALS, 'scale')
    const scales = [a, b].map(scaleOf)
    if (scales.every((s) => s === undefined)) throw usageError(DECIMALS, 'X or Y must be a DECIMAL.')
    const product = binaryOp('mul', a, b)
    const given = scales.filter((s) => s !== undefined)
    const applies =
      given.length === 2 ? wanted >= Math.min(...given) && wanted <= given[0] + given[1] : wanted === given[0]
    const full = scaleOf(product)
    if (!applies || full === undefined || full === wanted) return product
    return cutTo(product as Scalar | Vector, full, wanted)
  },
})

function scaleOf(v: Value): number | undefined {
  if (v.kind !== 'scalar' && v.kind !== 'vector')
    throw operatorError(`The function decimalMultiply does not support a ${formName(v)}.`)
  return v.type >= T.DECIMAL32 && v.type <= T.DECIMAL128 && 'scale' in v ? v.scale : undefined
}

/** Decimals with fewer digits, cut towards zero. */
function cutTo(v: Scalar | Vector, from: number, to: number): Value {
  const divisor = 10n ** BigInt(from - to)
  const cut = (raw: number | bigint): number | bigint => {
    const out = BigInt(raw) / divisor
    return typeof raw === 'number' ? Number(out) : out
  }
  if (v.kind === 'scalar')
    return v.isNull() ? Scalar.nullOf(v.type, to) : new Scalar(v.type, cut(v.value as number | bigint), to)
  const elements = Array.from({ length: v.length }, (_, k) => cutTo(v.get(k) as Scalar, from, to) as Scalar)
  return elements.length === 0 ? castVector(v, v.type, to) : (asVector(new AnyVector(elements)) as Vector)
}
