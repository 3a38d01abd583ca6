/** Order-sensitive functions of neighbouring elements: shifts, differences, filling gaps. */
import { usageError } from '../errors.ts'
import { inBlocks } from '../kernels/codegen.ts'
import { WATCHED_STEP, watchedDifferences } from '../kernels/watched.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { temporalAdd } from '../temporal/add.ts'
import type { Scalar, Value } from '../values/scalar.ts'
import {
  isDecimal,
  isFloating,
  isNumeric,
  isTemporal,
  NULL_F64,
  NULL_I32,
  T,
  type TypeId,
  typeInfo,
  unpackDuration,
} from '../values/types.ts'
import { FixedVector, isNullElement, newFixedArray, unsetFixedArray, type Vector } from '../values/vector.ts'
import { intArg } from './args.ts'
import { fromDoubles, mapVectors, shiftedPositions, toDoubles } from './columns.ts'
import { replaceContent } from './growth.ts'
import { isIndexed, movedByLabel } from './indexed.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const shiftBuiltins: readonly Builtin[] = entries

/** The elements moved right by `steps` (left if negative); freed places are null. */
export function shifted(v: Vector, steps: number): Vector {
  const by = Math.max(-v.length, Math.min(v.length, steps))
  if (v.storage !== 'fixed') return v.gather(shiftedPositions(v.length, by))
  const out = newFixedArray(typeInfo(v.type).storage, v.length)
  const from = Math.max(0, -by)
  const to = Math.min(v.length, v.length - by)
  out.set(v.data.subarray(from, to) as never, Math.max(by, 0))
  const nulls = by > 0 ? [0, by] : [v.length + by, v.length]
  const nullRaw = new FixedVector(v.type, out, 0).raw(-1)
  out.fill(nullRaw as never, nulls[0], nulls[1])
  return new FixedVector(v.type, out, v.length, v.scale)
}

define('prev(X)', {
  doc: 'Each element replaced by the one before it; the first is null. Matrix and table by columns.',
  kind: 'vector',
  call: ([x]) => mapVectors('prev(X)', x, (v) => shifted(v, 1)),
})
define('next(X)', {
  doc: 'Each element replaced by the one after it; the last is null.',
  kind: 'vector',
  call: ([x]) => mapVectors('next(X)', x, (v) => shifted(v, -1)),
})
define('move(X, steps)', {
  doc: 'The elements moved right by `steps`, left if negative; freed places are null. On an indexed series or matrix with temporal row labels steps may be a DURATION: at label t stands the value of the last label that is not after t - steps.',
  kind: 'vector',
  call: ([x, steps]) => {
    const signature = 'move(X, steps)'
    if (x?.kind !== 'vector' && x?.kind !== 'matrix' && x?.kind !== 'table' && x?.kind !== 'dict')
      throw usageError(signature, 'X must be a vector or a matrix.')
    if (steps?.kind === 'scalar' && steps.type === T.DURATION) return movedByDuration(x, steps)
    const by = intArg(steps, signature, 'steps')
    return mapVectors(signature, x, (v) => shifted(v, by))
  },
})

function movedByDuration(x: Value, steps: Scalar): Value {
  if (!isIndexed(x) || x.rowLabels?.storage !== 'fixed' || !isTemporal(x.rowLabels.type))
    throw usageError(
      'move(X, steps)',
      'X must be an indexed series or an indexed matrix with temporal labels when steps is a DURATION.',
    )
  const { count, unit } = unpackDuration(steps.value as bigint)
  return movedByLabel(x, temporalAdd(x.rowLabels, new Int32Array(x.rows).fill(-count), unit))
}

/** Type of a difference: at least INT; temporals give the integer behind them. */
function deltaType(type: TypeId, signature: string): TypeId {
  if (isFloating(type) || isDecimal(type)) return type
  if (isNumeric(type)) return type === T.LONG ? T.LONG : T.INT
  if (isTemporal(type)) return typeInfo(type).storage === 'i64' ? T.LONG : T.INT
  throw usageError(signature, 'X must be numeric or temporal.')
}

function doubleDifferences(x: Float64Array, n: number, out: Float64Array, from: number, to: number): void {
  const whole = to - ((to - from) % WATCHED_STEP)
  const done = watchedDifferences(x, n, out, from, whole) ? whole : from
  for (let k = done; k < to; k++) out[k] = x[k] !== NULL_F64 && x[k - n] !== NULL_F64 ? x[k] - x[k - n] : NULL_F64
}

