/**
 * Everything about a recovery that is decided before a data file is touched: the backup that it begins with, the log behind it, what the catalog is at the target. Throws
 * whatever keeps the recovery from its target, segments that are missing or damaged excepted.
 */
import { HoldfastError, inputError } from '../../runtime/errors.ts'
import type { TableRecord } from '../catalog/types.ts'
import type { CatalogEntry } from '../external-copy/format.ts'
import { readCatalog, readFiles, refuseOtherData } from '../node-backup/contents.ts'
import type { IndexedFile } from '../node-backup/file-index.ts'
import type { NodeManifest } from '../node-backup/manifest.ts'
import { openSet } from '../node-backup/open.ts'
import type { BackupKey } from '../set/key.ts'
import type { FileStore } from '../store/file-store.ts'
import { parsePieceName, pieceName } from '../wal/piece-name.ts'
import { type Analysis, analyse, BackupAfterTarget } from './analysis.ts'
import { chooseBases, momentOf } from './base.ts'
import { beforeBackups } from './errors.ts'
import { LogChain } from './log-chain.ts'
import { isNeededEntry, type NarrowTo } from './narrow.ts'
import { ArchivePieces, CommandPieces, SetPieces } from './piece-source.ts'
import { type Replayed, replay } from './replay.ts'
import type { Fetcher } from './restore-command.ts'
import type { Scratch } from './scratch.ts'
import { TableTrace } from './table-trace.ts'
import { formatTarget, type RecoveryTarget } from './target.ts'

/** Where a recovery gets everything from. */
export interface RecoverySources {
  /** A set of node backups. */
  readonly set: FileStore
  readonly key: BackupKey | undefined
  /** Only this backup; undefined: the newest that is not after the target. */
  readonly id: string | undefined
  /** Directory of the archive; at most one of it and the command. */
  readonly archive: FileStore | undefined
  readonly command: Fetcher | undefined
}

export interface RecoveryPlan {
  readonly base: NodeManifest
  /** Every whole backup of the set. */
  readonly all: readonly NodeManifest[]
  /** The set as its files are read. */
  readonly set: FileStore
  /** Data files of the base, by their path in a data directory. */
  readonly baseFiles: ReadonlyMap<string, IndexedFile>
  readonly analysis: Analysis
  readonly replayed: Replayed
}

export interface TableName {
  readonly url: string
  readonly table: string
}

export interface PlanListener {
  /** Hears which backup is tried. */
  base(base: NodeManifest): void
  note(text: string): void
}

export function planRecovery(
  sources: RecoverySources,
  target: RecoveryTarget,
  scratch: Scratch,
  listener: PlanListener,
  only?: TableName,
): RecoveryPlan {
  const { all, candidates } = chooseBases(sources.set, target, sources.id, (text) => listener.note(text))
  for (const [k, base] of candidates.entries()) {
    try {
      return planFrom(base, all, sources, target, scratch, listener, only)
    } catch (error) {
      const isDiverged = error instanceof HoldfastError && error.code === 'backupDiverged'
      if (isDiverged && k + 1 < candidates.length) listener.note(`${error.message} An older backup is used.`)
      else if (!(error instanceof BackupAfterTarget)) throw error
      else listener.note(`The backup ${base.id} has transactions that committed after the target.`)
    }
  }
  const oldest = candidates.at(-1)!
  throw beforeBackups(sources.set.root, target, { id: oldest.id, ...momentOf(oldest) })
}

function planFrom(
  base: NodeManifest,
  all: readonly NodeManifest[],
  sources: RecoverySources,
  target: RecoveryTarget,
  scratch: Scratch,
  listener: PlanListener,
  only: TableName | undefined,
): RecoveryPlan {
  const set = openSet(sources.set, sources.key, base)
  refuseOtherData(base)
  listener.base(base)
  const entries = readCatalog(set, base)
  const own = new SetPieces(set, base, all, scratch)
  const chain = new LogChain(base, own, archivePieces(sources, scratch))
  const trace = only === undefined ? undefined : new TableTrace(only.url, tablesOf(entries, only.url), base.cid)
  const analysis = analyse(base, chain, target, trace === undefined ? undefined : (record) => trace.see(record))
  if (target.kind === 'latest' && !chain.isArchived) listener.note(ownLogOnly(sources, base))
  const baseFiles = new Map(readFiles(set, base, entries).map((f) => [f.file, f]))
  if (trace === undefined || only === undefined)
    return { base, all, set, baseFiles, analysis, replayed: replay(base, entries, analysis) }
  const ids = trace.names(analysis.takenBack)
  const tableId = ids.get(only.table)
  if (tableId === undefined) throw tableMissing(only, target, [...ids.keys()])
  const to: NarrowTo = { url: only.url, tableId }
  const name = tablesOf(entries, only.url).find((t) => t.id === tableId)?.name
  const needed = entries.filter((entry) => isNeededEntry(entry, to, name))
  return { base, all, set, baseFiles, analysis, replayed: replay(base, needed, analysis, to) }
}

/** The latest moment without an archive is that of the backup: where an archive was forgotten, or misspelt, nothing else would tell. */
const ownLogOnly = ({ archive, command }: RecoverySources, { id }: NodeManifest): string =>
  `${
    archive !== undefined
      ? `The archive ${archive.root} has no log of this store since the backup`
      : command !== undefined
        ? 'The restore command found no log of this store since the backup'
        : 'No archive was named'
  }: the latest moment is the end of the log in the backup ${id} itself.`

function archivePieces(
  { archive, command }: RecoverySources,
  scratch: Scratch,
): ArchivePieces | CommandPieces | undefined {
  if (archive !== undefined) return new ArchivePieces(archive)
  return command === undefined ? undefined : new CommandPieces(command, scratch)
}

function tablesOf(entries: readonly CatalogEntry[], url: string): TableRecord[] {
  const tables: TableRecord[] = []
  for (const [key, value] of entries) if (key[0] === 'table' && key[1] === url) tables.push(value as TableRecord)
  return tables
}

function tableMissing({ url, table }: TableName, target: RecoveryTarget, names: readonly string[]): Error {
  return inputError(`There was no table [${table}] in the database [${url}] at ${formatTarget(target)}.`, {
    code: 'tableMissing',
    where: { db: url, table },
    hint:
      names.length === 0
        ? 'there was no such database then, or it had no tables'
        : `its tables were ${[...names].sort().join(', ')}`,
  })
}

/** The first timeline that neither the set nor the archive has seen of this store. */
export function nextTimeline(
  { base, all }: RecoveryPlan,
  { archive, command }: RecoverySources,
  scratch: Scratch,
): number {
  let highest = base.timeline
  for (const { storeId, timeline } of all) if (storeId === base.storeId) highest = Math.max(highest, timeline)
  for (const { name } of archive?.list('') ?? []) highest = Math.max(highest, parsePieceName(name)?.timeline ?? 0)
  if (command === undefined) return highest + 1
  // A command can only be asked for names: every timeline of a recovered store begins with file 1.
  const pieces = new CommandPieces(command, scratch)
  while (pieces.find(pieceName(highest + 1, 1)) !== undefined) highest++
  return highest + 1
}
