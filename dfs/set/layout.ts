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
const DROPPED_SUFFIX = '.dropped'
const ID = /^[0-9]{8}T[0-9]{9}Z-[0-9a-f]{6}$/

/** `20240131T101500123Z-5f09ac`: never repeats, and sorts behind `newestId` even if the clock was set back since. */
export function newStateId(nowMs: number, newestId?: string): string {
  const ms = newestId === undefined ? nowMs : Math.max(nowMs, timeOfStateId(newestId) + 1)
  return `${new Date(ms).toISOString().replace(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`
}

export const isStateId = (text: string): boolean => ID.test(text)

/** When the run began that made the state, in milliseconds; for one whose manifest cannot be read. */
export function timeOfStateId(id: string): number {
  const [, date, time] = /^([0-9]{8})T([0-9]{9})Z/.exec(id)!
  const day = date.replace(/^(....)(..)(..)$/, '$1-$2-$3')
  return Date.parse(`${day}T${time.replace(/^(..)(..)(..)(...)$/, '$1:$2:$3.$4')}Z`)
}

export const stateFolder = (id: string): string => `${STATES_FOLDER}/${id}`
export const partialFolder = (id: string): string => `${STATES_FOLDER}/${id}${PARTIAL_SUFFIX}`
export const droppedFolder = (id: string): string => `${STATES_FOLDER}/${id}${DROPPED_SUFFIX}`

export interface StateFolder {
  readonly id: string
  /** `partial`: its run has not ended; `dropped`: it is no state any more, and its files are being removed. */
  readonly kind: 'complete' | 'partial' | 'dropped'
}

/** What a name below `states/` stands for; undefined for anything else. */
export function parseStateFolder(name: string): StateFolder | undefined {
  const [id, ...suffixes] = name.split(/(?=\.)/)
  if (!isStateId(id)) return undefined
  if (suffixes.length === 0) return { id, kind: 'complete' }
  if (suffixes.length > 1) return undefined
  if (suffixes[0] === PARTIAL_SUFFIX) return { id, kind: 'partial' }
  return suffixes[0] === DROPPED_SUFFIX ? { id, kind: 'dropped' } : undefined
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
