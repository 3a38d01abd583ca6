/**
 * The scheduled jobs of a node in its backup: the files `sysmgmt/<jobId>.job` of the data directory (jobs/schedule-files.ts), as they are, in one file: JSON of
 * { jobs: [{ file, content }] }. They stand beside the commit that the backup is of: who changes one meanwhile finds it in the backup or not.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import { asArray, asObject, asText, damagedMetadata, inside } from '../set/checked.ts'
import { isSafeName } from '../set/names.ts'
import type { FileStore } from '../store/file-store.ts'

const FOLDER = 'sysmgmt'
const EXTENSION = '.job'
const JOB_TEXT_MAX = 64 << 20

/** undefined: there are none. */
export function packScheduledJobs(data: FileStore): Uint8Array | undefined {
  const jobs: { file: string; content: string }[] = []
  for (const { name, kind } of data.list(FOLDER)) {
    if (kind !== 'file' || !name.endsWith(EXTENSION)) continue
    try {
      jobs.push({ file: name, content: Buffer.from(data.readFile(`${FOLDER}/${name}`)).toString('utf8') })
    } catch (error) {
      // Deleted since the folder was listed.
      if (!(error instanceof HoldfastError) || error.code !== 'ENOENT') throw error
    }
  }
  return jobs.length === 0 ? undefined : Buffer.from(`${JSON.stringify({ jobs })}\n`)
}

export interface PackedJob {
  readonly file: string
  readonly content: string
}

/** `file`: where the bytes are from, for messages. */
export function unpackScheduledJobs(bytes: Uint8Array, file: string): readonly PackedJob[] {
  const place = { file, field: '' }
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw damagedMetadata(file, 'it is no JSON')
  }
  return asArray(asObject(value, place).jobs, inside(place, 'jobs')).map((entry, k) => {
    const at = inside(inside(place, 'jobs'), k)
    const o = asObject(entry, at)
    const name = asText(o.file, inside(at, 'file'), 255)
    if (!isSafeName(name) || !name.endsWith(EXTENSION))
      throw damagedMetadata(file, `${at.field} has a name that is not allowed`)
    return { file: name, content: asText(o.content, inside(at, 'content'), JOB_TEXT_MAX) }
  })
}

/** Into a new data directory. */
export function writeScheduledJobs(data: FileStore, jobs: readonly PackedJob[]): void {
  for (const { file, content } of jobs) data.writeFileAtomic(`${FOLDER}/${file}`, content)
}
