/** Points and models of the interpolation functions. */
import { usageError } from '../errors.ts'
import { toDoubles } from '../ops/doubles.ts'
import { Dict } from '../values/forms.ts'
import type { Value } from '../values/scalar.ts'
import { T } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { type Arg, required, vectorArg } from './args.ts'
import { fromDoubles } from './columns.ts'
import { vectorOver } from './shapes.ts'

/** A numeric or temporal vector without nulls. */
export function knownArg(v: Arg, usage: string, name: string): Float64Array {
  const data = toDoubles(name, vectorArg(v, usage, name))
  if (data.some(Number.isNaN)) throw usageError(usage, `${name} must not contain NULL values.`)
  return data
}

/** Points with ascending x, at least so many. */
export function pointsOf(
  x: Arg,
  y: Arg,
  usage: string,
  least: number,
  names: readonly [string, string] = ['X', 'Y'],
): { readonly x: Float64Array; readonly y: Float64Array } {
  const xs = knownArg(x, usage, names[0])
  const ys = knownArg(y, usage, names[1])
  if (xs.length !== ys.length) throw usageError(usage, `${names[0]} and ${names[1]} must be of the same length.`)
  if (xs.length < least) throw usageError(usage, `${names[0]} must hold at least ${least} points.`)
  if (xs.some((v, k) => k > 0 && !(v > xs[k - 1]))) throw usageError(usage, `${names[0]} must be strictly increasing.`)
  return { x: xs, y: ys }
}

export const modelOf = (fields: readonly (readonly [string, Value])[]): Dict =>
  new Dict(T.STRING, T.ANY, new Map(fields), true)

export function modelField(model: Arg, key: string, usage: string, maker: string): Value {
  const v = model?.kind === 'dict' ? model.entries.get(key) : undefined
  if (v === undefined) throw usageError(usage, `model must be a model of ${maker}.`)
  return v
}

export function modelDoubles(model: Arg, key: string, usage: string, maker: string): Float64Array {
  const v = modelField(model, key, usage, maker)
  if (v.kind === 'matrix') return toDoubles('predict', v.data)
  if (v.kind !== 'vector') throw usageError(usage, `model must be a model of ${maker}.`)
  return toDoubles('predict', v)
}

/** f at every element of a number or a vector, DOUBLE; null stays null. */
export function mapped(x: Arg, usage: string, name: string, f: (at: number) => number): Value {
  return vectorOver(name, required(x, usage, name), (v: Vector) => {
    const data = toDoubles(name, v)
    for (let k = 0; k < data.length; k++) if (!Number.isNaN(data[k])) data[k] = f(data[k])
    return fromDoubles(data)
  })
}
