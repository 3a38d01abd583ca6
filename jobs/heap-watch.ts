/**
 * Asks scripts that run to look at what their heap holds, a few times a second (runtime/values/heap.ts says why). A script cannot ask itself the time at every
 * turn of a loop, but it looks at its interrupt word there anyway.
 */
import { INTERRUPT_LOOK, INTERRUPT_NONE } from '../runtime/interrupt.ts'

/** A thread makes some hundred megabytes of objects a second at most: between two looks less than what they leave free. */
const LOOK_MS = 100

const watched = new Set<Int32Array>()
let timer: NodeJS.Timeout | undefined

/** From now on, until `unwatchHeap`, for the script that looks at word 0. */
export function watchHeap(words: Int32Array): void {
  watched.add(words)
  timer ??= setInterval(askAll, LOOK_MS).unref()
}

export function unwatchHeap(words: Int32Array): void {
  watched.delete(words)
  if (watched.size > 0) return
  clearInterval(timer)
  timer = undefined
}

function askAll(): void {
  for (const words of watched) Atomics.compareExchange(words, 0, INTERRUPT_NONE, INTERRUPT_LOOK)
}
