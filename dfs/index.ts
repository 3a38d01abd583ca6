/** The entrance of the store. */
import type { Builtin } from '../runtime/registry.ts'
import { backupBuiltins } from './builtins/backup.ts'
import { backupCheckBuiltins } from './builtins/backup-check.ts'
import { backupDiffBuiltins } from './builtins/backup-diff.ts'
import { backupDrillBuiltins } from './builtins/backup-drill.ts'
import { backupInspectBuiltins } from './builtins/backup-inspect.ts'
import { backupOpenBuiltins } from './builtins/backup-open.ts'
import { backupPaceBuiltins } from './builtins/backup-pace.ts'
import { backupStatesBuiltins } from './builtins/backup-states.ts'
import { databaseBuiltins } from './builtins/database-index.ts'
import { findChangeBuiltins } from './builtins/find-change.ts'
import { nodeBackupBuiltins } from './builtins/node-backup.ts'
import { pitrBuiltins } from './builtins/pitr.ts'
import { restoreBuiltins } from './builtins/restore.ts'

export { type JobCaps, jobCapsService } from './access/index.ts'
export { jobIdService } from './builtins/exchange.ts'
export { registerDfsCodecs } from './codecs.ts'
export type { EngineClient, EngineCommand, EngineReply } from './engine/commands.ts'
export { Engine, type SessionTicket } from './engine/engine.ts'
export { type ProgressSink, type ProgressState, progressService, silentProgress } from './progress.ts'
export {
  connectDfs,
  DfsSession,
  type DfsSessionOptions,
  databaseHandle,
  dfsService,
  isAdministrator,
  type StoreConfig,
  type StoreLink,
} from './session.ts'
export { startFileHelpers } from './set/file-work.ts'

/** Functions that read or copy whole files, for which a session has helper threads. */
export const fileWorkBuiltins: readonly Builtin[] = [
  ...backupBuiltins,
  ...backupCheckBuiltins,
  ...backupDrillBuiltins,
  ...restoreBuiltins,
]

/** Every function of the store. */
export const dfsBuiltins: readonly Builtin[] = [
  ...databaseBuiltins,
  ...fileWorkBuiltins,
  ...backupDiffBuiltins,
  ...backupInspectBuiltins,
  ...backupOpenBuiltins,
  ...backupPaceBuiltins,
  ...backupStatesBuiltins,
  ...nodeBackupBuiltins,
  ...pitrBuiltins,
  ...findChangeBuiltins,
]
