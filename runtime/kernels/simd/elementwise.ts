/**
 * Element-wise expressions in vector registers. An expression is a tree of inputs (columns), scalars and operators; it becomes one WebAssembly function that
 * computes a block of its result at once, so that nothing in between ever goes to memory.
 *
 * The function knows ordinary numbers only: doubles of which no null, no NaN, no infinity and no overflow occurs in inputs or in between, 64-bit numbers
 * and truth values that are not null. It notices anything else and answers 0, and the block is computed by loops in JavaScript, which know all rules and
 * are what this is tested against. Comparisons and choices take elements as they are: there a null is the smallest number, or is chosen like any other.
 */
import type { FixedArray } from '../../values/vector.ts'
import { EXP_LIMIT, expCode, logCode, type Scope } from './functions.ts'
import { hasLanes, INPUTS_MAX, type LaneRun, laneFunction, runLanes } from './lanes.ts'
import {
  type Code,
  doubles,
  type FunctionShape,
  i32Const,
  localGet,
  localSet,
  localTee,
  loopWhile,
  NULL_LONGS,
  ORDINARY_LIMIT,
  op,
  repeated,
  shuffle,
  v128Load,
  v128Load16Splat,
  v128Store,
  type WasmType,
} from './wasm-module.ts'

export type ArithmeticOp = 'add' | 'sub' | 'mul' | 'ratio' | 'sqrt' | 'abs' | 'square' | 'exp' | 'log'
export type CompareOp = 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne'
export type LogicOp = 'and' | 'or' | 'xor'

/** What the lanes of a register hold: doubles, 64-bit numbers, truth values as columns keep them, or the outcome of a comparison (64 equal bits). */
type Lane = 'f64' | 'i64' | 'i8' | 'mask'

/** `round` makes 32-bit integers of doubles, halves away from zero, and stands at the root only. */
export type LaneTree =
  | { readonly op: 'input' | 'scalar'; readonly lane: 'f64' | 'i64' | 'i8'; readonly index: number }
  | { readonly op: ArithmeticOp | CompareOp | LogicOp | 'choose' | 'round'; readonly args: readonly LaneTree[] }

const COMPARES: ReadonlySet<string> = new Set<CompareOp>(['lt', 'le', 'gt', 'ge', 'eq', 'ne'])

function laneOf(tree: LaneTree): Lane {
  if ('lane' in tree) return tree.lane
  if (COMPARES.has(tree.op)) return 'mask'
  return laneOf(tree.args[tree.op === 'choose' ? 1 : 0])
}

/** The tree as text: its function is found by it. */
export const treeText = (tree: LaneTree): string =>
  'lane' in tree ? `${tree.op[0]}${tree.lane}${tree.index}` : `${tree.op}(${tree.args.map(treeText).join(',')})`

function leaves(tree: LaneTree, kind: 'input' | 'scalar', found: Map<number, 'f64' | 'i64' | 'i8'>): typeof found {
  if ('args' in tree) for (const arg of tree.args) leaves(arg, kind, found)
  else if (tree.op === kind) found.set(tree.index, tree.lane)
  return found
}

const TRUE_BYTES = repeated([1])
const NULL_BYTES = repeated([0x80])
const INT_LIMIT = doubles(2147483647.5)

/** Writes the function of one tree. */
class Assembly {
  readonly locals: WasmType[] = []
  readonly #params: readonly WasmType[]
  /** That of the result, then one for each input; as many addresses follow the number of elements. */
  readonly #memories: number
  readonly #splats = new Map<number, number>()
  readonly #constants = new Map<string, number>()
  readonly #setup: number[] = []
  readonly #ok: number
  readonly #at: number
  readonly #value: number
  readonly #x: number
  readonly #y: number
  readonly #limit: number
  /** Inputs that were looked at in this group of lanes. */
  #tested = new Set<number>()

