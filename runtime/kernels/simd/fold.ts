/**
 * Sums and extremes of doubles in vector registers, of columns that are memories of their own: where they would have to be copied first, the loops in JavaScript (../watched.ts) are as fast. They
 * compute the same, in the same order, to the last bit: a result must not depend on where a column lies.
 */
import { memoryOf } from '../../values/own-memory.ts'
import { NULL_F64 } from '../../values/types.ts'
import { laneFunction } from './lanes.ts'
import {
  type Code,
  doubles,
  extractF64,
  type FunctionShape,
  i32Const,
  localGet,
  localSet,
  localTee,
  loopWhile,
  op,
  v128Load,
} from './wasm-module.ts'

export type FoldKind = 'sum' | 'max' | 'min'

/** Of the bytes [at, end), a multiple of STEP_BYTES and more than none. */
type Run = (at: number, end: number) => number

/** Registers that a turn loads from one place. */
const PARTS = 4
const STEP_BYTES = PARTS * 16
const advance = (local: number): Code => [...localGet(local), ...i32Const(STEP_BYTES), ...op['i32.add']]
/** Both lanes of a register. */
const lanes = (register: number, join: Code): Code => [
  ...[...localGet(register), ...extractF64(0)],
  ...[...localGet(register), ...extractF64(1)],
  ...join,
]

/** Twice the sum: the first half of the bytes and the second one add up side by side. */
function sumShape(): FunctionShape {
  const [at, end, far, x, near, second] = [0, 1, 2, 3, 4, 5]
  const step = (address: number, into: number, part: number): Code => [
    ...[...localGet(address), ...v128Load(part * 16), ...localTee(x), ...localGet(x), ...op['f64x2.add']],
    ...[...localGet(into), ...op['f64x2.add'], ...localSet(into)],
  ]
  const turn = Array.from({ length: PARTS }, (_, k) => [...step(at, near, k), ...step(far, second, k)]).flat()
  const next = [...advance(at), ...localSet(at), ...advance(far), ...localTee(far), ...localGet(end)]
  return {
    memories: 1,
    params: ['i32', 'i32'],
    locals: ['i32', 'v128', 'v128', 'v128'],
    result: 'f64',
    body: [
      ...[...localGet(end), ...localGet(at), ...op['i32.sub'], ...i32Const(1), ...op['i32.shr_u']],
      ...[...localGet(at), ...op['i32.add'], ...localSet(far)],
      ...loopWhile([...turn, ...next, ...op['i32.lt_u']]),
      ...[...lanes(near, op['f64.add']), ...lanes(second, op['f64.add']), ...op['f64.add']],
    ],
  }
}

function extremeShape(which: 'max' | 'min'): FunctionShape {
  const [at, end, first] = [0, 1, 2]
  const registers = Array.from({ length: PARTS }, (_, k) => first + k)
  const worst = doubles(which === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  const better = op[`f64x2.p${which}`]
  const turn = registers.flatMap((register, k) => [
    ...[...localGet(register), ...localGet(at), ...v128Load(k * 16)],
    ...[...better, ...localSet(register)],
  ])
  const join = registers.slice(1).flatMap((register) => [...localGet(register), ...better])
  return {
    memories: 1,
    params: ['i32', 'i32'],
    locals: registers.map(() => 'v128'),
    result: 'f64',
    body: [
      ...registers.flatMap((register) => [...worst, ...localSet(register)]),
      ...loopWhile([...turn, ...advance(at), ...localTee(at), ...localGet(end), ...op['i32.lt_u']]),
      ...[...localGet(first), ...join, ...localSet(first), ...lanes(first, op[`f64.${which}`])],
    ],
  }
}

/**
 * The sum, the largest or the smallest of [from, to), for ranges of a multiple of 16 elements; NaN if not all of them are ordinary (for extremes: if the result is not). undefined: the column is no
 * memory of its own.
 */
export function foldInPlace(kind: FoldKind, data: Float64Array): ((from: number, to: number) => number) | undefined {
  const memory = memoryOf(data.buffer)
  if (memory === undefined) return undefined
  const f = laneFunction<Run>(`fold ${kind}`, () => (kind === 'sum' ? sumShape() : extremeShape(kind)))
  const run = f.on([memory])
  const begin = data.byteOffset
  return (from, to) => {
    const found = run(begin + from * 8, begin + to * 8)
    if (kind === 'sum') return found - found === 0 ? found / 2 : Number.NaN
    return found > NULL_F64 && found < Number.POSITIVE_INFINITY ? found : Number.NaN
  }
}
