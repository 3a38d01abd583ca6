/**
 * Where things lie in a backup set; docs/formats/backup-set.md shows the whole. Paths are relative to the set's folder and made only from checked names.
 */
import { randomBytes } from 'node:crypto'
import { folderOfDatabase, isSafeName } from './names.ts'

export const MANIFEST_FILE = 'backup_manifest.json'
export const STATES_FOLDER = 'states'
export const DATA_FOLDER = 'data'
export const LOCK_FOLDER = 'backup.lock'

const PARTIAL_SUFFIX = '.partial'
const ID = /^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}$/

/** `20240131T101500123Z-5f09ac`: sorts by time, never repeats. */
export function newStateId(nowMs: number): string {
  return `${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`
}

export const isStateId = (text: string): boolean => ID.test(text)

export const stateFolder = (id: string): string => `${STATES_FOLDER}/${id}`
export const partialFolder = (id: string): string => `${STATES_FOLDER}/${id}${PARTIAL_SUFFIX}`

/** The id of a folder below `states/`, and whether its run has ended; undefined for anything else. */
export function parseStateFolder(name: string): { readonly id: string; readonly partial: boolean } | undefined {
  const partial = name.endsWith(PARTIAL_SUFFIX)
  const id = partial ? name.slice(0, -PARTIAL_SUFFIX.length) : name
  return isStateId(id) ? { id, partial } : undefined
}

export const stateManifestFile = (folder: string): string => `${folder}/manifest.json`
/** The database's own definition: lies beside its tables; no table can be called so, as those end in `.meta`. */
export const domainFile = (folder: string, url: string): string => `${folder}/${folderOfDatabase(url)}/domain`
export const tableIndexFile = (folder: string, url: string, table: string): string =>
  `${folder}/${folderOfDatabase(url)}/${table}.meta`

export const planFile = (folder: string): string => `${folder}/plan.json`
export const finishedLogFile = (folder: string, attempt: number): string => `${folder}/finished-${attempt}.log`
/** The attempt number of a log of finished chunks, undefined for other names. */
export function parseFinishedLog(name: string): number | undefined {
  const found = /^finished-([0-9]{1,9})\.log$/.exec(name)
  return found === null ? undefined : Number(found[1])
}

/** Folder of the files of one chunk: `data/<db>/<partition path>/<table>`. */
export const chunkFolder = (url: string, path: string, table: string): string =>
  `${DATA_FOLDER}/${folderOfDatabase(url)}${path}/${table}`

/** Name of a segment's file in the set: that of the live file, so that people can see which is which. */
export function segmentName(liveFile: string): string {
  const name = liveFile.slice(liveFile.lastIndexOf('/') + 1)
  return isSafeName(name) ? name : 'segment.arrow'
}

/** Another name for a file whose usual one is taken by other content. */
export function distinctName(name: string, checksum: string): string {
  return name.endsWith('.arrow') ? `${name.slice(0, -'.arrow'.length)}-${checksum}.arrow` : `${name}-${checksum}`
}
