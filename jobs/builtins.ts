/** Background jobs as functions of the language (specification of the store, section 10). */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { isAdministrator } from '../dfs/index.ts'
import { boolArg, intArg, intListArg, isGiven, textArg, textListArg } from '../runtime/builtins/args.ts'
import { HoldfastError, inputError, usageError } from '../runtime/errors.ts'
import { type Builtin, topicTable } from '../runtime/registry.ts'
import type { Session } from '../runtime/session.ts'
import {
  Dict,
  decodeValue,
  encodeValue,
  type FunctionValue,
  Scalar,
  T,
  type Transfer,
  type Value,
} from '../runtime/values/index.ts'
import { hasEnded } from './job-state.ts'
import { consoleJobTable, jobTable, scheduledJobTable } from './job-tables.ts'
import { type JobsClient, jobsService } from './jobs-client.ts'
import type { JobRecord, JobWork } from './messages.ts'
import { queryBuiltins } from './query-builtins.ts'
import { farEnoughApart, GAP_MINUTES_MIN, type Schedule } from './schedule.ts'

const { entries, define } = topicTable('Background jobs')

const DEFAULT_PRIORITY = 4
const DEFAULT_PARALLELISM = 2
/** Longer texts are BLOBs. */
const STRING_BYTES_MAX = 65_535

type Arg = Value | undefined
const jobs = (session: Session): JobsClient => session.service(jobsService)

const SUBMIT = 'submitJob(jobId, [jobDesc], jobDef, args...)'
define(SUBMIT, {
  doc: "Runs a function in the background, in a session of its own with the submitter's identity, and returns the id of the job at once. Arguments are copied; variables of the submitting session are not visible, its functions and shared tables are. If jobId is known already, the date and if necessary a counter are appended: use the returned id. An empty jobDesc becomes the name of the function. Arguments may be skipped, and jobDef may be a partial application.",
  call: ([jobId, jobDesc, jobDef, ...args], session) =>
    submit(session, SUBMIT, { jobId, jobDesc, jobDef, args, priority: undefined, parallelism: undefined }),
})

const SUBMIT_EX = 'submitJobEx(jobId, [jobDesc], priority, parallelism, jobDef, args...)'
define(SUBMIT_EX, {
  doc: 'submitJob with a priority from 0 to 9 (9 is served first; default 4) and a degree of parallelism (default 2), both capped by what setMaxJobPriority and setMaxJobParallelism allow the user.',
  call: ([jobId, jobDesc, priority, parallelism, jobDef, ...args], session) =>
    submit(session, SUBMIT_EX, { jobId, jobDesc, jobDef, args, priority, parallelism }),
})

const SUBMIT_EX2 = 'submitJobEx2(jobId, [jobDesc], priority, parallelism, onComplete, jobDef, args...)'
define(SUBMIT_EX2, {
  doc: 'submitJobEx with a function that is called in the session of the job when it ends: onComplete(jobId, jobDesc, success, result). After a failure result is the message.',
  call: ([jobId, jobDesc, priority, parallelism, onComplete, jobDef, ...args], session) =>
    submit(session, SUBMIT_EX2, { jobId, jobDesc, jobDef, args, priority, parallelism, onComplete }),
})

interface SubmitArguments {
  readonly jobId: Arg
  readonly jobDesc: Arg
  readonly jobDef: Arg
  readonly args: readonly Arg[]
  readonly priority: Arg
  readonly parallelism: Arg
  readonly onComplete?: Arg
}

function submit(session: Session, signature: string, a: SubmitArguments): Value {
  const definition = functionArg(a.jobDef, signature, 'jobDef')
  const jobId = textArg(a.jobId, signature, 'jobId')
  if (jobId === '') throw usageError(signature, 'jobId must not be empty.')
  const jobDesc = textArg(a.jobDesc, signature, 'jobDesc', '') || definition.name || 'lambda'
  const priority = ranged(intArg(a.priority, signature, 'priority', DEFAULT_PRIORITY), 0, 9, signature, 'priority')
  const parallelism = ranged(
    intArg(a.parallelism, signature, 'parallelism', DEFAULT_PARALLELISM),
    1,
    64,
    signature,
    'parallelism',
  )
  const encode = (v: Value): Transfer => encodeValue(v, { session })
  const work: JobWork = {
    definition: encode(definition),
    args: a.args.map((v) => (v === undefined ? undefined : encode(v))),
    onComplete: isGiven(a.onComplete) ? encode(functionArg(a.onComplete, signature, 'onComplete')) : undefined,
    shared: Array.from(session.shared, ([name, v]) => [name, encode(v)] as const),
  }
  return Scalar.string(jobs(session).submit({ user: session.user, jobId, jobDesc, priority, parallelism, work }))
}

