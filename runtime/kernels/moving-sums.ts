/**
 * Sums and means of moving windows. A sum is compensated: what each addition loses is kept beside it (Neumaier), so that rounding does not pile up over millions
 * of elements. Loops take a piece of the vector at a time: a loop that is called again and again is compiled better than one that is entered once, and what it touches
 * is still in the cache. Windows of a number of elements without a null in sight take the short loop; both loops do the same arithmetic.
 */
import { checkInterrupt } from '../interrupt.ts'
import { castVector } from '../ops/cast.ts'
import { toDoubles } from '../ops/doubles.ts'
import { NULL_F64, NULL_I64, T } from '../values/types.ts'
import { FixedVector, newFixedArray, type Vector } from '../values/vector.ts'
import { words } from './codegen.ts'
import { mayHaveNull } from './null-scan.ts'
import { runningTotal } from './running.ts'
import type { Windows } from './window.ts'

const PIECE = 1 << 15

/** Sum, what additions lost, number of valid elements: of the window that ended before the next piece. */
type State = Float64Array
const COUNT = 2

/** Sums or means of the windows, as a DOUBLE vector. `name` is that of the function, for errors. */
export function movingSums(name: string, v: Vector, w: Windows, mean: boolean): FixedVector {
  const x = v.storage === 'fixed' && v.type === T.DOUBLE ? (v.view() as Float64Array) : toDoubles(name, v)
  const out = newFixedArray('f64', x.length) as Float64Array
  const state: State = new Float64Array(3)
  const { size, lead, minValid } = w
  const filling = size === undefined ? 0 : Math.min(size, x.length)
  // The first windows begin with the vector.
  if (filling > 0) anyWindows(x, new Int32Array(filling), lead, minValid, mean, out, state, 0, filling)
  for (let from = filling; from < x.length; from += PIECE) {
    checkInterrupt()
    const to = Math.min(x.length, from + PIECE)
    const isFull = size !== undefined && size >= minValid && state[COUNT] === size
    const next = isFull ? fullWindows(x, size, mean ? size : 1, out, state, from, to) : from
    if (next < to) anyWindows(x, w.starts, lead, minValid, mean, out, state, next, to)
  }
  return new FixedVector(T.DOUBLE, out)
}

/** Windows of `size` valid elements, as the one before `from` was. Answers where it stopped: at `to`, or at the first null. */
function fullWindows(
  x: Float64Array,
  size: number,
  divisor: number,
  out: Float64Array,
  state: State,
  from: number,
  to: number,
): number {
  let sum = state[0]
  let lost = state[1]
  let k = from
  for (; k < to; k++) {
    const y = x[k]
    // Null, or no number.
    if (!(y > NULL_F64)) break
    const more = sum + y
    // The error of an addition, exactly, whichever operand is the larger one (Knuth's two-sum).
    const ofMore = more - sum
    lost += sum - (more - ofMore) + (y - ofMore)
    const z = -x[k - size]
    sum = more + z
    const ofSum = sum - more
    lost += more - (sum - ofSum) + (z - ofSum)
    const result = (sum + lost) / divisor
    // The difference is 0 unless the result is infinite or no number.
    out[k] = result - result === 0 ? result : NULL_F64
  }
  state[0] = sum
  state[1] = lost
  return k
}

