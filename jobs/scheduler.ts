/**
 * Scheduled jobs of a data directory. Lives on the engine thread, from the time the data directory is opened until the process ends.
 *
 * - A job is on disk, synced, before scheduleJob answers, and gone from there before deleteScheduledJob answers.
 * - A job that is due is submitted like any background job, with the rights that its creator has then; each run has an id of its own.
 * - What was due while no process had the data directory open is left out: the job runs at its next time. While the process lives, a time that passed
 *   unnoticed (the machine slept) is made up for once.
 * - A job is on disk until it is deleted, also when its last day is over.
 */
import { HoldfastError, inputError, toHoldfastError } from '../runtime/errors.ts'
import type { Submission } from './job-registry.ts'
import type { ScheduledJob } from './messages.ts'
import { nextDue } from './schedule.ts'
import type { ScheduleFiles } from './schedule-files.ts'

/** The longest sleep: clocks get set. */
const SLEEP_MS_MAX = 30_000

export interface SchedulerOptions {
  readonly files: ScheduleFiles
  readonly submit: (submission: Submission) => string
  /** A run could not be submitted, or a file of a job not read. */
  readonly onFailure: (error: HoldfastError) => void
  readonly now?: () => number
}

export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #now: () => number
  readonly #jobs = new Map<string, ScheduledJob>()
  /** Up to here every due time has been seen to. */
  #seenMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#seenMs = this.#now()
    for (const job of options.files.readAll(options.onFailure)) this.#jobs.set(job.jobId, job)
    this.#sleep()
  }

  /** Keeps the job and answers the id that it really got. */
  add(wanted: ScheduledJob): string {
    const job = { ...wanted, jobId: this.#freeId(wanted.jobId) }
    this.#options.files.write(job)
    this.#jobs.set(job.jobId, job)
    this.#sleep()
    return job.jobId
  }

  remove(jobId: string, user: string, isAdmin: boolean): void {
    const job = this.#jobs.get(jobId)
    if (job === undefined)
      throw inputError(`The scheduled job [${jobId}] doesn't exist.`, { code: 'scheduledJobMissing' })
    if (job.user !== user && !isAdmin)
      throw inputError(
        `The scheduled job [${jobId}] was created by ${job.user}: only that user or an administrator can delete it.`,
        { code: 'notOwner', refId: 'S00009' },
      )
    this.#options.files.remove(jobId)
    this.#jobs.delete(jobId)
    this.#sleep()
  }

  /** In order of creation. */
  list(): ScheduledJob[] {
    return [...this.#jobs.values()]
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Submits what has become due. */
  tick(): void {
    const now = this.#now()
    for (const job of this.#jobs.values()) {
      const due = nextDue(job.schedule, this.#seenMs)
      if (due !== undefined && due <= now) this.#run(job)
    }
    this.#seenMs = now
    this.#sleep()
  }

  /** A run that can't be submitted (the queue is full) is told and left out; the schedule goes on. */
  #run({ user, jobId, jobDesc, priority, parallelism, work }: ScheduledJob): void {
    try {
      this.#options.submit({ user, jobId, jobDesc, priority, parallelism, work })
    } catch (thrown) {
      const cause = toHoldfastError(thrown)
      this.#options.onFailure(
        new HoldfastError(cause.kind, `The scheduled job [${jobId}] could not be started: ${cause.message}`, { cause }),
      )
    }
  }

  #sleep(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let next = Number.POSITIVE_INFINITY
    for (const job of this.#jobs.values()) next = Math.min(next, nextDue(job.schedule, this.#seenMs) ?? next)
    if (next === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.tick(), Math.max(0, Math.min(next - this.#now(), SLEEP_MS_MAX)))
    // A schedule alone does not keep the process alive.
    this.#timer.unref()
  }

  /** The id itself, with the date, or with the date and a counter of three digits. */
  #freeId(wanted: string): string {
    if (!this.#jobs.has(wanted)) return wanted
    const d = new Date(this.#now())
    const dated = `${wanted}${d.getFullYear()}${String(d.getMonth() + 1).padStart(2, '0')}${String(d.getDate()).padStart(2, '0')}`
    let id = dated
    for (let k = 0; this.#jobs.has(id); k++) id = `${dated}${String(k).padStart(3, '0')}`
    return id
  }
}
