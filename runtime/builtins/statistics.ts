/** Rank correlations, mutual information, tails and quantile bins, sums over what is valid on both sides. */
import { inputError, usageError } from '../errors.ts'
import { AGGREGATES } from '../kernels/aggregate.ts'
import { groupIds } from '../kernels/hash.ts'
import { quantileOf } from '../kernels/quantile.ts'
import { sortIndices } from '../kernels/sort.ts'
import { findMinimum } from '../kernels/statistics/brent.ts'
import { kendallTau, spearman } from '../kernels/statistics/rank-correlation.ts'
import { fromDoubles, toDoubles } from '../ops/doubles.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isDecimal, isFloating, isNumeric, NULL_I32, T } from '../values/types.ts'
import { AnyVector, FixedVector, newVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, numberArg, required, textArg, vectorArg } from './args.ts'
import { overwrite } from './nulls.ts'
import { aggregateOver, asVector, isNumericColumn, pairwise } from './shapes.ts'

const { entries, define } = topicTable('Aggregates and statistics')
export const statisticsBuiltins: readonly Builtin[] = entries

const realOrNull = (x: number): Scalar => (Number.isFinite(x) ? Scalar.double(x) : Scalar.nullOf(T.DOUBLE))

/** The positions where neither side is null. */
function bothValid(name: string, a: Vector, b: Vector): [Float64Array, Float64Array] {
  const x = toDoubles(name, a)
  const y = toDoubles(name, b)
  const keep: number[] = []
  for (let k = 0; k < x.length; k++) if (!Number.isNaN(x[k]) && !Number.isNaN(y[k])) keep.push(k)
  return [Float64Array.from(keep, (k) => x[k]), Float64Array.from(keep, (k) => y[k])]
}

/** Numeric columns of a table only. */
const numericOnly = (x: Value): Value => {
  if (x.kind !== 'table') return x
  const kept = x.columns.flatMap((c, k) => (isNumericColumn(c) ? [k] : []))
  return new Table(
    kept.map((k) => x.names[k]),
    kept.map((k) => x.columns[k]),
  )
}

for (const [name, f, doc] of [
  [
    'spearmanr',
    spearman,
    "Spearman's rank correlation: the correlation of the ranks, equal values getting the mean of theirs.",
  ],
  ['kendall', kendallTau, "Kendall's rank correlation tau-b, which allows for equal values (Knight's algorithm)."],
] as const)
  define(`${name}(X, Y)`, {
    kind: 'aggregate',
    doc: `${doc} DOUBLE; positions where either side is null are left out; a constant side gives null. Matrices and tables work column by column; table columns that are no numbers give null.`,
    call: ([x, y]) => {
      const usage = `${name}(X, Y)`
      const ofTable = x?.kind === 'table' || y?.kind === 'table'
      return pairwise(name, required(x, usage, 'X'), required(y, usage, 'Y'), (a, b) =>
        ofTable && !(isNumericColumn(a) && isNumericColumn(b))
          ? Scalar.nullOf(T.DOUBLE)
          : realOrNull(f(...bothValid(name, a, b))),
      )
    },
  })

/** Numbers of groups, every null a group of its own. */
function labels(v: Vector): { ids: Int32Array; sizes: Int32Array } {
  const { ids, count } = groupIds([v])
  const own = new Int32Array(v.length)
  let next = count
  for (let k = 0; k < v.length; k++) own[k] = v.isNullAt(k) ? next++ : ids[k]
  const sizes = new Int32Array(next)
  for (const id of own) sizes[id]++
  return { ids: own, sizes }
}

function mutualInformation(a: Vector, b: Vector): number {
  const n = a.length
  const x = labels(a)
  const y = labels(b)
  const joint = new Map<number, number>()
  for (let k = 0; k < n; k++) {
    const key = x.ids[k] * y.sizes.length + y.ids[k]
    joint.set(key, (joint.get(key) ?? 0) + 1)
  }
  let sum = 0
  for (const [key, count] of joint) {
    const i = Math.floor(key / y.sizes.length)
    const j = key % y.sizes.length
    sum += (count / n) * Math.log((n * count) / (x.sizes[i] * y.sizes[j]))
  }
  // Of independent sides rounding may leave a hair less than 0.
  return Math.max(0, sum)
}

