/** What a restore will do to one table, as plain data: per chunk keep, put or remove, found by comparing the chunk in the set with the live one. */
import { inputError } from '../../runtime/errors.ts'
import { pathProblem } from '../catalog/problems.ts'
import type { CatalogView, ChunkRecord, DatabaseRecord, Scheme, TableRecord } from '../catalog/types.ts'
import { isCurrent, type SetChunk, type TableIndex } from '../set/meta.ts'

/** The table that chunks are put into. Records are those of the catalog, or those to be made. */
export interface RestoreTarget {
  readonly database: DatabaseRecord
  readonly table: TableRecord
  readonly createDatabase: boolean
  readonly createTable: boolean
  /** Schemes of the database with the values of the backup that it lacks. */
  readonly extendSchemes: readonly Scheme[] | undefined
}

export type RestoreStep =
  | { readonly kind: 'keep'; readonly chunk: SetChunk }
  /** `path` is that in the target; `live` is the chunk that it takes the place of. */
  | { readonly kind: 'put'; readonly chunk: SetChunk; readonly path: string; readonly live: ChunkRecord | undefined }
  | { readonly kind: 'remove'; readonly path: string; readonly live: ChunkRecord }

export interface RestorePlan {
  readonly index: TableIndex
  readonly target: RestoreTarget
  readonly steps: readonly RestoreStep[]
}

export interface RestoreChoice {
  /** Chunks of the set to be restored. */
  readonly chunks: readonly SetChunk[]
  /** Put chunks in place even if the live ones look the same. */
  readonly force: boolean
  /** Remove live chunks that the set does not have. */
  readonly removeOthers: boolean
}

export function planRestore(
  view: CatalogView,
  index: TableIndex,
  target: RestoreTarget,
  choice: RestoreChoice,
): RestorePlan {
  const url = target.database.url
  const live = new Map<string, ChunkRecord>()
  if (!target.createTable) for (const chunk of view.chunks(url, target.table.name)) live.set(chunk.path, chunk)
  const database = { ...target.database, schemes: target.extendSchemes ?? target.database.schemes }
  const steps: RestoreStep[] = choice.chunks.map((chunk) => {
    const path = pathInTarget(index.table, target.table, chunk.path)
    const problem = pathProblem(database, target.table, path)
    // Rows of a partition that the scheme does not have would be found by no condition.
    if (problem !== undefined)
      throw inputError(
        `The partition ${chunk.path} of the backup cannot be restored into ${url}/${target.table.name}: ${problem}`,
        {
          code: 'restorePartition',
          where: { db: url, table: target.table.name, partition: chunk.path },
          hint: 'add it by addValuePartitions, or restore the other partitions by restore',
        },
      )
    const there = live.get(path)
    return !choice.force && there !== undefined && isCurrent(chunk, there)
      ? { kind: 'keep', chunk }
      : { kind: 'put', chunk, path, live: there }
  })
  if (choice.removeOthers) {
    const inSet = new Set(index.chunks.map((c) => pathInTarget(index.table, target.table, c.path)))
    for (const [path, chunk] of live) if (!inSet.has(path)) steps.push({ kind: 'remove', path, live: chunk })
  }
  return { index, target, steps }
}

/** The one chunk of a dimension table lies under the table's own name. */
export function pathInTarget(source: TableRecord, target: TableRecord, path: string): string {
  return source.partitionColumns.length === 0 ? `/${target.name}` : path
}

/** Whether carrying out the plan would change anything. */
export function changesAnything(plan: RestorePlan): boolean {
  const { createTable, createDatabase, extendSchemes } = plan.target
  return createTable || createDatabase || extendSchemes !== undefined || plan.steps.some((s) => s.kind !== 'keep')
}
