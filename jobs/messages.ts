/**
 * Every message that crosses a thread. Plain data, structured-clonable.
 *
 *   session thread -> engine   EngineRequest, answered one at a time over a MessagePort while the session sleeps (engine-port.ts)
 *   engine -> session thread   SessionCommand: run this text, complete this line
 *   session thread -> main     SessionEvent: results, progress; printed text goes through shared memory (output-ring.ts)
 *   engine -> job thread       JobTask, answered by JobOutcome
 */
import type { MessagePort } from 'node:worker_threads'
import type { EngineCommand } from '../dfs/engine/commands.ts'
import type { StartSettings } from '../dfs/settings/index.ts'
// The concrete file, not the room's entrance: the main thread starts without loading the interpreter.
import type { ErrorMessage } from '../runtime/error-message.ts'
import type { Transfer } from '../runtime/values/index.ts'
import type { Schedule } from './schedule.ts'

export { decodeError, type ErrorMessage, encodeError } from '../runtime/error-message.ts'

// ---- Session thread -> engine ----

export type EngineRequest =
  /** Opens the data directory (once a process) if it is not open yet. */
  | { readonly kind: 'open' }
  | { readonly kind: 'store'; readonly command: EngineCommand; readonly user: string }
  | { readonly kind: 'job'; readonly request: JobRequest }

export type JobRequest =
  | {
      readonly kind: 'submit'
      readonly user: string
      readonly jobId: string
      readonly jobDesc: string
      readonly priority: number
      readonly parallelism: number
      readonly work: JobWork
    }
  /** Jobs since the process started, oldest first; one id also finds jobs of earlier runs. */
  | { readonly kind: 'list'; readonly jobId?: string; readonly last?: number }
  /** Answers the record when the job has ended. */
  | { readonly kind: 'wait'; readonly jobId: string }
  | { readonly kind: 'cancel'; readonly jobIds: readonly string[]; readonly user: string; readonly isAdmin: boolean }
  | { readonly kind: 'stat' }
  | { readonly kind: 'consoleJobs' }
  /** Answers CompletedStatement[], newest first. */
  | { readonly kind: 'completedStatements' }
  | {
      readonly kind: 'cancelConsoleJob'
      readonly ids: readonly string[]
      readonly user: string
      readonly isAdmin: boolean
    }
  | {
      readonly kind: 'cap'
      readonly user: string
      readonly what: 'priority' | 'parallelism'
      readonly value: number
    }
  /** Keeps a scheduled job; answers its id. */
  | { readonly kind: 'schedule'; readonly job: ScheduledJob }
  /** Answers ScheduledJob[], oldest first. */
  | { readonly kind: 'scheduled' }
  | { readonly kind: 'unschedule'; readonly jobId: string; readonly user: string; readonly isAdmin: boolean }
  /** What the jobs of users get at most, in the order of the names. */
  | { readonly kind: 'caps'; readonly users: readonly string[] }

/** What a job runs: a function and its arguments (undefined = skipped), and the shared objects that it can see. */
export interface JobWork {
  readonly definition: Transfer
  readonly args: readonly (Transfer | undefined)[]
  /** Called as onComplete(jobId, jobDesc, success, result) in the job's session. */
  readonly onComplete: Transfer | undefined
  readonly shared: readonly (readonly [string, Transfer])[]
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface JobRecord {
  readonly jobId: string
  readonly rootJobId: string
  readonly jobDesc: string
  readonly user: string
  readonly priority: number
  readonly parallelism: number
  readonly receivedMs: number
  readonly startMs: number | undefined
  readonly endMs: number | undefined
  readonly state: JobState
  /** Empty on success. */
  readonly errorMsg: string
}

/** A job that is submitted again and again. */
export interface ScheduledJob {
  readonly jobId: string
  readonly jobDesc: string
  /** Who created it: runs have the rights of this user. */
  readonly user: string
  readonly createdMs: number
  readonly priority: number
  readonly parallelism: number
  readonly schedule: Schedule
  readonly work: JobWork
}

export interface JobStat {
  readonly queuedJobs: number
  readonly runningJobs: number
}

export interface ConsoleJob {
  readonly user: string
  readonly rootJobId: string
  readonly desc: string
  readonly receivedMs: number
  readonly sessionId: bigint
}

/** What a session has run to its end, whatever came of it. */
export interface CompletedStatement extends ConsoleJob {
  readonly endMs: number
}

export type EngineAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage }

