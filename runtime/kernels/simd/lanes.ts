/**
 * How functions in vector registers reach columns. JavaScript has no vector instructions, and WebAssembly reaches memories only. A large column is a memory of its own
 * (../../values/own-memory.ts): a function is bound to those of its operands and works where they lie. Of any other column a block after the other is copied into a slot of a memory that
 * all functions share, or from there. That memory stays in the processor's cache: a block of 8192 doubles takes a nanosecond for about two elements to copy, where a loop in JavaScript takes one or
 * two for the computing alone.
 *
 * Slot 0 holds results, the others inputs. Memory and functions are made when the first large vector needs them.
 */
import { checkInterrupt } from '../../interrupt.ts'
import { memoryOf, workMemory } from '../../values/own-memory.ts'
import type { FixedArray } from '../../values/vector.ts'
import { type WasmMemory, type WasmModule, WebAssembly } from '../../values/wasm-api.ts'
import { type FunctionShape, moduleBytes } from './wasm-module.ts'

/** Elements of a block, a multiple of 16. */
export const BLOCK = 8192
/** Of columns that lie in memories of their own: the processor fetches ahead, and begins anew with each block. */
const BLOCK_IN_PLACE = 4 * BLOCK
/** Elements between looks at whether to go on. */
const CHECK_STEP = 64 * BLOCK
/** Elements that a function computes at once: it takes whole groups only. */
const GROUP = 16

/**
 * Addresses of slots. The processor copies several times slower when the target lies a few bytes behind the source within their pages of 4 KB; columns begin at
 * the 16th byte of a page, as the C library gives them out, so slots begin far from there.
 */
const SLOT_BYTES = BLOCK * 8 + 256
export const slotAt = (slot: number): number => 2112 + slot * SLOT_BYTES
/** As many columns go into one function. */
export const INPUTS_MAX = 6
/** Where the slots end: what lies behind them in that memory belongs to functions that need more than they. */
export const SLOTS_END = slotAt(INPUTS_MAX + 1)

/** What a function can work in: a column's own memory, the one with the slots, or one that threads share. */
export interface LaneMemory {
  readonly buffer: ArrayBufferLike
}

/** Whether there is a memory with the slots. Only where a process may have few addresses (`ulimit -v`) is there none. */
export const hasLanes = (): boolean => workMemory() !== undefined

/** Its first bytes are for results of functions that give numbers rather than columns. Ask `hasLanes` first. */
export function laneMemory(): WasmMemory {
  const memory = workMemory()
  if (memory === undefined) throw new RangeError('there is no memory for vector registers')
  return memory
}

/** A function that is compiled once, and bound to memories for each use. */
export class LaneFunction<Run> {
  readonly #module: WasmModule
  readonly #memories: number
  #onSlots: Run | undefined

  constructor(shape: FunctionShape, isShared = false) {
    this.#module = new WebAssembly.Module(moduleBytes(shape, isShared))
    this.#memories = shape.memories
  }

  on(memories: readonly LaneMemory[]): Run {
    const { exports } = new WebAssembly.Instance(this.#module, { lanes: { ...memories } })
    return exports.run as Run
  }

  /** Bound to the memory with the slots alone. */
  onSlots(): Run {
    this.#onSlots ??= this.on(new Array(this.#memories).fill(laneMemory()))
    return this.#onSlots
  }
}

const functions = new Map<string, unknown>()

/** The function with this key, assembled when it is first needed. */
export function laneFunction<Run>(key: string, shape: () => FunctionShape): LaneFunction<Run> {
  let known = functions.get(key)
  if (known === undefined) {
    known = new LaneFunction(shape())
    functions.set(key, known)
  }
  return known as LaneFunction<Run>
}

type ArrayClass = { new (buffer: ArrayBuffer, offset: number, length: number): FixedArray; readonly name: string }

const views = new Map<string, FixedArray>()

/** A slot as an array of the same class as `like`. */
function slotView(slot: number, like: FixedArray): FixedArray {
  const arrayClass = like.constructor as ArrayClass
  const key = `${slot}${arrayClass.name}`
  let view = views.get(key)
  if (view === undefined) {
    view = new arrayClass(laneMemory().buffer, slotAt(slot), BLOCK)
    views.set(key, view)
  }
  return view
}

/** The operands of a function: addresses of what it works on, in its own memory or in a slot. */
class Places {
  readonly memories: LaneMemory[] = []
  /** Of the first element of a block, one for each operand. */
  readonly addresses: number[] = []
  readonly #columns: (FixedArray | undefined)[] = []
  readonly #slots: (FixedArray | undefined)[] = []

