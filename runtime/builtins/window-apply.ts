/**
 * Any function over windows: of elements (moving, rolling, window, movingValid) and over time (tmoving, twindow); and the windows themselves as array
 * vectors. A matrix or table among the arguments is worked through column by column.
 */
import { inputError, operatorError, usageError } from '../errors.ts'
import { countWindows, timeWindows } from '../kernels/window.ts'
import { assemble, unifyScalars } from '../ops/assemble.ts'
import { castVector, concatVectors } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { addDuration } from '../ops/temporal.ts'
import { topicTable } from '../registry.ts'
import type { Session } from '../session.ts'
import { temporalUnit } from '../temporal/units.ts'
import type { Pair } from '../values/forms.ts'
import type { FunctionValue } from '../values/function.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { Table } from '../values/table.ts'
import { isIntegral, isLiteral, isTemporal, NULL_I32, T, typeName, unpackDuration } from '../values/types.ts'
import { AnyVector, ArrayVector, FixedVector, newVector, type Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, required, vectorArg } from './args.ts'
import { asVector, fromColumns, matrixColumns, matrixFrom } from './shapes.ts'
import { timeBounds, timeColumn, timesOf, windowSize } from './windows-of.ts'

const { entries, define } = topicTable('Moving windows')
export const windowApplyBuiltins = entries

function functionArg(usage: string, f: Arg): FunctionValue {
  if (f?.kind !== 'function') throw inputError(`Usage: ${usage}. func must be a function.`)
  return f
}

const callOn = (session: Session, func: FunctionValue, columns: readonly Vector[], from: number, to: number): Value =>
  session.call(
    func,
    columns.map((c) => c.slice(Math.max(0, from), Math.max(0, Math.min(c.length, to)))),
  )

/** Results of windows as a vector, with nulls of the first result's type where there is none. */
function collectResults(results: readonly (Value | undefined)[]): Value {
  const filled = results.map((r) => r ?? Scalar.VOID)
  if (filled.every((r) => r.kind === 'scalar'))
    return unifyScalars(filled as Scalar[]) ?? newVector(T.DOUBLE, filled.length, 'null')
  return assemble(filled)
}

/** The arguments of func (one, or several as a tuple) column by column: vectors go with every column of a matrix or table. */
function spread(usage: string, x: Arg, f: (columns: readonly Vector[], labels: Vector | undefined) => Value): Value {
  const value = required(x, usage, 'funcArgs')
  const single = value.kind !== 'vector' || value.storage !== 'any' || asVector(value) !== undefined
  const list = single ? [value] : (value as AnyVector).values
  const wide = list.map((v) => (v.kind === 'matrix' ? matrixColumns(v) : v.kind === 'table' ? v.columns : undefined))
  const flat = list.map((v, k) => {
    if (wide[k] !== undefined) return undefined
    const vector =
      v.kind === 'vector' ? v : v.kind === 'dict' ? asVector(new AnyVector([...v.entries.values()])) : asVector(v)
    if (vector === undefined)
      throw usageError(usage, 'funcArgs must be a vector, a matrix, a table, or a tuple of them.')
    return vector
  })
  const column = (c: number): Value => {
    const columns = list.map((_, k) => wide[k]?.[c] ?? flat[k]!)
    if (columns.some((v) => v.length !== columns[0].length))
      throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return f(columns, labels)
  }
  const indexed = list.find((v) => v.kind === 'matrix' && v.indexed !== 'no')
  const labels = indexed?.kind === 'matrix' ? indexed.rowLabels : undefined
  const shape = list.find((_, k) => wide[k] !== undefined)
  if (shape === undefined) return column(0)
  const count = Math.max(...wide.map((c) => c?.length ?? 0))
  if (wide.some((c) => c !== undefined && c.length !== count))
    throw operatorError('Incompatible vector size', { code: 'vectorSize' })
  if (count === 0) return shape
  const results = Array.from({ length: count }, (_, c) => column(c))
  if (!results.every((r) => r.kind === 'vector' && r.storage !== 'any')) return new AnyVector(results)
  const columns = results as Vector[]
  if (shape.kind === 'table') return new Table(shape.names.slice(), columns)
  if (shape.kind !== 'matrix') return new AnyVector(results)
  return columns[0].length === shape.rows ? fromColumns(shape, columns) : matrixFrom(columns, shape.colLabels)
}

