/** What the commands about users, groups and privileges do to the catalog, and what becomes of privileges when their objects go. */
import { HoldfastError, inputError, unreachable } from '../../runtime/errors.ts'
import type { CatalogWriter } from '../catalog/key-value.ts'
import { functionViewOf, viewsOf } from '../catalog/named-objects.ts'
import { keys, userOf, viewOf } from '../catalog/records.ts'
import type { UserRecord } from '../engine/commands.ts'
import type { AccessCommand, AccessRecord } from './commands.ts'
import { DEFAULT_USER, GUEST } from './permissions.ts'
import { accessRecordsOf, accessVersion, groupOf, groupsOf, rulesOf } from './records.ts'
import { restoreAccess } from './restore.ts'
import { type AccessRule, changeRules, withoutObject, withRenamedTable } from './rules.ts'

export function applyAccess(writer: CatalogWriter, command: AccessCommand): void {
  apply(writer, command)
  noteChange(writer)
}

const noteChange = (writer: CatalogWriter): void => writer.put(keys.accessVersion, accessVersion(writer) + 1)

/** Answers nothing of use: every case is one call. */
function apply(writer: CatalogWriter, command: AccessCommand): unknown {
  switch (command.kind) {
    case 'createUser':
      requireFreeName(writer, command.user.name)
      writer.put(keys.user(command.user.name), command.user)
      for (const group of command.groups) changeMembers(writer, group, [command.user.name], [])
      return undefined
    case 'changeUser':
      return changeUser(writer, command)
    case 'removeUser':
      return removeUser(writer, command.name)
    case 'createGroup':
      requireFreeName(writer, command.name)
      for (const member of command.members) requireUser(writer, member)
      return writer.put(keys.group(command.name), { name: command.name, members: unique(command.members) })
    case 'removeGroup':
      requireGroup(writer, command.name)
      writer.remove(keys.grant(command.name))
      return writer.remove(keys.group(command.name))
    case 'changeMembers':
      for (const user of command.add) requireUser(writer, user)
      for (const group of command.groups) changeMembers(writer, group, command.add, command.remove)
      return undefined
    case 'changeAccess':
      return changeAccess(writer, command)
    case 'restoreAccess':
      return restoreAccess(
        writer,
        command.file,
        command.overwrite,
        (name) => removeUser(writer, name),
        (name) => {
          forgetView(writer, name)
          writer.remove(keys.object('view', name))
        },
      )
    default:
      return unreachable(command)
  }
}

const unique = (names: readonly string[]): string[] => [...new Set(names)]

// ---------------------------------------------------------------------------------------------------------------------
// Users and groups

function changeUser(writer: CatalogWriter, command: AccessCommand & { kind: 'changeUser' }): void {
  const { name, password, locked } = command
  const before = requireUser(writer, name)
  if (locked === true && name === DEFAULT_USER)
    throw inputError(`The user [${name}] can't be locked.`, { code: 'userAdmin' })
  const { salt, hash } = password ?? before
  writer.put(keys.user(name), { ...before, salt, hash, locked: locked ?? before.locked === true })
}

/** Users and groups share one space of names: grant takes either. */
function requireFreeName(writer: CatalogWriter, name: string): void {
  if (userOf(writer, name) !== undefined || name === GUEST)
    throw inputError(`The user [${name}] already exists.`, { code: 'userExists' })
  if (groupOf(writer, name) !== undefined)
    throw inputError(`The group [${name}] already exists.`, { code: 'groupExists' })
}

function requireUser(writer: CatalogWriter, name: string): UserRecord {
  const user = userOf(writer, name)
  if (user === undefined) throw inputError(`The user [${name}] does not exist.`, { code: 'userMissing' })
  return user
}

function requireGroup(writer: CatalogWriter, name: string): readonly string[] {
  const group = groupOf(writer, name)
  if (group === undefined) throw inputError(`The group [${name}] does not exist.`, { code: 'groupMissing' })
  return group.members
}

function changeMembers(writer: CatalogWriter, group: string, add: readonly string[], remove: readonly string[]): void {
  const members = requireGroup(writer, group).filter((m) => !remove.includes(m))
  writer.put(keys.group(group), { name: group, members: unique([...members, ...add]) })
}

