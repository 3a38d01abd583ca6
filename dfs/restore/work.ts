/** What a restore does to one table, found before anything is written: to be carried out, or told. */
import type { BackupContext } from '../set/context.ts'
import { bytesOfChunk, type SetChunk } from '../set/meta.ts'
import type { BackupSet } from '../set/open.ts'
import type { PlannedAction, PlannedChunk } from '../set/planned-chunk.ts'
import { bytesThere } from './copy.ts'
import { pathInTarget, type RestorePlan, type RestoreStep } from './plan.ts'
import { chunksToWrite, type RowsRequest, restoreRows } from './rows.ts'
import { restoreByPlan } from './table.ts'

/** Files are copied; rows of a query are written. */
export type TableWork =
  | { readonly kind: 'files'; readonly plan: RestorePlan }
  | { readonly kind: 'rows'; readonly request: RowsRequest }

/** Answers the chunks of the set that were put in place. */
export function carryOut(context: BackupContext, set: BackupSet, work: TableWork): readonly SetChunk[] {
  switch (work.kind) {
    case 'files':
      return restoreByPlan(context, set, work.plan)
    case 'rows':
      return restoreRows(context, set, work.request)
  }
}

/** What carrying it out now would do, partition by partition. */
export function plannedChunks(context: BackupContext, work: TableWork): readonly PlannedChunk[] {
  const chunks =
    work.kind === 'files'
      ? work.plan.steps.map((step) => plannedStep(context, work.plan, step))
      : plannedRows(context, work.request)
  return [...chunks].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function plannedStep(context: BackupContext, plan: RestorePlan, step: RestoreStep): PlannedChunk {
  const { database, table } = plan.target
  switch (step.kind) {
    case 'remove': {
      const { chunkId, rows } = step.live
      return { database, table, path: step.path, chunkId, action: 'delete', rows, bytes: 0 }
    }
    case 'keep': {
      const { chunkId, rows, path } = step.chunk
      return {
        database,
        table,
        path: pathInTarget(plan.index.table, table, path),
        chunkId,
        action: 'keep',
        rows,
        bytes: 0,
      }
    }
    case 'put': {
      const { chunkId, rows } = step.chunk
      const action = step.live === undefined ? 'copy' : 'replace'
      const bytes = bytesOfChunk(step.chunk) - bytesThere(context.data, plan, step)
      return { database, table, path: step.path, chunkId, action, rows, bytes }
    }
  }
}

function plannedRows(context: BackupContext, request: RowsRequest): readonly PlannedChunk[] {
  const { index, target, chunks, way } = request
  const { database, table } = target
  const toWrite = new Set(chunksToWrite(context, request))
  return context.looking((view) =>
    chunks.map((chunk) => {
      const path = pathInTarget(index.table, table, chunk.path)
      const isWritten = toWrite.has(chunk)
      const isThere = !target.createTable && view.chunk(database.url, table.name, path) !== undefined
      const written: PlannedAction = way === 'append' ? 'append' : isThere ? 'replace' : 'copy'
      return {
        ...{ database, table, path, chunkId: chunk.chunkId, rows: chunk.rows },
        action: isWritten ? written : 'keep',
        bytes: isWritten ? bytesOfChunk(chunk) : 0,
        isOfQuery: true,
      }
    }),
  )
}