  constructor(tree: LaneTree) {
    const scalars = [...leaves(tree, 'scalar', new Map())].sort(([a], [b]) => a - b)
    this.#memories = 1 + leaves(tree, 'input', new Map()).size
    const addresses = new Array<WasmType>(this.#memories).fill('i32')
    this.#params = ['i32', ...addresses, ...scalars.map(([, lane]) => (lane === 'i8' ? 'i32' : lane))]
    this.#at = this.#local('i32')
    this.#ok = this.#local('v128')
    this.#value = this.#local('v128')
    this.#x = this.#local('v128')
    this.#y = this.#local('v128')
    this.#limit = this.#local('v128')
    const splat = { f64: op['f64x2.splat'], i64: op['i64x2.splat'], i8: op['i8x16.splat'] }
    for (const [index, lane] of scalars) {
      const local = this.#local('v128')
      this.#splats.set(index, local)
      this.#setup.push(...localGet(1 + this.#memories + index), ...splat[lane], ...localSet(local))
    }
    this.#setup.push(...ORDINARY_LIMIT, ...localSet(this.#limit), ...repeated([0xff]), ...localSet(this.#ok))
  }

  #local(type: WasmType): number {
    this.locals.push(type)
    return this.#params.length + this.locals.length - 1
  }

  /** For the code of functions. */
  readonly #scope: Scope = {
    newLocal: () => this.#local('v128'),
    constant: (bytes) => {
      const key = String(bytes)
      let local = this.#constants.get(key)
      if (local === undefined) {
        local = this.#local('v128')
        this.#constants.set(key, local)
        this.#setup.push(...bytes, ...localSet(local))
      }
      return localGet(local)
    },
  }

  shape(tree: LaneTree): FunctionShape {
    const step = [...localGet(this.#at), ...i32Const(16), ...op['i32.add'], ...localTee(this.#at)]
    const group = this.#group(tree)
    const body = [
      ...this.#setup,
      ...loopWhile([...group, ...step, ...localGet(0), ...op['i32.lt_s']]),
      ...localGet(this.#ok),
      ...op['i8x16.all_true'],
    ]
    return { memories: this.#memories, params: this.#params, locals: this.locals, result: 'i32', body }
  }

  /** Where the elements lie that are computed now. */
  #address(bytesLog2: number, memory: number): Code {
    const begin = localGet(1 + memory)
    return [...localGet(this.#at), ...i32Const(bytesLog2), ...op['i32.shl'], ...begin, ...op['i32.add']]
  }

  /** Sixteen elements of the result. */
  #group(tree: LaneTree): Code {
    const out: number[] = []
    const pair = (root: LaneTree, part: number): Code => {
      this.#tested = new Set()
      return this.#value128(root, part)
    }
    if (tree.op === 'round') {
      for (let part = 0; part < 8; part += 2)
        out.push(
          ...this.#address(2, 0),
          ...this.#rounded(pair(tree.args[0], part)),
          ...this.#rounded(pair(tree.args[0], part + 1)),
          ...shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]),
          ...v128Store(part * 8),
        )
      return out
    }
    switch (laneOf(tree)) {
      case 'i8':
        return [...this.#address(0, 0), ...pair(tree, 0), ...v128Store(0)]
      case 'mask': {
        // The low half of each mask, then halves of halves: eight registers become one.
        const four = (part: number): Code => [
          ...pair(tree, part),
          ...pair(tree, part + 1),
          ...shuffle([0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]),
        ]
        const eight = (part: number): Code => [...four(part), ...four(part + 2), ...op['i16x8.narrow_i32x4_s']]
        const flags = [...eight(0), ...eight(4), ...op['i8x16.narrow_i16x8_s'], ...TRUE_BYTES, ...op['v128.and']]
        return [...this.#address(0, 0), ...flags, ...v128Store(0)]
      }
      default:
        for (let part = 0; part < 8; part++)
          out.push(...this.#address(3, 0), ...pair(tree, part), ...v128Store(part * 16))
        return out
    }
  }

  /** Leaves what is on the stack there and remembers whether it passes. */
  #test(passes: Code): Code {
    return [
      ...localTee(this.#value),
      ...passes,
      ...localGet(this.#ok),
      ...op['v128.and'],
      ...localSet(this.#ok),
      ...localGet(this.#value),
    ]
  }

  #ordinary(): Code {
    return this.#test([...op['f64x2.abs'], ...localGet(this.#limit), ...op['f64x2.lt']])
  }

  /** The register of a subtree; `part` counts registers of two elements (of sixteen truth values: 0). */
  #value128(tree: LaneTree, part: number): Code {
    if ('lane' in tree) {
      if (tree.op === 'scalar') return localGet(this.#splats.get(tree.index)!)
      const memory = tree.index + 1
      return tree.lane === 'i8'
        ? [...this.#address(0, memory), ...v128Load(0, memory)]
        : [...this.#address(3, memory), ...v128Load(part * 16, memory)]
    }
    const [a, b] = tree.args
    const lane = laneOf(a)
    switch (tree.op) {
      case 'and':
      case 'or':
      case 'xor':
        return [...this.#truth(a, part), ...this.#truth(b, part), ...op[`v128.${tree.op}`]]
      case 'choose':
        return [
          ...this.#value128(b, part),
          ...this.#value128(tree.args[2], part),
          ...this.#mask(a, part),
          ...op['v128.bitselect'],
        ]
      case 'add':
      case 'sub':
      case 'mul':
      case 'ratio': {
        const operands = [...this.#number(a, part), ...this.#number(b, part)]
        if (lane === 'i64') return [...operands, ...op[tree.op === 'add' ? 'i64x2.add' : 'i64x2.sub']]
        return [...operands, ...op[`f64x2.${tree.op === 'ratio' ? 'div' : tree.op}`], ...this.#ordinary()]
      }
      case 'sqrt':
        return [...this.#number(a, part), ...op['f64x2.sqrt'], ...this.#ordinary()]
      case 'square': {
        const twice = [...localTee(this.#x), ...localGet(this.#x), ...op['f64x2.mul']]
        return [...this.#number(a, part), ...twice, ...this.#ordinary()]
      }
      case 'abs': {
        // The larger of x and 0 - x, the first of two zeros.
        const [x, y] = [localGet(this.#x), localGet(this.#y)]
        const other = [...doubles(0), ...x, ...op['f64x2.sub'], ...localTee(this.#y)]
        const chosen = [...x, ...other, ...x, ...y, ...op['f64x2.ge'], ...op['v128.bitselect']]
        return [...this.#number(a, part), ...localSet(this.#x), ...chosen]
      }
      case 'exp': {
        const x = localGet(this.#x)
        const inRange = this.#test([...op['f64x2.abs'], ...this.#scope.constant(EXP_LIMIT), ...op['f64x2.lt']])
        // What is in range is ordinary.
        return [...this.#value128(a, part), ...inRange, ...localSet(this.#x), ...expCode(x, this.#scope)]
      }
      case 'log': {
        const x = localGet(this.#x)
        const inRange = [
          ...[...this.#scope.constant(doubles(2 ** -1022)), ...op['f64x2.ge']],
          ...[...localGet(this.#value), ...localGet(this.#limit), ...op['f64x2.lt'], ...op['v128.and']],
        ]
        return [...this.#value128(a, part), ...this.#test(inRange), ...localSet(this.#x), ...logCode(x, this.#scope)]
      }
      case 'round':
        throw new RangeError('round stands at the root of a tree')
      default:
        return [...this.#value128(a, part), ...this.#value128(b, part), ...op[`${lane as 'f64' | 'i64'}x2.${tree.op}`]]
    }
  }

  /** An operand of arithmetic, which must not be null. */
  #number(tree: LaneTree, part: number): Code {
    const code = this.#value128(tree, part)
    if (tree.op === 'input') {
      if (this.#tested.has(tree.index)) return code
      this.#tested.add(tree.index)
      return tree.lane === 'f64'
        ? [...code, ...this.#ordinary()]
        : [...code, ...this.#test([...NULL_LONGS, ...op['i64x2.ne']])]
    }
    // A result of 64-bit arithmetic can happen to be the null of the next operation.
    if ('args' in tree && laneOf(tree) === 'i64') return [...code, ...this.#test([...NULL_LONGS, ...op['i64x2.ne']])]
    return code
  }

  /** An operand of logic: the outcome of a comparison, or truth values without nulls. */
  #truth(tree: LaneTree, part: number): Code {
    const code = this.#value128(tree, part)
    return tree.op === 'input' ? [...code, ...this.#test([...NULL_BYTES, ...op['i8x16.ne']])] : code
  }

  /** A condition as 64 equal bits. */
  #mask(tree: LaneTree, part: number): Code {
    if (laneOf(tree) === 'mask') return this.#value128(tree, part)
    if (tree.op !== 'input') throw new RangeError('a condition is a comparison or a column')
    const widened = [
      ...this.#address(0, tree.index + 1),
      ...v128Load16Splat(part * 2, tree.index + 1),
      ...op['i16x8.extend_low_i8x16_s'],
      ...op['i32x4.extend_low_i16x8_s'],
      ...op['i64x2.extend_low_i32x4_s'],
    ]
    const nullFlag = repeated([0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
    // 0 and 1 become no bits and all bits.
    return [...widened, ...this.#test([...nullFlag, ...op['i64x2.ne']]), ...op['i64x2.neg']]
  }

  #rounded(code: Code): Code {
    const x = localGet(this.#x)
    const inRange = this.#test([...op['f64x2.abs'], ...INT_LIMIT, ...op['f64x2.lt']])
    const distance = [...x, ...localGet(this.#y), ...op['f64x2.sub'], ...op['f64x2.abs']]
    const signedOne = [...x, ...NULL_LONGS, ...op['v128.and'], ...doubles(1), ...op['v128.or']]
    const away = [...distance, ...doubles(0.5), ...op['f64x2.ge'], ...signedOne, ...op['v128.and']]
    return [
      ...code,
      ...inRange,
      ...localTee(this.#x),
      ...op['f64x2.trunc'],
      ...localTee(this.#y),
      ...away,
      ...op['f64x2.add'],
      ...op['i32x4.trunc_sat_f64x2_s_zero'],
    ]
  }
}

/**
 * out[i] = the tree over inputs and scalars at i, for i in [0, length). `careful` computes a range of the result in JavaScript, from the same inputs.
 * Scalars are not null. Inputs are Float64Arrays, BigInt64Arrays or Int8Arrays as the tree says, at most INPUTS_MAX.
 */
export function runTree(
  tree: LaneTree,
  inputs: readonly FixedArray[],
  scalars: readonly (number | bigint)[],
  out: FixedArray,
  from: number,
  to: number,
  careful: (from: number, to: number) => void,
): void {
  const f = laneFunction<LaneRun>(treeText(tree), () => new Assembly(tree).shape(tree))
  runLanes(f, inputs, out, from, to, scalars, careful)
}

export const fitsLanes = (tree: LaneTree): boolean => leaves(tree, 'input', new Map()).size <= INPUTS_MAX

/** Below this a loop in JavaScript is done before its inputs are copied anywhere. */
export const LANES_FROM = 1 << 17

/** To assemble a function takes some milliseconds: as long as JavaScript needs for this many elements. */
let assembledAfter = 1 << 20
const seen = new Map<string, number>()

/** For tests: functions are assembled when they are first asked for. */
export function assembleAtOnce(): void {
  assembledAfter = 0
}

/** Whether a vector of this length should go through lanes: it is long, or vectors before it have made up for the function. */
export function isWorthLanes(tree: LaneTree, length: number): boolean {
  if (length < LANES_FROM || !hasLanes()) return false
  const text = treeText(tree)
  const elements = (seen.get(text) ?? 0) + length
  seen.set(text, elements)
  return elements >= assembledAfter
}