  /** A column with the slot that it takes if it has to be copied. */
  add(column: FixedArray | undefined, slot: number, inPlace: boolean): void {
    const own = column !== undefined && inPlace ? memoryOf(column.buffer) : undefined
    this.memories.push(own ?? laneMemory())
    this.addresses.push(slotAt(slot))
    this.#columns.push(own && column)
    this.#slots.push(own === undefined && column !== undefined ? slotView(slot, column) : undefined)
  }

  /** Columns that have to be copied. */
  get copied(): number {
    return this.#slots.filter((slot) => slot !== undefined).length
  }

  get areSlotsOnly(): boolean {
    return this.#columns.every((column) => column === undefined)
  }

  /** Addresses of the elements from `at` on; inputs that are not there yet are copied. */
  moveTo(at: number, end: number, inputs: readonly FixedArray[]): void {
    for (let k = 0; k < this.#columns.length; k++) {
      const column = this.#columns[k]
      if (column !== undefined) this.addresses[k] = column.byteOffset + at * column.BYTES_PER_ELEMENT
      else if (k > 0) this.#slots[k]!.set(inputs[k - 1].subarray(at, end) as never)
    }
  }

  /** The result, if it has to be copied from its slot. */
  copyOut(at: number, end: number, out: FixedArray): void {
    const slot = this.#slots[0]
    if (slot !== undefined) out.set((end - at === BLOCK ? slot : slot.subarray(0, end - at)) as never, at)
  }
}

/** Takes a number of elements, a multiple of 16, and the addresses of the result and of the inputs; then scalars. */
export type LaneRun = (count: number, ...addressesAndScalars: (number | bigint)[]) => number

/**
 * Works through [from, to) block by block. Where the function says 0 (a null or a number out of the ordinary is among the elements), and for the last elements that are no whole group,
 * `careful` does the work instead. Without `out`, the function has left something at the beginning of the memory with the slots, which `good` takes.
 */
export function runLanes(
  f: LaneFunction<LaneRun>,
  inputs: readonly FixedArray[],
  out: FixedArray | undefined,
  from: number,
  to: number,
  scalars: readonly (number | bigint)[],
  careful: (from: number, to: number) => void,
  good?: (from: number, to: number) => void,
): void {
  const places = new Places()
  // `careful` needs the inputs as they were.
  places.add(out, 0, !inputs.some((input) => input.buffer === out?.buffer))
  for (let k = 0; k < inputs.length; k++) places.add(inputs[k], k + 1, true)
  const run = places.areSlotsOnly ? f.onSlots() : f.on(places.memories)
  const { addresses } = places
  const whole = to - ((to - from) % GROUP)
  const block = places.copied === 0 ? BLOCK_IN_PLACE : BLOCK
  for (let at = from; at < whole; at += block) {
    if ((at - from) % CHECK_STEP === 0) checkInterrupt()
    const end = Math.min(whole, at + block)
    places.moveTo(at, end, inputs)
    if (run(end - at, ...addresses, ...scalars) === 0) careful(at, end)
    else if (out !== undefined) places.copyOut(at, end, out)
    else good?.(at, end)
  }
  if (whole < to) careful(whole, to)
}
