/**
 * Sums and extremes of blocks in vector registers: eight lanes add up side by side, then to one number. Sums of doubles, for which memory is the limit, are elsewhere (../watched.ts). As in elementwise.ts only ordinary numbers are
 * known here; a block with a null or an infinity, and the block at the end that is not whole, are left to the loops in JavaScript.
 *
 * A sum is that of the blocks' sums, in order, so it depends on the elements of the range and on nothing else.
 */
import type { FixedArray } from '../../values/vector.ts'
import { BLOCK, laneFunction, laneMemory, runLanes, slotAt } from './lanes.ts'
import {
  type Code,
  extractF64,
  extractI64,
  type FunctionShape,
  f64Store,
  i32Const,
  i64Store,
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

/**
 * - `sumLongs`: of 64-bit integers, wrapping
 * - `squares`: of (x - center)²
 * - `max`, `min`: of doubles
 */
export type Reduction = 'sumLongs' | 'squares' | 'max' | 'min'

/** Registers that a result is gathered in. */
const LANES = 4

function shapeOf(kind: Reduction): FunctionShape {
  const long = kind === 'sumLongs'
  const params = kind === 'squares' ? (['i32', 'f64'] as const) : (['i32'] as const)
  const isExtreme = kind === 'max' || kind === 'min'
  // at, ok, x, then the gathering registers.
  const [at, ok, x] = [0, 1, 2].map((k) => params.length + k)
  const gathered = (k: number): number => x + 1 + k
  const how = long ? op['i64x2.add'] : isExtreme ? op[`f64x2.p${kind}`] : op['f64x2.add']
  const passes = long ? [...NULL_LONGS, ...op['i64x2.ne']] : [...op['f64x2.abs'], ...ORDINARY_LIMIT, ...op['f64x2.lt']]
  const step = (part: number): Code => {
    const load = [...localGet(at), ...i32Const(3), ...op['i32.shl'], ...v128Load(slotAt(1) + part * 16), ...localTee(x)]
    const test = [...passes, ...localGet(ok), ...op['v128.and'], ...localSet(ok)]
    const distance = [...localGet(x), ...localGet(1), ...op['f64x2.splat'], ...op['f64x2.sub']]
    const square = [...distance, ...localTee(x), ...localGet(x), ...op['f64x2.mul']]
    const local = gathered(part % LANES)
    const value = kind === 'squares' ? square : localGet(x)
    return [...load, ...test, ...localGet(local), ...value, ...how, ...localSet(local)]
  }
  const setup: number[] = [...v128Const(new Array(16).fill(0xff)), ...localSet(ok)]
  if (isExtreme)
    for (let k = 0; k < LANES; k++) setup.push(...i32Const(0), ...v128Load(slotAt(1)), ...localSet(gathered(k)))
  const next = [...localGet(at), ...i32Const(16), ...op['i32.add'], ...localTee(at), ...localGet(0), ...op['i32.lt_s']]
  const loop = loopWhile([...[0, 1, 2, 3, 4, 5, 6, 7].flatMap(step), ...next])
  const all = [0, 1, 2, 3].flatMap((k) => [...localGet(gathered(k)), ...(k === 0 ? [] : how)])
  const finish: number[] = [...all, ...localSet(x)]
  // The two lanes of an extreme stand beside each other; JavaScript takes the one that it wants.
  if (isExtreme) finish.push(...i32Const(0), ...localGet(x), ...v128Store(0))
  else if (long) {
    finish.push(...i32Const(0), ...localGet(x), ...extractI64(0), ...localGet(x), ...extractI64(1))
    finish.push(...op['i64.add'], ...i64Store(0))
  } else {
    finish.push(...i32Const(0), ...localGet(x), ...extractF64(0), ...localGet(x), ...extractF64(1))
    finish.push(...op['f64.add'], ...f64Store(0))
  }
  return {
    params,
    locals: ['i32', ...new Array(2 + LANES).fill('v128')],
    result: 'i32',
    body: [...setup, ...loop, ...finish, ...localGet(ok), ...op['i8x16.all_true']],
  }
}

let doublesFound: Float64Array | undefined
let longsFound: BigInt64Array | undefined

/**
 * Goes through [from, to) in order: `good` gets what a whole block of ordinary numbers gives (and where the block is), `careful` every other range. Results of `max` and `min` are in `first` and
 * `second`, the larger (smaller) of which counts.
 */
export function reduceLanes(
  kind: Exclude<Reduction, 'sumLongs'>,
  data: FixedArray,
  from: number,
  to: number,
  center: number,
  good: (first: number, second: number, from: number) => void,
  careful: (from: number, to: number) => void,
): void {
  const run = laneFunction<(count: number, center: number) => number>(`reduce:${kind}`, () => shapeOf(kind))
  doublesFound ??= new Float64Array(laneMemory().buffer, 0, 2)
  const found = doublesFound
  const whole = to - ((to - from) % BLOCK)
  runLanes(
    [{ data }],
    undefined,
    from,
    whole,
    (n) => run(n, center),
    careful,
    (at) => good(found[0], found[1], at),
  )
  if (whole < to) careful(whole, to)
}

/** The same for sums of 64-bit integers. */
export function reduceLongs(
  data: BigInt64Array,
  from: number,
  to: number,
  good: (sum: bigint) => void,
  careful: (from: number, to: number) => void,
): void {
  const run = laneFunction<(count: number) => number>('reduce:sumLongs', () => shapeOf('sumLongs'))
  longsFound ??= new BigInt64Array(laneMemory().buffer, 0, 1)
  const found = longsFound
  const whole = to - ((to - from) % BLOCK)
  runLanes([{ data }], undefined, from, whole, run, careful, () => good(found[0]))
  if (whole < to) careful(whole, to)
}
