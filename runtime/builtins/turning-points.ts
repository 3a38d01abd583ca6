/**
 * The zigzag indicator: prices reduced to their turning points. As in the TTR package (ZigZag), whose definition the documentation's samples follow: a
 * turning point is confirmed when the price has moved against the trend by `change`, measured from the last extreme (absolute) or as a part of the move
 * before it (retrace). The mean of the first high and low is the start; the last two points are always given, confirmed or not.
 */
import { usageError } from '../errors.ts'
import { type Builtin, topicTable } from '../registry.ts'
import { NULL_F64 } from '../values/types.ts'
import { type Arg, boolArg, numberArg } from './args.ts'
import { fromDoubles, matrixColumn, toDoubles } from './columns.ts'

const { entries, define } = topicTable('Vectors and matrices')
export const turningPointBuiltins: readonly Builtin[] = entries

const signature = 'zigzag(HL, [change=10], [percent=true], [retrace=false], [lastExtreme=true])'

interface Point {
  price: number
  at: number
}

interface Options {
  /** A part of the price (or of the move), or with `percent` false an amount. */
  readonly change: number
  readonly percent: boolean
  readonly retrace: boolean
  readonly lastExtreme: boolean
}

function prices(x: Arg): [Float64Array, Float64Array] {
  if (x?.kind === 'matrix') {
    if (x.cols !== 2) throw usageError(signature, 'HL must be a numeric vector or a numeric matrix with two columns.')
    return [toDoubles(matrixColumn(x, 0), signature), toDoubles(matrixColumn(x, 1), signature)]
  }
  if (x?.kind !== 'vector')
    throw usageError(signature, 'HL must be a numeric vector or a numeric matrix with two columns.')
  const v = toDoubles(x, signature)
  return [v, v]
}

function turningPoints(high: Float64Array, low: Float64Array, o: Options): Float64Array {
  const n = high.length
  const out = new Float64Array(n).fill(NULL_F64)
  if (n < 2) return out
  /** The last confirmed turning point, and the extreme since then. */
  let turn: Point = { price: (high[0] + low[0]) / 2, at: 0 }
  let extreme: Point = { price: (high[1] + low[1]) / 2, at: 1 }
  let trend: -1 | 0 | 1 = 0
  const confirm = (price: number, at: number, next: -1 | 1): void => {
    out[turn.at] = turn.price
    turn = extreme
    extreme = { price, at }
    trend = next
  }
  for (let k = 1; k < n; k++) {
    const step = o.percent ? extreme.price * o.change : o.change
    let floor = extreme.price - step
    let ceiling = extreme.price + step
    const top = Math.max(extreme.price, high[k])
    const bottom = Math.min(extreme.price, low[k])
    if (trend === 0) {
      if (o.retrace) trend = extreme.price >= turn.price ? 1 : -1
      else if (top >= ceiling) trend = 1
      else if (bottom <= floor) trend = -1
    }
    if (trend === -1) {
      if (low[k] === bottom && (o.lastExtreme || low[k] !== low[k - 1])) extreme = { price: low[k], at: k }
      if (o.retrace) ceiling = extreme.price + (turn.price - extreme.price) * o.change
      if (high[k] >= ceiling) confirm(high[k], k, 1)
    } else if (trend === 1) {
      if (high[k] === top && (o.lastExtreme || high[k] !== high[k - 1])) extreme = { price: high[k], at: k }
      if (o.retrace) floor = extreme.price - (extreme.price - turn.price) * o.change
      if (low[k] <= floor) confirm(low[k], k, -1)
    }
  }
  out[turn.at] = turn.price
  out[extreme.at] = extreme.price
  return out
}

define(signature, {
  doc: 'Keeps the turning points of a price series, all other positions are null (DOUBLE). HL: a numeric vector, or a matrix of highs and lows. change: the least move that counts, in percent of the extreme before it, or with percent=false an amount; with retrace=true in percent of the move before it (percent=false has no retrace). lastExtreme: of equal extremes in a row, the last one. Defined as ZigZag of the TTR package; HL must have no nulls.',
  call: ([x, change, percent, retrace, lastExtreme]) => {
    const [high, low] = prices(x)
    if (high.some(Number.isNaN) || low.some(Number.isNaN)) throw usageError(signature, 'HL must not contain nulls.')
    const inPercent = boolArg(percent, signature, 'percent', true)
    const amount = numberArg(change, signature, 'change', 10)
    return fromDoubles(
      turningPoints(high, low, {
        change: inPercent ? amount / 100 : amount,
        percent: inPercent,
        retrace: inPercent && boolArg(retrace, signature, 'retrace', false),
        lastExtreme: boolArg(lastExtreme, signature, 'lastExtreme', true),
      }),
    )
  },
})
