/** What the job builtins ask the engine, from a session thread. */
import type { JobCaps } from '../dfs/index.ts'
import { serviceKey } from '../runtime/session.ts'
import type { EnginePort } from './engine-port.ts'
import type { JobFiles } from './job-files.ts'
import type { CompletedStatement, ConsoleJob, JobRecord, JobRequest, JobStat, ScheduledJob } from './messages.ts'

type Request<K extends JobRequest['kind']> = Omit<Extract<JobRequest, { readonly kind: K }>, 'kind'>

export class JobsClient {
  readonly files: JobFiles
  readonly #port: EnginePort

  constructor(port: EnginePort, files: JobFiles) {
    this.#port = port
    this.files = files
  }

  /** Answers the id that the job really got. */
  submit(request: Request<'submit'>): string {
    return this.#ask({ kind: 'submit', ...request }) as string
  }
  recent(last?: number): readonly JobRecord[] {
    return this.#ask({ kind: 'list', last }) as readonly JobRecord[]
  }
  find(jobId: string): JobRecord | undefined {
    return (this.#ask({ kind: 'list', jobId }) as readonly JobRecord[])[0]
  }
  /** Waits until the job has ended; an interrupt of this session ends the wait. */
  wait(jobId: string): JobRecord {
    return this.#ask({ kind: 'wait', jobId }, true) as JobRecord
  }
  cancel(request: Request<'cancel'>): void {
    this.#ask({ kind: 'cancel', ...request })
  }
  stat(): JobStat {
    return this.#ask({ kind: 'stat' }) as JobStat
  }
  consoleJobs(): readonly ConsoleJob[] {
    return this.#ask({ kind: 'consoleJobs' }) as readonly ConsoleJob[]
  }
  completedStatements(): readonly CompletedStatement[] {
    return this.#ask({ kind: 'completedStatements' }) as readonly CompletedStatement[]
  }
  cancelConsoleJobs(request: Request<'cancelConsoleJob'>): void {
    this.#ask({ kind: 'cancelConsoleJob', ...request })
  }
  setCap(request: Request<'cap'>): void {
    this.#ask({ kind: 'cap', ...request })
  }
  /** Answers the id that the job really got. */
  schedule(job: ScheduledJob): string {
    return this.#ask({ kind: 'schedule', job }) as string
  }
  scheduled(): readonly ScheduledJob[] {
    return this.#ask({ kind: 'scheduled' }) as readonly ScheduledJob[]
  }
  unschedule(request: Request<'unschedule'>): void {
    this.#ask({ kind: 'unschedule', ...request })
  }
  caps(users: readonly string[]): readonly JobCaps[] {
    return this.#ask({ kind: 'caps', users }) as readonly JobCaps[]
  }

  #ask(request: JobRequest, interruptible = false): unknown {
    return this.#port.ask({ kind: 'job', request }, interruptible)
  }
}

export const jobsService = serviceKey<JobsClient>('jobs')
