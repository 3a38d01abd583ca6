/** Where the windows of m- and tm-functions are, from the arguments of a call, and how a window function spreads over the forms. */
import { inputError, operatorError } from '../errors.ts'
import { countWindows, timeWindows, type Windows } from '../kernels/window.ts'
import { toDoubles } from '../ops/doubles.ts'
import { addDuration } from '../ops/temporal.ts'
import type { Matrix } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { isIntegral, isTemporal, T, typeName, unpackDuration } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { type Arg, intArg, isGiven, required } from './args.ts'
import { asVector, isNumericColumn, matrixColumns, matrixFrom, pairwise, vectorOver } from './shapes.ts'

/** How the windows of a vector are made; indexed objects supply labels. */
export type WindowMaker = (length: number, labels?: Vector) => Windows

/** Windows of a number of elements, or of label units on an indexed object. */
export function windowMaker(usage: string, window: Arg, minPeriods: Arg): WindowMaker {
  const least =
    isGiven(minPeriods) && !(minPeriods.kind === 'scalar' && minPeriods.isNull())
      ? intArg(minPeriods, usage, 'minPeriods')
      : undefined
  if (least !== undefined && least < 1) throw inputError(`Usage: ${usage}. minPeriods must be a positive integer.`)
  return (length, labels) => {
    if (labels !== undefined && (isTemporal(labels.type) || isIntegral(labels.type)))
      return timeWindows(...timeBounds(usage, labels, window), least ?? 1)
    if (window?.kind === 'scalar' && window.type === T.DURATION)
      throw inputError(`Usage: ${usage}. A duration window needs an indexed series or matrix.`)
    return countWindows(length, windowSize(usage, window), least)
  }
}

/** A window of at least two elements. */
export function windowSize(usage: string, window: Arg): number {
  const size = intArg(window, usage, 'window')
  if (size < 2) throw inputError(`Usage: ${usage}. window must be an integer of at least 2.`)
  return size
}

/** Times and their lower bounds (time - window) as doubles. */
export function timeBounds(usage: string, t: Vector, window: Arg): [Float64Array, Float64Array] {
  const times = timesOf(usage, t)
  if (window?.kind === 'scalar' && window.type === T.DURATION) {
    const { count, unit } = unpackDuration(window.value as bigint)
    if (count <= 0) throw inputError(`Usage: ${usage}. window must be positive.`)
    if (!isTemporal(t.type))
      throw inputError(`Usage: ${usage}. A DURATION window needs times, not ${typeName(t.type)}.`, {
        hint: 'give the window as an integer in units of T',
      })
    return [times, toDoubles('time window', addDuration(t, -count, unit) as Vector)]
  }
  const size = intArg(window, usage, 'window')
  if (size < 1) throw inputError(`Usage: ${usage}. window must be a positive integer or DURATION.`)
  return [times, times.map((x) => x - size)]
}

/** The times as doubles; they must not go back and hold no nulls. */
export function timesOf(usage: string, t: Vector): Float64Array {
  const times = toDoubles('time window', t)
  for (let k = 0; k < times.length; k++)
    if (Number.isNaN(times[k]) || (k > 0 && times[k] < times[k - 1]))
      throw inputError(`Usage: ${usage}. T must be non-decreasing and hold no nulls.`)
  return times
}

export function timeColumn(usage: string, t: Arg): Vector {
  const v = asVector(required(t, usage, 'T'))
  if (v === undefined || !(isTemporal(v.type) || isIntegral(v.type)))
    throw inputError(`Usage: ${usage}. T must be a temporal or integral vector.`)
  return v
}

/** Windows (T - window, T] of a time column. */
export function timeMaker(usage: string, t: Arg, window: Arg): WindowMaker {
  const column = timeColumn(usage, t)
  return (length) => {
    if (length !== column.length) throw operatorError('Incompatible vector size', { code: 'vectorSize' })
    return timeWindows(...timeBounds(usage, column, window))
  }
}

const labelsOf = (x: Value): Vector | undefined =>
  x.kind === 'matrix' && x.indexed !== 'no' ? (x as Matrix).rowLabels : undefined

/** Applies a window function to any form; labels of an indexed matrix take over the windows. */
export function onWindows(
  name: string,
  x: Value,
  maker: WindowMaker,
  f: (v: Vector, w: Windows) => Vector,
  anyType = false,
): Value {
  const labels = labelsOf(x)
  return vectorOver(name, x, (v) => f(v, maker(v.length, labels)), anyType ? () => true : isNumericColumn)
}

/** The same for a function of two columns. */
export function onPairWindows(
  name: string,
  x: Value,
  y: Value,
  maker: WindowMaker,
  f: (a: Vector, b: Vector, w: Windows) => Vector,
): Value {
  const labels = labelsOf(x) ?? labelsOf(y)
  return pairwise(name, x, onLabels(y, labelsOf(x)), (a, b) => f(a, b, maker(a.length, labels)))
}

/** An indexed matrix with its rows at other labels; labels that it does not have are rows of nulls. */
function onLabels(y: Value, labels: Vector | undefined): Value {
  if (labels === undefined || y.kind !== 'matrix' || y.indexed === 'no' || y.rowLabels === undefined) return y
  const own = y.rowLabels
  if (own.type !== labels.type) return y
  const rows = new Map(Array.from({ length: own.length }, (_, k) => [own.raw(k), k] as const))
  const order = Int32Array.from({ length: labels.length }, (_, k) => rows.get(labels.raw(k)) ?? -1)
  const out = matrixFrom(
    matrixColumns(y).map((c) => c.gather(order)),
    y.colLabels,
    labels,
  )
  out.indexed = y.indexed
  return out
}
