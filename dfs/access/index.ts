/** The entrance of access control, for the rest of the store. */
export { applyAccess, carryTable, forgetDatabase, forgetTable } from './apply.ts'
export type { AccessCommand } from './commands.ts'
export { requireCommandAccess } from './guard.ts'
export {
  mayCreateDatabase,
  mayDo,
  noPrivilege,
  type Operation,
  requireCreateDatabase,
  requireOperation,
} from './operations.ts'
export { BUILT_IN_ADMIN, GUEST, Permissions } from './permissions.ts'
export { PermissionCache, permissionsOf } from './records.ts'
export { UserDirectory } from './user-directory.ts'
