/** Takes a data directory of the file system: locked, as of a checkpoint if that is asked for, its catalog open. */
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import type { CatalogStore } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { adoptCopy, wantsRestore } from '../external-copy/adopt.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { bootIdOf, type DirectoryLock, lockDirectory } from './lock.ts'

const CATALOG = 'catalog.mdb'
const NEW_CATALOG = 'catalog-new.mdb'

export interface OpenDirectory {
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly lock: DirectoryLock
  readonly bootId: string
  /** The last process did not close it, or it is a copy that has just been put in order. */
  readonly wasUnclean: boolean
}

/** Throws `directoryInUse` if another process has it, `copyUnusable` if it is a copy that cannot be started. */
export function openDirectory(
  dataDir: string,
  say: (line: string) => void,
  announce: (line: string) => void = say,
): OpenDirectory {
  const lock = lockDirectory(dataDir)
  try {
    const files = new LocalFileStore(dataDir)
    const isCopy = wantsRestore(files)
    if (isCopy)
      adoptCopy({
        files,
        say,
        announce,
        now: Date.now,
        replaceCatalog: (fill) => replaceCatalogFile(files, dataDir, fill),
      })
    const isNew = files.stat(CATALOG) === undefined
    const catalog = new LmdbCatalogStore(join(dataDir, CATALOG))
    // LMDB syncs what it writes, but not the name of the file.
    if (isNew) files.syncDirectory('')
    return { catalog, files, lock, bootId: bootIdOf(), wasUnclean: lock.wasUnclean || isCopy }
  } catch (error) {
    // A copy that cannot be started stays as it is, so that it can be mended.
    if (error instanceof HoldfastError && error.code === 'copyUnusable') lock.putBack()
    else lock.leave()
    throw error
  }
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
