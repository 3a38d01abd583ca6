/** What an open data directory has running beside the sessions; loaded with the engine (engine-host.ts). */
export { JobFiles } from './job-files.ts'
export { JobPool } from './job-pool.ts'
export { JobRegistry } from './job-registry.ts'
export { MaintenanceThread } from './maintenance.ts'
export { ScheduleFiles } from './schedule-files.ts'
export { Scheduler } from './scheduler.ts'
