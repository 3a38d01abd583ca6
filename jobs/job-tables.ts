/** Job records as the tables that scripts see. */
import { FixedVector, NULL_I64, StringVector, T, Table, type Vector } from '../runtime/values/index.ts'
import type { ConsoleJob, JobRecord } from './messages.ts'

const NODE = 'local'

const strings = (values: readonly string[]): Vector => new StringVector([...values])
const ints = (values: readonly number[]): Vector => new FixedVector(T.INT, Int32Array.from(values))

/** Milliseconds since the epoch as local wall time, null for what has not happened. */
function timestamps(values: readonly (number | undefined)[]): Vector {
  const data = BigInt64Array.from(values, (ms) =>
    ms === undefined ? NULL_I64 : BigInt(Math.floor(ms) - new Date(ms).getTimezoneOffset() * 60_000),
  )
  return new FixedVector(T.TIMESTAMP, data)
}

/** getRecentJobs and getJobStatus. */
export function jobTable(records: readonly JobRecord[]): Table {
  const column = <V>(pick: (r: JobRecord) => V): V[] => records.map(pick)
  return namedTable([
    ['node', strings(column(() => NODE))],
    ['userID', strings(column((r) => r.user))],
    ['jobId', strings(column((r) => r.jobId))],
    ['rootJobId', strings(column((r) => r.rootJobId))],
    ['jobDesc', strings(column((r) => r.jobDesc))],
    ['priority', ints(column((r) => r.priority))],
    ['parallelism', ints(column((r) => r.parallelism))],
    ['clientIp', strings(column(() => '127.0.0.1'))],
    ['clientPort', ints(column(() => 0))],
    ['receivedTime', timestamps(column((r) => r.receivedMs))],
    ['startTime', timestamps(column((r) => r.startMs))],
    ['endTime', timestamps(column((r) => r.endMs))],
    ['errorMsg', strings(column((r) => r.errorMsg))],
  ])
}

/** getConsoleJobs. A statement is one task here, and it is running. */
export function consoleJobTable(jobs: readonly ConsoleJob[]): Table {
  const column = <V>(pick: (r: ConsoleJob) => V): V[] => jobs.map(pick)
  return namedTable([
    ['node', strings(column(() => NODE))],
    ['userID', strings(column((j) => j.user))],
    ['rootJobId', strings(column((j) => j.rootJobId))],
    ['jobType', strings(column(() => 'script'))],
    ['desc', strings(column((j) => j.desc))],
    ['priority', ints(column(() => 4))],
    ['parallelism', ints(column(() => 2))],
    ['receiveTime', timestamps(column((j) => j.receivedMs))],
    [
      'sessionId',
      new FixedVector(
        T.LONG,
        BigInt64Array.from(jobs, (j) => j.sessionId),
      ),
    ],
    ['remoteIP', strings(column(() => '127.0.0.1'))],
    ['remotePort', ints(column(() => 0))],
    ['totalTasks', ints(column(() => 1))],
    ['finishedTasks', ints(column(() => 0))],
    ['runningTask', ints(column(() => 1))],
    ['firstTaskStartTime', timestamps(column((j) => j.receivedMs))],
    ['latestTaskStartTime', timestamps(column((j) => j.receivedMs))],
    ['queue', ints(column(() => 0))],
  ])
}

function namedTable(columns: readonly (readonly [string, Vector])[]): Table {
  return new Table(
    columns.map(([name]) => name),
    columns.map(([, column]) => column),
  )
}
