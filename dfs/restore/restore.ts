/** The three ways to restore: partitions into an existing table, a table, a database. */
import type { DatabaseRecord } from '../catalog/types.ts'
import type { BackupContext } from '../set/context.ts'
import type { SetChunk, TableIndex } from '../set/meta.ts'
import { BackupSet, chunksMatching } from '../set/open.ts'
import { schemeConflict } from '../set/structure.ts'
import type { FileStore } from '../store/file-store.ts'
import { planRestore } from './plan.ts'
import { restoreByPlan } from './table.ts'
import { existingTarget, newDatabase, targetOrNew } from './target.ts'

export interface RestorePartitionsRequest {
  /** Database and table in the set. */
  readonly url: string
  readonly table: string
  /** Wildcards against `/dbName/partitions`; `%` for all. */
  readonly pattern: string
  readonly force: boolean
  /** Where the chunks go; the same names unless given. */
  readonly target: { readonly url: string; readonly table: string }
  /** With the pattern `%`: remove partitions of the target that the set does not have. */
  readonly snapshot: boolean
}

export interface RestoredPartitions {
  readonly index: TableIndex
  readonly chunks: readonly SetChunk[]
}

/** Restores partitions into an existing table. */
export function restorePartitions(
  context: BackupContext,
  store: FileStore,
  request: RestorePartitionsRequest,
): RestoredPartitions {
  return reading(store, (set) => {
    const index = set.index(request.url, request.table)
    const view = context.view()
    const target = existingTarget(view, index, request.target.url, request.target.table)
    context.access.restore(index, target)
    const plan = planRestore(view, index, target, {
      chunks: chunksMatching(index, request.pattern),
      force: request.force,
      removeOthers: request.snapshot && request.pattern === '%',
    })
    return { index, chunks: restoreByPlan(context, set, plan) }
  })
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
): RestoredTable {
  return reading(store, (set) => restoreWholeTable(context, set, source, target))
}

/** Restores every table of a database in the set. Tables of the target that the set does not have stay. */
export function restoreDatabase(
  context: BackupContext,
  store: FileStore,
  url: string,
  targetUrl: string,
): readonly RestoredTable[] {
  return reading(store, (set) => {
    const { tables } = set.requireDatabase(url)
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

/** `domain`: the database as the newest backup of any of its tables saw it. */
export function restoreWholeTable(
  context: BackupContext,
  set: BackupSet,
  source: RestoredTable,
  target: RestoredTable,
  domain?: DatabaseRecord,
): RestoredTable {
  const read = set.index(source.url, source.table)
  // The database may have got more partitions since this table was backed up, or be another one altogether: then the table's own knowledge counts.
  const isNewer = domain !== undefined && schemeConflict(read.database, domain) === undefined
  const index = isNewer ? { ...read, database: domain } : read
  const view = context.view()
  const place = targetOrNew(context, view, index, target.url, target.table)
  context.access.restore(index, place)
  const plan = planRestore(view, index, place, { chunks: index.chunks, force: false, removeOthers: true })
  restoreByPlan(context, set, plan)
  return target
}

function createIfMissing(context: BackupContext, domain: DatabaseRecord, url: string): void {
  if (context.view().database(url) !== undefined) return
  context.access.createDatabase(url)
  context.client.request({ kind: 'createDatabase', database: newDatabase(context, domain, url) }, context.user)
}

/** Opens the set; a failure because it was renewed meanwhile says so. */
export function reading<R>(store: FileStore, work: (set: BackupSet) => R): R {
  const set = new BackupSet(store)
  try {
    return work(set)
  } catch (error) {
    throw set.explainFailure(error)
  }
}
