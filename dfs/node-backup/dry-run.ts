/** What a backup of the node would do now. Takes no lock and changes nothing, so that a call made later may do something else. */
import { keys, type StoreMark } from '../catalog/records.ts'
import type { ExpectedFile } from '../set/pipeline.ts'
import type { PlannedAction } from '../set/planned-chunk.ts'
import { planCopy } from './copy.ts'
import { surveyCatalog } from './dump.ts'
import { bytesOfPiece, filesFrom } from './log-copy.ts'
import { openSet } from './open.ts'
import { keptStates, namedFiles, statesBeyond } from './states.ts'
import { type NodeBackupParts, type NodeBackupRequest, newestManifest, requireSameStore, statusOf } from './take.ts'

/** `appends`: rows of small appends that are in no segment; `log`: files of it; `backups`: those that leave the set. */
export interface PlannedPart {
  readonly content: 'segments' | 'appends' | 'log' | 'backups'
  readonly action: Exclude<PlannedAction, 'replace' | 'append'>
  /** Of files, rows or backups. */
  readonly count: number
  /** Before compression; of backups that leave none are counted. */
  readonly bytes: number
}

/** Parts of which there is nothing are left out. */
export function planNodeBackup(parts: NodeBackupParts, request: NodeBackupRequest): readonly PlannedPart[] {
  const { context, catalog } = parts
  const newest = newestManifest(parts)
  const set = openSet(parts.set, request.key, newest)
  if (newest !== undefined) requireSameStore(set, newest, catalog.get(keys.store) as StoreMark)
  const { log } = statusOf(context)
  const { view, release } = context.pinnedView('plan of a backup of the node')
  try {
    const note = (text: string): void => context.progress.note(text)
    const { segments, appends } = surveyCatalog(catalog, view)
    const states = keptStates(set, note)
    const plan = planCopy(set, segments, namedFiles(set, states, note), request.compress ? 'zstd' : 'plain')
    const pieces = request.includeWal ? filesFrom(log.files, log.end) : []
    const logBytes = pieces.reduce((sum, p) => sum + bytesOfPiece(p), 0)
    const planned: readonly PlannedPart[] = [
      { content: 'segments', action: 'keep', ...sizeOf(plan.kept) },
      { content: 'segments', action: 'resume', ...sizeOf(plan.found) },
      { content: 'segments', action: 'copy', ...sizeOf(plan.missing) },
      { content: 'appends', action: 'copy', count: appends.rows, bytes: appends.bytes },
      { content: 'log', action: 'copy', count: pieces.length, bytes: logBytes },
      { content: 'backups', action: 'delete', count: statesBeyond(states, request.keep).length, bytes: 0 },
    ]
    return planned.filter(({ count }) => count > 0)
  } finally {
    release()
  }
}

const sizeOf = (files: readonly ExpectedFile[]): Pick<PlannedPart, 'count' | 'bytes'> => ({
  count: files.length,
  bytes: files.reduce((sum, f) => sum + f.bytes, 0),
})