function functionArg(v: Arg, signature: string, name: string): FunctionValue {
  if (v?.kind === 'function') return v
  throw usageError(signature, `${name} must be a function.`)
}

function ranged(n: number, low: number, high: number, signature: string, name: string): number {
  if (n >= low && n <= high) return n
  throw usageError(signature, `${name} must be an integer from ${low} to ${high}.`)
}

const SCHEDULE =
  'scheduleJob(jobId, [jobDesc], jobFunc, scheduleTime, startDate, endDate, frequency, [days], [onComplete], [priority=4], [parallelism=2])'
define(SCHEDULE, {
  doc: "Has a function without arguments (or a partial application that leaves none open) run as a background job at each scheduleTime (one or several MINUTEs of local time, at least 5 minutes apart) on the days from startDate to endDate: every day (frequency 'D'), on days of the week ('W', days 0 Sunday to 6), or on days of the month ('M', days 1 to 31). Returns the id of the scheduled job: if jobId is scheduled already, the date and if necessary a counter are appended. The function is kept as it is now, on disk; runs have the rights that the creator has then, and ids of their own (see getRecentJobs). Jobs run while a process has the data directory open; what was due while none had is left out, and the job runs at its next time. onComplete, priority and parallelism as in submitJobEx2.",
  call: (args, session) => schedule(session, args),
})

function schedule(session: Session, args: readonly Arg[]): Value {
  const [jobId, jobDesc, jobFunc, scheduleTime, startDate, endDate, frequency, days, onComplete] = args
  const [, , , , , , , , , priority, parallelism] = args
  const definition = functionArg(jobFunc, SCHEDULE, 'jobFunc')
  if (definition.params.some((p) => !p.optional))
    throw usageError(SCHEDULE, 'jobFunc must need no arguments: fix them by a partial application.')
  const id = textArg(jobId, SCHEDULE, 'jobId')
  if (id === '') throw usageError(SCHEDULE, 'jobId must not be empty.')
  const every = frequencyArg(frequency)
  const plan: Schedule = {
    startDay: dayArg(startDate, 'startDate'),
    endDay: dayArg(endDate, 'endDate'),
    frequency: every,
    days: every === 'D' ? [] : daysArg(days, every),
    minutes: minutesArg(scheduleTime),
  }
  if (plan.endDay < plan.startDay) throw usageError(SCHEDULE, 'endDate must not be before startDate.')
  const encode = (v: Value): Transfer => encodeValue(v, { session, share: false })
  return Scalar.string(
    jobs(session).schedule({
      jobId: id,
      jobDesc: textArg(jobDesc, SCHEDULE, 'jobDesc', '') || definition.name || 'lambda',
      user: session.user,
      createdMs: session.now(),
      priority: ranged(intArg(priority, SCHEDULE, 'priority', DEFAULT_PRIORITY), 0, 9, SCHEDULE, 'priority'),
      parallelism: ranged(
        intArg(parallelism, SCHEDULE, 'parallelism', DEFAULT_PARALLELISM),
        1,
        64,
        SCHEDULE,
        'parallelism',
      ),
      schedule: plan,
      work: {
        definition: encode(definition),
        args: [],
        onComplete: isGiven(onComplete) ? encode(functionArg(onComplete, SCHEDULE, 'onComplete')) : undefined,
        shared: [],
      },
    }),
  )
}

function frequencyArg(v: Arg): Schedule['frequency'] {
  const text = textArg(v, SCHEDULE, 'frequency')
  if (text === 'D' || text === 'W' || text === 'M') return text
  throw usageError(SCHEDULE, "frequency must be 'D', 'W' or 'M'.")
}

function daysArg(v: Arg, frequency: 'W' | 'M'): number[] {
  const [low, high] = frequency === 'W' ? [0, 6] : [1, 31]
  if (!isGiven(v)) throw usageError(SCHEDULE, `days is required for the frequency '${frequency}'.`)
  const days = intListArg(v, SCHEDULE, 'days')
  if (days.length === 0 || days.some((d) => !(d >= low && d <= high)))
    throw usageError(SCHEDULE, `days must be from ${low} to ${high} for the frequency '${frequency}'.`)
  return [...new Set(days)].sort((a, b) => a - b)
}

