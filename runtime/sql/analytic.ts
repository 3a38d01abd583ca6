/**
 * Analytic functions: `f(...) over (partition by p order by k rows|range between a and b)`. Rows are put partition by partition in the order of the
 * window; each row gets a frame of them, the function runs over all frames at once (framed.ts), and the results go back to the rows' own places.
 */
import type { Expr, FrameBound, OverExpr, SelectStatement, SortKey } from '../../lang/ast.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { groupIds } from '../kernels/hash.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castScalar } from '../ops/cast.ts'
import { addDuration } from '../ops/temporal.ts'
import { temporalUnit } from '../temporal/units.ts'
import { FixedVector, isTemporal, Scalar, T, unpackDuration, type Value, type Vector } from '../values/index.ts'
import { asColumn, repeated, stack } from './columns.ts'
import { calleeName, callShape, isCountStar, kindOfCall, walk } from './expressions.ts'
import type { Frames } from './frame-folds.ts'
import { framedCall } from './framed.ts'
import { type Ordinals, ordinals } from './join-match.ts'
import { arisenAt } from './place.ts'

const AGGREGATES: ReadonlySet<string> = new Set(
  'sum sum2 avg std stdp var varp count min max imin imax iminLast imaxLast skew kurtosis med prod percentile wavg wsum corr covar beta atImax atImin firstNot lastNot'.split(
    ' ',
  ),
)
const RANKINGS: ReadonlySet<string> = new Set(
  'row_number rank dense_rank percent_rank cume_dist ntile lead lag first_value last_value nth_value'.split(' '),
)

/** Functions that are nothing without an over clause. */
export const isAnalyticOnly = (name: string): boolean => RANKINGS.has(name)

export const isOver = (e: Expr): e is OverExpr => e.kind === 'over'

/** True if the expression has an analytic function of its own; those of sub-selects are theirs. */
export function containsOver(expr: Expr): boolean {
  let found = false
  walk(expr, (e) => {
    if (isOver(e)) found = true
    return !found && e.kind !== 'sql'
  })
  return found
}

/** Combinations that are errors whatever the data. */
export function checkAnalytic(node: SelectStatement, scope: SqlScope): void {
  const items = node.items.map((i) => i.expr)
  const keys = [...(node.group?.keys ?? []), ...node.cgroup].map((k) => k.expr)
  const wrong = [...node.where, ...node.having, ...keys].find(containsOver)
  if (wrong !== undefined) throw arisenAt(misplaced(), wrong.span)
  if (!items.some(containsOver)) return
  if (node.group?.kind === 'context' || node.group?.kind === 'pivot')
    throw arisenAt(
      inputError('Analytic functions cannot be used with CONTEXT BY or PIVOT BY.', { refId: 'S02047' }),
      items.find(containsOver)?.span,
    )
  for (const item of items)
    walk(item, (e) => {
      if (e.kind === 'sql') return false
      if (e.kind === 'over') {
        const inside = [...(callShape(e.call)?.args ?? []).map((a) => a.value), ...e.partitionBy]
        if (inside.some((x) => x !== null && containsOver(x))) throw arisenAt(misplaced(), e.span)
        return false
      }
      const shape = callShape(e)
      if (shape === undefined || !shape.args.some((a) => a.value !== null && containsOver(a.value))) return true
      const kind = kindOfCall(shape, scope)
      const isUser =
        calleeName(shape.callee) !== undefined &&
        scope.session.userFunction(calleeName(shape.callee) ?? '') !== undefined
      if (kind === 'aggregate' || isUser) throw arisenAt(misplaced(), e.span)
      return true
    })
}

const misplaced = (): HoldfastError =>
  inputError(
    'Analytic functions are not allowed in WHERE clause, GROUP BY clause, or to be nested in aggregate functions.',
    { refId: 'S02046' },
  )

const badArguments = (): HoldfastError =>
  inputError('Unexpected function arguments in analytic function.', { refId: 'S02044' })

/** Values of the parts of an analytic function, one element a row (or scalars). */
export interface WindowParts {
  argument(expr: Expr): Value
  /** Of partition by and order by. */
  key(expr: Expr): Value
}

