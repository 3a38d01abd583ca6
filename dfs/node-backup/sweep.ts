/** Removing backups beyond those that are to be kept, and files that none names, after a new one was published. */
import { DATA_FOLDER, MANIFEST_FILE, stateFolder } from '../set/layout.ts'
import type { FileStore } from '../store/file-store.ts'
import { parentOf } from '../store/paths.ts'
import { VOLUME_FOLDER } from '../store/volume-folder.ts'
import { LOG_FOLDER } from './layout.ts'
import { readNewestManifest } from './manifest.ts'
import { keptStates, type NamedFiles, namedFiles, statesBeyond } from './states.ts'

/** Answers how many were dropped. `keep` undefined: all backups stay. The newest always does. `known`: what they all name, if that is at hand. */
export function sweepSet(
  set: FileStore,
  keep: number | undefined,
  note: (text: string) => void,
  known?: Omit<NamedFiles, 'bySegment'>,
): number {
  const newest = readNewestManifest(set)?.id
  const others = keptStates(set, note).filter((s) => s.id !== newest)
  const dropped = statesBeyond(others, keep)
  // Their files go after the folders: what a run that dies here leaves is named by nobody.
  for (const { id } of dropped) set.removeTree(stateFolder(id))
  for (const { name, kind } of set.list(''))
    if (kind === 'file' && name.startsWith(`${MANIFEST_FILE}.`)) set.remove(name)
  const isSame = known !== undefined && dropped.length === 0
  const { paths, isIncomplete } = isSame
    ? known
    : namedFiles(
        set,
        keptStates(set, () => {}),
        () => {},
      )
  if (isIncomplete) {
    note('Old files stay in the set: a damaged backup in it may need them.')
  } else {
    for (const folder of [DATA_FOLDER, LOG_FOLDER]) removeUnnamed(set, folder, paths)
  }
  return dropped.length
}

function removeUnnamed(set: FileStore, top: string, named: ReadonlySet<string>): void {
  const folders = new Set<string>()
  for (const file of filesBelow(set, top)) {
    if (named.has(file)) continue
    set.remove(file)
    folders.add(parentOf(file))
  }
  for (const folder of folders)
    for (let at = folder; at !== top && set.list(at).length === 0; at = parentOf(at)) set.removeEmptyDirectory(at)
}

function* filesBelow(set: FileStore, folder: string): Generator<string> {
  for (const { name, kind } of set.list(folder)) {
    const path = `${folder}/${name}`
    if (name === VOLUME_FOLDER && !folder.includes('/')) continue
    if (kind === 'directory') yield* filesBelow(set, path)
    else if (kind === 'file') yield path
  }
}
