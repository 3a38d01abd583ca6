/**
 * Where each record stands in the catalog, and the view that readers get.
 *
 *   ['meta', 'format' | 'cid' | 'physical']   format version, last commit id, counter of physical indexes
 *   ['meta', 'lsn']                           end of the log records that the catalog holds
 *   ['meta', 'checkpoint']                    CheckpointMark: where recovery begins
 *   ['meta', 'store']                         StoreMark: which store this is, and its timeline
 *   ['meta', 'copy']                          CopyMark, while the directory may be copied by other tools
 *   ['meta', 'archive']                       ArchiveMark: how far the log is archived
 *   ['meta', 'access']                        counts the changes of users, groups and grants
 *   ['db', url]  ['table', url, name]  ['chunk', url, table, path]
 *   ['changed', url, table]                   commit that last changed the table's chunks
 *   ['user', name]  ['group', name]  ['grant', user or group]  ['run', id]  ['setting', name]
 *   ['object', 'view' or 'catalog', name]
 *   ['garbage', cid, 'files']                 files that no state after commit `cid` names
 *   ['remains', id]                           where a restore that was not completed may have left copies
 */
import { mergeDeltas, NO_DELTAS, type TableDeltas, withDelta } from '../delta/merge.ts'
import type { BackupRun, UserRecord } from '../engine/commands.ts'
import type { CatalogReader } from './key-value.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, TableRecord } from './types.ts'

/** 2: commits are in the log too, and small appends in the log only. Format 1 had no log. */
export const CATALOG_FORMAT = 2

/** Which store this is. Log files carry both, so that those of another store or of another history are not taken for its own. */
export interface StoreMark {
  readonly id: string
  readonly timeline: number
}

/** A checkpoint for copies by other tools: since when, of which commit, and what it keeps from being removed. */
export interface CopyMark {
  readonly cid: number
  readonly lsn: number
  readonly startedMs: number
  readonly pinnedFiles: number
  readonly pinnedBytes: number
}

/** Where recovery begins: everything below is in the catalog and in segments. */
export interface CheckpointMark {
  readonly lsn: number
  readonly timeMs: number
  readonly lastTransaction: number
}

/** How far the log of a timeline is archived, from where on. Absent: archiving was never on, or has been off since. */
export interface ArchiveMark {
  readonly timeline: number
  /** Archiving began here: what was before is in no archive, and data segments of commits up to `sinceCid` may be missing there. */
  readonly sinceLsn: number
  readonly sinceCid: number
  /** Number of the last file that is archived; all from the one with `sinceLsn` on are. 0: none yet. */
  readonly lastSequence: number
  readonly lastName: string
  readonly lastTimeMs: number
  /** Of pieces and data segments, since archiving began. */
  readonly totalBytes: number
  /** When the last piece was archived. */
  readonly bytesPerSecond: number
  /** Why the last attempt failed; absent after one that did not. */
  readonly failure?: { readonly message: string; readonly timeMs: number; readonly attempts: number }
}

export const keys = {
  format: ['meta', 'format'],
  cid: ['meta', 'cid'],
  physical: ['meta', 'physical'],
  lsn: ['meta', 'lsn'],
  checkpoint: ['meta', 'checkpoint'],
  store: ['meta', 'store'],
  copy: ['meta', 'copy'],
  archive: ['meta', 'archive'],
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
  /** Where a restore that was not completed may have left files. */
  remain: (id: string) => ['remains', id],
  remains: ['remains'],
  setting: (name: string) => ['setting', name],
  settings: ['setting'],
  object: (family: string, name: string) => ['object', family, name],
  objects: (family: string) => ['object', family],
  garbage: (cid: number) => ['garbage', cid, 'files'],
  garbages: ['garbage'],
} as const

/** What the catalog does not know of the store at a commit: the commit itself, and the small appends that are in no segment. */
export interface Instant {
  readonly cid: number
  deltas(tableId: string): TableDeltas
}

/** The records as of what the reader sees. A view reads lazily: it is of one instant until its reader is refreshed. */
export function viewOf(reader: CatalogReader, instant?: Instant): CatalogView {
  const tableOf = (url: string, name: string): TableRecord | undefined =>
    reader.get(keys.table(url, name)) as TableRecord | undefined
  const deltas = (tableId: string): TableDeltas => instant?.deltas(tableId) ?? NO_DELTAS
  const deltasOf = (url: string, name: string): TableDeltas => {
    const table = instant === undefined ? undefined : tableOf(url, name)
    return table === undefined ? NO_DELTAS : deltas(table.id)
  }
  function* storedChunks(url: string, table: string): Iterable<ChunkRecord> {
    for (const [, value] of reader.entries(keys.chunks(url, table))) yield value as ChunkRecord
  }
  return {
    cid: instant?.cid ?? (reader.get(keys.cid) as number | undefined) ?? 0,
    databases: () => valuesOf<DatabaseRecord>(reader.entries(keys.databases)),
    database: (url) => reader.get(keys.database(url)) as DatabaseRecord | undefined,
    tables: (url) => valuesOf<TableRecord>(reader.entries(keys.tables(url))),
    table: tableOf,
    deltas,
    storedChunks,
    chunks(url, table) {
      const waiting = deltasOf(url, table)
      return waiting.size === 0 ? storedChunks(url, table) : mergeDeltas(storedChunks(url, table), waiting)
    },
    chunk(url, table, path) {
      const stored = reader.get(keys.chunk(url, table, path)) as ChunkRecord | undefined
      const delta = deltasOf(url, table).get(path)
      return delta === undefined ? stored : withDelta(stored, delta)
    },
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
