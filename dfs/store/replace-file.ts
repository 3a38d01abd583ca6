/** Small files of a set that are replaced as a whole, in stores whose `writeFileAtomic` is not for them (encrypted ones) as well. */
import type { FileStore } from './file-store.ts'
import { parentOf } from './paths.ts'

/** A name of this kind is of a file that nobody completed, or not yet. */
export const PART_SUFFIX = '.part'

/** Readers see the old content or the new; durable when it returns. The folder of a first file is made, and its name synced. */
export function replaceFile(store: FileStore, path: string, content: Uint8Array): void {
  const part = `${path}${PART_SUFFIX}`
  const writer = store.openWrite(part)
  try {
    writer.write(content)
    writer.sync()
  } finally {
    writer.close()
  }
  store.rename(part, path)
  const folder = parentOf(path)
  store.syncDirectory(folder)
  if (folder !== '') store.syncDirectory(parentOf(folder))
}