define('mutualInfo(X, Y)', {
  kind: 'aggregate',
  aliases: ['infoGain'],
  doc: 'Mutual information of X and Y in natural units: sum of p(x,y) * log(p(x,y) / (p(x) * p(y))) over their distinct values, DOUBLE. Integral, temporal or text; every null is a value of its own (as in the sample of the documentation). Of matrices column by column.',
  call: ([x, y]) => {
    const usage = 'mutualInfo(X, Y)'
    return pairwise('mutualInfo', required(x, usage, 'X'), required(y, usage, 'Y'), (a, b) => {
      if (isFloating(a.type) || isFloating(b.type))
        throw usageError(usage, 'X and Y must be of integral, temporal or text types.')
      return realOrNull(mutualInformation(a, b))
    })
  },
})

// Both sides valid.

for (const [name, what, compute] of [
  ['contextCount', 'The number of positions', (x: Vector) => Scalar.int(x.length)],
  ['contextSum', 'The sum of X over the positions', (x: Vector) => AGGREGATES.sum.compute(x, 0, x.length)],
  [
    'contextSum2',
    'The sum of the squares of X over the positions',
    (x: Vector) => AGGREGATES.sum2.compute(x, 0, x.length),
  ],
] as const)
  define(`${name}(X, Y)`, {
    kind: 'aggregate',
    doc: `${what} where neither X nor Y is null${name === 'contextSum' ? ': LONG for integers, else DOUBLE; null if there are none' : name === 'contextSum2' ? ', DOUBLE; null if there are none' : ', INT'}. Matrices and the numeric columns of tables work column by column.`,
    call: ([x, y]) => {
      const usage = `${name}(X, Y)`
      return pairwise(name, numericOnly(required(x, usage, 'X')), numericOnly(required(y, usage, 'Y')), (a, b) => {
        const keep = Int32Array.from({ length: a.length }, (_, k) => k).filter((k) => !a.isNullAt(k) && !b.isNullAt(k))
        if (name !== 'contextCount' && !isNumeric(a.type) && !isDecimal(a.type))
          throw usageError(usage, 'X must be numeric.')
        return compute(a.gather(keep))
      })
    },
  })

// Tails.

function pairOf<R>(v: Arg, one: (e: Value | undefined) => R, usage: string, name: string): [R, R] {
  if (v?.kind === 'vector' || v?.kind === 'pair') {
    const two = asVector(v)
    if (two === undefined || two.length !== 2) throw usageError(usage, `${name} must be a scalar or have two elements.`)
    return [one(two.get(0)), one(two.get(1))]
  }
  return [one(v), one(v)]
}

const POLICIES = ['upper', 'lower', 'raise', 'omit']

/** Positions that replace the elements: those of the tails become the outermost elements that stay. */
function winsorized(v: Vector, args: readonly Arg[], usage: string): Int32Array {
  const [, limit, inclusive, nanPolicy] = args
  const [low, high] = pairOf(
    required(limit, usage, 'limit'),
    (e) => (e?.kind === 'scalar' && e.isNull() ? 0 : numberArg(e, usage, 'limit')),
    usage,
    'limit',
  )
  if (!(low >= 0 && high >= 0 && low + high <= 1))
    throw usageError(usage, 'limit must be between 0 and 1, and both together at most 1.')
  const [cutLow, cutHigh] = pairOf(inclusive, (e) => boolArg(e, usage, 'inclusive', true), usage, 'inclusive')
  const policy = textArg(nanPolicy, usage, 'nanPolicy', 'upper')
  if (!POLICIES.includes(policy)) throw usageError(usage, `nanPolicy must be one of ${POLICIES.join(', ')}.`)
  const out = Int32Array.from({ length: v.length }, (_, k) => k)
  const nulls = out.filter((k) => v.isNullAt(k))
  if (policy === 'raise' && nulls.length > 0) throw inputError(`Usage: ${usage}. X contains NULL values.`)
  const sorted = sortIndices([v], [true]).filter((k) => !v.isNullAt(k))
  const order = Int32Array.from(
    policy === 'omit' ? sorted : policy === 'lower' ? [...nulls, ...sorted] : [...sorted, ...nulls],
  )
  const n = order.length
  if (n === 0) return out
  const cut = (part: number, truncate: boolean): number => (truncate ? Math.trunc(part * n) : Math.round(part * n))
  const from = cut(low, cutLow)
  const to = n - cut(high, cutHigh)
  if (from >= to) throw usageError(usage, 'limit leaves no element.')
  for (let k = 0; k < from; k++) out[order[k]] = order[from]
  for (let k = to; k < n; k++) out[order[k]] = order[to - 1]
  return out
}

