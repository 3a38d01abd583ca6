/** Backups of a node as commands use them: sets and data directories are folders of the file system. */
import { basename, dirname, join, resolve } from 'node:path'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { lockDirectory } from '../engine/lock.ts'
import type { ProgressSink } from '../progress.ts'
import { startFileHelpers } from '../set/file-work.ts'
import { type BackupKey, parseKey } from '../set/key.ts'
import { requireOutside } from '../store/data-directory.ts'
import { LocalFileStore } from '../store/local-store.ts'
import type { Dispensable } from './contents.ts'
import { type NodeManifest, requireManifest } from './manifest.ts'
import { planNode, restoreNode } from './restore.ts'
import { type VerifyReport, verifyNodeBackup } from './verify.ts'

export type { ProgressSink, ProgressState } from '../progress.ts'
export { DISPENSABLE, type Dispensable } from './contents.ts'
export type { NodeManifest } from './manifest.ts'
export type { VerifyFailure, VerifyReport } from './verify.ts'

export interface BackupChoice {
  /** Of the set. */
  readonly folder: string
  /** Default: the newest. */
  readonly id?: string | undefined
  /** Path of the key of an encrypted set. */
  readonly keyFile?: string | undefined
}

export function verifyBackupFolder({ folder, id, keyFile }: BackupChoice, progress: ProgressSink): VerifyReport {
  // While this thread reads what the backup should hold.
  startFileHelpers()
  return verifyNodeBackup({ set: new LocalFileStore(folder), id, key: keyOf(keyFile), progress, now: Date.now })
}

/** Throws for a `dataDir` that holds anything. `without`: parts that are left out, because they are damaged. */
export function restoreBackupFolder(
  { folder, id, keyFile }: BackupChoice,
  dataDir: string,
  progress: ProgressSink,
  without?: readonly Dispensable[],
): NodeManifest {
  const place = resolve(dataDir)
  requireOutside(place, folder, 'backup')
  const set = new LocalFileStore(folder)
  const key = keyOf(keyFile)
  requireManifest(set, id)
  startFileHelpers()
  const target = new LocalFileStore(place)
  const isNew = target.stat('') === undefined
  // Two restores of one directory would write over each other's files, and one of them would go on when the other is a store already.
  const lock = lockDirectory(place)
  let isDone = false
  try {
    const restored = restoreNode({
      set,
      id,
      key,
      without,
      target,
      makeCatalog: (fill) => {
        const catalog = new LmdbCatalogStore(join(place, 'catalog.mdb'))
        fill(catalog)
        // Every commit is durable when it returns; nothing is left to wait for.
        void catalog.close()
        // The name of the new directory is durable before it counts as a store.
        const above = new LocalFileStore(dirname(place))
        if (basename(place) !== '') above.syncDirectory('')
      },
      progress,
      now: Date.now,
    })
    isDone = true
    return restored
  } finally {
    if (isDone) lock.release()
    else lock.putBack()
    if (isNew && !isDone) target.removeEmptyDirectory('')
  }
}

/** What restoreBackupFolder would restore; throws what would keep it from that, damage of data files excepted. Changes nothing. */
export function planRestoreFolder(
  { folder, id, keyFile }: BackupChoice,
  dataDir: string,
  without?: readonly Dispensable[],
): NodeManifest {
  const place = resolve(dataDir)
  requireOutside(place, folder, 'backup')
  return planNode({
    set: new LocalFileStore(folder),
    id,
    key: keyOf(keyFile),
    without,
    target: new LocalFileStore(place),
  })
}

function keyOf(keyFile: string | undefined): BackupKey | undefined {
  if (keyFile === undefined) return undefined
  const path = resolve(keyFile)
  return parseKey(new LocalFileStore(dirname(path)).readFile(basename(path)), path)
}
