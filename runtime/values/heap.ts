/**
 * The thread's heap, where texts, tuples, dictionaries and closures live; columns of fixed width live outside it (allocator.ts).
 *
 * V8 cannot refuse: when the heap is full it ends the thread, and when the request that does not fit is one of many megabytes, the process with the store and all
 * jobs. So we refuse before that, as an error of the statement at fault:
 * - a list of many elements asks first (`textList`, `filledList`, `copiedList`);
 * - what grows little by little is looked at while the script runs: the engine asks for a look a few times a second (interrupt.ts), and the next back-edge of
 *   a loop or piece of a kernel takes it.
 * Both count what is garbage as used until a collection has shown what is left; one is made only when it could decide.
 */
import { getHeapStatistics } from 'node:v8'
import { HoldfastError } from '../errors.ts'
import { atLook } from '../interrupt.ts'
import { collectGarbage, formatBytes } from './allocator.ts'

/** Without a limit of its own a session may fill this share of the thread's heap. */
const SHARE_USUAL = 0.8
/** Smaller lists are left to the looks. */
const LARGE_ELEMENTS = 1 << 17
const ELEMENT_BYTES = 8
/** Above it `new Array(n)` is a hash table, ten times slower; an array that has grown to as many is not. */
const PLAIN_ELEMENTS_MAX = 1 << 25
/** V8's longest array of references has 2^27 less a few. */
const ELEMENTS_MAX = 134_000_000

let limitBytes = SHARE_USUAL * getHeapStatistics().heap_size_limit
/** What was left after the last collection that a look has made. */
let leftBytes = 0

/** Bytes of the heap that this session may use. V8's own limit is to be far enough above it for what appears between two looks. */
export function setHeapLimit(bytes: number): void {
  limitBytes = bytes
}

const usedBytes = (): number => getHeapStatistics().used_heap_size

atLook(() => {
  const used = usedBytes()
  // After a collection that left much, the next one waits until there is something for it to find.
  if (used < limitBytes || used < leftBytes + 0.05 * limitBytes) return
  collectGarbage()
  leftBytes = usedBytes()
  if (leftBytes > limitBytes) throw outOfHeap(0, leftBytes)
})

/** Throws `memoryLimit` when so many bytes do not fit into the heap. */
function reserveHeap(bytes: number): void {
  if (usedBytes() + bytes <= limitBytes) return
  if (bytes <= limitBytes) collectGarbage()
  const left = usedBytes()
  if (left + bytes > limitBytes) throw outOfHeap(bytes, left)
}

function outOfHeap(bytes: number, used: number): HoldfastError {
  const needs = bytes === 0 ? '' : `this needs ${formatBytes(bytes)} more, but `
  return new HoldfastError(
    'input',
    `Out of memory: ${needs}the texts, tuples and dictionaries of this session already hold ${formatBytes(used)} of their limit of ${formatBytes(limitBytes)}.`,
    {
      code: 'memoryLimit',
      hint: 'process the data in smaller pieces, drop variables with undef, keep texts that repeat as SYMBOL, or raise memory_limit (--memory-limit)',
    },
  )
}

/** A list for so many texts, each to be set by the caller. Throws `memoryLimit` when it does not fit. */
export const textList = (length: number): string[] => list(length, '')

/** A list of so many references to one value, as which each element begins. Throws `memoryLimit` when it does not fit. */
export const filledList = <V>(length: number, value: V): V[] =>
  length < LARGE_ELEMENTS ? new Array<V>(length).fill(value) : list(length, value)

function list<V>(length: number, filler: V): V[] {
  if (length < LARGE_ELEMENTS) return new Array<V>(length)
  if (length > ELEMENTS_MAX)
    throw new HoldfastError(
      'input',
      `Out of memory: a vector of texts or a tuple has at most ${ELEMENTS_MAX} elements, and this one would have ${length}.`,
      { code: 'memoryLimit', hint: 'process the data in smaller pieces, or keep texts that repeat as SYMBOL' },
    )
  // One that has to grow is copied as it grows.
  reserveHeap(length * ELEMENT_BYTES * (length > PLAIN_ELEMENTS_MAX ? 2.5 : 1))
  const out = new Array<V>(Math.min(length, PLAIN_ELEMENTS_MAX)).fill(filler)
  while (out.length < length) out.push(filler)
  return out
}

/** `list.slice(from, to)`, which throws `memoryLimit` when it does not fit. */
export function copiedList<V>(list: readonly V[], from = 0, to = list.length): V[] {
  if (to - from >= LARGE_ELEMENTS) reserveHeap((to - from) * ELEMENT_BYTES)
  return list.slice(from, to)
}
