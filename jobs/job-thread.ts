/**
 * Entry of a kept job thread: runs one job at a time, each in a fresh session. The job's messages and its result go to files from here, so they cost the
 * engine thread nothing; what the engine hears is how the job ended.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { serialize } from 'node:v8'
import { jobIdService } from '../dfs/index.ts'
import { STORE_FILE_MODE } from '../dfs/store/data-directory.ts'
import { makeFolders } from '../dfs/store/make-folders.ts'
import { toHoldfastError } from '../runtime/errors.ts'
import {
  collectGarbage,
  decodeValue,
  encodeValue,
  type FunctionValue,
  Scalar,
  type Value,
} from '../runtime/values/index.ts'
import { MessageLog } from './job-files.ts'
import { encodeError, type JobOutcome, type JobTask, type ProgressMessage } from './messages.ts'
import { ThreadSession } from './thread-session.ts'

const PROGRESS_EVERY_MS = 10_000
const IDLE_COLLECT_MS = 1000

export default function runJob(task: JobTask): JobOutcome {
  const { record } = task
  makeFolders(dirname(task.messageFile))
  const log = new MessageLog(task.messageFile)
  const session = new ThreadSession(task.config, task.link, {
    print: (text) => log.line(text),
    notice: (text) => log.line(text),
    outcome: (text) => log.line(text),
    progress: progressLines(log),
  })
  session.interpreter.user = record.user
  // Arguments may be handles of the store.
  session.openStore()
  session.interpreter.provide(jobIdService, record.jobId)
  try {
    log.line(`Start the job [${record.jobId}]: ${record.jobDesc}`)
    const result = call(session, task)
    writeResult(task.resultFile, result, session)
    notify(session, task, true, result)
    log.line('The job is done.')
    return { ok: true }
  } catch (thrown) {
    const error = toHoldfastError(thrown)
    if (error.kind !== 'cancelled') notify(session, task, false, Scalar.string(error.message))
    log.line(error.message)
    return { ok: false, error: encodeError(error) }
  } finally {
    session.close()
    log.close()
    collectWhenIdle()
  }
}

let idle: NodeJS.Timeout | undefined

/**
 * A thread without work gives back what its last job held, shared columns above all. Between jobs that follow each other there is no need: the
 * allocator collects before it refuses.
 */
function collectWhenIdle(): void {
  clearTimeout(idle)
  idle = setTimeout(collectGarbage, IDLE_COLLECT_MS)
}

function call({ interpreter }: ThreadSession, { work }: JobTask): Value {
  const options = { session: interpreter }
  for (const [name, shared] of work.shared) interpreter.shared.set(name, decodeValue(shared, options))
  const definition = decodeValue(work.definition, options) as FunctionValue
  return interpreter.call(
    definition,
    work.args.map((arg) => (arg === undefined ? undefined : decodeValue(arg, options))),
  )
}

function writeResult(file: string, result: Value, { interpreter }: ThreadSession): void {
  const bytes = serialize(encodeValue(result, { session: interpreter, share: false }))
  writeFileSync(`${file}.new`, bytes, { mode: STORE_FILE_MODE })
  renameSync(`${file}.new`, file)
}

/** onComplete of submitJobEx2. Its own failure is noted and changes nothing: the job has ended as it has. */
function notify({ interpreter }: ThreadSession, { work, record }: JobTask, success: boolean, result: Value): void {
  if (work.onComplete === undefined) return
  const onComplete = decodeValue(work.onComplete, { session: interpreter }) as FunctionValue
  try {
    interpreter.call(onComplete, [
      Scalar.string(record.jobId),
      Scalar.string(record.jobDesc),
      Scalar.bool(success),
      result,
    ])
  } catch (thrown) {
    interpreter.print(`onComplete failed: ${toHoldfastError(thrown).message}`)
  }
}

/** A line every ten seconds of a long operation. */
function progressLines(log: MessageLog): (progress: ProgressMessage) => void {
  let nextMs = Date.now() + PROGRESS_EVERY_MS
  return (p) => {
    if (Date.now() < nextMs) return
    nextMs = Date.now() + PROGRESS_EVERY_MS
    log.line(`${p.label}: ${p.total > 0 ? Math.floor((100 * p.done) / p.total) : 0}%`)
  }
}
