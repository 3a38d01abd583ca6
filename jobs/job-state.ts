import type { JobRecord } from './messages.ts'

/** Done, failed or cancelled. */
export const hasEnded = (record: JobRecord): boolean => record.state !== 'queued' && record.state !== 'running'
