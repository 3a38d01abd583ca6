/** Looking inside a store without changing it: checks, statistics, the log as text. */
export { checkDirectory } from './check-directory.ts'
export { checkRunning, type RunningStore } from './check-running.ts'
export { type Checking, type CheckTotals, type Finding, formatFinding, noTotals } from './finding.ts'
export { type InspectedDirectory, openForInspection } from './open.ts'
export { type ChunkStats, type StoreStats, statsOf, type TableStats } from './stats.ts'
export { walArchiveStatusOf } from './wal-archive-status.ts'
export { type DumpRequest, dumpLog } from './wal-dump.ts'
export { type WalStatus, walStatusOf } from './wal-status.ts'
