/**
 * Whether a folder may become, or be, a backup set. A set tidies its folders `data/` and `wal/`: what no backup names is removed. So they must have been made by backups: a set begins in
 * a folder without them and outside of those of other sets, and never shares its folder with an archive of the log, which keeps segments below `data/` too.
 */
import { dirname, relative } from 'node:path'
import { inputError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'
import { LocalFileStore } from '../store/local-store.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import { DATA_FOLDER, MANIFEST_FILE, parseStateFolder, STATES_FOLDER } from './layout.ts'

const LOG_FOLDER = 'wal'
const CATALOG = 'catalog.mdb'
/** A piece of log, whatever a command has put behind its name. */
const PIECE = /^[0-9A-F]{24}($|\.)/
const NODE_STATE = /^bk-[0-9]{8}-[0-9]{6}/

/** Folders of a set that its runs tidy. */
const TIDIED = [DATA_FOLDER, LOG_FOLDER, STATES_FOLDER]

/** Backups are there, or an interrupted run has begun one. */
export const holdsBackups = (folder: FileStore): boolean =>
  folder.stat(MANIFEST_FILE) !== undefined ||
  folder
    .list(STATES_FOLDER)
    .some(({ name, kind }) => kind === 'directory' && (parseStateFolder(name) !== undefined || NODE_STATE.test(name)))

/** The backup set of which a folder that is tidied holds this one. */
export function setAround({ address, root }: FileStore): string | undefined {
  if (address === undefined) return undefined
  let below = root
  for (let folder = dirname(below); folder !== below; below = folder, folder = dirname(folder))
    if (TIDIED.includes(relative(folder, below)) && new LocalFileStore(folder).stat(MANIFEST_FILE) !== undefined)
      return folder
  return undefined
}

/** Throws `backupDirTaken` for a folder that holds an archive, a data directory, or files of others where a set keeps its own; and for one in another set, which would remove it. */
export function requireOwnFolder(folder: FileStore): void {
  const set = setAround(folder)
  if (set !== undefined)
    throw taken(folder, `lies among the files of the backups in ${set}, which would remove it`, `beside ${set}`)
  const top = folder.list('')
  const piece =
    top.find(({ name, kind }) => kind === 'file' && PIECE.test(name)) ??
    folder.list(LOG_FOLDER).find(({ name }) => name === DATA_FOLDER || name.endsWith('.segments'))
  if (piece !== undefined) throw taken(folder, `holds an archive of the log (${piece.name})`)
  if (top.some(({ name }) => name === CATALOG)) throw taken(folder, `is a data directory: it holds ${CATALOG}`)
  if (holdsBackups(folder)) return
  for (const place of [DATA_FOLDER, LOG_FOLDER]) {
    const file = firstFile(folder, place)
    if (file !== undefined)
      throw taken(folder, `holds no backup, but files in ${place}/, which would be removed (${file})`)
  }
}

const taken = (folder: FileStore, why: string, where = 'in this one'): Error =>
  inputError(`The directory ${folder.root} cannot hold backups: it ${why}.`, {
    code: 'backupDirTaken',
    where: { file: folder.root },
    hint: `nothing was changed; name a new or empty directory, such as a folder of its own ${where}`,
  })

function firstFile(folder: FileStore, place: string): string | undefined {
  for (const { name, kind } of folder.list(place)) {
    if (name === VOLUME_FOLDER && !place.includes('/')) continue
    const path = `${place}/${name}`
    const found = kind === 'directory' ? firstFile(folder, path) : path
    if (found !== undefined) return found
  }
  return undefined
}
