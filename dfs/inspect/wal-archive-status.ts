/** `holdfast wal archive-status`: how far the log of a directory is archived, which may be in use. Reads the catalog and the headers of the log; locks nothing. */
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { isArchiveNeeded } from '../archive/ledger.ts'
import { type ArchiveStatus, archiveStatus } from '../archive/status.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { type ArchiveMark, keys } from '../catalog/records.ts'
import type { StartSettings } from '../settings/index.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { walkLog } from '../wal/walk.ts'
import { CATALOG_FILE } from './open.ts'

export async function walArchiveStatusOf(dataDir: string, start: StartSettings): Promise<ArchiveStatus> {
  const store = new LocalFileStore(dataDir)
  if (store.stat(CATALOG_FILE)?.kind !== 'file')
    throw new HoldfastError('input', `There is no ${CATALOG_FILE} in ${dataDir}: it is no data directory.`, {
      code: 'catalogMissing',
    })
  const catalog = new LmdbCatalogStore(join(dataDir, CATALOG_FILE), { isReadOnly: true })
  try {
    const mark = catalog.get(keys.archive) as ArchiveMark | undefined
    // Headers first. Records are read of the last file only: the others end where the next one begins.
    const { files } = walkLog(store, { to: 0 }, () => {})
    const { end } = walkLog(store, { from: files.at(-1)?.firstLsn ?? 0 }, () => {})
    const pending = files.slice(0, -1).filter((file, k) => {
      const { sequence, firstLsn } = file
      return (
        mark?.timeline === file.timeline && isArchiveNeeded(mark, { sequence, firstLsn, endLsn: files[k + 1].firstLsn })
      )
    })
    const bytes = pending.length === 0 ? 0 : Math.max(0, end - pending[0].firstLsn)
    return archiveStatus(start.archive?.enabled === true, mark, { segments: pending.length, bytes })
  } finally {
    await catalog.close()
  }
}
