/** A backup that is read while another one drops it (`keep`): readers take no lock, so that a set can be read from a medium that can not be written. */
import { HoldfastError } from '../../runtime/errors.ts'
import { stateFolder, stateManifestFile } from '../set/layout.ts'
import type { FileStore } from '../store/file-store.ts'
import { readNewestManifest } from './manifest.ts'

/**
 * Whether a backup that was there is none any more, and another one is the newest. A backup drops others after it was announced itself, first their folders and then their
 * files; a folder that is gone without that is damage.
 */
export function isDropped(set: FileStore, id: string): boolean {
  if (set.stat(stateManifestFile(stateFolder(id))) !== undefined) return false
  try {
    const newest = readNewestManifest(set)
    return newest !== undefined && newest.id !== id
  } catch {
    // What is damaged is told by whoever reads it.
    return false
  }
}

export const droppedMeanwhile = (set: FileStore, id: string, what: 'verified' | 'restored'): HoldfastError =>
  new HoldfastError('conflict', `The backup ${id} in ${set.root} was dropped by a newer one while it was ${what}.`, {
    code: 'backupDropped',
    where: { file: set.root },
    hint:
      what === 'verified'
        ? 'call again; --keep of the backups says how many stay'
        : 'remove the new directory and call again; --keep of the backups says how many stay',
  })
