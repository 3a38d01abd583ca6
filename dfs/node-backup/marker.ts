/** The mark of a data directory that a restore has begun and not ended. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { FileStore } from '../store/file-store.ts'

export const RESTORE_MARKER = '_restoring'

/** Throws for a directory that holds half a store. */
export function refuseUnfinishedRestore(files: FileStore): void {
  if (files.stat(RESTORE_MARKER) === undefined) return
  throw new HoldfastError('data', `The data directory ${files.root} holds a restore that was cut off.`, {
    code: 'restoreUnfinished',
    where: { file: RESTORE_MARKER },
    hint: 'remove the directory and restore the backup again',
  })
}