function dayArg(v: Arg, name: string): number {
  if (v?.kind === 'scalar' && v.type === T.DATE && !v.isNull()) return v.value as number
  throw usageError(SCHEDULE, `${name} must be a DATE.`)
}

function minutesArg(v: Arg): number[] {
  const items = v?.kind === 'vector' ? Array.from({ length: v.length }, (_, k) => v.get(k)) : [v]
  const minutes = items.map((m) => {
    if (m?.kind === 'scalar' && m.type === T.MINUTE && !m.isNull()) return m.value as number
    throw usageError(SCHEDULE, 'scheduleTime must be a scalar or vector of the type MINUTE.')
  })
  minutes.sort((a, b) => a - b)
  if (minutes.length === 0 || (minutes.length > 1 && !farEnoughApart(minutes)))
    throw usageError(SCHEDULE, `The times of scheduleTime must be at least ${GAP_MINUTES_MIN} minutes apart.`)
  return minutes
}

define('getScheduledJobs([jobIdPattern])', {
  doc: 'Scheduled jobs, oldest first: userId, jobId, jobDesc, startDate, endDate, frequency, scheduleTime, days. In the pattern `%` stands for any run of characters and `?` for one. scheduleTime is a MINUTE column (days an INT column) when no job has several of them, else each cell is a vector.',
  call: ([pattern], session) => {
    const wanted = isGiven(pattern)
      ? likePattern(textArg(pattern, 'getScheduledJobs([jobIdPattern])', 'jobIdPattern'))
      : undefined
    return scheduledJobTable(
      jobs(session)
        .scheduled()
        .filter((job) => wanted === undefined || wanted.test(job.jobId)),
    )
  },
})

const likePattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .replace(/[.*+^$(){}|[\]\\]/g, '\\$&')
      .replaceAll('%', '.*')
      .replaceAll('?', '.')}$`,
    's',
  )

define('deleteScheduledJob(jobId)', {
  doc: 'Removes a scheduled job; a run of it that is under way goes on. An unknown id is an error. Only the creator and administrators may.',
  call: ([jobId], session) => {
    const id = textArg(jobId, 'deleteScheduledJob(jobId)', 'jobId')
    jobs(session).unschedule({ jobId: id, user: session.user, isAdmin: isAdministrator(session) })
    return Scalar.VOID
  },
})

define('getRecentJobs([n])', {
  doc: 'Jobs since the process started (the last n of them), oldest first: node, userID, jobId, rootJobId, jobDesc, priority, parallelism, clientIp, clientPort, receivedTime, startTime (null while queued), endTime (null until it has ended), errorMsg (empty on success).',
  call: ([n], session) =>
    jobTable(jobs(session).recent(isGiven(n) ? Math.max(0, intArg(n, 'getRecentJobs([n])', 'n')) : undefined)),
})

define('getJobStatus(jobId)', {
  doc: 'The row of one job, of this or an earlier process, with the columns of getRecentJobs; no row if the id is unknown.',
  call: ([jobId], session) => {
    const record = jobs(session).find(textArg(jobId, 'getJobStatus(jobId)', 'jobId'))
    return jobTable(record === undefined ? [] : [record])
  },
})

define('getJobMessage(jobId)', {
  doc: 'What the job printed, each line with its time; the first line names the job, the last one says that it is done or what went wrong. A STRING, or a BLOB beyond 64 KB.',
  call: ([jobId], session) => {
    const id = textArg(jobId, 'getJobMessage(jobId)', 'jobId')
    const text = jobs(session).files.readMessage(id)
    if (text === undefined)
      throw inputError(`There is no message file of the job [${id}].`, { code: 'jobMessageMissing', refId: 'S00011' })
    return Buffer.byteLength(text) > STRING_BYTES_MAX ? new Scalar(T.BLOB, text) : Scalar.string(text)
  },
})

const RETURN = 'getJobReturn(jobId, [blocking=false])'
define(RETURN, {
  doc: "The result of a job. While the job is not done this is an error, unless blocking is true: then it waits. A failed job's error is thrown here.",
  call: ([jobId, blocking], session) => {
    const id = textArg(jobId, RETURN, 'jobId')
    const client = jobs(session)
    let record = client.find(id)
    if (record === undefined) throw inputError(`The job [${id}] doesn't exist.`, { code: 'jobId' })
    if (!hasEnded(record)) {
      if (!boolArg(blocking, RETURN, 'blocking', false))
        throw inputError(`The job [${id}] is not complete yet.`, { code: 'jobRunning' })
      record = client.wait(id)
    }
    return resultOf(record, client, session)
  },
})

