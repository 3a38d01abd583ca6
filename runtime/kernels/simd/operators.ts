/**
 * Which operators on which operands go through vector registers: large columns of doubles and 64-bit integers, and truth values. Each function answers whether it
 * did the work; if not, the loops of ../arithmetic.ts do, which `careful` also stands for.
 */
import { memoryOf } from '../../values/own-memory.ts'
import { type FixedArray, isNullElement } from '../../values/vector.ts'
import type { Operand } from '../arithmetic.ts'
import {
  type ArithmeticOp,
  type CompareOp,
  isWorthLanes,
  LANES_FROM,
  type LaneTree,
  type LogicOp,
  runTree,
} from './elementwise.ts'

type Careful = (from: number, to: number) => void

const LOGIC: ReadonlySet<string> = new Set<LogicOp>(['and', 'or', 'xor'])

/** The leaves of one operator. */
class Leaves {
  readonly inputs: FixedArray[] = []
  readonly scalars: (number | bigint)[] = []

  /** undefined: this operand has no place in these lanes. */
  add(x: Operand, lane: 'f64' | 'i64' | 'i8'): LaneTree | undefined {
    if (!x.single) {
      if (!isOf(lane, x.data)) return undefined
      return { op: 'input', lane, index: this.inputs.push(x.data) - 1 }
    }
    if ((lane === 'i64') !== x.data instanceof BigInt64Array) return undefined
    return { op: 'scalar', lane, index: this.scalars.push(x.data[0]) - 1 }
  }
}

const isOf = (lane: 'f64' | 'i64' | 'i8', data: FixedArray): boolean =>
  lane === 'f64'
    ? data instanceof Float64Array
    : lane === 'i64'
      ? data instanceof BigInt64Array
      : data instanceof Int8Array

const laneOf = (data: FixedArray): 'f64' | 'i64' | undefined =>
  data instanceof Float64Array ? 'f64' : data instanceof BigInt64Array ? 'i64' : undefined

/** Whether all columns are memories of their own. Where some would have to be copied, one operator on doubles is done sooner by a loop in JavaScript. */
const areInPlace = (...columns: readonly Operand[]): boolean =>
  columns.every((x) => x.single || memoryOf(x.data.buffer) !== undefined)

const DOUBLES: Readonly<Record<string, ArithmeticOp>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  ratio: 'ratio',
  div: 'ratio',
}
const LONGS: Readonly<Record<string, ArithmeticOp>> = { add: 'add', sub: 'sub' }

/** 64-bit integers, and doubles where they lie. */
export function laneArithmetic(
  op: string,
  a: Operand,
  b: Operand,
  o: FixedArray,
  length: number,
  careful: Careful,
): boolean {
  if (length < LANES_FROM || (a.single && b.single)) return false
  const lane = laneOf(o)
  const laneOp = lane === 'i64' ? LONGS[op] : lane === 'f64' ? DOUBLES[op] : undefined
  if (lane === undefined || laneOp === undefined || (lane === 'f64' && !areInPlace(a, b))) return false
  const leaves = new Leaves()
  const [x, y] = [leaves.add(a, lane), leaves.add(b, lane)]
  if (x === undefined || y === undefined) return false
  const tree: LaneTree = { op: laneOp, args: [x, y] }
  if (!isWorthLanes(tree, length)) return false
  runTree(tree, leaves.inputs, leaves.scalars, o, 0, length, careful)
  return true
}

/** Doubles, 64-bit integers among each other. Two columns of doubles that would have to be copied first are compared sooner by the loops in JavaScript. */
export function laneCompare(
  op: string,
  a: Operand,
  b: Operand,
  o: Int8Array,
  length: number,
  careful: Careful,
): boolean {
  const lane = laneOf(a.single ? b.data : a.data)
  if (length < LANES_FROM || lane === undefined) return false
  if (lane === 'f64' && !a.single && !b.single && !areInPlace(a, b)) return false
  // The null of another type is the null of doubles here.
  if ([a, b].some((x) => x.single && isNullElement(x.data, 0) && !isOf(lane, x.data))) return false
  const leaves = new Leaves()
  const [x, y] = [leaves.add(a, lane), leaves.add(b, lane)]
  if (x === undefined || y === undefined) return false
  const tree: LaneTree = { op: op as CompareOp, args: [x, y] }
  if (!isWorthLanes(tree, length)) return false
  runTree(tree, leaves.inputs, leaves.scalars, o, 0, length, careful)
  return true
}

