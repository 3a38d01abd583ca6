/**
 * Background jobs on kept worker threads. piscina keeps the threads; who runs when is the registry's decision, so the pool never queues.
 * Each job gets its own line to the engine and its own interrupt word. A thread that dies fails its job, and piscina replaces it.
 */
import type { Piscina } from 'piscina'
import { type HoldfastError, toHoldfastError } from '../runtime/errors.ts'
import type { JobFiles } from './job-files.ts'
import type { JobRunner, RunningJob } from './job-registry.ts'
import type { JobOutcome, JobRecord, JobTask, JobWork, SessionConfig } from './messages.ts'
import type { SessionEnd } from './session-links.ts'
import { threadFile } from './thread-file.ts'
import { heapLimits } from './thread-limits.ts'

/** An idle thread ends after this. */
const IDLE_MS = 60_000
/** More than ever run at once: jobs that wait for other jobs keep their thread. */
const THREADS_MAX = 256

export interface JobPoolOptions {
  readonly config: SessionConfig
  readonly files: JobFiles
  readonly openLink: (jobId: string) => SessionEnd
  readonly onRemark: (error: HoldfastError) => void
}

export class JobPool implements JobRunner {
  readonly #options: JobPoolOptions
  #pool: Promise<Piscina<JobTask, JobOutcome>> | undefined

  constructor(options: JobPoolOptions) {
    this.#options = options
  }

  start(record: JobRecord, work: JobWork): RunningJob {
    const { config, files } = this.#options
    const abort = new AbortController()
    const end = this.#options.openLink(record.jobId)
    end.begin()
    const task: JobTask = {
      config,
      link: end.link,
      record,
      work,
      messageFile: files.messageFile(record.jobId),
      resultFile: files.resultFile(record.jobId),
    }
    const outcome = this.#threads()
      .then((pool) => pool.run(task, { transferList: [end.link.port], signal: abort.signal }))
      .finally(() => end.close())
    return { outcome, interrupt: () => end.interrupt(), terminate: () => abort.abort() }
  }

  async close(): Promise<void> {
    if (this.#pool !== undefined) await (await this.#pool).destroy()
  }

  #threads(): Promise<Piscina<JobTask, JobOutcome>> {
    this.#pool ??= import('piscina').then(({ Piscina }) => {
      const pool = new Piscina<JobTask, JobOutcome>({
        filename: threadFile('job-thread'),
        minThreads: 0,
        maxThreads: THREADS_MAX,
        idleTimeout: IDLE_MS,
        // A thread between jobs turns its event loop: what a library puts off until then gets done.
        atomics: 'disabled',
        recordTiming: false,
        resourceLimits: heapLimits(this.#options.config.memoryLimitBytes),
      })
      // A thread that died between jobs: no job tells of it.
      pool.on('error', (thrown) => this.#options.onRemark(toHoldfastError(thrown)))
      return pool
    })
    return this.#pool
  }
}
