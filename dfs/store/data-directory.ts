/** What the store keeps in its data directory. Everything else there (texts that scripts save, backup sets) is not the store's. */
import { isAbsolute, join, relative } from 'node:path'
import { inputError } from '../../runtime/errors.ts'

/** Of the files of a store: rows, results of jobs, hashes of passwords are in them. What the umask takes away is taken away, too. */
export const STORE_FILE_MODE = 0o640

/** In `chunks` and `wal` where they are links to other volumes: whose they are (engine/lock-linked-folders.ts). */
export const OWNER_FILE = 'holdfast.owner'

const STORE_FILES = [
  'catalog.mdb',
  'catalog.mdb-lock',
  'chunks',
  'wal',
  'checkpoint',
  '_restore',
  '_restoring',
  'holdfast.lock',
  'holdfast.toml',
  'batchJobs',
  'sysmgmt',
  'recovery',
]

export const storeFilesOf = (home: string): string[] => STORE_FILES.map((name) => join(home, name))

/** Whether a path is one of the store's own, lies in one, or holds one. */
export const touchesStore = (home: string, path: string): boolean =>
  storeFilesOf(home).some((own) => isWithin(path, own) || isWithin(own, path))

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
}

/** A shell puts the home directory for `~`; here it would be a folder of that name, in the data directory of all places. */
export function refuseTilde(path: string): void {
  if (path !== '~' && !path.startsWith('~/')) return
  throw inputError(`The path ${path} begins with ~, which only a shell turns into the home directory.`, {
    code: 'tildePath',
    where: { file: path },
    hint: 'write the path in full, such as /home/ada/backups',
  })
}

/** Throws `targetInside` for a new data directory in a backup or an archive, which tidy what they do not know. */
export function requireOutside(dataDir: string, folder: string, what: string): void {
  if (!isWithin(dataDir, folder)) return
  throw inputError(`The new data directory ${dataDir} lies in the ${what} ${folder}.`, {
    code: 'targetInside',
    where: { file: dataDir },
    hint: 'name a directory outside of it',
  })
}
