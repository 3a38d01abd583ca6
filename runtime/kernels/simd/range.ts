/**
 * Smallest and largest of many 64-bit elements at once, in vector registers. Only ordinary numbers are known here (see reduce.ts): a block with a null or an infinity, and the
 * block at the end that is not whole, are left to the loops in JavaScript. Elements that lie in a WebAssembly memory that threads share are looked at where they are; others are copied
 * into the lanes' memory, block by block.
 */
import { BLOCK, hasLanes, LaneFunction, type LaneMemory, laneMemory, slotAt } from './lanes.ts'
import {
  type Code,
  type FunctionShape,
  i32Const,
  localGet,
  localSet,
  localTee,
  loopWhile,
  NULL_LONGS,
  ORDINARY_LIMIT,
  op,
  v128Const,
  v128Load,
  v128Store,
} from './wasm-module.ts'

type Kind = 'doubles' | 'longs'
/** Bytes of [at, end), a multiple of STEP_BYTES and more than none, are looked at; two registers with the smallest and the largest go to `found`. 0: not all are ordinary. */
type Run = (at: number, end: number, found: number) => number

/** Registers of each extreme. */
const LANES = 4
const STEP_BYTES = LANES * 16
/** Elements that fill the registers once. */
const STEP = STEP_BYTES / 8

function shapeOf(kind: Kind): FunctionShape {
  const [at, end, found, ok, x, first] = [0, 1, 2, 3, 4, 5]
  const low = (k: number): number => first + k
  const high = (k: number): number => first + LANES + k
  const isLong = kind === 'longs'
  const ordinary: Code = isLong
    ? [...NULL_LONGS, ...op['i64x2.ne']]
    : [...op['f64x2.abs'], ...ORDINARY_LIMIT, ...op['f64x2.lt']]
  /** The better of two registers, in `into`. */
  const better = (which: 'min' | 'max', into: number, other: number): Code => {
    if (!isLong) return [...localGet(into), ...localGet(other), ...op[`f64x2.p${which}`], ...localSet(into)]
    const both = [...localGet(other), ...localGet(into)]
    const isBetter = op[which === 'max' ? 'i64x2.gt' : 'i64x2.lt']
    return [...both, ...both, ...isBetter, ...op['v128.bitselect'], ...localSet(into)]
  }
  const step = (k: number): Code => [
    ...localGet(at),
    ...v128Load(k * 16),
    ...localTee(x),
    ...ordinary,
    ...localGet(ok),
    ...op['v128.and'],
    ...localSet(ok),
    ...better('min', low(k), x),
    ...better('max', high(k), x),
  ]
  const steps = Array.from({ length: LANES }, (_, k) => k)
  const setup = steps.flatMap((k) => [...localGet(at), ...v128Load(k * 16), ...localTee(low(k)), ...localSet(high(k))])
  const next = [...localGet(at), ...i32Const(STEP_BYTES), ...op['i32.add'], ...localTee(at)]
  const loop = loopWhile([...steps.flatMap(step), ...next, ...localGet(end), ...op['i32.lt_s']])
  const join = steps.slice(1).flatMap((k) => [...better('min', low(0), low(k)), ...better('max', high(0), high(k))])
  const store = [
    ...[...localGet(found), ...localGet(low(0)), ...v128Store(0)],
    ...[...localGet(found), ...localGet(high(0)), ...v128Store(16)],
  ]
  return {
    memories: 1,
    params: ['i32', 'i32', 'i32'],
    locals: new Array(2 + 2 * LANES).fill('v128'),
    result: 'i32',
    body: [
      ...[...v128Const(new Array(16).fill(0xff)), ...localSet(ok), ...setup, ...loop, ...join, ...store],
      ...[...localGet(ok), ...op['i8x16.all_true']],
    ],
  }
}

/** The functions over one memory. Each thread has its own, with a place of 32 bytes for what they find. */
export class RangeLanes {
  readonly #memory: LaneMemory
  readonly #foundAt: number
  readonly #isShared: boolean
  readonly #runs: Partial<Record<Kind, Run>> = {}
  #doubles: Float64Array | undefined
  #longs: BigInt64Array | undefined

  constructor(memory: LaneMemory, foundAt: number, isShared: boolean) {
    this.#memory = memory
    this.#foundAt = foundAt
    this.#isShared = isShared
  }

  /** Smallest and largest of whole steps of doubles at an address; undefined if not all are ordinary. */
  doubles(at: number, count: number): readonly [number, number] | undefined {
    if (!this.#run('doubles', at, count)) return undefined
    this.#doubles ??= new Float64Array(this.#memory.buffer, this.#foundAt, 4)
    const [a, b, c, d] = this.#doubles
    return [Math.min(a, b), Math.max(c, d)]
  }

  /** The same of 64-bit integers. */
  longs(at: number, count: number): readonly [bigint, bigint] | undefined {
    if (!this.#run('longs', at, count)) return undefined
    this.#longs ??= new BigInt64Array(this.#memory.buffer, this.#foundAt, 4)
    const [a, b, c, d] = this.#longs
    return [a < b ? a : b, c > d ? c : d]
  }

  #run(kind: Kind, at: number, count: number): boolean {
    this.#runs[kind] ??= new LaneFunction<Run>(shapeOf(kind), this.#isShared).on([this.#memory])
    return this.#runs[kind](at, at + count * 8, this.#foundAt) !== 0
  }
}

let copying: RangeLanes | undefined
let slots: { readonly doubles: Float64Array; readonly longs: BigInt64Array } | undefined

/** Goes through the elements block by block: `good` gets the range of ordinary ones, `careful` every other range of positions. `inPlace` is of the memory that holds the elements. */
export function rangeOfDoubles(
  data: Float64Array,
  good: (low: number, high: number) => void,
  careful: (from: number, to: number) => void,
  inPlace?: RangeLanes,
): void {
  byBlocks(data.length, careful, (from, count) => {
    const lanes = inPlace ?? copyIn(data.subarray(from, from + count))
    const found = lanes?.doubles(inPlace === undefined ? slotAt(1) : data.byteOffset + from * 8, count)
    if (found !== undefined) good(found[0], found[1])
    return found !== undefined
  })
}

/** The same for 64-bit integers. */
export function rangeOfLongs(
  data: BigInt64Array,
  good: (low: bigint, high: bigint) => void,
  careful: (from: number, to: number) => void,
  inPlace?: RangeLanes,
): void {
  byBlocks(data.length, careful, (from, count) => {
    const lanes = inPlace ?? copyIn(data.subarray(from, from + count))
    const found = lanes?.longs(inPlace === undefined ? slotAt(1) : data.byteOffset + from * 8, count)
    if (found !== undefined) good(found[0], found[1])
    return found !== undefined
  })
}

function byBlocks(
  length: number,
  careful: (from: number, to: number) => void,
  isGood: (from: number, count: number) => boolean,
): void {
  const whole = length - (length % STEP)
  for (let from = 0; from < whole; from += BLOCK) {
    const to = Math.min(whole, from + BLOCK)
    if (!isGood(from, to - from)) careful(from, to)
  }
  if (whole < length) careful(whole, length)
}

function copyIn(data: Float64Array | BigInt64Array): RangeLanes | undefined {
  if (!hasLanes()) return undefined
  const { buffer } = laneMemory()
  slots ??= { doubles: new Float64Array(buffer, slotAt(1), BLOCK), longs: new BigInt64Array(buffer, slotAt(1), BLOCK) }
  if (data instanceof Float64Array) slots.doubles.set(data)
  else slots.longs.set(data)
  copying ??= new RangeLanes(laneMemory(), 0, false)
  return copying
}
