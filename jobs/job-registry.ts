/**
 * The jobs of a process: who waits, who runs, how each ended. Lives on the engine thread.
 *
 * - A job is queued, running, or ended (done, failed, cancelled), and moves only forward; each move is a line in the record file first.
 * - At most `workers` jobs run; a job that itself waits for another job does not count, so that jobs waiting for jobs cannot starve them.
 *   Ten priorities, first come first served within one.
 * - Whatever a job does to its thread (throws, exhausts memory, is terminated) ends that job and nothing else.
 * - Records that an earlier process left unfinished are failed at opening: "interrupted by restart".
 */
import { HoldfastError, inputError, toHoldfastError } from '../runtime/errors.ts'
import { type JobFiles, MessageLog } from './job-files.ts'
import { hasEnded } from './job-state.ts'
import { decodeError, type JobOutcome, type JobRecord, type JobStat, type JobWork } from './messages.ts'
import { newJobId } from './new-job-id.ts'
import { deathMessage } from './thread-death.ts'

export const QUEUE_LIMIT = 2048
export const CANCELLED_MESSAGE = 'The job has been cancelled.'
export const RESTART_MESSAGE = 'The job was interrupted by restart.'
/** How long an interrupted job may take to stop by itself before its thread is ended. */
const GRACE_MS = 2000
const PRIORITIES = 10
const PARALLELISM_MAX = 64

/** A job on its thread. */
export interface RunningJob {
  /** Rejects when the thread dies. */
  readonly outcome: Promise<JobOutcome>
  interrupt(): void
  terminate(): void
}

export interface JobRunner {
  start(record: JobRecord, work: JobWork): RunningJob
}

export interface RegistryOptions {
  readonly files: JobFiles
  readonly runner: JobRunner
  /** Jobs that run at once. */
  readonly workers: number
  /** A record or log line could not be written. */
  readonly onWriteFailure: (error: HoldfastError) => void
  readonly now?: () => number
  readonly graceMs?: number
}

export interface Submission {
  readonly user: string
  readonly jobId: string
  readonly jobDesc: string
  readonly priority: number
  readonly parallelism: number
  readonly work: JobWork
}

interface Entry {
  record: JobRecord
  work: JobWork | undefined
  running: RunningJob | undefined
  cancelling: boolean
  readonly waiters: ((record: JobRecord) => void)[]
}

export class JobRegistry {
  readonly #options: RegistryOptions
  readonly #now: () => number
  /** Since the process started, in order of receipt. */
  readonly #entries = new Map<string, Entry>()
  readonly #earlier = new Map<string, JobRecord>()
  readonly #usedIds: Set<string>
  readonly #queues: Entry[][] = Array.from({ length: PRIORITIES }, () => [])
  readonly #caps = { priority: new Map<string, number>(), parallelism: new Map<string, number>() }
  #queued = 0
  #running = 0
  #waitingForOthers = 0
  #closing = false
  #idle: (() => void)[] = []