export function laneLogic(op: string, a: Operand, b: Operand, o: Int8Array, length: number, careful: Careful): boolean {
  if (length < LANES_FROM || !LOGIC.has(op) || [a, b].some((x) => x.single && isNullElement(x.data, 0))) return false
  const leaves = new Leaves()
  const [x, y] = [leaves.add(a, 'i8'), leaves.add(b, 'i8')]
  if (x === undefined || y === undefined) return false
  const tree: LaneTree = { op: op as LogicOp, args: [x, y] }
  if (!isWorthLanes(tree, length)) return false
  runTree(tree, leaves.inputs, leaves.scalars, o, 0, length, careful)
  return true
}

/** The larger or smaller of two: the left one where they are equal. */
export function laneExtreme(
  op: 'max' | 'min',
  a: Operand,
  b: Operand,
  o: FixedArray,
  length: number,
  careful: Careful,
): boolean {
  const lane = laneOf(o)
  if (length < LANES_FROM || lane === undefined) return false
  const leaves = new Leaves()
  const [x, y] = [leaves.add(a, lane), leaves.add(b, lane)]
  if (x === undefined || y === undefined) return false
  const left: LaneTree = { op: op === 'max' ? 'ge' : 'le', args: [x, y] }
  const tree: LaneTree = { op: 'choose', args: [left, x, y] }
  if (!isWorthLanes(tree, length)) return false
  runTree(tree, leaves.inputs, leaves.scalars, o, 0, length, careful)
  return true
}

/** `a` where the flag is 0, `b` where it is 1. */
export function laneChoice(flags: Int8Array, a: Operand, b: Operand, o: FixedArray, careful: Careful): boolean {
  const lane = laneOf(o)
  if (flags.length < LANES_FROM || lane === undefined) return false
  const leaves = new Leaves()
  const [flag, x, y] = [leaves.add({ data: flags, single: false }, 'i8'), leaves.add(a, lane), leaves.add(b, lane)]
  if (flag === undefined || x === undefined || y === undefined) return false
  const tree: LaneTree = { op: 'choose', args: [flag, y, x] }
  if (!isWorthLanes(tree, flags.length)) return false
  runTree(tree, leaves.inputs, leaves.scalars, o, 0, flags.length, careful)
  return true
}

/** A function of one column of doubles: its result are doubles, or for `round` 32-bit integers. */
export function laneFunctionOf(
  op: 'sqrt' | 'abs' | 'square' | 'exp' | 'log' | 'round',
  data: FixedArray,
  o: FixedArray,
  length: number,
  careful: Careful,
): boolean {
  if (length < LANES_FROM || !(data instanceof Float64Array)) return false
  const tree: LaneTree = { op, args: [{ op: 'input', lane: 'f64', index: 0 }] }
  if (!isWorthLanes(tree, length) || ((op === 'exp' || op === 'log') && !isLikeMath(op))) return false
  runTree(tree, [data], [], o, 0, length, careful)
  return true
}

const likeMath = new Map<'exp' | 'log', boolean>()

/** Whether Math has the same algorithm here, to the last bit: another processor or another V8 may have another one, and then small vectors and large ones would differ. */
function isLikeMath(op: 'exp' | 'log'): boolean {
  let same = likeMath.get(op)
  if (same === undefined) {
    const data = Float64Array.from({ length: 2048 }, (_, k) => (op === 'exp' ? (k - 1024) * 0.0137 : (k + 1) * 0.00137))
    const o = new Float64Array(data.length)
    runTree({ op, args: [{ op: 'input', lane: 'f64', index: 0 }] }, [data], [], o, 0, data.length, () => {})
    same = data.every((x, k) => Object.is(o[k], Math[op](x)))
    likeMath.set(op, same)
  }
  return same
}
