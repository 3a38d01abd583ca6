/** What a thread that runs scripts may take of stack and heap, and a session of memory for columns unless something else is set. */

/** Room for scripts that nest as deep as the parser allows (lang/parser/cursor.ts), with calls around them; memory is taken as it is touched. */
const STACK_MB = 16
const HEAP_MB_MIN = 512
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
 * Strings, tuples and closures live on the thread's heap; column buffers, which V8 does not count, are limited by the allocator. A heap that is full ends the
 * session, a limit of columns only the statement: so the heap has room for a query on as many columns as a small limit allows.
 */
export function heapLimits(memoryLimitBytes: number): HeapLimits {
  const megabytes = Math.floor(memoryLimitBytes / (1024 * 1024))
  return {
    maxOldGenerationSizeMb: Math.max(HEAP_MB_MIN, Math.min(megabytes, 32 * 1024)),
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
