/** What a thread that runs scripts may take of stack and heap. */
import type { SessionConfig } from './messages.ts'

/** Room for scripts that nest as deep as the parser allows (lang/parser/cursor.ts), with calls around them; memory is taken as it is touched. */
const STACK_MB = 16
const HEAP_MB_MIN = 512

/**
 * Strings, tuples and closures live on the thread's heap; column buffers, which V8 does not count, are limited by the allocator. A heap that is full ends the
 * session, a limit of columns only the statement: so the heap has room for a query on as many columns as a small limit allows.
 */
export function heapLimits(config: SessionConfig): { maxOldGenerationSizeMb: number; stackSizeMb: number } {
  const megabytes = Math.floor(config.memoryLimitBytes / (1024 * 1024))
  return { maxOldGenerationSizeMb: Math.max(HEAP_MB_MIN, Math.min(megabytes, 32 * 1024)), stackSizeMb: STACK_MB }
}
