/**
 * wj and pwj: for each left row, aggregates of the right rows with equal leading keys whose last key lies in [t + w1, t + w2], t being the left row's last key.
 *
 * Right rows are put in order of their keys first, so that a window is a range of them; left rows are visited in that order too, so that the ranges only move
 * forward and aggregates fold them incrementally (framed.ts). The window 0:0 means [time of the left row before, t) within the leading keys; the
 * first left row takes all right rows before t. pwj adds the last right row before t + w1 if none stands exactly there; if several do, it takes the last.
 */
import type { Expr } from '../../lang/ast.ts'
import { codeNode, codeScope } from '../compile/code.ts'
import type { Host } from '../compile/host.ts'
import type { SqlScope } from '../compile/scope.ts'
import { type HoldfastError, inputError } from '../errors.ts'
import { sortIndices } from '../kernels/sort.ts'
import { castVector } from '../ops/cast.ts'
import { addDuration } from '../ops/temporal.ts'
import type { Session } from '../session.ts'
import { temporalUnit } from '../temporal/units.ts'
import {
  AnyVector,
  ArrayVector,
  CodeValue,
  FixedVector,
  isIntegral,
  isLiteral,
  isTemporal,
  T,
  unpackDuration,
  type Value,
  type Vector,
} from '../values/index.ts'
import { asColumn, commonType } from './columns.ts'
import { assembleScalars, compileItem } from './evaluate.ts'
import { callShape, functionOf, isColumn, isCountStar, kindOfCall, levelOf } from './expressions.ts'
import type { Frames } from './frame-folds.ts'
import { framedCall } from './framed.ts'
import { nameOf } from './items.ts'
import { keyIds, type Ordinals, ordinals } from './join-match.ts'
import { type JoinKey, keyColumns } from './joins.ts'
import { type Field, Relation } from './relation.ts'

export interface WindowJoin {
  readonly left: Relation
  readonly right: Relation
  readonly window: Value
  readonly aggs: Value
  readonly columns: readonly string[]
  readonly rightColumns: readonly string[]
  readonly prevailing: boolean
}

/** All left columns and one column for each aggregate. */
export function windowJoin(join: WindowJoin, session: Session): Relation {
  const { left, right } = join
  if (join.columns.length === 0 || join.columns.length !== join.rightColumns.length)
    throw inputError('A join needs as many matching columns on the right as on the left.', { refId: 'S02016' })
  const ranges = rangesOf(keyColumns(left, join.columns), keyColumns(right, join.rightColumns), join)
  const codes = codesOf(join.aggs)
  const fields: Field[] = left.fields.slice()
  const columns: Vector[] = []
  codes.forEach((code, position) => {
    const { item, source } = codeNode(code)
    const scope = codeScope(session as Host, code, source)
    const name = item.alias?.kind === 'name' ? item.alias.name : nameOf(item.expr, right.fields, position)
    if (fields.some((f) => !f.hidden && f.name === name))
      throw inputError(`Duplicate column name: [${name}].`, { refId: 'S02001' })
    fields.push({ name, table: '', sourceName: name, hidden: false })
    columns.push(aggregateOf(item.expr, right, ranges, scope))
  })
  return new Relation(fields, left.rows, (k) =>
    k < left.fields.length ? left.column(k) : columns[k - left.fields.length],
  )
}

