/** Folders for data that is thrown away: private to their owner, because they hold what the store holds. */
import { mkdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolders } from './make-folders.ts'
import { storeError } from './store-error.ts'

/** Makes the folder `name` in `parent`, which is made if it is missing; a folder of this name must not be there. Answers its path. */
export function makeScratchFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  try {
    makeFolders(parent)
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    throw storeError('create folder', folder, error)
  }
  return folder
}

/** Whether something else than a folder has the name. Links are followed; what is missing can be made. */
export function isNoFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false
  } catch (error) {
    throw storeError('inspect', path, error)
  }
}

/** Bytes that can still be written below a folder, which need not exist yet. */
export function freeBytesAt(folder: string): number {
  for (let place = folder; ; place = dirname(place))
    try {
      const { bavail, bsize } = statfsSync(place)
      return bavail * bsize
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(place) === place)
        throw storeError('inspect', place, error)
    }
}