  constructor(options: RegistryOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#usedIds = options.files.usedIds()
    const records = options.files.readRecords().map((record) => this.#settled(record))
    options.files.rewriteRecords(records)
    for (const record of records) {
      this.#earlier.set(record.jobId, record)
      this.#usedIds.add(record.jobId)
    }
  }

  /** Queues a job and answers the id that it really got. */
  submit(s: Submission): string {
    if (this.#closing) throw new HoldfastError('conflict', 'The process is shutting down: no more jobs are accepted.')
    if (this.#queued >= QUEUE_LIMIT)
      throw new HoldfastError('conflict', `The batch job queue is full (${QUEUE_LIMIT} jobs).`, {
        code: 'queueFull',
        refId: 'S00010',
        hint: 'wait until some of the queued jobs are done',
      })
    const receivedMs = this.#now()
    const caps = this.caps(s.user)
    const jobId = this.#freeId(s.jobId, receivedMs)
    const record: JobRecord = {
      jobId,
      rootJobId: newJobId(),
      jobDesc: s.jobDesc,
      user: s.user,
      priority: Math.min(s.priority, caps.priority),
      parallelism: Math.min(s.parallelism, caps.parallelism),
      receivedMs,
      startMs: undefined,
      endMs: undefined,
      state: 'queued',
      errorMsg: '',
    }
    // Makes sure that the id can be a file name before anything is recorded.
    this.#options.files.messageFile(jobId)
    // A job that can't be recorded is refused: it must not be known then, or who waits for it waits for ever.
    this.#options.files.appendRecord(record)
    this.#write(() =>
      this.#options.files.appendLog(`receive the job [${jobId}]: ${s.jobDesc}, user ${s.user}`, receivedMs),
    )
    this.#usedIds.add(jobId)
    const entry: Entry = { record, work: s.work, running: undefined, cancelling: false, waiters: [] }
    this.#entries.set(jobId, entry)
    this.#queues[record.priority].push(entry)
    this.#queued++
    this.#dispatch()
    return jobId
  }

  /** Jobs of this process, oldest first. */
  recent(): JobRecord[] {
    return Array.from(this.#entries.values(), (e) => e.record)
  }

  /** A job of this or an earlier process. */
  find(jobId: string): JobRecord | undefined {
    return this.#entries.get(jobId)?.record ?? this.#earlier.get(jobId)
  }

  /** The record of the job once it has ended. `fromJob`: the asker is itself a job, and makes room for another one meanwhile. */
  wait(jobId: string, fromJob: boolean): Promise<JobRecord> {
    const entry = this.#entries.get(jobId)
    if (entry === undefined || hasEnded(entry.record)) {
      const record = this.find(jobId)
      if (record === undefined)
        return Promise.reject(inputError(`The job [${jobId}] doesn't exist.`, { code: 'jobId' }))
      return Promise.resolve(record)
    }
    return new Promise((resolve) => {
      if (fromJob) this.#waitingForOthers++
      entry.waiters.push((record) => {
        if (fromJob) this.#waitingForOthers--
        resolve(record)
      })
      if (fromJob) this.#dispatch()
    })
  }

  /** Stops jobs that have not ended: queued ones at once, running ones at their next check, or by ending their thread. */
  cancel(jobIds: readonly string[], user: string, isAdmin: boolean): void {
    const entries: Entry[] = []
    for (const jobId of jobIds) {
      const entry = this.#entries.get(jobId)
      if (entry === undefined) {
        this.#options.files.appendLog(`cancel the job [${jobId}]: no such job`, this.#now())
        continue
      }
      if (entry.record.user !== user && !isAdmin)
        throw inputError(
          `The job [${jobId}] was submitted by ${entry.record.user}: only that user or an administrator can cancel it.`,
          {
            code: 'notOwner',
            refId: 'S00009',
          },
        )
      entries.push(entry)
    }
    for (const entry of entries) this.#cancelEntry(entry)
  }

  stat(): JobStat {
    return { queuedJobs: this.#queued, runningJobs: this.#running }
  }

  setCap(user: string, what: 'priority' | 'parallelism', value: number): void {
    this.#caps[what].set(user, value)
  }

  caps(user: string): { readonly priority: number; readonly parallelism: number } {
    return {
      priority: this.#caps.priority.get(user) ?? PRIORITIES - 1,
      parallelism: this.#caps.parallelism.get(user) ?? PARALLELISM_MAX,
    }
  }

  /** Unfinished jobs. */
  get active(): number {
    return this.#queued + this.#running
  }

  /** Resolves when no job is queued or running. */
  drained(): Promise<void> {
    if (this.active === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  /** Cancels everything that has not ended and waits until it has. New jobs are refused from now on. */
  close(): Promise<void> {
    this.#closing = true
    for (const entry of this.#entries.values()) this.#cancelEntry(entry)
    return this.drained()
  }

  #cancelEntry(entry: Entry): void {
    if (hasEnded(entry.record) || entry.cancelling) return
    if (entry.record.state === 'queued') {
      this.#remove(entry)
      this.#end(entry, { state: 'cancelled', errorMsg: CANCELLED_MESSAGE })
      return
    }
    entry.cancelling = true
    entry.running?.interrupt()
    const timer = setTimeout(() => entry.running?.terminate(), this.#options.graceMs ?? GRACE_MS)
    entry.waiters.push(() => clearTimeout(timer))
  }

  #remove(entry: Entry): void {
    const queue = this.#queues[entry.record.priority]
    queue.splice(queue.indexOf(entry), 1)
    this.#queued--
  }

  #dispatch(): void {
    while (this.#queued > 0 && this.#running < this.#options.workers + this.#waitingForOthers) {
      let queue = this.#queues[0]
      for (const q of this.#queues) if (q.length > 0) queue = q
      const entry = queue.shift() as Entry
      this.#queued--
      this.#start(entry)
    }
  }

  #start(entry: Entry): void {
    this.#running++
    this.#move(entry, { startMs: this.#now(), state: 'running' })
    this.#write(() =>
      this.#options.files.appendLog(`start the job [${entry.record.jobId}]: ${entry.record.jobDesc}`, this.#now()),
    )
    const work = entry.work as JobWork
    // The arguments of a job may be large: they belong to its thread from here on.
    entry.work = undefined
    let outcome: Promise<JobOutcome>
    try {
      entry.running = this.#options.runner.start(entry.record, work)
      outcome = entry.running.outcome
    } catch (thrown) {
      outcome = Promise.reject(thrown)
    }
    outcome.then(
      (o) => this.#finish(entry, o.ok ? undefined : decodeError(o.error), false),
      (thrown) => this.#finish(entry, toHoldfastError(thrown), true),
    )
  }

  /** `died`: the thread ended before it could write its last line. */
  #finish(entry: Entry, error: HoldfastError | undefined, died: boolean): void {
    this.#running--
    entry.running = undefined
    const cancelled = error !== undefined && (entry.cancelling || error.kind === 'cancelled')
    const errorMsg =
      error === undefined ? '' : cancelled ? CANCELLED_MESSAGE : died ? deathMessage(error, 'job') : error.message
    if (died) this.#write(() => this.#writeLastLine(entry.record.jobId, errorMsg))
    this.#end(entry, { state: error === undefined ? 'done' : cancelled ? 'cancelled' : 'failed', errorMsg })
    this.#dispatch()
    if (this.active === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #end(entry: Entry, change: Pick<JobRecord, 'state' | 'errorMsg'>): void {
    const endMs = this.#now()
    this.#move(entry, { ...change, endMs })
    const how = change.errorMsg === '' ? 'done' : change.errorMsg.split('\n')[0]
    this.#write(() => this.#options.files.appendLog(`end the job [${entry.record.jobId}]: ${how}`, endMs))
    entry.work = undefined
    for (const waiter of entry.waiters.splice(0)) waiter(entry.record)
    if (this.active === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #move(entry: Entry, change: Partial<JobRecord>): void {
    entry.record = { ...entry.record, ...change }
    this.#write(() => this.#options.files.appendRecord(entry.record))
  }

  /** What goes on in memory counts: a full disk costs the records of a job, neither the job nor the process. */
  #write(write: () => void): void {
    try {
      write()
    } catch (thrown) {
      const error = toHoldfastError(thrown)
      if (error.kind !== 'io') throw error
      this.#options.onWriteFailure(error)
    }
  }

  #writeLastLine(jobId: string, text: string): void {
    const log = new MessageLog(this.#options.files.messageFile(jobId))
    log.line(text)
    log.close()
  }

  /** A record of an earlier process: what it left unfinished will not finish any more. */
  #settled(record: JobRecord): JobRecord {
    if (hasEnded(record)) return record
    if (record.state === 'running') this.#writeLastLine(record.jobId, RESTART_MESSAGE)
    return { ...record, state: 'failed', endMs: this.#now(), errorMsg: RESTART_MESSAGE }
  }

  /** The id itself, with the date, or with the date and a counter of three digits. */
  #freeId(wanted: string, ms: number): string {
    if (!this.#usedIds.has(wanted)) return wanted
    const d = new Date(ms)
    const dated = `${wanted}${d.getFullYear()}${String(d.getMonth() + 1).padStart(2, '0')}${String(d.getDate()).padStart(2, '0')}`
    let id = dated
    for (let k = 0; this.#usedIds.has(id); k++) id = `${dated}${String(k).padStart(3, '0')}`
    return id
  }
}