for (const bang of ['', '!']) {
  const usage = `winsorize${bang}(X, limit, [inclusive=true], [nanPolicy='upper'])`
  define(usage, {
    kind: bang === '' ? 'vector' : 'general',
    mutates: bang === '!',
    doc: `The ${bang === '' ? 'vector X' : 'vector X, changed in place,'} with its tails replaced by the outermost elements that stay: of n elements n * limit (one number, or one for each end) at both ends, truncated, or rounded where inclusive is false. nanPolicy says where nulls stand: 'upper' above all others, 'lower' below, 'omit' not counted and kept, 'raise' an error. The type of X is kept.`,
    call: (args) => {
      const v = vectorArg(args[0], usage, 'X')
      if (!isNumeric(v.type) && !isDecimal(v.type)) throw usageError(usage, 'X must be a numeric vector.')
      const result = v.gather(winsorized(v, args, usage))
      return bang === '' ? result : overwrite(v, result)
    },
  })
}

// Box-Cox.

const boxcoxOf = (x: number, lambda: number): number =>
  Math.abs(lambda) < 1e-300 ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda

/** Log likelihood of lambda, without constants. */
function boxcoxLikelihood(logs: Float64Array, lambda: number): number {
  const n = logs.length
  let sum = 0
  let logSum = 0
  const y = logs.map((l) => (Math.abs(lambda) < 1e-12 ? l : Math.expm1(lambda * l) / lambda))
  for (let k = 0; k < n; k++) {
    sum += y[k]
    logSum += logs[k]
  }
  const mean = sum / n
  let squares = 0
  for (const v of y) squares += (v - mean) ** 2
  return (lambda - 1) * logSum - (n / 2) * Math.log(squares / n)
}

const usageBoxcox = 'boxcox(X, [lmbda])'
define(usageBoxcox, {
  doc: 'Box-Cox transformation (X^lmbda - 1) / lmbda, log(X) for 0; DOUBLE, null where X is not positive. lmbda is a number or one for each element. Without it the lmbda of greatest likelihood, by Brent search: a tuple of the vector and lmbda; X must then be positive, without nulls and not constant.',
  call: ([x, lambda]) => {
    const source = required(x, usageBoxcox, 'X')
    const v = asVector(source)
    if (v === undefined || source.kind === 'set') throw usageError(usageBoxcox, 'X must be a numeric vector.')
    const data = toDoubles('boxcox', v)
    if (isGiven(lambda)) {
      const given = lambda.kind === 'scalar' ? undefined : toDoubles('boxcox', vectorArg(lambda, usageBoxcox, 'lmbda'))
      if (given !== undefined && given.length !== data.length)
        throw usageError(usageBoxcox, 'lmbda must be a number or have one element for each of X.')
      const one = given === undefined ? numberArg(lambda, usageBoxcox, 'lmbda') : 0
      const out = data.map((e, k) => (e > 0 ? boxcoxOf(e, given === undefined ? one : given[k]) : Number.NaN))
      const result = fromDoubles(out as Float64Array)
      return source.kind === 'scalar' ? result.get(0) : result
    }
    if (data.length < 2 || data.some((e) => !(e > 0)))
      throw usageError(usageBoxcox, 'Without lmbda X must hold positive values without NULL.')
    if (data.every((e) => e === data[0])) throw usageError(usageBoxcox, 'Without lmbda X must not be constant.')
    const logs = data.map(Math.log) as Float64Array
    const best = findMinimum((l) => -boxcoxLikelihood(logs, l), -5, 5, 1.48e-8)
    return new AnyVector([fromDoubles(data.map((e) => boxcoxOf(e, best)) as Float64Array), Scalar.double(best)])
  },
})

// Quantile bins.

