/** What a backup call would do now, partition by partition. Takes no lock and changes nothing, so that a call made later may do something else. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { BackupContext } from '../set/context.ts'
import type { SetChunk } from '../set/meta.ts'
import type { PlannedAction, PlannedChunk } from '../set/planned-chunk.ts'
import type { FileStore } from '../store/file-store.ts'
import type { ChunkStep } from './plan.ts'
import { planRun } from './plan-run.ts'
import { PreviousState } from './previous-state.ts'
import { bytesOf, planQuery, type QueryBackupRequest } from './query-plan.ts'
import { byPath } from './renewal.ts'
import { type BackupRequest, requireDatabase, requireTable, selectDatabase, selectTables } from './select.ts'

export function dryRun(context: BackupContext, store: FileStore, request: BackupRequest): readonly PlannedChunk[] {
  const { view, release } = context.pinnedView(`plan of a backup of ${request.url}`)
  try {
    const database = selectDatabase(view, request)
    const selected = selectTables(view, request)
    for (const { table } of selected) context.access.backup(database, table)
    const before = new PreviousState(context, store)
    return explaining(before, () => {
      const { finished } = before.interrupted()
      const plan = planRun({
        request,
        before,
        database,
        selected,
        cid: view.cid,
        finished,
        materialise: (_, chunk) => chunk,
      })
      const chunks = plan.tables.flatMap(({ table, steps }) =>
        steps
          .map((step) => {
            const of = step.kind === 'delete' ? step.of : { database, table }
            return planned(of, step.chunk, step.kind, bytesToCopy(step))
          })
          .sort(byPath),
      )
      for (const name of plan.dropTables) {
        const index = before.index(request.url, name, false)!
        for (const chunk of index.chunks) chunks.push(planned(index, chunk, 'delete', 0))
      }
      return chunks
    })
  } finally {
    release()
  }
}

/** Rows are those of the partitions: how many of them the query gives is not known before it is run. */
export function dryRunOfQuery(
  context: BackupContext,
  store: FileStore,
  request: QueryBackupRequest,
): readonly PlannedChunk[] {
  const { url, table: name } = request.query
  const { view, release } = context.pinnedView(`plan of a backup of ${url}/${name}`)
  try {
    const database = requireDatabase(view, url)
    const table = requireTable(view, url, name)
    context.access.backup(database, table)
    const queried = request.query.at(view)
    const before = new PreviousState(context, store)
    return explaining(before, () => {
      const plan = planQuery(context, request, before, { database, table, queried, cid: view.cid })
      const of = { database, table }
      return [
        ...plan.keep.map((chunk) => planned(of, chunk, 'keep', 0)),
        ...plan.write.map(({ source }) => planned(of, source.chunk, 'copy', bytesOf(source.chunk))),
      ].sort(byPath)
    })
  } finally {
    release()
  }
}

function planned(
  { database, table }: Pick<PlannedChunk, 'database' | 'table'>,
  { path, chunkId, rows }: Pick<SetChunk, 'path' | 'chunkId' | 'rows'>,
  action: PlannedAction,
  bytes: number,
): PlannedChunk {
  return { database, table, path, chunkId, action, rows, bytes }
}

const bytesToCopy = (step: ChunkStep): number =>
  step.kind === 'copy' ? step.files.reduce((sum, f) => sum + (f.kind === 'copy' ? f.file.bytes : 0), 0) : 0

/** Without a lock, another run may renew the set while it is read. */
function explaining<R>({ set }: PreviousState, work: () => R): R {
  try {
    return work()
  } catch (error) {
    throw error instanceof HoldfastError ? set.explainFailure(error) : error
  }
}
