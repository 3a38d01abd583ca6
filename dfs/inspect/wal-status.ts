/** `holdfast wal status`: the log of a directory, which may be in use. Reads the catalog and the files as they are, and locks nothing. */
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { LmdbCatalogStore } from '../catalog/lmdb-store.ts'
import { type CheckpointMark, keys, type StoreMark } from '../catalog/records.ts'
import { type StartSettings, settingsOf } from '../settings/index.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { type WalkedFile, type WalkStop, walkLog } from '../wal/walk.ts'
import { CATALOG_FILE } from './open.ts'

export interface WalStatus {
  readonly level: number
  readonly rotation: 'dual' | 'group'
  readonly timeline: number
  readonly end: number
  readonly oldest: number
  readonly checkpoint: CheckpointMark | undefined
  readonly bytes: number
  /** What a recovery would read. */
  readonly recoveryBytes: number
  readonly files: readonly WalkedFile[]
  /** Why the end is where it is, if that is not the end of the last file. */
  readonly stop: WalkStop | undefined
}

export async function walStatusOf(dataDir: string, start: StartSettings): Promise<WalStatus> {
  const store = new LocalFileStore(dataDir)
  if (store.stat(CATALOG_FILE)?.kind !== 'file')
    throw new HoldfastError('input', `There is no ${CATALOG_FILE} in ${dataDir}: it is no data directory.`, {
      code: 'catalogMissing',
    })
  const catalog = new LmdbCatalogStore(join(dataDir, CATALOG_FILE), { isReadOnly: true })
  try {
    const checkpoint = catalog.get(keys.checkpoint) as CheckpointMark | undefined
    const { walLevel, walRotation } = settingsOf(catalog, start).values
    const { end, oldest, files, stop } = walkLog(store, { from: checkpoint?.lsn ?? 0 }, () => {})
    return {
      level: walLevel,
      rotation: walRotation,
      timeline: (catalog.get(keys.store) as StoreMark | undefined)?.timeline ?? 0,
      end,
      oldest,
      checkpoint,
      bytes: files.reduce((n, f) => n + f.bytes, 0),
      recoveryBytes: end - Math.max(checkpoint?.lsn ?? 0, oldest),
      files,
      stop,
    }
  } finally {
    await catalog.close()
  }
}