/** One value a row, in the order of the rows. */
export function evaluateOver(e: OverExpr, parts: WindowParts, rows: number, scope: SqlScope): Vector {
  const shape = callShape(e.call)
  const name = shape === undefined ? undefined : calleeName(shape.callee)
  if (shape === undefined || name === undefined || !(AGGREGATES.has(name) || RANKINGS.has(name)))
    throw inputError(`Analytic function does not support function '${name ?? ''}'.`, { refId: 'S02049' })
  if (kindOfCall(shape, scope) === 'element') throw badArguments()
  const column = (expr: Expr): Vector => {
    const v = asColumn(parts.key(expr), rows)
    if (v === undefined)
      throw inputError('The columns of PARTITION BY and ORDER BY must be as long as the table.', { refId: 'S02010' })
    return v
  }
  const layout = layoutOf(
    e.partitionBy.map(column),
    e.orderBy.map((k) => column(k.expr)),
    e.orderBy,
    rows,
  )
  const args = shape.args.map((a) => {
    if (a.value === null || a.value.kind === 'star') return undefined
    const v = parts.argument(a.value)
    return v.kind === 'vector' && v.length === rows ? v.gather(layout.order) : v
  })
  const sorted = RANKINGS.has(name)
    ? ranking(name, args, layout, () => framesOf(e, layout, scope))
    : aggregated(e.call, name, args, layout, framesOf(e, layout, scope), scope)
  const back = new Int32Array(rows)
  for (let k = 0; k < rows; k++) back[layout.order[k]] = k
  return sorted.gather(back)
}

/** Rows in the order of the window. All arrays but `order` are by position in that order. */
interface Layout {
  readonly order: Int32Array
  /** Where the partition of each row begins and ends. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** Where the rows with equal order keys begin and end. */
  readonly peerStart: Int32Array
  readonly peerEnd: Int32Array
  readonly keys: readonly Vector[]
  readonly sortKeys: readonly SortKey[]
}

function layoutOf(
  partition: readonly Vector[],
  keys: readonly Vector[],
  sortKeys: readonly SortKey[],
  rows: number,
): Layout {
  const ids = partition.length === 0 || rows === 0 ? new Int32Array(rows) : groupIds(partition).ids
  const ascending = sortKeys.map((k) => !k.descending)
  const order = sortIndices(
    [new FixedVector(T.INT, ids.slice(0, rows)), ...keys],
    [true, ...ascending],
    [true, ...sortKeys.map((k) => (k.nulls === null ? !k.descending : k.nulls === 'first'))],
  )
  const peers = keys.length === 0 || rows === 0 ? new Int32Array(rows) : groupIds(keys).ids
  const newPartition = (k: number): boolean => k === 0 || ids[order[k]] !== ids[order[k - 1]]
  const [start, end] = blocks(rows, newPartition)
  const [peerStart, peerEnd] = blocks(rows, (k) => newPartition(k) || peers[order[k]] !== peers[order[k - 1]])
  return { order, start, end, peerStart, peerEnd, keys: keys.map((v) => v.gather(order)), sortKeys }
}

/** First and one past the last position of each row's block. */
function blocks(rows: number, begins: (k: number) => boolean): [Int32Array, Int32Array] {
  const start = new Int32Array(rows)
  const end = new Int32Array(rows)
  for (let k = 0; k < rows; k++) start[k] = begins(k) ? k : start[k - 1]
  for (let k = rows - 1; k >= 0; k--) end[k] = k + 1 < rows && start[k + 1] === start[k] ? end[k + 1] : k + 1
  return [start, end]
}

// ---------------------------------------------------------------------------------------------------------------------
// Frames

function framesOf(e: OverExpr, layout: Layout, scope: SqlScope): Frames {
  const { frame } = e
  if (frame === null) {
    return e.orderBy.length === 0 ? { from: layout.start, to: layout.end } : { from: layout.start, to: layout.peerEnd }
  }
  const order: readonly FrameBound['kind'][] = [
    'unboundedPreceding',
    'preceding',
    'currentRow',
    'following',
    'unboundedFollowing',
  ]
  if (
    order.indexOf(frame.lower.kind) > order.indexOf(frame.upper.kind) ||
    frame.lower.kind === 'unboundedFollowing' ||
    frame.upper.kind === 'unboundedPreceding'
  )
    throw frameError('The lower bound of a window frame must not be after its upper bound.')
  return frame.unit === 'rows'
    ? {
        from: rowBound(frame.lower, layout, 'lower', scope),
        to: rowBound(frame.upper, layout, 'upper', scope),
      }
    : {
        from: rangeBound(frame.lower, layout, 'lower', scope),
        to: rangeBound(frame.upper, layout, 'upper', scope),
      }
}

const frameError = (what: string): HoldfastError => inputError(what, { refId: 'S02048' })

