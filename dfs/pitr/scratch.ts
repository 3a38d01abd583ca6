/** Where a recovery keeps files while it works: pieces of log that are compressed, or come from a command. Removed when it ends. */
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

const FOLDER = 'recovery'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** What is older was left by a process that died. */
const KEPT_MS = 86_400_000

/** A folder of its own for a recovery into a running store. Folders that dead ones left long ago are removed. */
export function ownScratch(files: FileStore, id: string, nowMs: number): Scratch {
  for (const { name } of files.list(FOLDER)) {
    const path = `${FOLDER}/${name}`
    if (UUID.test(name) && nowMs - (files.stat(path)?.modifiedMs ?? nowMs) > KEPT_MS) files.removeTree(path)
  }
  return { files, folder: `${FOLDER}/${id}` }
}

export function removeScratch({ files, folder }: Scratch): void {
  files.removeTree(folder)
  files.removeEmptyDirectory(FOLDER)
}
