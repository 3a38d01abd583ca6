/**
 * What jobs leave on disk, in `<data directory>/batchJobs`:
 *
 *   <jobId>.msg     text: `yyyy-MM-dd HH:mm:ss.ffffff <text>` a line; first `Start the job [id]: desc`, then each print, last
 *                   `The job is done.` or the error
 *   <jobId>.obj     the result: the transfer form of the value (runtime/values/transfer.ts), written by `v8.serialize`
 *   batchJob.log    text, one line for each receipt, start and end
 *   jobs.jsonl      the records: one JSON object (JobRecord) a line at each change of state; the last line of a job counts. A torn last line is
 *                   what a crash leaves, and is skipped. Rewritten compactly when a process opens it.
 *
 * One process writes, by the data directory's lock; others may read.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { STORE_FILE_MODE } from '../dfs/store/data-directory.ts'
import { makeFolders } from '../dfs/store/make-folders.ts'
import { storeError } from '../dfs/store/store-error.ts'
import { inputError } from '../runtime/errors.ts'
import type { JobRecord } from './messages.ts'

/** Longest id that surely fits a file name together with its suffix and extension. */
const ID_BYTES_MAX = 200

export class JobFiles {
  readonly folder: string

  constructor(dataDir: string) {
    this.folder = join(dataDir, 'batchJobs')
  }

  messageFile(jobId: string): string {
    return join(this.folder, `${fileNameOf(jobId)}.msg`)
  }

  resultFile(jobId: string): string {
    return join(this.folder, `${fileNameOf(jobId)}.obj`)
  }

  /** Records of all runs, in the order of receipt. Empty when there are none. */
  readRecords(): JobRecord[] {
    const file = join(this.folder, 'jobs.jsonl')
    if (!existsSync(file)) return []
    const records = new Map<string, JobRecord>()
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const record = parseRecord(line)
      if (record !== undefined) records.set(record.jobId, record)
    }
    return [...records.values()]
  }

  /** Makes the folder and starts the record file anew with these. */
  rewriteRecords(records: readonly JobRecord[]): void {
    makeFolders(this.folder)
    const file = join(this.folder, 'jobs.jsonl')
    writeFileSync(`${file}.new`, records.map((r) => `${JSON.stringify(r)}\n`).join(''), {
      mode: STORE_FILE_MODE,
    })
    renameSync(`${file}.new`, file)
  }

  appendRecord(record: JobRecord): void {
    this.#append('jobs.jsonl', `${JSON.stringify(record)}\n`)
  }

  appendLog(text: string, ms: number): void {
    this.#append('batchJob.log', `${logTime(ms)} ${text}\n`)
  }

  #append(name: string, text: string): void {
    const file = join(this.folder, name)
    try {
      appendFileSync(file, text, { mode: STORE_FILE_MODE })
    } catch (error) {
      throw storeError('write', file, error)
    }
  }

  /** Ids whose message files are there, records or not: they are taken. */
  usedIds(): Set<string> {
    if (!existsSync(this.folder)) return new Set()
    return new Set(
      readdirSync(this.folder)
        .filter((name) => name.endsWith('.msg'))
        .map((name) => decodeURIComponent(name.slice(0, -4))),
    )
  }

  readMessage(jobId: string): string | undefined {
    const file = this.messageFile(jobId)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
}

/** Letters, digits, `.`, `-`, `_` as they are, everything else percent-encoded: no id leaves the folder. */
export function fileNameOf(jobId: string): string {
  const name = encodeURIComponent(jobId).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  if (name === '' || Buffer.byteLength(name) > ID_BYTES_MAX)
    throw inputError(`The job id [${jobId}] must have 1 to ${ID_BYTES_MAX} characters.`, { code: 'jobId' })
  // `.` and `..` with an extension are ordinary names, but `.msg` would be hidden: keep a leading dot out.
  return name.startsWith('.') ? `%2E${name.slice(1)}` : name
}

function parseRecord(line: string): JobRecord | undefined {
  if (line === '') return undefined
  try {
    const record = JSON.parse(line) as Partial<JobRecord>
    return typeof record.jobId === 'string' && typeof record.state === 'string' ? (record as JobRecord) : undefined
  } catch {
    return undefined // A line torn by a crash.
  }
}

/** Appends timed lines to a job's message file. */
export class MessageLog {
  readonly #fd: number
  readonly #now: () => number

  constructor(file: string, now: () => number = preciseNow) {
    this.#fd = openSync(file, 'a', STORE_FILE_MODE)
    this.#now = now
  }

  /** One line, or one block under one time. */
  line(text: string): void {
    writeSync(this.#fd, `${logTime(this.#now())} ${text}\n`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Milliseconds since the epoch with microseconds behind the point. */
export const preciseNow = (): number => performance.timeOrigin + performance.now()

/** `2020-02-14 13:30:10.008007`, local time. */
export function logTime(ms: number): string {
  const whole = Math.floor(ms)
  const d = new Date(whole)
  const two = (n: number): string => String(n).padStart(2, '0')
  const micros = Math.floor((ms - whole) * 1000) + d.getMilliseconds() * 1000
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(micros).padStart(6, '0')}`
}
