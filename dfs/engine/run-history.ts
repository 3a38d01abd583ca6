/** How far back getBackupStatus and getNodeBackupStatus tell: the records of runs would grow for ever otherwise, and all are read at each start. */
import type { CatalogStore } from '../catalog/key-value.ts'
import { keys, runsOf } from '../catalog/records.ts'

const RUNS_KEPT = 10_000

/** Removes the oldest records of runs that have ended, so that so many stay. */
export function forgetOldRuns(catalog: CatalogStore, kept = RUNS_KEPT): void {
  const ended = runsOf(catalog).filter((run) => run.state !== 'running')
  if (ended.length <= kept) return
  const old = ended.sort((a, b) => b.startMs - a.startMs).slice(kept)
  catalog.transaction((writer) => {
    for (const { id } of old) writer.remove(keys.run(id))
  })
}