function removeUser(writer: CatalogWriter, name: string): void {
  if (name === DEFAULT_USER)
    throw new HoldfastError('input', `The user [${name}] can't be deleted.`, { code: 'userAdmin' })
  requireUser(writer, name)
  writer.remove(keys.user(name))
  writer.remove(keys.grant(name))
  for (const group of groupsOf(writer)) if (group.members.includes(name)) changeMembers(writer, group.name, [], [name])
  const view = viewOf(writer)
  for (const db of view.databases()) {
    if (db.owner === name) writer.put(keys.database(db.url), { ...db, owner: DEFAULT_USER })
    for (const table of view.tables(db.url))
      if (table.owner === name) writer.put(keys.table(db.url, table.name), { ...table, owner: DEFAULT_USER })
  }
  for (const v of viewsOf(writer))
    if (v.owner === name) writer.put(keys.object('view', v.name), { ...v, owner: DEFAULT_USER })
}

// ---------------------------------------------------------------------------------------------------------------------
// Privileges

function changeAccess(writer: CatalogWriter, command: AccessCommand & { kind: 'changeAccess' }): void {
  const { name, change, rights, scopes } = command
  if (userOf(writer, name) === undefined && groupOf(writer, name) === undefined)
    throw inputError(`The user or group [${name}] does not exist.`, { code: 'userMissing' })
  // Has everything already.
  if (name === DEFAULT_USER) return
  let rules = rulesOf(writer, name)
  for (const scope of scopes) {
    if (scope.kind === 'database' || scope.kind === 'table') requireObject(writer, scope)
    if (scope.kind === 'view') requireView(writer, scope.name)
    for (const right of rights) rules = changeRules(rules, change, right, scope)
  }
  putRules(writer, name, rules)
}

function requireObject(writer: CatalogWriter, scope: { readonly db: string; readonly table?: string }): void {
  const view = viewOf(writer)
  if (view.database(scope.db) === undefined) throw objectMissing('database', scope.db)
  if (scope.table !== undefined && view.table(scope.db, scope.table) === undefined)
    throw objectMissing('table', `${scope.db}/${scope.table}`)
}

function requireView(writer: CatalogWriter, name: string): void {
  if (name.endsWith('::*') || functionViewOf(writer, name) !== undefined) return
  throw inputError(`The function view [${name}] does not exist.`, { refId: 'S04002' })
}

export const objectMissing = (what: 'database' | 'table', name: string): HoldfastError =>
  inputError(`The ${what} [${name}] does not exist.`, { refId: 'S04001', where: { [what]: name } })

function putRules(writer: CatalogWriter, name: string, rules: readonly AccessRule[]): void {
  if (rules.length === 0) writer.remove(keys.grant(name))
  else writer.put(keys.grant(name), { name, rules } satisfies AccessRecord)
}

/** Changes the rules of everybody whom it concerns. */
function changeAll(writer: CatalogWriter, changed: (rules: readonly AccessRule[]) => readonly AccessRule[]): void {
  let any = false
  for (const { name, rules } of accessRecordsOf(writer)) {
    const after = changed(rules)
    if (after === rules) continue
    putRules(writer, name, after)
    any = true
  }
  if (any) noteChange(writer)
}

/** Privileges go with their table. A table that is made anew under the name has none. */
export const forgetTable = (writer: CatalogWriter, db: string, table: string): void =>
  changeAll(writer, (rules) => withoutObject(rules, { kind: 'table', db, table }))

export const forgetView = (writer: CatalogWriter, name: string): void =>
  changeAll(writer, (rules) => withoutObject(rules, { kind: 'view', name }))

/** Those on the database and on all of its tables. */
export const forgetDatabase = (writer: CatalogWriter, db: string): void =>
  changeAll(writer, (rules) => withoutObject(rules, { kind: 'database', db }))

export const carryTable = (writer: CatalogWriter, db: string, from: string, to: string): void =>
  changeAll(writer, (rules) => withRenamedTable(rules, db, from, to))
