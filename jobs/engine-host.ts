/**
 * The engine thread's side of everything: answers what sessions ask, owns the store engine and the job registry, starts and stops sessions.
 *
 * Nothing on disk is touched before the first request for it: a script that only computes leaves no data directory behind. From then on the
 * directory is locked by this process until `close`.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../dfs/engine/engine.ts'
import type { MaintenanceTask } from '../dfs/maintenance/task.ts'
import { STORE_FILE_MODE } from '../dfs/store/data-directory.ts'
import { HoldfastError, inputError, toHoldfastError } from '../runtime/errors.ts'
import type { JobPool } from './job-pool.ts'
import type { JobRegistry } from './job-registry.ts'
import type { MaintenanceThread } from './maintenance.ts'
import type { ConsoleJob, EngineRequest, JobRecord, JobRequest, SessionConfig } from './messages.ts'
import { newJobId } from './new-job-id.ts'
import type { Scheduler } from './scheduler.ts'
import { SessionHandle, type SessionListeners } from './session-handle.ts'
import { openLink, type Peer, type SessionEnd } from './session-links.ts'

/** In the data directory: what the store had to tell the operator. */
const LOG_FILE = 'holdfast.log'

/** Statements that getCompletedQueries can tell of. */
const COMPLETED_MAX = 1000
/** Characters of each that are kept: a script of many megabytes would stay in memory otherwise. */
const COMPLETED_TEXT_MAX = 4096

export interface HostOptions {
  readonly config: SessionConfig
  /** Background jobs that run at once. */
  readonly workers: number
  /** Troubles that stop nothing but that the operator should see. */
  readonly onRemark: (error: HoldfastError) => void
  /** What the store tells the operator, a line at a time: recovery, housekeeping. */
  readonly onNotice: (line: string) => void
}

interface Store {
  readonly engine: Engine
  readonly registry: JobRegistry
  readonly pool: JobPool
  readonly scheduler: Scheduler
  readonly threads: readonly MaintenanceThread[]
}

interface ConsoleEntry {
  readonly job: ConsoleJob
  readonly interrupt: () => void
}

/** Its id is made when somebody looks at it. */
function consoleJob(sessionId: bigint, user: string, desc: string): ConsoleJob {
  let id: string | undefined
  return {
    sessionId,
    user,
    desc,
    receivedMs: Date.now(),
    get rootJobId() {
      id ??= newJobId()
      return id
    },
  }
}

function withShortText(job: ConsoleJob): ConsoleJob {
  if (job.desc.length <= COMPLETED_TEXT_MAX) return job
  const { sessionId, user, desc, receivedMs, rootJobId } = job
  // A slice of a string keeps the whole string alive; joined with something it is a string of its own once it is read.
  const text = Buffer.from(`${desc.slice(0, COMPLETED_TEXT_MAX - 3)}...`).toString()
  return { sessionId, user, desc: text, receivedMs, rootJobId }
}

export class EngineHost {
  readonly #options: HostOptions
  readonly #console = new Map<bigint, ConsoleEntry>()
  /** Oldest first. */
  readonly #completed: { readonly job: ConsoleJob; readonly endMs: number }[] = []
  readonly #sessions = new Set<SessionHandle>()
  #store: Promise<Store> | undefined
  #registry: JobRegistry | undefined
  #engine: Engine | undefined

  constructor(options: HostOptions) {
    this.#options = options
  }

  /** Opens the data directory now, rather than when a session first needs it. */
  async open(): Promise<void> {
    await this.#open()
  }

  /** A thread for the prompt or a script. `user` is logged in from the start. */
  openSession(listeners: SessionListeners, user?: string): SessionHandle {
    const session = new SessionHandle(this.#link(undefined), this.#options.config, listeners, user)
    this.#sessions.add(session)
    return session
  }

  /** Notes what a session runs, for getConsoleJobs; `undefined` when it is done. */
  noteStatement(session: SessionHandle, desc: string | undefined): void {
    const { sessionId, user } = session
    if (desc === undefined) {
      const entry = this.#console.get(sessionId)
      this.#console.delete(sessionId)
      if (entry === undefined) return
      this.#completed.push({ job: withShortText(entry.job), endMs: Date.now() })
      if (this.#completed.length > COMPLETED_MAX) this.#completed.shift()
    } else
      this.#console.set(sessionId, {
        job: consoleJob(sessionId, user, desc),
        interrupt: () => session.interrupt(),
      })
  }

  /** Background jobs that have not ended. */
  get activeJobs(): number {
    return this.#registry?.active ?? 0
  }

  /** Resolves when no background job is queued or running. */
  async drained(): Promise<void> {
    await this.#registry?.drained()
  }

