/**
 * Partial aggregation: aggregates of a stored table are computed batch by batch into small states, which are merged at the end, so that
 * memory holds one batch and the states of the groups. An aggregate takes part if its states can be merged exactly:
 *
 *   sum sum2 sum3 sum4 prod min max first last firstNot lastNot   merge with themselves
 *   count size count(*)                                          merge by adding
 *   avg mean wavg                                                a sum and a weight
 *   std var stdp varp                                            count, mean and squared deviations (Chan et al.)
 */
import type { Expr } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { aggregate, groupedAggregate } from '../kernels/aggregate.ts'
import { denseCodes, seenCodes } from '../kernels/codes.ts'
import { extremeValue } from '../kernels/extreme-value.ts'
import { Groups } from '../kernels/group-numbers.ts'
import { elementGroups, groupedSumAndCount } from '../kernels/grouped.ts'
import { groupIds } from '../kernels/hash.ts'
import { countAndSum } from '../kernels/moments.ts'
import { vectorFromScalars } from '../ops/assemble.ts'
import { elementsLike } from '../ops/binary.ts'
import { castVector } from '../ops/cast.ts'
import {
  FixedVector,
  isFloating,
  isLiteral,
  isNumeric,
  isTemporal,
  NULL_F64,
  T,
  type Value,
  type Vector,
} from '../values/index.ts'
import { asColumn, stack } from './columns.ts'
import {
  callShape,
  expressionKey,
  functionOf,
  isCountStar,
  kindOfCall,
  levelOf,
  readsColumns,
  some,
  walk,
} from './expressions.ts'
import { counts, type GroupEvaluator } from './groups.ts'
import type { Relation } from './relation.ts'

/** How one aggregate is kept between batches. */
interface Method {
  /** State vectors of a batch, one element a group. */
  readonly states: (args: readonly Value[], groups: Groups) => Vector[]
  /** States of several batches as one; groups tell which rows belong together. */
  readonly merge: (states: readonly Vector[], groups: Groups) => Vector[]
  readonly finish: (states: readonly Vector[]) => Vector
}

function by(name: string, v: Vector, groups: Groups): Vector {
  return (groups instanceof OneGroup ? ofWhole(name, v) : undefined) ?? groupedAggregate(name, v, groups)!
}

/** Loops over a column as a whole are faster than those that look up the group of each row, with the same result. */
function ofWhole(name: string, v: Vector): Vector | undefined {
  if (v.storage !== 'fixed') return undefined
  if (name === 'min' || name === 'max')
    return v.data instanceof Float64Array ? scalarVector(name, v) : extremeValue(name, v)
  if (name === 'count' || (name === 'sum' && isNumeric(v.type))) return scalarVector(name, v)
  return undefined
}

function scalarVector(name: string, v: FixedVector): Vector | undefined {
  const value = aggregate(name, v)
  return value.kind === 'scalar' ? vectorFromScalars(value.type, [value], v.scale) : undefined
}

function sumAndCount(v: Vector, groups: Groups): Vector[] {
  const both = groups instanceof OneGroup ? wholeSumAndCount(v) : groupedSumAndCount(v, groups)
  return both ?? [by('sum', v, groups), by('count', v, groups)]
}

/** One pass where the sum is real. */
function wholeSumAndCount(v: Vector): Vector[] | undefined {
  if (v.storage !== 'fixed' || !isNumeric(v.type) || !isFloating(v.type)) return undefined
  const { count, sum } = countAndSum(v.data, 0, v.length)
  return [
    new FixedVector(T.DOUBLE, Float64Array.of(count > 0 && Number.isFinite(sum) ? sum : NULL_F64)),
    new FixedVector(T.INT, Int32Array.of(count)),
  ]
}

let zeros = new Int32Array(0)

/** All rows as one group. The numbers of the rows' groups are never written: all batches share them. */
class OneGroup extends Groups {
  constructor(rows: number) {
    if (zeros.length < rows) zeros = new Int32Array(Math.max(rows, 2 * zeros.length))
    super(zeros.subarray(0, rows), 1, new Int32Array(1), Int32Array.of(rows))
  }
}

const column = (v: Value, groups: Groups): Vector => asColumn(v, groups.rows)!

/** Merges with the function `merge` (by default itself). */
const self = (name: string, merge = name): Method => ({
  states: (args, groups) => [by(name, column(args[0], groups), groups)],
  merge: (states, groups) => [by(merge, states[0], groups)],
  finish: (states) => states[0],
})

/** Sums of counts are LONG; a count is INT as long as it fits. */
const asCount = (v: Vector): Vector => {
  if (v.type !== T.LONG) return v
  for (let k = 0; k < v.length; k++) if ((v.raw(k) as bigint) > 2147483647n) return v
  return castVector(v, T.INT)
}

const counting = (states: Method['states']): Method => ({
  states,
  merge: (s, groups) => [by('sum', s[0], groups)],
  finish: (s) => asCount(s[0]),
})

