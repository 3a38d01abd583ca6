/**
 * Arithmetic of several operators on large vectors at once: `(a - b) \ (a + b) * 2.5`. Where all vectors are doubles without nulls, the chain is one function
 * in vector registers (kernels/simd), and nothing in between ever becomes a vector. Elsewhere the operators run one after the other as they would
 * alone, and the memory of what is in between serves the next.
 */
import { type Operand, runArithmetic, runChoice } from '../kernels/arithmetic.ts'
import { fitsLanes, isWorthLanes, LANES_FROM, type LaneTree, runTree } from '../kernels/simd/elementwise.ts'
import { giveBack, keptFromBytes } from '../values/allocator.ts'
import { Scalar, type Value } from '../values/scalar.ts'
import { isNumeric, T } from '../values/types.ts'
import { type FixedArray, FixedVector, unsetFixedArray } from '../values/vector.ts'
import { fastBinary } from './binary.ts'
import { operand } from './flat.ts'

export type ChainOp = 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'ratio'

/** The operators over leaves, which are positions in the list of operands. */
export type Chain = number | readonly [ChainOp, Chain, Chain]

export type TruthOp = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne' | 'and' | 'or'

/** Comparisons of chains, and what joins them. */
export type TruthChain = readonly [TruthOp, Chain | TruthChain, Chain | TruthChain]

/** The second or the third by the truth of the first. */
export type ChoiceChain = readonly ['iif', TruthChain, Chain, Chain]

const LANE_OPS = { add: 'add', sub: 'sub', mul: 'mul', div: 'ratio', ratio: 'ratio' } as const

/** Whether an operand is a vector that is worth it. */
export const isLarge = (x: unknown): boolean => x instanceof FixedVector && x.length >= LANES_FROM

/** The value of the chain; the same as of its operators one by one. */
export function runChain(chain: Chain, operands: readonly Value[]): Value {
  return inLanes(chain, operands) ?? stepByStep(chain, operands)
}

function stepByStep(chain: Chain, operands: readonly Value[]): Value {
  if (typeof chain === 'number') return operands[chain]
  const left = stepByStep(chain[1], operands)
  const right = stepByStep(chain[2], operands)
  const result = fastBinary[chain[0]](left, right)
  if (typeof chain[1] !== 'number') spend(left, result, operands)
  if (typeof chain[2] !== 'number') spend(right, result, operands)
  return result
}

/** The result of a function that keeps no argument; what operators have made for it serves the next vector. */
export function spent(result: Value, ...made: readonly Value[]): Value {
  if (result instanceof Scalar || result instanceof FixedVector) for (const x of made) spend(x, result, [])
  return result
}

/** What an operator has made and another one has used up. */
function spend(x: Value, result: Value, operands: readonly Value[]): void {
  if (!(x instanceof FixedVector) || x.owned || x.frozen || x.data.byteLength < keptFromBytes) return
  const { buffer } = x.data
  for (const other of [result, ...operands])
    if (!(other instanceof FixedVector) ? other.kind !== 'scalar' : other.data.buffer === buffer) return
  giveBack(buffer)
}

/** A chain as its numbers are computed: doubles everywhere but in leaves, which may be scalars of other types. */
class Lanes {
  readonly inputs: FixedVector[] = []
  readonly scalars: Scalar[] = []
  length = -1

  /** undefined: the chain holds something that lanes do not know. Parts without vectors are computed here. */
  tree(chain: Chain, operands: readonly Value[]): LaneTree | undefined {
    const constant = scalarOf(chain, operands)
    if (constant !== undefined) return this.#scalar(constant)
    if (typeof chain === 'number') return this.#input(operands[chain])
    const [op, left, right] = chain
    if (op === 'mod') return undefined
    const x = this.tree(left, operands)
    const y = x && this.tree(right, operands)
    return x && y && { op: LANE_OPS[op], args: [x, y] }
  }

  truth([op, left, right]: TruthChain, operands: readonly Value[]): LaneTree | undefined {
    const isLogic = op === 'and' || op === 'or'
    const side = (chain: Chain | TruthChain): LaneTree | undefined =>
      isLogic ? this.truth(chain as TruthChain, operands) : this.tree(chain as Chain, operands)
    const x = side(left)
    const y = x && side(right)
    // Two scalars are compared once, not for each row.
    if (x === undefined || y === undefined || (x.op === 'scalar' && y.op === 'scalar')) return undefined
    return { op, args: [x, y] }
  }

  choice([, condition, left, right]: ChoiceChain, operands: readonly Value[]): LaneTree | undefined {
    const test = this.truth(condition, operands)
    const x = test && this.tree(left, operands)
    const y = x && this.tree(right, operands)
    // Without a vector among them the result may be of another type.
    if (x === undefined || y === undefined || (x.op === 'scalar' && y.op === 'scalar')) return undefined
    return { op: 'choose', args: [test!, x, y] }
  }

