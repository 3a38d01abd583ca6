/** What the store keeps in its data directory. Everything else there (texts that scripts save, backup sets) is not the store's. */
import { isAbsolute, join, relative } from 'node:path'

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
