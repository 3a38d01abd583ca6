/**
 * `chunks` and `wal` may be links to folders on other volumes. A copy of the data directory has the same links (`cp -r` and `rsync -a` copy them as they are), and a store that starts on it
 * would remove what its catalog does not name: the files of the original. So a folder behind a link says in a file whose it is.
 */
import { lstatSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HoldfastError } from '../../runtime/errors.ts'
import { OWNER_FILE, STORE_FILE_MODE } from '../store/data-directory.ts'
import { storeError } from '../store/store-error.ts'

interface Owner {
  /** Of the data directory. */
  readonly path: string
  /** Its number on its volume: a directory that was moved keeps it. That of the volume may change when the machine starts. */
  readonly folder: string
}

const LINKED = ['chunks', 'wal']

/** Throws `folderOfOther` for a link to a folder of another data directory; notes whose a folder is that says nothing. */
export function requireOwnLinkedFolders(dataDir: string): void {
  for (const name of LINKED) {
    const link = join(dataDir, name)
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue
    const target = realpathSync(link)
    const file = join(target, OWNER_FILE)
    const mine: Owner = { path: realpathSync(dataDir), folder: String(statSync(dataDir, { bigint: true }).ino) }
    const owner = readOwner(file)
    if (owner !== undefined && owner.path !== mine.path && owner.folder !== mine.folder)
      throw new HoldfastError(
        'conflict',
        `${link} is a link to ${target}, which belongs to the data directory ${owner.path}: a start here would remove files of that one.`,
        {
          code: 'folderOfOther',
          where: { file: link },
          hint: `nothing was changed; copy what the links lead to as well (cp -rL, rsync -L). If ${owner.path} is gone for certain, remove ${file}`,
        },
      )
    if (owner?.path === mine.path && owner.folder === mine.folder) continue
    try {
      writeFileSync(file, `${JSON.stringify(mine)}\n`, { mode: STORE_FILE_MODE })
    } catch (error) {
      throw storeError('write', file, error)
    }
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    const { path, folder } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>
    return typeof path === 'string' && typeof folder === 'string' ? { path, folder } : undefined
  } catch {
    // There is none yet, or it was torn by a crash while it was made.
    return undefined
  }
}