function codesOf(aggs: Value): CodeValue[] {
  const list = aggs.kind === 'vector' && aggs.storage === 'any' ? aggs.values : [aggs]
  return list.map((c) => {
    if (c instanceof CodeValue) return c
    throw inputError(
      'The aggregates of a window join must be metacode, such as <avg(price)> or <[avg(price), max(price)]>.',
      {
        code: 'windowJoin',
      },
    )
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Ranges

interface Ranges {
  /** Right rows by leading keys, then time. */
  readonly order: Int32Array
  /** Ranges of `order`, in the order in which they only move forward. */
  readonly frames: Frames
  /** Frame of each left row. */
  readonly frameOf: Int32Array
}

function rangesOf(leftKeys: readonly JoinKey[], rightKeys: readonly JoinKey[], join: WindowJoin): Ranges {
  const lastLeft = leftKeys[leftKeys.length - 1].values
  const lastRight = rightKeys[rightKeys.length - 1].values
  if (isLiteral(lastLeft.type) || isLiteral(lastRight.type))
    throw inputError('The last matching column of a window join must be of integral or temporal type.', {
      refId: 'S02016',
    })
  const type = commonType(lastLeft.type, lastRight.type)
  const leftTimes = castVector(lastLeft, type)
  const rightTimes = castVector(lastRight, type)
  const leading = leftKeys.length - 1
  const ids =
    leading === 0
      ? { left: new Int32Array(lastLeft.length), right: new Int32Array(lastRight.length), count: 1 }
      : keyIds(
          leftKeys.slice(0, leading).map((k) => k.values),
          rightKeys.slice(0, leading).map((k) => k.values),
        )
  const order = inOrder(ids.right, rightTimes)
  const offsets = new Int32Array(ids.count + 2)
  for (const id of ids.right) offsets[id + 2]++
  // Rows without a key have the id -1 and stand first.
  for (let g = 0; g < ids.count + 1; g++) offsets[g + 1] += offsets[g]
  const times = ordinals(rightTimes.gather(order))
  const leftOrder = inOrder(ids.left, leftTimes)
  const sortedLeft = leftTimes.gather(leftOrder)
  const bounds = windowBounds(join.window, sortedLeft)
  const frames = { from: new Int32Array(leftOrder.length), to: new Int32Array(leftOrder.length) }
  const frameOf = new Int32Array(leftOrder.length)
  const t = ordinals(sortedLeft)
  let high = 0
  for (let k = 0; k < leftOrder.length; k++) {
    frameOf[leftOrder[k]] = k
    const id = ids.left[leftOrder[k]]
    if (id < 0 || sortedLeft.isNullAt(k)) {
      frames.from[k] = high
      frames.to[k] = high
      continue
    }
    const [begin, end] = [firstValid(rightTimes, order, offsets[id + 1], offsets[id + 2]), offsets[id + 2]]
    const first = k === 0 || ids.left[leftOrder[k - 1]] !== id || sortedLeft.isNullAt(k - 1)
    if (bounds === undefined) {
      frames.from[k] = first ? begin : notBefore(times, begin, end, t[k - 1])
      frames.to[k] = notBefore(times, begin, end, t[k])
    } else {
      const low = notBefore(times, begin, end, bounds.low[k])
      frames.to[k] = after(times, begin, end, bounds.high[k])
      frames.from[k] = join.prevailing ? prevailingFrom(times, begin, end, low, bounds.low[k]) : low
    }
    frames.to[k] = Math.max(frames.to[k], frames.from[k])
    high = frames.to[k]
  }
  return { order, frames, frameOf }
}

const inOrder = (ids: Int32Array, times: Vector): Int32Array =>
  sortIndices([new FixedVector(T.INT, ids.slice()), times], [true, true], [true, true])

function firstValid(v: Vector, order: Int32Array, from: number, to: number): number {
  let k = from
  while (k < to && v.isNullAt(order[k])) k++
  return k
}

function prevailingFrom(times: Ordinals, begin: number, end: number, low: number, bound: number | bigint): number {
  const past = after(times, begin, end, bound)
  if (past > low) return past - 1
  return low > begin ? low - 1 : low
}

function notBefore(times: Ordinals, from: number, to: number, bound: number | bigint): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle] < bound) low = middle + 1
    else high = middle
  }
  return low
}

function after(times: Ordinals, from: number, to: number, bound: number | bigint): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle] <= bound) low = middle + 1
    else high = middle
  }
  return low
}

/** t + w1 and t + w2 of each time; undefined for 0:0. */
function windowBounds(window: Value, times: Vector): { low: Ordinals; high: Ordinals } | undefined {
  if (window.kind !== 'pair') throw badWindow()
  const { first, second, type } = window
  if (first === null || second === null || typeof first === 'string' || typeof second === 'string') throw badWindow()
  if (type === T.DURATION) {
    if (!isTemporal(times.type) || times.storage !== 'fixed') throw badWindow()
    const [low, high] = [first, second].map((raw) => {
      const { count, unit } = unpackDuration(BigInt(raw as bigint))
      if (temporalUnit(times.type) === undefined) throw badWindow()
      return { count, moved: ordinals(addDuration(times, count, unit) as Vector) }
    })
    return low.count === 0 && high.count === 0 ? undefined : { low: low.moved, high: high.moved }
  }
  if (!isIntegral(type)) throw badWindow()
  const [a, b] = [Number(first), Number(second)]
  if (a > b) throw badWindow()
  if (a === 0 && b === 0) return undefined
  const t = ordinals(times)
  return { low: moved(t, a), high: moved(t, b) }
}

