/** `holdfast jobs`: what the record file of a data directory says. Reads only, so it works beside a running process. */
import { existsSync } from 'node:fs'
import { JobFiles, type JobRecord } from '../jobs/index.ts'
import { alignedLines } from './aligned-lines.ts'

export function listJobs(dataDir: string): number {
  if (!existsSync(dataDir)) {
    process.stderr.write(`holdfast: There is no data directory ${dataDir}.\n`)
    return 1
  }
  const records = new JobFiles(dataDir).readRecords()
  if (records.length === 0) {
    process.stdout.write('No jobs are recorded.\n')
    return 0
  }
  process.stdout.write(`${jobLines(records).join('\n')}\n`)
  return 0
}

const HEADER = ['jobId', 'user', 'state', 'received', 'seconds', 'description', 'error']

export function jobLines(records: readonly JobRecord[]): string[] {
  return alignedLines([HEADER, ...records.map(cells)])
}

function cells(r: JobRecord): string[] {
  const seconds = r.startMs === undefined || r.endMs === undefined ? '' : ((r.endMs - r.startMs) / 1000).toFixed(3)
  return [r.jobId, r.user, r.state, localTime(r.receivedMs), seconds, r.jobDesc, r.errorMsg.split('\n')[0]]
}

function localTime(ms: number): string {
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19).replace('T', ' ')
}