function differences(v: Vector, n: number, signature: string): Vector {
  const type = deltaType(v.type, signature)
  if (v.storage !== 'fixed') throw usageError(signature, 'X must be numeric or temporal.')
  const { data } = v
  const out = unsetFixedArray(typeInfo(type).storage, v.length)
  const from = Math.max(n, 0)
  const to = Math.min(v.length, v.length + n)
  const result = new FixedVector(type, out, v.length, v.scale)
  const nothing = result.raw(-1) as never
  if (data instanceof Float64Array) out.fill(nothing, 0, from).fill(nothing, Math.max(0, to))
  else out.fill(nothing)
  if (data instanceof BigInt64Array) {
    const wide = out as BigInt64Array
    for (let k = from; k < to; k++)
      if (!isNullElement(data, k) && !isNullElement(data, k - n)) wide[k] = BigInt.asIntN(64, data[k] - data[k - n])
  } else if (data instanceof Float64Array) {
    inBlocks(Math.max(0, to - from), (start, end) =>
      doubleDifferences(data, n, out as Float64Array, from + start, from + end),
    )
  } else if (data instanceof Int32Array) {
    const small = out as Int32Array
    for (let k = from; k < to; k++)
      if (data[k] !== NULL_I32 && data[k - n] !== NULL_I32) small[k] = data[k] - data[k - n]
  } else {
    const small = out as Int32Array | Float32Array
    for (let k = from; k < to; k++)
      if (!isNullElement(data, k) && !isNullElement(data, k - n)) small[k] = data[k] - data[k - n]
  }
  return result
}

define('deltas(X, [n=1])', {
  doc: 'X[i] - X[i-n], null where an operand is missing; a negative n compares with later elements; temporals give integers.',
  kind: 'vector',
  call: ([x, n]) => {
    const signature = 'deltas(X, [n=1])'
    const step = intArg(n, signature, 'n', 1)
    return mapVectors(
      signature,
      x,
      (v) => differences(v, step, signature),
      (t) => isNumeric(t) || isDecimal(t) || isTemporal(t),
    )
  },
})

/** f(current, earlier) as DOUBLE. */
function quotients(v: Vector, n: number, signature: string, minus: number): Vector {
  const x = toDoubles(v, signature)
  const out = new Float64Array(x.length).fill(NULL_F64)
  for (let k = Math.max(n, 0); k < Math.min(x.length, x.length + n); k++) {
    const ratio = x[k] / x[k - n]
    if (Number.isFinite(ratio)) out[k] = ratio - minus
  }
  return new FixedVector(T.DOUBLE, out)
}

define('ratios(X)', {
  doc: 'X[i] \\ X[i-1].',
  kind: 'vector',
  call: ([x]) => mapVectors('ratios(X)', x, (v) => quotients(v, 1, 'ratios(X)', 0), isNumericLike),
})
define('percentChange(X, [n=1])', {
  doc: 'X[i] \\ X[i-n] - 1.',
  kind: 'vector',
  call: ([x, n]) => {
    const signature = 'percentChange(X, [n=1])'
    const step = intArg(n, signature, 'n', 1)
    return mapVectors(signature, x, (v) => quotients(v, step, signature, 1), isNumericLike)
  },
})

function isNumericLike(t: TypeId): boolean {
  return isNumeric(t) || isDecimal(t)
}

// Filling gaps.

/** Straight lines between valid neighbours; the ends stay null. */
function interpolated(v: Vector, signature: string): Vector {
  const x = toDoubles(v, signature)
  let last = -1
  for (let k = 0; k < x.length; k++) {
    if (Number.isNaN(x[k])) continue
    if (last >= 0) for (let j = last + 1; j < k; j++) x[j] = x[last] + ((x[k] - x[last]) * (j - last)) / (k - last)
    last = k
  }
  const filled = fromDoubles(x)
  if (v.storage !== 'fixed' || v.type === T.DOUBLE) return filled
  const out = v.copy()
  for (let k = 0; k < x.length; k++)
    if (out.isNullAt(k) && !filled.isNullAt(k))
      out.data[k] = (
        out.data instanceof BigInt64Array ? BigInt(Math.round(x[k])) : isFloating(v.type) ? x[k] : Math.round(x[k])
      ) as never
  return out
}

for (const inPlace of [false, true]) {
  const signature = `lfill${inPlace ? '!' : ''}(X)`
  define(signature, {
    doc: `Nulls between valid values take values on the straight line between them; the ends stay.${inPlace ? ' Changes X in place.' : ''}`,
    kind: 'vector',
    mutates: inPlace,
    call: ([x]) => {
      const fill = (v: Vector): Vector => (isNumericLike(v.type) ? interpolated(v, signature) : v)
      if (!inPlace) return mapVectors(signature, x, fill)
      if (x?.kind === 'vector') replaceContent(x, fill(x).copy())
      else if (x?.kind === 'table') x.columns = x.columns.map(fill)
      else if (x?.kind === 'matrix') x.data = (mapVectors(signature, x, fill) as typeof x).data
      else throw usageError(signature, 'X must be a vector, a matrix or a table.')
      return x
    },
  })
}