function moved(t: Ordinals, by: number): Ordinals {
  return t instanceof BigInt64Array ? t.map((x) => x + BigInt(by)) : t.map((x) => x + by)
}

const badWindow = (): HoldfastError =>
  inputError('The window of a window join must be a pair of integers or durations, the lower bound first.', {
    code: 'windowJoin',
  })

// ---------------------------------------------------------------------------------------------------------------------
// Aggregates

function aggregateOf(expr: Expr, right: Relation, ranges: Ranges, scope: SqlScope): Vector {
  const { order, frames, frameOf } = ranges
  const sorted = right.select(order)
  const level = levelOf(expr, sorted.resolver, scope)
  if (isColumn(expr, sorted.resolver) || level === 'row') {
    const column = asColumn(compileItem(expr, sorted.resolver, scope, () => sorted.rows)(), sorted.rows)!
    return rowsOf(column, frames).gather(frameOf)
  }
  if (level === 'opaque' || level === 'sequence') return perFrame(expr, sorted, frames, scope).gather(frameOf)
  const value = compileItem(
    expr,
    sorted.resolver,
    scope,
    () => sorted.rows,
    (e) => {
      if (isCountStar(e))
        return () =>
          new FixedVector(
            T.INT,
            frames.from.map((f, k) => frames.to[k] - f),
          )
      const shape = callShape(e)
      const fn = shape === undefined ? undefined : functionOf(shape.callee, scope)
      if (shape === undefined || fn === undefined || kindOfCall(shape, scope) !== 'aggregate') return undefined
      return () => {
        const args = shape.args.map((a) =>
          a.value === null ? undefined : compileItem(a.value, sorted.resolver, scope, () => sorted.rows)(),
        )
        // Of equal extremes in a window the last one counts.
        const name = fn.name === 'atImax' || fn.name === 'atImin' ? fn.name : undefined
        if (name !== undefined) return lastExtreme(name, args, sorted.rows, frames, scope)
        return framedCall(fn, args, sorted.rows, frames, scope.session)
      }
    },
  )()
  return asColumn(value, frames.from.length)!.gather(frameOf)
}

function lastExtreme(
  name: 'atImax' | 'atImin',
  args: readonly (Value | undefined)[],
  rows: number,
  frames: Frames,
  scope: SqlScope,
): Vector {
  const positions = scope.session.registry.get(name === 'atImax' ? 'imaxLast' : 'iminLast')!
  const found = framedCall(positions, args.slice(0, 1), rows, frames, scope.session) as FixedVector
  const values = asColumn(args[1]!, rows)!
  return values.gather(frames.from.map((f, k) => (Number(found.data[k]) < 0 ? -1 : f + Number(found.data[k]))))
}

/** The rows of each frame as an array vector. */
function rowsOf(column: Vector, { from, to }: Frames): Vector {
  const offsets = new Int32Array(from.length + 1)
  for (let k = 0; k < from.length; k++) offsets[k + 1] = offsets[k] + to[k] - from[k]
  const positions = new Int32Array(offsets[from.length])
  for (let k = 0, m = 0; k < from.length; k++) for (let p = from[k]; p < to[k]; p++) positions[m++] = p
  const flat = column.gather(positions)
  if (isLiteral(column.type))
    return new AnyVector(Array.from(from, (_, k) => flat.slice(offsets[k], offsets[k + 1]) as Value))
  return new ArrayVector(offsets, flat)
}

/** The whole expression on the rows of each frame. */
function perFrame(expr: Expr, sorted: Relation, frames: Frames, scope: SqlScope): Vector {
  let from = 0
  let to = 0
  const evaluate = compileItem(
    expr,
    (name, qualifier) => {
      const k = sorted.find(name, qualifier)
      return k < 0 ? undefined : () => sorted.column(k).slice(from, to)
    },
    scope,
    () => to - from,
  )
  const values = Array.from(frames.from, (f, k) => {
    from = f
    to = frames.to[k]
    return evaluate()
  })
  return assembleScalars(values)
}
