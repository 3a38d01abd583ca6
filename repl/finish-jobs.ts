import type { EngineHost } from '../jobs/index.ts'
import type { EndSignals } from './signals.ts'

/** Before the process ends: waits for its background jobs, or leaves them to be cancelled. A signal while waiting leaves them too, and answers false. */
export async function finishJobs(host: EngineHost, wait: boolean, signals: EndSignals): Promise<boolean> {
  const count = host.activeJobs
  if (count === 0) return true
  const jobs = count === 1 ? '1 background job' : `${count} background jobs`
  if (!wait) {
    process.stderr.write(`holdfast: cancelling ${jobs} (--no-wait).\n`)
    return true
  }
  process.stderr.write(`holdfast: waiting for ${jobs}; Ctrl-C cancels.\n`)
  const interrupted = new Promise<boolean>((resolve) => signals.listen(() => resolve(false)))
  return Promise.race([host.drained().then(() => true), interrupted])
}