const isDuration = (v: Arg): boolean => v?.kind === 'scalar' && v.type === T.DURATION
const hasOrder = (labels: Vector | undefined): labels is Vector =>
  labels !== undefined && (isTemporal(labels.type) || isIntegral(labels.type))

const usageMoving = 'moving(func, funcArgs, window, [minPeriods])'
define(usageMoving, {
  doc: 'An aggregate over windows of elements that end at each element; several arguments as a tuple. Without minPeriods a window must be full; with it, hold that many elements (nulls are elements). On an indexed series or matrix with temporal or integral labels the window is (label - window, label], a DURATION or in label units.',
  call: ([func, args, window, least], session) => {
    const f = functionArg(usageMoving, func)
    return spread(usageMoving, args, (columns, labels) => {
      if (isDuration(window) && !hasOrder(labels))
        throw inputError(`Usage: ${usageMoving}. A duration window needs an indexed series or matrix.`)
      const timed = hasOrder(labels)
      const size = timed ? 1 : windowSize(usageMoving, window)
      const minimum = intArg(least, usageMoving, 'minPeriods', size)
      if (minimum < 1) throw usageError(usageMoving, 'minPeriods must be a positive integer.')
      const { starts } = timed
        ? timeWindows(...timeBounds(usageMoving, labels, window))
        : countWindows(columns[0].length, size)
      return collectResults(
        Array.from(starts, (from, k) =>
          k - from + 1 < minimum ? undefined : callOn(session, f, columns, from, k + 1),
        ),
      )
    })
  },
})

const usageRolling = 'rolling(func, funcArgs, window, [step=1])'
define(usageRolling, {
  doc: 'A function over full windows only, moving by step; the result has (n - window) \\ step + 1 elements. A function that keeps the length of its argument needs step = window: its results follow one another.',
  call: ([func, args, window, step], session) => {
    const f = functionArg(usageRolling, func)
    const size = intArg(window, usageRolling, 'window')
    const by = intArg(step, usageRolling, 'step', 1)
    if (size < 1 || by < 1) throw inputError(`Usage: ${usageRolling}. window and step must be positive.`)
    const result = spread(usageRolling, args, (columns) => {
      const count = Math.max(0, Math.floor((columns[0].length - size) / by) + 1)
      const results = Array.from({ length: count }, (_, k) => callOn(session, f, columns, k * by, k * by + size))
      if (results.length === 0) return newVector(T.DOUBLE, 0)
      if (!results.every((r) => r.kind === 'vector' && r.length === size)) return collectResults(results)
      if (by !== size) throw usageError(usageRolling, 'step must be window for a function that gives a vector.')
      const parts = results as Vector[]
      return concatVectors(
        parts.map((p) => castVector(p, parts[0].type)),
        parts[0].type,
      )
    })
    // The rows of the result are windows: each has the label of its first row.
    const labels = args?.kind === 'matrix' ? args.rowLabels : undefined
    if (result.kind !== 'matrix' || labels === undefined || result.rows === 0) return result
    const windows = Math.floor((labels.length - size) / by) + 1
    const each = result.rows === windows ? by : 1
    const first = Int32Array.from({ length: result.rows }, (_, k) => k * each)
    return matrixFrom(matrixColumns(result), result.colLabels, labels.gather(first))
  },
})

function rangeArg(usage: string, range: Arg): Pair {
  if (range?.kind === 'pair' && (isIntegral(range.type) || range.type === T.DURATION)) return range
  throw usageError(usage, 'range must be a pair of integers or DURATIONs.')
}

/** Both ends of the range from each time, as doubles. */
function rangeBounds(t: Vector, range: Pair): readonly [Float64Array, Float64Array] {
  const shifted = (raw: unknown): Float64Array => {
    if (range.type === T.DURATION) {
      const { count, unit } = unpackDuration(raw as bigint)
      return toDoubles('range', addDuration(t, count, unit) as Vector)
    }
    return toDoubles('range', t).map((x) => x + Number(raw))
  }
  return [shifted(range.first), shifted(range.second)]
}

/** First position whose time is not below (or, with `after`, is above) a bound. */
function firstNotBelow(times: Float64Array, bound: number, after = false): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (after ? times[middle] <= bound : times[middle] < bound) low = middle + 1
    else high = middle
  }
  return low
}