function anyWindows(
  x: Float64Array,
  starts: Int32Array,
  lead: number,
  minValid: number,
  mean: boolean,
  out: Float64Array,
  state: State,
  begin: number,
  end: number,
): void {
  let [sum, lost, count] = state
  let from = begin === 0 ? 0 : starts[begin - 1]
  for (let k = begin; k < end; k++) {
    const y = x[k]
    if (!Number.isNaN(y) && y !== NULL_F64) {
      count++
      const next = sum + y
      const ofNext = next - sum
      lost += sum - (next - ofNext) + (y - ofNext)
      sum = next
    }
    for (; from < starts[k]; from++) {
      const z = -x[from]
      if (Number.isNaN(z) || z === -NULL_F64) continue
      count--
      const next = sum + z
      const ofNext = next - sum
      lost += sum - (next - ofNext) + (z - ofNext)
      sum = next
      // An empty window clears what rounding left behind.
      if (count === 0) sum = lost = 0
    }
    const result = mean ? (sum + lost) / count : sum + lost
    out[k] = k >= lead && count >= minValid && result - result === 0 ? result : NULL_F64
  }
  state[0] = sum
  state[1] = lost
  state[COUNT] = count
}

/** Whole numbers up to here add exactly as doubles. */
const EXACT = 2 ** 53

/** Exact sums of whole numbers, wrapping at 64 bits, as a LONG vector. */
export function movingLongSums(v: FixedVector, w: Windows): FixedVector {
  return (w.size === undefined ? undefined : smallSums(v, w, w.size)) ?? wrappingSums(v, w)
}

/** Sums that doubles hold exactly; undefined where the elements are too large for that, or hold nulls. */
function smallSums(v: FixedVector, w: Windows, size: number): FixedVector | undefined {
  if (v.data instanceof BigInt64Array || mayHaveNull(v.data, 0, v.length)) return undefined
  // Types of 32 bits and less: nothing that fits into memory gets that far, but the rule stands here and not in a reader's head.
  if (size * 2147483648 >= EXACT || size < w.minValid) return undefined
  const x = (castVector(v, T.INT) as FixedVector).view() as Int32Array
  const out = newFixedArray('i64', v.length) as BigInt64Array
  const state = new Float64Array(1)
  for (let from = 0; from < v.length; from += PIECE) {
    checkInterrupt()
    wholeWindows(x, size, w.lead, w.minValid, words(out), state, from, Math.min(v.length, from + PIECE))
  }
  return new FixedVector(T.LONG, out)
}

function wholeWindows(
  x: Int32Array,
  size: number,
  lead: number,
  minValid: number,
  out: Int32Array,
  state: Float64Array,
  from: number,
  to: number,
): void {
  let sum = state[0]
  for (let k = from; k < to; k++) {
    sum += x[k]
    if (k >= size) sum -= x[k - size]
    if (k >= lead && k + 1 >= minValid) {
      out[2 * k] = sum
      out[2 * k + 1] = Math.floor(sum / 4294967296)
    } else out[2 * k + 1] = -2147483648
  }
  state[0] = sum
}

/** From wrapping prefix sums. */
function wrappingSums(v: FixedVector, w: Windows): FixedVector {
  const { starts } = w
  const total = runningTotal(v, 'sum').data as BigInt64Array
  const ok = dueWindows(v, w)
  const out = newFixedArray('i64', v.length) as BigInt64Array
  for (let k = 0; k < out.length; k++) {
    if (ok[k] === 0) out[k] = NULL_I64
    else {
      const from = starts[k]
      const before = from === 0 || total[from - 1] === NULL_I64 ? 0n : total[from - 1]
      out[k] = BigInt.asIntN(64, total[k] - before)
    }
  }
  return new FixedVector(T.LONG, out)
}

/** Running count of valid elements, one longer than the vector. */
export function validPrefix(v: Vector): Int32Array {
  const prefix = new Int32Array(v.length + 1)
  for (let k = 0; k < v.length; k++) prefix[k + 1] = prefix[k] + (v.isNullAt(k) ? 0 : 1)
  return prefix
}

/** Whether each window has a result. */
export function dueWindows(v: Vector, w: Windows): Uint8Array {
  const { starts } = w
  const prefix = validPrefix(v)
  const out = new Uint8Array(v.length)
  for (let k = 0; k < out.length; k++) out[k] = k >= w.lead && prefix[k + 1] - prefix[starts[k]] >= w.minValid ? 1 : 0
  return out
}
