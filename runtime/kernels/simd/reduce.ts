/**
 * Sums of 64-bit integers in vector registers: eight lanes add up side by side, then to one number, wrapping. A block with a null, and the last elements, are left to the loops in
 * JavaScript.
 */
import { type LaneRun, laneFunction, laneMemory, runLanes } from './lanes.ts'
import {
  type Code,
  extractI64,
  type FunctionShape,
  i32Const,
  i64Store,
  localGet,
  localSet,
  localTee,
  loopWhile,
  NULL_LONGS,
  op,
  v128Const,
  v128Load,
} from './wasm-module.ts'

/** Registers that the sum is gathered in. */
const LANES = 4
/** Registers that a turn loads: sixteen elements. */
const PARTS = [0, 1, 2, 3, 4, 5, 6, 7]

function sumShape(): FunctionShape {
  // The address of a result comes, too; this one stays at the beginning of its memory.
  const [count, begin, at, ok, x] = [0, 2, 3, 4, 5]
  const gathered = (k: number): number => x + 1 + k
  const step = (part: number): Code => {
    const address = [...localGet(at), ...i32Const(3), ...op['i32.shl'], ...localGet(begin), ...op['i32.add']]
    const load = [...address, ...v128Load(part * 16, 1), ...localTee(x)]
    const test = [...NULL_LONGS, ...op['i64x2.ne'], ...localGet(ok), ...op['v128.and'], ...localSet(ok)]
    const local = gathered(part % LANES)
    return [...load, ...test, ...localGet(local), ...localGet(x), ...op['i64x2.add'], ...localSet(local)]
  }
  const next = [...localGet(at), ...i32Const(16), ...op['i32.add'], ...localTee(at), ...localGet(count)]
  const all = [0, 1, 2, 3].flatMap((k) => [...localGet(gathered(k)), ...(k === 0 ? [] : op['i64x2.add'])])
  const joined = [...localGet(x), ...extractI64(0), ...localGet(x), ...extractI64(1), ...op['i64.add']]
  return {
    memories: 2,
    params: ['i32', 'i32', 'i32'],
    locals: ['i32', ...new Array(2 + LANES).fill('v128')],
    result: 'i32',
    body: [
      ...[...v128Const(new Array(16).fill(0xff)), ...localSet(ok)],
      ...loopWhile([...PARTS.flatMap(step), ...next, ...op['i32.lt_s']]),
      ...[...all, ...localSet(x), ...i32Const(0), ...joined, ...i64Store(0)],
      ...[...localGet(ok), ...op['i8x16.all_true']],
    ],
  }
}

let found: BigInt64Array | undefined

/** Goes through [from, to) in order: `good` gets the sum of so many elements without nulls, `careful` every other range. */
export function sumOfLongs(
  data: BigInt64Array,
  from: number,
  to: number,
  good: (count: number, sum: bigint) => void,
  careful: (from: number, to: number) => void,
): void {
  const f = laneFunction<LaneRun>('sum of longs', sumShape)
  found ??= new BigInt64Array(laneMemory().buffer, 0, 1)
  const sum = found
  runLanes(f, [data], undefined, from, to, [], careful, (start, end) => good(end - start, sum[0]))
}
