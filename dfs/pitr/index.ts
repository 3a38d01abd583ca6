/** Point-in-time recovery as commands use it: sets, archives and data directories are folders of the file system. */
import { basename, dirname, join, resolve } from 'node:path'
import { inputError } from '../../runtime/errors.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { lockDirectory } from '../engine/lock.ts'
import type { Dispensable } from '../node-backup/contents.ts'
import type { ProgressSink } from '../progress.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import type { ArchiveSettings } from '../settings/index.ts'
import { requireOutside } from '../store/data-directory.ts'
import { LocalFileStore } from '../store/local-store.ts'
import type { RecoverySources } from './plan.ts'
import { planStore, type RecoveredStore, recoverStore, type StoreRecoveryParts } from './recover-store.ts'
import { RestoreCommand } from './restore-command.ts'
import { parseTarget } from './target.ts'

export type { ProgressSink } from '../progress.ts'
export type { RecoveredStore } from './recover-store.ts'
export { parseTarget } from './target.ts'

export interface RecoveryChoice {
  readonly target: string
  /** Folder of the set. */
  readonly backup: string
  /** Default: the newest that is not after the target. */
  readonly backupId?: string | undefined
  /** Path of the key of an encrypted set. */
  readonly keyFile?: string | undefined
  /** Instead of what the settings say. */
  readonly archiveDir?: string | undefined
  /** Parts of the base backup that are left out, because they are damaged. */
  readonly without?: readonly Dispensable[] | undefined
  /** Of the configuration that was given. */
  readonly archive?: ArchiveSettings | undefined
}

/** Makes `dataDir`. Throws for one that holds anything, and for whatever keeps it from the target; the directory is as it was then. */
export function recoverFolder(
  choice: RecoveryChoice,
  dataDir: string,
  say: (line: string) => void,
  progress: ProgressSink,
): RecoveredStore {
  return inNewFolder(choice, dataDir, (parts, complete) => {
    const place = parts.data.root
    const recovered = recoverStore({
      ...parts,
      makeCatalog: (fill) => {
        const catalog = new LmdbCatalogStore(join(place, 'catalog.mdb'))
        fill(catalog)
        // Every commit is durable when it returns; nothing is left to wait for.
        void catalog.close()
        // The name of the new directory is durable before it counts as a store.
        if (basename(place) !== '') new LocalFileStore(dirname(place)).syncDirectory('')
      },
      say,
      progress,
      now: Date.now,
    })
    complete()
    return recovered
  })
}

/** Says what recoverFolder would do. `dataDir` is as it was when it returns or throws. */
export function planFolder(
  choice: RecoveryChoice,
  dataDir: string,
  say: (line: string) => void,
  progress: ProgressSink,
): void {
  inNewFolder(choice, dataDir, (parts) => planStore({ ...parts, say, progress }))
}

type PlaceParts = Pick<StoreRecoveryParts, 'sources' | 'target' | 'data' | 'without'>

/** The directory is locked while `work` goes on, and as it was before unless that calls `complete`. */
function inNewFolder<R>(
  choice: RecoveryChoice,
  dataDir: string,
  work: (parts: PlaceParts, complete: () => void) => R,
): R {
  const target = parseTarget(choice.target)
  const sources = sourcesOf(choice)
  const place = resolve(dataDir)
  requireOutside(place, sources.set.root, 'backup')
  if (sources.archive !== undefined) requireOutside(place, sources.archive.root, 'archive')
  const data = new LocalFileStore(place)
  const isNew = data.stat('') === undefined
  const lock = lockDirectory(place)
  let isDone = false
  try {
    return work({ sources, target, data, without: choice.without }, () => {
      isDone = true
    })
  } finally {
    // Where nothing was recovered, the lock that a process left in somebody's store still says that it was not closed.
    if (isDone) lock.release()
    else lock.putBack()
    // Not if the marker stands in it, which says what it is.
    if (isNew && !isDone) data.removeEmptyDirectory('')
  }
}

function sourcesOf({ backup, backupId, keyFile, archiveDir, archive }: RecoveryChoice): RecoverySources {
  const dir = archiveDir ?? (archive?.restoreCommand === undefined ? archive?.dir : undefined)
  const directory = dir === undefined ? undefined : new LocalFileStore(resolve(dir))
  if (directory !== undefined && directory.stat('')?.kind !== 'directory')
    throw inputError(`There is no archive directory ${dir}.`, {
      code: 'archiveMissing',
      where: { file: dir },
      hint: 'name it with --wal-archive-dir, or in the configuration with --config',
    })
  const command = dir === undefined ? archive?.restoreCommand : undefined
  if (dir === undefined && command === undefined && archive?.command !== undefined)
    throw inputError('The configuration archives with wal_archive_command, but has no wal_restore_command.', {
      code: 'restoreCommand',
      hint: 'add the command that fetches a file, or name a directory with --wal-archive-dir',
    })
  return {
    set: new LocalFileStore(resolve(backup)),
    key: keyFile === undefined ? undefined : keyOf(resolve(keyFile)),
    id: backupId,
    archive: directory,
    command: command === undefined ? undefined : new RestoreCommand(command),
  }
}

const keyOf = (path: string): BackupKey => parseKey(new LocalFileStore(dirname(path)).readFile(basename(path)), path)
