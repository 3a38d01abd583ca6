/** The entrance of access control, for the rest of the store. */
export { hashPassword, passwordMatches } from '../users.ts'
export { applyAccess, carryTable, forgetDatabase, forgetTable, forgetView, objectMissing } from './apply.ts'
export { type BackupAccess, backupAccess } from './backup-access.ts'
export type { AccessCommand } from './commands.ts'
export { requireGrantor } from './grantor.ts'
export { requireCommandAccess } from './guard.ts'
export { type JobCaps, jobCapsService } from './job-caps.ts'
export {
  mayCreateDatabase,
  mayDo,
  noPrivilege,
  type Operation,
  requireCreateDatabase,
  requireOperation,
} from './operations.ts'
export { type AccessState, DEFAULT_PASSWORD, DEFAULT_USER, GUEST, Permissions } from './permissions.ts'
export { accessRecordsOf, groupOf, groupsOf, groupsOfUser, PermissionCache, permissionsOf, rulesOf } from './records.ts'
export { namesToRestore } from './restore.ts'
export { ACCESS_TYPES, type AccessType, EVERYWHERE, type Right, ROW_RIGHTS, type Scope, scopeText } from './rights.ts'
export type { AccessChange, AccessRule } from './rules.ts'
export { accessSettingsOf, readSettings, writeSettings } from './settings-file.ts'
export { UserDirectory } from './user-directory.ts'
export { maySeeDatabase, maySeeTable } from './visibility.ts'