// ---- Starting a session ----

/** How sessions of this process are set up; the same for the prompt, scripts and jobs. */
export interface SessionConfig {
  /** Absolute. */
  readonly dataDir: string
  /** Bytes of column buffers per session. */
  readonly memoryLimitBytes: number
  readonly newValuePartitions: 'add' | 'skip' | 'fail'
  readonly allowMissingPartitions: boolean
  /** Whether insert into may append to stored tables. Absent: no. */
  readonly enableInsertStatement?: boolean
  /** How values show. Absent: six digits after the point, true and false. */
  readonly display?: { readonly decimals: 6 | 15; readonly boolDigits: boolean }
  /** Of the store: what the file and the environment set. */
  readonly settings: StartSettings
  /** Absolute path of the configuration file, whether it is there or not. */
  readonly configFile?: string
  /** Absolute path of the folder of nodelocal://1/... Absent: `export` in the data directory. */
  readonly exportDir?: string
}

/** What ties a session thread to the engine. */
export interface SessionLink {
  readonly sessionId: bigint
  readonly port: MessagePort
  /** Word that the engine raises with each answer; the session sleeps on it. */
  readonly signal: SharedArrayBuffer
  /** Word 0: interrupt. Word 1: width of the terminal, 0 when there is none. */
  readonly control: SharedArrayBuffer
}

export const CONTROL_BYTES = 8
export const CONTROL_WIDTH = 1

/** What makes a thread a session: the first thing that it is told. */
export interface SessionBoot {
  readonly config: SessionConfig
  readonly link: SessionLink
  readonly output: SharedArrayBuffer
  /** Who is logged in from the start; default: nobody. For commands, whose caller owns the data directory. */
  readonly user?: string
}

// ---- Main -> session thread ----

export type SessionCommand =
  | { readonly kind: 'boot'; readonly boot: SessionBoot }
  | {
      readonly kind: 'run'
      readonly id: number
      readonly text: string
      readonly file: string | undefined
      /** Values shown: of every expression statement, of the last one, or none. */
      readonly show: 'all' | 'last' | 'none'
    }
  /** Arguments of the script, as the variable `args`. */
  | { readonly kind: 'args'; readonly args: readonly string[] }
  | { readonly kind: 'complete'; readonly id: number; readonly line: string }
  | { readonly kind: 'isComplete'; readonly id: number; readonly text: string }

// ---- Session thread -> main ----

export type SessionEvent =
  /** There is text in the output ring. */
  | { readonly kind: 'output' }
  /** A line for stderr: warnings. */
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'progress'; readonly progress: ProgressMessage }
  | {
      readonly kind: 'done'
      readonly id: number
      readonly failure: FailureMessage | undefined
      /** Who is logged in now. */
      readonly user: string
    }
  | { readonly kind: 'completions'; readonly id: number; readonly matches: readonly string[]; readonly word: string }
  | { readonly kind: 'complete?'; readonly id: number; readonly complete: boolean }

/** A failed statement, ready to be shown. */
export interface FailureMessage {
  /** With the place in the script. */
  readonly text: string
  /** Without it, for code that nobody has written. */
  readonly reason: string
  readonly cancelled: boolean
}

/** Where a long operation (backup, restore, check) stands. */
export interface ProgressMessage {
  readonly id: string
  readonly label: string
  readonly done: number
  readonly total: number
  readonly unit: string
  readonly finished: boolean
}

// ---- Job threads ----

export interface JobTask {
  readonly config: SessionConfig
  readonly link: SessionLink
  readonly record: JobRecord
  readonly work: JobWork
  /** Absolute paths. */
  readonly messageFile: string
  readonly resultFile: string
}

export type JobOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ErrorMessage }
