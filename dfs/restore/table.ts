/**
 * Restoring one table: plan, copy, swap. The swap is one transaction that also creates what is missing, so a reader, or a process that starts after a crash, finds the
 * table as before or as after, never between.
 */
import { ProgressMeter } from '../progress.ts'
import type { BackupContext } from '../set/context.ts'
import { bytesOfChunk, type SetChunk } from '../set/meta.ts'
import type { BackupSet } from '../set/open.ts'
import { RunRecord } from '../set/runs.ts'
import { bytesThere, ChunkRestorer } from './copy.ts'
import { changesAnything, type RestorePlan } from './plan.ts'
import { requireRoom } from './room.ts'

/** Carries a plan out; answers the chunks of the set that were put in place. */
export function restoreByPlan(context: BackupContext, set: BackupSet, plan: RestorePlan): readonly SetChunk[] {
  const put = plan.steps.filter((s) => s.kind === 'put')
  const kept = plan.steps.filter((s) => s.kind === 'keep').length
  const { database, table } = plan.target
  const bytesTotal = put.reduce((sum, s) => sum + bytesOfChunk(s.chunk), 0)
  const run = new RunRecord(context.client, () => context.now(), {
    user: context.user,
    type: 'RESTORE_BY_COPY_FILE',
    db: database.url,
    table: table.name,
    totalPartitions: put.length + kept,
    done: kept,
    bytesTotal,
  })
  const meter = new ProgressMeter(
    context.progress,
    {
      verb: 'restore',
      subject: `${database.url}/${table.name}`,
      bytesTotal,
      chunksTotal: put.length,
    },
    () => context.now(),
  )
  const restorer = new ChunkRestorer(context, set, {
    bytes(bytes) {
      meter.addBytes(bytes)
      run.addBytes(bytes)
    },
    chunk: (chunk) => {
      meter.addChunk()
      run.addPartition(bytesOfChunk(chunk))
    },
  })
  try {
    requireRoom(context.data, bytesTotal, {
      without: () => put.reduce((sum, step) => sum + bytesThere(context.data, plan, step), 0),
    })
    const chunks = put.map((step) => restorer.restore(plan, step))
    restorer.syncFolders()
    if (changesAnything(plan))
      context.client.request(
        {
          kind: 'replaceChunks',
          db: database.url,
          table: table.name,
          put: chunks,
          remove: plan.steps.flatMap((s) => (s.kind === 'remove' ? [s.path] : [])),
          createDatabase: plan.target.createDatabase ? database : undefined,
          createTable: plan.target.createTable ? table : undefined,
          extendSchemes: plan.target.extendSchemes,
        },
        context.user,
      )
    run.complete()
    const removed = plan.steps.length - put.length - kept
    context.progress.outcome?.(
      `${database.url}/${table.name}: ${put.length} partitions restored, ${kept} unchanged, ${removed} removed; from ${set.store.root}, state ${set.manifest?.id}`,
    )
    return put.map((s) => s.chunk)
  } catch (error) {
    run.fail(error)
    throw error
  } finally {
    restorer.end()
    meter.done()
  }
}