const usageQcut = 'qcut(X, q, [labels], [dropDuplicates=false])'
define(usageQcut, {
  kind: 'vector',
  doc: 'The quantile bin of each element, INT from 0: q is the number of bins, or a vector of quantiles (0 to 1). Bins are open below and closed above, the first closed on both sides; null and what lies outside give null. labels names the bins. Equal bounds are an error, or with dropDuplicates=true become one. Quantiles are linear and skip nulls.',
  call: ([x, q, labelsArg, dropDuplicates]) => {
    const v = vectorArg(x, usageQcut, 'X')
    const data = toDoubles('qcut', v)
    const points =
      q?.kind === 'vector'
        ? toDoubles('qcut', q)
        : Float64Array.from({ length: binCount(q) + 1 }, (_, k) => k / binCount(q))
    if (points.length < 2 || points.some((p, k) => !(p >= 0 && p <= 1) || (k > 0 && p <= points[k - 1])))
      throw usageError(usageQcut, 'q must be a positive integer or an ascending vector between 0 and 1.')
    const valid = data.filter((e) => !Number.isNaN(e))
    if (valid.length === 0) return nullBins(v.length, labelsArg)
    let edges = Array.from(points, (p) => quantileOf(valid, p)!)
    if (edges.some((e, k) => k > 0 && e === edges[k - 1])) {
      if (!boolArg(dropDuplicates, usageQcut, 'dropDuplicates', false))
        throw usageError(usageQcut, 'The bounds of the bins are not distinct; dropDuplicates=true joins them.')
      edges = edges.filter((e, k) => k === 0 || e !== edges[k - 1])
    }
    const bins = edges.length - 1
    const at = (e: number): number => {
      if (!(e >= edges[0] && e <= edges[bins])) return NULL_I32
      const k = edges.findIndex((edge) => e <= edge)
      return Math.max(0, k - 1)
    }
    const out = Int32Array.from(data, at)
    if (!isGiven(labelsArg)) return new FixedVector(T.INT, out)
    const names = vectorArg(labelsArg, usageQcut, 'labels')
    if (names.length !== bins) throw usageError(usageQcut, `labels must have ${bins} elements.`)
    return names.gather(out)
  },
})

function binCount(q: Arg): number {
  const n = intArg(q, usageQcut, 'q')
  if (n < 1) throw usageError(usageQcut, 'q must be a positive integer or an ascending vector between 0 and 1.')
  return n
}
const nullBins = (length: number, names: Arg): Vector =>
  newVector(isGiven(names) && names.kind === 'vector' ? names.type : T.INT, length, 'null')

const RANKS = ['excel', 'rank', 'weak', 'strict', 'mean'] as const
const usageRank = "percentileRank(X, score, [method='excel'])"
define(usageRank, {
  kind: 'aggregate',
  doc: "The percentile (0 to 100) of score in X, DOUBLE. 'excel' (default): smaller elements among those not equal to score, between two elements by linear interpolation; 'strict': smaller elements; 'weak': elements not greater; 'mean' the mean of both; 'rank': the mean rank of the elements equal to score (as weak if there is none). Nulls are left out. Matrices and tables work column by column.",
  call: ([x, score, method]) => {
    const s = numberArg(score, usageRank, 'score')
    const how = textArg(method, usageRank, 'method', 'excel')
    if (!(RANKS as readonly string[]).includes(how))
      throw usageError(usageRank, `method must be one of ${RANKS.join(', ')}.`)
    return aggregateOver('percentileRank', required(x, usageRank, 'X'), (v) =>
      realOrNull(percentileOf(toDoubles('percentileRank', v), s, how)),
    )
  },
})

function percentileOf(data: Float64Array, score: number, method: string): number {
  let below = 0
  let equal = 0
  let n = 0
  let lower = Number.NEGATIVE_INFINITY
  let upper = Number.POSITIVE_INFINITY
  for (const x of data) {
    if (Number.isNaN(x)) continue
    n++
    if (x < score) {
      below++
      lower = Math.max(lower, x)
    } else if (x === score) equal++
    else upper = Math.min(upper, x)
  }
  if (n === 0) return Number.NaN
  switch (method) {
    case 'strict':
      return (100 * below) / n
    case 'weak':
      return (100 * (below + equal)) / n
    case 'mean':
      return (100 * (below + equal / 2)) / n
    case 'rank':
      return (100 * (equal > 0 ? below + (equal + 1) / 2 : below)) / n
    default: {
      if (equal > 0) return n === equal ? 100 : (100 * below) / (n - equal)
      if (below === 0) return 0
      if (below === n) return 100
      const low = percentileOf(data, lower, 'excel')
      const high = percentileOf(data, upper, 'excel')
      return low + ((high - low) * (score - lower)) / (upper - lower)
    }
  }
}
