/**
 * Users, groups and privileges as one file: JSON of
 *
 *   { format: 'holdfast users', version: 1, writtenAt, checksum, content: { users, groups, privileges, holdsUsers, views } }
 *
 * with the records as the catalog has them, passwords as their hashes. holdsUsers is false when users and what belongs to them were left out, absent otherwise; views
 * are the function views, absent when they were left out. `checksum` is the XXH64 of the content's JSON without blanks: it finds damage, so that
 * nobody gets a right that nobody gave. The file is as secret as the catalog.
 */
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { type CatalogRecord, type ViewRecord, viewsOf } from '../catalog/named-objects.ts'
import { usersOf } from '../catalog/records.ts'
import type { UserRecord } from '../engine/commands.ts'
import { checksumOf } from '../store/checksum.ts'
import type { AccessRecord, GroupRecord } from './commands.ts'
import { accessRecordsOf, groupsOf } from './records.ts'
import { ACCESS_TYPES } from './rights.ts'

const FORMAT = 'holdfast users'
const VERSION = 1

export interface AccessSettings {
  readonly users: readonly UserRecord[]
  readonly groups: readonly GroupRecord[]
  readonly privileges: readonly AccessRecord[]
  readonly holdsUsers?: false
  readonly views?: readonly ViewRecord[]
}

export const accessSettingsOf = (reader: CatalogReader, users: boolean, views: boolean): AccessSettings => ({
  ...(users
    ? { users: usersOf(reader), groups: groupsOf(reader), privileges: accessRecordsOf(reader) }
    : { users: [], groups: [], privileges: [], holdsUsers: false }),
  ...(views ? { views: viewsOf(reader) } : {}),
})

export function writeSettings(content: AccessSettings, nowMs: number): string {
  const checksum = checksumText(content)
  const file = { format: FORMAT, version: VERSION, writtenAt: new Date(nowMs).toISOString(), checksum, content }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

const checksumText = (content: unknown): string => checksumOf(Buffer.from(JSON.stringify(content)))

/** Throws `settingsFile` for a file that is no such file, is damaged, or is of a newer release. `name` is for messages. */
export function readSettings(text: string, name: string): AccessSettings {
  const broken = (what: string): HoldfastError =>
    new HoldfastError('data', `${name} ${what}; nothing was restored.`, { code: 'settingsFile', where: { file: name } })
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    throw broken('is no file of backupSettings')
  }
  if (!isObject(file) || file.format !== FORMAT || typeof file.version !== 'number')
    throw broken('is no file of backupSettings')
  if (file.version > VERSION) throw broken(`has version ${file.version}; this release knows versions up to ${VERSION}`)
  if (file.checksum !== checksumText(file.content)) throw broken('is damaged: its checksum does not match')
  const { content } = file
  if (!isObject(content) || !isListOf(content.users, isUser) || !isListOf(content.groups, isGroup))
    throw broken('is damaged: its records have another shape')
  if (!isListOf(content.privileges, isAccessRecord)) throw broken('is damaged: its records have another shape')
  const { users, groups, privileges, views } = content
  if (views !== undefined && !isListOf(views, isView)) throw broken('is damaged: its records have another shape')
  return {
    users,
    groups,
    privileges,
    ...(content.holdsUsers === false ? { holdsUsers: false } : {}),
    ...(views === undefined ? {} : { views }),
  }
}

type Shape = Readonly<Record<string, unknown>>

const isObject = (v: unknown): v is Shape => typeof v === 'object' && v !== null && !Array.isArray(v)
const isText = (v: unknown): v is string => typeof v === 'string'
const isListOf = <V>(v: unknown, is: (e: unknown) => e is V): v is V[] => Array.isArray(v) && v.every(is)

export const isUser = (v: unknown): v is UserRecord =>
  isObject(v) &&
  isText(v.name) &&
  isText(v.salt) &&
  isText(v.hash) &&
  typeof v.isAdmin === 'boolean' &&
  (v.locked === undefined || typeof v.locked === 'boolean')

export const isGroup = (v: unknown): v is GroupRecord => isObject(v) && isText(v.name) && isListOf(v.members, isText)

export const isView = (v: unknown): v is ViewRecord =>
  isObject(v) &&
  isText(v.name) &&
  isText(v.owner) &&
  isText(v.body) &&
  isText(v.definition) &&
  typeof v.createdMs === 'number'

export const isCatalog = (v: unknown): v is CatalogRecord =>
  isObject(v) &&
  isText(v.name) &&
  Array.isArray(v.schemas) &&
  v.schemas.every((s) => isObject(s) && isText(s.name) && isText(s.dbUrl))

const RIGHTS = new Set<unknown>([...ACCESS_TYPES.values()].flatMap((type) => type.rights))

export const isAccessRecord = (v: unknown): v is AccessRecord =>
  isObject(v) &&
  isText(v.name) &&
  Array.isArray(v.rules) &&
  v.rules.every((r) => isObject(r) && RIGHTS.has(r.right) && typeof r.allow === 'boolean' && isScope(r.scope))

function isScope(v: unknown): boolean {
  if (!isObject(v)) return false
  switch (v.kind) {
    case 'all':
      return true
    case 'prefix':
      return isText(v.prefix)
    case 'database':
      return isText(v.db)
    case 'table':
      return isText(v.db) && isText(v.table)
    case 'view':
      return isText(v.name)
    default:
      return false
  }
}