  #scalar(x: Scalar): LaneTree | undefined {
    if (!isNumeric(x.type) || x.type === T.LONG || x.isNull()) return undefined
    return { op: 'scalar', lane: 'f64', index: this.scalars.push(x) - 1 }
  }

  #input(x: Value): LaneTree | undefined {
    if (!(x instanceof FixedVector) || x.type !== T.DOUBLE || (this.length >= 0 && x.length !== this.length))
      return undefined
    this.length = x.length
    const known = this.inputs.indexOf(x)
    return { op: 'input', lane: 'f64', index: known >= 0 ? known : this.inputs.push(x) - 1 }
  }
}

/** The value of a part that has no vector. */
function scalarOf(chain: Chain, operands: readonly Value[]): Scalar | undefined {
  if (typeof chain === 'number') {
    const x = operands[chain]
    return x instanceof Scalar ? x : undefined
  }
  const left = scalarOf(chain[1], operands)
  const right = left && scalarOf(chain[2], operands)
  const result = left && right && fastBinary[chain[0]](left, right)
  return result instanceof Scalar ? result : undefined
}

function inLanes(chain: Chain, operands: readonly Value[]): Value | undefined {
  const lanes = new Lanes()
  const tree = lanes.tree(chain, operands)
  if (tree === undefined || !('args' in tree) || !fitsLanes(tree) || !isWorthLanes(tree, lanes.length)) return undefined
  const out = unsetFixedArray('f64', lanes.length) as Float64Array
  const inputs = lanes.inputs.map(({ data }) => data)
  const scalars = lanes.scalars.map((x) => x.value as number)
  runTree(tree, inputs, scalars, out, 0, lanes.length, (from, to) => {
    blockOf(tree, lanes, from, to, out.subarray(from, to))
  })
  return new FixedVector(T.DOUBLE, out)
}

/**
 * Comparisons, what joins them, and choices by them, in one pass over their vectors. undefined: this is not for lanes; nothing has been computed then. An operand may be
 * missing, as the variable that nobody has given a value.
 */
export function runFused(chain: TruthChain | ChoiceChain, operands: readonly (Value | undefined)[]): Value | undefined {
  if (!operands.every((x) => x instanceof FixedVector || isPlainNumber(x))) return undefined
  const values = operands as readonly Value[]
  const lanes = new Lanes()
  const isChoice = chain[0] === 'iif'
  const tree = isChoice ? lanes.choice(chain as ChoiceChain, values) : lanes.truth(chain as TruthChain, values)
  if (tree === undefined || !fitsLanes(tree) || !isWorthLanes(tree, lanes.length)) return undefined
  const out = unsetFixedArray(isChoice ? 'f64' : 'i8', lanes.length)
  const careful = (from: number, to: number): void => {
    const part = values.map((x) => (x instanceof FixedVector ? x.slice(from, to) : x))
    out.set(oneByOne(chain, part) as never, from)
  }
  const scalars = lanes.scalars.map((x) => x.value as number)
  runTree(
    tree,
    lanes.inputs.map(({ data }) => data),
    scalars,
    out,
    0,
    lanes.length,
    careful,
  )
  return new FixedVector(isChoice ? T.DOUBLE : T.BOOL, out)
}

/** A scalar that means the same beside doubles as a double does. */
const isPlainNumber = (x: Value | undefined): boolean =>
  x instanceof Scalar && (x.type === T.INT || x.type === T.DOUBLE) && !x.isNull()

/** A range of the result, operator by operator. */
function oneByOne(chain: TruthChain | ChoiceChain, operands: readonly Value[]): FixedArray {
  const of = (part: Chain | TruthChain): Value =>
    typeof part === 'number' ? operands[part] : fastBinary[part[0]](of(part[1]), of(part[2]))
  const whole = (x: Value): FixedArray => (x as FixedVector).view()
  if (chain[0] !== 'iif') return whole(of(chain))
  const doubles = (x: Value): Operand =>
    x instanceof Scalar ? { data: Float64Array.of(x.value as number), single: true } : { data: whole(x), single: false }
  const [, condition, whenTrue, whenFalse] = chain
  const truth = whole(of(condition)) as Int8Array
  const out = new Float64Array(truth.length)
  runChoice(truth, doubles(of(whenFalse)), doubles(of(whenTrue)), out)
  return out
}

/** A range of the result by the loops that know nulls, operator by operator. */
function blockOf(tree: LaneTree, lanes: Lanes, from: number, to: number, out: FixedArray): FixedArray {
  if (!('args' in tree)) return lanes.inputs[tree.index].data.subarray(from, to) as FixedArray
  const [left, right] = tree.args.map((arg) =>
    'args' in arg || arg.op === 'input'
      ? { data: blockOf(arg, lanes, from, to, new Float64Array('args' in arg ? to - from : 0)), single: false }
      : operand(lanes.scalars[arg.index]),
  )
  runArithmetic(tree.op, left, right, out, to - from)
  return out
}
