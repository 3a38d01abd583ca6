/** A file of an archive that a command brings into a scratch folder. */
import { HoldfastError } from '../../runtime/errors.ts'
import type { Fetcher } from './restore-command.ts'
import { type Scratch, scratchPath, scratchPlace } from './scratch.ts'

export interface FetchedFile {
  /** In the store of the scratch folder. */
  readonly path: string
  readonly bytes: number
}

/** The file that was archived as `name`, put into the folder as `as`; undefined: the archive does not have it. Throws if the command says so and there is no file. */
export function fetchFile(command: Fetcher, scratch: Scratch, name: string, as: string): FetchedFile | undefined {
  const { files, folder } = scratch
  const path = scratchPath(scratch, as)
  files.makeDirectory(folder)
  files.remove(path)
  if (!command.fetch(name, scratchPlace(scratch, as))) return undefined
  const found = files.stat(path)
  if (found?.kind !== 'file')
    throw new HoldfastError('io', `wal_restore_command says that it has fetched ${name}, but there is no file at %f.`, {
      code: 'restoreCommand',
      where: { file: name },
      hint: 'the command must put the file at %f, and end with another exit code than 0 if it can not',
    })
  return { path, bytes: found.bytes }
}
