/** Where things lie in a set of node backups; docs/formats/backup-set.md shows the whole. Paths are relative to the set's folder. */
import { DATA_FOLDER, distinctName, partialFolder, STATES_FOLDER, stateFolder } from '../set/layout.ts'
import { isSafeName } from '../set/names.ts'
import type { FileStore } from '../store/file-store.ts'

export const LOG_FOLDER = 'wal'
export const COMPRESSED_SUFFIX = '.zst'

const ID = /^bk-[0-9]{8}-[0-9]{6}(-[0-9]{1,6})?$/
const PARTIAL_SUFFIX = '.partial'

/** `bk-20260115-103045` (UTC); with a number behind it if another backup began in that second. */
export function newBackupId(nowMs: number, isTaken: (id: string) => boolean): string {
  const digits = new Date(nowMs).toISOString().replace(/[-:]/g, '')
  const id = `bk-${digits.slice(0, 8)}-${digits.slice(9, 15)}`
  if (!isTaken(id)) return id
  for (let k = 2; ; k++) if (!isTaken(`${id}-${k}`)) return `${id}-${k}`
}

export const isBackupId = (text: string): boolean => ID.test(text)

/** The backups whose folders are there, complete or not; anything else below `states/` is not ours. */
export function stateFoldersOf(set: FileStore): { readonly id: string; readonly isPartial: boolean }[] {
  const found: { id: string; isPartial: boolean }[] = []
  for (const { name, kind } of set.list(STATES_FOLDER)) {
    const isPartial = name.endsWith(PARTIAL_SUFFIX)
    const id = isPartial ? name.slice(0, -PARTIAL_SUFFIX.length) : name
    if (kind === 'directory' && isBackupId(id)) found.push({ id, isPartial })
  }
  return found
}

export const isIdTaken = (set: FileStore, id: string): boolean =>
  set.stat(stateFolder(id)) !== undefined || set.stat(partialFolder(id)) !== undefined

/** The records of the catalog, as in a checkpoint for copies. */
export const catalogFile = (folder: string): string => `${folder}/catalog`
/** The data files of the backup, see file-index.ts. */
export const indexFile = (folder: string): string => `${folder}/files`
export const configFile = (folder: string): string => `${folder}/holdfast.toml`
export const scheduledJobsFile = (folder: string): string => `${folder}/scheduled-jobs.json`

const LIVE_FOLDER = 'chunks/'

/** Whether a path may name a segment of a data directory: below `chunks/`, and nowhere else. */
export const isSegmentPath = (path: string): boolean =>
  path.startsWith(LIVE_FOLDER) && path.split('/').every((name) => isSafeName(name))

/** Whether a path may name a file of the pool. */
export const isPoolPath = (path: string, folder: typeof DATA_FOLDER | typeof LOG_FOLDER): boolean =>
  path.startsWith(`${folder}/`) && path.split('/').every((name) => isSafeName(name))

/** Where a segment lies in the set; with `checksum` where its usual name stands for other content. */
export function poolPath(segment: string, isCompressed: boolean, checksum?: string): string {
  const plain = `${DATA_FOLDER}/${segment.slice(LIVE_FOLDER.length)}`
  const name = checksum === undefined ? plain : distinctName(plain, checksum)
  return isCompressed ? `${name}${COMPRESSED_SUFFIX}` : name
}
