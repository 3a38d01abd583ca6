/**
 * Scheduled jobs on disk: `<data directory>/sysmgmt/<jobId>.job`, one file each, JSON of
 *
 *   { format: 'holdfast scheduled job', version: 1, checksum, job: { jobId, jobDesc, user, createdMs, priority, parallelism, schedule }, work }
 *
 * `work` is the function with its arguments: the transfer form (runtime/values/transfer.ts) written by v8.serialize, in base64. `checksum` is the XXH64 of the JSON
 * of [job, work]. A file is written beside its place, synced and renamed into it, so it is whole or not there.
 */
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { checksumOf } from '../dfs/store/checksum.ts'
import { LocalFileStore } from '../dfs/store/local-store.ts'
import { HoldfastError, toHoldfastError } from '../runtime/errors.ts'
import { fileNameOf } from './job-files.ts'
import type { JobWork, ScheduledJob } from './messages.ts'

const FORMAT = 'holdfast scheduled job'
const VERSION = 1
const EXTENSION = '.job'

const FOLDER = 'sysmgmt'

export class ScheduleFiles {
  readonly #store: LocalFileStore
  readonly #dataDir: string

  constructor(dataDir: string) {
    this.#dataDir = dataDir
    this.#store = new LocalFileStore(dataDir)
  }

  /** Oldest first. A file that can't be read is told and left where it is. */
  readAll(onFailure: (error: HoldfastError) => void): ScheduledJob[] {
    if (this.#store.stat(FOLDER) === undefined) return []
    const jobs: ScheduledJob[] = []
    for (const { name } of this.#store.list(FOLDER)) {
      if (!name.endsWith(EXTENSION)) continue
      const path = `${FOLDER}/${name}`
      try {
        jobs.push(parseJob(Buffer.from(this.#store.readFile(path)).toString('utf8'), join(this.#dataDir, path)))
      } catch (thrown) {
        onFailure(toHoldfastError(thrown))
      }
    }
    return jobs.sort((a, b) => a.createdMs - b.createdMs)
  }

  write({ work, ...job }: ScheduledJob): void {
    const packed = serialize(work).toString('base64')
    const content = { format: FORMAT, version: VERSION, checksum: checksumText(job, packed), job, work: packed }
    this.#store.writeFileAtomic(this.#path(job.jobId), `${JSON.stringify(content)}\n`)
  }

  remove(jobId: string): void {
    this.#store.remove(this.#path(jobId))
    this.#store.syncDirectory(FOLDER)
  }

  #path(jobId: string): string {
    return `${FOLDER}/${fileNameOf(jobId)}${EXTENSION}`
  }
}

const checksumText = (job: unknown, work: unknown): string => checksumOf(Buffer.from(JSON.stringify([job, work])))

function parseJob(text: string, file: string): ScheduledJob {
  const broken = (what: string): HoldfastError =>
    new HoldfastError('data', `The scheduled job in ${file} ${what}; it does not run.`, {
      code: 'scheduledJobFile',
      where: { file },
      hint: 'delete the file and schedule the job again',
    })
  let content: Record<string, unknown>
  try {
    content = JSON.parse(text)
  } catch {
    throw broken('is no JSON')
  }
  if (content?.format !== FORMAT || typeof content.version !== 'number') throw broken('is of another format')
  if (content.version > VERSION) throw broken(`has version ${content.version}; this release knows ${VERSION}`)
  if (content.checksum !== checksumText(content.job, content.work))
    throw broken('is damaged: its checksum does not match')
  const work = deserialize(Buffer.from(content.work as string, 'base64')) as JobWork
  return { ...(content.job as Omit<ScheduledJob, 'work'>), work }
}
