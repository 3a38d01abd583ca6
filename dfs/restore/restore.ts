/** The three ways to restore: partitions into an existing table, a table, a database. */
import { inputError } from '../../runtime/errors.ts'
import type { DatabaseRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import { expectFileWork } from '../set/file-work.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, chunksMatching, type SetOptions } from '../set/open.ts'
import type { PlannedChunk } from '../set/planned-chunk.ts'
import { schemeConflict } from '../set/structure.ts'
import type { FileStore } from '../store/file-store.ts'
import { planRestore } from './plan.ts'
import { existingTarget, newDatabase, targetOrNew } from './target.ts'
import { carryOut, plannedChunks, type TableWork } from './work.ts'

export interface RestorePartitionsRequest {
  /** Database and table in the set. */
  readonly url: string
  readonly table: string
  /** Wildcards against `/dbName/partitions`; `%` for all. */
  readonly pattern: string
  readonly force: boolean
  /** Where the chunks go; the same names unless given. */
  readonly target: { readonly url: string; readonly table: string }
  /** With the pattern `%`: remove partitions of the target that the set does not have. undefined: not given, which is no. */
  readonly snapshot: boolean | undefined
}

export interface RestoredPartitions {
  readonly index: TableIndex
  readonly chunks: readonly SetChunk[]
}

export interface RestorePlanned {
  readonly index: TableIndex
  readonly chunks: readonly PlannedChunk[]
}

/** Restores partitions into an existing table. */
export function restorePartitions(
  context: BackupContext,
  store: FileStore,
  request: RestorePartitionsRequest,
  options: SetOptions = {},
): RestoredPartitions {
  return reading(store, options, (set) => {
    const work = workOnPartitions(context, set, request)
    return { index: indexOf(work), chunks: carryOut(context, set, work) }
  })
}

/** What restorePartitions would do now. */
export const planOfPartitions = (
  context: BackupContext,
  store: FileStore,
  request: RestorePartitionsRequest,
  options: SetOptions = {},
): RestorePlanned =>
  reading(store, options, (set) => {
    const work = workOnPartitions(context, set, request)
    return { index: indexOf(work), chunks: plannedChunks(context, work) }
  })

function workOnPartitions(context: BackupContext, set: BackupSet, request: RestorePartitionsRequest): TableWork {
  const index = set.index(request.url, request.table)
  const target = existingTarget(context.view(), index, request.target.url, request.target.table)
  context.access.restore(index, target)
  const chunks = chunksMatching(index, request.pattern)
  const { force, snapshot } = request
  if (index.query !== undefined) {
    if (snapshot !== undefined)
      throw inputError(
        `snapshot can not be given: the backup of [${request.url}], table [${request.table}], was made from a query.`,
        { code: 'backupMode', where: { db: request.url, table: request.table } },
      )
    return { kind: 'rows', request: { index, target, chunks, way: wayOf(request), force } }
  }
  const removeOthers = snapshot === true && request.pattern === '%'
  const plan = context.looking((view) => planRestore(view, index, target, { chunks, force, removeOthers }))
  return { kind: 'files', plan }
}

const indexOf = (work: TableWork): TableIndex => (work.kind === 'files' ? work.plan.index : work.request.index)

/**
 * The documentation says of backups of a query that they are appended to outputTable, and that the same holds for the original table, where rows that are still there
 * would be doubled: here a partition of the original table is replaced.
 */
const REPLACES_IN_ORIGINAL = true

function wayOf({ url, table, target }: RestorePartitionsRequest): 'append' | 'replace' {
  return REPLACES_IN_ORIGINAL && target.url === url && target.table === table ? 'replace' : 'append'
}

export interface RestoredTable {
  readonly url: string
  readonly table: string
}

/** Makes the target table hold exactly what the set has; creates it, and its database, when missing. */
export function restoreTable(
  context: BackupContext,
  store: FileStore,
  source: RestoredTable,
  target: RestoredTable,
  options: SetOptions = {},
): RestoredTable {
  return reading(store, options, (set) => {
    requireCopies(set, source.url, [source.table])
    return restoreWholeTable(context, set, source, target)
  })
}

/** What restoreTable would do now. */
export const planOfTable = (
  context: BackupContext,
  store: FileStore,
  source: RestoredTable,
  target: RestoredTable,
  options: SetOptions = {},
): readonly PlannedChunk[] =>
  reading(store, options, (set) => {
    requireCopies(set, source.url, [source.table])
    return planOfWholeTable(context, set, source, target)
  })

/** Restores every table of a database in the set. Tables of the target that the set does not have stay. */
export function restoreDatabase(
  context: BackupContext,
  store: FileStore,
  url: string,
  targetUrl: string,
  options: SetOptions = {},
): readonly RestoredTable[] {
  return reading(store, options, (set) => {
    const { tables } = set.requireDatabase(url)
    expectFileWork(set.store, tables)
    requireCopies(
      set,
      url,
      tables.map((t) => t.name),
    )
    const domain = set.domain(url)
    // Every index is read and every table compared before the first is touched: a conflict found late would leave half the database restored.
    const view = context.view()
    for (const { name } of tables) {
      const index = set.index(url, name)
      context.access.restore(index, targetOrNew(context, view, index, targetUrl, name))
    }
    if (tables.length === 0) createIfMissing(context, domain, targetUrl)
    return tables.map(({ name }) =>
      restoreWholeTable(context, set, { url, table: name }, { url: targetUrl, table: name }, domain),
    )
  })
}

/** What restoreDatabase would do now. */
export const planOfDatabase = (
  context: BackupContext,
  store: FileStore,
  url: string,
  targetUrl: string,
  options: SetOptions = {},
): readonly PlannedChunk[] =>
  reading(store, options, (set) => {
    const names = set.requireDatabase(url).tables.map((t) => t.name)
    requireCopies(set, url, names)
    const domain = set.domain(url)
    return names.flatMap((table) => planOfWholeTable(context, set, { url, table }, { url: targetUrl, table }, domain))
  })

/** A query may have left rows out: only a copy can say what a whole table is to be. */
function requireCopies(set: BackupSet, url: string, tables: readonly string[]): void {
  const made = tables.find((name) => set.requireTable(url, name).mode === 'sql')
  if (made === undefined) return
  throw inputError(
    `restoreDB and restoreTable restore backups made by copying files only; that of [${url}], table [${made}], was made from a query.`,
    {
      code: 'backupMode',
      where: { db: url, table: made },
      hint: 'use restore, or migrate for a table that is not there',
    },
  )
}

/** `domain`: the database as the newest backup of any of its tables saw it. */
export function restoreWholeTable(
  context: BackupContext,
  set: BackupSet,
  source: RestoredTable,
  target: RestoredTable,
  domain?: DatabaseRecord,
): RestoredTable {
  carryOut(context, set, workOnTable(context, set, source, target, domain))
  return target
}

/** What restoreWholeTable would do now. */
export const planOfWholeTable = (
  context: BackupContext,
  set: BackupSet,
  source: RestoredTable,
  target: RestoredTable,
  domain?: DatabaseRecord,
): readonly PlannedChunk[] => plannedChunks(context, workOnTable(context, set, source, target, domain))

function workOnTable(
  context: BackupContext,
  set: BackupSet,
  source: RestoredTable,
  target: RestoredTable,
  domain?: DatabaseRecord,
): TableWork {
  const read = set.index(source.url, source.table)
  // The database may have got more partitions since this table was backed up, or be another one altogether: then the table's own knowledge counts.
  const isNewer = domain !== undefined && schemeConflict(read.database, domain) === undefined
  const index = isNewer ? { ...read, database: domain } : read
  const place = targetOrNew(context, context.view(), index, target.url, target.table)
  context.access.restore(index, place)
  const { chunks } = index
  if (index.query !== undefined)
    return { kind: 'rows', request: { index, target: place, chunks, way: 'replace', force: false } }
  const plan = context.looking((view) => planRestore(view, index, place, { chunks, force: false, removeOthers: true }))
  return { kind: 'files', plan }
}

export function createIfMissing(context: BackupContext, domain: DatabaseRecord, url: string): void {
  if (context.view().database(url) !== undefined) return
  context.access.createDatabase(url)
  context.client.request({ kind: 'createDatabase', database: newDatabase(context, domain, url) }, context.user)
}

/** Opens a state of the set; a failure because it left the set meanwhile says so. */
export function reading<R>(store: FileStore, options: SetOptions, work: (set: BackupSet) => R): R {
  const set = new BackupSet(store, options)
  try {
    return work(set)
  } catch (error) {
    throw set.explainFailure(error)
  }
}
