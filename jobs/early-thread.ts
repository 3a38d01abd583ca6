/**
 * The thread of the first session, started before the main thread has loaded anything else: a thread takes as long to come up as all the rest of a start, and
 * on another processor. It is told later what session it is (messages.ts, SessionBoot).
 *
 * How much memory a thread gets must be known when it starts. It is started for the default; who finds out that another limit is asked for starts another one.
 */
import { Worker } from 'node:worker_threads'
import { threadFile } from './thread-file.ts'
import { defaultMemoryLimit, type HeapLimits, heapLimits } from './thread-limits.ts'

let early: { readonly worker: Worker; readonly limits: HeapLimits } | undefined

/** Command lines that are sure to need a session, and mostly one with the default limit. */
export function startEarly([first]: readonly string[]): void {
  if (first === undefined || first === '-e' || first === 'run') early = start(heapLimits(defaultMemoryLimit()))
}

/** A thread with these limits; the first time the one that was started early, if it has them. */
export function sessionWorker(memoryLimitBytes: number): Worker {
  const limits = heapLimits(memoryLimitBytes)
  const ready = early
  early = undefined
  if (ready === undefined) return start(limits).worker
  if (ready.limits.maxOldGenerationSizeMb === limits.maxOldGenerationSizeMb) return ready.worker
  void ready.worker.terminate()
  return start(limits).worker
}

const start = (limits: HeapLimits): { readonly worker: Worker; readonly limits: HeapLimits } => ({
  worker: new Worker(new URL(threadFile('session-thread')), { resourceLimits: limits }),
  limits,
})
