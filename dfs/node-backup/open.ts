/** A set as its manifest says it is to be read: with a key, or without. Throws before anything is written. */
import { type BackupKey, requireKey } from '../set/key.ts'
import { SealedFileStore } from '../set/sealed-store.ts'
import type { FileStore } from '../store/file-store.ts'
import type { NodeManifest } from './manifest.ts'

/** `manifest` undefined: nothing is known of the set, it takes the key that is given. */
export function openSet(set: FileStore, key: BackupKey | undefined, manifest: NodeManifest | undefined): FileStore {
  if (manifest !== undefined) requireKey(set.root, manifest.encryption?.keyId, key)
  return key === undefined ? set : new SealedFileStore(set, key, 'plain')
}