const doublesOf = (v: Vector): Float64Array => (castVector(v, T.DOUBLE) as FixedVector).view() as Float64Array

/** a / b where b is positive, else null. */
function ratio(a: Vector, b: Vector): Vector {
  const x = doublesOf(a)
  const y = doublesOf(b)
  const out = new Float64Array(x.length)
  for (let k = 0; k < out.length; k++) {
    const value = x[k] / y[k]
    out[k] = x[k] === NULL_F64 || y[k] === NULL_F64 || !Number.isFinite(value) ? NULL_F64 : value
  }
  return new FixedVector(T.DOUBLE, out)
}

const AVERAGE: Method = {
  states: (args, groups) => {
    const v = column(args[0], groups)
    // What has no mean fails under the name that the query calls.
    if (isTemporal(v.type) || isLiteral(v.type)) by('avg', v, groups)
    return sumAndCount(v, groups)
  },
  merge: (s, groups) => [by('sum', s[0], groups), by('sum', s[1], groups)],
  finish: (s) => ratio(s[0], s[1]),
}

/** States of wavg and wsum: sum of products, sum of weights over the rows (elements of array vectors) where both are valid. */
function weightedStates(args: readonly Value[], groups: Groups): Vector[] {
  const columns = args.map((a) => column(a, groups))
  const rows = columns.find((c) => c.storage === 'array')
  if (rows !== undefined) {
    const elements = columns.map((c) => elementsLike(rows, c, 'wavg'))
    return weightedStates(elements, elementGroups(rows, groups))
  }
  const [x, w] = columns.map(doublesOf)
  const products = new Float64Array(x.length)
  const weights = new Float64Array(x.length)
  for (let k = 0; k < x.length; k++) {
    const valid = x[k] !== NULL_F64 && w[k] !== NULL_F64
    products[k] = valid ? x[k] * w[k] : NULL_F64
    weights[k] = valid ? w[k] : NULL_F64
  }
  return [products, weights].map((v) => by('sum', new FixedVector(T.DOUBLE, v), groups))
}

const WEIGHTED: Method = {
  states: weightedStates,
  merge: (s, groups) => s.map((v) => by('sum', v, groups)),
  finish: (s) => ratio(s[0], s[1]),
}

/** `degrees` 1: sample, 0: population. */
const spread = (degrees: 0 | 1, root: boolean): Method => ({
  states: (args, groups) => {
    const v = column(args[0], groups)
    if (isTemporal(v.type) || isLiteral(v.type)) by(`${root ? 'std' : 'var'}${degrees === 1 ? '' : 'p'}`, v, groups)
    const n = by('count', v, groups)
    const variance = doublesOf(by('varp', v, groups))
    const size = doublesOf(n)
    const squares = new Float64Array(size.length)
    for (let g = 0; g < size.length; g++) squares[g] = size[g] === 0 ? 0 : variance[g] * size[g]
    return [n, by('avg', v, groups), new FixedVector(T.DOUBLE, squares)]
  },
  merge: mergeSpread,
  finish: (states) => {
    const n = doublesOf(states[0])
    const squares = doublesOf(states[2])
    const out = new Float64Array(n.length)
    for (let g = 0; g < out.length; g++) {
      const variance = squares[g] / (n[g] - degrees)
      out[g] = n[g] > degrees ? (root ? Math.sqrt(variance) : variance) : NULL_F64
    }
    return new FixedVector(T.DOUBLE, out)
  },
})

function mergeSpread(states: readonly Vector[], groups: Groups): Vector[] {
  const [n, mean, squares] = states.map(doublesOf)
  const total = new Float64Array(groups.count)
  const center = new Float64Array(groups.count)
  const out = new Float64Array(groups.count)
  const { ids } = groups
  for (let k = 0; k < ids.length; k++) {
    if (n[k] === 0) continue
    const g = ids[k]
    const both = total[g] + n[k]
    const delta = mean[k] - center[g]
    out[g] += squares[k] + (delta * delta * total[g] * n[k]) / both
    center[g] += (delta * n[k]) / both
    total[g] = both
  }
  for (let g = 0; g < groups.count; g++) if (total[g] === 0) center[g] = NULL_F64
  return [total, center, out].map((v) => new FixedVector(T.DOUBLE, v))
}

const METHODS: Readonly<Record<string, Method | undefined>> = {
  sum: self('sum'),
  sum2: self('sum2', 'sum'),
  sum3: self('sum3', 'sum'),
  sum4: self('sum4', 'sum'),
  prod: self('prod'),
  min: self('min'),
  max: self('max'),
  first: self('first'),
  last: self('last'),
  firstNot: self('firstNot'),
  lastNot: self('lastNot'),
  count: counting((args, groups) => [by('count', column(args[0], groups), groups)]),
  size: counting((_args, groups) => [counts(groups)]),
  avg: AVERAGE,
  mean: AVERAGE,
  wavg: WEIGHTED,
  wsum: { ...WEIGHTED, finish: (s) => s[0] },
  std: spread(1, true),
  var: spread(1, false),
  stdp: spread(0, true),
  varp: spread(0, false),
}

