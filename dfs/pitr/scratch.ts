/** Where a recovery keeps files while it works: pieces of log that are encrypted, compressed, or come from a command. Removed when it ends. */
import { join } from 'node:path'
import type { FileStore } from '../store/file-store.ts'

export interface Scratch {
  readonly files: FileStore
  /** Path of the folder in `files`. */
  readonly folder: string
}

/** Path of a file in the store of the folder. */
export const scratchPath = ({ folder }: Scratch, name: string): string => `${folder}/${name}`

/** For a command: absolute. */
export const scratchPlace = (scratch: Scratch, name: string): string =>
  join(scratch.files.root, ...scratchPath(scratch, name).split('/'))
