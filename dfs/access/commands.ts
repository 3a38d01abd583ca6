/** What the engine is asked about users, groups and privileges. */
import type { UserRecord } from '../engine/commands.ts'
import type { Right, Scope } from './rights.ts'
import type { AccessChange, AccessRule } from './rules.ts'
import type { AccessSettings } from './settings-file.ts'

export type AccessCommand =
  | { readonly kind: 'createUser'; readonly user: UserRecord; readonly groups: readonly string[] }
  /** Another password, or another state. What is not given stays. */
  | {
      readonly kind: 'changeUser'
      readonly name: string
      readonly password?: Pick<UserRecord, 'salt' | 'hash'>
      readonly locked?: boolean
    }
  /** What the user owned belongs to the built-in administrator from then on, so that a later user of the name does not inherit it. */
  | { readonly kind: 'removeUser'; readonly name: string }
  | { readonly kind: 'createGroup'; readonly name: string; readonly members: readonly string[] }
  | { readonly kind: 'removeGroup'; readonly name: string }
  | {
      readonly kind: 'changeMembers'
      readonly groups: readonly string[]
      readonly add: readonly string[]
      readonly remove: readonly string[]
    }
  /** grant, deny or revoke. All scopes or none. */
  | {
      readonly kind: 'changeAccess'
      readonly change: AccessChange
      /** A user or a group. */
      readonly name: string
      readonly rights: readonly Right[]
      readonly scopes: readonly Scope[]
    }
  /** What a file of backupSettings has: in place of what is there, or only what is missing. */
  | { readonly kind: 'restoreAccess'; readonly file: AccessSettings; readonly overwrite: boolean }

export interface GroupRecord {
  readonly name: string
  readonly members: readonly string[]
}

/** The privileges of a user or a group, stored only while there are any. */
export interface AccessRecord {
  readonly name: string
  readonly rules: readonly AccessRule[]
}
