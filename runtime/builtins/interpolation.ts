/** Filling the gaps of a numeric vector from the valid values around them: straight lines, steps, nearest values or one polynomial. */
import { usageError } from '../errors.ts'
import { castVector } from '../ops/cast.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { isDecimal, isNumeric, isTemporal, T } from '../values/types.ts'
import type { Vector } from '../values/vector.ts'
import { type Arg, boolArg, intArg, isGiven, sizeError, textArg, vectorArg } from './args.ts'
import { fromDoubles, toDoubles } from './columns.ts'
import { replaceContent } from './growth.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const interpolationBuiltins: readonly Builtin[] = entries

const signature =
  "interpolate(X, [method='linear'], [limit], [inplace=false], [limitDirection='forward'], [limitArea], [index])"

type Method = 'linear' | 'pad' | 'nearest' | 'krogh'
type Direction = 'forward' | 'backward' | 'both'
type Area = '' | 'inside' | 'outside'

function choice<C extends string>(v: Arg, name: string, allowed: readonly C[], fallback: C): C {
  const text = textArg(v, signature, name, fallback)
  const found = allowed.find((c) => c === text)
  if (found === undefined)
    throw usageError(signature, `${name} must be one of ${allowed.map((c) => `'${c}'`).join(', ')}.`)
  return found
}

/** Where values may be put: null positions by area, direction and the number of nulls in a row. */
function fillable(
  valid: readonly number[],
  length: number,
  limit: number,
  direction: Direction,
  area: Area,
): Uint8Array {
  const out = new Uint8Array(length)
  const first = valid[0]
  const last = valid[valid.length - 1]
  const mark = (from: number, to: number, forward: boolean, backward: boolean): void => {
    for (let k = from; k < to; k++) if ((forward && k - from < limit) || (backward && to - k <= limit)) out[k] = 1
  }
  const forward = direction !== 'backward'
  const backward = direction !== 'forward'
  if (area !== 'outside') for (let j = 1; j < valid.length; j++) mark(valid[j - 1] + 1, valid[j], forward, backward)
  if (area !== 'inside') {
    if (backward) mark(0, first, false, true)
    if (forward) mark(last + 1, length, true, false)
  }
  return out
}

/** Newton's divided differences: the polynomial through all valid points, as scipy's krogh_interpolate for values without derivatives. */
function newton(x: Float64Array, y: Float64Array, valid: readonly number[]): (at: number) => number {
  const c = Float64Array.from(valid, (k) => y[k])
  for (let order = 1; order < c.length; order++)
    for (let k = c.length - 1; k >= order; k--) c[k] = (c[k] - c[k - 1]) / (x[valid[k]] - x[valid[k - order]])
  return (at) => {
    let value = c[c.length - 1]
    for (let k = c.length - 2; k >= 0; k--) value = value * (at - x[valid[k]]) + c[k]
    return value
  }
}

function filled(
  y: Float64Array,
  x: Float64Array,
  method: Method,
  direction: Direction,
  may: Uint8Array,
  valid: readonly number[],
): void {
  const polynomial = method === 'krogh' ? newton(x, y, valid) : undefined
  let right = 0
  for (let k = 0; k < y.length; k++) {
    while (right < valid.length && valid[right] < k) right++
    if (may[k] === 0) continue
    const before = right > 0 ? valid[right - 1] : -1
    const after = right < valid.length ? valid[right] : -1
    if (polynomial !== undefined) y[k] = polynomial(x[k])
    else if (before < 0) y[k] = y[after]
    else if (after < 0) y[k] = y[before]
    else if (method === 'linear')
      y[k] = y[before] + ((y[after] - y[before]) * (x[k] - x[before])) / (x[after] - x[before])
    else if (method === 'nearest') y[k] = x[k] - x[before] <= x[after] - x[k] ? y[before] : y[after]
    else y[k] = direction === 'backward' ? y[after] : y[before]
  }
}

function positions(index: Arg, length: number): Float64Array {
  if (!isGiven(index) || (index.kind === 'scalar' && index.isNull())) return Float64Array.from({ length }, (_, k) => k)
  const v = vectorArg(index, signature, 'index')
  if (!isNumeric(v.type) && !isTemporal(v.type))
    throw usageError(signature, 'index must be a numeric or temporal vector.')
  if (v.length !== length) throw sizeError()
  const x = toDoubles(v, signature)
  if (x.some(Number.isNaN)) throw usageError(signature, 'index must not contain nulls.')
  return x
}

define(signature, {
  doc: "Nulls of a numeric vector filled from the valid values around them. method: linear; pad (the value before, or after with limitDirection 'backward'); nearest (ties take the value before); krogh (the polynomial through all valid values). limitDirection forward fills between values and extends the last one, backward extends the first one to the front, both does both; linear, pad and nearest extend with the end value, krogh by its polynomial. limit: at most so many nulls in a row, counted from the side that is filled from. limitArea 'inside' fills only between values, 'outside' only beyond them. index: positions of the elements, else 0, 1, 2... The result is DOUBLE for linear and krogh, else of X's type; inplace=true changes X and keeps its type.",
  kind: 'vector',
  mutatesWith: 3,
  call: ([x, method, limit, inplace, direction, area, index]) => {
    const v = vectorArg(x, signature, 'X')
    if (!isNumeric(v.type) && !isDecimal(v.type)) throw usageError(signature, 'X must be a numeric vector.')
    const by = choice<Method>(method, 'method', ['linear', 'pad', 'nearest', 'krogh'], 'linear')
    const towards = choice<Direction>(direction, 'limitDirection', ['forward', 'backward', 'both'], 'forward')
    const where = choice<Area>(area, 'limitArea', ['', 'inside', 'outside'], '')
    const most =
      isGiven(limit) && !(limit.kind === 'scalar' && limit.isNull()) ? intArg(limit, signature, 'limit') : v.length
    if (most < 1 && v.length > 0) throw usageError(signature, 'limit must be a positive integer.')
    const at = positions(index, v.length)
    const result = interpolated(v, at, by, towards, where, most)
    if (!boolArg(inplace, signature, 'inplace', false)) return result
    if (v.frozen) throw usageError(signature, 'X must be a variable that may be changed when inplace is true.')
    replaceContent(v, castVector(result, v.type, 'scale' in v ? v.scale : undefined).copy())
    return v
  },
})

function interpolated(
  v: Vector,
  x: Float64Array,
  method: Method,
  direction: Direction,
  area: Area,
  limit: number,
): Vector {
  const y = toDoubles(v, signature)
  const valid: number[] = []
  for (let k = 0; k < y.length; k++) if (!Number.isNaN(y[k])) valid.push(k)
  if (valid.length > 0) filled(y, x, method, direction, fillable(valid, y.length, limit, direction, area), valid)
  const result = fromDoubles(y)
  if (v.type === T.DOUBLE || method === 'linear' || method === 'krogh') return result
  return castVector(result, v.type, 'scale' in v ? v.scale : undefined)
}
