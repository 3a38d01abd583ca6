import type { EngineHost } from '../jobs/index.ts'

/** Before the process ends: waits for its background jobs, or leaves them to be cancelled. Ctrl-C while waiting cancels them too. */
export async function finishJobs(host: EngineHost, wait: boolean): Promise<void> {
  const count = host.activeJobs
  if (count === 0) return
  const jobs = count === 1 ? '1 background job' : `${count} background jobs`
  if (!wait) {
    process.stderr.write(`holdfast: cancelling ${jobs} (--no-wait).\n`)
    return
  }
  process.stderr.write(`holdfast: waiting for ${jobs}; Ctrl-C cancels.\n`)
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await Promise.race([host.drained(), interrupted])
}
