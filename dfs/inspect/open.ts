/** A data directory that nobody has open, to be looked at: nothing in it is changed, no recovery is run, and no process can open it meanwhile, where that can be seen to. */
import { join } from 'node:path'
import { type HoldfastError, toHoldfastError } from '../../runtime/errors.ts'
import type { CatalogReader } from '../catalog/key-value.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { lockForInspection } from '../engine/lock.ts'
import { linkToOther } from '../engine/lock-linked-folders.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'

export interface InspectedDirectory {
  readonly files: FileStore
  /** undefined: there is no catalog, or it can't be opened. */
  readonly catalog: CatalogReader | undefined
  /** Why it can't be opened. */
  readonly catalogError?: HoldfastError
  /** The last process did not close the directory. */
  readonly wasUnclean: boolean
  /** Every start is refused with this. */
  readonly startError?: HoldfastError
  /** No process can open it meanwhile; false where nothing can be written. */
  readonly isHeld: boolean
  close(): Promise<void>
}

export const CATALOG_FILE = 'catalog.mdb'

/** Throws `directoryMissing`, or `directoryInUse` if a living process has it. */
export function openForInspection(dataDir: string): InspectedDirectory {
  const { wasUnclean, putBack, isHeld } = lockForInspection(dataDir)
  try {
    const files = new LocalFileStore(dataDir)
    const startError = linkToOther(dataDir)
    const hadReaders = files.stat(`${CATALOG_FILE}-lock`) !== undefined
    const isThere = files.stat(CATALOG_FILE)?.kind === 'file'
    let catalog: LmdbCatalogStore | undefined
    let catalogError: HoldfastError | undefined
    try {
      if (isThere) catalog = new LmdbCatalogStore(join(dataDir, CATALOG_FILE), { isReadOnly: true })
    } catch (error) {
      catalogError = toHoldfastError(error)
    }
    return {
      files,
      catalog,
      ...(catalogError === undefined ? {} : { catalogError }),
      ...(startError === undefined ? {} : { startError }),
      wasUnclean,
      isHeld,
      close: async () => {
        await catalog?.close()
        // The table of readers was made by looking.
        if (isHeld && !hadReaders) files.remove(`${CATALOG_FILE}-lock`)
        putBack()
      },
    }
  } catch (error) {
    putBack()
    throw error
  }
}