/** `upper` bounds are one past the last row. */
function rowBound(bound: FrameBound, layout: Layout, side: 'lower' | 'upper', scope: SqlScope): Int32Array {
  const { start, end } = layout
  if (bound.kind === 'unboundedPreceding') return start
  if (bound.kind === 'unboundedFollowing') return end
  let by = side === 'upper' ? 1 : 0
  if (bound.kind === 'preceding' || bound.kind === 'following') {
    const n = scope.evaluate(bound.offset)
    if (n.kind !== 'scalar' || n.isNull() || !Number.isInteger(Number(n.value)) || n.type === T.DURATION)
      throw frameError('The distance of a ROWS frame must be an integer.')
    const distance = Number(n.value)
    if (distance < 0) throw frameError('The distance of a window frame must not be negative.')
    by += bound.kind === 'preceding' ? -distance : distance
  }
  return start.map((s, k) => Math.min(Math.max(k + by, s), end[k]))
}

function rangeBound(bound: FrameBound, layout: Layout, side: 'lower' | 'upper', scope: SqlScope): Int32Array {
  if (bound.kind === 'unboundedPreceding') return layout.start
  if (bound.kind === 'unboundedFollowing') return layout.end
  if (bound.kind !== 'preceding' && bound.kind !== 'following')
    return side === 'lower' ? layout.peerStart : layout.peerEnd
  const [key] = layout.keys
  const offset = scope.evaluate(bound.offset)
  if (layout.keys.length !== 1 || key.storage !== 'fixed')
    throw frameError('A RANGE frame with a distance needs exactly one ORDER BY column, of integral or temporal type.')
  if (key.type === T.DOUBLE || key.type === T.FLOAT)
    throw frameError('A RANGE frame with a distance needs exactly one ORDER BY column, of integral or temporal type.')
  const descending = layout.sortKeys[0].descending
  const back = (bound.kind === 'preceding') !== descending
  const limits = ordinals(moved(key, offset, back ? -1 : 1))
  const values = ordinals(key)
  const { start, end, peerStart, peerEnd } = layout
  const out = new Int32Array(key.length)
  for (let k = 0; k < out.length; k++) {
    if (key.isNullAt(k)) {
      out[k] = side === 'lower' ? peerStart[k] : peerEnd[k]
      continue
    }
    // NULL keys stand together at one end of the partition and belong to no other row's frame.
    const first = key.isNullAt(start[k]) ? peerEnd[start[k]] : start[k]
    const last = key.isNullAt(end[k] - 1) ? peerStart[end[k] - 1] : end[k]
    out[k] = boundary(values, first, last, limits[k], descending, side)
  }
  return out
}

/** First position that is not before the limit (`lower`), or is after it (`upper`). */
function boundary(
  values: Ordinals,
  from: number,
  to: number,
  limit: number | bigint,
  descending: boolean,
  side: 'lower' | 'upper',
): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    const v = values[middle]
    // An equal value is before the end of the frame. (The limit may be a bigint beside a number.)
    const before = side === 'lower' ? (descending ? v > limit : v < limit) : descending ? v >= limit : v <= limit
    if (before) low = middle + 1
    else high = middle
  }
  return low
}

function moved(key: FixedVector, offset: Value, sign: 1 | -1): Vector {
  if (offset.kind !== 'scalar' || offset.isNull()) throw frameError('The distance of a RANGE frame must be a constant.')
  if (offset.type === T.DURATION) {
    if (!isTemporal(key.type)) throw frameError('A duration needs an ORDER BY column of temporal type.')
    const { count, unit } = unpackDuration(offset.value as bigint)
    const finest = { ns: 86_400_000_000_000, us: 86_400_000_000, ms: 86_400_000, s: 86_400, m: 1440, H: 24, M: 0, y: 0 }
    const perDay = (finest as Record<string, number | undefined>)[unit] ?? 1
    if (perDay > Number(temporalUnit(key.type)?.perDay ?? 1))
      throw frameError('The distance of a RANGE frame must not be finer than its ORDER BY column.')
    return addDuration(key, sign * count, unit) as Vector
  }
  const n = Number(offset.value)
  if (!Number.isInteger(n)) throw frameError('The distance of a RANGE frame must be an integer or a duration.')
  if (n < 0) throw frameError('The distance of a window frame must not be negative.')
  if (key.data instanceof BigInt64Array) {
    const by = BigInt(sign * n)
    return new FixedVector(
      T.LONG,
      key.data.subarray(0, key.length).map((x) => x + by),
    )
  }
  const out = new BigInt64Array(key.length)
  for (let k = 0; k < out.length; k++) out[k] = BigInt(Number(key.data[k]) + sign * n)
  return new FixedVector(T.LONG, out)
}

// ---------------------------------------------------------------------------------------------------------------------
// Functions

