/**
 * The newest state's manifest is in a set twice: `backup_manifest.json`, which says which state is the newest, and `states/<id>/manifest.json`. When one is
 * damaged or gone, the other takes its place.
 *
 * `backup_manifest.json` can only come from a state that restores: its records are whole and every file that they name is there with its size. Of those the newest is
 * taken. A run that died between making a state and announcing it has made a state like any other, so at most a state counts that nobody was told of.
 */

import { HoldfastError } from '../../runtime/errors.ts'
import { underSetLock } from '../backup/locked-set.ts'
import { readMetadata } from '../set/bounded.ts'
import type { BackupContext } from '../set/context.ts'
import {
  domainFile,
  MANIFEST_FILE,
  parseStateFolder,
  STATES_FOLDER,
  stateFolder,
  stateManifestFile,
  tableIndexFile,
} from '../set/layout.ts'
import { type Manifest, readManifest, readStateManifest } from '../set/manifest.ts'
import { decodeDomain, decodeTableIndex, readVouched } from '../set/meta.ts'
import { setFilePath } from '../set/open.ts'
import type { FileStore } from '../store/file-store.ts'

/** What was replaced, in words; undefined if both are as they should be. Throws the damage that it cannot mend. */
export function mendManifest(context: BackupContext, store: FileStore): string | undefined {
  if (whatIsWrong(store) === undefined) return undefined
  const { pin, release } = context.pinnedView(`mending ${store.root}`)
  try {
    return underSetLock(context, store, 'mending of the manifest', pin, (lock) => {
      const wrong = whatIsWrong(store)
      if (wrong === undefined) return undefined
      lock.assertHeld()
      if (wrong.newest !== undefined) return replaceOfState(store, wrong.newest)
      return replaceNewest(context, store, wrong.damage)
    })
  } finally {
    release()
  }
}

interface Wrong {
  /** undefined: `backup_manifest.json` itself is damaged or gone. */
  readonly newest: Manifest | undefined
  readonly damage: HoldfastError | undefined
}

function whatIsWrong(store: FileStore): Wrong | undefined {
  let newest: Manifest | undefined
  try {
    newest = readManifest(store)
  } catch (error) {
    return { newest: undefined, damage: requireDamage(error) }
  }
  // A directory without states is no backup, and nothing is wrong with it.
  if (newest === undefined) return completeIds(store).length === 0 ? undefined : { newest, damage: undefined }
  try {
    const copy = readMetadata(store, stateManifestFile(stateFolder(newest.id)))
    return Buffer.from(copy).equals(readMetadata(store, MANIFEST_FILE)) ? undefined : { newest, damage: undefined }
  } catch (error) {
    return { newest, damage: requireDamage(error) }
  }
}

function replaceOfState(store: FileStore, { id }: Manifest): string {
  const file = stateManifestFile(stateFolder(id))
  store.writeFileAtomic(file, readMetadata(store, MANIFEST_FILE))
  return `${file} was damaged, and is the same as ${MANIFEST_FILE} again.`
}

function replaceNewest(context: BackupContext, store: FileStore, damage: HoldfastError | undefined): string {
  for (const id of completeIds(store).reverse()) {
    if (!isRestorable(context, store, id)) continue
    store.writeFileAtomic(MANIFEST_FILE, readMetadata(store, stateManifestFile(stateFolder(id))))
    return `${MANIFEST_FILE} was ${damage === undefined ? 'missing' : 'damaged'}; the newest state is ${id} again.`
  }
  throw (
    damage ??
    new HoldfastError('data', `${MANIFEST_FILE} is missing in ${store.root}, and none of the states there is whole.`, {
      code: 'backupMetadata',
      where: { file: MANIFEST_FILE },
      hint: 'back up into another directory',
    })
  )
}

const completeIds = (store: FileStore): string[] =>
  store
    .list(STATES_FOLDER)
    .flatMap(({ name }) => {
      const folder = parseStateFolder(name)
      return folder?.kind === 'complete' ? [folder.id] : []
    })
    .sort()

/** Throws if the user may not read a table of it: whoever decides which state counts must be one who may. */
function isRestorable(context: BackupContext, store: FileStore, id: string): boolean {
  try {
    const folder = stateFolder(id)
    for (const { url, domain, tables } of readStateManifest(store, id).databases) {
      decodeDomain(readVouched(store, domainFile(folder, url), domain), domainFile(folder, url))
      for (const { name, index } of tables) {
        const file = tableIndexFile(folder, url, name)
        const decoded = decodeTableIndex(readVouched(store, file, index), file)
        context.access.readBackup(decoded)
        for (const chunk of decoded.chunks)
          for (const part of chunk.files)
            if (store.stat(setFilePath(url, name, chunk, part))?.bytes !== part.bytes) return false
      }
    }
    return true
  } catch (error) {
    requireDamage(error)
    return false
  }
}

/** The error, if it says that something of the set is damaged or gone. A set of a newer release is neither, nor is a key that does not fit. */
function requireDamage(error: unknown): HoldfastError {
  if (
    error instanceof HoldfastError &&
    (DAMAGE.has(error.code) || (error.kind === 'data' && error.code !== 'backupFormat'))
  )
    return error
  throw error
}

const DAMAGE: ReadonlySet<string> = new Set(['ENOENT', 'sealBroken'])
