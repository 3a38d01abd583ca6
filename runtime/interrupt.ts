/**
 * How the engine reaches a running script: one word of shared memory that the engine thread sets and every loop back-edge, kernel chunk and
 * blocking wait looks at. There is one per session thread; on a thread without a session it never fires.
 */
import { HoldfastError } from './errors.ts'

export const INTERRUPT_NONE = 0
export const INTERRUPT_CANCEL = 1
/** The script goes on, after a look at what it holds (values/heap.ts). Set only in place of NONE. */
export const INTERRUPT_LOOK = 3

let flag = new Int32Array(new SharedArrayBuffer(4))
let look = (): void => {}

/** Binds this thread's interrupt word; the engine keeps the same memory. */
export function bindInterrupt(shared: SharedArrayBuffer): void {
  flag = new Int32Array(shared, 0, 1)
}

/** What INTERRUPT_LOOK asks for. It may throw. */
export function atLook(take: () => void): void {
  look = take
}

/** Throws the cancellation error if the word is set. Cheap enough for every back-edge. */
export function checkInterrupt(): void {
  if (Atomics.load(flag, 0) !== INTERRUPT_NONE) interrupted()
}

/** Clears a pending interrupt: called when a new statement starts at the prompt. */
export function clearInterrupt(): void {
  Atomics.store(flag, 0, INTERRUPT_NONE)
}

function interrupted(): void {
  if (Atomics.compareExchange(flag, 0, INTERRUPT_LOOK, INTERRUPT_NONE) === INTERRUPT_LOOK) look()
  else throw new HoldfastError('cancelled', 'The job has been cancelled.', { code: 'cancelled' })
}