const usageWindow = 'window(func, funcArgs, range)'
define(usageWindow, {
  doc: 'A function over elements k+range[0] .. k+range[1] around each element k, both ends included and cut at the edges; a window without elements gives null. On an indexed series or matrix the range is in label units or DURATIONs.',
  call: ([func, args, range], session) => {
    const f = functionArg(usageWindow, func)
    const pair = rangeArg(usageWindow, range)
    return spread(usageWindow, args, (columns, labels) => {
      const n = columns[0].length
      if (pair.type === T.DURATION && !hasOrder(labels))
        throw usageError(usageWindow, 'a range of DURATIONs needs an indexed series or matrix.')
      const run = (from: number, to: number): Value | undefined =>
        from < to ? callOn(session, f, columns, from, to) : undefined
      if (!hasOrder(labels)) {
        const low = Number(pair.first)
        const high = Number(pair.second)
        return collectResults(Array.from({ length: n }, (_, k) => run(Math.max(0, k + low), Math.min(n, k + high + 1))))
      }
      const times = timesOf(usageWindow, labels)
      const [lower, upper] = rangeBounds(labels, pair)
      return collectResults(
        Array.from({ length: n }, (_, k) => run(firstNotBelow(times, lower[k]), firstNotBelow(times, upper[k], true))),
      )
    })
  },
})

/**
 * Times without a period of the day that does not count: what comes after it moves back by its length, on every later day by once more. A time inside
 * the period is an error.
 */
function withoutPeriod(usage: string, t: Vector, excluded: Arg): FixedVector | Vector {
  if (!isGiven(excluded)) return t
  if (excluded.kind !== 'pair' || !isTemporal(excluded.type) || temporalUnit(excluded.type)!.hasDate)
    throw usageError(usage, 'excludedPeriod must be a pair of TIME, NANOTIME, MINUTE or SECOND.')
  const unit = temporalUnit(t.type)
  if (unit === undefined || !unit.hasTime) throw usageError(usage, 'excludedPeriod needs T with a time of day.')
  const scale = unit.perDay / temporalUnit(excluded.type)!.perDay
  const from = Number(excluded.first) * scale
  const to = Number(excluded.second) * scale
  if (!(from < to)) throw usageError(usage, 'excludedPeriod must end after it starts.')
  const times = timesOf(usage, t)
  return new FixedVector(
    T.LONG,
    BigInt64Array.from(times, (x) => {
      const day = Math.floor(x / unit.perDay)
      const ofDay = x - day * unit.perDay
      if (ofDay > from && ofDay < to) throw usageError(usage, 'T must not hold times within excludedPeriod.')
      return BigInt(Math.round(x - (day + (ofDay >= to ? 1 : 0)) * (to - from)))
    }),
  )
}

/** A duration as a number of units of a temporal type, for times that are no longer of that type. */
function unitsOf(usage: string, duration: bigint, type: number): number {
  const { count, unit } = unpackDuration(duration)
  const perDay: Readonly<Record<string, number>> = {
    w: 1 / 7,
    d: 1,
    H: 24,
    m: 1440,
    s: 86_400,
    ms: 86_400_000,
    us: 86_400_000_000,
    ns: 86_400_000_000_000,
  }
  if (perDay[unit] === undefined) throw usageError(usage, `a window of ${unit} cannot go with excludedPeriod.`)
  return Math.trunc((count * temporalUnit(type)!.perDay) / perDay[unit])
}