  /** Cancels what runs, ends every thread, closes the store and releases the data directory. */
  async close(): Promise<void> {
    // Sessions that never asked for the store hold nothing: they end with the process, which takes less time than ending them first.
    if (this.#store === undefined) return
    for (const session of this.#sessions) await session.close()
    this.#sessions.clear()
    const store = await this.#store.catch(() => undefined)
    if (store === undefined) return
    store.scheduler.close()
    await store.registry.close()
    await store.pool.close()
    this.#engine = undefined
    await store.engine.close()
    for (const thread of store.threads) await thread.close()
    this.#store = undefined
    this.#registry = undefined
  }

  #link(jobId: string | undefined): SessionEnd {
    return openLink(jobId, {
      answer: (request, peer) => this.#answer(request, peer),
      // However the thread ended, what it was reading may go now.
      ended: (peer) => this.#engine?.closeSession(`${peer.sessionId}`),
    })
  }

  /** Opens the data directory once. After a failure (locked by another process, damaged) the next request tries again. */
  #open(): Promise<Store> {
    this.#store ??= this.#openStore().catch((thrown) => {
      this.#store = undefined
      throw thrown
    })
    return this.#store
  }

  async #openStore(): Promise<Store> {
    const { config, workers } = this.#options
    // The engine alone, and not at the start: this thread needs neither the session's side of the store nor its libraries before.
    const { Engine } = await import('../dfs/engine/engine.ts')
    const { JobFiles, JobPool, JobRegistry, MaintenanceThread, ScheduleFiles, Scheduler } = await import(
      './background.ts'
    )
    const maintenance = new MaintenanceThread(config.dataDir)
    const merging = new MaintenanceThread(config.dataDir)
    const archiving = new MaintenanceThread(config.dataDir)
    const threadFor = (kind: MaintenanceTask['kind']): MaintenanceThread =>
      kind === 'compact' ? merging : kind === 'flush' ? maintenance : archiving
    const engine = Engine.open(config.dataDir, {
      settings: config.settings,
      maintain: (task) => threadFor(task.kind).run(task),
      onClose: () => merging.interrupt(),
      say: (line) => this.#tell(line),
      announce: this.#options.onNotice,
    })
    this.#engine = engine
    const files = new JobFiles(config.dataDir)
    const pool = new JobPool({
      config,
      files,
      openLink: (jobId) => this.#link(jobId),
      onRemark: this.#options.onRemark,
    })
    const registry = new JobRegistry({ files, runner: pool, workers, onWriteFailure: this.#options.onRemark })
    this.#registry = registry
    const scheduler = new Scheduler({
      files: new ScheduleFiles(config.dataDir),
      submit: (submission) => registry.submit(submission),
      onFailure: this.#options.onRemark,
    })
    return { engine, registry, pool, scheduler, threads: [maintenance, merging, archiving] }
  }

  /** To whoever watches, and into the log file. */
  #tell(line: string): void {
    this.#options.onNotice(line)
    try {
      appendFileSync(join(this.#options.config.dataDir, LOG_FILE), `${new Date().toISOString()} [INFO] ${line}\n`, {
        mode: STORE_FILE_MODE,
      })
    } catch (error) {
      this.#options.onRemark(toHoldfastError(error))
    }
  }

  async #answer(request: EngineRequest, peer: Peer): Promise<unknown> {
    if (request.kind === 'job' && request.request.kind === 'consoleJobs')
      return Array.from(this.#console.values(), (entry) => entry.job)
    if (request.kind === 'job' && request.request.kind === 'completedStatements')
      return this.#completed.map(({ job, endMs }) => ({ ...job, endMs })).reverse()
    if (request.kind === 'job' && request.request.kind === 'cancelConsoleJob') {
      this.#cancelConsoleJobs(request.request)
      return undefined
    }
    const store = await this.#open()
    switch (request.kind) {
      case 'open':
        return store.engine.openSession(`${peer.sessionId}`)
      case 'store':
        return store.engine.submit(request.command, request.user, `${peer.sessionId}`)
      case 'job':
        return this.#answerJob(store, request.request, peer)
    }
  }

  #answerJob({ registry, scheduler }: Store, request: JobRequest, peer: Peer): unknown {
    switch (request.kind) {
      case 'submit':
        return registry.submit(request)
      case 'list': {
        if (request.jobId !== undefined) {
          const record = registry.find(request.jobId)
          return record === undefined ? [] : [record]
        }
        const records: readonly JobRecord[] = registry.recent()
        return request.last === undefined ? records : records.slice(-request.last)
      }
      case 'wait':
        if (request.jobId === peer.jobId) throw inputError(`The job [${request.jobId}] can't wait for itself.`)
        return registry.wait(request.jobId, peer.jobId !== undefined)
      case 'cancel':
        registry.cancel(request.jobIds, request.user, request.isAdmin)
        return undefined
      case 'stat':
        return registry.stat()
      case 'cap':
        registry.setCap(request.user, request.what, request.value)
        return undefined
      case 'schedule':
        return scheduler.add(request.job)
      case 'scheduled':
        return scheduler.list()
      case 'unschedule':
        scheduler.remove(request.jobId, request.user, request.isAdmin)
        return undefined
      case 'caps':
        return request.users.map((user) => registry.caps(user))
      case 'consoleJobs':
      case 'completedStatements':
      case 'cancelConsoleJob':
        throw new HoldfastError('bug', `${request.kind} is answered without the store`)
    }
  }

  #cancelConsoleJobs(request: JobRequest & { readonly kind: 'cancelConsoleJob' }): void {
    for (const entry of this.#console.values()) {
      if (!request.ids.includes(entry.job.rootJobId)) continue
      if (entry.job.user !== request.user && !request.isAdmin)
        throw inputError(`The job [${entry.job.rootJobId}] belongs to ${entry.job.user}.`, { refId: 'S00009' })
      entry.interrupt()
    }
  }
}
