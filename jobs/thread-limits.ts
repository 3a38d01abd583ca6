/** What a thread that runs scripts may take of stack and heap, and a session of memory for columns unless something else is set. */

/** Room for scripts that nest as deep as the parser allows (lang/parser/cursor.ts), with calls around them; memory is taken as it is touched. */
const STACK_MB = 16
const HEAP_MB_MIN = 512
const DEFAULT_MEMORY_SHARE = 0.6

export interface HeapLimits {
  readonly maxOldGenerationSizeMb: number
  readonly stackSizeMb: number
}

/**
 * Strings, tuples and closures live on the thread's heap; column buffers, which V8 does not count, are limited by the allocator. A heap that is full ends the
 * session, a limit of columns only the statement: so the heap has room for a query on as many columns as a small limit allows.
 */
export function heapLimits(memoryLimitBytes: number): HeapLimits {
  const megabytes = Math.floor(memoryLimitBytes / (1024 * 1024))
  return { maxOldGenerationSizeMb: Math.max(HEAP_MB_MIN, Math.min(megabytes, 32 * 1024)), stackSizeMb: STACK_MB }
}

/** Bytes of columns that a session may hold on this machine. */
export function defaultMemoryLimit(): number {
  const total = process.getBuiltinModule('node:os').totalmem()
  // A container's limit, where there is one, is smaller than the machine.
  const constrained = process.constrainedMemory()
  return Math.floor((constrained > 0 ? Math.min(constrained, total) : total) * DEFAULT_MEMORY_SHARE)
}