const usageTmoving = 'tmoving(func, T, funcArgs, window, [excludedPeriod])'
define(usageTmoving, {
  doc: 'A function over the rows in (T - window, T] of each row, window an integer in units of T or a DURATION; rows that follow with an equal T are not in it. excludedPeriod, a pair of times of day, is time that does not count (a break in trading): T must hold none of it.',
  call: ([func, t, args, window, excluded], session) => {
    const f = functionArg(usageTmoving, func)
    const column = timeColumn(usageTmoving, t)
    const counted = withoutPeriod(usageTmoving, column, excluded)
    const size =
      counted !== column && isDuration(window)
        ? Scalar.long(BigInt(unitsOf(usageTmoving, (window as Scalar).value as bigint, column.type)))
        : window
    const { starts } = timeWindows(...timeBounds(usageTmoving, counted, size))
    return spread(usageTmoving, args, (columns) => {
      if (columns[0].length !== starts.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return collectResults(Array.from(starts, (from, k) => callOn(session, f, columns, from, k + 1)))
    })
  },
})

const usageTwindow = 'twindow(func, funcArgs, T, range, [prevailing=false], [excludedPeriod])'
define(usageTwindow, {
  doc: 'A function over the rows whose T is from T + range[0] to T + range[1], both ends and all equal times included; range is a pair of integers in units of T, or of DURATIONs. prevailing=true: of several rows at the left bound the last only, and if none is there the last one before it (as pwj). prevailing=2: an end of 0 is the row itself, not rows with an equal T. A window without rows gives null. excludedPeriod as in tmoving.',
  call: ([func, args, t, range, prevailing, excluded], session) => {
    const f = functionArg(usageTwindow, func)
    const column = timeColumn(usageTwindow, t)
    const given = rangeArg(usageTwindow, range)
    const mode = isGiven(prevailing) ? Number((prevailing as Scalar).value) : 0
    if (prevailing !== undefined && (prevailing.kind !== 'scalar' || ![0, 1, 2].includes(mode)))
      throw usageError(usageTwindow, 'prevailing must be false, true or 2.')
    if (given.type === T.DURATION && !isTemporal(column.type))
      throw usageError(usageTwindow, 'a range of DURATIONs needs a temporal T.')
    const counted = withoutPeriod(usageTwindow, column, excluded)
    const times = timesOf(usageTwindow, counted)
    const inUnits = (raw: unknown): number =>
      given.type === T.DURATION ? unitsOf(usageTwindow, raw as bigint, column.type) : Number(raw)
    const [lower, upper] =
      counted === column
        ? rangeBounds(column, given)
        : [times.map((x) => x + inUnits(given.first)), times.map((x) => x + inUnits(given.second))]
    const isZero = (raw: unknown): boolean =>
      given.type === T.DURATION ? unpackDuration(raw as bigint).count === 0 : Number(raw) === 0
    if (mode === 2 && isZero(given.first) && isZero(given.second))
      throw usageError(usageTwindow, '0:0 is illegal window when prevailing =2.')
    if (mode === 2 && !isZero(given.first) && !isZero(given.second))
      throw usageError(usageTwindow, 'left offset or right offset must be zero when prevailing =2.')
    return spread(usageTwindow, args, (columns) => {
      const n = columns[0].length
      if (n !== times.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      return collectResults(
        Array.from({ length: n }, (_, k) => {
          let from = firstNotBelow(times, lower[k])
          let to = firstNotBelow(times, upper[k], true)
          if (mode === 1) from = Math.max(0, firstNotBelow(times, lower[k], true) - 1)
          if (mode === 2 && isZero(given.first)) from = k
          if (mode === 2 && isZero(given.second)) to = k + 1
          return from < to ? callOn(session, f, columns, from, to) : undefined
        }),
      )
    })
  },
})

const usageValid = 'movingValid(func, funcArgs, window, [minPeriods=window], [combined=true])'
define(usageValid, {
  doc: 'An aggregate over the last `window` elements that are not null, up to each row; null while there are fewer than minPeriods. Rows of an array vector follow one another, and a window ends at the last element of its row. Of several arguments (a tuple) those positions are valid that are null in none (combined) or each has its own valid elements.',
  call: ([func, args, window, least, combined], session) => {
    const f = functionArg(usageValid, func)
    const size = intArg(window, usageValid, 'window')
    if (size < 1) throw usageError(usageValid, 'window must be a positive integer.')
    const minimum = intArg(least, usageValid, 'minPeriods', size)
    if (minimum < 1) throw usageError(usageValid, 'minPeriods must be a positive integer.')
    const together = boolArg(combined, usageValid, 'combined', true)
    return spread(usageValid, args, (columns) => {
      const series = columns.map(flatten)
      const n = columns[0].length
      if (together && series.some((s) => s.ends.some((end, k) => end !== series[0].ends[k])))
        throw operatorError('Incompatible vector size', { code: 'vectorSize' })
      const known = together
        ? new Array<ValidOf>(series.length).fill(validOf(series.map((s) => s.values)))
        : series.map((s) => validOf([s.values]))
      const kept = series.map((s, c) => s.values.gather(known[c].positions))
      return collectResults(
        Array.from({ length: n }, (_, k) => {
          const counts = known.map((v, c) => v.before[series[c].ends[k]])
          if (counts.some((count) => count < minimum)) return undefined
          return session.call(
            f,
            kept.map((v, c) => v.slice(Math.max(0, counts[c] - size), counts[c])),
          )
        }),
      )
    })
  },
})

/** The elements one after another, and where each row ends. */
function flatten(v: Vector): { readonly values: Vector; readonly ends: Int32Array } {
  if (v.storage !== 'array') return { values: v, ends: Int32Array.from({ length: v.length }, (_, k) => k + 1) }
  const start = v.offsets[0]
  return {
    values: v.flat.slice(start, v.offsets[v.length]),
    ends: Int32Array.from({ length: v.length }, (_, k) => v.offsets[k + 1] - start),
  }
}

interface ValidOf {
  readonly positions: Int32Array
  /** Number of valid positions before each one. */
  readonly before: Int32Array
}

function validOf(columns: readonly Vector[]): ValidOf {
  const n = columns[0].length
  const before = new Int32Array(n + 1)
  const positions: number[] = []
  for (let k = 0; k < n; k++) {
    if (columns.every((c) => !c.isNullAt(k))) positions.push(k)
    before[k + 1] = positions.length
  }
  return { positions: Int32Array.from(positions), before }
}

// ---------------------------------------------------------------------------------------------------------------------
// The windows themselves

/** Rows starts[k]..k of positions, in front of them `pad` nulls for what a full window would have more. */
function windowRows(
  starts: Int32Array,
  size: number,
): { readonly offsets: Int32Array; readonly positions: Int32Array } {
  const offsets = new Int32Array(starts.length + 1)
  for (let k = 0; k < starts.length; k++) offsets[k + 1] = offsets[k] + Math.max(size, k - starts[k] + 1)
  const positions = new Int32Array(offsets[starts.length]).fill(-1)
  for (let k = 0; k < starts.length; k++)
    for (let j = starts[k], at = offsets[k + 1] - (k - starts[k] + 1); j <= k; j++) positions[at++] = j
  return { offsets, positions }
}

function elementsOf(usage: string, x: Arg): Vector {
  const v = vectorArg(x, usage, 'X')
  if (v.storage === 'any' || v.storage === 'array' || isLiteral(v.type))
    throw usageError(usage, `X must be a vector that fits into an array vector, not ${typeName(v.type)}.`)
  return v
}

for (const [name, what] of [
  ['movingWindowData', 'the elements'],
  ['movingWindowIndex', 'the positions (INT)'],
] as const) {
  const usage = `${name}(X, window, [fixed=false])`
  define(usage, {
    doc: `An array vector with ${what} of the window of \`window\` elements that ends at each element. With fixed=true every row has that many: nulls stand first in the rows of the first window-1 elements. X is a vector, not of text; of a tuple or an array vector the windows are a tuple of pieces, not fixed.`,
    call: ([x, window, fixed]) => {
      const given = vectorArg(x, usage, 'X')
      const size = windowSize(usage, window)
      const { starts } = countWindows(given.length, size)
      const rows = name === 'movingWindowData' && (given.storage === 'any' || given.storage === 'array')
      if (rows) {
        if (boolArg(fixed, usage, 'fixed', false))
          throw usageError(usage, 'fixed=true fills with nulls, and rows of a tuple or array vector have none.')
        return new AnyVector(Array.from(starts, (from, k) => given.slice(from, k + 1)))
      }
      const v = name === 'movingWindowData' ? elementsOf(usage, x) : given
      const { offsets, positions } = windowRows(starts, boolArg(fixed, usage, 'fixed', false) ? size : 0)
      if (name === 'movingWindowData') return new ArrayVector(offsets, v.gather(positions))
      return new ArrayVector(
        offsets,
        new FixedVector(
          T.INT,
          positions.map((p) => (p < 0 ? NULL_I32 : p)),
        ),
      )
    },
  })
}

const usageTimed = 'tmovingWindowData(T, X, window, [leftClosed=false])'
define(usageTimed, {
  doc: 'An array vector with the elements of X in (T - window, T] of each row, or with leftClosed in [T - window, T].',
  call: ([t, x, window, leftClosed]) => {
    const v = elementsOf(usageTimed, x)
    const column = timeColumn(usageTimed, t)
    if (column.length !== v.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    const [times, lower] = timeBounds(usageTimed, column, window)
    const { starts } = boolArg(leftClosed, usageTimed, 'leftClosed', false)
      ? { starts: Int32Array.from(lower, (bound) => firstNotBelow(times, bound)) }
      : timeWindows(times, lower)
    const { offsets, positions } = windowRows(starts, 0)
    return new ArrayVector(offsets, v.gather(positions))
  },
})
