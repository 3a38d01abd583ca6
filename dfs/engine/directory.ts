/** Takes a data directory of the file system: locked, as of a checkpoint if that is asked for, its catalog open. */
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import type { ChunkRecord } from '../catalog/types.ts'
import { adoptCopy, wantsRestore } from '../external-copy/adopt.ts'
import { COPY_FOLDER } from '../external-copy/format.ts'
import { refuseUnfinishedRestore } from '../node-backup/marker.ts'
import { OWNER_FILE } from '../store/data-directory.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import { bootIdOf, type DirectoryLock, lockDirectory } from './lock.ts'
import { requireOwnLinkedFolders } from './lock-linked-folders.ts'

const CATALOG = 'catalog.mdb'
const NEW_CATALOG = 'catalog-new.mdb'

/** Why a directory cannot be started: a copy that is not whole, a catalog that is gone, half a restore. */
const UNUSABLE = new Set([
  'copyUnusable',
  'catalogMissing',
  'catalogDamaged',
  'restoreUnfinished',
  'chunksMissing',
  'folderOfOther',
  'linkDangling',
])

export interface OpenDirectory {
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly lock: DirectoryLock
  readonly bootId: string
  /** The last process did not close it, or it is a copy that has just been put in order. */
  readonly wasUnclean: boolean
}

/** Throws `directoryInUse` if another process has it, `copyUnusable` if it is a copy that cannot be started, `restoreUnfinished` if a restore into it was cut off. */
export function openDirectory(
  dataDir: string,
  say: (line: string) => void,
  announce: (line: string) => void = say,
): OpenDirectory {
  const lock = lockDirectory(dataDir)
  try {
    const files = new LocalFileStore(dataDir)
    refuseUnfinishedRestore(files)
    requireOwnLinkedFolders(dataDir)
    const isCopy = wantsRestore(files)
    if (isCopy)
      adoptCopy({
        files,
        say,
        announce,
        now: Date.now,
        replaceCatalog: (fill) => replaceCatalogFile(files, dataDir, fill),
      })
    requireCatalogOf(files)
    const isNew = files.stat(CATALOG) === undefined
    const catalog = new LmdbCatalogStore(join(dataDir, CATALOG))
    // LMDB syncs what it writes, but not the name of the file.
    if (isNew) files.syncDirectory('')
    try {
      requireSegmentsOf(catalog, files)
    } catch (error) {
      void catalog.close()
      throw error
    }
    return { catalog, files, lock, bootId: bootIdOf(), wasUnclean: lock.wasUnclean || isCopy }
  } catch (error) {
    // What cannot be started stays as it is.
    if (error instanceof HoldfastError && UNUSABLE.has(error.code)) lock.putBack()
    else lock.leave()
    throw error
  }
}

/** Folders that a store tidies at its start. The catalog is made before any of them. */
const TIDIED = ['chunks', 'wal', COPY_FOLDER]

/**
 * A new catalog beside segments would take them all for remains of writes that were cut off, and a folder `checkpoint` of somebody else for one of a checkpoint
 * that is over.
 */
function requireCatalogOf(files: FileStore): void {
  if ((files.stat(CATALOG)?.bytes ?? 0) > 0) return
  const folder = TIDIED.find((name) =>
    files.list(name).some(({ name: entry }) => entry !== VOLUME_FOLDER && entry !== OWNER_FILE),
  )
  if (folder === undefined) return
  throw new HoldfastError(
    'data',
    folder === 'chunks'
      ? `${CATALOG} in ${files.root} is missing or empty, but there are segments in chunks/.`
      : `${CATALOG} in ${files.root} is missing or empty, but ${folder}/ is not empty: this is a data directory that has lost its catalog, or none at all.`,
    {
      code: 'catalogMissing',
      where: { file: CATALOG },
      hint: `nothing was changed; put the file back, or restore the databases from a backup into a new directory${folder === 'chunks' ? '' : '; for a new store name another directory with --data'}`,
    },
  )
}

/** Segments of a catalog that are all gone are on a volume that is not mounted: what would be written now would lie beneath it. */
function requireSegmentsOf(catalog: CatalogStore, files: FileStore): void {
  if (files.list('chunks').some(({ name }) => name !== VOLUME_FOLDER && name !== OWNER_FILE)) return
  for (const [, chunk] of catalog.entries(['chunk']))
    if ((chunk as ChunkRecord).segments.length > 0)
      throw new HoldfastError(
        'data',
        `chunks/ in ${files.root} is missing or empty, and the catalog names segments in it.`,
        {
          code: 'chunksMissing',
          where: { file: 'chunks' },
          hint: 'nothing was changed; mount the volume that they are on, or put the folder back from a copy, or restore a backup into a new directory',
        },
      )
}

/** Makes the new catalog beside the old one, which it then replaces. */
function replaceCatalogFile(files: FileStore, dataDir: string, fill: (catalog: CatalogStore) => void): void {
  for (const name of [NEW_CATALOG, `${NEW_CATALOG}-lock`]) files.remove(name)
  const catalog = new LmdbCatalogStore(join(dataDir, NEW_CATALOG))
  fill(catalog)
  // Every commit is durable when it returns; nothing is left to wait for.
  void catalog.close()
  files.remove(`${CATALOG}-lock`)
  files.rename(NEW_CATALOG, CATALOG)
  files.remove(`${NEW_CATALOG}-lock`)
  files.syncDirectory('')
}
