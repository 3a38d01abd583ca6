/** A set as its manifest says it is to be read: with a key, or without. Throws before anything is written. */
import { inputError } from '../../runtime/errors.ts'
import type { BackupKey } from '../set/key.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import type { FileStore } from '../store/file-store.ts'
import type { NodeManifest } from './manifest.ts'

/** `manifest` undefined: nothing is known of the set, it takes the key that is given. */
export function openSet(set: FileStore, key: BackupKey | undefined, manifest: NodeManifest | undefined): FileStore {
  const where = { file: set.root }
  if (manifest !== undefined) {
    const needed = manifest.encryption?.keyId
    if (needed === undefined && key !== undefined)
      throw inputError(`The backups in ${set.root} are not encrypted, but a key was given.`, {
        code: 'keyNotNeeded',
        where,
        hint: 'leave the key out, or use another directory for encrypted backups',
      })
    if (needed !== undefined && key === undefined)
      throw inputError(`The backups in ${set.root} are encrypted; their key is needed.`, { code: 'keyMissing', where })
    if (key !== undefined && needed !== key.id)
      throw inputError(`The backups in ${set.root} are encrypted with another key.`, {
        code: 'keyWrong',
        where,
        hint: `the key has the id ${key.id}, the backups need ${needed}`,
      })
  }
  return key === undefined ? set : new SealedFileStore(set, key, 'plain')
}