const COUNT_ROWS = METHODS['size']!

/** One aggregate call of the statement. */
export interface PartialAggregate {
  readonly key: string
  readonly args: readonly Expr[]
  readonly method: Method
}

/** The aggregate calls of the expressions, or undefined if one of them can't be merged from partial states. */
export function partialAggregates(
  exprs: readonly Expr[],
  planner: GroupEvaluator,
  scope: SqlScope,
): PartialAggregate[] | undefined {
  const found = new Map<string, PartialAggregate>()
  const { resolver } = planner.rows
  for (const expr of exprs) {
    const level = levelOf(expr, resolver, scope, (e) => planner.keyOf(e) >= 0)
    if (level !== 'aggregate' && level !== 'const') return undefined
    let possible = true
    walk(expr, (e) => {
      if (planner.keyOf(e) >= 0) return false
      // A sub-select that may read a key needs the groups, with their columns.
      if (e.kind === 'sql') {
        if (readsColumns(e, resolver) || some(e, (x) => planner.keyOf(x) >= 0)) possible = false
        return false
      }
      if (isCountStar(e)) {
        found.set(expressionKey(e), { key: expressionKey(e), args: [], method: COUNT_ROWS })
        return false
      }
      const shape = callShape(e)
      if (shape === undefined || !readsColumns(e, resolver)) return true
      const fn = functionOf(shape.callee, scope)
      if (kindOfCall(shape, scope) !== 'aggregate') return true
      const args = shape.args.map((a) => (a.name === null ? a.value : null))
      const method = fn?.variant === 'builtin' ? METHODS[fn.builtin.name] : undefined
      const expected = method === WEIGHTED || method === METHODS['wsum'] ? 2 : 1
      const mergeable =
        method !== undefined &&
        args.length === expected &&
        args.every((a) => a !== null && ['row', 'const'].includes(levelOf(a, resolver, scope)))
      if (!mergeable) possible = false
      else found.set(expressionKey(e), { key: expressionKey(e), args: args as Expr[], method: method! })
      return false
    })
    if (!possible) return undefined
  }
  return [...found.values()]
}

/** Groups with their keys and states. */
interface States {
  readonly keys: readonly Vector[]
  readonly states: readonly (readonly Vector[])[]
  readonly rows: number
}

// States of this many groups are merged before more are added.
const MERGE_ROWS = 1 << 18

/** Collects the states of batches. Groups come out in no certain order. */
export class PartialStates {
  readonly #aggregates: readonly PartialAggregate[]
  readonly #keyCount: number
  #pieces: States[] = []
  #pending = 0

  constructor(aggregates: readonly PartialAggregate[], keyCount: number) {
    this.#aggregates = aggregates
    this.#keyCount = keyCount
  }

  /** `rows` of a batch with its keys evaluated; `value` gives an expression once a row. */
  add(rows: Relation, keys: readonly Vector[], value: (expr: Expr) => Value): void {
    const groups = this.#groups(keys, rows.rows)
    this.#pieces.push({
      keys: keys.map((k) => k.gather(groups.firstRows)),
      states: this.#aggregates.map((a) => a.method.states(a.args.map(value), groups)),
      rows: groups.count,
    })
    this.#pending += groups.count
    if (this.#pending > MERGE_ROWS && this.#pieces.length > 1) this.#merge()
  }

  /** Without keys there is one group, even without rows. */
  #groups(keys: readonly Vector[], rows: number): Groups {
    if (this.#keyCount === 0) return new OneGroup(rows)
    if (rows === 0) return new Groups(new Int32Array(0), 0, new Int32Array(0))
    const codes = keys.length === 1 ? denseCodes(keys[0]) : undefined
    if (codes !== undefined) return Groups.ofCodes(codes, seenCodes(codes))
    const found = groupIds(keys)
    return new Groups(found.ids, found.count, found.firstRows)
  }

  #merge(): void {
    if (this.#pieces.length < 2) return
    const pieces = this.#pieces
    const keys = pieces[0].keys.map((_, k) => stack(pieces.map((p) => p.keys[k])))
    const total = pieces.reduce((n, p) => n + p.rows, 0)
    const groups = this.#groups(keys, total)
    const states = this.#aggregates.map((a, i) => {
      const stacked = pieces[0].states[i].map((_, s) => stack(pieces.map((p) => p.states[i][s])))
      return a.method.merge(stacked, groups)
    })
    const merged = { keys: keys.map((k) => k.gather(groups.firstRows)), states, rows: groups.count }
    this.#pieces = [merged]
    this.#pending = 0
  }

  /** Keys and finished aggregates (by expression key), one element a group. */
  finish(): { readonly keys: readonly Vector[]; readonly values: ReadonlyMap<string, Vector>; readonly count: number } {
    this.#merge()
    const last = this.#pieces[0]
    return {
      keys: last.keys,
      values: new Map(this.#aggregates.map((a, i) => [a.key, a.method.finish(last.states[i])])),
      count: last.rows,
    }
  }
}
