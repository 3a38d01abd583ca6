/**
 * Sums of a column per group, for so few groups that their sums fit into the memory that functions share: what a loop in JavaScript spends on looking whether each place exists is saved here, and four elements at once are
 * looked at for nulls. A function stops before the first null of a block.
 */
import { WORK_BYTES } from '../../values/own-memory.ts'
import { hasLanes, type LaneRun, laneFunction, laneMemory, runLanes, SLOTS_END } from './lanes.ts'
import {
  type Code,
  doubles,
  type FunctionShape,
  f64Load,
  f64Store,
  i32Const,
  i32Load,
  i32Store,
  ifThen,
  localGet,
  localSet,
  localTee,
  loopWhile,
  op,
  repeated,
  v128Load,
  v128Store,
} from './wasm-module.ts'

/** As many groups have a sum there. */
export const GROUPS_MAX = 4096
const SUMS_AT = Math.ceil(SLOTS_END / 64) * 64
if (SUMS_AT + GROUPS_MAX * 8 > WORK_BYTES) throw new RangeError('the sums of groups have no room')

/** What a function leaves: the bits of whole numbers by lane, and how many elements it has added. */
const BITS_AT = 0
const DONE_AT = 16

/** Elements that are looked at together. */
const STEP = 4

const NULL_DOUBLE = doubles(-Number.MAX_VALUE)
const NULL_INT = repeated([0, 0, 0, 0x80])

function shapeOf(kind: 'f64' | 'i32'): FunctionShape {
  const [count, data, rows, left, x, bits] = [0, 2, 3, 4, 5, 6]
  const bytes = kind === 'f64' ? 8 : 4
  const load = (k: number): Code => [...localGet(data), ...v128Load(k * 16, 1), ...localTee(x)]
  const isValid: Code =
    kind === 'f64'
      ? [
          ...[...load(0), ...NULL_DOUBLE, ...op['f64x2.gt']],
          ...[...load(1), ...NULL_DOUBLE, ...op['f64x2.gt'], ...op['v128.and']],
          ...op['i8x16.all_true'],
        ]
      : [...load(0), ...NULL_INT, ...op['i32x4.ne'], ...op['i8x16.all_true']]
  // A negative number -n has the bits of n - 1.
  const noteBits: Code =
    kind === 'f64'
      ? []
      : [
          ...[...localGet(x), ...localGet(x), ...i32Const(31), ...op['i32x4.shr_s'], ...op['v128.xor']],
          ...[...localGet(bits), ...op['v128.or'], ...localSet(bits)],
        ]
  const element = (k: number): Code =>
    kind === 'f64'
      ? [...localGet(data), ...f64Load(k * 8, 1)]
      : [...localGet(data), ...i32Load(k * 4, 1), ...op['f64.convert_i32_s']]
  const slot = bits + 1
  const add = (k: number): Code => [
    ...[
      ...localGet(rows),
      ...i32Load(k * 4, 2),
      ...i32Const(3),
      ...op['i32.shl'],
      ...localTee(slot),
      ...localGet(slot),
    ],
    ...[...f64Load(SUMS_AT), ...element(k), ...op['f64.add'], ...f64Store(SUMS_AT)],
  ]
  const advance = (local: number, by: number): Code => [
    ...[...localGet(local), ...i32Const(by), ...op['i32.add'], ...localSet(local)],
  ]
  const fours = Array.from({ length: STEP }, (_, k) => add(k)).flat()
  const turn = [
    ...[...noteBits, ...fours, ...advance(data, STEP * bytes), ...advance(rows, STEP * 4)],
    ...[...localGet(left), ...i32Const(STEP), ...op['i32.sub'], ...localTee(left)],
    // Round again, out of the condition: the label beyond it is that of the loop.
    ...[0x0d, 1],
  ]
  return {
    memories: 3,
    params: ['i32', 'i32', 'i32', 'i32'],
    locals: ['i32', 'v128', 'v128', 'i32'],
    result: 'i32',
    body: [
      ...[...localGet(count), ...localSet(left)],
      ...loopWhile([...isValid, ...ifThen(turn), ...i32Const(0)]),
      ...[...i32Const(BITS_AT), ...localGet(bits), ...v128Store(0)],
      ...[...i32Const(DONE_AT), ...localGet(count), ...localGet(left), ...op['i32.sub'], ...i32Store(0)],
      ...[...localGet(left), ...op['i32.eqz']],
    ],
  }
}

/**
 * Adds each element of `data` to the sum of the group that `rows` gives it. undefined: these are none for registers, and nothing has been added. `careful` adds the elements of a range to the sums
 * that it is given; `bits` takes those of whole numbers that it has not seen.
 */
export function groupSums(
  data: Float64Array | Int32Array,
  rows: Int32Array,
  groups: number,
  careful: (from: number, to: number, sums: Float64Array) => void,
  bits: (low: number) => void,
): Float64Array | undefined {
  if (groups > GROUPS_MAX || !hasLanes()) return undefined
  const { buffer } = laneMemory()
  const sums = new Float64Array(buffer, SUMS_AT, groups)
  const found = new Int32Array(buffer, BITS_AT, 8)
  sums.fill(0)
  found.fill(0)
  const kind = data instanceof Float64Array ? 'f64' : 'i32'
  const f = laneFunction<LaneRun>(`group sums ${kind}`, () => shapeOf(kind))
  const take = (): number => {
    const done = found[DONE_AT / 4]
    if (kind === 'i32') bits(found[0] | found[1] | found[2] | found[3])
    found.fill(0)
    return done
  }
  runLanes(
    f,
    [data, rows],
    undefined,
    0,
    rows.length,
    [],
    (from, to) => careful(from + take(), to, sums),
    () => void take(),
  )
  return sums.slice()
}
