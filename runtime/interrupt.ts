/**
 * How a running script is stopped: one word of shared memory that the engine thread sets and every loop back-edge, kernel chunk and
 * blocking wait looks at. There is one per session thread; on a thread without a session it never fires.
 */
import { HoldfastError } from './errors.ts'

export const INTERRUPT_NONE = 0
export const INTERRUPT_CANCEL = 1
export const INTERRUPT_TERMINATE = 2

let flag = new Int32Array(new SharedArrayBuffer(4))

/** Binds this thread's interrupt word; the engine keeps the same memory. */
export function bindInterrupt(shared: SharedArrayBuffer): void {
  flag = new Int32Array(shared, 0, 1)
}

/** Throws the cancellation error if the word is set. Cheap enough for every back-edge. */
export function checkInterrupt(): void {
  if (Atomics.load(flag, 0) !== INTERRUPT_NONE) throwInterrupt()
}

/** Clears a pending interrupt: called when a new statement starts at the prompt. */
export function clearInterrupt(): void {
  Atomics.store(flag, 0, INTERRUPT_NONE)
}

function throwInterrupt(): never {
  throw new HoldfastError('cancelled', 'The job has been cancelled.', { code: 'cancelled' })
}