function aggregated(
  call: Expr,
  name: string,
  args: readonly (Value | undefined)[],
  layout: Layout,
  frames: Frames,
  scope: SqlScope,
): Vector {
  const rows = layout.order.length
  if (isCountStar(call)) return sizes(frames)
  if (args.length === 0) throw badArguments()
  const fn = scope.session.registry.get(name)
  if (fn === undefined) throw badArguments()
  // A constant stands in every row: sum(1) over (...) counts.
  const columns = args.map((a, k) => {
    const constant = a instanceof Scalar && (k === 0 || !['percentile', 'skew', 'kurtosis'].includes(name))
    return constant ? repeated(a, rows) : a
  })
  if (columns[0]?.kind !== 'vector' || columns[0].length !== rows) throw badArguments()
  return framedCall(fn, columns, rows, frames, scope.session)
}

const sizes = ({ from, to }: Frames): Vector =>
  new FixedVector(
    T.INT,
    from.map((f, k) => Math.max(0, to[k] - f)),
  )

function ranking(name: string, args: readonly (Value | undefined)[], layout: Layout, frames: () => Frames): Vector {
  const { start, end, peerStart, peerEnd } = layout
  const limits: Readonly<Record<string, readonly [number, number]>> = {
    ntile: [1, 1],
    lead: [1, 3],
    lag: [1, 3],
    first_value: [1, 1],
    last_value: [1, 1],
    nth_value: [2, 2],
  }
  const [least, most] = limits[name] ?? [0, 0]
  if (args.length < least || args.length > most) throw badArguments()
  const whole = (f: (k: number) => number): Vector =>
    new FixedVector(
      T.INT,
      start.map((_, k) => f(k)),
    )
  const real = (f: (k: number) => number): Vector =>
    new FixedVector(
      T.DOUBLE,
      Float64Array.from(start, (_, k) => f(k)),
    )
  switch (name) {
    case 'row_number':
      return whole((k) => k - start[k] + 1)
    case 'rank':
      return whole((k) => peerStart[k] - start[k] + 1)
    case 'dense_rank': {
      let rank = 0
      return whole((k) => {
        if (k === start[k]) rank = 1
        else if (k === peerStart[k]) rank++
        return rank
      })
    }
    case 'percent_rank':
      return real((k) => (end[k] - start[k] < 2 ? 0 : (peerStart[k] - start[k]) / (end[k] - start[k] - 1)))
    case 'cume_dist':
      return real((k) => (peerEnd[k] - start[k]) / (end[k] - start[k]))
    case 'ntile': {
      const n = positive(args[0])
      return whole((k) => tile(k - start[k], end[k] - start[k], n))
    }
    case 'lead':
    case 'lag': {
      const by = (args[1] === undefined ? 1 : natural(args[1])) * (name === 'lead' ? 1 : -1)
      const at = start.map((s, k) => (k + by >= s && k + by < end[k] ? k + by : -1))
      return withDefault(rowColumn(args[0], start.length), at, args[2])
    }
    default: {
      const { from, to } = frames()
      const v = rowColumn(args[0], start.length)
      if (name === 'first_value') return v.gather(from.map((f, k) => (f < to[k] ? f : -1)))
      if (name === 'last_value') return v.gather(to.map((t, k) => (from[k] < t ? t - 1 : -1)))
      const n = positive(args[1])
      return v.gather(from.map((f, k) => (f + n - 1 < to[k] ? f + n - 1 : -1)))
    }
  }
}

/** Tile of row k (from 0) of `size` rows in n tiles; the first ones are one row larger. */
function tile(k: number, size: number, n: number): number {
  const small = Math.floor(size / n)
  const large = size % n
  const inLarge = large * (small + 1)
  return k < inLarge ? Math.floor(k / (small + 1)) + 1 : large + Math.floor((k - inLarge) / small) + 1
}

function rowColumn(v: Value | undefined, rows: number): Vector {
  const column = v === undefined ? undefined : asColumn(v, rows)
  if (column === undefined) throw badArguments()
  return column
}

function natural(v: Value | undefined): number {
  const n = v instanceof Scalar && !v.isNull() ? Number(v.value) : Number.NaN
  if (!Number.isInteger(n) || n < 0) throw badArguments()
  return n
}

function positive(v: Value | undefined): number {
  const n = natural(v)
  if (n < 1) throw badArguments()
  return n
}

/** Elements at the positions, the default where there is none. */
function withDefault(v: Vector, at: Int32Array, given: Value | undefined): Vector {
  if (given === undefined || (given instanceof Scalar && given.isNull())) return v.gather(at)
  if (!(given instanceof Scalar)) throw badArguments()
  const scale = 'scale' in v ? v.scale : 0
  const fits = v.type === T.SYMBOL ? given : castScalar(given, v.type, scale)
  const both = stack([v, repeated(fits, 1)])
  return both.gather(at.map((p) => (p < 0 ? v.length : p)))
}
