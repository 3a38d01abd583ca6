/**
 * The memory in which vector registers work. JavaScript has no vector instructions, and WebAssembly reaches its own memory only; so a loop copies a block of
 * each input into a slot of this memory, computes there, and copies the result out. All of it stays in the processor's cache: a block of 8192 doubles
 * takes a nanosecond for about two elements to copy, where a loop in JavaScript takes one or two for the computing alone.
 *
 * Slot 0 holds results, slots 1 to 6 inputs. Memory and functions are made when the first large vector needs them.
 */
import { checkInterrupt } from '../../interrupt.ts'
import type { FixedArray } from '../../values/vector.ts'
import { type FunctionShape, moduleBytes } from './wasm-module.ts'

/** Elements of a block, a multiple of 16. */
export const BLOCK = 8192
export const INPUTS_MAX = 6
const BLOCKS_PER_CHECK = 64

/**
 * Addresses of slots. The processor copies several times slower when the target lies a few bytes behind the source within their pages of 4 KB; columns begin at
 * the 16th byte of a page, as the C library gives them out, so slots begin far from there.
 */
const SLOT_BYTES = BLOCK * 8 + 256
export const slotAt = (slot: number): number => 2112 + slot * SLOT_BYTES
const PAGES = Math.ceil(slotAt(INPUTS_MAX + 1) / 65536)

/** What this file uses of WebAssembly: the compiler's library has its types for browsers only. */
interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number }) => LaneMemory & { readonly buffer: ArrayBuffer }
  readonly Module: new (code: Uint8Array) => unknown
  readonly Instance: new (module: unknown, imports: unknown) => { readonly exports: { readonly run: unknown } }
}

const wasm = (): WebAssemblyApi => (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly

export interface LaneMemory {
  readonly buffer: ArrayBufferLike
}

/** Its first bytes are for results of functions that give numbers rather than columns. */
let memory: (LaneMemory & { readonly buffer: ArrayBuffer }) | undefined

export function laneMemory(): LaneMemory & { readonly buffer: ArrayBuffer } {
  memory ??= new (wasm().Memory)({ initial: PAGES })
  return memory
}

const functions = new Map<string, unknown>()

/** The function with this key, assembled when it is first needed. */
export function laneFunction<F>(key: string, shape: () => FunctionShape): F {
  let run = functions.get(key)
  if (run === undefined) {
    run = instantiate(shape(), laneMemory(), false)
    functions.set(key, run)
  }
  return run as F
}

/** A function that works in a memory, which other threads may share. */
export function instantiate(shape: FunctionShape, memory: LaneMemory, isShared: boolean): unknown {
  const { Module, Instance } = wasm()
  return new Instance(new Module(moduleBytes(shape, isShared)), { lanes: { memory } }).exports.run
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

/** A block of an input, by its own positions: `shift` is added to those of the result. */
export interface LaneInput {
  readonly data: FixedArray
  readonly shift?: number
}

/**
 * Works through [from, to) block by block: copies inputs in, calls `run` with the number of elements, copies the result out. Where `run` says 0
 * (a null or a number out of the ordinary is among the elements) `careful` does the block instead. Without `out`, `good` takes what `run` left.
 */
export function runLanes(
  inputs: readonly LaneInput[],
  out: FixedArray | undefined,
  from: number,
  to: number,
  run: (count: number) => number,
  careful: (from: number, to: number) => void,
  good?: (from: number) => void,
): void {
  const slots = inputs.map((input, k) => slotView(k + 1, input.data))
  const result = out === undefined ? undefined : slotView(0, out)
  for (let at = from, block = 0; at < to; at += BLOCK, block++) {
    if (block % BLOCKS_PER_CHECK === 0) checkInterrupt()
    const end = Math.min(to, at + BLOCK)
    for (let k = 0; k < slots.length; k++) {
      const { data, shift = 0 } = inputs[k]
      slots[k].set(data.subarray(at + shift, end + shift) as never)
      // Whole groups of sixteen are computed: what stands behind the last element must not look like a null.
      if (end - at < BLOCK) slots[k].fill(slots[k][0] as never, end - at, Math.min(BLOCK, end - at + 16))
    }
    if (run(end - at) === 0) careful(at, end)
    else if (result !== undefined)
      (out as FixedArray).set((end - at === BLOCK ? result : result.subarray(0, end - at)) as never, at)
    else good?.(at)
  }
}
