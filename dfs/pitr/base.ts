/** The backup that a recovery begins with: the newest of the set that is not after the target. */
import { HoldfastError } from '../../runtime/errors.ts'
import { type NodeManifest, requireManifest } from '../node-backup/manifest.ts'
import { keptStates } from '../node-backup/states.ts'
import type { FileStore } from '../store/file-store.ts'
import { beforeBackups, type Moment } from './errors.ts'
import { isAfter, type RecoveryTarget } from './target.ts'

/** The moment that a backup is of: everything in it was committed before, everything else is in the log behind it. */
export const momentOf = ({ startedAt, lsn }: NodeManifest): Moment => ({ timeMs: Date.parse(startedAt), lsn })

export interface BackupChoices {
  /** Every whole backup of the set, oldest first. */
  readonly all: readonly NodeManifest[]
  /** Those that are not after the target, newest first. A transaction may still turn out to be in one that committed after the target. */
  readonly candidates: readonly NodeManifest[]
}

/** `id`: only this one counts. Throws `recoveryBase` if all are after the target, `backupMissing` if there is none. */
export function chooseBases(
  set: FileStore,
  target: RecoveryTarget,
  id: string | undefined,
  note: (text: string) => void,
): BackupChoices {
  // Refuses what is no set of node backups, or has none.
  const newest = requireManifest(set, id)
  const states = keptStates(set, note)
  const all = states.flatMap(({ manifest }) => manifest ?? [])
  const allowed = id === undefined ? all : [newest]
  const candidates = allowed.filter((manifest) => !isAfter(target, momentOf(manifest))).reverse()
  if (candidates.length > 0) return { all, candidates }
  const oldest = allowed[0]
  if (oldest === undefined)
    throw new HoldfastError('data', `Every backup in ${set.root} is damaged.`, {
      code: 'recoveryBase',
      where: { file: set.root },
      hint: 'holdfast verify-backup lists the damage',
    })
  throw beforeBackups(set.root, target, { id: oldest.id, ...momentOf(oldest) })
}
