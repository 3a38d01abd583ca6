/** Users, groups and privileges as the catalog has them. */
import type { CatalogReader } from '../catalog/key-value.ts'
import { keys, userOf } from '../catalog/records.ts'
import type { AccessRecord, GroupRecord } from './commands.ts'
import { Permissions } from './permissions.ts'
import type { AccessRule } from './rules.ts'

const valuesOf = <V>(entries: Iterable<readonly [unknown, unknown]>): V[] => Array.from(entries, ([, v]) => v as V)

/** In order of names. */
export const groupsOf = (reader: CatalogReader): GroupRecord[] => valuesOf<GroupRecord>(reader.entries(keys.groups))

export const groupOf = (reader: CatalogReader, name: string): GroupRecord | undefined =>
  reader.get(keys.group(name)) as GroupRecord | undefined

export const groupsOfUser = (reader: CatalogReader, user: string): string[] =>
  groupsOf(reader)
    .filter((g) => g.members.includes(user))
    .map((g) => g.name)

/** Everybody who has rules of his or her own. */
export const accessRecordsOf = (reader: CatalogReader): AccessRecord[] =>
  valuesOf<AccessRecord>(reader.entries(keys.grants))

/** The rules of one user or group. */
export const rulesOf = (reader: CatalogReader, name: string): readonly AccessRule[] =>
  (reader.get(keys.grant(name)) as AccessRecord | undefined)?.rules ?? []

export function permissionsOf(reader: CatalogReader, user: string): Permissions {
  const record = userOf(reader, user)
  const names = [user, ...groupsOfUser(reader, user)]
  return new Permissions({
    user,
    isActive: record !== undefined && record.locked !== true,
    isAdmin: record?.isAdmin === true,
    rules: names.flatMap((name) => rulesOf(reader, name)),
  })
}

/** Rises with every change of users, groups and privileges: while it stays the same, so do they. */
export const accessVersion = (reader: CatalogReader): number =>
  (reader.get(keys.accessVersion) as number | undefined) ?? 0

/** What a session remembers of permissions: a check costs one look at the catalog. */
export class PermissionCache {
  #version = -1
  readonly #byUser = new Map<string, Permissions>()

  of(reader: CatalogReader, user: string): Permissions {
    const version = accessVersion(reader)
    if (version !== this.#version) {
      this.#byUser.clear()
      this.#version = version
    }
    let permissions = this.#byUser.get(user)
    if (permissions === undefined) {
      permissions = permissionsOf(reader, user)
      this.#byUser.set(user, permissions)
    }
    return permissions
  }
}
