/** Of which kind a set is. Only its manifest says so, and only as far as it can be read; whoever opens the set looks closer. */
import { readMetadata } from '../set/bounded.ts'
import { MANIFEST_FILE } from '../set/layout.ts'
import type { FileStore } from '../store/file-store.ts'

export function kindOfSet(set: FileStore): 'databases' | 'node' {
  if (set.stat(MANIFEST_FILE) === undefined) return 'databases'
  const text = Buffer.from(readMetadata(set, MANIFEST_FILE)).toString('utf8')
  return /^\s*\{\s*"format":\s*"holdfast-node-backup"/.test(text) ? 'node' : 'databases'
}
