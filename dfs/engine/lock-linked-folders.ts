/**
 * `chunks` and `wal` may be links to folders on other volumes. A copy of the data directory has the same links (`cp -r` and `rsync -a` copy them as they are), and a store that starts on it
 * would remove what its catalog does not name: the files of the original. So a folder behind a link says in a file whose it is.
 */
import { existsSync, lstatSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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
  const other = linkToOther(dataDir)
  if (other !== undefined) throw other
  for (const name of LINKED) {
    const link = join(dataDir, name)
    if (isLink(link) && !existsSync(link)) throw leadsNowhere(link)
    const file = join(link, OWNER_FILE)
    try {
      // A copy may have brought the file of the original along.
      if (isLink(link)) writeFileSync(file, `${JSON.stringify(ownerOf(dataDir))}\n`, { mode: STORE_FILE_MODE })
      else if (existsSync(file)) rmSync(file)
    } catch (error) {
      throw storeError('write', file, error)
    }
  }
}

/** The error of a start, if there is a link to a folder of another data directory. Changes nothing. */
export function linkToOther(dataDir: string): HoldfastError | undefined {
  for (const name of LINKED) {
    const link = join(dataDir, name)
    // A link that leads nowhere is for whoever needs the folder.
    if (!isLink(link) || !existsSync(link)) continue
    const file = join(realpathSync(link), OWNER_FILE)
    const [mine, owner] = [ownerOf(dataDir), readOwner(file)]
    if (owner === undefined || owner.path === mine.path || owner.folder === mine.folder) continue
    return new HoldfastError(
      'conflict',
      `${link} is a link to ${dirname(file)}, which belongs to the data directory ${owner.path}: a start here would remove files of that one.`,
      {
        code: 'folderOfOther',
        where: { file: link },
        hint: `nothing was changed; copy what the links lead to as well (cp -rL, rsync -L). If the folder is a copy already, or ${owner.path} is gone for certain, remove ${file}`,
      },
    )
  }
  return undefined
}

const leadsNowhere = (link: string): HoldfastError =>
  new HoldfastError('io', `${link} is a link that leads nowhere.`, {
    code: 'linkDangling',
    where: { file: link },
    hint: 'mount the volume that it leads to; nothing was changed',
  })

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true

const ownerOf = (dataDir: string): Owner => ({
  path: realpathSync(dataDir),
  folder: String(statSync(dataDir, { bigint: true }).ino),
})

function readOwner(file: string): Owner | undefined {
  try {
    const { path, folder } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>
    return typeof path === 'string' && typeof folder === 'string' ? { path, folder } : undefined
  } catch {
    // There is none yet, or it was torn by a crash while it was made.
    return undefined
  }
}
