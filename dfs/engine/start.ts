/** Brings a data directory from whatever state it was left in to one that sessions can work on. */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../../runtime/errors.ts'
import { DEFAULT_PASSWORD, DEFAULT_USER, hashPassword } from '../access/index.ts'
import type { CatalogStore, CatalogWriter } from '../catalog/key-value.ts'
import { CATALOG_FORMAT, type CheckpointMark, keys, type StoreMark } from '../catalog/records.ts'
import { DeltaStore } from '../delta/store.ts'
import type { StoreSettings } from '../settings/index.ts'
import type { FileStore } from '../store/file-store.ts'
import { type CommitLog, type LogFileInfo, openCommitLog } from '../wal/commit-log.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { CatalogCommand } from './apply.ts'
import { type Recovered, recover } from './recovery.ts'

export interface StartParts {
  readonly catalog: CatalogStore
  readonly files: FileStore
  readonly settings: StoreSettings
  readonly now: () => number
  readonly bootId: string
  /** The last process did not close the directory. */
  readonly wasUnclean: boolean
  readonly say: (line: string) => void
  readonly beforeApply: (writer: CatalogWriter, command: CatalogCommand) => void
  /** Whether a log file that a checkpoint covers must stay for now. */
  readonly retain: (file: LogFileInfo) => boolean
}

export interface Started {
  readonly log: CommitLog
  readonly deltas: DeltaStore
  readonly recovered: Recovered
}

/** First records of a new catalog; the step from an older format. Throws `catalogFormat` for one of a newer release. */
export function prepareCatalog(catalog: CatalogStore, root: string): StoreMark {
  const format = catalog.get(keys.format) as number | undefined
  if (format !== undefined && format > CATALOG_FORMAT)
    throw new HoldfastError(
      'data',
      `The catalog in ${root} has format ${format}; this release knows formats up to ${CATALOG_FORMAT}.`,
      {
        code: 'catalogFormat',
        where: { file: 'catalog.mdb' },
        hint: 'open it with the release that wrote it, or a newer one',
      },
    )
  const known = catalog.get(keys.store) as StoreMark | undefined
  if (format === CATALOG_FORMAT && known !== undefined) return known
  const store: StoreMark = known ?? { id: randomUUID(), timeline: 1 }
  catalog.transaction((writer) => {
    if (format === undefined) {
      writer.put(keys.cid, 1)
      writer.put(keys.user(DEFAULT_USER), { name: DEFAULT_USER, isAdmin: true, ...hashPassword(DEFAULT_PASSWORD) })
    }
    writer.put(keys.format, CATALOG_FORMAT)
    writer.put(keys.store, store)
  })
  catalog.refresh()
  return store
}

/** Commits that a crash may take at most: those of small appends that no checkpoint and no sync has covered. */
const LOST_COMMITS_MAX = 1 << 24

/**
 * A commit that was lost (at level 2 with the power, at level 0 with the process) may have been seen: a backup may name its rows by its commit id. The
 * id must not come back for other rows, so the counter goes on beyond all that can have been lost.
 */
function skipLostCommits(catalog: CatalogStore, found: number): number {
  const lastCid = found + LOST_COMMITS_MAX
  catalog.transaction((writer) => writer.put(keys.cid, lastCid))
  catalog.refresh()
  return lastCid
}

/** Opens the log and repeats what the catalog lacks of it. */
export function startStorage(parts: StartParts, store: StoreMark): Started {
  const { catalog, files, settings, now, bootId, say } = parts
  const from = (catalog.get(keys.checkpoint) as CheckpointMark | undefined)?.lsn ?? 0
  const lastTransaction = (catalog.get(keys.checkpoint) as CheckpointMark | undefined)?.lastTransaction ?? 0
  const applied = catalog.get(keys.lsn) as number | undefined
  const { log, scan } = openCommitLog(files, {
    rotation: settings.walRotation,
    groupFiles: settings.walGroupFiles,
    groupFileBytes: settings.walGroupFileBytes,
    timeline: store.timeline,
    storeId: store.id,
    bootId,
    from,
    retain: parts.retain,
    ...(applied === undefined ? {} : { reached: applied - 1 }),
  })
  try {
    if (scan.droppedBytes > 0)
      say(
        `The log ends at LSN ${formatLsn(scan.end)} (${scan.file}, offset ${scan.offset}): ${scan.droppedBytes} bytes of an unfinished write after it do not count`,
      )
    const deltas = new DeltaStore()
    const recovered = recover(
      { catalog, log, deltas, files, from: Math.max(from, log.oldest), now, say, beforeApply: parts.beforeApply },
      !parts.wasUnclean,
    )
    const lastCid = parts.wasUnclean ? skipLostCommits(catalog, recovered.lastCid) : recovered.lastCid
    return {
      log,
      deltas,
      recovered: { ...recovered, lastCid, lastTransaction: Math.max(lastTransaction, recovered.lastTransaction) },
    }
  } catch (error) {
    log.close()
    throw error
  }
}
