import { describe, expect, it } from 'vitest'
import type { JobRecord, ProgressMessage } from '../jobs/index.ts'
import { jobLines } from './list-jobs.ts'
import { progressText } from './progress.ts'

const record: JobRecord = {
  jobId: 'nightly',
  rootJobId: '',
  jobDesc: 'back up ticks',
  user: 'admin',
  priority: 4,
  parallelism: 2,
  receivedMs: new Date(2024, 0, 2, 3, 4, 5).getTime(),
  startMs: 1000,
  endMs: 2500,
  state: 'done',
  errorMsg: '',
}

describe('the list of jobs', () => {
  it('lines up, and cuts errors to their first line', () => {
    expect(
      jobLines([
        record,
        { ...record, jobId: 'x', state: 'failed', errorMsg: 'no such table\n  at line 1' },
        { ...record, jobId: 'y', state: 'queued', startMs: undefined, endMs: undefined },
      ]),
    ).toEqual([
      'jobId    user   state   received             seconds  description    error',
      'nightly  admin  done    2024-01-02 03:04:05  1.500    back up ticks',
      'x        admin  failed  2024-01-02 03:04:05  1.500    back up ticks  no such table',
      'y        admin  queued  2024-01-02 03:04:05           back up ticks',
    ])
  })
})

describe('a line of progress', () => {
  it('says what, how far, and when it is done', () => {
    const p: ProgressMessage = {
      id: '1',
      label: 'backup dfs://x',
      done: 512 * 1024,
      total: 2 * 1024 * 1024,
      unit: 'bytes',
      finished: false,
    }
    expect(progressText(p)).toBe('backup dfs://x: 25% 0.5 of 2.0 MB')
    expect(progressText({ ...p, done: p.total, finished: true })).toBe('backup dfs://x: 100% 2.0 of 2.0 MB, done')
    expect(progressText({ ...p, done: 0, total: 0 })).toBe('backup dfs://x: 0.0 of 0.0 MB')
  })
})
