/** Job records as the tables that scripts see. */
import {
  AnyVector,
  FixedVector,
  NULL_I32,
  NULL_I64,
  StringVector,
  T,
  Table,
  type TypeId,
  type Vector,
} from '../runtime/values/index.ts'
import type { CompletedStatement, ConsoleJob, JobRecord, ScheduledJob } from './messages.ts'

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

/** Milliseconds since the epoch as local wall time in nanoseconds. */
function nanotimestamps(values: readonly (number | undefined)[]): Vector {
  const data = BigInt64Array.from(values, (ms) =>
    ms === undefined ? NULL_I64 : BigInt(Math.floor(ms) - new Date(ms).getTimezoneOffset() * 60_000) * 1_000_000n,
  )
  return new FixedVector(T.NANOTIMESTAMP, data)
}

const sessionIds = (jobs: readonly ConsoleJob[]): Vector =>
  new FixedVector(
    T.LONG,
    BigInt64Array.from(jobs, (j) => j.sessionId),
  )

/** getRunningQueries and getCompletedQueries. */
export function queryTable(jobs: readonly (ConsoleJob & Partial<CompletedStatement>)[]): Table {
  const column = <V>(pick: (j: ConsoleJob & Partial<CompletedStatement>) => V): V[] => jobs.map(pick)
  return namedTable([
    ['userID', strings(column((j) => j.user))],
    ['sessionID', sessionIds(jobs)],
    ['jobID', strings(column((j) => j.rootJobId))],
    ['rootID', strings(column((j) => j.rootJobId))],
    ['level', ints(column(() => 0))],
    ['startTime', nanotimestamps(column((j) => j.receivedMs))],
    ['endTime', nanotimestamps(column((j) => j.endMs))],
    ['jobDesc', strings(column((j) => j.desc))],
    ['errorMsg', strings(column(() => ''))],
    ['remoteIP', strings(column(() => '127.0.0.1'))],
  ])
}

/** getQueryStatus. */
export function queryStatusTable(jobs: readonly ConsoleJob[], nowMs: number): Table {
  const column = <V>(pick: (j: ConsoleJob) => V): V[] => jobs.map(pick)
  const longs = (values: readonly bigint[]): Vector => new FixedVector(T.LONG, BigInt64Array.from(values))
  return namedTable([
    ['id', strings(column((j) => j.rootJobId))],
    ['sessionId', sessionIds(jobs)],
    ['userId', strings(column((j) => j.user))],
    ['query', strings(column((j) => j.desc))],
    ['startTime', timestamps(column((j) => j.receivedMs))],
    ['elapsedTimeInMs', longs(column((j) => BigInt(Math.max(0, Math.floor(nowMs - j.receivedMs)))))],
    ['memoryUsage', longs(column(() => NULL_I64))],
    ['totalTaskCount', ints(column(() => 1))],
    ['completedTaskCount', ints(column(() => 0))],
    ['percentComplete', new FixedVector(T.DOUBLE, new Float64Array(jobs.length))],
  ])
}

/** getScheduledJobs. */
export function scheduledJobTable(jobs: readonly ScheduledJob[]): Table {
  const column = <V>(pick: (j: ScheduledJob) => V): V[] => jobs.map(pick)
  const dates = (pick: (j: ScheduledJob) => number): Vector => new FixedVector(T.DATE, Int32Array.from(jobs, pick))
  return namedTable([
    ['userId', strings(column((j) => j.user))],
    ['jobId', strings(column((j) => j.jobId))],
    ['jobDesc', strings(column((j) => j.jobDesc))],
    ['startDate', dates((j) => j.schedule.startDay)],
    ['endDate', dates((j) => j.schedule.endDay)],
    ['frequency', strings(column((j) => j.schedule.frequency))],
    [
      'scheduleTime',
      listColumn(
        T.MINUTE,
        column((j) => j.schedule.minutes),
      ),
    ],
    [
      'days',
      listColumn(
        T.INT,
        column((j) => j.schedule.days),
      ),
    ],
  ])
}

/** A column of the type when no row has more than one value, else a tuple of vectors. */
function listColumn(type: TypeId, rows: readonly (readonly number[])[]): Vector {
  if (rows.every((r) => r.length <= 1))
    return new FixedVector(
      type,
      Int32Array.from(rows, (r) => r[0] ?? NULL_I32),
    )
  const cells = new AnyVector(rows.map((r) => new FixedVector(type, Int32Array.from(r))))
  cells.columnar = true
  return cells
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