function resultOf(record: JobRecord, client: JobsClient, session: Session): Value {
  if (record.state !== 'done') throw new HoldfastError('input', record.errorMsg, { code: 'jobFailed' })
  const file = client.files.resultFile(record.jobId)
  try {
    return decodeValue(deserialize(readFileSync(file)) as Transfer, { session })
  } catch (cause) {
    throw new HoldfastError(
      'io',
      `The result of the job [${record.jobId}] can't be read: ${(cause as Error).message}`,
      {
        code: 'jobResult',
        where: { file },
        cause,
      },
    )
  }
}

define('cancelJob(jobId)', {
  doc: 'Stops one or several jobs that have not ended; returns at once. A queued job never starts; a running one stops at its next loop turn or read. Unknown ids are only logged. Only the submitter and administrators may cancel a job.',
  call: ([jobId], session) => {
    const jobIds = textListArg(jobId, 'cancelJob(jobId)', 'jobId')
    jobs(session).cancel({ jobIds, user: session.user, isAdmin: isAdministrator(session) })
    return Scalar.VOID
  },
})

define('getJobStat()', {
  doc: 'A dictionary of counts: queuedLocalTasks, runningLocalTasks, queuedJobs, runningJobs, queuedRemoteTasks.',
  call: (_, session) => {
    const { queuedJobs, runningJobs } = jobs(session).stat()
    const counts = { queuedLocalTasks: 0, runningLocalTasks: 0, queuedJobs, runningJobs, queuedRemoteTasks: 0 }
    return new Dict(T.STRING, T.INT, new Map(Object.entries(counts).map(([name, n]) => [name, Scalar.int(n)])), true)
  },
})

define('getConsoleJobs()', {
  doc: 'What the sessions of this process are running now: node, userID, rootJobId, jobType, desc, priority, parallelism, receiveTime, sessionId, remoteIP, remotePort, totalTasks, finishedTasks, runningTask, firstTaskStartTime, latestTaskStartTime, queue.',
  call: (_, session) => consoleJobTable(jobs(session).consoleJobs()),
})

define('cancelConsoleJob(rootJobId)', {
  doc: 'Stops statements that getConsoleJobs lists. Only their user and administrators may.',
  call: ([rootJobId], session) => {
    const ids = textListArg(rootJobId, 'cancelConsoleJob(rootJobId)', 'rootJobId')
    jobs(session).cancelConsoleJobs({ ids, user: session.user, isAdmin: isAdministrator(session) })
    return Scalar.VOID
  },
})

define('setMaxJobPriority(userId, maxPriority)', {
  doc: 'Caps the priority (0 to 8) of the jobs that a user submits from now on. Administrators only; holds until the process ends.',
  call: ([userId, value], session) =>
    setCap(session, 'setMaxJobPriority(userId, maxPriority)', userId, value, 'priority'),
})

define('setMaxJobParallelism(userId, maxParallelism)', {
  doc: 'Caps the degree of parallelism (1 to 64) of the jobs that a user submits from now on. Administrators only; holds until the process ends.',
  call: ([userId, value], session) =>
    setCap(session, 'setMaxJobParallelism(userId, maxParallelism)', userId, value, 'parallelism'),
})

const CAPS = {
  priority: { low: 0, high: 8, refId: 'S04008' },
  parallelism: { low: 1, high: 64, refId: 'S04006' },
} as const

function setCap(session: Session, signature: string, userId: Arg, value: Arg, what: keyof typeof CAPS): Value {
  if (!isAdministrator(session))
    throw inputError(`Only administrators can call ${signature.slice(0, signature.indexOf('('))}.`, {
      code: 'notAdmin',
    })
  const user = textArg(userId, signature, 'userId')
  const { low, high, refId } = CAPS[what]
  const n = intArg(value, signature, what)
  if (n < low || n > high) throw inputError(`The maximum ${what} must be from ${low} to ${high}.`, { refId })
  jobs(session).setCap({ user, what, value: n })
  return Scalar.VOID
}

/** All functions on jobs and on what runs. */
export const jobBuiltins: readonly Builtin[] = [...entries, ...queryBuiltins]
