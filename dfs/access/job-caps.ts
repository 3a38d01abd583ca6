/** What the jobs of a user get at most. The room of the jobs knows it; tables of privileges show it. */
import { type ServiceKey, serviceKey } from '../../runtime/session.ts'

export interface JobCaps {
  readonly priority: number
  readonly parallelism: number
}

/** One answer a user, in their order. */
export type JobCapsSource = (users: readonly string[]) => readonly JobCaps[]

export const jobCapsService: ServiceKey<JobCapsSource> = serviceKey<JobCapsSource>('jobCaps')
