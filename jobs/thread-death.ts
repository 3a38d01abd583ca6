import type { HoldfastError } from '../runtime/errors.ts'

/** What the end of a thread means, in the words of an operator. `owner` is `job` or `session`. */
export function deathMessage(error: HoldfastError, owner: 'job' | 'session'): string {
  if (error.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return `Out of memory: the ${owner} exhausted the heap of its thread. Process the data in smaller pieces or raise --memory-limit.`
  return `The thread of the ${owner} ended unexpectedly: ${error.message}`
}
