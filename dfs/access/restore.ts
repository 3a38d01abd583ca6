/** Users, groups and privileges from a file of backupSettings into the catalog. */
import type { CatalogWriter } from '../catalog/key-value.ts'
import { functionViewOf, viewsOf } from '../catalog/named-objects.ts'
import { keys, userOf, usersOf, viewOf } from '../catalog/records.ts'
import type { AccessRecord, GroupRecord } from './commands.ts'
import { DEFAULT_USER } from './permissions.ts'
import { accessRecordsOf, groupOf, groupsOf } from './records.ts'
import type { AccessRule } from './rules.ts'
import type { AccessSettings } from './settings-file.ts'

export interface RestoredNames {
  readonly users: readonly string[]
  readonly groups: readonly string[]
  readonly views: readonly string[]
}

/** What a restore puts in place: everything in the file, or what is not there yet. */
export function namesToRestore(
  writer: Pick<CatalogWriter, 'get'>,
  file: AccessSettings,
  overwrite: boolean,
): RestoredNames {
  const isMissing = (key: readonly string[]): boolean => overwrite || writer.get(key) === undefined
  return {
    users: file.users.map((u) => u.name).filter((name) => isMissing(keys.user(name))),
    groups: file.groups.map((g) => g.name).filter((name) => isMissing(keys.group(name))),
    views: (file.views ?? []).map((v) => v.name).filter((name) => isMissing(keys.object('view', name))),
  }
}

/**
 * `overwrite`: the store has the users, groups and privileges of the file and no others, the first administrator excepted, who is always there; the others are
 * removed by `removeUser`. The same with function views, if the file has them. Otherwise those that are missing are added. Privileges on what does not exist are left out: what is made later
 * under the name is something else.
 */
export function restoreAccess(
  writer: CatalogWriter,
  file: AccessSettings,
  overwrite: boolean,
  removeUser: (name: string) => void,
  removeView: (name: string) => void,
): void {
  const restored = namesToRestore(writer, file, overwrite)
  const users = new Set(restored.users)
  const groups = new Set(restored.groups)
  const views = new Set(restored.views)
  if (overwrite && file.holdsUsers !== false) clear(writer, users, removeUser)
  // Before the privileges, which are on views that are there.
  if (overwrite && file.views !== undefined)
    for (const { name } of viewsOf(writer)) if (!views.has(name)) removeView(name)
  for (const view of file.views ?? []) if (views.has(view.name)) writer.put(keys.object('view', view.name), view)
  for (const user of file.users)
    if (users.has(user.name))
      writer.put(keys.user(user.name), user.name === DEFAULT_USER ? { ...user, isAdmin: true, locked: false } : user)
  for (const group of file.groups) putGroup(writer, group, groups.has(group.name), users)
  for (const record of file.privileges)
    if (users.has(record.name) || groups.has(record.name)) putPrivileges(writer, record)
}

function clear(writer: CatalogWriter, kept: ReadonlySet<string>, removeUser: (name: string) => void): void {
  for (const { name } of usersOf(writer)) if (!kept.has(name) && name !== DEFAULT_USER) removeUser(name)
  for (const { name } of groupsOf(writer)) writer.remove(keys.group(name))
  for (const { name } of accessRecordsOf(writer)) writer.remove(keys.grant(name))
}

/** A group that is there already takes in the members that are new. */
function putGroup(writer: CatalogWriter, group: GroupRecord, isNew: boolean, added: ReadonlySet<string>): void {
  const present = groupOf(writer, group.name)?.members ?? []
  const members = group.members.filter((m) => userOf(writer, m) !== undefined && (isNew || added.has(m)))
  writer.put(keys.group(group.name), { name: group.name, members: [...new Set([...present, ...members])] })
}

function putPrivileges(writer: CatalogWriter, { name, rules }: AccessRecord): void {
  const view = viewOf(writer)
  const exists = ({ scope }: AccessRule): boolean => {
    if (scope.kind === 'database') return view.database(scope.db) !== undefined
    if (scope.kind === 'view') return scope.name.endsWith('::*') || functionViewOf(writer, scope.name) !== undefined
    return scope.kind !== 'table' || view.table(scope.db, scope.table) !== undefined
  }
  const kept = rules.filter(exists)
  if (kept.length > 0) writer.put(keys.grant(name), { name, rules: kept } satisfies AccessRecord)
}
