/**
 * Where each record stands in the catalog, and the view that readers get.
 *
 *   ['meta', 'format' | 'cid' | 'physical']   format version, last commit id, counter of physical indexes
 *   ['meta', 'access']                        counts the changes of users, groups and grants
 *   ['db', url]  ['table', url, name]  ['chunk', url, table, path]
 *   ['changed', url, table]                   commit that last changed the table's chunks
 *   ['user', name]  ['group', name]  ['grant', user or group]  ['run', id]  ['setting', name]
 *   ['garbage', cid, 'files']                 files that no state after commit `cid` names
 */
import type { BackupRun, UserRecord } from '../engine/commands.ts'
import type { CatalogReader } from './key-value.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from './types.ts'

export const CATALOG_FORMAT = 1

export const keys = {
  format: ['meta', 'format'],
  cid: ['meta', 'cid'],
  physical: ['meta', 'physical'],
  database: (url: string) => ['db', url],
  databases: ['db'],
  table: (url: string, name: string) => ['table', url, name],
  tables: (url: string) => ['table', url],
  chunk: (url: string, table: string, path: string) => ['chunk', url, table, path],
  chunks: (url: string, table: string) => ['chunk', url, table],
  changed: (url: string, table: string) => ['changed', url, table],
  user: (name: string) => ['user', name],
  users: ['user'],
  group: (name: string) => ['group', name],
  groups: ['group'],
  /** Privileges of a user or a group. */
  grant: (name: string) => ['grant', name],
  grants: ['grant'],
  accessVersion: ['meta', 'access'],
  run: (id: string) => ['run', id],
  runs: ['run'],
  setting: (name: string) => ['setting', name],
  settings: ['setting'],
  garbage: (cid: number) => ['garbage', cid, 'files'],
  garbages: ['garbage'],
} as const

/** The records as of what the reader sees. A view reads lazily: it is of one instant until its reader is refreshed. */
export function viewOf(reader: CatalogReader): CatalogView {
  return {
    cid: (reader.get(keys.cid) as number | undefined) ?? 0,
    databases: () => valuesOf<DatabaseRecord>(reader.entries(keys.databases)),
    database: (url) => reader.get(keys.database(url)) as DatabaseRecord | undefined,
    tables: (url) => valuesOf<TableRecord>(reader.entries(keys.tables(url))),
    table: (url, name) => reader.get(keys.table(url, name)) as TableRecord | undefined,
    *chunks(url, table) {
      for (const [, value] of reader.entries(keys.chunks(url, table))) yield value as ChunkRecord
    },
    chunk: (url, table, path) => reader.get(keys.chunk(url, table, path)) as ChunkRecord | undefined,
  }
}

/** The commit that last changed a table's chunks: while it stays the same, so do they. */
export const changedAt = (reader: CatalogReader, url: string, table: string): number =>
  (reader.get(keys.changed(url, table)) as number | undefined) ?? 0

export const runsOf = (reader: CatalogReader): BackupRun[] => valuesOf<BackupRun>(reader.entries(keys.runs))
export const usersOf = (reader: CatalogReader): UserRecord[] => valuesOf<UserRecord>(reader.entries(keys.users))
export const userOf = (reader: CatalogReader, name: string): UserRecord | undefined =>
  reader.get(keys.user(name)) as UserRecord | undefined

function valuesOf<V>(entries: Iterable<readonly [unknown, unknown]>): V[] {
  return Array.from(entries, ([, value]) => value as V)
}
