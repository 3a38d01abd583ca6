/** What a thread that runs scripts may take of stack and heap, and a session of memory for columns unless something else is set. */

/** Room for scripts that nest as deep as the parser allows (lang/parser/cursor.ts), with calls around them; memory is taken as it is touched. */
const STACK_MB = 16
const MB = 1024 * 1024
const HEAP_MB_MIN = 512
const HEAP_MB_MAX = 32 * 1024
const HEADROOM_MB = 1024
/**
 * For objects that were just made. Node ends a thread whose heap is full, and leaves it 16 MB to get there; if all young objects live, as in a dictionary that grows for
 * ever, they must fit into that, or V8 aborts the whole process. With its own 48 MB and more that happened in half of the tries, with 24 MB, of which one third is in use at a time, in none.
 */
const YOUNG_MB = 24
const DEFAULT_MEMORY_SHARE = 0.6

export interface HeapLimits {
  readonly maxOldGenerationSizeMb: number
  readonly maxYoungGenerationSizeMb: number
  readonly stackSizeMb: number
}

/**
 * Bytes of texts, tuples, dictionaries and closures that a session may hold: as many as of columns, and enough for a query on as many columns as a small limit
 * allows. Beyond it a statement fails (runtime/values/heap.ts).
 */
export const heapBytes = (memoryLimitBytes: number): number =>
  Math.max(HEAP_MB_MIN, Math.min(Math.floor(memoryLimitBytes / MB), HEAP_MB_MAX)) * MB

/** The heap of V8 has more: a map or list that grows asks for some hundred megabytes at once, and V8 aborts the whole process when it has not got them. */
export function heapLimits(memoryLimitBytes: number): HeapLimits {
  return {
    maxOldGenerationSizeMb: heapBytes(memoryLimitBytes) / MB + HEADROOM_MB,
    maxYoungGenerationSizeMb: YOUNG_MB,
    stackSizeMb: STACK_MB,
  }
}

/** Bytes of columns that a session may hold on this machine. */
export function defaultMemoryLimit(): number {
  const total = process.getBuiltinModule('node:os').totalmem()
  // A container's limit, where there is one, is smaller than the machine.
  const constrained = process.constrainedMemory()
  return Math.floor((constrained > 0 ? Math.min(constrained, total) : total) * DEFAULT_MEMORY_SHARE)
}
