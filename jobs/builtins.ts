/** Background jobs as functions of the language (specification of the store, section 10). */
import { readFileSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { isAdministrator } from '../dfs/index.ts'
import { boolArg, intArg, isGiven, textArg, textListArg } from '../runtime/builtins/args.ts'
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
import { consoleJobTable, jobTable } from './job-tables.ts'
import { type JobsClient, jobsService } from './jobs-client.ts'
import type { JobRecord, JobWork } from './messages.ts'

const { entries, define } = topicTable('Background jobs')
export const jobBuiltins: readonly Builtin[] = entries

const DEFAULT_PRIORITY = 4
const DEFAULT_PARALLELISM = 2
/** Longer texts are BLOBs. */
const STRING_BYTES_MAX = 65_535

type Arg = Value | undefined
const jobs = (session: Session): JobsClient => session.service(jobsService)

const SUBMIT = 'submitJob(jobId, jobDesc, jobDef, args...)'
define(SUBMIT, {
  doc: "Runs a function in the background, in a session of its own with the submitter's identity, and returns the id of the job at once. Arguments are copied; variables of the submitting session are not visible, its functions and shared tables are. If jobId is known already, the date and if necessary a counter are appended: use the returned id. An empty jobDesc becomes the name of the function. Arguments may be skipped, and jobDef may be a partial application.",
  call: ([jobId, jobDesc, jobDef, ...args], session) =>
    submit(session, SUBMIT, { jobId, jobDesc, jobDef, args, priority: undefined, parallelism: undefined }),
})

const SUBMIT_EX = 'submitJobEx(jobId, jobDesc, priority, parallelism, jobDef, args...)'
define(SUBMIT_EX, {
  doc: 'submitJob with a priority from 0 to 9 (9 is served first; default 4) and a degree of parallelism (default 2), both capped by what setMaxJobPriority and setMaxJobParallelism allow the user.',
  call: ([jobId, jobDesc, priority, parallelism, jobDef, ...args], session) =>
    submit(session, SUBMIT_EX, { jobId, jobDesc, jobDef, args, priority, parallelism }),
})

const SUBMIT_EX2 = 'submitJobEx2(jobId, jobDesc, priority, parallelism, onComplete, jobDef, args...)'
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
